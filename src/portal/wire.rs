//! The contract's JSON and its way into the domain. Unknown members are ignored, an unknown status is
//! `in_review`, and texts are bounded and freed of control characters before anybody sees them.
use crate::{
    text::{links, visible},
    types::{
        RegistrationCode, Riel, UnixMs,
        civic::{
            Application, ApplicationFee, ApplicationStatus, Disclosure, Localized, OfficeRef, PortalFault, Ready,
            ReturnedDocument, ServiceRef, TimelineEntry,
        },
        limits::{
            PORTAL_CLOCK_AHEAD_MAX, PORTAL_ID_CHARS_MAX, PORTAL_LIST_MAX, PORTAL_PARAGRAPH_CHARS_MAX,
            PORTAL_TEXT_CHARS_MAX,
        },
    },
};
use jiff::civil::Date;
use serde::Deserialize;

pub mod appointments;
pub mod counter;
pub mod directory;
pub mod events;
pub mod pages;
pub mod sign_ins;

#[derive(Deserialize)]
struct WireText {
    km: String,
    en: String,
    #[serde(rename = "km-Latn")]
    km_latn: Option<String>,
}

#[derive(Deserialize)]
struct WireOffice {
    id: String,
    name: WireText,
    short: Option<WireText>,
}

#[derive(Deserialize)]
struct WireService {
    id: Option<String>,
    name: Option<WireText>,
    sensitive: bool,
}

#[derive(Deserialize)]
struct WireEntry {
    status: String,
    at: String,
    office: Option<WireOffice>,
    comment: Option<WireText>,
}

#[derive(Deserialize)]
struct WireFee {
    amount_khr: u32,
    paid: bool,
    bill_number: Option<String>,
}

#[derive(Deserialize)]
struct WireReady {
    office: WireOffice,
    until: Option<String>,
}

#[derive(Deserialize)]
struct WireDocument {
    name: WireText,
    reason: Option<WireText>,
}

#[derive(Deserialize)]
struct WireApplication {
    code: String,
    service: WireService,
    office: WireOffice,
    status: String,
    status_at: String,
    disclosure: String,
    #[serde(default)]
    timeline: Vec<WireEntry>,
    fee: Option<WireFee>,
    expected_by: Option<String>,
    ready: Option<WireReady>,
    next_action: Option<WireText>,
    #[serde(default)]
    returned_documents: Vec<WireDocument>,
}

#[derive(Deserialize)]
struct WireProblem {
    code: String,
    attempts_left: Option<u32>,
}

/// Reads an `Application` about `asked`; `now` stands for what lies ahead of it.
///
/// # Errors
/// Why it cannot be used, without its content.
pub fn application(body: &[u8], asked: &RegistrationCode, now: UnixMs) -> Result<Application, String> {
    let wire: WireApplication = serde_json::from_slice(body)
        .map_err(|fault| format!("not an Application: {:?} at column {}", fault.classify(), fault.column()))?;
    if wire.code != asked.canonical() {
        return Err("it is about another code".to_owned());
    }
    let status_at = past(&wire.status_at, now).ok_or("status_at is no time")?;
    Ok(Application {
        code: asked.clone(),
        service: ServiceRef {
            id: wire.service.id.map(|name| id(&name)),
            name: wire.service.name.map(localized),
            sensitive: wire.service.sensitive,
        },
        office: office(wire.office),
        status: ApplicationStatus::from_wire(&wire.status),
        status_at: Some(status_at),
        registered_at: None,
        disclosure: disclosure(&wire.disclosure),
        timeline: wire.timeline.into_iter().take(PORTAL_LIST_MAX).filter_map(|wire| entry(wire, now)).collect(),
        fee: wire.fee.map(|fee| ApplicationFee {
            amount: Riel(fee.amount_khr),
            paid: fee.paid,
            bill_number: fee.bill_number.map(|bill| number(&bill)),
        }),
        expected_by: wire.expected_by.as_deref().and_then(day),
        ready: wire
            .ready
            .map(|ready| Ready { office: office(ready.office), until: ready.until.as_deref().and_then(day) }),
        next_action: wire.next_action.map(localized),
        returned_documents: wire
            .returned_documents
            .into_iter()
            .take(PORTAL_LIST_MAX)
            .map(|document| ReturnedDocument { name: localized(document.name), reason: document.reason.map(localized) })
            .collect(),
    })
}

/// The stable code of a problem; empty when it is none.
pub fn problem(body: &[u8]) -> String {
    serde_json::from_slice::<WireProblem>(body).map(|problem| problem.code).unwrap_or_default()
}

/// What a 403 means.
pub fn factor(body: &[u8]) -> PortalFault {
    match serde_json::from_slice::<WireProblem>(body) {
        Ok(problem) if problem.code == "factor_wrong" => {
            PortalFault::FactorWrong { attempts_left: problem.attempts_left }
        }
        Ok(problem) if problem.code == "factor_required" => PortalFault::FactorRequired,
        Ok(problem) if problem.code == "sign_in_expired" => PortalFault::SignInExpired,
        _ => PortalFault::Refused,
    }
}

fn office(wire: WireOffice) -> OfficeRef {
    OfficeRef { id: id(&wire.id), name: localized(wire.name), short: wire.short.map(localized) }
}

fn entry(wire: WireEntry, now: UnixMs) -> Option<TimelineEntry> {
    Some(TimelineEntry {
        status: ApplicationStatus::from_wire(&wire.status),
        at: past(&wire.at, now)?,
        office: wire.office.map(office),
        comment: wire.comment.map(localized),
    })
}

/// A level that is not known earns the least.
fn disclosure(word: &str) -> Disclosure {
    match word {
        "contact" => Disclosure::Contact,
        "verified" => Disclosure::Verified,
        _ => Disclosure::Public,
    }
}

fn day(text: &str) -> Option<Date> {
    text.parse().ok()
}

fn localized(wire: WireText) -> Localized {
    Localized { km: clean(&wire.km), en: clean(&wire.en), km_latn: wire.km_latn.map(|text| clean(&text)) }
}

/// A longer text: of a page, never of a telephone.
fn paragraph(wire: WireText) -> Localized {
    let long = |text: &str| clean_up_to(text, PORTAL_PARAGRAPH_CHARS_MAX);
    Localized { km: long(&wire.km), en: long(&wire.en), km_latn: None }
}

/// A text of the portal as it may be shown: of a bounded length, without what cannot be seen, its links parted. This is
/// the one way in for texts that people read.
fn clean(text: &str) -> String {
    clean_up_to(text, PORTAL_TEXT_CHARS_MAX)
}

fn clean_up_to(text: &str, most: usize) -> String {
    let seen = visible::shown(up_to(text, 4 * most)).replace('\n', " ");
    let parted = links::without_links(up_to(&seen, most));
    up_to(&parted, most).to_owned()
}

/// Its first characters.
fn up_to(text: &str, most: usize) -> &str {
    text.char_indices().nth(most).map_or(text, |(end, _)| &text[..end])
}

/// What names something at the portal: given back as it came, so nothing in it is changed; what cannot be a name is cut
/// off and then names nothing.
pub(super) fn id(text: &str) -> String {
    text.chars().filter(|c| !(c.is_control() || visible::is_unseen(*c))).take(PORTAL_ID_CHARS_MAX).collect()
}

/// A number that people compare: of a bill, a complaint.
fn number(text: &str) -> String {
    links::without_links(&id(text)).into_owned()
}

/// A time that lies behind us. Where the portal's clock is ahead it is now.
fn past(text: &str, now: UnixMs) -> Option<UnixMs> {
    UnixMs::from_rfc3339(text).map(|at| not_ahead(at, now))
}

/// Where another clock is ahead of ours it is now.
pub(super) fn not_ahead(at: UnixMs, now: UnixMs) -> UnixMs {
    let latest = now.plus_ms(PORTAL_CLOCK_AHEAD_MAX.as_millis() as i64);
    if at > latest { now } else { at }
}

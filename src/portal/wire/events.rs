//! Events as the contract's JSON has them: CloudEvents 1.0, structured.
use super::{WireFee, WireOffice, WireService, day, number, office};
use crate::types::{
    Language, Msisdn, Riel, UnixMs,
    civic::{ApplicationFee, ApplicationStatus, Event, EventPage, Notice, Recipient},
    limits::PORTAL_PAGE_MAX,
};
use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
struct WireEvent {
    specversion: String,
    id: String,
    #[serde(rename = "type")]
    kind: String,
    time: String,
    source: String,
    data: Value,
}

#[derive(Deserialize)]
struct WireRecipient {
    msisdn: String,
    language: String,
    not_after: Option<String>,
    #[serde(default)]
    urgent: bool,
}

#[derive(Deserialize)]
struct WireStatus {
    application_code: String,
    status: String,
    service: WireService,
    office: WireOffice,
    fee: Option<WireFee>,
    expected_by: Option<String>,
}

#[derive(Deserialize)]
struct WireReady {
    application_code: String,
    office: WireOffice,
    until: Option<String>,
}

#[derive(Deserialize)]
struct WirePaid {
    application_code: String,
    amount_khr: u32,
    bill_number: String,
}

#[derive(Deserialize)]
struct WireReminder {
    appointment_reference: String,
    office: WireOffice,
    start: String,
}

#[derive(Deserialize)]
struct WirePage {
    items: Vec<Value>,
    next_after: Option<String>,
    #[serde(default)]
    more: bool,
}

/// Reads one event. An event of a known kind whose data cannot be read is an error; an unknown kind is not.
///
/// # Errors
/// Why it is no event, without its content.
pub fn event(body: &[u8]) -> Result<Event, String> {
    let wire: WireEvent =
        serde_json::from_slice(body).map_err(|fault| format!("not an event: {:?}", fault.classify()))?;
    read(wire)
}

/// A page of events; one that cannot be read is left out, so that it does not keep the others back.
///
/// # Errors
/// Why it is no page.
pub fn page(body: &[u8]) -> Result<EventPage, String> {
    let wire: WirePage = serde_json::from_slice(body).map_err(|fault| format!("not a page: {:?}", fault.classify()))?;
    if wire.items.len() > PORTAL_PAGE_MAX {
        return Err(format!("a page of {} events", wire.items.len()));
    }
    let events = wire
        .items
        .into_iter()
        .filter_map(|item| {
            let event = serde_json::from_value(item).map_err(|fault| format!("{:?}", fault.classify())).and_then(read);
            event.inspect_err(|why| tracing::warn!("an event of the portal is left out: {why}")).ok()
        })
        .collect();
    let next_after = wire.next_after.filter(|cursor| cursor.len() <= 1_000);
    Ok(EventPage { events, next_after, more: wire.more })
}

fn read(wire: WireEvent) -> Result<Event, String> {
    let id = wire.id;
    let named = (1..=64).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-".contains(&b));
    if wire.specversion != "1.0" || !named || !wire.data.is_object() || wire.source.len() > 200 {
        return Err("not a CloudEvent 1.0".to_owned());
    }
    let Some(at) = UnixMs::from_rfc3339(&wire.time) else {
        return Err("an event without a time".to_owned());
    };
    let plain = Event { id, at, notice: None, directory_changed: false };
    let data = wire.data;
    let notice = match wire.kind.as_str() {
        "kh.gov.portal.application.status_changed" => status(&data),
        "kh.gov.portal.document.ready" => ready(&data),
        "kh.gov.portal.payment.received" => paid(&data),
        "kh.gov.portal.appointment.reminder" => reminder(&data),
        "kh.gov.portal.service.changed" => return Ok(Event { directory_changed: true, ..plain }),
        _ => return Ok(plain),
    };
    let (notice, to) = notice.zip(recipient(&data)).ok_or("its data is not as described")?;
    Ok(Event { notice: Some((to, notice)), ..plain })
}

fn of<T: for<'a> Deserialize<'a>>(data: &Value) -> Option<T> {
    T::deserialize(data).ok()
}

fn recipient(data: &Value) -> Option<Recipient> {
    let wire: WireRecipient = of(data)?;
    let number = Msisdn::parse_written(&wire.msisdn)?;
    let not_after = match &wire.not_after {
        Some(text) => Some(UnixMs::from_rfc3339(text)?),
        None => None,
    };
    Some(Recipient { number, language: Language::from_tag(&wire.language)?, not_after, urgent: wire.urgent })
}

fn code(text: &str) -> Option<String> {
    let canonical =
        (6..=24).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit() || b.is_ascii_uppercase());
    canonical.then(|| text.to_owned())
}

fn status(data: &Value) -> Option<Notice> {
    let wire: WireStatus = of(data)?;
    let sensitive = wire.service.sensitive;
    let fee = wire.fee.filter(|_| !sensitive).map(|fee| ApplicationFee {
        amount: Riel(fee.amount_khr),
        paid: fee.paid,
        bill_number: fee.bill_number.map(|bill| number(&bill)),
    });
    Some(Notice::Status {
        code: code(&wire.application_code)?,
        status: ApplicationStatus::from_wire(&wire.status),
        office: office(wire.office),
        fee,
        expected_by: wire.expected_by.as_deref().and_then(day),
    })
}

fn ready(data: &Value) -> Option<Notice> {
    let wire: WireReady = of(data)?;
    let until = wire.until.as_deref().and_then(day);
    Some(Notice::Ready { code: code(&wire.application_code)?, office: office(wire.office), until })
}

fn paid(data: &Value) -> Option<Notice> {
    let wire: WirePaid = of(data)?;
    Some(Notice::Paid {
        code: code(&wire.application_code)?,
        amount: Riel(wire.amount_khr),
        bill_number: number(&wire.bill_number),
    })
}

fn reminder(data: &Value) -> Option<Notice> {
    let wire: WireReminder = of(data)?;
    let start = UnixMs::from_rfc3339(&wire.start)?;
    Some(Notice::Reminder { reference: number(&wire.appointment_reference), office: office(wire.office), start })
}

//! Services and offices as the contract's JSON has them. What cannot be read of an entry costs that entry, not
//! the list.
use super::{WireText, clean, id, localized, number};
use crate::types::{
    Riel,
    civic::{
        Audience, Closure, Fee, FeeKind, FeeUnit, Ministry, Office, OpeningHours, RequiredDocument, Service, Topic,
    },
    limits::{PORTAL_LIST_MAX, PORTAL_PAGE_MAX},
};
use jiff::civil::{Time, Weekday};
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

#[derive(Deserialize)]
struct WireFee {
    kind: String,
    amount_khr: u32,
    per: String,
    note: Option<WireText>,
}

#[derive(Deserialize)]
struct WireDocument {
    name: WireText,
    copies: u32,
    original: bool,
}

#[derive(Deserialize)]
struct WireService {
    id: String,
    code: String,
    name: WireText,
    purpose: WireText,
    #[serde(default)]
    fees: Vec<WireFee>,
    max_working_days: Option<u32>,
    #[serde(default)]
    documents: Vec<WireDocument>,
    sensitive: bool,
    bookable: bool,
    popular: bool,
    #[serde(default)]
    audiences: Vec<String>,
    #[serde(default)]
    ministry: String,
    #[serde(default)]
    topics: Vec<String>,
    #[serde(default)]
    steps: Vec<WireStep>,
    #[serde(default)]
    legal_basis: Vec<WireText>,
    #[serde(default)]
    groups: Vec<String>,
    #[serde(default)]
    popular_for: BTreeMap<String, u32>,
    #[serde(default)]
    sample: bool,
}

#[derive(Deserialize)]
struct WireStep {
    name: WireText,
}

/// A ministry or a topic.
#[derive(Deserialize)]
struct WireNamed {
    id: String,
    name: WireText,
}

#[derive(Deserialize)]
struct WireHours {
    days: Vec<String>,
    open: String,
    close: String,
}

#[derive(Deserialize)]
struct WireClosure {
    date: String,
    reason: WireText,
}

#[derive(Deserialize)]
struct WireOffice {
    id: String,
    name: WireText,
    short: Option<WireText>,
    division: String,
    address: WireText,
    #[serde(default)]
    phones: Vec<String>,
    #[serde(default)]
    hours: Vec<WireHours>,
    #[serde(default)]
    closures: Vec<WireClosure>,
    #[serde(default)]
    services: Vec<String>,
    queue_length: Option<u32>,
    #[serde(default)]
    sample: bool,
}

#[derive(Deserialize)]
struct WirePage {
    items: Vec<Value>,
    next_cursor: Option<String>,
}

/// A page of services, and the cursor of the next one.
///
/// # Errors
/// Why it is no page.
pub fn services(body: &[u8]) -> Result<(Vec<Service>, Option<String>), String> {
    page(body, |item| serde_json::from_value(item).ok().map(service))
}

/// A page of offices, and the cursor of the next one.
///
/// # Errors
/// Why it is no page.
pub fn offices(body: &[u8]) -> Result<(Vec<Office>, Option<String>), String> {
    page(body, |item| serde_json::from_value(item).ok().map(office))
}

/// A page of ministries and where the next one begins.
///
/// # Errors
/// Why it cannot be used.
pub fn ministries(body: &[u8]) -> Result<(Vec<Ministry>, Option<String>), String> {
    let read = |wire: WireNamed| Ministry { id: id(&wire.id), name: localized(wire.name) };
    page(body, |item| serde_json::from_value(item).ok().map(read))
}

/// A page of topics or groups and where the next one begins.
///
/// # Errors
/// Why it cannot be used.
pub fn topics(body: &[u8]) -> Result<(Vec<Topic>, Option<String>), String> {
    let read = |wire: WireNamed| Topic { id: id(&wire.id), name: localized(wire.name) };
    page(body, |item| serde_json::from_value(item).ok().map(read))
}

/// An entry of a list of services.
///
/// # Errors
/// Why it cannot be used.
pub fn service_of(item: Value) -> Result<Service, String> {
    serde_json::from_value(item).map(service).map_err(|fault| fault.to_string())
}

/// An entry of a list of offices.
///
/// # Errors
/// Why it cannot be used.
pub fn office_of(item: Value) -> Result<Office, String> {
    serde_json::from_value(item).map(office).map_err(|fault| fault.to_string())
}

/// An entry of a list of ministries, topics or groups.
///
/// # Errors
/// Why it cannot be used.
pub fn named_of(item: Value) -> Result<Topic, String> {
    let read = |wire: WireNamed| Topic { id: id(&wire.id), name: localized(wire.name) };
    serde_json::from_value(item).map(read).map_err(|fault| fault.to_string())
}

/// One office.
///
/// # Errors
/// Why it cannot be used.
pub fn one_office(body: &[u8]) -> Result<Office, String> {
    serde_json::from_slice(body).map(office).map_err(|fault| format!("not an Office: {:?}", fault.classify()))
}

pub(super) fn page<T>(body: &[u8], read: impl Fn(Value) -> Option<T>) -> Result<(Vec<T>, Option<String>), String> {
    let page: WirePage = serde_json::from_slice(body).map_err(|fault| format!("not a page: {:?}", fault.classify()))?;
    let all = page.items.len();
    let items: Vec<T> = page.items.into_iter().take(PORTAL_PAGE_MAX).filter_map(read).collect();
    if items.len() < all {
        tracing::warn!(left_out = all - items.len(), "entries of the portal's directory cannot be used");
    }
    Ok((items, page.next_cursor.filter(|cursor| cursor.len() <= 1_000)))
}

fn service(wire: WireService) -> Service {
    Service {
        id: id(&wire.id),
        code: number(&wire.code),
        name: localized(wire.name),
        purpose: localized(wire.purpose),
        fees: wire.fees.into_iter().take(PORTAL_LIST_MAX).map(fee).collect(),
        max_working_days: wire.max_working_days,
        documents: wire
            .documents
            .into_iter()
            .take(PORTAL_LIST_MAX)
            .map(|document| RequiredDocument {
                name: localized(document.name),
                copies: document.copies,
                original: document.original,
            })
            .collect(),
        sensitive: wire.sensitive,
        bookable: wire.bookable,
        popular: wire.popular,
        audiences: wire.audiences.iter().take(PORTAL_LIST_MAX).filter_map(|word| Audience::from_wire(word)).collect(),
        ministry: id(&wire.ministry),
        topics: wire.topics.iter().take(PORTAL_LIST_MAX).map(|topic| id(topic)).collect(),
        steps: wire.steps.into_iter().take(PORTAL_LIST_MAX).map(|step| localized(step.name)).collect(),
        legal_basis: wire.legal_basis.into_iter().take(PORTAL_LIST_MAX).map(localized).collect(),
        groups: wire.groups.iter().take(PORTAL_LIST_MAX).map(|group| id(group)).collect(),
        popular_for: wire
            .popular_for
            .iter()
            .filter_map(|(whom, rank)| Some((Audience::from_wire(whom)?, *rank)))
            .collect(),
        sample: wire.sample,
    }
}

fn fee(wire: WireFee) -> Fee {
    Fee {
        kind: match wire.kind.as_str() {
            "fixed" => FeeKind::Fixed,
            "preferential" => FeeKind::Preferential,
            _ => FeeKind::Maximum,
        },
        amount: Riel(wire.amount_khr),
        per: FeeUnit::from_wire(&wire.per),
        note: wire.note.map(localized),
    }
}

fn office(wire: WireOffice) -> Office {
    let mut closures: Vec<Closure> = wire
        .closures
        .into_iter()
        .take(PORTAL_LIST_MAX)
        .filter_map(|closure| Some(Closure { date: closure.date.parse().ok()?, reason: localized(closure.reason) }))
        .collect();
    closures.sort_by_key(|closure| closure.date);
    Office {
        id: id(&wire.id),
        name: localized(wire.name),
        short: wire.short.map(localized),
        division: id(&wire.division),
        address: localized(wire.address),
        phones: wire.phones.iter().take(5).map(|phone| clean(phone)).collect(),
        hours: wire.hours.into_iter().take(PORTAL_LIST_MAX).filter_map(hours).collect(),
        closures,
        services: wire.services.iter().take(500).map(|service| id(service)).collect(),
        queue_length: wire.queue_length,
        sample: wire.sample,
    }
}

fn hours(wire: WireHours) -> Option<OpeningHours> {
    Some(OpeningHours {
        days: wire.days.iter().take(7).filter_map(|day| weekday(day)).collect(),
        open: time(&wire.open)?,
        close: time(&wire.close)?,
    })
}

fn time(text: &str) -> Option<Time> {
    text.parse().ok()
}

fn weekday(word: &str) -> Option<Weekday> {
    Some(match word {
        "mon" => Weekday::Monday,
        "tue" => Weekday::Tuesday,
        "wed" => Weekday::Wednesday,
        "thu" => Weekday::Thursday,
        "fri" => Weekday::Friday,
        "sat" => Weekday::Saturday,
        "sun" => Weekday::Sunday,
        _ => return None,
    })
}

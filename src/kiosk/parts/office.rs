//! The office at which a kiosk stands: whether it is open, and where to call. It must not know a page.
use super::facts::Fact;
use crate::{
    kiosk::{context::PageContext, state::KioskState, texts::Lang},
    render::words as shared,
    types::civic::{Answer, Office, OfficeSearch, Query},
};
use jiff::civil::{Date, Time};
use std::sync::Arc;

/// The office with this identifier, if it can be asked for.
pub async fn office(state: &KioskState, id: &str) -> Option<Arc<Office>> {
    let search = OfficeSearch { id: Some(id.to_owned()), ..OfficeSearch::default() };
    match state.backend.look_around(&Query::Offices(search)).await {
        Answer::Offices(Ok(found)) => found.items.first().map(|hit| Arc::clone(&hit.office)),
        _ => None,
    }
}

/// Where to call when nothing can be asked: the office's numbers.
pub async fn phones(state: &KioskState, context: &PageContext) -> Vec<Fact> {
    let Some(id) = &context.device.office else { return Vec::new() };
    let Some(office) = office(state, id).await else { return Vec::new() };
    let numbers: Vec<String> = office.phones.iter().map(|phone| shared::phone(phone)).collect();
    let name = office.name.get(context.lang.language()).to_owned();
    vec![Fact { icon: "phone", label: context.words.phone, value: numbers.join(" · "), note: Some(name) }]
}

/// Before the first hour of the day, after the last, or on a closed day; at noon visitors may wait at it.
pub fn is_closed(office: &Office, day: Date, time: Time) -> bool {
    let hours = office.hours_on(day);
    match (hours.first(), hours.last()) {
        (Some((from, _)), Some((_, to))) => {
            let early = from.checked_sub(jiff::SignedDuration::from_mins(30)).unwrap_or(*from);
            time < early || time >= *to
        }
        _ => true,
    }
}

/// Its hours on a day, or why it is closed.
pub fn hours(lang: Lang, office: &Office, day: Date) -> String {
    let words = lang.device();
    let hours = office.hours_on(day);
    let closure = office.closure(day).map(|closure| closure.reason.get(lang.language()).to_owned());
    match (hours.is_empty(), closure) {
        (true, Some(reason)) => format!("{} · {reason}", words.closed_today),
        (true, None) => words.closed_today.to_owned(),
        (false, _) => format!("{} {}", words.hours_today, shared::spans(&hours)),
    }
}

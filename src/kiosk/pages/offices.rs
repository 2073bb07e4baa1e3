//! Offices by place, and an office with its hours, closed days and queue. It must not know how they are found.
use crate::{
    kiosk::{
        context::PageContext,
        errors,
        parts::{
            facts::{Fact, NotedLine},
            frame::Back,
            listing::{ListPage, Section, SheetPage, as_of, away},
            tiles::{Group, Tile, office_tile, service_tile},
        },
        respond::page,
        state::KioskState,
        texts::{Lang, counted, place_name, spans},
    },
    render::words as shared,
    types::{
        civic::{Answer, Office, OfficeHit, OfficeSearch, PortalFault, Query, ServiceSearch},
        gazetteer,
        percent::percent,
        time::phnom_penh,
    },
};
use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::Response,
};
use jiff::civil::Date;
use std::sync::Arc;

/// Places that are shown at once: every province.
const PLACES_SHOWN: usize = 25;

/// `GET /kiosk/{lang}/offices`
pub async fn offices(State(state): State<KioskState>, context: PageContext) -> Response {
    offices_in(&state, &context, "").await
}

/// `GET /kiosk/{lang}/offices/{place}`: a division by its code of 2, 4 or 6 digits.
pub async fn offices_at(
    State(state): State<KioskState>,
    context: PageContext,
    Path((_, place)): Path<(String, String)>,
) -> Response {
    if gazetteer::by_code(&place).is_none() {
        return errors::no_such_page().await;
    }
    offices_in(&state, &context, &place).await
}

async fn offices_in(state: &KioskState, context: &PageContext, place: &str) -> Response {
    let (words, lang) = (context.words, context.lang);
    let (address, back) = match place.len().checked_sub(2) {
        None => ("offices".to_owned(), "home".to_owned()),
        Some(0) => (format!("offices/{place}"), "offices".to_owned()),
        Some(length) => (format!("offices/{place}"), format!("offices/{}", &place[..length])),
    };
    let frame = context.frame(words.offices_title, address, Back::In(back.into()));
    let search = OfficeSearch { within: Some(place.to_owned()), ..OfficeSearch::default() };
    let Answer::Offices(Ok(found)) = state.backend.look_around(&Query::Offices(search)).await else {
        return away(frame, words);
    };
    let groups = place_groups(lang, place, &found.items);
    let title = if place.is_empty() { words.offices_title.to_owned() } else { place_name(lang, place) };
    let empty = groups.is_empty().then_some(&words.nothing_found);
    let list = ListPage { groups, empty, as_of: as_of(lang, found.as_of), ..ListPage::new(frame, title) };
    page(StatusCode::OK, &list)
}

/// The offices of a place itself, then its parts that have some.
fn place_groups(lang: Lang, place: &str, hits: &[Arc<OfficeHit>]) -> Vec<Group> {
    let words = lang.words();
    let mut parts: Vec<(String, usize)> = Vec::new();
    let mut nearby = Vec::new();
    for hit in hits {
        match hit.office.division.get(..place.len() + 2) {
            None => nearby.push(office_tile(lang, &hit.office)),
            Some(part) => match parts.iter_mut().find(|(known, _)| known == part) {
                Some((_, count)) => *count += 1,
                None => parts.push((part.to_owned(), 1)),
            },
        }
    }
    let tile = |(code, count): (String, usize)| Tile {
        href: format!("offices/{code}"),
        icon: "place",
        title: place_name(lang, &code),
        note: Some(counted(lang, count.to_string())),
    };
    let mut groups = vec![
        Group::of(words.here, nearby),
        Group::of(words.in_place, parts.into_iter().map(tile).collect()).names().showing(PLACES_SHOWN),
    ];
    groups.retain(|group| !group.tiles.is_empty());
    groups
}

/// `GET /kiosk/{lang}/office/{id}`
pub async fn office(
    State(state): State<KioskState>,
    context: PageContext,
    Path((_, id)): Path<(String, String)>,
) -> Response {
    let (words, lang) = (context.words, context.lang);
    let frame =
        |back: String| context.frame(words.offices_title, format!("office/{}", percent(&id)), Back::In(back.into()));
    let office = match state.backend.look_around(&Query::Office { id: id.clone() }).await {
        Answer::Office(Ok(office)) => office,
        Answer::Office(Err(PortalFault::NotFound)) => return errors::no_such_page().await,
        _ => return away(frame("offices".to_owned()), words),
    };
    let language = lang.language();
    let today = state.backend.now().civil(&phnom_penh()).date();
    let search = ServiceSearch { office: Some(office.id.clone()), ..ServiceSearch::default() };
    let tiles = match state.backend.look_around(&Query::Services(search)).await {
        Answer::Services(Ok(found)) => found.items.iter().map(|service| service_tile(lang, service)).collect(),
        _ => Vec::new(),
    };
    let place = &office.division;
    let back = if gazetteer::by_code(place).is_some() { format!("offices/{place}") } else { "offices".to_owned() };
    let sheet = SheetPage {
        frame: frame(back),
        title: office.name.get(language).to_owned(),
        lead: office.address.get(language).to_owned(),
        facts: office_facts(lang, &office, today),
        sections: office_sections(lang, &office, today),
        actions: Vec::new(),
        groups: vec![Group::of(words.services_title, tiles)],
        sample: office.sample,
        as_of: None,
    };
    page(StatusCode::OK, &sheet)
}

fn office_facts(lang: Lang, office: &Office, today: Date) -> Vec<Fact> {
    let (words, language) = (lang.words(), lang.language());
    let hours = office.hours_on(today);
    let closure = office.closure(today).map(|closure| closure.reason.get(language).to_owned());
    let value = if hours.is_empty() { words.closed.to_owned() } else { spans(lang, &hours) };
    let mut facts = vec![Fact { icon: "clock", label: words.today, value, note: closure }];
    if let Some(waiting) = office.queue_length {
        let value = (lang.visit().people)(waiting);
        facts.push(Fact { icon: "inbox", label: words.waiting_now, value, note: None });
    }
    let phones: Vec<String> = office.phones.iter().map(|phone| shared::phone_grouped(phone)).collect();
    if !phones.is_empty() {
        facts.push(Fact { icon: "phone", label: words.phone, value: phones.join(" · "), note: None });
    }
    facts
}

fn office_sections(lang: Lang, office: &Office, today: Date) -> Vec<Section> {
    let (words, language) = (lang.words(), lang.language());
    let closed = office.closures.iter().filter(|closure| closure.date >= today).take(6).map(|closure| NotedLine {
        what: shared::date_long(closure.date, language),
        note: Some(closure.reason.get(language).to_owned()),
    });
    let mut sections = vec![
        Section { title: words.hours, lines: week(lang, office), numbered: false },
        Section { title: words.closed_days, lines: closed.collect(), numbered: false },
    ];
    sections.retain(|section| !section.lines.is_empty());
    sections
}

/// Neighbouring days of equal hours on one line.
fn week(lang: Lang, office: &Office) -> Vec<NotedLine> {
    let name = |day| shared::weekday_name(day, lang.language());
    office
        .week()
        .into_iter()
        .map(|(first, last, hours)| NotedLine {
            what: if first == last { name(first).to_owned() } else { format!("{} – {}", name(first), name(last)) },
            note: Some(if hours.is_empty() { lang.words().closed.to_owned() } else { spans(lang, &hours) }),
        })
        .collect()
}

//! The directory on the screen: services by audience, ministry and words, a service's sheet, offices by place, an
//! office. Everything here concerns nobody, so it has addresses of its own; while the portal is away it is told as
//! it was known last. It must not know how it is found.
use super::{
    KioskState,
    context::PageContext,
    errors,
    frame::{Back, Frame},
    respond::page,
    tiles::{Group, Tile, service_tile},
    views::{Fact, NotedLine},
    words::{self, Lang, Words},
};
use crate::{
    render::words as shared,
    types::{
        UnixMs,
        civic::{Answer, Audience, Localized, Office, OfficeHit, OfficeSearch, Query, Service, ServiceSearch},
        gazetteer,
        time::phnom_penh,
    },
    web::filters,
};
use askama::Template;
use axum::{
    extract::{Path, Query as Asked, State},
    http::StatusCode,
    response::Response,
};
use jiff::civil::Date;
use std::sync::Arc;

/// Entries of one list; what is more is found by words.
const LISTED_MAX: usize = 60;
/// Offices named on a service's sheet.
const OFFERED_MAX: usize = 6;
/// Longest search, in characters.
const WORDS_MAX: usize = 60;

/// Lines under a headline, numbered where their order matters.
pub(super) struct Section {
    title: &'static str,
    lines: Vec<NotedLine>,
    numbered: bool,
}

#[derive(Template)]
#[template(path = "list.html")]
struct ListPage {
    frame: Frame,
    title: String,
    search: Option<String>,
    groups: Vec<Group>,
    as_of: Option<String>,
    empty: Option<&'static words::Message>,
}

#[derive(Template)]
#[template(path = "sheet.html")]
struct SheetPage {
    frame: Frame,
    title: String,
    lead: String,
    facts: Vec<Fact>,
    sections: Vec<Section>,
    group: Group,
    as_of: Option<String>,
}

/// What the address of the services asks for.
#[derive(Default, serde::Deserialize)]
#[serde(default)]
pub(super) struct Which {
    q: String,
    #[serde(rename = "for")]
    audience: String,
    of: String,
    about: String,
}

/// For whom, as an address names it.
fn audience_tag(audience: Audience) -> &'static str {
    match audience {
        Audience::Citizen => "citizen",
        Audience::Business => "business",
        Audience::Foreigner => "foreigner",
        Audience::Visitor => "visitor",
    }
}

fn audience_icon(audience: Audience) -> &'static str {
    match audience {
        Audience::Citizen => "home",
        Audience::Business => "coins",
        Audience::Foreigner => "globe",
        Audience::Visitor => "place",
    }
}

fn as_of(lang: Lang, at: Option<UnixMs>) -> Option<String> {
    at.map(|at| words::date_time(lang, at.civil(&phnom_penh())))
}

fn office_tile(lang: Lang, office: &Office) -> Tile {
    let language = lang.language();
    Tile {
        href: format!("office/{}", percent(&office.id)),
        icon: "office",
        title: office.name.get(language).to_owned(),
        note: Some(office.address.get(language).to_owned()),
    }
}

/// Only unreserved characters stay (RFC 3986 §2.3).
fn percent(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
            other => format!("%{other:02X}"),
        })
        .collect()
}

/// `GET /kiosk/{lang}/services`
pub(super) async fn services(
    State(state): State<KioskState>,
    context: PageContext,
    Asked(which): Asked<Which>,
) -> Response {
    let typed: String = which.q.trim().chars().take(WORDS_MAX).collect();
    let audience = Audience::from_wire(&which.audience);
    let ministry = (!which.of.is_empty()).then(|| which.of.clone());
    let topic = (!which.about.is_empty()).then(|| which.about.clone());
    if typed.is_empty() && audience.is_none() && ministry.is_none() && topic.is_none() {
        return all_ways(&state, &context).await;
    }
    let (words, lang) = (context.words, context.lang);
    let search = ServiceSearch {
        words: (!typed.is_empty()).then(|| typed.clone()),
        audience,
        ministry: ministry.clone(),
        topic: topic.clone(),
        ..ServiceSearch::default()
    };
    let asked = [("q", &typed), ("for", &which.audience), ("of", &which.of), ("about", &which.about)];
    let asked = asked.map(|(name, value)| format!("{name}={}", percent(value))).join("&");
    let address = format!("services?{asked}");
    let frame = context.frame(words.services_title, address, Back::In("services".into()));
    let Answer::Services(Ok(found)) = state.backend.look_around(&Query::Services(search)).await else {
        return away(frame, words);
    };
    let title = match audience {
        Some(audience) => shared::audience(audience, lang.language()).to_owned(),
        None => title_of(&state, &context, &which).await.unwrap_or_else(|| words.services_title.to_owned()),
    };
    let tiles: Vec<Tile> = found.items.iter().take(LISTED_MAX).map(|service| service_tile(lang, service)).collect();
    let empty = tiles.is_empty().then_some(&words.nothing_found);
    let groups = vec![Group { title: None, tiles }];
    page(
        StatusCode::OK,
        &ListPage { frame, title, search: Some(typed), groups, as_of: as_of(lang, found.as_of), empty },
    )
}

/// Topics or ministries; none while they cannot be asked for.
async fn named(state: &KioskState, query: &Query) -> Vec<(String, Localized)> {
    match state.backend.look_around(query).await {
        Answer::Topics(Ok(all)) => all.items.iter().map(|one| (one.id.clone(), one.name.clone())).collect(),
        Answer::Ministries(Ok(all)) => all.items.iter().map(|one| (one.id.clone(), one.name.clone())).collect(),
        _ => Vec::new(),
    }
}

/// The headline of a list that is about one topic, or of one ministry.
async fn title_of(state: &KioskState, context: &PageContext, which: &Which) -> Option<String> {
    let (query, id) = match (which.about.is_empty(), which.of.is_empty()) {
        (false, _) => (Query::Topics, &which.about),
        (true, false) => (Query::Ministries, &which.of),
        (true, true) => return None,
    };
    let all = named(state, &query).await;
    all.into_iter().find(|(one, _)| one == id).map(|(_, name)| name.get(context.lang.language()).to_owned())
}

/// The ways to a service, the popular ones first.
async fn all_ways(state: &KioskState, context: &PageContext) -> Response {
    let (words, lang, language) = (context.words, context.lang, context.lang.language());
    let frame = context.frame(words.services_title, "services", Back::In("home".into()));
    let Answer::Services(Ok(all)) = state.backend.look_around(&Query::Services(ServiceSearch::default())).await else {
        return away(frame, words);
    };
    let popular = all.items.iter().filter(|service| service.popular).take(6);
    let whom = Audience::ALL
        .into_iter()
        .filter(|audience| all.items.iter().any(|service| service.audiences.contains(audience)))
        .map(|audience| Tile {
            href: format!("services?for={}", audience_tag(audience)),
            icon: audience_icon(audience),
            title: shared::audience(audience, language).to_owned(),
            note: None,
        });
    let guides = super::guides::all(lang).into_iter().map(|(href, title, lead)| Tile {
        href,
        icon: "forward",
        title: title.to_owned(),
        note: Some(lead.to_owned()),
    });
    let guides = guides.collect();
    let mut groups = vec![
        Group { title: Some(words.popular), tiles: popular.map(|service| service_tile(lang, service)).collect() },
        Group { title: Some(context.lang.visit().guides), tiles: guides },
        Group { title: Some(words.for_whom), tiles: whom.collect() },
    ];
    for (title, ask, icon, query) in
        [(words.by_topic, "about", "paper", Query::Topics), (words.by_ministry, "of", "office", Query::Ministries)]
    {
        let tiles = named(state, &query).await.into_iter().take(LISTED_MAX).map(|(id, name)| Tile {
            href: format!("services?{ask}={}", percent(&id)),
            icon,
            title: name.get(language).to_owned(),
            note: None,
        });
        groups.push(Group { title: Some(title), tiles: tiles.collect() });
    }
    groups.retain(|group| !group.tiles.is_empty());
    let empty = groups.is_empty().then_some(&words.nothing_found);
    let title = words.services_title.to_owned();
    let as_of = as_of(lang, all.as_of);
    page(StatusCode::OK, &ListPage { frame, title, search: Some(String::new()), groups, as_of, empty })
}

fn away(frame: Frame, words: &'static Words) -> Response {
    let (title, groups) = (frame.title.to_string(), Vec::new());
    let empty = Some(&words.directory_away);
    page(StatusCode::OK, &ListPage { frame, title, search: None, groups, as_of: None, empty })
}

/// `GET /kiosk/{lang}/service/{code}`
pub(super) async fn service(
    State(state): State<KioskState>,
    context: PageContext,
    Path((_, code)): Path<(String, String)>,
) -> Response {
    let (words, lang) = (context.words, context.lang);
    if code.len() != 4 || !code.bytes().all(|byte| byte.is_ascii_digit()) {
        return errors::no_such_page().await;
    }
    let frame = context.frame(words.services_title, format!("service/{code}"), Back::In("services".into()));
    let search = ServiceSearch { words: Some(code.clone()), ..ServiceSearch::default() };
    let Answer::Services(Ok(found)) = state.backend.look_around(&Query::Services(search)).await else {
        return away(frame, words);
    };
    let Some(service) = found.items.iter().find(|service| service.code == code) else {
        return errors::no_such_page().await;
    };
    let search = OfficeSearch { service: Some(service.id.clone()), ..OfficeSearch::default() };
    let tiles = match state.backend.look_around(&Query::Offices(search)).await {
        Answer::Offices(Ok(offices)) => {
            offices.items.iter().take(OFFERED_MAX).map(|hit| office_tile(lang, &hit.office)).collect()
        }
        _ => Vec::new(),
    };
    let group = Group { title: Some(words.where_offered), tiles };
    let (facts, sections) = (service_facts(lang, service), service_sections(lang, service));
    let language = lang.language();
    let (title, lead) = (service.name.get(language).to_owned(), service.purpose.get(language).to_owned());
    page(StatusCode::OK, &SheetPage { frame, title, lead, facts, sections, group, as_of: as_of(lang, found.as_of) })
}

fn service_facts(lang: Lang, service: &Service) -> Vec<Fact> {
    let (words, language) = (lang.words(), lang.language());
    let fees: Vec<String> = service.fees.iter().map(|fee| shared::fee(fee, language)).collect();
    let fee = if fees.is_empty() { words.no_fee_published.to_owned() } else { fees.join(" · ") };
    let mut facts = vec![Fact { icon: "coins", label: words.fees, value: fee, note: None }];
    if let Some(days) = service.max_working_days {
        let value = shared::working_days(days, language);
        facts.push(Fact { icon: "clock", label: words.days_needed, value, note: None });
    }
    facts.push(Fact { icon: "receipt", label: words.service_code, value: service.code.clone(), note: None });
    facts
}

fn service_sections(lang: Lang, service: &Service) -> Vec<Section> {
    let (words, language) = (lang.words(), lang.language());
    let plain = |text: &Localized| NotedLine { what: text.get(language).to_owned(), note: None };
    let documents = service.documents.iter().map(|document| {
        let copies = (document.copies > 0).then(|| (words.copies)(document.copies));
        let original = document.original.then(|| words.original.to_owned());
        let note: Vec<String> = original.into_iter().chain(copies).collect();
        NotedLine { what: document.name.get(language).to_owned(), note: (!note.is_empty()).then(|| note.join(" · ")) }
    });
    let mut sections = vec![
        Section { title: words.documents, lines: documents.collect(), numbered: false },
        Section { title: words.steps, lines: service.steps.iter().map(plain).collect(), numbered: true },
        Section { title: words.legal_basis, lines: service.legal_basis.iter().map(plain).collect(), numbered: false },
    ];
    sections.retain(|section| !section.lines.is_empty());
    sections
}

/// `GET /kiosk/{lang}/offices`
pub(super) async fn offices(State(state): State<KioskState>, context: PageContext) -> Response {
    offices_in(&state, &context, "").await
}

/// `GET /kiosk/{lang}/offices/{place}`: a division by its code of 2, 4 or 6 digits.
pub(super) async fn offices_at(
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
    let title = if place.is_empty() { words.offices_title.to_owned() } else { super::talk::place_name(lang, place) };
    let empty = groups.is_empty().then_some(&words.nothing_found);
    page(StatusCode::OK, &ListPage { frame, title, search: None, groups, as_of: as_of(lang, found.as_of), empty })
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
    let tile = |(code, _): (String, usize)| Tile {
        href: format!("offices/{code}"),
        icon: "place",
        title: super::talk::place_name(lang, &code),
        note: None,
    };
    let mut groups = vec![
        Group { title: Some(words.here), tiles: nearby },
        Group { title: Some(words.in_place), tiles: parts.into_iter().map(tile).collect() },
    ];
    groups.retain(|group| !group.tiles.is_empty());
    groups
}

/// `GET /kiosk/{lang}/office/{id}`
pub(super) async fn office(
    State(state): State<KioskState>,
    context: PageContext,
    Path((_, id)): Path<(String, String)>,
) -> Response {
    let (words, lang) = (context.words, context.lang);
    let frame =
        |back: String| context.frame(words.offices_title, format!("office/{}", percent(&id)), Back::In(back.into()));
    let office = match state.backend.look_around(&Query::Office { id: id.clone() }).await {
        Answer::Office(Ok(office)) => office,
        Answer::Office(Err(crate::types::civic::PortalFault::NotFound)) => return errors::no_such_page().await,
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
        group: Group { title: Some(words.services_title), tiles },
        as_of: None,
    };
    page(StatusCode::OK, &sheet)
}

fn office_facts(lang: Lang, office: &Office, today: Date) -> Vec<Fact> {
    let (words, language) = (lang.words(), lang.language());
    let hours = office.hours_on(today);
    let closure = office.closure(today).map(|closure| closure.reason.get(language).to_owned());
    let value = if hours.is_empty() { words.closed.to_owned() } else { shared::spans(&hours) };
    let mut facts = vec![Fact { icon: "clock", label: words.today, value, note: closure }];
    if let Some(waiting) = office.queue_length {
        let value = shared::waiting(waiting, language);
        facts.push(Fact { icon: "inbox", label: words.waiting_now, value, note: None });
    }
    let phones: Vec<String> = office.phones.iter().map(|phone| shared::phone(phone)).collect();
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
            note: Some(if hours.is_empty() { lang.words().closed.to_owned() } else { shared::spans(&hours) }),
        })
        .collect()
}

//! The directory on the screen: services by audience, ministry and words, and a service's sheet. Everything here concerns
//! nobody, so it has addresses of its own. It must not know how it is found.
use crate::{
    kiosk::{
        context::PageContext,
        errors, guides,
        parts::{
            facts::{Fact, NotedLine},
            frame::Back,
            listing::{LISTED_MAX, ListPage, Section, SheetPage, as_of, away},
            tiles::{Group, Tile, office_tile, percent, service_tile},
        },
        respond::page,
        state::KioskState,
        texts::{Lang, counted},
    },
    render::words as shared,
    types::civic::{Answer, Audience, Localized, OfficeSearch, Query, Service, ServiceSearch},
};
use axum::{
    extract::{Path, Query as Asked, State},
    http::StatusCode,
    response::Response,
};

/// Offices named on a service's sheet.
const OFFERED_MAX: usize = 6;
/// Longest search, in characters.
const WORDS_MAX: usize = 60;

/// What the address of the services asks for.
#[derive(Default, serde::Deserialize)]
#[serde(default)]
pub struct Which {
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

/// `GET /kiosk/{lang}/services`
pub async fn services(State(state): State<KioskState>, context: PageContext, Asked(which): Asked<Which>) -> Response {
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
    let guides = guides::all().iter().map(|guide| Tile {
        href: format!("guide/{}", guide.id),
        icon: "forward",
        title: guide.title.get(lang).to_owned(),
        note: Some(guide.lead.get(lang).to_owned()),
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

/// `GET /kiosk/{lang}/service/{code}`
pub async fn service(
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
        let value = counted(lang, shared::working_days(days, language));
        facts.push(Fact { icon: "clock", label: words.days_needed, value, note: None });
    }
    facts.push(Fact { icon: "receipt", label: words.service_code, value: service.code.clone(), note: None });
    facts
}

fn service_sections(lang: Lang, service: &Service) -> Vec<Section> {
    let (words, language) = (lang.words(), lang.language());
    let plain = |text: &Localized| NotedLine { what: text.get(language).to_owned(), note: None };
    let documents = service.documents.iter().map(|document| {
        // a photograph has no copies: only what has an original is copied
        let note = match (document.original, document.copies) {
            (true, 0 | 1) => vec![words.original.to_owned()],
            (true, copies) => vec![words.original.to_owned(), (words.copies)(copies)],
            (false, 0) => Vec::new(),
            (false, pieces) => vec![(words.pieces)(pieces)],
        };
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

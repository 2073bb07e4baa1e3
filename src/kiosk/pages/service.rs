//! A service's sheet: what it costs, what to bring, how it goes, where; and what can be done with it here. It concerns nobody,
//! so it has an address of its own. It must not know how it is found.
use crate::{
    kiosk::{
        context::PageContext,
        errors,
        parts::{
            doors,
            facts::{Action, Fact, NotedLine},
            frame::Back,
            listing::{Section, SheetPage, as_of, away},
            office::Shut,
            tiles::{Group, Tile, office_tile},
        },
        respond::page,
        state::KioskState,
        texts::{Lang, counted, place_name},
        visit::{state::VisitState, typed::Typed},
    },
    render::words as shared,
    types::civic::{Answer, Localized, Office, OfficeSearch, Query, Service, ServiceSearch},
};
use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::Response,
};
use std::{cmp::Reverse, sync::Arc};

/// Offices that are shown at once, and in all: whoever wants another one looks for its place.
const OFFICES_SHOWN: usize = 4;
const OFFICES_MAX: usize = 24;

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
    let offices = offering(&state, service).await;
    let actions = actions(&state, &context, service, &offices).await;
    let frame = match frame.typed.is_some() {
        true => frame,
        false => {
            let visit = VisitState::fresh(state.backend.now()).seal(&state, &context);
            frame.keeping(Typed { visit, ..Typed::default() }, "carry")
        }
    };
    let guides = doors::events_with(lang, |code| code == service.code);
    let language = lang.language();
    let sheet = SheetPage {
        frame,
        title: service.name.get(language).to_owned(),
        lead: service.purpose.get(language).to_owned(),
        facts: facts(lang, service),
        sections: sections(lang, service),
        actions,
        groups: vec![near(&context, offices), Group::of(lang.portal().guides, guides).bare_names()],
        sample: service.sample,
        as_of: as_of(lang, found.as_of),
    };
    page(StatusCode::OK, &sheet)
}

/// Every office that offers the service.
async fn offering(state: &KioskState, service: &Service) -> Vec<Arc<Office>> {
    let search =
        OfficeSearch { service: Some(service.id.clone()), within: Some(String::new()), ..OfficeSearch::default() };
    match state.backend.look_around(&Query::Offices(search)).await {
        Answer::Offices(Ok(found)) => found.items.iter().map(|hit| Arc::clone(&hit.office)).collect(),
        _ => Vec::new(),
    }
}

/// What can be done with it: a time booked where appointments are made, a number drawn where this office offers it now, the sheet sent to a
/// telephone.
async fn actions(state: &KioskState, context: &PageContext, service: &Service, offices: &[Arc<Office>]) -> Vec<Action> {
    let words = context.lang.portal();
    let mut actions = Vec::new();
    let offers = state.backend.abilities();
    if offers.appointments && service.bookable && !offices.is_empty() {
        actions.push(Action::key("appointments", format!("b{}", service.id), "calendar", words.book).strong());
    }
    let here = context.device.office.as_ref().is_some_and(|own| offices.iter().any(|office| office.id == *own));
    if offers.tickets && here && Shut::of(state, &context.device).await.is_none() {
        actions.push(Action::key("ticket", format!("s{}", service.id), "inbox", words.take_number));
    }
    // what a service costs and needs is public, and tells nothing of an application
    let send = context.lang.visit().send_to_phone;
    actions.push(Action::key("send", format!("sheet-{}", service.id), "phone", send));
    actions
}

/// The offices nearest to this kiosk first, this one marked. Where nobody knows what is near, the provinces that have some.
fn near(context: &PageContext, mut offices: Vec<Arc<Office>>) -> Group {
    let (lang, words) = (context.lang, context.lang.portal());
    let own = context.office.as_ref();
    if own.is_none() && offices.len() > OFFICES_MAX {
        let mut provinces: Vec<&str> = offices.iter().filter_map(|office| office.division.get(..2)).collect();
        provinces.dedup();
        let tile = |code: &str| Tile {
            href: format!("offices/{code}"),
            icon: "place",
            title: place_name(lang, code),
            note: None,
        };
        let tiles = provinces.into_iter().map(tile).collect();
        return Group::of(context.words.where_offered, tiles).names().showing(OFFICES_SHOWN);
    }
    let alike = |office: &Office| match own {
        Some(own) if own.id == office.id => usize::MAX,
        Some(own) => own.division.bytes().zip(office.division.bytes()).take_while(|(one, other)| one == other).count(),
        None => 0,
    };
    offices.sort_by_key(|office| Reverse(alike(office)));
    let marked = |office: &Arc<Office>| {
        let mut tile = office_tile(lang, office);
        if own.is_some_and(|own| own.id == office.id) {
            tile.note = Some(words.this_office.to_owned());
            tile.icon = "check";
        }
        tile
    };
    let more = offices.len() > OFFICES_MAX;
    let mut tiles: Vec<Tile> = offices.iter().take(OFFICES_MAX).map(marked).collect();
    if more {
        let title = context.words.in_place.to_owned();
        tiles.push(Tile { href: "offices".to_owned(), icon: "place", title, note: None });
    }
    let title = if own.is_some() { words.offices_near } else { context.words.where_offered };
    Group::of(title, tiles).showing(OFFICES_SHOWN)
}

fn facts(lang: Lang, service: &Service) -> Vec<Fact> {
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

fn sections(lang: Lang, service: &Service) -> Vec<Section> {
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

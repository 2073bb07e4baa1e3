//! The first page, on which every visit begins and ends, and the closed screen in its place. It must not know who may see it.
use crate::{
    kiosk::{
        authority::Signs,
        context::{DISPLAY_PREFS, Device, PageContext},
        device::Start,
        errors::no_such_page,
        parts::office::{Shut, hours},
        respond::page,
        state::KioskState,
        texts::{Lang, Words},
    },
    types::{
        civic::{Abilities, Office},
        time::phnom_penh,
    },
    web::filters,
};
use askama::Template;
use axum::{
    extract::{Path, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
};
use std::sync::Arc;

/// Whose screen it is, in both languages.
struct Owner {
    signs: Signs,
    office: Option<Arc<Office>>,
}

#[derive(Template)]
#[template(path = "start.html")]
struct StartPage {
    owner: Owner,
    km: &'static Words,
    en: &'static Words,
    class: String,
    build: String,
    /// What one can do here, shown in turn.
    can: Vec<(&'static str, &'static str)>,
    /// What an operator says, and that the office is closed: in Khmer and English.
    told: Vec<(String, String)>,
}

#[derive(Template)]
#[template(path = "closed.html")]
struct ClosedPage {
    owner: Owner,
    km: &'static Words,
    en: &'static Words,
    class: String,
    build: String,
    /// Language, headline, reason, hours.
    message: Vec<(&'static str, &'static str, String, Option<String>)>,
}

/// What one can do here, in Khmer and English.
fn can(offers: Abilities) -> Vec<(&'static str, &'static str)> {
    let of = |lang: Lang| {
        let (words, visit_words) = (lang.words(), lang.visit());
        let appointments = offers.appointments.then_some(visit_words.appointments_card.title);
        let all =
            [Some(words.check.title), appointments, Some(words.services_card.title), Some(words.offices_card.title)];
        all.into_iter().flatten()
    };
    of(Lang::Km).zip(of(Lang::En)).collect()
}

async fn owner(state: &KioskState, device: &Device) -> Owner {
    let office = match &device.office {
        Some(id) => state.signs.office(&state.backend, id).await,
        None => None,
    };
    Owner { signs: state.signs.clone(), office }
}

/// `GET /a/{hash}/authority/{name}`: the authority's emblem and colour.
pub async fn sign(State(state): State<KioskState>, Path((_, name)): Path<(String, String)>) -> Response {
    state.signs.serve(&name)
}

/// Every visit begins and ends here: the look of the last one is forgotten.
pub async fn start(State(state): State<KioskState>, device: Start, headers: HeaderMap) -> Response {
    let class = device.0.profile.name.to_owned();
    let mut answer = match closed(&state, &device.0).await {
        Some(closed) => closed,
        None => match device.0.language {
            Some(lang) => Redirect::to(&format!("/kiosk/{}/home", lang.tag())).into_response(),
            None => {
                let shut = Shut::of(&state, &device.0).await;
                let mut told: Vec<_> = device.0.message.as_deref().and_then(said).into_iter().collect();
                told.extend(shut.iter().map(still));
                page(
                    StatusCode::OK,
                    &StartPage {
                        owner: owner(&state, &device.0).await,
                        km: Lang::Km.words(),
                        en: Lang::En.words(),
                        class,
                        build: device.0.build(),
                        can: can(state.backend.abilities()),
                        told,
                    },
                )
            }
        },
    };
    // the service worker fetches this page while somebody else's visit goes on
    if headers.contains_key("x-keep") {
        return answer;
    }
    let forget = format!("{}=; Path=/kiosk; Max-Age=0; HttpOnly; SameSite=Strict", DISPLAY_PREFS);
    answer.headers_mut().append(header::SET_COOKIE, crate::web::header_value(&forget));
    answer
}

/// From an old address to the first page.
pub async fn to_start() -> Redirect {
    Redirect::to("/kiosk")
}

/// From a language or the name of a page alone.
pub async fn to_home(Path(segment): Path<String>) -> Response {
    let known = ["home", "check", "help", "services", "offices", "feedback", "appointments", "complain", "look"];
    match Lang::from_tag(&segment) {
        Some(lang) => Redirect::to(&format!("/kiosk/{}/home", lang.tag())).into_response(),
        None if known.contains(&segment.as_str()) => Redirect::to("/kiosk").into_response(),
        None => no_such_page().await,
    }
}

/// A page that needs a visit was opened without one.
pub async fn not_alone(context: PageContext) -> Redirect {
    Redirect::to(&format!("/kiosk/{}/home", context.lang.tag()))
}

/// What an operator says on the closed screen.
#[derive(serde::Deserialize)]
struct Reason {
    km: String,
    en: String,
}

impl Reason {
    /// As it was stored; without words when it cannot be read, and then the log says so.
    fn read(json: &str) -> Option<Self> {
        let lost = |fault: &serde_json::Error| {
            tracing::error!(kind = ?fault.classify(), "what an operator said to a kiosk cannot be read");
        };
        serde_json::from_str(json).inspect_err(lost).ok()
    }
}

/// What an operator says, in both languages.
fn said(json: &str) -> Option<(String, String)> {
    Reason::read(json).map(|reason| (reason.km, reason.en))
}

/// That the office is closed, when it opens again, and what can be done all the same: what needs people waits, the rest does not.
fn still(shut: &Shut) -> (String, String) {
    let of = |lang: Lang| format!("{} {}", shut.line(lang), lang.device().still_open);
    (of(Lang::Km), of(Lang::En))
}

/// The closed screen, when an operator closed this kiosk.
async fn closed(state: &KioskState, device: &Device) -> Option<Response> {
    let reason = Reason::read(device.closed.as_deref()?);
    let owner = owner(state, device).await;
    let office = owner.office.clone();
    let now = state.backend.now().civil(&phnom_penh());
    let message = [Lang::Km, Lang::En].map(|lang| {
        let words = lang.device();
        let given = reason.as_ref().map(|reason| if lang == Lang::Km { &reason.km } else { &reason.en });
        let text = given.cloned().unwrap_or_else(|| words.closed.text.to_owned());
        let hours = office.as_ref().map(|office| hours(lang, office, now.date()));
        (lang.tag(), words.closed.title, text, hours)
    });
    let class = device.profile.name.to_owned();
    let mut answer = page(
        StatusCode::OK,
        &ClosedPage {
            owner,
            km: Lang::Km.words(),
            en: Lang::En.words(),
            class,
            build: device.build(),
            message: message.into_iter().collect(),
        },
    );
    answer.headers_mut().insert(header::REFRESH, HeaderValue::from_static("60"));
    Some(answer)
}

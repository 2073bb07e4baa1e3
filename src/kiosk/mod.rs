//! The touch screens: every route on one screen. Pages are whole documents made here, work without script,
//! and carry a visit in their hidden fields, so that no address and no storage ever holds a code. It must
//! not know the portal, the store or the telcos; what it asks goes through [`Backend`] to the exchange.
//!
//! From below: `texts`, `backend`, `authority` (whose screen it is), `respond` and `errors`, `context`, `visit` (what is
//! carried from page to page), `parts` (of pages), `goals` (where a visitor wants to go), `pages`, `carry`, `guard`. Each
//! knows only what is below it.
mod audio;
mod authority;
mod backend;
mod carry;
mod context;
mod device;
mod errors;
mod goals;
mod guard;
mod guides;
mod offered;
mod pages;
mod parts;
mod respond;
mod state;
mod texts;
mod visit;

pub use audio::{Clip, clips};
pub use authority::{Authority, Colour, EMBLEM_MAX, Signs, check_emblem};
pub use backend::{Backend, CheckAnswer, Who};
pub use guides::check as check_guides;
pub use state::{KioskState, Pairing, Reach, Ways};

use pages::{
    appointments, check, complain, display, feedback, home, kingdom, mine, number, offices, offline, pay, send,
    service, services, staff, start, ticket,
};

use crate::web::{self, assets};
use axum::{
    Router,
    extract::DefaultBodyLimit,
    http::{HeaderMap, StatusCode},
    middleware,
    response::{IntoResponse, Redirect, Response},
    routing::{any, get},
};

/// Largest body of a form, in octets: what was typed, and a sealed conversation of some 6 KiB.
const BODY_MAX: usize = 32 * 1024;

/// Everything below `/kiosk` and `/a`, with its headers and checks; no fallback of its own, so that it can
/// be merged with other routes ([`not_found`] serves as theirs).
pub fn routes(state: KioskState) -> Router {
    Router::new()
        .merge(for_anybody(&state))
        .route("/kiosk", get(start::start).post(start::to_start))
        .route("/kiosk/", get(start::to_start))
        .route("/kiosk/sw.js", get(offline::service_worker))
        .route("/kiosk/{lang}", get(start::to_home))
        .route("/kiosk/{lang}/offline", get(offline::offline))
        .route("/kiosk/{lang}/call", get(start::not_alone).post(home::call_staff))
        .route("/kiosk/{lang}/check", get(check::pad).post(check::check))
        .route("/kiosk/{lang}/number", get(start::not_alone).post(number::number))
        .route("/kiosk/{lang}/send", get(start::not_alone).post(send::send))
        .route("/kiosk/{lang}/pay", get(start::not_alone).post(pay::pay))
        .route("/kiosk/{lang}/mine", get(start::not_alone).post(mine::press))
        .route("/kiosk/{lang}/appointments", get(appointments::tasks).post(appointments::press))
        .route("/kiosk/{lang}/complain", get(complain::ask).post(complain::file))
        .route("/kiosk/{lang}/ticket", get(ticket::begin).post(ticket::take))
        .route("/kiosk/{lang}/feedback", get(feedback::feedback).post(feedback::rate))
        .route("/kiosk/{lang}/look", get(display::show).post(display::change))
        .route("/kiosk/{lang}/staff", get(staff::staff).post(staff::press))
        .route("/kiosk/{lang}/{*rest}", any(errors::no_such_page))
        .route("/a/{hash}/authority/{name}", get(start::sign))
        .route("/a/{hash}/{*name}", get(assets::serve))
        .method_not_allowed_fallback(errors::wrong_way)
        .layer(DefaultBodyLimit::max(BODY_MAX))
        .layer(middleware::from_fn_with_state(state.clone(), offered::only))
        .layer(middleware::from_fn_with_state(state.clone(), guard::guard))
        .with_state(state)
}

/// Pages that concern nobody. Sent to with a visit, they carry it along.
fn for_anybody(state: &KioskState) -> Router<KioskState> {
    Router::new()
        .route("/kiosk/{lang}/home", get(home::home).post(home::home))
        .route("/kiosk/{lang}/help", get(home::help).post(home::help))
        .route("/kiosk/{lang}/services", get(services::services).post(services::services))
        .route("/kiosk/{lang}/service/{code}", get(service::service).post(service::service))
        .route("/kiosk/{lang}/kingdom", get(kingdom::kingdom).post(kingdom::kingdom))
        .route("/kiosk/{lang}/window", get(kingdom::window).post(kingdom::window))
        .route("/kiosk/{lang}/holidays", get(kingdom::holidays).post(kingdom::holidays))
        .route("/kiosk/{lang}/page/{id}", get(kingdom::read).post(kingdom::read))
        .route("/kiosk/{lang}/guide/{id}", get(pages::guides::guide).post(pages::guides::guide))
        .route("/kiosk/{lang}/offices", get(offices::offices).post(offices::offices))
        .route("/kiosk/{lang}/offices/{place}", get(offices::offices_at).post(offices::offices_at))
        .route("/kiosk/{lang}/office/{id}", get(offices::office).post(offices::office))
        .layer(middleware::from_fn_with_state(state.clone(), carry::carry))
}

/// The listener's first address leads to the first page.
pub async fn front(headers: HeaderMap) -> Response {
    let mut answer = Redirect::temporary("/kiosk").into_response();
    web::protect(answer.headers_mut(), web::Transport::of(&headers));
    answer
}

/// What an address gets that no page has; for the listener's fallback.
pub async fn not_found(headers: HeaderMap) -> Response {
    let mut answer = errors::no_such_page().await;
    web::protect(answer.headers_mut(), web::Transport::of(&headers));
    answer
}

/// What is answered to a request by a name that is not this server's.
pub fn elsewhere(status: StatusCode, headers: &HeaderMap) -> Response {
    let mut answer = errors::elsewhere(status);
    web::protect(answer.headers_mut(), web::Transport::of(headers));
    answer
}

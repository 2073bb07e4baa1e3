//! The touch screens: every route on one screen. Pages are whole documents made here, work without script,
//! and carry a visit in their hidden fields, so that no address and no storage ever holds a code. It must
//! not know the portal, the store or the telcos; what it asks goes through [`Backend`] to the exchange.
mod audio_clips;
mod backend;
mod check;
mod context;
mod device;
mod directory;
mod display_prefs;
mod errors;
mod frame;
mod guard;
mod guides;
mod number;
mod pages;
mod parts;
mod pay;
mod phone;
mod respond;
mod state;
mod talk;
mod ticket;
mod tiles;
mod typed;
mod views;
mod visit;
mod words;
mod words_device;
mod words_visit;

pub use audio_clips::{Clip, clips};
pub use backend::{Backend, CheckAnswer, ExchangeBackend, Who};
pub use state::{KioskState, Pairing, build};

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
        .route("/kiosk", get(pages::start).post(pages::to_start))
        .route("/kiosk/", get(pages::to_start))
        .route("/kiosk/sw.js", get(pages::service_worker))
        .route("/kiosk/{lang}", get(pages::to_home))
        .route("/kiosk/{lang}/offline", get(pages::offline))
        .route("/kiosk/{lang}/home", get(pages::home))
        .route("/kiosk/{lang}/help", get(pages::help))
        .route("/kiosk/{lang}/check", get(check::pad).post(check::check))
        .route("/kiosk/{lang}/number", get(pages::not_alone).post(number::number))
        .route("/kiosk/{lang}/send", get(pages::not_alone).post(number::send))
        .route("/kiosk/{lang}/pay", get(pages::not_alone).post(pay::pay))
        .route("/kiosk/{lang}/appointments", get(talk::appointments).post(talk::talk))
        .route("/kiosk/{lang}/complain", get(talk::complain).post(talk::complaint))
        .route("/kiosk/{lang}/ticket", get(ticket::begin).post(ticket::take))
        .route("/kiosk/{lang}/services", get(directory::services))
        .route("/kiosk/{lang}/service/{code}", get(directory::service))
        .route("/kiosk/{lang}/guide/{id}", get(guides::guide))
        .route("/kiosk/{lang}/offices", get(directory::offices))
        .route("/kiosk/{lang}/offices/{place}", get(directory::offices_at))
        .route("/kiosk/{lang}/office/{id}", get(directory::office))
        .route("/kiosk/{lang}/feedback", get(pages::feedback).post(pages::rate))
        .route("/kiosk/{lang}/look", get(display_prefs::show).post(display_prefs::change))
        .route("/kiosk/{lang}/staff", get(device::staff).post(device::staff_press))
        .route("/kiosk/{lang}/{*rest}", any(errors::no_such_page))
        .route("/a/{hash}/{*name}", get(assets::serve))
        .method_not_allowed_fallback(errors::wrong_way)
        .layer(DefaultBodyLimit::max(BODY_MAX))
        .layer(middleware::from_fn_with_state(state.clone(), guard::guard))
        .with_state(state)
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

#[cfg(test)]
mod tests;

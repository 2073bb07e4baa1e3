//! The touch screens: every route on one screen. Pages are whole documents made here, work without script,
//! and carry a visit in their hidden fields, so that no address and no storage ever holds a code. It must
//! not know the portal, the store or the telcos; what it asks goes through [`Door`] to the exchange.
mod directory;
mod door;
mod guard;
mod pages;
mod views;
mod words;

pub use door::{CheckAnswer, Door, ExchangeDoor};

use crate::web::{self, assets};
use axum::{
    Router,
    extract::DefaultBodyLimit,
    middleware,
    response::Response,
    routing::{any, get},
};
use std::sync::Arc;

/// Largest body of a form, in octets; the longest honest one has some 100.
const BODY_MAX: usize = 8 * 1024;

/// Who may open the pages, from `[kiosk].pairing`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pairing {
    /// Only a kiosk that an operator paired with an office. Pairing itself is not there yet, so every page
    /// says that this kiosk is not in service.
    Required,
    /// Any browser.
    Off,
}

/// What the pages need.
#[derive(Clone)]
pub struct KioskState {
    /// Where questions go.
    pub door: Arc<dyn Door>,
    /// Who may open the pages.
    pub pairing: Pairing,
    /// Lengths of the groups in which receipts print the code; empty when codes differ in length, and then
    /// any number of digits up to 24 can be entered.
    pub groups: Arc<[usize]>,
}

/// Everything below `/kiosk` and `/a`, with its headers and checks; no fallback of its own, so that it can
/// be merged with other routes ([`not_found`] serves as theirs).
pub fn routes(state: KioskState) -> Router {
    Router::new()
        .route("/kiosk", get(pages::start))
        .route("/kiosk/", get(pages::to_start))
        .route("/kiosk/{lang}", get(pages::to_home))
        .route("/kiosk/{lang}/home", get(pages::home))
        .route("/kiosk/{lang}/help", get(pages::help))
        .route("/kiosk/{lang}/check", get(pages::pad).post(pages::check))
        .route("/kiosk/{lang}/services", get(directory::services))
        .route("/kiosk/{lang}/service/{code}", get(directory::service))
        .route("/kiosk/{lang}/offices", get(directory::offices))
        .route("/kiosk/{lang}/offices/{place}", get(directory::offices_at))
        .route("/kiosk/{lang}/office/{id}", get(directory::office))
        .route("/kiosk/{lang}/feedback", get(pages::feedback).post(pages::rate))
        .route("/kiosk/{lang}/{*rest}", any(pages::no_such_page))
        .route("/a/{hash}/{*name}", get(assets::serve))
        .method_not_allowed_fallback(pages::wrong_way)
        .layer(DefaultBodyLimit::max(BODY_MAX))
        .layer(middleware::from_fn_with_state(state.clone(), guard::guard))
        .with_state(state)
}

/// What an address gets that no page has; for the listener's fallback.
pub async fn not_found() -> Response {
    let mut answer = pages::no_such_page().await;
    web::protect(answer.headers_mut());
    answer
}

#[cfg(test)]
mod tests;

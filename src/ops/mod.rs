//! The operator's room: is it alive, is it ready, how much goes through, and a page that shows it all. It
//! reads what others publish and must not know a number, a code or a text of a citizen.
//!
//! | address | answer |
//! |---|---|
//! | `/healthz` | 200 while the process lives |
//! | `/readyz`, `/readyz?links` | 200 or 503 and each part in JSON |
//! | `/metrics` | Prometheus text |
//! | `/kiosks`, `/kiosks/pair`, `/kiosks/{id}/revoke`, `/kiosks/{id}/tell` | kiosk devices, for the console's forms and the command line |
//! | `/telcos` | orders of the console and of programs: rebind, pause, drain or resume a telco |
//! | `/telcos/{name}` | everything about one telco on one page |
//! | `/dead` | orders of the console and of programs: answer a text that was given up after all, or end it |
//! | `/reload` | the order to read the configuration again |
//! | `/trace?smsc=NAME` | the last PDUs of a telco, a line each, numbers and texts covered |
//! | `/trace/file` | whether the trace is written into a file, and the order to begin or end that |
//! | `/trace/live`, `/trace/events` | what goes over the binds as it goes, covered alike: a page, and server-sent events |
//! | `/console` | the page; with `[ops].token_file` only after signing in |
mod access;
mod asked;
mod chart;
mod console;
mod dead;
mod dead_rows;
mod filter;
mod gate;
mod health;
mod kiosk_rows;
mod kiosks;
mod learned;
mod link_rows;
mod link_words;
mod live;
pub mod metrics;
mod operator;
mod ordered;
mod pairing;
mod pdu_rows;
mod plot;
mod probe;
mod recorder;
mod reload;
mod respond;
mod sessions;
mod state;
mod telco_page;
mod telcos;
#[cfg(test)]
mod tests;
mod trace;
mod trace_file;
mod troubles;
mod words;
mod wrong;

use crate::web;
use axum::{
    Router,
    extract::{DefaultBodyLimit, Request},
    http::{StatusCode, header},
    middleware::{Next, from_fn},
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
pub use recorder::{Metrics, install as install_metrics};
use state::Room;
pub use state::{OpsState, TryoutPages};
use std::sync::Arc;

/// Largest body of the sign-in form, in octets.
const BODY_MAX: usize = 4 * 1024;

/// The routes.
pub fn routes(state: OpsState) -> Router {
    let access = access::Access::new(state.token.clone());
    let room = Arc::new(Room { state, access, probe: probe::Probe::default() });
    Router::new()
        .route("/", get(|| async { Redirect::temporary("/console") }))
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready))
        .route("/metrics", get(metrics::show))
        .route("/console", get(console::show))
        .route("/console/sign-in", post(gate::sign_in))
        .route("/console/sign-out", post(gate::sign_out))
        .route("/kiosks", get(kiosks::list))
        .route("/kiosks/pair", post(kiosks::pair))
        .route("/kiosks/{id}/answered", post(kiosks::answered))
        .route("/kiosks/{id}/revoke", post(kiosks::revoke))
        .route("/kiosks/{id}/tell", post(kiosks::send_command))
        .route("/telcos", post(telcos::order))
        .route("/telcos/{name}", get(telco_page::show))
        .route("/dead", post(dead::order))
        .route("/reload", post(reload::order))
        .route("/trace", get(trace::show))
        .route("/trace/file", get(trace_file::show).post(trace_file::order))
        .route("/trace/live", get(live::show))
        .route("/trace/events", get(live::events))
        .route("/a/{hash}/{*name}", get(web::assets::serve))
        .fallback(nothing_here)
        .layer(DefaultBodyLimit::max(BODY_MAX))
        .layer(from_fn(headers))
        .with_state(room)
}

async fn headers(request: Request, next: Next) -> Response {
    let transport = web::Transport::of(request.headers());
    let mut answer = next.run(request).await;
    web::protect(answer.headers_mut(), transport);
    answer
}

async fn nothing_here() -> Response {
    let text = "nothing is here; look at /console, /healthz, /readyz or /metrics\n";
    (StatusCode::NOT_FOUND, [(header::CONTENT_TYPE, "text/plain; charset=utf-8")], text).into_response()
}

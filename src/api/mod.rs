//! The machine API: agencies send texts and learn what became of them, the portal tells of events. What it
//! promises stands in its own document, served at `/v1/openapi.json`. It must not know SMPP, SQL or a page.
//!
//! | path | for |
//! |---|---|
//! | `/v1/messages`, `/v1/messages/{id}` | agencies |
//! | `/v1/transactional/sms/…` | agencies that speak NOMSA |
//! | `/send/sms/…`, `/status/sms` | agencies that speak GovStack |
//! | `/v1/notifications` | the portal |
//! | `/v1/kiosk/heartbeat` | kiosk devices |
//! | `/v1/openapi.json` | everybody |
mod agencies;
mod govstack;
mod kiosk;
mod messages;
mod nomsa;
mod notifications;
mod problem;
mod request;
mod shared;
#[cfg(test)]
mod tests;

use crate::exchange::{Agency, Exchange};
use agencies::Agencies;
use axum::{
    Router,
    extract::{DefaultBodyLimit, Request, State},
    http::{HeaderMap, StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{any, get, post},
};
use problem::Problem;
use shared::{Api, Shared, read_id};
pub use shared::{IsClient, ReadEvent};
use std::{sync::Arc, sync::Mutex};

/// What the API stands on.
pub struct ApiParts {
    /// The door.
    pub exchange: Exchange,
    /// Who may send, with their tokens.
    pub agencies: Vec<(Agency, String)>,
    /// Secrets of the portal's webhook: base64 without `whsec_`.
    pub webhook_secrets: Vec<String>,
    /// Who alone may call the webhook, as a security server of X-Road names it; `None`: whoever signs.
    pub webhook_client: Option<IsClient>,
    /// Reads an event.
    pub read_event: ReadEvent,
}

const DOCUMENT: &str = include_str!("openapi.json");

/// All paths of the machine API.
pub fn routes(parts: ApiParts) -> Router {
    let shared = Arc::new(Shared {
        exchange: parts.exchange,
        agencies: Agencies::new(parts.agencies),
        webhook_keys: parts.webhook_secrets.iter().map(|secret| notifications::key(secret)).collect(),
        webhook_client: parts.webhook_client,
        read_event: parts.read_event,
        running: Mutex::default(),
    });
    Router::new()
        .route("/v1/messages", post(messages::send).get(messages::find))
        .route("/v1/messages/{id}", get(messages::get))
        .route("/v1/transactional/sms/send", post(nomsa::send))
        .route("/v1/transactional/sms/{id}", get(nomsa::get))
        .route("/send/sms/single", post(govstack::single))
        .route("/send/sms/batch", post(govstack::batch))
        .route("/status/sms", get(govstack::status))
        .route("/v1/notifications", post(notifications::notify))
        .route("/v1/kiosk/heartbeat", post(kiosk::heartbeat))
        .route("/v1/openapi.json", get(document))
        .route("/v1/{*rest}", any(no_such_path))
        .route("/send/{*rest}", any(no_such_path))
        .route("/status/{*rest}", any(no_such_path))
        .method_not_allowed_fallback(no_such_method)
        .layer(DefaultBodyLimit::disable())
        .layer(middleware::from_fn_with_state(Arc::clone(&shared), around))
        .with_state(shared)
}

/// Whether the document that is served can be read.
///
/// # Errors
/// Where it is no JSON.
pub fn check() -> Result<(), String> {
    let read = serde_json::from_str::<serde::de::IgnoredAny>(DOCUMENT);
    read.map(|_| ()).map_err(|fault| format!("openapi.json: {fault}"))
}

/// The one layer around all paths: the request's id, and what is never kept.
async fn around(State(_): State<Api>, request: Request, next: Next) -> Response {
    let fresh = crate::ports::random::unordered_id;
    let given = request.headers().get("x-request-id").map(|id| id.to_str().ok().and_then(read_id));
    // the webhook's scheme knows no such header, so nothing is asked of it there
    let hook = request.uri().path() == "/v1/notifications";
    let transport = crate::web::Transport::of(request.headers());
    let (id, mut response) = match given {
        Some(None) if !hook => {
            (fresh(), Problem::bad_request("header", "X-Request-Id", "must be a UUID").into_response())
        }
        given => (given.flatten().unwrap_or_else(fresh), next.run(request).await),
    };
    let headers = response.headers_mut();
    headers.insert("x-request-id", crate::web::header_value(&id.as_hyphenated().to_string()));
    crate::web::protect(headers, transport);
    response
}

async fn document() -> Response {
    let headers = [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "public, max-age=300")];
    (headers, DOCUMENT).into_response()
}

/// Whether a path is one of the machine API.
pub fn holds(path: &str) -> bool {
    ["/v1/", "/send/", "/status/"].iter().any(|room| path.starts_with(room))
}

/// What is answered to a request by a name that is not this server's.
pub fn misdirected(status: StatusCode) -> Response {
    Problem::misdirected(status).into_response()
}

async fn no_such_path() -> Problem {
    Problem::not_found()
}

async fn no_such_method(_: HeaderMap) -> Problem {
    Problem::method_not_allowed()
}

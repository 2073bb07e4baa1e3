//! What holds for every page: who may ask, the headers of each answer, and its time. It must not know what
//! a page says.
use super::{context::DisplayPrefs, device, errors, pages::pairing, state::KioskState};
use crate::web;
use axum::{
    body::Body,
    extract::{ConnectInfo, MatchedPath, Request, State},
    http::{HeaderName, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Redirect, Response},
};
use std::net::SocketAddr;

/// Largest page, and the smallest that is worth compressing, in octets.
const PAGE_MAX: usize = 4 << 20;
const ZIP_LEAST: usize = 1_000;

/// Says that a page is made up for one visitor: the service worker keeps none that is.
const DRESSED: HeaderName = HeaderName::from_static("x-look");

/// The one layer around all routes.
pub async fn guard(State(state): State<KioskState>, request: Request, next: Next) -> Response {
    let begun = tokio::time::Instant::now();
    let page = page(request.extensions().get::<MatchedPath>());
    let (zip, transport) = (web::takes_gzip(request.headers()), web::Transport::of(request.headers()));
    let dressed = !DisplayPrefs::read(request.headers()).mark().is_empty();
    let mut answer = if page == "asset" {
        next.run(request).await
    } else if !safe(request.method()) && !web::from_our_pages(request.headers()) {
        errors::foreign()
    } else {
        known(&state, page, request, next).await
    };
    if dressed {
        answer.headers_mut().insert(DRESSED, HeaderValue::from_static("1"));
    }
    if answer.status().is_server_error() {
        tracing::error!(page, status = answer.status().as_u16(), "a page could not be given");
    }
    if zip && page != "asset" {
        answer = zipped(answer).await;
    }
    web::protect(answer.headers_mut(), transport);
    metrics::histogram!("chrak_kiosk_page_seconds", "page" => page).record(begun.elapsed().as_secs_f64());
    answer
}

/// A page compressed: a poor line is slower than a processor.
async fn zipped(answer: Response) -> Response {
    let (mut parts, body) = answer.into_parts();
    let Ok(bytes) = axum::body::to_bytes(body, PAGE_MAX).await else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    if bytes.len() < ZIP_LEAST {
        return Response::from_parts(parts, Body::from(bytes));
    }
    parts.headers.remove(header::CONTENT_LENGTH);
    parts.headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    parts.headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    Response::from_parts(parts, Body::from(web::gzip(&bytes, 4)))
}

/// Passes the request on from a kiosk that may be used; others see the pairing page and nothing else.
async fn known(state: &KioskState, page: &'static str, mut request: Request, next: Next) -> Response {
    match device::who(state, request.headers()).await {
        device::Known::Device(device) => {
            request.extensions_mut().insert(device);
            next.run(request).await
        }
        device::Known::Stranger if page == "start" && safe(request.method()) => {
            pairing::pairing_page(state, request.headers()).await
        }
        device::Known::Stranger if page == "start" && request.method() == Method::POST => {
            let from = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|peer| peer.0.ip());
            pairing::begin_pairing(state, request.headers(), from).await
        }
        device::Known::Stranger => Redirect::to("/kiosk").into_response(),
        device::Known::Away => {
            let again = [(header::RETRY_AFTER, "5"), (header::REFRESH, "5; url=/kiosk")];
            (StatusCode::SERVICE_UNAVAILABLE, again).into_response()
        }
    }
}

fn page(path: Option<&MatchedPath>) -> &'static str {
    let path = path.map_or("", MatchedPath::as_str);
    match path {
        "/kiosk" => return "start",
        "/a/{hash}/{*name}" | "/a/{hash}/authority/{name}" | "/kiosk/sw.js" => return "asset",
        _ => {}
    }
    let name = path.strip_prefix("/kiosk/{lang}/").unwrap_or_default().split('/').next().unwrap_or_default();
    PAGES.iter().find(|known| **known == name).copied().unwrap_or("other")
}

/// Pages by the name that metrics and heartbeats know them by.
const PAGES: [&str; 20] = [
    "mine",
    "guide",
    "offline",
    "home",
    "help",
    "call",
    "check",
    "services",
    "service",
    "offices",
    "office",
    "feedback",
    "appointments",
    "number",
    "send",
    "pay",
    "ticket",
    "complain",
    "look",
    "staff",
];

fn safe(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

//! What holds for every page: who may ask, the headers of each answer, and its time. It must not know what
//! a page says.
use super::{KioskState, Pairing, pages};
use crate::web;
use axum::{
    extract::{MatchedPath, Request, State},
    http::Method,
    middleware::Next,
    response::Response,
};

/// The one layer around all routes.
pub async fn guard(State(state): State<KioskState>, request: Request, next: Next) -> Response {
    let begun = tokio::time::Instant::now();
    let page = page(request.extensions().get::<MatchedPath>());
    let mut answer = if page != "asset" && state.pairing == Pairing::Required {
        pages::not_paired()
    } else if !safe(request.method()) && !web::from_our_pages(request.headers()) {
        pages::foreign()
    } else {
        next.run(request).await
    };
    web::protect(answer.headers_mut());
    metrics::histogram!("chrak_kiosk_page_seconds", "page" => page).record(begun.elapsed().as_secs_f64());
    answer
}

fn page(path: Option<&MatchedPath>) -> &'static str {
    match path.map_or("", MatchedPath::as_str) {
        "/kiosk" => "start",
        "/kiosk/{lang}/home" => "home",
        "/kiosk/{lang}/help" => "help",
        "/kiosk/{lang}/check" => "check",
        "/kiosk/{lang}/services" => "services",
        "/kiosk/{lang}/service/{code}" => "service",
        "/kiosk/{lang}/offices" | "/kiosk/{lang}/offices/{place}" => "offices",
        "/kiosk/{lang}/office/{id}" => "office",
        "/kiosk/{lang}/feedback" => "feedback",
        "/a/{hash}/{*name}" => "asset",
        _ => "other",
    }
}

fn safe(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

//! What holds for every page: who may ask, the headers of each answer, and its time. It must not know what
//! a page says.
use super::{KioskState, Pairing, pages};
use axum::{
    extract::{MatchedPath, Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, header},
    middleware::Next,
    response::Response,
};

/// Referrer-Policy is `same-origin`, not `no-referrer`: with the latter Chromium sends `Origin: null` with
/// our own forms, and on plain http (no Sec-Fetch-Site there) they could not be told from foreign ones.
/// Other sites learn nothing either way, and no address of ours holds a code.
const HEADERS: [(HeaderName, &str); 7] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; style-src 'self'; font-src 'self'; img-src 'self' data:; \
         script-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    ),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "same-origin"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (HeaderName::from_static("permissions-policy"), "camera=(), microphone=(), geolocation=()"),
    (header::X_FRAME_OPTIONS, "DENY"),
];

/// The one layer around all routes.
pub async fn guard(State(state): State<KioskState>, request: Request, next: Next) -> Response {
    let begun = tokio::time::Instant::now();
    let page = page(request.extensions().get::<MatchedPath>());
    let mut answer = if page != "asset" && state.pairing == Pairing::Required {
        pages::not_paired()
    } else if !safe(request.method()) && !from_our_pages(request.headers()) {
        pages::foreign()
    } else {
        next.run(request).await
    };
    let headers = answer.headers_mut();
    for (name, value) in HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    // Assets say themselves how long they keep; pages are never kept.
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    metrics::histogram!("chrak_kiosk_page_seconds", "page" => page).record(begun.elapsed().as_secs_f64());
    answer
}

fn page(path: Option<&MatchedPath>) -> &'static str {
    match path.map_or("", MatchedPath::as_str) {
        "/kiosk" => "start",
        "/kiosk/{lang}/home" => "home",
        "/kiosk/{lang}/help" => "help",
        "/kiosk/{lang}/check" => "check",
        "/a/{hash}/{*name}" => "asset",
        _ => "other",
    }
}

fn safe(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

/// Whether a form was sent from a page of this very origin. A browser that says nothing of it (or a tool
/// that is no browser) carries no visitor's rights, so there is nothing to forge.
fn from_our_pages(headers: &HeaderMap) -> bool {
    let text = |name: HeaderName| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    if let Some(site) = text(HeaderName::from_static("sec-fetch-site")) {
        return matches!(site, "same-origin" | "none");
    }
    let Some(origin) = text(header::ORIGIN) else {
        return true;
    };
    let origin = origin.split_once("://").map(|(_, host)| host);
    origin.is_some() && origin == text(header::HOST)
}

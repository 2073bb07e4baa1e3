//! What holds for every call: the token, the request's id, the channel's name, and the delay that was asked
//! for. It must not know what is asked.
use super::{
    callers::{CHANNEL, wrong_channel},
    problem::Problem,
    server::Server,
};
use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderName, header},
    middleware::Next,
    response::{IntoResponse, Response},
};

/// Names a request; the answer repeats it.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The one layer around all routes.
pub async fn gate(State(server): State<Server>, request: Request, next: Next) -> Response {
    if !server.delay.is_zero() {
        tokio::time::sleep(server.delay).await;
    }
    let id = request.headers().get(&REQUEST_ID).cloned();
    let known = id.as_ref().is_some_and(|id| id.to_str().is_ok_and(|id| uuid::Uuid::try_parse(id).is_ok()));
    let mut response = match admit(&server, request.headers(), known) {
        Ok(()) => next.run(request).await,
        Err(problem) => problem.into_response(),
    };
    if let (Some(id), true) = (id, known) {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    response
}

fn admit(server: &Server, headers: &HeaderMap, known: bool) -> Result<(), Problem> {
    if let Some(token) = &server.token {
        let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).and_then(bearer);
        // A sandbox token guards nothing, so the comparison need not hide its time.
        if given != Some(token.as_str()) {
            return Err(Problem::unauthorized());
        }
    }
    if !known {
        return Err(Problem::bad_request("header", "X-Request-Id", "must be a UUID"));
    }
    match headers.get(CHANNEL).map(|value| value.as_bytes()) {
        None | Some(b"sms" | b"ussd" | b"kiosk") => Ok(()),
        Some(_) => Err(wrong_channel()),
    }
}

fn bearer(value: &str) -> Option<&str> {
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
}

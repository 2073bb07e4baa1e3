//! How much of an application the caller's factors earn. It must not know how they are kept.
use super::{
    callers::{for_a_citizen, number, pin},
    problem::Problem,
    server::Server,
};
use axum::{
    extract::{Path, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use serde_json::Value;

/// `GET /v1/applications/{code}`
pub async fn get(
    State(server): State<Server>,
    Path(code): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    for_a_citizen(&headers)?;
    let canonical =
        (6..=24).contains(&code.len()) && code.bytes().all(|b| b.is_ascii_digit() || b.is_ascii_uppercase());
    if !canonical {
        return Err(Problem::bad_request("path", "code", "6 to 24 digits and capital letters"));
    }
    let (number, pin) = (number(&headers)?, pin(&headers)?);
    let holder = server.holders.of(&headers).await?.map(|person| person.number);
    let shown = server.applications.by_code.get(&code).ok_or_else(Problem::not_found)?;
    let on_file = |number: &str| shown.contacts.iter().any(|contact| contact == number);
    let (body, kept) = if let Some(pin) = pin {
        server.applications.pin(&code, pin == shown.pin)?;
        (&shown.verified, "no-store")
    } else if holder.is_some_and(on_file) {
        (&shown.verified, "no-store")
    } else if number.is_some_and(on_file) {
        (&shown.contact, "no-store")
    } else {
        (&shown.public, "private, max-age=60, stale-if-error=3600")
    };
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/json")),
        (header::CACHE_CONTROL, HeaderValue::from_static(kept)),
    ];
    let body = if server.applications.is_paid(&code) { paid(body) } else { body.clone() };
    Ok((StatusCode::OK, headers, body).into_response())
}

/// All with this number on file, at the highest level.
pub fn of_number(server: &Server, number: &str) -> Vec<Value> {
    let all = server.applications.by_code.iter();
    let own = all.filter(|(_, shown)| shown.contacts.iter().any(|contact| contact == number));
    own.map(|(code, shown)| {
        let body = if server.applications.is_paid(code) { paid(&shown.verified) } else { shown.verified.clone() };
        serde_json::from_slice(&body).expect("the sandbox wrote JSON")
    })
    .collect()
}

/// The same application, its fee paid.
fn paid(body: &Bytes) -> Bytes {
    let mut shown: Value = serde_json::from_slice(body).expect("the sandbox wrote JSON");
    if shown["fee"].is_object() {
        shown["fee"]["paid"] = true.into();
    }
    if shown["status"] == "awaiting_payment" {
        shown["status"] = "paid".into();
        if let Some(members) = shown.as_object_mut() {
            members.remove("next_action");
        }
    }
    Bytes::from(shown.to_string())
}

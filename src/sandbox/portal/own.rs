//! What is one's own, of whoever has signed in: applications and appointments. It must not know how somebody signs in.
use super::{applications, appointments, callers::for_a_citizen, changes::plain, problem::Problem, server::Server};
use axum::{
    extract::{Query, State},
    http::HeaderMap,
    response::Response,
};
use serde_json::{Value, json};
use std::collections::HashMap;

/// Most items of a page.
const LIMIT_MAX: usize = 50;

/// `GET /v1/my/applications`
pub async fn my_applications(
    State(server): State<Server>,
    Query(asked): Query<HashMap<String, String>>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    for_a_citizen(&headers)?;
    let holder = server.holders.required(&headers).await?;
    let mut all = applications::of_number(&server, holder.number);
    // of one time: by their codes, so that the pages of a list fit each other
    all.sort_by(|one, other| time(other).cmp(time(one)).then_with(|| code(one).cmp(code(other))));
    page(all, &asked)
}

/// All of one offset, so that they are ordered as they are written.
fn time(application: &Value) -> &str {
    application["status_at"].as_str().unwrap_or_default()
}

fn code(application: &Value) -> &str {
    application["code"].as_str().unwrap_or_default()
}

/// `GET /v1/my/appointments`
pub async fn my_appointments(
    State(server): State<Server>,
    Query(asked): Query<HashMap<String, String>>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    for_a_citizen(&headers)?;
    let holder = server.holders.required(&headers).await?;
    page(appointments::of_number(&server, holder.number).await?, &asked)
}

fn page(all: Vec<Value>, asked: &HashMap<String, String>) -> Result<Response, Problem> {
    let number = |name: &'static str, usual: usize| match asked.get(name).map(|text| text.parse::<usize>()) {
        None => Ok(usual),
        Some(Ok(number)) => Ok(number),
        Some(Err(_)) => Err(Problem::bad_request("query", name, "is no number")),
    };
    let (limit, from) = (number("limit", LIMIT_MAX)?.clamp(1, LIMIT_MAX), number("cursor", 0)?);
    let count = all.len();
    let items: Vec<Value> = all.into_iter().skip(from).take(limit).collect();
    let next = (from.saturating_add(limit) < count).then(|| (from + limit).to_string());
    Ok(plain(&json!({ "items": items, "next_cursor": next })))
}

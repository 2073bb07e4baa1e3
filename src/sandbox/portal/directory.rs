//! The directory: services, ministries, topics, groups, offices, pages, holidays. The same for everybody, with an ETag, made to be
//! kept. It must not know how it is stored.
use super::{problem::Problem, search, server::Server};
use crate::types::civic::PageKind;
use axum::{
    extract::{Path, Query, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};
use std::collections::HashMap;

/// How long an answer may be kept, and how long it serves while the portal is away.
const KEEP: &str = "public, max-age=300, stale-if-error=604800";
const PAGE: usize = 50;
const PAGE_MAX: usize = 100;

type Asked = Query<HashMap<String, String>>;

/// `GET /v1/services`
pub async fn services(
    State(server): State<Server>,
    Query(asked): Asked,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let offered = asked.get("office").map(|id| server.directory.office(id).map(|office| &office["services"]));
    let list = server.directory.services.iter().filter(|service| {
        let is = |member: &str, parameter: &str| asked.get(parameter).is_none_or(|wanted| service[member] == *wanted);
        let has =
            |member: &str, parameter: &str| asked.get(parameter).is_none_or(|wanted| holds(&service[member], wanted));
        is("level", "level")
            && is("ministry", "ministry")
            && has("audiences", "audience")
            && has("topics", "topic")
            && offered
                .is_none_or(|offered| service["id"].as_str().is_some_and(|id| offered.is_some_and(|o| holds(o, id))))
            && asked.get("q").is_none_or(|words| search::found(words, [&service["name"], &service["code"]]))
    });
    let list: Vec<&Value> = list.collect();
    words(&asked)?;
    known(&asked, "level", &["ministry", "province", "district", "commune"])?;
    known(&asked, "audience", &["citizen", "business", "foreigner", "visitor"])?;
    Ok(kept(&page(list, &asked, Value::clone)?, &headers))
}

/// `GET /v1/services/{id}`
pub async fn service(
    State(server): State<Server>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let service = server.directory.service(&id).ok_or_else(Problem::not_found)?;
    Ok(kept(service, &headers))
}

/// `GET /v1/ministries`
pub async fn ministries(State(server): State<Server>, headers: HeaderMap) -> Response {
    kept(&json!({ "items": server.directory.ministries }), &headers)
}

/// `GET /v1/topics`
pub async fn topics(State(server): State<Server>, headers: HeaderMap) -> Response {
    kept(&json!({ "items": server.directory.topics }), &headers)
}

/// `GET /v1/groups`
pub async fn groups(State(server): State<Server>, headers: HeaderMap) -> Response {
    kept(&json!({ "items": server.directory.groups }), &headers)
}

/// `GET /v1/holidays`
pub async fn holidays(
    State(server): State<Server>,
    Query(asked): Asked,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let year = match asked.get("year") {
        Some(year) if year.len() == 4 && year.bytes().all(|byte| byte.is_ascii_digit()) => year.clone(),
        Some(_) => return Err(Problem::bad_request("query", "year", "must be four digits")),
        None => server.now().year().to_string(),
    };
    let of_year =
        server.directory.holidays.iter().filter(|day| day["date"].as_str().is_some_and(|date| date.starts_with(&year)));
    let items: Vec<Value> = of_year.map(|day| json!({ "date": day["date"], "name": day["reason"] })).collect();
    Ok(kept(&json!({ "items": items, "next_cursor": null }), &headers))
}

/// `GET /v1/offices`
pub async fn offices(
    State(server): State<Server>,
    Query(asked): Asked,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    words(&asked)?;
    known(&asked, "kind", &["ministry", "owsu", "owso", "commune"])?;
    let division = asked.get("division").map(String::as_str).unwrap_or_default();
    if division.len() % 2 != 0 || division.len() > 6 || !division.bytes().all(|b| b.is_ascii_digit()) {
        return Err(Problem::bad_request("query", "division", "must be 2, 4 or 6 digits"));
    }
    let today = server.now().date().to_string();
    let list = server.directory.offices.iter().filter(|office| {
        asked.get("kind").is_none_or(|kind| office["kind"] == *kind)
            && office["division"].as_str().is_some_and(|at| at.starts_with(division))
            && asked.get("service").is_none_or(|id| holds(&office["services"], id))
            && asked.get("q").is_none_or(|words| search::found(words, [&office["name"], &office["short"]]))
    });
    let whole = |office: &Value| server.directory.with_closures(office, &today);
    Ok(kept(&page(list.collect(), &asked, whole)?, &headers))
}

/// `GET /v1/offices/{id}`
pub async fn office(
    State(server): State<Server>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let office = server.directory.office(&id).ok_or_else(Problem::not_found)?;
    Ok(kept(&server.directory.with_closures(office, &server.now().date().to_string()), &headers))
}

/// `GET /v1/pages`
pub async fn pages(State(server): State<Server>, Query(asked): Asked, headers: HeaderMap) -> Result<Response, Problem> {
    known(&asked, "kind", &PageKind::ALL.map(PageKind::as_str))?;
    known(&asked, "language", &["km", "en"])?;
    let wanted = server.pages.iter().filter(|page| asked.get("kind").is_none_or(|kind| page["kind"] == *kind));
    let listed = |whole: &Value| {
        let mut listed = whole.clone();
        if let Some(members) = listed.as_object_mut() {
            members.remove("sections");
            members.remove("qr_url");
        }
        listed
    };
    Ok(kept(&page(wanted.collect(), &asked, listed)?, &headers))
}

/// `GET /v1/pages/{id}`
pub async fn one_page(
    State(server): State<Server>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let page = server.pages.iter().find(|page| page["id"] == *id).ok_or_else(Problem::not_found)?;
    Ok(kept(page, &headers))
}

fn holds(list: &Value, wanted: &str) -> bool {
    list.as_array().is_some_and(|list| list.iter().any(|item| item == wanted))
}

fn words(asked: &HashMap<String, String>) -> Result<(), Problem> {
    match asked.get("q").map(|words| words.chars().count()) {
        None | Some(1..=100) => Ok(()),
        Some(_) => Err(Problem::bad_request("query", "q", "must have 1 to 100 characters")),
    }
}

fn known(asked: &HashMap<String, String>, name: &'static str, words: &[&str]) -> Result<(), Problem> {
    match asked.get(name) {
        Some(word) if !words.contains(&word.as_str()) => {
            Err(Problem::bad_request("query", name, "is not one of its values"))
        }
        _ => Ok(()),
    }
}

/// A part of a list, each entry as it is `shown`. The cursor is where the next part starts.
fn page(list: Vec<&Value>, asked: &HashMap<String, String>, shown: impl Fn(&Value) -> Value) -> Result<Value, Problem> {
    let limit = match asked.get("limit").map(|text| text.parse::<usize>()) {
        None => PAGE,
        Some(Ok(limit @ 1..=PAGE_MAX)) => limit,
        Some(_) => return Err(Problem::bad_request("query", "limit", "must be 1 to 100")),
    };
    let start = match asked.get("cursor").map(|text| text.strip_prefix('p').and_then(|at| at.parse::<usize>().ok())) {
        None => 0,
        Some(Some(start)) => start.min(list.len()),
        Some(None) => return Err(Problem::bad_request("query", "cursor", "is not one that was given out")),
    };
    let all = list.len();
    let items: Vec<Value> = list.into_iter().skip(start).take(limit).map(shown).collect();
    let end = start + items.len();
    let next = if end < all { json!(format!("p{end}")) } else { Value::Null };
    Ok(json!({ "items": items, "next_cursor": next }))
}

/// The answer with its validator; 304 when the caller has it.
fn kept(body: &Value, headers: &HeaderMap) -> Response {
    let body = body.to_string();
    let digest = ring::digest::digest(&ring::digest::SHA256, body.as_bytes());
    let tag: String = digest.as_ref()[..8].iter().map(|byte| format!("{byte:02x}")).collect();
    let tag = format!("\"{tag}\"");
    let has = headers.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    let has = has.is_some_and(|tags| {
        tags.split(',')
            .any(|one| matches!(one.trim().trim_start_matches("W/"), "*") || one.trim().trim_start_matches("W/") == tag)
    });
    let mut response = if has {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        ([(header::CONTENT_TYPE, "application/json")], body).into_response()
    };
    let out = response.headers_mut();
    out.insert(header::CACHE_CONTROL, HeaderValue::from_static(KEEP));
    out.insert(header::ETAG, crate::web::header_value(&tag));
    response
}

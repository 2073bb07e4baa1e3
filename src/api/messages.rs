//! `/v1/messages`: one message or up to a thousand, and what became of them.
use super::{
    problem::Problem,
    request::{self, Running},
    shared::Api,
};
use crate::{
    exchange::{Agency, AgencyCall, Content, Outgoing},
    ports::messages::{CallEnd, Cost, Item, MessageState, MessageStatus},
    text::visible,
    types::{
        Msisdn, UnixMs,
        civic::Localized,
        limits::{CALL_OCTETS_MAX, MESSAGES_A_CALL_MAX},
    },
};
use axum::{
    Json,
    body::Body,
    extract::{Path, RawQuery, State},
    http::{HeaderMap, HeaderValue, StatusCode},
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WireLocalized {
    km: String,
    en: String,
    #[serde(rename = "km-Latn")]
    km_latn: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum WireText {
    Plain(String),
    Localized(WireLocalized),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WireMessage {
    to: String,
    text: Option<Value>,
    template: Option<String>,
    values: Option<BTreeMap<String, String>>,
    client_reference: Option<String>,
    class: Option<WireClass>,
    valid_for_s: Option<u32>,
    send_at: Option<String>,
}

#[derive(Clone, Copy, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum WireClass {
    Transactional,
    Notice,
}

/// `POST /v1/messages`
pub async fn send(State(api): State<Api>, headers: HeaderMap, body: Body) -> Result<Response, Problem> {
    let agency = api.agencies.bearer(&headers)?;
    let body = request::body(&headers, body, CALL_OCTETS_MAX, &["application/json"]).await?;
    let key = request::key(&headers)?;
    let value = request::json(&body)?;
    let messages = read_all(&value)?;
    let end = take(&api, agency, key, &body, String::new(), messages).await?;
    let Ended { items, replayed, .. } = end;
    let body = json!({ "items": items.iter().map(item).collect::<Vec<_>>() });
    Ok(with_replay((StatusCode::ACCEPTED, Json(body)).into_response(), replayed))
}

/// What a call came to.
pub(super) struct Ended {
    pub(super) request: String,
    pub(super) items: Vec<Item>,
    pub(super) replayed: bool,
}

/// Hands a call to the exchange.
pub(super) async fn take(
    api: &Api,
    agency: &Agency,
    key: Option<String>,
    body: &[u8],
    label: String,
    messages: Vec<Outgoing>,
) -> Result<Ended, Problem> {
    let running = Running::begin(api, &agency.name, key.as_deref())?;
    let key = key.map(|key| (key, request::fingerprint(body)));
    let call = AgencyCall { agency, key, label, messages };
    let end = api.exchange.agencies.take_call(call).await?;
    drop(running);
    match end {
        CallEnd::Done { request, items, replayed } => Ok(Ended { request, items, replayed }),
        CallEnd::Mismatch => Err(Problem::mismatch()),
        CallEnd::Quota { left } => {
            Err(Problem::quota(agency.per_day, left, api.exchange.agencies.seconds_to_midnight()))
        }
    }
}

pub(super) fn with_replay(mut response: Response, replayed: bool) -> Response {
    if replayed {
        response.headers_mut().insert("idempotency-replayed", HeaderValue::from_static("true"));
    }
    response
}

/// One message, or `messages` with 1 to 1,000 of them.
fn read_all(value: &Value) -> Result<Vec<Outgoing>, Problem> {
    let Some(object) = value.as_object() else {
        return Err(Problem::validation("", "must be an object"));
    };
    let Some(list) = object.get("messages") else {
        return Ok(vec![read_one(value, "")?]);
    };
    if let Some(other) = object.keys().find(|name| *name != "messages") {
        let name: String = other.chars().take(60).collect();
        return Err(Problem::validation(&format!("/{name}"), "unknown field beside messages"));
    }
    let Some(list) = list.as_array().filter(|list| (1..=MESSAGES_A_CALL_MAX).contains(&list.len())) else {
        return Err(Problem::validation("/messages", "must be 1 to 1000 messages"));
    };
    list.iter().enumerate().map(|(at, item)| read_one(item, &format!("/messages/{at}"))).collect()
}

fn read_one(value: &Value, at: &str) -> Result<Outgoing, Problem> {
    let wire: WireMessage = request::read(value, at)?;
    let wrong = |name: &str, detail: &str| Problem::validation(&format!("{at}/{name}"), detail);
    if has_null(value) {
        return Err(Problem::validation(at, "null stands nowhere in a message"));
    }
    within(&wire.to, 1, 32).then_some(()).ok_or_else(|| wrong("to", "must have 1 to 32 characters"))?;
    let content = content(&wire, at)?;
    if let Some(reference) = &wire.client_reference
        && !is_reference(reference)
    {
        return Err(wrong("client_reference", "must be 1 to 64 letters, digits, . _ : or -, a letter or digit first"));
    }
    let valid_for_s = wire.valid_for_s.unwrap_or(86_400);
    if !(60..=259_200).contains(&valid_for_s) {
        return Err(wrong("valid_for_s", "must be 60 to 259200"));
    }
    let send_at = match &wire.send_at {
        None => None,
        Some(text) => Some(moment(text).ok_or_else(|| wrong("send_at", "must be a time of RFC 3339"))?),
    };
    // the reference names the message; what it names is everything else
    let mut named = value.clone();
    if let Some(members) = named.as_object_mut() {
        members.remove("client_reference");
        if let Some(number) = Msisdn::parse_written(&wire.to) {
            members.insert("to".to_owned(), json!(number.e164()));
        }
        members.entry("class").or_insert(json!("notice"));
        members.entry("valid_for_s").or_insert(json!(86_400));
    }
    Ok(Outgoing {
        to: wire.to,
        content,
        reference: wire.client_reference,
        notice: wire.class.unwrap_or(WireClass::Notice) == WireClass::Notice,
        valid_for_s,
        send_at,
        fingerprint: request::fingerprint(ordered(named).to_string().as_bytes()),
    })
}

/// Members by their names at every level: how a map keeps them is a feature of a dependency, and what a reference names
/// must not depend on it.
fn ordered(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let members: BTreeMap<String, Value> =
                members.into_iter().map(|(name, value)| (name, ordered(value))).collect();
            Value::Object(members.into_iter().collect())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(ordered).collect()),
        other => other,
    }
}

fn has_null(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Object(members) => members.values().any(has_null),
        _ => false,
    }
}

/// RFC 3339 with an offset.
fn moment(text: &str) -> Option<UnixMs> {
    let bytes = text.as_bytes();
    let shaped = bytes.len() >= 20 && matches!(bytes[10], b'T' | b't' | b' ') && !text.contains('[');
    shaped.then(|| UnixMs::from_rfc3339(text)).flatten()
}

fn content(wire: &WireMessage, at: &str) -> Result<Content, Problem> {
    let wrong = |name: &str, detail: &str| Problem::validation(&format!("{at}/{name}"), detail);
    match (&wire.text, &wire.template) {
        (Some(text), None) => {
            if wire.values.is_some() {
                return Err(wrong("values", "go with a template only"));
            }
            let text = serde_json::from_value(text.clone())
                .map_err(|_| wrong("text", "must be a text, or one in km and en and perhaps km-Latn"))?;
            texts(text).ok_or_else(|| {
                wrong("text", "each text must have 1 to 1000 characters that can be seen, km-Latn only ASCII")
            })
        }
        (None, Some(name)) => {
            let good = within(name, 1, 64)
                && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"_-".contains(&b))
                && name.as_bytes()[0].is_ascii_alphanumeric();
            if !good {
                return Err(wrong("template", "must be the name of a template"));
            }
            let values = wire.values.clone().unwrap_or_default();
            let named = |name: &String| {
                within(name, 1, 32)
                    && name.as_bytes()[0].is_ascii_lowercase()
                    && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
            };
            if values.len() > 20 || !values.iter().all(|(name, value)| named(name) && within(value, 1, 160)) {
                return Err(wrong("values", "must be at most 20 named texts of 1 to 160 characters"));
            }
            Ok(Content::Template { name: name.clone(), values })
        }
        _ => Err(Problem::validation(at, "must have either text or template")),
    }
}

fn texts(text: WireText) -> Option<Content> {
    let within = |text: &str, least, most| within(text, least, most) && !visible::shown(text).trim().is_empty();
    match text {
        WireText::Plain(text) => within(&text, 1, 1_000).then_some(Content::Plain(text)),
        WireText::Localized(text) => {
            let plain = |text: &String| text.bytes().all(|b| (b' '..=b'~').contains(&b) || b == b'\n');
            let good = within(&text.km, 1, 1_000)
                && within(&text.en, 1, 1_000)
                && text.km_latn.as_ref().is_none_or(|latin| within(latin, 1, 1_000) && plain(latin));
            good.then_some(Content::Localized(Localized { km: text.km, en: text.en, km_latn: text.km_latn }))
        }
    }
}

/// Whether a text has so many characters.
pub(super) fn within(text: &str, least: usize, most: usize) -> bool {
    (least..=most).contains(&text.chars().count())
}

fn is_reference(text: &str) -> bool {
    within(text, 1, 64)
        && text.as_bytes()[0].is_ascii_alphanumeric()
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"._:-".contains(&b))
}

/// Whether a text can be an id that was given out.
pub(super) fn is_id(text: &str) -> bool {
    within(text, 1, 64)
        && text.as_bytes()[0].is_ascii_alphanumeric()
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-".contains(&b))
}

fn item(item: &Item) -> Value {
    let mut out = Map::new();
    out.insert("id".to_owned(), json!(item.id));
    if let Some(reference) = &item.reference {
        out.insert("client_reference".to_owned(), json!(reference));
    }
    match item.refused {
        Some(why) => {
            out.insert("status".to_owned(), json!("rejected"));
            out.insert("code".to_owned(), json!(why.as_str()));
            if let Some(value) = why.value() {
                out.insert("value".to_owned(), json!(value));
            }
        }
        None => {
            out.insert("status".to_owned(), json!("accepted"));
            if item.replayed {
                out.insert("replayed".to_owned(), json!(true));
            }
        }
    }
    costs(&mut out, item.cost);
    Value::Object(out)
}

fn costs(out: &mut Map<String, Value>, cost: Option<Cost>) {
    if let Some(cost) = cost {
        out.insert("segments".to_owned(), json!(cost.segments));
        out.insert("alphabet".to_owned(), json!(if cost.ucs2 { "ucs2" } else { "gsm7" }));
    }
}

/// `GET /v1/messages?client_reference=`
pub async fn find(State(api): State<Api>, RawQuery(query): RawQuery, headers: HeaderMap) -> Result<Response, Problem> {
    let agency = api.agencies.bearer(&headers)?;
    let wrong = |detail: &str| Problem::bad_request("query", "client_reference", detail);
    let mut references = request::pairs(query.as_deref()).filter(|(name, _)| name == "client_reference");
    let (_, reference) = references.next().ok_or_else(|| wrong("is required"))?;
    if references.next().is_some() || !is_reference(&reference) {
        return Err(wrong("must be 1 to 64 letters, digits, . _ : or -, once"));
    }
    let found = api.exchange.agencies.messages_under(agency, &reference).await?;
    Ok(Json(json!({ "items": found.iter().map(message).collect::<Vec<_>>() })).into_response())
}

/// `GET /v1/messages/{id}`
pub async fn get(State(api): State<Api>, Path(id): Path<String>, headers: HeaderMap) -> Result<Response, Problem> {
    let agency = api.agencies.bearer(&headers)?;
    if !is_id(&id) {
        return Err(Problem::bad_request("path", "id", "is not the id of a message"));
    }
    match api.exchange.agencies.message(agency, &id).await? {
        Some(status) if !status.redacted => Ok(Json(message(&status)).into_response()),
        Some(_) | None => Err(Problem::not_found()),
    }
}

/// The API's word for a state.
pub(super) fn word(state: MessageState) -> &'static str {
    match state {
        MessageState::Accepted => "accepted",
        MessageState::HeldQuietHours => "held_quiet_hours",
        MessageState::Queued => "queued",
        MessageState::Submitted => "submitted",
        MessageState::Delivered => "delivered",
        MessageState::Undelivered => "undelivered",
        MessageState::Expired => "expired",
        MessageState::Rejected => "rejected",
    }
}

fn message(status: &MessageStatus) -> Value {
    let mut out = Map::new();
    let mut put = |name: &str, value: Value| {
        if !value.is_null() {
            out.insert(name.to_owned(), value);
        }
    };
    put("id", json!(status.id));
    put("client_reference", json!(status.reference));
    put("to", json!(status.masked));
    put("class", json!(if status.notice { "notice" } else { "transactional" }));
    put("status", json!(word(status.state)));
    let times: Map<String, Value> =
        status.times.iter().map(|(state, at)| (word(*state).to_owned(), json!(request::time(*at)))).collect();
    put("times", Value::Object(times));
    put("send_at", json!(status.send_at.map(request::time)));
    put("held_until", json!(status.held_until.map(request::time)));
    if status.refused.is_none() {
        put("expires_at", json!(request::time(status.expires_at)));
    }
    put("smsc", json!(status.smsc));
    put("code", json!(status.refused.map(|why| why.as_str())));
    put("value", json!(status.refused.and_then(|why| why.value())));
    if status.state == MessageState::Rejected && status.refused.is_none() {
        put("command_status", json!(status.command_status.map(|status| format!("0x{status:08X}"))));
    }
    put("receipt_error", json!(status.receipt_error));
    costs(&mut out, status.cost);
    Value::Object(out)
}

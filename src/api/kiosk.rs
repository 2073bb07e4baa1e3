//! `/v1/kiosk/heartbeat`: a kiosk says how it is and hears what to do. Nothing here is about a visitor.
use super::{problem::Problem, request, shared::Api};
use crate::{
    ports::kiosks::{Command, Heartbeat},
    types::UnixMs,
    web,
};
use axum::{Json, body::Body, extract::State, http::HeaderMap};
use serde::Deserialize;
use serde_json::{Value, json};

/// Longest body, in octets; the longest honest one has some 1,500.
const OCTETS_MAX: usize = 4 * 1024;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WireHeartbeat {
    page: String,
    build: String,
    printer: WirePrinter,
    network_ms: u32,
    battery: Option<u8>,
    done: Option<Vec<String>>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum WirePrinter {
    Ok,
    Out,
    Error,
    None,
}

/// `POST /v1/kiosk/heartbeat`
pub async fn heartbeat(State(api): State<Api>, headers: HeaderMap, body: Body) -> Result<Json<Value>, Problem> {
    if !web::from_our_pages(&headers) {
        return Err(Problem::foreign());
    }
    let body = request::body(&headers, body, OCTETS_MAX, &["application/json"]).await?;
    let wire: WireHeartbeat = request::read(&request::json(&body)?, "")?;
    let done = wire.done.clone().unwrap_or_default();
    let heartbeat = heartbeat_of(wire)?;
    let token = web::device_token(&headers).unwrap_or_default();
    let heard = api.exchange.kiosks.heartbeat(token, heartbeat, done).await.map_err(|_| Problem::unavailable())?;
    let commands: Vec<Value> = heard.ok_or_else(Problem::not_paired)?.iter().map(command).collect();
    Ok(Json(json!({ "commands": commands, "server_time": request::time(api.exchange.clock.now()) })))
}

/// As the document describes it, or what is wrong.
fn heartbeat_of(wire: WireHeartbeat) -> Result<Heartbeat, Problem> {
    let name = |text: &str| {
        (1..=32).contains(&text.len())
            && text.starts_with(|c: char| c.is_ascii_lowercase())
            && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    };
    let word = |text: &str, more: &[u8]| {
        (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || more.contains(&b))
    };
    let done = wire.done.as_deref().unwrap_or_default();
    let mut once = done.to_vec();
    once.sort_unstable();
    once.dedup();
    for (right, at, detail) in [
        (name(&wire.page), "/page", "must be the name of a page"),
        (word(&wire.build, b"._+-"), "/build", "must be a version"),
        (wire.network_ms <= 600_000, "/network_ms", "must be at most 600000"),
        (wire.battery.is_none_or(|battery| battery <= 100), "/battery", "must be at most 100"),
        (done.len() <= 16 && once.len() == done.len(), "/done", "must be at most 16 different ids"),
        (done.iter().all(|id| word(id, b"_-") && !id.starts_with(['_', '-'])), "/done", "must be ids of commands"),
    ] {
        if !right {
            return Err(Problem::validation(at, detail));
        }
    }
    let printer = match wire.printer {
        WirePrinter::Ok => "ok",
        WirePrinter::Out => "out",
        WirePrinter::Error => "error",
        WirePrinter::None => "none",
    };
    Ok(Heartbeat {
        at: UnixMs(0),
        page: wire.page,
        build: wire.build,
        printer: printer.to_owned(),
        network_ms: wire.network_ms,
        battery: wire.battery,
    })
}

fn command(command: &Command) -> Value {
    let mut out = json!({ "id": command.id, "kind": command.kind });
    if let Some(value) = command.value.as_deref().and_then(|value| serde_json::from_str::<Value>(value).ok()) {
        out["value"] = value;
    }
    out
}

//! Kiosk devices: paired with an office by the digits they show, listed, told things, revoked. The console's forms
//! and the command line come to the same addresses. It must not know a page of the kiosk.
use super::{
    access::{self, Asker},
    console::{self, Asked},
    operator::Operator,
    pairing::{Pairing, pair_device},
    respond::Refusal,
    state::Ops,
};
use crate::ports::kiosks::Kiosk;
use axum::{
    Json,
    extract::{Form, Path, Query, State, rejection::FormRejection},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
};
use serde::{Deserialize, Serialize};

/// A device as it is listed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listed {
    /// Its name.
    pub id: String,
    /// Where it stands.
    pub office: String,
    /// How its screen is laid out.
    pub profile: String,
    /// `paired` or `revoked`.
    pub state: String,
    /// Whether an operator closed it.
    pub closed: bool,
    /// Milliseconds since 1970 of its last heartbeat.
    pub seen_ms: Option<i64>,
    /// The page it showed then.
    pub page: Option<String>,
    /// The version of its assets.
    pub build: Option<String>,
    /// Its printer.
    pub printer: Option<String>,
    /// How long its heartbeat took.
    pub network_ms: Option<u32>,
}

impl From<Kiosk> for Listed {
    fn from(kiosk: Kiosk) -> Self {
        let heartbeat = kiosk.heartbeat;
        Listed {
            id: kiosk.id,
            office: kiosk.office,
            profile: kiosk.profile,
            state: if kiosk.revoked_at.is_some() { "revoked" } else { "paired" }.to_owned(),
            closed: kiosk.closed.is_some(),
            seen_ms: heartbeat.as_ref().map(|heartbeat| heartbeat.at.0),
            page: heartbeat.as_ref().map(|heartbeat| heartbeat.page.clone()),
            build: heartbeat.as_ref().map(|heartbeat| heartbeat.build.clone()),
            printer: heartbeat.as_ref().map(|heartbeat| heartbeat.printer.clone()),
            network_ms: heartbeat.map(|heartbeat| heartbeat.network_ms),
        }
    }
}

/// Whether a page is wanted, not a line for a program.
pub(super) fn is_browser(headers: &HeaderMap) -> bool {
    let accepted = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok());
    accepted.is_some_and(|accepted| accepted.contains("text/html"))
}

/// The console goes on in its language; a program gets what was done.
fn done(headers: &HeaderMap, asked: &Asked, what: &impl Serialize) -> Response {
    if is_browser(headers) {
        Redirect::to(&format!("/console?lang={}#kiosks", asked.lang(headers).tag())).into_response()
    } else {
        Json(what).into_response()
    }
}

/// `GET /kiosks`: all devices that were ever paired.
pub async fn list(State(room): State<Ops>, asker: Asker, headers: HeaderMap) -> Response {
    if let Err(why) = room.access.admits(&headers, asker) {
        return access::refused(why);
    }
    let Some(exchange) = &room.state.exchange else { return StatusCode::NOT_FOUND.into_response() };
    match exchange.kiosks.all().await {
        Ok(all) => Json(all.into_iter().map(Listed::from).collect::<Vec<_>>()).into_response(),
        Err(fault) => Refusal::from(fault).into_response(),
    }
}

/// `POST /kiosks/pair`: `code`, `office`, `profile`.
pub async fn pair(
    _: Operator,
    State(room): State<Ops>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
    form: Result<Form<Pairing>, FormRejection>,
) -> Response {
    let Some(exchange) = &room.state.exchange else { return StatusCode::NOT_FOUND.into_response() };
    let Ok(Form(pairing)) = form else {
        return Refusal(StatusCode::BAD_REQUEST, "code and office are needed".to_owned()).into_response();
    };
    match pair_device(exchange, &pairing).await {
        Ok(id) => done(&headers, &asked, &serde_json::json!({ "id": id })),
        Err(fault) if is_browser(&headers) => {
            let status = fault.status();
            console::tried(&room, asked.lang(&headers), pairing, fault, status).await
        }
        Err(fault) => Refusal(fault.status(), fault.line(&pairing)).into_response(),
    }
}

/// `POST /kiosks/{id}/revoke`
pub async fn revoke(
    _: Operator,
    State(room): State<Ops>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Response {
    let Some(exchange) = &room.state.exchange else { return StatusCode::NOT_FOUND.into_response() };
    match exchange.kiosks.revoke(&id).await {
        Ok(true) => done(&headers, &asked, &serde_json::json!({ "id": id, "state": "revoked" })),
        Ok(false) => unknown(&id),
        Err(fault) => Refusal::from(fault).into_response(),
    }
}

/// `POST /kiosks/{id}/answered`: an officer is on the way to who called one there.
pub async fn answered(
    _: Operator,
    State(room): State<Ops>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Response {
    let Some(exchange) = &room.state.exchange else { return StatusCode::NOT_FOUND.into_response() };
    let called = exchange.kiosks.staff_comes(&id).await;
    done(&headers, &asked, &serde_json::json!({ "id": id, "called": called }))
}

/// Something to tell a device.
#[derive(Deserialize)]
pub struct Telling {
    kind: String,
    #[serde(default)]
    km: String,
    #[serde(default)]
    en: String,
    #[serde(default)]
    value: String,
}

/// `POST /kiosks/{id}/tell`: `kind` `reload`, `message`, `closed`, `open` (`km` and `en` are its text), `volume` or
/// `language` (with `value`).
pub async fn send_command(
    _: Operator,
    State(room): State<Ops>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
    Path(id): Path<String>,
    form: Result<Form<Telling>, FormRejection>,
) -> Response {
    let Some(exchange) = &room.state.exchange else { return StatusCode::NOT_FOUND.into_response() };
    let value = form.ok().and_then(|Form(telling)| value(&telling).map(|value| (telling.kind, value)));
    let Some((kind, value)) = value else {
        let text = "kind is reload, open, closed, message (with km and en), volume (value 0 to 100) or language (value km or en)";
        return Refusal(StatusCode::UNPROCESSABLE_ENTITY, text.to_owned()).into_response();
    };
    match exchange.kiosks.tell(&id, &kind, value).await {
        Ok(true) => done(&headers, &asked, &serde_json::json!({ "id": id, "told": kind })),
        Ok(false) => unknown(&id),
        Err(fault) => Refusal::from(fault).into_response(),
    }
}

fn unknown(id: &str) -> Response {
    let id: String = id.chars().take(40).collect();
    Refusal(StatusCode::NOT_FOUND, format!("no paired kiosk is called \"{id}\"; see: chrak kiosk list")).into_response()
}

/// The value of a command as JSON; `None` when it is none that there is.
fn value(telling: &Telling) -> Option<Option<String>> {
    let (km, en) = (telling.km.trim(), telling.en.trim());
    let short = |text: &str| text.chars().count() <= 300;
    let text = || {
        (!km.is_empty() && !en.is_empty() && short(km) && short(en))
            .then(|| serde_json::json!({ "km": km, "en": en }).to_string())
    };
    match telling.kind.as_str() {
        "reload" | "open" => Some(None),
        "message" => text().map(Some),
        "closed" if km.is_empty() && en.is_empty() => Some(None),
        "closed" => text().map(Some),
        "volume" => {
            telling.value.parse::<u8>().ok().filter(|volume| *volume <= 100).map(|volume| Some(volume.to_string()))
        }
        "language" => matches!(telling.value.as_str(), "km" | "en").then(|| Some(format!("\"{}\"", telling.value))),
        _ => None,
    }
}

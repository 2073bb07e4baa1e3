//! The web phone's back end: a JSON API over the sandbox telco, for the try-out's `/phone` page.
//! Loopback only: it refuses what another site's page might send. Must not know SMPP; it is a phone.
//!
//! | request | answer |
//! |---|---|
//! | `POST /phone/api/send` `{"from","to","text"}` | `{"id","segments","alphabet","units"}` |
//! | `POST /phone/api/dial` `{"from","code"}` | `{}`; `code` such as `*1212#`, `*1212*1*120…#` |
//! | `POST /phone/api/answer` `{"from","text"}` | `{}`: to the USSD screen that is shown |
//! | `POST /phone/api/hangup` `{"from"}` | `{}` |
//! | `GET /phone/api/scan` | `{"url"}` that the kiosk's code holds; 404 when it shows none |
//! | `GET /phone/api/history?number=855…` | `{"number","entries":[…],"screen"}`, oldest first, at most 50 |
//! | `GET /phone/api/events?numbers=855…,855…` | `text/event-stream`; each `data:` is one entry or change |
//!
//! An event's `event` says what it is: `text` (an incoming text, with `latency_ms` since the number last sent),
//! `own` (a text sent from a number, by this page or another), `state` (an own text's `id` came to `queued`,
//! `sent`, `accepted`, `waiting`, `refused`), `receipt` (the sender was told that the incoming text `id` arrived),
//! `screen` (a USSD screen, with `end`, `units` of `size`, `screens` so far, `latency_ms`), `ended` (a USSD session
//! is over without a last screen, and `why`).

mod history;
pub mod page;

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Query, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::{Next, from_fn};
use axum::response::sse::{Event as Sse, KeepAlive, Sse as SseBody};
use axum::response::{IntoResponse, Json, Response};
use axum::routing::{get, post};
use futures_util::Stream;
use serde::Deserialize;
use serde_json::json;
use tokio::sync::broadcast::error::RecvError;

use crate::sandbox::telco::{SendError, Telco, valid_dialled, valid_number};
use crate::web;
use history::Book;

const MAX_TEXT: usize = 2_000;
/// Characters that may be typed on a USSD screen.
const MAX_SCREEN_TEXT: usize = 160;
const MAX_BODY: usize = 16 * 1024;
/// Numbers one page may listen to.
const MAX_LISTENED: usize = 20;

#[derive(Clone)]
struct Phones {
    telco: Telco,
    book: Arc<Book>,
    camera: Camera,
}

/// What a camera sees when it is held before the kiosk: the address that its code holds.
pub type Camera = Arc<dyn Fn() -> Option<String> + Send + Sync>;

/// The routes under `/phone/api`. Starts the task that keeps the history, so call it inside a runtime.
pub fn routes(telco: Telco, camera: Camera) -> Router {
    let book = Arc::new(Book::default());
    let phones = Phones { telco: telco.clone(), book: Arc::clone(&book), camera };
    tokio::spawn(keep(telco, book));
    Router::new()
        .route("/phone/api/send", post(send))
        .route("/phone/api/dial", post(dial))
        .route("/phone/api/answer", post(answer))
        .route("/phone/api/hangup", post(hang_up))
        .route("/phone/api/scan", get(scan))
        .route("/phone/api/history", get(past))
        .route("/phone/api/events", get(events))
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .layer(from_fn(local_only))
        .with_state(phones)
}

/// Writes what happens into the book until the telco is gone.
async fn keep(telco: Telco, book: Arc<Book>) {
    let mut events = telco.events();
    let stopped = telco.stopped();
    drop(telco);
    loop {
        tokio::select! {
            event = events.recv() => match event {
                Ok(event) => book.happened(&event),
                Err(RecvError::Lagged(missed)) => {
                    tracing::warn!(missed, "web phone: events missed");
                }
                Err(RecvError::Closed) => return,
            },
            () = stopped.cancelled() => return,
        }
    }
}

/// Lets only this machine's own pages in: a page of another site, or a name that was re-pointed to
/// loopback (DNS rebinding), is refused.
pub(super) async fn local_only(request: Request, next: Next) -> Response {
    if is_local(request.headers()) {
        next.run(request).await
    } else {
        refuse(StatusCode::FORBIDDEN, "this is for this machine only")
    }
}

fn is_local(headers: &HeaderMap) -> bool {
    let text = |name| headers.get(name).map(|v| v.to_str().unwrap_or("?"));
    let origin = text(header::ORIGIN).is_none_or(|origin| {
        let rest = origin.strip_prefix("http://");
        rest.is_some_and(|authority| Some(authority) == text(header::HOST))
    });
    let site = headers.get("sec-fetch-site").is_none_or(|site| matches!(site.as_bytes(), b"same-origin" | b"none"));
    web::names_loopback(headers) && origin && site
}

fn refuse(status: StatusCode, why: &str) -> Response {
    (status, Json(json!({ "error": why }))).into_response()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Outgoing {
    from: String,
    to: String,
    text: String,
}

async fn send(State(phones): State<Phones>, Json(out): Json<Outgoing>) -> Response {
    if !valid_number(&out.from) || !valid_number(&out.to) {
        return refuse(StatusCode::UNPROCESSABLE_ENTITY, "from and to: digits only, at most 20");
    }
    if out.text.is_empty() || out.text.chars().count() > MAX_TEXT {
        return refuse(StatusCode::UNPROCESSABLE_ENTITY, "text: 1 to 2000 characters");
    }
    // the book is locked over the sending, so that no change of state overtakes the text it is about
    let sent = phones.book.own(&out.from, &out.to, &out.text, || phones.telco.send_mo(&out.from, &out.to, &out.text));
    match sent {
        Ok(sent) => Json(sent).into_response(),
        Err(e) => refuse(StatusCode::SERVICE_UNAVAILABLE, &e.to_string()),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Dialling {
    from: String,
    code: String,
}

async fn dial(State(phones): State<Phones>, Json(out): Json<Dialling>) -> Response {
    if !valid_number(&out.from) || !valid_dialled(&out.code) {
        return refuse(StatusCode::UNPROCESSABLE_ENTITY, "from: digits only; code: such as *1212#");
    }
    done(phones.telco.dial(&out.from, &out.code))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Answering {
    from: String,
    text: String,
}

async fn answer(State(phones): State<Phones>, Json(out): Json<Answering>) -> Response {
    if !valid_number(&out.from) || out.text.chars().count() > MAX_SCREEN_TEXT {
        return refuse(StatusCode::UNPROCESSABLE_ENTITY, "from: digits only; text: at most 160 characters");
    }
    done(phones.telco.answer_screen(&out.from, &out.text))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HangingUp {
    from: String,
}

async fn hang_up(State(phones): State<Phones>, Json(out): Json<HangingUp>) -> Response {
    done(phones.telco.hang_up(&out.from))
}

fn done(done: Result<(), SendError>) -> Response {
    match done {
        Ok(()) => Json(json!({})).into_response(),
        Err(SendError::NoSession) => refuse(StatusCode::CONFLICT, &SendError::NoSession.to_string()),
        Err(e) => refuse(StatusCode::SERVICE_UNAVAILABLE, &e.to_string()),
    }
}

async fn scan(State(phones): State<Phones>) -> Response {
    match (phones.camera)() {
        Some(url) => Json(json!({ "url": url })).into_response(),
        None => refuse(StatusCode::NOT_FOUND, "the kiosk shows no code to sign in"),
    }
}

#[derive(Deserialize)]
struct OneNumber {
    number: String,
}

async fn past(State(phones): State<Phones>, Query(q): Query<OneNumber>) -> Response {
    if !valid_number(&q.number) {
        return refuse(StatusCode::UNPROCESSABLE_ENTITY, "number: digits only, at most 20");
    }
    let entries = phones.book.of(&q.number);
    let screen = phones.book.screen(&q.number);
    Json(json!({ "number": q.number, "entries": entries, "screen": screen })).into_response()
}

#[derive(Deserialize)]
struct Numbers {
    numbers: String,
}

async fn events(State(phones): State<Phones>, Query(q): Query<Numbers>) -> Response {
    let numbers: Vec<String> = q.numbers.split(',').map(str::to_owned).collect();
    if numbers.len() > MAX_LISTENED || !numbers.iter().all(|n| valid_number(n)) {
        return refuse(StatusCode::UNPROCESSABLE_ENTITY, "numbers: up to 20, digits, with commas");
    }
    let alive = KeepAlive::new().interval(Duration::from_secs(15));
    SseBody::new(stream(&phones, numbers)).keep_alive(alive).into_response()
}

/// What concerns these numbers from now on. Ends when the telco stops; a page too slow is told `missed`
/// and should read the history again.
fn stream(phones: &Phones, numbers: Vec<String>) -> impl Stream<Item = Result<Sse, Infallible>> + use<> {
    let start = (phones.book.listen(), phones.telco.stopped(), numbers);
    futures_util::stream::unfold(start, |(mut changes, stopped, numbers)| async move {
        loop {
            let change = tokio::select! {
                change = changes.recv() => change,
                () = stopped.cancelled() => return None,
            };
            let data = match change {
                Ok(change) if numbers.contains(&change.number) => change.json.to_string(),
                Ok(_) => continue,
                Err(RecvError::Lagged(_)) => r#"{"event":"missed"}"#.to_owned(),
                Err(RecvError::Closed) => return None,
            };
            return Some((Ok(Sse::default().data(data)), (changes, stopped, numbers)));
        }
    })
}

#[cfg(test)]
mod tests;

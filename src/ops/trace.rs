//! What went over a telco's binds of late, a line a PDU: for `chrak trace export` and for who asks by hand. Numbers, texts
//! and the password are covered.
use super::{
    access::{self, Asker},
    state::Ops,
};
use crate::types::names::SmscName;
use axum::{
    extract::{Query, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Deserialize;

/// What is asked for.
#[derive(Deserialize)]
pub struct Asked {
    smsc: String,
}

/// `GET /trace?smsc=NAME`: what is remembered, oldest first.
pub async fn show(State(room): State<Ops>, Query(asked): Query<Asked>, asker: Asker, headers: HeaderMap) -> Response {
    if let Err(why) = room.access.admits(&headers, asker) {
        return access::refused(why);
    }
    let kind = [(header::CONTENT_TYPE, "text/plain; charset=utf-8")];
    let seen = room.state.trace.of(&SmscName::from(asked.smsc.as_str()));
    if seen.is_empty() {
        let text = "nothing went over a bind of this telco since the server started\n";
        return (StatusCode::NOT_FOUND, kind, text).into_response();
    }
    let lines: String = seen.iter().map(|seen| seen.line() + "\n").collect();
    (kind, lines).into_response()
}

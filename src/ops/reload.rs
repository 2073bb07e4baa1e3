//! The order to read the configuration again, from the console or a program. It must not know how that is done.
use super::{console::Asked, kiosks::is_browser, operator::Operator, respond::Refusal, state::Ops};
use crate::{
    ports::{
        audit::{Entry, Who},
        reload::Changes,
    },
    types::limits::RELOAD_WITHIN,
};
use axum::{
    Json,
    extract::{Query, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Redirect, Response},
};
use serde_json::json;

/// `POST /reload`. A browser goes back to the console, which shows what comes of it; a program is told it: 200 with what was
/// changed, 409 with the line that says why nothing was.
pub async fn order(_: Operator, State(room): State<Ops>, Query(asked): Query<Asked>, headers: HeaderMap) -> Response {
    let reloads = &room.state.board.reloads;
    let mut last = reloads.last();
    let Some(asked_for) = reloads.order() else {
        let text = "this server was started without a configuration file".to_owned();
        return Refusal(StatusCode::NOT_FOUND, text).into_response();
    };
    room.state.board.journal.note(Entry::new(room.state.clock.now(), Who::Operator, "config.reload", ""));
    if is_browser(&headers) {
        return Redirect::to(&format!("/console?lang={}#reload", asked.lang(&headers).tag())).into_response();
    }
    // one that was under way already did not read what this one is asked for
    let own = last.wait_for(|last| last.as_ref().is_some_and(|last| last.times >= asked_for));
    let reloaded = match tokio::time::timeout(RELOAD_WITHIN, own).await {
        Ok(Ok(last)) => last.clone(),
        Ok(Err(_)) | Err(_) => None,
    };
    match reloaded.map(|reloaded| reloaded.outcome) {
        None => (StatusCode::ACCEPTED, Json(json!({ "reload": "under way" }))).into_response(),
        Some(Err(why)) => (StatusCode::CONFLICT, Json(json!({ "reload": "refused", "why": why }))).into_response(),
        Some(Ok(Changes { added, changed, removed, restart })) => {
            let told = json!({
                "reload": "taken", "added": added, "changed": changed, "removed": removed, "needs_restart": restart,
            });
            Json(told).into_response()
        }
    }
}

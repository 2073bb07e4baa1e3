//! The order to read the configuration again, from the console or a program. It must not know how that is done.
use super::{
    access::{self, Asker},
    console::Asked,
    kiosks::{Refusal, is_browser},
    state::Ops,
};
use crate::{ports::reload::Changes, types::limits::RELOAD_WITHIN, web};
use axum::{
    Json,
    extract::{Query, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Redirect, Response},
};
use serde_json::json;

/// `POST /reload`. A browser goes back to the console, which shows what comes of it; a program is told it: 200 with what was
/// changed, 409 with the line that says why nothing was.
pub async fn order(State(room): State<Ops>, Query(asked): Query<Asked>, asker: Asker, headers: HeaderMap) -> Response {
    if !web::from_our_pages(&headers) {
        return Refusal(StatusCode::FORBIDDEN, "this form came from another site".to_owned()).into_response();
    }
    if let Err(why) = room.access.admits(&headers, asker) {
        return access::refused(why);
    }
    let reloads = &room.state.board.reloads;
    let mut last = reloads.last();
    if !reloads.order() {
        let text = "this server was started without a configuration file".to_owned();
        return Refusal(StatusCode::NOT_FOUND, text).into_response();
    }
    if is_browser(&headers) {
        return Redirect::to(&format!("/console?lang={}#reload", asked.lang(&headers).tag())).into_response();
    }
    let done = tokio::time::timeout(RELOAD_WITHIN, last.changed()).await.is_ok();
    let reloaded = if done { last.borrow_and_update().clone() } else { None };
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

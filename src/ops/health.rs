//! `/healthz` and `/readyz`, for those who start, stop and balance servers.
use super::state::Ops;
use axum::{
    Json,
    extract::{RawQuery, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde_json::json;

/// `GET /healthz`
pub async fn alive() -> Response {
    Json(json!({ "status": "ok" })).into_response()
}

/// `GET /readyz`, with `?links` also the binds.
pub async fn ready(State(room): State<Ops>, RawQuery(query): RawQuery) -> Response {
    let writable = room.probe.writable(&*room.state.store).await;
    let draining = room.state.board.draining();
    // a disk that has too little for anything new still takes the probe
    let trouble = room.state.store.trouble().map(|trouble| trouble.words);
    let mut good = writable && trouble.is_none() && !draining;
    let usual = if writable { "ok" } else { "not writable" };
    let mut body = json!({
        "database": trouble.unwrap_or_else(|| usual.to_owned()),
        "draining": draining,
    });
    // what somebody must mend takes no server out of a balancer: the others stand no better
    let alarms: Vec<String> = room.state.board.alarms().into_iter().map(|alarm| alarm.en).collect();
    if !alarms.is_empty() {
        body["alarms"] = alarms.into();
    }
    if query.is_some_and(|query| query.split('&').any(|word| word == "links" || word.starts_with("links="))) {
        let binds = room.state.board.binds();
        let up = binds.iter().filter(|bind| bind.state.is_up()).count();
        let elsewhere = binds.iter().filter(|bind| bind.state.is_elsewhere()).count();
        good &= up > 0;
        body["links"] = json!({ "up": up, "of": binds.len(), "elsewhere": elsewhere });
        body["binds"] = binds
            .iter()
            .map(|bind| {
                let mut row = json!({ "smsc": bind.smsc.as_str(), "bind": bind.bind, "up": bind.state.is_up() });
                if let Some(node) = &bind.node {
                    row["node"] = node.as_str().into();
                }
                row
            })
            .collect::<Vec<_>>()
            .into();
    }
    body["status"] = if good { "ready" } else { "not ready" }.into();
    let status = if good { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(body)).into_response()
}

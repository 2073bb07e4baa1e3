//! `/metrics`: what the parts count, as Prometheus text. No label holds a person's number or a code.
use super::{
    access::Asker,
    state::{Ops, Room},
};
use crate::{
    ports::status::BindState,
    smpp::message_id::Learned,
    types::{limits::DEPTH_WITHIN, names::Family},
};
use axum::{
    extract::State,
    http::{HeaderMap, header},
    response::{IntoResponse, Response},
};

/// How many rows wait in the inbox and the outbox; `None` where the database does not say in time.
pub(super) async fn depths(room: &Room) -> (Option<u64>, Option<u64>) {
    let store = &room.state.store;
    let both = async { (store.inbox_depth().await.ok(), store.outbox_depth().await.ok()) };
    tokio::time::timeout(DEPTH_WITHIN, both).await.unwrap_or_default()
}

/// What the receipts of each family have proven of the ids in them; nothing where the database does not say in time.
pub(super) async fn learned(room: &Room) -> Vec<(Family, Learned)> {
    let learned = tokio::time::timeout(DEPTH_WITHIN, room.state.store.learned()).await;
    learned.ok().and_then(Result::ok).unwrap_or_default()
}

/// `GET /metrics`
pub(super) async fn show(State(room): State<Ops>, asker: Asker, headers: HeaderMap) -> Response {
    if let Err(why) = room.access.admits(&headers, asker) {
        return super::access::refused(why);
    }
    let (inbox, outbox) = depths(&room).await;
    // A depth that nobody knows is not a number; 0 would say that all is well.
    metrics::gauge!("chrak_inbox_depth").set(inbox.map_or(f64::NAN, |rows| rows as f64));
    metrics::gauge!("chrak_outbox_depth").set(outbox.map_or(f64::NAN, |rows| rows as f64));
    for bind in room.state.board.binds() {
        let labels = [("smsc", bind.smsc.as_str().to_owned()), ("bind", bind.bind.clone())];
        // of a bind that another node has this one knows nothing: neither up nor down
        let up = if bind.state.is_elsewhere() { f64::NAN } else { f64::from(u8::from(bind.state == BindState::Bound)) };
        metrics::gauge!("chrak_bind_up", &labels).set(up);
        metrics::gauge!("chrak_bind_held", &labels).set(f64::from(u8::from(!bind.state.is_elsewhere())));
        metrics::gauge!("chrak_window_in_flight", &labels).set(bind.in_flight as f64);
    }
    for (smsc, bind) in room.state.board.withdrawn() {
        let labels = [("smsc", smsc.as_str().to_owned()), ("bind", bind)];
        metrics::gauge!("chrak_bind_up", &labels).set(0.0);
        metrics::gauge!("chrak_window_in_flight", &labels).set(0.0);
    }
    let handle = &room.state.metrics.0;
    handle.run_upkeep();
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], handle.render()).into_response()
}

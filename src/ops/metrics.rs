//! `/metrics`: what the parts count, as Prometheus text. No label holds a person's number or a code.
use super::{Ops, access::Asker};
use crate::{ports::status::BindState, types::limits::DEPTH_WITHIN};
use axum::{
    extract::State,
    http::{HeaderMap, header},
    response::{IntoResponse, Response},
};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use std::sync::OnceLock;

/// Seconds from a MO in, or a page asked for, to its answer.
const ANSWER: [f64; 14] = [0.001, 0.002, 0.005, 0.01, 0.02, 0.04, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0];
/// Seconds of one commit.
const COMMIT: [f64; 10] = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 2.0];

/// The recorder's reading side; clones read the same.
#[derive(Clone)]
pub struct Metrics(PrometheusHandle);

static INSTALLED: OnceLock<Result<Metrics, String>> = OnceLock::new();

/// Installs the recorder of this process; a second call returns the first one's.
///
/// # Errors
/// Why there is none: then nobody would see what is counted.
pub fn install() -> Result<Metrics, String> {
    INSTALLED
        .get_or_init(|| {
            let builder = PrometheusBuilder::new().set_buckets(&ANSWER).and_then(|builder| {
                builder.set_buckets_for_metric(Matcher::Full("chrak_commit_seconds".into()), &COMMIT)
            });
            let handle = builder.and_then(PrometheusBuilder::install_recorder).map_err(|fault| fault.to_string())?;
            describe();
            Ok(Metrics(handle))
        })
        .clone()
}

fn describe() {
    use metrics::{describe_counter, describe_gauge, describe_histogram};
    describe_counter!("chrak_mo_total", "Mobile-originated messages by what became of them");
    describe_counter!("chrak_mt_total", "Segments submitted by what the telco said");
    describe_counter!("chrak_mt_duplicates_possible_total", "Segments sent again after an uncertain end");
    describe_counter!("chrak_receipts_total", "Delivery receipts by whose they were found to be");
    describe_counter!("chrak_receipts_adopted_total", "Receipts that came before their resp and found it, by how");
    describe_counter!("chrak_lookup_failures_total", "Questions about codes that found nothing, by reason");
    describe_counter!("chrak_http_refused_total", "HTTP connections closed because there were too many");
    describe_counter!("chrak_http_gave_way_total", "HTTP connections closed for another client's");
    describe_counter!("chrak_http_misdirected_total", "HTTP requests by a name that is not this server's");
    describe_histogram!("chrak_answer_seconds", "From a message in to its last submit_sm written");
    describe_histogram!("chrak_ussd_screen_seconds", "From a USSD input to its screen written");
    describe_histogram!("chrak_portal_seconds", "Calls of the portal");
    describe_histogram!("chrak_commit_seconds", "Commits of the database");
    describe_histogram!("chrak_kiosk_page_seconds", "Pages of the kiosk");
    describe_gauge!("chrak_bind_up", "Whether a bind is bound");
    describe_gauge!("chrak_window_in_flight", "submit_sm without response on a bind");
    describe_gauge!("chrak_inbox_depth", "Messages stored and not done");
    describe_gauge!("chrak_disk_free_octets", "Free on the disk of the database");
    describe_gauge!("chrak_disk_reserve_octets", "Kept aside there; 0 while it is in use because the disk is full");
    describe_gauge!("chrak_outbox_depth", "Segments queued, submitting or uncertain");
    describe_gauge!("chrak_portal_breaker_open", "Whether the portal is taken to be away");
}

/// How many rows wait in the inbox and the outbox; `None` where the database does not say in time.
pub(super) async fn depths(room: &super::Room) -> (Option<u64>, Option<u64>) {
    let store = &room.state.store;
    let both = async { (store.inbox_depth().await.ok(), store.outbox_depth().await.ok()) };
    tokio::time::timeout(DEPTH_WITHIN, both).await.unwrap_or_default()
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
        metrics::gauge!("chrak_bind_up", &labels).set(f64::from(u8::from(bind.state == BindState::Bound)));
        metrics::gauge!("chrak_window_in_flight", &labels).set(bind.in_flight as f64);
    }
    let handle = &room.state.metrics.0;
    handle.run_upkeep();
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], handle.render()).into_response()
}

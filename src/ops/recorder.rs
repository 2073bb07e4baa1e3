//! Where the counters and histograms of this process are kept.
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use std::sync::OnceLock;

/// Seconds from a MO in, or a page asked for, to its answer.
const ANSWER: [f64; 14] = [0.001, 0.002, 0.005, 0.01, 0.02, 0.04, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0];

/// Seconds of one commit.
const COMMIT: [f64; 10] = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 2.0];

/// The recorder's reading side; clones read the same.
#[derive(Clone)]
pub struct Metrics(pub(super) PrometheusHandle);

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
    describe_counter!("chrak_anomalies_total", "PDUs that are legal to read and have no business here, by kind");
    describe_counter!("chrak_receipts_total", "Delivery receipts by whose they were found to be");
    describe_counter!("chrak_receipts_adopted_total", "Receipts that came before their resp and found it, by how");
    describe_counter!("chrak_lookup_failures_total", "Questions about codes that found nothing, by reason");
    describe_counter!("chrak_http_refused_total", "HTTP connections closed because there were too many");
    describe_counter!("chrak_http_gave_way_total", "HTTP connections closed for another client's");
    describe_counter!("chrak_http_misdirected_total", "HTTP requests by a name that is not this server's");
    describe_counter!("chrak_road_errors_total", "Answers of X-Road in the portal's stead, by type");
    describe_counter!("chrak_sign_ins_total", "Sign-ins at kiosks, by who lets visitors sign in and how they ended");
    describe_gauge!("chrak_certificate_days", "Days until a certificate ends, by what it is used for");
    describe_histogram!("chrak_answer_seconds", "From a message in to its last submit_sm written");
    describe_histogram!("chrak_ussd_screen_seconds", "From a USSD input to its screen written");
    describe_histogram!("chrak_portal_seconds", "Calls of the portal");
    describe_histogram!("chrak_commit_seconds", "Commits of the database");
    describe_histogram!("chrak_kiosk_page_seconds", "Pages of the kiosk");
    describe_gauge!("chrak_bind_up", "Whether a bind is bound; not a number while another node has it");
    describe_gauge!("chrak_bind_held", "Whether a bind is this node's, and no other's");
    describe_gauge!("chrak_window_in_flight", "submit_sm without response on a bind");
    describe_gauge!("chrak_inbox_depth", "Messages stored and not done");
    describe_gauge!("chrak_disk_free_octets", "Free on the disk of the database");
    describe_gauge!("chrak_disk_reserve_octets", "Kept aside there; 0 while it is in use because the disk is full");
    describe_gauge!("chrak_outbox_depth", "Segments queued, submitting or uncertain");
    describe_gauge!("chrak_portal_breaker_open", "Whether the portal is taken to be away");
}

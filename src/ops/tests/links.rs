//! Telcos and the trace, as an operator sees them.
use super::*;
use crate::{
    ports::{
        figures::Tally,
        telcos::TelcoBoard,
        trace_file::{NotBegun, Over, TraceFileState, TraceFiles},
    },
    smpp::{esme::Pace, status::ESME_RTHROTTLED},
};
use std::time::Duration;

/// A submit_sm of `hello` from 1212 to a telephone.
const SUBMIT: &[u8] =
    b"\0\0\0\x35\0\0\0\x04\0\0\0\0\0\0\0\x07\0\x03\x001212\0\x01\x0185510000001\0\0\0\0\0\0\0\0\0\0\x05hello";

fn telco(ops: &Ops) -> Arc<TelcoBoard> {
    let board = TelcoBoard {
        family: "axiata".into(),
        settings: vec![("window", "10".to_owned()), ("message_id", "auto".to_owned())],
        pace: Arc::new(Pace::new(100)),
        figures: Arc::default(),
    };
    ops.board.telcos.join(&"smart".into(), board)
}

#[tokio::test]
async fn a_telcos_page_tells_what_it_carries_and_why_it_is_held_back() {
    let (ops, now) = (Ops::new(None), Still::at_noon().now());
    let telco = telco(&ops);
    ops.bind("trx-1", BindState::Bound, Some("connection reset"));
    let mut round = Tally { came: 1, went: 590, ..Tally::default() };
    (0..100).for_each(|_| round.trips.add(Duration::from_millis(20)));
    telco.figures.add("trx-1", &round, now.plus_ms(-10_000));
    let page = ops.get("/telcos/smart?lang=en", &[]).await;
    for words in [
        "at most 100 a second, as configured",
        "20 ms · 20 ms",
        "3<small> / 10",
        "connection reset",
        "11:58:30 · 1 min 30 s ago",
    ] {
        assert!(page.body.contains(words), "{words} is missing in\n{}", page.body);
    }
    assert!(page.body.contains("in <b>1</b> · out <b>590</b> · refused <b>0</b>"), "{}", page.body);
    assert!(
        page.body.contains("receipts write message ids in decimal") && page.body.contains("<code>message_id</code>")
    );
    assert!(page.body.contains("verdict good") && !page.body.contains("held back"));
    // it refuses
    let at = std::time::Instant::now();
    for _ in 0..3 {
        telco.pace.throttled(at);
    }
    telco.pace.taken(at + Duration::from_secs(2));
    telco.figures.add("trx-1", &Tally { refused: [(ESME_RTHROTTLED, 3)].into(), ..Tally::default() }, now);
    let english = ops.get("/telcos/smart?lang=en", &[]).await.body;
    let khmer = ops.get("/telcos/smart?lang=km", &[]).await.body;
    assert!(english.contains("verdict busy") && english.contains("held back to"), "{english}");
    assert!(english.contains("ESME_RTHROTTLED (0x58)") && khmer.contains("ESME_RTHROTTLED (0x58)"));
    assert!(khmer.contains("បានបន្ថយមកត្រឹម"), "{khmer}");
    assert!(ops.get("/console?lang=en", &[]).await.body.contains("<a href=\"/telcos/smart?lang=en\">smart</a>"));
    let nobody = ops.get("/telcos/sm%3Cart?lang=en", &[]).await;
    assert!(nobody.status == 404 && nobody.body.contains("No telco has this name") && !nobody.body.contains("sm<art"));
}

#[tokio::test]
async fn an_order_given_on_a_telcos_page_leads_back_to_it() {
    let ops = Ops::new(None);
    let _following = ops.board.orders.follow(&"smart axiata".into());
    let near = [("host", "127.0.0.1:9090"), ("accept", "text/html"), ("sec-fetch-site", "same-origin")];
    let mut request = HttpRequest::builder().method("POST").uri("/telcos?lang=km&page=telco");
    request = request.header("content-type", "application/x-www-form-urlencoded");
    for (name, value) in near {
        request = request.header(name, value);
    }
    let done = ops.send(request.body(Body::from("smsc=smart+axiata&order=pause")).expect("a request")).await;
    let back = done.headers["location"].to_str().expect("text");
    assert_eq!((done.status, back), (303, "/telcos/smart%20axiata?lang=km"));
}

#[tokio::test]
async fn the_live_trace_begins_with_what_was_and_ends_with_the_server() {
    let ops = Ops::new(None);
    let smsc = SmscName::from("smart");
    let pdu = |bind: &str| ops.trace.pdu(&smsc, bind, Still::at_noon().now(), true, SUBMIT.to_vec());
    pdu("trx-1");
    pdu("trx-2");
    let page = ops.get("/trace/live?lang=en&bind=trx-2", &[]).await;
    assert_eq!((page.status, page.body.matches("<details class=\"pdu\">").count()), (200, 1), "{}", page.body);
    assert!(page.body.contains("smart/trx-2") && page.body.contains("85510******") && !page.body.contains("hello"));
    assert!(page.body.contains("1212 → 85510******") && page.body.contains("short_message"), "{}", page.body);
    let (stop, feed) = (ops.stop.clone(), ops.get("/trace/events?as=lines&bind=trx-1", &[]));
    let stops = async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        pdu("trx-1");
        pdu("trx-2");
        tokio::time::sleep(Duration::from_millis(50)).await;
        stop.cancel();
    };
    let (feed, ()) = tokio::join!(feed, stops);
    assert_eq!(feed.headers["content-type"], "text/event-stream");
    assert_eq!(feed.body.matches("event: pdu").count(), 2, "{}", feed.body);
    assert!(!feed.body.contains("trx-2") && !feed.body.contains("85510000001"), "{}", feed.body);
}

#[tokio::test(start_paused = true)]
async fn who_signs_out_reads_no_more() {
    let ops = Ops::new(Some("s3cret"));
    let signed_in = pass(&ops.sign_in("s3cret", "same-origin").await);
    let cookie = [("cookie", signed_in.as_str())];
    let ours = [("cookie", signed_in.as_str()), ("sec-fetch-site", "same-origin")];
    let feed = async { tokio::time::timeout(Duration::from_secs(60), ops.get("/trace/events", &cookie)).await };
    let out = async {
        tokio::time::sleep(Duration::from_secs(20)).await;
        ops.post("/console/sign-out", "", &ours).await
    };
    let (feed, _) = tokio::join!(feed, out);
    assert_eq!(feed.expect("it ended").body.matches(": here").count(), 1, "looked at once, then refused");
}

/// A file that never breaks: what was asked for, and where it stands.
#[derive(Default)]
struct Files(std::sync::Mutex<Option<TraceFileState>>);

impl TraceFiles for Files {
    fn begin(&self, within: Duration) -> Result<(), NotBegun> {
        let mut state = self.0.lock().expect("nobody panics");
        if state.as_ref().is_some_and(|state| state.over.is_none()) {
            return Err(NotBegun::Running);
        }
        let begun = Still::at_noon().now();
        let until = Some(begun.plus_ms(within.as_millis() as i64));
        let path = "/data/trace.log".to_owned();
        *state = Some(TraceFileState { path, unmasked: false, begun, until, octets: 1_300_000, over: None });
        Ok(())
    }

    fn end(&self) -> bool {
        let mut state = self.0.lock().expect("nobody panics");
        let Some(state) = state.as_mut().filter(|state| state.over.is_none()) else { return false };
        state.over = Some((Over::Ordered, Still::at_noon().now()));
        true
    }

    fn state(&self) -> Option<TraceFileState> {
        self.0.lock().expect("nobody panics").clone()
    }
}

#[tokio::test]
async fn the_trace_file_is_begun_and_ended_on_its_page_which_tells_path_and_size() {
    let ops = Ops::with(Some("s3cret"), Some(Arc::new(Files::default())));
    let program = [("authorization", "Bearer s3cret")];
    let browser = [program[0], ("accept", "text/html"), ("sec-fetch-site", "same-origin")];
    let page = async |lang: &str| ops.get(&format!("/trace/live?lang={lang}"), &program).await.body;
    assert!(page("en").await.contains("Begin writing") && page("km").await.contains("ចាប់ផ្តើមកត់ត្រា"));
    let begun = ops.post("/trace/file?lang=en", "order=begin&minutes=15", &browser).await;
    let back = begun.headers["location"].to_str().expect("text");
    assert_eq!((begun.status, back), (303, "/trace/live?lang=en#file"));
    let told = "Written to /data/trace.log since 2026-11-20 12:00:00: 1.2 MiB so far. It ends by itself at \
                2026-11-20 12:15:00, or at 60 MiB.";
    let english = page("en").await;
    assert!(
        english.contains(told) && english.contains("Stop writing") && !english.contains("Begin writing"),
        "{english}"
    );
    let khmer = page("km").await;
    assert!(khmer.contains("កំពុងកត់ត្រាទៅ /data/trace.log") && khmer.contains("ឈប់កត់ត្រា"), "{khmer}");
    for (order, status) in [
        ("order=begin", 409),
        ("order=begin&minutes=0", 422),
        ("order=begin&minutes=1441", 422),
        ("order=begin&minutes=soon", 400),
        ("order=erase", 422),
        ("", 400),
    ] {
        assert_eq!(ops.post("/trace/file", order, &program).await.status, status, "{order}");
    }
    let foreign = [program[0], ("sec-fetch-site", "cross-site")];
    assert_eq!(ops.post("/trace/file", "order=end", &foreign).await.status, 403);
    let ended = ops.post("/trace/file", "order=end", &program).await;
    assert!(ended.status == 200 && ended.body.contains("\"running\":false"), "{}", ended.body);
    assert_eq!(ops.post("/trace/file", "order=end", &program).await.status, 409);
    let state = ops.get("/trace/file", &program).await.body;
    assert!(
        state.contains("\"octets\":1300000") && state.contains("\"until\":\"2026-11-20T12:15:00+07:00\""),
        "{state}"
    );
    assert!(page("en").await.contains("It was stopped.") && page("km").await.contains("បានបញ្ឈប់តាមបញ្ជា"));
    // whoever may not look orders nothing
    assert_eq!(ops.post("/trace/file", "order=begin", &[]).await.status, 401);
    assert_eq!(ops.get("/trace/file", &[]).await.status, 401);
}

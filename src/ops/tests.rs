//! The operator's room as browsers, balancers and Prometheus meet it.
use super::*;
use crate::{
    ports::{
        PortFuture, Store, StoreFault,
        citizens::{CitizenRecord, Citizens},
        clock::{Clock, Still},
        inbox::{Accepted, Finish, Inbox, NewMo, Recovery, StoredMo},
        outbox::{DueMt, NewReceipt, Outbox, Receipted, Resolved, Settlement},
        reload::{Changes, Reloaded},
        status::{Alarm, BindState, BindStatus, Board, LastError, Rate},
        trace::Trace,
        trace_file::TraceFiles,
    },
    smpp::message_id::Learned,
    types::{
        CauseId, Msisdn, MtId, SessionId, UnixMs,
        names::{Family, SmscName},
    },
};
use axum::{
    body::{Body, to_bytes},
    extract::ConnectInfo,
    http::{HeaderMap, Request as HttpRequest},
};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

/// The ports that are never asked here.
mod closed;
/// Telcos and the trace.
mod links;

/// A database of which only its depths and its probe are asked.
#[derive(Default)]
struct Depths {
    broken: AtomicBool,
}

fn closed<T: Send + 'static>() -> PortFuture<'static, Result<T, StoreFault>> {
    Box::pin(async { Err(StoreFault::Closed) })
}

impl Depths {
    fn says<T: Send + 'static>(&self, value: T) -> PortFuture<'static, Result<T, StoreFault>> {
        let broken = self.broken.load(Ordering::Relaxed);
        Box::pin(async move { if broken { Err(StoreFault::Busy) } else { Ok(value) } })
    }
}

impl crate::ports::nodes::Nodes for Depths {}

#[rustfmt::skip]
impl Inbox for Depths {
    fn begin(&self, _: UnixMs) -> PortFuture<'_, Result<Recovery, StoreFault>> { closed() }
    fn end(&self, _: UnixMs) -> PortFuture<'_, Result<(), StoreFault>> { closed() }
    fn accept(&self, _: NewMo) -> PortFuture<'_, Result<Accepted, StoreFault>> { closed() }
    fn waiting(&self, _: bool, _: Option<CauseId>, _: usize) -> PortFuture<'_, Result<Vec<StoredMo>, StoreFault>> { closed() }
    fn claim(&self, _: CauseId, _: bool, _: UnixMs) -> PortFuture<'_, Result<CitizenRecord, StoreFault>> { closed() }
    fn release(&self, _: CauseId, _: UnixMs) -> PortFuture<'_, Result<(), StoreFault>> { closed() }
    fn finish(&self, _: Finish, _: UnixMs) -> PortFuture<'_, Result<Vec<MtId>, StoreFault>> { closed() }
    fn confirm(&self, _: Vec<CauseId>) -> PortFuture<'_, Result<(), StoreFault>> { closed() }
    fn inbox_depth(&self) -> PortFuture<'_, Result<u64, StoreFault>> { self.says(41) }
    fn probe(&self) -> PortFuture<'_, Result<(), StoreFault>> { self.says(()) }
    fn sweep(&self, _: UnixMs, _: UnixMs) -> PortFuture<'_, Result<u64, StoreFault>> { closed() }
}

#[rustfmt::skip]
impl Outbox for Depths {
    fn queued(&self, _: SmscName) -> PortFuture<'_, Result<bool, StoreFault>> { closed() }
    fn due(&self, _: SmscName, _: UnixMs, _: usize) -> PortFuture<'_, Result<Vec<DueMt>, StoreFault>> { closed() }
    fn begin_submit(&self, _: Vec<MtId>, _: SessionId, _: UnixMs) -> PortFuture<'_, Result<Vec<MtId>, StoreFault>> { closed() }
    fn settle(&self, _: Vec<Settlement>, _: UnixMs) -> PortFuture<'_, Result<(), StoreFault>> { closed() }
    fn resolve_ambiguous(&self, _: SmscName, _: UnixMs, _: UnixMs) -> PortFuture<'_, Result<Resolved, StoreFault>> { closed() }
    fn expire(&self, _: UnixMs) -> PortFuture<'_, Result<u64, StoreFault>> { closed() }
    fn receipt(&self, _: NewReceipt, _: UnixMs) -> PortFuture<'_, Result<Receipted, StoreFault>> { closed() }
    fn learned(&self) -> PortFuture<'_, Result<Vec<(Family, Learned)>, StoreFault>> {
        self.says(vec![("axiata".into(), Learned { receipt_decimal: 3, receipt_hex: 0 })])
    }
    fn outbox_depth(&self) -> PortFuture<'_, Result<u64, StoreFault>> { self.says(17) }
}

#[rustfmt::skip]
impl Citizens for Depths {
    fn citizen(&self, _: Msisdn) -> PortFuture<'_, Result<CitizenRecord, StoreFault>> { closed() }
}

struct Ops {
    board: Arc<Board>,
    store: Arc<Depths>,
    trace: Arc<Trace>,
    stop: CancellationToken,
    router: Router,
}

struct Got {
    status: u16,
    headers: HeaderMap,
    body: String,
}

impl Ops {
    fn new(token: Option<&str>) -> Self {
        Ops::with(token, None)
    }

    fn with(token: Option<&str>, trace_file: Option<Arc<dyn TraceFiles>>) -> Self {
        let (board, store) = (Arc::new(Board::default()), Arc::new(Depths::default()));
        let (trace, stop) = (Arc::new(Trace::default()), CancellationToken::new());
        board.set_store_ok(true);
        let router = routes(OpsState {
            board: Arc::clone(&board),
            store: Arc::clone(&store) as Arc<dyn Store>,
            metrics: recorder::install().expect("the only recorder"),
            token: token.map(str::to_owned),
            started: UnixMs(Still::at_noon().now().0 - 3_700_000),
            clock: Arc::new(Still::at_noon()),
            version: "1.2.3",
            trace: Arc::clone(&trace),
            trace_file,
            dead: None,
            tryout: None,
            stop: stop.clone(),
            exchange: None,
        });
        Ops { board, store, trace, stop, router }
    }

    fn bind(&self, name: &str, state: BindState, last_error: Option<&str>) {
        self.board.publish(BindStatus {
            smsc: "smart".into(),
            bind: name.to_owned(),
            state,
            since: Still::at_noon().now(),
            in_flight: 3,
            window: 10,
            peer: None,
            last_error: last_error
                .map(|words| LastError { words: words.to_owned(), at: Still::at_noon().now().plus_ms(-90_000) }),
            again_at: None,
            node: None,
        });
    }

    async fn send(&self, mut request: HttpRequest<Body>) -> Got {
        let near = ConnectInfo(SocketAddr::from(([127, 0, 0, 1], 50_000)));
        request.extensions_mut().get_or_insert_with(|| near);
        let answer = self.router.clone().oneshot(request).await.expect("an answer");
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        let body = to_bytes(answer.into_body(), 1 << 20).await.expect("a body");
        Got { status, headers, body: String::from_utf8(body.to_vec()).expect("UTF-8") }
    }

    async fn get(&self, path: &str, headers: &[(&str, &str)]) -> Got {
        let mut request = HttpRequest::builder().uri(path).header("host", "127.0.0.1:9090");
        for (name, value) in headers {
            request.headers_mut().expect("headers").insert(
                axum::http::HeaderName::from_bytes(name.as_bytes()).expect("a name"),
                value.parse().expect("a value"),
            );
        }
        self.send(request.body(Body::empty()).expect("a request")).await
    }

    async fn sign_in(&self, token: &str, site: &str) -> Got {
        self.post("/console/sign-in?lang=en", &format!("token={token}"), &[("sec-fetch-site", site)]).await
    }

    async fn post(&self, path: &str, body: &str, headers: &[(&'static str, &str)]) -> Got {
        let mut request = HttpRequest::builder().method("POST").uri(path).header("host", "ops.example");
        request = request.header("content-type", "application/x-www-form-urlencoded");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.send(request.body(Body::from(body.to_owned())).expect("a request")).await
    }

    /// `/metrics` with this token, from another machine.
    async fn metrics_from(&self, from: [u8; 4], token: &str) -> Got {
        let mut request = HttpRequest::builder().uri("/metrics").header("host", "ops.example");
        request = request.header("authorization", format!("Bearer {token}"));
        let mut request = request.body(Body::empty()).expect("a request");
        request.extensions_mut().insert(ConnectInfo(SocketAddr::from((from, 50_000))));
        self.send(request).await
    }
}

/// The cookie of an answer, as it is sent back.
fn pass(got: &Got) -> String {
    let cookie = got.headers["set-cookie"].to_str().expect("text");
    cookie.split(';').next().expect("a pair").to_owned()
}

#[tokio::test]
async fn readiness_follows_the_database_the_drain_and_the_links() {
    let ops = Ops::new(None);
    assert_eq!(ops.get("/healthz", &[]).await.status, 200);
    assert_eq!(ops.get("/readyz", &[]).await.status, 200);
    assert_eq!(ops.get("/readyz?links", &[]).await.status, 503, "no bind is up");
    ops.bind("trx-1", BindState::Bound, None);
    let linked = ops.get("/readyz?links", &[]).await;
    let body: serde_json::Value = serde_json::from_str(&linked.body).expect("JSON");
    assert_eq!((linked.status, &body["links"]["up"], &body["database"]), (200, &1.into(), &"ok".into()));
    ops.board.set_draining();
    assert_eq!(ops.get("/readyz", &[]).await.status, 503);

    let ops = Ops::new(None);
    ops.store.broken.store(true, Ordering::Relaxed);
    let bad = ops.get("/readyz", &[]).await;
    assert_eq!(bad.status, 503);
    assert!(bad.body.contains("not writable") && ops.get("/healthz", &[]).await.status == 200);
}

#[tokio::test]
async fn metrics_have_the_promised_names_and_tell_a_lost_depth_from_none() {
    let ops = Ops::new(None);
    ops.bind("trx-1", BindState::Bound, None);
    ::metrics::histogram!("chrak_commit_seconds").record(0.003);
    let got = ops.get("/metrics", &[]).await;
    assert!(got.headers["content-type"].to_str().expect("text").starts_with("text/plain; version=0.0.4"));
    for line in [
        "chrak_bind_up{smsc=\"smart\",bind=\"trx-1\"} 1",
        "chrak_window_in_flight{smsc=\"smart\",bind=\"trx-1\"} 3",
        "chrak_inbox_depth 41",
        "chrak_outbox_depth 17",
        "chrak_commit_seconds_bucket{le=\"0.005\"}",
        "# HELP chrak_commit_seconds Commits of the database",
        "# TYPE chrak_commit_seconds histogram",
    ] {
        assert!(got.body.contains(line), "{line} is missing in\n{}", got.body);
    }
}

#[tokio::test]
async fn a_withdrawn_bind_is_not_told_to_be_up_any_more() {
    let ops = Ops::new(None);
    ops.bind("ob-4", BindState::Bound, None);
    let line = |up| format!("chrak_bind_up{{smsc=\"smart\",bind=\"ob-4\"}} {up}\n");
    assert!(ops.get("/metrics", &[]).await.body.contains(&line(1)));
    ops.board.withdraw(&"smart".into(), "ob-4");
    let body = ops.get("/metrics", &[]).await.body;
    assert!(body.contains(&line(0)) && !body.contains(&line(1)), "{body}");
    assert!(body.contains("chrak_window_in_flight{smsc=\"smart\",bind=\"ob-4\"} 0\n"), "{body}");
}

#[tokio::test]
async fn the_console_says_in_both_languages_what_is_wrong() {
    let ops = Ops::new(None);
    ops.bind("trx-1", BindState::Bound, None);
    ops.board.count(Rate::MoIn, 7, Still::at_noon().now());
    let well = ops.get("/console?lang=en", &[]).await;
    assert!(
        well.body.contains("All well") && well.body.contains("1.2.3") && well.body.contains("1 h 1 min"),
        "{}",
        well.body
    );
    assert!(well.headers["content-security-policy"].to_str().expect("text").contains("default-src 'none'"));
    ops.bind("rx-1", BindState::Waiting, Some("connection refused <by> peer"));
    ops.board.set_breaker_open(true);
    let mend = |text: &str| text.to_owned();
    ops.board.raise_alarm("portal", Alarm { km: mend("ត្រូវកែ <a>"), en: mend("mend <a>") });
    let english = ops.get("/console?lang=en", &[]).await.body;
    let khmer = ops.get("/console", &[]).await.body;
    for (page, words) in [
        (&english, ["Needs attention", "Some binds are down", "Waiting to reconnect", "Away"]),
        (&khmer, ["ត្រូវពិនិត្យ", "ការតភ្ជាប់ខ្លះ", "រង់ចាំភ្ជាប់ម្តងទៀត", "មិនឆ្លើយតប"]),
    ] {
        assert!(words.iter().all(|word| page.contains(word)), "{page}");
        assert!(page.contains("refused &#60;by&#62; peer") && !page.contains("<by>"));
        assert_eq!(
            (page.contains("mend &#60;a&#62;"), page.contains("ត្រូវកែ &#60;a&#62;")),
            (page == &english, page == &khmer)
        );
        assert!(
            page.contains(">41<") && page.contains(">17<") && !page.contains("http://") && !page.contains("https://")
        );
    }
}

#[tokio::test]
async fn without_a_token_only_loopback_names_open_the_console() {
    let ops = Ops::new(None);
    for (host, status) in [
        ("127.0.0.1:9090", 200),
        ("localhost", 200),
        ("[::1]:9090", 200),
        ("evil.example", 403),
        ("127.0.0.1.evil.example:9090", 403),
    ] {
        assert_eq!(ops.get("/console", &[("host", host)]).await.status, status, "{host}");
    }
}

#[tokio::test]
async fn a_token_opens_the_console_once_it_is_right_and_not_when_guessed() {
    let ops = Ops::new(Some("s3cret"));
    assert_eq!(ops.get("/console", &[]).await.status, 401);
    assert_eq!(ops.get("/metrics", &[]).await.status, 401);
    assert_eq!(ops.get("/readyz", &[]).await.status, 200);
    assert_eq!(ops.get("/metrics", &[("authorization", "Bearer s3cret")]).await.status, 200);
    assert_eq!(ops.get("/metrics", &[("authorization", "Bearer s3cre")]).await.status, 401);
    assert_eq!(ops.sign_in("s3cret", "cross-site").await.status, 403);
    let good = ops.sign_in("s3cret", "same-origin").await;
    let cookie = good.headers["set-cookie"].to_str().expect("text").to_owned();
    assert_eq!((good.status, cookie.contains("s3cret")), (303, false));
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"));
    let pass = pass(&good);
    assert_eq!(ops.get("/console", &[("cookie", &pass)]).await.status, 200);
    assert_eq!(ops.get("/console", &[("cookie", "chrak_console=00")]).await.status, 401);
    for _ in 0..4 {
        assert_eq!(ops.sign_in("guess", "same-origin").await.status, 401);
    }
    assert_eq!(ops.sign_in("s3cret", "same-origin").await.status, 429, "with the wrong one of /metrics before");
    assert_eq!(ops.get("/console", &[("cookie", &pass)]).await.status, 200, "who is signed in stays so");
}

#[tokio::test]
async fn wrong_tokens_are_slowed_at_every_door_and_lock_nobody_else_out() {
    let ops = Ops::new(Some("s3cret"));
    let (guesser, other) = ([192, 0, 2, 7], [192, 0, 2, 8]);
    for _ in 0..5 {
        assert_eq!(ops.metrics_from(guesser, "guess").await.status, 401);
    }
    let slowed = ops.metrics_from(guesser, "s3cret").await;
    assert_eq!(slowed.status, 429, "{}", slowed.body);
    let wait: u64 = slowed.headers["retry-after"].to_str().expect("text").parse().expect("seconds");
    assert!((1..=60).contains(&wait));
    assert_eq!(ops.metrics_from(other, "s3cret").await.status, 200);
    assert_eq!(ops.sign_in("s3cret", "same-origin").await.status, 303);
    // and at the other doors
    for (path, post) in [
        ("/kiosks", false),
        ("/telcos/smart", false),
        ("/trace?smsc=smart", false),
        ("/trace/live", false),
        ("/trace/events", false),
        ("/kiosks/pair", true),
        ("/kiosks/k/revoke", true),
        ("/kiosks/k/tell", true),
        ("/kiosks/k/answered", true),
        ("/telcos", true),
        ("/reload", true),
    ] {
        let ops = Ops::new(Some("s3cret"));
        let wrong = [("authorization", "Bearer guess")];
        let mut seen = Vec::new();
        for _ in 0..6 {
            let got = if post { ops.post(path, "", &wrong).await } else { ops.get(path, &wrong).await };
            seen.push(got.status);
        }
        assert_eq!(seen, [401, 401, 401, 401, 401, 429], "{path}");
    }
}

#[tokio::test]
async fn an_operator_pauses_and_rebinds_a_telco_and_no_other_site_does() {
    let ops = Ops::new(Some("s3cret"));
    let smsc = SmscName::from("smart");
    let orders = ops.board.orders.follow(&smsc);
    let wanted = || (orders.borrow().paused, orders.borrow().rebinds);
    let pass = pass(&ops.sign_in("s3cret", "same-origin").await);
    let ours = [("sec-fetch-site", "same-origin"), ("cookie", pass.as_str()), ("accept", "text/html")];
    let foreign = [("sec-fetch-site", "cross-site"), ("cookie", pass.as_str())];
    assert_eq!(ops.post("/telcos", "smsc=smart&order=pause", &foreign).await.status, 403);
    assert_eq!(ops.post("/telcos", "smsc=smart&order=pause", &[("sec-fetch-site", "same-origin")]).await.status, 401);
    assert_eq!(wanted(), (false, 0));
    let page = async |path: &str| ops.get(path, &[("cookie", &pass)]).await.body;
    assert!(page("/console?lang=en").await.contains("Pause sending"));

    let done = ops.post("/telcos?lang=en", "smsc=smart&order=pause", &ours).await;
    assert_eq!((done.status, &done.headers["location"]), (303, &"/console?lang=en#telcos".parse().expect("a value")));
    assert_eq!(wanted(), (true, 0));
    let body = page("/console?lang=en").await;
    for words in ["Telcos to which sending is paused: smart", "Paused: no text goes out", "Resume"] {
        assert!(body.contains(words), "{words} is missing in\n{body}");
    }
    assert!(!body.contains("Pause sending"), "{body}");
    assert!(page("/console?lang=km").await.contains("បណ្តាញដែលបានផ្អាកការបញ្ជូនសារ៖ smart"));

    let bearer = [("authorization", "Bearer s3cret")];
    let done = ops.post("/telcos", "smsc=smart&order=rebind", &bearer).await;
    assert_eq!((done.status, done.body.as_str()), (200, r#"{"smsc":"smart","order":"rebind"}"#));
    assert_eq!(wanted(), (true, 1));
    assert_eq!(ops.post("/telcos", "smsc=smart&order=resume", &ours).await.status, 303);
    assert_eq!(wanted(), (false, 1));
    assert_eq!(ops.post("/telcos", "smsc=smart&order=drain", &ours).await.status, 303);
    assert!(orders.borrow().drained);
    assert!(page("/console?lang=km").await.contains("បណ្តាញដែលបានផ្តាច់ដោយប្រតិបត្តិករ៖ smart"));
    assert_eq!(ops.post("/telcos", "smsc=smart&order=resume", &ours).await.status, 303);
    assert!(!orders.borrow().drained);
    for (form, status) in [("smsc=other&order=pause", 404), ("smsc=smart&order=stop", 422), ("order=pause", 400)] {
        assert_eq!(ops.post("/telcos", form, &ours).await.status, status, "{form}");
    }
    assert_eq!(wanted(), (false, 1));
}

#[tokio::test]
async fn the_configuration_is_read_again_when_an_operator_wants_it_and_what_came_of_it_is_told() {
    let ops = Ops::new(Some("s3cret"));
    let bearer = [("authorization", "Bearer s3cret")];
    let foreign = [("sec-fetch-site", "cross-site"), ("authorization", "Bearer s3cret")];
    assert_eq!(ops.post("/reload", "", &bearer).await.status, 404, "there is no file to read");
    let reloads = &ops.board.reloads;
    let mut wanted = reloads.follow();
    for (headers, status) in [(&foreign[..], 403), (&[][..], 401)] {
        assert_eq!(ops.post("/reload", "", headers).await.status, status);
    }
    assert!(!wanted.has_changed().expect("there"), "nobody may order it");
    let at = Still::at_noon().now();
    let outcomes = [
        (
            Ok(Changes { added: vec!["metfone".to_owned()], ..Changes::default() }),
            200,
            "metfone",
            "new telcos: metfone",
        ),
        (Ok(Changes::default()), 200, "taken", "nothing is other than before"),
        (
            Err("chrak.toml: line 3: what is this?".to_owned()),
            409,
            "line 3",
            "nothing was changed, at 12:00:00: chrak.toml",
        ),
    ];
    for (outcome, status, told, shown) in outcomes {
        let answers = async {
            wanted.changed().await.expect("there");
            let times = *wanted.borrow_and_update();
            // what was under way before is not what was asked for
            reloads.done(Reloaded { at, times: times - 1, outcome: Err("of before".to_owned()) });
            tokio::task::yield_now().await;
            reloads.done(Reloaded { at, times, outcome: outcome.clone() });
        };
        let (done, ()) = tokio::join!(ops.post("/reload", "", &bearer), answers);
        assert!(done.status == status && done.body.contains(told), "{} {}", done.status, done.body);
        let page = ops.get("/console?lang=en", &bearer).await.body;
        assert!(page.contains(shown) && page.contains("Read configuration again"), "{shown}: {page}");
    }
}

#[tokio::test]
async fn what_receipts_have_proven_of_ids_is_told() {
    let page = Ops::new(None).get("/console?lang=en", &[]).await.body;
    assert!(page.contains("axiata – delivery receipts write message ids in decimal"), "{page}");
    assert!(!page.contains("in hexadecimal"), "{page}");
}

#[tokio::test]
async fn a_session_is_new_with_each_sign_in_and_over_with_the_sign_out() {
    let ops = Ops::new(Some("s3cret"));
    let first = pass(&ops.sign_in("s3cret", "same-origin").await);
    // somebody else's session, or one's own, that the browser has before it signs in
    let ours = [("sec-fetch-site", "same-origin"), ("cookie", first.as_str())];
    let second = pass(&ops.post("/console/sign-in", "token=s3cret", &ours).await);
    assert_ne!(first, second);
    assert_eq!(ops.get("/console", &[("cookie", &first)]).await.status, 401, "the session before is over");
    let page = ops.get("/console?lang=en", &[("cookie", &second)]).await;
    assert!(page.status == 200 && page.body.contains("Sign out"));
    let planted = [("sec-fetch-site", "same-origin"), ("cookie", "chrak_console=planted")];
    assert_ne!(pass(&ops.post("/console/sign-in", "token=s3cret", &planted).await), "chrak_console=planted");
    assert_eq!(ops.get("/console", &[("cookie", "chrak_console=planted")]).await.status, 401);

    let foreign = [("sec-fetch-site", "cross-site"), ("cookie", second.as_str())];
    assert_eq!(ops.post("/console/sign-out", "", &foreign).await.status, 403);
    assert_eq!(ops.get("/console", &[("cookie", &second)]).await.status, 200);
    let ours = [("sec-fetch-site", "same-origin"), ("cookie", second.as_str())];
    let out = ops.post("/console/sign-out", "", &ours).await;
    assert!(out.status == 303 && out.headers["set-cookie"].to_str().expect("text").contains("Max-Age=0"));
    assert_eq!(ops.get("/console", &[("cookie", &second)]).await.status, 401, "the old cookie is of no use");
}

#[tokio::test]
async fn behind_tls_the_cookie_is_for_tls_and_this_host_only() {
    let ops = Ops::new(Some("s3cret"));
    let tls = [("sec-fetch-site", "same-origin"), ("x-forwarded-proto", "https")];
    let good = ops.post("/console/sign-in", "token=s3cret", &tls).await;
    let cookie = good.headers["set-cookie"].to_str().expect("text");
    for part in ["__Host-chrak-console=", "; Secure", "; HttpOnly", "; SameSite=Strict", "; Path=/"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    let pass = pass(&good);
    assert_eq!(ops.get("/console", &[("cookie", &pass), ("x-forwarded-proto", "https")]).await.status, 200);
    let renamed = pass.replace("__Host-chrak-console", "chrak_console");
    let forged = ops.get("/console", &[("cookie", &renamed), ("x-forwarded-proto", "https")]).await;
    assert_eq!(forged.status, 401, "a cookie that another host of the domain could set");
}

#[tokio::test]
async fn without_a_token_nobody_from_elsewhere_is_let_in_by_a_loopback_name() {
    let ops = Ops::new(None);
    let mut request = HttpRequest::builder().uri("/console").header("host", "127.0.0.1:9090");
    request = request.extension(ConnectInfo(SocketAddr::from(([192, 0, 2, 7], 50_000))));
    assert_eq!(ops.send(request.body(Body::empty()).expect("a request")).await.status, 403);
}

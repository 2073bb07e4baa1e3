//! A portal that is no friend: what it says is shown harmless, refused, or bounded. The shipped program asks it over a
//! socket.
use crate::support::{
    app,
    program::{self, Program},
};
use axum::{
    Json, Router,
    extract::{Path, Query, State},
    http::{StatusCode, Uri},
    routing::{get, post},
};
use chrak::{
    khqr,
    portal::{PortalClient, PortalOptions},
    ports::portal::{Asker, Portal},
    sandbox::telco::Telco,
    text::{links, visible},
    types::{
        civic::{Answer, Query as PortalQuery, ServiceSearch},
        names::Channel,
    },
};
use serde_json::{Value, json};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};

const CODE: &str = "120500260481937";
const NUMBER: &str = "85510000001";
const ACCOUNT: &str = "owso@bank";

/// What a hostile name holds: markup, a link, a turn of direction, controls, marks in a tower.
const HOSTILE: &str = "Pay <script>alert(1)</script> at evil.support or bit.ly/x \u{202E}now\u{2066}\u{0}\u{1B}[2J\u{200B}a\u{301}\u{301}\u{301}\u{301}";

/// What the portal says; a test writes it.
#[derive(Default)]
struct Script {
    payment: Value,
    endless: bool,
    flood: bool,
    asked: HashMap<String, u32>,
}

type Shared = Arc<Mutex<Script>>;

struct Besieged {
    program: Program,
    telco: Telco,
    script: Shared,
    http: String,
    client: reqwest::Client,
    _folder: tempfile::TempDir,
}

fn text(words: &str) -> Value {
    json!({ "km": words, "en": words, "km-Latn": words })
}

fn huge() -> String {
    format!("{HOSTILE}{}", "A".repeat(1_000_000))
}

fn office(id: &str) -> Value {
    json!({
        "id": id, "name": { "km": huge(), "en": HOSTILE }, "division": "1205", "address": text(HOSTILE), "phones": [HOSTILE],
        "services": ["s"], "queue_length": 4_000_000_000_u32,
        "hours": [{ "days": ["mon", "mon"], "open": "25:00", "close": "x" }],
        "closures": [{ "date": "9999-12-31", "reason": text(HOSTILE) }, { "date": "-1", "reason": text("x") }],
    })
}

fn service(id: &str) -> Value {
    json!({
        "id": id, "code": "1001", "name": text(HOSTILE), "purpose": text(HOSTILE), "sensitive": false, "bookable": true,
        "popular": true, "audiences": ["citizen"], "ministry": "moi", "topics": ["t"], "documents": [],
        "fees": [{ "kind": HOSTILE, "amount_khr": 4_000_000_000_u32, "per": HOSTILE, "note": text(HOSTILE) }],
        "steps": [{ "name": text(HOSTILE) }], "legal_basis": [text(HOSTILE)], "max_working_days": 4_000_000_000_u32,
    })
}

fn count(script: &Shared, what: &str) -> u32 {
    let mut script = script.lock().expect("no panic holds it");
    let asked = script.asked.entry(what.to_owned()).or_default();
    *asked += 1;
    *asked
}

async fn list(State(script): State<Shared>, uri: Uri) -> Json<Value> {
    let what = uri.path().trim_start_matches("/v1/").to_owned();
    let asked = count(&script, &what);
    let entry = |id: &str| if what == "offices" { office(id) } else { service(id) };
    if script.lock().expect("no panic holds it").endless {
        let small = |at: u32| {
            json!({ "id": format!("{asked}-{at}"), "code": "1", "name": text("N"), "purpose": text("P"),
            "sensitive": false, "bookable": false, "popular": false, "division": "12", "address": text("A") })
        };
        return Json(json!({ "items": (0..2_000).map(small).collect::<Vec<_>>(), "next_cursor": asked.to_string() }));
    }
    Json(json!({ "items": [entry("s"), { "id": 1 }, null, "x"], "next_cursor": null }))
}

/// A list inside a list inside a list …
async fn deep(State(script): State<Shared>) -> String {
    count(&script, "deep");
    format!("{{\"items\":{}{}}}", "[".repeat(200_000), "]".repeat(200_000))
}

async fn application(State(script): State<Shared>, Path(code): Path<String>) -> Json<Value> {
    count(&script, "application");
    Json(json!({
        "code": code, "service": { "id": "s", "name": text(HOSTILE), "sensitive": false },
        "office": { "id": "o", "name": text(HOSTILE) }, "status": "awaiting_payment",
        "status_at": "2099-12-31T23:59:59+07:00", "disclosure": "verified", "next_action": text(HOSTILE),
        "returned_documents": [{ "name": text(HOSTILE), "reason": text(HOSTILE) }],
        "timeline": [{ "status": "registered", "at": "9998-12-31T00:00:00Z", "comment": text(HOSTILE) }],
        "fee": { "amount_khr": 20000, "paid": false, "bill_number": "http://evil.support/\u{202E}1" },
        "expected_by": "9999-12-31",
    }))
}

async fn one_office(Path(id): Path<String>) -> Json<Value> {
    Json(office(&id))
}

async fn payment(State(script): State<Shared>) -> (StatusCode, Json<Value>) {
    let payment = script.lock().expect("no panic holds it").payment.clone();
    (StatusCode::CREATED, Json(payment))
}

/// A page of a hundred events for one number, without end.
async fn events(State(script): State<Shared>, Query(query): Query<HashMap<String, String>>) -> Json<Value> {
    if !script.lock().expect("no panic holds it").flood {
        return Json(json!({ "items": [], "more": false }));
    }
    count(&script, "events");
    let from: u32 = query.get("after").and_then(|after| after.parse().ok()).unwrap_or(0);
    let event = |id: u32| {
        json!({
            "specversion": "1.0", "id": format!("e-{id}"), "source": "https://portal.example/",
            "time": "2099-01-01T00:00:00Z", "type": "kh.gov.portal.payment.received",
            "data": { "msisdn": format!("+{NUMBER}"), "language": "en", "application_code": CODE, "amount_khr": 20000,
                      "bill_number": "B1", "not_after": "9998-12-31T00:00:00Z" },
        })
    };
    let items: Vec<Value> = (from..from + 100).map(event).collect();
    Json(json!({ "items": items, "next_after": (from + 100).to_string(), "more": true }))
}

/// The hostile portal on a free port.
async fn serve(script: Shared) -> std::net::SocketAddr {
    let routes = Router::new()
        .route("/v1/services", get(list))
        .route("/v1/offices", get(list))
        .route("/v1/offices/{id}", get(one_office))
        .route("/v1/ministries", get(deep))
        .route("/v1/topics", get(deep))
        .route("/v1/applications/{code}", get(application))
        .route("/v1/payments", post(payment))
        .route("/v1/payments/{id}", get(payment))
        .route("/v1/events", get(events))
        .with_state(script);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move { axum::serve(listener, routes).await });
    address
}

impl Besieged {
    async fn start(script: Script) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let script = Arc::new(Mutex::new(script));
        let portal = serve(Arc::clone(&script)).await;
        let folder = tempfile::tempdir().expect("a folder");
        let telco = app::telco().await;
        let path = program::config(folder.path(), telco.addr(), portal, "[push]\nquiet_hours = []\n");
        let config = std::fs::read_to_string(&path).expect("read");
        let config =
            config.replace("pairing = \"off\"", &format!("pairing = \"off\"\nkhqr_accounts = [\"{ACCOUNT}\"]"));
        std::fs::write(&path, config).expect("written");
        let mut program = Program::start(&["serve", "--config", path.to_str().expect("UTF-8")], &[]);
        let ready = program.said("ready http=");
        let http = ready.split("http=").nth(1).and_then(|rest| rest.split_whitespace().next()).expect("an address");
        let http = format!("http://{http}");
        telco.bound().await;
        Besieged { program, telco, script, http, client: program::client(), _folder: folder }
    }

    async fn page(&self, path: &str) -> String {
        let answer = self.client.get(format!("{}{path}", self.http)).send().await.expect("an answer");
        assert_eq!(answer.status(), 200, "{path}");
        answer.text().await.expect("a page")
    }

    async fn press(&self, path: &str, form: &[(&str, &str)]) -> String {
        let answer = self.client.post(format!("{}{path}", self.http)).form(form).send().await.expect("an answer");
        assert_eq!(answer.status(), 200, "{path}");
        answer.text().await.expect("a page")
    }

    fn texts(&self, number: &str) -> Vec<String> {
        self.telco.snapshot().mt.into_iter().filter(|mt| mt.to == number).map(|mt| mt.text).collect()
    }

    async fn answer(&self, number: &str, text: &str) -> String {
        let before = self.texts(number).len();
        self.telco.send_mo(number, "1212", text).expect("taken");
        let found = app::eventually(Duration::from_secs(10), || self.texts(number).into_iter().nth(before));
        found.await.unwrap_or_else(|| panic!("no answer to {number}"))
    }

    async fn stop(mut self) {
        self.program.signal("TERM");
        assert_eq!(self.program.ended(Duration::from_secs(25)).code(), Some(0), "{}", self.program.log);
        self.telco.stop().await;
    }
}

fn harmless(page: &str) {
    assert!(!page.contains("<script>alert") && !page.contains("evil.support") && !page.contains("bit.ly"), "{page}");
    let unseen = page.chars().find(|c| c.is_control() && *c != '\n' || visible::is_unseen(*c));
    assert_eq!(unseen, None, "{page}");
    assert!(!page.contains("a\u{301}\u{301}\u{301}"), "{page}");
    assert!(page.len() < 200_000, "{} octets", page.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_names_are_harmless_in_texts_and_on_pages() {
    let besieged = Besieged::start(Script::default()).await;
    for language in ["K", "R", "E"] {
        besieged.answer(NUMBER, language).await;
        let text = besieged.answer(NUMBER, CODE).await;
        assert!(text.contains("120500-26-048193-7"), "{text}");
        assert!(!links::holds_link(&text), "{text}");
        assert_eq!(visible::shown(&text), text);
        assert!(!text.contains("2099") && !text.contains("/99"), "a time of the portal that lies ahead is now: {text}");
    }
    for path in ["/kiosk/en/services", "/kiosk/km/services", "/kiosk/en/service/1001", "/kiosk/en/office/s"] {
        harmless(&besieged.page(path).await);
    }
    let page = besieged.press("/kiosk/en/check", &[("digits", CODE), ("key", "ok")]).await;
    harmless(&page);
    assert!(page.contains("&#60;script&#62;") || page.contains("&lt;script&gt;"), "{page}");
    assert!(count(&besieged.script, "deep") > 1, "the deep lists were asked for");
    besieged.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_directory_without_end_takes_a_bounded_share() {
    let script = Arc::new(Mutex::new(Script { endless: true, ..Script::default() }));
    let url = format!("http://{}", serve(Arc::clone(&script)).await);
    program::with_tls();
    let options = PortalOptions { url, token: "t".to_owned(), ca_file: None, road: None };
    let client =
        PortalClient::new(options, Arc::default(), Arc::new(chrak::app::clock::SystemClock)).expect("a client");
    let asker = Asker { channel: Channel::Kiosk, number: None, deadline: Duration::from_secs(120), key: None };
    let answer = client.ask(&PortalQuery::Services(ServiceSearch::default()), asker).await;
    let Answer::Services(Ok(found)) = answer else { panic!("the directory is read as far as it goes") };
    assert!(!found.items.is_empty() && found.items.len() <= 500, "{}", found.items.len());
    let asked = script.lock().expect("no panic holds it").asked.clone();
    assert_eq!((asked["services"], asked["offices"]), (10, 10), "ten pages of a thousand entries");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_flood_reaches_nobodys_telephone_whole() {
    let besieged = Besieged::start(Script { flood: true, ..Script::default() }).await;
    let all = app::eventually(Duration::from_secs(90), || (besieged.texts(NUMBER).len() >= 20).then_some(()));
    assert!(all.await.is_some(), "{} of twenty notices", besieged.texts(NUMBER).len());
    let other = besieged.answer("85512000002", CODE).await;
    assert!(other.contains("120500-26-048193-7"), "{other}");
    tokio::time::sleep(Duration::from_secs(4)).await;
    assert_eq!(besieged.texts(NUMBER).len(), 20, "a day's notices to one number");
    besieged.stop().await;
}

/// A payment as the portal tells it; the code says what `in_code` changes.
fn told(amount: u32, bill: &str, minutes: i64, in_code: (&str, u32, &str)) -> Value {
    let now = jiff::Timestamp::now();
    let end = (now + jiff::SignedDuration::from_mins(minutes)).as_second();
    let (account, riel, coded) = in_code;
    let riel = riel.to_string();
    let request = khqr::Request {
        account,
        payee: khqr::Payee::Merchant { id: "120500", bank: "Bank" },
        currency: 116,
        amount: Some(&riel),
        name: "OWSO",
        city: "Phnom Penh",
        category: "9399",
        union_pay: None,
        bill: Some(coded),
        mobile: None,
        store: None,
        terminal: None,
        purpose: None,
        other_language: None,
        expires_ms: Some(end * 1_000),
    };
    let code = khqr::write(&request, end * 1_000 - 600_000).expect("a code");
    json!({ "id": "p-1", "status": "pending", "amount_khr": amount, "bill_number": bill, "khqr": code,
            "expires_at": jiff::Timestamp::from_second(end).expect("a time").to_string() })
}

#[tokio::test(flavor = "multi_thread")]
async fn no_code_is_drawn_of_another_bill_account_amount_or_clock() {
    let besieged = Besieged::start(Script::default()).await;
    let say = |payment: Value| besieged.script.lock().expect("no panic holds it").payment = payment;
    let begin = [("digits", CODE), ("key", "begin")];
    let good = (ACCOUNT, 20_000, "B1");
    say(told(20_000, "B1", 10, good));
    let drawn = besieged.press("/kiosk/en/pay", &begin).await;
    assert!(drawn.contains("aria-label=\"KHQR\""), "{drawn}");
    for (what, payment) in [
        ("another amount", told(20_000, "B1", 10, (ACCOUNT, 90_000, "B1"))),
        ("another bill", told(20_000, "B1", 10, (ACCOUNT, 20_000, "B2"))),
        ("another account", told(20_000, "B1", 10, ("evil@bank", 20_000, "B1"))),
        ("a clock that is hours ahead", told(20_000, "B1", 300, good)),
        ("a clock that is hours behind", told(20_000, "B1", -300, good)),
    ] {
        say(payment);
        let page = besieged.press("/kiosk/en/pay", &begin).await;
        assert!(!page.contains("aria-label=\"KHQR\""), "{what}: {page}");
        harmless(&page);
    }
    // the same payment is not another one a moment later
    let held = drawn.split("name=\"held\" value=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("sealed");
    let look = [("digits", CODE), ("key", "look"), ("held", held)];
    say(told(20_000, "B1", 10, good));
    assert!(besieged.press("/kiosk/en/pay", &look).await.contains("aria-label=\"KHQR\""));
    for other in [told(90_000, "B1", 10, (ACCOUNT, 90_000, "B1")), told(20_000, "B9", 10, (ACCOUNT, 20_000, "B9"))] {
        say(other);
        assert!(!besieged.press("/kiosk/en/pay", &look).await.contains("aria-label=\"KHQR\""));
    }
    besieged.stop().await;
}

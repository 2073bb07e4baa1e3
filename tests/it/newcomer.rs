//! A newcomer's first day with the file that ships and its defaults: the try-out with nothing but its ports moved, then
//! production with the example of the documentation against an SMSC that nobody here wrote.
use crate::{
    api::{ready, signature},
    program::Tryout,
    support::{
        hall::sample,
        peer::Peer,
        program::{Program, client},
        visitor::Visitor,
    },
};
use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use chrak::{
    app::clock::SystemClock,
    ports::clock::Clock,
    sandbox::portal::{Portal, PortalConfig},
};
use serde_json::{Value, json};
use std::time::Duration;

const CODE: &str = "120500-26-048193-7";
const NUMBER: &str = "85510000301";

/// Posts something to the try-out's phone.
async fn phone(tryout: &Tryout, path: &str, body: Value) {
    let post = tryout.client.post(format!("{}/phone/api/{path}", tryout.http)).json(&body);
    let answer = post.send().await.expect("an answer");
    assert!(answer.status().is_success(), "{path}: {}", answer.text().await.unwrap_or_default());
}

/// Asks the phone until it shows what is wanted.
async fn shown<T>(tryout: &Tryout, number: &str, what: &str, wanted: impl Fn(&Value) -> Option<T>) -> T {
    for _ in 0..500 {
        if let Some(found) = wanted(&tryout.phone(number).await) {
            return found;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("the phone does not show {what}: {:#}", tryout.phone(number).await);
}

/// Digits of the one-time code in the last text.
fn one_time_code(phone: &Value) -> Option<String> {
    let mut texts = phone["entries"].as_array()?.iter().filter(|entry| entry["event"] == "text");
    let text = texts.next_back()?["text"].as_str()?.to_owned();
    text.split(|c: char| !c.is_ascii_digit()).find(|digits| digits.len() == 6).map(str::to_owned)
}

/// Has the code for a fee on the screen.
async fn begin_to_pay(http: &str) -> Visitor {
    let due = sample("050144");
    let mut payer = Visitor::new(http, "en");
    payer.go("check").await;
    payer.set("digits", &due.code);
    payer.press("check", "ok").await;
    assert!(payer.page.contains("/pay\""), "no fee to pay: {}", payer.words());
    payer.press("pay", "begin").await;
    assert!(payer.page.contains("aria-label=\"KHQR\""), "no code to pay with: {}", payer.words());
    payer
}

async fn dial(tryout: &Tryout) {
    phone(tryout, "dial", json!({ "from": NUMBER, "code": "*1212#" })).await;
    let screen = |phone: &Value| phone["screen"]["text"].as_str().map(str::to_owned);
    let menu = shown(tryout, NUMBER, "the menu", screen).await;
    assert!(menu.contains("\n1 ") && menu.contains("\n2 "), "{menu}");
    phone(tryout, "answer", json!({ "from": NUMBER, "text": "1" })).await;
    let next = |phone: &Value| screen(phone).filter(|text| *text != menu);
    shown(tryout, NUMBER, "the next screen", next).await;
}

async fn book(tryout: &Tryout) {
    let mut visitor = Visitor::new(&tryout.http, "en");
    visitor.go("appointments").await;
    visitor.press("appointments", "t1").await;
    for _ in 0..12 {
        if visitor.is_good() {
            return;
        }
        if visitor.page.contains("value=\"h1\"") {
            visitor.press("appointments", "h1").await;
            // as a person would dial it
            visitor.set("phone", "010 000 302");
            visitor.press("number", "go").await;
            let code = shown(tryout, "85510000302", "a one-time code", one_time_code).await;
            visitor.set("once", &code);
            visitor.press("number", "try").await;
        }
        assert!(visitor.page.contains("value=\"n1\""), "nothing to choose: {}", visitor.words());
        visitor.press("appointments", "n1").await;
    }
    panic!("never booked: {}", visitor.words());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_tryout_takes_a_text_a_dial_a_booking_a_payment_and_a_complaint() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data").to_str().expect("UTF-8").to_owned();
    let mut tryout = Tryout::start(&data, &[]);
    // the sandbox's bank takes 20 seconds: meanwhile the others
    let mut payer = begin_to_pay(&tryout.http).await;

    let answer = tryout.text(CODE).await;
    assert!(answer["text"].as_str().is_some_and(|text| text.contains(CODE)), "{answer}");
    dial(&tryout).await;
    book(&tryout).await;

    let mut visitor = Visitor::new(&tryout.http, "en");
    visitor.go("complain").await;
    visitor.complain("The queue was long and nobody said why.").await;
    assert!(visitor.is_good(), "not taken: {}", visitor.words());

    for _ in 0..60 {
        payer.press("pay", "look").await;
        if payer.is_good() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    assert!(payer.is_good(), "not paid: {}", payer.words());
    tryout.program.signal("TERM");
    assert_eq!(tryout.program.ended(Duration::from_secs(25)).code(), Some(0), "{}", tryout.program.log);
}

/// The documented example as it stands, with the events by webhook and an agency as its comments say.
fn example(folder: &std::path::Path, secret: &[u8]) -> String {
    let text = include_str!("../../docs/chrak.example.toml");
    let polled = "events = \"poll\"";
    assert!(text.contains(polled), "the example asks for events");
    let hooked = "events = \"webhook\"\nwebhook_secret_files = [\"a.whsec\"]";
    let agency =
        "\n[[agency]]\nname = \"owso-dangkao\"\ntoken_file = \"agency.token\"\nfree_text = true\nper_day = 5000\n";
    let write = |name: &str, text: String| std::fs::write(folder.join(name), text).expect("written");
    write("chrak.toml", text.replacen(polled, hooked, 1) + agency);
    write("portal.token", "token-of-the-portal".to_owned());
    write("agency.token", "token-of-the-agency".to_owned());
    write("a.whsec", format!("whsec_{}", BASE64.encode(secret)));
    folder.join("chrak.toml").to_str().expect("UTF-8").to_owned()
}

/// Sends an agency's message and waits until it is delivered.
async fn agency_sends(http: &str, to: &str) {
    let client = client();
    let body = json!({ "to": to, "text": "Your document is ready", "class": "transactional" });
    let post = client.post(format!("{http}/v1/messages")).bearer_auth("token-of-the-agency").json(&body);
    let answer: Value = post.send().await.expect("an answer").json().await.expect("JSON");
    let id = answer["items"][0]["id"].as_str().unwrap_or_else(|| panic!("not accepted: {answer}")).to_owned();
    let mut message = Value::Null;
    for _ in 0..500 {
        let get = client.get(format!("{http}/v1/messages/{id}")).bearer_auth("token-of-the-agency");
        message = get.send().await.expect("an answer").json().await.expect("JSON");
        if message["status"] == "delivered" {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("no receipt came: {message}");
}

/// The portal tells of a document, signed; at any hour.
async fn portal_tells(http: &str, to: &str, secret: &[u8]) {
    let mut event = ready("evt-newcomer", to);
    event["data"]["urgent"] = json!(true);
    let (body, stamp) = (event.to_string(), (SystemClock.now().0 / 1_000).to_string());
    let post = client()
        .post(format!("{http}/v1/notifications"))
        .header("content-type", "application/cloudevents+json")
        .header("webhook-id", "evt-newcomer")
        .header("webhook-timestamp", &stamp)
        .header("webhook-signature", signature(secret, "evt-newcomer", &stamp, &body))
        .body(body);
    let answer = post.send().await.expect("an answer");
    assert!(answer.status().is_success(), "{}", answer.status());
}

#[tokio::test(flavor = "multi_thread")]
async fn production_with_the_documented_example_serves_an_smsc_nobody_here_wrote() {
    let (folder, secret) = (tempfile::tempdir().expect("a folder"), b"secret-of-the-portal-24-octets");
    let token = Some("token-of-the-portal".to_owned());
    let listen = ([127, 0, 0, 1], 0).into();
    let portal = Portal::start(PortalConfig { listen, token, delay: Duration::ZERO, db: None, stands_at: None });
    let portal = portal.await.expect("the sandbox portal starts");
    let mut node = Peer::node("smsc.mjs", &[]);
    let (smsc, url) = (format!("127.0.0.1:{}", node.port()), format!("http://{}", portal.addr()));
    let config = example(folder.path(), secret);
    // only where it listens and whom it calls; everything else is as documented
    let environment = [
        ("CHRAK__HTTP__LISTEN", "127.0.0.1:0"),
        ("CHRAK__OPS__LISTEN", "127.0.0.1:0"),
        ("CHRAK__PORTAL__URL", &url),
        ("CHRAK__SMSC__0__ADDRESS", &smsc),
    ];
    let mut program = Program::start(&["serve", "--config", &config], &environment);
    let line = program.said("ready http=");
    let http = line.split("http=").nth(1).and_then(|rest| rest.split_whitespace().next()).expect("an address");
    let http = format!("http://{http}");

    node.wait("played", 1);
    assert_eq!(node.wait("bind", 1)[0]["good"], true);
    for resp in node.wait("deliver_sm_resp", 7) {
        assert_eq!(resp["status"], 0, "{resp}");
    }
    let answers = node.wait("submit_sm", 7);
    let first = answers.iter().find(|submit| submit["to"] == "85510000101").expect("an answer");
    assert!(first["text"].as_str().is_some_and(|text| text.contains(CODE)), "{first}");

    agency_sends(&http, "010 000 201").await;
    portal_tells(&http, "+85510000202", secret).await;
    // eight texts were answered, one of them a data_sm
    let submits = node.wait("submit_sm", 10);
    let text = |to: &str| submits.iter().find(|submit| submit["to"] == to).map(|submit| submit["text"].to_string());
    assert!(text("85510000201").is_some_and(|text| text.contains("Your document is ready")), "{submits:#?}");
    assert!(text("85510000202").is_some_and(|text| text.contains("051267")), "{submits:#?}");
    for resp in node.wait("receipt_resp", 10) {
        assert_eq!(resp["status"], 0, "{resp}");
    }
    program.signal("TERM");
    node.wait("unbind", 1);
    assert_eq!(program.ended(Duration::from_secs(25)).code(), Some(0), "{}", program.log);
    portal.stop().await;
}

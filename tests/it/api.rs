//! The machine API over real sockets: a server of its own, a sandbox telco that delivers, a sandbox portal that
//! tells of events.
use crate::support::{
    app,
    program::{self, Program},
};
use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use chrak::sandbox::{
    portal::{Portal, PortalConfig},
    telco::Telco,
};
use chrak::{app::clock::SystemClock, ports::clock::Clock};
use reqwest::{Method, StatusCode};
use ring::hmac;
use serde_json::{Value, json};
use std::time::Duration;

pub const TOKEN: &str = "token-of-the-district-office";
const SECRET: &[u8] = b"secret-secret-secret-secret";
const NUMBER: &str = "+85510000001";

/// A running server with two agencies.
pub struct Served {
    pub program: Program,
    pub telco: Telco,
    pub portal: Portal,
    pub http: String,
    client: reqwest::Client,
    folder: tempfile::TempDir,
}

impl Served {
    /// `push` goes into `[push]`, `events` into `[portal]`.
    pub async fn start(push: &str, events: &str) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let folder = tempfile::tempdir().expect("a folder");
        let config = PortalConfig {
            listen: ([127, 0, 0, 1], 0).into(),
            token: Some("t".into()),
            delay: Duration::ZERO,
            db: None,
            stands_at: None,
        };
        let portal = Portal::start(config).await.expect("the sandbox portal starts");
        let telco = app::telco().await;
        std::fs::write(folder.path().join("a.whsec"), format!("whsec_{}", BASE64.encode(SECRET))).expect("written");
        let path = program::config(folder.path(), telco.addr(), portal.addr(), "");
        let mut text = std::fs::read_to_string(&path).expect("read");
        text = text.replace("[portal]\n", &format!("[portal]\n{events}\n"));
        text.push_str(&format!(
            "\n[push]\n{push}\n[[agency]]\nname = \"district\"\ntoken = \"{TOKEN}\"\nfree_text = true\nper_day = 2000\n\
             [[agency]]\nname = \"small\"\ntoken = \"token-of-a-small-one\"\nper_day = 2\n"
        ));
        std::fs::write(&path, text).expect("written");
        let mut program = Program::start(&["serve", "--config", path.to_str().expect("UTF-8")], &[]);
        let ready = program.said("ready http=");
        let http = ready.split("http=").nth(1).and_then(|rest| rest.split_whitespace().next()).expect("an address");
        let http = format!("http://{http}");
        telco.bound().await;
        let client = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(10)).build().expect("a client");
        Served { program, telco, portal, http, client, folder }
    }

    pub async fn call(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&Value>,
    ) -> (StatusCode, Value) {
        let mut request = self.client.request(method, format!("{}{path}", self.http)).bearer_auth(TOKEN);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        let answer = request.send().await.expect("an answer");
        assert!(answer.headers().contains_key("x-request-id"));
        let status = answer.status();
        let text = answer.text().await.expect("a body");
        (status, if text.is_empty() { Value::Null } else { serde_json::from_str(&text).expect(&text) })
    }

    pub async fn post(&self, path: &str, body: Value) -> (StatusCode, Value) {
        self.call(Method::POST, path, &[], Some(&body)).await
    }

    pub async fn get(&self, path: &str) -> (StatusCode, Value) {
        self.call(Method::GET, path, &[], None).await
    }

    /// The texts that reached a number.
    pub fn texts(&self, number: &str) -> Vec<String> {
        let to = number.trim_start_matches('+');
        self.telco.snapshot().mt.into_iter().filter(|mt| mt.to == to).map(|mt| mt.text).collect()
    }

    pub async fn text(&self, number: &str, count: usize) -> String {
        let found = app::eventually(Duration::from_secs(10), || self.texts(number).into_iter().nth(count - 1));
        found.await.unwrap_or_else(|| panic!("no {count}. text to {number}"))
    }

    /// Asks until a message stands somewhere.
    pub async fn status(&self, id: &str, wanted: &str) -> Value {
        for _ in 0..300 {
            let (status, message) = self.get(&format!("/v1/messages/{id}")).await;
            assert_eq!(status, 200, "{message}");
            if message["status"] == wanted {
                return message;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("{id} never was {wanted}: {}", self.get(&format!("/v1/messages/{id}")).await.1);
    }

    pub async fn notify(&self, event: &Value, age_s: i64, key: &[u8]) -> StatusCode {
        let body = event.to_string();
        let stamp = (SystemClock.now().0 / 1_000 - age_s).to_string();
        let id = event["id"].as_str().expect("an id");
        self.post_signed(&body, id, &stamp, &signature(key, id, &stamp, &body)).await
    }

    pub fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    pub async fn post_signed(&self, body: &str, id: &str, stamp: &str, signature: &str) -> StatusCode {
        let request = self
            .client
            .post(format!("{}/v1/notifications", self.http))
            .header("content-type", "application/cloudevents+json")
            .header("webhook-id", id)
            .header("webhook-timestamp", stamp)
            .header("webhook-signature", signature)
            .body(body.to_owned());
        request.send().await.expect("an answer").status()
    }

    pub async fn stop(mut self) {
        self.program.signal("TERM");
        assert_eq!(self.program.ended(Duration::from_secs(25)).code(), Some(0), "{}", self.program.log);
        self.telco.stop().await;
        self.portal.stop().await;
    }
}

/// The signature of Standard Webhooks.
pub fn signature(key: &[u8], id: &str, stamp: &str, body: &str) -> String {
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), format!("{id}.{stamp}.{body}").as_bytes());
    format!("v1,{}", BASE64.encode(tag.as_ref()))
}

pub fn ready(id: &str, number: &str) -> Value {
    json!({
        "specversion": "1.0", "id": id, "source": "https://portal.example/", "time": "2026-11-23T09:15:00+07:00",
        "type": "kh.gov.portal.document.ready", "datacontenttype": "application/json",
        "data": {
            "msisdn": number, "language": "en", "application_code": "120500260512675",
            "service": { "sensitive": true },
            "office": { "id": "owso-1205", "name": { "km": "ការិយាល័យ", "en": "OWSO Khan Dangkao" },
                        "short": { "km": "ច្រកតែមួយ ដង្កោ", "en": "OWSO Dangkao" } },
            "until": "2027-02-15",
        },
    })
}

pub const NO_QUIET: &str = "quiet_hours = []";

#[tokio::test(flavor = "multi_thread")]
async fn an_agency_sends_and_learns_what_became_of_it() {
    let served = Served::start(NO_QUIET, "").await;
    let body = json!({
        "to": NUMBER, "text": { "km": "ឯកសាររបស់លោកអ្នករួចរាល់ហើយ។", "en": "Your document is ready." },
        "client_reference": "case-1", "class": "notice",
    });
    let (status, answer) = served.post("/v1/messages", body.clone()).await;
    assert_eq!(status, 202, "{answer}");
    let item = &answer["items"][0];
    assert_eq!(
        (&item["status"], &item["segments"], &item["alphabet"]),
        (&json!("accepted"), &json!(1), &json!("ucs2"))
    );
    let id = item["id"].as_str().expect("an id").to_owned();
    assert_eq!(served.text(NUMBER, 1).await, "ឯកសាររបស់លោកអ្នករួចរាល់ហើយ។");
    let message = served.status(&id, "delivered").await;
    assert_eq!(message["to"], "+855******01");
    for time in ["accepted", "queued", "submitted", "delivered"] {
        assert!(message["times"][time].as_str().is_some_and(|at| at.ends_with("+07:00")), "{message}");
    }
    assert_eq!(message["smsc"], "test");

    // the same again is not sent twice, another one under that name is refused
    let (_, again) = served.post("/v1/messages", body.clone()).await;
    assert_eq!((&again["items"][0]["id"], &again["items"][0]["replayed"]), (&json!(id), &json!(true)));
    let mut other = body.clone();
    other["text"] = json!("Something else");
    let (_, refused) = served.post("/v1/messages", other).await;
    assert_eq!(refused["items"][0]["code"], "reference_mismatch");
    let (_, found) = served.get("/v1/messages?client_reference=case-1").await;
    assert_eq!(found["items"].as_array().map(Vec::len), Some(2), "{found}");

    // a key names the whole call
    let key = [("idempotency-key", "0b9d2c54-51f5-4d61-9d0e-6f4f6a1f8a10")];
    let one = json!({ "to": "+85512000002", "text": "Please come tomorrow", "class": "transactional" });
    let (_, first) = served.call(Method::POST, "/v1/messages", &key, Some(&one)).await;
    let (_, second) = served.call(Method::POST, "/v1/messages", &key, Some(&one)).await;
    assert_eq!(first, second);
    let two = json!({ "to": "+85512000002", "text": "Please come today" });
    let (status, problem) = served.call(Method::POST, "/v1/messages", &key, Some(&two)).await;
    assert_eq!((status.as_u16(), &problem["code"]), (422, &json!("idempotency_mismatch")));
    served.text("+85512000002", 1).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!((served.texts(NUMBER).len(), served.texts("+85512000002").len()), (1, 1));
    served.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn items_are_judged_one_by_one() {
    let served = Served::start(NO_QUIET, "").await;
    let far = "2027-12-31T08:00:00+07:00";
    let items = [
        (json!({ "to": "10000001", "text": "x" }), "bad_number"),
        (json!({ "to": "+85523001205", "text": "x" }), "bad_number"),
        (json!({ "to": NUMBER, "text": "see www.example.org" }), "link_not_allowed"),
        (json!({ "to": NUMBER, "text": "ក".repeat(500) }), "too_long"),
        (json!({ "to": NUMBER, "template": "no-such", "values": {} }), "unknown_template"),
        (json!({ "to": NUMBER, "template": "document-ready", "values": { "code": "1" } }), "bad_values"),
        (json!({ "to": NUMBER, "text": "x", "send_at": far }), "bad_send_at"),
    ];
    let messages: Vec<Value> = items.iter().map(|(item, _)| item.clone()).collect();
    let (status, answer) = served.post("/v1/messages", json!({ "messages": messages })).await;
    assert_eq!(status, 202, "{answer}");
    for (item, (_, code)) in answer["items"].as_array().expect("items").iter().zip(&items) {
        assert_eq!((&item["status"], &item["code"]), (&json!("rejected"), &json!(code)), "{item}");
    }
    let id = answer["items"][0]["id"].as_str().expect("an id");
    assert_eq!(served.status(id, "rejected").await["to"], "***");

    // STOP is for notices only
    served.telco.send_mo(NUMBER.trim_start_matches('+'), "1212", "STOP").expect("taken");
    served.text(NUMBER, 1).await;
    let both = json!({ "messages": [
        { "to": NUMBER, "text": "a notice" }, { "to": NUMBER, "text": "a code", "class": "transactional" },
    ] });
    let (_, answer) = served.post("/v1/messages", both).await;
    assert_eq!(answer["items"][0]["code"], "opted_out");
    assert_eq!(answer["items"][1]["status"], "accepted");
    assert_eq!(served.text(NUMBER, 2).await, "a code");

    // a thousand at once
    let many: Vec<Value> = (0..1_000)
        .map(|n| json!({ "to": format!("+8559700{n:04}0"), "text": "hello", "client_reference": format!("r-{n}") }))
        .collect();
    let (status, answer) = served.post("/v1/messages", json!({ "messages": many })).await;
    assert_eq!((status.as_u16(), answer["items"].as_array().map(Vec::len)), (202, Some(1_000)));
    served.text("+855970000000", 1).await;
    served.text("+855970009990", 1).await;
    served.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_read_or_is_not_permitted_is_refused_whole() {
    let served = Served::start(NO_QUIET, "").await;
    for (body, pointer) in [
        (json!({ "text": "x" }), ""),
        (json!({ "to": NUMBER, "text": "x", "secret": 1 }), ""),
        (json!({ "to": NUMBER, "text": "x", "template": "y" }), ""),
        (json!({ "to": NUMBER, "text": "x", "valid_for_s": 1 }), "/valid_for_s"),
        (json!({ "to": NUMBER, "text": "x", "send_at": "tomorrow" }), "/send_at"),
        (json!({ "messages": [] }), "/messages"),
        (json!({ "messages": [{ "to": NUMBER, "text": "" }] }), "/messages/0/text"),
        (json!([]), ""),
    ] {
        let (status, problem) = served.post("/v1/messages", body.clone()).await;
        assert_eq!((status.as_u16(), &problem["code"]), (422, &json!("validation_failed")), "{body} {problem}");
        let named = problem["errors"][0]["name"].as_str().expect("a name");
        assert!(named.starts_with(pointer), "{body} {problem}");
    }
    let url = format!("{}/v1/messages", served.http);
    let post = || served.client.post(&url).header("content-type", "application/json");
    assert_eq!(post().bearer_auth("wrong").body("{}").send().await.expect("answer").status(), 401);
    let nobody = post().body("{}").send().await.expect("answer");
    assert_eq!(nobody.headers()["www-authenticate"], "Bearer");
    assert_eq!(post().bearer_auth(TOKEN).body("{").send().await.expect("answer").status(), 400);
    let huge = vec![b' '; 2 * 1024 * 1024 + 1];
    assert_eq!(post().bearer_auth(TOKEN).body(huge).send().await.expect("answer").status(), 413);
    let text = served.client.post(&url).bearer_auth(TOKEN).body("hello").send().await.expect("answer");
    assert_eq!(text.status(), 415);
    let wrong = served.client.put(&url).bearer_auth(TOKEN).send().await.expect("answer");
    assert_eq!(wrong.status(), 405);
    assert!(wrong.headers().contains_key("allow"), "{:?}", wrong.headers());
    assert_eq!(served.get("/v1/nothing").await.1["code"], "not_found");
    assert_eq!(served.get("/v1/messages/m-unknown").await.0, 404);

    // an agency without free text, and a quota of two
    let small = [("authorization", "Bearer token-of-a-small-one")];
    let free = json!({ "to": NUMBER, "text": "x" });
    let send = |body: Value| {
        let (client, url) = (served.client.clone(), url.clone());
        async move {
            let answer = client.post(url).header(small[0].0, small[0].1).json(&body).send().await.expect("answer");
            (answer.status().as_u16(), answer.headers().get("retry-after").cloned(), answer.json::<Value>().await)
        }
    };
    let (_, _, answer) = send(free).await;
    assert_eq!(answer.expect("JSON")["items"][0]["code"], "free_text_not_allowed");
    let one =
        json!({ "to": NUMBER, "template": "one-time-code", "values": { "code": "482193" }, "class": "transactional" });
    assert_eq!(send(one.clone()).await.0, 202);
    let (status, retry, problem) = send(json!({ "messages": [one.clone(), one.clone()] })).await;
    assert_eq!(status, 429);
    assert!(retry.is_some());
    assert_eq!(problem.expect("JSON")["quota"], json!({ "per_day": 2, "left": 1 }));
    assert_eq!(send(one).await.0, 202);
    served.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_aliases_go_through_the_same_door() {
    let served = Served::start(NO_QUIET, "").await;
    let body = json!({ "body": "Your confirmation code: 482193", "recipient": "85510000001", "label": "owso" });
    let (status, sent) = served.post("/v1/transactional/sms/send", body).await;
    assert_eq!(status, 201, "{sent}");
    assert_eq!(
        (&sent["status"], &sent["body"], &sent["recipient"]),
        (&json!("UNSENT"), &json!("[redacted]"), &json!("+855******01"))
    );
    assert_eq!(served.text(NUMBER, 1).await, "Your confirmation code: 482193");
    let id = sent["id"].as_str().expect("an id");
    served.status(id, "delivered").await;
    let (_, shown) = served.get(&format!("/v1/transactional/sms/{id}")).await;
    assert_eq!((&shown["status"], &shown["credentialsLabel"]), (&json!("DELIVERED"), &json!("owso")));
    assert!(shown["message_id"].is_string() && shown["errored_at"].is_null(), "{shown}");
    let link = json!({ "body": "http://x.kh", "recipient": NUMBER, "label": "owso" });
    let (status, problem) = served.post("/v1/transactional/sms/send", link).await;
    assert_eq!((status.as_u16(), &problem["code"]), (422, &json!("link_not_allowed")));
    assert_eq!(problem["message"], problem["title"]);

    let single = json!({ "recipientInfo": { "phone": "+85512000002" }, "smsContent": { "content": "Hello" } });
    let key = [("apikey", TOKEN), ("authorization", "")];
    let (status, accepted) = served.call(Method::POST, "/send/sms/single", &key, Some(&single)).await;
    assert_eq!(status, 200, "{accepted}");
    assert_eq!(served.text("+85512000002", 1).await, "Hello");
    let list = BASE64.encode(json!([{ "phone": "+85512000003" }, { "phone": "12" }]).to_string());
    let batch = json!({ "recipientInfo": { "batchPhoneAsBase64": list }, "smsContent": { "content": "Closed" } });
    let (status, accepted) = served.post("/send/sms/batch", batch).await;
    assert_eq!(status, 200, "{accepted}");
    served.text("+85512000003", 1).await;
    let request = accepted["requestUid"].as_str().expect("an uid").to_owned();
    let mut counts = Value::Null;
    for _ in 0..100 {
        let uid = [("requestuid", request.as_str())];
        counts = served.call(Method::GET, "/status/sms?status=delivered&status=notSent", &uid, None).await.1;
        if counts == json!({ "delivered": 1, "notSent": 1 }) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(counts, json!({ "delivered": 1, "notSent": 1 }));
    served.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn notices_wait_for_the_morning_and_what_is_urgent_does_not() {
    // quiet all day but for one minute, which the test cannot meet twice
    let served = Served::start("quiet_hours = [\"00:01\", \"00:00\"]", "events = \"poll\"\npoll_s = 1").await;
    let both = json!({ "messages": [
        { "to": NUMBER, "text": "a notice" }, { "to": NUMBER, "text": "a code", "class": "transactional" },
    ] });
    let (_, answer) = served.post("/v1/messages", both).await;
    assert_eq!(served.text(NUMBER, 1).await, "a code");
    let held = served.status(answer["items"][0]["id"].as_str().expect("an id"), "held_quiet_hours").await;
    assert!(held["held_until"].is_string(), "{held}");
    served.portal.tell(&ready("evt-quiet", "+85512345678")).await.expect("told");
    let mut urgent = ready("evt-urgent", "+85512345679");
    urgent["data"]["urgent"] = json!(true);
    served.portal.tell(&urgent).await.expect("told");
    served.text("+85512345679", 1).await;
    assert_eq!((served.texts(NUMBER).len(), served.texts("+85512345678").len()), (1, 0));
    served.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn events_become_texts_once_by_poll() {
    let served = Served::start(NO_QUIET, "events = \"poll\"\npoll_s = 1").await;
    for _ in 0..2 {
        served.portal.tell(&ready("evt-1", NUMBER)).await.expect("told");
    }
    served.portal.tell(&json!({ "garbage": true })).await.expect("told");
    served.portal.tell(&ready("evt-2", "+85512345678")).await.expect("told");
    let text = served.text(NUMBER, 1).await;
    assert_eq!(
        text,
        "120500-26-051267-5 Ready to collect. OWSO Dangkao. Collect by 15 Feb 2027. Please bring your receipt. To end notices send STOP"
    );
    served.text("+85512345678", 1).await;
    // what a number chose goes before what the portal says, and STOP before everything
    served.telco.send_mo(NUMBER.trim_start_matches('+'), "1212", "K").expect("taken");
    served.text(NUMBER, 2).await;
    served.portal.tell(&ready("evt-3", NUMBER)).await.expect("told");
    assert!(served.text(NUMBER, 3).await.contains("រួចរាល់"));
    served.telco.send_mo(NUMBER.trim_start_matches('+'), "1212", "STOP").expect("taken");
    served.text(NUMBER, 4).await;
    served.portal.tell(&ready("evt-4", NUMBER)).await.expect("told");
    served.portal.tell(&ready("evt-5", "+85512345678")).await.expect("told");
    served.text("+85512345678", 2).await;
    assert_eq!((served.texts(NUMBER).len(), served.texts("+85512345678").len()), (4, 2));
    served.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn events_become_texts_once_by_webhook() {
    let served = Served::start(NO_QUIET, "events = \"webhook\"\nwebhook_secret_files = [\"a.whsec\"]").await;
    let event = ready("evt-hook-1", NUMBER);
    assert_eq!(served.notify(&event, 0, b"another secret, another secret").await, 401);
    assert_eq!(served.notify(&event, 301, SECRET).await, 401);
    assert_eq!(served.notify(&event, -301, SECRET).await, 401);
    for _ in 0..3 {
        assert_eq!(served.notify(&event, 5, SECRET).await, 204);
    }
    let unknown = json!({ "specversion": "1.0", "id": "evt-hook-2", "source": "x", "type": "kh.gov.portal.other",
                          "time": "2026-11-23T09:15:00+07:00", "data": {} });
    assert_eq!(served.notify(&unknown, 0, SECRET).await, 204);
    let mut broken = ready("evt-hook-3", NUMBER);
    broken["data"]["msisdn"] = json!("nobody");
    assert_eq!(served.notify(&broken, 0, SECRET).await, 400);
    assert!(served.text(NUMBER, 1).await.starts_with("120500-26-051267-5"));
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(served.texts(NUMBER).len(), 1);
    for (n, (list, status)) in [
        ("v2,AAAA {good}", 204),
        ("{good} v2,AAAA", 204),
        ("v1,AAAA  {good}", 204),
        ("v1,AAAA\t{good}", 204),
        ("v1,%%% v1a,AAAA , v1 {good}", 204),
        (" {good} ", 204),
        ("v2,AAAA", 401),
        ("v1,AAAA", 401),
        ("", 401),
        ("v1;{good}", 401),
    ]
    .into_iter()
    .enumerate()
    {
        let (id, stamp) = (format!("evt-list-{n}"), (SystemClock.now().0 / 1_000).to_string());
        let body = ready(&id, "+85512345670").to_string();
        let good = signature(SECRET, &id, &stamp, &body);
        assert_eq!(served.post_signed(&body, &id, &stamp, &list.replace("{good}", &good)).await, status, "{list}");
    }
    let long = "v1,AAAA ".repeat(126);
    assert_eq!(served.post_signed("{}", "evt-long", "1795400100", &long).await, 400);
    let missing = served.client.post(format!("{}/v1/notifications", served.http)).json(&event).send().await;
    assert_eq!(missing.expect("an answer").status(), 400);
    served.stop().await;
}

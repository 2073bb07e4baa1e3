//! A kiosk's journeys and the portal's events over every way, page by page: what a visitor reads, what the telephone gets and what the portal
//! wrote down are equal, octet by octet. Masked is only what is another each time also straight: sealed parts, names that the
//! portal makes by chance, one-time codes, and what counts down.
use crate::{
    kiosk::sign_ins::{BY_PORTAL, answer, check_of},
    support::{
        forms::Visit,
        hall::{Hall, sample},
        way::{Over, Way},
    },
};
use futures_util::future::join_all;
use regex::Regex;
use serde_json::{Value, json};
use std::time::Duration;

const WAYS: [Over; 3] = [Over::Straight, Over::Sandbox, Over::Python];
const OFFICE: &str = "owso-1205";
const NOBODY: &str = "120500269999990";

/// A visitor of a kiosk whose portal is at the end of some way, and all that was read.
struct Walk {
    hall: Hall,
    way: Way,
    visit: Visit,
    read: Vec<(String, String)>,
}

impl Walk {
    async fn begin(over: Over) -> Self {
        let kiosk = format!("pairing = \"required\"\n{BY_PORTAL}");
        let (hall, way) = Hall::by(over, &kiosk, "").await;
        let (_, cookie) = hall.paired_device(OFFICE).await;
        let visit = Visit::at(&hall, &cookie);
        hall.telco.bound().await;
        let mut walk = Walk { hall, way, visit, read: Vec::new() };
        // the directory is read at the start
        for _ in 0..200 {
            if walk.visit.open("services?tab=all").await.contains("class=\"tile") {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        walk
    }

    async fn open(&mut self, path: &str) {
        let page = self.visit.open(path).await.to_owned();
        self.read.push((format!("{} {path}", self.visit.lang), masked(path, &page)));
    }

    async fn press(&mut self, page: &str, key: &str, changed: &[(&str, &str)]) {
        let shown = self.visit.press(page, key, changed).await.to_owned();
        self.read.push((format!("{} {page} {key}", self.visit.lang), masked(page, &shown)));
    }

    /// A text that came to this number, after `before` others.
    async fn text(&mut self, number: &str, before: usize) {
        let text = self.hall.text_to(number, before).await;
        self.read.push((format!("text to {number}"), without(&text, "[0-9]{8}")));
    }

    async fn prove(&mut self, number: &str) {
        let before = self.hall.texts(number);
        self.press("number", "go", &[("phone", number)]).await;
        let code = self.hall.one_time_code(number, before).await;
        self.press("number", "try", &[("once", &code)]).await;
    }

    async fn directory(&mut self) {
        for path in [
            "home",
            "help",
            "services",
            "services?q=marri",
            "services?q=qqqqqq",
            "services?tab=ministry",
            "services?tab=group",
            "services?about=one-window",
            "services?for=business",
            "service/1001",
            "offices",
            "office/owso-1205",
            "kingdom",
            "holidays",
            "window",
            "page/ombudsman",
            "page/law-18",
            "guide/birth",
            "feedback",
            "complain",
            "appointments",
            "check",
        ] {
            self.open(path).await;
        }
    }

    async fn status(&mut self, number: &str) {
        self.press("check", "ok", &[("digits", "120500260481938")]).await;
        self.press("check", "ok", &[("digits", NOBODY)]).await;
        let returned = sample("047015");
        self.press("check", "ok", &[("digits", &returned.code), ("held", "")]).await;
        self.press("check", "ok", &[("digits", &returned.code), ("pin", "0000")]).await;
        self.press("check", "ok", &[("digits", &returned.code), ("pin", &returned.pin)]).await;
        self.press("send", "begin", &[]).await;
        let before = self.hall.texts(number);
        self.press("send", "go", &[("phone", number)]).await;
        self.text(number, before).await;
        // by the number on file
        let mine = sample("048193");
        self.press("check", "ok", &[("digits", &mine.code), ("pin", ""), ("held", "")]).await;
        self.press("number", "begin", &[]).await;
        self.prove(&mine.contact.replace("+855", "0")).await;
        let due = sample("050144");
        self.press("check", "ok", &[("digits", &due.code), ("pin", &due.pin), ("held", "")]).await;
        self.press("pay", "begin", &[]).await;
        self.press("pay", "look", &[]).await;
        self.hall.portal().decide_payments("paid").await.expect("decided");
        self.press("pay", "look", &[]).await;
    }

    async fn book(&mut self, number: &str) {
        self.open("appointments").await;
        self.press("appointments", "t1", &[]).await;
        // not the first day: on that one it may be too late already to change what is booked
        for key in ["n1", "n2", "h1"] {
            self.press("appointments", key, &[]).await;
        }
        self.prove(number).await;
        let before = self.hall.texts(number);
        self.press("appointments", "n1", &[]).await;
        self.text(number, before).await;
        self.press("appointments", "t3", &[]).await;
        for _ in 0..4 {
            if self.visit.text.contains("class=\"review") {
                break;
            }
            self.press("appointments", "n1", &[]).await;
        }
        self.press("appointments", "n1", &[]).await;
        self.press("appointments", "t2", &[]).await;
        self.press("appointments", "t4", &[]).await;
        self.press("appointments", "n1", &[]).await;
        self.press("appointments", "mine", &[]).await;
    }

    async fn words(&mut self, number: &str) {
        self.open("feedback").await;
        let intent = self.visit.field("intent");
        self.press("feedback", "", &[("rating", "4"), ("intent", &intent)]).await;
        self.press("complain", "s1", &[("held", "")]).await;
        self.press("complain", "call", &[]).await;
        self.press("complain", "called", &[("phone", number)]).await;
        self.press("complain", "send", &[("text", "the counter was closed")]).await;
        self.open("ticket").await;
        self.press("ticket", "any", &[]).await;
    }

    async fn sign_in(&mut self) {
        self.press("mine", "begin", &[("held", "")]).await;
        let check = check_of(&self.visit.text);
        answer(&self.hall, Some(("dara", &check))).await;
        for _ in 0..100 {
            if self.visit.press("mine", "poll", &[]).await.contains("data-ends") {
                break;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        self.press("mine", "list", &[]).await;
        self.press("mine", &format!("o{}", sample("047015").code), &[]).await;
        self.press("mine", "out", &[]).await;
    }

    async fn all(mut self) -> Vec<(String, String)> {
        for (lang, number) in [("km", "010234711"), ("en", "010234712")] {
            self.visit.lang = lang;
            self.directory().await;
            self.status(number).await;
            self.book(number).await;
            self.words(number).await;
            self.sign_in().await;
        }
        let mut booked: Vec<String> = Vec::new();
        for (number, slot) in self.hall.portal().booked().await.expect("the ledger") {
            booked.push(format!("{number} {slot}"));
        }
        self.read.push(("the ledger".to_owned(), booked.join("\n")));
        let (calls, wrong) = self.way.judged();
        assert_eq!(wrong, Vec::<String>::new());
        println!("{calls} calls were judged");
        self.hall.close().await;
        self.read
    }
}

/// The text with what fits this pattern masked.
fn without(text: &str, pattern: &str) -> String {
    Regex::new(pattern).expect("a pattern").replace_all(text, "#").into_owned()
}

/// A page without what is another each time: sealed parts everywhere, and where something is made by chance or counts down the codes to
/// scan, the names, the present time, digits to compare and minutes left.
fn masked(page: &str, text: &str) -> String {
    let mut patterns = vec![r#"name="(held|intent)" value="[^"]*""#, r#" data-ends="[0-9]+""#, r#" id="left">[^<]*"#];
    patterns.extend(match page {
        "appointments" | "complain" => &[r#"<path d="M4 4h7[^"]*""#, "[0-9]{8}"][..],
        "pay" | "ticket" => {
            &[r#"<path d="M4 4h7[^"]*""#, r#" data-until="[^<]*"#, "[0-9០-៩]{1,2}:[0-9០-៩]{2}", "[0-9]{10,}"][..]
        }
        "mine" => &[r#"<path d="M4 4h7[^"]*""#, r#" data-until="[^<]*"#, "</small><b>[0-9]{2}<"][..],
        _ => &[][..],
    });
    patterns.iter().fold(text.to_owned(), |text, pattern| without(&text, pattern))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kiosks_journeys_are_the_same_over_every_way() {
    let mut walks = Vec::new();
    for over in WAYS {
        walks.push(Walk::begin(over).await);
    }
    // side by side, so that a clock on a page says the same
    let all = join_all(walks.into_iter().map(Walk::all)).await;
    let straight = &all[0];
    assert!(straight.len() > 100, "{}", straight.len());
    for (over, read) in WAYS.iter().zip(&all).skip(1) {
        let pairs = straight.iter().zip(read).filter(|(wanted, came)| wanted != came);
        let other: Vec<String> =
            pairs.map(|((step, wanted), (_, came))| format!("{step}: {}", first_difference(wanted, came))).collect();
        assert!(other.is_empty(), "{over:?}: {}", other.join("\n"));
        assert_eq!(read.len(), straight.len());
    }
}

/// Where two texts part, with what stands around it.
fn first_difference(one: &str, other: &str) -> String {
    let at = one.chars().zip(other.chars()).take_while(|(one, other)| one == other).count();
    let around = |text: &str| text.chars().skip(at.saturating_sub(80)).take(200).collect::<String>();
    format!("\n{}\n--\n{}", around(one), around(other))
}

/// Of every kind of event one in each language of its receiver, and one that cannot wait.
fn events() -> Vec<(String, Value)> {
    let office = json!({ "id": "owso-1205", "name": { "km": "ការិយាល័យច្រកចេញចូលតែមួយ ខណ្ឌដង្កោ", "en": "OWSO Khan Dangkao" },
        "short": { "km": "ច្រកតែមួយ ដង្កោ", "en": "OWSO Dangkao" } });
    let service = json!({ "id": "rental-room-licence", "name": { "km": "អាជ្ញាបណ្ណផ្ទះជួល", "en": "Rental-room house licence" }, "sensitive": false });
    let code = sample("051267").code;
    let kinds = [
        (
            "application.status_changed",
            json!({ "application_code": code, "status": "in_review", "service": service, "office": office }),
        ),
        (
            "document.ready",
            json!({ "application_code": code, "service": service, "office": office, "until": "2030-02-15" }),
        ),
        ("payment.received", json!({ "application_code": code, "amount_khr": 40_000, "bill_number": "B-120500-7" })),
        (
            "appointment.reminder",
            json!({ "appointment_reference": "40719359", "office": office, "service": service,
            "start": "2030-11-24T07:30:00+07:00" }),
        ),
    ];
    let mut all = Vec::new();
    for (nth, (kind, data)) in kinds.iter().enumerate() {
        for (at, language) in ["km", "en", "km-Latn"].into_iter().enumerate() {
            let number = format!("855102347{nth}{at}");
            let mut data = data.clone();
            data["msisdn"] = json!(format!("+{number}"));
            data["language"] = json!(language);
            data["urgent"] = json!(at == 1);
            let event = json!({ "specversion": "1.0", "id": format!("evt-{nth}-{at}"), "source": "https://portal.example/",
                "time": jiff::Timestamp::now().to_string(), "type": format!("kh.gov.portal.{kind}"),
                "datacontenttype": "application/json", "data": data });
            all.push((number, event));
        }
    }
    all
}

/// What the telephones get of all events, which come to us by polling, or by the portal's call.
async fn pushed(over: Over, by_call: bool, events: &[(String, Value)]) -> Vec<String> {
    let folder = tempfile::tempdir().expect("a folder");
    let key = b"secret-secret-secret-secret";
    let secret = folder.path().join("a.whsec");
    std::fs::write(&secret, "whsec_c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0").expect("written");
    let more = match by_call {
        true => format!("events = \"webhook\"\nwebhook_secret_files = [{secret:?}]\n"),
        false => "events = \"poll\"\npoll_s = 1\n".to_owned(),
    };
    let (hall, way) = Hall::by(over, "pairing = \"off\"", &more).await;
    hall.telco.bound().await;
    for (_, event) in events {
        if !by_call {
            hall.portal().tell(event).await.expect("told");
            continue;
        }
        let (body, id) = (event.to_string(), event["id"].as_str().expect("an id"));
        let stamp = jiff::Timestamp::now().as_second().to_string();
        let call = crate::support::program::client().post(format!("{}/v1/notifications", hall.http));
        let call = call.header("content-type", "application/cloudevents+json").header("webhook-id", id);
        let call = call.header("webhook-signature", crate::api::signature(key, id, &stamp, &body));
        let call = call.header("webhook-timestamp", stamp).body(body);
        assert_eq!(call.send().await.expect("an answer").status(), 204, "{id}");
    }
    let mut all = Vec::new();
    for (number, _) in events {
        all.push(hall.text_to(&number.replacen("855", "0", 1), 0).await);
    }
    let (calls, wrong) = way.judged();
    assert!(over != Over::Python || by_call || calls > 0, "it was polled through the judge");
    assert_eq!(wrong, Vec::<String>::new());
    hall.close().await;
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn events_become_the_same_texts_over_every_way() {
    let events = events();
    let mut all = Vec::new();
    for by_call in [false, true] {
        all.extend(join_all(WAYS.map(|over| pushed(over, by_call, &events))).await);
    }
    assert!(all[0].len() == 12 && all[0].iter().all(|text| !text.is_empty()), "{all:?}");
    for other in &all[1..] {
        assert_eq!(other, &all[0]);
    }
}

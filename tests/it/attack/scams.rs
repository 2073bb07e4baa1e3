//! Nobody is sent to a scammer by a text of ours: links of every kind, values that are sentences, characters that hide.
use crate::api::{NO_QUIET, Served};
use chrak::{
    text::{links, visible},
    types::gazetteer,
};
use serde_json::{Value, json};
use std::time::Duration;

const NUMBER: &str = "+85510000001";

/// The sixteen kinds that an attacker of the release got delivered.
const DELIVERED_ONCE: [&str; 16] = [
    "Pay at aba-login.bank",
    "See owso-help.support today",
    "Log in at 1.2.3.4/login",
    "Ask telegram.dog/x",
    "Answer sms:1212?body=yes",
    "Go to example。com",
    "Go to example｡com",
    "Go to example．bank",
    "Go to example․com",
    "Go to example·com",
    "សូមចូល ធនាគារ.com",
    "សូមចូល ធនាគារ.ខ្មែរ",
    "Go to owso.xn--p1ai",
    "Go to owso.рф",
    "Open intent://scan/#Intent;end",
    "Open [2001:db8::1]/login",
];

#[tokio::test(flavor = "multi_thread")]
async fn no_kind_of_link_is_delivered_and_honest_texts_are() {
    let served = Served::start(NO_QUIET, "").await;
    let mut texts: Vec<String> = DELIVERED_ONCE.map(str::to_owned).to_vec();
    texts.extend(["example . com", "exam\u{200B}ple.com", "me@owso.gov.kh", "ready.Today"].map(str::to_owned));
    let messages: Vec<Value> = texts.iter().map(|text| json!({ "to": NUMBER, "text": text })).collect();
    let (status, answer) = served.post("/v1/messages", json!({ "messages": messages })).await;
    assert_eq!(status, 202, "{answer}");
    for (item, text) in answer["items"].as_array().expect("items").iter().zip(&texts) {
        assert_eq!(item["code"], "link_not_allowed", "{text}: {item}");
    }
    let honest = [
        "It is ready.Please bring No.5 on 26.11.2026 at 09:30",
        "Tel.012345678, fee 1.200 riel, e.g. by Mr.Kim of Sok Co.Ltd",
        "ឯកសាររួចរាល់ហើយ.សូមមកយក ម៉ោង ៨.៣០",
    ];
    for (count, text) in honest.iter().enumerate() {
        let (_, answer) = served.post("/v1/messages", json!({ "to": NUMBER, "text": text })).await;
        assert_eq!(answer["items"][0]["status"], "accepted", "{answer}");
        assert_eq!(served.text(NUMBER, count + 1).await, *text);
    }
    assert_eq!(served.texts(NUMBER).len(), honest.len());
    served.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sentence_in_the_place_of_a_value_is_refused_by_its_name() {
    let served = Served::start(NO_QUIET, "").await;
    let scam = "CALL 012 345 678 AND PAY";
    let good = json!({ "code": "120500-26-048193-7", "office": "OWSO Dangkao", "amount": "20 000" });
    let come = json!({ "office": "OWSO Dangkao", "day": "24 November", "time": "8:00" });
    for (template, values, name) in [
        ("fee-due", &good, "code"),
        ("fee-due", &good, "office"),
        ("fee-due", &good, "amount"),
        ("come-to-office", &come, "office"),
        ("come-to-office", &come, "day"),
        ("come-to-office", &come, "time"),
    ] {
        for wrong in [scam, "ហៅ ០១២ ៣៤៥ ៦៧៨", "see evil.support", "012345678"] {
            let mut values = values.clone();
            values[name] = json!(wrong);
            let (_, answer) =
                served.post("/v1/messages", json!({ "to": NUMBER, "template": template, "values": values })).await;
            let item = &answer["items"][0];
            assert_eq!((&item["code"], &item["value"]), (&json!("bad_values"), &json!(name)), "{wrong}: {item}");
            let (_, shown) = served.get(&format!("/v1/messages/{}", item["id"].as_str().expect("an id"))).await;
            assert_eq!((&shown["code"], &shown["value"]), (&json!("bad_values"), &json!(name)), "{shown}");
        }
    }
    let once = json!({ "to": NUMBER, "template": "one-time-code", "values": { "code": scam } });
    assert_eq!(served.post("/v1/messages", once).await.1["items"][0]["value"], "code");

    // an office by its id has its name, and one with digits must be the portal's own
    let office = |office: &str| {
        let values = json!({ "office": office, "day": "24/11", "time": "8:00" });
        json!({ "to": NUMBER, "template": "come-to-office", "values": values })
    };
    let (_, answer) = served.post("/v1/messages", office("owso-1205")).await;
    assert_eq!(answer["items"][0]["status"], "accepted", "{answer}");
    let text = served.text(NUMBER, 1).await;
    assert!(text.contains("ដង្កោ") && !text.contains("1205"), "{text}");
    let (_, answer) = served.post("/v1/messages", office("owso-9999")).await;
    assert_eq!(answer["items"][0]["value"], "office", "{answer}");
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(served.texts(NUMBER).len(), 1);
    served.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_character_that_cannot_be_seen_leaves_in_a_text() {
    let served = Served::start(NO_QUIET, "").await;
    let hidden = "Ready\u{202E} at\u{200B} OWSO\u{7}\u{2066}\u{FEFF}\tDangkao\u{E0041}\u{1B}";
    let (_, answer) = served.post("/v1/messages", json!({ "to": NUMBER, "text": hidden })).await;
    let item = &answer["items"][0];
    assert_eq!(
        (&item["status"], &item["segments"], &item["alphabet"]),
        (&json!("accepted"), &json!(1), &json!("gsm7"))
    );
    assert_eq!(served.text(NUMBER, 1).await, "Ready at OWSO Dangkao");
    let (_, answer) = served.post("/v1/messages", json!({ "to": NUMBER, "text": "ប\u{200C}\u{17C9}ី\u{200B}" })).await;
    assert_eq!(answer["items"][0]["status"], "accepted", "{answer}");
    assert_eq!(served.text(NUMBER, 2).await, "ប\u{200C}\u{17C9}ី");
    let nothing = json!({ "to": NUMBER, "text": "\u{200B}\u{202E}" });
    assert_eq!(served.post("/v1/messages", nothing).await.0, 422);
    served.stop().await;
}

/// Every text of a document.
fn strings(value: &Value, into: &mut Vec<String>) {
    match value {
        Value::String(text) => into.push(text.clone()),
        Value::Array(all) => all.iter().for_each(|one| strings(one, into)),
        Value::Object(all) => all.values().for_each(|one| strings(one, into)),
        _ => {}
    }
}

#[test]
fn no_name_of_a_place_an_office_or_a_service_is_taken_for_a_link() {
    let directory: Value =
        serde_json::from_str(include_str!("../../../src/sandbox/portal/directory.json")).expect("JSON");
    let mut names = Vec::new();
    strings(&directory, &mut names);
    names.extend(gazetteer::all().iter().flat_map(|place| [place.name_km.to_owned(), place.name_latin.to_owned()]));
    assert!(names.len() > 4_000, "{}", names.len());
    for name in names {
        assert_eq!(links::without_links(&name), name);
        assert_eq!(visible::shown(&name), name);
    }
}

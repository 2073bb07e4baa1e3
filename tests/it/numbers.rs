//! Telephone numbers at the doors of the program that ships: every prefix of the country in every form in which it is
//! written. The reader itself is tested in `types::msisdn`.
use crate::{
    api::{Served, TOKEN},
    support::{
        app,
        hall::sample,
        program::{self, run},
        visitor::Visitor,
    },
};
use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use chrak::sandbox::portal::{Portal, PortalConfig};
use reqwest::Method;
use serde_json::{Value, json};
use std::{collections::BTreeMap, time::Duration};

/// A national number of each prefix and length of the data file; its last digits count up.
fn nationals() -> Vec<String> {
    let data: Value = serde_json::from_str(include_str!("../data/cambodia-msisdn.json")).expect("the data file");
    let mut all = Vec::new();
    for prefix in data["prefixes"].as_array().expect("prefixes") {
        let head = prefix["prefix"].as_str().expect("a prefix");
        for length in prefix["nsn_lengths"].as_array().expect("lengths") {
            let rest = length.as_u64().expect("a length") as usize - head.len();
            all.push(format!("{head}{:0rest$}", 1_000 + all.len()));
        }
    }
    all
}

/// Abroad is texted too, and one kiosk may text all of them.
const EVERYWHERE: &str = "quiet_hours = []\ncountries = [\"855\", \"66\", \"84\"]\n\
    [limits.one_time_codes_per_kiosk]\nper_10_min = 0\n";

fn khmer(text: &str) -> String {
    let digit = |c: char| c.to_digit(10).and_then(|digit| char::from_u32(0x17E0 + digit)).unwrap_or(c);
    text.chars().map(digit).collect()
}

/// Ways in which a national number is written.
fn forms(national: &str) -> Vec<String> {
    let (head, rest) = national.split_at(2);
    let (middle, tail) = rest.split_at(3);
    vec![
        format!("0{national}"),
        format!("855{national}"),
        format!("+855{national}"),
        format!("00855{national}"),
        format!("0{head} {middle} {tail}"),
        format!("0{head}.{middle}.{tail}"),
        format!("0{head}-{middle}-{tail}"),
        format!("+855 {head} {middle} {tail}"),
        format!("00 855 {head}-{middle}-{tail}"),
        khmer(&format!("0{head} {middle} {tail}")),
        khmer(&format!("+855{national}")),
    ]
}

/// Each prefix once in a form, and one number in all of them: form and what it is.
fn cases() -> Vec<(String, String)> {
    let nationals = nationals();
    assert!(nationals.len() > 40, "the data file is whole");
    let forms_of = |national: &str| -> Vec<(String, String)> {
        forms(national).into_iter().map(|form| (form, format!("855{national}"))).collect()
    };
    let in_turn = nationals.iter().enumerate().map(|(at, national)| {
        let all = forms_of(national);
        all[at % all.len()].clone()
    });
    let mut cases: Vec<_> = in_turn.chain(forms_of("10000001")).collect();
    cases.push(("+66 81 234 5678".to_owned(), "66812345678".to_owned()));
    cases.push(("0084912345678".to_owned(), "84912345678".to_owned()));
    cases
}

/// Waits until as many texts came to each number as were sent.
async fn arrive(served: &Served, cases: &[(String, String)], times: usize) {
    let mut wanted: BTreeMap<&str, usize> = BTreeMap::new();
    for (_, number) in cases {
        *wanted.entry(number).or_default() += times;
    }
    let all = app::eventually(Duration::from_secs(20), || {
        wanted.iter().all(|(number, count)| served.texts(number).len() == *count).then_some(())
    });
    if all.await.is_none() {
        let missing: Vec<_> = wanted.iter().filter(|(number, count)| served.texts(number).len() != **count).collect();
        panic!("not as many texts as were sent: {missing:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agency_may_write_a_number_as_people_do() {
    let served = Served::start(EVERYWHERE, "").await;
    let cases = cases();
    let messages: Vec<Value> =
        cases.iter().map(|(form, _)| json!({ "to": form, "text": "hello", "class": "transactional" })).collect();
    let (status, answer) = served.post("/v1/messages", json!({ "messages": messages })).await;
    assert_eq!(status, 202, "{answer}");
    for ((form, _), item) in cases.iter().zip(answer["items"].as_array().expect("items")) {
        assert_eq!(item["status"], "accepted", "{form}: {item}");
    }
    arrive(&served, &cases, 1).await;

    for (form, _) in &cases {
        let body = json!({ "body": "hello", "recipient": form, "label": "owso" });
        let (status, sent) = served.post("/v1/transactional/sms/send", body).await;
        assert_eq!(status, 201, "NOMSA, {form}: {sent}");
        let body = json!({ "recipientInfo": { "phone": form }, "smsContent": { "content": "hello" } });
        let key = [("apikey", TOKEN), ("authorization", "")];
        let (status, sent) = served.call(Method::POST, "/send/sms/single", &key, Some(&body)).await;
        assert_eq!(status, 200, "GovStack, {form}: {sent}");
    }
    let phones: Vec<Value> = cases.iter().map(|(form, _)| json!({ "phone": form })).collect();
    let list = BASE64.encode(Value::from(phones).to_string());
    let batch = json!({ "recipientInfo": { "batchPhoneAsBase64": list }, "smsContent": { "content": "hello" } });
    let (status, sent) = served.post("/send/sms/batch", batch).await;
    assert_eq!(status, 200, "{sent}");
    arrive(&served, &cases, 4).await;

    // one message, however its number is written and wherever its members stand
    let first = json!({ "to": "+85510000009", "text": "once", "client_reference": "forms" });
    let again = json!({ "client_reference": "forms", "text": "once", "to": "០១០ 000 009" });
    let (_, first) = served.post("/v1/messages", first).await;
    let (_, again) = served.post("/v1/messages", again).await;
    assert_eq!(again["items"][0]["id"], first["items"][0]["id"], "{again}");
    assert_eq!(again["items"][0]["replayed"], true, "{again}");

    // a digit too few, one too many, a landline, and one without its beginning
    for wrong in ["01000000", "0100000011", "+8551000000", "023 001 205", "10000001", "1212", "hello"] {
        let (_, answer) = served.post("/v1/messages", json!({ "to": wrong, "text": "x" })).await;
        assert_eq!(answer["items"][0]["code"], "bad_number", "{wrong}: {answer}");
    }
    served.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_visitor_may_type_a_number_as_people_do() {
    let served = Served::start(EVERYWHERE, "").await;
    let cases: Vec<_> = nationals()
        .iter()
        .enumerate()
        .map(|(at, national)| {
            let all = forms(national);
            (all[at % all.len()].clone(), format!("855{national}"))
        })
        .chain([("+66 81 234 5678".to_owned(), "66812345678".to_owned())])
        .collect();
    for (form, number) in &cases {
        let mut visitor = Visitor::new(&served.http, "km");
        visitor.go("appointments").await;
        visitor.press("appointments", "t2").await;
        visitor.set("phone", form);
        visitor.press("number", "go").await;
        let text = served.text(number, 1).await;
        let code = text.split(|c: char| !c.is_ascii_digit()).find(|digits| digits.len() == 6);
        let code = code.unwrap_or_else(|| panic!("{form}: no code in \"{text}\""));
        visitor.set("once", code);
        visitor.press("number", "try").await;
        assert!(visitor.page.contains("គ្មានការណាត់ទេ"), "{form} is not proven: {}", visitor.words());
    }
    for wrong in ["01000000", "0100000011", "023001205"] {
        let mut visitor = Visitor::new(&served.http, "en");
        visitor.go("appointments").await;
        visitor.press("appointments", "t2").await;
        visitor.set("phone", wrong);
        visitor.press("number", "go").await;
        assert!(visitor.page.contains("not a mobile number"), "{wrong}: {}", visitor.words());
    }
    served.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_an_application_stands_may_be_sent_to_a_number_as_people_type_it() {
    let served = Served::start(EVERYWHERE, "").await;
    let code = sample("050144").code;
    for (form, number) in
        [("010 000 005", "85510000005"), ("០៩៧ ០០០ ០០០៦", "855970000006"), ("+66-81-234.5678", "66812345678")]
    {
        let mut visitor = Visitor::new(&served.http, "en");
        visitor.go("check").await;
        visitor.set("digits", &code);
        visitor.press("check", "ok").await;
        visitor.set("phone", form);
        visitor.press("send", "go").await;
        assert!(visitor.is_good(), "{form}: {}", visitor.words());
        let text = served.text(number, 1).await;
        // it is printed in groups
        assert!(text.replace('-', "").contains(&code), "{form}: {text}");
    }
    served.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_telco_may_write_who_texts_in_its_own_way() {
    let served = Served::start(EVERYWHERE, "").await;
    for (at, national) in nationals().iter().enumerate() {
        let form = [format!("855{national}"), format!("0{national}"), format!("00855{national}")][at % 3].clone();
        served.telco.send_mo(&form, "1212", "HELP").expect("the telco takes it");
        served.text(&format!("855{national}"), 1).await;
    }
    served.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_may_write_a_number_as_people_do() {
    let folder = tempfile::tempdir().expect("a folder");
    let telco = app::telco().await;
    let listen = ([127, 0, 0, 1], 0).into();
    let token = Some("t".to_owned());
    let portal = Portal::start(PortalConfig { listen, token, delay: Duration::ZERO, db: None, stands_at: None });
    let portal = portal.await.expect("the sandbox portal starts");
    let config = program::config(folder.path(), telco.addr(), portal.addr(), "");
    let config = config.to_str().expect("UTF-8");
    let forms = forms("10000001");
    for form in &forms {
        let said = run(&["check", "--config", config, "--bind", "--send", form]);
        assert_eq!(said.code, Some(0), "{form}: {}{}", said.out, said.err);
    }
    let sent = telco.snapshot().mt.iter().filter(|mt| mt.to == "85510000001").count();
    assert_eq!(sent, forms.len(), "texts to the number");
    let said = run(&["check", "--config", config, "--bind", "--send", "1212"]);
    assert_eq!(said.code, Some(2), "{}", said.out);

    // the terminal's phone
    let smsc = telco.addr().to_string();
    for form in &forms {
        let said = run(&["phone", "--smsc", &smsc, "--from", form]);
        assert!(said.out.contains("85510000001 →"), "{form}: {}{}", said.out, said.err);
    }
    telco.stop().await;
    portal.stop().await;
}

//! Texting strangers: through a kiosk, an agency's call or an event, to many numbers, to other countries, and to who
//! refused.
use crate::{
    api::{NO_QUIET, Served, TOKEN, ready},
    support::{
        app::NO_LIMITS,
        desk::Desk,
        forms::Visit,
        hall::{Hall, sample},
        program,
    },
};
use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use chrak::{
    exchange::{Asker, Rules, TextRefusal},
    types::Language,
};
use futures_util::future::join_all;
use serde_json::{Value, json};
use std::time::Duration;

/// Numbers of other countries and of satellites, in the twelve digits that a kiosk's pad takes.
const ABROAD: [&str; 5] = ["447700900123", "12025550123", "881622410555", "870773111632", "66812345678"];

/// Long enough for a text that was accepted to reach the telco.
async fn settle() {
    tokio::time::sleep(Duration::from_millis(800)).await;
}

/// How many texts reached the telco, to whomever.
fn texts(hall: &Hall) -> usize {
    hall.telco.snapshot().mt.len()
}

#[tokio::test(flavor = "multi_thread")]
async fn one_kiosk_texts_six_of_a_hundred_strangers_also_at_once_and_over_a_restart() {
    let mut hall = Hall::open().await;
    let ask = async |from: usize| {
        let mut visit = Visit::new(&hall);
        for nth in from..from + 5 {
            visit.ask_code(&format!("0974{nth:05}")).await;
        }
        visit.text
    };
    let pages = join_all((0..20).map(|nth| ask(nth * 5))).await;
    settle().await;
    assert_eq!(texts(&hall), 6, "6 of 100 strangers are texted");
    let told = pages.iter().filter(|page| page.contains("No text can be sent now") && page.contains("10 minutes"));
    assert!(told.count() >= 19, "{}", pages[0]);
    // "send to my phone" is no way around it, in no language, and a new start of the server neither
    hall.go_away();
    hall.come_back();
    let mut visit = Visit::new(&hall);
    visit.lang = "km";
    visit.press("check", "ok", &[("digits", &sample("051267").code)]).await;
    visit.press("send", "begin", &[]).await;
    let page = visit.press("send", "go", &[("phone", "097500001")]).await;
    assert!(page.contains("មិនអាចផ្ញើសារបានទេ") && page.contains("នាទី"), "{page}");
    settle().await;
    assert_eq!(texts(&hall), 6);
    hall.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn all_kiosks_together_text_so_many_an_hour_and_no_more() {
    let limits = "pairing = \"off\"\n[limits]\none_time_codes_per_kiosk = { per_10_min = 0 }\n\
        one_time_codes_global_per_hour = 10";
    let hall = Hall::with(limits).await;
    let ask = async |nth: usize| {
        Visit::new(&hall).ask_code(&format!("0974{nth:05}")).await;
    };
    join_all((0..50).map(ask)).await;
    settle().await;
    assert_eq!(texts(&hall), 10);
    hall.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kiosk_texts_no_number_abroad_and_says_so_in_both_languages() {
    let hall = Hall::open().await;
    for (lang, told) in [("en", "We do not text numbers of that country"), ("km", "មិនអាចផ្ញើសារទៅប្រទេសនោះបានទេ")]
    {
        for number in ABROAD {
            let mut visit = Visit::new(&hall);
            visit.lang = lang;
            assert!(visit.ask_code(number).await.contains(told), "{number}: {}", visit.text);
            visit.press("check", "ok", &[("digits", &sample("051267").code)]).await;
            visit.press("send", "begin", &[]).await;
            assert!(visit.press("send", "go", &[("phone", number)]).await.contains(told), "{number}");
        }
    }
    settle().await;
    assert_eq!(texts(&hall), 0);
    // and what was refused took no place
    assert!(Visit::new(&hall).ask_code("010234561").await.contains("Enter the code from the text"));
    hall.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn agencies_and_events_text_no_number_abroad() {
    let served = Served::start(NO_QUIET, "events = \"poll\"\npoll_s = 1").await;
    let client = program::client();
    let post = |path: &str, body: Value| {
        let sent = client.post(format!("{}{path}", served.http)).bearer_auth(TOKEN).json(&body).send();
        async move {
            let answer = sent.await.expect("an answer");
            (answer.status().as_u16(), answer.json::<Value>().await.expect("JSON"))
        }
    };
    let number = |nth: usize| format!("+{}", ABROAD[nth]);
    let mut all: Vec<Value> =
        (0..ABROAD.len()).map(|nth| json!({ "to": number(nth), "text": "hello", "class": "transactional" })).collect();
    all.push(json!({ "to": "+85510000001", "text": "hello", "class": "transactional" }));
    let (status, answer) = post("/v1/messages", json!({ "messages": all })).await;
    assert_eq!(status, 202, "{answer}");
    let items = answer["items"].as_array().expect("items");
    for item in &items[..ABROAD.len()] {
        assert_eq!((&item["status"], &item["code"]), (&json!("rejected"), &json!("country_not_allowed")), "{item}");
    }
    assert_eq!(items[ABROAD.len()]["status"], "accepted", "the others are not stopped by them");

    let nomsa = json!({ "body": "hello", "recipient": number(0), "label": "owso" });
    let (status, problem) = post("/v1/transactional/sms/send", nomsa).await;
    assert_eq!((status, &problem["code"]), (422, &json!("country_not_allowed")), "{problem}");
    let single = json!({ "recipientInfo": { "phone": number(1) }, "smsContent": { "content": "hello" } });
    let (status, problem) = post("/send/sms/single", single).await;
    assert_eq!((status, &problem["code"]), (422, &json!("country_not_allowed")), "{problem}");
    let phones = BASE64.encode(json!([{ "phone": number(2) }]).to_string());
    let batch = json!({ "recipientInfo": { "batchPhoneAsBase64": phones }, "smsContent": { "content": "hello" } });
    assert_eq!(post("/send/sms/batch", batch).await.0, 200);

    served.portal.tell(&ready("evt-abroad", &number(4))).await.expect("told");
    served.portal.tell(&ready("evt-here", "+85512345678")).await.expect("told");
    served.text("+85512345678", 1).await;
    served.text("+85510000001", 1).await;
    settle().await;
    let to: Vec<String> = served.telco.snapshot().mt.into_iter().map(|mt| mt.to).collect();
    assert!(to.iter().all(|to| to.starts_with("855")), "{to:?}");
    served.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_sent_stop_gets_what_it_asks_for_and_after_another_stop_no_more_for_a_day() {
    let hall = Hall::open().await;
    let (number, dialled) = ("85510234561", "010234561");
    hall.telco.send_mo(number, "1212", "STOP").expect("taken");
    hall.text_to(dialled, 0).await;
    assert!(Visit::new(&hall).ask_code(dialled).await.contains("Enter the code from the text"));
    let text = hall.text_to(dialled, 1).await;
    assert!(text.contains("Not you? Ignore this. STOP ends these texts"), "{text}");
    // a stranger's number: its owner refuses
    hall.telco.send_mo(number, "1212", "STOP").expect("taken");
    hall.text_to(dialled, 2).await;
    let refused = Visit::new(&hall).ask_code(dialled).await.to_owned();
    assert!(refused.contains("No text can be sent now") && refused.contains("24 hours"), "{refused}");
    assert!(!refused.to_lowercase().contains("stop"), "what its owner did is nobody's business");
    settle().await;
    assert_eq!(hall.texts(dialled), 3);
    assert!(
        Visit::new(&hall).ask_code("010234562").await.contains("Enter the code from the text"),
        "others are served"
    );
    hall.close().await;
}

const RULES: Rules = Rules { codes_kiosk: 6, codes_hour: 3, codes_day: 6, codes_hour_all: 2_000, ..NO_LIMITS };

#[tokio::test(flavor = "multi_thread")]
async fn the_wait_is_told_and_grows_with_the_limit_that_is_full() {
    let desk = Desk::open(RULES, Language::En).await;
    let ask = |device: &str, number: &str| {
        let (exchange, device, number) = (desk.exchange.clone(), device.to_owned(), number.to_owned());
        async move { exchange.kiosks.send_code(Asker::at(&device), &number, Language::En).await.map(|_| ()) }
    };
    // six from a kiosk, then ten minutes less what has passed
    for nth in 0..6 {
        assert_eq!(ask("k-1", &format!("01023456{nth}")).await, Ok(()));
    }
    desk.clock.pass(150);
    assert_eq!(ask("k-1", "010234567").await, Err(TextRefusal::TooMany(8)));
    assert_eq!(ask("k-2", "010234567").await, Ok(()), "another kiosk goes on");
    desk.clock.pass(450);
    assert_eq!(ask("k-1", "010234567").await, Ok(()));
    // three to a number in an hour, six in a day, from whichever kiosk
    assert_eq!(ask("k-3", "010234567").await, Ok(()));
    assert_eq!(ask("k-4", "010234567").await, Err(TextRefusal::TooMany(53)));
    desk.clock.pass(3_600);
    for _ in 0..3 {
        assert_eq!(ask("k-5", "010234567").await, Ok(()));
    }
    let Err(TextRefusal::TooMany(wait)) = ask("k-6", "010234567").await else { panic!("the day is full") };
    assert!(wait > 22 * 60 && wait <= 24 * 60, "{wait}");
    // a refusal counts nowhere, and the day ends
    desk.clock.pass(i64::from(wait) * 60);
    assert_eq!(ask("k-6", "010234567").await, Ok(()));
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_closes_a_number_for_a_day_only_after_a_code() {
    let mut desk = Desk::open(RULES, Language::En).await;
    let ask = |desk: &Desk, number: &'static str| {
        let exchange = desk.exchange.clone();
        async move { exchange.kiosks.send_code(Asker::at("k-1"), number, Language::En).await.map(|_| ()) }
    };
    desk.send("85510234561", "STOP").await;
    assert_eq!(ask(&desk, "010234561").await, Ok(()), "a STOP before it is about notices");
    desk.send("85510234561", "STOP").await;
    desk.clock.pass(3_600);
    assert_eq!(ask(&desk, "010234561").await, Err(TextRefusal::TooMany(23 * 60)));
    desk.clock.pass(23 * 3_600);
    assert_eq!(ask(&desk, "010234561").await, Ok(()));
    desk.close().await;
}

//! Honest people meet no limit: a commune with one busy kiosk and its telephones, and a ministry's batch.
use crate::support::{
    app::USUAL,
    desk::Desk,
    hall::sample,
    program::{client, client_builder},
    whole::{AGENCY, Whole},
};
use chrak::{
    dialogue::{Choice, Input, View},
    exchange::{CodeTried, Visit},
    ports::clock::Clock,
    sandbox::portal::sample_applications,
    types::{Language, Pin, code::damm},
};
use futures_util::{StreamExt, stream};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

const KIOSK: &str = "k-commune";
const VISITS: u64 = 400;
const TEXTS: u64 = 100;
/// From half past seven to half past five.
const OPEN_S: f64 = 36_000.0;

/// How long a visitor takes, in seconds: for a code, a PIN, a text to a telephone, and a one-time code on it.
const LOOKS_UP: i64 = 25;
const TYPES_PIN: i64 = 15;
const SENDS: i64 = 35;
const PROVES: i64 = 70;

/// Days that are lived through; `CHRAK_DAYS=20` for a month of work.
fn days() -> u64 {
    std::env::var("CHRAK_DAYS").ok().map_or(2, |text| text.parse().expect("a number"))
}

/// The same days in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as f64 / (1_u64 << 31) as f64
    }

    fn one_in(&mut self, share: f64) -> bool {
        self.roll() < 1.0 / share
    }

    fn below(&mut self, count: usize) -> usize {
        (self.roll() * count as f64) as usize
    }
}

/// How near it came to each limit.
#[derive(Debug, Default, PartialEq, Eq)]
struct Figures {
    refused: Vec<String>,
    kiosk_fails: u32,
    kiosk_texts: u32,
    all_texts: u32,
}

struct Commune {
    desk: Desk,
    dice: Dice,
    figures: Figures,
    /// Citizens who came; each has a telephone.
    came: u64,
}

impl Commune {
    /// The code on somebody's paper and its PIN. One paper in thirty is of another year and not there.
    fn paper(&mut self) -> (String, String) {
        if self.dice.one_in(30.0) {
            let body = format!("12050026{:06}", 600_000 + self.came);
            return (format!("{body}{}", damm(&body).expect("digits")), "1234".to_owned());
        }
        let all = sample_applications();
        let one = &all[self.dice.below(all.len())];
        (one.code.clone(), one.pin.clone())
    }

    /// As a hurried hand types it: one digit in one code of twelve is another.
    fn typed(&mut self, code: &str) -> String {
        if !self.dice.one_in(12.0) {
            return code.to_owned();
        }
        let at = self.dice.below(code.len());
        let wrong = |(nth, digit): (usize, char)| {
            if nth == at { char::from(b'0' + (digit as u8 - b'0' + 1) % 10) } else { digit }
        };
        code.chars().enumerate().map(wrong).collect()
    }

    async fn look_up(&mut self, code: &str, pin: Option<&str>) -> View {
        let visit = Visit {
            dialogue: None,
            input: Input::Choice(Choice::Code { typed: code.to_owned(), pin: pin.and_then(Pin::parse) }),
            language: Language::Km,
            number: None,
            device: KIOSK.to_owned(),
            visit: None,
            cause: None,
            deadline: Duration::from_secs(5),
        };
        let view = self.desk.exchange.conversation.converse(visit).await.1;
        if matches!(view, View::SlowDown | View::Wait { .. } | View::AddPin { .. }) {
            self.figures.refused.push(format!("{code} at the kiosk: {view:?}"));
        }
        view
    }

    /// Somebody at the kiosk, until the next one stands there.
    async fn visit(&mut self) {
        self.came += 1;
        let (code, pin) = self.paper();
        let typed = self.typed(&code);
        let mut view = self.look_up(&typed, None).await;
        self.desk.clock.pass(LOOKS_UP);
        if typed != code {
            self.desk.clock.pass(TYPES_PIN);
            view = self.look_up(&code, None).await;
        }
        if self.dice.one_in(8.0) {
            // with the PIN, which one in ten mistypes
            if self.dice.one_in(10.0) {
                self.look_up(&code, Some("0000")).await;
            }
            self.desk.clock.pass(TYPES_PIN);
            view = self.look_up(&code, Some(&pin)).await;
        }
        // one visit in ten asks for a text
        if self.dice.one_in(20.0) {
            self.prove_number().await;
        } else if self.dice.one_in(20.0) && !matches!(view, View::Unknown { .. }) {
            let (number, intent) = (self.telephone(), uuid::Uuid::from_u128(u128::from(self.came)));
            let sent = self.desk.exchange.kiosks.phones.send_view(KIOSK, &number, &view, Language::Km, intent).await;
            if let Err(why) = sent {
                return self.note("a text to a telephone", Some(format!("{why:?}")));
            }
            self.texted().await;
            self.desk.clock.pass(SENDS);
        }
        self.measure().await;
    }

    fn telephone(&self) -> String {
        format!("0974{:05}", self.came)
    }

    /// A one-time code, which one in ten mistypes at first.
    async fn prove_number(&mut self) {
        let number = self.telephone();
        let sent = self.desk.exchange.kiosks.send_code(KIOSK, &number, Language::En).await;
        let Ok((number, name)) = sent else {
            return self.note("a one-time code", Some(format!("{sent:?}")));
        };
        self.desk.clock.pass(PROVES);
        let text = self.texted().await;
        let digits = text.split(|c: char| !c.is_ascii_digit()).find(|digits| digits.len() == 6);
        let code = digits.unwrap_or_else(|| panic!("no code in \"{text}\"")).to_owned();
        if self.dice.one_in(10.0) {
            assert_eq!(self.desk.exchange.kiosks.try_code(&name, number, "x").await, CodeTried::Wrong);
        }
        assert_eq!(self.desk.exchange.kiosks.try_code(&name, number, &code).await, CodeTried::Right, "{text}");
    }

    /// The text that was asked for.
    async fn texted(&mut self) -> String {
        for _ in 0..100 {
            let texts = self.desk.answers().await;
            if !texts.is_empty() {
                return texts.concat();
            }
        }
        panic!("no text came");
    }

    fn note(&mut self, what: &str, refused: Option<String>) {
        self.figures.refused.extend(refused.map(|why| format!("{what}: {why}")));
    }

    fn now(&self) -> i64 {
        self.desk.clock.now().0 / 1_000
    }

    async fn measure(&mut self) {
        let names = ["kiosk-fails:k-commune", "codes-kiosk:k-commune", "codes-all"].map(str::to_owned).to_vec();
        let now = self.desk.clock.now();
        let counts = self.desk.store.tallied(names, now).await.expect("counts");
        let most = &mut self.figures;
        most.kiosk_fails = most.kiosk_fails.max(counts[0]);
        most.kiosk_texts = most.kiosk_texts.max(counts[1]);
        most.all_texts = most.all_texts.max(counts[2]);
    }

    /// Somebody at home asks by text: the code, again when it was mistyped, and once more two hours later.
    async fn text(&mut self, nth: u64) {
        let (code, _) = self.paper();
        let typed = self.typed(&code);
        let number = format!("85510{:06}", 100_000 + nth);
        let again = (typed != code).then(|| code.clone());
        for text in [Some(typed), again, self.dice.one_in(4.0).then_some(code)].into_iter().flatten() {
            let answers = self.desk.send(&number, &text).await;
            let told: Vec<&String> = answers.iter().filter(|text| !text.starts_with('(')).collect();
            let paused = told.is_empty()
                || told.iter().any(|text| text.contains("wait a while") || text.contains("together with the PIN"));
            self.note("a text", paused.then(|| format!("{text}: {answers:?}")));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commune_with_four_hundred_visits_and_a_hundred_texts_a_day_meets_no_limit() {
    let desk = Desk::open(USUAL, Language::En).await;
    let mut here = Commune { desk, dice: Dice(20_261_123), figures: Figures::default(), came: 0 };
    for day in 0..days() {
        let (opened, mut comes) = (here.now(), 0.0);
        for visit in 0..VISITS {
            // a quarter of them in the first hour; who comes while another stands there waits
            let mean = if visit < VISITS / 4 { 36.0 } else { (OPEN_S - 3_600.0) / (VISITS as f64 * 0.75) };
            comes -= mean * (1.0 - here.dice.roll()).ln();
            here.desk.clock.pass((comes as i64 - (here.now() - opened)).max(5));
            here.visit().await;
            if visit % (VISITS / TEXTS) == 0 {
                here.text(day * VISITS + visit).await;
            }
        }
        here.desk.clock.pass(14 * 3_600);
    }
    let most = &here.figures;
    println!(
        "{} visits, {} texts; at most {} of {} failures and {} of {} texts of a kiosk in ten minutes, {} of {} texts of all in an hour",
        days() * VISITS,
        days() * TEXTS,
        most.kiosk_fails,
        USUAL.fails_kiosk,
        most.kiosk_texts,
        USUAL.codes_kiosk,
        most.all_texts,
        USUAL.codes_hour_all,
    );
    assert_eq!(most.refused, Vec::<String>::new());
    assert!(most.kiosk_fails > 0 && most.kiosk_texts > 0, "the days were days: {most:?}");
    here.desk.close().await;
}

/// Pages of a usual visit, and what is sent with them.
async fn usual_visit(served: &Whole, client: &reqwest::Client, lang: &str) -> Vec<u16> {
    let at = |page: &str| format!("{}/kiosk{page}", served.pages.at);
    let code = sample("051267").code;
    let form = [("digits", code.as_str()), ("at", ""), ("key", "ok")];
    let mut statuses = Vec::new();
    for page in [String::new(), format!("/{lang}/home"), format!("/{lang}/check")] {
        statuses.push(client.get(at(&page)).header("cookie", &served.kiosk).send().await);
    }
    statuses.push(client.post(at(&format!("/{lang}/check"))).header("cookie", &served.kiosk).form(&form).send().await);
    statuses.push(client.get(at("")).header("cookie", &served.kiosk).send().await);
    statuses.into_iter().map(|answer| answer.map_or(0, |answer| answer.status().as_u16())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_days_visits_in_a_few_seconds_are_all_served() {
    let served = Whole::start("").await;
    let (begun, client) = (Instant::now(), client());
    let visits =
        stream::iter(0..VISITS).map(|nth| usual_visit(&served, &client, if nth % 4 == 0 { "en" } else { "km" }));
    let statuses: Vec<Vec<u16>> = visits.buffer_unordered(8).collect().await;
    let requests: usize = statuses.iter().map(Vec::len).sum();
    println!("{VISITS} visits, {requests} requests in {:?}", begun.elapsed());
    let other: Vec<_> = statuses.iter().flatten().filter(|status| **status != 200).collect();
    assert!(other.is_empty(), "{other:?}");
    served.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ministrys_batch_of_five_thousand_is_taken_whole_and_sent() {
    // the telco's own rate is no limit of ours
    let served = Whole::start("max_tps = 0\n").await;
    // on a busy machine a thousand take their time
    let patient = client_builder().timeout(Duration::from_secs(60)).build().expect("a client");
    let begun = Instant::now();
    for call in 0..5 {
        let one = |nth: u32| {
            json!({ "to": format!("+85597{:07}", call * 1_000 + nth), "class": "transactional", "template": "document-ready",
                "client_reference": format!("case-{call}-{nth}"),
                "values": { "code": sample("051267").code, "office": "owso-1205" } })
        };
        let body = json!({ "messages": (0..1_000).map(one).collect::<Vec<Value>>() });
        let post = patient.post(format!("{}/v1/messages", served.pages.at)).bearer_auth(AGENCY).json(&body);
        let answer = post.send().await.expect("an answer");
        let (status, answer) = (answer.status(), answer.json::<Value>().await.expect("JSON"));
        assert_eq!(status, 202, "{answer}");
        let items = answer["items"].as_array().expect("items");
        let refused: Vec<&Value> = items.iter().filter(|item| item["status"] == "rejected").collect();
        assert!(items.len() == 1_000 && refused.is_empty(), "{refused:?}");
    }
    let taken = begun.elapsed();
    let sent = crate::support::app::eventually(Duration::from_secs(90), || {
        (served.telco.counters().mt >= 5_000).then_some(())
    });
    assert!(sent.await.is_some(), "{} of 5000 were sent", served.telco.counters().mt);
    println!("5000 messages taken in {taken:?}, sent in {:?}", begun.elapsed());
    // the quota of a day is used up by it, and that is said
    let body = json!({ "to": "+85510000001", "class": "transactional", "template": "document-ready",
        "values": { "code": sample("051267").code, "office": "owso-1205" } });
    let post = client().post(format!("{}/v1/messages", served.pages.at)).bearer_auth(AGENCY).json(&body);
    assert_eq!(post.send().await.expect("an answer").status(), 429);
    served.stop().await;
}

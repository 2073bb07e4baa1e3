//! Kiosks against a store in memory, in virtual time: heartbeats, whose number was typed, and what is sent to telephones.
use super::*;
use crate::{
    dialogue::View,
    exchange::Rules,
    exchange::testing::{Bench, Fails, MoAt, NUMBER, change_telco, jump, number, pass, settings, settled},
    ports::{
        StoreFault,
        citizens::CitizenRecord,
        kiosks::{Heartbeat, Kiosk},
    },
    types::{
        Language, Msisdn,
        civic::{Answer, PortalFault},
    },
};

const MINUTE: Duration = Duration::from_secs(60);
/// As people type it.
const TYPED: &str = "012 345 678";

fn bench(rules: Rules) -> Bench {
    Bench::with(crate::exchange::Settings { rules, ..settings() }, |_| Answer::Offices(Err(PortalFault::Away)))
}

/// Pairs a device that has this token.
fn paired(bench: &Bench, token: &str, id: &str) {
    let kiosk = Kiosk {
        id: id.to_owned(),
        office: "owso-1205".to_owned(),
        profile: "standing".to_owned(),
        paired_at: bench.now(),
        revoked_at: None,
        closed: None,
        message: None,
        volume: None,
        language: None,
        heartbeat: None,
        fresh: false,
    };
    bench.store.put_kiosk(devices::hash(token), kiosk);
}

fn beat(page: &str) -> Heartbeat {
    Heartbeat { page: page.to_owned(), ..Heartbeat::default() }
}

/// The one-time codes that were texted, oldest first.
fn codes(bench: &Bench) -> Vec<String> {
    let words = bench.answers();
    let code = |text: &String| text.split(": ").nth(1).and_then(|rest| rest.get(..6)).map(str::to_owned);
    words.iter().filter(|text| text.starts_with("Your confirmation code")).filter_map(code).collect()
}

#[tokio::test(start_paused = true)]
async fn what_devices_say_is_seen_at_once_and_written_together_later() {
    let bench = bench(Rules::default()).started().await;
    let kiosks = &bench.exchange.kiosks;
    for (token, id) in [("one", "k-1"), ("two", "k-2")] {
        paired(&bench, token, id);
    }
    settled().await;
    for (token, page) in [("one", "home"), ("two", "map"), ("one", "pay")] {
        assert!(kiosks.heartbeat(token, beat(page), Vec::new()).await.expect("stored").is_some());
    }
    assert_eq!(kiosks.heartbeat("nobody", beat("home"), Vec::new()).await, Ok(None));
    let mut shown: Vec<_> = kiosks.all().await.expect("read").into_iter().map(|one| one.heartbeat).collect();
    shown.sort_by_key(|heartbeat| heartbeat.as_ref().map(|heartbeat| heartbeat.page.clone()));
    let pages: Vec<_> = shown.into_iter().flatten().map(|heartbeat| heartbeat.page).collect();
    assert_eq!((pages, bench.store.kept().len()), (vec!["map".to_owned(), "pay".to_owned()], 0));
    bench.store.fail("keep_heartbeats", [Fails::Before(StoreFault::Busy)]);
    pass(Duration::from_secs(31)).await;
    assert!(bench.store.kept().is_empty(), "the first commit fails");
    pass(Duration::from_secs(60)).await;
    let kept = bench.store.kept();
    assert_eq!(kept.len(), 1, "one commit for all of them, and none for nothing");
    let mut kept: Vec<_> = kept[0].iter().map(|(id, heartbeat)| (id.as_str(), heartbeat.page.as_str())).collect();
    kept.sort_unstable();
    assert_eq!(kept, [("k-1", "pay"), ("k-2", "map")]);
}

#[tokio::test(start_paused = true)]
async fn what_was_said_last_is_written_when_the_server_leaves() {
    let bench = bench(Rules::default());
    let stop = CancellationToken::new();
    let ended = tokio::spawn(bench.exchange.kiosks.clone().keep_heartbeats(stop.clone()));
    paired(&bench, "one", "k-1");
    bench.exchange.kiosks.heartbeat("one", beat("home"), Vec::new()).await.expect("stored");
    stop.cancel();
    ended.await.expect("it ends");
    assert_eq!(bench.store.kept().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_code_proves_the_number_it_was_texted_to_and_no_other_for_ten_minutes_and_five_tries() {
    let bench = bench(Rules::default()).started().await;
    let kiosks = &bench.exchange.kiosks;
    let (to, name) = kiosks.send_code(Asker::at("k-1"), TYPED, Language::En).await.expect("sent");
    settled().await;
    let code = codes(&bench).pop().expect("a text");
    assert_eq!(to, number(NUMBER));
    let other = number("85512345679");
    assert_eq!(kiosks.try_code(&name, other, &code).await, CodeTried::Wrong, "of another number");
    assert_eq!(kiosks.try_code("another", to, &code).await, CodeTried::Wrong, "of another time");
    for _ in 0..3 {
        assert_eq!(kiosks.try_code(&name, to, "0000001").await, CodeTried::Wrong);
    }
    assert_eq!(kiosks.try_code(&name, to, &code).await, CodeTried::Right, "the fifth try");
    assert_eq!(kiosks.try_code(&name, to, &code).await, CodeTried::Over, "the sixth");
    // what cannot be counted is not tried
    bench.store.fail("tally", [Fails::Before(StoreFault::Busy)]);
    assert_eq!(kiosks.try_code("another", to, &code).await, CodeTried::Over);
}

#[tokio::test(start_paused = true)]
async fn only_a_mobile_number_of_ours_is_texted() {
    let mut some = settings();
    change_telco(&mut some, |telco| telco.prefixes = vec!["12".to_owned()]);
    let bench = Bench::with(some, |_| Answer::Offices(Err(PortalFault::Away)));
    for (typed, refusal) in [
        ("12", Some(TextRefusal::NotANumber)),
        ("023 123 456", Some(TextRefusal::NotANumber)),
        ("+66 81 234 5678", Some(TextRefusal::Country)),
        ("098 765 432", Some(TextRefusal::Unroutable)),
        (TYPED, None),
    ] {
        let sent = bench.exchange.kiosks.send_code(Asker::at("k-1"), typed, Language::En).await;
        assert_eq!(sent.err(), refusal, "{typed}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_strangers_have_texted_to_a_number_at_a_kiosk_and_everywhere_is_bounded() {
    let rules = Rules { codes_kiosk: 4, codes_hour: 2, codes_day: 3, codes_hour_all: 5, ..Rules::default() };
    let bench = bench(rules);
    let send = |device: &'static str, typed: &'static str| {
        let kiosks = bench.exchange.kiosks.clone();
        async move { kiosks.send_code(Asker::at(device), typed, Language::En).await.map(|_| ()) }
    };
    let full = |minutes| Err(TextRefusal::TooMany(minutes));
    assert_eq!(send("k-1", TYPED).await, Ok(()));
    assert_eq!(send("k-1", TYPED).await, Ok(()));
    assert_eq!(send("k-2", TYPED).await, full(60), "of the number in an hour");
    assert_eq!(send("k-1", "012 345 679").await, Ok(()));
    assert_eq!(send("k-1", "012 345 680").await, Ok(()));
    assert_eq!(send("k-1", "012 345 681").await, full(10), "of the kiosk in ten minutes");
    assert_eq!(send("k-2", "012 345 681").await, Ok(()));
    assert_eq!(send("k-3", "012 345 682").await, full(60), "of all in an hour");
    tokio::time::sleep(61 * MINUTE).await;
    assert_eq!(send("k-1", TYPED).await, Ok(()));
    assert_eq!(send("k-1", TYPED).await, full(23 * 60 - 1), "of the number in a day");
    bench.store.fail("take_asked", [Fails::Before(StoreFault::Busy)]);
    assert_eq!(send("k-1", "012 345 690").await, Err(TextRefusal::Away));
}

#[tokio::test(start_paused = true)]
async fn the_next_visitor_finds_half_of_what_a_kiosk_may_send() {
    let bench = bench(Rules { codes_kiosk: 4, ..Rules::default() });
    let visit = |number| Asker { device: "k-1", visit: Some(uuid::Uuid::from_u128(number)) };
    let full = Some(TextRefusal::TooMany(10));
    for (asker, typed, refusal) in [
        (visit(1), "012 345 671", None),
        (visit(1), "012 345 672", None),
        (visit(1), "012 345 673", full),
        (visit(2), "012 345 674", None),
        (visit(2), "012 345 675", None),
        // together they have had what the kiosk has
        (visit(3), "012 345 676", full),
    ] {
        let sent = bench.exchange.kiosks.send_code(asker, typed, Language::En).await;
        assert_eq!(sent.err(), refusal, "{asker:?} {typed}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_pressed_twice_is_sent_once_to_each_number() {
    let bench = bench(Rules::default()).started().await;
    let intent = uuid::Uuid::from_u128(5);
    for (typed, texts) in [(TYPED, 1), (TYPED, 1), ("012 345 679", 2)] {
        let sent =
            bench.exchange.kiosks.phones.send_view(Asker::at("k-1"), typed, &View::Help, Language::En, intent).await;
        assert_eq!(sent, Ok(()));
        settled().await;
        assert_eq!(bench.store.pushes().len(), texts, "{typed}");
    }
}

#[tokio::test(start_paused = true)]
async fn who_says_stop_to_a_text_that_a_stranger_asked_for_gets_no_more_of_them_for_a_day() {
    let bench = bench(Rules::default()).started().await;
    let kiosks = &bench.exchange.kiosks;
    // before a kiosk texted it a STOP closes nothing: it is about notices
    bench.text("STOP").await.expect("taken");
    settled().await;
    assert!(kiosks.send_code(Asker::at("k-1"), TYPED, Language::En).await.is_ok());
    bench.text("stop").await.expect("taken");
    settled().await;
    assert!(bench.store.mos().iter().all(|(_, at)| !matches!(at, MoAt::Waiting | MoAt::Claimed)));
    let refused = kiosks.send_code(Asker::at("k-2"), TYPED, Language::En).await;
    assert_eq!(refused.err(), Some(TextRefusal::TooMany(24 * 60)));
    assert!(kiosks.send_code(Asker::at("k-2"), "012 345 679", Language::En).await.is_ok(), "others are not asked");
    jump(24 * 60 * MINUTE).await;
    assert!(kiosks.send_code(Asker::at("k-2"), TYPED, Language::En).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_telephone_without_khmer_letters_gets_what_it_can_show() {
    let bench = bench(Rules::default()).started().await;
    let latin = CitizenRecord { language: Some(Language::KmLatn), ..CitizenRecord::default() };
    bench.store.put_record(number(NUMBER), latin);
    for (typed, khmer) in [(TYPED, false), ("012 345 679", true)] {
        bench.exchange.kiosks.send_code(Asker::at("k-1"), typed, Language::Km).await.expect("sent");
        settled().await;
        let text = bench.answers().pop().expect("a text");
        assert_eq!(text.chars().any(|c| ('\u{1780}'..='\u{17ff}').contains(&c)), khmer, "{text}");
    }
    let to: Vec<Msisdn> = bench.store.mts().iter().map(|(mt, _)| mt.destination).collect();
    assert_eq!(to.first(), Some(&number(NUMBER)));
}

#[tokio::test(start_paused = true)]
async fn five_staff_pins_may_be_tried_at_a_device_in_ten_minutes() {
    let bench = bench(Rules::default());
    let kiosks = &bench.exchange.kiosks;
    for at in 0..6 {
        assert_eq!(kiosks.may_try_staff_pin("k-1").await, at < 5);
    }
    assert!(kiosks.may_try_staff_pin("k-2").await);
    tokio::time::sleep(10 * MINUTE).await;
    assert!(kiosks.may_try_staff_pin("k-1").await);
}

#[tokio::test(start_paused = true)]
async fn a_device_shows_eight_digits_for_ten_minutes_and_is_paired_by_them_however_they_are_typed() {
    let bench = bench(Rules::default());
    let kiosks = &bench.exchange.kiosks;
    let from = |text: &str| Some(text.parse().expect("an address"));
    let code = kiosks.begin_pairing("token", from("192.0.2.7")).await.expect("stored");
    assert!(code.len() == 8 && code.bytes().all(|octet| octet.is_ascii_digit()), "{code}");
    let offer = bench.store.offers().pop().expect("an offer");
    assert_eq!((offer.token, offer.code.as_str()), (devices::hash("token"), code.as_str()));
    assert_eq!(offer.until.since_ms(bench.now()), 600_000);
    // devices of one place are told apart by their place, and by nothing that says where that is
    kiosks.begin_pairing("another", from("192.0.2.7")).await.expect("stored");
    kiosks.begin_pairing("third", from("192.0.2.8")).await.expect("stored");
    let places: Vec<_> = bench.store.offers().into_iter().map(|offer| offer.place).collect();
    assert!(places[0] == places[1] && places[1] != places[2]);
    let id = kiosks.pair(&format!(" {} {}-", &code[..4], &code[4..]), "owso-1205", "standing").await.expect("stored");
    let id = id.expect("a device shows it");
    assert!(id.len() == 10 && id.starts_with("k-"), "{id}");
    assert_eq!(kiosks.pair("00000000x", "owso-1205", "standing").await, Ok(None));
    assert_eq!((kiosks.take_pairing("token", "new").await, kiosks.take_pairing("nobody", "new").await), (true, false));
    // what cannot be stored is neither shown nor said
    for call in ["offer_pairing", "take_pairing", "pair"] {
        bench.store.fail(call, [Fails::Before(StoreFault::Busy)]);
    }
    assert_eq!(kiosks.begin_pairing("token", None).await, None);
    assert!(!kiosks.take_pairing("token", "new").await);
    assert_eq!(kiosks.pair(&code, "owso-1205", "standing").await, Err(StoreFault::Busy));
}

#[tokio::test(start_paused = true)]
async fn a_call_is_heard_until_it_is_answered_or_a_quarter_of_an_hour_has_passed() {
    let bench = bench(Rules::default()).started().await;
    let kiosks = &bench.exchange.kiosks;
    let begun = bench.now();
    let heard = async || {
        let all = kiosks.staff_calls(&["k-1".to_owned(), "k-2".to_owned()]).await;
        let told = all.iter().map(|(id, since)| format!("{id} {}", since.since_ms(begun) / 60_000));
        told.collect::<Vec<_>>().join(", ")
    };
    assert_eq!(heard().await, "");
    kiosks.call_staff("k-1").await;
    jump(4 * MINUTE).await;
    kiosks.call_staff("k-1").await;
    jump(MINUTE).await;
    kiosks.call_staff("k-2").await;
    jump(9 * MINUTE).await;
    assert_eq!(heard().await, "k-1 0, k-2 5", "called again, it is the same call");
    jump(MINUTE).await;
    assert_eq!(heard().await, "k-2 5");
    assert!(kiosks.staff_comes("k-2").await && !kiosks.staff_comes("k-2").await);
    assert_eq!(heard().await, "");
    jump(MINUTE).await;
    kiosks.call_staff("k-2").await;
    assert_eq!(heard().await, "k-2 16", "a new call after the old one ended");
    bench.store.fail("tally", [Fails::Before(StoreFault::Busy)]);
    kiosks.call_staff("k-3").await;
    assert_eq!(heard().await, "k-2 16, k-3 16", "what cannot be written is seen here all the same");
    assert!(kiosks.staff_comes("k-3").await);
}

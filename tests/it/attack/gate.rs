//! Guessing, forging and using up, by every door.
use crate::support::{
    app::{NO_LIMITS, USUAL},
    desk::{Desk, asked_digits, guess},
    hall::{Hall, sample},
    program,
};
use chrak::{
    dialogue::{Choice, Input, View},
    exchange::{Rules, Shut, Visit},
    types::{CodeRules, CodeVerdict, Language, Pin, civic::*},
};
use futures_util::future::join_all;
use std::{collections::BTreeMap, sync::atomic::Ordering, time::Duration};

const CODE: &str = "120500260481937";
const OFFICE: &str = "owso-1205";
const WITHIN: Duration = Duration::from_secs(5);

/// Guesses by all doors together; `CHRAK_GUESSES=100000` for the whole sweep.
fn guesses() -> u64 {
    std::env::var("CHRAK_GUESSES").ok().map_or(2_000, |text| text.parse().expect("a number"))
}

fn good(code: &str) -> chrak::types::RegistrationCode {
    match CodeRules::recommended().read(code) {
        CodeVerdict::Good(code) => code,
        other => panic!("{code}: {other:?}"),
    }
}

fn change(what: ChangeKind) -> Query {
    Query::Change(Change { what, attempt: 0 })
}

fn check_in(reference: String) -> Query {
    change(ChangeKind::Ticket { office: OFFICE.to_owned(), service: None, appointment: Some(reference) })
}

fn pay(code: &str, pin: Option<&str>) -> Query {
    let application = good(code).canonical().to_owned();
    change(ChangeKind::Pay { application, office: Some(OFFICE.to_owned()), pin: pin.and_then(Pin::parse), token: None })
}

impl Desk {
    async fn typed(&self, device: &str, code: &str, pin: Option<&str>) -> View {
        let visit = Visit {
            dialogue: None,
            input: Input::Choice(Choice::Code { typed: code.to_owned(), pin: pin.and_then(Pin::parse) }),
            language: Language::En,
            number: None,
            device: device.to_owned(),
            visit: None,
            cause: None,
            deadline: WITHIN,
        };
        self.exchange.conversation.converse(visit).await.1
    }

    async fn asked(&self, device: &str, query: &Query) -> Result<Answer, Shut> {
        let intent = Some(uuid::Uuid::from_u128(u128::from(NEXT.fetch_add(1, Ordering::Relaxed))));
        self.exchange.conversation.ask_for(device, None, query, intent, WITHIN).await
    }

    /// What stands in a window.
    async fn counted(&self, window: &str) -> u32 {
        let now = chrak::ports::clock::Clock::now(&*self.clock);
        self.store.tallied(vec![window.to_owned()], now).await.expect("read")[0]
    }

    fn wrong_guesses(&self) -> u64 {
        self.portal.wrong_guesses.load(Ordering::Relaxed)
    }

    /// One guess by one of the doors, in turn.
    async fn guessed(&self, at: u64) {
        let (code, number) = (guess(at), format!("85597{:07}", at / 4));
        let device = format!("k-{}", at / 40);
        match at % 8 {
            0 => self.accept(&number, &code).await,
            1 => self.accept(&number, &format!("{code} 1234")).await,
            2 => self.accept(&number, &format!("COMPLAINT {:08}", at)).await,
            3 => drop(self.dial(&number, 1, &["1", &code]).await),
            4 => drop(self.typed(&device, &code, None).await),
            5 => drop(self.typed(&device, &code, Some("1234")).await),
            6 => drop(self.asked(&device, &pay(&code, None)).await),
            _ => drop(self.asked(&device, &check_in(format!("{:08}", at))).await),
        }
    }
}

static NEXT: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(1);

#[tokio::test(flavor = "multi_thread")]
async fn guesses_by_all_doors_at_once_over_a_restart_reach_the_portal_so_often_and_no_more() {
    let mut desk = Desk::open(USUAL, Language::En).await;
    let all = guesses();
    let mut restarted = false;
    let mut at = 0;
    while at < all {
        if !restarted && at >= 400 {
            desk = desk.restart().await;
            restarted = true;
        }
        join_all((at..all.min(at + 100)).map(|one| desk.guessed(one))).await;
        desk.answers().await;
        at += 100;
    }
    let reached = desk.wrong_guesses();
    println!("guesses {all}, wrong ones that the portal was asked {reached}");
    assert!(reached <= u64::from(USUAL.fails_hour_all), "{reached} guesses reached the portal");
    assert!(reached > 100, "the doors were open at first: {reached}");
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_guesses_at_once_at_a_kiosk_let_ten_through_by_whichever_door() {
    let desk = Desk::open(USUAL, Language::En).await;
    *desk.portal.delay.lock().expect("no panic holds it") = Duration::from_millis(100);
    for (nth, device) in ["looks up", "pays", "checks in", "all of it"].into_iter().enumerate() {
        let before = desk.wrong_guesses();
        let desk = &desk;
        join_all((0..50_u64).map(|at| async move {
            let code = guess(1_000 * nth as u64 + at);
            match if nth == 3 { at % 3 } else { nth as u64 } {
                0 => drop(desk.typed(device, &code, None).await),
                1 => drop(desk.asked(device, &pay(&code, None)).await),
                _ => drop(desk.asked(device, &check_in(format!("{at:08}"))).await),
            }
        }))
        .await;
        assert_eq!(desk.wrong_guesses() - before, 10, "{device}");
    }
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn right_codes_take_no_place_and_who_leaves_before_the_answer_does() {
    let desk = Desk::open(USUAL, Language::En).await;
    for _ in 0..30 {
        assert!(matches!(desk.typed("k", CODE, None).await, View::Status(_)));
    }
    // a page that is closed while the portal is asked: the guess was made
    *desk.portal.delay.lock().expect("no panic holds it") = Duration::from_millis(50);
    for at in 0..40 {
        let code = guess(at);
        let _ = tokio::time::timeout(Duration::from_millis(20), desk.typed("k", &code, None)).await;
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(desk.wrong_guesses(), 10);
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sixty_forged_pins_reach_the_portal_three_times_a_code_and_the_owner_is_told_of_a_lock() {
    let mut desk = Desk::open(USUAL, Language::En).await;
    let mut told: BTreeMap<String, Vec<String>> = BTreeMap::new();
    // one that exists, one that does not, one that the portal hides: alike, word for word
    let (unknown, hidden) = (guess(1), guess(2));
    desk.portal.script(&format!("{hidden} fault hidden"));
    for code in [CODE, &unknown, &hidden] {
        let before = desk.wrong_guesses();
        for at in 0..20 {
            let number = format!("8559{}{at:06}", &code[13..]);
            let text = desk.send(&number, &format!("{code} {}", 1000 + at)).await.pop().expect("an answer");
            let printed = good(code).printed().to_owned();
            told.entry(code.to_owned()).or_default().push(text.replace(&printed, "CODE"));
        }
        assert_eq!(desk.wrong_guesses() - before, 3, "{code}");
    }
    assert_eq!(told[CODE], told[&unknown]);
    assert_eq!(told[CODE], told[&hidden]);
    // the right one is not called wrong, by any door, in any language, nor after a restart
    let mut desk = desk.restart().await;
    for (number, language, word) in
        [("85510000001", "E", "no PIN is taken today"), ("85510000002", "R", "chap sor"), ("85510000003", "K", "ជាប់សោ")]
    {
        desk.send(number, language).await;
        let text = desk.send(number, &format!("{CODE} 4821")).await.concat();
        assert!(text.contains(word), "{text}");
    }
    let screen = desk.dial("85510000001", 1, &["1", CODE, "4821"]).await.expect("a screen");
    assert!(screen.contains("No PIN is taken today"), "{screen}");
    // nobody far away keeps it from being taken where people stand
    assert!(matches!(desk.typed("k", CODE, Some("4821")).await, View::Status(_)));
    for pin in ["1111", "2222", "3333"] {
        desk.typed("k", CODE, Some(pin)).await;
    }
    assert!(matches!(desk.typed("k", CODE, Some("4821")).await, View::PinLocked { .. }));
    assert_eq!(desk.asked("k", &pay(CODE, Some("4821"))).await, Err(Shut::PinLocked));
    // the number on file needs no PIN; tomorrow it is taken again
    assert!(desk.send("85510000001", CODE).await[0].contains("In review"));
    desk.clock.pass(86_401);
    // the sandbox portal's own lock goes by another clock
    desk.portal.script(&format!("{CODE} in_review"));
    assert!(desk.send("85510000009", &format!("{CODE} 4821")).await[0].contains("In review"));
    desk.close().await;
}

/// What a door says of a code, with the code left out.
async fn told_by(desk: &mut Desk, backend: &str, number: &str, code: &str, pin: Option<&str>) -> String {
    let printed = good(code).printed().to_owned();
    let text = match backend {
        "text" => desk.send(number, &format!("{code} {}", pin.unwrap_or_default())).await.concat(),
        "screen" => {
            let steps: Vec<&str> = ["1", code].into_iter().chain(pin).collect();
            desk.dial(number, 1, &steps).await.expect("a screen")
        }
        "kiosk" => format!("{:?}", desk.typed(number, code, pin).await),
        other => panic!("no such door: {other}"),
    };
    text.replace(&printed, "CODE").replace(good(code).canonical(), "CODE")
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_hidden_and_locked_are_told_in_equal_octets_at_every_door_in_every_language() {
    let mut desk = Desk::open(NO_LIMITS, Language::En).await;
    let (unknown, hidden, locked) = (guess(1), guess(2), guess(3));
    desk.portal.script(&format!("{hidden} fault hidden"));
    desk.portal.script(&format!("{locked} fault locked"));
    let mut at = 0;
    for language in ["E", "R", "K"] {
        for (backend, pin) in
            [("text", None), ("screen", None), ("kiosk", None), ("text", Some("1234")), ("kiosk", Some("1234"))]
        {
            let mut told = Vec::new();
            // the one that exists has a wrong PIN beside it
            for code in [&unknown, &hidden, &locked].into_iter().map(String::as_str).chain(pin.map(|_| CODE)) {
                at += 1;
                let number = format!("8559700{at:05}");
                if backend != "kiosk" {
                    desk.send(&number, language).await;
                }
                told.push(told_by(&mut desk, backend, &number, code, pin).await);
            }
            assert!(told[0].len() > 20, "{backend} {language}: {told:?}");
            assert!(told.iter().all(|one| *one == told[0]), "{backend} {language} {pin:?}: {told:#?}");
        }
        // PINs of a code are counted by the day
        desk.clock.pass(86_401);
    }
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crowd_that_asks_at_once_with_right_codes_is_told_of_no_limit() {
    let mut desk = Desk::open(USUAL, Language::En).await;
    *desk.portal.delay.lock().expect("no panic holds it") = Duration::from_millis(300);
    // more than the budget of an hour, all of them before the first answer is there
    let crowd: Vec<String> = (0..1_000).map(|at| format!("85597{at:07}")).collect();
    join_all(crowd.iter().map(|number| desk.accept(number, CODE))).await;
    let texts = desk.answers().await;
    let told: Vec<&String> = texts.iter().filter(|text| text.contains("In review")).collect();
    assert_eq!(
        (told.len(), texts.len()),
        (1_000, 1_000),
        "{:?}",
        texts.iter().find(|text| !text.contains("In review"))
    );
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn guesses_in_hand_when_the_process_dies_are_on_the_disk_before_the_portal_is_asked() {
    let desk = Desk::open(USUAL, Language::En).await;
    *desk.portal.delay.lock().expect("no panic holds it") = Duration::from_secs(600);
    let codes: Vec<String> = (0..10).map(guess).collect();
    let asked = join_all(codes.iter().map(|code| desk.typed("k", code, None)));
    assert!(tokio::time::timeout(Duration::from_secs(1), asked).await.is_err(), "the portal has not answered");
    assert_eq!((desk.counted("kiosk-fails:k").await, desk.counted("guesses-all").await), (10, 10));
    assert_eq!(desk.typed("k", &guess(10), None).await, View::Wait { minutes: 10 });
    // telephones take theirs in blocks
    for at in 0..60 {
        desk.accept(&format!("85597{at:07}"), &guess(at)).await;
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    let counted = desk.counted("guesses-all").await;
    assert!((70..70 + 16).contains(&counted), "{counted}");
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_and_a_screen_at_once_do_not_forget_each_others_guesses() {
    let mut desk = Desk::open(Rules { replies_minute: 0, replies_day: 0, ..USUAL }, Language::En).await;
    *desk.portal.delay.lock().expect("no panic holds it") = Duration::from_millis(30);
    let number = "85597000001";
    for at in 0..30 {
        let (text, screen) = (guess(2 * at), guess(2 * at + 1));
        let steps = ["1", screen.as_str()];
        tokio::join!(desk.accept(number, &text), desk.dial(number, at as u8, &steps));
        desk.answers().await;
    }
    // five that are answered, and twenty beyond
    assert_eq!(desk.wrong_guesses(), 25);
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pins_are_within_the_budget_of_all() {
    let mut desk = Desk::open(Rules { fails_hour_all: 40, ..USUAL }, Language::En).await;
    for at in 0..80 {
        desk.accept(&format!("85597{at:07}"), &format!("{} 1234", guess(at))).await;
    }
    desk.answers().await;
    assert_eq!(desk.wrong_guesses(), 40);
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forged_sender_books_nothing_blind() {
    let mut desk = Desk::open(USUAL, Language::En).await;
    let victim = "85510000001";
    let mut last = String::new();
    for text in ["A", "1", "1", "1", "1", "1", "1", "1", "1", "YES"] {
        last = desk.send(victim, text).await.pop().unwrap_or_default();
    }
    assert_eq!(desk.sandbox.booked().await.expect("read").len(), 0, "{last}");
    desk.clock.pass(60);
    for text in ["0", "A", "1", "1", "1", "1", "1", "1"] {
        last = desk.send(victim, text).await.pop().unwrap_or_default();
    }
    let digits = asked_digits(&last).expect("digits in our text").1.to_owned();
    let other = if digits == "10" { "11" } else { "10" };
    assert!(desk.send(victim, other).await[0].starts_with("That was not the number."));
    assert_eq!(desk.sandbox.booked().await.expect("read").len(), 0);
    assert!(desk.send(victim, &digits).await[0].starts_with("Booked"));
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn guessed_digits_end_changes_by_text_for_the_day() {
    let mut desk = Desk::open(Rules { replies_minute: 0, replies_day: 0, ..USUAL }, Language::En).await;
    let victim = "85510000001";
    let mut wrong = 0;
    let last = loop {
        let mut last = String::new();
        for text in ["A", "1", "1", "1", "1", "1", "1"] {
            last = desk.send(victim, text).await.pop().expect("an answer");
        }
        let digits = asked_digits(&last).expect("digits").1.to_owned();
        if wrong >= 5 {
            break desk.send(victim, &digits).await.pop().expect("an answer");
        }
        for other in ["10", "11", "12"].iter().filter(|other| **other != digits) {
            desk.send(victim, other).await;
            wrong += 1;
        }
        desk.send(victim, "0").await;
    };
    assert!(!last.starts_with("Booked"), "{last}");
    assert_eq!(desk.sandbox.booked().await.expect("read").len(), 0);
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn forged_wrong_codes_do_not_silence_whose_number_it_is() {
    let mut desk = Desk::open(USUAL, Language::En).await;
    let victim = "85510000001";
    let mut texts = Vec::new();
    for at in 0..5 {
        texts.extend(desk.send(victim, &guess(at)).await.into_iter().filter(|text| !text.starts_with('(')));
    }
    assert!(texts.len() <= 5, "{texts:?}");
    let told = desk.send(victim, CODE).await;
    assert!(told[0].contains("In review"), "the right code is answered: {told:?}");

    // a day of it: one notice, and still an answer to what is right
    let mut notices = 0;
    for at in 5..20 {
        desk.clock.pass(61);
        let said = desk.send(victim, &guess(at)).await;
        notices += said.iter().filter(|text| text.contains("many times")).count();
    }
    assert_eq!(notices, 1, "notices about limits come once a day");
    let mut answered = 0;
    for at in 20..29 {
        desk.clock.pass(61);
        let said = desk.send(victim, &guess(at)).await;
        answered += said.iter().filter(|text| !text.starts_with('(')).count();
    }
    assert_eq!(answered, 4, "with the five at first and the one before, ten in a day");
    desk.clock.pass(2 * 3_600);
    desk.exchange_limits_are_over(victim).await;
    desk.close().await;
}

impl Desk {
    /// What a number has shown is answered when nothing else of it is looked up any more.
    async fn exchange_limits_are_over(&mut self, number: &str) {
        let screen = self.dial(number, 7, &["1", CODE]).await.expect("a screen");
        assert!(screen.contains("In review"), "{screen}");
        let before = self.wrong_guesses();
        for at in 40..60 {
            self.dial(number, 8, &["1", &guess(at)]).await;
        }
        assert!(self.wrong_guesses() - before <= 20, "one telephone tries no more than these");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kiosk_draws_books_and_complains_no_more_than_people_can() {
    let desk = Desk::open(USUAL, Language::En).await;
    let ticket = change(ChangeKind::Ticket { office: OFFICE.to_owned(), service: None, appointment: None });
    let complain = |at: u32| change(ChangeKind::Complain { text: format!("complaint {at}"), language: Language::En });
    let book = |at: u32| {
        let (hold, service) = (format!("hold-{at}"), "legalise-copy".to_owned());
        change(ChangeKind::Book { hold, service, application: None, language: Language::En })
    };
    let desk = &desk;
    let done = |answers: Vec<Result<Answer, Shut>>| answers.iter().filter(|answer| answer.is_ok()).count();
    let tickets = done(join_all((0..80).map(|_| desk.asked("k", &ticket))).await);
    let complaints: Vec<Query> = (0..30).map(complain).collect();
    let complaints = done(join_all(complaints.iter().map(|one| desk.asked("k", one))).await);
    assert_eq!((tickets, complaints), (30, 5));
    // what was not done takes no place: these holds are not there
    for at in 0..25 {
        assert!(desk.asked("k", &book(at)).await.is_ok(), "{at}");
    }
    desk.clock.pass(601);
    assert!(desk.asked("k", &ticket).await.is_ok(), "ten minutes later there are others");
}

/// 400 visits between half past seven and half past five, every fourth of them in the first hour; half draw a number,
/// one in ten books, one in twenty has a code that is not there, one in eighty complains.
#[tokio::test(flavor = "multi_thread")]
async fn a_busy_commune_with_one_kiosk_meets_no_limit_on_any_of_twenty_days() {
    let desk = Desk::open(USUAL, Language::En).await;
    let ticket = change(ChangeKind::Ticket { office: OFFICE.to_owned(), service: None, appointment: None });
    let (mut seed, mut refused, mut most) = (20_261_123_u64, 0, 0);
    let mut dice = move || {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) as f64 / (1_u64 << 31) as f64
    };
    for day in 0..20_u64 {
        let (mut at, mut drawn) = (0.0, Vec::new());
        for visit in 0..400_u64 {
            let mean = if visit < 100 { 36.0 } else { 108.0 };
            // nobody is done in less than ten seconds
            let gap = (10.0 - (mean - 10.0) * (1.0 - dice()).ln()) as i64;
            desk.clock.pass(gap);
            at += gap as f64;
            let (kind, what) = (dice(), dice());
            let code = if kind < 0.05 { guess(day * 400 + visit) } else { CODE.to_owned() };
            refused += u32::from(matches!(
                desk.typed("k", &code, None).await,
                View::SlowDown | View::Wait { .. } | View::AddPin { .. }
            ));
            if what < 0.5 {
                refused += u32::from(desk.asked("k", &ticket).await.is_err());
                drawn.push(at);
            } else if what < 0.6 {
                let hold = change(ChangeKind::Hold { slot: format!("slot-{visit}") });
                refused += u32::from(desk.asked("k", &hold).await.is_err());
            } else if what < 0.6125 {
                let words = ChangeKind::Complain { text: format!("slow {day} {visit}"), language: Language::En };
                refused += u32::from(desk.asked("k", &change(words)).await.is_err());
            }
            most = most.max(drawn.iter().filter(|then| at - **then < 600.0).count());
        }
        desk.clock.pass(14 * 3_600);
    }
    println!("visits 8000, refused {refused}, most numbers drawn in ten minutes {most}");
    assert_eq!(refused, 0);
    desk.close().await;
}

/// A page of the kiosk as its form would ask for it.
async fn page(hall: &Hall, to: &str, digits: &str, pin: &str, key: &str) -> String {
    let fields =
        [("digits", digits), ("at", ""), ("pin", pin), ("phone", ""), ("once", ""), ("held", ""), ("key", key)];
    let answer = program::client().post(format!("{}/kiosk/en/{to}", hall.http)).form(&fields).send().await;
    answer.expect("an answer").text().await.expect("a page")
}

#[tokio::test(flavor = "multi_thread")]
async fn paying_for_a_guessed_code_is_counted_and_told_like_looking_it_up() {
    let hall = Hall::open().await;
    let nobody = guess(1);
    let (paid, looked) =
        (page(&hall, "pay", &nobody, "", "begin").await, page(&hall, "check", &nobody, "", "ok").await);
    assert!(paid.contains("We found no application"), "{paid}");
    assert_eq!(without_seal(&paid), without_seal(&looked), "paying tells what looking up tells");
    // a fee of a private service is not told by paying it either
    let private = sample("003342").code;
    let shown = page(&hall, "pay", &private, "", "begin").await;
    assert!(!shown.contains("KHQR") && !shown.contains("៛"), "{shown}");
    let mut open = 0;
    for at in 0..200 {
        let text = page(&hall, "pay", &guess(10 + at), "", "begin").await;
        open += usize::from(text.contains("We found no application"));
    }
    assert_eq!(open, 8, "ten in ten minutes, with the two before");
    let due = page(&hall, "pay", &sample("050144").code, "", "begin").await;
    assert!(due.contains("wait a little"), "a pause tells nothing: {due}");
    hall.close().await;
}

/// A page without what is sealed anew in each.
fn without_seal(page: &str) -> String {
    page.split("name=\"held\" value=\"")
        .enumerate()
        .map(|(at, part)| if at == 0 { part } else { part.split_once('"').map_or("", |(_, rest)| rest) })
        .collect()
}

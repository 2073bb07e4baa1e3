//! The conversation and its gate against a store in memory, in virtual time: what is counted, and what is not asked.
use super::*;
use crate::{
    dialogue::{Dialogue, Input, View},
    exchange::testing::{Bench, CODE, Fails, NUMBER, OTHER, application, code, number, settings, settled},
    exchange::{Rules, Settings},
    ports::{StoreFault, citizens::NumberWindows, portal::Asker},
    types::{
        CauseId, Language,
        civic::{Answer, Change, ChangeKind, Filed, OfficeSearch, PortalFault, Query},
        limits::{KIOSK_TICKETS_MAX, PINS_WRONG_MAX},
        names::Channel,
    },
};
use gate::{Caller, Free};
use std::time::Duration;

const WITHIN: Duration = Duration::from_secs(4);

fn asker() -> Asker {
    Asker { channel: Channel::Sms, number: Some(number(NUMBER)), deadline: WITHIN, key: None }
}

fn look_up() -> Query {
    Query::Application { code: code(CODE), pin: None }
}

fn with(rules: Rules, answer: impl Fn(&Query) -> Answer + Send + Sync + 'static) -> Bench {
    Bench::with(Settings { rules, ..settings() }, answer)
}

fn right(query: &Query) -> Answer {
    match query {
        Query::Application { code, .. } => Answer::Application(Ok(application(code, "in_review"))),
        _ => Answer::Filed(Ok(Filed::Passed(None))),
    }
}

fn wrong(_: &Query) -> Answer {
    Answer::Application(Err(PortalFault::NotFound))
}

/// A telephone's look-up at the gate; what kept it from being asked, or what was answered.
async fn asks(bench: &Bench, windows: &mut NumberWindows, query: &Query) -> Result<gate::Told, Shut> {
    let gate = &bench.exchange.conversation.core.gate;
    let mut caller = Caller::Number { number: number(NUMBER), channel: Channel::Sms, windows };
    let permit = gate.enter(query, &mut caller).await?;
    Ok(gate.ask_with(permit, asker(), None, &mut caller).await)
}

#[tokio::test(start_paused = true)]
async fn what_was_right_is_no_guess_and_what_was_wrong_stays_counted() {
    let rules = Rules { fails_quarter: 2, fails_hour_all: 100, ..Rules::default() };
    for (answers, asked) in [(right as fn(&Query) -> Answer, 30), (wrong, 22)] {
        let bench = with(rules, answers);
        let mut windows = NumberWindows::default();
        for _ in 0..30 {
            // another code each time, as far as the gate is concerned
            windows.shown = Default::default();
            drop(asks(&bench, &mut windows, &look_up()).await);
        }
        assert_eq!(bench.portal.asked().len(), asked, "two, and some beyond for what is right");
    }
}

#[tokio::test(start_paused = true)]
async fn over_its_limit_a_number_is_told_nothing_of_what_was_wrong_and_all_of_what_is_right() {
    let rules = Rules { fails_quarter: 1, ..Rules::default() };
    let bench = with(rules, |query| match query {
        Query::Application { code, .. } if code.canonical() == CODE => right(query),
        _ => wrong(query),
    });
    let guess = Query::Application { code: code(OTHER), pin: None };
    let mut windows = NumberWindows::default();
    let hushed = |told: Result<gate::Told, Shut>| told.map(|told| told.hushed);
    assert_eq!(hushed(asks(&bench, &mut windows, &guess).await), Ok(false), "it may be a mistake");
    assert_eq!(hushed(asks(&bench, &mut windows, &guess).await), Ok(true));
    assert_eq!(hushed(asks(&bench, &mut windows, &look_up()).await), Ok(false));
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_counted_is_not_asked() {
    let bench = with(Rules { fails_quarter: 5, fails_hour_all: 100, ..Rules::default() }, right);
    let mut windows = NumberWindows::default();
    for call in ["tallied", "tally"] {
        bench.store.fail(call, [Fails::Before(StoreFault::Busy)]);
        let told = asks(&bench, &mut windows, &look_up()).await;
        assert!(matches!(told, Err(Shut::Busy)), "{call}");
    }
    assert!(bench.portal.asked().is_empty());
}

#[tokio::test(start_paused = true)]
async fn the_budget_of_all_is_taken_in_blocks_and_given_back_at_the_end() {
    let bench = with(Rules { fails_hour_all: 100, ..Rules::default() }, right);
    let mut windows = NumberWindows::default();
    for _ in 0..40 {
        windows.shown = Default::default();
        assert!(asks(&bench, &mut windows, &look_up()).await.is_ok());
    }
    assert_eq!(bench.store.called("tally"), 1, "one commit for all of them");
    let taken = || async {
        use crate::ports::kiosks::Kiosks;
        bench.store.tallied(vec!["guesses-all".to_owned()], bench.now()).await.expect("read")[0]
    };
    assert_eq!(taken().await, 16);
    bench.exchange.conversation.settle().await;
    assert_eq!(taken().await, 0, "nobody has guessed");
}

#[tokio::test(start_paused = true)]
async fn when_too_much_is_guessed_everywhere_a_code_needs_its_pin() {
    let bench = with(Rules { fails_hour_all: 20, ..Rules::default() }, wrong);
    let mut windows = NumberWindows::default();
    let mut shut = None;
    for _ in 0..20 {
        shut = asks(&bench, &mut windows, &look_up()).await.err();
    }
    // one place of twenty is kept for codes with their PIN
    assert_eq!((bench.portal.asked().len(), shut), (19, Some(Shut::AddPin)));
    let pin = crate::types::Pin::parse("1234");
    let with_pin = Query::Application { code: code(CODE), pin };
    assert!(asks(&bench, &mut windows, &with_pin).await.is_ok());
    assert!(matches!(asks(&bench, &mut windows, &with_pin).await, Err(Shut::Busy | Shut::PinLocked)));
    tokio::time::sleep(Duration::from_secs(3_601)).await;
    assert!(asks(&bench, &mut windows, &look_up()).await.is_ok(), "an hour later");
}

#[tokio::test(start_paused = true)]
async fn pins_of_a_code_can_be_wrong_so_often_a_day_at_a_kiosk() {
    let bench = with(Rules::default(), |_| Answer::Application(Err(PortalFault::FactorWrong { attempts_left: None })));
    let query = Query::Application { code: code(CODE), pin: crate::types::Pin::parse("1234") };
    for at in 0..=PINS_WRONG_MAX {
        // three in five minutes: who goes on waits
        tokio::time::sleep(Duration::from_secs(301)).await;
        let told = bench.exchange.conversation.ask_for("k-1", None, &query, None, WITHIN).await;
        assert_eq!(told.err(), (at == PINS_WRONG_MAX).then_some(Shut::PinLocked), "{at}");
    }
    tokio::time::sleep(Duration::from_secs(24 * 3_600)).await;
    assert!(bench.exchange.conversation.ask_for("k-1", None, &query, None, WITHIN).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn what_a_kiosk_uses_up_is_counted_unless_it_was_not_done() {
    let ticket = |attempt| {
        let what = ChangeKind::Ticket { office: "owso-1205".to_owned(), service: None, appointment: None };
        Query::Change(Change { what, attempt })
    };
    for (fault, asked) in
        [(None, KIOSK_TICKETS_MAX), (Some(PortalFault::Away), 40), (Some(PortalFault::Uncertain), KIOSK_TICKETS_MAX)]
    {
        let bench = with(Rules::default(), move |_| Answer::Filed(fault.map_or(Ok(Filed::Passed(None)), Err)));
        for at in 0..40 {
            drop(bench.exchange.conversation.ask_for("k-1", None, &ticket(at), None, WITHIN).await);
        }
        assert_eq!(bench.portal.asked().len(), asked as usize, "{fault:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_concerns_nobody_is_asked_without_a_count_and_nothing_else_is() {
    let bench = with(Rules { fails_hour_all: 1, ..Rules::default() }, |_| Answer::Offices(Err(PortalFault::NotFound)));
    let offices = Query::Offices(OfficeSearch::default());
    assert!(Free::of(&offices).is_some() && Free::of(&look_up()).is_none());
    for _ in 0..5 {
        bench.exchange.conversation.look_around(&offices, WITHIN).await;
    }
    assert_eq!((bench.portal.asked().len(), bench.store.called("tally")), (5, 0));
    let refused = bench.exchange.conversation.look_around(&look_up(), WITHIN).await;
    assert_eq!((refused.fault(), bench.portal.asked().len()), (Some(PortalFault::Refused), 5));
}

#[tokio::test(start_paused = true)]
async fn a_question_that_nobody_waits_for_is_settled_all_the_same() {
    let bench = with(Rules { fails_kiosk: 1, ..Rules::default() }, right);
    bench.portal.takes(Duration::from_secs(2));
    let conversation = bench.exchange.conversation.clone();
    let visit = |text: &str| Visit {
        dialogue: None,
        input: Input::Text(text.to_owned()),
        language: Language::En,
        number: None,
        device: "k-1".to_owned(),
        visit: None,
        cause: None,
        deadline: WITHIN,
    };
    let gone = tokio::time::timeout(Duration::from_secs(1), conversation.converse(visit(CODE))).await;
    assert!(gone.is_err(), "the page was closed");
    tokio::time::sleep(Duration::from_secs(2)).await;
    settled().await;
    let (next, view) = conversation.converse(visit(CODE)).await;
    assert!(matches!(view, View::Status(_)), "its place was given back");
    assert_ne!(next, Dialogue::default());
}

#[tokio::test(start_paused = true)]
async fn a_change_has_one_name_for_each_cause_and_what_is_asked() {
    let change = |slot: &str| Change { what: ChangeKind::Hold { slot: slot.to_owned() }, attempt: 0 };
    let cause = |id| CauseId(uuid::Uuid::from_u128(id));
    let name = |id, slot| talk::intention(cause(id), &change(slot));
    assert_eq!(name(1, "a"), name(1, "a"), "also in another process");
    assert!(name(1, "a") != name(2, "a") && name(1, "a") != name(1, "b"));
    assert_eq!(name(1, "a").get_version_num(), 8);
}

#[tokio::test(start_paused = true)]
async fn a_code_that_was_shown_to_a_number_is_no_guess_of_it_until_it_is_gone() {
    use std::sync::atomic::{AtomicBool, Ordering};
    static GONE: AtomicBool = AtomicBool::new(false);
    let bench = with(Rules { fails_quarter: 1, ..Rules::default() }, |query| match query {
        Query::Application { code, .. } if code.canonical() == CODE && !GONE.load(Ordering::Relaxed) => right(query),
        _ => wrong(query),
    });
    let mut windows = NumberWindows::default();
    let hushed = |told: Result<gate::Told, Shut>| told.map(|told| told.hushed);
    let guess = Query::Application { code: code(OTHER), pin: None };
    assert_eq!(hushed(asks(&bench, &mut windows, &look_up()).await), Ok(false));
    for over in [false, true] {
        assert_eq!(hushed(asks(&bench, &mut windows, &guess).await), Ok(over));
    }
    GONE.store(true, Ordering::Relaxed);
    // it is told what became of its own code, and once: then it is as strange as any other
    for over in [false, true] {
        assert_eq!(hushed(asks(&bench, &mut windows, &look_up()).await), Ok(over));
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_used_up_is_bounded_by_who_asks() {
    use crate::types::limits::{COMPLAINTS_A_DAY, KIOSK_HOLDS_MAX};
    let change = |what| Query::Change(Change { what, attempt: 0 });
    let complaint = change(ChangeKind::Complain { text: "words".to_owned(), language: Language::En });
    let rating = change(ChangeKind::Feedback { rating: 5, text: None });
    let hold = change(ChangeKind::Hold { slot: "a".to_owned() });
    let bench = with(Rules::default(), right);
    let gate = &bench.exchange.conversation.core.gate;
    let mut windows = NumberWindows::default();
    for (query, most) in [(&complaint, Some(COMPLAINTS_A_DAY)), (&rating, None), (&hold, None)] {
        let mut caller = Caller::Number { number: number(NUMBER), channel: Channel::Sms, windows: &mut windows };
        for taken in 0..2 * KIOSK_HOLDS_MAX {
            let shut = gate.enter(query, &mut caller).await.err();
            assert_eq!(shut, most.filter(|most| taken >= *most).map(|_| Shut::SlowDown), "{query:?} {taken}");
        }
    }
    for (number, most) in [(Some(number(NUMBER)), None), (None, Some(KIOSK_HOLDS_MAX))] {
        let mut caller = Caller::Device { device: "k-1", number, visit: None };
        for taken in 0..2 * KIOSK_HOLDS_MAX {
            let shut = gate.enter(&hold, &mut caller).await.err();
            assert_eq!(shut, most.filter(|most| taken >= *most).map(|_| Shut::SlowDown), "{number:?} {taken}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn digits_that_were_wrong_too_often_change_no_appointment_by_text() {
    use crate::types::limits::DIGITS_WRONG_MAX;
    let change = |what| Query::Change(Change { what, attempt: 0 });
    let reference = || "40719359".to_owned();
    let hold = || "h".to_owned();
    let booking = ChangeKind::Book { hold: hold(), service: "s".to_owned(), application: None, language: Language::En };
    let bench = with(Rules::default(), right);
    let gate = &bench.exchange.conversation.core.gate;
    for wrong in 1..=DIGITS_WRONG_MAX {
        gate.digits_wrong(number(NUMBER)).await;
        for (what, channel, bound) in [
            (booking.clone(), Channel::Sms, true),
            (ChangeKind::Move { reference: reference(), hold: hold() }, Channel::Sms, true),
            (ChangeKind::Cancel { reference: reference(), was: None }, Channel::Sms, true),
            (ChangeKind::Cancel { reference: reference(), was: None }, Channel::Ussd, false),
            (ChangeKind::Hold { slot: "a".to_owned() }, Channel::Sms, false),
        ] {
            let (query, mut windows) = (change(what), NumberWindows::default());
            let mut caller = Caller::Number { number: number(NUMBER), channel, windows: &mut windows };
            let locked = gate.enter(&query, &mut caller).await.err() == Some(Shut::DigitsLocked);
            assert_eq!(locked, bound && wrong == DIGITS_WRONG_MAX, "{query:?} {channel:?} {wrong}");
        }
    }
}

/// A look-up of a visitor who guesses; minutes to wait, if there are any.
async fn guesses(bench: &Bench, visit: u128, number: Option<&str>) -> Option<u32> {
    let visit = Visit {
        dialogue: None,
        input: Input::Text(OTHER.to_owned()),
        language: Language::En,
        number: number.map(super::super::testing::number),
        device: "k-1".to_owned(),
        visit: Some(uuid::Uuid::from_u128(visit)),
        cause: None,
        deadline: WITHIN,
    };
    match bench.exchange.conversation.converse(visit).await.1 {
        View::Unknown { .. } => None,
        View::Wait { minutes } => Some(minutes),
        other => panic!("{other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn who_guesses_in_a_visit_waits_longer_and_longer_and_the_next_visitor_does_not() {
    let bench = with(Rules { fails_kiosk: 10, ..Rules::default() }, wrong);
    let mut told = Vec::new();
    for _ in 0..4 {
        told.push(guesses(&bench, 1, None).await);
    }
    assert_eq!(told, [None, None, None, Some(2)], "three mistakes are an honest day");
    assert_eq!(guesses(&bench, 2, None).await, None, "somebody else steps up");
    tokio::time::sleep(Duration::from_secs(121)).await;
    let told = [guesses(&bench, 1, None).await, guesses(&bench, 1, None).await, guesses(&bench, 1, None).await];
    assert_eq!(told, [None, None, Some(8)], "ten minutes from the first");
    assert_eq!(guesses(&bench, 3, None).await, None);
    tokio::time::sleep(Duration::from_secs(480)).await;
    for _ in 0..3 {
        assert_eq!(guesses(&bench, 1, None).await, None);
    }
    assert_eq!(guesses(&bench, 1, None).await, Some(50), "an hour from the first");
}

#[tokio::test(start_paused = true)]
async fn a_kiosk_that_others_have_filled_still_serves_who_proves_a_number() {
    let bench = with(Rules { fails_kiosk: 4, fails_quarter: 2, ..Rules::default() }, wrong);
    for visit in 1..=4 {
        assert_eq!(guesses(&bench, visit, None).await, None);
    }
    assert_eq!(guesses(&bench, 5, None).await, Some(10), "the kiosk's own window, whoever asks");
    let asked = bench.portal.asked().len();
    assert_eq!(guesses(&bench, 6, Some(NUMBER)).await, None);
    assert_eq!(guesses(&bench, 6, Some(NUMBER)).await, None);
    assert_eq!(guesses(&bench, 6, Some(NUMBER)).await, Some(15), "and is counted for the number");
    assert_eq!(bench.portal.asked().len(), asked + 2);
}

#[tokio::test(start_paused = true)]
async fn pins_of_a_code_wait_before_its_day_is_over() {
    let bench = with(Rules::default(), |_| Answer::Application(Err(PortalFault::FactorWrong { attempts_left: None })));
    let query = Query::Application { code: code(CODE), pin: crate::types::Pin::parse("1234") };
    let ask = async || bench.exchange.conversation.ask_for("k-1", None, &query, None, WITHIN).await.err();
    let told = [ask().await, ask().await, ask().await, ask().await];
    assert_eq!(told, [None, None, None, Some(Shut::Wait { minutes: 5 })]);
    tokio::time::sleep(Duration::from_secs(301)).await;
    let told = [ask().await, ask().await, ask().await];
    assert_eq!(told, [None, None, Some(Shut::PinLocked)]);
}

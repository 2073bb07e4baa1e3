//! USSD sessions against a store in memory, in virtual time.
use super::*;
use crate::{
    exchange::testing::{Bench, CODE, Fails, MoAt, NUMBER, application, mo, number, pass, settings, settled},
    exchange::{IncomingMo, Rules},
    ports::{
        StoreFault,
        inbox::{MoEnd, Source},
    },
    types::{
        SessionId,
        civic::{Answer, Query},
    },
};

const HOME: &str = "Public services";
const KEYS: &str = "1 Track application";
const LATE: &str = "This takes a little longer. We will text you the answer.|END";

fn start() -> UssdSignal {
    UssdSignal::Start(Vec::new())
}

fn next(text: &str) -> UssdSignal {
    UssdSignal::Next(text.to_owned())
}

fn of_code(query: &Query) -> Answer {
    match query {
        Query::Application { code, .. } => Answer::Application(Ok(application(code, "in_review"))),
        _ => unreachable!("nothing else is asked"),
    }
}

/// Dials and goes to where a code is typed.
async fn at_the_code(bench: &Bench) {
    let home = bench.ussd(1, start()).await.expect("a screen");
    assert!(home.starts_with(HOME), "{home}");
    let asks = bench.ussd(1, next("1")).await.expect("a screen");
    assert!(asks.starts_with("Type the code on your receipt"), "{asks}");
}

#[tokio::test(start_paused = true)]
async fn an_input_is_answered_in_time_and_each_step_is_one_commit() {
    let bench = Bench::with(settings(), of_code).open();
    at_the_code(&bench).await;
    let told = bench.ussd(1, next(CODE)).await.expect("a screen");
    assert!(told.starts_with("120500-26-048193-7"), "{told}");
    assert_eq!((bench.store.called("ussd"), bench.store.called("keep_ussd")), (3, 3));
    assert!(bench.store.mos().is_empty() && bench.store.mts().is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_the_portal_does_not_answer_in_time_comes_as_a_text() {
    let bench = Bench::with(settings(), of_code).open();
    at_the_code(&bench).await;
    bench.portal.takes(Duration::from_secs(2));
    let before = bench.now();
    assert_eq!(bench.ussd(1, next(CODE)).await.as_deref(), Some(LATE));
    assert!(bench.now().since_ms(before) < 1_000, "the screen does not wait");
    pass(Duration::from_secs(5)).await;
    assert_eq!(bench.store.mos(), [(CODE.to_owned(), MoAt::Done(MoEnd::Answered))]);
    let answers = bench.answers();
    assert!(answers.len() == 1 && answers[0].starts_with("120500-26"), "{answers:?}");
    assert!(bench.ussd(1, next("1")).await.expect("a screen").contains(KEYS), "the session is over");
}

#[tokio::test(start_paused = true)]
async fn a_question_that_goes_on_as_a_text_is_read_as_it_was_meant_whatever_a_text_left_open() {
    let bench = Bench::with(settings(), of_code).open();
    // a text has asked something: 9 is for the language, and a number would be its answer
    bench.text("9").await.expect("taken");
    settled().await;
    assert!(bench.store.record(number(NUMBER)).in_dialogue);
    bench.portal.takes(Duration::from_secs(2));
    let dialled = UssdSignal::Start(vec![CODE.to_owned()]);
    assert_eq!(bench.ussd(1, dialled).await.as_deref(), Some(LATE));
    assert!(!bench.store.record(number(NUMBER)).in_dialogue, "what the text left open is over");
    pass(Duration::from_secs(5)).await;
    let answers = bench.answers();
    assert!(answers[1].starts_with("120500-26"), "{answers:?}");
}

#[tokio::test(start_paused = true)]
async fn a_step_whose_commit_fails_shows_that_and_an_input_that_was_overtaken_shows_nothing() {
    for (fault, shown) in
        [(StoreFault::Busy, Some("Sorry, we could not answer. Please dial again.|END")), (StoreFault::Stale, None)]
    {
        let bench = Bench::with(settings(), of_code).open();
        bench.store.fail("keep_ussd", [Fails::Before(fault)]);
        assert_eq!(bench.ussd(1, start()).await.as_deref(), shown, "{fault}");
        bench.store.fail("ussd", [Fails::Before(StoreFault::Busy)]);
        let sorry = bench.ussd(1, start()).await;
        assert!(sorry.is_some_and(|screen| screen.ends_with("Please dial again.|END")));
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_is_shown_to_who_is_gone_or_whose_gateway_has_given_up() {
    let bench = Bench::with(settings(), of_code).open();
    let call = UssdCall { read_at: tokio::time::Instant::now(), ..bench.call(1, start()) };
    tokio::time::sleep(Duration::from_millis(4_700)).await;
    assert!(bench.exchange.ussd.answer(call).await.is_none(), "too late to begin");
    assert_eq!(bench.ussd(1, UssdSignal::Abort).await, None, "of no session");
    at_the_code(&bench).await;
    assert_eq!(bench.ussd(1, UssdSignal::Abort).await, None);
    let again = bench.ussd(1, next(CODE)).await.expect("a screen");
    assert!(again.contains(KEYS), "it was hung up: {again}");
    assert_eq!(bench.ussd(1, UssdSignal::Confirmed).await, None);
}

#[tokio::test(start_paused = true)]
async fn an_input_that_is_sent_again_gets_its_screen_again_and_asks_nothing_twice() {
    let bench = Bench::with(settings(), of_code).open();
    at_the_code(&bench).await;
    let told = bench.ussd(1, next(CODE)).await.expect("a screen");
    // over the same connection it is another input
    let other = SessionId(uuid::Uuid::from_u128(9));
    let call = UssdCall { connection: other, ..bench.call(1, next(CODE)) };
    bench.exchange.texts.session_closed(bench.session);
    let again = bench.exchange.ussd.answer(call).await.expect("a screen");
    assert_eq!((again.text, bench.portal.asked().len()), (told, 1));
    tokio::time::sleep(USSD_AGAIN).await;
    let later = UssdCall { connection: SessionId(uuid::Uuid::from_u128(10)), ..bench.call(1, next(CODE)) };
    assert!(bench.exchange.ussd.answer(later).await.is_some());
    assert_eq!(bench.portal.asked().len(), 2, "after half a minute it is a new one");
}

#[tokio::test(start_paused = true)]
async fn a_start_is_one_until_it_is_answered_and_an_answer_is_another_input_while_its_connection_lives() {
    let bench = Bench::with(settings(), of_code).open();
    let dialled = || UssdSignal::Start(vec!["1".to_owned(), CODE.to_owned()]);
    let asked = || bench.portal.asked().len();
    // dialled twice, as a gateway that has not heard of the first repeats it
    let first = bench.ussd(1, dialled()).await.expect("a screen");
    assert_eq!((bench.ussd(1, dialled()).await.as_deref(), asked()), (Some(first.as_str()), 1));
    // another number dialled, or the same one after a step, begins anew
    bench.ussd(1, UssdSignal::Start(vec!["1".to_owned(), format!("{CODE} ")])).await.expect("a screen");
    assert_eq!(asked(), 2);
    bench.ussd(1, next("0")).await.expect("a screen");
    bench.ussd(1, dialled()).await.expect("a screen");
    assert_eq!(asked(), 3);
    // the same answer twice over one connection, or over another while the first lives, is two
    at_the_code(&bench).await;
    bench.ussd(1, next(CODE)).await.expect("a screen");
    let told = asked();
    for (again, connection) in [(1, bench.session), (2, SessionId(uuid::Uuid::from_u128(9)))] {
        let call = UssdCall { connection, ..bench.call(1, next(CODE)) };
        bench.exchange.ussd.answer(call).await.expect("a screen");
        assert_eq!(asked(), told + again);
    }
}

#[tokio::test(start_paused = true)]
async fn pages_are_turned_as_far_as_there_are_any() {
    let bench = Bench::with(settings(), of_code).open();
    let size = crate::render::ussd::Size { gsm7: 45, ucs2: 35 };
    let key = async |signal: UssdSignal| {
        let call = UssdCall { size, ..bench.call(1, signal) };
        bench.exchange.ussd.answer(call).await.expect("a screen").text
    };
    let mut pages = vec![key(start()).await];
    while pages.len() < 20 {
        let page = key(next("9")).await;
        let (session, _) = bench.store.ussd("smart".into(), number(NUMBER)).await.expect("read");
        let state = session.as_ref().and_then(UssdState::read).expect("a session");
        assert_eq!(state.page, pages.len());
        pages.push(page);
        if state.page + 1 == state.pages.len() {
            break;
        }
    }
    assert!((2..20).contains(&pages.len()), "{pages:?}");
    for back in (0..pages.len() - 1).rev() {
        assert_eq!(key(next("0")).await, pages[back]);
    }
    assert_eq!(key(next("0")).await, pages[0], "before the first page is the menu");
    for _ in 1..pages.len() {
        key(next("9")).await;
    }
    let last = key(next("9")).await;
    assert!(!pages.contains(&last), "behind the last page it is a choice: {last}");
}

#[tokio::test(start_paused = true)]
async fn inputs_of_a_number_come_one_after_the_other_and_no_more_than_a_few_wait() {
    let bench = Bench::with(settings(), of_code).open();
    at_the_code(&bench).await;
    bench.portal.takes(Duration::from_millis(500));
    let calls = (0..20).map(|_| bench.exchange.ussd.answer(bench.call(1, next(CODE))));
    let shown = futures_util::future::join_all(calls).await;
    let shown = shown.into_iter().flatten().count();
    assert!((1..=USSD_WAITING_MAX + 2).contains(&shown), "{shown}");
}

#[tokio::test(start_paused = true)]
async fn a_key_sends_the_answer_as_a_text_once() {
    let bench = Bench::with(settings(), of_code).started().await;
    let mut feed = bench.bind(8);
    settled().await;
    at_the_code(&bench).await;
    bench.ussd(1, next(CODE)).await.expect("a screen");
    let sent = bench.ussd(1, next("8")).await.expect("a screen");
    assert!(!sent.ends_with("|END"), "{sent}");
    assert!(bench.answers()[0].starts_with("120500-26-048193-7"), "{:?}", bench.answers());
    assert!(feed.try_next().is_some(), "a place was kept for it");
    bench.ussd(1, next("8")).await.expect("a screen");
    assert_eq!(bench.answers().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn wrong_keys_are_explained_and_then_lead_home() {
    let bench = Bench::with(settings(), of_code).open();
    at_the_code(&bench).await;
    let mut screens = Vec::new();
    for key in ["x", "y", "z", "w"] {
        screens.push(bench.ussd(1, next(key)).await.expect("a screen"));
    }
    assert!(screens[..3].iter().all(|screen| !screen.contains(KEYS)), "{screens:?}");
    assert!(screens[3].contains(KEYS), "{screens:?}");
}

#[tokio::test(start_paused = true)]
async fn steps_over_their_limit_end_the_session_with_a_word() {
    let mut settings = settings();
    settings.rules = Rules { steps_day: 2, ..Rules::default() };
    let bench = Bench::with(settings, of_code).open();
    at_the_code(&bench).await;
    let over = bench.ussd(1, next(CODE)).await.expect("a screen");
    assert!(over.starts_with("You have asked many times") && over.ends_with("|END"), "{over}");
    // texts of the number have limits of their own
    let source = Source::Person(number(NUMBER));
    bench.take(IncomingMo { source, ..mo("HELP", bench.session) }).await.expect("taken");
    settled().await;
    assert!(bench.answers()[0].starts_with("Send the code"), "{:?}", bench.answers());
}

#[tokio::test(start_paused = true)]
async fn a_session_goes_on_in_another_process_and_ends_by_itself() {
    let bench = Bench::with(settings(), of_code).open();
    at_the_code(&bench).await;
    let store = bench.store.clone();
    let bench = Bench::on(store, settings(), of_code).open();
    let told = bench.ussd(1, next(CODE)).await.expect("a screen");
    assert!(told.starts_with("120500-26"), "{told}");
    tokio::time::sleep(Duration::from_secs(181)).await;
    let lost = bench.ussd(1, next("8")).await.expect("a screen");
    assert!(lost.contains(KEYS), "{lost}");
}

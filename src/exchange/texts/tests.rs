//! Texts against a store in memory, in virtual time: what is acknowledged, what is answered, and how often.
use super::*;
use crate::{
    exchange::testing::{
        Bench, CODE, Fails, MoAt, MtAt, NUMBER, application, change_telco, mo, number, pass, settings, settled, text_of,
    },
    exchange::{IncomingMo, Rules, StoreHealth},
    ports::{
        StoreFault,
        inbox::{MoEnd, Source},
        outbox::Outcome,
    },
    types::civic::{Answer, PortalFault, Query},
};
use std::time::Duration;

const ANSWERED: MoAt = MoAt::Done(MoEnd::Answered);

fn ends(bench: &Bench) -> Vec<MoAt> {
    bench.store.mos().into_iter().map(|(_, at)| at).collect()
}

/// Takes what the bind has and says that the telco took it.
async fn sent(bench: &Bench, feed: &mut crate::exchange::OutboxFeed) -> Vec<String> {
    let mut texts = Vec::new();
    while let Some(submission) = feed.try_next() {
        texts.push(text_of(&submission.mt));
        bench.settle(&submission, Outcome::Sent { message_id: None }).await;
    }
    texts
}

#[tokio::test(start_paused = true)]
async fn a_text_is_stored_and_claimed_in_one_commit_and_answered_in_another() {
    let bench = Bench::new().open();
    assert!(bench.text(CODE).await.is_ok());
    settled().await;
    assert_eq!(ends(&bench), [ANSWERED]);
    let answers = bench.answers();
    assert!(answers.len() == 1 && answers[0].starts_with("120500-26-048193-7 "), "{answers:?}");
    let commits = ["accept", "claim", "finish"].map(|call| bench.store.called(call));
    assert_eq!((commits, bench.exchange.texts.in_hand()), ([1, 0, 1], 0));
}

#[tokio::test(start_paused = true)]
async fn what_comes_again_is_a_redelivery_as_long_as_its_resp_may_not_have_been_read() {
    let elsewhere = SessionId(uuid::Uuid::from_u128(8));
    // the first one's connection is gone, its resp was read, and how many answers that makes
    for (gone, confirmed, answers) in [(false, false, 2), (true, false, 1), (true, true, 2), (false, true, 2)] {
        let bench = Bench::new().started().await;
        let mut feed = bench.bind(8);
        settled().await;
        let first = bench.text(CODE).await.expect("taken");
        settled().await;
        assert_eq!(sent(&bench, &mut feed).await.len(), 1);
        if gone {
            bench.exchange.texts.session_closed(bench.session);
        }
        if confirmed {
            bench.exchange.texts.confirm(vec![first]).await;
        }
        let again = bench.take(mo(CODE, elsewhere)).await.expect("acknowledged");
        settled().await;
        assert_eq!(bench.answers().len(), answers, "gone {gone}, confirmed {confirmed}");
        assert_eq!(again == first, answers == 1, "gone {gone}, confirmed {confirmed}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_comes_again_while_it_is_in_hand_is_acknowledged_and_answered_once() {
    let bench = Bench::new().open();
    bench.portal.takes(Duration::from_secs(3));
    let strong = |id: &[u8]| IncomingMo { unique_id: Some(id.to_vec()), ..mo("1", bench.session) };
    for (text, again) in [(mo(CODE, bench.session), mo(CODE, bench.session)), (strong(b"7"), strong(b"7"))] {
        let first = bench.take(text).await.expect("taken");
        assert_eq!(bench.take(again).await.expect("acknowledged"), first);
    }
    pass(Duration::from_secs(10)).await;
    assert_eq!((bench.store.mos().len(), bench.answers().len()), (2, 2));
}

#[tokio::test(start_paused = true)]
async fn a_loop_is_stored_and_never_answered() {
    let mut settings = settings();
    change_telco(&mut settings, |telco| telco.short_codes.push("85510001212".to_owned()));
    let bench = Bench::with(settings, |query| match query {
        Query::Application { code, .. } => Answer::Application(Ok(application(code, "in_review"))),
        _ => unreachable!("nothing else is asked"),
    })
    .open();
    let from = |source| IncomingMo { source, ..mo(CODE, bench.session) };
    for (what, mo, at) in [
        ("our own number", from(Source::Person(number("85510001212"))), MoAt::Silent),
        ("a name", from(Source::Other("Smart".to_owned())), MoAt::Silent),
        ("a person", from(Source::Person(number(NUMBER))), ANSWERED),
    ] {
        bench.take(mo).await.expect("acknowledged");
        settled().await;
        assert_eq!(ends(&bench).last(), Some(&at), "{what}");
    }
    assert_eq!(bench.answers().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_acknowledged_that_was_not_stored_and_the_binds_hear_of_it() {
    let bench = Bench::new().open();
    let health = bench.exchange.run.store_health();
    bench.store.fail("accept", [Fails::Before(StoreFault::Busy)]);
    assert_eq!(bench.text(CODE).await, Err(AcceptFault::Store(StoreFault::Busy)));
    assert_eq!((bench.store.mos().len(), *health.borrow()), (0, StoreHealth::Failing));
    assert!(bench.text(CODE).await.is_ok(), "it comes again");
    bench.exchange.run.stop_taking();
    assert_eq!(bench.text("HELP").await, Err(AcceptFault::Overload));
    settled().await;
    assert_eq!((bench.answers().len(), bench.exchange.texts.in_hand()), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn a_text_that_was_stored_without_our_knowing_is_answered_though_nobody_was_told() {
    let bench = Bench::new().started().await;
    bench.store.fail("accept", [Fails::After(StoreFault::Unknown)]);
    assert_eq!(bench.text(CODE).await, Err(AcceptFault::Store(StoreFault::Unknown)));
    // the telco sends it again, and it is a duplicate of one that nobody works on
    assert!(bench.text(CODE).await.is_ok());
    pass(Duration::from_secs(20)).await;
    assert_eq!((ends(&bench), bench.answers().len()), (vec![ANSWERED], 1));
}

#[tokio::test(start_paused = true)]
async fn texts_of_a_number_are_answered_one_by_one_and_nobody_waits_for_another_number() {
    let bench = Bench::new().open();
    bench.portal.takes(Duration::from_secs(2));
    for text in [CODE, "START", "0"] {
        bench.text(text).await.expect("taken");
    }
    let other = IncomingMo { source: Source::Person(number("85598765432")), ..mo("START", bench.session) };
    bench.take(other).await.expect("taken");
    pass(Duration::from_secs(1)).await;
    assert_eq!(ends(&bench), [MoAt::Claimed, MoAt::Waiting, MoAt::Waiting, ANSWERED]);
    pass(Duration::from_secs(2)).await;
    assert_eq!(ends(&bench), [ANSWERED; 4]);
    let to: Vec<_> = bench.store.mts().into_iter().map(|(mt, _)| mt.destination).collect();
    let own = number(NUMBER);
    assert_eq!(to, [number("85598765432"), own, own, own], "in the order in which they were answered");
    let answers = bench.answers();
    assert!(answers[1].starts_with("120500-26") && answers[3].starts_with("Send the code"), "{answers:?}");
}

#[tokio::test(start_paused = true)]
async fn a_portal_that_does_not_answer_is_said_in_time_and_after_half_an_hour_the_question_is_asked_back() {
    for (waits, said, end) in [
        (Duration::ZERO, "we cannot check at the moment", MoEnd::Answered),
        (Duration::from_secs(31 * 60), "Sorry, we could not answer in time", MoEnd::Expired),
    ] {
        let bench = Bench::with(settings(), |_| Answer::Application(Err(PortalFault::Away)));
        bench.text(CODE).await.expect("taken");
        assert_eq!(ends(&bench), [MoAt::Waiting], "it waits until what was before is over");
        pass(waits).await;
        bench.exchange.texts.open();
        settled().await;
        assert_eq!(ends(&bench), [MoAt::Done(end)]);
        assert!(bench.answers()[0].contains(said), "{:?}", bench.answers());
    }
}

#[tokio::test(start_paused = true)]
async fn a_turn_whose_end_is_not_stored_is_taken_again_and_answered_once() {
    use Fails::{After, Before};
    use StoreFault::{Busy, Rejected, Stale, Unknown};
    // how the end fails, where the MO stands then, and what is said
    for (how, end, said) in [
        (vec![Before(Busy), Before(Busy)], ANSWERED, Some("120500-26")),
        (vec![Before(Unknown)], ANSWERED, Some("120500-26")),
        (vec![After(Unknown)], ANSWERED, Some("120500-26")),
        (vec![Before(Rejected)], MoAt::Done(MoEnd::Dead), Some("Sorry, we could not answer this")),
        (vec![Before(Rejected), Before(Rejected)], MoAt::Done(MoEnd::Dead), None),
        (vec![Before(Stale)], MoAt::Claimed, None),
    ] {
        let bench = Bench::new().started().await;
        let mut feed = bench.bind(8);
        settled().await;
        bench.store.fail("finish", how);
        bench.text(CODE).await.expect("taken");
        pass(Duration::from_secs(30)).await;
        assert_eq!(ends(&bench), [end]);
        let told = sent(&bench, &mut feed).await;
        assert_eq!(told.len(), usize::from(said.is_some()), "{told:?}");
        assert!(said.is_none_or(|said| told[0].starts_with(said)), "{told:?}");
        assert!(bench.store.mts().iter().all(|(_, at)| *at == MtAt::Sent), "nothing is left on the way");
    }
}

#[tokio::test(start_paused = true)]
async fn a_text_that_breaks_every_turn_ends_in_an_apology() {
    let bench = Bench::with(settings(), |_| panic!("the turn breaks")).open();
    bench.text(CODE).await.expect("taken");
    pass(Duration::from_secs(60)).await;
    assert_eq!(ends(&bench), [MoAt::Done(MoEnd::Dead)]);
    assert!(bench.answers()[0].starts_with("Sorry, we could not answer this"), "{:?}", bench.answers());
    assert_eq!(bench.portal.asked().len(), 5, "as often as a turn is tried");
}

#[tokio::test(start_paused = true)]
async fn a_claim_that_fails_keeps_its_place_before_later_texts() {
    let bench = Bench::new();
    bench.store.fail("claim", [Fails::Before(StoreFault::Busy); 3]);
    for text in [CODE, "HELP"] {
        bench.text(text).await.expect("taken");
    }
    bench.exchange.texts.open();
    settled().await;
    assert_eq!(ends(&bench), [MoAt::Waiting, MoAt::Waiting]);
    pass(Duration::from_secs(2)).await;
    assert_eq!(ends(&bench), [ANSWERED, ANSWERED]);
    assert!(bench.answers()[0].starts_with("120500-26"), "{:?}", bench.answers());
}

#[tokio::test(start_paused = true)]
async fn a_limit_is_told_once_and_then_kept_in_silence() {
    let mut settings = settings();
    settings.rules = Rules { replies_minute: 2, ..Rules::default() };
    let bench = Bench::with(settings, |_| Answer::Application(Err(PortalFault::Away))).open();
    for at in 0..4 {
        bench.text(&format!("START{}", " ".repeat(at))).await.expect("taken");
        settled().await;
    }
    let withheld = MoAt::Done(MoEnd::Withheld);
    assert_eq!(ends(&bench), [ANSWERED, ANSWERED, withheld, withheld]);
    let answers = bench.answers();
    assert!(answers.len() == 3 && answers[2].starts_with("You have asked many times"), "{answers:?}");
}

#[tokio::test(start_paused = true)]
async fn what_is_chosen_is_remembered_in_the_commit_that_says_so() {
    let bench = Bench::new().open();
    bench.store.fail("finish", [Fails::Before(StoreFault::Busy)]);
    bench.text("STOP").await.expect("taken");
    settled().await;
    assert!(!bench.store.record(number(NUMBER)).stopped, "not before its commit");
    pass(Duration::from_secs(2)).await;
    let record = bench.store.record(number(NUMBER));
    assert!(record.stopped && bench.answers()[0].starts_with("You will get no more notices"), "{record:?}");
    // an open question is kept for the next text
    bench.text("9").await.expect("taken");
    settled().await;
    assert!(bench.store.record(number(NUMBER)).in_dialogue);
}

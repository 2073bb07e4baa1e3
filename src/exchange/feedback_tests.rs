//! What is said while the portal is away, against a store in memory, in virtual time: it is kept before anybody is told so,
//! and the portal hears it once.
use crate::{
    exchange::testing::{Bench, Fails, Memory, NUMBER, jump, number, pass, settings, settled},
    exchange::{QuietHours, Settings, TelcoRules, UssdSignal},
    ports::{StoreFault, feedback::FeedbackEnd},
    types::{
        civic::{Answer, Change, ChangeKind, Filed, PortalFault, Query},
        limits::{FEEDBACK_WAITS_MAX, KIOSK_RATINGS_MAX},
        lock,
        names::Channel,
    },
};
use std::{
    collections::HashSet,
    sync::{Arc, Mutex},
    time::Duration,
};
use uuid::Uuid;

const WITHIN: Duration = Duration::from_secs(4);
const MINUTE: Duration = Duration::from_secs(60);

/// A portal that can be away.
#[derive(Clone, Default)]
struct Road(Arc<Mutex<Option<PortalFault>>>);

impl Road {
    fn away(fault: PortalFault) -> Self {
        Road(Arc::new(Mutex::new(Some(fault))))
    }

    fn is(&self, fault: Option<PortalFault>) {
        *lock(&self.0) = fault;
    }

    fn answers(&self) -> impl Fn(&Query) -> Answer + Send + Sync + 'static {
        let road = self.clone();
        move |query| {
            let reference = match query {
                Query::Change(Change { what: ChangeKind::Complain { .. }, .. }) => Some("5520718064".to_owned()),
                Query::Change(_) => None,
                other => panic!("nothing else is asked: {other:?}"),
            };
            Answer::Filed((*lock(&road.0)).map_or(Ok(Filed::Passed(reference)), Err))
        }
    }
}

/// Names under which the portal was told something, and how often it was told.
fn calls(bench: &Bench) -> (HashSet<Uuid>, usize) {
    let asked = bench.portal.asked();
    (asked.iter().map(|(_, asker)| asker.key.expect("a change has a key")).collect(), asked.len())
}

/// How what was kept ended.
fn ends(bench: &Bench) -> Vec<&'static str> {
    let word = |end: &FeedbackEnd| match end {
        FeedbackEnd::PassedOn(None) => "passed on",
        FeedbackEnd::PassedOn(Some(_)) => "passed on and told",
        FeedbackEnd::Declined => "declined",
        FeedbackEnd::GivenUp => "given up",
        FeedbackEnd::Later(_) => "later",
    };
    bench.store.feedback().iter().map(|row| row.end.as_ref().map_or("waits", word)).collect()
}

async fn rate(bench: &Bench, intent: u128) -> Option<Filed> {
    bench.exchange.conversation.rate("k-1", 5, Uuid::from_u128(intent), WITHIN).await
}

#[tokio::test(start_paused = true)]
async fn a_visitors_rating_is_kept_once_and_passed_on_once_under_its_name() {
    for fault in [PortalFault::Away, PortalFault::Uncertain, PortalFault::Refused, PortalFault::Unusable] {
        let road = Road::away(fault);
        let bench = Bench::with(settings(), road.answers()).started().await;
        for _ in 0..3 {
            assert_eq!(rate(&bench, 7).await, Some(Filed::Kept { told: false }), "{fault:?}, however often pressed");
        }
        pass(10 * MINUTE).await;
        assert_eq!(ends(&bench), ["waits"]);
        road.is(None);
        pass(MINUTE).await;
        assert_eq!(ends(&bench), ["passed on"]);
        let (names, told) = calls(&bench);
        assert_eq!(names, HashSet::from([Uuid::from_u128(7)]));
        assert!(told < 50, "in ten minutes: {told}");
        jump(60 * MINUTE).await;
        pass(MINUTE).await;
        assert_eq!(calls(&bench).1, told, "and never again");
        assert!(bench.portal.asked().iter().all(|(_, asker)| asker.channel == Channel::Kiosk));
    }
}

#[tokio::test(start_paused = true)]
async fn what_the_portal_declines_is_not_kept_and_not_tried_again() {
    let road = Road::away(PortalFault::Declined);
    let bench = Bench::with(settings(), road.answers()).started().await;
    assert_eq!(rate(&bench, 1).await, None);
    assert_eq!(ends(&bench), [""; 0]);
    road.is(Some(PortalFault::Away));
    assert_eq!(rate(&bench, 2).await, Some(Filed::Kept { told: false }));
    road.is(Some(PortalFault::Declined));
    pass(MINUTE).await;
    assert_eq!(ends(&bench), ["declined"]);
    let told = calls(&bench).1;
    jump(24 * 60 * MINUTE).await;
    pass(MINUTE).await;
    assert_eq!(calls(&bench).1, told);
}

#[tokio::test(start_paused = true)]
async fn who_complains_by_text_or_by_screen_is_told_the_truth_and_later_the_number() {
    let road = Road::away(PortalFault::Away);
    let bench = Bench::with(settings(), road.answers()).started().await;
    bench.text("COMPLAINT the counter was closed").await.expect("taken");
    settled().await;
    bench.ussd(1, UssdSignal::Start(Vec::new())).await.expect("a menu");
    bench.ussd(1, UssdSignal::Next("5".to_owned())).await.expect("a question");
    let screen = bench.ussd(1, UssdSignal::Next("4".to_owned())).await.expect("a screen");
    assert!(screen.starts_with("Thank you. Your rating is kept."), "{screen}");
    road.is(None);
    pass(MINUTE).await;
    let kept = "Your complaint is kept here. We will pass it on as soon as we can and text you its number. \
                Please do not send it again.";
    let filed = "Your complaint was received. Its number is 5520718064. To follow it send COMPLAINT 5520718064";
    assert_eq!(bench.answers(), [kept, filed]);
    let mut ended = ends(&bench);
    ended.sort_unstable();
    assert_eq!(ended, ["passed on", "passed on and told"]);
    let asked = bench.portal.asked();
    assert!(asked.iter().all(|(_, asker)| asker.number == Some(number(NUMBER)) && asker.channel != Channel::Kiosk));
    assert_eq!(calls(&bench).0.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn nobody_is_promised_or_sent_a_text_to_where_we_send_none_and_nobody_is_woken_by_one() {
    let quiet = QuietHours { from: jiff::civil::time(8, 0, 0, 0), until: jiff::civil::time(11, 0, 0, 0) };
    let nowhere = TelcoRules { prefixes: vec!["99".to_owned()], ..settings().telcos.all()[0].clone() };
    let unreached = Settings { telcos: vec![nowhere].into(), ..settings() };
    let asleep = Settings { quiet: Some(quiet), ..settings() };
    for (settings, promised, at_once, later) in [(unreached, false, 1, 1), (asleep, true, 1, 2)] {
        let road = Road::away(PortalFault::Away);
        let bench = Bench::with(settings, road.answers()).started().await;
        bench.text("COMPLAINT the counter was closed").await.expect("taken");
        settled().await;
        assert_eq!(bench.answers()[0].contains("text you its number"), promised);
        road.is(None);
        pass(MINUTE).await;
        assert_eq!(bench.answers().len(), at_once);
        jump(3 * 60 * MINUTE).await;
        pass(MINUTE).await;
        assert_eq!(bench.answers().len(), later);
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_kept_outlives_the_process_and_a_commit_that_fails() {
    let store: Arc<Memory> = Arc::default();
    let road = Road::away(PortalFault::Uncertain);
    let first = Bench::on(store.clone(), settings(), road.answers()).started().await;
    assert_eq!(rate(&first, 9).await, Some(Filed::Kept { told: false }));
    store.crash();
    drop(first);
    road.is(None);
    store.fail("end_feedback", [Fails::Before(StoreFault::Busy), Fails::After(StoreFault::Unknown)]);
    let second = Bench::on(store, settings(), road.answers()).started().await;
    pass(MINUTE).await;
    assert_eq!(ends(&second), ["passed on"]);
    let (names, told) = calls(&second);
    assert_eq!((names, told), (HashSet::from([Uuid::from_u128(9)]), 2), "once more after each end that was not stored");
}

#[tokio::test(start_paused = true)]
async fn what_is_not_on_the_disk_is_not_called_kept() {
    let bench = Bench::with(settings(), Road::away(PortalFault::Away).answers()).started().await;
    bench.store.fail("keep_feedback", [Fails::Before(StoreFault::Busy)]);
    assert_eq!(rate(&bench, 1).await, None);
    bench.store.fail("keep_feedback", [Fails::Before(StoreFault::Busy)]);
    bench.text("COMPLAINT the counter was closed").await.expect("taken");
    settled().await;
    assert!(!bench.answers()[0].contains("kept"), "{:?}", bench.answers());
}

#[tokio::test(start_paused = true)]
async fn one_that_never_goes_through_holds_up_no_other_and_is_given_up_in_the_end() {
    let calm = Road::away(PortalFault::Away);
    let answers = calm.answers();
    let bench = Bench::with(settings(), move |query| match query {
        Query::Change(Change { what: ChangeKind::Feedback { rating: 1, .. }, .. }) => {
            Answer::Filed(Err(PortalFault::Uncertain))
        }
        other => answers(other),
    })
    .started()
    .await;
    let conversation = &bench.exchange.conversation;
    for (rating, intent) in [(1, 1), (5, 2), (4, 3)] {
        let kept = conversation.rate("k-1", rating, Uuid::from_u128(intent), WITHIN).await;
        assert_eq!(kept, Some(Filed::Kept { told: false }));
    }
    calm.is(None);
    pass(MINUTE).await;
    assert_eq!(ends(&bench), ["waits", "passed on", "passed on"]);
    jump(FEEDBACK_WAITS_MAX).await;
    pass(11 * MINUTE).await;
    assert_eq!(ends(&bench), ["given up", "passed on", "passed on"]);
}

#[tokio::test(start_paused = true)]
async fn a_kiosk_cannot_fill_the_store_while_the_portal_is_away() {
    let bench = Bench::with(settings(), Road::away(PortalFault::Away).answers());
    for at in 0..100 {
        rate(&bench, at).await;
    }
    assert_eq!(bench.store.feedback().len(), KIOSK_RATINGS_MAX as usize);
}

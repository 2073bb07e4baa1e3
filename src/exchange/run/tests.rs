//! Starts after an unclean end, and the regular look at what waits, in virtual time.
use crate::{
    exchange::testing::{Bench, CODE, Fails, Memory, MoAt, application, mo, number, pass, settings, settled},
    exchange::{IncomingMo, StoreHealth},
    ports::{
        StoreFault,
        inbox::{MoEnd, Source},
    },
    types::civic::{Answer, Query},
};
use std::{sync::Arc, time::Duration};

const ANSWERED: MoAt = MoAt::Done(MoEnd::Answered);
const DEAD: MoAt = MoAt::Done(MoEnd::Dead);

fn ends(store: &Memory) -> Vec<MoAt> {
    store.mos().into_iter().map(|(_, at)| at).collect()
}

fn portal(query: &Query) -> Answer {
    match query {
        Query::Application { code, .. } => Answer::Application(Ok(application(code, "in_review"))),
        _ => unreachable!("nothing else is asked"),
    }
}

/// A run that ends without a word while texts of so many numbers are in hand.
async fn crashed(texts: u32) -> Arc<Memory> {
    let bench = Bench::new().started().await;
    bench.portal.takes(Duration::from_secs(3_600));
    for at in 0..texts {
        let source = Source::Person(number(&format!("8551234560{at}")));
        bench.take(IncomingMo { source, ..mo(CODE, bench.session) }).await.expect("taken");
    }
    settled().await;
    assert_eq!(ends(&bench.store), vec![MoAt::Claimed; texts as usize]);
    bench.store.crash();
    bench.store.clone()
}

#[tokio::test(start_paused = true)]
async fn what_was_in_hand_at_a_crash_is_tried_one_at_a_time_and_new_texts_wait_for_it() {
    let store = crashed(3).await;
    let bench = Bench::on(store.clone(), settings(), portal);
    bench.portal.takes(Duration::from_secs(2));
    let bench = bench.started().await;
    bench.text("HELP").await.expect("taken");
    let mut seen = Vec::new();
    for _ in 0..4 {
        pass(Duration::from_millis(500)).await;
        seen.push(ends(&store));
        pass(Duration::from_millis(1_500)).await;
    }
    use MoAt::{Claimed, Waiting};
    assert_eq!(seen[0], [Claimed, Waiting, Waiting, Waiting]);
    assert_eq!(seen[1], [ANSWERED, Claimed, Waiting, Waiting]);
    assert_eq!(seen[2], [ANSWERED, ANSWERED, Claimed, Waiting]);
    assert_eq!(seen[3], [ANSWERED; 4]);
    bench.exchange.run.recovered().await;
}

#[tokio::test(start_paused = true)]
async fn only_a_text_that_ends_the_process_alone_twice_is_given_up() {
    let store = crashed(2).await;
    for _ in 0..2 {
        let bench = Bench::on(store.clone(), settings(), portal);
        bench.portal.takes(Duration::from_secs(3_600));
        let bench = bench.started().await;
        settled().await;
        assert_eq!(ends(&store), [MoAt::Claimed, MoAt::Waiting], "one of them, alone");
        bench.store.crash();
    }
    let bench = Bench::on(store.clone(), settings(), portal).started().await;
    pass(Duration::from_secs(1)).await;
    assert_eq!(ends(&store), [DEAD, ANSWERED]);
    assert!(bench.answers()[0].starts_with("Sorry"), "{:?}", bench.answers());
}

#[tokio::test(start_paused = true)]
async fn a_suspect_whose_claim_fails_is_found_by_the_next_look_and_the_others_do_not_wait() {
    let store = crashed(2).await;
    store.fail("claim", [Fails::Before(StoreFault::Busy)]);
    let _bench = Bench::on(store.clone(), settings(), portal).started().await;
    pass(Duration::from_secs(1)).await;
    assert_eq!(ends(&store)[1], ANSWERED);
    pass(Duration::from_secs(20)).await;
    assert_eq!(ends(&store), [ANSWERED, ANSWERED]);
}

#[tokio::test(start_paused = true)]
async fn a_look_at_what_waits_goes_on_when_the_store_is_there_again() {
    let store = crashed(1).await;
    store.fail("waiting", [Fails::Before(StoreFault::Busy); 3]);
    let bench = Bench::on(store.clone(), settings(), portal).started().await;
    assert_eq!(ends(&store), [MoAt::Waiting]);
    pass(Duration::from_secs(5)).await;
    assert_eq!((ends(&store), bench.answers().len()), (vec![ANSWERED], 1));
}

#[tokio::test(start_paused = true)]
async fn a_store_that_takes_no_commits_is_lost_after_a_while_and_good_with_the_first_it_takes() {
    let bench = Bench::new().started().await;
    settled().await;
    let health = bench.exchange.run.store_health();
    assert_eq!((*health.borrow(), bench.board.store_ok()), (StoreHealth::Good, true));
    bench.store.fail("probe", [Fails::Before(StoreFault::Busy); 15]);
    bench.store.fail("accept", [Fails::Before(StoreFault::Busy)]);
    assert!(bench.text(CODE).await.is_err());
    pass(Duration::from_secs(5)).await;
    assert_eq!((*health.borrow(), bench.board.store_ok()), (StoreHealth::Failing, false));
    pass(Duration::from_secs(6)).await;
    assert_eq!(*health.borrow(), StoreHealth::Lost);
    pass(Duration::from_secs(5)).await;
    assert_eq!((*health.borrow(), bench.board.store_ok()), (StoreHealth::Good, true));
}

#[tokio::test(start_paused = true)]
async fn a_row_of_somebody_else_says_nothing_of_the_store() {
    let bench = Bench::new().started().await;
    settled().await;
    let health = bench.exchange.run.store_health();
    bench.store.fail("finish", [Fails::Before(StoreFault::Stale)]);
    bench.text(CODE).await.expect("taken");
    settled().await;
    assert_eq!((bench.store.called("finish"), bench.store.called("probe")), (1, 0));
    assert_eq!(*health.borrow(), StoreHealth::Good);
}

#[tokio::test(start_paused = true)]
async fn a_drain_waits_for_turns_in_hand_and_no_longer_than_it_may() {
    for (takes, all) in [(Duration::from_secs(3), true), (Duration::from_secs(30), false)] {
        let bench = Bench::new().started().await;
        bench.portal.takes(takes);
        bench.text(CODE).await.expect("taken");
        bench.exchange.run.stop_taking();
        assert_eq!(bench.exchange.run.drained(Duration::from_secs(10)).await, all);
        assert!(bench.board.draining() && bench.text("HELP").await.is_err());
    }
}

//! The way out against a store in memory, in virtual time: who gets what, in which order, and what becomes of what nobody
//! knows the fate of.
use super::*;
use crate::{
    exchange::testing::{Bench, CODE, Fails, MtAt, NUMBER, change_telco, mo, number, pass, settings, settled, text_of},
    exchange::{Cut, IncomingMo},
    ports::inbox::Source,
    types::{
        UnixMs,
        limits::{AMBIGUOUS_HOLD, SUBMIT_AHEAD, SUBMIT_TRIES_MAX},
    },
};

const SENT: Outcome = Outcome::Sent { message_id: None };

/// Stores texts of these numbers, which are answered.
async fn answered(bench: &Bench, numbers: impl IntoIterator<Item = u32>) {
    for at in numbers {
        let source = Source::Person(number(&format!("855123{at:05}")));
        bench.take(IncomingMo { source, ..mo("START", bench.session) }).await.expect("taken");
    }
    settled().await;
}

fn all(feed: &mut OutboxFeed) -> Vec<Submission> {
    std::iter::from_fn(|| feed.try_next()).collect()
}

fn at(bench: &Bench) -> Vec<MtAt> {
    bench.store.mts().into_iter().map(|(_, at)| at).collect()
}

#[tokio::test(start_paused = true)]
async fn an_answer_takes_the_place_that_was_kept_for_it_without_a_look() {
    let bench = Bench::new().started().await;
    let mut feed = bench.bind(1);
    settled().await;
    let looks = bench.store.called("due");
    answered(&bench, [1]).await;
    let due = all(&mut feed);
    assert_eq!((due.len(), at(&bench), bench.store.called("due")), (1, vec![MtAt::Submitting], looks));
    assert!(due[0].read_at.is_some() && text_of(&due[0].mt).starts_with("You will get notices"));
    bench.settle(&due[0], SENT).await;
    assert_eq!(at(&bench), [MtAt::Sent]);
}

#[tokio::test(start_paused = true)]
async fn what_is_begun_while_the_server_stops_is_queued_again_and_not_uncertain() {
    let bench = Bench::new().started().await;
    answered(&bench, 1..=3).await;
    let feed = bench.bind(2);
    while bench.store.called("begin_submit") == 0 {
        tokio::task::yield_now().await;
    }
    assert_eq!(at(&bench), vec![MtAt::Submitting; 3], "recorded, and not handed over yet");
    drop(feed);
    bench.stop();
    bench.exchange.run.ended().await;
    assert_eq!(at(&bench), vec![MtAt::Queued; 3]);
}

#[tokio::test(start_paused = true)]
async fn no_more_is_handed_over_than_there_are_places_and_a_settled_one_gives_its_own_back() {
    let bench = Bench::new().started().await;
    let mut feed = bench.bind(2);
    let places = 2 + SUBMIT_AHEAD;
    assert_eq!(OutboxFeed::places(2), places);
    answered(&bench, 0..u32::try_from(places).expect("few") + 3).await;
    pass(Duration::from_secs(2)).await;
    let first = all(&mut feed);
    assert_eq!(first.len(), places);
    bench.store.fail("settle", [Fails::Before(StoreFault::Busy); 2]);
    bench.settle(&first[0], SENT).await;
    settled().await;
    assert_eq!(all(&mut feed).len(), 1, "one place, one segment");
    assert_eq!(bench.store.called("settle"), 3, "its place comes back with the commit of its outcome");
}

#[tokio::test(start_paused = true)]
async fn what_is_due_longest_goes_first_and_nothing_before_it_is_due() {
    let bench = Bench::new().started().await;
    for at in 0..3 {
        answered(&bench, [at]).await;
        pass(Duration::from_millis(10)).await;
    }
    let mut feed = bench.bind(8);
    pass(Duration::from_secs(1)).await;
    let due = all(&mut feed);
    let order: Vec<String> = due.iter().map(|one| one.mt.destination.digits().to_owned()).collect();
    assert_eq!(order, ["85512300000", "85512300001", "85512300002"]);
    let later = bench.now().plus_ms(60_000);
    bench.settle(&due[0], Outcome::Retry { due: later, status: 0x58 }).await;
    bench.settle(&due[1], Outcome::Unwritten).await;
    settled().await;
    let again = all(&mut feed);
    assert_eq!((again.len(), again[0].mt.id, again[0].mt.attempts), (1, due[1].mt.id, 1), "one that was not written");
    pass(Duration::from_secs(58)).await;
    assert!(all(&mut feed).is_empty());
    pass(Duration::from_secs(3)).await;
    let again = all(&mut feed);
    assert_eq!((again.len(), again[0].mt.id, again[0].mt.attempts), (1, due[0].mt.id, 2), "one that was refused");
}

#[tokio::test(start_paused = true)]
async fn segments_of_a_number_go_one_at_a_time_in_their_order() {
    let bench = Bench::new().started().await;
    let mut feed = bench.bind(8);
    for text in ["START", CODE] {
        bench.text(text).await.expect("taken");
    }
    pass(Duration::from_secs(1)).await;
    let first = all(&mut feed);
    assert_eq!((first.len(), at(&bench)), (1, vec![MtAt::Submitting, MtAt::Queued]));
    bench.settle(&first[0], SENT).await;
    settled().await;
    let second = all(&mut feed);
    assert!(second.len() == 1 && text_of(&second[0].mt).starts_with("120500-26"));
}

#[tokio::test(start_paused = true)]
async fn what_nobody_knows_the_fate_of_is_sent_again_after_a_while_and_given_up_in_the_end() {
    let bench = Bench::new().started().await;
    let mut feed = bench.bind(8);
    answered(&bench, [1]).await;
    for tries in 1..=SUBMIT_TRIES_MAX {
        let due = all(&mut feed);
        assert_eq!((due.len(), due[0].mt.attempts), (1, tries));
        bench.settle(&due[0], Outcome::Ambiguous).await;
        pass(AMBIGUOUS_HOLD - Duration::from_secs(2)).await;
        assert!(all(&mut feed).is_empty() && at(&bench) == [MtAt::Uncertain], "not before the telco could say");
        pass(Duration::from_secs(4)).await;
    }
    assert_eq!((all(&mut feed).len(), at(&bench)), (0, vec![MtAt::Failed]));
}

#[tokio::test(start_paused = true)]
async fn what_is_uncertain_is_decided_only_when_a_bind_has_been_there_for_a_while() {
    let bench = Bench::new().started().await;
    let mut feed = bench.bind(8);
    answered(&bench, [1]).await;
    bench.settle(&all(&mut feed)[0], Outcome::Ambiguous).await;
    drop(feed);
    pass(Duration::from_secs(60)).await;
    assert_eq!(at(&bench), [MtAt::Uncertain], "nobody is there who could tell");
    let mut feed = bench.bind(8);
    pass(AMBIGUOUS_HOLD - Duration::from_secs(2)).await;
    assert_eq!(at(&bench), [MtAt::Uncertain]);
    pass(Duration::from_secs(4)).await;
    assert_eq!((all(&mut feed).len(), at(&bench)), (1, vec![MtAt::Submitting]));
}

#[tokio::test(start_paused = true)]
async fn what_a_bind_leaves_behind_goes_to_the_next_one() {
    let bench = Bench::new().started().await;
    let mut feed = bench.bind(8);
    answered(&bench, [1, 2]).await;
    let unwritten = feed.close();
    assert_eq!((unwritten.len(), at(&bench)), (2, vec![MtAt::Submitting; 2]));
    for one in &unwritten {
        bench.settle(one, Outcome::Unwritten).await;
    }
    let mut next =
        bench.exchange.outbox.pull(&"smart".into(), SessionId(uuid::Uuid::from_u128(9)), 8).expect("a telco");
    settled().await;
    let due = all(&mut next);
    assert_eq!(due.iter().map(|one| one.mt.attempts).collect::<Vec<_>>(), [1, 1], "an attempt that was none");
    assert!(bench.exchange.outbox.pull(&"nobody".into(), bench.session, 8).is_none());
}

#[tokio::test(start_paused = true)]
async fn a_telco_that_is_taken_out_and_comes_back_leaves_no_task_and_keeps_what_waits() {
    let bench = Bench::new().started().await;
    let (outbox, smart) = (&bench.exchange.outbox, SmscName::from("smart"));
    let rules = settings().telcos.all().to_vec();
    for at in 0..5 {
        answered(&bench, [at]).await;
        let stored = at as usize + 1;
        bench.exchange.run.change_telcos(Vec::new());
        outbox.forget(&smart).await;
        outbox.forget(&smart).await;
        assert_eq!((outbox.core.pumping.len(), lock(&outbox.core.telcos).len()), (0, 0));
        let looks = bench.store.called("due");
        outbox.wake(&smart);
        pass(Duration::from_secs(5)).await;
        assert!(outbox.pull(&smart, bench.session, 8).is_none() && bench.store.called("due") == looks);
        bench.exchange.run.change_telcos(rules.clone());
        bench.exchange.run.change_telcos(rules.clone());
        assert_eq!((outbox.core.pumping.len(), lock(&outbox.core.telcos).len()), (1, 1));
        assert_eq!(self::at(&bench), vec![MtAt::Queued; stored], "held, and by nobody's hand");
    }
    let mut feed = bench.bind(8);
    settled().await;
    assert_eq!(all(&mut feed).len(), 5);
    bench.stop();
    bench.exchange.run.ended().await;
    assert!(outbox.core.pumping.is_empty());
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_is_stored_while_its_telco_is_taken_out_is_queued_again() {
    let bench = Bench::new().started().await;
    let mut feed = bench.bind(8);
    settled().await;
    answered(&bench, [1]).await;
    let (mo, stored) = (all(&mut feed)[0].mt.mo, bench.store.mts()[0].0.clone());
    assert_eq!((at(&bench), stored.reserved), (vec![MtAt::Submitting], Some(bench.session)));
    drop(feed);
    bench.exchange.outbox.forget(&"smart".into()).await;
    let begun = Ok(vec![stored.id]);
    bench.exchange.outbox.hand_over(mo, vec![stored], &begun, None).await;
    settled().await;
    assert_eq!(at(&bench), [MtAt::Queued]);
}

#[tokio::test(start_paused = true)]
async fn a_look_that_fails_is_owed_until_it_succeeds() {
    let bench = Bench::new().started().await;
    answered(&bench, [1]).await;
    bench.store.fail("due", [Fails::Before(StoreFault::Busy); 3]);
    bench.store.fail("begin_submit", [Fails::Before(StoreFault::Busy)]);
    let mut feed = bench.bind(8);
    settled().await;
    assert!(all(&mut feed).is_empty());
    pass(Duration::from_secs(3)).await;
    assert_eq!(all(&mut feed).len(), 1);
}

#[tokio::test]
async fn a_long_text_is_cut_numbered_and_named_as_its_telco_wants_it() {
    let text = "a long answer, and ".repeat(20);
    for (cut, lead) in [(Cut::Udh8, 5_usize), (Cut::Udh16, 6), (Cut::Sar, 6)] {
        let mut settings = settings();
        change_telco(&mut settings, |telco| telco.cut = cut);
        let segmenter = Segmenter::new(Arc::new(settings));
        let (smsc, to) = ("smart".into(), number(NUMBER));
        let envelope = Envelope {
            smsc: &smsc,
            source: "1212",
            to,
            kind: port::MtKind::Answer,
            class: port::Class::Answer,
            not_after: UnixMs(9),
        };
        let mts = segmenter.cut(&envelope, &text, UnixMs(5));
        assert_eq!(mts.iter().map(|mt| (mt.part, mt.parts)).collect::<Vec<_>>(), [(1, 3), (2, 3), (3, 3)]);
        let header = |mt: &NewMt| mt.body[..=lead].to_vec();
        let of_text = |mt: &NewMt| header(mt)[3..lead - 1].to_vec();
        assert!(mts.iter().all(|mt| mt.udhi && usize::from(mt.body[0]) == lead && of_text(mt) == of_text(&mts[0])));
        assert_eq!(mts.iter().map(|mt| *header(mt).last().expect("a part")).collect::<Vec<_>>(), [1, 2, 3]);
        assert!(mts.windows(2).all(|pair| pair[0].id < pair[1].id && pair[0].reference != pair[1].reference));
        let short = segmenter.cut(&envelope, "short", UnixMs(5));
        assert!(short.len() == 1 && !short[0].udhi && short[0].body == b"short");
    }
}

#[tokio::test]
async fn a_telco_that_takes_texts_whole_gets_as_much_as_segments_would_hold() {
    let mut settings = settings();
    change_telco(&mut settings, |telco| telco.cut = Cut::Payload);
    let segmenter = Segmenter::new(Arc::new(settings));
    let (smsc, to) = ("smart".into(), number(NUMBER));
    let envelope = Envelope {
        smsc: &smsc,
        source: "1212",
        to,
        kind: port::MtKind::Answer,
        class: port::Class::Answer,
        not_after: UnixMs(9),
    };
    for (letters, kept) in [(100, 100), (500, 500), (5_000, 6 * 153)] {
        let mts = segmenter.cut(&envelope, &"x".repeat(letters), UnixMs(5));
        assert_eq!(mts.iter().map(|mt| (mt.parts, mt.udhi, mt.body.len())).collect::<Vec<_>>(), [(1, false, kept)]);
    }
}

#[tokio::test]
async fn no_link_and_nothing_unseen_leaves() {
    let segmenter = Segmenter::new(Arc::new(settings()));
    let (smsc, to) = ("smart".into(), number(NUMBER));
    let envelope = Envelope {
        smsc: &smsc,
        source: "1212",
        to,
        kind: port::MtKind::Push,
        class: port::Class::Bulk,
        not_after: UnixMs(9),
    };
    let mts = segmenter.cut(&envelope, "See https://evil.example/x now\u{200b}\u{202e}", UnixMs(5));
    let text = String::from_utf8(mts[0].body.clone()).expect("plain letters");
    assert!(!crate::text::links::holds_link(&text) && text.ends_with(" now") && mts[0].data_coding == 0, "{text}");
}

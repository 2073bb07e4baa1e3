//! The way out as a bind meets it: real turns, a real database, and a bind whose window the test holds in its hand.
use crate::support::{app::NO_LIMITS, desk::Desk};
use chrak::{
    exchange::{OutboxFeed, Submission},
    ports::{
        inbox::{DedupeKey, DedupeKind, Intake, NewMo, Source},
        outbox::{Outcome, Settlement},
    },
    types::{CauseId, Language, Msisdn, SessionId},
};
use sqlx::Connection;
use std::time::{Duration, Instant};

const CODE: &str = "120500260481937";

fn number(n: usize) -> String {
    format!("8551020{n:05}")
}

/// A desk whose own bind has left, so that texts wait.
async fn desk() -> Desk {
    let mut desk = Desk::open(NO_LIMITS, Language::En).await;
    desk.leave();
    desk
}

/// A bind of that window joins.
fn bind(desk: &Desk, window: usize) -> (SessionId, OutboxFeed) {
    let session = SessionId(uuid::Uuid::now_v7());
    desk.exchange.texts.session_opened(session);
    (session, desk.exchange.outbox.pull(&"sandbox".into(), session, window).expect("a telco"))
}

async fn settle(desk: &Desk, session: SessionId, submission: &Submission, outcome: Outcome) {
    let settlement = Settlement { mt: submission.mt.id, session, outcome };
    desk.exchange.outbox.settle(&"sandbox".into(), vec![settlement]).await;
}

fn sent() -> Outcome {
    Outcome::Sent { message_id: None }
}

async fn next(feed: &mut OutboxFeed) -> Submission {
    tokio::time::timeout(Duration::from_secs(5), feed.next()).await.expect("in time").expect("a segment")
}

/// Waits until so many segments are in the outbox.
async fn queued(desk: &Desk, count: u64) {
    let end = Instant::now() + Duration::from_secs(60);
    while desk.store.outbox_depth().await.expect("depth") < count {
        assert!(Instant::now() < end, "{count} answers");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_window_is_filled_again_at_once_not_at_the_next_regular_look() {
    let desk = desk().await;
    for n in 0..300 {
        desk.accept(&number(n), CODE).await;
    }
    queued(&desk, 300).await;
    let (session, mut feed) = bind(&desk, 1);
    let begun = Instant::now();
    for taken in 0..300 {
        let submission = next(&mut feed).await;
        settle(&desk, session, &submission, sent()).await;
        // two a look were 150 looks of half a second
        assert!(begun.elapsed() < Duration::from_secs(20), "{taken} of 300 went out in 20 s");
    }
    println!("300 texts one at a time in {:?}", begun.elapsed());
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_waits_behind_a_stream_of_others() {
    let desk = desk().await;
    for n in 0..100 {
        desk.accept(&number(n), CODE).await;
    }
    queued(&desk, 100).await;
    let (session, mut feed) = bind(&desk, 1);
    // for each one that goes out two more come: the link never catches up
    let (mut order, mut come) = (Vec::new(), 100);
    let place = |submission: &Submission| {
        let digits = submission.mt.destination.digits();
        digits[digits.len() - 5..].parse::<usize>().expect("a number of ours")
    };
    while order.len() < 250 {
        for _ in 0..2 {
            desk.accept(&number(come), CODE).await;
            come += 1;
        }
        let submission = next(&mut feed).await;
        order.push(place(&submission));
        settle(&desk, session, &submission, sent()).await;
    }
    // turns run side by side, so neighbours may change places; nobody is overtaken by many
    let behind = order.iter().enumerate().map(|(at, who)| at.abs_diff(*who)).max().expect("some");
    assert!(behind <= 20, "somebody was {behind} places from where they asked: {order:?}");
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_of_one_number_keep_the_order_of_its_texts_whatever_the_telco_refuses() {
    let desk = desk().await;
    let binds = [bind(&desk, 4), bind(&desk, 4)];
    let texts = [CODE, "HELP", "120500260481938", "E", "hello", "K", "120500260481939"];
    for n in 0..9 {
        for text in texts {
            desk.accept(&number(n), text).await;
        }
    }
    let (mut got, mut thrown): (std::collections::BTreeMap<String, Vec<u128>>, u32) = Default::default();
    let mut at_once = std::collections::HashSet::new();
    let [(one, mut first), (two, mut second)] = binds;
    let end = Instant::now() + Duration::from_secs(60);
    while desk.store.inbox_depth().await != Ok(0) || desk.store.outbox_depth().await != Ok(0) {
        assert!(Instant::now() < end, "{got:?}");
        let (session, submission) = tokio::select! {
            Some(submission) = first.next() => (one, submission),
            Some(submission) = second.next() => (two, submission),
            () = tokio::time::sleep(Duration::from_secs(5)) => panic!("nothing comes any more: {got:?}"),
        };
        let who = submission.mt.destination.digits().to_owned();
        assert!(at_once.insert(who.clone()), "two of one number are on their way at a time");
        thrown = thrown.wrapping_mul(1_103_515_245).wrapping_add(12_345);
        let refused = (thrown >> 16) % 10 < 3;
        if !refused {
            got.entry(who.clone()).or_default().push(submission.mt.id.0.as_u128());
        }
        at_once.remove(&who);
        let outcome = if refused { Outcome::Unwritten } else { sent() };
        settle(&desk, session, &submission, outcome).await;
    }
    for (who, ids) in got {
        assert!(ids.len() >= texts.len(), "{who}: {} segments for {} texts", ids.len(), texts.len());
        assert!(ids.is_sorted_by(|one, next| one < next), "{who}: ids tell the order in which they were rendered");
    }
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_and_nobody_works_on_is_answered_within_half_a_minute() {
    let mut desk = Desk::open(NO_LIMITS, Language::En).await;
    let stranded = NewMo {
        id: CauseId(uuid::Uuid::now_v7()),
        smsc: "sandbox".into(),
        family: "sandbox".into(),
        session: desk.session,
        source: Source::Person(Msisdn::parse_e164("85510000001").expect("a number")),
        destination: "1212".to_owned(),
        text: CODE.to_owned(),
        raw: CODE.as_bytes().to_vec(),
        data_coding: 0,
        esm_class: 0,
        dedupe: DedupeKey { kind: DedupeKind::Weak, digest: [1; 32] },
        insist: false,
        given_back: Vec::new(),
        intake: Intake::Waiting,
        received_at: chrak::ports::clock::Clock::now(&*desk.clock),
    };
    // as if its claim had failed: stored, acknowledged, and in nobody's hand
    desk.store.accept(stranded).await.expect("stored");
    let begun = Instant::now();
    let texts = desk.answers().await;
    assert!(begun.elapsed() < Duration::from_secs(30), "{:?}", begun.elapsed());
    assert!(texts.len() == 1 && texts[0].contains("120500-26-048193-7"), "{texts:?}");
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_database_refuses_for_good_ends_in_the_apology_not_in_silence() {
    let mut desk = Desk::open(NO_LIMITS, Language::En).await;
    let mut other = sqlx::SqliteConnection::connect(&desk.database()).await.expect("opens");
    sqlx::query(
        "CREATE TRIGGER refuses BEFORE INSERT ON outbox WHEN NEW.kind = 0 BEGIN SELECT RAISE(ABORT, 'a rule'); END",
    )
    .execute(&mut other)
    .await
    .expect("made");
    let texts = desk.send("85510000001", CODE).await;
    assert!(texts.len() == 1 && texts[0].to_lowercase().contains("sorry"), "{texts:?}");
    sqlx::query("DROP TRIGGER refuses").execute(&mut other).await.expect("gone");
    let texts = desk.send("85510000001", CODE).await;
    assert!(texts.len() == 1 && texts[0].contains("120500-26-048193-7"), "the number goes on: {texts:?}");
    desk.close().await;
}

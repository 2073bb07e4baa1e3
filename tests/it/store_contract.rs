//! What every store must do, as cases over the ports, and what the SQLite store does besides. Knows no
//! table: a case sees a store as the exchange does.
use chrak::{
    ports::{
        Store, StoreFault,
        citizens::{CitizenRecord, Tallies, Tally},
        inbox::*,
        outbox::*,
    },
    store::{Keys, OpenError, SqliteStore, StoreOptions},
    types::{
        Language, MoId, Msisdn, MtId, SessionId, UnixMs,
        names::{Family, SmscName},
    },
};
use std::{future::Future, path::PathBuf, pin::Pin, sync::Arc};
use uuid::Uuid;

const NOW: UnixMs = UnixMs(1_800_000_000_000);
const HOUR: i64 = 3_600_000;
const NUMBER: &str = "85510234501";
const TEXT: &str = "canary text 500260481937";

/// A place where stores of one database are opened, one after the other.
trait Factory: Send + Sync {
    fn open(&self) -> Pin<Box<dyn Future<Output = Box<dyn Store>> + Send + '_>>;
}

struct Sqlite(tempfile::TempDir);

impl Sqlite {
    fn new() -> Self {
        Sqlite(tempfile::tempdir().expect("a directory"))
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("chrak.db")
    }

    fn options(&self) -> StoreOptions {
        StoreOptions::new(self.path(), Keys::from_secret(&[7; 32]))
    }
}

impl Factory for Sqlite {
    fn open(&self) -> Pin<Box<dyn Future<Output = Box<dyn Store>> + Send + '_>> {
        Box::pin(async {
            let store = SqliteStore::open(self.options()).await.expect("opened");
            Box::new(store) as Box<dyn Store>
        })
    }
}

/// Runs each case on a fresh database of each kind.
macro_rules! contract {
    ($($case:ident),* $(,)?) => {
        mod sqlite {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $case() {
                    super::$case(&super::Sqlite::new()).await;
                }
            )*
        }
    };
}

contract!(
    weak_keys,
    strong_and_segment_keys,
    weak_keys_of_silent_and_insisted_mos,
    claim_release_finish,
    a_turn_ends_in_one_commit,
    recovery_after_a_clean_end,
    recovery_after_an_unclean_end,
    segments_flow,
    parts_keep_their_order,
    uncertain_segments_are_decided,
    outcomes_by_another_session_change_nothing,
    receipts_before_and_after_the_resp,
    queued_segments_expire,
    a_sweep_destroys_what_is_old,
    records_come_back_as_written,
    one_bad_operation_harms_no_other,
    operations_on_one_row_keep_their_order,
    waiting_mos_come_in_pages,
);

fn number() -> Msisdn {
    Msisdn::parse_e164(NUMBER).expect("a number")
}

fn session() -> SessionId {
    SessionId(Uuid::now_v7())
}

fn digest(text: &str) -> [u8; 32] {
    let mut out = [0; 32];
    out.copy_from_slice(ring::digest::digest(&ring::digest::SHA256, text.as_bytes()).as_ref());
    out
}

fn mo(text: &str, session: SessionId) -> NewMo {
    NewMo {
        id: MoId(Uuid::now_v7()),
        smsc: SmscName::from("smart"),
        family: Family::from("smart"),
        session,
        source: Source::Person(number()),
        destination: "1212".into(),
        text: text.into(),
        raw: text.as_bytes().to_vec(),
        data_coding: 0,
        esm_class: 0,
        dedupe: DedupeKey {
            kind: DedupeKind::Weak,
            digest: digest(text),
        },
        insist: false,
        intake: Intake::Claimed,
        received_at: NOW,
    }
}

fn mt(kind: MtKind, part: u8, parts: u8, reserved: Option<SessionId>) -> NewMt {
    NewMt {
        id: MtId(Uuid::now_v7()),
        kind,
        part,
        parts,
        smsc: SmscName::from("smart"),
        source: "1212".into(),
        destination: number(),
        body: format!("canary body {part}").into_bytes(),
        data_coding: 8,
        udhi: parts > 1,
        reference: 0xBEEF,
        not_after: NOW.plus_ms(HOUR),
        reserved,
    }
}

fn finish(mo: MoId, mts: Vec<NewMt>) -> Finish {
    Finish {
        mo,
        end: MoEnd::Answered,
        citizen: None,
        mts,
    }
}

fn settled(mt: MtId, session: SessionId, outcome: Outcome) -> Settlement {
    Settlement {
        mt,
        session,
        outcome,
    }
}

fn sent(id: &str) -> Outcome {
    Outcome::Sent {
        message_id: Some(id.into()),
    }
}

fn is_new(accepted: &Accepted) -> bool {
    matches!(accepted, Accepted::New { .. })
}

async fn begun(factory: &dyn Factory) -> Box<dyn Store> {
    let store = factory.open().await;
    store.begin(NOW).await.expect("begun");
    store
}

/// Stores an MO and ends its turn with these segments; returns its id.
async fn answered(store: &dyn Store, text: &str, mts: Vec<NewMt>) -> MoId {
    let mo = mo(text, session());
    let id = mo.id;
    assert!(is_new(&store.accept(mo).await.expect("stored")));
    store.finish(finish(id, mts), NOW).await.expect("finished");
    id
}

async fn due(store: &dyn Store, now: UnixMs) -> Vec<DueMt> {
    store
        .due(SmscName::from("smart"), now, 100)
        .await
        .expect("read")
}

fn ids(due: &[DueMt]) -> Vec<MtId> {
    due.iter().map(|mt| mt.id).collect()
}

async fn weak_keys(factory: &dyn Factory) {
    let store = begun(factory).await;
    let (first, second) = (session(), session());
    let original = mo("120500260481937", first);
    let of = original.id;
    assert!(is_new(
        &store.accept(original.clone()).await.expect("stored")
    ));
    let again = |session| NewMo {
        id: MoId(Uuid::now_v7()),
        ..mo("120500260481937", session)
    };
    let duplicate = Ok(Accepted::Duplicate { of });
    assert_eq!(store.accept(again(second)).await, duplicate, "not done");

    let segment = mt(MtKind::Answer, 1, 1, None);
    store
        .finish(finish(of, vec![segment.clone()]), NOW)
        .await
        .expect("finished");
    assert_eq!(
        store.accept(again(second)).await,
        duplicate,
        "its answer is queued"
    );
    store
        .begin_submit(vec![segment.id], second, NOW)
        .await
        .expect("taken");
    assert_eq!(
        store.accept(again(second)).await,
        duplicate,
        "its answer is in hand"
    );
    store
        .settle(vec![settled(segment.id, second, sent("m1"))], NOW)
        .await
        .expect("settled");
    let resembles = Ok(Accepted::Resembles {
        of,
        session: first,
        received_at: NOW,
    });
    assert_eq!(
        store.accept(again(second)).await,
        resembles,
        "answered over another session"
    );

    store.confirm(vec![of]).await.expect("confirmed");
    let asked_again = again(second);
    let next = asked_again.id;
    assert!(
        is_new(&store.accept(asked_again).await.expect("stored")),
        "its resp was read"
    );
    assert_eq!(
        store.accept(again(second)).await,
        Ok(Accepted::Duplicate { of: next })
    );

    // a resp on the session of the MO shows that the telco had read the resp of the MO
    let reply = mt(MtKind::Answer, 1, 1, Some(second));
    store
        .finish(finish(next, vec![reply.clone()]), NOW)
        .await
        .expect("finished");
    store
        .settle(vec![settled(reply.id, second, sent("m2"))], NOW)
        .await
        .expect("settled");
    let third = again(second);
    let third_id = third.id;
    assert!(
        is_new(&store.accept(third).await.expect("stored")),
        "proved by order"
    );

    store
        .finish(finish(third_id, vec![]), NOW)
        .await
        .expect("finished");
    let late = NewMo {
        received_at: NOW.plus_ms(24 * HOUR + 1),
        ..again(second)
    };
    assert!(
        is_new(&store.accept(late).await.expect("stored")),
        "too old to be a redelivery"
    );
    let other = NewMo {
        family: Family::from("metfone"),
        ..again(second)
    };
    assert!(
        is_new(&store.accept(other).await.expect("stored")),
        "another family"
    );
}

async fn strong_and_segment_keys(factory: &dyn Factory) {
    let store = begun(factory).await;
    for (kind, hours) in [(DedupeKind::Strong, 72), (DedupeKind::Segment, 24)] {
        let text = format!("{kind:?}");
        let keyed = |at| NewMo {
            dedupe: DedupeKey {
                kind,
                digest: digest(&text),
            },
            received_at: at,
            ..mo(&text, session())
        };
        let first = keyed(NOW);
        let of = first.id;
        assert!(is_new(&store.accept(first).await.expect("stored")));
        store
            .finish(finish(of, vec![]), NOW)
            .await
            .expect("finished");
        store.confirm(vec![of]).await.expect("confirmed");
        let same = store.accept(keyed(NOW.plus_ms(hours * HOUR))).await;
        assert_eq!(same, Ok(Accepted::Duplicate { of }), "{text}");
        let later = store.accept(keyed(NOW.plus_ms(hours * HOUR + 1))).await;
        assert!(is_new(&later.expect("stored")), "{text}");
    }
}

async fn weak_keys_of_silent_and_insisted_mos(factory: &dyn Factory) {
    let store = begun(factory).await;
    let silent = NewMo {
        intake: Intake::Silent,
        ..mo("HELP", session())
    };
    let (of, session_of) = (silent.id, silent.session);
    assert!(is_new(&store.accept(silent).await.expect("stored")));
    assert_eq!(store.inbox_depth().await, Ok(0));
    let again = store.accept(mo("HELP", session())).await;
    assert_eq!(
        again,
        Ok(Accepted::Resembles {
            of,
            session: session_of,
            received_at: NOW
        })
    );
    let insisted = NewMo {
        insist: true,
        ..mo("HELP", session())
    };
    let next = insisted.id;
    assert!(is_new(&store.accept(insisted).await.expect("stored")));
    let after = store.accept(mo("HELP", session())).await;
    assert_eq!(
        after,
        Ok(Accepted::Duplicate { of: next }),
        "the key is the new one's"
    );
}

async fn claim_release_finish(factory: &dyn Factory) {
    let store = begun(factory).await;
    let waiting = NewMo {
        intake: Intake::Waiting,
        ..mo(TEXT, session())
    };
    let id = waiting.id;
    store.accept(waiting).await.expect("stored");
    assert_eq!(
        store.finish(finish(id, vec![]), NOW).await,
        Err(StoreFault::Stale)
    );
    assert_eq!(store.release(id, NOW).await, Err(StoreFault::Stale));
    store.claim(id, false, NOW).await.expect("claimed");
    assert_eq!(store.claim(id, false, NOW).await, Err(StoreFault::Stale));
    assert!(
        store
            .waiting(false, None, 10)
            .await
            .expect("read")
            .is_empty()
    );
    store.release(id, NOW).await.expect("released");
    let found = store.waiting(false, None, 10).await.expect("read");
    assert_eq!(found.len(), 1);
    assert_eq!(
        (found[0].id, found[0].text.as_str(), found[0].attempts),
        (id, TEXT, 1)
    );
    assert_eq!(found[0].source, Source::Person(number()));
    store.claim(id, false, NOW).await.expect("claimed");
    assert_eq!(store.inbox_depth().await, Ok(1));
    store
        .finish(finish(id, vec![]), NOW)
        .await
        .expect("finished");
    assert_eq!(
        store.finish(finish(id, vec![]), NOW).await,
        Err(StoreFault::Stale)
    );
    assert_eq!(store.claim(id, false, NOW).await, Err(StoreFault::Stale));
    assert_eq!(store.inbox_depth().await, Ok(0));
    store.probe().await.expect("works");
    let shop = NewMo {
        source: Source::Other("SHOP".into()),
        intake: Intake::Waiting,
        ..mo("ad", session())
    };
    store.accept(shop).await.expect("stored");
    let found = store.waiting(false, None, 10).await.expect("read");
    assert_eq!(found[0].source, Source::Other("SHOP".into()));
}

async fn a_turn_ends_in_one_commit(factory: &dyn Factory) {
    let store = begun(factory).await;
    let first = mo("one", session());
    let id = first.id;
    store.accept(first).await.expect("stored");
    let twice = vec![
        mt(MtKind::Answer, 1, 1, None),
        mt(MtKind::Answer, 1, 1, None),
    ];
    let record = CitizenRecord {
        stopped: true,
        ..CitizenRecord::default()
    };
    let bad = Finish {
        citizen: Some((number(), record)),
        ..finish(id, twice)
    };
    assert_eq!(
        store.finish(bad, NOW).await,
        Err(StoreFault::Stale),
        "one text twice"
    );
    assert_eq!(store.inbox_depth().await, Ok(1), "the MO is still in hand");
    assert_eq!(store.outbox_depth().await, Ok(0), "no segment");
    assert!(
        !store.citizen(number()).await.expect("read").stopped,
        "no record"
    );
    store
        .finish(finish(id, vec![mt(MtKind::Answer, 1, 1, None)]), NOW)
        .await
        .expect("finished");
    assert_eq!(
        (store.inbox_depth().await, store.outbox_depth().await),
        (Ok(0), Ok(1))
    );
}

async fn recovery_after_a_clean_end(factory: &dyn Factory) {
    let store = factory.open().await;
    let first = store.begin(NOW).await.expect("begun");
    assert!(first.clean && first.waiting == 0 && first.ambiguous == 0);
    let left = mo("left", session());
    let id = left.id;
    store.accept(left).await.expect("stored");
    store.end(NOW).await.expect("ended");
    drop(store);
    let store = factory.open().await;
    let second = store.begin(NOW).await.expect("begun");
    assert_eq!(
        (second.clean, second.suspects, second.waiting),
        (true, 0, 1)
    );
    assert!(second.incarnation > first.incarnation);
    let found = store.waiting(false, None, 10).await.expect("read");
    assert_eq!(
        (found[0].id, found[0].attempts, found[0].suspect),
        (id, 0, false)
    );
}

async fn recovery_after_an_unclean_end(factory: &dyn Factory) {
    let store = begun(factory).await;
    let (one, two) = (mo("one", session()), mo("two", session()));
    let idle = NewMo {
        intake: Intake::Waiting,
        ..mo("three", session())
    };
    let (one_id, idle_id) = (one.id, idle.id);
    for mo in [one, two, idle] {
        store.accept(mo).await.expect("stored");
    }
    answered(
        &*store,
        "four",
        vec![mt(MtKind::Answer, 1, 1, Some(session()))],
    )
    .await;
    drop(store);
    let store = factory.open().await;
    let found = store.begin(NOW).await.expect("begun");
    assert_eq!(
        (found.clean, found.suspects, found.waiting, found.ambiguous),
        (false, 2, 3, 1)
    );
    let plain = store.waiting(false, None, 10).await.expect("read");
    assert_eq!(plain.iter().map(|mo| mo.id).collect::<Vec<_>>(), [idle_id]);
    let suspects = store.waiting(true, None, 10).await.expect("read");
    assert_eq!(
        suspects
            .iter()
            .map(|mo| (mo.deaths_alone, mo.attempts))
            .collect::<Vec<_>>(),
        [(0, 1); 2]
    );
    store.claim(one_id, true, NOW).await.expect("claimed");
    assert_eq!(
        store.waiting(true, None, 10).await.expect("read").len(),
        1,
        "tried: no suspect"
    );
    drop(store);
    let store = factory.open().await;
    store.begin(NOW).await.expect("begun");
    let suspects = store.waiting(true, None, 10).await.expect("read");
    let alone: Vec<_> = suspects
        .iter()
        .map(|mo| (mo.id == one_id, mo.deaths_alone))
        .collect();
    assert_eq!(alone, [(true, 1), (false, 0)]);
    assert_eq!(
        store.finish(finish(one_id, vec![]), NOW).await,
        Err(StoreFault::Stale),
        "another run's"
    );
}

async fn segments_flow(factory: &dyn Factory) {
    let store = begun(factory).await;
    let (queued, at_once, here) = (mt(MtKind::Answer, 1, 1, None), session(), session());
    let reserved = mt(MtKind::Answer, 1, 1, Some(at_once));
    let cause = answered(&*store, "one", vec![queued.clone()]).await;
    answered(&*store, "two", vec![reserved.clone()]).await;
    let found = due(&*store, NOW).await;
    assert_eq!(
        ids(&found),
        [queued.id],
        "the reserved one is in hand already"
    );
    assert_eq!(
        (found[0].mo, found[0].destination, found[0].attempts),
        (cause, number(), 1)
    );
    assert_eq!((&found[0].body, found[0].reference), (&queued.body, 0xBEEF));
    let taken = store
        .begin_submit(vec![queued.id, reserved.id], here, NOW)
        .await;
    assert_eq!(taken, Ok(vec![queued.id]));
    assert_eq!(
        store.begin_submit(vec![queued.id], here, NOW).await,
        Ok(vec![])
    );
    let later = NOW.plus_ms(5_000);
    let retry = Outcome::Retry {
        due: later,
        status: 0x58,
    };
    store
        .settle(vec![settled(queued.id, here, retry)], NOW)
        .await
        .expect("settled");
    assert!(due(&*store, NOW).await.is_empty());
    assert_eq!(due(&*store, later).await[0].attempts, 2);
    store
        .begin_submit(vec![queued.id], here, later)
        .await
        .expect("taken");
    store
        .settle(vec![settled(queued.id, here, Outcome::Unwritten)], later)
        .await
        .expect("settled");
    assert_eq!(
        due(&*store, later).await[0].attempts,
        2,
        "what was not written does not count"
    );
    store
        .begin_submit(vec![queued.id], here, later)
        .await
        .expect("taken");
    let both = vec![
        settled(queued.id, here, Outcome::Failed { status: 0x0B }),
        settled(reserved.id, at_once, sent("m")),
    ];
    store.settle(both, later).await.expect("settled");
    assert_eq!(store.outbox_depth().await, Ok(0));
}

async fn parts_keep_their_order(factory: &dyn Factory) {
    let store = begun(factory).await;
    let here = session();
    let parts: Vec<NewMt> = (1..=3)
        .map(|part| mt(MtKind::Answer, part, 3, None))
        .collect();
    answered(&*store, "long", parts.clone()).await;
    for part in &parts {
        assert_eq!(ids(&due(&*store, NOW).await), [part.id]);
        store
            .begin_submit(vec![part.id], here, NOW)
            .await
            .expect("taken");
        assert!(
            due(&*store, NOW).await.is_empty(),
            "the next waits for the resp"
        );
        store
            .settle(vec![settled(part.id, here, sent("m"))], NOW)
            .await
            .expect("settled");
    }
    let parts: Vec<NewMt> = (1..=2)
        .map(|part| mt(MtKind::Answer, part, 2, None))
        .collect();
    answered(&*store, "refused", parts.clone()).await;
    store
        .begin_submit(vec![parts[0].id], here, NOW)
        .await
        .expect("taken");
    let failed = settled(parts[0].id, here, Outcome::Failed { status: 11 });
    store.settle(vec![failed], NOW).await.expect("settled");
    assert!(
        due(&*store, NOW).await.is_empty(),
        "half a text is not sent"
    );
}

async fn uncertain_segments_are_decided(factory: &dyn Factory) {
    let store = begun(factory).await;
    let here = session();
    let (useful, tried) = (
        mt(MtKind::Answer, 1, 1, None),
        mt(MtKind::Answer, 1, 1, None),
    );
    let old = NewMt {
        not_after: NOW.plus_ms(1_000),
        ..mt(MtKind::Answer, 1, 1, Some(here))
    };
    for (text, mt) in [("a", &useful), ("b", &tried), ("c", &old)] {
        answered(&*store, text, vec![mt.clone()]).await;
    }
    for _ in 0..4 {
        store
            .begin_submit(vec![tried.id], here, NOW)
            .await
            .expect("taken");
        let retry = Outcome::Retry {
            due: NOW,
            status: 8,
        };
        store
            .settle(vec![settled(tried.id, here, retry)], NOW)
            .await
            .expect("settled");
    }
    store
        .begin_submit(vec![useful.id, tried.id], here, NOW)
        .await
        .expect("taken");
    let lost = [useful.id, tried.id, old.id].map(|id| settled(id, here, Outcome::Ambiguous));
    store.settle(lost.to_vec(), NOW).await.expect("settled");
    let smsc = SmscName::from("smart");
    let early = store.resolve_ambiguous(smsc.clone(), NOW, NOW).await;
    assert_eq!(early, Ok(Resolved::default()), "not long enough");
    let later = NOW.plus_ms(2_000);
    let other = store
        .resolve_ambiguous(SmscName::from("cellcard"), later, later)
        .await;
    assert_eq!(other, Ok(Resolved::default()), "another telco");
    store
        .settle(vec![settled(useful.id, here, sent("late"))], later)
        .await
        .expect("left alone");
    let resolved = store.resolve_ambiguous(smsc, later, later).await;
    assert_eq!(
        resolved,
        Ok(Resolved {
            resent: 1,
            given_up: 2
        })
    );
    assert_eq!(ids(&due(&*store, later).await), [useful.id]);
}

async fn outcomes_by_another_session_change_nothing(factory: &dyn Factory) {
    let store = begun(factory).await;
    let (here, there) = (session(), session());
    let segment = mt(MtKind::Answer, 1, 1, Some(here));
    answered(&*store, "one", vec![segment.clone()]).await;
    for outcome in [
        sent("m"),
        Outcome::Ambiguous,
        Outcome::Unwritten,
        Outcome::Failed { status: 1 },
    ] {
        store
            .settle(vec![settled(segment.id, there, outcome)], NOW)
            .await
            .expect("left alone");
        assert_eq!(store.outbox_depth().await, Ok(1));
        assert!(due(&*store, NOW).await.is_empty());
    }
    store
        .settle(vec![settled(segment.id, here, sent("m"))], NOW)
        .await
        .expect("settled");
    assert_eq!(store.outbox_depth().await, Ok(0));
}

async fn receipts_before_and_after_the_resp(factory: &dyn Factory) {
    let store = begun(factory).await;
    let family = || Family::from("smart");
    let here = session();
    // the resemblance of MOs shows how an answer fared: sent over the MO's session is "read"
    for (text, early) in [("early", true), ("late", false)] {
        let question = mo(text, here);
        let id = question.id;
        store.accept(question).await.expect("stored");
        let (part, next) = (
            mt(MtKind::Answer, 1, 2, Some(here)),
            mt(MtKind::Answer, 2, 2, None),
        );
        let both = vec![part.clone(), next.clone()];
        store.finish(finish(id, both), NOW).await.expect("finished");
        let receipt = || store.receipt(family(), text.into(), Delivery::Undelivered, NOW);
        if early {
            receipt().await.expect("kept");
        }
        store
            .settle(vec![settled(part.id, here, sent(text))], NOW)
            .await
            .expect("settled");
        if !early {
            receipt().await.expect("kept");
        }
        receipt().await.expect("a second one is no harm");
        store
            .receipt(Family::from("other"), text.into(), Delivery::Delivered, NOW)
            .await
            .expect("kept");
        assert_eq!(
            ids(&due(&*store, NOW).await),
            [next.id],
            "{text}: it was sent, whatever became of it"
        );
        store
            .begin_submit(vec![next.id], here, NOW)
            .await
            .expect("taken");
        store
            .settle(vec![settled(next.id, here, sent("n"))], NOW)
            .await
            .expect("settled");
        assert!(
            is_new(&store.accept(mo(text, here)).await.expect("stored")),
            "{text}"
        );
    }
    // two receipts of the other family are still without a segment: they and nothing else are swept
    let swept = store
        .sweep(UnixMs(0), NOW.plus_ms(72 * HOUR + 1))
        .await
        .expect("swept");
    assert_eq!(swept, 2 + 2, "orphans, and the keys of two MOs");
}

async fn queued_segments_expire(factory: &dyn Factory) {
    let store = begun(factory).await;
    let queued = mt(MtKind::Notice, 1, 1, None);
    answered(&*store, "one", vec![queued.clone()]).await;
    answered(
        &*store,
        "two",
        vec![mt(MtKind::Answer, 1, 1, Some(session()))],
    )
    .await;
    assert_eq!(store.expire(NOW).await, Ok(0));
    let end = queued.not_after;
    assert!(due(&*store, end).await.is_empty(), "not offered at its end");
    assert_eq!(store.expire(end).await, Ok(1));
    assert_eq!(
        store.begin_submit(vec![queued.id], session(), end).await,
        Ok(vec![])
    );
    assert_eq!(store.outbox_depth().await, Ok(1));
}

async fn a_sweep_destroys_what_is_old(factory: &dyn Factory) {
    let store = begun(factory).await;
    let here = session();
    let segment = mt(MtKind::Answer, 1, 1, Some(here));
    let id = answered(&*store, "old", vec![segment.clone()]).await;
    store
        .settle(vec![settled(segment.id, here, sent("m"))], NOW)
        .await
        .expect("settled");
    let open = NewMo {
        intake: Intake::Waiting,
        ..mo("open", here)
    };
    store.accept(open).await.expect("stored");
    assert_eq!(store.sweep(NOW, NOW).await, Ok(0), "nothing is old");
    let later = NOW.plus_ms(1);
    assert_eq!(store.sweep(later, NOW).await, Ok(2), "an MO and a segment");
    assert_eq!(store.sweep(later, NOW).await, Ok(0));
    let again = store.accept(mo("old", session())).await.expect("judged");
    assert!(
        matches!(again, Accepted::Resembles { of, .. } if of == id),
        "the key outlives the text"
    );
    let day = NOW.plus_ms(25 * HOUR);
    assert_eq!(store.sweep(UnixMs(0), day).await, Ok(2), "both keys");
    assert!(is_new(
        &store.accept(mo("old", session())).await.expect("stored")
    ));
    assert_eq!(
        store.waiting(false, None, 10).await.expect("read")[0].text,
        "open"
    );
}

async fn records_come_back_as_written(factory: &dyn Factory) {
    let store = begun(factory).await;
    assert_eq!(store.citizen(number()).await, Ok(CitizenRecord::default()));
    let tally = Tally {
        since: NOW,
        count: 3,
        noticed: true,
    };
    let record = CitizenRecord {
        language: Some(Language::KmLatn),
        stopped: true,
        dialogue: Some(b"canary dialogue".to_vec()),
        dialogue_until: NOW.plus_ms(HOUR),
        tallies: Tallies {
            replies_day: tally,
            ..Tallies::default()
        },
    };
    let first = mo("one", session());
    let id = first.id;
    store.accept(first).await.expect("stored");
    let end = Finish {
        citizen: Some((number(), record.clone())),
        ..finish(id, vec![])
    };
    store.finish(end, NOW).await.expect("finished");
    assert_eq!(store.citizen(number()).await, Ok(record.clone()));
    let next = NewMo {
        intake: Intake::Waiting,
        ..mo("two", session())
    };
    let id = next.id;
    assert_eq!(
        store.accept(next).await,
        Ok(Accepted::New {
            citizen: record.clone()
        })
    );
    assert_eq!(store.claim(id, false, NOW).await, Ok(record));
    let nobody = Msisdn::parse_e164("85510999999").expect("a number");
    assert_eq!(store.citizen(nobody).await, Ok(CitizenRecord::default()));
}

async fn one_bad_operation_harms_no_other(factory: &dyn Factory) {
    let store = begun(factory).await;
    let taken = mo("taken", session());
    let id = taken.id;
    store.accept(taken).await.expect("stored");
    let mos: Vec<NewMo> = (0..20)
        .map(|n| mo(&format!("good {n}"), session()))
        .collect();
    let bad = NewMo {
        id,
        ..mo("bad", session())
    };
    let results =
        futures_util::future::join_all(mos.into_iter().chain([bad]).map(|mo| store.accept(mo)))
            .await;
    let good = results
        .iter()
        .filter(|result| matches!(result, Ok(Accepted::New { .. })))
        .count();
    assert_eq!((good, &results[20]), (20, &Err(StoreFault::Stale)));
    assert_eq!(store.inbox_depth().await, Ok(21));
}

async fn operations_on_one_row_keep_their_order(factory: &dyn Factory) {
    let store = begun(factory).await;
    let first = mo("one", session());
    let id = first.id;
    // the futures are polled in this order and meet in one commit
    let (a, b, c, d) = tokio::join!(
        store.accept(first),
        store.release(id, NOW),
        store.claim(id, false, NOW),
        store.finish(finish(id, vec![]), NOW),
    );
    assert!(is_new(&a.expect("stored")));
    assert_eq!((b, c.map(|_| ()), d), (Ok(()), Ok(()), Ok(())));
    let same: Vec<NewMo> = (0..5).map(|_| mo("same", session())).collect();
    let of = same[0].id;
    let results = futures_util::future::join_all(same.into_iter().map(|mo| store.accept(mo))).await;
    assert!(results[0].as_ref().is_ok_and(is_new));
    assert!(
        results[1..]
            .iter()
            .all(|result| *result == Ok(Accepted::Duplicate { of }))
    );
}

async fn waiting_mos_come_in_pages(factory: &dyn Factory) {
    let store = begun(factory).await;
    let mut all = Vec::new();
    for n in 0..7 {
        let mo = NewMo {
            intake: Intake::Waiting,
            ..mo(&format!("{n}"), session())
        };
        all.push(mo.id);
        store.accept(mo).await.expect("stored");
    }
    let (mut seen, mut after) = (Vec::new(), None);
    while let [.., last] = &store.waiting(false, after, 3).await.expect("read")[..] {
        seen.extend(
            store
                .waiting(false, after, 3)
                .await
                .expect("read")
                .iter()
                .map(|mo| mo.id),
        );
        after = Some(last.id);
    }
    assert_eq!(seen, all);
}

mod only_sqlite {
    use super::*;

    #[tokio::test]
    async fn a_second_opening_is_refused() {
        let place = Sqlite::new();
        let store = SqliteStore::open(place.options()).await.expect("opened");
        let Err(refused) = SqliteStore::open(place.options()).await else {
            panic!("opened twice")
        };
        assert!(matches!(refused, OpenError::Locked { .. }));
        assert!(
            refused.to_string().contains("in use by another process"),
            "{refused}"
        );
        store.close().await;
        SqliteStore::open(place.options())
            .await
            .expect("free again")
            .close()
            .await;
    }

    #[tokio::test]
    async fn what_cannot_be_opened_is_told_in_words() {
        let place = Sqlite::new();
        std::fs::write(place.path(), vec![b'x'; 8192]).expect("written");
        let opened = SqliteStore::open(place.options()).await;
        assert!(matches!(opened.err(), Some(OpenError::NotADatabase { .. })));

        let place = Sqlite::new();
        SqliteStore::open(place.options())
            .await
            .expect("opened")
            .close()
            .await;
        let other = StoreOptions::new(place.path(), Keys::from_secret(&[8; 32]));
        assert!(matches!(
            SqliteStore::open(other).await.err(),
            Some(OpenError::WrongKey { .. })
        ));
        let mut conn = connection(&place).await;
        let sql = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
                   VALUES (99, 'later', 1, x'00', 0)";
        sqlx::query(sql).execute(&mut conn).await.expect("inserted");
        sqlx::Connection::close(conn).await.expect("closed");
        let refused = SqliteStore::open(place.options())
            .await
            .err()
            .expect("refused")
            .to_string();
        assert!(
            refused.ends_with("is at migration 99, this build knows 1; run a newer chrak"),
            "{refused}"
        );

        let place = Sqlite::new();
        let inside_a_file = place.0.path().join("file");
        std::fs::write(&inside_a_file, "").expect("written");
        let options =
            StoreOptions::new(inside_a_file.join("chrak.db"), Keys::from_secret(&[7; 32]));
        assert!(matches!(
            SqliteStore::open(options).await.err(),
            Some(OpenError::Path { .. })
        ));
    }

    async fn connection(place: &Sqlite) -> sqlx::SqliteConnection {
        let options = sqlx::sqlite::SqliteConnectOptions::new().filename(place.path());
        sqlx::ConnectOptions::connect(&options)
            .await
            .expect("connected")
    }

    #[tokio::test]
    async fn no_number_and_no_text_stands_in_the_files() {
        let place = Sqlite::new();
        records_come_back_as_written(&place).await;
        let store = place.open().await;
        store.begin(NOW).await.expect("begun");
        answered(&*store, TEXT, vec![mt(MtKind::Answer, 1, 1, None)]).await;
        let mut seen = 0;
        for entry in std::fs::read_dir(place.0.path()).expect("listed") {
            let octets = std::fs::read(entry.expect("an entry").path()).expect("read");
            seen += octets.len();
            for canary in ["canary", NUMBER, "10234501", "500260481937"] {
                let found = octets
                    .windows(canary.len())
                    .any(|part| part == canary.as_bytes());
                assert!(!found, "{canary}");
            }
        }
        assert!(seen > 50_000, "the files hold something");
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn many_mos_share_few_commits() {
        let place = Sqlite::new();
        let store = SqliteStore::open(place.options()).await.expect("opened");
        store.begin(NOW).await.expect("begun");
        let before = store.commits();
        let mos = (0..100).map(|n| store.accept(mo(&format!("{n}"), session())));
        let results = futures_util::future::join_all(mos).await;
        assert!(
            results
                .into_iter()
                .all(|result| is_new(&result.expect("stored")))
        );
        let commits = store.commits() - before;
        assert!(commits <= 20, "{commits} commits for 100 MOs");
    }

    #[tokio::test]
    async fn a_full_disk_is_busy_and_nothing_is_half_done() {
        let place = Sqlite::new();
        let options = StoreOptions {
            pages_max: Some(60),
            ..place.options()
        };
        let store = SqliteStore::open(options).await.expect("opened");
        store.begin(NOW).await.expect("begun");
        let mut stored = 0;
        let refused = loop {
            match store
                .accept(mo(&format!("{stored}{}", " ".repeat(1_000)), session()))
                .await
            {
                Ok(_) => stored += 1,
                Err(fault) => break fault,
            }
            assert!(stored < 1_000);
        };
        assert_eq!(refused, StoreFault::Busy);
        assert_eq!(store.inbox_depth().await, Ok(stored));
        store.probe().await.expect("what needs no room still works");
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_damaged_database_ends_it_all() {
        let place = Sqlite::new();
        let (tell, told) = std::sync::mpsc::channel();
        let tell = std::sync::Mutex::new(tell);
        let fatal = Arc::new(move |_: &str| tell.lock().expect("alone").send(()).expect("heard"));
        let store = SqliteStore::open(StoreOptions {
            fatal,
            ..place.options()
        })
        .await
        .expect("opened");
        store.begin(NOW).await.expect("begun");
        store.accept(mo("one", session())).await.expect("stored");
        // a foreign writer makes the store read its pages again, and there is nothing but noise
        let mut conn = connection(&place).await;
        sqlx::query("UPDATE meta SET value = 7 WHERE name = 'probe'")
            .execute(&mut conn)
            .await
            .expect("ok");
        sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)")
            .execute(&mut conn)
            .await
            .expect("ok");
        sqlx::query("UPDATE meta SET value = 8 WHERE name = 'probe'")
            .execute(&mut conn)
            .await
            .expect("ok");
        let len = place.path().metadata().expect("there").len() as usize;
        let mut octets = std::fs::read(place.path()).expect("read");
        octets[4096..len].fill(0xEE);
        std::fs::write(place.path(), octets).expect("written");
        assert_eq!(
            store.accept(mo("two", session())).await,
            Err(StoreFault::Unknown)
        );
        told.recv_timeout(std::time::Duration::from_secs(5))
            .expect("told");
        let after = store.accept(mo("three", session())).await;
        assert!(
            matches!(after, Err(StoreFault::Closed | StoreFault::Unknown)),
            "{after:?}"
        );
    }

    /// Prints cycles a second: accept, finish with a reserved segment, settle; 200 in flight.
    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn speed() {
        let place = Sqlite::new();
        let store = Arc::new(SqliteStore::open(place.options()).await.expect("opened"));
        store.begin(NOW).await.expect("begun");
        let rounds: u32 = std::env::var("CHRAK_SPEED_ROUNDS")
            .ok()
            .and_then(|n| n.parse().ok())
            .unwrap_or(5);
        let started = std::time::Instant::now();
        let lanes = (0..200).map(|lane| tokio::spawn(cycles(Arc::clone(&store), lane, rounds)));
        for lane in futures_util::future::join_all(lanes).await {
            lane.expect("no panic");
        }
        let spent = started.elapsed().as_secs_f64();
        let total = f64::from(200 * rounds);
        println!(
            "{:.0} cycles/s, {} commits, {total} cycles",
            total / spent,
            store.commits()
        );
        assert_eq!(
            (store.inbox_depth().await, store.outbox_depth().await),
            (Ok(0), Ok(0))
        );
    }

    async fn cycles(store: Arc<SqliteStore>, lane: u32, rounds: u32) {
        let here = session();
        let number = Msisdn::parse_e164(&format!("8551{lane:07}")).expect("a number");
        for round in 0..rounds {
            let question = NewMo {
                source: Source::Person(number),
                ..mo(&format!("{lane} {round}"), here)
            };
            let id = question.id;
            assert!(is_new(&store.accept(question).await.expect("stored")));
            let segment = mt(MtKind::Answer, 1, 1, Some(here));
            let record = CitizenRecord {
                dialogue: Some(vec![1; 60]),
                ..CitizenRecord::default()
            };
            let end = Finish {
                citizen: Some((number, record)),
                ..finish(id, vec![segment.clone()])
            };
            store.finish(end, NOW).await.expect("finished");
            let settlement = settled(segment.id, here, sent(&format!("{lane}-{round}")));
            store.settle(vec![settlement], NOW).await.expect("settled");
        }
    }
}

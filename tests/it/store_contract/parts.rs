//! Cases of the port of parts. Knows no table.
use super::*;
use chrak::{
    ports::parts::{KeptPart, NewPart, Part, PartWay, Piece},
    text::octets::Declared,
    types::limits::{PARTS_WAIT, TEXTS_OPEN_MAX},
};

const WAIT: i64 = PARTS_WAIT.as_millis() as i64;

pub fn part(reference: u16, total: u8, part_number: u8, text: &str) -> NewPart {
    NewPart {
        id: CauseId(Uuid::now_v7()),
        smsc: SmscName::from("smart"),
        family: Family::from("smart"),
        session: SessionId(Uuid::from_u128(7)),
        number: number(),
        destination: "1212".into(),
        part: Part { way: PartWay::Udh8, reference, total, number: part_number },
        piece: Piece { octets: text.into(), declared: Declared::Gsm7, shift: Default::default() },
        data_coding: 0,
        esm_class: 0x40,
        dedupe: DedupeKey { kind: DedupeKind::Segment, digest: digest(&format!("{reference} {part_number} {text}")) },
        insist: false,
        received_at: NOW,
    }
}

/// Another PDU with the same part.
fn again(part: &NewPart) -> NewPart {
    NewPart { id: CauseId(Uuid::now_v7()), ..part.clone() }
}

async fn kept(store: &dyn Store, part: &NewPart) -> (CauseId, bool) {
    match store.keep_part(part.clone()).await {
        Ok(KeptPart::Kept { text, whole }) => (text, whole),
        other => panic!("{other:?}"),
    }
}

async fn ended(store: &dyn Store, now: UnixMs) -> Vec<CauseId> {
    store.ended_texts(now, 100).await.expect("read")
}

async fn texts_of(store: &dyn Store, text: CauseId) -> Vec<(u8, String)> {
    let open = store.open_text(text).await.expect("read");
    let parts = open.into_iter().flat_map(|open| open.parts);
    parts.map(|part| (part.number, String::from_utf8(part.piece.octets).expect("as it was"))).collect()
}

/// Its MO, in place of its parts.
pub async fn joined(
    store: &dyn Store,
    text: CauseId,
    parts: usize,
    intake: Intake,
) -> Result<chrak::ports::parts::Joined, StoreFault> {
    store.join_parts(NewMo { id: text, intake, ..mo(TEXT, SessionId(Uuid::from_u128(7))) }, parts).await
}

pub async fn parts_of_a_text_are_kept_until_it_is_joined(factory: &dyn Factory) {
    let store = begun(factory).await;
    let (second, first) = (part(9, 2, 2, "world"), part(9, 2, 1, "hello "));
    let (text, whole) = kept(&*store, &second).await;
    assert_eq!((text, whole), (second.id, false));
    assert_eq!(ended(&*store, NOW).await, []);
    let same = KeptPart::Duplicate { of: text, ended: false };
    assert_eq!(store.keep_part(again(&second)).await, Ok(same));
    assert_eq!(kept(&*store, &first).await, (text, true));
    assert_eq!(ended(&*store, NOW).await, [text], "it is whole, though nobody has joined it");
    let open = store.open_text(text).await.expect("read").expect("there");
    assert_eq!((open.number, open.total, open.esm_class), (Some(number()), 2, 0x40));
    assert_eq!(open.parts[0].piece, first.piece);
    assert_eq!(texts_of(&*store, text).await, [(1, "hello ".into()), (2, "world".into())]);

    assert_eq!(joined(&*store, text, 1, Intake::Waiting).await, Err(StoreFault::Stale), "another one has come");
    joined(&*store, text, 2, Intake::Waiting).await.expect("joined");
    assert_eq!(joined(&*store, text, 2, Intake::Waiting).await, Err(StoreFault::Stale), "once");
    assert_eq!((ended(&*store, NOW).await, texts_of(&*store, text).await), (vec![], vec![]));
    let waiting = store.waiting(false, None, 10).await.expect("read");
    assert_eq!(waiting.iter().map(|mo| (mo.id, mo.text.as_str())).collect::<Vec<_>>(), [(text, TEXT)]);
}

pub async fn parts_survive_a_restart_and_are_waited_for_from_the_first_on(factory: &dyn Factory) {
    let store = begun(factory).await;
    let (text, _) = kept(&*store, &part(9, 3, 3, "three")).await;
    drop(store);
    let store = begun(factory).await;
    let late = NewPart { received_at: NOW.plus_ms(WAIT - 1), ..part(9, 3, 1, "one") };
    assert_eq!(kept(&*store, &late).await, (text, false));
    assert_eq!(ended(&*store, NOW.plus_ms(WAIT - 1)).await, []);
    assert_eq!(ended(&*store, NOW.plus_ms(WAIT)).await, [text]);
    assert_eq!(texts_of(&*store, text).await, [(1, "one".into()), (3, "three".into())]);
    while store.sweep(NOW.plus_ms(WAIT), NOW.plus_ms(WAIT)).await.expect("swept") > 0 {}
    assert_eq!(texts_of(&*store, text).await.len(), 2, "what was acknowledged and not joined is not swept");
}

pub async fn a_part_of_a_text_that_has_ended_follows_its_resp(factory: &dyn Factory) {
    let store = begun(factory).await;
    let (first, second) = (part(9, 2, 1, "hello "), NewPart { session: session(), ..part(9, 2, 2, "world") });
    let (text, _) = kept(&*store, &first).await;
    kept(&*store, &second).await;
    let mo = NewMo { id: text, session: second.session, ..mo(TEXT, second.session) };
    store.join_parts(mo, 2).await.expect("joined");
    let duplicate = Ok(KeptPart::Duplicate { of: text, ended: true });
    assert_eq!(store.keep_part(again(&first)).await, duplicate, "its turn is not over");
    store.finish(finish(text, vec![]), NOW).await.expect("finished");
    let like = |part: &NewPart| Ok(KeptPart::Resembles { of: text, session: part.session });
    for part in [&first, &second] {
        assert_eq!(store.keep_part(again(part)).await, like(part), "its resp may not have been read");
    }
    store.confirm(vec![text]).await.expect("confirmed");
    let told = store.keep_part(again(&first)).await;
    assert_eq!(told, like(&first), "the other session has read nothing of this one");
    let (next, whole) = kept(&*store, &again(&second)).await;
    assert!(next != text && !whole, "its resp was read, so it is of a new text");
    let insisted = NewPart { insist: true, ..again(&first) };
    assert_eq!(kept(&*store, &insisted).await, (next, true));
}

pub async fn senders_and_references_do_not_mix(factory: &dyn Factory) {
    let store = begun(factory).await;
    let ours = part(9, 2, 1, "ours");
    let theirs = NewPart {
        number: Msisdn::parse_e164("85598765432").expect("a number"),
        dedupe: DedupeKey { kind: DedupeKind::Segment, digest: digest("theirs") },
        ..part(9, 2, 2, "theirs")
    };
    let (one, _) = kept(&*store, &ours).await;
    assert_eq!(kept(&*store, &theirs).await, (theirs.id, false));
    // other words in a place that is taken: the old text is over, and what comes now is of the new one
    let other = part(9, 2, 1, "other");
    assert_eq!(kept(&*store, &other).await, (other.id, false));
    assert_eq!(ended(&*store, NOW).await, [one]);
    assert_eq!(kept(&*store, &part(9, 2, 2, "rest")).await, (other.id, true));
}

pub async fn a_number_has_few_open_texts_and_a_text_few_parts(factory: &dyn Factory) {
    let store = begun(factory).await;
    let mut texts = Vec::new();
    for reference in 0..=TEXTS_OPEN_MAX as u16 {
        assert_eq!(ended(&*store, NOW).await, []);
        texts.push(kept(&*store, &part(reference, 255, 1, "a")).await.0);
    }
    assert_eq!(ended(&*store, NOW).await, texts[..1]);
    for number in 2..10 {
        assert_eq!(kept(&*store, &part(4, 255, number, "b")).await, (texts[4], false));
    }
    assert_eq!(store.keep_part(part(4, 255, 11, "c")).await, Ok(KeptPart::Beyond));
    assert_eq!(kept(&*store, &part(4, 255, 10, "d")).await, (texts[4], true));
}

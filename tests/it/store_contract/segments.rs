//! Cases of the outbox port, and of the sweep over both.
use super::*;

pub async fn segments_flow(factory: &dyn Factory) {
    let store = begun(factory).await;
    let (queued, at_once, here) = (mt(MtKind::Answer, 1, 1, None), session(), session());
    let reserved = to("85510234502", mt(MtKind::Answer, 1, 1, Some(at_once)));
    let cause = answered(&*store, "one", vec![queued.clone()]).await;
    answered(&*store, "two", vec![reserved.clone()]).await;
    let found = due(&*store, NOW).await;
    assert_eq!(ids(&found), [queued.id], "the reserved one is in hand already");
    assert_eq!((found[0].mo, found[0].destination, found[0].attempts), (cause, number(), 1));
    assert_eq!((&found[0].body, found[0].reference), (&queued.body, 0xBEEF));
    let taken = store.begin_submit(vec![queued.id, reserved.id], here, NOW).await;
    assert_eq!(taken, Ok(vec![queued.id]));
    assert_eq!(store.begin_submit(vec![queued.id], here, NOW).await, Ok(vec![]));
    let later = NOW.plus_ms(5_000);
    let retry = Outcome::Retry { due: later, status: 0x58 };
    store.settle(vec![settled(queued.id, here, retry)], NOW).await.expect("settled");
    assert!(due(&*store, NOW).await.is_empty());
    assert_eq!(due(&*store, later).await[0].attempts, 2);
    store.begin_submit(vec![queued.id], here, later).await.expect("taken");
    store.settle(vec![settled(queued.id, here, Outcome::Unwritten)], later).await.expect("settled");
    assert_eq!(due(&*store, later).await[0].attempts, 2, "what was not written does not count");
    store.begin_submit(vec![queued.id], here, later).await.expect("taken");
    let both =
        vec![settled(queued.id, here, Outcome::Failed { status: 0x0B }), settled(reserved.id, at_once, sent("m"))];
    store.settle(both, later).await.expect("settled");
    assert_eq!(store.outbox_depth().await, Ok(0));
}

pub async fn parts_keep_their_order(factory: &dyn Factory) {
    let store = begun(factory).await;
    let here = session();
    let parts: Vec<NewMt> = (1..=3).map(|part| mt(MtKind::Answer, part, 3, None)).collect();
    answered(&*store, "long", parts.clone()).await;
    for part in &parts {
        assert_eq!(ids(&due(&*store, NOW).await), [part.id]);
        store.begin_submit(vec![part.id], here, NOW).await.expect("taken");
        assert!(due(&*store, NOW).await.is_empty(), "the next waits for the resp");
        store.settle(vec![settled(part.id, here, sent("m"))], NOW).await.expect("settled");
    }
    let parts: Vec<NewMt> = (1..=2).map(|part| mt(MtKind::Answer, part, 2, None)).collect();
    answered(&*store, "refused", parts.clone()).await;
    store.begin_submit(vec![parts[0].id], here, NOW).await.expect("taken");
    let failed = settled(parts[0].id, here, Outcome::Failed { status: 11 });
    store.settle(vec![failed], NOW).await.expect("settled");
    assert!(due(&*store, NOW).await.is_empty(), "half a text is not sent");
}

pub async fn segments_of_a_number_keep_their_order(factory: &dyn Factory) {
    let store = begun(factory).await;
    let (here, there) = (session(), session());
    let next = |reserved| mt(MtKind::Answer, 1, 1, reserved);
    let (first, second, third) = (next(Some(here)), next(Some(here)), next(None));
    let other = to("85510234502", next(Some(here)));
    let mut begun = Vec::new();
    for (text, mt) in [("a", &first), ("b", &second), ("c", &third), ("d", &other)] {
        let question = mo(text, here);
        let id = question.id;
        store.accept(question).await.expect("stored");
        begun.extend(store.finish(finish(id, vec![mt.clone()]), NOW).await.expect("finished"));
    }
    assert_eq!(begun, [first.id, other.id], "a place does not let the second go before the first");
    assert_eq!((due(&*store, NOW).await, store.queued("smart".into()).await), (vec![], Ok(true)), "both wait");
    for outcome in [Outcome::Unwritten, Outcome::Retry { due: NOW.plus_ms(9), status: 8 }] {
        store.settle(vec![settled(first.id, here, outcome)], NOW).await.expect("settled");
        let found = due(&*store, NOW.plus_ms(9)).await;
        assert_eq!(ids(&found), [first.id], "refused for now: the others wait on");
        store.begin_submit(vec![first.id], here, NOW).await.expect("taken");
    }
    store.settle(vec![settled(first.id, here, Outcome::Ambiguous)], NOW).await.expect("settled");
    assert!(due(&*store, NOW).await.is_empty(), "it may be sent once more");
    store.resolve_ambiguous("smart".into(), NOW.plus_ms(1), NOW).await.expect("decided");
    store.begin_submit(vec![first.id], there, NOW).await.expect("taken");
    store.settle(vec![settled(first.id, there, sent("m"))], NOW).await.expect("settled");
    assert_eq!(ids(&due(&*store, NOW).await), [second.id]);
    store.begin_submit(vec![second.id], here, NOW).await.expect("taken");
    let failed = settled(second.id, here, Outcome::Failed { status: 11 });
    store.settle(vec![failed], NOW).await.expect("settled");
    assert_eq!(ids(&due(&*store, NOW).await), [third.id], "what failed for good holds up nobody");
    let elsewhere = NewMt { smsc: SmscName::from("metfone"), ..next(Some(there)) };
    let question = mo("e", there);
    let id = question.id;
    store.accept(question).await.expect("stored");
    let begun = store.finish(finish(id, vec![elsewhere.clone()]), NOW).await;
    assert_eq!(begun, Ok(vec![elsewhere.id]), "another telco has another queue");
}

pub async fn half_a_text_holds_up_no_other(factory: &dyn Factory) {
    let store = begun(factory).await;
    let here = session();
    let parts: Vec<NewMt> = (1..=3).map(|part| mt(MtKind::Answer, part, 3, None)).collect();
    answered(&*store, "long", parts.clone()).await;
    let next = mt(MtKind::Answer, 1, 1, None);
    answered(&*store, "next", vec![next.clone()]).await;
    store.begin_submit(vec![parts[0].id], here, NOW).await.expect("taken");
    let failed = settled(parts[0].id, here, Outcome::Failed { status: 11 });
    store.settle(vec![failed], NOW).await.expect("settled");
    assert_eq!(ids(&due(&*store, NOW).await), [next.id], "the rest of the refused text is given up");
    assert_eq!(store.outbox_depth().await, Ok(1));
}

pub async fn due_longest_goes_first(factory: &dyn Factory) {
    let store = begun(factory).await;
    let here = session();
    let mut segments = Vec::new();
    for n in 0..6 {
        let segment = to(&format!("8551023460{n}"), mt(MtKind::Answer, 1, 1, None));
        let question = mo(&format!("{n}"), here);
        let id = question.id;
        store.accept(question).await.expect("stored");
        store.finish(finish(id, vec![segment.clone()]), NOW.plus_ms(n)).await.expect("finished");
        segments.push(segment.id);
    }
    let at = NOW.plus_ms(10);
    let first = store.due("smart".into(), at, 2).await.expect("read");
    assert_eq!(ids(&first), segments[..2]);
    store.begin_submit(ids(&first), here, at).await.expect("taken");
    let refused = first.iter().map(|mt| settled(mt.id, here, Outcome::Unwritten)).collect();
    store.settle(refused, at).await.expect("settled");
    assert_eq!(ids(&due(&*store, at).await), segments, "what was refused keeps its place in the queue");
}

/// Segments of these classes, stored so many milliseconds after `NOW`, each to a number of its own.
async fn stored(store: &dyn Store, classes: &[(Class, i64)]) -> Vec<MtId> {
    let mut all = Vec::new();
    for (at, (class, after)) in classes.iter().enumerate() {
        let segment = to(&format!("8551023450{at}"), NewMt { class: *class, ..mt(MtKind::Answer, 1, 1, None) });
        let question = mo(&format!("{class:?} {after}"), session());
        let id = question.id;
        store.accept(question).await.expect("stored");
        all.push(segment.id);
        store.finish(finish(id, vec![segment]), NOW.plus_ms(*after)).await.expect("finished");
    }
    all
}

pub async fn the_more_urgent_goes_first_and_nothing_waits_for_ever(factory: &dyn Factory) {
    let store = begun(factory).await;
    let (second, minute) = (1_000, 60_000);
    let all = [
        (Class::Bulk, 0),
        (Class::Notice, second),
        (Class::Urgent, 2 * second),
        (Class::Answer, 3 * second),
        (Class::Answer, 4 * second),
        // by now the urgent one and then the notice have waited for long enough
        (Class::Answer, 30 * second),
        (Class::Answer, 5 * minute),
        (Class::Answer, 31 * minute),
    ];
    let stored = stored(&*store, &all).await;
    let found = ids(&due(&*store, NOW.plus_ms(HOUR - 1)).await);
    let wanted = [3, 4, 2, 5, 1, 6, 0, 7].map(|at| stored[at]);
    assert_eq!(found, wanted);
    // what is put off moves with all that it yields
    let (here, later) = (session(), NOW.plus_ms(2 * minute));
    store.begin_submit(vec![stored[1]], here, NOW).await.expect("taken");
    let retry = Outcome::Retry { due: later, status: 0x58 };
    store.settle(vec![settled(stored[1], here, retry)], NOW).await.expect("settled");
    let wanted = [3, 4, 2, 5, 1, 6, 0, 7].map(|at| stored[at]);
    assert_eq!(ids(&due(&*store, NOW.plus_ms(HOUR - 1)).await), wanted, "due at two minutes, its turn is at four");
    store.begin_submit(vec![stored[3]], here, NOW).await.expect("taken");
    let retry = Outcome::Retry { due: later, status: 0x58 };
    store.settle(vec![settled(stored[3], here, retry)], NOW).await.expect("settled");
    let wanted = [4, 2, 5, 3, 1, 6, 0, 7].map(|at| stored[at]);
    assert_eq!(ids(&due(&*store, NOW.plus_ms(HOUR - 1)).await), wanted);
}

pub async fn an_answer_waits_behind_no_bulk_of_its_own_number(factory: &dyn Factory) {
    let store = begun(factory).await;
    let here = session();
    let bulk: Vec<NewMt> =
        (1..=2).map(|part| NewMt { class: Class::Bulk, ..mt(MtKind::Push, part, 2, None) }).collect();
    let answer = mt(MtKind::Answer, 1, 1, None);
    answered(&*store, "bulk", bulk.clone()).await;
    answered(&*store, "answer", vec![answer.clone()]).await;
    assert_eq!(ids(&due(&*store, NOW).await), [answer.id]);
    store.begin_submit(vec![answer.id], here, NOW).await.expect("taken");
    assert!(due(&*store, NOW).await.is_empty(), "one of a number is on its way at a time");
    store.settle(vec![settled(answer.id, here, sent("m"))], NOW).await.expect("settled");
    assert_eq!(ids(&due(&*store, NOW).await), [bulk[0].id]);
    store.begin_submit(vec![bulk[0].id], here, NOW).await.expect("taken");
    let next = mt(MtKind::Answer, 1, 1, None);
    answered(&*store, "next", vec![next.clone()]).await;
    assert!(due(&*store, NOW).await.is_empty(), "nor does what is more urgent overtake on the wire");
    store.settle(vec![settled(bulk[0].id, here, sent("n"))], NOW).await.expect("settled");
    assert_eq!(ids(&due(&*store, NOW).await), [next.id], "between two parts of a text");
}

pub async fn uncertain_segments_are_decided(factory: &dyn Factory) {
    let store = begun(factory).await;
    let here = session();
    let (useful, tried) = (mt(MtKind::Answer, 1, 1, None), to("85510234502", mt(MtKind::Answer, 1, 1, None)));
    let old = NewMt { not_after: NOW.plus_ms(1_000), ..mt(MtKind::Answer, 1, 1, Some(here)) };
    let old = to("85510234503", old);
    for (text, mt) in [("a", &useful), ("b", &tried), ("c", &old)] {
        answered(&*store, text, vec![mt.clone()]).await;
    }
    for _ in 0..4 {
        store.begin_submit(vec![tried.id], here, NOW).await.expect("taken");
        let retry = Outcome::Retry { due: NOW, status: 8 };
        store.settle(vec![settled(tried.id, here, retry)], NOW).await.expect("settled");
    }
    store.begin_submit(vec![useful.id, tried.id], here, NOW).await.expect("taken");
    let lost = [useful.id, tried.id, old.id].map(|id| settled(id, here, Outcome::Ambiguous));
    store.settle(lost.to_vec(), NOW).await.expect("settled");
    let smsc = SmscName::from("smart");
    let early = store.resolve_ambiguous(smsc.clone(), NOW, NOW).await;
    assert_eq!(early, Ok(Resolved::default()), "not long enough");
    let later = NOW.plus_ms(2_000);
    let other = store.resolve_ambiguous(SmscName::from("cellcard"), later, later).await;
    assert_eq!(other, Ok(Resolved::default()), "another telco");
    store.settle(vec![settled(useful.id, here, sent("late"))], later).await.expect("left alone");
    let resolved = store.resolve_ambiguous(smsc, later, later).await;
    assert_eq!(resolved, Ok(Resolved { resent: 1, given_up: 2 }));
    assert_eq!(ids(&due(&*store, later).await), [useful.id]);
}

pub async fn outcomes_by_another_session_change_nothing(factory: &dyn Factory) {
    let store = begun(factory).await;
    let (here, there) = (session(), session());
    let segment = mt(MtKind::Answer, 1, 1, Some(here));
    answered(&*store, "one", vec![segment.clone()]).await;
    for outcome in [sent("m"), Outcome::Ambiguous, Outcome::Unwritten, Outcome::Failed { status: 1 }] {
        store.settle(vec![settled(segment.id, there, outcome)], NOW).await.expect("left alone");
        assert_eq!(store.outbox_depth().await, Ok(1));
        assert!(due(&*store, NOW).await.is_empty());
    }
    store.settle(vec![settled(segment.id, here, sent("m"))], NOW).await.expect("settled");
    assert_eq!(store.outbox_depth().await, Ok(0));
}

pub async fn receipts_before_and_after_the_resp(factory: &dyn Factory) {
    let store = begun(factory).await;
    let here = session();
    // the resemblance of MOs shows how an answer fared: sent over the MO's session is "read"
    for (text, early) in [("early", true), ("late", false)] {
        let question = mo(text, here);
        let id = question.id;
        store.accept(question).await.expect("stored");
        let (part, next) = (mt(MtKind::Answer, 1, 2, Some(here)), mt(MtKind::Answer, 2, 2, None));
        let both = vec![part.clone(), next.clone()];
        store.finish(finish(id, both), NOW).await.expect("finished");
        let undelivered = || NewReceipt { delivery: Delivery::Undelivered, ..receipt_of(text) };
        let receipt = || store.receipt(undelivered(), NOW);
        if early {
            receipt().await.expect("kept");
        }
        store.settle(vec![settled(part.id, here, sent(text))], NOW).await.expect("settled");
        if !early {
            receipt().await.expect("kept");
        }
        receipt().await.expect("a second one is no harm");
        let other = NewReceipt { family: Family::from("other"), ..receipt_of(text) };
        assert_eq!(store.receipt(other, NOW).await, Ok(Receipted::Orphan));
        assert_eq!(ids(&due(&*store, NOW).await), [next.id], "{text}: it was sent, whatever became of it");
        store.begin_submit(vec![next.id], here, NOW).await.expect("taken");
        store.settle(vec![settled(next.id, here, sent("n"))], NOW).await.expect("settled");
        assert!(is_new(&store.accept(mo(text, here)).await.expect("stored")), "{text}");
    }
    // two receipts of the other family are still without a segment: they and nothing else are swept
    let swept = store.sweep(UnixMs(0), NOW.plus_ms(72 * HOUR + 1)).await.expect("swept");
    assert_eq!(swept, 2 + 2, "orphans, and the keys of two MOs");
}

/// A receipt of the telco `smart` that names no number.
pub fn receipt_of(id: &str) -> NewReceipt {
    NewReceipt {
        family: Family::from("smart"),
        message_id: id.into(),
        rule: Rule::Auto,
        number: None,
        delivery: Delivery::Delivered,
    }
}

/// A segment to that number, taken by a telco of that family under that id.
async fn taken_under(store: &dyn Store, family: &str, to: &str, id: &str) {
    let here = session();
    let question = NewMo { family: Family::from(family), ..mo(&format!("{family} {to} {id}"), session()) };
    let cause = question.id;
    assert!(is_new(&store.accept(question).await.expect("stored")));
    let destination = Msisdn::parse_e164(to).expect("a number");
    let segment = NewMt { destination, family: Family::from(family), ..mt(MtKind::Answer, 1, 1, Some(here)) };
    store.finish(finish(cause, vec![segment.clone()]), NOW).await.expect("finished");
    store.settle(vec![settled(segment.id, here, sent(id))], NOW).await.expect("settled");
}

const OTHER: &str = "85510234502";

/// What a receipt must find whichever comes first, with what it says of its number.
pub async fn ids_that_are_written_differently_find_each_other(factory: &dyn Factory) {
    use Receipted::{Alike, Converted, Exact, Orphan, Repeated};
    let store = begun(factory).await;
    let (same, other) = (Some(NUMBER), Some(OTHER));
    for (n, (resp, receipt, rule, number, found)) in [
        ("a1b2db", "a1b2db", Rule::Auto, None, Exact),
        ("a1b2db", "a1b2db", Rule::Auto, other, Exact),
        ("a1b2db", "A1B2DB", Rule::Auto, None, Alike),
        ("A1B2DB", "a1b2db", Rule::Auto, same, Alike),
        ("a1b2db", "000A1B2DB", Rule::Auto, None, Alike),
        ("000a1b2db", "a1b2db", Rule::Auto, None, Alike),
        ("0000012", "12", Rule::Auto, None, Alike),
        ("a1b2db", "A1B2DB", Rule::Auto, other, Orphan),
        ("a1b2db", "10597083", Rule::Auto, same, Converted),
        ("00A1B2DB", "10597083", Rule::Auto, same, Converted),
        ("10597083", "a1b2db", Rule::Auto, same, Converted),
        ("0010597083", "A1B2DB", Rule::Auto, same, Converted),
        ("a1b2db", "10597083", Rule::Auto, None, Orphan),
        ("a1b2db", "10597083", Rule::Auto, other, Orphan),
        ("a1b2db", "10597083", Rule::Decimal, None, Converted),
        ("10597083", "a1b2db", Rule::Hex, None, Converted),
        ("a1b2db", "10597083", Rule::Hex, same, Orphan),
        ("a1b2db", "A1B2DB", Rule::Exact, same, Orphan),
        ("Qm9nbw==", "qm9nbw==", Rule::Auto, same, Orphan),
        ("aBcD", "abcd", Rule::Auto, same, Orphan),
        ("a1b2db", "a1b2dc", Rule::Auto, same, Orphan),
    ]
    .into_iter()
    .enumerate()
    {
        let what = format!("{resp} {receipt} {rule:?} {number:?}");
        let again = if found == Orphan { Orphan } else { Repeated };
        // only where the rule leaves it open there is something to learn
        let proven = found == Converted && rule == Rule::Auto && receipt.starts_with("105");
        for early in [false, true] {
            let family = format!("{n} {early}");
            let number = number.and_then(Msisdn::parse_e164);
            let new = || NewReceipt { rule, number, family: Family::from(family.as_str()), ..receipt_of(receipt) };
            if early {
                assert_eq!(store.receipt(new(), NOW).await, Ok(Orphan), "{what}, early");
                taken_under(&*store, &family, NUMBER, resp).await;
            } else {
                taken_under(&*store, &family, NUMBER, resp).await;
                assert_eq!(store.receipt(new(), NOW).await, Ok(found), "{what}");
            }
            assert_eq!(store.receipt(new(), NOW).await, Ok(again), "{what}, again, early: {early}");
            // what a number has proven once is believed of a receipt that names none
            taken_under(&*store, &family, OTHER, "ffff01").await;
            let silent = NewReceipt { family: Family::from(family.as_str()), ..receipt_of("16776961") };
            let wanted = if proven { Converted } else { Orphan };
            assert_eq!(store.receipt(silent, NOW).await, Ok(wanted), "{what}, learned, early: {early}");
        }
    }
}

pub async fn what_receipts_have_proven_survives_a_restart(factory: &dyn Factory) {
    let store = begun(factory).await;
    assert_eq!(store.learned().await.expect("read").len(), 0);
    for (n, resp) in ["a1", "b2", "c3"].into_iter().enumerate() {
        taken_under(&*store, "smart", NUMBER, resp).await;
        let decimal = u64::from_str_radix(resp, 16).expect("hexadecimal").to_string();
        let new = NewReceipt { number: Msisdn::parse_e164(NUMBER), ..receipt_of(&decimal) };
        assert_eq!(store.receipt(new, NOW).await, Ok(Receipted::Converted), "{n}");
    }
    drop(store);
    let store = begun(factory).await;
    let learned = store.learned().await.expect("read");
    assert!(learned.len() == 1 && learned[0].0 == Family::from("smart"), "{learned:?}");
    // written with the first, the second, the fourth …
    assert_eq!((learned[0].1.receipt_decimal, learned[0].1.receipt_hex), (2, 0));
    taken_under(&*store, "smart", NUMBER, "d4").await;
    assert_eq!(store.receipt(receipt_of("212"), NOW).await, Ok(Receipted::Converted), "though it names no number");
    taken_under(&*store, "other", NUMBER, "e5").await;
    let other = NewReceipt { family: Family::from("other"), ..receipt_of("229") };
    assert_eq!(store.receipt(other, NOW).await, Ok(Receipted::Orphan), "of another family nothing is known");
}

pub async fn a_receipt_goes_to_no_wrong_segment(factory: &dyn Factory) {
    let store = begun(factory).await;
    let of = |id: &str, number: &str| NewReceipt { number: Msisdn::parse_e164(number), ..receipt_of(id) };
    taken_under(&*store, "smart", NUMBER, "1f").await;
    taken_under(&*store, "smart", OTHER, "31").await;
    taken_under(&*store, "another", OTHER, "77").await;
    assert_eq!(store.receipt(receipt_of("77"), NOW).await, Ok(Receipted::Orphan), "of another family");
    let exact = store.receipt(of("31", OTHER), NOW).await;
    assert_eq!(exact, Ok(Receipted::Exact), "what fits exactly wins");
    assert_eq!(store.receipt(of("31", NUMBER), NOW).await, Ok(Receipted::Converted), "the number tells");
    // two that are alike, and nothing that tells them apart
    taken_under(&*store, "smart", NUMBER, "0A1").await;
    taken_under(&*store, "smart", NUMBER, "00a1").await;
    assert_eq!(store.receipt(receipt_of("a1"), NOW).await, Ok(Receipted::Orphan));
    // whoever has exactly the id takes the early receipt, in whichever order they are settled
    assert_eq!(store.receipt(receipt_of("b2"), NOW).await, Ok(Receipted::Orphan));
    let here = session();
    let alike = mt(MtKind::Answer, 1, 1, Some(here));
    let exact = to("85510234502", mt(MtKind::Answer, 1, 1, Some(here)));
    answered(&*store, "alike", vec![alike.clone()]).await;
    answered(&*store, "exact", vec![exact.clone()]).await;
    let both = vec![settled(alike.id, here, sent("0B2")), settled(exact.id, here, sent("b2"))];
    store.settle(both, NOW).await.expect("settled");
    assert_eq!(store.receipt(receipt_of("b2"), NOW).await, Ok(Receipted::Repeated));
    assert_eq!(store.receipt(receipt_of("0B2"), NOW).await, Ok(Receipted::Exact), "it has had no receipt");
}

pub async fn queued_segments_expire(factory: &dyn Factory) {
    let store = begun(factory).await;
    let queued = mt(MtKind::Notice, 1, 1, None);
    answered(&*store, "one", vec![queued.clone()]).await;
    answered(&*store, "two", vec![to("85510234502", mt(MtKind::Answer, 1, 1, Some(session())))]).await;
    assert_eq!(store.expire(NOW).await, Ok(0));
    let end = queued.not_after;
    assert!(due(&*store, end).await.is_empty(), "not offered at its end");
    assert_eq!(store.expire(end).await, Ok(1));
    assert_eq!(store.begin_submit(vec![queued.id], session(), end).await, Ok(vec![]));
    assert_eq!(store.outbox_depth().await, Ok(1));
}

pub async fn a_sweep_destroys_what_is_old(factory: &dyn Factory) {
    let store = begun(factory).await;
    let here = session();
    let segment = mt(MtKind::Answer, 1, 1, Some(here));
    let id = answered(&*store, "old", vec![segment.clone()]).await;
    store.settle(vec![settled(segment.id, here, sent("m"))], NOW).await.expect("settled");
    let open = NewMo { intake: Intake::Waiting, ..mo("open", here) };
    store.accept(open).await.expect("stored");
    assert_eq!(store.sweep(NOW, NOW).await, Ok(0), "nothing is old");
    let later = NOW.plus_ms(1);
    assert_eq!(store.sweep(later, NOW).await, Ok(2), "an MO and a segment");
    assert_eq!(store.sweep(later, NOW).await, Ok(0));
    let again = store.accept(mo("old", session())).await.expect("judged");
    assert!(matches!(again, Accepted::Resembles { of, .. } if of == id), "the key outlives the text");
    let day = NOW.plus_ms(25 * HOUR);
    assert_eq!(store.sweep(UnixMs(0), day).await, Ok(2), "both keys");
    assert!(is_new(&store.accept(mo("old", session())).await.expect("stored")));
    assert_eq!(store.waiting(false, None, 10).await.expect("read")[0].text, "open");
}

//! Cases of the inbox and citizens ports.
use super::*;

pub async fn weak_keys(factory: &dyn Factory) {
    let store = begun(factory).await;
    let (first, second) = (session(), session());
    let original = mo("120500260481937", first);
    let of = original.id;
    assert!(is_new(&store.accept(original.clone()).await.expect("stored")));
    let again = |session| NewMo { id: CauseId(Uuid::now_v7()), ..mo("120500260481937", session) };
    let duplicate = Ok(Accepted::Duplicate { of });
    assert_eq!(store.accept(again(second)).await, duplicate, "not done");

    let segment = mt(MtKind::Answer, 1, 1, None);
    store.finish(finish(of, vec![segment.clone()]), NOW).await.expect("finished");
    assert_eq!(store.accept(again(second)).await, duplicate, "its answer is queued");
    store.begin_submit(vec![segment.id], second, NOW).await.expect("taken");
    assert_eq!(store.accept(again(second)).await, duplicate, "its answer is in hand");
    store.settle(vec![settled(segment.id, second, sent("m1"))], NOW).await.expect("settled");
    let resembles = Ok(Accepted::Resembles { of, session: first, received_at: NOW });
    assert_eq!(store.accept(again(second)).await, resembles, "answered over another session");
}

pub async fn weak_keys_once_the_resp_was_read(factory: &dyn Factory) {
    let store = begun(factory).await;
    let (first, second) = (session(), session());
    let again = |session| NewMo { id: CauseId(Uuid::now_v7()), ..mo("120500260481937", session) };
    let original = again(first);
    let of = original.id;
    store.accept(original).await.expect("stored");
    store.finish(finish(of, vec![]), NOW).await.expect("finished");
    store.confirm(vec![of]).await.expect("confirmed");
    let asked_again = again(second);
    let next = asked_again.id;
    assert!(is_new(&store.accept(asked_again).await.expect("stored")), "its resp was read");
    assert_eq!(store.accept(again(second)).await, Ok(Accepted::Duplicate { of: next }));

    // a resp on the session of the MO shows that the telco had read the resp of the MO
    let reply = mt(MtKind::Answer, 1, 1, Some(second));
    store.finish(finish(next, vec![reply.clone()]), NOW).await.expect("finished");
    store.settle(vec![settled(reply.id, second, sent("m2"))], NOW).await.expect("settled");
    let third = again(second);
    let third_id = third.id;
    assert!(is_new(&store.accept(third).await.expect("stored")), "proved by order");

    store.finish(finish(third_id, vec![]), NOW).await.expect("finished");
    let late = NewMo { received_at: NOW.plus_ms(24 * HOUR + 1), ..again(second) };
    assert!(is_new(&store.accept(late).await.expect("stored")), "too old to be a redelivery");
    let other = NewMo { family: Family::from("metfone"), ..again(second) };
    assert!(is_new(&store.accept(other).await.expect("stored")), "another family");
}

pub async fn what_was_given_back_is_no_new_question_in_an_open_conversation(factory: &dyn Factory) {
    let store = begun(factory).await;
    let here = session();
    let first = mo("1", here);
    let of = first.id;
    store.accept(first).await.expect("stored, though the telco was told that it is not");
    let asked = CitizenRecord {
        dialogue: Some(b"asked".to_vec()),
        dialogue_until: NOW.plus_ms(HOUR),
        in_dialogue: true,
        ..CitizenRecord::default()
    };
    let end = Finish { citizen: Some((number(), asked)), ..finish(of, vec![]) };
    store.finish(end, NOW).await.expect("finished");
    let again = |given_back| NewMo { id: CauseId(Uuid::now_v7()), given_back, ..mo("1", here) };
    assert_eq!(store.accept(again(vec![of])).await, Ok(Accepted::Duplicate { of }), "it comes again");
    assert!(
        is_new(&store.accept(again(vec![CauseId(Uuid::now_v7())])).await.expect("stored")),
        "another one's is not it"
    );
    assert!(is_new(&store.accept(again(vec![])).await.expect("stored")), "1, 1, 1 are three answers");
}

pub async fn strong_keys(factory: &dyn Factory) {
    let store = begun(factory).await;
    let key = DedupeKey { kind: DedupeKind::Strong, digest: digest("strong") };
    let keyed = |at| NewMo { dedupe: key, received_at: at, ..mo("strong", session()) };
    let first = keyed(NOW);
    let of = first.id;
    assert!(is_new(&store.accept(first).await.expect("stored")));
    store.finish(finish(of, vec![]), NOW).await.expect("finished");
    store.confirm(vec![of]).await.expect("confirmed");
    let same = store.accept(keyed(NOW.plus_ms(72 * HOUR))).await;
    assert_eq!(same, Ok(Accepted::Duplicate { of }));
    let later = store.accept(keyed(NOW.plus_ms(72 * HOUR + 1))).await;
    assert!(is_new(&later.expect("stored")));
}

pub async fn segment_keys_follow_the_resp(factory: &dyn Factory) {
    let store = begun(factory).await;
    let first = session();
    let key = DedupeKey { kind: DedupeKind::Segment, digest: digest("part 2 of 2, reference 9") };
    let keyed = |intake, session| NewMo { dedupe: key, intake, ..mo("part", session) };
    for intake in [Intake::Claimed, Intake::Silent] {
        let original = NewMo { insist: true, ..keyed(intake, first) };
        let of = original.id;
        assert!(is_new(&store.accept(original).await.expect("stored")));
        if intake == Intake::Claimed {
            let in_hand = store.accept(keyed(intake, session())).await;
            assert_eq!(in_hand, Ok(Accepted::Duplicate { of }), "its turn is not over");
            store.finish(finish(of, vec![]), NOW).await.expect("finished");
        }
        let unread = store.accept(keyed(intake, session())).await;
        let resembles = Ok(Accepted::Resembles { of, session: first, received_at: NOW });
        assert_eq!(unread, resembles, "{intake:?}: its resp may not have been read");
        store.confirm(vec![of]).await.expect("confirmed");
        assert!(is_new(&store.accept(keyed(intake, session())).await.expect("stored")), "{intake:?}: it was read");
    }
}

pub async fn weak_keys_of_silent_and_insisted_mos(factory: &dyn Factory) {
    let store = begun(factory).await;
    let silent = NewMo { intake: Intake::Silent, ..mo("HELP", session()) };
    let (of, session_of) = (silent.id, silent.session);
    assert!(is_new(&store.accept(silent).await.expect("stored")));
    assert_eq!(store.inbox_depth().await, Ok(0));
    let again = store.accept(mo("HELP", session())).await;
    assert_eq!(again, Ok(Accepted::Resembles { of, session: session_of, received_at: NOW }));
    let insisted = NewMo { insist: true, ..mo("HELP", session()) };
    let next = insisted.id;
    assert!(is_new(&store.accept(insisted).await.expect("stored")));
    let after = store.accept(mo("HELP", session())).await;
    assert_eq!(after, Ok(Accepted::Duplicate { of: next }), "the key is the new one's");
}

pub async fn claim_release_finish(factory: &dyn Factory) {
    let store = begun(factory).await;
    let waiting = NewMo { intake: Intake::Waiting, ..mo(TEXT, session()) };
    let id = waiting.id;
    store.accept(waiting).await.expect("stored");
    assert_eq!(store.finish(finish(id, vec![]), NOW).await, Err(StoreFault::Stale));
    assert_eq!(store.release(id, NOW).await, Err(StoreFault::Stale));
    store.claim(id, false, NOW).await.expect("claimed");
    assert_eq!(store.claim(id, false, NOW).await, Err(StoreFault::Stale));
    assert!(store.waiting(false, None, 10).await.expect("read").is_empty());
    store.release(id, NOW).await.expect("released");
    let found = store.waiting(false, None, 10).await.expect("read");
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].id, found[0].text.as_str(), found[0].attempts), (id, TEXT, 1));
    assert_eq!(found[0].source, Source::Person(number()));
    store.claim(id, false, NOW).await.expect("claimed");
    assert_eq!(store.inbox_depth().await, Ok(1));
    store.finish(finish(id, vec![]), NOW).await.expect("finished");
    assert_eq!(store.finish(finish(id, vec![]), NOW).await, Err(StoreFault::Stale));
    assert_eq!(store.claim(id, false, NOW).await, Err(StoreFault::Stale));
    assert_eq!(store.inbox_depth().await, Ok(0));
    store.probe().await.expect("works");
    let shop = NewMo { source: Source::Other("SHOP".into()), intake: Intake::Waiting, ..mo("ad", session()) };
    store.accept(shop).await.expect("stored");
    let found = store.waiting(false, None, 10).await.expect("read");
    assert_eq!(found[0].source, Source::Other("SHOP".into()));
}

pub async fn a_turn_ends_in_one_commit(factory: &dyn Factory) {
    let store = begun(factory).await;
    let first = mo("one", session());
    let id = first.id;
    store.accept(first).await.expect("stored");
    let twice = vec![mt(MtKind::Answer, 1, 1, None), mt(MtKind::Answer, 1, 1, None)];
    let record = CitizenRecord { stopped: true, ..CitizenRecord::default() };
    let bad = Finish { citizen: Some((number(), record)), ..finish(id, twice) };
    assert_eq!(store.finish(bad, NOW).await, Err(StoreFault::Rejected), "one text twice");
    assert_eq!(store.inbox_depth().await, Ok(1), "the MO is still in hand");
    assert_eq!(store.outbox_depth().await, Ok(0), "no segment");
    assert!(!store.citizen(number()).await.expect("read").stopped, "no record");
    store.finish(finish(id, vec![mt(MtKind::Answer, 1, 1, None)]), NOW).await.expect("finished");
    assert_eq!((store.inbox_depth().await, store.outbox_depth().await), (Ok(0), Ok(1)));
}

pub async fn recovery_after_a_clean_end(factory: &dyn Factory) {
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
    assert_eq!((second.clean, second.suspects, second.waiting), (true, 0, 1));
    assert!(second.incarnation > first.incarnation);
    let found = store.waiting(false, None, 10).await.expect("read");
    assert_eq!((found[0].id, found[0].attempts, found[0].suspect), (id, 0, false));
}

pub async fn recovery_after_an_unclean_end(factory: &dyn Factory) {
    let store = begun(factory).await;
    let (one, two) = (mo("one", session()), mo("two", session()));
    let idle = NewMo { intake: Intake::Waiting, ..mo("three", session()) };
    let (one_id, idle_id) = (one.id, idle.id);
    for mo in [one, two, idle] {
        store.accept(mo).await.expect("stored");
    }
    answered(&*store, "four", vec![mt(MtKind::Answer, 1, 1, Some(session()))]).await;
    drop(store);
    let store = factory.open().await;
    let found = store.begin(NOW).await.expect("begun");
    assert_eq!((found.clean, found.suspects, found.waiting, found.ambiguous), (false, 2, 3, 1));
    let plain = store.waiting(false, None, 10).await.expect("read");
    assert_eq!(plain.iter().map(|mo| mo.id).collect::<Vec<_>>(), [idle_id]);
    let suspects = store.waiting(true, None, 10).await.expect("read");
    assert_eq!(suspects.iter().map(|mo| (mo.deaths_alone, mo.attempts)).collect::<Vec<_>>(), [(0, 1); 2]);
    store.claim(one_id, true, NOW).await.expect("claimed");
    assert_eq!(store.waiting(true, None, 10).await.expect("read").len(), 1, "tried: no suspect");
    drop(store);
    let store = factory.open().await;
    store.begin(NOW).await.expect("begun");
    let suspects = store.waiting(true, None, 10).await.expect("read");
    let alone: Vec<_> = suspects.iter().map(|mo| (mo.id == one_id, mo.deaths_alone)).collect();
    assert_eq!(alone, [(true, 1), (false, 0)]);
    assert_eq!(store.finish(finish(one_id, vec![]), NOW).await, Err(StoreFault::Stale), "another run's");
}

pub async fn records_come_back_as_written(factory: &dyn Factory) {
    let store = begun(factory).await;
    assert_eq!(store.citizen(number()).await, Ok(CitizenRecord::default()));
    let tally = NumberWindow { since: NOW, count: 3 };
    let record = CitizenRecord {
        language: Some(Language::KmLatn),
        stopped: true,
        dialogue: Some(b"canary dialogue".to_vec()),
        dialogue_until: NOW.plus_ms(HOUR),
        in_dialogue: false,
        windows: NumberWindows { replies_day: tally, ..NumberWindows::default() },
    };
    let first = mo("one", session());
    let id = first.id;
    store.accept(first).await.expect("stored");
    let end = Finish { citizen: Some((number(), record.clone())), ..finish(id, vec![]) };
    store.finish(end, NOW).await.expect("finished");
    assert_eq!(store.citizen(number()).await, Ok(record.clone()));
    let next = NewMo { intake: Intake::Waiting, ..mo("two", session()) };
    let id = next.id;
    assert_eq!(store.accept(next).await, Ok(Accepted::New { citizen: record.clone(), claimed: false }));
    assert_eq!(store.claim(id, false, NOW).await, Ok(record));
    let nobody = Msisdn::parse_e164("85510999999").expect("a number");
    assert_eq!(store.citizen(nobody).await, Ok(CitizenRecord::default()));
}

pub async fn one_bad_operation_harms_no_other(factory: &dyn Factory) {
    let store = begun(factory).await;
    let taken = mo("taken", session());
    let id = taken.id;
    store.accept(taken).await.expect("stored");
    let mos: Vec<NewMo> = (0..20).map(|n| mo(&format!("good {n}"), session())).collect();
    let bad = NewMo { id, ..mo("bad", session()) };
    let results = futures_util::future::join_all(mos.into_iter().chain([bad]).map(|mo| store.accept(mo))).await;
    let good = results.iter().filter(|result| matches!(result, Ok(Accepted::New { .. }))).count();
    assert_eq!((good, &results[20]), (20, &Err(StoreFault::Rejected)));
    assert_eq!(store.inbox_depth().await, Ok(21));
}

pub async fn what_breaks_a_rule_is_no_rival(factory: &dyn Factory) {
    let store = begun(factory).await;
    let (first, second) = (mo("one", session()), mo("two", session()));
    let (one, two) = (first.id, second.id);
    let segment = mt(MtKind::Answer, 1, 1, None);
    for mo in [first, second] {
        store.accept(mo).await.expect("stored");
    }
    store.finish(finish(one, vec![segment.clone()]), NOW).await.expect("finished");
    let taken = store.finish(finish(two, vec![segment]), NOW).await;
    assert_eq!(taken, Err(StoreFault::Rejected), "the id of a segment that there is: nobody else has this MO");
    assert_eq!(store.finish(finish(two, vec![]), NOW).await, Ok(vec![]), "it is still ours to end");
    assert_eq!(store.finish(finish(two, vec![]), NOW).await, Err(StoreFault::Stale), "and then no more");
}

pub async fn operations_on_one_row_keep_their_order(factory: &dyn Factory) {
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
    assert_eq!((b, c.map(|_| ()), d), (Ok(()), Ok(()), Ok(vec![])));
    let same: Vec<NewMo> = (0..5).map(|_| mo("same", session())).collect();
    let of = same[0].id;
    let results = futures_util::future::join_all(same.into_iter().map(|mo| store.accept(mo))).await;
    assert!(results[0].as_ref().is_ok_and(is_new));
    assert!(results[1..].iter().all(|result| *result == Ok(Accepted::Duplicate { of })));
}

pub async fn waiting_mos_come_in_pages(factory: &dyn Factory) {
    let store = begun(factory).await;
    let mut all = Vec::new();
    for n in 0..7 {
        let mo = NewMo { intake: Intake::Waiting, ..mo(&format!("{n}"), session()) };
        all.push(mo.id);
        store.accept(mo).await.expect("stored");
    }
    let (mut seen, mut after) = (Vec::new(), None);
    while let [.., last] = &store.waiting(false, after, 3).await.expect("read")[..] {
        seen.extend(store.waiting(false, after, 3).await.expect("read").iter().map(|mo| mo.id));
        after = Some(last.id);
    }
    assert_eq!(seen, all);
}

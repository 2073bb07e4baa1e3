//! Cases of the pushes port. Knows no table.
use super::*;
use chrak::ports::{
    outbox::Class,
    pushes::{NewPush, PushEnd, PushKind, StoredPush},
};

fn work(due: UnixMs) -> NewPush {
    NewPush {
        id: CauseId(Uuid::now_v7()),
        kind: PushKind::Event,
        class: Class::Notice,
        number: number(),
        payload: TEXT.as_bytes().to_vec(),
        due,
        not_after: NOW.plus_ms(HOUR),
    }
}

pub async fn an_event_is_taken_once(factory: &dyn Factory) {
    let store = begun(factory).await;
    let push = work(NOW);
    assert_eq!(store.take_event("e1".into(), Some(push.clone()), NOW).await, Ok(true));
    assert_eq!(store.take_event("e1".into(), Some(work(NOW)), NOW).await, Ok(false));
    let stored = vec![StoredPush { push, attempts: 0, created_at: NOW }];
    assert_eq!(store.due_pushes(NOW, 10).await, Ok(stored));
}

pub async fn a_push_put_off_comes_again_and_ends_once(factory: &dyn Factory) {
    let store = begun(factory).await;
    let push = work(NOW);
    let (id, later) = (push.id, NOW.plus_ms(60_000));
    assert_eq!(store.take_event("e1".into(), Some(push), NOW).await, Ok(true));
    store.end_push(id, PushEnd::Later(later), NOW).await.expect("put off");
    assert_eq!(store.due_pushes(NOW, 10).await, Ok(vec![]));
    let again = store.due_pushes(later, 10).await.expect("read");
    assert_eq!(again.iter().map(|work| (work.push.id, work.attempts)).collect::<Vec<_>>(), [(id, 1)]);
    let segment = mt(MtKind::Answer, 1, 1, None);
    store.end_push(id, PushEnd::Queued(vec![segment.clone()]), later).await.expect("queued");
    assert_eq!(ids(&due(&*store, later).await), [segment.id]);
    assert_eq!(store.end_push(id, PushEnd::Dropped, later).await, Err(StoreFault::Stale));
    assert_eq!(store.due_pushes(later, 10).await, Ok(vec![]));
}

pub async fn what_is_due_longest_comes_first_and_no_more_than_wanted(factory: &dyn Factory) {
    let store = begun(factory).await;
    let pushes = [3, 1, 2].map(|minute| work(NOW.plus_ms(minute * 60_000)));
    for (at, push) in pushes.iter().enumerate() {
        assert_eq!(store.take_event(format!("e{at}"), Some(push.clone()), NOW).await, Ok(true));
    }
    let named = async |now: UnixMs, limit| {
        let due = store.due_pushes(now, limit).await.expect("read");
        due.iter().map(|work| work.push.id).collect::<Vec<_>>()
    };
    assert_eq!(named(NOW, 10).await, []);
    assert_eq!(named(NOW.plus_ms(120_000), 10).await, [pushes[1].id, pushes[2].id]);
    assert_eq!(named(NOW.plus_ms(180_000), 2).await, [pushes[1].id, pushes[2].id]);
}

pub async fn work_for_one_goes_before_work_for_many(factory: &dyn Factory) {
    let store = begun(factory).await;
    let classes = [Class::Bulk, Class::Notice, Class::Urgent, Class::Answer];
    let pushes: Vec<NewPush> = classes.map(|class| NewPush { class, ..work(NOW) }).into();
    for (at, push) in pushes.iter().enumerate() {
        store.take_event(format!("e{at}"), Some(push.clone()), NOW).await.expect("taken");
    }
    let found = async |now| {
        let due = store.due_pushes(now, 10).await.expect("read");
        due.into_iter().map(|work| work.push.class).collect::<Vec<_>>()
    };
    assert_eq!(found(NOW).await, [Class::Answer, Class::Urgent, Class::Notice, Class::Bulk]);
    store.end_push(pushes[3].id, PushEnd::Later(NOW.plus_ms(60_000)), NOW).await.expect("put off");
    let later = NOW.plus_ms(60_000);
    assert_eq!(found(later).await, [Class::Urgent, Class::Answer, Class::Notice, Class::Bulk]);
}

pub async fn events_at_once_under_one_name_are_one(factory: &dyn Factory) {
    let store = begun(factory).await;
    let taken = (0..8).map(|_| store.take_event("e".into(), Some(work(NOW)), NOW));
    let new = futures_util::future::join_all(taken).await.into_iter().filter(|taken| *taken == Ok(true)).count();
    assert_eq!((new, store.due_pushes(NOW, 10).await.expect("read").len()), (1, 1));
    // what concerns nobody is remembered too
    assert_eq!(store.take_event("f".into(), None, NOW).await, Ok(true));
    assert_eq!(store.take_event("f".into(), Some(work(NOW)), NOW).await, Ok(false));
    assert_eq!(store.due_pushes(NOW, 10).await.expect("read").len(), 1);
}

pub async fn an_end_that_comes_too_late_writes_nothing(factory: &dyn Factory) {
    let store = begun(factory).await;
    for (event, end) in [("a", PushEnd::Dropped), ("b", PushEnd::Queued(vec![]))] {
        let push = work(NOW);
        let id = push.id;
        store.take_event(event.into(), Some(push), NOW).await.expect("taken");
        store.end_push(id, end, NOW).await.expect("ended");
        let late = PushEnd::Queued(vec![mt(MtKind::Answer, 1, 1, None)]);
        assert_eq!(store.end_push(id, late, NOW).await, Err(StoreFault::Stale), "{event}");
    }
    assert_eq!(due(&*store, NOW).await, []);
}

pub async fn work_and_the_place_in_the_events_survive_a_restart(factory: &dyn Factory) {
    let store = begun(factory).await;
    assert_eq!(store.event_cursor().await, Ok(None));
    store.set_event_cursor(Some("c7".into())).await.expect("kept");
    let push = work(NOW);
    store.take_event("e".into(), Some(push.clone()), NOW).await.expect("taken");
    store.end_push(push.id, PushEnd::Later(NOW.plus_ms(1)), NOW).await.expect("put off");
    store.end(NOW).await.expect("ended");
    drop(store);
    let store = begun(factory).await;
    assert_eq!(store.event_cursor().await, Ok(Some("c7".into())));
    assert_eq!(store.take_event("e".into(), Some(work(NOW)), NOW).await, Ok(false), "it was handled before");
    let again = store.due_pushes(NOW.plus_ms(1), 10).await.expect("read");
    assert_eq!(again.iter().map(|work| (work.push.id, work.attempts)).collect::<Vec<_>>(), [(push.id, 1)]);
    store.set_event_cursor(None).await.expect("kept");
    assert_eq!(store.event_cursor().await, Ok(None));
}

//! Cases of the pushes port. Knows no table.
use super::*;
use chrak::ports::pushes::{NewPush, PushEnd, PushKind, StoredPush};

fn work(due: UnixMs) -> NewPush {
    NewPush {
        id: CauseId(Uuid::now_v7()),
        kind: PushKind::Event,
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

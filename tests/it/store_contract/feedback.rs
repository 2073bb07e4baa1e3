//! Cases of the port of kept feedback. Knows no table.
use super::*;
use chrak::ports::{
    feedback::{FeedbackEnd, NewFeedback, StoredFeedback},
    outbox::Class,
    pushes::{NewPush, PushKind},
};

fn said(due: UnixMs) -> NewFeedback {
    NewFeedback { id: Uuid::now_v7(), said: TEXT.as_bytes().to_vec(), due, not_after: NOW.plus_ms(HOUR) }
}

async fn waits(store: &dyn Store, now: UnixMs) -> Vec<Uuid> {
    store.due_feedback(now, 10).await.expect("read").into_iter().map(|stored| stored.feedback.id).collect()
}

pub async fn feedback_is_kept_once_and_no_more_than_there_is_room_for(factory: &dyn Factory) {
    let store = begun(factory).await;
    let (first, second, third) = (said(NOW), said(NOW.plus_ms(1)), said(NOW.plus_ms(2)));
    assert_eq!(store.keep_feedback(first.clone(), 2, NOW).await, Ok(true));
    assert_eq!(store.keep_feedback(second.clone(), 2, NOW).await, Ok(true));
    assert_eq!(store.keep_feedback(third.clone(), 2, NOW).await, Ok(false));
    assert_eq!(store.keep_feedback(first.clone(), 2, NOW).await, Ok(true), "it is kept already");
    let stored = vec![StoredFeedback { feedback: first.clone(), attempts: 0, created_at: NOW }];
    assert_eq!(store.due_feedback(NOW, 10).await, Ok(stored));
    assert_eq!(waits(&*store, NOW.plus_ms(5)).await, [first.id, second.id]);
    store.end_feedback(first.id, FeedbackEnd::PassedOn(None), NOW).await.expect("ended");
    assert_eq!(store.keep_feedback(third.clone(), 2, NOW).await, Ok(true), "there is room again");
    assert_eq!(store.keep_feedback(first, 9, NOW).await, Ok(true), "and what has ended does not begin anew");
    assert_eq!(waits(&*store, NOW.plus_ms(5)).await, [second.id, third.id]);
}

pub async fn feedback_that_is_put_off_comes_again_and_ends_once(factory: &dyn Factory) {
    for end in [FeedbackEnd::PassedOn(None), FeedbackEnd::Declined, FeedbackEnd::GivenUp] {
        let store = begun(factory).await;
        let (new, later) = (said(NOW), NOW.plus_ms(60_000));
        let id = new.id;
        store.keep_feedback(new, 9, NOW).await.expect("kept");
        store.end_feedback(id, FeedbackEnd::Later(later), NOW).await.expect("put off");
        assert!(waits(&*store, NOW).await.is_empty());
        let again = store.due_feedback(later, 10).await.expect("read");
        assert_eq!(again.iter().map(|one| (one.feedback.id, one.attempts)).collect::<Vec<_>>(), [(id, 1)]);
        store.end_feedback(id, end.clone(), later).await.expect("ended");
        assert!(waits(&*store, later).await.is_empty());
        let late = store.end_feedback(id, FeedbackEnd::Later(later), later).await;
        assert_eq!(late, Err(StoreFault::Stale), "{end:?}");
    }
}

pub async fn who_is_told_that_feedback_was_passed_on_is_told_by_its_end(factory: &dyn Factory) {
    let store = begun(factory).await;
    let push = NewPush {
        id: CauseId(Uuid::now_v7()),
        kind: PushKind::Message,
        class: Class::Bulk,
        number: number(),
        payload: b"told".to_vec(),
        due: NOW,
        not_after: NOW.plus_ms(HOUR),
    };
    let new = said(NOW);
    let id = new.id;
    store.keep_feedback(new, 9, NOW).await.expect("kept");
    store.end_feedback(id, FeedbackEnd::PassedOn(Some(push.clone())), NOW).await.expect("ended");
    let again =
        store.end_feedback(id, FeedbackEnd::PassedOn(Some(NewPush { id: CauseId(Uuid::now_v7()), ..push })), NOW);
    assert_eq!(again.await, Err(StoreFault::Stale));
    assert_eq!(store.due_pushes(NOW, 10).await.expect("read").len(), 1);
}

pub async fn kept_feedback_survives_a_restart_and_is_forgotten_after_its_end(factory: &dyn Factory) {
    let store = begun(factory).await;
    let (waiting, ended) = (said(NOW), said(NOW));
    for new in [&waiting, &ended] {
        store.keep_feedback(new.clone(), 9, NOW).await.expect("kept");
    }
    store.end_feedback(ended.id, FeedbackEnd::Declined, NOW).await.expect("ended");
    store.end(NOW).await.expect("ended");
    drop(store);
    let store = begun(factory).await;
    assert_eq!(waits(&*store, NOW).await, [waiting.id]);
    let day = 24 * HOUR;
    for (days, forgotten) in [(13, false), (15, true)] {
        let now = NOW.plus_ms(days * day);
        while store.sweep(now, now).await.expect("swept") > 0 {}
        assert_eq!(waits(&*store, now).await, [waiting.id], "what waits is not swept");
        // there is room for one: what is kept already needs none
        assert_eq!(store.keep_feedback(ended.clone(), 1, now).await, Ok(!forgotten), "after {days} days");
    }
}

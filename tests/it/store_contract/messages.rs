//! Cases of the messages port. Knows no table.
use super::*;
use chrak::ports::{
    Refusal,
    messages::{CallEnd, Cost, MessageState, NewCall, NewMessage},
    outbox::Class,
    pushes::{NewPush, PushEnd, PushKind},
};

const REMEMBERED: i64 = 72 * HOUR;

fn push() -> NewPush {
    NewPush {
        id: CauseId(Uuid::now_v7()),
        kind: PushKind::Message,
        class: Class::Bulk,
        number: number(),
        payload: TEXT.as_bytes().to_vec(),
        due: NOW,
        not_after: NOW.plus_ms(HOUR),
    }
}

/// A message that is to be sent, under a name of its own, asking for `what`.
pub fn message(reference: Option<&str>, what: u8) -> NewMessage {
    NewMessage {
        id: Uuid::now_v7().to_string(),
        reference: reference.map(str::to_owned),
        fingerprint: [what; 32],
        masked: "85510***501".to_owned(),
        notice: false,
        cost: Some(Cost { segments: 2, ucs2: true }),
        send_at: None,
        expires_at: NOW.plus_ms(HOUR),
        verdict: Ok(push()),
    }
}

pub fn call(agency: &str, key: Option<(&str, u8)>, messages: Vec<NewMessage>) -> NewCall {
    NewCall {
        agency: agency.to_owned(),
        key: key.map(|(key, what)| (key.to_owned(), [what; 32])),
        request: Uuid::now_v7().to_string(),
        label: "label".to_owned(),
        messages,
        per_day: 0,
        day: "2027-01-15".to_owned(),
    }
}

/// Ids of what a call came to, why each was refused, and whether it had been accepted before.
fn items(end: &CallEnd) -> Vec<(&str, Option<Refusal>, bool)> {
    let CallEnd::Done { items, .. } = end else { panic!("{end:?}") };
    items.iter().map(|item| (item.id.as_str(), item.refused, item.replayed)).collect()
}

async fn waiting(store: &dyn Store) -> usize {
    store.due_pushes(NOW, 100).await.expect("read").len()
}

pub async fn a_call_that_comes_again_sends_nothing_twice(factory: &dyn Factory) {
    let store = begun(factory).await;
    let first = call("a", Some(("key", 1)), vec![message(None, 1)]);
    let done = store.accept_call(first.clone(), NOW).await.expect("stored");
    let again = call("a", Some(("key", 1)), vec![message(None, 1)]);
    let repeated = store.accept_call(again, NOW.plus_ms(REMEMBERED - 1)).await.expect("repeated");
    let CallEnd::Done { request, replayed: true, .. } = &repeated else { panic!("{repeated:?}") };
    assert_eq!((request, items(&repeated)), (&first.request, items(&done)));
    assert_eq!(waiting(&*store).await, 1);
    let other = call("a", Some(("key", 2)), vec![message(None, 2)]);
    assert_eq!(store.accept_call(other, NOW).await, Ok(CallEnd::Mismatch));
    // a key is its agency's, and forgotten in time
    for (agency, at) in [("b", NOW), ("a", NOW.plus_ms(REMEMBERED))] {
        let fresh = call(agency, Some(("key", 2)), vec![message(None, 2)]);
        let end = store.accept_call(fresh, at).await.expect("stored");
        assert!(matches!(end, CallEnd::Done { replayed: false, .. }), "{end:?}");
    }
    assert_eq!(waiting(&*store).await, 3);
}

pub async fn equal_calls_at_once_are_one(factory: &dyn Factory) {
    let store = begun(factory).await;
    let calls = (0..8).map(|_| store.accept_call(call("a", Some(("key", 1)), vec![message(None, 1)]), NOW));
    let ends = futures_util::future::join_all(calls).await;
    let fresh = ends.iter().filter(|end| matches!(end, Ok(CallEnd::Done { replayed: false, .. }))).count();
    let repeated = ends.iter().filter(|end| matches!(end, Ok(CallEnd::Done { replayed: true, .. }))).count();
    assert_eq!((fresh, repeated, waiting(&*store).await), (1, 7, 1));
}

pub async fn a_reference_names_one_message(factory: &dyn Factory) {
    let store = begun(factory).await;
    let first = message(Some("r"), 1);
    let id = first.id.clone();
    store.accept_call(call("a", None, vec![first]), NOW).await.expect("stored");
    // the same again, another text under it, and twice in one call
    let batch = vec![message(Some("r"), 1), message(Some("r"), 2), message(Some("s"), 3), message(Some("s"), 3)];
    let third = batch[2].id.clone();
    let end = store.accept_call(call("a", None, batch), NOW.plus_ms(REMEMBERED - 1)).await.expect("stored");
    let got = items(&end);
    assert_eq!(got[0], (id.as_str(), None, true));
    assert_eq!(got[1].1, Some(Refusal::ReferenceMismatch));
    assert_eq!((got[2], got[3]), ((third.as_str(), None, false), (third.as_str(), None, true)));
    assert_eq!(waiting(&*store).await, 2);
    for (agency, at) in [("b", NOW), ("a", NOW.plus_ms(REMEMBERED))] {
        let end = store.accept_call(call(agency, None, vec![message(Some("r"), 2)]), at).await.expect("stored");
        assert_eq!(items(&end)[0].1, None, "{agency}");
    }
}

pub async fn a_quota_counts_what_is_sent_and_nothing_else(factory: &dyn Factory) {
    let store = begun(factory).await;
    let limited =
        |messages: Vec<NewMessage>, day: &str| NewCall { per_day: 2, day: day.to_owned(), ..call("a", None, messages) };
    let refused = NewMessage { verdict: Err(Refusal::BadNumber), ..message(None, 9) };
    let end = store.accept_call(limited(vec![message(Some("r"), 1), refused], "2027-01-15"), NOW).await;
    assert_eq!(items(&end.expect("stored"))[1].1, Some(Refusal::BadNumber));
    let both = limited(vec![message(None, 2), message(None, 3)], "2027-01-15");
    assert_eq!(store.accept_call(both, NOW).await, Ok(CallEnd::Quota { left: 1 }), "all of it or nothing");
    assert_eq!(waiting(&*store).await, 1);
    let replay = limited(vec![message(Some("r"), 1), message(None, 2)], "2027-01-15");
    assert!(matches!(store.accept_call(replay, NOW).await, Ok(CallEnd::Done { .. })), "a replay costs nothing");
    let over = limited(vec![message(None, 4)], "2027-01-15");
    assert_eq!(store.accept_call(over, NOW).await, Ok(CallEnd::Quota { left: 0 }));
    let tomorrow = limited(vec![message(None, 4)], "2027-01-16");
    assert!(matches!(store.accept_call(tomorrow, NOW).await, Ok(CallEnd::Done { .. })));
}

pub async fn calls_at_once_cannot_pass_a_quota_together(factory: &dyn Factory) {
    let store = begun(factory).await;
    let calls = (0..8).map(|what| {
        let call = NewCall { per_day: 3, ..call("a", None, vec![message(None, what)]) };
        store.accept_call(call, NOW)
    });
    let ends = futures_util::future::join_all(calls).await;
    let done = ends.iter().filter(|end| matches!(end, Ok(CallEnd::Done { .. }))).count();
    assert_eq!((done, waiting(&*store).await), (3, 3));
}

pub async fn a_message_is_told_to_its_agency_and_survives_a_restart(factory: &dyn Factory) {
    let store = begun(factory).await;
    let refused = NewMessage { verdict: Err(Refusal::Unroutable), ..message(Some("r"), 2) };
    let sent = message(Some("r"), 1);
    let (id, other) = (sent.id.clone(), refused.id.clone());
    let whole = call("a", None, vec![sent, refused]);
    store.accept_call(whole.clone(), NOW).await.expect("stored");
    store.end(NOW).await.expect("ended");
    drop(store);
    let store = begun(factory).await;
    let one = store.message("a".into(), id.clone(), NOW).await.expect("read").expect("there");
    assert_eq!((one.state, one.label.as_str(), one.cost), (MessageState::Accepted, "label", whole.messages[0].cost));
    assert_eq!((one.times, one.expires_at), (vec![(MessageState::Accepted, NOW)], NOW.plus_ms(HOUR)));
    let rejected = store.message("a".into(), other.clone(), NOW).await.expect("read").expect("there");
    assert_eq!((rejected.state, rejected.refused), (MessageState::Rejected, Some(Refusal::Unroutable)));
    let mut of_call: Vec<String> = store
        .messages_of("a".into(), whole.request.clone(), NOW)
        .await
        .expect("read")
        .into_iter()
        .map(|m| m.id)
        .collect();
    of_call.sort();
    let mut both = vec![id.clone(), other];
    both.sort();
    assert_eq!(of_call, both);
    assert_eq!(store.messages_under("a".into(), "r".into(), NOW).await.expect("read").len(), 2);
    // nobody else learns of it
    assert_eq!(store.message("b".into(), id, NOW).await, Ok(None));
    assert_eq!(store.messages_under("b".into(), "r".into(), NOW).await, Ok(vec![]));
    assert_eq!(store.messages_of("b".into(), whole.request, NOW).await, Ok(vec![]));
}

pub async fn a_message_goes_through_its_states(factory: &dyn Factory) {
    let store = begun(factory).await;
    let message = message(None, 1);
    let (id, push) = (message.id.clone(), message.verdict.clone().expect("to be sent").id);
    store.accept_call(call("a", None, vec![message]), NOW).await.expect("stored");
    let state = async |at: UnixMs| {
        let found = store.message("a".into(), id.clone(), at).await.expect("read").expect("there");
        (found.state, found.held_until)
    };
    let morning = NOW.plus_ms(HOUR / 2);
    store.end_push(push, PushEnd::Later(morning), NOW).await.expect("held");
    assert_eq!(state(NOW).await, (MessageState::HeldQuietHours, Some(morning)));
    assert_eq!(state(morning).await, (MessageState::Accepted, None));
    store.end_push(push, PushEnd::Queued(vec![mt(MtKind::Answer, 1, 1, None)]), morning).await.expect("queued");
    assert_eq!(state(morning).await.0, MessageState::Queued);
}

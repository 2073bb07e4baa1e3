//! Cases of the port of USSD sessions.
use super::*;
use chrak::ports::ussd::{UssdSession, UssdStep};

fn smart() -> Family {
    Family::from("smart")
}

pub fn kept_step(state: &str, version: i64) -> UssdStep {
    kept(state, version)
}

fn kept(state: &str, version: i64) -> UssdStep {
    let session = UssdSession {
        name: vec![7, 0],
        connection: SessionId(Uuid::now_v7()),
        state: state.as_bytes().to_vec(),
        until: NOW.plus_ms(180_000),
        version,
    };
    UssdStep {
        family: smart(),
        number: number(),
        session,
        citizen: None,
        mts: Vec::new(),
        late: None,
        follow_up: None,
        cause: CauseId(Uuid::now_v7()),
    }
}

async fn read(store: &dyn Store) -> (Option<UssdSession>, CitizenRecord) {
    store.ussd(smart(), number()).await.expect("read")
}

pub async fn a_session_is_kept_step_by_step(factory: &dyn Factory) {
    let store = begun(factory).await;
    assert!(read(&*store).await.0.is_none());
    let first = kept("one", 1);
    let session = first.session.clone();
    store.keep_ussd(first, NOW).await.expect("kept");
    assert_eq!(read(&*store).await.0, Some(session.clone()));
    // a step that another node kept meanwhile is not overwritten
    assert_eq!(store.keep_ussd(kept("other", 1), NOW).await, Err(StoreFault::Stale));
    assert_eq!(store.keep_ussd(kept("other", 3), NOW).await, Err(StoreFault::Stale));
    assert_eq!(read(&*store).await.0, Some(session));
    store.keep_ussd(kept("two", 2), NOW).await.expect("kept");
    assert_eq!(read(&*store).await.0.map(|session| session.state), Some(b"two".to_vec()));
    let elsewhere = store.ussd(Family::from("metfone"), number()).await.expect("read").0;
    assert!(elsewhere.is_none(), "another family, another session");
    drop(store);
    let store = factory.open().await;
    assert_eq!(read(&*store).await.0.map(|session| session.state), Some(b"two".to_vec()), "it outlives the run");
}

pub async fn a_step_is_one_commit(factory: &dyn Factory) {
    let store = begun(factory).await;
    let mut record = CitizenRecord { language: Some(Language::En), ..CitizenRecord::default() };
    let step =
        UssdStep { citizen: Some(record.clone()), mts: vec![mt(MtKind::Answer, 1, 1, None)], ..kept("with a text", 1) };
    let segment = step.mts[0].id;
    store.keep_ussd(step, NOW).await.expect("kept");
    assert_eq!(ids(&due(&*store, NOW).await), [segment]);
    assert_eq!(read(&*store).await.1, record);
    // the question goes on as a text, with the dialogue as it stood; a stale step does nothing of it
    record.dialogue = Some(b"dialogue".to_vec());
    record.dialogue_until = NOW.plus_ms(HOUR);
    let late = |version| UssdStep {
        citizen: Some(record.clone()),
        late: Some(NewMo { intake: Intake::Waiting, insist: true, ..mo("120500260481937", session()) }),
        ..kept("", version)
    };
    assert_eq!(store.keep_ussd(late(5), NOW).await, Err(StoreFault::Stale));
    assert_eq!(store.inbox_depth().await, Ok(0));
    let handed = late(2);
    let id = handed.late.as_ref().map(|mo| mo.id).expect("an MO");
    store.keep_ussd(handed, NOW).await.expect("kept");
    assert_eq!(store.inbox_depth().await, Ok(1));
    let claimed = store.claim(id, false, NOW).await.expect("it waits for its turn");
    assert_eq!(claimed.dialogue, Some(b"dialogue".to_vec()));
}

pub async fn sessions_that_are_over_are_swept(factory: &dyn Factory) {
    let store = begun(factory).await;
    store.keep_ussd(kept("one", 1), NOW).await.expect("kept");
    store.sweep(NOW.plus_ms(-HOUR), NOW).await.expect("swept");
    assert!(read(&*store).await.0.is_some(), "still open");
    store.sweep(NOW.plus_ms(-HOUR), NOW.plus_ms(181_000)).await.expect("swept");
    assert!(read(&*store).await.0.is_none());
    store.keep_ussd(kept("anew", 1), NOW).await.expect("a swept session begins anew");
}

//! Cases of the port of kiosk devices.
use super::*;
use chrak::ports::{
    kiosks::{Command, Heartbeat, NewKiosk, Offer, PAIRING_TRIES, Pairing, WAITING_AT_ONE_PLACE, WAITING_MAX},
    outbox::Class,
    pushes::{Asked, Bounds, NewPush, PushKind},
};

const MINUTE: i64 = 60_000;

fn token(of: &str) -> [u8; 32] {
    digest(of)
}

fn new(code: &str, id: &str) -> NewKiosk {
    NewKiosk { code: code.into(), id: id.into(), office: "owso-1205".into(), profile: "kiosk-22".into() }
}

async fn offer_from(store: &dyn Store, of: &str, code: &str, place: &str, now: UnixMs) {
    let offer = Offer { token: token(of), code: code.into(), place: digest(place), until: now.plus_ms(10 * MINUTE) };
    store.offer_pairing(offer, now).await.expect("offered");
}

async fn offer(store: &dyn Store, of: &str, code: &str, now: UnixMs) {
    offer_from(store, of, code, "hall", now).await;
}

async fn step(store: &dyn Store, of: &str, at: i64) -> Pairing {
    store.pairing(token(of), NOW.plus_ms(at)).await.expect("read")
}

/// Paired, and known by the token `of`.
async fn paired(store: &dyn Store, of: &str, code: &str, id: &str) {
    offer(store, &format!("{of} before"), code, NOW).await;
    assert!(store.pair(new(code, id), NOW).await.expect("judged"));
    assert!(store.take_pairing(token(&format!("{of} before")), token(of), NOW).await.expect("taken"));
    store.pairing_taken(id.into()).await.expect("taken");
}

pub async fn a_device_is_paired_by_what_it_shows(factory: &dyn Factory) {
    let store = begun(factory).await;
    assert_eq!(step(&*store, "a", 0).await, Pairing::None);
    offer(&*store, "a", "11111111", NOW).await;
    // it shows the same digits until they end
    assert_eq!(step(&*store, "a", 9 * MINUTE).await, Pairing::Shown("11111111".into()));
    assert_eq!(step(&*store, "a", 10 * MINUTE).await, Pairing::None);
    assert_eq!(store.kiosk(token("a")).await.expect("read"), None);
    assert!(store.pair(new("11111111", "k-1"), NOW).await.expect("judged"));
    assert!(!store.pair(new("11111111", "k-2"), NOW).await.expect("judged"), "a code pairs one device");
    assert_eq!(step(&*store, "a", 0).await, Pairing::Done);
    drop(store);
    let store = factory.open().await;
    assert!(store.take_pairing(token("a"), token("b"), NOW).await.expect("taken"));
    let kiosk = store.kiosk(token("b")).await.expect("read").expect("paired");
    assert_eq!((kiosk.id.as_str(), kiosk.office.as_str(), kiosk.revoked_at), ("k-1", "owso-1205", None));

    assert!(store.revoke("k-1".into(), NOW).await.expect("revoked"));
    assert!(!store.revoke("k-1".into(), NOW).await.expect("revoked"), "once");
    assert_eq!(store.kiosk(token("b")).await.expect("read"), None);
    let all = store.kiosks().await.expect("read");
    assert!(all.len() == 1 && all[0].revoked_at == Some(NOW), "it stays in the list");
}

pub async fn a_token_from_before_the_pairing_is_of_no_use_after_it(factory: &dyn Factory) {
    let store = begun(factory).await;
    offer(&*store, "before", "11111111", NOW).await;
    assert!(!store.take_pairing(token("before"), token("early"), NOW).await.expect("judged"), "nobody paired it yet");
    assert!(store.pair(new("11111111", "k-1"), NOW).await.expect("judged"));
    assert_eq!(store.kiosk(token("before")).await.expect("read"), None, "the token that was seen opens nothing");
    // an answer that was lost on its way can be asked for again, and the one before it is of no use then
    assert!(store.take_pairing(token("before"), token("lost"), NOW).await.expect("taken"));
    assert!(store.take_pairing(token("before"), token("after"), NOW).await.expect("taken"));
    assert_eq!(store.kiosk(token("lost")).await.expect("read"), None);
    assert!(store.kiosk(token("after")).await.expect("read").is_some_and(|kiosk| kiosk.fresh));
    store.pairing_taken("k-1".into()).await.expect("taken");
    assert!(store.kiosk(token("after")).await.expect("read").is_some_and(|kiosk| !kiosk.fresh));
    assert!(!store.take_pairing(token("before"), token("thief"), NOW).await.expect("judged"));
    assert_eq!(step(&*store, "before", 0).await, Pairing::None);
    assert!(store.kiosk(token("after")).await.expect("read").is_some());
}

pub async fn the_oldest_of_an_address_makes_room_and_other_addresses_keep_their_digits(factory: &dyn Factory) {
    let store = begun(factory).await;
    offer_from(&*store, "honest", "00000000", "hall", NOW).await;
    for nth in 0..WAITING_AT_ONE_PLACE + 8 {
        offer_from(&*store, &format!("flood {nth}"), &format!("{:08}", 10_000_000 + nth), "flood", NOW.plus_ms(nth))
            .await;
    }
    for nth in 0..8 {
        assert_eq!(step(&*store, &format!("flood {nth}"), 0).await, Pairing::None, "{nth} made room");
    }
    assert_ne!(step(&*store, "flood 8", 0).await, Pairing::None);
    assert_ne!(step(&*store, "honest", 0).await, Pairing::None);
    // from as many addresses as one likes: there is always room for the next one
    for nth in 0..WAITING_MAX {
        let (of, code) = (format!("many {nth}"), format!("{:08}", 20_000_000 + nth));
        offer_from(&*store, &of, &code, &of, NOW.plus_ms(1_000 + nth)).await;
    }
    offer_from(&*store, "last", "99999999", "hall", NOW.plus_ms(5_000)).await;
    assert!(store.pair(new("99999999", "k-1"), NOW.plus_ms(6_000)).await.expect("judged"));
}

pub async fn pairing_codes_end(factory: &dyn Factory) {
    let store = begun(factory).await;
    offer(&*store, "late", "11111111", NOW).await;
    assert!(!store.pair(new("11111111", "k-1"), NOW.plus_ms(11 * MINUTE)).await.expect("judged"), "after its time");
    offer(&*store, "guessed", "22222222", NOW).await;
    for guess in 0..PAIRING_TRIES {
        assert!(!store.pair(new(&format!("9999999{guess}"), "k-1"), NOW).await.expect("judged"));
    }
    assert!(!store.pair(new("22222222", "k-1"), NOW).await.expect("judged"), "after too many guesses");
    assert_eq!(step(&*store, "guessed", 0).await, Pairing::None, "it shows digits no longer");
}

/// A text that a visitor asks for.
fn asked_for(id: u128) -> NewPush {
    NewPush {
        id: CauseId(Uuid::from_u128(id)),
        kind: PushKind::Message,
        class: Class::Bulk,
        number: Msisdn::parse_e164(NUMBER).expect("a number"),
        payload: b"canary".to_vec(),
        due: NOW,
        not_after: NOW.plus_ms(HOUR),
    }
}

pub async fn texts_asked_for_at_once_cannot_pass_a_bound_together(factory: &dyn Factory) {
    let store = begun(factory).await;
    let bounds = || Bounds {
        windows: vec![("kiosk".into(), 10 * MINUTE, 6), ("hour".into(), HOUR, 0), ("all".into(), HOUR, 1_000)],
        closed_by: "closed".into(),
    };
    let names: Vec<String> = (0..50).map(|nth| format!("text {nth}")).collect();
    let all = names.iter().zip(1..).map(|(name, id)| store.take_asked(name.clone(), asked_for(id), bounds(), NOW));
    let all: Vec<Asked> =
        futures_util::future::join_all(all).await.into_iter().map(|one| one.expect("judged")).collect();
    assert_eq!(all.iter().filter(|one| **one == Asked::Taken).count(), 6);
    assert_eq!(all.iter().filter(|one| **one == Asked::Full(NOW.plus_ms(10 * MINUTE))).count(), 44);
    assert_eq!(store.due_pushes(NOW, 100).await.expect("read").len(), 6, "what is refused is not stored");
    let counted = store.tallied(vec!["kiosk".into(), "hour".into(), "all".into()], NOW).await.expect("read");
    assert_eq!(counted, [6, 6, 6], "nor counted");
    // pressed again it is the same text, whatever is full
    let again = store.take_asked(names[0].clone(), asked_for(101), bounds(), NOW).await.expect("judged");
    assert_eq!(again, Asked::Before);
    let later = NOW.plus_ms(10 * MINUTE);
    assert_eq!(store.take_asked("next".into(), asked_for(102), bounds(), later).await.expect("judged"), Asked::Taken);
    assert!(store.tally(vec![("closed".into(), 24 * HOUR, 0)], later).await.expect("counted"));
    let closed = store.take_asked("closed".into(), asked_for(103), bounds(), later).await.expect("judged");
    assert_eq!(closed, Asked::Full(later.plus_ms(24 * HOUR)));
}

pub async fn orders_come_until_they_are_done(factory: &dyn Factory) {
    let store = begun(factory).await;
    paired(&*store, "a", "11111111", "k-1").await;
    let order = |id: &str, kind: &str, value: Option<&str>| Command {
        id: id.into(),
        kind: kind.into(),
        value: value.map(str::to_owned),
    };
    for one in [order("c-1", "reload", None), order("c-2", "closed", Some("{}")), order("c-3", "volume", Some("20"))] {
        assert!(store.tell_kiosk("k-1".into(), one, NOW).await.expect("told"));
    }
    assert!(!store.tell_kiosk("k-9".into(), order("c-4", "reload", None), NOW).await.expect("told"));
    let waiting = store.commands("k-1".into(), NOW).await.expect("read");
    assert_eq!(waiting.iter().map(|one| one.id.as_str()).collect::<Vec<_>>(), ["c-1", "c-2", "c-3"]);
    let kiosk = store.kiosk(token("a")).await.expect("read").expect("paired");
    assert_eq!((kiosk.closed.as_deref(), kiosk.volume), (Some("{}"), Some(20)), "these hold from now on");
    store.commands_done("k-1".into(), vec!["c-1".into(), "c-none".into()], NOW).await.expect("done");
    assert_eq!(store.commands("k-1".into(), NOW).await.expect("read").len(), 2);
    assert!(store.commands("k-1".into(), NOW.plus_ms(1)).await.expect("read").is_empty(), "older ones are past");
    assert!(store.tell_kiosk("k-1".into(), order("c-5", "open", None), NOW).await.expect("told"));
    assert_eq!(store.kiosk(token("a")).await.expect("read").expect("paired").closed, None);

    let heartbeat = Heartbeat {
        at: NOW,
        page: "home".into(),
        build: "1".into(),
        printer: "none".into(),
        network_ms: 7,
        battery: Some(50),
    };
    store
        .keep_heartbeats(vec![("k-1".into(), heartbeat.clone()), ("k-9".into(), heartbeat.clone())])
        .await
        .expect("kept");
    assert_eq!(store.kiosk(token("a")).await.expect("read").expect("paired").heartbeat, Some(heartbeat));
}

pub async fn counts_fill_their_windows_together(factory: &dyn Factory) {
    let store = begun(factory).await;
    let windows = || vec![("hour".to_owned(), HOUR, 2), ("day".to_owned(), 24 * HOUR, 3)];
    assert!(store.tally(windows(), NOW).await.expect("counted"));
    assert!(store.tally(windows(), NOW).await.expect("counted"));
    assert!(!store.tally(windows(), NOW).await.expect("counted"), "the hour is full");
    let of = |at: i64| store.tallied(vec!["hour".into(), "day".into(), "none".into()], NOW.plus_ms(at));
    assert_eq!(of(0).await.expect("read"), [2, 2, 0], "what was refused counts nowhere");
    let ends = store.tally_ends(vec!["hour".into(), "day".into(), "none".into()], NOW.plus_ms(5));
    assert_eq!(ends.await.expect("read"), [NOW.plus_ms(HOUR), NOW.plus_ms(24 * HOUR), NOW.plus_ms(5)]);
    assert!(store.tally(windows(), NOW.plus_ms(HOUR)).await.expect("counted"));
    assert!(!store.tally(windows(), NOW.plus_ms(2 * HOUR)).await.expect("counted"), "the day is full");
    // a place that is given back can be taken once more, and what is not running has none to give
    let names = windows().into_iter().map(|(name, ..)| name).collect::<Vec<_>>();
    store.untally(names.clone(), NOW.plus_ms(2 * HOUR)).await.expect("given back");
    assert!(store.tally(windows(), NOW.plus_ms(2 * HOUR)).await.expect("counted"));
    assert!(!store.tally(windows(), NOW.plus_ms(2 * HOUR)).await.expect("counted"), "the day is full again");
    let sealed = store.seal("visit", b"here", b"canary").expect("sealed");
    assert!(!sealed.windows(6).any(|part| part == b"canary"));
    assert_eq!(store.unseal("visit", b"here", &sealed).as_deref(), Some(&b"canary"[..]));
    assert_eq!(store.unseal("visit", b"there", &sealed), None, "in its place only");
    assert_eq!(store.unseal("other", b"here", &sealed), None, "under its name only");
    let mut bent = sealed.clone();
    bent[sealed.len() / 2] ^= 1;
    assert_eq!(store.unseal("visit", b"here", &bent), None);
}

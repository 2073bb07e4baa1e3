//! Cases of the port of kiosk devices.
use super::*;
use chrak::ports::kiosks::{Beat, Command, NewKiosk, PAIRING_TRIES};

const MINUTE: i64 = 60_000;

fn token(of: &str) -> [u8; 32] {
    digest(of)
}

fn new(code: &str, id: &str) -> NewKiosk {
    NewKiosk { code: code.into(), id: id.into(), office: "owso-1205".into(), profile: "kiosk-22".into() }
}

async fn offer(store: &dyn Store, of: &str, code: &str, now: UnixMs) -> Option<String> {
    store.offer_pairing(token(of), code.into(), now.plus_ms(10 * MINUTE), now).await.expect("offered")
}

async fn paired(store: &dyn Store, of: &str, code: &str, id: &str) {
    assert_eq!(offer(store, of, code, NOW).await.as_deref(), Some(code));
    assert!(store.pair(new(code, id), NOW).await.expect("judged"));
}

pub async fn a_device_is_paired_by_what_it_shows(factory: &dyn Factory) {
    let store = begun(factory).await;
    assert_eq!(offer(&*store, "a", "11111111", NOW).await.as_deref(), Some("11111111"));
    // it shows the same digits until they end
    assert_eq!(offer(&*store, "a", "22222222", NOW.plus_ms(MINUTE)).await.as_deref(), Some("11111111"));
    assert_eq!(store.kiosk(token("a")).await.expect("read"), None);
    assert!(store.pair(new("11111111", "k-1"), NOW).await.expect("judged"));
    assert!(!store.pair(new("11111111", "k-2"), NOW).await.expect("judged"), "a code pairs one device");
    drop(store);
    let store = factory.open().await;
    let kiosk = store.kiosk(token("a")).await.expect("read").expect("paired");
    assert_eq!((kiosk.id.as_str(), kiosk.office.as_str(), kiosk.revoked_at), ("k-1", "owso-1205", None));
    assert_eq!(store.kiosk(token("b")).await.expect("read"), None);

    assert!(store.revoke("k-1".into(), NOW).await.expect("revoked"));
    assert!(!store.revoke("k-1".into(), NOW).await.expect("revoked"), "once");
    assert_eq!(store.kiosk(token("a")).await.expect("read"), None);
    let all = store.kiosks().await.expect("read");
    assert!(all.len() == 1 && all[0].revoked_at == Some(NOW), "it stays in the list");
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
    assert_ne!(offer(&*store, "guessed", "33333333", NOW).await.as_deref(), Some("22222222"), "it shows other digits");
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

    let beat = Beat {
        at: NOW,
        page: "home".into(),
        build: "1".into(),
        printer: "none".into(),
        network_ms: 7,
        battery: Some(50),
    };
    store.keep_beats(vec![("k-1".into(), beat.clone()), ("k-9".into(), beat.clone())]).await.expect("kept");
    assert_eq!(store.kiosk(token("a")).await.expect("read").expect("paired").beat, Some(beat));
}

pub async fn counts_fill_their_windows_together(factory: &dyn Factory) {
    let store = begun(factory).await;
    let windows = || vec![("hour".to_owned(), HOUR, 2), ("day".to_owned(), 24 * HOUR, 3)];
    assert!(store.tally(windows(), NOW).await.expect("counted"));
    assert!(store.tally(windows(), NOW).await.expect("counted"));
    assert!(!store.tally(windows(), NOW).await.expect("counted"), "the hour is full");
    let of = |at: i64| store.tallied(vec!["hour".into(), "day".into(), "none".into()], NOW.plus_ms(at));
    assert_eq!(of(0).await.expect("read"), [2, 2, 0], "what was refused counts nowhere");
    assert!(store.tally(windows(), NOW.plus_ms(HOUR)).await.expect("counted"));
    assert!(!store.tally(windows(), NOW.plus_ms(2 * HOUR)).await.expect("counted"), "the day is full");
    // a place that is given back can be taken once more, and what is not running has none to give
    let names = windows().into_iter().map(|(name, ..)| name).collect::<Vec<_>>();
    store.untally(names.clone(), NOW.plus_ms(2 * HOUR)).await.expect("given back");
    assert!(store.tally(windows(), NOW.plus_ms(2 * HOUR)).await.expect("counted"));
    assert!(!store.tally(windows(), NOW.plus_ms(2 * HOUR)).await.expect("counted"), "the day is full again");
    let sealed = store.seal("visit", b"canary").expect("sealed");
    assert!(!sealed.windows(6).any(|part| part == b"canary"));
    assert_eq!(store.unseal("visit", &sealed).as_deref(), Some(&b"canary"[..]));
    assert_eq!(store.unseal("other", &sealed), None, "under its name only");
    let mut bent = sealed.clone();
    bent[sealed.len() / 2] ^= 1;
    assert_eq!(store.unseal("visit", &bent), None);
}

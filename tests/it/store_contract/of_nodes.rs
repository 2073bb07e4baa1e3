//! What two nodes do to one database at the same moment: stores of their own, one beside the other.
use super::*;
use crate::support::postgres::Server;
use chrak::{
    ports::{
        inbox::Inbox,
        kiosks::Kiosks,
        leases::{BindId, Leases, OwnLease},
        messages::{CallEnd, Messages, NewCall},
        orders::Order,
    },
    store::{DbStore, Keys, PgOptions},
};
use std::time::SystemTime;

fn wall() -> UnixMs {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("after 1970").as_millis();
    UnixMs(i64::try_from(now).expect("a time"))
}

/// A node on the database, with the key file `place`, and the number of its run.
async fn node(database: &str, name: &str, place: &str) -> (DbStore, i64) {
    let options = PgOptions::new(Server::shared().url(database), Keys::from_secret(&[7; 32]), wall());
    let options = PgOptions { node: name.into(), place: place.into(), ..options };
    let store = store::postgres::open(options).await.unwrap_or_else(|fault| panic!("{fault}"));
    let run = store.begin(wall()).await.expect("begun").incarnation;
    (store, run)
}

async fn two() -> (String, (DbStore, i64), (DbStore, i64)) {
    let database = Server::shared().database();
    let (a, b) = (node(&database, "a", "1").await, node(&database, "b", "2").await);
    (database, a, b)
}

fn bind(number: u32) -> BindId {
    BindId { smsc: "smart".into(), number }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lease_is_one_nodes_until_it_is_given_back_or_over() {
    let (database, (a, run_a), (b, run_b)) = two().await;
    let taken = a.take_leases(run_a, vec![bind(1), bind(2)]).await.expect("taken");
    assert_eq!(taken.len(), 2);
    assert_eq!(b.take_leases(run_b, vec![bind(1), bind(2), bind(3)]).await.expect("asked").len(), 1, "the free one");
    let held = |leases: &[OwnLease]| leases.iter().map(|own| (own.clone(), true)).collect::<Vec<_>>();
    assert_eq!(a.renew_leases(run_a, held(&taken)).await.expect("kept").len(), 2);
    let later: Vec<OwnLease> = taken.iter().map(|own| OwnLease { epoch: own.epoch + 1, ..own.clone() }).collect();
    assert_eq!(a.renew_leases(run_a, held(&later)).await.expect("asked"), [], "of another time");
    assert_eq!(b.renew_leases(run_b, held(&taken)).await.expect("asked"), [], "of another node");
    // what one node gives back is another's at once, and what it says of it later changes nothing
    a.release_leases(run_a, taken[..1].to_vec()).await.expect("given back");
    let theirs = b.take_leases(run_b, vec![bind(1)]).await.expect("taken");
    a.release_leases(run_a, taken[..1].to_vec()).await.expect("asked");
    assert_eq!(b.renew_leases(run_b, held(&theirs)).await.expect("kept"), [bind(1)]);
    // what is over is free, whoever had it
    Server::shared().psql(&database, "UPDATE bind_lease SET lease_until = 0 WHERE number = 2");
    assert_eq!(b.take_leases(run_b, vec![bind(2)]).await.expect("taken").len(), 1);
    a.take_seats(run_a, vec!["smart".into(), "metfone".into()]).await.expect("seated");
    a.take_seats(run_a, vec!["smart".into()]).await.expect("seated");
    a.order("smart".into(), Order { paused: true, drained: false, rebinds: 3 }).await.expect("ordered");
    let shares = b.shares().await.expect("read");
    let rows: Vec<(u32, &str)> = shares.leases.iter().map(|row| (row.bind.number, row.node.as_str())).collect();
    assert_eq!(rows.len(), 3);
    assert!(rows.iter().all(|(_, node)| *node == "b"), "{rows:?}");
    assert_eq!(shares.seats.iter().map(|seat| seat.smsc.as_str()).collect::<Vec<_>>(), ["smart"]);
    assert_eq!(shares.orders, [("smart".into(), Order { paused: true, drained: false, rebinds: 3 })]);
    a.close().await;
    b.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_is_dead_keeps_nothing_and_its_node_has_its_leases_again_at_once() {
    let (database, (a, run_a), (b, run_b)) = two().await;
    let taken = a.take_leases(run_a, vec![bind(1)]).await.expect("taken");
    a.close().await;
    let (again, run) = node(&database, "a", "1").await;
    let held = taken.iter().map(|own| (own.clone(), true)).collect::<Vec<_>>();
    assert_eq!(again.renew_leases(run_a, held).await.expect("asked"), [], "others have declared it dead");
    assert_eq!(b.take_leases(run_b, vec![bind(1)]).await.expect("asked"), [], "its lease runs still");
    assert_eq!(again.take_leases(run_a, vec![bind(2)]).await.expect("asked"), [], "it takes nothing either");
    assert_eq!(again.take_leases(run, vec![bind(1)]).await.expect("taken").len(), 1);
    again.close().await;
    b.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_two_nodes_count_at_once_is_counted_twice_and_no_limit_is_passed() {
    let (_, (a, _), (b, _)) = two().await;
    let count = |store: &'static DbStore| async move {
        let mut counted = 0;
        for _ in 0..40 {
            let windows = vec![("all".to_owned(), HOUR, 50), ("own".to_owned(), HOUR, 0)];
            counted += u32::from(store.tally(windows, NOW).await.expect("asked"));
        }
        counted
    };
    let (a, b): (&'static DbStore, &'static DbStore) = (Box::leak(Box::new(a)), Box::leak(Box::new(b)));
    let (first, second) = tokio::join!(tokio::spawn(count(a)), tokio::spawn(count(b)));
    assert_eq!(first.expect("counted") + second.expect("counted"), 50);
    let counts = a.tallied(vec!["all".to_owned(), "own".to_owned()], NOW).await.expect("read");
    assert_eq!(counts, [50, 50]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_at_two_nodes_under_one_key_is_one_and_a_quota_is_that_of_both() {
    let (_, (a, _), (b, _)) = two().await;
    for round in 0..12 {
        let key = format!("key-{round}");
        let one = call("a", Some((&key, 1)), vec![message(None, 1)]);
        let other = call("a", Some((&key, 1)), vec![message(None, 1)]);
        let (first, second) = tokio::join!(a.accept_call(one, NOW), b.accept_call(other, NOW));
        let replayed = [first.expect("stored"), second.expect("stored")]
            .iter()
            .filter(|end| matches!(end, CallEnd::Done { replayed: true, .. }))
            .count();
        assert_eq!(replayed, 1, "{key}");
    }
    let limited = || NewCall { per_day: 5, ..call("b", None, vec![message(None, 1)]) };
    let mut accepted = 0;
    for _ in 0..5 {
        let (first, second) = tokio::join!(a.accept_call(limited(), NOW), b.accept_call(limited(), NOW));
        let ends = [first.expect("asked"), second.expect("asked")];
        accepted += ends.iter().filter(|end| matches!(end, CallEnd::Done { .. })).count();
    }
    assert_eq!(accepted, 5);
    a.close().await;
    b.close().await;
}

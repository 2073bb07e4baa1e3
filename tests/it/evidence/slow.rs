//! A database that takes its time: a flush of twelve seconds, and another process that holds its lock. Nothing is acknowledged
//! meanwhile, the binds leave so that the telco keeps its texts, and it heals by itself.
use super::{
    drain, judge,
    site::Site,
    strace::{self, Injection},
};
use crate::support::program::Program;
use sqlx::{ConnectOptions, Connection, sqlite::SqliteConnectOptions};
use std::time::{Duration, Instant};

/// A database with a round that went well.
async fn lived_in() -> Site {
    let mut site = Site::new().await;
    site.begin_round().await;
    drain::recover(&mut site).await;
    site
}

/// Until the binds have left and come back.
async fn left_and_back(site: &mut Site, program: &mut Program, binds: u64) {
    let end = Instant::now() + Duration::from_secs(40);
    while site.telco.counters().binds <= binds {
        site.look();
        assert!(Instant::now() < end, "no bind left; it said:\n{}", program.listen());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn settled(mut site: Site, mut program: Program) {
    // what is left then is for the next start, which must find all of it
    let end = Instant::now() + Duration::from_secs(40);
    while !site.look() && Instant::now() < end {
        assert!(program.exited().is_none(), "it said:\n{}", program.listen());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    program.kill();
    site.after_death().await;
    drain::finish(&mut site).await;
    judge::judge(&site).await;
    site.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_flush_of_twelve_seconds_is_waited_for_by_nobody_and_acknowledged_by_nothing() {
    let mut site = lived_in().await;
    let slow = Injection { call: "fdatasync", effect: "delay_exit=12000000", nth: 8, on: false };
    let mut program = strace::with_fault(&slow, &[site.database(), site.data().join("chrak.db-wal")], &site.config);
    site.telco.bound().await;
    let binds = site.telco.counters().binds;
    site.begin_round().await;
    left_and_back(&mut site, &mut program, binds).await;
    let errors = site.telco.snapshot().errors;
    assert!(errors.keys().all(|status| status == "0x08" || status == "0x8"), "{errors:?}");
    settled(site, program).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_lock_that_another_process_holds_for_twelve_seconds_loses_nothing() {
    let mut site = lived_in().await;
    let mut program = site.plain();
    site.telco.bound().await;
    let binds = site.telco.counters().binds;
    let mut other = SqliteConnectOptions::new().filename(site.database()).connect().await.expect("opens");
    sqlx::query("BEGIN IMMEDIATE").execute(&mut other).await.expect("locked");
    let acked = site.telco.counters().mo_acked;
    site.begin_round().await;
    for _ in 0..600 {
        site.look();
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(site.telco.counters().mo_acked, acked, "nothing is acknowledged");
    let errors = site.telco.snapshot().errors;
    assert!(errors.keys().any(|status| status == "0x08" || status == "0x8"), "{errors:?}");
    sqlx::query("ROLLBACK").execute(&mut other).await.expect("free");
    other.close().await.expect("closes");
    left_and_back(&mut site, &mut program, binds).await;
    settled(site, program).await;
}

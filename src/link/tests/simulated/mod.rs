//! A telco's link in virtual time, whole: one to three binds that share a pace, an outbox by the rules of the store, commits
//! that take their time, and a telco with latency, lost and doubled and reordered answers, throttling, refusals, silence and
//! cut connections; then it is well, and everything must come to its end. One seed is one run.
//!
//! `CHRAK_SEEDS=50000 cargo test --release --lib simulated` runs so many; `CHRAK_SEED=7` only that one.
mod judge;
mod outbox;
mod telco;
mod trace;
mod world;

use std::{
    collections::BTreeSet,
    panic::catch_unwind,
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};
use world::{Ran, run};

/// Seeds that are lived through when nobody asks for more.
const SEEDS: u64 = 2_000;

/// Faults that are put in on purpose, so that the judge is seen to find them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Planted {
    /// An ESME with a window that is larger by one than the telco was promised.
    OneTooMany,
    /// Twice the rate that was configured.
    TooFast,
    /// A store that loses what it was told of segments that were sent.
    SendsTwice,
    /// An outbox that looks at no number.
    IgnoresOrder,
    /// ESME_ROK before the commit.
    SaysBeforeItIsSo,
    /// An enquire_link after twice the silence.
    AsksLate,
    /// Nobody decides what is uncertain.
    ForgetsTheUncertain,
}

fn seeds() -> std::ops::Range<u64> {
    let number = |name: &str| std::env::var(name).ok().map(|text| text.parse().expect("a number"));
    match number("CHRAK_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("CHRAK_SEEDS").unwrap_or(SEEDS),
    }
}

/// Runs them on all cores; the runs of those that kept every promise.
///
/// # Panics
/// With the first seed that did not.
fn all(seeds: std::ops::Range<u64>) -> Vec<Ran> {
    let (next, ran) = (AtomicU64::new(seeds.start), Mutex::new(Vec::new()));
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= seeds.end {
                        return;
                    }
                    let Ok(one) = catch_unwind(|| run(seed, None)) else {
                        next.store(seeds.end, Ordering::Relaxed);
                        panic!("CHRAK_SEED={seed}");
                    };
                    crate::types::lock(&ran).push(one);
                }
            });
        }
    });
    ran.into_inner().expect("nobody panicked")
}

#[test]
fn whatever_the_telco_does_every_promise_is_kept_and_all_is_settled_when_it_is_well() {
    let begun = Instant::now();
    let seeds = seeds();
    let count = seeds.end - seeds.start;
    let ran = all(seeds);
    let submits: u64 = ran.iter().map(|one| one.submits).sum();
    println!("{count} seeds, {submits} submits, {:.1} s", begun.elapsed().as_secs_f64());
    assert_eq!(ran.len() as u64, count);
    if count < 100 {
        return;
    }
    let ends: BTreeSet<&str> = ran.iter().flat_map(|one| one.ends.iter().copied()).collect();
    for end in ["silent", "closed", "refused", "no bind_resp", "paused"] {
        assert!(ends.contains(end), "none of {count} came to it: {end}");
    }
}

#[test]
fn the_same_seed_is_the_same_run() {
    let mut traces = BTreeSet::new();
    for seed in 0..20 {
        let (one, again) = (run(seed, None), run(seed, None));
        assert_eq!(one, again, "CHRAK_SEED={seed}");
        traces.insert(format!("{:?}", one.trace));
    }
    assert_eq!(traces.len(), 20, "and another seed is another run");
}

#[test]
fn a_planted_fault_is_found() {
    for (planted, words) in [
        (Planted::OneTooMany, "the window is exceeded"),
        (Planted::TooFast, "max_tps is exceeded"),
        (Planted::SendsTwice, "sent again though its outcome is certain"),
        (Planted::IgnoresOrder, "out of order"),
        (Planted::SaysBeforeItIsSo, "acknowledged before it is stored"),
        (Planted::AsksLate, "a dead link is kept"),
        (Planted::ForgetsTheUncertain, "not settled though the telco is well"),
    ] {
        let found = (0..60).find_map(|seed| {
            let panic = catch_unwind(|| run(seed, Some(planted))).err()?;
            panic.downcast_ref::<String>().filter(|said| said.contains(words)).cloned()
        });
        assert!(found.is_some(), "{planted:?} is not found: {words}");
    }
}

//! Calls that fail at the N-th time: no room, a broken disk, one that became read-only, too few files, nothing written, a flush
//! that takes seconds; once, or from then on. The program must not lie: what it acknowledged is on the disk. It goes on, or
//! ends with words.
//!
//! `CHRAK_IO_ERRORS=1000` are so many (30 if not set); `CHRAK_LANES` and `CHRAK_SEED` as for the kills.
use super::{
    drain,
    judge::{self, Sum},
    kills::{measured, side_by_side},
    points::{Dice, Kind, chains, number, seed},
    site::{End, Site},
    strace::{self, Injection},
};
use std::{
    collections::BTreeMap,
    os::unix::process::ExitStatusExt,
    path::PathBuf,
    process::ExitStatus,
    time::{Duration, Instant},
};

/// Calls about the database and its key, and what becomes of them. A write of nothing (`retval=0`) is the short one that strace
/// can make: a longer one that it makes up would be a disk that lies.
const KINDS: [Kind; 24] = [
    ("pwrite64", "error=EIO"),
    ("fdatasync", "error=EIO"),
    ("pwrite64", "error=ENOSPC"),
    ("pread64", "error=EIO"),
    ("pwrite64", "error=EROFS"),
    ("pwrite64", "retval=0"),
    ("fdatasync", "error=ENOSPC"),
    ("fdatasync", "delay_exit=2500000"),
    ("openat", "error=EIO"),
    ("fdatasync", "error=EROFS"),
    ("ftruncate", "error=EIO"),
    ("openat", "error=EROFS"),
    ("fsync", "error=EIO"),
    ("openat", "error=ENOSPC"),
    ("read", "error=EIO"),
    ("openat", "error=EMFILE"),
    ("write", "error=ENOSPC"),
    ("unlink", "error=EROFS"),
    ("rename", "error=EIO"),
    ("ftruncate", "error=ENOSPC"),
    ("mkdir", "error=ENOSPC"),
    ("fallocate", "error=ENOSPC"),
    ("write", "error=EIO"),
    ("fsync", "error=ENOSPC"),
];
const CALLS: [&str; 11] =
    ["pwrite64", "fdatasync", "pread64", "openat", "ftruncate", "fsync", "read", "write", "unlink", "rename", "mkdir"];
const CHAIN: usize = 6;
/// A disk that fails for good answers nothing; there is nothing more to wait for then.
const PATIENCE: Duration = Duration::from_secs(5);

/// What the faults are about.
fn files(site: &Site) -> Vec<PathBuf> {
    let data = site.data();
    let names = [
        "chrak.db",
        "chrak.db-wal",
        "chrak.db-shm",
        "chrak.db-journal",
        "chrak.key",
        "chrak.key.first",
        "chrak.reserve",
    ];
    std::iter::once(data.clone()).chain(names.map(|name| data.join(name))).collect()
}

/// It ended by itself: with a code or by `abort`, never as if all were well, and it said why.
fn ended_with_words(status: ExitStatus, log: &str, told: &str) {
    let honest = status.code().is_some_and(|code| code == 1 || code == 78) || status.signal() == Some(6);
    assert!(honest, "{status:?}; it said:\n{log}\n{told}");
    let says = log.lines().any(|line| line.contains("database") || line.contains("key") || line.contains("data"));
    assert!(says, "{status:?} without words:\n{log}\n{told}");
}

async fn failed(chain: Vec<Injection>) -> (Vec<&'static str>, Sum) {
    let mut site = Site { failing: true, ..Site::new().await };
    let mut ends = Vec::new();
    for (at, point) in chain.into_iter().enumerate() {
        // every third fault lasts
        let point = Injection { on: at % 3 == 2 && !point.effect.starts_with("delay"), ..point };
        site.story.push(point.to_string());
        site.begin_round().await;
        let mut program = strace::with_fault(&point, &files(&site), &site.config);
        let end = site.live(&mut program, PATIENCE).await;
        // what it said last comes through a pipe
        tokio::time::sleep(Duration::from_millis(100)).await;
        let log = program.listen().to_owned();
        assert!(!log.contains("a panic"), "it said:\n{log}\n{}", site.told());
        ends.push(match end {
            End::Died(status) => {
                ended_with_words(status, &log, &site.told());
                "ended with words"
            }
            End::Settled => "went on",
            End::Late => "took nothing more",
        });
        program.kill();
        site.after_death().await;
        drain::recover(&mut site).await;
    }
    drain::finish(&mut site).await;
    let sum = judge::judge(&site).await;
    site.stop().await;
    (ends, sum)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 16)]
async fn whatever_call_of_the_disk_fails_nothing_is_acknowledged_that_is_not_there() {
    let (count, seed) = (number("CHRAK_IO_ERRORS", 30), seed());
    let reach = measured(&CALLS, files).await;
    println!("CHRAK_SEED={seed}, on nothing {:?}, again {:?}", reach.fresh, reach.again);
    let started = Instant::now();
    let done = side_by_side(chains(count, CHAIN, &KINDS, &reach, &mut Dice(seed)), failed).await;
    let (mut sum, mut ends) = (Sum::default(), BTreeMap::<&str, u64>::new());
    for (how, one) in done {
        sum.add(one);
        for end in how {
            *ends.entry(end).or_default() += 1;
        }
    }
    println!("{count} errors, {ends:?}, in {:?}: {sum:?}", started.elapsed());
    assert!(count < 30 || ends.contains_key("ended with words"), "no fault was met: {ends:?}");
}

/// A write that the disk says it has made, and has not.
#[tokio::test(flavor = "multi_thread", worker_threads = 16)]
async fn a_disk_that_lies_is_found_out_by_these_judges() {
    let lived = tokio::spawn(async {
        let mut site = Site::new().await;
        site.begin_round().await;
        drain::recover(&mut site).await;
        let lie = Injection { call: "pwrite64", effect: "retval=4096", nth: 40, on: true };
        site.story.push(lie.to_string());
        site.begin_round().await;
        let mut program = strace::with_fault(&lie, &files(&site), &site.config);
        let _ = site.live(&mut program, PATIENCE).await;
        program.kill();
        site.after_death().await;
        drain::recover(&mut site).await;
        drain::finish(&mut site).await;
        judge::judge(&site).await
    });
    let found = lived.await;
    assert!(found.is_err(), "it went unseen: {:?}", found.ok());
}

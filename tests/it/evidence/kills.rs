//! SIGKILL at the N-th call: writes and flushes of the database, what goes to and comes from sockets, files that are opened,
//! closed and cut. After each the program starts again with nothing in its way.
//!
//! `CHRAK_EXACT=5000` kills so often (60 if not set), `CHRAK_LANES` at so many places side by side; `CHRAK_SEED` repeats a run.
use super::{
    drain,
    judge::{self, Sum},
    points::{Dice, Kind, Reach, chains, number, seed},
    site::{End, Site},
    strace::{self, Injection},
};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

/// Calls at which it is killed, before they are carried out.
const CALLS: [&str; 16] = [
    "pwrite64",
    "fdatasync",
    "sendto",
    "recvfrom",
    "pread64",
    "writev",
    "write",
    "read",
    "close",
    "openat",
    "fsync",
    "ftruncate",
    "unlink",
    "rename",
    "epoll_wait",
    "fallocate",
];
/// Kills at a place before all is judged.
const CHAIN: usize = 10;
/// A round without a fault takes about a second.
const PATIENCE: Duration = Duration::from_secs(8);

/// How far the calls of a start on nothing and of a second start reach; without a fault both are as promised.
pub async fn measured(calls: &[&'static str], only: fn(&Site) -> Vec<std::path::PathBuf>) -> Reach {
    let mut site = Site::new().await;
    let mut found = Vec::new();
    for start in ["fresh", "again"] {
        site.begin_round().await;
        let log = site.folder.path().join(start);
        let mut program = strace::with_log(calls, &only(&site), &log, &site.config);
        let end = site.live(&mut program, 4 * PATIENCE).await;
        assert!(matches!(end, End::Settled), "without a fault: {end:?}; it said:\n{}", program.listen());
        program.kill();
        site.after_death().await;
        // strace ends after the program
        tokio::time::sleep(Duration::from_millis(200)).await;
        found.push(strace::reach(&log));
    }
    drain::finish(&mut site).await;
    judge::judge(&site).await;
    site.stop().await;
    let again = found.pop().expect("two starts");
    Reach { fresh: found.pop().expect("two starts"), again }
}

/// Has every chain lived through at one of several places side by side.
pub async fn side_by_side<F, T>(chains: Vec<Vec<Injection>>, live: fn(Vec<Injection>) -> F) -> Vec<T>
where
    F: Future<Output = T> + Send + 'static,
    T: Send + 'static,
{
    let queue = Arc::new(Mutex::new(chains));
    let lanes = (0..number("CHRAK_LANES", 4)).map(|_| {
        let queue = Arc::clone(&queue);
        tokio::spawn(async move {
            let mut done = Vec::new();
            loop {
                let next = queue.lock().expect("no panic holds it").pop();
                let Some(chain) = next else { return done };
                done.push(live(chain).await);
            }
        })
    });
    let mut all = Vec::new();
    for lane in lanes.collect::<Vec<_>>() {
        all.extend(lane.await.expect("a lane holds its promises"));
    }
    all
}

/// One chain at a place of its own: which of its kills met the program, and what all came to.
async fn killed(chain: Vec<Injection>) -> (Vec<&'static str>, Sum) {
    let mut site = Site::new().await;
    let mut met = Vec::new();
    for point in chain {
        site.story.push(point.to_string());
        site.begin_round().await;
        let mut program = strace::with_fault(&point, &[], &site.config);
        match site.live(&mut program, PATIENCE).await {
            End::Died(status) => {
                use std::os::unix::process::ExitStatusExt;
                assert_eq!(status.signal(), Some(9), "it said:\n{}\n{}", program.listen(), site.told());
                met.push(point.call);
            }
            // this start makes fewer of these calls
            End::Settled | End::Late => program.kill(),
        }
        site.after_death().await;
        drain::recover(&mut site).await;
    }
    drain::finish(&mut site).await;
    let sum = judge::judge(&site).await;
    site.stop().await;
    (met, sum)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 16)]
async fn killed_at_any_call_of_the_system_nothing_acknowledged_is_lost_and_nothing_is_done_twice() {
    let (count, seed) = (number("CHRAK_EXACT", 60), seed());
    let reach = measured(&CALLS, |_| Vec::new()).await;
    println!("CHRAK_SEED={seed}, on nothing {:?}, again {:?}", reach.fresh, reach.again);
    let kinds = CALLS.map(|call| -> Kind { (call, "signal=KILL") });
    let started = Instant::now();
    let done = side_by_side(chains(count, CHAIN, &kinds, &reach, &mut Dice(seed)), killed).await;
    let (mut sum, mut met) = (Sum::default(), BTreeMap::<&str, u64>::new());
    for (calls, one) in done {
        sum.add(one);
        for call in calls {
            *met.entry(call).or_default() += 1;
        }
    }
    let kills: u64 = met.values().sum();
    println!("{count} starts, {kills} killed at {met:?}, in {:?}: {sum:?}", started.elapsed());
    assert!(kills * 10 >= count * 6, "only {kills} of {count} met the program");
    assert!(
        count < 60 || (met.contains_key("pwrite64") && met.contains_key("fdatasync") && sum.in_flight > 0),
        "{met:?}"
    );
}

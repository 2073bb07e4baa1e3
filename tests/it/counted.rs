//! What an answer costs, counted and never timed: 2,000 texts in a closed loop of a hundred go through the program that ships,
//! and its commits, its calls of the system by their kind and what it hands to the disk are held to a bound for each answer. So
//! a change that costs is seen by its cause, on a machine of any speed.
//!
//! A bound is half as much again as the highest of the runs in the comment beside it. What is fewer on a slow machine (more texts
//! share a commit and a wake-up) may be anything below. `cargo test --test it counted -- --nocapture` prints the figures.
use crate::support::{
    app,
    program::{self, Program, client},
    shipped,
};
use chrak::sandbox::{
    portal::{Portal, PortalConfig, sample_codes},
    telco::{
        Telco,
        load::{Pace, Plan},
    },
};
use std::{collections::BTreeMap, path::Path, process::Command, time::Duration};
use tokio_util::sync::CancellationToken;

const TEXTS: u64 = 2_000;
/// Texts before, so that connections stand and statements are prepared.
const BEFORE: u64 = 300;
const IN_FLIGHT: u32 = 100;

/// A kind of calls, as strace names them.
const KINDS: [(&str, &[&str]); 7] = [
    ("getrandom", &["getrandom"]),
    ("pwrite", &["pwrite64", "pwritev"]),
    ("pread", &["pread64", "preadv"]),
    ("sync", &["fsync", "fdatasync"]),
    ("futex", &["futex"]),
    ("receive", &["read", "readv", "recvfrom", "recvmsg"]),
    ("send", &["write", "writev", "sendto", "sendmsg"]),
];

/// What an answer may cost, and what it did cost in eight runs on two cores: the release build on a busy machine and before
/// everything else on it, and the debug build.
const BOUNDS: [(&str, f64); 9] = [
    ("commits", 0.1), // 0.047 to 0.067
    // 2.21, always: a nonce and an id are of octets that are drawn in blocks; if each were a call of its own, it were 11.0
    ("getrandom", 3.3),
    ("pwrite", 19.5),                 // 11.8 to 13.0
    ("pread", 3.8),                   // 1.95 to 2.51
    ("sync", 0.12),                   // 0.060 to 0.082; checkpoints have some of their own
    ("futex", 10.0),                  // 3.9 to 6.6
    ("receive", 1.85),                // 1.20 to 1.23
    ("send", 3.4),                    // 1.85 to 2.28
    ("octets to the disk", 45_000.0), // 27,900 to 30,400, as SQLite writes whole pages
];

/// Calls by kind, and octets handed to the disk, that strace wrote down between two moments (seconds of the epoch). A line is
/// `PID SECONDS NAME(…) = RESULT`; a call that another thread's line parts goes on as `<... NAME resumed>…`.
fn counted(log: &str, from: f64, to: f64) -> BTreeMap<&'static str, f64> {
    let mut found: BTreeMap<&'static str, f64> = KINDS.iter().map(|(kind, _)| (*kind, 0.0)).collect();
    let mut octets = 0.0;
    for line in log.lines() {
        let mut words = line.split_whitespace().skip(1);
        let Some(at) = words.next().and_then(|at| at.parse::<f64>().ok()) else { continue };
        if !(from..to).contains(&at) {
            continue;
        }
        let word = words.next().unwrap_or_default();
        let resumed = word == "<...";
        let name = if resumed { words.next() } else { word.split('(').next() }.unwrap_or_default();
        let Some((kind, _)) = KINDS.iter().find(|(_, names)| names.contains(&name)) else { continue };
        if !resumed {
            *found.entry(kind).or_default() += 1.0;
        }
        if *kind == "pwrite"
            && let Some(written) = line.rsplit_once(") = ").and_then(|(_, result)| result.trim().parse::<f64>().ok())
        {
            octets += written;
        }
    }
    found.insert("octets to the disk", octets);
    found
}

#[test]
fn calls_are_counted_once_also_where_threads_part_a_line() {
    let log = "7 10.1 getrandom(\"\"..., 512, 0) = 512\n\
               7 10.2 pwrite64(9, \"\"..., 4096, 0 <unfinished ...>\n\
               8 10.3 futex(0x7f, FUTEX_WAKE_PRIVATE, 1) = 1\n\
               7 10.4 <... pwrite64 resumed>) = 4096\n\
               7 10.5 pwrite64(9, \"\"..., 24, 0) = 24\n\
               8 10.6 recvfrom(5, 0x7f, 99, 0, NULL, NULL) = -1 EAGAIN (Resource temporarily unavailable)\n\
               8 11.1 getrandom(\"\"..., 512, 0) = 512\n\
               8 +++ exited with 0 +++\n";
    let found = counted(log, 10.0, 11.0);
    let of = |kind: &str| found[kind];
    assert_eq!([of("getrandom"), of("pwrite"), of("futex"), of("receive"), of("send")], [1.0, 2.0, 1.0, 1.0, 0.0]);
    assert_eq!(of("octets to the disk"), 4120.0);
}

fn now() -> f64 {
    jiff::Timestamp::now().as_microsecond() as f64 / 1e6
}

/// The program inside strace, which stands aside (`-D`): the program is the test's own child.
fn traced(log: &Path, config: &Path) -> Program {
    let names: Vec<&str> = KINDS.iter().flat_map(|(_, names)| names.iter().copied()).collect();
    let mut command = Command::new("strace");
    command.env_remove("RUST_LOG").args(["-D", "-f", "--seccomp-bpf", "-ttt", "-s", "0"]);
    command.args(["-e", &format!("trace={}", names.join(",")), "-o"]).arg(log).arg("--");
    command.arg(shipped::command().get_program()).args(["serve", "--config"]).arg(config);
    Command::new("strace").arg("-V").output().expect("strace can be run; apt-get install strace");
    Program::of(command)
}

async fn asked(telco: &Telco, count: u64, code: &str) {
    let plan = Plan {
        count,
        pace: Pace::Window(IN_FLIGHT),
        text: code.to_owned(),
        to: "1212".to_owned(),
        ussd: false,
        numbers: None,
    };
    let report = telco.load(plan, &CancellationToken::new()).await;
    let report = serde_json::to_value(&report).expect("a report");
    assert_eq!(report["answered"], count, "{report}");
}

async fn commits(ops: &str) -> f64 {
    let metrics = client().get(format!("http://{ops}/metrics")).send().await.expect("an answer");
    let metrics = metrics.text().await.expect("metrics");
    let count = metrics.lines().find_map(|line| line.strip_prefix("chrak_commit_seconds_count "));
    count.unwrap_or_else(|| panic!("no commits in\n{metrics}")).parse().expect("a number")
}

/// What strace wrote, to the end of the program.
async fn whole(log: &Path, program: u32) -> String {
    for _ in 0..500 {
        let text = std::fs::read_to_string(log).expect("strace writes it");
        if text.lines().any(|line| line.starts_with(&program.to_string()) && line.contains("+++ exited with 0")) {
            return text;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("strace did not see the end of the program");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_costs_no_more_commits_calls_and_octets_than_is_stated() {
    let folder = tempfile::tempdir().expect("a folder");
    let listen = ([127, 0, 0, 1], 0).into();
    let portal = PortalConfig { listen, token: Some("t".into()), delay: Duration::ZERO, db: None, stands_at: None };
    let portal = Portal::start(portal).await.expect("the sandbox portal starts");
    let telco = app::telco().await;
    let config = program::config(folder.path(), telco.addr(), portal.addr(), "window = 500\nmax_tps = 0\n");
    let log = folder.path().join("calls");
    let mut program = traced(&log, &config);
    let ready = program.said("ready http=");
    let ops = ready.split_whitespace().find_map(|word| word.strip_prefix("ops=")).expect("its address").to_owned();
    telco.bound().await;
    asked(&telco, BEFORE, sample_codes()[0]).await;
    let (before, from) = (commits(&ops).await, now());
    asked(&telco, TEXTS, sample_codes()[1]).await;
    let (to, after) = (now(), commits(&ops).await);
    program.signal("TERM");
    assert_eq!(program.ended(Duration::from_secs(25)).code(), Some(0), "{}", program.log);
    let mut found = counted(&whole(&log, program.id()).await, from, to);
    found.insert("commits", after - before);
    let spent = BOUNDS.map(|(what, bound)| (what, found[what] / TEXTS as f64, bound));
    for (what, each, bound) in spent {
        println!("{what}: {each:.3} an answer, {bound} at most");
    }
    let over: Vec<_> = spent.iter().filter(|(_, each, bound)| each > bound).collect();
    assert!(over.is_empty(), "an answer costs more than is stated (what, each, at most): {over:?}");
    assert!(
        found["pwrite"] > 0.0 && found["sync"] > 0.0 && found["getrandom"] > 0.0,
        "strace saw the program: {found:?}"
    );
    portal.stop().await;
    telco.stop().await;
}

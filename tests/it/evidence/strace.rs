//! The program inside strace, which ends it or lets a call fail at a place that is counted out. It must not know why.
//!
//! `when=N` counts the calls of each thread by itself: the thread that comes to its N-th first is the one that is met.
use crate::support::{program::Program, shipped};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::Command,
};

/// What happens to one call.
#[derive(Clone, Debug)]
pub struct Injection {
    /// The call, as strace names it.
    pub call: &'static str,
    /// `signal=KILL`, `error=EIO`, `retval=0`, `delay_exit=3000000`.
    pub effect: &'static str,
    /// Which one of a thread; with `on`, all from that one on.
    pub nth: u64,
    pub on: bool,
}

impl std::fmt::Display for Injection {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{} {} when={}{}", self.call, self.effect, self.nth, if self.on { "+" } else { "" })
    }
}

/// strace aside of the program (`-D`), so that the program is the test's own child.
fn aside() -> Command {
    let mut command = Command::new("strace");
    command.env_remove("RUST_LOG").args(["-D", "-f", "-qq"]);
    command
}

fn served(mut command: Command, config: &Path) -> Program {
    command.arg("--").arg(shipped::command().get_program()).args(["serve", "--config"]).arg(config);
    Program::of(command)
}

/// Starts the program with one fault ahead of it; with `only`, calls about these files alone are met.
pub fn with_fault(injection: &Injection, only: &[PathBuf], config: &Path) -> Program {
    let Injection { call, effect, nth, on } = injection;
    let mut command = aside();
    // stops at the calls that are meant alone; a signal would be lost with it
    if !effect.starts_with("signal=") {
        command.arg("--seccomp-bpf");
    }
    command.args(["-o", "/dev/null", "-e", &format!("trace={call}")]);
    command.args(["-e", &format!("inject={call}:{effect}:when={nth}{}", if *on { "+" } else { "" })]);
    for path in only {
        command.arg("-P").arg(path);
    }
    served(command, config)
}

/// Starts the program and has every one of these calls written down.
pub fn with_log(calls: &[&str], only: &[PathBuf], log: &Path, config: &Path) -> Program {
    let mut command = aside();
    command.args(["--seccomp-bpf", "-s", "0", "-e", &format!("trace={}", calls.join(",")), "-o"]).arg(log);
    for path in only {
        command.arg("-P").arg(path);
    }
    served(command, config)
}

/// Starts the program and has these calls written down with every octet that they carry.
pub fn with_octets(calls: &str, log: &Path, config: &Path) -> Program {
    let mut command = aside();
    command.args(["--seccomp-bpf", "-y", "-xx", "-s", "1048576", "-e", &format!("trace={calls}"), "-o"]).arg(log);
    served(command, config)
}

/// How many of each call the busiest thread made: as far as `when=N` reaches.
pub fn reach(log: &Path) -> BTreeMap<String, u64> {
    let text = std::fs::read_to_string(log).expect("strace wrote it");
    let mut threads: BTreeMap<(&str, &str), u64> = BTreeMap::new();
    for line in text.lines() {
        let Some((thread, call)) = line.split_once(char::is_whitespace) else { continue };
        let Some((name, _)) = call.trim_start().split_once('(') else { continue };
        if !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
            *threads.entry((thread, name)).or_default() += 1;
        }
    }
    let mut most: BTreeMap<String, u64> = BTreeMap::new();
    for ((_, name), count) in threads {
        let known = most.entry(name.to_owned()).or_default();
        *known = count.max(*known);
    }
    most
}

#[test]
fn a_reach_is_of_the_busiest_thread_and_a_resumed_call_counts_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let log = folder.path().join("calls");
    let text = "7  read(3, \"\"..., 9) = 9\n8  read(3, \"\"..., 9 <unfinished ...>\n7  close(3) = 0\n\
                8  <... read resumed>) = 9\n8  read(3, \"\"..., 9) = 0\n8  +++ killed by SIGKILL +++\n";
    std::fs::write(&log, text).expect("written");
    let reach = reach(&log);
    assert_eq!((reach.len(), reach["read"], reach["close"]), (2, 2, 1));
}

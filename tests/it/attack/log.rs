//! A log that nobody reads.
use crate::support::{app, program};
use std::{
    io::Read,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

/// Enough log of the finest level to fill a pipe many times.
const TEXTS: u64 = 400;

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_nobody_reads_stops_no_text_and_not_the_way_out() {
    let telco = app::telco().await;
    let folder = tempfile::tempdir().expect("a folder");
    let nowhere = "127.0.0.1:9".parse().expect("an address");
    let config = program::config(folder.path(), telco.addr(), nowhere, "max_tps = 0\n");
    let mut command = program::chrak();
    command.args(["serve", "--config"]).arg(&config).env("RUST_LOG", "trace");
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program can be run");
    telco.bound().await;
    for n in 0..TEXTS {
        telco.send_mo(&format!("8551000{n:04}"), "1212", "120500260481938").expect("taken");
    }
    let all = app::eventually(Duration::from_secs(20), || (telco.counters().mt >= TEXTS).then_some(()));
    assert!(all.await.is_some(), "{} of {TEXTS} texts were answered", telco.counters().mt);
    let begun = Instant::now();
    let id = child.id().to_string();
    assert!(Command::new("kill").args(["-s", "TERM", &id]).status().expect("kill can be run").success());
    let ended = app::eventually(Duration::from_secs(25), || child.try_wait().expect("it can be waited for")).await;
    let code = ended.map(|status| status.code());
    let _ = child.kill();
    assert_eq!(code, Some(Some(0)), "SIGTERM, after {:?}", begun.elapsed());
    let mut log = Vec::new();
    child.stdout.take().expect("piped").read_to_end(&mut log).expect("what was in the pipe");
    assert!(log.len() > 60_000, "the pipe was full: {} octets", log.len());
    telco.stop().await;
}

//! A log that nobody reads.
use crate::support::{app, program};
use std::{
    io::{Read, Write},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

const TEXTS: u64 = 400;
/// What a pipe of the system holds (pipe(7)).
const PIPE_OCTETS: usize = 64 * 1024;
/// What of it is left for the log: less than a start says.
const LEFT: usize = 256;

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_nobody_reads_stops_no_text_and_not_the_way_out() {
    let telco = app::telco().await;
    let folder = tempfile::tempdir().expect("a folder");
    let nowhere = "127.0.0.1:9".parse().expect("an address");
    let config = program::config(folder.path(), telco.addr(), nowhere, "max_tps = 0\n");
    let (mut log, mut full) = std::io::pipe().expect("a pipe");
    full.write_all(&vec![b'.'; PIPE_OCTETS - LEFT]).expect("it has room");
    let mut command = program::chrak();
    command.args(["serve", "--config"]).arg(&config).env("RUST_LOG", "trace").stdout(full).stderr(Stdio::null());
    let mut child = command.spawn().expect("the program can be run");
    // it holds our end of the pipe
    drop(command);
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
    let mut read = Vec::new();
    log.read_to_end(&mut read).expect("what was in the pipe");
    // a page of the pipe may end a few octets early
    assert!(read.len() + LEFT / 2 > PIPE_OCTETS, "the pipe was full, and stayed so: {} octets", read.len());
    telco.stop().await;
}

//! A disk that is full: at a start, with the room that was kept aside, and while texts come in.
use crate::support::{
    app,
    disk::SmallDisk,
    program::{self, Program, client},
};
use chrak::sandbox::telco::{Telco, fault::Faults};
use std::{path::PathBuf, time::Duration};

const RESERVE: u64 = 32 << 20;

/// A server whose data stands on the small disk.
struct Place {
    disk: SmallDisk,
    telco: Telco,
    config: PathBuf,
    _folder: tempfile::TempDir,
}

impl Place {
    async fn new() -> Self {
        let (disk, telco, folder) = (SmallDisk::new(), app::telco().await, tempfile::tempdir().expect("a folder"));
        let nowhere = "127.0.0.1:9".parse().expect("an address");
        let config = program::config(folder.path(), telco.addr(), nowhere, "max_tps = 0\n");
        let text = std::fs::read_to_string(&config).expect("read");
        let data = format!("data_dir = {:?}", disk.inside.join("data"));
        std::fs::write(&config, text.replace("data_dir = \"data\"", &data)).expect("written");
        Place { disk, telco, config, _folder: folder }
    }

    fn run(&self, words: &[&str]) -> (Option<i32>, String) {
        let output = self.disk.chrak().args(words).arg(&self.config).output().expect("it can be run");
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    }

    /// Starts it; where its console is.
    async fn serve(&self) -> (Program, String) {
        let mut command = self.disk.chrak();
        command.args(["serve", "--config"]).arg(&self.config);
        let mut program = Program::of(command);
        let ready = program.said("ready");
        let ops = ready.split_once("ops=").expect("where").1.split_whitespace().next().expect("an address").to_owned();
        self.telco.bound().await;
        (program, format!("http://{ops}"))
    }

    fn reserve(&self) -> u64 {
        self.disk.outside.join("data/chrak.reserve").metadata().map_or(0, |about| about.len())
    }

    async fn reserve_is(&self, octets: u64) -> bool {
        app::eventually(Duration::from_secs(30), || (self.reserve() == octets).then_some(())).await.is_some()
    }

    /// Texts `count` times and waits for the answers.
    async fn texts(&self, count: u64) {
        let before = self.telco.counters().mt;
        for n in 0..count {
            self.telco.send_mo(&format!("8551001{n:04}"), "1212", "120500260481938").expect("taken");
        }
        let all = || (self.telco.counters().mt >= before + count).then_some(());
        let answered = app::eventually(Duration::from_secs(30), all).await;
        assert!(answered.is_some(), "{} of {count}", self.telco.counters().mt - before);
    }
}

async fn ready(ops: &str) -> (u16, String) {
    let answer = client().get(format!("{ops}/readyz")).send().await.expect("an answer");
    (answer.status().as_u16(), answer.text().await.expect("a body"))
}

/// Asks until it is so.
async fn ready_is(ops: &str, status: u16, word: &str) {
    let mut last = (0, String::new());
    for _ in 0..200 {
        last = ready(ops).await;
        if last.0 == status && last.1.contains(word) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("not {status} with \"{word}\": {last:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_on_a_full_disk_says_how_much_is_needed_and_leaves_nothing_behind() {
    let place = Place::new().await;
    place.disk.fill();
    for words in [&["migrate", "--config"][..], &["serve", "--config"], &["check", "--config"]] {
        let output = place.disk.chrak().args(words).arg(&place.config).output().expect("it can be run");
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8_lossy(&said);
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.contains("the disk is full: 8 MiB are needed, 0 MiB are free"), "{said}");
    }
    let left = place.disk.outside.join("data").read_dir().map_or(0, |entries| entries.count());
    assert_eq!(left, 0, "no key and no database were begun");
    place.disk.clear();
    assert_eq!(place.run(&["migrate", "--config"]).0, Some(0));
    // an old database, whose reserve somebody deleted
    let _ = std::fs::remove_file(place.disk.outside.join("data/chrak.reserve"));
    place.disk.fill();
    let (code, said) = place.run(&["serve", "--config"]);
    assert!(code == Some(1) && said.contains("8 MiB are needed"), "{code:?} {said}");
    place.telco.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_starts_and_answers_with_what_was_kept_aside() {
    let place = Place::new().await;
    let (mut program, _) = place.serve().await;
    assert!(place.reserve_is(RESERVE).await, "room is kept aside");
    program.signal("TERM");
    assert_eq!(program.ended(Duration::from_secs(25)).code(), Some(0), "{}", program.log);

    place.disk.fill();
    let (mut program, ops) = place.serve().await;
    assert_eq!(place.reserve(), 0, "it is in use");
    assert!(program.listen().contains("the disk is full: what was kept aside is in use now"), "{}", program.log);
    place.texts(200).await;
    assert_eq!(ready(&ops).await.0, 200);

    // without it, the telco keeps its texts, and everybody who asks is told why
    place.disk.fill();
    for n in 0..2_000 {
        place.telco.send_mo(&format!("8551002{n:04}"), "1212", "120500260481938").expect("taken");
    }
    ready_is(&ops, 503, "the disk is full: 16 MiB are needed").await;
    place.disk.clear();
    ready_is(&ops, 200, "\"database\":\"ok\"").await;
    let all = || (place.telco.counters().mt >= 2_200).then_some(());
    assert!(app::eventually(Duration::from_secs(60), all).await.is_some(), "{}", place.telco.counters().mt);
    assert!(place.reserve_is(RESERVE).await, "room is kept aside again");

    // filled while it runs
    place.disk.fill();
    for _ in 0..20 {
        place.texts(200).await;
        if place.reserve() == 0 {
            break;
        }
    }
    assert_eq!(place.reserve(), 0, "the disk was not full");
    assert_eq!(ready(&ops).await.0, 200);
    program.signal("TERM");
    assert_eq!(program.ended(Duration::from_secs(25)).code(), Some(0), "{}", program.log);
    place.telco.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_nearly_full_disk_takes_nothing_new_ends_what_is_in_hand_and_heals_by_itself() {
    let place = Place::new().await;
    let (_program, ops) = place.serve().await;
    assert!(place.reserve_is(RESERVE).await, "room is kept aside");
    // thirty answers on their way, none of them confirmed yet
    place.telco.set_faults(Faults { delay_resp: Duration::from_secs(4), ..Faults::default() });
    for n in 0..30 {
        place.telco.send_mo(&format!("8551003{n:04}"), "1212", "120500260481938").expect("taken");
    }
    let all = || (place.telco.counters().mt_segments >= 8).then_some(());
    assert!(app::eventually(Duration::from_secs(10), all).await.is_some(), "in hand");
    // the reserve was used up, and what is left of it is little
    std::fs::remove_file(place.disk.outside.join("data/chrak.reserve")).expect("it was there");
    place.disk.fill_up_to(15 << 20);
    ready_is(&ops, 503, "the disk is full: 16 MiB are needed").await;

    let (binds, acked) = (place.telco.counters().binds, place.telco.counters().mo_acked);
    for n in 0..200 {
        place.telco.send_mo(&format!("8551004{n:04}"), "1212", "120500260481938").expect("taken");
    }
    place.telco.set_faults(Faults::default());
    let answered = || {
        let seen = place.telco.snapshot();
        let delivered = seen.counters.receipts >= 30;
        (delivered && seen.mt.iter().filter(|mt| mt.to.starts_with("8551003")).count() == 30).then_some(())
    };
    assert!(app::eventually(Duration::from_secs(20), answered).await.is_some(), "what was in hand is answered");
    tokio::time::sleep(Duration::from_secs(2)).await;
    let seen = place.telco.snapshot();
    assert_eq!((seen.counters.mo_acked, seen.counters.binds), (acked, binds), "nothing new, and nobody left");
    assert!(seen.errors.get("0x58").is_some_and(|refused| *refused >= 200), "{:?}", seen.errors);
    assert_eq!(place.telco.unacked(), 200, "the telco keeps them");

    place.disk.clear();
    ready_is(&ops, 200, "\"database\":\"ok\"").await;
    let all = || (place.telco.counters().mt >= 230).then_some(());
    assert!(app::eventually(Duration::from_secs(20), all).await.is_some(), "{}", place.telco.counters().mt);
    assert!(place.reserve_is(RESERVE).await, "room is kept aside again");
    assert!(place.telco.snapshot().violations.is_empty(), "{:?}", place.telco.snapshot().violations);
    place.telco.stop().await;
}

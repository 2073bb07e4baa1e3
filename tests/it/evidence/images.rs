//! The power fails: of a run that strace has written down, what a disk would have kept is made at many moments and opened by
//! the store. It is whole, and everything that the telco had been promised by then is in it.
//!
//! `CHRAK_IMAGES=10000` makes so many (200 if not set); `CHRAK_SEED` repeats them.
use super::{
    platter::{Image, KEPT, Kept, Platter},
    points::{Dice, number, seed},
    site::Site,
    strace,
    trace::{self, Step},
    wire::{self, Word},
};
use crate::support::program;
use chrak::store::{Keys, StoreOptions};
use sqlx::{ConnectOptions, Connection, sqlite::SqliteConnectOptions};
use std::{
    collections::{BTreeMap, HashMap},
    io::Write,
    path::Path,
    time::{Duration, Instant},
};

/// Texts of the run: enough that the WAL is copied into the database several times.
const TEXTS: u64 = 260;
/// As synchronous=NORMAL would lose them; of so many images.
const NORMAL: u64 = 200;

struct Run {
    steps: Vec<Step>,
    words: Vec<(usize, Word)>,
    keys: Keys,
    site: Site,
}

/// A first start, and texts one after the other, so that most have a commit of their own.
async fn recorded() -> Run {
    let site = Site::new().await;
    let log = site.folder.path().join("calls");
    let mut program = strace::with_octets(trace::CALLS, &log, &site.config);
    site.telco.bound().await;
    for n in 0..TEXTS {
        let text = if n % 9 == 0 { "COMPLAINT the counter was closed at ten, ".repeat(5) } else { "HELP".to_owned() };
        site.telco.send_mo(&format!("85597{n:07}"), "1212", &text).expect("the telco takes a text");
        tokio::time::sleep(Duration::from_millis(if n % 40 == 39 { 1_200 } else { 12 })).await;
    }
    let end = Instant::now() + Duration::from_secs(30);
    while site.telco.counters().mt < TEXTS {
        assert!(Instant::now() < end, "not answered; it said:\n{}", program.listen());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    program.kill();
    // strace ends after the program
    tokio::time::sleep(Duration::from_millis(500)).await;
    let keys = Keys::load(&site.data().join("chrak.key")).expect("its key");
    let steps = trace::read(&log);
    let words = wire::words(&steps);
    Run { steps, words, keys, site }
}

/// What the telco was promised of a number.
#[derive(Default, Clone, Copy)]
struct Promised {
    texts: i64,
    receipts: i64,
    segments: i64,
}

impl Run {
    fn promised(&self, until: usize) -> HashMap<&str, Promised> {
        let mut all: HashMap<&str, Promised> = HashMap::new();
        for (_, word) in self.words.iter().take_while(|(at, _)| *at <= until) {
            match word {
                Word::Text(number) => all.entry(number).or_default().texts += 1,
                Word::Receipt(number) => all.entry(number).or_default().receipts += 1,
                Word::Segment(number) => all.entry(number).or_default().segments += 1,
            }
        }
        all
    }
}

/// What is wrong with an image: damage, or how many promises are not in it.
async fn faults(image: Image, promised: &HashMap<&str, Promised>, keys: &Keys) -> Result<usize, String> {
    let texts = promised.values().filter(|number| number.texts > 0).count();
    let Some(image) = image.filter(|image| image.contains_key("chrak.key") || image.contains_key("chrak.key.first"))
    else {
        return Ok(texts);
    };
    let folder = tempfile::tempdir().expect("a folder");
    laid_out(folder.path(), image);
    let path = folder.path().join("chrak.db");
    let store =
        chrak::store::sqlite::open(StoreOptions::new(&path, keys.clone())).await.map_err(|fault| fault.to_string())?;
    store.close().await;
    missing(&path, promised, keys).await.map_err(|fault| fault.to_string())
}

async fn missing(path: &Path, promised: &HashMap<&str, Promised>, keys: &Keys) -> sqlx::Result<usize> {
    let mut conn = SqliteConnectOptions::new().filename(path).connect().await?;
    let whole: String = sqlx::query_scalar("PRAGMA integrity_check").fetch_one(&mut conn).await?;
    assert_eq!(whole, "ok");
    let texts = "SELECT source_mac, count(*) FROM (SELECT source_mac FROM inbox WHERE source_mac NOT NULL \
        UNION ALL SELECT source_mac FROM part) GROUP BY 1";
    let segments = "SELECT source_mac, count(*) FROM outbox JOIN inbox ON inbox.id = outbox.mo \
        WHERE outbox.state > 0 GROUP BY 1";
    let receipts = "SELECT source_mac, count(*) FROM outbox JOIN inbox ON inbox.id = outbox.mo \
        WHERE outbox.state = 4 GROUP BY 1";
    let mut counts: Vec<BTreeMap<Vec<u8>, i64>> = Vec::new();
    for sql in [texts, segments, receipts] {
        let rows: Vec<(Vec<u8>, i64)> = sqlx::query_as(sql).fetch_all(&mut conn).await?;
        counts.push(rows.into_iter().collect());
    }
    let orphans: i64 = sqlx::query_scalar("SELECT count(*) FROM receipt_orphan").fetch_one(&mut conn).await?;
    conn.close().await?;
    let mut missing = 0;
    for (number, promised) in promised {
        let mac = keys.number_mac(number).to_vec();
        let there = |at: usize| counts[at].get(&mac).copied().unwrap_or(0);
        missing += usize::from(promised.texts > 0 && there(0) == 0);
        missing += usize::from(promised.segments > there(1));
        missing += usize::from(promised.receipts > there(2) + orphans);
    }
    Ok(missing)
}

/// Without the flushes that a commit of synchronous=NORMAL leaves out: those of the WAL that no copying follows. One after the
/// header of a WAL that begins anew is made there too.
fn as_normal(run: &Run) -> Vec<Step> {
    let is = |step: &Step, end: &str| match step {
        Step::Written { path, .. } | Step::Flushed(path) => path.ends_with(end),
        _ => false,
    };
    let disk: Vec<usize> =
        (0..run.steps.len()).filter(|at| is(&run.steps[*at], "chrak.db") || is(&run.steps[*at], "-wal")).collect();
    let mut steps = run.steps.clone();
    for near in disk.windows(3) {
        let [before, at, after] = near else { continue };
        let commits = matches!(&run.steps[*at], Step::Flushed(path) if path.ends_with("-wal"));
        let copies = matches!(&run.steps[*after], Step::Written { path, .. } if path.ends_with("chrak.db"));
        let begins = matches!(&run.steps[*before], Step::Written { octets, .. } if octets.len() == 32);
        if commits && !copies && !begins {
            steps[*at] = Step::Flushed(String::new());
        }
    }
    steps
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn whatever_the_disk_kept_when_the_power_failed_is_whole_and_holds_what_was_acknowledged() {
    let (count, seed) = (number("CHRAK_IMAGES", 200), seed());
    let run = recorded().await;
    println!("CHRAK_SEED={seed}, {} steps, {} promises", run.steps.len(), run.words.len());
    assert!(run.words.len() as u64 > 2 * TEXTS, "the telco's connection was read");
    let copied =
        run.steps.iter().filter(|step| matches!(step, Step::Flushed(path) if path.ends_with("chrak.db"))).count();
    assert!(copied > 2, "the WAL was copied {copied} times");
    is_whole(&run);
    goes_on(&run).await;
    let started = Instant::now();
    let (checked, wrong) = look_at(&run, &run.steps, count, seed).await;
    println!("{checked} images, {} with faults, in {:?}", wrong.len(), started.elapsed());
    assert!(wrong.is_empty(), "{}", wrong[..wrong.len().min(20)].join("\n"));

    // the same run, flushed as synchronous=NORMAL does it: what this test is there to see
    let (checked, wrong) = look_at(&run, &as_normal(&run), count.min(NORMAL), seed).await;
    let damaged = wrong.iter().filter(|what| !what.ends_with("missing")).count();
    println!("synchronous=NORMAL: {checked} images, {} with losses, {damaged} damaged", wrong.len() - damaged);
    assert!(wrong.len() as u64 * 10 > checked, "what NORMAL loses is not seen: {} of {checked}", wrong.len());
    assert_eq!(damaged, 0, "{wrong:?}");
    run.site.stop().await;
}

/// What was written down is all that was done: with everything kept, the files are those that the program left.
fn is_whole(run: &Run) {
    let mut disk = Platter::under(&run.site.data().canonicalize().expect("it is there"));
    run.steps.iter().for_each(|step| disk.take(step));
    let image = disk.image(Kept::Everything, &mut Dice(1)).expect("it stands");
    for name in ["chrak.db", "chrak.db-wal", "chrak.key"] {
        let left = std::fs::read(run.site.data().join(name)).expect("it is there");
        assert!(image[name] == left, "{name} was not written down whole: {} of {}", image[name].len(), left.len());
    }
}

/// A first start that the power ended goes on, with the program that ships.
async fn goes_on(run: &Run) {
    const STARTS: usize = 12;
    let mut disk = Platter::under(&run.site.data().canonicalize().expect("it is there"));
    let first = run.words.first().expect("promises").0;
    let moments: Vec<usize> = (0..first).filter(|at| disk.concerns(&run.steps[*at])).collect();
    let mut next = 0;
    for (turn, at) in moments.iter().step_by(moments.len().div_ceil(STARTS)).enumerate() {
        run.steps[next..=*at].iter().for_each(|step| disk.take(step));
        next = at + 1;
        let Some(image) = disk.image(KEPT[turn % KEPT.len()], &mut Dice(turn as u64)) else { continue };
        let folder = tempfile::tempdir().expect("a folder");
        let config = folder.path().join("chrak.toml");
        std::fs::copy(&run.site.config, &config).expect("copied");
        laid_out(&folder.path().join("data"), image);
        let said = program::run(&["migrate", "--config", config.to_str().expect("a path in UTF-8")]);
        assert_eq!(said.code, Some(0), "after step {at}: {}{}", said.out, said.err);
    }
}

/// Files as the disk had them; the index of the WAL is made anew, and the reserve is nothing but room.
fn laid_out(folder: &Path, image: BTreeMap<String, Vec<u8>>) {
    use std::os::unix::fs::OpenOptionsExt;
    std::fs::create_dir_all(folder).expect("made");
    for (name, octets) in image {
        if !name.ends_with("-shm") && name != "chrak.reserve" {
            let mut file = std::fs::OpenOptions::new();
            let mut file = file.write(true).create_new(true).mode(0o600).open(folder.join(name)).expect("made");
            file.write_all(&octets).expect("written");
        }
    }
}

/// Makes images at so many moments and opens each, a few at a time; how many, and what was wrong.
async fn look_at(run: &Run, steps: &[Step], count: u64, seed: u64) -> (u64, Vec<String>) {
    const AT_ONCE: usize = 8;
    let mut dice = Dice(seed);
    let mut disk = Platter::under(&run.site.data().canonicalize().expect("it is there"));
    let moments: Vec<usize> = (0..steps.len()).filter(|at| disk.concerns(&steps[*at])).collect();
    let mut chosen: Vec<usize> = (0..count).map(|_| moments[dice.below(moments.len() as u64) as usize]).collect();
    chosen.sort_unstable();
    let (mut next, mut turn) = (0, 0);
    let (mut wrong, mut checked) = (Vec::new(), 0);
    for some in chosen.chunks(AT_ONCE) {
        let mut images = Vec::new();
        for at in some {
            steps[next.min(at + 1)..=*at].iter().for_each(|step| disk.take(step));
            next = at + 1;
            images.push((*at, disk.image(KEPT[turn % KEPT.len()], &mut dice)));
            turn += 1;
        }
        let looks = images.into_iter().map(|(at, image)| async move {
            match faults(image, &run.promised(at), &run.keys).await {
                Ok(0) => None,
                Ok(missing) => Some(format!("at step {at}: {missing} missing")),
                Err(fault) => Some(format!("at step {at}: {fault}")),
            }
        });
        wrong.extend(futures_util::future::join_all(looks).await.into_iter().flatten());
        checked += some.len() as u64;
    }
    (checked, wrong)
}

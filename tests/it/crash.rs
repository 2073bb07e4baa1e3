//! The server under load is killed at random moments, again and again. The telco's ledger lives here, in the
//! test, so it survives. What must hold: every MO acknowledged with ESME_ROK is answered, none gets two
//! different answers, and no more segments come twice than were in flight at the kills.
//!
//! `CHRAK_KILLS=500` kills so often (60 if not set); `CHRAK_SEED` repeats a run's moments.
use crate::support::{
    app,
    desk::asked_digits,
    program::{self, Program},
};
use chrak::sandbox::{
    portal::{Portal, PortalConfig, sample_codes},
    telco::{Telco, ledger::MoState},
};
use sqlx::{Connection, SqliteConnection};
use std::{
    collections::BTreeMap,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

/// Segments in flight at most; a small one fills, so that kills meet full and half-full windows.
pub const WINDOW: usize = 25;
/// MOs that may wait for their ESME_ROK, or for their answer, at a time.
const UNACKED_MAX: usize = 40;
const UNANSWERED_MAX: u64 = 400;
/// MOs for each kill, so that 500 kills stay within what the telco's ledger keeps.
pub const MOS_A_KILL: u64 = 300;
/// The longest life of a server, in ms from its spawning: from before it is ready to well into its work.
const LIFE_MS: u64 = 1_100;

pub fn number(name: &str, other: u64) -> u64 {
    std::env::var(name).ok().map_or(other, |text| text.parse().unwrap_or_else(|_| panic!("{name}: a number")))
}

/// A small generator (SplitMix64), so that a run can be repeated.
pub struct Dice(pub u64);

impl Dice {
    pub fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % end
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_is_answered_once_whatever_kills_the_server() {
    let kills = number("CHRAK_KILLS", 60);
    let seed = number("CHRAK_SEED", u64::from(std::process::id()));
    println!("kills {kills}, CHRAK_SEED={seed}");
    let folder = tempfile::tempdir().expect("a folder");
    let portal = slow_portal().await;
    let telco = app::telco().await;
    let config =
        program::config(folder.path(), telco.addr(), portal.addr(), &format!("window = {WINDOW}\nmax_tps = 0\n"));
    let text = std::fs::read_to_string(&config).expect("read").replace("[portal]\n", "[portal]\npoll_s = 1\n");
    std::fs::write(&config, text + "\n[push]\nquiet_hours = []\n").expect("written");
    let config = config.to_str().expect("a path in UTF-8").to_owned();
    let database = folder.path().join("data/chrak.db");

    let (feeding, allowed) = (Arc::new(AtomicBool::new(true)), Arc::new(AtomicU64::new(0)));
    let feeder = tokio::spawn(feed(telco.clone(), Arc::clone(&feeding), Arc::clone(&allowed)));
    let bookers = tokio::spawn(book(telco.clone(), Arc::clone(&feeding)));
    let (mut dice, mut in_flight, mut met_work) = (Dice(seed), 0, 0);
    let mut alone: BTreeMap<Vec<u8>, u64> = BTreeMap::new();
    for kill in 0..kills {
        allowed.fetch_add(MOS_A_KILL, Ordering::Relaxed);
        portal.tell(&reminder(kill)).await.expect("told");
        let program = Program::start(&["serve", "--config", &config], &[]);
        tokio::time::sleep(Duration::from_millis(dice.below(LIFE_MS))).await;
        program.kill();
        let left = submitting(&database).await;
        for mo in alone_in_hand(&database).await {
            *alone.entry(mo).or_default() += 1;
        }
        in_flight += left;
        met_work += u64::from(left > 0);
    }
    feeding.store(false, Ordering::Relaxed);
    feeder.await.expect("the feeder ends");

    let mut program = Program::start(&["serve", "--config", &config], &[]);
    bookers.await.expect("the bookers end");
    let reminded = app::eventually(Duration::from_secs(30), || {
        let seen = telco.snapshot().mt;
        (0..kills).all(|kill| seen.iter().any(|mt| mt.to == reminded(kill))).then_some(())
    });
    assert!(reminded.await.is_some(), "a reminder was lost:\n{}", program.log);
    let settled = settle(&telco, &database).await;
    program.signal("TERM");
    let ended = program.ended(Duration::from_secs(25));
    assert!(settled, "not everything was answered; the server said:\n{}", program.log);
    assert_eq!(ended.code(), Some(0), "{}", program.log);
    // a kill that meets an MO alone in hand looks like that MO's doing; only two such kills end in an apology
    let blamed = alone.values().filter(|kills| **kills >= 2).count() as u64;
    judge(&telco, kills, met_work, in_flight, blamed);
    judge_bookings(&telco, &portal).await;
    assert_eq!(open_rows(&database).await, (0, 0), "rows left in the inbox and the outbox");
    telco.stop().await;
    portal.stop().await;
}

/// Each answer takes a few ms, so that kills meet MOs whose turn is under way.
pub async fn slow_portal() -> Portal {
    let config = PortalConfig {
        listen: ([127, 0, 0, 1], 0).into(),
        token: Some("t".into()),
        delay: Duration::from_millis(8),
        db: None,
        stands_at: None,
    };
    Portal::start(config).await.expect("the sandbox portal starts")
}

/// MOs from ever new numbers, codes mostly, as long as the telco has few that wait.
pub async fn feed(telco: Telco, on: Arc<AtomicBool>, allowed: Arc<AtomicU64>) {
    let mut next = 0;
    let texts = [sample_codes()[0], "HELP", sample_codes()[1], "120500260481938", sample_codes()[2], "HELLO"];
    while on.load(Ordering::Relaxed) {
        let most = allowed.load(Ordering::Relaxed).min(telco.counters().mt + UNANSWERED_MAX);
        while telco.unacked() < UNACKED_MAX && next < most {
            let from = format!("85597{next:07}");
            telco.send_mo(&from, "1212", texts[next as usize % texts.len()]).expect("the telco takes a text");
            next += 1;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Numbers that are told of their appointments by the portal's events.
pub fn reminded(kill: u64) -> String {
    format!("85592{kill:07}")
}

pub fn reminder(kill: u64) -> serde_json::Value {
    serde_json::json!({
        "specversion": "1.0", "id": format!("evt-{kill}"), "source": "https://portal.example/",
        "type": "kh.gov.portal.appointment.reminder", "time": "2026-11-23T09:15:00+07:00",
        "datacontenttype": "application/json",
        "data": {
            "msisdn": format!("+{}", reminded(kill)), "language": "en", "appointment_reference": "40719359",
            "service": { "sensitive": true }, "start": "2099-11-24T07:30:00+07:00",
            "office": { "id": "o", "name": { "km": "ច្រក", "en": "OWSO Dangkao" } },
        },
    })
}

/// Citizens that book; the last ones begin after the last kill.
const BOOKERS: usize = 16;
const LATE: usize = 4;
/// How long they go on after the last kill.
const BOOK_FOR: Duration = Duration::from_secs(12);

fn booker(at: usize) -> String {
    format!("85581{at:06}")
}

/// Each says the next word of a booking when something new came back, whatever happens to the server.
async fn book(telco: Telco, kills: Arc<AtomicBool>) {
    /// Seven when nobody else takes the same time; each time that is gone costs one more.
    const WORDS_MAX: usize = 16;
    let mut said = [0; BOOKERS];
    let mut heard = vec![String::new(); BOOKERS];
    let mut end = None;
    while end.is_none_or(|end| Instant::now() < end) {
        if !kills.load(Ordering::Relaxed) {
            end.get_or_insert(Instant::now() + BOOK_FOR);
        }
        let seen = telco.snapshot().mt;
        for at in 0..BOOKERS {
            let last = seen.iter().rev().find(|mt| mt.to == booker(at)).map(|mt| mt.text.clone()).unwrap_or_default();
            let begins = at < BOOKERS - LATE || end.is_some();
            let on = said[at] < WORDS_MAX && !last.contains("បានណាត់");
            if begins && on && (said[at] == 0 || last != heard[at]) {
                let word = match asked_digits(&last) {
                    _ if said[at] == 0 => "A",
                    Some((_, digits)) => digits,
                    None => "1",
                };
                telco.send_mo(&booker(at), "1212", word).expect("the telco takes a text");
                said[at] += 1;
                heard[at] = last;
            }
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
}

/// Booked at most once whatever was killed, and told so only when it is true.
async fn judge_bookings(telco: &Telco, portal: &Portal) {
    let booked = portal.booked().await.expect("the portal's appointments");
    let seen = telco.snapshot().mt;
    let mut told = 0;
    for at in 0..BOOKERS {
        let appointments = booked.iter().filter(|(number, _)| *number == format!("+{}", booker(at))).count();
        let said = seen.iter().any(|mt| mt.to == booker(at) && mt.text.contains("បានណាត់"));
        assert!(appointments <= 1, "{} was booked {appointments} times", booker(at));
        assert!(!said || appointments == 1, "{} was told of an appointment that there is not", booker(at));
        told += u64::from(said);
    }
    println!("appointments {}, told {told} of {BOOKERS}", booked.len());
    assert!(told >= LATE as u64, "{told} came through with a booking");
}

/// Segments that were handed to a bind and not answered when the server died.
async fn submitting(database: &Path) -> u64 {
    if !database.exists() {
        return 0;
    }
    let Ok(mut connection) = SqliteConnection::connect(&format!("sqlite:{}", database.display())).await else {
        return 0;
    };
    // Killed before its tables were made: nothing was in flight.
    let rows: i64 =
        sqlx::query_scalar("SELECT count(*) FROM outbox WHERE state = 1").fetch_one(&mut connection).await.unwrap_or(0);
    connection.close().await.expect("closes");
    rows.unsigned_abs()
}

/// MOs that were in hand with nothing else when the server died.
async fn alone_in_hand(database: &Path) -> Vec<Vec<u8>> {
    let Ok(mut connection) = SqliteConnection::connect(&format!("sqlite:{}", database.display())).await else {
        return Vec::new();
    };
    let sql = "SELECT id FROM inbox WHERE state = 1 AND alone = 1";
    let rows = sqlx::query_scalar(sql).fetch_all(&mut connection).await.unwrap_or_default();
    connection.close().await.expect("closes");
    rows
}

async fn open_rows(database: &Path) -> (i64, i64) {
    let mut connection = SqliteConnection::connect(&format!("sqlite:{}", database.display())).await.expect("opens");
    let inbox = sqlx::query_scalar("SELECT count(*) FROM inbox WHERE state < 2").fetch_one(&mut connection).await;
    let outbox = sqlx::query_scalar("SELECT count(*) FROM outbox WHERE state < 3").fetch_one(&mut connection).await;
    (inbox.expect("counts"), outbox.expect("counts"))
}

/// Waits until every MO is acknowledged and has its answer, and what was uncertain is decided.
async fn settle(telco: &Telco, database: &Path) -> bool {
    let end = Instant::now() + Duration::from_secs(60);
    while Instant::now() < end {
        let seen = telco.snapshot();
        let answered: std::collections::HashSet<&str> = seen.mt.iter().map(|mt| mt.to.as_str()).collect();
        let answered = seen.mo.iter().all(|mo| answered.contains(mo.from.as_str()));
        if telco.unacked() == 0 && answered && open_rows(database).await == (0, 0) {
            return true;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    println!("unacknowledged {}, rows open {:?}", telco.unacked(), open_rows(database).await);
    false
}

pub fn judge(telco: &Telco, kills: u64, met_work: u64, in_flight: u64, blamed: u64) {
    let seen = telco.snapshot();
    let mut answers: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let mut segments = BTreeMap::new();
    for mt in &seen.mt {
        answers.entry(&mt.to).or_default().push(&mt.text);
        segments.insert((mt.to.as_str(), mt.text.as_str()), u64::from(mt.segments));
    }
    let mut apologies = 0;
    for mo in &seen.mo {
        assert_eq!(mo.state, MoState::Accepted, "MO {}", mo.id);
        let texts =
            answers.get(mo.from.as_str()).unwrap_or_else(|| panic!("MO {} was acknowledged, not answered", mo.id));
        // who books has a conversation; everybody else asked once
        let books = mo.from.starts_with("85581");
        assert!(books || texts.iter().all(|text| text == &texts[0]), "MO {} got different answers: {texts:?}", mo.id);
        apologies += u64::from(texts[0].starts_with("សូមអភ័យទោស"));
    }
    let wanted: u64 = segments.values().sum();
    let twice = seen.counters.mt_segments - wanted;
    println!(
        "kills {kills} ({met_work} with segments in flight), MOs {}, redelivered {}, segments {} of which twice {twice}, \
         in flight at the kills {in_flight}, apologies {apologies} (alone at two kills {blamed})",
        seen.mo.len(),
        seen.counters.mo_redelivered,
        seen.counters.mt_segments,
    );
    // The second copy of one segment of two stays alone at the telco.
    assert!(seen.incomplete as u64 <= twice, "{} answers are incomplete", seen.incomplete);
    assert!(twice <= in_flight, "{twice} segments came twice, {in_flight} were in flight");
    assert!(seen.mo.len() as u64 > kills * 5 && met_work > 0, "the kills met no load");
    assert!(apologies <= blamed, "{apologies} apologies, {blamed} MOs were alone in hand at two kills");
    assert_eq!((seen.violations.len(), seen.counters.forgotten), (0, 0), "{:?}", seen.violations);
}

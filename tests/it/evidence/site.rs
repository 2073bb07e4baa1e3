//! A place where the program lives, dies and comes back: its folder, a telco and a portal that remember, and what was in
//! flight at each death. It must not know what the deaths come from.
use super::load::Round;
use crate::support::{
    app,
    program::{self, Program},
};
use chrak::sandbox::{
    portal::{Portal, PortalConfig},
    telco::Telco,
};
use sqlx::{ConnectOptions, Connection, SqliteConnection, sqlite::SqliteConnectOptions};
use std::{
    path::{Path, PathBuf},
    process::ExitStatus,
    time::{Duration, Instant},
};

/// Segments in flight at most; a small one fills.
pub const WINDOW: u64 = 10;
const LOOK_EVERY: Duration = Duration::from_millis(15);

pub struct Site {
    pub folder: tempfile::TempDir,
    pub config: PathBuf,
    pub telco: Telco,
    pub portal: Portal,
    pub rounds: Vec<Round>,
    /// Segments that were in flight at all deaths together.
    pub in_flight: u64,
    /// Calls of the database fail here, so that "not at the moment" is an honest answer, to one text and to the next.
    pub failing: bool,
    /// What was done here, for whoever reads of a failure.
    pub story: Vec<String>,
}

/// How a round ended.
#[derive(Debug)]
pub enum End {
    /// The program did, by itself or by what was done to it.
    Died(ExitStatus),
    /// Everything came.
    Settled,
    /// Not everything came in time.
    Late,
}

/// Rows that are open: texts in hand, segments queued, submitting, uncertain, and pushes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Open {
    pub texts: i64,
    pub queued: i64,
    pub submitting: i64,
    pub uncertain: i64,
    pub pushes: i64,
}

impl Site {
    pub async fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let portal = PortalConfig {
            listen: ([127, 0, 0, 1], 0).into(),
            token: Some("t".into()),
            delay: Duration::from_millis(4),
            db: None,
            stands_at: None,
        };
        let portal = Portal::start(portal).await.expect("the sandbox portal starts");
        let telco = app::telco().await;
        let more = format!("window = {WINDOW}\nmax_tps = 0\nussd = {{ codes = [\"*1212#\"] }}\n");
        let config = program::config(folder.path(), telco.addr(), portal.addr(), &more);
        let text = std::fs::read_to_string(&config).expect("read").replace("[portal]\n", "[portal]\npoll_s = 1\n");
        std::fs::write(&config, text + "\n[push]\nquiet_hours = []\n").expect("written");
        Site { folder, config, telco, portal, rounds: Vec::new(), in_flight: 0, failing: false, story: Vec::new() }
    }

    pub fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    pub fn database(&self) -> PathBuf {
        self.data().join("chrak.db")
    }

    /// The program with nothing in its way.
    pub fn plain(&self) -> Program {
        Program::start(&["serve", "--config", self.config.to_str().expect("a path in UTF-8")], &[])
    }

    /// A new round waits for the program.
    pub async fn begin_round(&mut self) {
        let round = Round::begin(self.rounds.len() as u64, &self.telco, &self.portal).await;
        self.rounds.push(round);
    }

    /// One look at what came, and what the load says to it; whether the last round is over.
    pub fn look(&mut self) -> bool {
        let seen = self.telco.snapshot().mt;
        for round in &mut self.rounds {
            round.go_on(&self.telco, &seen);
        }
        self.telco.unacked() == 0 && self.rounds.last().is_none_or(|round| round.is_over(&seen))
    }

    /// Until the last round is over, or the program is.
    pub async fn live(&mut self, program: &mut Program, patience: Duration) -> End {
        let end = Instant::now() + patience;
        loop {
            if let Some(status) = program.exited() {
                return End::Died(status);
            }
            if self.look() {
                return End::Settled;
            }
            if Instant::now() > end {
                return End::Late;
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// What a death left on the disk: whole, and so many segments in flight. Looked at in a copy, so that the program finds
    /// its files as they were left.
    pub async fn after_death(&mut self) {
        let Some(mut copy) = Copied::of(&self.database()).await else { return };
        let whole: String = sqlx::query_scalar("PRAGMA integrity_check")
            .fetch_one(&mut copy.conn)
            .await
            .expect("it can be looked through");
        assert_eq!(whole, "ok", "{}", self.told());
        // killed before its tables were made: nothing was in flight
        if let Some(open) = open_rows(&mut copy.conn).await {
            self.in_flight += open.submitting.unsigned_abs().min(WINDOW);
        }
    }

    /// The story, for the words of a failure.
    pub fn told(&self) -> String {
        format!("what was done (CHRAK_SEED repeats it):\n  {}", self.story.join("\n  "))
    }

    pub async fn stop(self) {
        self.telco.stop().await;
        self.portal.stop().await;
    }
}

/// A database as it was left, in a folder of its own.
struct Copied {
    conn: SqliteConnection,
    _folder: tempfile::TempDir,
}

impl Copied {
    async fn of(database: &Path) -> Option<Self> {
        if !database.exists() {
            return None;
        }
        let folder = tempfile::tempdir().expect("a folder");
        let from = database.parent().expect("a folder");
        for entry in std::fs::read_dir(from).expect("a readable folder") {
            let entry = entry.expect("an entry");
            let name = entry.file_name();
            // the index of the WAL is made anew, and the reserve is nothing but room
            if name.to_string_lossy().starts_with("chrak.db") && name != "chrak.db-shm" {
                std::fs::copy(entry.path(), folder.path().join(name)).expect("copied");
            }
        }
        let conn = SqliteConnectOptions::new().filename(folder.path().join("chrak.db")).connect().await.expect("opens");
        Some(Copied { conn, _folder: folder })
    }
}

/// A second connection to a database that is in use.
pub async fn onlooker(database: &Path) -> Option<SqliteConnection> {
    let options = SqliteConnectOptions::new().filename(database).read_only(true).busy_timeout(Duration::from_secs(5));
    options.connect().await.ok()
}

/// What is open; `None` before there are tables.
pub async fn open_rows(conn: &mut SqliteConnection) -> Option<Open> {
    let sql = "SELECT (SELECT count(*) FROM inbox WHERE state < 2), \
        (SELECT count(*) FROM outbox WHERE state = 0), (SELECT count(*) FROM outbox WHERE state = 1), \
        (SELECT count(*) FROM outbox WHERE state = 2), (SELECT count(*) FROM push WHERE state = 0)";
    let (texts, queued, submitting, uncertain, pushes) = sqlx::query_as(sql).fetch_one(&mut *conn).await.ok()?;
    Some(Open { texts, queued, submitting, uncertain, pushes })
}

/// Closes an onlooker.
pub async fn close(conn: SqliteConnection) {
    conn.close().await.expect("closes");
}

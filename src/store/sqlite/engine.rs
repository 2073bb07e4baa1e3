//! What SQLite needs around a commit: files that stand in their places, room on the disk, and a WAL that is copied while
//! nothing comes. It must not know what is written.
use super::{
    damage::Damage,
    fault::{is_full, judge, of_read},
    files::Files,
    room::{FOR_NEW, Room, START},
};
use crate::{
    ports::{StoreFault, Trouble},
    store::{
        batch::Db,
        conn::{DbError, Sql},
        engine::{Engine, Failure},
        store::Base,
    },
};
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};
use tokio::time::Instant;

/// Pause between looks at the room on the disk.
const ROOM_LOOKED_AT: Duration = Duration::from_secs(10);
/// And at commits between them, whether there is enough for anything new: what comes in so long is a few MiB.
const LOW_LOOKED_AT: Duration = Duration::from_millis(200);

/// The files of an open database, and how they are. The lock is held as long as somebody reads or writes.
pub(super) struct SqliteBase {
    /// Looked at around each commit.
    pub files: Files,
    /// Nothing is written into a database that was found to be damaged.
    pub damage: Damage,
    /// Whether the last commit failed for want of room.
    pub full: AtomicBool,
    /// Whether there is too little room for anything new.
    pub low: AtomicBool,
    /// Room on its disk.
    pub room: Room,
}

impl Base for SqliteBase {
    fn trouble(&self) -> Option<Trouble> {
        if let Some(what) = self.files.displaced() {
            let words = format!(
                "{what}; nothing is taken until it is back. What was stored is in this process's open files only \
                 (/proc/{}/fd, which root can read): save them before you stop it, then restore the database",
                std::process::id()
            );
            return Some(Trouble { words, lasting: true });
        }
        if let Some(what) = self.damage.found() {
            let words = format!("{what}; nothing is taken until then");
            return Some(Trouble { words, lasting: true });
        }
        let (full, low) = (self.full.load(Ordering::Relaxed), self.low.load(Ordering::Relaxed));
        let needed = if low { FOR_NEW } else { START };
        (full || low).then(|| Trouble { words: self.room.lacks(needed).to_string(), lasting: false })
    }

    fn of_read(&self, error: &DbError) -> StoreFault {
        of_read(error)
    }
}

/// The writing connection's surroundings.
pub(super) struct SqliteEngine {
    db: Db,
    base: Arc<SqliteBase>,
    /// Where room is kept aside.
    reserve: Option<Room>,
    room_looked_at: Option<Instant>,
    low_looked_at: Option<Instant>,
}

impl SqliteEngine {
    pub(super) fn new(db: Db, base: Arc<SqliteBase>, reserve: Option<Room>) -> Self {
        SqliteEngine { db, base, reserve, room_looked_at: None, low_looked_at: None }
    }

    /// Copies the WAL into the database.
    fn checkpoint(&self) {
        if let Err(error) = self.db.conn.execute("PRAGMA wal_checkpoint(PASSIVE)", &[]) {
            tracing::warn!(%error, "checkpoint");
        }
    }
}

impl Engine for SqliteEngine {
    fn db(&mut self) -> &mut Db {
        &mut self.db
    }

    fn judge(&self, error: &DbError) -> Failure {
        judge(error)
    }

    fn refuses(&mut self) -> bool {
        self.base.files.displaced().is_some() || self.base.damage.found().is_some()
    }

    fn begin(&mut self) -> Sql<()> {
        self.db.conn.execute("BEGIN IMMEDIATE", &[]).map(|_| ())
    }

    fn commit(&mut self) -> Sql<()> {
        self.db.conn.execute("COMMIT", &[])?;
        // what was written lies in a file that no start will find
        self.base.files.displaced().map_or(Ok(()), |what| Err(DbError::Uncertain(what)))
    }

    fn lacks_room(&mut self) -> bool {
        let Some(room) = &self.reserve else { return false };
        if self.low_looked_at.is_none_or(|at| at.elapsed() >= LOW_LOOKED_AT) {
            self.low_looked_at = Some(Instant::now());
            let low = room.is_low();
            match (self.base.low.swap(low, Ordering::Relaxed), low) {
                (false, true) => {
                    tracing::error!("{}; nothing new is taken, what is in hand goes on", room.lacks(FOR_NEW));
                }
                (true, false) => tracing::info!("the disk has room again: new texts are taken"),
                _ => {}
            }
        }
        self.base.low.load(Ordering::Relaxed)
    }

    /// Once more with the room that was kept aside, if there was too little.
    fn mend(&mut self, error: &DbError) -> bool {
        is_full(error) && self.reserve.as_ref().is_some_and(Room::release)
    }

    fn settled(&mut self, result: &Sql<()>) {
        self.base.full.store(result.as_ref().is_err_and(is_full), Ordering::Relaxed);
    }

    fn look_around(&mut self) {
        self.lacks_room();
        if self.room_looked_at.is_some_and(|at| at.elapsed() <= ROOM_LOOKED_AT) {
            return;
        }
        self.room_looked_at = Some(Instant::now());
        let Some(room) = self.reserve.clone() else { return };
        // on a thread of its own: nobody waits for it
        let looks = thread::Builder::new().name("chrak-room".to_owned()).spawn(move || room.keep());
        if let Err(error) = looks {
            tracing::warn!(%error, "the room on the disk could not be looked at");
        }
    }

    fn idle(&mut self) {
        self.checkpoint();
    }

    fn close(self) {
        self.checkpoint();
        if let Err(error) = self.db.conn.close() {
            tracing::warn!(%error, "closing the database");
        }
    }
}

//! The one writer: takes operations from a bounded queue, carries out many in one transaction and answers them after the
//! commit. Knows when to commit; what an operation does stands in `sql`.
use super::{
    batch::Db,
    conn::Sql,
    damage::Damage,
    fault::{Failure, is_full, judge},
    files::Files,
    ops::{Op, one_by_one, together},
    room::{FOR_NEW, Room},
};
use crate::{ports::StoreFault, types::limits::COMMIT_OPS_MAX};
use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};
use tokio::{sync::mpsc, time::Instant};

/// Called once when the database can no longer be trusted; in production it ends the process at once.
pub type Fatal = Arc<dyn Fn(&str) + Send + Sync>;

/// Pause between looks at the room on the disk.
const ROOM_LOOKED_AT: Duration = Duration::from_secs(10);
/// And at commits between them, whether there is enough for anything new: what comes in so long is a few MiB.
const LOW_LOOKED_AT: Duration = Duration::from_millis(200);
/// Idle time after which the WAL is copied into the database.
const CHECKPOINT_IDLE: Duration = Duration::from_secs(1);

/// How long receipts, confirmed resps and outcomes that nobody waits for wait for somebody whose commit they can join: with the
/// first two of 19,204 commits for 8,000 texts at 500 a second this left 16,264. A telco with ten receipts in flight still delivers 2,000 of them a second.
const FOR_COMPANY: Duration = Duration::from_millis(5);

/// As many as one commit carries.
fn take_what_waits(queue: &mut mpsc::Receiver<Op>, batch: &mut Vec<Op>) {
    while batch.len() < COMMIT_OPS_MAX {
        match queue.try_recv() {
            Ok(op) => batch.push(op),
            Err(_) => break,
        }
    }
}

fn answer_all(batch: Vec<Op>, fault: Option<StoreFault>) {
    for op in batch {
        op.answer(fault);
    }
}

/// The writer thread's own.
pub(super) struct Writer {
    pub db: Db,
    pub fatal: Fatal,
    pub commits: Arc<AtomicU64>,
    /// Looked at around each commit. Held as long as the writer lives, so that no second process writes.
    pub files: Arc<Files>,
    /// Nothing is written into a database that was found to be damaged.
    pub damage: Damage,
    /// Whether the last commit failed for want of room.
    pub full: Arc<AtomicBool>,
    /// Where room is kept aside.
    pub room: Option<Room>,
    /// Whether there is too little for anything new, and when that was looked at.
    pub low: Arc<AtomicBool>,
    pub low_looked_at: Option<Instant>,
}

impl Writer {
    /// Starts the thread that writes. Statements are carried out on it one after the other, without a change of threads
    /// between them: with one for each, an answer at 500 texts a second cost three times as much.
    pub(super) fn start(self, queue: mpsc::Receiver<Op>) -> io::Result<JoinHandle<()>> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
        thread::Builder::new().name("chrak-writer".to_owned()).spawn(move || runtime.block_on(self.run(queue)))
    }

    /// Runs until the store is dropped or the database cannot be trusted any more.
    async fn run(mut self, mut queue: mpsc::Receiver<Op>) {
        let mut dirty = false;
        let mut room_looked_at = None;
        loop {
            if room_looked_at.is_none_or(|at: Instant| at.elapsed() > ROOM_LOOKED_AT) {
                room_looked_at = Some(Instant::now());
                self.keep_room();
            }
            let first = match tokio::time::timeout(CHECKPOINT_IDLE, queue.recv()).await {
                Ok(Some(op)) => op,
                Ok(None) => break,
                Err(_) => {
                    self.look_whether_low();
                    if std::mem::take(&mut dirty) {
                        self.checkpoint();
                    }
                    continue;
                }
            };
            let mut batch = vec![first];
            take_what_waits(&mut queue, &mut batch);
            let until = Instant::now() + FOR_COMPANY;
            while batch.len() < COMMIT_OPS_MAX && batch.iter().all(Op::can_wait) {
                let Ok(Some(op)) = tokio::time::timeout_at(until, queue.recv()).await else { break };
                batch.push(op);
                take_what_waits(&mut queue, &mut batch);
            }
            dirty = true;
            if !self.commit(batch) {
                return;
            }
        }
        self.checkpoint();
        if let Err(error) = self.db.conn.close() {
            tracing::warn!(%error, "closing the database");
        }
    }

    /// On a thread of its own: nobody waits for it.
    fn keep_room(&self) {
        if let Some(room) = self.room.clone() {
            tokio::task::spawn_blocking(move || room.keep());
        }
    }

    fn look_whether_low(&mut self) {
        let Some(room) = &self.room else { return };
        if self.low_looked_at.is_some_and(|at| at.elapsed() < LOW_LOOKED_AT) {
            return;
        }
        self.low_looked_at = Some(Instant::now());
        let low = room.is_low();
        match (self.low.swap(low, Ordering::Relaxed), low) {
            (false, true) => tracing::error!("{}; nothing new is taken, what is in hand goes on", room.lacks(FOR_NEW)),
            (true, false) => tracing::info!("the disk has room again: new texts are taken"),
            _ => {}
        }
    }

    fn checkpoint(&self) {
        if let Err(error) = self.db.conn.rows("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(())) {
            tracing::warn!(%error, "checkpoint");
        }
    }

    /// One transaction; returns whether to carry on.
    fn commit(&mut self, mut batch: Vec<Op>) -> bool {
        if self.files.displaced().is_some() || self.damage.found().is_some() {
            answer_all(batch, Some(StoreFault::Busy));
            return true;
        }
        self.look_whether_low();
        if self.low.load(Ordering::Relaxed) {
            let (new, rest) = batch.into_iter().partition(Op::is_new);
            answer_all(new, Some(StoreFault::Full));
            batch = rest;
            if batch.is_empty() {
                return true;
            }
        }
        let started = Instant::now();
        let outcome = self.transact_with_room(&mut batch);
        metrics::histogram!("chrak_commit_seconds").record(started.elapsed().as_secs_f64());
        self.commits.fetch_add(1, Ordering::Relaxed);
        let (fault, lost) = match outcome {
            // what was written lies in a file that no start will find
            Ok(()) if self.files.displaced().is_some() => (Some(StoreFault::Unknown), None),
            Ok(()) => (None, None),
            Err(error) => match judge(&error) {
                Failure::Fatal => (Some(StoreFault::Unknown), Some(error)),
                Failure::Busy | Failure::Operation => {
                    tracing::error!(%error, "the database took nothing");
                    (Some(StoreFault::Busy), None)
                }
            },
        };
        answer_all(batch, fault);
        let Some(error) = lost else {
            return true;
        };
        tracing::error!(%error, "the database cannot be trusted any more");
        (self.fatal)(&error.to_string());
        false
    }

    /// Once more with the room that was kept aside, if there was too little.
    fn transact_with_room(&mut self, batch: &mut [Op]) -> Sql<()> {
        let mut result = self.transact(batch);
        if result.as_ref().is_err_and(is_full) && self.room.as_ref().is_some_and(Room::release) {
            result = self.transact(batch);
        }
        self.full.store(result.as_ref().is_err_and(is_full), Ordering::Relaxed);
        result
    }

    /// All operations as sets; if that fails for an operation's own sake, each by itself.
    fn transact(&mut self, batch: &mut [Op]) -> Sql<()> {
        let before = (self.db.incarnation, self.db.orphans);
        let mut result = self.attempt(batch, false);
        if let Err(error) = &result {
            (self.db.incarnation, self.db.orphans) = before;
            self.rollback();
            if matches!(judge(error), Failure::Operation) {
                tracing::warn!(%error, ops = batch.len(), "operations are done one by one");
                result = self.attempt(batch, true);
                if result.is_err() {
                    (self.db.incarnation, self.db.orphans) = before;
                    self.rollback();
                }
            }
        }
        result
    }

    fn rollback(&mut self) {
        // fails where SQLite has rolled back by itself
        let _ = self.db.conn.execute("ROLLBACK", []);
    }

    fn attempt(&mut self, batch: &mut [Op], each_alone: bool) -> Sql<()> {
        self.db.conn.execute("BEGIN IMMEDIATE", [])?;
        if each_alone {
            one_by_one(&mut self.db, batch)?;
        } else {
            together(&mut self.db, batch)?;
        }
        self.db.conn.execute("COMMIT", [])?;
        Ok(())
    }
}

//! The store on one SQLite file: opening it, checking that it keeps what it promises, and the way in for
//! the ports. One task writes (`writer`); a few read-only connections read.
mod asked;
mod citizens;
mod files;
mod inbox;
mod kiosks;
mod messages;
mod open;
mod outbox;
mod pairing;
mod pushes;
mod receipts;
mod room;
mod rows;
mod ussd;
mod windows;
mod writer;

pub use files::stands;
pub use open::{OpenError, StoreOptions};
pub use room::{NoRoom, for_new};
pub use writer::Fatal;

use crate::{
    ports::{StoreFault, Trouble},
    store::Keys,
    types::{Msisdn, MtId},
};
use files::Files;
use room::Room;
use rows::Mac;
use sqlx::SqlitePool;
use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU64, Ordering},
};
use tokio::{
    sync::{mpsc, oneshot},
    task::JoinHandle,
};
use uuid::Uuid;
use writer::{Answer, Job, Op, Verdict, fault};

/// All ports of the store on one SQLite file. Dropping it lets the writer finish what is queued and end.
pub struct SqliteStore {
    queue: mpsc::Sender<Job>,
    readers: SqlitePool,
    keys: Keys,
    commits: Arc<AtomicU64>,
    writer: JoinHandle<()>,
    /// Whether the last commit failed for want of room.
    full: Arc<AtomicBool>,
    room: Room,
    /// The lock is held until nobody here reads or writes any more.
    files: Arc<Files>,
}

impl SqliteStore {
    /// Commits made since the store was opened, for tests and measurements of batching.
    pub fn commits(&self) -> u64 {
        self.commits.load(Ordering::Relaxed)
    }

    /// Finishes what is queued and gives the file and its lock back. Says nothing about a clean end: that
    /// is `Inbox::end`.
    pub async fn close(self) {
        self.readers.close().await;
        drop(self.queue);
        if let Err(error) = self.writer.await {
            tracing::error!(%error, "the writer of the database");
        }
    }

    fn known_trouble(&self) -> Option<Trouble> {
        if let Some(what) = self.files.displaced() {
            let words = format!(
                "{what}; nothing is taken until it is back. What was stored is in this process's open files only \
                 (/proc/{}/fd, which root can read): save them before you stop it, then restore the database",
                std::process::id()
            );
            return Some(Trouble { words, lasting: true });
        }
        let full = self.full.load(Ordering::Relaxed);
        full.then(|| Trouble { words: self.room.lacking().to_string(), lasting: false })
    }

    async fn submit(&self, op: Op) -> Verdict {
        let (reply, answer) = oneshot::channel();
        self.queue.send(Job { op, reply }).await.map_err(|_| StoreFault::Closed)?;
        // the writer ended with the operation in hand: whether it was committed is not known
        answer.await.unwrap_or(Err(StoreFault::Unknown))
    }

    /// For operations that answer with segments.
    async fn submit_for_ids(&self, op: Op) -> Result<Vec<MtId>, StoreFault> {
        match self.submit(op).await? {
            Answer::Ids(ids) => Ok(ids.into_iter().map(|id| MtId(Uuid::from_bytes(id))).collect()),
            _ => Err(StoreFault::Unknown),
        }
    }

    async fn count(&self, op: Op) -> Result<u64, StoreFault> {
        match self.submit(op).await? {
            Answer::Count(count) => Ok(count),
            _ => Err(StoreFault::Unknown),
        }
    }

    async fn read_count(&self, sql: &'static str) -> Result<u64, StoreFault> {
        sqlx::query_scalar(sql).fetch_one(&self.readers).await.map_err(|error| fault(&error))
    }

    fn mac(&self, number: &Msisdn) -> Mac {
        self.keys.number_mac(number.digits())
    }

    fn open_text(&self, row: &[u8], column: &str, sealed: &[u8]) -> Option<String> {
        self.keys.open(row, column, sealed).ok().and_then(|plain| String::from_utf8(plain).ok())
    }
}

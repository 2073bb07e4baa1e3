//! The store on one SQLite file: opening it, checking that it keeps what it promises, and the way in for
//! the ports. One task writes (`writer`); a few read-only connections read.
mod asked;
mod citizens;
mod inbox;
mod kiosks;
mod messages;
mod open;
mod outbox;
mod pairing;
mod pushes;
mod receipts;
mod rows;
mod ussd;
mod writer;

pub use open::{OpenError, StoreOptions};
pub use writer::Fatal;

use crate::{
    ports::StoreFault,
    store::Keys,
    types::{Msisdn, MtId},
};
use rows::Mac;
use sqlx::SqlitePool;
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
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

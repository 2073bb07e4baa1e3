//! A store, opened: the way to the writer and to the readers, for the ports. It must not know which database it is.
use super::{
    Keys,
    batch::Verdict,
    conn::{Conn, DbError, Sql},
    leasing::Leasing,
    ops::{Job, Op, Single},
    readers::Readers,
    rows::Mac,
    sql::restore::{self, Restored},
    tallies::TallyNames,
};
use crate::{
    ports::{StoreFault, Trouble, audit::Journal},
    types::{Msisdn, UnixMs},
};
use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread::JoinHandle,
};
use tokio::sync::mpsc;

/// What a database is to its store beside its connections.
pub(super) trait Base: Send + Sync {
    /// What keeps it from taking anything, if it knows.
    fn trouble(&self) -> Option<Trouble>;
    /// The fault that a failed read is for its caller.
    fn of_read(&self, error: &DbError) -> StoreFault;
}

/// All ports of the store in one database. Dropping it lets the writer finish what is queued and end.
pub struct DbStore {
    pub(super) queue: mpsc::Sender<Op>,
    pub(super) readers: Readers,
    pub(super) keys: Keys,
    pub(super) commits: Arc<AtomicU64>,
    pub(super) writer: JoinHandle<()>,
    /// Windows that there may be.
    pub(super) tallies: Arc<TallyNames>,
    /// The way to the leases of binds, where several nodes share them.
    pub(super) leasing: Option<Leasing>,
    /// Name of this node; empty of a database that one process has.
    pub(super) node: String,
    /// What is noted for the audit log.
    pub(super) journal: Arc<Journal>,
    /// Held until nobody here reads or writes any more.
    pub(super) base: Arc<dyn Base>,
}

impl DbStore {
    /// Commits made since the store was opened, for tests and measurements of batching.
    pub fn commits(&self) -> u64 {
        self.commits.load(Ordering::Relaxed)
    }

    /// Finishes what is queued and gives the database back. Says nothing about a clean end: that is `Inbox::end`.
    pub async fn close(self) {
        self.readers.close().await;
        if let Some(leasing) = &self.leasing {
            leasing.close().await;
        }
        drop(self.queue);
        let ended = tokio::task::spawn_blocking(|| self.writer.join()).await;
        if !matches!(ended, Ok(Ok(()))) {
            tracing::error!("the writer of the database broke off");
        }
    }

    /// Where anybody notes what the audit log is to say; it is written with the next commit.
    pub fn journal(&self) -> Arc<Journal> {
        Arc::clone(&self.journal)
    }

    /// Its keys.
    pub fn keys(&self) -> &Keys {
        &self.keys
    }

    /// Settles a database that is a copy of a time: what was open then is ended without a text. Called before a run begins.
    ///
    /// # Errors
    /// When the database does not take it.
    pub async fn restored(&self, of: UnixMs, now: UnixMs) -> Verdict<Restored> {
        self.submit(Single::Restored, (of, now)).await
    }

    /// When the database was restored last.
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn restored_at(&self) -> Verdict<Option<UnixMs>> {
        self.read(restore::restored_at).await
    }

    /// What keeps the store from taking anything.
    pub(super) fn known_trouble(&self) -> Option<Trouble> {
        self.base.trouble()
    }

    /// Has an operation of a kind carried out; done when it is committed.
    pub(super) async fn submit<O, T, K: Into<Op>>(&self, kind: fn(Box<Job<O, T>>) -> K, op: O) -> Verdict<T> {
        let (job, answer) = Job::new(op);
        self.queue.send(kind(Box::new(job)).into()).await.map_err(|_| StoreFault::Closed)?;
        // the writer ended with the operation in hand: whether it was committed is not known
        answer.await.unwrap_or(Err(StoreFault::Unknown))
    }

    /// What was read, or why it could not be.
    pub(super) async fn read<T: Send + 'static>(
        &self,
        reading: impl FnOnce(&Conn) -> Sql<T> + Send + 'static,
    ) -> Verdict<T> {
        self.readers.ask(reading).await?.map_err(|error| self.base.of_read(&error))
    }

    /// What stands for a number.
    pub(super) fn mac(&self, number: &Msisdn) -> Mac {
        self.keys.number_mac(number.digits())
    }
}

//! The store on one SQLite file, opened: the way to the writer and to the readers, for the ports.
use super::{
    batch::Verdict,
    conn::{Conn, Sql},
    damage::Damage,
    fault::of_read,
    files::Files,
    ops::{Job, Op},
    readers::Readers,
    room::{FOR_NEW, Room, START},
    tallies::TallyNames,
};
use crate::{
    ports::{StoreFault, Trouble},
    store::{Keys, rows::Mac},
    types::Msisdn,
};
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread::JoinHandle,
};
use tokio::sync::mpsc;

/// All ports of the store on one SQLite file. Dropping it lets the writer finish what is queued and end.
pub struct SqliteStore {
    pub(super) queue: mpsc::Sender<Op>,
    pub(super) readers: Readers,
    pub(super) keys: Keys,
    pub(super) commits: Arc<AtomicU64>,
    pub(super) writer: JoinHandle<()>,
    /// Whether the last commit failed for want of room.
    pub(super) full: Arc<AtomicBool>,
    /// Whether there is too little room for anything new.
    pub(super) low: Arc<AtomicBool>,
    pub(super) room: Room,
    /// The lock is held until nobody here reads or writes any more.
    pub(super) files: Arc<Files>,
    /// Windows that there may be.
    pub(super) tallies: Arc<TallyNames>,
    /// Whether pages were found to be damaged.
    pub(super) damage: Damage,
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
        let ended = tokio::task::spawn_blocking(|| self.writer.join()).await;
        if !matches!(ended, Ok(Ok(()))) {
            tracing::error!("the writer of the database broke off");
        }
    }

    /// What keeps the store from taking anything.
    pub(super) fn known_trouble(&self) -> Option<Trouble> {
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
        self.readers.ask(reading).await?.map_err(|error| of_read(&error))
    }

    /// What stands for a number.
    pub(super) fn mac(&self, number: &Msisdn) -> Mac {
        self.keys.number_mac(number.digits())
    }
}

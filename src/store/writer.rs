//! The one writer of a process: takes operations from a bounded queue, carries out many in one transaction and answers them
//! after the commit. Knows when to commit; what an operation does stands in `sql`, what a database needs around a commit in
//! its engine.
use super::{
    conn::Sql,
    engine::{Engine, Failure},
    ops::{Op, one_by_one, together, wanted},
    sql::locks,
};
use crate::{ports::StoreFault, types::limits::COMMIT_OPS_MAX};
use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};
use tokio::{runtime::Runtime, sync::mpsc, time::Instant};

/// Called once when the database can no longer be trusted; in production it ends the process at once.
pub type Fatal = Arc<dyn Fn(&str) + Send + Sync>;

/// Idle time after which the engine may tidy up.
const IDLE: Duration = Duration::from_secs(1);

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

/// What came of waiting for operations.
enum Came {
    Batch(Vec<Op>),
    Nothing,
    End,
}

/// The next batch.
async fn next(queue: &mut mpsc::Receiver<Op>) -> Came {
    let first = match tokio::time::timeout(IDLE, queue.recv()).await {
        Ok(Some(op)) => op,
        Ok(None) => return Came::End,
        Err(_) => return Came::Nothing,
    };
    let mut batch = vec![first];
    take_what_waits(queue, &mut batch);
    let until = Instant::now() + FOR_COMPANY;
    while batch.len() < COMMIT_OPS_MAX && batch.iter().all(Op::can_wait) {
        let Ok(Some(op)) = tokio::time::timeout_at(until, queue.recv()).await else { break };
        batch.push(op);
        take_what_waits(queue, &mut batch);
    }
    Came::Batch(batch)
}

/// The writer thread's own.
pub(super) struct Writer<E> {
    pub engine: E,
    pub fatal: Fatal,
    pub commits: Arc<AtomicU64>,
}

impl<E: Engine> Writer<E> {
    /// Starts the thread that writes. Statements are carried out on it one after the other, without a change of threads
    /// between them: with one for each, an answer at 500 texts a second cost three times as much.
    pub(super) fn start(self, queue: mpsc::Receiver<Op>) -> io::Result<JoinHandle<()>> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
        thread::Builder::new().name("chrak-writer".to_owned()).spawn(move || self.run(&runtime, queue))
    }

    /// Runs until the store is dropped or the database cannot be trusted any more.
    fn run(mut self, runtime: &Runtime, mut queue: mpsc::Receiver<Op>) {
        let mut dirty = false;
        loop {
            self.engine.look_around();
            match runtime.block_on(next(&mut queue)) {
                Came::Batch(batch) => {
                    dirty = true;
                    if !self.commit(batch) {
                        return;
                    }
                }
                Came::Nothing if std::mem::take(&mut dirty) => self.engine.idle(),
                Came::Nothing => {}
                Came::End => break,
            }
        }
        self.engine.close();
    }

    /// One transaction; returns whether to carry on.
    fn commit(&mut self, mut batch: Vec<Op>) -> bool {
        if self.engine.refuses() {
            answer_all(batch, Some(StoreFault::Busy));
            return true;
        }
        if self.engine.lacks_room() {
            let (new, rest) = batch.into_iter().partition(Op::is_new);
            answer_all(new, Some(StoreFault::Full));
            batch = rest;
            if batch.is_empty() {
                return true;
            }
        }
        let started = Instant::now();
        let mut outcome = self.transact(&mut batch);
        if outcome.as_ref().is_err_and(|error| self.engine.mend(error)) {
            outcome = self.transact(&mut batch);
        }
        self.engine.settled(&outcome);
        metrics::histogram!("chrak_commit_seconds").record(started.elapsed().as_secs_f64());
        self.commits.fetch_add(1, Ordering::Relaxed);
        let Err(error) = outcome else {
            answer_all(batch, None);
            return true;
        };
        let failure = self.engine.judge(&error);
        let fault = match failure {
            Failure::Busy | Failure::Operation => {
                tracing::error!(%error, "the database took nothing");
                StoreFault::Busy
            }
            Failure::Unknown | Failure::Fatal => StoreFault::Unknown,
        };
        answer_all(batch, Some(fault));
        match failure {
            Failure::Fatal => {
                tracing::error!(%error, "the database cannot be trusted any more");
                (self.fatal)(&error.to_string());
                false
            }
            Failure::Unknown => {
                tracing::error!(%error, "whether a commit was done is not known");
                true
            }
            Failure::Busy | Failure::Operation => true,
        }
    }

    /// All operations as sets; if that fails for an operation's own sake, each by itself.
    fn transact(&mut self, batch: &mut [Op]) -> Sql<()> {
        let db = self.engine.db();
        let before = (db.incarnation, db.orphans);
        let mut result = self.attempt(batch, false);
        if let Err(error) = &result {
            self.undo(before);
            if self.engine.judge(error) == Failure::Operation {
                tracing::warn!(%error, ops = batch.len(), "operations are done one by one");
                result = self.attempt(batch, true);
                if result.is_err() {
                    self.undo(before);
                }
            }
        }
        result
    }

    fn undo(&mut self, before: (i64, i64)) {
        let db = self.engine.db();
        (db.incarnation, db.orphans) = before;
        // fails where the database has rolled back by itself
        let _ = db.conn.execute("ROLLBACK", &[]);
    }

    fn attempt(&mut self, batch: &mut [Op], each_alone: bool) -> Sql<()> {
        self.engine.begin()?;
        locks::take(self.engine.db(), &wanted(batch))?;
        if each_alone {
            one_by_one(&mut self.engine, batch)?;
        } else {
            together(self.engine.db(), batch)?;
        }
        self.engine.commit()
    }
}

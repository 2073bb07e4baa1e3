//! The one writer: takes operations from a bounded queue, carries out many in one transaction and replies
//! after the commit. Knows when to commit; what an operation does stands in `inbox` and `outbox`.
use super::{
    asked::{self, AskedRow},
    files::Files,
    inbox::{self, Sweep},
    kiosks::{self, KioskOp},
    messages::{self, CallRow},
    outbox::{self, SettleRow},
    pushes::{self, PushEndRow, PushRow},
    receipts::{self, ReceiptRow},
    room::Room,
    rows::{CitizenRow, FinishRow, Id, MoRow, Sql},
    ussd::{self, UssdRow},
};
use crate::{
    ports::{
        StoreFault,
        inbox::{Accepted, Recovery},
        messages::CallEnd,
        outbox::{Receipted, Resolved},
        pushes::Asked,
    },
    smpp::message_id::Learned,
    types::limits::COMMIT_OPS_MAX,
};
use sqlx::{Connection, SqliteConnection};
use std::{
    collections::HashSet,
    hash::{DefaultHasher, Hash, Hasher},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::sync::{mpsc, oneshot};

/// Called once when the database can no longer be trusted; in production it ends the process at once.
pub type Fatal = Arc<dyn Fn(&str) + Send + Sync>;

/// Pause between looks at the room on the disk.
const ROOM_LOOKED_AT: Duration = Duration::from_secs(10);
/// Idle time after which the WAL is copied into the database.
const CHECKPOINT_IDLE: Duration = Duration::from_secs(1);

/// One operation; each is atomic.
pub(super) enum Op {
    Accept(Box<MoRow>),
    Claim { mo: Id, alone: bool },
    Release { mo: Id },
    Finish(Box<FinishRow>),
    Confirm(Vec<Id>),
    BeginSubmit { mts: Vec<Id>, session: Id, now: i64 },
    Settle(Vec<SettleRow>),
    Receipt(ReceiptRow),
    Begin { now: i64 },
    End { now: i64 },
    Probe,
    Sweep(Sweep),
    Resolve { smsc: String, before: i64, now: i64 },
    Expire { now: i64 },
    Unreadable { mts: Vec<Id>, now: i64 },
    TakeEvent { event: String, push: Option<Box<PushRow>>, now: i64 },
    TakeAsked(Box<AskedRow>),
    EndPush(Box<PushEndRow>),
    SetCursor(Option<String>),
    AcceptCall(Box<CallRow>),
    Ussd(Box<UssdRow>),
    Kiosk(Box<KioskOp>),
}

/// What an operation returns.
pub(super) enum Answer {
    Done,
    New(Option<CitizenRow>),
    Known(Accepted),
    Citizen(Option<CitizenRow>),
    Ids(Vec<Id>),
    Recovery(Recovery),
    Count(u64),
    Resolved(Resolved),
    Receipted(Receipted),
    Call(CallEnd),
    Asked(Asked),
}

pub(super) type Verdict = Result<Answer, StoreFault>;

/// An operation and where its answer goes.
pub(super) struct Job {
    pub op: Op,
    pub reply: oneshot::Sender<Verdict>,
}

/// Answers of a batch, by the position of their operation.
pub(super) struct Answers(Vec<Option<Verdict>>);

impl Answers {
    fn new(len: usize) -> Self {
        Answers((0..len).map(|_| None).collect())
    }

    pub(super) fn set(&mut self, at: usize, verdict: Verdict) {
        self.0[at] = Some(verdict);
    }
}

/// Operations of one kind with their positions.
pub(super) type Many<'a, T> = Vec<(usize, &'a T)>;

/// Operations that touch different rows, so that kinds may be carried out in a fixed order.
#[derive(Default)]
struct Group<'a> {
    touched: HashSet<u64>,
    confirms: Many<'a, Vec<Id>>,
    settles: Many<'a, Vec<SettleRow>>,
    receipts: Many<'a, ReceiptRow>,
    submits: Vec<(usize, &'a [Id], Id, i64)>,
    releases: Many<'a, Id>,
    finishes: Many<'a, FinishRow>,
    claims: Vec<(usize, Id, bool)>,
    accepts: Many<'a, MoRow>,
    ussds: Many<'a, UssdRow>,
}

/// The writing connection and what is known beside it.
pub(super) struct Db {
    pub conn: SqliteConnection,
    /// Number of this run, 0 before `begin`.
    pub incarnation: i64,
    /// How many receipts wait for their resp.
    pub orphans: i64,
    /// What receipts have proven of the ids of each family, since the start.
    pub learned: receipts::Learnt,
    /// Families of the telcos; a telco without one is its own.
    pub families: pushes::Families,
}

impl Db {
    /// What receipts have proven of a family's ids.
    pub(super) fn learned(&self, family: &str) -> Learned {
        self.learned.get(family).copied().unwrap_or_default()
    }

    pub(super) fn family(&self, smsc: &str) -> String {
        self.families.get(&smsc.into()).map_or(smsc, |family| family.as_str()).to_owned()
    }
}

/// How the database failed.
enum Failure {
    /// The operation was at fault (a constraint).
    Operation,
    /// The database cannot write now.
    Busy,
    /// It cannot be trusted any more.
    Fatal,
}

fn code(error: &sqlx::Error) -> Option<i32> {
    match error {
        sqlx::Error::Database(error) => error.code().and_then(|code| code.parse::<i32>().ok()).map(|code| code & 0xff),
        _ => None,
    }
}

fn is_full(error: &sqlx::Error) -> bool {
    code(error) == Some(13)
}

fn answer_all(batch: Vec<Job>, fault: StoreFault) {
    for job in batch {
        // a caller that has gone needs no answer
        let _ = job.reply.send(Err(fault));
    }
}

fn judge(error: &sqlx::Error) -> Failure {
    if let sqlx::Error::Io(_) | sqlx::Error::WorkerCrashed | sqlx::Error::Protocol(_) = error {
        return Failure::Fatal;
    }
    match code(error) {
        // BUSY, LOCKED, NOMEM, READONLY, FULL, CANTOPEN
        Some(5 | 6 | 7 | 8 | 13 | 14) => Failure::Busy,
        // IOERR, CORRUPT, NOTADB
        Some(10 | 11 | 26) => Failure::Fatal,
        _ => Failure::Operation,
    }
}

/// The fault that a failed read is for its caller.
pub(super) fn fault(error: &sqlx::Error) -> StoreFault {
    tracing::error!(%error, "reading the database");
    match judge(error) {
        Failure::Fatal => StoreFault::Unknown,
        Failure::Busy | Failure::Operation => StoreFault::Busy,
    }
}

/// The writer task's own.
pub(super) struct Writer {
    pub db: Db,
    pub fatal: Fatal,
    pub commits: Arc<AtomicU64>,
    /// Looked at around each commit. Held as long as the writer lives, so that no second process writes.
    pub files: Arc<Files>,
    /// Whether the last commit failed for want of room.
    pub full: Arc<AtomicBool>,
    /// Where room is kept aside.
    pub room: Option<Room>,
}

impl Writer {
    /// Runs until the store is dropped or the database cannot be trusted any more.
    pub(super) async fn run(mut self, mut queue: mpsc::Receiver<Job>) {
        let mut dirty = false;
        let mut room_looked_at = None;
        loop {
            if room_looked_at.is_none_or(|at: Instant| at.elapsed() > ROOM_LOOKED_AT) {
                room_looked_at = Some(Instant::now());
                self.keep_room();
            }
            let first = match tokio::time::timeout(CHECKPOINT_IDLE, queue.recv()).await {
                Ok(Some(job)) => job,
                Ok(None) => break,
                Err(_) => {
                    if std::mem::take(&mut dirty) {
                        self.checkpoint().await;
                    }
                    continue;
                }
            };
            // lets those who are about to ask join this commit
            tokio::task::yield_now().await;
            let mut batch = vec![first];
            while batch.len() < COMMIT_OPS_MAX {
                match queue.try_recv() {
                    Ok(job) => batch.push(job),
                    Err(_) => break,
                }
            }
            dirty = true;
            if !self.commit(batch).await {
                return;
            }
        }
        self.checkpoint().await;
        if let Err(error) = self.db.conn.close().await {
            tracing::warn!(%error, "closing the database");
        }
    }

    /// On a thread of its own: nobody waits for it.
    fn keep_room(&self) {
        if let Some(room) = self.room.clone() {
            tokio::task::spawn_blocking(move || room.keep());
        }
    }

    async fn checkpoint(&mut self) {
        if let Err(error) = sqlx::query("PRAGMA wal_checkpoint(PASSIVE)").fetch_all(&mut self.db.conn).await {
            tracing::warn!(%error, "checkpoint");
        }
    }

    /// One transaction; returns whether to carry on.
    async fn commit(&mut self, batch: Vec<Job>) -> bool {
        if self.files.displaced().is_some() {
            answer_all(batch, StoreFault::Busy);
            return true;
        }
        let started = Instant::now();
        let outcome = self.transact_with_room(&batch).await;
        metrics::histogram!("chrak_commit_seconds").record(started.elapsed().as_secs_f64());
        self.commits.fetch_add(1, Ordering::Relaxed);
        let (verdicts, error) = match outcome {
            // what was written lies in a file that no start will find
            Ok(_) if self.files.displaced().is_some() => (StoreFault::Unknown, None),
            Ok(answers) => {
                for (job, verdict) in batch.into_iter().zip(answers.0) {
                    // a caller that has gone needs no answer
                    let _ = job.reply.send(verdict.unwrap_or(Err(StoreFault::Unknown)));
                }
                return true;
            }
            Err(error) => match judge(&error) {
                Failure::Fatal => (StoreFault::Unknown, Some(error)),
                Failure::Busy | Failure::Operation => {
                    tracing::error!(%error, "the database took nothing");
                    (StoreFault::Busy, None)
                }
            },
        };
        answer_all(batch, verdicts);
        let Some(error) = error else {
            return true;
        };
        tracing::error!(%error, "the database cannot be trusted any more");
        (self.fatal)(&error.to_string());
        false
    }

    /// Once more with the room that was kept aside, if there was too little.
    async fn transact_with_room(&mut self, batch: &[Job]) -> Sql<Answers> {
        let mut result = self.transact(batch).await;
        if result.as_ref().is_err_and(is_full) && self.room.as_ref().is_some_and(Room::release) {
            result = self.transact(batch).await;
        }
        self.full.store(result.as_ref().is_err_and(is_full), Ordering::Relaxed);
        result
    }

    /// All operations as sets; if that fails for an operation's own sake, each by itself.
    async fn transact(&mut self, batch: &[Job]) -> Sql<Answers> {
        let before = (self.db.incarnation, self.db.orphans);
        let mut result = self.attempt(batch, false).await;
        if let Err(error) = &result {
            (self.db.incarnation, self.db.orphans) = before;
            self.rollback().await;
            if matches!(judge(error), Failure::Operation) {
                tracing::warn!(%error, ops = batch.len(), "operations are done one by one");
                result = self.attempt(batch, true).await;
                if result.is_err() {
                    (self.db.incarnation, self.db.orphans) = before;
                    self.rollback().await;
                }
            }
        }
        result
    }

    async fn rollback(&mut self) {
        // fails where SQLite has rolled back by itself
        let _ = sqlx::query("ROLLBACK").execute(&mut self.db.conn).await;
    }

    async fn attempt(&mut self, batch: &[Job], one_by_one: bool) -> Sql<Answers> {
        let mut answers = Answers::new(batch.len());
        sqlx::query("BEGIN IMMEDIATE").execute(&mut self.db.conn).await?;
        if one_by_one {
            for (at, job) in batch.iter().enumerate() {
                self.db.alone(at, &job.op, &mut answers).await?;
            }
        } else {
            self.db.together(batch, &mut answers).await?;
        }
        sqlx::query("COMMIT").execute(&mut self.db.conn).await?;
        Ok(answers)
    }
}

impl Db {
    async fn together(&mut self, batch: &[Job], answers: &mut Answers) -> Sql<()> {
        let mut group = Group::default();
        for (at, job) in batch.iter().enumerate() {
            if !group.add(at, &job.op) {
                self.apply(std::mem::take(&mut group), answers).await?;
                if !group.add(at, &job.op) {
                    let answer = self.single(&job.op).await?;
                    answers.set(at, Ok(answer));
                }
            }
        }
        self.apply(group, answers).await
    }

    /// One operation in a savepoint: what is wrong with it is its own affair.
    async fn alone(&mut self, at: usize, op: &Op, answers: &mut Answers) -> Sql<()> {
        let orphans = self.orphans;
        sqlx::query("SAVEPOINT op").execute(&mut self.conn).await?;
        let mut group = Group::default();
        let result = if group.add(at, op) {
            self.apply(group, answers).await
        } else {
            self.single(op).await.map(|answer| answers.set(at, Ok(answer)))
        };
        if let Err(error) = result {
            if !matches!(judge(&error), Failure::Operation) {
                return Err(error);
            }
            tracing::error!(%error, "an operation breaks a rule of the database");
            metrics::counter!("chrak_store_rejected_total").increment(1);
            self.orphans = orphans;
            sqlx::query("ROLLBACK TO op").execute(&mut self.conn).await?;
            answers.set(at, Err(StoreFault::Rejected));
        }
        sqlx::query("RELEASE op").execute(&mut self.conn).await?;
        Ok(())
    }

    async fn apply(&mut self, group: Group<'_>, answers: &mut Answers) -> Sql<()> {
        inbox::confirm(self, &group.confirms, answers).await?;
        outbox::settle(self, &group.settles, answers).await?;
        receipts::receive(self, &group.receipts, answers).await?;
        outbox::begin_submit(self, &group.submits, answers).await?;
        inbox::release(self, &group.releases, answers).await?;
        inbox::finish(self, &group.finishes, answers).await?;
        inbox::claim(self, &group.claims, answers).await?;
        ussd::keep(self, &group.ussds, answers).await?;
        inbox::accept(self, &group.accepts, answers).await
    }

    /// Operations that look at many rows and therefore run by themselves, in their turn.
    async fn single(&mut self, op: &Op) -> Sql<Answer> {
        match op {
            Op::Begin { now } => inbox::begin(self, *now).await.map(Answer::Recovery),
            Op::End { now } => inbox::end(self, *now).await.map(|()| Answer::Done),
            Op::Probe => inbox::probe(self).await.map(|()| Answer::Done),
            Op::Sweep(sweep) => inbox::sweep(self, sweep).await.map(Answer::Count),
            Op::Resolve { smsc, before, now } => outbox::resolve(self, smsc, *before, *now).await.map(Answer::Resolved),
            Op::Unreadable { mts, now } => outbox::give_up(self, mts, *now).await.map(Answer::Count),
            Op::Expire { now } => outbox::expire(self, *now).await.map(Answer::Count),
            Op::TakeEvent { event, push, now } => {
                pushes::take_event(self, event, push.as_deref(), *now).await.map(Answer::Count)
            }
            Op::TakeAsked(row) => asked::take(self, row).await.map(Answer::Asked),
            Op::EndPush(end) => pushes::end(self, end).await.map(Answer::Count),
            Op::AcceptCall(call) => messages::accept(self, call).await.map(Answer::Call),
            Op::Kiosk(op) => kiosks::apply(self, op).await,
            Op::SetCursor(cursor) => pushes::set_cursor(self, cursor.as_deref()).await.map(|()| Answer::Done),
            Op::Accept(_)
            | Op::Claim { .. }
            | Op::Release { .. }
            | Op::Finish(_)
            | Op::Confirm(_)
            | Op::BeginSubmit { .. }
            | Op::Settle(_)
            | Op::Receipt(_)
            | Op::Ussd(_) => Err(sqlx::Error::Protocol("not a single operation".into())),
        }
    }
}

fn fingerprint(of: impl Hash) -> u64 {
    // two things with one fingerprint only start a new group
    let mut hasher = DefaultHasher::new();
    of.hash(&mut hasher);
    hasher.finish()
}

impl<'a> Group<'a> {
    /// Takes an operation in, unless it touches a row that is touched already or must run by itself.
    fn add(&mut self, at: usize, op: &'a Op) -> bool {
        let fingerprints: Vec<u64> = match op {
            Op::Accept(mo) => vec![fingerprint(mo.id), fingerprint(mo.dedupe.digest)],
            Op::Claim { mo, .. } | Op::Release { mo } => vec![fingerprint(mo)],
            Op::Finish(finish) => {
                std::iter::once(&finish.mo).chain(finish.mts.iter().map(|mt| &mt.id)).map(fingerprint).collect()
            }
            Op::Confirm(mos) => mos.iter().map(fingerprint).collect(),
            Op::BeginSubmit { mts, .. } => mts.iter().map(fingerprint).collect(),
            Op::Settle(rows) => rows.iter().map(|row| fingerprint(row.mt)).chain(message_fingerprints(rows)).collect(),
            Op::Receipt(row) => vec![fingerprint(&row.message_id)],
            Op::Ussd(row) => std::iter::once(fingerprint((row.mac, &row.family)))
                .chain(row.mts.iter().map(|mt| fingerprint(mt.id)))
                .collect(),
            // looks at many rows, or at rows that no fingerprint names
            _ => return false,
        };
        if fingerprints.iter().any(|fingerprint| self.touched.contains(fingerprint)) {
            return false;
        }
        self.touched.extend(fingerprints);
        match op {
            Op::Accept(mo) => self.accepts.push((at, mo)),
            Op::Claim { mo, alone } => self.claims.push((at, *mo, *alone)),
            Op::Release { mo } => self.releases.push((at, mo)),
            Op::Finish(finish) => self.finishes.push((at, finish)),
            Op::Confirm(mos) => self.confirms.push((at, mos)),
            Op::BeginSubmit { mts, session, now } => self.submits.push((at, mts, *session, *now)),
            Op::Settle(rows) => self.settles.push((at, rows)),
            Op::Receipt(row) => self.receipts.push((at, row)),
            Op::Ussd(row) => self.ussds.push((at, row)),
            _ => return false,
        }
        true
    }
}

fn message_fingerprints(rows: &[SettleRow]) -> impl Iterator<Item = u64> {
    rows.iter().filter_map(|row| row.message_id.as_ref()).map(fingerprint)
}

//! Everything that the writer can be asked for: what is handed over, what is answered, and which statements do it. A
//! verdict stays with its operation until the commit's outcome is known. It must not know when is committed.
use super::{
    batch::{Db, Verdict},
    conn::Sql,
    engine::{Engine, Failure},
    sql::{
        asked, dead, feedback,
        inbox::{self, Claim},
        kiosks,
        locks::Wanted,
        messages,
        outbox::{self, BeginSubmit, Resolve},
        pairing, parts,
        pushes::{self, NewEvent},
        receipts,
        restore::{self, Restored},
        run,
        sweep::{self, Sweep},
        ussd, windows,
    },
};
use crate::{
    ports::{
        StoreFault,
        dead::Requeued,
        inbox::Recovery,
        kiosks::{Command, Heartbeat, NewKiosk, Offer, TokenHash},
        messages::CallEnd,
        nodes::TakenOver,
        outbox::{Receipted, Resolved},
        parts::KeptPart,
        pushes::Asked,
        states::MoState,
    },
    store::rows::{
        AskedRow, CallRow, CitizenRow, FeedbackEndRow, FeedbackRow, FinishRow, Id, JoinRow, JoinedRow, MoRow, MtRow,
        PartRow, PushEndRow, ReceiptRow, SettleRow, Taken, UssdRow,
    },
    types::{MtId, UnixMs},
};
use std::{
    collections::HashSet,
    hash::{DefaultHasher, Hash, Hasher},
};
use tokio::sync::oneshot;

/// One operation, what it came to, and who waits for that.
pub(super) struct Job<O, T> {
    op: O,
    /// Answered when the commit is known to be done; before it was carried out nobody knows anything.
    verdict: Verdict<T>,
    reply: oneshot::Sender<Verdict<T>>,
}

impl<O, T> Job<O, T> {
    /// With the end at which its verdict comes out.
    pub(super) fn new(op: O) -> (Self, oneshot::Receiver<Verdict<T>>) {
        let (reply, answer) = oneshot::channel();
        (Job { op, verdict: Err(StoreFault::Unknown), reply }, answer)
    }

    fn answer(self, fault: Option<StoreFault>) {
        // a caller that has gone needs no answer
        let _ = self.reply.send(fault.map_or(self.verdict, Err));
    }
}

fn ops<'a, O, T>(jobs: &'a [&mut Job<O, T>]) -> Vec<&'a O> {
    jobs.iter().map(|job| &job.op).collect()
}

fn note<O, T>(jobs: Vec<&mut Job<O, T>>, verdicts: Vec<Verdict<T>>) {
    for (job, verdict) in jobs.into_iter().zip(verdicts) {
        job.verdict = verdict;
    }
}

/// Operations that are carried out together, all of a kind by few statements; kinds in the order of this table, which
/// changes nothing as long as no two of them touch one row.
macro_rules! sets {
    ($($name:ident, $jobs:ident: $op:ty => $reply:ty, $by:path;)*) => {
        /// An operation that goes with others of its kind.
        pub(super) enum Set {
            $($name(Box<Job<$op, $reply>>),)*
        }

        impl Set {
            fn touches(&self) -> Vec<u64> {
                match self {
                    $(Set::$name(job) => job.op.touches(),)*
                }
            }

            fn answer(self, fault: Option<StoreFault>) {
                match self {
                    $(Set::$name(job) => job.answer(fault),)*
                }
            }

            fn reject(&mut self) {
                match self {
                    $(Set::$name(job) => job.verdict = Err(StoreFault::Rejected),)*
                }
            }
        }

        /// Operations that touch different rows.
        #[derive(Default)]
        struct Group<'a> {
            touched: HashSet<u64>,
            $($jobs: Vec<&'a mut Job<$op, $reply>>,)*
        }

        impl<'a> Group<'a> {
            fn add(&mut self, set: &'a mut Set) {
                match set {
                    $(Set::$name(job) => self.$jobs.push(job),)*
                }
            }

            fn carry_out(self, db: &mut Db) -> Sql<()> {
                $(
                    let verdicts = $by(db, &ops(&self.$jobs))?;
                    note(self.$jobs, verdicts);
                )*
                Ok(())
            }
        }
    };
}

sets! {
    Confirm, confirms: Vec<Id> => (), inbox::confirm;
    Settle, settles: Vec<SettleRow> => (), outbox::settle;
    SettleWithOthers, patient: Vec<SettleRow> => (), outbox::settle;
    Receipt, receipts: ReceiptRow => Receipted, receipts::receive;
    BeginSubmit, submits: BeginSubmit => Vec<MtId>, outbox::begin_submit;
    Release, releases: Id => (), inbox::release;
    Finish, finishes: FinishRow => Vec<MtId>, inbox::finish;
    Claim, claims: Claim => Option<CitizenRow>, inbox::claim;
    Ussd, steps: UssdRow => Vec<MtId>, ussd::keep;
    Accept, accepts: MoRow => Taken, inbox::accept;
    KeepPart, parts: PartRow => KeptPart, parts::keep;
    Join, joins: JoinRow => JoinedRow, parts::join;
}

/// Operations that look at many rows, or at rows that no fingerprint names, and therefore run by themselves in their turn.
macro_rules! singles {
    ($($name:ident: $op:ty => $reply:ty, $by:path;)*) => {
        /// An operation that runs by itself.
        pub(super) enum Single {
            $($name(Box<Job<$op, $reply>>),)*
        }

        impl Single {
            fn carry_out(&mut self, db: &mut Db) -> Sql<()> {
                match self {
                    $(Single::$name(job) => job.verdict = Ok($by(db, &job.op)?),)*
                }
                Ok(())
            }

            fn answer(self, fault: Option<StoreFault>) {
                match self {
                    $(Single::$name(job) => job.answer(fault),)*
                }
            }

            fn reject(&mut self) {
                match self {
                    $(Single::$name(job) => job.verdict = Err(StoreFault::Rejected),)*
                }
            }
        }
    };
}

singles! {
    Begin: UnixMs => Recovery, run::begin;
    End: UnixMs => (), run::end;
    TakeOver: UnixMs => TakenOver, run::take_over;
    Restored: (UnixMs, UnixMs) => Restored, restore::settle;
    Requeue: (Id, UnixMs) => Requeued, dead::requeued;
    DropDead: (Id, UnixMs) => bool, dead::ended;
    Probe: () => (), run::probe;
    Sweep: Sweep => u64, sweep::sweep;
    Resolve: Resolve => Resolved, outbox::resolve;
    Expire: UnixMs => u64, outbox::expire;
    GiveUp: (Vec<Id>, UnixMs) => (), outbox::give_up;
    TakeEvent: NewEvent => bool, pushes::take_event;
    TakeAsked: AskedRow => Asked, asked::take;
    EndPush: PushEndRow => bool, pushes::end;
    KeepFeedback: FeedbackRow => bool, feedback::keep;
    EndFeedback: FeedbackEndRow => bool, feedback::end;
    SetCursor: Option<String> => (), pushes::set_cursor;
    AcceptCall: CallRow => CallEnd, messages::accept;
    OfferPairing: (Offer, UnixMs) => (), pairing::offer;
    Pair: (NewKiosk, UnixMs) => bool, pairing::pair;
    TakePairing: (TokenHash, TokenHash, UnixMs) => bool, pairing::take;
    PairingTaken: String => (), pairing::taken;
    Revoke: (String, UnixMs) => bool, kiosks::revoke;
    KeepHeartbeats: Vec<(String, Heartbeat)> => (), kiosks::keep_heartbeats;
    TellKiosk: (String, Command, UnixMs) => bool, kiosks::tell;
    CommandsDone: (String, Vec<String>, UnixMs) => (), kiosks::done;
    Tally: (Vec<(String, i64, u32)>, UnixMs) => bool, windows::tally;
    Untally: (Vec<String>, UnixMs) => (), windows::untally;
}

/// One operation of any kind; each is atomic.
pub(super) enum Op {
    Set(Set),
    Single(Single),
}

impl From<Set> for Op {
    fn from(set: Set) -> Self {
        Op::Set(set)
    }
}

impl From<Single> for Op {
    fn from(single: Single) -> Self {
        Op::Single(single)
    }
}

impl Op {
    /// Tells who asked: what it came to, or that none of it is done.
    pub(super) fn answer(self, fault: Option<StoreFault>) {
        match self {
            Op::Set(set) => set.answer(fault),
            Op::Single(single) => single.answer(fault),
        }
    }

    /// Whether nobody who waits for an answer waits for this: it may join the commit of one who does.
    pub(super) fn can_wait(&self) -> bool {
        matches!(self, Op::Set(Set::Confirm(_) | Set::Receipt(_) | Set::SettleWithOthers(_)))
    }

    /// Whether it begins something: a text, a part of one, a batch of an agency, an event of the portal. All else ends what
    /// is in hand, or makes room.
    pub(super) fn is_new(&self) -> bool {
        matches!(
            self,
            Op::Set(Set::Accept(_) | Set::KeepPart(_)) | Op::Single(Single::AcceptCall(_) | Single::TakeEvent(_))
        )
    }

    fn reject(&mut self) {
        match self {
            Op::Set(set) => set.reject(),
            Op::Single(single) => single.reject(),
        }
    }
}

/// What a batch wants to itself where other nodes write too.
pub(super) fn wanted(batch: &[Op]) -> Wanted {
    let mut wanted = Wanted::default();
    let submitting = |wanted: &mut Wanted, mts: &[MtRow]| {
        mts.iter().filter(|mt| mt.reserved.is_some()).for_each(|mt| wanted.number(mt.number_mac));
    };
    for op in batch {
        match op {
            Op::Set(Set::Accept(job)) if job.op.state == MoState::Claimed => {
                job.op.source_mac.into_iter().for_each(|mac| wanted.number(mac));
            }
            Op::Set(Set::Claim(job)) => wanted.of_mo(job.op.mo),
            Op::Set(Set::BeginSubmit(job)) => job.op.mts.iter().for_each(|mt| wanted.of_mt(*mt)),
            Op::Set(Set::Finish(job)) => submitting(&mut wanted, &job.op.mts),
            Op::Set(Set::Ussd(job)) => submitting(&mut wanted, &job.op.mts),
            Op::Set(Set::KeepPart(job)) => wanted.whole_number(&job.op.source_mac),
            Op::Set(Set::Join(job)) => {
                job.op.mo.source_mac.iter().for_each(|mac| wanted.whole_number(mac));
                job.op.mo.source_mac.into_iter().for_each(|mac| wanted.number(mac));
            }
            Op::Set(_) | Op::Single(_) => {}
        }
    }
    wanted
}

/// Carries out all of a batch, as sets where that is the same as one after the other.
pub(super) fn together(db: &mut Db, batch: &mut [Op]) -> Sql<()> {
    let mut group = Group::default();
    for op in batch {
        match op {
            Op::Set(set) => {
                let touches = set.touches();
                if touches.iter().any(|row| group.touched.contains(row)) {
                    std::mem::take(&mut group).carry_out(db)?;
                }
                group.touched.extend(touches);
                group.add(set);
            }
            Op::Single(single) => {
                std::mem::take(&mut group).carry_out(db)?;
                single.carry_out(db)?;
            }
        }
    }
    group.carry_out(db)
}

/// Carries out a batch one by one, each in a savepoint: what is wrong with one is its own affair.
pub(super) fn one_by_one(engine: &mut impl Engine, batch: &mut [Op]) -> Sql<()> {
    for op in batch {
        let db = engine.db();
        let (orphans, noted) = (db.orphans, db.noted.len());
        db.conn.execute("SAVEPOINT op", &[])?;
        if let Err(error) = alone(db, op) {
            if engine.judge(&error) != Failure::Operation {
                return Err(error);
            }
            let db = engine.db();
            tracing::error!(%error, "an operation breaks a rule of the database");
            metrics::counter!("chrak_store_rejected_total").increment(1);
            db.orphans = orphans;
            db.noted.truncate(noted);
            db.conn.execute("ROLLBACK TO op", &[])?;
            op.reject();
        }
        engine.db().conn.execute("RELEASE op", &[])?;
    }
    Ok(())
}

fn alone(db: &mut Db, op: &mut Op) -> Sql<()> {
    match op {
        Op::Set(set) => {
            let mut group = Group::default();
            group.add(set);
            group.carry_out(db)
        }
        Op::Single(single) => single.carry_out(db),
    }
}

/// Rows that an operation touches, by fingerprints: two things with one fingerprint only start a new group.
trait Touches {
    fn touches(&self) -> Vec<u64>;
}

fn fingerprint(of: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    of.hash(&mut hasher);
    hasher.finish()
}

impl Touches for MoRow {
    fn touches(&self) -> Vec<u64> {
        vec![fingerprint(self.id), fingerprint(self.dedupe.digest)]
    }
}

/// All parts of a sender, as one may end a text of another reference.
impl Touches for PartRow {
    fn touches(&self) -> Vec<u64> {
        vec![fingerprint(self.source_mac), fingerprint(self.dedupe.digest)]
    }
}

impl Touches for JoinRow {
    fn touches(&self) -> Vec<u64> {
        std::iter::once(fingerprint(self.mo.id)).chain(self.mo.source_mac.map(fingerprint)).collect()
    }
}

impl Touches for Claim {
    fn touches(&self) -> Vec<u64> {
        vec![fingerprint(self.mo)]
    }
}

impl Touches for Id {
    fn touches(&self) -> Vec<u64> {
        vec![fingerprint(self)]
    }
}

impl Touches for FinishRow {
    fn touches(&self) -> Vec<u64> {
        std::iter::once(&self.mo).chain(self.mts.iter().map(|mt| &mt.id)).map(fingerprint).collect()
    }
}

impl Touches for Vec<Id> {
    fn touches(&self) -> Vec<u64> {
        self.iter().map(fingerprint).collect()
    }
}

impl Touches for BeginSubmit {
    fn touches(&self) -> Vec<u64> {
        self.mts.touches()
    }
}

impl Touches for Vec<SettleRow> {
    fn touches(&self) -> Vec<u64> {
        let ids = self.iter().filter_map(|row| row.message_id.as_ref()).map(fingerprint);
        self.iter().map(|row| fingerprint(row.mt)).chain(ids).collect()
    }
}

impl Touches for ReceiptRow {
    fn touches(&self) -> Vec<u64> {
        vec![fingerprint(&self.message_id)]
    }
}

impl Touches for UssdRow {
    fn touches(&self) -> Vec<u64> {
        let session = fingerprint((self.mac, &self.family));
        std::iter::once(session).chain(self.mts.iter().map(|mt| fingerprint(mt.id))).collect()
    }
}

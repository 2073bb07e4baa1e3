//! MOs: accepted durably, answered once, never silently gone. Each method is one transaction.
use super::{PortFuture, StoreFault, Trouble, citizens::CitizenRecord, outbox::NewMt, pushes::NewPush};
use crate::types::{
    CauseId, Msisdn, MtId, SessionId, UnixMs,
    names::{Family, SmscName},
};

/// Who an MO came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A subscriber.
    Person(Msisdn),
    /// A short code or a name; never answered (loop guard).
    Other(String),
}

/// How a redelivery of the same MO would be recognised; the exchange computes the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DedupeKind {
    /// The telco's own id of the MO names it for ever: a second one is a duplicate.
    Strong,
    /// One part of a concatenated MO, its body included: a duplicate only while redelivery is plausible, as references
    /// come round.
    Segment,
    /// Same sender, same text: a duplicate only while redelivery is plausible.
    Weak,
}

/// A redelivery key: its kind and a digest of what identifies the MO within its family.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DedupeKey {
    /// Which rule.
    pub kind: DedupeKind,
    /// The digest, kind included.
    pub digest: [u8; 32],
}

/// An MO to be stored.
#[derive(Clone, Debug)]
pub struct NewMo {
    /// Made by us, new for every PDU.
    pub id: CauseId,
    /// The telco it came over; answers go back over it.
    pub smsc: SmscName,
    /// The telco's family, for dedupe.
    pub family: Family,
    /// The connection it came over.
    pub session: SessionId,
    /// Sender. Sealed at rest.
    pub source: Source,
    /// The short code that was texted; answers come from it.
    pub destination: String,
    /// The text as decoded. Sealed at rest.
    pub text: String,
    /// The octets as they came. Sealed at rest.
    pub raw: Vec<u8>,
    /// data_coding as it came.
    pub data_coding: u8,
    /// esm_class as it came.
    pub esm_class: u8,
    /// Redelivery key.
    pub dedupe: DedupeKey,
    /// Store it even though it resembles an earlier one: it was judged a new question.
    pub insist: bool,
    /// MOs in the same words that were given back with an error and may be stored all the same: it is one of those, if so.
    pub given_back: Vec<CauseId>,
    /// What happens to it in the commit that stores it.
    pub intake: Intake,
    /// When the PDU was read.
    pub received_at: UnixMs,
}

/// The state in which an MO is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Intake {
    /// Its turn begins at once: stored as claimed, so that one commit does for both.
    Claimed,
    /// Its turn comes later: another MO of that number, or too many turns.
    Waiting,
    /// It is never answered (loop guard): stored as done.
    Silent,
}

/// What became of an MO that was to be stored. Every case but a fault is answered ESME_ROK.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Accepted {
    /// Stored; with what is remembered of its sender.
    New {
        /// The sender's record at that moment.
        citizen: CitizenRecord,
        /// It is claimed, as was asked for; else it waits, as another text of the number is in hand at another node.
        claimed: bool,
    },
    /// A redelivery of an earlier MO: nothing stored, its answer serves both.
    Duplicate {
        /// The earlier MO.
        of: CauseId,
    },
    /// Not with a strong key: like an earlier MO that has been answered and whose resp is not known to have been
    /// read. Nothing stored; the caller judges by the fate of the session.
    Resembles {
        /// The earlier MO.
        of: CauseId,
        /// The session it came over.
        session: SessionId,
        /// When it came.
        received_at: UnixMs,
    },
}

/// An MO read back from the store.
#[derive(Clone, Debug)]
pub struct StoredMo {
    /// Its id.
    pub id: CauseId,
    /// The telco it came over.
    pub smsc: SmscName,
    /// Sender.
    pub source: Source,
    /// The short code that was texted.
    pub destination: String,
    /// The text as decoded.
    pub text: String,
    /// When it came.
    pub received_at: UnixMs,
    /// Turns begun so far.
    pub attempts: u32,
    /// Ends of the process with this MO alone in hand.
    pub deaths_alone: u32,
    /// Whether it was in hand at an unclean end and has not been tried since.
    pub suspect: bool,
}

/// How an MO ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MoEnd {
    /// Answered.
    Answered,
    /// Not answered, as a stated limit says; counted.
    Withheld,
    /// Too old to be answered with fresh facts; a notice was sent.
    Expired,
    /// Given up; an apology was sent.
    Dead,
}

/// The end of a turn, all of it in one commit: the MO done, the sender's record, the outbox rows.
#[derive(Clone, Debug)]
pub struct Finish {
    /// The MO, which must be claimed by this incarnation.
    pub mo: CauseId,
    /// How it ended.
    pub end: MoEnd,
    /// The sender and their record, when it changed.
    pub citizen: Option<(Msisdn, CitizenRecord)>,
    /// Segments to be submitted, in order.
    pub mts: Vec<NewMt>,
    /// Something to be found out and told later.
    pub follow_up: Option<NewPush>,
}

/// What the store found when this process started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recovery {
    /// Number of this run of the server on this database.
    pub incarnation: i64,
    /// Whether the last run ended cleanly (or there was none).
    pub clean: bool,
    /// MOs that were in hand at an unclean end.
    pub suspects: u64,
    /// MOs that wait for their turn, suspects included.
    pub waiting: u64,
    /// Segments whose fate is uncertain.
    pub ambiguous: u64,
}

/// The port.
pub trait Inbox: Send + Sync {
    /// Takes over from the last run, in one transaction: claimed MOs become waiting (suspects if the end was
    /// unclean, with `deaths_alone` raised for one claimed alone), submitting segments become ambiguous.
    /// Called once, before anything else.
    fn begin(&self, now: UnixMs) -> PortFuture<'_, Result<Recovery, StoreFault>>;
    /// Says that this run ends cleanly: what is still claimed goes back to waiting without suspicion, and
    /// attempts are not counted for it.
    fn end(&self, now: UnixMs) -> PortFuture<'_, Result<(), StoreFault>>;
    /// Stores an MO. Durable when the future is done.
    fn accept(&self, mo: NewMo) -> PortFuture<'_, Result<Accepted, StoreFault>>;
    /// Waiting MOs with ids above `after`, suspects only or none of them, oldest first; none of another node that lives.
    fn waiting(
        &self,
        suspects: bool,
        after: Option<CauseId>,
        limit: usize,
    ) -> PortFuture<'_, Result<Vec<StoredMo>, StoreFault>>;
    /// Waiting -> claimed, one more attempt. `alone`: no other MO is in hand. Returns the sender's record.
    /// [`StoreFault::Stale`] when it is not waiting, [`StoreFault::Behind`] when another one of its number goes before it at
    /// another node.
    fn claim(&self, mo: CauseId, alone: bool, now: UnixMs) -> PortFuture<'_, Result<CitizenRecord, StoreFault>>;
    /// Claimed -> waiting, after a turn that failed in a way worth another try.
    fn release(&self, mo: CauseId, now: UnixMs) -> PortFuture<'_, Result<(), StoreFault>>;
    /// Ends a turn. Returns the segments with a reserved place that are submitting now; the others are queued, as
    /// something of their number goes before them. [`StoreFault::Stale`] when the MO is not claimed by this run:
    /// nothing is written.
    fn finish(&self, finish: Finish, now: UnixMs) -> PortFuture<'_, Result<Vec<MtId>, StoreFault>>;
    /// Notes that the telco has read the resp of these MOs, so that an equal text is a new question.
    fn confirm(&self, mos: Vec<CauseId>) -> PortFuture<'_, Result<(), StoreFault>>;
    /// MOs stored and not done.
    fn inbox_depth(&self) -> PortFuture<'_, Result<u64, StoreFault>>;
    /// What keeps the store from taking anything, if it knows; costs no commit.
    fn trouble(&self) -> Option<Trouble> {
        None
    }
    /// A write and a commit, to see whether the store works.
    fn probe(&self) -> PortFuture<'_, Result<(), StoreFault>>;
    /// Destroys sealed numbers and texts that ended before `texts_before`, and dedupe keys that have aged
    /// out; a bounded number of rows a call. Returns how many rows it touched.
    fn sweep(&self, texts_before: UnixMs, now: UnixMs) -> PortFuture<'_, Result<u64, StoreFault>>;
}

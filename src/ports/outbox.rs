//! MTs: one row per segment, from the commit that caused it to the telco's last word. Each method is one
//! transaction.
use super::{PortFuture, StoreFault};
use crate::smpp::message_id::{Learned, Rule};
use crate::types::{
    CauseId, Msisdn, MtId, SessionId, UnixMs,
    names::{Family, SmscName},
};

/// What a text is for; with its cause and part it is unique, so that a cause has at most one such text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MtKind {
    /// The answer to an MO.
    Answer,
    /// A notice in place of an answer: limit reached, ask again.
    Notice,
    /// The apology for an MO that was given up.
    Apology,
    /// A text nobody asked for just now.
    Push,
}

/// Who goes before whom when more is due than a telco takes. Screens of USSD pass by all of them, as they wait for nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// Somebody has asked and waits.
    Answer,
    /// A notice that must not wait for the morning.
    Urgent,
    /// A notice.
    Notice,
    /// What an agency sends to many.
    Bulk,
}

impl Class {
    /// Milliseconds by which its turn comes after it is due. So an answer goes before every notice that is not two minutes
    /// older than it, and before all bulk of the last half hour; and whatever waited for longer has its turn, however much
    /// that is more urgent comes in.
    pub fn yields_ms(self) -> i64 {
        match self {
            Class::Answer => 0,
            Class::Urgent => 15_000,
            Class::Notice => 120_000,
            Class::Bulk => 1_800_000,
        }
    }
}

/// A segment to be stored, rendered and encoded: what is in here is what is sent, whenever it is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewMt {
    /// Made by us.
    pub id: MtId,
    /// What it is for.
    pub kind: MtKind,
    /// Who goes before it.
    pub class: Class,
    /// 1-based number of this segment.
    pub part: u8,
    /// How many segments the text has.
    pub parts: u8,
    /// The telco it goes over.
    pub smsc: SmscName,
    /// By which its receipts know it.
    pub family: Family,
    /// Our short code.
    pub source: String,
    /// The citizen. Sealed at rest.
    pub destination: Msisdn,
    /// short_message octets, UDH included. Sealed at rest.
    pub body: Vec<u8>,
    /// data_coding.
    pub data_coding: u8,
    /// Whether `body` begins with a UDH (esm_class 0x40).
    pub udhi: bool,
    /// 16-bit reference sent as user_message_reference.
    pub reference: u16,
    /// After this it is of no use and is not sent.
    pub not_after: UnixMs,
    /// `Some`: a place at that session is kept for it, so it is stored as submitting at once if nothing of its number
    /// goes before it.
    pub reserved: Option<SessionId>,
}

/// A segment that is to be submitted now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DueMt {
    /// Its id.
    pub id: MtId,
    /// Whose effect it is: an MO, a step of USSD, a push.
    pub mo: CauseId,
    /// Our short code.
    pub source: String,
    /// The citizen.
    pub destination: Msisdn,
    /// short_message octets.
    pub body: Vec<u8>,
    /// data_coding.
    pub data_coding: u8,
    /// Whether `body` begins with a UDH.
    pub udhi: bool,
    /// user_message_reference.
    pub reference: u16,
    /// End of its usefulness.
    pub not_after: UnixMs,
    /// Times handed to a bind, this one included.
    pub attempts: u32,
}

/// What became of a segment that was handed to a bind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The telco took it, under this id when it gave one.
    Sent {
        /// message_id of the resp.
        message_id: Option<String>,
    },
    /// Refused for now: queued again, due at that time.
    Retry {
        /// Not before.
        due: UnixMs,
        /// command_status.
        status: u32,
    },
    /// Refused for good, or tried too often.
    Failed {
        /// command_status.
        status: u32,
    },
    /// Nobody knows: no resp in time, or the session ended.
    Ambiguous,
    /// It was never written to the wire: queued again, the attempt not counted.
    Unwritten,
}

/// The outcome of one segment, on the session that had it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settlement {
    /// Which.
    pub mt: MtId,
    /// The session it was handed to; a settlement of another session changes nothing.
    pub session: SessionId,
    /// What happened.
    pub outcome: Outcome,
}

/// What a delivery receipt says in the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// It arrived.
    Delivered,
    /// It will not arrive.
    Undelivered,
}

/// A delivery receipt that says the last word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewReceipt {
    /// SMSCs that give ids together.
    pub family: Family,
    /// The id in it, as written there.
    pub message_id: String,
    /// How that compares with the ids of the resps.
    pub rule: Rule,
    /// The number it is about, where it says so. At rest only its digest is kept.
    pub number: Option<Msisdn>,
    /// What became of the segment.
    pub delivery: Delivery,
}

/// What a receipt was found to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Receipted {
    /// Of a segment with exactly its id.
    Exact,
    /// Of a segment whose id is equal but for case and zeros.
    Alike,
    /// Of a segment whose id is that number in another radix.
    Converted,
    /// Of a segment that had its last word already.
    Repeated,
    /// Of nobody known yet: kept until a resp names it.
    Orphan,
}

impl Receipted {
    /// As it stands in metric labels.
    pub fn as_str(self) -> &'static str {
        match self {
            Receipted::Exact => "exact",
            Receipted::Alike => "alike",
            Receipted::Converted => "converted",
            Receipted::Repeated => "repeated",
            Receipted::Orphan => "orphan",
        }
    }
}

/// Segments that were uncertain, and what was decided.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Resolved {
    /// Queued once more: the telco may have got it twice.
    pub resent: u64,
    /// Too old or tried too often.
    pub given_up: u64,
}

/// The port.
pub trait Outbox: Send + Sync {
    /// Queued segments of a telco that are due, longest first. A number's segments go one at a time in the order of
    /// their ids: as long as an earlier one is queued, submitting or uncertain, the next is not due.
    fn due(&self, smsc: SmscName, now: UnixMs, limit: usize) -> PortFuture<'_, Result<Vec<DueMt>, StoreFault>>;
    /// Whether anything of a telco is queued, due or not.
    fn queued(&self, smsc: SmscName) -> PortFuture<'_, Result<bool, StoreFault>>;
    /// Queued -> submitting on that session, one more attempt. Returns the ids that were still queued: only
    /// those may be written.
    fn begin_submit(
        &self,
        mts: Vec<MtId>,
        session: SessionId,
        now: UnixMs,
    ) -> PortFuture<'_, Result<Vec<MtId>, StoreFault>>;
    /// Settles segments. Those that are not submitting on that session are left alone (late resp).
    fn settle(&self, settlements: Vec<Settlement>, now: UnixMs) -> PortFuture<'_, Result<(), StoreFault>>;
    /// As [`settle`](Self::settle) where nobody waits for the places: it may join a commit that is made for others within
    /// some milliseconds.
    fn settle_with_others(&self, settlements: Vec<Settlement>, now: UnixMs) -> PortFuture<'_, Result<(), StoreFault>> {
        self.settle(settlements, now)
    }
    /// Decides uncertain segments of a telco that have been so since before `before`: queued once more if
    /// still useful and not tried too often, else given up.
    fn resolve_ambiguous(
        &self,
        smsc: SmscName,
        before: UnixMs,
        now: UnixMs,
    ) -> PortFuture<'_, Result<Resolved, StoreFault>>;
    /// Queued segments past `not_after` become expired. Returns how many.
    fn expire(&self, now: UnixMs) -> PortFuture<'_, Result<u64, StoreFault>>;
    /// Stores a receipt: on its segment, as `smpp::message_id` finds it, or as an orphan until the resp comes.
    /// Durable when done.
    fn receipt(&self, receipt: NewReceipt, now: UnixMs) -> PortFuture<'_, Result<Receipted, StoreFault>>;
    /// What receipts have proven of the ids in them, by family: over all runs.
    fn learned(&self) -> PortFuture<'_, Result<Vec<(Family, Learned)>, StoreFault>>;
    /// Segments queued, submitting or uncertain.
    fn outbox_depth(&self) -> PortFuture<'_, Result<u64, StoreFault>>;
}

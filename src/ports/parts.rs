//! Parts of texts that a telco cut: each is durable before it is acknowledged, and all of a text end in one MO. Each
//! method is one transaction.
use super::{
    PortFuture, StoreFault,
    citizens::CitizenRecord,
    inbox::{DedupeKey, NewMo},
};
use crate::types::{
    CauseId, Msisdn, SessionId, UnixMs,
    names::{Family, SmscName},
};

pub use crate::{
    smpp::text::{Part, PartWay},
    text::octets::Piece,
};

/// A part to be stored.
#[derive(Clone, Debug)]
pub struct NewPart {
    /// Made by us, new for every PDU; names the text, and then its MO, if this part begins it.
    pub id: CauseId,
    /// The telco it came over; the answer goes back over that of the first part.
    pub smsc: SmscName,
    /// The telco's family: parts of one text come over any telco of it.
    pub family: Family,
    /// The connection it came over.
    pub session: SessionId,
    /// Sender. Sealed at rest.
    pub number: Msisdn,
    /// The short code that was texted.
    pub destination: String,
    /// Its place.
    pub part: Part,
    /// What it holds. Sealed at rest.
    pub piece: Piece,
    /// data_coding as it came.
    pub data_coding: u8,
    /// esm_class as it came.
    pub esm_class: u8,
    /// Redelivery key.
    pub dedupe: DedupeKey,
    /// Store it even though it resembles one of a text that has ended: it was judged a new one.
    pub insist: bool,
    /// When the PDU was read.
    pub received_at: UnixMs,
}

/// What became of a part. Every case but `Full` and a fault is answered ESME_ROK.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeptPart {
    /// Stored.
    Kept {
        /// The text that it is of.
        text: CauseId,
        /// All parts of it are there.
        whole: bool,
    },
    /// It is there already, or is of a text that has ended: nothing stored.
    Duplicate {
        /// That text.
        of: CauseId,
        /// It has ended, so that this is the id of an MO.
        ended: bool,
    },
    /// The text has as many parts as are read: nothing stored.
    Beyond,
    /// Like one of a text that has ended, whose resp is not known to have been read. Nothing stored; the caller judges
    /// by the fate of the session.
    Resembles {
        /// The earlier MO.
        of: CauseId,
        /// The session that the part came over.
        session: SessionId,
    },
    /// There is no room for it.
    Full,
}

/// A part read back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredPart {
    /// Which, from 1.
    pub number: u8,
    /// What it holds; empty if that does not open.
    pub piece: Piece,
}

/// A text whose parts are here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenText {
    /// Its name, and its MO's.
    pub id: CauseId,
    /// The telco its first part came over.
    pub smsc: SmscName,
    /// Its family.
    pub family: Family,
    /// The connection its last part came over.
    pub session: SessionId,
    /// Sender; `None` if that does not open.
    pub number: Option<Msisdn>,
    /// The short code that was texted.
    pub destination: String,
    /// How many parts there should be.
    pub total: u8,
    /// Those that are here, by their numbers.
    pub parts: Vec<StoredPart>,
    /// data_coding of the first of them.
    pub data_coding: u8,
    /// esm_class of the first of them.
    pub esm_class: u8,
}

/// The MO of a text that was joined.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Joined {
    /// The sender's record at that moment.
    pub citizen: CitizenRecord,
    /// It is claimed, as was asked for; else it waits, see [`Accepted::New`](super::inbox::Accepted::New).
    pub claimed: bool,
}

/// The port.
pub trait Parts: Send + Sync {
    /// Stores a part. Durable when the future is done.
    fn keep_part(&self, part: NewPart) -> PortFuture<'_, Result<KeptPart, StoreFault>>;
    /// Texts that are to be joined: whole, waited for long enough, or over the bounds; the oldest first.
    fn ended_texts(&self, now: UnixMs, limit: usize) -> PortFuture<'_, Result<Vec<CauseId>, StoreFault>>;
    /// A text with its parts; `None` if there are none, or no longer.
    fn open_text(&self, text: CauseId) -> PortFuture<'_, Result<Option<OpenText>, StoreFault>>;
    /// Stores the MO of a text, which bears its id, in place of its parts. Returns the sender's record.
    /// [`StoreFault::Stale`] when there are not so many `parts` of it: another one has come, or it was joined.
    fn join_parts(&self, mo: NewMo, parts: usize) -> PortFuture<'_, Result<Joined, StoreFault>>;
}

//! A text as a bind read it, and what becomes of it.
use crate::{
    ports::{
        StoreFault,
        inbox::Source,
        parts::{Part, Piece},
    },
    types::{
        CauseId, SessionId,
        names::{Family, SmscName},
    },
};

/// A part of a text that the telco cut.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartOf {
    /// Its place there.
    pub place: Part,
    /// What it holds.
    pub piece: Piece,
}

/// An MO as a bind read it.
#[derive(Clone, Debug)]
pub struct IncomingMo {
    /// The telco.
    pub smsc: SmscName,
    /// Its family.
    pub family: Family,
    /// The connection.
    pub session: SessionId,
    /// Sender.
    pub source: Source,
    /// The short code that was texted.
    pub destination: String,
    /// The text as far as it could be decoded.
    pub text: String,
    /// short_message or message_payload as it came.
    pub raw: Vec<u8>,
    /// data_coding as it came.
    pub data_coding: u8,
    /// esm_class as it came.
    pub esm_class: u8,
    /// What the telco says names this MO for ever, when it is configured to.
    pub unique_id: Option<Vec<u8>>,
    /// `Some` for one part of a long text.
    pub part: Option<PartOf>,
}

/// Why an MO was not taken; the SMSC keeps it and sends it again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AcceptFault {
    /// Too much in hand, or the server is leaving: ESME_RTHROTTLED.
    #[error("too much in hand")]
    Overload,
    /// The store could not commit it, or nobody knows: ESME_RSYSERR; ESME_RTHROTTLED where it takes nothing new.
    #[error("not stored: {0}")]
    Store(#[from] StoreFault),
}

/// Told once what became of an MO: `Ok` means that its commit is on stable storage, with the id of the MO whose resp is
/// then read; none for a part of a text that has no MO yet.
pub type Done = Box<dyn FnOnce(Result<Option<CauseId>, AcceptFault>) + Send>;

//! Dead letters: texts that were given up with an apology, for who looks whether they can be answered after all. It must not know how
//! they are kept.
use super::{PortFuture, StoreFault};
use crate::types::{CauseId, UnixMs};

/// A requeued text is not older than this, in milliseconds: a day. Who waited longer has asked again, or gone to the office.
pub const REQUEUED_WITHIN_MS: i64 = 24 * 3_600_000;

/// Why a text was given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// The server ended with it alone in hand, more than once.
    EndedTheServer,
    /// It had its turn too often without an end.
    TooManyTries,
    /// The database refused its end for good.
    Refused,
}

/// A text that was given up. Its words stay sealed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeadLetter {
    /// Its id.
    pub id: CauseId,
    /// The telco that it came over.
    pub smsc: String,
    /// When it came.
    pub received_at: UnixMs,
    /// When it was given up.
    pub dead_at: UnixMs,
    /// Why.
    pub why: Why,
    /// Turns that it had.
    pub attempts: u32,
    /// Its sender, masked.
    pub number: String,
}

/// What became of a text that was to be answered after all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Requeued {
    /// It waits, and is taken up within seconds.
    Waits,
    /// There is no such dead letter.
    Unknown,
    /// It is older than [`REQUEUED_WITHIN_MS`].
    TooOld,
    /// Its number has texted again since: an answer now would belong to nothing.
    AskedAgain,
}

/// The port.
pub trait DeadLetters: Send + Sync {
    /// Those that are kept, the youngest first; at most so many.
    fn dead(&self, limit: usize) -> PortFuture<'_, Result<Vec<DeadLetter>, StoreFault>>;
    /// Has one answered after all.
    fn requeue(&self, id: CauseId, now: UnixMs) -> PortFuture<'_, Result<Requeued, StoreFault>>;
    /// Destroys what one said; whether there was one.
    fn drop_dead(&self, id: CauseId, now: UnixMs) -> PortFuture<'_, Result<bool, StoreFault>>;
}

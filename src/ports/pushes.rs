//! Work that ends in a text nobody asked for just now: the portal's events, agencies' messages, changes whose
//! outcome is still to be found out. Each method is one transaction.
use super::{
    PortFuture, Refusal, StoreFault,
    outbox::{Class, NewMt},
};
use crate::types::{CauseId, Msisdn, UnixMs};

/// Where it comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PushKind {
    /// An event of the portal.
    Event,
    /// A message of an agency.
    Message,
    /// A change at the portal whose outcome is not known.
    FollowUp,
}

/// Work to be stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewPush {
    /// The cause of the segments it ends in.
    pub id: CauseId,
    /// Where it comes from.
    pub kind: PushKind,
    /// Who goes before it, and before the text that it ends in.
    pub class: Class,
    /// To whom. Sealed at rest.
    pub number: Msisdn,
    /// What it is about, serialised by the exchange. Sealed at rest.
    pub payload: Vec<u8>,
    /// Not before.
    pub due: UnixMs,
    /// After this it is of no use.
    pub not_after: UnixMs,
}

/// Work that is due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredPush {
    /// As it was stored.
    pub push: NewPush,
    /// Tries that were put off.
    pub attempts: u32,
    /// When it was stored.
    pub created_at: UnixMs,
}

/// How a try ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PushEnd {
    /// In these segments, stored in the same commit.
    Queued(Vec<NewMt>),
    /// Without a text.
    Dropped,
    /// Without a text: its agency is told why.
    Refused(Refusal),
    /// Not now: again at that time.
    Later(UnixMs),
}

/// How many texts visitors may have sent, and to whom none is sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bounds {
    /// Windows in each of which the text takes a place: name, length in milliseconds, most (0 is no limit).
    pub windows: Vec<(String, i64, u32)>,
    /// A window that refuses every text while it runs.
    pub closed_by: String,
}

/// What became of a text that a visitor asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// It is stored, and counted in the same commit.
    Taken,
    /// It had been stored before under its name; it is neither stored nor counted again.
    Before,
    /// A window is full, or the number is closed: nothing was stored or counted. There is room again at that time.
    Full(UnixMs),
}

/// The port.
pub trait Pushes: Send + Sync {
    /// Stores an event's work, unless its id was handled before. Durable when done; whether it was new.
    fn take_event(&self, event: String, push: Option<NewPush>, now: UnixMs)
    -> PortFuture<'_, Result<bool, StoreFault>>;
    /// Stores a text that a visitor asked for under its name, if every window has room: look, count and store are one
    /// commit, so that texts that are asked for at once cannot pass a bound together.
    fn take_asked(
        &self,
        name: String,
        push: NewPush,
        bounds: Bounds,
        now: UnixMs,
    ) -> PortFuture<'_, Result<Asked, StoreFault>>;
    /// Work that is due, oldest first.
    fn due_pushes(&self, now: UnixMs, limit: usize) -> PortFuture<'_, Result<Vec<StoredPush>, StoreFault>>;
    /// Ends a try. [`StoreFault::Stale`] when it is no longer waiting: nothing is written.
    fn end_push(&self, push: CauseId, end: PushEnd, now: UnixMs) -> PortFuture<'_, Result<(), StoreFault>>;
    /// Position in the portal's events up to which all are stored.
    fn event_cursor(&self) -> PortFuture<'_, Result<Option<String>, StoreFault>>;
    /// Moves that position.
    fn set_event_cursor(&self, cursor: Option<String>) -> PortFuture<'_, Result<(), StoreFault>>;
}

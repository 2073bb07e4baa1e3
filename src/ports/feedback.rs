//! Ratings and complaints that did not reach the portal: kept until it has them. Each method is one transaction.
use super::{PortFuture, StoreFault, pushes::NewPush};
use crate::types::UnixMs;
use uuid::Uuid;

/// What is to be kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewFeedback {
    /// The Idempotency-Key under which the portal is told; it names the row.
    pub id: Uuid,
    /// What was said and by whom, serialised by the exchange. Sealed at rest, and destroyed by the end.
    pub said: Vec<u8>,
    /// Not before.
    pub due: UnixMs,
    /// After this it is given up.
    pub not_after: UnixMs,
}

/// What waits for the portal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredFeedback {
    /// As it was kept.
    pub feedback: NewFeedback,
    /// Tries that were put off.
    pub attempts: u32,
    /// When it was kept.
    pub created_at: UnixMs,
}

/// How a try ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FeedbackEnd {
    /// The portal has it; who is told so, in the same commit.
    PassedOn(Option<NewPush>),
    /// The portal declines it for good.
    Declined,
    /// It waited too long, or cannot be read.
    GivenUp,
    /// Not now: again at that time.
    Later(UnixMs),
}

/// The port.
pub trait Feedback: Send + Sync {
    /// Keeps it, unless `most` wait already; one that is kept is kept once, also when it has ended. Whether it is kept.
    fn keep_feedback(&self, new: NewFeedback, most: u64, now: UnixMs) -> PortFuture<'_, Result<bool, StoreFault>>;
    /// What waits and is due, the oldest first.
    fn due_feedback(&self, now: UnixMs, limit: usize) -> PortFuture<'_, Result<Vec<StoredFeedback>, StoreFault>>;
    /// Ends a try. [`StoreFault::Stale`] when it is no longer waiting: nothing is written.
    fn end_feedback(&self, id: Uuid, end: FeedbackEnd, now: UnixMs) -> PortFuture<'_, Result<(), StoreFault>>;
}

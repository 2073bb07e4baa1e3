//! Where MOs, segments, pushes and kept feedback stand. How a store keeps that is its own affair.

/// Where an MO stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MoState {
    /// Its turn comes.
    Waiting,
    /// In hand.
    Claimed,
    /// Answered.
    Answered,
    /// Not answered, as a limit says.
    Withheld,
    /// Too old to be answered.
    Expired,
    /// Given up.
    Dead,
    /// Never to be answered.
    Silent,
}

/// Whether the telco has read the resp of an MO.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RespState {
    /// Not that we know.
    Unread,
    /// It has.
    Read,
}

/// Where a segment stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MtState {
    /// To be submitted.
    Queued,
    /// In the hands of a bind.
    Submitting,
    /// Its outcome is not known.
    Ambiguous,
    /// The telco took it.
    Sent,
    /// It arrived, says a receipt.
    Delivered,
    /// Refused for good, or given up.
    Failed,
    /// Too old to be sent.
    Expired,
    /// It will not arrive, says a receipt.
    Undelivered,
}

/// Where a push stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PushState {
    /// To be rendered when it is due.
    Waiting,
    /// Its segments are in the outbox.
    Queued,
    /// Ended without a text.
    Dropped,
}

/// Where kept feedback stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FeedbackState {
    /// For the portal.
    Waiting,
    /// The portal has it.
    PassedOn,
    /// The portal declines it.
    Declined,
    /// It waited too long.
    GivenUp,
}

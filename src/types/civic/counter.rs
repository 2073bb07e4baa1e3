//! What happens at an office's counter and cashier: queue tickets, and fees paid by KHQR.
use crate::types::{Riel, UnixMs};

/// A number in the queue of an office.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ticket {
    /// As shown on the board.
    pub number: String,
    /// People before it.
    pub position: u32,
    /// Minutes to wait, about.
    pub wait_minutes: u32,
    /// The counter to go to, once it is called.
    pub counter: Option<String>,
}

/// Where a payment stands; an unknown word is `Pending`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PaymentStatus {
    /// Waited for.
    Pending,
    /// The office has it.
    Paid,
    /// It did not succeed.
    Failed,
    /// Nobody paid in time, or it was paid at the last moment and is still on its way.
    Expired,
}

/// A fee that is being paid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payment {
    /// The portal's identifier, not guessable.
    pub id: String,
    /// Where it stands.
    pub status: PaymentStatus,
    /// How much.
    pub amount: Riel,
    /// The bill.
    pub bill: String,
    /// The KHQR, unchecked.
    pub khqr: String,
    /// Until when it can be paid.
    pub expires_at: UnixMs,
}

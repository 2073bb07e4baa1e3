//! What the portal tells of by itself, so that citizens can be told.
use super::{ApplicationFee, ApplicationStatus, OfficeRef};
use crate::types::{Language, Msisdn, Riel, UnixMs};
use jiff::civil::Date;

/// One event. An event of a kind that concerns nobody, or is not known, has no notice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Unique for ever; the same whether pulled or pushed.
    pub id: String,
    /// When it happened.
    pub at: UnixMs,
    /// Whom to tell what.
    pub notice: Option<(Recipient, Notice)>,
    /// The directory has changed.
    pub directory_changed: bool,
}

/// Whom to tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recipient {
    /// The number, whose holder agreed to be told.
    pub number: Msisdn,
    /// Where nothing else is known of the number.
    pub language: Language,
    /// After this it is of no use.
    pub not_after: Option<UnixMs>,
    /// Quiet hours do not apply.
    pub urgent: bool,
}

/// What happened, as much of it as a text to a telephone may hold: whoever holds the phone can read it, so the
/// service is never named.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Notice {
    /// An application changed its status.
    Status {
        /// Canonical.
        code: String,
        /// The new one.
        status: ApplicationStatus,
        /// Where it is.
        office: OfficeRef,
        /// What is to be paid, unless the service is private.
        fee: Option<ApplicationFee>,
        /// By when it will be done.
        expected_by: Option<Date>,
    },
    /// A document can be collected.
    Ready {
        /// Canonical.
        code: String,
        /// Where.
        office: OfficeRef,
        /// Until when.
        until: Option<Date>,
    },
    /// A fee was paid.
    Paid {
        /// Canonical.
        code: String,
        /// How much.
        amount: Riel,
        /// By which the cashier finds it.
        bill_number: String,
    },
    /// An appointment is near.
    Reminder {
        /// Which.
        reference: String,
        /// Where.
        office: OfficeRef,
        /// When.
        start: UnixMs,
    },
}

/// A page of events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventPage {
    /// Oldest first.
    pub events: Vec<Event>,
    /// Position for the next question.
    pub next_after: Option<String>,
    /// More are waiting now.
    pub more: bool,
}

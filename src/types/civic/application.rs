//! An application and the words the portal contract has for it.
use super::Localized;
use crate::types::{RegistrationCode, Riel, UnixMs};
use jiff::civil::Date;

/// Where an application stands. A status that Chrak does not know is read as `InReview`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub enum ApplicationStatus {
    /// Received at the counter or on line.
    Registered,
    /// The fee is due.
    AwaitingPayment,
    /// The fee is paid, work has not begun.
    Paid,
    /// Being worked on.
    InReview,
    /// Sent to another office or level.
    Forwarded,
    /// The applicant must correct something.
    ReturnedForCorrection,
    /// Decided; the document is being made.
    Approved,
    /// The document can be collected.
    ReadyForCollection,
    /// Handed over.
    Collected,
    /// Not permitted.
    Rejected,
    /// Withdrawn by the applicant.
    Cancelled,
    /// Closed because nothing happened in time.
    Expired,
}

impl ApplicationStatus {
    /// All twelve, in the order of an application's life.
    pub const ALL: [ApplicationStatus; 12] = [
        Self::Registered,
        Self::AwaitingPayment,
        Self::Paid,
        Self::InReview,
        Self::Forwarded,
        Self::ReturnedForCorrection,
        Self::Approved,
        Self::ReadyForCollection,
        Self::Collected,
        Self::Rejected,
        Self::Cancelled,
        Self::Expired,
    ];

    /// The portal's word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Registered => "registered",
            Self::AwaitingPayment => "awaiting_payment",
            Self::Paid => "paid",
            Self::InReview => "in_review",
            Self::Forwarded => "forwarded",
            Self::ReturnedForCorrection => "returned_for_correction",
            Self::Approved => "approved",
            Self::ReadyForCollection => "ready_for_collection",
            Self::Collected => "collected",
            Self::Rejected => "rejected",
            Self::Cancelled => "cancelled",
            Self::Expired => "expired",
        }
    }

    /// Reads the portal's word; an unknown one is `InReview`, as its contract says.
    pub fn from_wire(word: &str) -> Self {
        Self::ALL.into_iter().find(|status| status.as_str() == word).unwrap_or(Self::InReview)
    }
}

/// What the factors given by a caller earn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Disclosure {
    /// Anybody who has the code.
    Public,
    /// The number that asks is a contact of the application.
    Contact,
    /// The PIN of the receipt was right.
    Verified,
}

/// An office, as much of it as a message needs.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct OfficeRef {
    /// The portal's identifier.
    pub id: String,
    /// Full name.
    pub name: Localized,
    /// A name that fits an SMS together with the rest of an answer, where the portal has one.
    pub short: Option<Localized>,
}

/// The service applied for; nameless where the level does not earn its name.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct ServiceRef {
    /// The portal's identifier.
    pub id: Option<String>,
    /// Its name.
    pub name: Option<Localized>,
    /// Whether using this service tells something private.
    pub sensitive: bool,
}

/// One step an application has taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimelineEntry {
    /// The status it took.
    pub status: ApplicationStatus,
    /// When.
    pub at: UnixMs,
    /// Where, if told.
    pub office: Option<OfficeRef>,
    /// Remark of the office.
    pub comment: Option<Localized>,
}

/// The fee of an application.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct ApplicationFee {
    /// How much.
    pub amount: Riel,
    /// Whether it is paid.
    pub paid: bool,
    /// By which the cashier finds it.
    pub bill_number: Option<String>,
}

/// Where and until when a document can be collected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ready {
    /// The office that has it.
    pub office: OfficeRef,
    /// Last day of collection.
    pub until: Option<Date>,
}

/// A document that came back to the applicant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReturnedDocument {
    /// Which.
    pub name: Localized,
    /// Why.
    pub reason: Option<Localized>,
}

/// Where an application stands, as the portal tells it at some level of disclosure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Application {
    /// Its registration code.
    pub code: RegistrationCode,
    /// The service applied for.
    pub service: ServiceRef,
    /// Where it was registered.
    pub office: OfficeRef,
    /// Where it stands.
    pub status: ApplicationStatus,
    /// Since when, where it is known.
    pub status_at: Option<UnixMs>,
    /// When it was registered, where that is told instead.
    pub registered_at: Option<UnixMs>,
    /// What the factors of the question earned.
    pub disclosure: Disclosure,
    /// Its steps, oldest first.
    pub timeline: Vec<TimelineEntry>,
    /// Its fee, when known.
    pub fee: Option<ApplicationFee>,
    /// Day by which the office means to be done.
    pub expected_by: Option<Date>,
    /// With `ReadyForCollection`.
    pub ready: Option<Ready>,
    /// What the citizen should do now.
    pub next_action: Option<Localized>,
    /// What must be corrected.
    pub returned_documents: Vec<ReturnedDocument>,
}

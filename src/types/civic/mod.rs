//! What a government office deals in, free of any wire format: texts in three languages, offices,
//! services, applications. The portal adapter fills these; everything above only reads them.
mod abilities;
mod application;
mod appointment;
mod ask;
mod counter;
mod event;
mod office;
mod page;
mod service;
mod sign_in;

pub use abilities::Abilities;
pub use application::{
    Application, ApplicationFee, ApplicationStatus, Disclosure, OfficeRef, Ready, ReturnedDocument, ServiceRef,
    TimelineEntry,
};

pub use appointment::{Appointment, AppointmentStatus, Hold, Slot};
pub use ask::{
    Act, Answer, ApplicationAnswer, Change, ChangeKind, Complaint, ComplaintStatus, Filed, Found, Guess, Listing,
    OfficeHit, OfficeSearch, PortalFault, Query, ServiceSearch, Stakes,
};
pub use counter::{Payment, PaymentStatus, Ticket};
pub use event::{Event, EventPage, Notice, Recipient};
pub use office::{Closure, Office, OpeningHours};
pub use page::{Holiday, Page, PageKind, PageSection};
pub use service::{Audience, Fee, FeeKind, FeeUnit, Group, Ministry, RequiredDocument, Service, Topic};
pub use sign_in::{CitizenToken, Mine, MyApplication};

use super::Language;

/// A text from the portal in the languages of the channels; Khmer and English always, romanised Khmer
/// where the portal has it (else English serves).
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Localized {
    /// Khmer script.
    pub km: String,
    /// English.
    pub en: String,
    /// Romanised Khmer, ASCII only.
    pub km_latn: Option<String>,
}

impl Localized {
    /// The text in `language`, falling back from romanised Khmer to English.
    pub fn get(&self, language: Language) -> &str {
        match language {
            Language::Km => &self.km,
            Language::En => &self.en,
            Language::KmLatn => self.km_latn.as_deref().unwrap_or(&self.en),
        }
    }
}

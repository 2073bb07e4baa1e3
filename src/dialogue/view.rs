//! What a citizen is told, as facts: no sentence, no layout, no length. Each channel's renderer has the words.
//! Knows nothing of SMS, USSD or pages.
use crate::types::civic::{
    ApplicationFee, ApplicationStatus, Disclosure, Localized, OfficeRef, Ready, ReturnedDocument, TimelineEntry,
};
use crate::types::{Language, RegistrationCode, UnixMs};
use jiff::civil::Date;

/// One answer. A channel that cannot show a part of it leaves that part out, never adds to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum View {
    /// Where an application stands.
    Status(Box<StatusFacts>),
    /// The check digit fails: something was mistyped, and the portal was not asked.
    Mistyped {
        /// As it was understood.
        code: RegistrationCode,
    },
    /// Nothing can be told about this code. Unknown, hidden and locked codes, and wrong PINs, all look like
    /// this, so that guessing teaches nothing.
    Unknown {
        /// As it was understood.
        code: RegistrationCode,
        /// Whether a PIN was given: then the code or the PIN is not right, and which of them is not told.
        pin_given: bool,
    },
    /// Please give the code of the receipt: a field to fill.
    EnterCode,
    /// Everything that can be done, explained.
    Help,
    /// What can be done, in few words.
    Menu,
    /// The portal does not answer and nothing usable is kept.
    PortalAway {
        /// What was asked for.
        code: Option<RegistrationCode>,
    },
    /// From now on this language.
    LanguageSet(Language),
    /// Unasked texts have ended; questions are still answered.
    Stopped,
    /// Unasked texts come again.
    Started,
    /// The limit on questions is reached; told once for each window.
    SlowDown,
    /// The question waited too long to be answered truthfully: ask again.
    AskAgain,
    /// We could not deal with this message and have given it up.
    Apology,
}

/// Where an application stands, cut down to what the level earns: made by `disclosure::shown` and nowhere
/// else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusFacts {
    /// The code that was asked for; `printed()` is what is shown.
    pub code: RegistrationCode,
    /// Where it stands.
    pub status: ApplicationStatus,
    /// Since when.
    pub status_at: UnixMs,
    /// Where it was registered.
    pub office: OfficeRef,
    /// Day by which the office means to be done.
    pub expected_by: Option<Date>,
    /// Where and until when the document can be collected.
    pub ready: Option<Ready>,
    /// What the citizen should do now, in the office's words.
    pub next_action: Option<Localized>,
    /// The service applied for.
    pub service: Option<Localized>,
    /// The fee.
    pub fee: Option<ApplicationFee>,
    /// Steps taken, oldest first; empty where the level does not earn them.
    pub timeline: Vec<TimelineEntry>,
    /// What must be corrected; empty where the level does not earn it.
    pub returned_documents: Vec<ReturnedDocument>,
    /// The level by which this was cut.
    pub disclosure: Disclosure,
    /// The portal is away and this is what it said at that time; `None` when it said so just now.
    pub as_of: Option<UnixMs>,
}

impl StatusFacts {
    /// The office to name: the one that has the document when it is ready, else where it was registered.
    pub fn office_to_name(&self) -> &OfficeRef {
        match &self.ready {
            Some(ready) if self.status == ApplicationStatus::ReadyForCollection => &ready.office,
            Some(_) | None => &self.office,
        }
    }
}

//! What a citizen is told, as facts: no sentence, no layout, no length. Each channel's renderer has the words.
//! Knows nothing of SMS, USSD or pages.
use crate::types::civic::{
    ApplicationFee, ApplicationStatus, Appointment, Audience, Complaint, Disclosure, Localized, Notice, Office,
    OfficeRef, Ready, ReturnedDocument, Service, TimelineEntry,
};
use crate::types::{Language, RegistrationCode, UnixMs};
use jiff::civil::{Date, Time};
use std::sync::Arc;

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
    /// Too many codes were guessed everywhere: for a while only a code with its PIN is looked up.
    AddPin {
        /// As it was understood.
        code: RegistrationCode,
    },
    /// PINs of this code were wrong too often today: none is tried any more, the right one neither.
    PinLocked {
        /// As it was understood.
        code: RegistrationCode,
    },
    /// One of the languages, by its number.
    ChooseLanguage,
    /// A list to choose from by number.
    Choose {
        /// What is listed.
        asking: Asking,
        /// In the order of their numbers, from 1; at most 8.
        options: Vec<Opt>,
        /// Whether 9 shows others.
        more: bool,
        /// The office chosen before, for days and hours.
        office: Option<OfficeRef>,
        /// The day chosen before, for hours.
        day: Option<Date>,
        /// Why it is asked once more.
        again: Option<Again>,
    },
    /// Which service? A field to fill.
    AskService,
    /// Which office or place? A field to fill.
    AskOffice,
    /// No service is called that.
    NoSuchService,
    /// No office is called that or serves that place.
    NoSuchOffice,
    /// A service's sheet.
    Service(Box<ServiceFacts>),
    /// An office.
    Office(Box<OfficeFacts>),
    /// Shall it be booked? Yes is `digits`, sent back, or 1.
    ConfirmBooking {
        /// Where.
        office: OfficeRef,
        /// What for, unless it is private.
        service: Option<Localized>,
        /// When.
        start: UnixMs,
        /// Whether the time is kept until the answer.
        held: bool,
        /// 10 to 99; `None`: where a plain yes is enough.
        digits: Option<u8>,
        /// The answer to it was not understood.
        again: bool,
    },
    /// Shall it be moved? Yes is `digits`, sent back, or 1.
    ConfirmMove {
        /// As it is.
        appointment: Appointment,
        /// The new time.
        start: UnixMs,
        /// Whether it is kept until the answer.
        held: bool,
        /// 10 to 99; `None`: where a plain yes is enough.
        digits: Option<u8>,
        /// The answer to it was not understood.
        again: bool,
    },
    /// Shall it be cancelled? Yes is `digits`, sent back, or 1.
    ConfirmCancel {
        /// As it is.
        appointment: Appointment,
        /// 10 to 99; `None`: where a plain yes is enough.
        digits: Option<u8>,
        /// The answer to it was not understood.
        again: bool,
    },
    /// The portal has booked it.
    Booked(Appointment),
    /// The portal has moved it.
    Moved(Appointment),
    /// The portal has cancelled it.
    Cancelled(Appointment),
    /// It was to be moved to the time that it has: nothing was changed.
    Unchanged(Appointment),
    /// Whether it was done is not known yet; a text will tell.
    Uncertain,
    /// It was found out that it was not done.
    NotDone,
    /// What was wanted is not offered here.
    NotOffered {
        /// The office to call, and its number, where one is known.
        call: Option<(OfficeRef, String)>,
    },
    /// The appointments to come.
    Appointments(Vec<Appointment>),
    /// There are none.
    NoAppointments,
    /// No time is free at this office in the coming days, or nothing can be booked there.
    NothingFree {
        /// Where.
        office: OfficeRef,
    },
    /// It can no longer be changed: too near, cancelled, or not this number's to change.
    CannotChange,
    /// A rating of 1 to 5, with words.
    AskRating,
    /// The rating was passed on.
    Thanks,
    /// The citizen said thanks.
    Welcome,
    /// The portal is away: the rating is kept, and passed on when it is back.
    RatingKept,
    /// Too much was guessed: there is room again after so many minutes.
    Wait {
        /// Minutes.
        minutes: u32,
    },
    /// The words of a complaint.
    AskComplaint,
    /// The portal is away: the complaint is kept, and passed on when it is back.
    ComplaintKept {
        /// Its reference is texted then.
        told: bool,
    },
    /// The complaint was passed on.
    ComplaintFiled {
        /// By which it can be asked about.
        reference: String,
    },
    /// What became of a complaint.
    Complaint(Box<Complaint>),
    /// There is no such complaint.
    NoSuchComplaint,
    /// Something happened that the citizen agreed to be told.
    Notice {
        /// What.
        notice: Notice,
        /// As the receipt shows the code that it is about.
        code: String,
    },
}

/// What a list holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Asking {
    /// What can be done about appointments.
    Task,
    /// Offices at which to book.
    Office,
    /// Services to book for.
    Service,
    /// Days with free times.
    Day,
    /// Free times of a day.
    Hour,
    /// Appointments to move or cancel.
    Appointment,
    /// Services to be told about.
    AnyService,
    /// Offices to be told about.
    AnyOffice,
    /// Ways to find a service.
    ServicesBy,
    /// For whom.
    Audience,
    /// Ministries.
    Ministry,
    /// What the services are about that are too many for one list.
    Topic,
    /// Divisions that have offices, and the offices of the one chosen before.
    Place,
}

impl Asking {
    /// Options shown at a time, so that a text takes at most two segments in Khmer.
    pub fn page(self) -> usize {
        match self {
            Self::ServicesBy | Self::Audience => 4,
            Self::Ministry | Self::Place | Self::Topic => 6,
            Self::Task | Self::Office | Self::AnyOffice | Self::Service | Self::AnyService => 4,
            Self::Day => 5,
            Self::Hour => 8,
            Self::Appointment => 3,
        }
    }
}

/// One line of a list.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Opt {
    /// A task about appointments.
    Task(AppointmentTask),
    /// An office, and the place by which it was found (division code).
    Office {
        /// The office.
        office: OfficeRef,
        /// Division code.
        place: Option<String>,
    },
    /// A service.
    Service {
        /// The portal's identifier.
        id: String,
        /// Its four digits; none in a conversation that was stored by an older version.
        #[serde(default)]
        code: String,
        /// Its name.
        name: Localized,
    },
    /// A day.
    Day(Date),
    /// A free time.
    Hour {
        /// The portal's identifier.
        slot: String,
        /// When it begins.
        start: UnixMs,
    },
    /// An appointment.
    Appointment(Appointment),
    /// A way to find a service.
    By(ServicesBy),
    /// For whom a service is.
    Audience(Audience),
    /// A ministry.
    Ministry {
        /// The portal's identifier.
        id: String,
        /// Its name.
        name: Localized,
    },
    /// What services are about.
    Topic {
        /// The portal's identifier; empty: about nothing that has a name.
        id: String,
        /// Its name; `None`: the other services.
        name: Option<Localized>,
    },
    /// A division: its code.
    Place(String),
}

/// Ways to find a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[allow(missing_docs, reason = "the names say it")]
pub enum ServicesBy {
    Audience,
    Ministry,
    Number,
}

impl Opt {
    /// All ways to find a service.
    pub const WAYS: [Opt; 3] =
        [Opt::By(ServicesBy::Audience), Opt::By(ServicesBy::Ministry), Opt::By(ServicesBy::Number)];

    /// All that can be done about appointments.
    pub const TASKS: [Opt; 4] = [
        Opt::Task(AppointmentTask::Book),
        Opt::Task(AppointmentTask::List),
        Opt::Task(AppointmentTask::Move),
        Opt::Task(AppointmentTask::Cancel),
    ];
}

/// What can be done about appointments.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[allow(missing_docs, reason = "the names say it")]
pub enum AppointmentTask {
    Book,
    List,
    Move,
    Cancel,
}

/// Why a list is shown once more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Again {
    /// What was written is none of its numbers.
    NotOffered,
    /// What was written was looked for and not found.
    NotFound,
    /// Somebody else has taken the time; the nearest free ones are listed.
    SlotTaken,
}

/// A service's sheet, and how old it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceFacts {
    /// The sheet.
    pub service: Arc<Service>,
    /// The portal is away and said this at that time.
    pub as_of: Option<UnixMs>,
}

/// An office, and the day for which its hours are told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OfficeFacts {
    /// The office.
    pub office: Arc<Office>,
    /// Today.
    pub today: Date,
}

/// Where an application stands, cut down to what the level earns: made by `disclosure::shown` and nowhere
/// else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusFacts {
    /// The code that was asked for; `printed()` is what is shown.
    pub code: RegistrationCode,
    /// Where it stands.
    pub status: ApplicationStatus,
    /// Since when, where it is known.
    pub status_at: Option<UnixMs>,
    /// When it was registered, where that is told instead.
    pub registered_at: Option<UnixMs>,
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
    /// With a document that is ready: when its office is open today; empty when it is closed.
    pub hours_today: Option<Vec<(Time, Time)>>,
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

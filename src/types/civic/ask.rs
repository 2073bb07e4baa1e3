//! What the portal can be asked and what may come back, in the words of this house: no HTTP here.
use super::{
    Application, Appointment, Audience, CitizenToken, Group, Hold, Holiday, Localized, Mine, Ministry, MyApplication,
    Office, Page, Payment, Service, Slot, Ticket, Topic,
};
use crate::types::{Language, Pin, RegistrationCode, UnixMs};
use jiff::civil::Date;
use std::sync::Arc;

/// A question of a conversation to the portal. Who asks and over which channel is added by the exchange.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Query {
    /// Where an application stands.
    Application {
        /// Which.
        code: RegistrationCode,
        /// The PIN of its receipt, when the citizen gave one.
        pin: Option<Pin>,
    },
    /// Services of the directory.
    Services(ServiceSearch),
    /// Offices of the directory.
    Offices(OfficeSearch),
    /// The ministries that have services.
    Ministries,
    /// What the services are about.
    Topics,
    /// What services are alike in.
    Groups,
    /// The pages that the portal has, without what stands in them; none where it has no such thing.
    Pages,
    /// One page with what stands in it.
    Page {
        /// Which.
        id: String,
    },
    /// Services, offices and pages by words.
    Find {
        /// What was written, or four digits.
        words: String,
    },
    /// The state's holidays of this year and the next, where the portal tells them.
    Holidays,
    /// One office as it is now, with its queue.
    Office {
        /// Which.
        id: String,
    },
    /// Times at an office, free and taken.
    Slots {
        /// Where.
        office: String,
        /// What for.
        service: String,
        /// First day.
        from: Date,
        /// Last day, at most 31 days later.
        to: Date,
    },
    /// The appointments that the asking number booked.
    Appointments,
    /// Where a complaint stands.
    Complaint {
        /// Which.
        reference: String,
    },
    /// Whether a payment has arrived.
    Payment {
        /// Which.
        id: String,
    },
    /// What is one's own, of somebody who has signed in.
    Mine {
        /// What of it.
        what: Mine,
        /// Stands for who has signed in.
        token: CitizenToken,
    },
    /// Something that changes the portal's data, carried out at most once.
    Change(Change),
}

/// Which services; what is `None` or empty does not limit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServiceSearch {
    /// The one with this identifier.
    pub id: Option<String>,
    /// Words of its name, or its four digits; at most 100 characters are looked at.
    pub words: Option<String>,
    /// Offered by this office.
    pub office: Option<String>,
    /// Only those for which appointments are made.
    pub bookable: bool,
    /// For these people.
    pub audience: Option<Audience>,
    /// Of the ministry with this identifier.
    pub ministry: Option<String>,
    /// About the topic with this identifier; empty: about none at all.
    pub topic: Option<String>,
    /// In the group with this identifier.
    pub group: Option<String>,
}

/// Which offices; what is `None` does not limit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OfficeSearch {
    /// The one with this identifier.
    pub id: Option<String>,
    /// Words of its name, or of a place it serves.
    pub words: Option<String>,
    /// Offers this service.
    pub service: Option<String>,
    /// Only those at which appointments are made.
    pub bookable: bool,
    /// In the division with this code, or in one of its parts; empty: anywhere. All of them, by division.
    pub within: Option<String>,
}

/// An intention to change something. The same intention of the same message is one call at the portal.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Change {
    /// What.
    pub what: ChangeKind,
    /// Raised when the same is wanted anew (a hold that had ended), so that it is another intention.
    pub attempt: u8,
}

/// What is to be changed.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum ChangeKind {
    /// Keep a place.
    Hold {
        /// In this slot.
        slot: String,
    },
    /// Book the place held.
    Book {
        /// The hold.
        hold: String,
        /// What for.
        service: String,
        /// For which application, canonical.
        application: Option<String>,
        /// In which language to remind.
        language: Language,
    },
    /// Move an appointment to the place held.
    Move {
        /// Which.
        reference: String,
        /// The hold.
        hold: String,
    },
    /// Cancel an appointment.
    Cancel {
        /// Which.
        reference: String,
        /// As it was when that was agreed to: of one that is gone nobody else knows.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        was: Option<Box<Appointment>>,
    },
    /// Rate.
    Feedback {
        /// 1 very bad to 5 very good.
        rating: u8,
        /// Words of the citizen.
        text: Option<String>,
    },
    /// Begin to pay the fee of an application.
    Pay {
        /// Which, canonical.
        application: String,
        /// Where the citizen stands.
        office: Option<String>,
        /// The PIN of its receipt, when the citizen gave one. Never kept.
        #[serde(skip)]
        pin: Option<Pin>,
        /// Stands for who has signed in. Never kept.
        #[serde(skip)]
        token: Option<CitizenToken>,
    },
    /// Draw a queue number.
    Ticket {
        /// Where.
        office: String,
        /// What for; `None`: for information.
        service: Option<String>,
        /// Or for this appointment.
        appointment: Option<String>,
    },
    /// Complain to the ombudsman.
    Complain {
        /// Words of the citizen.
        text: String,
        /// In which language to answer.
        language: Language,
    },
}

/// What a question puts at stake. A new question must say so here, or it does not compile.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stakes<'a> {
    /// A name that was typed and that a stranger may be guessing.
    pub guess: Option<Guess<'a>>,
    /// Something that there is not without end.
    pub act: Option<Act>,
}

/// A name by which the portal knows something of somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Guess<'a> {
    /// As the portal is asked for it.
    pub name: &'a str,
    /// Whether a PIN beside it may be guessed too.
    pub pin: bool,
}

/// What is used up by doing it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// A place is kept.
    Hold,
    /// A place is booked.
    Book,
    /// A number of the queue is drawn.
    Ticket,
    /// The ombudsman gets work.
    Complain,
    /// A rating.
    Rate,
    /// A payment is begun.
    Pay,
}

impl Query {
    /// What is at stake when anybody can ask this as often as they like.
    pub fn stakes(&self) -> Stakes<'_> {
        let guess = |name, pin| Some(Guess { name, pin });
        match self {
            Query::Application { code, pin } => {
                Stakes { guess: guess(code.canonical(), pin.is_some()), ..Stakes::default() }
            }
            Query::Complaint { reference } => Stakes { guess: guess(reference, false), ..Stakes::default() },
            // with somebody else's code the portal says what it says to anybody
            Query::Mine { what: Mine::Application { code }, .. } => {
                Stakes { guess: guess(code.canonical(), false), ..Stakes::default() }
            }
            Query::Change(change) => change.what.stakes(),
            // the directory concerns nobody; appointments are those of the asking number, to which the answer goes;
            // the name of a payment is never typed, nor is a token: they come back in a page that only we can seal
            Query::Services(_)
            | Query::Offices(_)
            | Query::Ministries
            | Query::Topics
            | Query::Groups
            | Query::Pages
            | Query::Page { .. }
            | Query::Holidays
            | Query::Find { .. }
            | Query::Office { .. }
            | Query::Slots { .. }
            | Query::Appointments
            | Query::Mine { what: Mine::Applications | Mine::Appointments, .. }
            | Query::Payment { .. } => Stakes::default(),
        }
    }
}

impl ChangeKind {
    /// Whether it is something said that is kept and passed on later when the portal answers so. A portal that refuses
    /// this server is an operator's to mend; what it declines it declines for good.
    pub fn is_kept_when(&self, fault: PortalFault) -> bool {
        let said = matches!(self, ChangeKind::Feedback { .. } | ChangeKind::Complain { .. });
        let passes = match fault {
            PortalFault::Away | PortalFault::Uncertain | PortalFault::Unusable | PortalFault::Refused => true,
            PortalFault::NotFound
            | PortalFault::FactorWrong { .. }
            | PortalFault::FactorRequired
            | PortalFault::Locked
            | PortalFault::SlotTaken
            | PortalFault::HoldExpired
            | PortalFault::TooLate
            | PortalFault::NotOffered
            | PortalFault::SignInExpired
            | PortalFault::Declined => false,
        };
        said && passes
    }

    fn stakes(&self) -> Stakes<'_> {
        let (guess, act) = match self {
            ChangeKind::Hold { .. } => (None, Some(Act::Hold)),
            ChangeKind::Book { .. } => (None, Some(Act::Book)),
            ChangeKind::Feedback { .. } => (None, Some(Act::Rate)),
            ChangeKind::Complain { .. } => (None, Some(Act::Complain)),
            ChangeKind::Pay { application, pin, .. } => {
                (Some(Guess { name: application, pin: pin.is_some() }), Some(Act::Pay))
            }
            ChangeKind::Ticket { appointment, .. } => {
                (appointment.as_deref().map(|name| Guess { name, pin: false }), Some(Act::Ticket))
            }
            // which one was chosen from those of the asking number
            ChangeKind::Move { .. } | ChangeKind::Cancel { .. } => (None, None),
        };
        Stakes { guess, act }
    }
}

/// What the portal said.
#[allow(clippy::large_enum_variant, reason = "one lives for one step; a box would cost every answer an allocation")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// To [`Query::Application`] and [`Mine::Application`].
    Application(Result<ApplicationAnswer, PortalFault>),
    /// To [`Query::Services`].
    Services(Result<Listing<Service>, PortalFault>),
    /// To [`Query::Offices`].
    Offices(Result<Listing<OfficeHit>, PortalFault>),
    /// To [`Query::Ministries`].
    Ministries(Result<Listing<Ministry>, PortalFault>),
    /// To [`Query::Topics`].
    Topics(Result<Listing<Topic>, PortalFault>),
    /// To [`Query::Groups`].
    Groups(Result<Listing<Group>, PortalFault>),
    /// To [`Query::Pages`].
    Pages(Result<Listing<Page>, PortalFault>),
    /// To [`Query::Page`]: the one page.
    Page(Result<Listing<Page>, PortalFault>),
    /// To [`Query::Find`].
    Found(Result<Found, PortalFault>),
    /// To [`Query::Holidays`], by date.
    Holidays(Result<Listing<Holiday>, PortalFault>),
    /// To [`Query::Office`].
    Office(Result<Arc<Office>, PortalFault>),
    /// To [`Query::Slots`].
    Slots(Result<Vec<Slot>, PortalFault>),
    /// To [`Mine::Applications`].
    MyApplications(Result<Vec<MyApplication>, PortalFault>),
    /// To [`Query::Appointments`] and [`Mine::Appointments`].
    Appointments(Result<Vec<Appointment>, PortalFault>),
    /// To [`Query::Complaint`].
    Complaint(Result<Complaint, PortalFault>),
    /// To [`ChangeKind::Hold`].
    Held(Result<Hold, PortalFault>),
    /// To [`ChangeKind::Book`], [`ChangeKind::Move`] and [`ChangeKind::Cancel`].
    Appointment(Result<Appointment, PortalFault>),
    /// To [`ChangeKind::Pay`] and [`Query::Payment`].
    Payment(Result<Payment, PortalFault>),
    /// To [`ChangeKind::Ticket`].
    Ticket(Result<Ticket, PortalFault>),
    /// To [`ChangeKind::Feedback`] and [`ChangeKind::Complain`].
    Filed(Result<Filed, PortalFault>),
}

impl Answer {
    /// Why it is none.
    pub fn fault(&self) -> Option<PortalFault> {
        match self {
            Answer::Application(said) => said.as_ref().err().copied(),
            Answer::Services(said) => said.as_ref().err().copied(),
            Answer::Offices(said) => said.as_ref().err().copied(),
            Answer::Ministries(said) => said.as_ref().err().copied(),
            Answer::Topics(said) => said.as_ref().err().copied(),
            Answer::Groups(said) => said.as_ref().err().copied(),
            Answer::Pages(said) | Answer::Page(said) => said.as_ref().err().copied(),
            Answer::Found(said) => said.as_ref().err().copied(),
            Answer::Holidays(said) => said.as_ref().err().copied(),
            Answer::Office(said) => said.as_ref().err().copied(),
            Answer::Slots(said) => said.as_ref().err().copied(),
            Answer::MyApplications(said) => said.as_ref().err().copied(),
            Answer::Appointments(said) => said.as_ref().err().copied(),
            Answer::Complaint(said) => said.as_ref().err().copied(),
            Answer::Held(said) => said.as_ref().err().copied(),
            Answer::Appointment(said) => said.as_ref().err().copied(),
            Answer::Payment(said) => said.as_ref().err().copied(),
            Answer::Ticket(said) => said.as_ref().err().copied(),
            Answer::Filed(said) => said.as_ref().err().copied(),
        }
    }
}

/// What became of a rating or a complaint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Filed {
    /// The portal has it; the reference of a complaint.
    Passed(Option<String>),
    /// The portal is away: it is kept here, and passed on when it is back.
    Kept {
        /// Who said it is sent its reference then.
        told: bool,
    },
}

/// Part of the directory, and how old it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listing<T> {
    /// What was found, the best first.
    pub items: Vec<Arc<T>>,
    /// `Some` when the portal is away and this is what it said at that time.
    pub as_of: Option<UnixMs>,
}

/// What was found by words, the best first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Services.
    pub services: Vec<Arc<Service>>,
    /// Offices.
    pub offices: Vec<Arc<OfficeHit>>,
    /// Pages.
    pub pages: Vec<Arc<Page>>,
    /// What was probably meant, where nothing is called as it was written.
    pub meant: Option<Localized>,
    /// `Some` when the portal is away and this is what it said at that time.
    pub as_of: Option<UnixMs>,
}

/// An office that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OfficeHit {
    /// The office.
    pub office: Arc<Office>,
    /// Code of the place that was named and that it serves, when it was found by one.
    pub place: Option<&'static str>,
}

/// A complaint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Complaint {
    /// By which it is called.
    pub reference: String,
    /// Where it stands.
    pub status: ComplaintStatus,
    /// Since when.
    pub status_at: UnixMs,
    /// What the ombudsman answers; only to the number it was filed from.
    pub answer: Option<Localized>,
}

/// Where a complaint stands; an unknown word is `InReview`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ComplaintStatus {
    /// Received.
    Open,
    /// Being looked at.
    InReview,
    /// Answered.
    Closed,
}

/// Where an application stands, and how old that knowledge is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApplicationAnswer {
    /// The application at the level that was earned.
    pub application: Application,
    /// `Some` when the portal is away and this is a kept answer of that time.
    pub as_of: Option<UnixMs>,
    /// The office to go to, where the directory is at hand.
    pub office: Option<Arc<Office>>,
}

/// Why the portal did not answer a question, sorted by what the citizen is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PortalFault {
    /// There is no such thing, or it is hidden: the two are answered alike.
    #[error("not found")]
    NotFound,
    /// The PIN is wrong.
    #[error("wrong factor")]
    FactorWrong {
        /// Wrong PINs left before it is locked, where the portal tells.
        attempts_left: Option<u32>,
    },
    /// It takes a PIN or another number.
    #[error("factor required")]
    FactorRequired,
    /// Too many wrong PINs.
    #[error("locked")]
    Locked,
    /// Somebody else has the place, or the service cannot be booked.
    #[error("slot taken")]
    SlotTaken,
    /// The hold has ended.
    #[error("hold expired")]
    HoldExpired,
    /// Too near to the appointment, or it is cancelled already.
    #[error("too late")]
    TooLate,
    /// 5xx, 429, timeout, no connection, or the breaker is open. Of a change: it was not carried out.
    #[error("portal away")]
    Away,
    /// Of a change: whether it was carried out is not known.
    #[error("outcome unknown")]
    Uncertain,
    /// Of a change: it is not as the portal's rules want it (400, 413, 422), and never will be.
    #[error("declined")]
    Declined,
    /// It answered what its contract does not allow: garbage, truncated, too large.
    #[error("unusable answer")]
    Unusable,
    /// It has no such thing: see [`super::Abilities`].
    #[error("not offered")]
    NotOffered,
    /// Who had signed in is signed in no more.
    #[error("sign-in expired")]
    SignInExpired,
    /// It refuses this server (401, 403 `forbidden`): a matter for the operator.
    #[error("refused")]
    Refused,
}

impl PortalFault {
    /// Whether what was named is not there for the asker: each of these may be the answer to a guess.
    pub fn may_be_guess(self) -> bool {
        match self {
            Self::NotFound | Self::FactorWrong { .. } | Self::FactorRequired | Self::Locked => true,
            Self::SlotTaken
            | Self::HoldExpired
            | Self::TooLate
            | Self::Away
            | Self::Uncertain
            | Self::Unusable
            | Self::Declined
            | Self::NotOffered
            | Self::SignInExpired
            | Self::Refused => false,
        }
    }
}

//! What the server must be able to trust of a visit: the number that was proven, what is waited for, the conversation. It
//! must not know a page.
use super::{
    seal::{open, seal},
    typed::closing,
};
use crate::{
    dialogue::{AppointmentTask, Dialogue},
    exchange::{OpenSignIn, SignedIn},
    kiosk::{context::PageContext, state::KioskState},
    ports::random::new_id,
    render::kiosk::{QueueNumber, Receipt},
    types::{
        Msisdn, UnixMs,
        civic::{Appointment, CitizenToken},
    },
};
use std::time::Duration;

/// How long a visit can go on from page to page.
const VISIT_FOR: Duration = Duration::from_secs(2 * 3600);

/// Where a visit goes on once the number is proven.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Goal {
    /// To the answer about the code, with more in it.
    #[default]
    Status,
    /// To appointments.
    Appointments,
}

/// What a journey of the visit came to.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Came {
    /// An appointment was booked.
    Booked {
        /// As it is now.
        one: Appointment,
        /// Its PIN, told once.
        pin: Option<String>,
    },
    /// It was moved.
    Moved {
        /// As it is now.
        one: Appointment,
    },
    /// It was cancelled.
    Cancelled {
        /// As it was.
        one: Appointment,
    },
    /// A complaint was passed on.
    Complained {
        /// By which it can be asked about.
        reference: String,
    },
    /// A number of the queue was given.
    Queued {
        /// The number.
        ticket: QueueNumber,
        /// What for.
        service: Option<crate::types::civic::Localized>,
        /// Minutes to wait, about.
        minutes: u32,
        /// The counter to go to.
        counter: Option<String>,
    },
    /// A service's sheet was read.
    Read {
        /// The service.
        id: String,
        /// Its code, by which its page is called.
        code: String,
    },
    /// A fee was paid.
    Paid {
        /// What was paid.
        receipt: Receipt,
    },
}

/// What the visitor carries home of the last journey that came to an end.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Kept {
    /// What it came to.
    pub came: Came,
    /// The last digits of the number to which it was texted; `None`: it was not.
    pub told: Option<String>,
    /// A number was proven, and no text could be sent to it.
    pub failed: bool,
}

/// How far somebody is with signing in.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Login {
    /// The telephone is waited for.
    Open(OpenSignIn),
    /// Somebody has signed in.
    In(SignedIn),
}

/// What the server must be able to trust of a visit.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct VisitState {
    /// Names the intentions of this visit, so that a page sent twice changes things once.
    pub id: uuid::Uuid,
    /// Names the visit itself: by it who guesses is held back.
    #[serde(default)]
    pub name: uuid::Uuid,
    /// When the visit began.
    begun: i64,
    /// The number that was proven, E.164.
    number: Option<String>,
    /// The number to which a code was sent, E.164, and what names the code.
    pub asked: Option<(String, String)>,
    /// Where it goes on.
    pub goal: Goal,
    /// What is done about appointments.
    task: Option<AppointmentTask>,
    /// The conversation.
    dialogue: Option<String>,
    /// The payment that is waited for, and the code it is for.
    pub payment: Option<(String, String)>,
    /// Riel and bill of that payment, as they were first told.
    #[serde(default)]
    pub due: Option<(u32, String)>,
    /// The answer that waits for the number: the hour that was chosen, by its place in the list.
    #[serde(default)]
    pub pending: Option<u8>,
    /// The service that is booked for, by its identifier, where it was chosen before the office.
    #[serde(default)]
    pub wanted: Option<String>,
    /// The appointment that is looked at.
    #[serde(default)]
    pub looked_at: Option<String>,
    /// The complaint that is being made: its subject, counted from 0, and the words so far.
    #[serde(default)]
    pub complaint: Option<(u8, String)>,
    /// What there is to carry home.
    #[serde(default)]
    pub kept: Option<Kept>,
    /// Who signs in, or has.
    #[serde(default)]
    pub login: Option<Login>,
}

impl VisitState {
    /// What a form sent, if it was sealed for this kiosk and not too long ago; else a new visit.
    pub fn open(state: &KioskState, context: &PageContext, sealed: &str) -> Self {
        let visit =
            open(state, &context.device.id, sealed).and_then(|plain| serde_json::from_slice::<VisitState>(&plain).ok());
        let now = state.backend.now();
        visit.filter(|visit| visit.goes_on(now)).unwrap_or_else(|| VisitState::fresh(now))
    }

    /// Whether what a form sent can be used at a device: sealed for it not too long ago, and no visit that is over.
    pub fn goes_on_at(state: &KioskState, device: &str, sealed: &str) -> bool {
        open(state, device, sealed).is_some_and(|plain| {
            let visit = serde_json::from_slice::<VisitState>(&plain).ok();
            // the staff page seals something else
            visit.is_none_or(|visit| visit.goes_on(state.backend.now()))
        })
    }

    /// Whether the visit has not gone on for too long.
    fn goes_on(&self, now: UnixMs) -> bool {
        now.since_ms(UnixMs(self.begun)) < VISIT_FOR.as_millis() as i64
    }

    /// For a hidden field.
    pub fn seal(mut self, state: &KioskState, context: &PageContext) -> String {
        if self.begun == 0 {
            self.begun = state.backend.now().0;
        }
        let plain = serde_json::to_vec(&self).expect("a visit is plain strings and numbers");
        let sealed = seal(state, &context.device.id, &plain);
        // a page that shows what is one's own closes sooner
        self.signed().map(|signed| closing(&sealed, signed.until)).unwrap_or(sealed)
    }

    /// Whoever has signed in.
    pub fn signed(&self) -> Option<&SignedIn> {
        match &self.login {
            Some(Login::In(signed)) => Some(signed),
            _ => None,
        }
    }

    /// Stands for whoever has signed in, as long as that holds.
    pub fn token(&self, now: UnixMs) -> Option<CitizenToken> {
        self.signed()?.token(now)
    }

    /// The number that the visitor proved.
    pub fn number(&self) -> Option<Msisdn> {
        self.number.as_deref().and_then(Msisdn::parse_e164)
    }

    /// The visitor has proved the number.
    pub fn prove(&mut self, number: Msisdn) {
        self.number = Some(number.digits().to_owned());
        self.asked = None;
    }

    /// A code was sent to a number.
    pub fn ask(&mut self, number: Msisdn, name: String) {
        self.asked = Some((number.digits().to_owned(), name));
    }

    /// A task about appointments begins.
    pub fn begin(&mut self, task: AppointmentTask, now: UnixMs) {
        let (number, begun, name, login) = (self.number.take(), self.begun, self.name, self.login.take());
        let task = Some(task);
        *self = VisitState { number, begun, name, login, goal: Goal::Appointments, task, ..VisitState::fresh(now) };
    }

    /// The task that was begun.
    pub fn task(&self) -> AppointmentTask {
        self.task.unwrap_or(AppointmentTask::List)
    }

    /// Whether it goes without a number: only a booking does.
    pub fn may_skip(&self) -> bool {
        self.task == Some(AppointmentTask::Book)
    }

    /// What comes next is another intention.
    pub fn renew_id(&mut self, now: UnixMs) {
        self.id = new_id(now);
    }

    /// Another payment is another intention.
    pub fn renew(&mut self, now: UnixMs) {
        (self.payment, self.due) = (None, None);
        self.id = new_id(now);
    }

    /// Of a new visit.
    pub fn fresh(now: UnixMs) -> Self {
        VisitState { id: new_id(now), name: new_id(now), ..VisitState::default() }
    }

    /// The conversation as it stands.
    pub fn dialogue(&self) -> Option<Dialogue> {
        self.dialogue.as_ref().map(|kept| Dialogue::from_bytes(kept.as_bytes()))
    }

    /// Keeps the conversation; what it is about is another intention once it is over.
    pub fn keep(&mut self, dialogue: &Dialogue, now: UnixMs) {
        if dialogue.is_open() {
            self.dialogue = Some(String::from_utf8(dialogue.to_bytes()).expect("JSON is UTF-8"));
        } else {
            self.dialogue = None;
            self.id = new_id(now);
        }
    }
}

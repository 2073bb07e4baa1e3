//! What a visit carries from page to page in hidden fields: what was typed, and sealed, what the server must be able
//! to trust. Nothing of it stands in an address, a cookie or any storage.
use super::{
    KioskState,
    context::{Device, PageContext},
    errors::unreadable,
    respond::both,
    typed::{ONCE, Typed, dialled, digits_of},
};
use crate::{
    dialogue::Dialogue,
    ports::random::new_id,
    types::{Msisdn, UnixMs},
};
use axum::{
    Form,
    extract::{FromRequest, Request},
    http::StatusCode,
    response::Response,
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use std::{sync::Arc, time::Duration};

/// How long a page's sealed part can be used, and how long a visit can go on from page to page.
const PAGE_FOR: Duration = Duration::from_secs(30 * 60);
const VISIT_FOR: Duration = Duration::from_secs(2 * 3600);
/// Octets of the time that stands before what is sealed.
const TIME: usize = 8;

/// What the form of a visit sends.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
pub struct VisitForm {
    pub digits: String,
    pub at: String,
    pub pin: String,
    pub phone: String,
    pub once: String,
    #[serde(rename = "held")]
    pub visit: String,
    pub key: String,
    /// Free text: of a complaint.
    pub text: String,
}

impl VisitForm {
    /// What was typed, as far as it can be.
    pub fn typed(&self, most: usize) -> Typed {
        let typed = Typed::read(&self.digits, &self.at, most).with_pin(&self.pin);
        Typed { phone: dialled(&self.phone), once: digits_of(&self.once, ONCE), visit: self.visit.clone(), ..typed }
    }
}

/// The form of a visit, or the page that says why it cannot be read.
pub struct Sent(pub VisitForm);

impl FromRequest<KioskState> for Sent {
    type Rejection = Response;

    async fn from_request(request: Request, state: &KioskState) -> Result<Self, Response> {
        let device = request.extensions().get::<Arc<Device>>().cloned();
        let form = Form::<VisitForm>::from_request(request, state).await;
        let Form(form) = form.map_err(|fault| unreadable(&fault))?;
        let device = device.map_or_else(|| Device::open().id, |device| device.id.clone());
        let goes_on = |plain: Vec<u8>| {
            let visit = serde_json::from_slice::<VisitState>(&plain).ok();
            // the staff page seals something else
            visit.is_none_or(|visit| visit.goes_on(state.backend.now()))
        };
        if !form.visit.is_empty() && !open(state, &device, &form.visit).is_some_and(goes_on) {
            return Err(both(StatusCode::GONE, "clock", true, |words| &words.visit_over));
        }
        Ok(Sent(form))
    }
}

/// What a seal is bound to: it opens at this device and with this time only.
fn place(device: &str, at: &[u8]) -> Vec<u8> {
    // names of devices hold no NUL, so the two cannot run into each other
    [device.as_bytes(), &[0], at].concat()
}

/// Seals something for a hidden field of this device's pages, with the time.
pub fn seal(state: &KioskState, device: &str, plain: &[u8]) -> String {
    let at = state.backend.now().0.to_be_bytes();
    let sealed = state.backend.seal(&place(device, &at), plain);
    match sealed {
        Some(sealed) => URL_SAFE_NO_PAD.encode([&at[..], &sealed].concat()),
        None => {
            tracing::error!("a visit cannot be sealed; it begins anew with its next page");
            String::new()
        }
    }
}

/// Opens what [`seal`] made at this device a short time ago.
pub fn open(state: &KioskState, device: &str, sealed: &str) -> Option<Vec<u8>> {
    let octets = URL_SAFE_NO_PAD.decode(sealed).ok()?;
    let (at, sealed) = octets.split_first_chunk::<TIME>()?;
    let age = state.backend.now().since_ms(UnixMs(i64::from_be_bytes(*at)));
    // a clock that was set back a little ends no visit
    (age.unsigned_abs() <= PAGE_FOR.as_millis() as u64).then(|| state.backend.unseal(&place(device, at), sealed))?
}

/// Where a visit goes on once the number is proven.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Goal {
    /// To the answer about the code, with more in it.
    #[default]
    Status,
    /// To appointments.
    Appointments,
}

/// What the server must be able to trust of a visit.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct VisitState {
    /// Names the intentions of this visit, so that a page sent twice changes things once.
    pub id: uuid::Uuid,
    /// When the visit began.
    begun: i64,
    /// The number that was proven, E.164.
    number: Option<String>,
    /// The number to which a code was sent, E.164, and what names the code.
    pub asked: Option<(String, String)>,
    /// Where it goes on.
    pub goal: Goal,
    /// What is done about appointments: 1 book, 2 list, 3 move, 4 cancel.
    task: u8,
    /// The conversation.
    dialogue: Option<String>,
    /// The payment that is waited for, and the code it is for.
    pub payment: Option<(String, String)>,
    /// Riel and bill of that payment, as they were first told.
    #[serde(default)]
    pub due: Option<(u32, String)>,
}

impl VisitState {
    /// What a form sent, if it was sealed for this kiosk and not too long ago; else a new visit.
    pub fn open(state: &KioskState, context: &PageContext, sealed: &str) -> Self {
        let visit =
            open(state, &context.device.id, sealed).and_then(|plain| serde_json::from_slice::<VisitState>(&plain).ok());
        let now = state.backend.now();
        visit.filter(|visit| visit.goes_on(now)).unwrap_or_else(|| VisitState::fresh(now))
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
        seal(state, &context.device.id, &plain)
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
    pub fn begin(&mut self, task: u8, now: UnixMs) {
        let (number, begun) = (self.number.take(), self.begun);
        *self = VisitState { number, begun, goal: Goal::Appointments, task, ..VisitState::fresh(now) };
    }

    /// The task that was begun.
    pub fn task(&self) -> u8 {
        self.task
    }

    /// Whether it goes without a number: only a booking does.
    pub fn may_skip(&self) -> bool {
        self.task == 1
    }

    /// Another payment is another intention.
    pub fn renew(&mut self, now: UnixMs) {
        (self.payment, self.due) = (None, None);
        self.id = new_id(now);
    }

    /// Of a new visit.
    pub fn fresh(now: UnixMs) -> Self {
        VisitState { id: new_id(now), ..VisitState::default() }
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

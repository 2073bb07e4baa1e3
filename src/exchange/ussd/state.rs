//! What is kept of a session between two inputs, and what a step comes to before anything is written.
use super::{
    input::{Screen, UssdCall, UssdSignal},
    names::Names,
};
use crate::{
    dialogue::Dialogue,
    exchange::texts::dedupe,
    ports::{citizens::CitizenRecord, inbox::NewMo, outbox::NewMt, ussd::UssdSession},
    types::{CauseId, UnixMs, civic::Change},
};

/// What is kept of a session.
#[derive(Clone, Default, serde::Serialize, serde::Deserialize)]
pub(super) struct UssdState {
    /// How its inputs are known.
    #[serde(default)]
    pub(super) names: Names,
    /// As the dialogue writes itself.
    pub(super) dialogue: String,
    /// The screens of the last view.
    pub(super) pages: Vec<String>,
    pub(super) page: usize,
    /// What 8 sends as a text.
    pub(super) text: Option<String>,
    /// Wrong inputs in a row.
    pub(super) wrong: u8,
    /// Digest of the last input.
    pub(super) last: Vec<u8>,
    pub(super) last_at: UnixMs,
}

impl UssdState {
    pub(super) fn read(session: &UssdSession) -> Option<Self> {
        let lost = |fault: &serde_json::Error| {
            tracing::error!(kind = ?fault.classify(), "a stored USSD session cannot be read; it begins anew");
        };
        serde_json::from_slice(&session.state).inspect_err(lost).ok()
    }

    pub(super) fn dialogue(&self) -> Dialogue {
        Dialogue::from_bytes(self.dialogue.as_bytes())
    }

    pub(super) fn set_dialogue(&mut self, dialogue: &Dialogue) {
        self.dialogue = String::from_utf8(dialogue.to_bytes()).expect("JSON is UTF-8");
    }

    pub(super) fn screen(&self) -> Option<Screen> {
        self.pages.get(self.page).map(|text| Screen { text: text.clone(), end: false })
    }
}

/// What surrounds a step.
pub(super) struct Around<'a> {
    pub(super) call: &'a UssdCall,
    pub(super) cause: CauseId,
    pub(super) citizen: CitizenRecord,
    /// Of the session, should it open with this input.
    pub(super) names: Names,
}

/// What a step came to.
pub(super) struct StepOutcome {
    /// Names the step and what it changes.
    pub(super) cause: CauseId,
    /// The session after it; `None`: it is over.
    pub(super) state: Option<UssdState>,
    /// What is shown.
    pub(super) screen: Screen,
    /// The number's record after it.
    pub(super) citizen: CitizenRecord,
    /// A text that was asked for.
    pub(super) mts: Vec<NewMt>,
    /// The question that goes on as a text.
    pub(super) late: Option<NewMo>,
    /// A change that is to be found out.
    pub(super) follow_up: Option<Change>,
}

impl StepOutcome {
    /// The session is over.
    pub(super) fn last(cause: CauseId, screen: Screen, citizen: CitizenRecord) -> Self {
        StepOutcome { cause, state: None, screen, citizen, mts: Vec::new(), late: None, follow_up: None }
    }

    /// The session goes on.
    pub(super) fn open(cause: CauseId, state: UssdState, screen: Screen, citizen: CitizenRecord) -> Self {
        StepOutcome { state: Some(state), ..StepOutcome::last(cause, screen, citizen) }
    }
}

/// What makes two inputs equal.
pub(super) fn fingerprint(signal: &UssdSignal) -> Vec<u8> {
    let (kind, text) = match signal {
        UssdSignal::Start(steps) => ("start", steps.join("*")),
        UssdSignal::Next(text) => ("next", text.clone()),
        UssdSignal::Unknown(text) => ("unknown", text.clone()),
        UssdSignal::Abort | UssdSignal::Confirmed => ("abort", String::new()),
    };
    dedupe::digest(format!("{kind}\0{text}").as_bytes()).to_vec()
}

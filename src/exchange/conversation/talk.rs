//! What a conversation came to, and what of it is remembered of a number. It must not know a channel.
use super::limits;
use crate::{
    dialogue::{Dialogue, View},
    ports::citizens::{CitizenRecord, NumberWindows},
    types::{CauseId, Language, UnixMs, civic::Change},
};
use std::time::Duration;

/// How long a dialogue stays open.
const DIALOGUE_OPEN: Duration = Duration::from_secs(30 * 60);

/// What a conversation came to.
pub struct Talk {
    /// Where it stands.
    pub next: Dialogue,
    /// What is to be said.
    pub view: Option<View>,
    /// In which language.
    pub language: Language,
    /// The language is to be remembered of the number.
    pub remember_language: Option<Language>,
    /// The number wants no notices any more, or wants them again.
    pub set_stopped: Option<bool>,
    /// What was counted for the number.
    pub windows: Option<NumberWindows>,
    /// Whether an open conversation went on.
    pub advanced: bool,
    /// To be found out and told later.
    pub follow_up: Option<Change>,
    /// The portal did not answer within the channel's patience; the conversation stands before the question.
    pub late: bool,
    /// A limit of the caller's kept the answer back; where there must be one, it is that.
    pub hushed: bool,
}

impl Talk {
    /// Nothing was said yet.
    pub(super) fn begun(dialogue: Dialogue, language: Language) -> Self {
        Talk {
            next: dialogue,
            view: None,
            language,
            remember_language: None,
            set_stopped: None,
            windows: None,
            advanced: true,
            follow_up: None,
            late: false,
            hushed: false,
        }
    }

    /// Writes what was counted, chosen and asked for into a number's record. Where the conversation stands is not in it:
    /// that is kept by the channel.
    pub fn note_in(&self, citizen: &mut CitizenRecord) {
        if let Some(windows) = &self.windows {
            limits::keep(&mut citizen.windows, windows);
        }
        citizen.language = self.remember_language.or(citizen.language);
        citizen.stopped = self.set_stopped.unwrap_or(citizen.stopped);
    }
}

/// The open dialogue of a number, if it is still open and can be read.
pub fn open_dialogue(citizen: &CitizenRecord, now: UnixMs) -> Dialogue {
    match &citizen.dialogue {
        Some(kept) if now < citizen.dialogue_until => Dialogue::from_bytes(kept),
        _ => Dialogue::default(),
    }
}

/// Keeps a dialogue for the number's next text, if there is anything to keep.
pub fn keep_dialogue(citizen: &mut CitizenRecord, dialogue: &Dialogue, now: UnixMs) {
    if *dialogue == Dialogue::default() {
        citizen.dialogue = None;
        citizen.dialogue_until = UnixMs(0);
        citizen.in_dialogue = false;
    } else {
        set_dialogue(citizen, dialogue, now);
    }
}

/// The number's next text goes on here, also at the start: what was open for it before is over.
pub fn set_dialogue(citizen: &mut CitizenRecord, dialogue: &Dialogue, now: UnixMs) {
    citizen.dialogue = Some(dialogue.to_bytes());
    citizen.dialogue_until = now.plus_ms(DIALOGUE_OPEN.as_millis() as i64);
    citizen.in_dialogue = dialogue.is_open();
}

/// How long a channel waits that cannot wait: after that the question goes on elsewhere.
#[derive(Clone, Copy)]
pub struct Patience {
    /// For each answer of the portal.
    pub share: Duration,
    /// For all of them.
    pub until: tokio::time::Instant,
}

/// The Idempotency-Key of a change: of the message that asked for it and of what it asks for, so that a turn
/// that is taken up after a crash makes the same call. A UUID of version 8 (RFC 9562 §5.8).
pub fn intention(cause: CauseId, change: &Change) -> uuid::Uuid {
    let mut digest = ring::digest::Context::new(&ring::digest::SHA256);
    digest.update(cause.0.as_bytes());
    digest.update(&serde_json::to_vec(change).expect("a change is plain strings and numbers"));
    let mut octets = [0; 16];
    octets.copy_from_slice(&digest.finish().as_ref()[..16]);
    uuid::Builder::from_custom_bytes(octets).into_uuid()
}

//! Everything of a step in one commit, and only then the screen.
use super::{
    Ussd,
    input::{Screen, UssdCall},
    state::StepOutcome,
};
use crate::{
    exchange::notifications::follow_up::Asked,
    ports::{
        StoreFault,
        citizens::CitizenRecord,
        inbox::{NewMo, StoredMo},
        random::new_id,
        status::Rate,
        ussd::{UssdSession, UssdStep},
    },
    types::{CauseId, UnixMs, limits::USSD_OPEN},
};

impl Ussd {
    /// Writes a step; the screen, unless it comes too late to be shown.
    pub(super) async fn keep(
        &self,
        call: UssdCall,
        step: StepOutcome,
        before: CitizenRecord,
        version: i64,
        fingerprint: Vec<u8>,
    ) -> Option<Screen> {
        let now = self.now();
        let StepOutcome { cause, state, screen, citizen, mut mts, late, follow_up } = step;
        let handed = late.as_ref().map(|mo| waiting(mo, now));
        let follow_up = follow_up.map(|change| {
            // the change was asked for under the name of this step
            let language = citizen.language.unwrap_or(self.needs.settings.default_language);
            let (number, smsc, source) = (call.number, &call.smsc, &call.short_code);
            Asked { cause, number, smsc, source, language }.to_be_found_out(change, now)
        });
        let over = state.is_none();
        let state = state.map(|mut state| {
            state.last = fingerprint;
            state.last_at = now;
            serde_json::to_vec(&state).expect("a session is plain strings and numbers")
        });
        let session = UssdSession {
            name: call.name.clone(),
            connection: call.connection,
            state: state.unwrap_or_default(),
            until: if over { UnixMs(0) } else { now.plus_ms(USSD_OPEN.as_millis() as i64) },
            version: version + 1,
        };
        self.needs.outbox.reserve_for(&mut mts);
        let mut changed = citizen != before;
        let mut record = citizen;
        if late.is_none() {
            // a text of this number may have its turn meanwhile: only what was chosen here is written
            record.dialogue = None;
        } else {
            changed = true;
        }
        let kept = UssdStep {
            family: call.family.clone(),
            number: call.number,
            session,
            citizen: changed.then_some(record),
            mts: mts.clone(),
            late,
            follow_up,
            cause,
        };
        let stored = self.needs.sessions.keep_ussd(kept, now).await;
        self.needs.outbox.hand_over(cause, mts, &stored, None).await;
        match stored {
            Ok(_) => {
                self.needs.board.count(Rate::Answers, 1, now);
                if let Some(mo) = handed {
                    self.needs.texts.enqueue(mo);
                }
                (call.read_at.elapsed() < call.deadline).then_some(screen)
            }
            // another input of this session was faster; its screen is the one to see
            Err(StoreFault::Stale) => None,
            Err(_) => Some(self.sorry(&call, &before)),
        }
    }

    /// The subscriber has hung up.
    pub(super) async fn end_session(&self, call: &UssdCall, version: i64) {
        let now = self.now();
        let session = UssdSession {
            name: call.name.clone(),
            connection: call.connection,
            state: Vec::new(),
            until: UnixMs(0),
            version: version + 1,
        };
        let step = UssdStep {
            family: call.family.clone(),
            number: call.number,
            session,
            citizen: None,
            mts: Vec::new(),
            late: None,
            follow_up: None,
            cause: CauseId(new_id(now)),
        };
        if let Err(fault) = self.needs.sessions.keep_ussd(step, now).await {
            tracing::debug!("a USSD session was not ended, and ends by itself: {fault}");
        }
    }
}

/// The question that goes on as a text, as it is stored.
fn waiting(mo: &NewMo, now: UnixMs) -> StoredMo {
    StoredMo {
        id: mo.id,
        smsc: mo.smsc.clone(),
        source: mo.source.clone(),
        destination: mo.destination.clone(),
        text: mo.text.clone(),
        received_at: now,
        attempts: 0,
        deaths_alone: 0,
        suspect: false,
    }
}

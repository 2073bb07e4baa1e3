//! USSD: one screen for each input, now. The session is kept in the store, so that a restarted server goes on in
//! the middle of one; what the portal does not answer in time becomes an MO of the SMS channel in the commit
//! that ends the session. Knows no PDU: the link says what an input is and sends the screen.
mod input;
mod keep;
mod names;
mod state;
mod steps;

pub use input::{Screen, UssdCall, UssdSignal};

use super::{
    conversation::Conversation,
    kiosks::send::TextsToPhones,
    notifications::Notices,
    outbox::{Outbox, Segmenter},
    settings::Settings,
    texts::{
        Texts,
        sequencer::{Lane, LaneEntry, Sequencer},
    },
};
use crate::{
    ports::{
        citizens::CitizenRecord,
        clock::Clock,
        random::new_id,
        status::{Board, Rate},
        ussd::{UssdSession, UssdSessions},
    },
    render::ussd::Note,
    types::{
        CauseId, UnixMs,
        limits::{USSD_AGAIN, USSD_WAITING_MAX},
    },
};
use names::Names;
use state::{Around, UssdState, fingerprint};
use std::{sync::Arc, time::Duration};

/// Of the gateway's timer, kept for the commit and the way back.
const MARGIN: Duration = Duration::from_millis(400);

/// Answers USSD inputs. Cheap to clone.
#[derive(Clone)]
pub struct Ussd {
    needs: Arc<Needs>,
    /// USSD inputs do not wait for texts of the same number.
    lanes: Arc<Sequencer>,
}

/// What USSD needs of others.
pub(super) struct Needs {
    pub(super) sessions: Arc<dyn UssdSessions>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) board: Arc<Board>,
    pub(super) settings: Arc<Settings>,
    pub(super) conversation: Conversation,
    pub(super) outbox: Outbox,
    pub(super) segmenter: Segmenter,
    /// Where a question goes on that the portal did not answer in time.
    pub(super) texts: Texts,
    /// Which a telephone has shown.
    pub(super) notices: Notices,
    /// What a STOP closes.
    pub(super) phones: TextsToPhones,
}

impl Ussd {
    pub(super) fn new(needs: Needs) -> Self {
        Ussd { needs: Arc::new(needs), lanes: Arc::default() }
    }

    fn now(&self) -> UnixMs {
        self.needs.clock.now()
    }

    /// Answers an input; `None` when there is nothing to show: the subscriber is gone, or too late, or a
    /// gateway says what belongs to no session.
    pub async fn answer(&self, call: UssdCall) -> Option<Screen> {
        if self.lanes.depth(call.number) > USSD_WAITING_MAX {
            return None;
        }
        // one input of a number at a time, in the order in which they came
        let _lane: Lane = match self.lanes.enter(call.number) {
            LaneEntry::Head(lane) => lane,
            LaneEntry::Behind(behind) => behind.reach_head().await,
        };
        if call.read_at.elapsed() + MARGIN > call.deadline {
            return None;
        }
        if call.signal == UssdSignal::Confirmed {
            self.needs.notices.confirmed(call.number);
            return None;
        }
        self.needs.board.count(Rate::MoIn, 1, self.now());
        let read = self.needs.sessions.ussd(call.family.clone(), call.number).await;
        let Ok((stored, citizen)) = read else {
            return Some(self.sorry(&call, &CitizenRecord::default()));
        };
        let now = self.now();
        let version = stored.as_ref().map_or(0, |session| session.version);
        let known = stored.filter(|session| now < session.until);
        let open = known.as_ref().and_then(UssdState::read);
        let names = Names::opened(&call, open.as_ref().map(|state| &state.names));
        let state = open.filter(|state| state.names.is_of(&call));
        let fingerprint = fingerprint(&call.signal);
        if let (Some(session), Some(state)) = (&known, &state)
            && self.is_again(&call, session, state, &fingerprint)
        {
            return state.screen();
        }
        let around = Around { call: &call, cause: CauseId(new_id(now)), citizen: citizen.clone(), names };
        let step = match (&call.signal, state) {
            (UssdSignal::Abort, None) => return None,
            (UssdSignal::Abort, Some(_)) => {
                self.end_session(&call, version).await;
                return None;
            }
            (UssdSignal::Start(steps), _) => self.open_session(around, steps, None).await,
            (UssdSignal::Next(text) | UssdSignal::Unknown(text), Some(state)) => self.go_on(around, state, text).await,
            (UssdSignal::Unknown(text), None) if text.is_empty() => return None,
            (UssdSignal::Next(_) | UssdSignal::Unknown(_), None) => {
                // who answers a notice that asked for it begins anew and has lost nothing
                let note = (!self.needs.notices.confirmed(call.number)).then_some(Note::Lost);
                self.open_session(around, &[], note).await
            }
            (UssdSignal::Confirmed, _) => return None,
        };
        self.keep(call, step, citizen, version, fingerprint).await
    }

    /// Whether an input is the one before, sent again: a start that nobody has answered yet, or one that came
    /// over a connection which has died.
    fn is_again(&self, call: &UssdCall, session: &UssdSession, state: &UssdState, fingerprint: &[u8]) -> bool {
        // a gateway that counts gives another input another name
        let same = state.last == fingerprint
            && state.names.is_last(&call.name)
            && self.now().since_ms(state.last_at) < USSD_AGAIN.as_millis() as i64;
        let first = matches!(call.signal, UssdSignal::Start(_));
        same && (first || session.connection != call.connection && !self.needs.texts.is_alive(session.connection))
    }
}

#[cfg(test)]
mod tests;

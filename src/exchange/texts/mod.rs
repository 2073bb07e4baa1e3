//! Texts of citizens: each is durable before it is acknowledged, one of a number is in hand at a time, and what its turn
//! comes to is one commit. Knows no PDU and no database.
mod accept;
pub(super) mod dedupe;
mod hand;
mod incoming;
mod parts;
mod resume;
pub(super) mod sequencer;
mod slowly;
mod turn;

pub use incoming::{AcceptFault, Done, IncomingMo, PartOf};

use super::{
    conversation::Conversation,
    kiosks::send::TextsToPhones,
    outbox::{Outbox, Segmenter},
    settings::Settings,
};
use crate::{
    ports::{clock::Clock, inbox::Inbox, parts::Parts, status::Board},
    types::{CauseId, SessionId, UnixMs, limits::TURNS_MAX, lock, names::SmscName},
};
use hand::Hands;
use sequencer::Sequencer;
use slowly::Slowly;
use std::{
    collections::HashSet,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
};
use tokio::sync::{Semaphore, watch};
use tokio_util::task::TaskTracker;

/// Takes texts and answers them. Cheap to clone.
#[derive(Clone)]
pub struct Texts {
    needs: Arc<Needs>,
    core: Arc<Core>,
}

struct Core {
    sequencer: Arc<Sequencer>,
    /// Turns at once.
    slots: Arc<Semaphore>,
    hands: Arc<Hands>,
    /// Closed while MOs of an unclean end are tried one at a time.
    open: watch::Sender<bool>,
    draining: AtomicBool,
    /// Connections that are open.
    alive: Mutex<HashSet<SessionId>>,
    /// What was given back and stored all the same.
    slowly: Slowly,
}

/// What texts need of others.
pub(super) struct Needs {
    pub(super) inbox: Arc<dyn Inbox>,
    pub(super) parts: Arc<dyn Parts>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) board: Arc<Board>,
    pub(super) settings: Arc<Settings>,
    pub(super) conversation: Conversation,
    pub(super) outbox: Outbox,
    pub(super) segmenter: Segmenter,
    /// What a STOP closes.
    pub(super) phones: TextsToPhones,
    /// Turns in hand, which are waited for at the end.
    pub(super) tasks: TaskTracker,
}

impl Texts {
    /// Takes texts at once, and answers them when what an unclean end left has been tried ([`Texts::open`]).
    pub(super) fn new(needs: Needs) -> Self {
        let core = Core {
            sequencer: Arc::default(),
            slots: Arc::new(Semaphore::new(TURNS_MAX)),
            hands: Arc::default(),
            open: watch::Sender::new(false),
            draining: AtomicBool::new(false),
            alive: Mutex::default(),
            slowly: Slowly::default(),
        };
        Texts { needs: Arc::new(needs), core: Arc::new(core) }
    }

    /// Says that a connection of a bind is open; while it is, an equal text on another is a new question.
    pub fn session_opened(&self, session: SessionId) {
        lock(&self.core.alive).insert(session);
    }

    /// Says that a connection is gone: what it acknowledged last may come again.
    pub fn session_closed(&self, session: SessionId) {
        lock(&self.core.alive).remove(&session);
    }

    /// Whether a connection is open.
    pub(super) fn is_alive(&self, session: SessionId) -> bool {
        lock(&self.core.alive).contains(&session)
    }

    /// Notes that the telco has read the resps of these MOs.
    pub async fn confirm(&self, mos: Vec<CauseId>) {
        if !mos.is_empty() && self.needs.inbox.confirm(mos).await.is_err() {
            tracing::debug!("MOs whose resp was read count as if it were not");
        }
    }

    /// MOs accepted and not yet finished.
    pub fn in_hand(&self) -> usize {
        self.core.hands.taken()
    }

    /// Those that came over a telco.
    pub fn in_hand_of(&self, smsc: &SmscName) -> usize {
        self.core.hands.taken_of(smsc)
    }

    /// Takes no more texts; what is in hand goes on.
    pub(super) fn stop_taking(&self) {
        self.core.draining.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_leaving(&self) -> bool {
        self.core.draining.load(Ordering::Relaxed)
    }

    fn now(&self) -> UnixMs {
        self.needs.clock.now()
    }
}

#[cfg(test)]
mod tests;

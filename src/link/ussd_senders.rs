//! Which binds of a telco send screens, and how many are in hand.
use crate::{
    exchange::{Screen, UssdNotice},
    smpp::dialect::Back,
    types::{SessionId, limits::USSD_IN_HAND_MAX, lock},
};
use std::{
    sync::{Arc, Mutex, MutexGuard},
    time::Instant,
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

/// A screen on its way to a bind that sends.
pub(super) struct Shown {
    pub(super) what: What,
    pub(super) read_at: Instant,
    pub(super) until: Instant,
    pub(super) _room: OwnedSemaphorePermit,
}

/// What the binds of a telco share: how much is in hand, and which of them send.
pub(super) struct UssdSenders {
    pub(super) room: Arc<Semaphore>,
    pub(super) senders: Mutex<Vec<(SessionId, mpsc::Sender<Shown>)>>,
}

impl Default for UssdSenders {
    fn default() -> Self {
        UssdSenders { room: Arc::new(Semaphore::new(USSD_IN_HAND_MAX)), senders: Mutex::default() }
    }
}

impl UssdSenders {
    pub(super) fn senders(&self) -> MutexGuard<'_, Vec<(SessionId, mpsc::Sender<Shown>)>> {
        lock(&self.senders)
    }

    /// A bind that may submit is there.
    pub(super) fn join(&self, session: SessionId, sender: mpsc::Sender<Shown>) {
        self.senders().push((session, sender));
    }

    /// It is gone.
    pub(super) fn leave(&self, session: SessionId) {
        self.senders().retain(|(other, _)| *other != session);
    }

    pub(super) fn any(&self) -> Option<mpsc::Sender<Shown>> {
        self.senders().first().map(|(_, sender)| sender.clone())
    }

    /// The bind itself, or another one of the telco where it only receives.
    pub(super) fn sender(&self, session: SessionId) -> Option<mpsc::Sender<Shown>> {
        let senders = self.senders();
        let own = senders.iter().find(|(other, _)| *other == session);
        own.or(senders.first()).map(|(_, sender)| sender.clone())
    }
}

pub(super) enum What {
    /// Of an input.
    Screen { back: Back, screen: Screen },
    /// Nobody asked for it just now.
    Notice(UssdNotice),
}

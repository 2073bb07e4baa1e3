//! The due segments of one telco, the binds that take them, its pump, and a bind's end of that. It must not know the store.
use super::places::Places;
use crate::{
    ports::outbox::DueMt,
    types::{MtId, SessionId, limits::SUBMIT_AHEAD, lock, names::SmscName},
};
use std::{
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::{
    sync::{Notify, mpsc},
    task::JoinHandle,
    time::Instant,
};
use tokio_util::sync::CancellationToken;

/// A segment handed to a bind, recorded as submitting on its session.
#[derive(Debug)]
pub struct Submission {
    /// What to send.
    pub mt: DueMt,
    /// When the MO that it answers was read, when that was in this process and this is its last segment.
    pub read_at: Option<Instant>,
}

/// The due segments of one telco, and the binds that take them.
pub(super) struct TelcoOutbox {
    pub(super) smsc: SmscName,
    pub(super) places: Mutex<Places<mpsc::Sender<Submission>>>,
    /// A bind is there since then.
    bound_since: Mutex<Option<Instant>>,
    /// The pump is to look at `places`.
    pub(super) wake: Notify,
    /// Once there is pumping.
    pub(super) pump: Mutex<Option<Pump>>,
}

/// The task that looks at `places`.
pub(super) struct Pump {
    pub(super) stop: CancellationToken,
    pub(super) task: JoinHandle<()>,
}

impl Pump {
    /// Ends it; returns when it is at work no more: what it had just recorded as submitting is handed over or given back.
    pub(super) async fn end(self) {
        self.stop.cancel();
        if let Err(fault) = self.task.await {
            tracing::error!("a pump of the outbox did not end well: {fault}");
        }
    }
}

impl TelcoOutbox {
    pub(super) fn new(smsc: SmscName) -> Self {
        TelcoOutbox {
            smsc,
            places: Mutex::default(),
            bound_since: Mutex::default(),
            wake: Notify::new(),
            pump: Mutex::default(),
        }
    }

    pub(super) fn join(&self, session: SessionId, places: usize, hand: mpsc::Sender<Submission>) {
        lock(&self.places).join(session, places, hand);
        lock(&self.bound_since).get_or_insert_with(Instant::now);
        self.wake.notify_one();
    }

    pub(super) fn leave(&self, session: SessionId) {
        let mut places = lock(&self.places);
        places.leave(session);
        if places.is_empty() {
            *lock(&self.bound_since) = None;
        }
    }

    /// Something is queued, or may have become due.
    pub(super) fn ask(&self) {
        lock(&self.places).ask();
        self.wake.notify_one();
    }

    pub(super) fn give_back(&self, session: SessionId, places: usize) {
        let wake = lock(&self.places).give_back(session, places);
        if wake {
            self.wake.notify_one();
        }
    }

    /// Hands a segment over; `Err` when the session has gone meanwhile.
    pub(super) fn hand(&self, session: SessionId, submission: Submission) -> Result<(), MtId> {
        let hand = lock(&self.places).reach(session).cloned();
        match hand {
            // The channel holds all places, and one of them was taken for this.
            Some(hand) => hand.try_send(submission).map_err(|refused| refused.into_inner().mt.id),
            None => Err(submission.mt.id),
        }
    }

    /// Hands nothing over until it is resumed.
    pub(super) fn pause(&self, paused: bool) {
        lock(&self.places).paused = paused;
        self.wake.notify_one();
    }

    pub(super) fn bound_for(&self) -> Option<Duration> {
        lock(&self.bound_since).map(|since| since.elapsed())
    }
}

/// A bind's end of the outbox: yields what the bind is to submit. Dropping it gives its places up; what was
/// handed over and not settled is then uncertain, and the bind settles it as such before.
pub struct OutboxFeed {
    outbox: Arc<TelcoOutbox>,
    session: SessionId,
    due: mpsc::Receiver<Submission>,
}

impl OutboxFeed {
    /// Joins a bind to what its telco is to submit, with so many places in its window.
    pub(super) fn join(outbox: Arc<TelcoOutbox>, session: SessionId, window: usize) -> Self {
        let places = OutboxFeed::places(window);
        let (hand, due) = mpsc::channel(places);
        outbox.join(session, places, hand);
        OutboxFeed { outbox, session, due }
    }

    /// The next segment to submit; waits until there is one.
    pub async fn next(&mut self) -> Option<Submission> {
        self.due.recv().await
    }

    /// A segment that is there already.
    pub fn try_next(&mut self) -> Option<Submission> {
        self.due.try_recv().ok()
    }

    /// Whether nothing is to be submitted now; what was handed over before goes back.
    pub fn is_paused(&self) -> bool {
        lock(&self.outbox.places).paused
    }

    /// Takes no more; yields what was handed over and not yet taken.
    pub fn close(&mut self) -> Vec<Submission> {
        self.outbox.leave(self.session);
        self.due.close();
        std::iter::from_fn(|| self.due.try_recv().ok()).collect()
    }

    /// Segments that may be handed to a bind of this window before any is settled.
    pub fn places(window: usize) -> usize {
        window.max(1) + SUBMIT_AHEAD
    }
}

impl Drop for OutboxFeed {
    fn drop(&mut self) {
        self.outbox.leave(self.session);
    }
}

//! Texts nobody asked for just now: stored durably when their cause comes, rendered in the commit that sends
//! them, so that they are never stale. STOP, quiet hours, the number's language and the level of disclosure are
//! respected here and nowhere else.
mod events;
pub(super) mod follow_up;
mod messages;
mod notices;
pub(super) mod payload;

pub(super) use notices::Notices;
pub use notices::UssdNotice;

use super::{
    conversation::{counts::Counts, gate::Gate},
    outbox::{Outbox, Segmenter},
    settings::Settings,
};
use crate::{
    ports::{
        StoreFault,
        citizens::{CitizenRecord, Citizens},
        clock::Clock,
        pushes::{PushEnd, Pushes, StoredPush},
    },
    types::{CauseId, UnixMs, limits::PUSHES_AT_ONCE, names::SmscName},
};
use payload::Payload;
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

/// Pause when the store or the portal could not be asked.
const AGAIN: Duration = Duration::from_secs(5);
/// What time alone makes due is found so soon.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Tells what nobody asked for. Cheap to clone.
#[derive(Clone)]
pub struct Notifications {
    needs: Arc<Needs>,
}

/// What notifications need of others.
pub(super) struct Needs {
    pub(super) pushes: Arc<dyn Pushes>,
    pub(super) citizens: Arc<dyn Citizens>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) settings: Arc<Settings>,
    pub(super) counts: Counts,
    pub(super) gate: Gate,
    pub(super) outbox: Outbox,
    pub(super) segmenter: Segmenter,
    pub(super) notices: Notices,
    /// Who stores something that is due owes a wake by this, after its commit.
    pub(super) wake: Arc<Notify>,
    /// This node works on what is due, and asks the portal for its events: one does for all.
    pub(super) first: Arc<AtomicBool>,
}

impl Notifications {
    /// Tells nothing until the exchange starts.
    pub(super) fn new(needs: Needs) -> Self {
        Notifications { needs: Arc::new(needs) }
    }

    /// Waits for the next USSD notice of a telco, for its binds; loses nothing when it is dropped.
    pub async fn next_ussd_notice(&self, smsc: &SmscName) -> Option<UssdNotice> {
        self.needs.notices.next(smsc).await
    }

    /// Whether no other node does what one does for all.
    fn is_first(&self) -> bool {
        self.needs.first.load(Ordering::Relaxed)
    }

    fn now(&self) -> UnixMs {
        self.needs.clock.now()
    }

    /// Works on what is due, for ever; one task.
    pub(super) async fn work(self, stop: CancellationToken) {
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                // who stores one owes a wake, after its commit; what time alone makes due is found by the second
                () = self.needs.wake.notified() => {}
                () = tokio::time::sleep(LOOK_EVERY) => {}
            }
            while self.is_first()
                && let Ok(due) = self.needs.pushes.due_pushes(self.now(), PUSHES_AT_ONCE).await
            {
                let all = due.len();
                let work = due.into_iter().map(|push| self.push(push));
                futures_util::future::join_all(work).await;
                if all < PUSHES_AT_ONCE || stop.is_cancelled() {
                    break;
                }
            }
        }
    }

    async fn push(&self, stored: StoredPush) {
        let id = stored.push.id;
        let now = self.now();
        let later = |pause: Duration| PushEnd::Later(now.plus_ms(pause.as_millis() as i64));
        let end = if stored.push.not_after <= now {
            tracing::warn!(push = %id, kind = ?stored.push.kind, "an unasked text was of no use any more");
            PushEnd::Dropped
        } else {
            match self.needs.citizens.citizen(stored.push.number).await {
                Ok(citizen) => self.decide(&stored, &citizen).await,
                Err(_) => later(AGAIN),
            }
        };
        let queued = matches!(&end, PushEnd::Queued(mts) if !mts.is_empty());
        let telco = match &end {
            PushEnd::Queued(mts) => mts.first().map(|mt| mt.smsc.clone()),
            PushEnd::Dropped | PushEnd::Refused(_) | PushEnd::Later(_) => None,
        };
        match self.needs.pushes.end_push(id, end, now).await {
            Ok(()) | Err(StoreFault::Stale) => {}
            Err(StoreFault::Rejected) => {
                // as long as it is due it would come first, and in the end nothing else would
                tracing::error!(push = %id, "the database refuses what an unasked text came to; it is dropped");
                if let Err(fault) = self.needs.pushes.end_push(id, PushEnd::Dropped, now).await {
                    tracing::warn!(push = %id, "it could not be dropped: {fault}");
                }
                return;
            }
            Err(fault) => {
                tracing::warn!(push = %id, "the end of an unasked text could not be stored: {fault}");
            }
        }
        if let Some(telco) = telco.filter(|_| queued) {
            self.needs.outbox.wake(&telco);
        }
    }

    async fn decide(&self, stored: &StoredPush, citizen: &CitizenRecord) -> PushEnd {
        match serde_json::from_slice::<Payload>(&stored.push.payload) {
            Ok(Payload::Message { text, notice }) => self.decide_message(stored, citizen, &text, notice),
            Ok(Payload::Event { notice, language, urgent }) => {
                self.decide_event(stored, citizen, notice, language, urgent).await
            }
            Ok(Payload::FollowUp { cause, change, smsc, source, language }) => {
                self.settle_change(stored, CauseId(cause), change, &smsc, &source, language).await
            }
            Err(_) => {
                tracing::error!(push = %stored.push.id, "an unasked text cannot be read; it is dropped");
                PushEnd::Dropped
            }
        }
    }
}

#[cfg(test)]
mod tests;

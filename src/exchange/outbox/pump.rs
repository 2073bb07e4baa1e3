//! Moves what is queued to binds with room, and decides what is uncertain: one task for each telco.
use super::{
    Outbox,
    places::{Found, Look},
    telco::{Pump, Submission, TelcoOutbox},
};
use crate::{
    ports::{
        StoreFault,
        outbox::{DueMt, Outcome, Settlement},
    },
    types::{
        MtId,
        limits::{AMBIGUOUS_HOLD, COMMIT_OPS_MAX},
        lock,
    },
};
use std::{collections::HashSet, sync::Arc, time::Duration};
use tokio_util::sync::CancellationToken;

/// Time alone makes due what was refused for now; and what another process may have queued is found.
const LOOK_EVERY: Duration = Duration::from_millis(500);

impl Outbox {
    /// Starts to pump for all telcos, also for those that are added later, until `stop`.
    pub(in crate::exchange) fn start(&self, stop: &CancellationToken) {
        // who is added at this moment is pumped for by one of both, not by both
        let telcos = lock(&self.core.telcos);
        if self.core.pumps.set(stop.clone()).is_ok() {
            telcos.values().for_each(|telco| self.pump_it(telco));
        }
    }

    /// Pumps for a telco, once there is pumping.
    pub(super) fn pump_it(&self, telco: &Arc<TelcoOutbox>) {
        if let Some(stop) = self.core.pumps.get().map(CancellationToken::child_token) {
            let task = self.core.pumping.spawn(self.clone().pump(Arc::clone(telco), stop.clone()));
            *lock(&telco.pump) = Some(Pump { stop, task });
        }
    }

    /// Waits until no pump is at work any more, once they were stopped: what one has just recorded as submitting is given
    /// back by it, or it would be uncertain at the next start.
    pub(in crate::exchange) async fn ended(&self) {
        self.core.pumping.close();
        self.core.pumping.wait().await;
    }

    async fn pump(self, outbox: Arc<TelcoOutbox>, stop: CancellationToken) {
        let mut regular = tokio::time::interval(LOOK_EVERY);
        regular.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                () = outbox.wake.notified() => {}
                _ = regular.tick() => {
                    lock(&outbox.places).ask();
                    self.resolve(&outbox).await;
                }
            }
            while !stop.is_cancelled() {
                let look = lock(&outbox.places).begin_look(COMMIT_OPS_MAX);
                let Some(look) = look else { break };
                if self.look(&outbox, look).await.is_err() {
                    // it is still owed: the next regular look pays
                    break;
                }
            }
        }
    }

    async fn look(&self, outbox: &Arc<TelcoOutbox>, look: Look) -> Result<(), StoreFault> {
        let found = self.begin_due(outbox, &look).await;
        let (begun, found) = match found {
            Ok(found) => found,
            Err(fault) => {
                lock(&outbox.places).end_look(&look, look.places, Found::More);
                return Err(fault);
            }
        };
        let unused = look.places - begun.len();
        let hand = |mt| outbox.hand(look.session, Submission { mt, read_at: None });
        let refused = begun.into_iter().filter_map(|mt| hand(mt).err());
        let unwritten = |mt| Settlement { mt, session: look.session, outcome: Outcome::Unwritten };
        self.settle(&outbox.smsc, refused.map(unwritten).collect()).await;
        lock(&outbox.places).end_look(&look, unused, found);
        Ok(())
    }

    /// Records what is due as submitting, as far as there are places for it.
    async fn begin_due(&self, outbox: &TelcoOutbox, look: &Look) -> Result<(Vec<DueMt>, Found), StoreFault> {
        let store = &self.core.store;
        let due = store.due(outbox.smsc.clone(), self.core.clock.now(), look.places).await?;
        let found = if due.len() >= look.places {
            Found::More
        } else {
            Found::All { rest: store.queued(outbox.smsc.clone()).await? }
        };
        if due.is_empty() {
            return Ok((due, found));
        }
        let ids = due.iter().map(|mt| mt.id).collect();
        let begun: HashSet<MtId> =
            store.begin_submit(ids, look.session, self.core.clock.now()).await?.into_iter().collect();
        Ok((due.into_iter().filter(|mt| begun.contains(&mt.id)).collect(), found))
    }

    async fn resolve(&self, outbox: &TelcoOutbox) {
        if outbox.bound_for().is_none_or(|bound| bound < AMBIGUOUS_HOLD) {
            return;
        }
        let now = self.core.clock.now();
        let before = now.plus_ms(-(AMBIGUOUS_HOLD.as_millis() as i64));
        if let Ok(resolved) = self.core.store.resolve_ambiguous(outbox.smsc.clone(), before, now).await
            && (resolved.resent > 0 || resolved.given_up > 0)
        {
            metrics::counter!("chrak_mt_duplicates_possible_total", "smsc" => outbox.smsc.as_str().to_owned())
                .increment(resolved.resent);
            tracing::warn!(
                smsc = %outbox.smsc, resent = resolved.resent, given_up = resolved.given_up,
                "segments whose fate was uncertain are decided"
            );
            outbox.ask();
        }
    }
}

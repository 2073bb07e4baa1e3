//! The start after the last run, and the regular clean-up. What was in hand at an unclean end is tried one
//! at a time, so that only an MO that ends the process alone is ever given up.
use super::{
    Exchange,
    accept::{InWork, TurnPermits},
};
use crate::{
    ports::{
        StoreFault,
        inbox::{Recovery, Source, StoredMo},
    },
    types::{CauseId, Msisdn, limits::MO_IN_HAND_MAX},
};
use std::{sync::Arc, time::Duration};
use tokio_util::sync::CancellationToken;

/// MOs read at once when those that wait are taken up again.
const PAGE: usize = 500;
/// How often what waits is looked at: an MO that nobody works on, whatever the cause, waits no longer.
const LOOK_EVERY: Duration = Duration::from_secs(15);

impl Exchange {
    /// Takes over from the last run and starts the background work; MOs may be accepted from now on.
    pub async fn start(&self, stop: CancellationToken) -> Result<Recovery, StoreFault> {
        let recovery = self.core.store.begin(self.now()).await?;
        if !recovery.clean {
            tracing::warn!(
                suspects = recovery.suspects,
                waiting = recovery.waiting,
                ambiguous = recovery.ambiguous,
                "the last run did not end cleanly; what was in hand is tried one at a time"
            );
        }
        for outbox in self.core.outboxes.values() {
            tokio::spawn(self.clone().pump(Arc::clone(outbox), stop.clone()));
        }
        tokio::spawn(self.clone().watch_store(stop.clone()));
        tokio::spawn(self.clone().sweep(stop.clone()));
        tokio::spawn(self.clone().push_loop(stop.clone()));
        tokio::spawn(self.clone().keep_heartbeats(stop.clone()));
        if recovery.suspects == 0 {
            self.core.gate.send_replace(true);
        }
        let exchange = self.clone();
        tokio::spawn(async move { exchange.take_up(stop).await });
        Ok(recovery)
    }

    /// Waits until what was in hand at an unclean end has been tried; background work that asks the portal begins
    /// only then, so that it does not slow down what citizens wait for.
    pub async fn recovered(&self) {
        let mut gate = self.core.gate.subscribe();
        let _ = gate.wait_for(|open| *open).await;
    }

    /// Tries what was in hand at an unclean end alone, then takes up what waits: at the start, and every
    /// [`LOOK_EVERY`], as a claim that failed or a fault of our own may have left something. MOs accepted meanwhile may
    /// be met here too; only one claim of an MO succeeds.
    async fn take_up(self, stop: CancellationToken) {
        let mut after = None;
        while let Some(page) = self.page(true, after, &stop).await {
            for mo in page {
                after = Some(mo.id);
                if stop.is_cancelled() {
                    return;
                }
                self.try_alone(mo).await;
            }
        }
        self.core.gate.send_replace(true);
        while !stop.is_cancelled() && !self.is_leaving() {
            // a suspect whose claim failed is one like the others now
            for suspects in [true, false] {
                self.take_up_waiting(suspects, &stop).await;
            }
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(LOOK_EVERY) => {}
            }
        }
    }

    async fn take_up_waiting(&self, suspects: bool, stop: &CancellationToken) {
        let mut after = None;
        while let Some(page) = self.page(suspects, after, stop).await {
            for mo in page {
                after = Some(mo.id);
                self.take_up_one(mo);
            }
            while self.core.tasks.len() > MO_IN_HAND_MAX / 2 && !stop.is_cancelled() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
    }

    async fn page(&self, suspects: bool, after: Option<CauseId>, stop: &CancellationToken) -> Option<Vec<StoredMo>> {
        loop {
            if stop.is_cancelled() {
                return None;
            }
            match self.core.store.waiting(suspects, after, PAGE).await {
                Ok(page) => return (!page.is_empty()).then_some(page),
                Err(StoreFault::Closed) => return None,
                Err(_) => {
                    self.core.health.failed();
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
            }
        }
    }

    /// A suspect's turn, with nothing else in hand: newer MOs of its number wait at the gate.
    async fn try_alone(&self, mut mo: StoredMo) {
        let Ok(slot) = Arc::clone(&self.core.slots).acquire_owned().await else {
            return;
        };
        let Some(citizen) = self.claim(&mo, true).await else {
            return;
        };
        mo.attempts += 1;
        self.turn(mo, citizen, None, TurnPermits::new(None, None, slot)).await;
    }

    fn take_up_one(&self, mo: StoredMo) {
        let Some(work) = InWork::take(&self.core, mo.id) else { return };
        let place = self.core.sequencer.enter(number_of(&mo));
        let exchange = self.clone();
        self.core.tasks.spawn(async move {
            exchange.wait_and_turn(mo, place, None, None).await;
            drop(work);
        });
    }

    /// Destroys what has been kept long enough, a bounded number of rows at a time; expires what is of no
    /// use any more.
    async fn sweep(self, stop: CancellationToken) {
        let mut minute = tokio::time::interval(Duration::from_secs(60));
        minute.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                _ = minute.tick() => {}
            }
            let now = self.now();
            let texts_before = now.plus_ms(-(self.core.settings.texts_kept.as_millis() as i64));
            if let Ok(expired) = self.core.store.expire(now).await
                && expired > 0
            {
                tracing::warn!(expired, "segments were not sent within their validity");
            }
            while let Ok(rows) = self.core.store.sweep(texts_before, now).await
                && rows > 0
                && !stop.is_cancelled()
            {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
}

/// An MO that is answered has a person; another one gets a lane that nobody shares.
fn number_of(mo: &StoredMo) -> Msisdn {
    match &mo.source {
        Source::Person(number) => *number,
        Source::Other(_) => Msisdn::NOBODY,
    }
}

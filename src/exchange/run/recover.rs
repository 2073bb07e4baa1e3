//! What the last run left, and what anything later may have left waiting. What was in hand at an unclean end is tried one
//! at a time, so that only an MO that ends the process alone is ever given up.
use super::Run;
use crate::{
    ports::{StoreFault, inbox::StoredMo},
    types::{CauseId, limits::MO_IN_HAND_MAX},
};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// MOs read at once when those that wait are taken up again.
const PAGE: usize = 500;
/// How often what waits is looked at: an MO that nobody works on, whatever the cause, waits no longer.
const LOOK_EVERY: Duration = Duration::from_secs(15);

impl Run {
    /// Tries what was in hand at an unclean end alone, then takes up what waits: at the start, and every
    /// [`LOOK_EVERY`], as a claim that failed or a fault of our own may have left something, and at once when another node has
    /// ended. MOs accepted meanwhile may be met here too; only one claim of an MO succeeds.
    pub(super) async fn take_up(self, stop: CancellationToken) {
        let mut after = None;
        while let Some(page) = self.page(true, after, &stop).await {
            for mo in page {
                after = Some(mo.id);
                if stop.is_cancelled() {
                    return;
                }
                self.needs.texts.try_alone(mo).await;
            }
        }
        self.needs.texts.open();
        while !stop.is_cancelled() && !self.needs.texts.is_leaving() {
            self.take_up_suspects(&stop).await;
            self.take_up_waiting(&stop).await;
            self.needs.texts.join_ended().await;
            tokio::select! {
                () = stop.cancelled() => return,
                () = self.needs.left.notified() => {}
                () = tokio::time::sleep(LOOK_EVERY) => {}
            }
        }
    }

    /// What another node had in hand when it died, one at a time: if one of them ends this process too, the others have not been
    /// tried by then. Also a suspect of our own whose claim failed.
    async fn take_up_suspects(&self, stop: &CancellationToken) {
        let mut after = None;
        while let Some(page) = self.page(true, after, stop).await {
            for mo in page {
                after = Some(mo.id);
                if stop.is_cancelled() || self.needs.texts.is_leaving() {
                    return;
                }
                self.needs.texts.try_now(mo).await;
            }
        }
    }

    async fn take_up_waiting(&self, stop: &CancellationToken) {
        let mut after = None;
        while let Some(page) = self.page(false, after, stop).await {
            for mo in page {
                after = Some(mo.id);
                self.needs.texts.take_up(mo);
            }
            while self.needs.texts.tasks() > MO_IN_HAND_MAX / 2 && !stop.is_cancelled() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
    }

    async fn page(&self, suspects: bool, after: Option<CauseId>, stop: &CancellationToken) -> Option<Vec<StoredMo>> {
        loop {
            if stop.is_cancelled() {
                return None;
            }
            match self.needs.inbox.waiting(suspects, after, PAGE).await {
                Ok(page) => return (!page.is_empty()).then_some(page),
                Err(StoreFault::Closed) => return None,
                Err(_) => {
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
            }
        }
    }
}

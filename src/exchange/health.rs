//! Whether the store takes commits. When it has not for a while the binds leave, so that the SMSCs keep
//! their messages instead of burning retries.
use super::Exchange;
use crate::types::limits::STORE_LOST;
use std::time::Duration;
use tokio::{sync::watch, time::Instant};
use tokio_util::sync::CancellationToken;

/// Pause between looks at a store that may be in trouble.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// How the store is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoreHealth {
    /// Commits succeed.
    Good,
    /// A commit failed lately; new MOs are still tried.
    Failing,
    /// No commit for [`STORE_LOST`], or never again as it is: binds leave and stay away until one succeeds.
    Lost,
}

/// Publishes it.
pub struct Health {
    state: watch::Sender<StoreHealth>,
}

impl Health {
    /// Starts as good: the store was opened a moment ago.
    pub fn new() -> Self {
        Health { state: watch::Sender::new(StoreHealth::Good) }
    }

    /// To wait for changes.
    pub fn subscribe(&self) -> watch::Receiver<StoreHealth> {
        self.state.subscribe()
    }

    /// A commit failed.
    pub fn failed(&self) {
        self.state.send_if_modified(|state| {
            let first = *state == StoreHealth::Good;
            if first {
                *state = StoreHealth::Failing;
            }
            first
        });
    }

    fn set(&self, to: StoreHealth) {
        self.state.send_if_modified(|state| std::mem::replace(state, to) != to);
    }
}

impl Exchange {
    /// While commits fail, tries one every second and says when they succeed again.
    pub(super) async fn watch_store(self, stop: CancellationToken) {
        let mut changes = self.core.health.subscribe();
        self.core.board.set_store_ok(true);
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                failing = changes.wait_for(|state| *state != StoreHealth::Good) => if failing.is_err() { return },
                () = self.lasting_trouble() => self.core.health.failed(),
            }
            if let Some(trouble) = self.core.store.trouble() {
                tracing::error!("{}", trouble.words);
            }
            self.core.board.set_store_ok(false);
            let since = Instant::now();
            while !self.probe_ok().await {
                if since.elapsed() >= STORE_LOST || self.has_lasting_trouble() {
                    self.core.health.set(StoreHealth::Lost);
                }
                tokio::select! {
                    () = stop.cancelled() => return,
                    () = tokio::time::sleep(LOOK_EVERY) => {}
                }
            }
            self.core.health.set(StoreHealth::Good);
            self.core.board.set_store_ok(true);
            tracing::info!("the database takes commits again");
        }
    }

    /// Waits until there is some: what shows in no commit is looked for.
    async fn lasting_trouble(&self) {
        while !self.has_lasting_trouble() {
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    fn has_lasting_trouble(&self) -> bool {
        self.core.store.trouble().is_some_and(|trouble| trouble.lasting)
    }

    async fn probe_ok(&self) -> bool {
        matches!(tokio::time::timeout(STORE_LOST, self.core.store.probe()).await, Ok(Ok(())))
    }
}

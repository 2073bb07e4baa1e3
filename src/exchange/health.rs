//! Whether the store takes commits. When it has not for a while the binds leave, so that the SMSCs keep
//! their messages instead of burning retries. It must not know who commits what: that is published by `watched`.
use crate::{
    ports::{inbox::Inbox, status::Board},
    types::{limits::STORE_LOST, lock},
};
use std::{
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::{sync::watch, time::Instant};
use tokio_util::sync::CancellationToken;

/// Pause between looks at a store that may be in trouble.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// A probe that takes no longer than this succeeds at once.
const AT_ONCE: Duration = Duration::from_millis(500);

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
pub(super) struct Health {
    state: watch::Sender<StoreHealth>,
    /// When the first call began that failed, or that has not come back.
    since: Mutex<Option<Instant>>,
}

impl Health {
    /// Starts as good: the store was opened a moment ago.
    pub(super) fn new() -> Self {
        Health { state: watch::Sender::new(StoreHealth::Good), since: Mutex::default() }
    }

    /// To wait for changes.
    pub(super) fn subscribe(&self) -> watch::Receiver<StoreHealth> {
        self.state.subscribe()
    }

    /// A commit that began then failed, or has not come back.
    pub(super) fn failed(&self, begun: Instant) {
        self.state.send_if_modified(|state| {
            let first = *state == StoreHealth::Good;
            if first {
                *state = StoreHealth::Failing;
                *lock(&self.since) = Some(begun);
            }
            first
        });
    }

    fn set(&self, to: StoreHealth) {
        self.state.send_if_modified(|state| std::mem::replace(state, to) != to);
    }
}

/// While commits fail, tries one every second and says when they succeed again; until `stop`.
pub(super) async fn watch_store(
    health: Arc<Health>,
    store: Arc<dyn Inbox>,
    board: Arc<Board>,
    stop: CancellationToken,
) {
    let mut changes = health.subscribe();
    board.set_store_ok(true);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            failing = changes.wait_for(|state| *state != StoreHealth::Good) => if failing.is_err() { return },
            () = lasting_trouble(&*store) => health.failed(Instant::now()),
        }
        if let Some(trouble) = store.trouble() {
            tracing::error!("{}", trouble.words);
        }
        board.set_store_ok(false);
        let lost_at = lock(&health.since).unwrap_or_else(Instant::now) + STORE_LOST;
        while !probed(&health, &*store, lost_at).await {
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(LOOK_EVERY) => {}
            }
        }
        health.set(StoreHealth::Good);
        board.set_store_ok(true);
        tracing::info!("the database takes commits again");
    }
}

/// Waits until there is some: what shows in no commit is looked for.
async fn lasting_trouble(store: &dyn Inbox) {
    while !has_lasting_trouble(store) {
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

fn has_lasting_trouble(store: &dyn Inbox) -> bool {
    store.trouble().is_some_and(|trouble| trouble.lasting)
}

/// Whether a commit succeeds now; the store is lost when it is time, also while this one is waited for.
async fn probed(health: &Health, store: &dyn Inbox, lost_at: Instant) -> bool {
    let mut probe = store.probe();
    // one that succeeds at once makes nobody leave
    let at_once = tokio::time::timeout(lost_at.saturating_duration_since(Instant::now()).max(AT_ONCE), &mut probe);
    let came = match at_once.await {
        Ok(came) => came.is_ok(),
        Err(_) => {
            health.set(StoreHealth::Lost);
            matches!(tokio::time::timeout(STORE_LOST, probe).await, Ok(Ok(())))
        }
    };
    if !came && (Instant::now() >= lost_at || has_lasting_trouble(store)) {
        health.set(StoreHealth::Lost);
    }
    came
}

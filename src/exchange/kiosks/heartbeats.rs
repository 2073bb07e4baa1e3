//! What kiosks say of themselves: kept in memory, and written together now and then, as most of it is of interest only
//! until the next.
use crate::{
    ports::kiosks::{Heartbeat, Kiosks},
    types::lock,
};
use std::{
    collections::{HashMap, HashSet},
    sync::Mutex,
    time::Duration,
};
use tokio_util::sync::CancellationToken;

/// What devices say is kept durably so often; until then in memory.
const BEATS_EVERY: Duration = Duration::from_secs(30);

/// The last that each device said.
#[derive(Default)]
pub(super) struct Heartbeats {
    last: Mutex<HashMap<String, Heartbeat>>,
    /// Whose is not written yet.
    fresh: Mutex<HashSet<String>>,
}

impl Heartbeats {
    /// A device has said something.
    pub(super) fn heard(&self, id: &str, heartbeat: Heartbeat) {
        lock(&self.last).insert(id.to_owned(), heartbeat);
        lock(&self.fresh).insert(id.to_owned());
    }

    /// The last that a device said to this process.
    pub(super) fn of(&self, id: &str) -> Option<Heartbeat> {
        lock(&self.last).get(id).cloned()
    }

    /// Writes what is not written, many in one commit: every [`BEATS_EVERY`], and once more at the end.
    pub(super) async fn keep(&self, store: &dyn Kiosks, stop: CancellationToken) {
        loop {
            let ended = tokio::select! {
                () = stop.cancelled() => true,
                () = tokio::time::sleep(BEATS_EVERY) => false,
            };
            let fresh: Vec<String> = lock(&self.fresh).drain().collect();
            let heartbeats: Vec<(String, Heartbeat)> =
                fresh.iter().filter_map(|id| self.of(id).map(|heartbeat| (id.clone(), heartbeat))).collect();
            if !heartbeats.is_empty() && store.keep_heartbeats(heartbeats).await.is_err() {
                tracing::warn!("what kiosks said of themselves could not be kept; it is tried again soon");
                lock(&self.fresh).extend(fresh);
            }
            if ended {
                return;
            }
        }
    }
}

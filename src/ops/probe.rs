//! Whether the database takes commits, asked now and then.
use crate::ports::Store;
use std::time::Duration;
use tokio::{sync::Mutex, time::Instant};

/// A probe writes, so what one found serves for so long: asking often costs no commits.
const PROBE_KEPT: Duration = Duration::from_secs(1);

/// An answer of the database by then, else it is not ready.
const PROBE_WITHIN: Duration = Duration::from_secs(2);

/// What the last probe of the database found.
#[derive(Default)]
pub struct Probe(Mutex<Option<(Instant, bool)>>);

impl Probe {
    /// Whether a commit succeeds.
    pub async fn writable(&self, store: &dyn Store) -> bool {
        let mut last = self.0.lock().await;
        if let Some((at, found)) = *last
            && at.elapsed() < PROBE_KEPT
        {
            return found;
        }
        let found = matches!(tokio::time::timeout(PROBE_WITHIN, store.probe()).await, Ok(Ok(())));
        *last = Some((Instant::now(), found));
        found
    }
}

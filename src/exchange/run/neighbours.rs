//! Other nodes on the same database: a dead one is taken over from, and what anyone has left is taken up at once.
use super::Run;
use std::{sync::atomic::Ordering, time::Duration};
use tokio_util::sync::CancellationToken;

/// Pause between looks at the other nodes: one question that reads a row for each of them.
const LOOK_EVERY: Duration = Duration::from_secs(1);

impl Run {
    /// Looks at the other nodes until `stop`.
    pub(super) async fn watch_neighbours(self, stop: CancellationToken) {
        let mut ended = None;
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(LOOK_EVERY) => {}
            }
            let Ok(seen) = self.needs.nodes.neighbours().await else { continue };
            if self.needs.first.swap(seen.first, Ordering::Relaxed) != seen.first {
                tracing::info!(first = seen.first, "which node does what one does for all has changed");
            }
            if seen.dead {
                self.take_over().await;
            }
            // also of those that another node has taken over, or that ended in order
            if ended.replace(seen.ended) != Some(seen.ended) || seen.dead {
                self.needs.left.notify_one();
            }
        }
    }

    async fn take_over(&self) {
        match self.needs.nodes.take_over(self.needs.clock.now()).await {
            Ok(taken) if taken.runs > 0 => tracing::warn!(
                runs = taken.runs,
                suspects = taken.suspects,
                ambiguous = taken.ambiguous,
                "another node is dead; what it had in hand is taken up"
            ),
            Ok(_) => {}
            Err(fault) => tracing::warn!("a dead node could not be taken over from: {fault}"),
        }
    }
}

//! The regular clean-up.
use super::Run;
use std::{sync::atomic::Ordering, time::Duration};
use tokio_util::sync::CancellationToken;

/// Pause between two clean-ups.
const SWEEP_EVERY: Duration = Duration::from_secs(60);
/// Pause between two steps of one: about as long as a step takes, so that texts have half of the database at least.
const SWEEP_PAUSE: Duration = Duration::from_millis(10);

impl Run {
    /// Destroys what has been kept long enough, a bounded number of rows at a time; expires what is of no
    /// use any more.
    pub(super) async fn sweep(self, stop: CancellationToken) {
        let mut minute = tokio::time::interval(SWEEP_EVERY);
        minute.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                _ = minute.tick() => {}
            }
            if !self.needs.first.load(Ordering::Relaxed) {
                continue;
            }
            let now = self.needs.clock.now();
            let texts_before = now.plus_ms(-(self.needs.settings.texts_kept.as_millis() as i64));
            if let Ok(expired) = self.needs.mts.expire(now).await
                && expired > 0
            {
                tracing::warn!(expired, "segments were not sent within their validity");
            }
            while let Ok(rows) = self.needs.inbox.sweep(texts_before, now).await
                && rows > 0
                && !stop.is_cancelled()
            {
                tokio::time::sleep(SWEEP_PAUSE).await;
            }
        }
    }
}

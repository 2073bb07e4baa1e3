//! The end of a bind that is to take nothing new and to send what is in hand before it leaves: what waits for how long. It must
//! not know what is sent.
use super::bind::Why;
use std::time::Duration;
use tokio::time::Instant;

/// Nothing was due and nothing came for so long: there is nothing more in hand. A commit and a response take less.
const QUIET: Duration = Duration::from_secs(1);
/// Longest drain: what is not answered by then, the portal's longest answer included, goes out when the telco comes back.
const LONGEST: Duration = Duration::from_secs(12);

/// A drain under way.
pub(super) struct Drain {
    /// Why the bind will have left.
    pub(super) why: Why,
    end: Instant,
    quiet_at: Instant,
}

impl Drain {
    pub(super) fn new(why: Why) -> Self {
        let now = Instant::now();
        Drain { why, end: now + LONGEST, quiet_at: now + QUIET }
    }

    /// Something was sent, answered or stored: there may be more.
    pub(super) fn goes_on(&mut self) {
        self.quiet_at = Instant::now() + QUIET;
    }

    /// Whether the bind is to leave. `in_hand`: texts that are not answered yet, and segments without a response.
    pub(super) fn is_over(&self, in_hand: usize) -> bool {
        let now = Instant::now();
        now >= self.end || in_hand == 0 && now >= self.quiet_at
    }
}

/// Waits until it is to be looked whether a drain is over; for ever where none is.
pub(super) async fn looks(drain: Option<&Drain>) {
    match drain {
        Some(drain) => tokio::time::sleep_until(drain.quiet_at.min(drain.end)).await,
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_drain_is_over_when_nothing_is_in_hand_any_more_and_never_lasts() {
        let mut drain = Drain::new(Why::Drained);
        assert!(!drain.is_over(0), "an answer may be on its way to the disk");
        looks(Some(&drain)).await;
        assert!(drain.is_over(0) && !drain.is_over(1));
        drain.goes_on();
        assert!(!drain.is_over(0), "there may be more");
        for _ in 0..20 {
            looks(Some(&drain)).await;
            drain.goes_on();
        }
        assert!(drain.is_over(7), "a telco that answers nothing is left all the same");
    }
}

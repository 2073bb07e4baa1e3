//! The system's clock, which everything else gets as a port.
use crate::{ports::clock::Clock, types::UnixMs};
use rustix::time::{ClockId, clock_gettime};
use std::time::Duration;

/// The system's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[allow(clippy::disallowed_methods, reason = "the one place that reads the wall clock")]
    fn now(&self) -> UnixMs {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        UnixMs(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    }

    /// `CLOCK_BOOTTIME`: `CLOCK_MONOTONIC`, which sleeps are measured by, stands still while the machine is suspended.
    fn boot(&self) -> Duration {
        let since = clock_gettime(ClockId::Boottime);
        Duration::new(u64::try_from(since.tv_sec).unwrap_or(0), u32::try_from(since.tv_nsec).unwrap_or(0))
    }
}

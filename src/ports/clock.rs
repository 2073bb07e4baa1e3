//! What time it is.
use crate::types::UnixMs;
use std::time::Duration;

/// The wall clock. The program reads the system's (`app::clock`); tests set their own.
pub trait Clock: Send + Sync {
    /// Now.
    fn now(&self) -> UnixMs;

    /// Time since some moment of the past, that goes on while the system is suspended and that nobody sets: what a lease is measured by.
    /// Of a clock of a test, which nothing suspends, the time of day will do.
    fn boot(&self) -> Duration {
        Duration::from_millis(u64::try_from(self.now().0).unwrap_or(0))
    }
}

/// A clock that stands still.
#[cfg(test)]
pub struct Still(UnixMs);

#[cfg(test)]
impl Still {
    /// At noon of 20 November 2026 in Phnom Penh.
    pub fn at_noon() -> Self {
        Still(UnixMs::from_rfc3339("2026-11-20T12:00:00+07:00").expect("a time"))
    }
}

#[cfg(test)]
impl Clock for Still {
    fn now(&self) -> UnixMs {
        self.0
    }
}

//! Leaves a failing portal alone: closed, open for a while, then half open for one call at a time. Time is an
//! argument.
use std::time::Duration;
use tokio::time::Instant;

/// Failures in a row that open it.
const FAILURES_MAX: u32 = 5;
/// How long it stays open at first; doubles while the portal stays away.
const OPEN_FIRST: Duration = Duration::from_secs(1);
/// Longest it stays open.
const OPEN_MAX: Duration = Duration::from_secs(30);

/// The breaker.
#[derive(Debug, Default)]
pub struct Breaker {
    failures: u32,
    /// Open until then; after it one call may try.
    open_until: Option<Instant>,
    open_for: Duration,
}

impl Breaker {
    /// Whether a call may go out now. In half-open state it says yes once per period.
    pub fn may_call(&mut self, now: Instant) -> bool {
        match self.open_until {
            None => true,
            Some(until) if now < until => false,
            Some(_) => {
                // The one that tries; others wait another period for its word.
                self.open_until = Some(now + self.open_for);
                true
            }
        }
    }

    /// How a call went.
    pub fn report(&mut self, good: bool, now: Instant) {
        if good {
            *self = Breaker::default();
            return;
        }
        self.failures = self.failures.saturating_add(1);
        if self.failures >= FAILURES_MAX {
            self.open_for = if self.open_until.is_none() { OPEN_FIRST } else { (self.open_for * 2).min(OPEN_MAX) };
            self.open_until = Some(now + self.open_for);
        }
    }

    /// No call can succeed until somebody has changed something: it opens at its longest at once.
    pub fn trip(&mut self, now: Instant) {
        self.failures = self.failures.max(FAILURES_MAX);
        self.open_for = OPEN_MAX;
        self.open_until = Some(now + OPEN_MAX);
    }

    /// Whether the last call failed.
    pub fn failing(&self) -> bool {
        self.failures > 0
    }

    /// Whether calls are held back.
    pub fn is_open(&self) -> bool {
        self.open_until.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_opens_tries_and_closes() {
        let mut breaker = Breaker::default();
        let now = Instant::now();
        for _ in 0..FAILURES_MAX {
            assert!(breaker.may_call(now));
            breaker.report(false, now);
        }
        assert!(breaker.is_open() && !breaker.may_call(now));
        let later = now + OPEN_FIRST;
        assert!(breaker.may_call(later) && !breaker.may_call(later), "one call tries");
        breaker.report(false, later);
        assert!(!breaker.may_call(later + OPEN_FIRST), "longer the second time");
        assert!(breaker.may_call(later + 2 * OPEN_FIRST));
        assert!(breaker.failing());
        breaker.report(true, later);
        assert!(!breaker.failing() && !breaker.is_open() && breaker.may_call(later));
    }

    #[test]
    fn what_somebody_must_mend_costs_a_call_in_half_a_minute() {
        let (mut breaker, now) = (Breaker::default(), Instant::now());
        assert!(breaker.may_call(now));
        breaker.trip(now);
        breaker.report(false, now);
        let ms = Duration::from_millis(1);
        assert!(!breaker.may_call(now + OPEN_MAX - ms) && breaker.may_call(now + OPEN_MAX));
        assert!(!breaker.may_call(now + OPEN_MAX), "one call tries");
        breaker.trip(now + OPEN_MAX);
        breaker.report(false, now + OPEN_MAX);
        assert!(!breaker.may_call(now + 2 * OPEN_MAX - ms) && breaker.may_call(now + 2 * OPEN_MAX));
    }
}

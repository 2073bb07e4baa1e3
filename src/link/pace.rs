//! How fast a telco is spoken to: its submit_sm per second, and the pause it asks for when that is still too
//! fast. One for all binds of a telco.
use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// First pause after ESME_RTHROTTLED; doubles while it goes on.
const PAUSE_FIRST: Duration = Duration::from_secs(1);
/// Longest pause.
const PAUSE_MAX: Duration = Duration::from_secs(30);

/// A token bucket with a pause.
pub struct Pace {
    per_second: f64,
    state: Mutex<State>,
}

struct State {
    tokens: f64,
    at: Option<Instant>,
    paused_until: Option<Instant>,
    pause: Duration,
}

impl Pace {
    /// `per_second` of 0 is no limit.
    pub fn new(per_second: u32) -> Self {
        let state = State { tokens: 1.0, at: None, paused_until: None, pause: PAUSE_FIRST };
        Pace { per_second: f64::from(per_second), state: Mutex::new(state) }
    }

    /// Takes one token, or says when there will be one.
    ///
    /// # Errors
    /// The time to come again.
    pub fn take(&self, now: Instant) -> Result<(), Instant> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(until) = state.paused_until.filter(|until| *until > now) {
            return Err(until);
        }
        if self.per_second == 0.0 {
            return Ok(());
        }
        // A fiftieth of a second may go at once, so that the grain of timers does not slow the link.
        let most = (self.per_second / 50.0).max(1.0);
        let earned = state.at.map_or(0.0, |at| now.saturating_duration_since(at).as_secs_f64() * self.per_second);
        state.tokens = (state.tokens + earned).min(most);
        state.at = Some(now);
        if state.tokens >= 1.0 {
            state.tokens -= 1.0;
            Ok(())
        } else {
            Err(now + Duration::from_secs_f64((1.0 - state.tokens) / self.per_second))
        }
    }

    /// The telco said that it is too fast. Returns how long nothing goes.
    pub fn throttled(&self, now: Instant) -> Duration {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.paused_until.is_none_or(|until| until <= now) {
            let pause = state.pause;
            state.paused_until = Some(now + pause);
            state.pause = (pause * 2).min(PAUSE_MAX);
        }
        state.paused_until.map_or(PAUSE_FIRST, |until| until.saturating_duration_since(now))
    }

    /// The telco took one.
    pub fn taken(&self, now: Instant) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.paused_until.is_none_or(|until| until <= now) {
            state.pause = PAUSE_FIRST;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_second_holds_more_than_the_limit_and_a_little() {
        let pace = Pace::new(100);
        let start = Instant::now();
        let mut now = start;
        let mut taken = 0;
        while now < start + Duration::from_secs(1) {
            match pace.take(now) {
                Ok(()) => taken += 1,
                Err(again) => now = again,
            }
        }
        assert!((98..=102).contains(&taken), "{taken}");
        assert!((0..10_000).all(|_| Pace::new(0).take(now).is_ok()));
    }

    #[test]
    fn a_throttling_telco_gets_longer_and_longer_pauses() {
        let pace = Pace::new(0);
        let now = Instant::now();
        assert_eq!(pace.throttled(now), PAUSE_FIRST);
        assert_eq!(pace.throttled(now), PAUSE_FIRST, "one pause for a whole window of refusals");
        assert_eq!(pace.take(now), Err(now + PAUSE_FIRST));
        let later = now + PAUSE_FIRST;
        assert_eq!(pace.take(later), Ok(()));
        assert_eq!(pace.throttled(later), 2 * PAUSE_FIRST);
        pace.taken(later + 3 * PAUSE_FIRST);
        assert_eq!(pace.throttled(later + 4 * PAUSE_FIRST), PAUSE_FIRST);
    }
}

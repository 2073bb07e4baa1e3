//! What a telco says of its own load (congestion_state, SMPP 5.0 §4.8.4.18), and the rate at which it is spoken to for it:
//! less at once when it nears congestion, a little more every second when it has room. It must not know who says so.
use std::time::{Duration, Instant};

/// From this on the telco nears congestion: 90 to 99 nearing, 100 congested.
const NEARING: u8 = 90;
/// From this on it is loaded as it should be: no more than now.
const OPTIMUM: u8 = 80;
/// What is left of the rate each time it nears congestion.
const DOWN: f64 = 0.7;
/// And when it is congested.
const DOWN_FULL: f64 = 0.5;
/// What is added to the rate in each second with room, as a share of what it is without congestion.
const UP: f64 = 0.05;
/// It never goes below this share of that: a telco that says 95 for ever is not cut off. One that truly takes nothing throttles.
const FLOOR: f64 = 0.1;
/// What is measured at a time: the rate goes down once in it, as what is said meanwhile is said of the rate before.
const SECOND: Duration = Duration::from_secs(1);

/// The rate that a telco's load allows; none where it says nothing of it, or has room for all.
#[derive(Debug, Default)]
pub(super) struct Congestion {
    slowed: Option<Slowed>,
}

#[derive(Debug)]
struct Slowed {
    /// The rate without this.
    full: f64,
    rate: f64,
    since: Instant,
    /// The worst that was said since.
    worst: u8,
}

impl Congestion {
    /// The telco says how loaded it is, in percent. It takes `full` a second otherwise, and was sent `went` a second just now.
    pub(super) fn told(&mut self, percent: u8, full: f64, went: f64, now: Instant) {
        match &mut self.slowed {
            None if percent < NEARING => {}
            None => {
                let full = full.max(1.0);
                let rate = (went * left(percent)).max(full * FLOOR).max(1.0);
                self.slowed = Some(Slowed { full, rate, since: now, worst: 0 });
            }
            Some(slowed) => slowed.worst = slowed.worst.max(percent),
        }
        self.pass(now);
    }

    /// Submits a second, if it is less than what is configured or found.
    pub(super) fn rate(&mut self, now: Instant) -> Option<f64> {
        self.pass(now);
        self.slowed.as_ref().map(|slowed| slowed.rate)
    }

    /// The rate at which it is slowed, as of the last look.
    pub(super) fn slowed(&self) -> Option<f64> {
        self.slowed.as_ref().map(|slowed| slowed.rate)
    }

    /// Ends the seconds that are over. One in which nothing was said has room.
    fn pass(&mut self, now: Instant) {
        while let Some(slowed) = self.slowed.as_mut().filter(|one| now.saturating_duration_since(one.since) >= SECOND) {
            slowed.since += SECOND;
            let worst = std::mem::take(&mut slowed.worst);
            if worst >= NEARING {
                slowed.rate = (slowed.rate * left(worst)).max(slowed.full * FLOOR).max(1.0);
            } else if worst < OPTIMUM {
                slowed.rate += (slowed.full * UP).max(1.0);
            }
            if slowed.rate >= slowed.full {
                self.slowed = None;
            }
        }
    }
}

fn left(percent: u8) -> f64 {
    if percent >= 100 { DOWN_FULL } else { DOWN }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A telco whose load is told with each response, and what it is sent in each second, as it may be.
    fn seconds(congestion: &mut Congestion, start: Instant, count: u64, load: impl Fn(f64) -> u8) -> Vec<f64> {
        let mut rates = Vec::new();
        for tenth in 0..count * 10 {
            let now = start + Duration::from_millis(tenth * 100);
            let rate = congestion.rate(now).unwrap_or(100.0);
            congestion.told(load(rate), 100.0, rate, now);
            if tenth % 10 == 9 {
                rates.push(rate);
            }
        }
        rates
    }

    #[test]
    fn a_telco_with_room_is_not_slowed() {
        let mut congestion = Congestion::default();
        for percent in [0, 29, 79, 80, 89] {
            let rates = seconds(&mut congestion, Instant::now(), 5, |_| percent);
            assert!(rates.iter().all(|rate| *rate == 100.0), "{percent}: {rates:?}");
        }
    }

    #[test]
    fn a_rate_that_congests_is_left_at_once_and_the_one_that_does_not_is_found() {
        let mut congestion = Congestion::default();
        // it is loaded as it should be at 40 a second
        let load = |rate: f64| (rate * 85.0 / 40.0).clamp(0.0, 100.0) as u8;
        let start = Instant::now();
        let rates = seconds(&mut congestion, start, 60, load);
        assert!(rates[0] <= 50.0, "halved at the first word: {rates:?}");
        let after: &[f64] = &rates[10..];
        assert!(after.iter().all(|rate| (25.0..=43.0).contains(rate)), "{after:?}");
        // and forgotten when it has room again: 5 more each second
        let rates = seconds(&mut congestion, start + 60 * SECOND, 20, |_| 10);
        assert_eq!(rates.last(), Some(&100.0), "{rates:?}");
        assert!(rates.windows(2).all(|pair| pair[1] >= pair[0] && pair[1] - pair[0] < 30.0), "{rates:?}");
    }

    #[test]
    fn a_telco_that_is_always_near_congestion_still_gets_a_tenth_and_is_cut_once_a_second() {
        let mut congestion = Congestion::default();
        let rates = seconds(&mut congestion, Instant::now(), 30, |_| 95);
        assert!(rates[0] >= 65.0 && rates[1] >= 45.0, "{rates:?}");
        assert_eq!(rates.last(), Some(&10.0));
    }

    #[test]
    fn a_slow_telco_that_falls_silent_is_tried_again_step_by_step() {
        let mut congestion = Congestion::default();
        let start = Instant::now();
        congestion.told(100, 8.0, 8.0, start);
        assert_eq!(congestion.rate(start), Some(4.0));
        assert_eq!(congestion.rate(start + 2 * SECOND), Some(6.0));
        assert_eq!(congestion.rate(start + 5 * SECOND), None);
    }
}

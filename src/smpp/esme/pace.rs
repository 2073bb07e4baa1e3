//! How fast a telco is spoken to: its configured submit_sm per second, and what it takes when it says that this is still
//! too fast (ESME_RTHROTTLED, ESME_RMSGQFUL) or that it nears congestion (congestion_state). One for all binds of a telco;
//! `now` is an argument.
//!
//! A telco that throttles has a rate of its own that nobody told us, or refuses some submits whatever the rate. Both are
//! met by going on at the best rate at which it was lately *seen to take* segments, and by trying a faster one in one
//! second of three: as much faster as makes up for the share that is refused anyway. So a limit is found and kept, and
//! refusals at random do not bring the link to a halt, as halving the rate at each of them would. Only when it takes
//! nothing at all the link pauses, longer and longer.
use super::congestion::Congestion;
use crate::types::lock;
use std::{
    collections::VecDeque,
    sync::Mutex,
    time::{Duration, Instant},
};

/// What is measured at a time.
const SECOND: Duration = Duration::from_secs(1);
/// Seconds whose best counts: longer than a round of trying, short enough to follow a telco that has become slower.
const REMEMBERED: usize = 5;
/// A faster rate is tried in one second of so many.
const ROUND: u32 = 3;
/// How much faster, where nothing is refused in the other seconds.
const FASTER: f64 = 1.25;
/// And at most.
const FASTER_MAX: f64 = 4.0;
/// Seconds without a refusal after which only the configured rate holds again.
const CALM: u32 = 10;
/// Refusals in a row, with nothing taken between them, that mean "nothing": a telco that refuses at random, even
/// two of three, does not come to it.
const STREAK: u32 = 32;
/// First pause when it takes nothing; doubles while that goes on.
const PAUSE_FIRST: Duration = Duration::from_secs(1);
/// Longest pause.
const PAUSE_MAX: Duration = Duration::from_secs(30);
/// Shortest wait for a token: that of timers. What is missing may round to no time at all.
const GRAIN: Duration = Duration::from_millis(1);
/// Pause of who waits for what becomes of another's submit.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// A token bucket whose rate follows what the telco takes.
pub struct Pace {
    whole: f64,
    state: Mutex<PaceState>,
}

struct PaceState {
    /// Of the configured rate, what is this process's; the rest is others' who are bound to the telco too.
    share: f64,
    tokens: f64,
    at: Option<Instant>,
    /// The rate found, while the telco throttles.
    limit: Option<Found>,
    second: Second,
    /// Segments taken in the last second that was measured.
    went: f64,
    congestion: Congestion,
    gate: Gate,
}

/// Whether anything goes at all.
#[derive(Clone, Copy)]
enum Gate {
    /// As the rate allows; so many refusals came in a row.
    Open { streak: u32 },
    /// Nothing goes until then.
    Paused { until: Instant, pause: Duration },
    /// One went to see whether the telco takes something again, after a pause of this length; without an answer another
    /// goes at that time.
    Trying { again: Instant, pause: Duration },
}

/// What happened since the measuring began.
#[derive(Default)]
struct Second {
    since: Option<Instant>,
    taken: u32,
    refused: u32,
    /// Somebody had to wait for a token: the rate was the bound, not what there was to send.
    bound: bool,
}

/// The rate at which a throttling telco is spoken to.
struct Found {
    /// Segments taken in each of the last seconds that say something.
    taken: VecDeque<f64>,
    /// Share refused in the seconds in which nothing faster is tried, smoothed.
    refused: f64,
    /// Seconds since it began to throttle.
    seconds: u32,
    calm: u32,
}

impl Found {
    fn new(taken: f64) -> Self {
        Found { taken: VecDeque::from([taken]), refused: 0.0, seconds: 0, calm: 0 }
    }

    fn tries_faster(&self) -> bool {
        self.seconds % ROUND == ROUND - 1
    }

    fn rate(&self) -> f64 {
        let best = self.taken.iter().copied().fold(1.0, f64::max);
        if !self.tries_faster() {
            return best;
        }
        // the longer nothing was refused, the bolder
        let bolder = 1.0 + f64::from(self.calm) / 2.0;
        best * (FASTER * bolder / (1.0 - self.refused)).min(FASTER_MAX)
    }

    /// Takes a measured second in; `false` when the telco has not throttled for long.
    fn learn(&mut self, second: &Second, length: f64) -> bool {
        let taken = f64::from(second.taken) / length;
        let best = self.taken.iter().copied().fold(0.0, f64::max);
        // a second in which there was little to send says nothing of what the telco would have taken
        if second.bound || second.refused > 0 || taken > best {
            self.taken.push_back(taken);
            if self.taken.len() > REMEMBERED {
                self.taken.pop_front();
            }
        }
        let submits = second.taken + second.refused;
        if !self.tries_faster() && submits > 0 {
            let share = f64::from(second.refused) / f64::from(submits);
            self.refused = (self.refused + share) / 2.0;
        }
        self.calm = if second.refused == 0 { self.calm + 1 } else { 0 };
        self.seconds += 1;
        self.calm < CALM
    }
}

/// How fast a telco is spoken to, as of the last segment that was to go.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Allowed {
    /// As configured: so many submit_sm a second; `None`: without a limit.
    Configured(Option<f64>),
    /// At so many a second, as it says that it is too fast otherwise, or that it nears congestion.
    HeldBack(f64),
    /// Nothing: it takes nothing at all, and is asked again after a pause.
    Nothing,
}

impl PaceState {
    /// Ends the second that is over.
    fn roll(&mut self, now: Instant) {
        let since = *self.second.since.get_or_insert(now);
        let length = now.saturating_duration_since(since);
        if length < SECOND {
            return;
        }
        let second = std::mem::take(&mut self.second);
        self.second.since = Some(now);
        // after a pause, or a while with nothing to send, there is nothing to learn of it
        let length = if length > 2 * SECOND { 1.0 } else { length.as_secs_f64() };
        self.went = f64::from(second.taken) / length;
        self.limit = match self.limit.take() {
            Some(mut found) => found.learn(&second, length).then_some(found),
            None => (second.refused > 0).then(|| Found::new(f64::from(second.taken) / length)),
        };
    }
}

impl Pace {
    /// `per_second` of 0 is no limit.
    pub fn new(per_second: u32) -> Self {
        let state = PaceState {
            share: 1.0,
            tokens: 1.0,
            at: None,
            limit: None,
            second: Second::default(),
            went: 0.0,
            congestion: Congestion::default(),
            gate: Gate::Open { streak: 0 },
        };
        Pace { whole: f64::from(per_second), state: Mutex::new(state) }
    }

    /// Speaks at `part` of `of` of the configured rate from now on: others have the rest. Of none nothing goes.
    pub fn share(&self, part: u32, of: u32) {
        let mut state = lock(&self.state);
        state.share = f64::from(part.min(of)) / f64::from(of.max(1));
        // what was saved at another rate is not this one's
        state.tokens = state.tokens.min(1.0);
    }

    /// What is configured of the rate for this process; 0 is no limit.
    fn configured(&self, state: &PaceState) -> f64 {
        self.whole * state.share
    }

    /// Whether all of a limited rate is others'.
    fn is_others(&self, state: &PaceState) -> bool {
        self.whole > 0.0 && state.share == 0.0
    }

    /// How fast it goes.
    pub fn allowed(&self) -> Allowed {
        let state = lock(&self.state);
        let configured = (self.whole > 0.0).then_some(self.configured(&state));
        let held = [state.limit.as_ref().map(Found::rate), state.congestion.slowed()];
        match (state.gate, held.into_iter().flatten().reduce(f64::min)) {
            (Gate::Paused { .. } | Gate::Trying { .. }, _) => Allowed::Nothing,
            (Gate::Open { .. }, None) => Allowed::Configured(configured),
            (Gate::Open { .. }, Some(rate)) => Allowed::HeldBack(configured.map_or(rate, |most| rate.min(most))),
        }
    }

    /// Takes one token, or says when there will be one.
    ///
    /// # Errors
    /// The time to come again.
    pub fn take(&self, now: Instant) -> Result<(), Instant> {
        let mut state = lock(&self.state);
        state.roll(now);
        match state.gate {
            Gate::Open { .. } => {}
            Gate::Paused { until: at, pause } | Gate::Trying { again: at, pause } if at <= now => {
                state.gate = Gate::Trying { again: now + PAUSE_MAX, pause };
                // it is one of its second too, so that no other goes beside it
                (state.tokens, state.at) = (0.0, Some(now));
                return Ok(());
            }
            Gate::Paused { until, .. } => return Err(until),
            // its answer wakes the bind that waits
            Gate::Trying { .. } => return Err(now + LOOK_AGAIN),
        }
        if self.is_others(&state) {
            return Err(now + SECOND);
        }
        let slowed = state.congestion.rate(now);
        let limits = [self.limit(&state), slowed];
        let Some(rate) = limits.into_iter().flatten().reduce(f64::min) else { return Ok(()) };
        // A fiftieth of a second may go at once, so that the grain of timers does not slow the link.
        let most = (rate / 50.0).max(1.0);
        let earned = state.at.map_or(0.0, |at| now.saturating_duration_since(at).as_secs_f64() * rate);
        state.tokens = (state.tokens + earned).min(most);
        state.at = Some(now);
        if state.tokens >= 1.0 {
            state.tokens -= 1.0;
            Ok(())
        } else {
            state.second.bound = true;
            Err(now + Duration::from_secs_f64((1.0 - state.tokens) / rate).max(GRAIN))
        }
    }

    /// What is configured, or what was found while the telco throttles.
    fn limit(&self, state: &PaceState) -> Option<f64> {
        match (&state.limit, self.configured(state)) {
            (None, 0.0) => None,
            (None, configured) => Some(configured),
            (Some(found), 0.0) => Some(found.rate()),
            (Some(found), configured) => Some(found.rate().min(configured)),
        }
    }

    /// The telco said how loaded it is, in percent. Returns the rate, a second, when it is slowed for that from now on.
    pub fn congested(&self, percent: u8, now: Instant) -> Option<u32> {
        let mut state = lock(&self.state);
        state.roll(now);
        let went = state.went.max(f64::from(state.second.taken)).max(1.0);
        let full = self.limit(&state).unwrap_or(went);
        let before = state.congestion.rate(now).is_some();
        state.congestion.told(percent, full, went.min(full), now);
        let rate = state.congestion.rate(now)?;
        (!before).then_some(rate.ceil() as u32)
    }

    /// The telco said that it is too fast. Returns the pause when it takes nothing at all any more and a pause begins.
    pub fn throttled(&self, now: Instant) -> Option<Duration> {
        let mut state = lock(&self.state);
        state.roll(now);
        state.second.refused += 1;
        let pause = match state.gate {
            Gate::Open { streak } if streak + 1 >= STREAK => PAUSE_FIRST,
            Gate::Open { streak } => {
                state.gate = Gate::Open { streak: streak + 1 };
                return None;
            }
            Gate::Trying { pause, .. } => (pause * 2).min(PAUSE_MAX),
            // it was sent before the pause
            Gate::Paused { .. } => return None,
        };
        state.gate = Gate::Paused { until: now + pause, pause };
        Some(pause)
    }

    /// The telco took one.
    pub fn taken(&self, now: Instant) {
        let mut state = lock(&self.state);
        state.roll(now);
        state.second.taken += 1;
        state.gate = Gate::Open { streak: 0 };
    }
}

#[cfg(test)]
#[path = "pace_tests.rs"]
mod tests;

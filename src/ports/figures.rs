//! What the binds of a telco carry, in steps of ten seconds: the last hour of the telco, the last minute of each of its
//! binds. A bind adds what a round came to, in one go; `ops` reads. It must not know what is drawn of it.
use super::spread::Spread;
use crate::types::{UnixMs, lock};
use std::{
    collections::{BTreeMap, VecDeque},
    sync::Mutex,
};

/// Length of a step.
pub const STEP_MS: i64 = 10_000;
/// Steps of an hour.
pub const STEPS: usize = 360;
/// Steps of a minute, the running one among them.
const STEPS_OF_A_MINUTE: usize = 6;
/// Kinds of refusals that are remembered of a telco; with a further one the kind that came last the longest ago goes.
const REFUSALS_KEPT: usize = 16;

/// What was counted in some time.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tally {
    /// Texts and USSD inputs from telephones.
    pub came: u64,
    /// Segments that the telco took, and USSD screens that were written.
    pub went: u64,
    /// submit_sm that it refused, by command_status.
    pub refused: BTreeMap<u32, u64>,
    /// From submit_sm to its resp, whatever that said.
    pub trips: Spread,
}

impl Tally {
    /// Whether nothing was counted.
    pub fn is_empty(&self) -> bool {
        self.came == 0 && self.went == 0 && self.refused.is_empty() && self.trips.is_empty()
    }

    /// Begins anew, in the same memory.
    pub fn clear(&mut self) {
        (self.came, self.went) = (0, 0);
        self.refused.clear();
        self.trips.clear();
    }

    /// All submit_sm that were refused.
    pub fn refusals(&self) -> u64 {
        self.refused.values().sum()
    }

    /// Adds what was counted elsewhere, or later.
    pub fn add(&mut self, other: &Tally) {
        self.came += other.came;
        self.went += other.went;
        for (status, count) in &other.refused {
            *self.refused.entry(*status).or_default() += count;
        }
        self.trips.add_all(&other.trips);
    }
}

/// A minute, as far as it has gone.
#[derive(Clone, Debug, Default)]
pub struct Minute {
    /// What was counted in it.
    pub tally: Tally,
    /// Its length: 50 to 60 s.
    pub seconds: f64,
}

/// A kind of refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// command_status.
    pub status: u32,
    /// How often since the server started.
    pub count: u64,
    /// When last.
    pub at: UnixMs,
}

/// Steps, newest last.
#[derive(Default)]
struct Ring(VecDeque<(i64, Tally)>);

impl Ring {
    fn add(&mut self, step: i64, tally: &Tally, kept: usize) {
        match self.0.back_mut() {
            // a clock that was set back finds the step that runs
            Some((last, running)) if *last >= step => running.add(tally),
            _ => self.0.push_back((step, tally.clone())),
        }
        while self.0.len() > kept {
            self.0.pop_front();
        }
    }

    /// Of the steps from `first` to `last`.
    fn sum(&self, first: i64, last: i64) -> Tally {
        let mut sum = Tally::default();
        for (_, tally) in self.0.iter().filter(|(step, _)| (first..=last).contains(step)) {
            sum.add(tally);
        }
        sum
    }
}

#[derive(Default)]
struct Kept {
    hour: Ring,
    binds: BTreeMap<String, Ring>,
    refusals: BTreeMap<u32, Refusal>,
    total: Tally,
}

/// The figures of one telco.
#[derive(Default)]
pub struct Figures(Mutex<Kept>);

fn step_of(at: UnixMs) -> i64 {
    at.0.div_euclid(STEP_MS)
}

fn minute(ring: Option<&Ring>, now: UnixMs) -> Minute {
    let step = step_of(now);
    let first = step - STEPS_OF_A_MINUTE as i64 + 1;
    let tally = ring.map(|ring| ring.sum(first, step)).unwrap_or_default();
    Minute { tally, seconds: (now.0 - first * STEP_MS).max(1) as f64 / 1_000.0 }
}

impl Figures {
    /// Adds what a round of a bind came to.
    pub fn add(&self, bind: &str, tally: &Tally, now: UnixMs) {
        let (mut kept, step) = (lock(&self.0), step_of(now));
        // the running step stands beside a whole hour
        kept.hour.add(step, tally, STEPS + 1);
        match kept.binds.get_mut(bind) {
            Some(ring) => ring.add(step, tally, STEPS_OF_A_MINUTE),
            None => kept.binds.entry(bind.to_owned()).or_default().add(step, tally, STEPS_OF_A_MINUTE),
        }
        for (status, count) in &tally.refused {
            let refusal = kept.refusals.entry(*status).or_insert(Refusal { status: *status, count: 0, at: now });
            refusal.count += count;
            refusal.at = now;
        }
        while kept.refusals.len() > REFUSALS_KEPT {
            let oldest = kept.refusals.values().min_by_key(|refusal| refusal.at).map(|refusal| refusal.status);
            oldest.and_then(|status| kept.refusals.remove(&status));
        }
        // for ever, so without what would grow
        kept.total.came += tally.came;
        kept.total.went += tally.went;
    }

    /// The last minute of one bind.
    pub fn minute_of(&self, bind: &str, now: UnixMs) -> Minute {
        minute(lock(&self.0).binds.get(bind), now)
    }

    /// The last minute of all binds.
    pub fn minute(&self, now: UnixMs) -> Minute {
        minute(Some(&lock(&self.0).hour), now)
    }

    /// The last hour: one entry for each of [`STEPS`] whole steps, oldest first. The running one is left out.
    pub fn hour(&self, now: UnixMs) -> Vec<Tally> {
        let end = step_of(now);
        let mut steps = vec![Tally::default(); STEPS];
        for (step, tally) in &lock(&self.0).hour.0 {
            let place = usize::try_from(step - (end - STEPS as i64)).ok();
            if let Some(into) = place.and_then(|place| steps.get_mut(place)) {
                into.clone_from(tally);
            }
        }
        steps
    }

    /// Kinds of refusals, the latest first.
    pub fn refusals(&self) -> Vec<Refusal> {
        let mut all: Vec<Refusal> = lock(&self.0).refusals.values().copied().collect();
        all.sort_by_key(|refusal| std::cmp::Reverse(refusal.at));
        all
    }

    /// What came and went since the server started.
    pub fn totals(&self) -> (u64, u64) {
        let kept = lock(&self.0);
        (kept.total.came, kept.total.went)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    const NOON: UnixMs = UnixMs(1_795_400_000_000);

    fn round(came: u64, went: u64, refused: &[(u32, u64)]) -> Tally {
        let mut tally = Tally { came, went, refused: refused.iter().copied().collect(), ..Tally::default() };
        for _ in 0..went {
            tally.trips.add(Duration::from_millis(20));
        }
        tally
    }

    #[test]
    fn a_minute_is_what_its_bind_carried_in_it_and_nothing_older() {
        let figures = Figures::default();
        figures.add("trx-1", &round(500, 500, &[]), NOON);
        figures.add("trx-1", &round(30, 60, &[(0x58, 3)]), NOON.plus_ms(61_000));
        figures.add("trx-2", &round(1, 0, &[]), NOON.plus_ms(65_000));
        let now = NOON.plus_ms(69_000);
        let minute = figures.minute_of("trx-1", now);
        assert_eq!((minute.tally.came, minute.tally.went, minute.tally.refusals()), (30, 60, 3));
        assert!((minute.seconds - 59.0).abs() < 0.01, "{}", minute.seconds);
        let half = minute.tally.trips.quantile(0.5).expect("a half").as_millis();
        assert!((19..=21).contains(&half), "{half}");
        assert_eq!(figures.minute(now).tally.came, 31, "of all binds");
        assert_eq!(figures.minute_of("trx-1", NOON.plus_ms(125_000)).tally, Tally::default());
        assert_eq!(figures.minute_of("rx-9", now).tally, Tally::default());
        assert_eq!(figures.totals(), (531, 560));
    }

    #[test]
    fn an_hour_has_a_place_for_every_step_and_is_bounded() {
        let figures = Figures::default();
        let at = |step: i64| NOON.plus_ms(step * STEP_MS);
        for step in 0..1_000 {
            figures.add("trx-1", &round(1, 0, &[]), at(step));
        }
        figures.add("trx-1", &round(7, 0, &[]), at(1_010));
        let hour = figures.hour(at(1_011));
        assert_eq!((hour.len(), hour[STEPS - 1].came, hour[STEPS - 2].came), (STEPS, 7, 0));
        assert_eq!(hour[0].came, 1);
        assert_eq!(lock(&figures.0).hour.0.len(), STEPS + 1);
        assert_eq!(figures.hour(at(1_010))[STEPS - 1].came, 0, "the running step is left out");
        assert_eq!(figures.hour(at(5_000)).iter().map(|step| step.came).sum::<u64>(), 0);
    }

    #[test]
    fn kinds_of_refusals_are_told_latest_first_and_are_bounded() {
        let figures = Figures::default();
        figures.add("trx-1", &round(0, 0, &[(0x58, 2), (0x14, 1)]), NOON);
        figures.add("trx-1", &round(0, 0, &[(0x58, 1)]), NOON.plus_ms(5));
        let told = figures.refusals();
        assert_eq!(told[0], Refusal { status: 0x58, count: 3, at: NOON.plus_ms(5) });
        for status in 0..100 {
            figures.add("trx-1", &round(0, 0, &[(0x400 + status, 1)]), NOON.plus_ms(10 + i64::from(status)));
        }
        let told = figures.refusals();
        assert_eq!((told.len(), told[0].status), (REFUSALS_KEPT, 0x463));
    }
}

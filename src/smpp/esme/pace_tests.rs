//! Telcos of several characters against [`Pace`], in virtual time: what they take, and what they refuse meanwhile.
use super::*;

/// A telco that answers 5 ms after a submit.
trait Character {
    /// Whether it takes a submit at this time, in ms.
    fn takes(&mut self, ms: u64) -> bool;
}

impl<F: FnMut(u64) -> bool> Character for F {
    fn takes(&mut self, ms: u64) -> bool {
        self(ms)
    }
}

/// So many a second, as a bucket that holds a tenth of a second.
fn limit(per_second: f64) -> impl FnMut(u64) -> bool {
    let (mut tokens, mut at) = (1.0_f64, 0);
    move |ms| {
        tokens = (tokens + (ms - at) as f64 * per_second / 1_000.0).min((per_second / 10.0).max(1.0));
        at = ms;
        let takes = tokens >= 1.0;
        tokens -= f64::from(u8::from(takes));
        takes
    }
}

/// Refuses a share at random, whatever the rate.
fn dice(percent: u64) -> impl FnMut(u64) -> bool {
    let mut seed = 7_u64;
    move |_| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) % 100 >= percent
    }
}

#[derive(Debug, Default)]
struct Seen {
    taken: u64,
    refused: u64,
}

/// Asks for as many a second as `wanted`, over a window of 50, from one second to another.
struct Link {
    pace: Pace,
    start: Instant,
    ms: u64,
    answers: VecDeque<(u64, bool)>,
    waiting: f64,
}

impl Link {
    fn new(configured: u32) -> Self {
        let (pace, start) = (Pace::new(configured), Instant::now());
        Link { pace, start, ms: 0, answers: VecDeque::new(), waiting: 0.0 }
    }

    fn run(&mut self, seconds: u64, wanted: f64, telco: &mut impl Character) -> Seen {
        let (mut seen, end) = (Seen::default(), self.ms + seconds * 1_000);
        while self.ms < end {
            self.ms += 1;
            self.waiting += wanted / 1_000.0;
            let now = self.start + Duration::from_millis(self.ms);
            while let Some((_, taken)) = self.answers.pop_front_if(|(at, _)| *at <= self.ms) {
                if taken {
                    self.pace.taken(now);
                    seen.taken += 1;
                } else {
                    self.pace.throttled(now);
                    seen.refused += 1;
                    self.waiting += 1.0;
                }
            }
            while self.waiting >= 1.0 && self.answers.len() < 50 && self.pace.take(now).is_ok() {
                self.waiting -= 1.0;
                self.answers.push_back((self.ms + 5, telco.takes(self.ms)));
            }
        }
        seen
    }
}

#[test]
fn no_second_holds_more_than_the_limit_and_a_little() {
    let seen = Link::new(100).run(10, 1e6, &mut |_| true);
    assert!((985..=1_010).contains(&seen.taken), "{seen:?}");
    let (pace, now) = (Pace::new(0), Instant::now());
    assert!((0..10_000).all(|_| pace.take(now).is_ok()));
}

#[test]
fn refusals_at_random_do_not_bring_the_link_to_a_halt() {
    for percent in [10, 30, 50] {
        let would_take = 100.0 * (100 - percent) as f64 / 100.0;
        for (configured, wanted) in [(100, 100.0), (100, 1e4), (0, 100.0)] {
            let seen = Link::new(configured).run(120, wanted, &mut dice(percent));
            let rate = seen.taken as f64 / 120.0;
            assert!(rate >= 0.6 * would_take, "{percent} % refused, {wanted}/s wanted: {rate:.1}/s of {would_take}");
        }
    }
}

#[test]
fn a_limit_that_nobody_told_us_is_found_and_kept() {
    // a bucket of one token refuses whatever comes a moment early
    for (limit_of, share, most) in [(1.0, 0.7, 0.5), (5.0, 0.85, 0.35), (40.0, 0.85, 0.35), (700.0, 0.85, 0.35)] {
        let mut link = Link::new(0);
        let mut telco = limit(limit_of);
        link.run(20, 1e4, &mut telco);
        let seen = link.run(60, 1e4, &mut telco);
        let rate = seen.taken as f64 / 60.0;
        let refused = seen.refused as f64 / (seen.taken + seen.refused) as f64;
        assert!(rate >= share * limit_of && refused < most, "{limit_of}/s: {rate:.1}/s taken, {refused:.2} refused");
    }
}

#[test]
fn a_telco_that_takes_nothing_is_asked_seldom_and_found_again() {
    let mut link = Link::new(100);
    let before = link.run(10, 1e4, &mut |_| true);
    let away = link.run(60, 1e4, &mut |_| false);
    assert!(before.taken > 900 && away.taken == 0 && away.refused < 150, "{before:?} {away:?}");
    let back = link.run(60, 1e4, &mut |_| true);
    assert!(back.taken > 2_000, "after at most 30 s of pause: {back:?}");
}

#[test]
fn the_one_that_is_tried_after_a_pause_is_one_of_its_second() {
    let (pace, start) = (Pace::new(2), Instant::now());
    assert!(pace.take(start).is_ok());
    let pause = (0..STREAK).find_map(|_| pace.throttled(start)).expect("it takes nothing");
    let tried = start + pause;
    assert_eq!((pace.take(start), pace.take(tried)), (Err(tried), Ok(())));
    pace.taken(tried);
    let next = pace.take(tried).expect_err("two a second");
    assert!(next >= tried + Duration::from_millis(499), "{:?} after it", next - tried);
}

#[test]
fn a_telco_that_has_become_slower_or_faster_is_followed() {
    let mut link = Link::new(0);
    link.run(20, 1e4, &mut limit(200.0));
    link.run(10, 1e4, &mut limit(20.0));
    let slow = link.run(30, 1e4, &mut limit(20.0));
    assert!(slow.taken >= 480 && slow.refused < slow.taken, "{slow:?}");
    link.run(15, 1e4, &mut limit(200.0));
    let fast = link.run(30, 1e4, &mut limit(200.0));
    assert!(fast.taken >= 5_000, "{fast:?}");
}

#[test]
fn a_second_without_work_says_nothing_of_the_telco() {
    let second = |taken, refused, bound| Second { since: None, taken, refused, bound };
    let mut found = Found::new(40.0);
    // little was sent, nothing was refused and nobody waited: what it took before is what it takes
    for taken in [0, 1, 39, 40] {
        found.learn(&second(taken, 0, false), 1.0);
    }
    assert_eq!(found.taken, [40.0]);
    // more than ever, a refusal, and a rate that was the bound are each worth knowing
    for one in [second(41, 0, false), second(7, 1, false), second(9, 0, true)] {
        found.learn(&one, 1.0);
    }
    assert_eq!(found.taken, [40.0, 41.0, 7.0, 9.0]);
    // and half of a second counts double
    found.learn(&second(30, 0, true), 0.5);
    assert_eq!(found.taken.back(), Some(&60.0));
}

/// Segments that go in so many seconds, as fast as the pace lets them.
fn goes(pace: &Pace, from: Instant, seconds: u64) -> u64 {
    let (mut now, mut went) = (from, 0);
    while now < from + Duration::from_secs(seconds) {
        match pace.take(now) {
            Ok(()) => {
                went += 1;
                pace.taken(now);
            }
            Err(at) => now = at.max(now + GRAIN),
        }
    }
    went
}

#[test]
fn processes_that_share_a_rate_speak_no_faster_together() {
    let start = Instant::now();
    for parts in [[4, 0, 0], [2, 2, 0], [2, 1, 1], [1, 3, 0]] {
        let total: u64 = parts
            .iter()
            .map(|part| {
                let pace = Pace::new(100);
                pace.share(*part, 4);
                goes(&pace, start, 10)
            })
            .sum();
        assert!((980..=1_003).contains(&total), "{parts:?}: {total}");
    }
    let unlimited = Pace::new(0);
    unlimited.share(1, 2);
    assert_eq!(unlimited.allowed(), Allowed::Configured(None));
    assert!(unlimited.take(start).is_ok());
}

#[test]
fn a_share_that_is_given_up_is_not_used_any_more() {
    let (pace, start) = (Pace::new(50), Instant::now());
    assert!(goes(&pace, start, 1) >= 49);
    pace.share(0, 2);
    let later = start + Duration::from_secs(1);
    assert_eq!(goes(&pace, later, 5), 0);
    pace.share(1, 2);
    assert!((122..=127).contains(&goes(&pace, later + Duration::from_secs(5), 5)));
}

//! Operators' limits for one number: how many replies, how many failed look-ups. What is over is withheld
//! after one notice, and counted. The tallies live in the number's record and so outlive a restart.
use crate::{
    ports::citizens::{Tallies, Tally},
    types::UnixMs,
};

/// `[limits]` as far as they are the exchange's; 0 is no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rules {
    /// Failed look-ups in 15 minutes.
    pub fails_quarter: u32,
    /// Failed look-ups in a day.
    pub fails_day: u32,
    /// Replies in a minute.
    pub replies_minute: u32,
    /// Replies in a day.
    pub replies_day: u32,
    /// Steps of an open dialogue in a day.
    pub steps_day: u32,
    /// Failed look-ups of all numbers in a clock hour.
    pub fails_hour_all: u32,
    /// Failed look-ups of a kiosk in ten minutes.
    pub fails_kiosk: u32,
    /// Texts that visitors ask for to a number, one-time codes and others, in an hour.
    pub codes_hour: u32,
    /// Texts that visitors ask for to a number, one-time codes and others, in a day.
    pub codes_day: u32,
    /// Those of a kiosk in ten minutes.
    pub codes_kiosk: u32,
    /// Those of all kiosks in an hour.
    pub codes_hour_all: u32,
}

/// What may be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Go on.
    Yes,
    /// The limit is reached: say so once.
    Notice,
    /// The limit is passed and that was said.
    Withhold,
}

const MINUTE: i64 = 60_000;
const QUARTER: i64 = 15 * MINUTE;
const DAY: i64 = 24 * 60 * MINUTE;

/// Counts one reply against the limits of replies.
pub fn reply(tallies: &mut Tallies, rules: &Rules, now: UnixMs) -> Verdict {
    let minute = spent(&mut tallies.replies_minute, rules.replies_minute, MINUTE, now);
    let day = spent(&mut tallies.replies_day, rules.replies_day, DAY, now);
    let verdict = stricter(minute, day);
    if verdict == Verdict::Yes {
        for tally in [&mut tallies.replies_minute, &mut tallies.replies_day] {
            tally.count = tally.count.saturating_add(1);
        }
    }
    verdict
}

/// Counts a step of an open dialogue.
pub fn step(tallies: &mut Tallies, rules: &Rules, now: UnixMs) -> Verdict {
    let verdict = spent(&mut tallies.steps_day, rules.steps_day, DAY, now);
    // what is not limited is not counted: a count is a write
    if verdict == Verdict::Yes && rules.steps_day > 0 {
        tallies.steps_day.count = tallies.steps_day.count.saturating_add(1);
    }
    verdict
}

/// Whether a look-up may still be tried.
pub fn look_up(tallies: &mut Tallies, rules: &Rules, now: UnixMs) -> Verdict {
    let quarter = spent(&mut tallies.fails_quarter, rules.fails_quarter, QUARTER, now);
    let day = spent(&mut tallies.fails_day, rules.fails_day, DAY, now);
    stricter(quarter, day)
}

/// Counts a look-up that failed.
pub fn look_up_failed(tallies: &mut Tallies, now: UnixMs) {
    for (tally, span) in [(&mut tallies.fails_quarter, QUARTER), (&mut tallies.fails_day, DAY)] {
        roll(tally, span, now);
        tally.count = tally.count.saturating_add(1);
    }
}

fn stricter(one: Verdict, other: Verdict) -> Verdict {
    match (one, other) {
        (Verdict::Withhold, _) | (_, Verdict::Withhold) => Verdict::Withhold,
        (Verdict::Notice, _) | (_, Verdict::Notice) => Verdict::Notice,
        _ => Verdict::Yes,
    }
}

/// A window begins with its first event and ends a span later. A clock that was set back begins a new one.
fn roll(tally: &mut Tally, span: i64, now: UnixMs) {
    let age = now.since_ms(tally.since);
    if tally.count == 0 && !tally.noticed || !(0..span).contains(&age) {
        *tally = Tally { since: now, count: 0, noticed: false };
    }
}

fn spent(tally: &mut Tally, most: u32, span: i64, now: UnixMs) -> Verdict {
    roll(tally, span, now);
    if most == 0 || tally.count < most {
        return Verdict::Yes;
    }
    if std::mem::replace(&mut tally.noticed, true) { Verdict::Withhold } else { Verdict::Notice }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules() -> Rules {
        Rules { fails_quarter: 2, fails_day: 3, replies_minute: 2, replies_day: 5, ..Rules::default() }
    }

    #[test]
    fn replies_are_given_then_one_notice_then_silence_until_the_minute_ends() {
        let mut tallies = Tallies::default();
        let mut verdicts = Vec::new();
        for at in [0, 1_000, 2_000, 3_000, 59_000, 60_000, 61_000, 62_000] {
            verdicts.push(reply(&mut tallies, &rules(), UnixMs(1_000_000 + at)));
        }
        use Verdict::{Notice, Withhold, Yes};
        assert_eq!(verdicts, [Yes, Yes, Notice, Withhold, Withhold, Yes, Yes, Notice]);
    }

    #[test]
    fn failed_look_ups_lock_the_number_and_zero_is_no_limit() {
        let mut tallies = Tallies::default();
        let now = UnixMs(5);
        for _ in 0..2 {
            assert_eq!(look_up(&mut tallies, &rules(), now), Verdict::Yes);
            look_up_failed(&mut tallies, now);
        }
        assert_eq!(look_up(&mut tallies, &rules(), now), Verdict::Notice);
        assert_eq!(look_up(&mut tallies, &rules(), now), Verdict::Withhold);
        assert_eq!(look_up(&mut tallies, &rules(), UnixMs(5 + QUARTER)), Verdict::Yes);
        let none = Rules::default();
        for _ in 0..100 {
            assert_eq!(reply(&mut tallies, &none, now), Verdict::Yes);
        }
    }
}

//! Operators' limits for one number: how many replies and steps. What is over is withheld after one notice a day, and
//! counted. The tallies live in the number's record and so outlive a restart; guesses are counted at the gate.
use crate::{
    exchange::settings::Rules,
    ports::citizens::{NumberWindow, NumberWindows},
    types::UnixMs,
};

/// What may be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LimitVerdict {
    /// Go on.
    Yes,
    /// The limit is reached: say so once.
    Notice,
    /// The limit is passed and that was said.
    Withhold,
}

const MINUTE: i64 = 60_000;
const DAY: i64 = 24 * 60 * MINUTE;

/// Counts one reply against the limits of replies.
pub fn reply(windows: &mut NumberWindows, rules: &Rules, now: UnixMs) -> LimitVerdict {
    let minute = spent(&mut windows.replies_minute, rules.replies_minute, MINUTE, now);
    let day = spent(&mut windows.replies_day, rules.replies_day, DAY, now);
    if minute || day {
        return over(windows, now);
    }
    count(&mut windows.replies_minute, MINUTE, now);
    count(&mut windows.replies_day, DAY, now);
    LimitVerdict::Yes
}

/// Counts a step of an open dialogue.
pub fn step(windows: &mut NumberWindows, rules: &Rules, now: UnixMs) -> LimitVerdict {
    if spent(&mut windows.steps_day, rules.steps_day, DAY, now) {
        return over(windows, now);
    }
    // what is not limited is not counted: a count is a write
    if rules.steps_day > 0 {
        count(&mut windows.steps_day, DAY, now);
    }
    LimitVerdict::Yes
}

/// What is counted of look-ups and answers, from a copy that a conversation had.
pub fn keep(into: &mut NumberWindows, from: &NumberWindows) {
    *into = NumberWindows {
        replies_minute: into.replies_minute,
        replies_day: into.replies_day,
        steps_day: into.steps_day,
        ..*from
    };
}

/// A limit is reached: that is told once a day, whichever limits and however often, as whoever forges the number makes
/// us tell somebody who did nothing.
pub fn over(windows: &mut NumberWindows, now: UnixMs) -> LimitVerdict {
    if spent(&mut windows.notice_day, 1, DAY, now) {
        return LimitVerdict::Withhold;
    }
    count(&mut windows.notice_day, DAY, now);
    LimitVerdict::Notice
}

/// A window begins with its first event and ends a span later. A clock that was set back begins a new one.
fn roll(tally: &mut NumberWindow, span: i64, now: UnixMs) {
    let age = now.since_ms(tally.since);
    if tally.count == 0 || !(0..span).contains(&age) {
        *tally = NumberWindow { since: now, count: 0 };
    }
}

fn count(tally: &mut NumberWindow, span: i64, now: UnixMs) {
    roll(tally, span, now);
    tally.count = tally.count.saturating_add(1);
}

/// Whether nothing is left of a window; 0 is no limit.
fn spent(tally: &mut NumberWindow, most: u32, span: i64, now: UnixMs) -> bool {
    // an empty window is not begun by looking at it: that would be a write
    if tally.count > 0 {
        roll(tally, span, now);
    }
    most > 0 && tally.count >= most
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules() -> Rules {
        Rules { replies_minute: 2, replies_day: 5, ..Rules::default() }
    }

    #[test]
    fn replies_are_given_then_one_notice_a_day_and_silence_until_the_minute_ends() {
        let mut windows = NumberWindows::default();
        let mut verdicts = Vec::new();
        for at in [0, 1_000, 2_000, 3_000, 59_000, 60_000, 61_000, 62_000, DAY, DAY + 1, DAY + 2] {
            verdicts.push(reply(&mut windows, &rules(), UnixMs(1_000_000 + at)));
        }
        use LimitVerdict::{Notice, Withhold, Yes};
        assert_eq!(verdicts, [Yes, Yes, Notice, Withhold, Withhold, Yes, Yes, Withhold, Yes, Yes, Withhold]);
    }

    #[test]
    fn zero_is_no_limit() {
        let (mut windows, none) = (NumberWindows::default(), Rules::default());
        for _ in 0..100 {
            assert_eq!(reply(&mut windows, &none, UnixMs(5)), LimitVerdict::Yes);
        }
    }

    #[test]
    fn steps_are_counted_where_they_are_limited_and_only_there() {
        use LimitVerdict::{Notice, Withhold, Yes};
        for (most, verdicts, counted) in
            [(0, [Yes, Yes, Yes, Yes], 0), (1, [Yes, Notice, Withhold, Withhold], 1), (3, [Yes, Yes, Yes, Notice], 3)]
        {
            let (mut windows, rules) = (NumberWindows::default(), Rules { steps_day: most, ..Rules::default() });
            let seen = [0, 1, 2, 3].map(|at| step(&mut windows, &rules, UnixMs(at)));
            assert_eq!((seen, windows.steps_day.count), (verdicts, counted), "{most}");
            assert_eq!(windows.replies_day.count, 0, "a step is no reply");
        }
    }

    #[test]
    fn a_window_ends_its_span_after_its_first_event_or_when_the_clock_is_set_back() {
        for (span, at, begun_anew) in [
            (MINUTE, 59_999, false),
            (MINUTE, 60_000, true),
            (MINUTE, -1, true),
            (MINUTE, 0, false),
            (DAY, 86_399_999, false),
            (DAY, 86_400_000, true),
        ] {
            let begun = UnixMs(1_000_000);
            let mut tally = NumberWindow::default();
            count(&mut tally, span, begun);
            assert!(spent(&mut tally.clone(), 1, span, begun) && !spent(&mut tally.clone(), 2, span, begun));
            let now = begun.plus_ms(at);
            assert_eq!(spent(&mut tally.clone(), 1, span, now), !begun_anew, "{span} {at}");
            count(&mut tally, span, now);
            let wanted = if begun_anew { (now, 1) } else { (begun, 2) };
            assert_eq!((tally.since, tally.count), wanted, "{span} {at}");
        }
        // looking at an empty one writes nothing
        let mut empty = NumberWindow::default();
        assert!(!spent(&mut empty, 1, DAY, UnixMs(5)));
        assert_eq!(empty, NumberWindow::default());
    }

    #[test]
    fn either_limit_of_replies_is_one_and_a_day_is_longer_than_its_minutes() {
        use LimitVerdict::{Notice, Yes};
        for (minute, day, verdict) in [(1, 0, Notice), (0, 1, Notice), (1, 1, Notice), (2, 2, Yes), (0, 0, Yes)] {
            let rules = Rules { replies_minute: minute, replies_day: day, ..Rules::default() };
            let mut windows = NumberWindows::default();
            assert_eq!(reply(&mut windows, &rules, UnixMs(0)), Yes);
            assert_eq!(reply(&mut windows, &rules, UnixMs(1)), verdict, "{minute} a minute, {day} a day");
        }
    }

    #[test]
    fn a_conversation_brings_back_what_it_counted_and_nothing_else() {
        let tally = |count| NumberWindow { since: UnixMs(1), count };
        let all = |count| NumberWindows {
            replies_minute: tally(count),
            replies_day: tally(count),
            steps_day: tally(count),
            notice_day: tally(count),
            ..NumberWindows::default()
        };
        let mut kept = all(1);
        keep(&mut kept, &all(9));
        assert_eq!((kept.replies_minute.count, kept.replies_day.count, kept.steps_day.count), (1, 1, 1));
        assert_eq!(kept.notice_day.count, 9);
    }
}

//! Windows in which something is counted: one begins with its first event and ends by itself.
use crate::types::UnixMs;

/// A window, as it is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Its first event.
    pub since: UnixMs,
    /// Its end.
    pub until: UnixMs,
    /// Events in it.
    pub count: u32,
}

/// The window after one more event; a new one where none runs, where all was
/// taken out of it, or where the clock was set back behind its beginning.
pub fn counted(before: Option<Window>, span_ms: i64, now: UnixMs) -> Window {
    match before.filter(|window| window.count > 0 && window.until > now && window.since <= now) {
        Some(window) => Window { count: window.count.saturating_add(1), ..window },
        None => Window { since: now, until: now.plus_ms(span_ms), count: 1 },
    }
}

/// When there is room again in all of these windows, each with how many events it takes (0: any number); `None`: now.
pub fn full_until(windows: impl IntoIterator<Item = (Option<Window>, u32)>, now: UnixMs) -> Option<UnixMs> {
    let full = |(window, most): (Option<Window>, u32)| {
        window.filter(|window| most > 0 && window.until > now && window.count >= most).map(|window| window.until)
    };
    windows.into_iter().filter_map(full).max()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixMs = UnixMs(1_800_000_000_000);

    fn window(since: i64, until: i64, count: u32) -> Window {
        Window { since: NOW.plus_ms(since), until: NOW.plus_ms(until), count }
    }

    #[test]
    fn an_event_counts_in_the_window_that_runs_or_begins_one() {
        let fresh = window(0, 1_000, 1);
        for (what, before, after) in [
            ("the first", None, fresh),
            ("in its middle", Some(window(-500, 500, 3)), window(-500, 500, 4)),
            ("at its beginning", Some(window(0, 1_000, 1)), window(0, 1_000, 2)),
            ("of which all was taken out", Some(window(-500, 500, 0)), fresh),
            ("just before its end", Some(window(-999, 1, 9)), window(-999, 1, 10)),
            ("at its end", Some(window(-1_000, 0, 9)), fresh),
            ("long after", Some(window(-9_000, -8_000, 9)), fresh),
            ("before its beginning: the clock was set back", Some(window(1, 1_001, 9)), fresh),
            ("more than can be counted", Some(window(-1, 1, u32::MAX)), window(-1, 1, u32::MAX)),
        ] {
            assert_eq!(counted(before, 1_000, NOW), after, "{what}");
        }
        assert_eq!(counted(None, i64::MAX, NOW).until, UnixMs(i64::MAX));
    }

    #[test]
    fn there_is_room_when_the_last_of_the_full_windows_ends() {
        let (hour, day) = (window(-1, 100, 2), window(-1, 900, 3));
        for (what, windows, until) in [
            ("none", vec![], None),
            ("none runs", vec![(None, 1)], None),
            ("room in both", vec![(Some(hour), 3), (Some(day), 4)], None),
            ("one is full", vec![(Some(hour), 2), (Some(day), 4)], Some(100)),
            ("more than full", vec![(Some(hour), 1)], Some(100)),
            ("both are", vec![(Some(day), 3), (Some(hour), 2)], Some(900)),
            ("no limit", vec![(Some(hour), 0)], None),
            ("over", vec![(Some(window(-100, 0, 9)), 1)], None),
            ("about to be over", vec![(Some(window(-100, 1, 9)), 1)], Some(1)),
            ("of a clock that was set back", vec![(Some(window(50, 150, 9)), 1)], Some(150)),
        ] {
            assert_eq!(full_until(windows, NOW), until.map(|ms| NOW.plus_ms(ms)), "{what}");
        }
    }
}

//! The last hour of a telco as two drawings: how much a second, and how long a resp takes. Lines are paths in a box of
//! 720 by 120 units that is stretched to its place; words and scales stand around it as text. It must not know who counted.
use super::{
    link_words::LinkWords,
    respond::{in_millis, millis, rate, time_of_day},
};
use crate::{
    ports::figures::{STEP_MS, STEPS, Tally},
    types::UnixMs,
};
use std::fmt::Write;

/// Width of the box.
const WIDTH: f64 = 720.0;
/// Its height.
const HEIGHT: f64 = 120.0;
/// Steps of a row of the table: five minutes.
const STEPS_OF_A_ROW: usize = 30;

/// What is drawn over one scale.
pub(super) struct Plot {
    pub(super) title: &'static str,
    /// What the upper edge and the middle stand for.
    pub(super) top: String,
    pub(super) middle: String,
    pub(super) lines: Vec<Line>,
}

/// One line of it.
pub(super) struct Line {
    /// Its class in the sheet, and in the key.
    pub(super) class: &'static str,
    pub(super) name: &'static str,
    /// Where it ends.
    pub(super) last: String,
    pub(super) path: String,
}

/// Five minutes in figures, for who does not see the drawing.
pub(super) struct Row {
    pub(super) from: String,
    pub(super) came: u64,
    pub(super) went: u64,
    pub(super) refused: u64,
    pub(super) half: Option<String>,
    pub(super) most: Option<String>,
}

/// The last hour.
pub(super) struct Hour {
    pub(super) plots: [Plot; 2],
    /// The latest first.
    pub(super) rows: Vec<Row>,
    pub(super) came: u64,
    pub(super) went: u64,
    pub(super) refused: u64,
}

/// Of the steps of an hour up to `now`, so many of them (a divisor of 360) as one point; nothing is drawn of the time before
/// `started`.
pub(super) fn hour(steps: &[Tally], merged: usize, started: UnixMs, now: UnixMs, w: &LinkWords) -> Hour {
    let lived = usize::try_from(now.since_ms(started) / STEP_MS).unwrap_or(0).min(STEPS);
    let silent = (STEPS - lived) / merged;
    let points: Vec<Option<Tally>> =
        steps.chunks(merged).enumerate().map(|(at, chunk)| (at >= silent).then(|| sum(chunk))).collect();
    let seconds = (merged as i64 * STEP_MS) as f64 / 1_000.0;
    let counts = |of: fn(&Tally) -> u64| series(&points, |tally| Some(of(tally) as f64 / seconds));
    let trips = |share: f64| {
        series(&points, move |tally| tally.trips.quantile(share).map(|duration| duration.as_secs_f64() * 1_000.0))
    };
    let rates = [
        ("came", w.line_in, counts(|tally| tally.came)),
        ("went", w.line_out, counts(|tally| tally.went)),
        ("refused", w.line_refused, counts(Tally::refusals)),
    ];
    let all = sum(steps);
    Hour {
        plots: [
            plot(w.rates, rates.to_vec(), rate, ""),
            plot(w.trips, vec![("half", w.half, trips(0.5)), ("most", w.most, trips(0.99))], in_millis, " ms"),
        ],
        rows: rows(steps, lived, now),
        came: all.came,
        went: all.went,
        refused: all.refusals(),
    }
}

fn sum(steps: &[Tally]) -> Tally {
    let mut sum = Tally::default();
    steps.iter().for_each(|step| sum.add(step));
    sum
}

fn series(points: &[Option<Tally>], of: impl Fn(&Tally) -> Option<f64>) -> Vec<Option<f64>> {
    points.iter().map(|point| point.as_ref().and_then(&of)).collect()
}

fn plot(
    title: &'static str,
    lines: Vec<(&'static str, &'static str, Vec<Option<f64>>)>,
    words: fn(f64) -> String,
    unit: &str,
) -> Plot {
    let highest = lines.iter().flat_map(|(.., values)| values.iter().flatten()).copied().fold(0.0, f64::max);
    let top = round_up(highest);
    let scale = |value: f64| format!("{value}{unit}");
    let line = |(class, name, values): (&'static str, &'static str, Vec<Option<f64>>)| Line {
        class,
        name,
        last: values.iter().rev().flatten().next().map_or_else(|| "–".to_owned(), |value| words(*value)),
        path: path(&values, top),
    };
    Plot { title, top: scale(top), middle: scale(top / 2.0), lines: lines.into_iter().map(line).collect() }
}

/// The next of 1, 2, 5, 10, 20 … from 1 on.
fn round_up(value: f64) -> f64 {
    let mut unit = 1.0;
    loop {
        for step in [1.0, 2.0, 5.0] {
            if unit * step >= value {
                return unit * step;
            }
        }
        unit *= 10.0;
    }
}

/// A line through the values, each in the middle of its step; broken where there is none, a dot where there is one alone.
fn path(values: &[Option<f64>], top: f64) -> String {
    let (mut path, mut drawing) = (String::new(), false);
    let width = WIDTH / values.len().max(1) as f64;
    for (at, value) in values.iter().enumerate() {
        let Some(value) = value else {
            drawing = false;
            continue;
        };
        let (x, y) = ((at as f64 + 0.5) * width, HEIGHT - value / top * HEIGHT);
        // writing to a String cannot fail
        let _ = write!(path, "{}{x:.1} {y:.1}", if drawing { "L" } else { "M" });
        let alone = !drawing && values.get(at + 1).is_none_or(Option::is_none);
        if alone {
            path.push_str("h.1");
        }
        drawing = true;
    }
    path
}

fn rows(steps: &[Tally], lived: usize, now: UnixMs) -> Vec<Row> {
    let end = UnixMs(now.0.div_euclid(STEP_MS) * STEP_MS);
    let row = |(at, chunk): (usize, &[Tally])| {
        let all = sum(chunk);
        Row {
            from: time_of_day(end.plus_ms(-((STEPS - at * STEPS_OF_A_ROW) as i64) * STEP_MS)),
            came: all.came,
            went: all.went,
            refused: all.refusals(),
            half: millis(&all.trips, 0.5),
            most: millis(&all.trips, 0.99),
        }
    };
    let first = (STEPS - lived) / STEPS_OF_A_ROW;
    let mut rows: Vec<Row> = steps.chunks(STEPS_OF_A_ROW).enumerate().skip(first).map(row).collect();
    rows.reverse();
    rows
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ops::words::Lang, ports::figures::Figures};
    use std::time::Duration;

    const NOW: UnixMs = UnixMs(1_795_400_000_000);

    #[test]
    fn a_plot_has_points_where_there_was_traffic_and_a_gap_where_no_resp_came() {
        let figures = Figures::default();
        for (step, went) in [(20, 10), (11, 1_000), (10, 500)] {
            let mut tally = Tally { came: 100, went, refused: [(0x58, 10)].into(), ..Tally::default() };
            (0..went).for_each(|_| tally.trips.add(Duration::from_millis(40)));
            figures.add("trx-1", &tally, NOW.plus_ms(-step * STEP_MS));
        }
        let drawn = hour(&figures.hour(NOW), 1, NOW.plus_ms(-7_200_000), NOW, Lang::En.link_words());
        let [rates, trips] = &drawn.plots;
        assert_eq!((rates.top.as_str(), rates.middle.as_str()), ("100", "50"), "1,000 in ten seconds");
        let went = &rates.lines[1];
        assert_eq!(went.path.matches('M').count(), 1, "a rate of none is a rate");
        let x = |step: f64| (STEPS as f64 - step + 0.5) * WIDTH / STEPS as f64;
        assert!(went.path.contains(&format!("L{:.1} 0.0L{:.1} 60.0", x(11.0), x(10.0))), "{}", went.path);
        assert_eq!((trips.top.as_str(), trips.lines[0].path.matches('M').count()), ("50 ms", 2));
        assert!(trips.lines[1].path.contains("h.1"), "one step alone is a dot");
        assert_eq!((drawn.came, drawn.went, drawn.refused), (300, 1_510, 30));
        let row = &drawn.rows[0];
        assert_eq!((row.went, row.refused, row.half.as_deref()), (1_510, 30, Some("41 ms")), "40 ms to 5 %");
        assert_eq!(drawn.rows.len(), 12);
    }

    #[test]
    fn nothing_is_drawn_of_the_time_before_the_start() {
        let steps = vec![Tally::default(); STEPS];
        let drawn = hour(&steps, 6, NOW.plus_ms(-600_000), NOW, Lang::Km.link_words());
        let path = &drawn.plots[0].lines[0].path;
        assert!(path.starts_with("M606.0 120.0"), "{path}");
        assert_eq!((path.matches('L').count(), drawn.rows.len()), (9, 2));
        assert_eq!(drawn.plots[1].lines[0].last, "–");
    }

    #[test]
    fn scales_end_at_round_figures() {
        let rounded: Vec<f64> = [0.0, 1.0, 1.1, 3.0, 5.1, 99.0, 101.0].into_iter().map(round_up).collect();
        assert_eq!(rounded, [1.0, 1.0, 2.0, 5.0, 10.0, 100.0, 200.0]);
    }
}

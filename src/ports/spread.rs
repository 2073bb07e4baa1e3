//! Durations in buckets, an eighth of an octave wide: what half and what ninety-nine of a hundred took, to 5 %, in less
//! than 1 KiB however many there are. It must not know what was measured.
use std::time::Duration;

/// What is shorter counts as this long.
const SHORTEST_US: f64 = 64.0;
/// Buckets that double a duration.
const PER_OCTAVE: f64 = 8.0;
/// The last one begins at 67 s, longer than any resp is waited for.
const BUCKETS: usize = 161;

/// Durations, as far as quantiles need them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Spread {
    /// Up to the highest bucket that holds something.
    counts: Vec<u32>,
}

impl Spread {
    /// Adds one.
    pub fn add(&mut self, duration: Duration) {
        let octaves = (duration.as_secs_f64() * 1e6 / SHORTEST_US).max(1.0).log2();
        let bucket = ((octaves * PER_OCTAVE) as usize).min(BUCKETS - 1);
        if self.counts.len() <= bucket {
            self.counts.resize(bucket + 1, 0);
        }
        self.counts[bucket] = self.counts[bucket].saturating_add(1);
    }

    /// Adds all of another.
    pub fn add_all(&mut self, other: &Spread) {
        if self.counts.len() < other.counts.len() {
            self.counts.resize(other.counts.len(), 0);
        }
        for (count, more) in self.counts.iter_mut().zip(&other.counts) {
            *count = count.saturating_add(*more);
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.counts.is_empty()
    }

    /// Begins anew, in the same memory.
    pub fn clear(&mut self) {
        self.counts.clear();
    }

    /// What this share (0 to 1) of them took at most; `None` when there are none.
    pub fn quantile(&self, share: f64) -> Option<Duration> {
        let all: u64 = self.counts.iter().map(|count| u64::from(*count)).sum();
        let wanted = ((all as f64 * share).ceil() as u64).clamp(1, all.max(1));
        let mut seen = 0;
        let bucket = self.counts.iter().position(|count| {
            seen += u64::from(*count);
            seen >= wanted
        })?;
        // the middle of the bucket
        Some(Duration::from_secs_f64(SHORTEST_US * ((bucket as f64 + 0.5) / PER_OCTAVE).exp2() / 1e6))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_true_to_five_per_cent_from_a_tenth_of_a_millisecond_to_a_minute() {
        for ms in [0.1, 1.0, 7.3, 20.0, 250.0, 4_000.0, 60_000.0] {
            let mut spread = Spread::default();
            (0..98).for_each(|_| spread.add(Duration::from_secs_f64(ms / 1e3)));
            (0..2).for_each(|_| spread.add(Duration::from_secs(66)));
            let half = spread.quantile(0.5).expect("some").as_secs_f64() * 1e3;
            assert!((half / ms - 1.0).abs() < 0.05, "{ms} ms: {half}");
            assert!(spread.quantile(0.99).expect("some") > Duration::from_secs(60));
        }
    }

    #[test]
    fn what_is_added_together_has_the_quantiles_of_all() {
        let (mut one, mut other) = (Spread::default(), Spread::default());
        assert_eq!(one.quantile(0.5), None);
        other.add(Duration::ZERO);
        other.add(Duration::from_secs(3_600));
        one.add_all(&other);
        assert_eq!(one, other);
        assert!(one.quantile(0.01).expect("some") < Duration::from_millis(1));
        assert!(one.quantile(1.0).expect("some") > Duration::from_secs(60));
    }
}

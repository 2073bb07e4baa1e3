//! Points in time as numbers, and days as people say them. Nothing here reads a clock.
use jiff::{Timestamp, civil, tz::TimeZone};

/// Milliseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default, serde::Serialize, serde::Deserialize)]
pub struct UnixMs(pub i64);

impl UnixMs {
    /// This point plus a number of milliseconds (negative: earlier), stopping at the ends of the range.
    pub fn plus_ms(self, ms: i64) -> Self {
        UnixMs(self.0.saturating_add(ms))
    }

    /// Milliseconds from `earlier` to here; negative when it is later.
    pub fn since_ms(self, earlier: UnixMs) -> i64 {
        self.0.saturating_sub(earlier.0)
    }

    /// Date and time of day on the wall clock of `zone`.
    pub fn civil(self, zone: &TimeZone) -> civil::DateTime {
        Timestamp::from_millisecond(self.0).unwrap_or(Timestamp::UNIX_EPOCH).to_zoned(zone.clone()).datetime()
    }

    /// From an RFC 3339 timestamp with any offset.
    pub fn from_rfc3339(text: &str) -> Option<Self> {
        text.parse::<Timestamp>().ok().map(|at| UnixMs(at.as_millisecond()))
    }
}

/// The zone of every office: Asia/Phnom_Penh, +07:00 all year.
pub fn phnom_penh() -> TimeZone {
    TimeZone::fixed(jiff::tz::offset(7))
}

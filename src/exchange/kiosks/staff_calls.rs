//! Visitors who called an officer, until somebody says that one is on the way, or a quarter of an hour has passed: of interest
//! to the people in the hall now, and to nobody after a restart.
use crate::types::{UnixMs, lock};
use std::{collections::BTreeMap, sync::Mutex, time::Duration};

/// A call that nobody answered ends by itself: who called has left.
const HEARD_FOR: Duration = Duration::from_secs(15 * 60);

/// Devices at which an officer was called, and since when.
#[derive(Default)]
pub(super) struct StaffCalls(Mutex<BTreeMap<String, UnixMs>>);

impl StaffCalls {
    /// An officer was called; called again, it is the same call.
    pub(super) fn called(&self, device: &str, now: UnixMs) {
        let mut calls = lock(&self.0);
        calls.retain(|_, since| is_heard(*since, now));
        calls.entry(device.to_owned()).or_insert(now);
    }

    /// Somebody is on the way; whether anybody had called.
    pub(super) fn answered(&self, device: &str) -> bool {
        lock(&self.0).remove(device).is_some()
    }

    /// Since when a device calls.
    pub(super) fn since(&self, device: &str, now: UnixMs) -> Option<UnixMs> {
        lock(&self.0).get(device).copied().filter(|since| is_heard(*since, now))
    }
}

fn is_heard(since: UnixMs, now: UnixMs) -> bool {
    now.since_ms(since) < HEARD_FOR.as_millis() as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_is_heard_until_it_is_answered_or_a_quarter_of_an_hour_has_passed() {
        let calls = StaffCalls::default();
        let minute = |minutes: i64| UnixMs(minutes * 60_000);
        assert_eq!(calls.since("k-1", minute(0)), None);
        calls.called("k-1", minute(0));
        calls.called("k-1", minute(4));
        calls.called("k-2", minute(5));
        assert_eq!(calls.since("k-1", minute(14)), Some(minute(0)), "called again, it is the same call");
        assert_eq!(calls.since("k-1", minute(15)), None);
        assert_eq!(calls.since("k-2", minute(15)), Some(minute(5)));
        assert!(calls.answered("k-2") && !calls.answered("k-2"));
        assert_eq!(calls.since("k-2", minute(15)), None);
        calls.called("k-1", minute(20));
        assert_eq!(calls.since("k-1", minute(20)), Some(minute(20)), "a new call after the old one ended");
    }
}

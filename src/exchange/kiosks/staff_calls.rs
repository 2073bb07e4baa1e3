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

    /// The devices that call, and since when.
    pub(super) fn all(&self, now: UnixMs) -> Vec<(String, UnixMs)> {
        let calls = lock(&self.0);
        calls.iter().filter(|(_, since)| is_heard(**since, now)).map(|(id, since)| (id.clone(), *since)).collect()
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
        let heard = |at: i64| {
            let all = calls.all(minute(at)).into_iter();
            all.map(|(id, since)| format!("{id} {}", since.0 / 60_000)).collect::<Vec<_>>().join(", ")
        };
        assert_eq!(heard(0), "");
        calls.called("k-1", minute(0));
        calls.called("k-1", minute(4));
        calls.called("k-2", minute(5));
        assert_eq!(heard(14), "k-1 0, k-2 5", "called again, it is the same call");
        assert_eq!(heard(15), "k-2 5");
        assert!(calls.answered("k-2") && !calls.answered("k-2"));
        assert_eq!(heard(15), "");
        calls.called("k-1", minute(20));
        assert_eq!(heard(20), "k-1 20", "a new call after the old one ended");
    }
}

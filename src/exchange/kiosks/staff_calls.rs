//! Visitors who called an officer, until somebody says that one is on the way, or a quarter of an hour has passed. What stands in the
//! database is seen at every node's console; what could not be written is at least seen at this one's.
use crate::{
    exchange::conversation::counts::Counts,
    types::{UnixMs, lock},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Mutex,
    time::Duration,
};

/// A call that nobody answered ends by itself: who called has left.
const HEARD_FOR: Duration = Duration::from_secs(15 * 60);

/// Calls, in windows of their own.
#[derive(Default)]
pub(super) struct StaffCalls {
    /// Devices that called here, since when where only this process knows of it.
    here: Mutex<BTreeMap<String, Option<UnixMs>>>,
}

fn window(device: &str) -> String {
    format!("staff-call:{device}")
}

impl StaffCalls {
    /// An officer was called; called again, it is the same call.
    pub(super) async fn called(&self, device: &str, counts: &Counts, now: UnixMs) {
        let written = counts.tally(window(device), HEARD_FOR, 1).await.is_ok();
        let mut here = lock(&self.here);
        here.retain(|_, since| since.is_none_or(|since| is_heard(since, now)));
        let known = here.entry(device.to_owned()).or_default();
        if !written {
            known.get_or_insert(now);
        }
    }

    /// Somebody is on the way; whether anybody had called.
    pub(super) async fn answered(&self, device: &str, counts: &Counts) -> bool {
        let here = lock(&self.here).remove(device).flatten().is_some();
        let there =
            counts.tallied(vec![window(device)]).await.is_ok_and(|counts| counts.iter().any(|count| *count > 0));
        if there {
            counts.give_back(vec![window(device)]).await;
        }
        here || there
    }

    /// Those of these devices, and of those that have called here, that call, and since when.
    pub(super) async fn all(&self, devices: &[String], counts: &Counts, now: UnixMs) -> Vec<(String, UnixMs)> {
        let mut calls: BTreeMap<String, UnixMs> = lock(&self.here)
            .iter()
            .filter_map(|(device, since)| Some((device.clone(), since.filter(|since| is_heard(*since, now))?)))
            .collect();
        let asked: BTreeSet<String> = devices.iter().cloned().chain(lock(&self.here).keys().cloned()).collect();
        let asked: Vec<String> = asked.into_iter().collect();
        let found = counts.tallied(asked.iter().map(|device| window(device)).collect()).await.unwrap_or_default();
        let calling = asked.into_iter().zip(found).filter(|(_, count)| *count > 0).map(|(device, _)| device);
        let calling: Vec<String> = calling.collect();
        let ends = counts.ends(calling.iter().map(|device| window(device)).collect()).await.unwrap_or_default();
        let since = |end: UnixMs| end.plus_ms(-(HEARD_FOR.as_millis() as i64));
        calls.extend(calling.into_iter().zip(ends).map(|(device, end)| (device, since(end))));
        calls.into_iter().collect()
    }
}

fn is_heard(since: UnixMs, now: UnixMs) -> bool {
    now.since_ms(since) < HEARD_FOR.as_millis() as i64
}

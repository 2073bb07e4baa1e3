//! Windows in which guesses and what is used up are counted, and their names. It must not know the portal.
use super::shut::{Full, Shut};
use crate::{
    exchange::settings::Settings,
    ports::{StoreFault, clock::Clock, kiosks::Kiosks},
    types::{Msisdn, UnixMs, limits::DIGITS_WRONG_MAX},
};
use std::{sync::Arc, time::Duration};

const QUARTER: Duration = Duration::from_secs(15 * 60);
pub(super) const HOUR: Duration = Duration::from_secs(3_600);
pub(super) const DAY: Duration = Duration::from_secs(24 * 3_600);

/// A window in which a place is taken.
pub(super) struct WindowPlace {
    pub(super) name: String,
    pub(super) span: Duration,
    pub(super) most: u32,
    pub(super) full: Full,
}

/// Counts in the store. Cheap to clone.
#[derive(Clone)]
pub struct Counts {
    store: Arc<dyn Kiosks>,
    clock: Arc<dyn Clock>,
    settings: Arc<Settings>,
}

impl Counts {
    /// Over the port that counts.
    pub fn new(store: Arc<dyn Kiosks>, clock: Arc<dyn Clock>, settings: Arc<Settings>) -> Self {
        Counts { store, clock, settings }
    }

    /// A keyed digest, so that a count tells nobody what is counted.
    pub fn stands_for(&self, what: &str) -> String {
        hex(&self.store.digest(what)[..16])
    }

    /// A number that stands for something in what is kept of a telephone; never 0.
    pub(super) fn mark(&self, what: &str) -> u64 {
        self.store.digest(what)[..8].iter().fold(0_u64, |all, octet| all << 8 | u64::from(*octet)).max(1)
    }

    /// Counts one event in a window, unless that is full (0 is no limit). Whether it was counted.
    ///
    /// # Errors
    /// When it cannot be counted now.
    pub async fn tally(&self, name: String, span: Duration, most: u32) -> Result<bool, StoreFault> {
        self.tally_all(vec![(name, span.as_millis() as i64, most)]).await
    }

    /// Counts one event in all of these windows, or in none.
    pub(super) async fn tally_all(&self, windows: Vec<(String, i64, u32)>) -> Result<bool, StoreFault> {
        self.store.tally(windows, self.clock.now()).await
    }

    /// Events in the running windows of these names.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn tallied(&self, names: Vec<String>) -> Result<Vec<u32>, StoreFault> {
        self.store.tallied(names, self.clock.now()).await
    }

    /// When the running windows of these names end.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn ends(&self, names: Vec<String>) -> Result<Vec<UnixMs>, StoreFault> {
        self.store.tally_ends(names, self.clock.now()).await
    }

    /// Takes one event out of each of these windows; what cannot be taken out runs out with its window.
    pub async fn give_back(&self, names: Vec<String>) {
        if !names.is_empty() && self.store.untally(names, self.clock.now()).await.is_err() {
            tracing::debug!("places that were not used stay taken until their windows end");
        }
    }

    /// Takes all of these places or none; which one was full. What cannot be counted is not asked.
    pub(super) async fn take(&self, places: &[WindowPlace]) -> Result<(), Full> {
        if places.is_empty() {
            return Ok(());
        }
        let busy = Full::Said(Shut::Busy);
        let windows = places.iter().map(|one| (one.name.clone(), one.span.as_millis() as i64, one.most)).collect();
        if self.tally_all(windows).await.map_err(|_| busy)? {
            return Ok(());
        }
        let names = places.iter().map(|one| one.name.clone()).collect();
        let counts = self.tallied(names).await.map_err(|_| busy)?;
        let full: Vec<&WindowPlace> =
            places.iter().zip(counts).filter(|(place, count)| *count >= place.most).map(|(place, _)| place).collect();
        Err(match full.first().map(|place| place.full) {
            // one was given back meanwhile
            None => busy,
            Some(Full::Wait) => Full::Said(Shut::Wait { minutes: self.minutes_left(&full).await }),
            Some(said) => said,
        })
    }

    /// Minutes until the last of these windows ends, never too few; of those of which nobody knows it, one.
    async fn minutes_left(&self, full: &[&WindowPlace]) -> u32 {
        let waits = full.iter().filter(|place| matches!(place.full, Full::Wait));
        let (names, now) = (waits.map(|place| place.name.clone()).collect(), self.clock.now());
        let ends = match self.store.tally_ends(names, now).await {
            Ok(ends) => ends,
            Err(fault) => {
                tracing::debug!("how long to wait could not be read: {fault}");
                Vec::new()
            }
        };
        let left = ends.into_iter().map(|end| end.since_ms(now)).max().unwrap_or_default();
        u32::try_from(left.max(1).unsigned_abs().div_ceil(60_000)).unwrap_or(u32::MAX)
    }

    /// The windows in which a number's wrong look-ups are counted.
    pub(super) fn windows_of(&self, number: Msisdn) -> Vec<(String, Duration, u32)> {
        let (rules, who) = (&self.settings.rules, self.stands_for(number.digits()));
        [("quarter", QUARTER, rules.fails_quarter), ("day", DAY, rules.fails_day)]
            .into_iter()
            .filter(|(.., most)| *most > 0)
            .map(|(what, span, most)| (format!("guesses-{what}:{who}"), span, most))
            .collect()
    }

    fn digits_window(&self, number: Msisdn) -> String {
        format!("digits:{}", self.stands_for(number.digits()))
    }

    /// Whether digits of our questions were not wrong too often.
    pub(super) async fn digits_may(&self, number: Msisdn) -> Result<(), Shut> {
        let counts = self.tallied(vec![self.digits_window(number)]).await;
        match counts.map_err(|_| Shut::Busy)?.first() {
            Some(count) if *count >= DIGITS_WRONG_MAX => Err(Shut::DigitsLocked),
            _ => Ok(()),
        }
    }

    /// Counts a wrong answer to a question that wants digits back.
    pub(super) async fn digits_wrong(&self, number: Msisdn) {
        if self.tally(self.digits_window(number), DAY, 0).await.is_err() {
            tracing::warn!("a wrong answer to a question that wants digits back could not be counted");
        }
    }
}

/// Octets as digits.
pub fn hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}

//! Places for the question that is asked most, a telephone's look-up by code alone, without a commit for each. Places of the
//! budget of all are taken from the store in blocks before the portal is asked, and what is right gives its place back to
//! the block. Of a number, what is in hand is counted here and what was wrong in the store, before it is answered: a
//! guess in hand when the process dies was answered to nobody. It must not know the portal.
use super::{DAY, Full, HOUR, KEPT_FOR_PINS, QUARTER, Shut};
use crate::types::lock;
use crate::{
    exchange::Exchange,
    types::{Msisdn, UnixMs},
};
use std::{collections::HashMap, sync::Mutex, time::Duration};

/// Guesses of all that were wrong, or are in hand, in an hour.
pub(super) const ALL: &str = "guesses-all";
/// Places that are taken from the store at once, and given back at once.
const BLOCK: u32 = 16;
/// Places that stay here unused; a process that dies leaves them counted.
const IDLE_MAX: u32 = 2 * BLOCK;

/// What of the budget is here.
#[derive(Default)]
pub(super) struct Budget {
    idle: Mutex<Idle>,
    /// One takes a block, the others wait for it.
    taking: tokio::sync::Mutex<()>,
    /// Look-ups of each number whose answer is not here yet: a text and a screen may be in hand together.
    in_hand: Mutex<HashMap<Msisdn, u32>>,
}

/// Places that were taken and are not used.
#[derive(Default)]
struct Idle {
    places: u32,
    /// When the last of them were taken: an hour later they are of a window that is over.
    since: UnixMs,
}

/// A look-up in hand. What is not settled was made: it counts as wrong.
pub(super) struct Lent {
    exchange: Exchange,
    number: Msisdn,
    /// It holds a place of the budget of all.
    budget: bool,
    settled: bool,
}

impl Exchange {
    /// Takes a place for a look-up by code alone.
    pub(super) async fn lend(&self, number: Msisdn) -> Result<Lent, Full> {
        let before = {
            let mut in_hand = lock(&self.core.portal.budget.in_hand);
            let own = in_hand.entry(number).or_default();
            *own += 1;
            *own - 1
        };
        // nothing was asked yet: it leaves no count
        let mut lent = Lent { exchange: self.clone(), number, budget: false, settled: true };
        let own = self.windows_of(number);
        let names = own.iter().map(|(name, ..)| name.clone()).collect();
        let counts = match own.is_empty() {
            true => Vec::new(),
            false => self.core.store.tallied(names, self.now()).await.map_err(|_| Full::Said(Shut::Busy))?,
        };
        if own.iter().zip(counts).any(|((_, _, most), count)| count + before >= *most) {
            return Err(Full::Number);
        }
        let most = self.core.settings.rules.fails_hour_all;
        if most > 0 {
            self.place_of_all(most - most / KEPT_FOR_PINS).await?;
            lent.budget = true;
        }
        lent.settled = false;
        Ok(lent)
    }

    /// The windows in which a number's wrong look-ups are counted.
    pub(super) fn windows_of(&self, number: Msisdn) -> Vec<(String, Duration, u32)> {
        let (rules, who) = (&self.core.settings.rules, self.stands_for(number.digits()));
        [("quarter", QUARTER, rules.fails_quarter), ("day", DAY, rules.fails_day)]
            .into_iter()
            .filter(|(.., most)| *most > 0)
            .map(|(what, span, most)| (format!("guesses-{what}:{who}"), span, most))
            .collect()
    }

    async fn place_of_all(&self, most: u32) -> Result<(), Full> {
        let budget = &self.core.portal.budget;
        if budget.pop(self.now()) {
            return Ok(());
        }
        let _alone = budget.taking.lock().await;
        if budget.pop(self.now()) {
            return Ok(());
        }
        for block in [BLOCK, 1] {
            // each of them sees the same count, so the bound is the first one's
            let Some(bound @ 1..) = (most + 1).checked_sub(block) else { continue };
            let places = vec![(ALL.to_owned(), HOUR.as_millis() as i64, bound); block as usize];
            match self.core.store.tally(places, self.now()).await {
                Ok(true) => {
                    let mut idle = lock(&budget.idle);
                    *idle = Idle { places: idle.places + block - 1, since: self.now() };
                    return Ok(());
                }
                Ok(false) => {}
                Err(_) => return Err(Full::Said(Shut::Busy)),
            }
        }
        Err(Full::Said(Shut::AddPin))
    }

    /// Gives back to the store what nobody uses.
    pub(in crate::exchange) async fn settle_budget(&self) {
        let idle = std::mem::take(&mut lock(&self.core.portal.budget.idle).places);
        self.give_back(idle).await;
    }

    async fn give_back(&self, places: u32) {
        let names = vec![ALL.to_owned(); places as usize];
        if places > 0 && self.core.store.untally(names, self.now()).await.is_err() {
            self.core.health.failed();
        }
    }

    async fn count_wrong(&self, number: Msisdn) {
        // what is over its limit was not asked, so there is nothing to refuse
        let windows: Vec<_> =
            self.windows_of(number).into_iter().map(|(name, span, _)| (name, span.as_millis() as i64, 0)).collect();
        if !windows.is_empty() && self.core.store.tally(windows, self.now()).await.is_err() {
            self.core.health.failed();
        }
    }
}

impl Idle {
    fn end(&mut self, now: UnixMs) {
        if !(0..HOUR.as_millis() as i64).contains(&now.since_ms(self.since)) {
            self.places = 0;
        }
    }
}

impl Budget {
    fn pop(&self, now: UnixMs) -> bool {
        let mut idle = lock(&self.idle);
        idle.end(now);
        let some = idle.places > 0;
        idle.places -= u32::from(some);
        some
    }

    /// A place comes back; how many are too many here.
    fn push(&self, now: UnixMs) -> u32 {
        let mut idle = lock(&self.idle);
        idle.places += 1;
        idle.end(now);
        let surplus = if idle.places > IDLE_MAX { BLOCK } else { 0 };
        idle.places -= surplus;
        surplus
    }

    fn is_out(&self, number: Msisdn) {
        let mut in_hand = lock(&self.in_hand);
        if let Some(own) = in_hand.get_mut(&number) {
            *own -= 1;
            if *own == 0 {
                in_hand.remove(&number);
            }
        }
    }
}

impl Lent {
    /// It told what its sender may know.
    pub(super) fn right(mut self) {
        self.settled = true;
        let surplus = if self.budget { self.exchange.core.portal.budget.push(self.exchange.now()) } else { 0 };
        if surplus > 0 {
            let exchange = self.exchange.clone();
            self.exchange.core.tasks.spawn(async move { exchange.give_back(surplus).await });
        }
    }

    /// It was a wrong guess; that is on the disk when this returns.
    pub(super) async fn wrong(mut self) {
        self.settled = true;
        self.exchange.count_wrong(self.number).await;
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        let (exchange, number) = (self.exchange.clone(), self.number);
        if self.settled {
            exchange.core.portal.budget.is_out(number);
            return;
        }
        // a runtime that ends drops what it holds, and then nobody is left to count
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        let count = async move {
            exchange.count_wrong(number).await;
            exchange.core.portal.budget.is_out(number);
        };
        self.exchange.core.tasks.spawn_on(count, &runtime);
    }
}

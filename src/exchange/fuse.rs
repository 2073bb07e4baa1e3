//! The fuse over all doors: when look-ups that told nothing have used up the hour's budget, only what a number has
//! shown before is looked up until the hour ends. A place in the budget is taken before the portal is asked, so that
//! no more than the budget ever reaches it, and given back when the look-up told something. The last places are kept
//! for codes with their PIN.
use super::{Exchange, hold};
use std::sync::Mutex;

const HOUR_MS: i64 = 3_600_000;
/// One place in so many is kept for codes with their PIN.
const KEPT_FOR_PINS: u32 = 20;

/// What is spent in this clock hour.
#[derive(Default)]
pub(super) struct Fuse(Mutex<Spent>);

#[derive(Default)]
struct Spent {
    hour: i64,
    count: u32,
}

impl Exchange {
    fn hour(&self) -> i64 {
        self.now().0.div_euclid(HOUR_MS)
    }

    /// What the last run spent in this hour.
    pub(super) async fn load_fuse(&self) {
        let hour = self.hour();
        if let Ok(count) = self.core.store.failed_look_ups(hour).await {
            *hold(&self.core.fuse.0) = Spent { hour, count };
        }
    }

    /// Takes a place; `false` when the budget is spent. 0 is no limit.
    pub(super) fn take_place(&self, pin: bool) -> bool {
        let budget = self.core.settings.rules.fails_hour_all;
        let most = if pin { budget } else { budget - budget / KEPT_FOR_PINS };
        let hour = self.hour();
        let mut spent = hold(&self.core.fuse.0);
        if spent.hour != hour {
            *spent = Spent { hour, count: 0 };
        }
        if most > 0 && spent.count >= most {
            return false;
        }
        spent.count = spent.count.saturating_add(1);
        true
    }

    /// The look-up told something, or failed for no fault of the citizen.
    pub(super) fn give_place_back(&self) {
        let mut spent = hold(&self.core.fuse.0);
        spent.count = spent.count.saturating_sub(1);
    }
}

//! Places for the question that is asked most, a telephone's look-up by code alone, without a commit for each. Places of the
//! budget of all are taken from the store in blocks before the portal is asked, and what is right gives its place back to
//! the block. Of a number, what is in hand is counted here and what was wrong in the store, before it is answered: a
//! guess in hand when the process dies was answered to nobody. It must not know the portal.
use super::{
    counts::{Counts, HOUR},
    shut::{Full, Shut},
};
use crate::{
    ports::clock::Clock,
    types::{Msisdn, UnixMs, lock},
};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};
use tokio_util::task::TaskTracker;

/// Guesses of all that were wrong, or are in hand, in an hour.
pub(super) const ALL: &str = "guesses-all";
/// One place of the budget of all in so many is kept for codes with their PIN.
pub(super) const KEPT_FOR_PINS: u32 = 20;
/// Places that are taken from the store at once, and given back at once.
const BLOCK: u32 = 16;
/// Places that stay here unused; a process that dies leaves them counted.
const IDLE_MAX: u32 = 2 * BLOCK;

/// What of the budget is here. Cheap to clone.
#[derive(Clone)]
pub(super) struct Budget {
    core: Arc<Core>,
}

struct Core {
    counts: Counts,
    clock: Arc<dyn Clock>,
    /// Guesses of all in an hour; 0 is no limit.
    most: u32,
    tasks: TaskTracker,
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
    budget: Budget,
    number: Msisdn,
    /// It holds a place of the budget of all.
    of_all: bool,
    settled: bool,
}

impl Budget {
    pub(super) fn new(counts: Counts, clock: Arc<dyn Clock>, most: u32, tasks: TaskTracker) -> Self {
        let (idle, taking, in_hand) = (Mutex::default(), tokio::sync::Mutex::default(), Mutex::default());
        Budget { core: Arc::new(Core { counts, clock, most, tasks, idle, taking, in_hand }) }
    }

    /// Takes a place for a look-up by code alone.
    pub(super) async fn lend(&self, number: Msisdn) -> Result<Lent, Full> {
        let before = {
            let mut in_hand = lock(&self.core.in_hand);
            let own = in_hand.entry(number).or_default();
            *own += 1;
            *own - 1
        };
        // nothing was asked yet: it leaves no count
        let mut lent = Lent { budget: self.clone(), number, of_all: false, settled: true };
        let own = self.core.counts.windows_of(number);
        let names = own.iter().map(|(name, ..)| name.clone()).collect();
        let counts = match own.is_empty() {
            true => Vec::new(),
            false => self.core.counts.tallied(names).await.map_err(|_| Full::Said(Shut::Busy))?,
        };
        if own.iter().zip(counts).any(|((_, _, most), count)| count + before >= *most) {
            return Err(Full::Number);
        }
        let most = self.core.most;
        if most > 0 {
            self.place_of_all(most - most / KEPT_FOR_PINS).await?;
            lent.of_all = true;
        }
        lent.settled = false;
        Ok(lent)
    }

    async fn place_of_all(&self, most: u32) -> Result<(), Full> {
        if self.pop() {
            return Ok(());
        }
        let _alone = self.core.taking.lock().await;
        if self.pop() {
            return Ok(());
        }
        for block in [BLOCK, 1] {
            // each of them sees the same count, so the bound is the first one's
            let Some(bound @ 1..) = (most + 1).checked_sub(block) else { continue };
            let places = vec![(ALL.to_owned(), HOUR.as_millis() as i64, bound); block as usize];
            match self.core.counts.tally_all(places).await {
                Ok(true) => {
                    let mut idle = lock(&self.core.idle);
                    *idle = Idle { places: idle.places + block - 1, since: self.core.clock.now() };
                    return Ok(());
                }
                Ok(false) => {}
                Err(_) => return Err(Full::Said(Shut::Busy)),
            }
        }
        Err(Full::Said(Shut::AddPin))
    }

    /// Gives back to the store what nobody uses.
    pub(super) async fn settle(&self) {
        let idle = std::mem::take(&mut lock(&self.core.idle).places);
        self.give_back(idle).await;
    }

    async fn give_back(&self, places: u32) {
        self.core.counts.give_back(vec![ALL.to_owned(); places as usize]).await;
    }

    async fn count_wrong(&self, number: Msisdn) {
        // what is over its limit was not asked, so there is nothing to refuse
        let windows = self.core.counts.windows_of(number).into_iter();
        let windows: Vec<_> = windows.map(|(name, span, _)| (name, span.as_millis() as i64, 0)).collect();
        if !windows.is_empty() && self.core.counts.tally_all(windows).await.is_err() {
            tracing::warn!("a wrong look-up could not be counted");
        }
    }

    fn pop(&self) -> bool {
        let mut idle = lock(&self.core.idle);
        idle.end(self.core.clock.now());
        let some = idle.places > 0;
        idle.places -= u32::from(some);
        some
    }

    /// A place comes back; how many are too many here.
    fn push(&self) -> u32 {
        let mut idle = lock(&self.core.idle);
        idle.places += 1;
        idle.end(self.core.clock.now());
        let surplus = if idle.places > IDLE_MAX { BLOCK } else { 0 };
        idle.places -= surplus;
        surplus
    }

    fn is_out(&self, number: Msisdn) {
        let mut in_hand = lock(&self.core.in_hand);
        if let Some(own) = in_hand.get_mut(&number) {
            *own -= 1;
            if *own == 0 {
                in_hand.remove(&number);
            }
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

impl Lent {
    /// It told what its sender may know.
    pub(super) fn right(mut self) {
        self.settled = true;
        let surplus = if self.of_all { self.budget.push() } else { 0 };
        if surplus > 0 {
            let budget = self.budget.clone();
            self.budget.core.tasks.spawn(async move { budget.give_back(surplus).await });
        }
    }

    /// It was a wrong guess; that is on the disk when this returns.
    pub(super) async fn wrong(mut self) {
        self.settled = true;
        self.budget.count_wrong(self.number).await;
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        let (budget, number) = (self.budget.clone(), self.number);
        if self.settled {
            budget.is_out(number);
            return;
        }
        // a runtime that ends drops what it holds, and then nobody is left to count
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        let tasks = self.budget.core.tasks.clone();
        let count = async move {
            budget.count_wrong(number).await;
            budget.is_out(number);
        };
        tasks.spawn_on(count, &runtime);
    }
}

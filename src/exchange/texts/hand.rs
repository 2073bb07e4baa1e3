//! What is in hand: how many MOs, which of them somebody works on, and what one holds until its turn is over.
use super::sequencer::Lane;
use crate::types::{CauseId, limits::MO_IN_HAND_MAX, lock, names::SmscName};
use std::{
    collections::{HashMap, HashSet},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};
use tokio::sync::OwnedSemaphorePermit;

/// All that is in hand.
#[derive(Default)]
pub(super) struct Hands {
    /// MOs accepted and not yet finished.
    taken: AtomicUsize,
    /// The same of each telco; one that has none does not stand here.
    of_telcos: Mutex<HashMap<SmscName, usize>>,
    /// MOs that are stored and that somebody here works on, or will.
    in_work: Mutex<HashSet<CauseId>>,
}

impl Hands {
    /// MOs accepted and not yet finished.
    pub(super) fn taken(&self) -> usize {
        self.taken.load(Ordering::Relaxed)
    }

    /// Those of a telco.
    pub(super) fn taken_of(&self, smsc: &SmscName) -> usize {
        lock(&self.of_telcos).get(smsc).copied().unwrap_or_default()
    }
}

/// One MO of a telco more in hand, until it is dropped.
pub(super) struct InHand(Arc<Hands>, SmscName);

impl InHand {
    /// `None` when too many are.
    pub(super) fn take(hands: &Arc<Hands>, smsc: &SmscName) -> Option<Self> {
        let taken = hands.taken.fetch_add(1, Ordering::Relaxed);
        *lock(&hands.of_telcos).entry(smsc.clone()).or_default() += 1;
        let held = InHand(Arc::clone(hands), smsc.clone());
        (taken < MO_IN_HAND_MAX).then_some(held)
    }
}

impl Drop for InHand {
    fn drop(&mut self) {
        self.0.taken.fetch_sub(1, Ordering::Relaxed);
        let mut of_telcos = lock(&self.0.of_telcos);
        if let Some(taken) = of_telcos.get_mut(&self.1) {
            *taken -= 1;
            if *taken == 0 {
                of_telcos.remove(&self.1);
            }
        }
    }
}

/// An MO that this process works on, until it is dropped: the regular look at what waits leaves it alone.
pub(super) struct InWork(Arc<Hands>, CauseId);

impl InWork {
    /// `None` when somebody has it already.
    pub(super) fn take(hands: &Arc<Hands>, mo: CauseId) -> Option<Self> {
        lock(&hands.in_work).insert(mo).then(|| InWork(Arc::clone(hands), mo))
    }
}

impl Drop for InWork {
    fn drop(&mut self) {
        lock(&self.0.in_work).remove(&self.1);
    }
}

/// What a stored MO holds until its turn is over.
pub(super) struct TurnPermits {
    _hand: Option<InHand>,
    _lane: Option<Lane>,
    _slot: OwnedSemaphorePermit,
}

impl TurnPermits {
    pub(super) fn new(hand: Option<InHand>, lane: Option<Lane>, slot: OwnedSemaphorePermit) -> Self {
        TurnPermits { _hand: hand, _lane: lane, _slot: slot }
    }
}

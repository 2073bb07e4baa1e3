//! What is in hand: how many MOs, which of them somebody works on, and what one holds until its turn is over.
use super::sequencer::Lane;
use crate::types::{CauseId, limits::MO_IN_HAND_MAX, lock};
use std::{
    collections::HashSet,
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
    /// MOs that are stored and that somebody here works on, or will.
    in_work: Mutex<HashSet<CauseId>>,
}

impl Hands {
    /// MOs accepted and not yet finished.
    pub(super) fn taken(&self) -> usize {
        self.taken.load(Ordering::Relaxed)
    }
}

/// One MO more in hand, until it is dropped.
pub(super) struct InHand(Arc<Hands>);

impl InHand {
    /// `None` when too many are.
    pub(super) fn take(hands: &Arc<Hands>) -> Option<Self> {
        let taken = hands.taken.fetch_add(1, Ordering::Relaxed);
        let held = InHand(Arc::clone(hands));
        (taken < MO_IN_HAND_MAX).then_some(held)
    }
}

impl Drop for InHand {
    fn drop(&mut self) {
        self.0.taken.fetch_sub(1, Ordering::Relaxed);
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

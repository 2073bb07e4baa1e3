//! One MO of a number at a time, in the order in which they came; numbers do not wait for each other.
use crate::types::Msisdn;
use crate::types::lock;
use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex},
};
use tokio::sync::oneshot;

/// Who waits behind whom. Entries exist only while a number has an MO in hand; their sum is bounded by
/// `MO_IN_HAND_MAX`.
#[derive(Default)]
pub struct Sequencer {
    waiting: Mutex<HashMap<Msisdn, VecDeque<oneshot::Sender<()>>>>,
}

/// A place in the lane of a number.
pub enum LaneEntry {
    /// Nobody is before.
    Head(Lane),
    /// Comes after others.
    Behind(Behind),
}

/// The right to work for a number; giving it up lets the next one go on.
pub struct Lane {
    sequencer: Arc<Sequencer>,
    number: Msisdn,
}

/// Waits for the right to work.
pub struct Behind {
    sequencer: Arc<Sequencer>,
    number: Msisdn,
    turn: oneshot::Receiver<()>,
}

impl Sequencer {
    /// Takes the next place. The order of calls is the order of work.
    pub fn enter(self: &Arc<Self>, number: Msisdn) -> LaneEntry {
        let mut waiting = lock(&self.waiting);
        if let Some(line) = waiting.get_mut(&number) {
            let (go, turn) = oneshot::channel();
            line.push_back(go);
            return LaneEntry::Behind(Behind { sequencer: Arc::clone(self), number, turn });
        }
        waiting.insert(number, VecDeque::new());
        LaneEntry::Head(Lane { sequencer: Arc::clone(self), number })
    }

    /// How many wait behind the one that works for this number.
    pub fn depth(&self, number: Msisdn) -> usize {
        lock(&self.waiting).get(&number).map_or(0, VecDeque::len)
    }

    fn leave(&self, number: Msisdn) {
        let mut waiting = lock(&self.waiting);
        let Some(line) = waiting.get_mut(&number) else {
            return;
        };
        while let Some(go) = line.pop_front() {
            if go.send(()).is_ok() {
                return;
            }
        }
        waiting.remove(&number);
    }
}

impl Behind {
    /// Waits until all before are done.
    pub async fn reach_head(mut self) -> Lane {
        // The sender is dropped unsent only with the sequencer itself, which `self` keeps alive.
        let _ = (&mut self.turn).await;
        Lane { sequencer: Arc::clone(&self.sequencer), number: self.number }
    }
}

impl Drop for Behind {
    /// Who gives up a place that has just become the first one must not keep it.
    fn drop(&mut self) {
        self.turn.close();
        if self.turn.try_recv().is_ok() {
            self.sequencer.leave(self.number);
        }
    }
}

impl Drop for Lane {
    fn drop(&mut self) {
        self.sequencer.leave(self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_number_is_served_in_order_and_others_at_once() {
        let sequencer = Arc::new(Sequencer::default());
        let one = Msisdn::parse_e164("85510000001").expect("number");
        let other = Msisdn::parse_e164("85510000002").expect("number");
        let LaneEntry::Head(first) = sequencer.enter(one) else { panic!("nobody is before") };
        let LaneEntry::Behind(second) = sequencer.enter(one) else { panic!("one is before") };
        let LaneEntry::Behind(gone) = sequencer.enter(one) else { panic!("two are before") };
        let LaneEntry::Behind(last) = sequencer.enter(one) else { panic!("three are before") };
        assert!(matches!(sequencer.enter(other), LaneEntry::Head(_)));
        drop(gone);
        drop(first);
        drop(second.reach_head().await);
        drop(last.reach_head().await);
        assert!(lock(&sequencer.waiting).is_empty());
    }

    #[tokio::test]
    async fn who_gives_up_a_place_that_has_just_become_the_first_holds_nobody_up() {
        let sequencer = Arc::new(Sequencer::default());
        let number = Msisdn::parse_e164("85510000001").expect("number");
        let LaneEntry::Head(first) = sequencer.enter(number) else { panic!("nobody is before") };
        let LaneEntry::Behind(duplicate) = sequencer.enter(number) else { panic!("one is before") };
        let LaneEntry::Behind(last) = sequencer.enter(number) else { panic!("two are before") };
        drop(first);
        drop(duplicate);
        drop(last.reach_head().await);
        assert!(lock(&sequencer.waiting).is_empty());
    }
}

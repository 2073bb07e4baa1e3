//! One MO of a number at a time, in the order in which they came; numbers do not wait for each other.
use super::hold;
use crate::types::Msisdn;
use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex},
};
use tokio::sync::oneshot;

/// Who waits behind whom. Entries exist only while a number has an MO in hand; their sum is bounded by
/// `MO_IN_HAND_MAX`.
#[derive(Default)]
pub struct Lanes {
    waiting: Mutex<HashMap<Msisdn, VecDeque<oneshot::Sender<()>>>>,
}

/// A place in the lane of a number.
pub enum Place {
    /// Nobody is before.
    Head(Lane),
    /// Comes after others.
    Behind(Behind),
}

/// The right to work for a number; giving it up lets the next one go on.
pub struct Lane {
    lanes: Arc<Lanes>,
    number: Msisdn,
}

/// Waits for the right to work.
pub struct Behind {
    lanes: Arc<Lanes>,
    number: Msisdn,
    turn: oneshot::Receiver<()>,
}

impl Lanes {
    /// Takes the next place. The order of calls is the order of work.
    pub fn enter(self: &Arc<Self>, number: Msisdn) -> Place {
        let mut waiting = hold(&self.waiting);
        if let Some(line) = waiting.get_mut(&number) {
            let (go, turn) = oneshot::channel();
            line.push_back(go);
            return Place::Behind(Behind { lanes: Arc::clone(self), number, turn });
        }
        waiting.insert(number, VecDeque::new());
        Place::Head(Lane { lanes: Arc::clone(self), number })
    }

    /// How many wait behind the one that works for this number.
    pub fn depth(&self, number: Msisdn) -> usize {
        hold(&self.waiting).get(&number).map_or(0, VecDeque::len)
    }

    fn leave(&self, number: Msisdn) {
        let mut waiting = hold(&self.waiting);
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
        // The sender is dropped unsent only with the lanes themselves, which `self` keeps alive.
        let _ = (&mut self.turn).await;
        let lane = Lane { lanes: Arc::clone(&self.lanes), number: self.number };
        self.turn.close();
        lane
    }
}

impl Drop for Lane {
    fn drop(&mut self) {
        self.lanes.leave(self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_number_is_served_in_order_and_others_at_once() {
        let lanes = Arc::new(Lanes::default());
        let one = Msisdn::parse_e164("85510000001").expect("number");
        let other = Msisdn::parse_e164("85510000002").expect("number");
        let Place::Head(first) = lanes.enter(one) else { panic!("nobody is before") };
        let Place::Behind(second) = lanes.enter(one) else { panic!("one is before") };
        let Place::Behind(gone) = lanes.enter(one) else { panic!("two are before") };
        let Place::Behind(last) = lanes.enter(one) else { panic!("three are before") };
        assert!(matches!(lanes.enter(other), Place::Head(_)));
        drop(gone);
        drop(first);
        drop(second.reach_head().await);
        drop(last.reach_head().await);
        assert!(hold(&lanes.waiting).is_empty());
    }
}

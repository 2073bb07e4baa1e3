//! What operators want of telcos' links for as long as this process lives: the console writes, the binds follow. Nothing of it
//! is stored.
use crate::types::{lock, names::SmscName};
use std::{collections::BTreeMap, sync::Mutex};
use tokio::sync::watch;

/// What is wanted of one telco.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Order {
    /// Its texts stay with us until it is resumed.
    pub paused: bool,
    /// Its binds send what is in hand, leave, and stay away until it is resumed.
    pub drained: bool,
    /// How often its binds were to leave and to come again.
    pub rebinds: u64,
}

/// The orders for all telcos.
#[derive(Default)]
pub struct Orders(Mutex<BTreeMap<SmscName, watch::Sender<Order>>>);

impl Orders {
    /// Follows what is wanted of a telco, which is known from then on.
    pub fn follow(&self, smsc: &SmscName) -> watch::Receiver<Order> {
        lock(&self.0).entry(smsc.clone()).or_default().subscribe()
    }

    /// Changes what is wanted of a telco; `false` when nobody follows it.
    pub fn give(&self, smsc: &SmscName, change: impl FnOnce(&mut Order)) -> bool {
        let telcos = lock(&self.0);
        let Some(order) = telcos.get(smsc) else { return false };
        order.send_modify(change);
        true
    }

    /// The telco is no telco of ours any more: nothing can be ordered of it until somebody follows it again.
    pub fn forget(&self, smsc: &SmscName) {
        lock(&self.0).remove(smsc);
    }

    /// What is wanted of each telco, by name.
    pub fn all(&self) -> Vec<(SmscName, Order)> {
        lock(&self.0).iter().map(|(smsc, order)| (smsc.clone(), *order.borrow())).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_reaches_who_follows_the_telco_and_nobody_else() {
        let orders = Orders::default();
        let (smart, other) = (SmscName::from("smart"), SmscName::from("other"));
        assert!(!orders.give(&smart, |order| order.paused = true), "nobody follows it");
        let (mut first, second) = (orders.follow(&smart), orders.follow(&other));
        assert!(orders.give(&smart, |order| order.paused = true));
        assert!(orders.give(&smart, |order| order.rebinds += 1));
        assert!(first.has_changed().expect("there") && !second.has_changed().expect("there"));
        let wanted = Order { paused: true, drained: false, rebinds: 1 };
        assert_eq!(*first.borrow_and_update(), wanted);
        assert_eq!(*orders.follow(&smart).borrow(), wanted, "who comes later knows it too");
        assert_eq!(orders.all(), [(other.clone(), Order::default()), (smart.clone(), wanted)]);
        orders.forget(&smart);
        assert!(!orders.give(&smart, |order| order.paused = true), "it is no telco any more");
        assert_eq!(orders.all(), [(other, Order::default())]);
        assert_eq!(*orders.follow(&smart).borrow(), Order::default(), "and comes back without what was ordered before");
    }
}

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
        let wanted = Order { paused: true, rebinds: 1 };
        assert_eq!(*first.borrow_and_update(), wanted);
        assert_eq!(*orders.follow(&smart).borrow(), wanted, "who comes later knows it too");
        assert_eq!(orders.all(), [(other, Order::default()), (smart, wanted)]);
    }
}

//! Which binds are ours, where several nodes share those of a telco: leases are kept, taken and given up here, and each bind asks
//! before it connects and before it writes. Alone on its database a node has all of them, and nothing here runs. It must not know
//! a socket.
mod lease;
mod round;

pub use lease::{BindLease, Hold, Over, Standing};

use crate::{
    ports::{
        clock::Clock,
        leases::{Leases, OwnLease},
        orders::Order,
        status::Board,
    },
    types::{limits::LEASES_GIVEN_BACK, lock, names::SmscName},
};
use lease::Lease;
use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, OnceLock,
        atomic::{AtomicBool, Ordering},
    },
};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

/// Whoever is told how many of a telco's binds are held here, of how many.
pub type Told = Box<dyn Fn(u32, u32) + Send + Sync>;

/// The binds of all telcos, shared with other nodes. Cheap to clone.
#[derive(Clone)]
pub struct Binds {
    core: Arc<Core>,
}

struct Core {
    store: Arc<dyn Leases>,
    clock: Arc<dyn Clock>,
    board: Arc<Board>,
    /// Our name; `None`: nothing is shared.
    node: Option<String>,
    /// Number of this run.
    run: OnceLock<i64>,
    telcos: Mutex<BTreeMap<SmscName, Telco>>,
    /// Orders as they stand in the database, as far as we know.
    orders: Mutex<BTreeMap<SmscName, Order>>,
    /// Something is to be looked at before its time.
    changed: Arc<Notify>,
    /// We leave: nothing is taken any more.
    closing: AtomicBool,
}

/// What is shared of one telco.
struct Telco {
    leases: Vec<Arc<Lease>>,
    told: Told,
}

impl Telco {
    /// Says how many are held here.
    fn tell(&self) {
        let held = self.leases.iter().filter(|lease| lease.epoch().is_some()).count();
        (self.told)(held as u32, self.leases.len() as u32);
    }
}

impl Binds {
    pub(super) fn new(store: Arc<dyn Leases>, clock: Arc<dyn Clock>, board: Arc<Board>) -> Self {
        let node = store.node();
        Binds {
            core: Arc::new(Core {
                store,
                clock,
                board,
                node,
                run: OnceLock::new(),
                telcos: Mutex::default(),
                orders: Mutex::default(),
                changed: Arc::default(),
                closing: AtomicBool::new(false),
            }),
        }
    }

    /// Whether binds are shared with other nodes.
    pub fn are_shared(&self) -> bool {
        self.core.node.is_some()
    }

    /// Begins to share as this run, until `stop`. What operators have ordered before is known when it returns.
    pub(super) async fn start(&self, run: i64, stop: CancellationToken) {
        if self.core.node.is_none() || self.core.run.set(run).is_err() {
            return;
        }
        if let Ok(shares) = self.core.store.shares().await {
            *lock(&self.core.orders) = shares.orders.into_iter().collect();
        }
        tokio::spawn(self.clone().keep(run, stop));
    }

    /// Shares `binds` binds of a telco, each of `connections` connections; returns the way to each of them, from number 1. `told` hears how
    /// many are held here whenever that changes.
    pub fn join(&self, smsc: &SmscName, binds: u32, connections: usize, told: Told) -> Vec<BindLease> {
        if self.core.node.is_none() {
            return (0..binds).map(|_| BindLease::own()).collect();
        }
        let leases = (1..=binds).map(|number| {
            let (clock, changed) = (Arc::clone(&self.core.clock), Arc::clone(&self.core.changed));
            Arc::new(Lease::new(smsc, number, connections, clock, changed))
        });
        let telco = Telco { leases: leases.collect(), told };
        telco.tell();
        let ways = telco.leases.iter().map(|lease| BindLease::of(Arc::clone(lease))).collect();
        self.follow_orders(smsc);
        lock(&self.core.telcos).insert(smsc.clone(), telco);
        self.core.changed.notify_one();
        ways
    }

    /// All that was ordered of a telco before it began here holds for it.
    fn follow_orders(&self, smsc: &SmscName) {
        let ordered = lock(&self.core.orders).get(smsc).copied();
        if let Some(ordered) = ordered {
            drop(self.core.board.orders.follow(smsc));
            self.core.board.orders.give(smsc, |order| *order = ordered);
        }
    }

    /// A telco's binds have ended here: others may have them.
    pub async fn leave(&self, smsc: &SmscName) {
        let Some(telco) = lock(&self.core.telcos).remove(smsc) else { return };
        let leases = telco.leases.iter().filter_map(|lease| lease.give_back()).collect();
        self.release(leases).await;
        self.core.changed.notify_one();
    }

    /// The server leaves: each bind is given up, and others may have it as soon as it has ended.
    pub fn close(&self) {
        self.core.closing.store(true, Ordering::Release);
        for telco in lock(&self.core.telcos).values() {
            telco.leases.iter().for_each(|lease| lease.give_up());
        }
        self.core.changed.notify_one();
    }

    /// All binds have ended: what is still held is given back, within a second or when its time is over.
    pub async fn closed(&self) {
        let leases: Vec<OwnLease> = lock(&self.core.telcos)
            .values()
            .flat_map(|telco| &telco.leases)
            .filter_map(|lease| lease.give_back())
            .collect();
        // one that cannot be given back ends by itself
        let _ = tokio::time::timeout(LEASES_GIVEN_BACK, self.release(leases)).await;
    }

    async fn release(&self, leases: Vec<OwnLease>) {
        let Some(run) = self.core.run.get() else { return };
        if !leases.is_empty()
            && let Err(fault) = self.core.store.release_leases(*run, leases).await
        {
            tracing::warn!("binds could not be given back, others have them in 15 s: {fault}");
        }
    }
}

#[cfg(test)]
mod tests;

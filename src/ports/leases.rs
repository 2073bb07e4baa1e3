//! Who holds which bind, where several nodes share the binds of a telco: leases by the database's clock. A store that one process
//! has grants everything, and is never asked.
use super::{PortFuture, StoreFault, orders::Order};
use crate::types::names::SmscName;

/// A bind of a telco by its number, from 1; a transmitter and its receiver are one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BindId {
    /// The telco.
    pub smsc: SmscName,
    /// From 1 to `binds`.
    pub number: u32,
}

/// A lease that this run has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnLease {
    /// Of which bind.
    pub bind: BindId,
    /// Which time it was taken: what is said of an earlier time changes nothing.
    pub epoch: i64,
}

/// A lease as it stands in the database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeaseRow {
    /// Of which bind.
    pub bind: BindId,
    /// The node that holds it.
    pub node: String,
    /// Its run.
    pub owner: i64,
    /// Which time it was taken.
    pub epoch: i64,
    /// Bound, as its holder said last.
    pub up: bool,
}

/// A node that wants binds of a telco.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Seat {
    /// The telco.
    pub smsc: SmscName,
    /// The node's name.
    pub node: String,
}

/// What all nodes know of each other's binds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shares {
    /// Leases that have not ended.
    pub leases: Vec<LeaseRow>,
    /// Seats of nodes that live.
    pub seats: Vec<Seat>,
    /// What operators have ordered, of each telco of which they have.
    pub orders: Vec<(SmscName, Order)>,
}

/// What a store comes to that one process has: there is nobody to share with, and so nothing is asked of it.
fn unshared<'a, T: Send + 'a>() -> PortFuture<'a, Result<T, StoreFault>> {
    Box::pin(async { Err(StoreFault::Rejected) })
}

/// The leases of binds. `run`: the number of this run (`Recovery::incarnation`). A store that one process has needs none of it.
pub trait Leases: Send + Sync {
    /// The name of this node, where binds are shared with others; `None`: all of them are this process's own.
    fn node(&self) -> Option<String> {
        None
    }

    /// Keeps these leases for 15 s from now and tells the others which of their binds are bound; returns those that are still
    /// this run's.
    fn renew_leases(&self, _run: i64, _held: Vec<(OwnLease, bool)>) -> PortFuture<'_, Result<Vec<BindId>, StoreFault>> {
        unshared()
    }

    /// Wants binds of these telcos for 15 s from now, and of no others.
    fn take_seats(&self, _run: i64, _telcos: Vec<SmscName>) -> PortFuture<'_, Result<(), StoreFault>> {
        unshared()
    }

    /// How all binds are shared.
    fn shares(&self) -> PortFuture<'_, Result<Shares, StoreFault>> {
        unshared()
    }

    /// Takes these leases for 15 s, as far as nobody has them; returns those that were taken.
    fn take_leases(&self, _run: i64, _binds: Vec<BindId>) -> PortFuture<'_, Result<Vec<OwnLease>, StoreFault>> {
        unshared()
    }

    /// Gives these leases back: others may take them at once.
    fn release_leases(&self, _run: i64, _leases: Vec<OwnLease>) -> PortFuture<'_, Result<(), StoreFault>> {
        unshared()
    }

    /// An operator of this node has ordered this of a telco.
    fn order(&self, _smsc: SmscName, _order: Order) -> PortFuture<'_, Result<(), StoreFault>> {
        unshared()
    }
}

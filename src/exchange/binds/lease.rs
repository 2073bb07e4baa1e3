//! One bind that several nodes share: whose it is, until when it may be used here, and who uses it. It must not know a database.
use crate::{
    ports::{
        clock::Clock,
        leases::{BindId, OwnLease},
    },
    types::names::SmscName,
};
use std::{
    future::pending,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicI64, AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::sync::{Notify, watch};

/// Shortest sleep before a deadline is looked at again.
const GRAIN: Duration = Duration::from_millis(1);

/// Whose a bind is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Nobody's, as far as we know.
    Free,
    /// Another node's.
    Elsewhere {
        /// Its name.
        node: String,
        /// It is bound there, as that node said last.
        up: bool,
    },
    /// Ours.
    Ours,
    /// Ours until what uses it has ended.
    Leaving,
}

/// A bind, as the round that keeps its lease has it.
pub(super) struct Lease {
    pub(super) bind: BindId,
    /// Connections that make up the bind.
    connections: usize,
    clock: Arc<dyn Clock>,
    changed: Arc<Notify>,
    standing: watch::Sender<Standing>,
    /// Which time it was taken; 0: it is not ours.
    epoch: AtomicI64,
    /// Milliseconds of the clock that no suspension stops, until which it may be used.
    until: AtomicU64,
    holds: AtomicUsize,
    bound: AtomicUsize,
}

fn millis(of: Duration) -> u64 {
    u64::try_from(of.as_millis()).unwrap_or(u64::MAX)
}

impl Lease {
    pub(super) fn new(
        smsc: &SmscName,
        number: u32,
        connections: usize,
        clock: Arc<dyn Clock>,
        changed: Arc<Notify>,
    ) -> Self {
        Lease {
            bind: BindId { smsc: smsc.clone(), number },
            connections,
            clock,
            changed,
            standing: watch::Sender::new(Standing::Free),
            epoch: AtomicI64::new(0),
            until: AtomicU64::new(0),
            holds: AtomicUsize::new(0),
            bound: AtomicUsize::new(0),
        }
    }

    /// Which time it was taken, if it is ours.
    pub(super) fn epoch(&self) -> Option<i64> {
        Some(self.epoch.load(Ordering::Acquire)).filter(|epoch| *epoch != 0)
    }

    pub(super) fn own(&self) -> Option<OwnLease> {
        self.epoch().map(|epoch| OwnLease { bind: self.bind.clone(), epoch })
    }

    /// Whether every connection of it is bound.
    pub(super) fn is_up(&self) -> bool {
        self.bound.load(Ordering::Acquire) >= self.connections
    }

    pub(super) fn is_leaving(&self) -> bool {
        *self.standing.borrow() == Standing::Leaving
    }

    /// It is ours, and may be used until then.
    pub(super) fn taken(&self, epoch: i64, until: Duration) {
        self.until.store(millis(until), Ordering::Release);
        self.epoch.store(epoch, Ordering::Release);
        self.standing.send_replace(Standing::Ours);
    }

    /// It stays ours until then.
    pub(super) fn kept(&self, until: Duration) {
        let before = self.until.swap(millis(until), Ordering::AcqRel);
        if before <= millis(self.clock.boot()) {
            // whoever waits for it to be of use again
            self.standing.send_modify(|_| {});
        }
    }

    /// It is not ours any more, whatever uses it.
    pub(super) fn lost(&self, standing: Standing) {
        self.epoch.store(0, Ordering::Release);
        self.standing.send_if_modified(|is| {
            *is != standing && {
                *is = standing;
                true
            }
        });
    }

    /// Whoever uses it is to end.
    pub(super) fn give_up(&self) {
        self.standing.send_if_modified(|is| {
            *is == Standing::Ours && {
                *is = Standing::Leaving;
                true
            }
        });
    }

    /// Ours no more, if nobody uses it; what is then to be given back.
    pub(super) fn give_back(&self) -> Option<OwnLease> {
        let mut own = None;
        self.standing.send_if_modified(|is| {
            if self.holds.load(Ordering::Acquire) > 0 {
                return false;
            }
            own = self.own();
            if own.is_some() {
                self.epoch.store(0, Ordering::Release);
                *is = Standing::Free;
            }
            own.is_some()
        });
        own
    }

    /// Time that is left, `None`: none, or it is not ours.
    fn left(&self, epoch: i64) -> Option<Duration> {
        if self.epoch.load(Ordering::Acquire) != epoch {
            return None;
        }
        let left = self.until.load(Ordering::Acquire).saturating_sub(millis(self.clock.boot()));
        (left > 0).then(|| Duration::from_millis(left))
    }
}

/// The way of one connection to its bind's lease.
#[derive(Clone)]
pub struct BindLease(Option<(Arc<Lease>, watch::Receiver<Standing>)>);

impl BindLease {
    /// Of a bind that no other node can have.
    pub fn own() -> Self {
        BindLease(None)
    }

    pub(super) fn of(lease: Arc<Lease>) -> Self {
        let standing = lease.standing.subscribe();
        BindLease(Some((lease, standing)))
    }

    /// Takes hold of the bind, if it is ours now.
    ///
    /// # Errors
    /// Whose it is instead; [`Standing::Free`] also while its lease could not be kept in time.
    pub fn hold(&mut self) -> Result<Hold, Standing> {
        let Some((lease, standing)) = &mut self.0 else { return Ok(Hold(None)) };
        drop(standing.borrow_and_update());
        let (mut held, mut other) = (None, Standing::Free);
        // under the lock under which it is given up: nobody takes hold of it afterwards
        lease.standing.send_if_modified(|is| {
            match is {
                Standing::Ours => {
                    held = lease.epoch().filter(|epoch| lease.left(*epoch).is_some());
                    lease.holds.fetch_add(usize::from(held.is_some()), Ordering::AcqRel);
                }
                is => other = is.clone(),
            }
            false
        });
        let Some(epoch) = held else { return Err(other) };
        let held = Held { lease: Arc::clone(lease), epoch, is_bound: AtomicBool::new(false) };
        Ok(Hold(Some(Arc::new(held))))
    }

    /// Waits until somebody else may have it than when [`BindLease::hold`] was asked last.
    pub async fn changed(&mut self) {
        let Some((_, standing)) = &mut self.0 else { return pending().await };
        if standing.changed().await.is_err() {
            // never: the lease that is held here is what says so
            pending().await
        }
    }
}

struct Held {
    lease: Arc<Lease>,
    epoch: i64,
    is_bound: AtomicBool,
}

impl Drop for Held {
    fn drop(&mut self) {
        let was_bound = *self.is_bound.get_mut();
        if was_bound {
            self.lease.bound.fetch_sub(1, Ordering::AcqRel);
        }
        self.lease.holds.fetch_sub(1, Ordering::AcqRel);
        if was_bound || self.lease.is_leaving() {
            self.lease.changed.notify_one();
        }
    }
}

/// Why a bind that is held is to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Over {
    /// It is another's, or may be soon: nothing may be written any more.
    Lost,
    /// It is to end what is in flight and to leave.
    GivenUp,
}

/// Of a connection: the bind is ours as long as this says so. Cheap to clone; given back when the last of it is dropped.
#[derive(Clone)]
pub struct Hold(Option<Arc<Held>>);

impl Hold {
    /// Of a connection that needs no lease.
    pub fn free() -> Self {
        Hold(None)
    }

    /// Whether the bind may be used now. To be asked before anything is written.
    pub fn is_ours(&self) -> bool {
        self.0.as_ref().is_none_or(|held| held.lease.left(held.epoch).is_some())
    }

    /// The connection is bound.
    pub fn bound(&self) {
        if let Some(held) = &self.0
            && !held.is_bound.swap(true, Ordering::AcqRel)
        {
            held.lease.bound.fetch_add(1, Ordering::AcqRel);
            // the others are told
            held.lease.changed.notify_one();
        }
    }

    /// Waits until the bind is to end; loses nothing when it is dropped before.
    pub async fn over(&self) -> Over {
        let Some(held) = &self.0 else { return pending().await };
        let mut standing = held.lease.standing.subscribe();
        loop {
            let Some(left) = held.lease.left(held.epoch) else { return Over::Lost };
            if *standing.borrow_and_update() == Standing::Leaving {
                return Over::GivenUp;
            }
            tokio::select! {
                _ = standing.changed() => {}
                () = tokio::time::sleep(left.max(GRAIN)) => {}
            }
        }
    }

    /// Waits until nothing may be written any more.
    pub async fn lost(&self) {
        let Some(held) = &self.0 else { return pending().await };
        let mut standing = held.lease.standing.subscribe();
        while let Some(left) = held.lease.left(held.epoch) {
            tokio::select! {
                _ = standing.changed() => {}
                () = tokio::time::sleep(left.max(GRAIN)) => {}
            }
        }
    }
}

//! Other nodes on the same store: what is seen of their runs, and what is taken over from one that is dead. A store that one
//! process has alone need not say anything.
use super::{PortFuture, StoreFault};
use crate::types::UnixMs;

/// What is seen of the runs on a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Neighbours {
    /// Runs that have ended, or were ended: when there are more of them, something may wait that nobody has in hand.
    pub ended: u64,
    /// Another run's lease has run out: it may be taken over.
    pub dead: bool,
    /// Of the runs that live this one is the first: it does what one does for all.
    pub first: bool,
}

impl Neighbours {
    /// Nobody else is there.
    pub const NOBODY: Neighbours = Neighbours { ended: 0, dead: false, first: true };
}

/// What was taken over from runs that are dead.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TakenOver {
    /// How many runs; 0: another node was quicker, or all have come back.
    pub runs: u64,
    /// MOs that wait and were in hand at an unclean end.
    pub suspects: u64,
    /// Segments whose fate is uncertain.
    pub ambiguous: u64,
}

/// The port.
pub trait Nodes: Send + Sync {
    /// Looks at the other runs. Costs no commit.
    fn neighbours(&self) -> PortFuture<'_, Result<Neighbours, StoreFault>> {
        Box::pin(async { Ok(Neighbours::NOBODY) })
    }
    /// Takes over from runs that are dead, in one transaction: claimed MOs become waiting suspects, submitting segments become
    /// ambiguous, and nothing that such a run still writes is taken.
    fn take_over(&self, now: UnixMs) -> PortFuture<'_, Result<TakenOver, StoreFault>> {
        let _ = now;
        Box::pin(async { Ok(TakenOver::default()) })
    }
}

//! What every port answers with: a future, and why the store did not do as asked.
use std::{future::Future, pin::Pin};

/// A future that a port returns, boxed so that ports can be trait objects.
pub type PortFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// What keeps the store from taking anything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// For the operator: what, where, what to do.
    pub words: String,
    /// It does not pass by itself.
    pub lasting: bool,
}

/// Why the store did not do as asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreFault {
    /// It was not done and may be tried again: full disk, foreign lock, overload.
    #[error("the database cannot take this now")]
    Busy,
    /// It was not done, as the disk has too little room left for anything new; what is in hand goes on.
    #[error("the disk has too little room for anything new")]
    Full,
    /// The commit failed in a way that leaves open whether it was done. Never to be taken for "not stored".
    #[error("the outcome of the commit is not known")]
    Unknown,
    /// The row was not in the state that the change starts from: somebody else has it.
    #[error("the row is no longer ours")]
    Stale,
    /// Another text of the number goes before it, at another node: it waits, and may be tried again soon.
    #[error("another text of the number is in hand at another node")]
    Behind,
    /// It breaks a rule of the database, or cannot be sealed: a fault of our own, which no repetition mends.
    #[error("the database refuses this change for good")]
    Rejected,
    /// The store is shutting down.
    #[error("the database is closed")]
    Closed,
}

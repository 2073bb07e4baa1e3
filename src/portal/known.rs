//! What is known of the way to the portal from the calls that went over it.
use std::sync::atomic::AtomicBool;

/// What is known of the way.
#[derive(Default)]
pub(super) struct Watch {
    /// The portal has answered over it since it was refused last.
    pub(super) open: AtomicBool,
    /// Who goes first.
    pub(super) first: tokio::sync::Mutex<()>,
    /// Who goes beside the first, when that says nothing.
    pub(super) second: tokio::sync::Mutex<()>,
}

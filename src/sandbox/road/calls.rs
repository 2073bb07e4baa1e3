//! What is counted.
use std::sync::atomic::AtomicU64;

/// Calls by what became of them.
#[derive(Default)]
pub struct Calls {
    /// All that came.
    pub come: AtomicU64,
    /// Those of which nobody is to know what became of them: every second one is carried out.
    pub uncertain: AtomicU64,
}

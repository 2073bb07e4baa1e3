//! What time it is.
use crate::types::UnixMs;

/// The wall clock. The program reads the system's (`app::clock`); tests set their own.
pub trait Clock: Send + Sync {
    /// Now.
    fn now(&self) -> UnixMs;
}

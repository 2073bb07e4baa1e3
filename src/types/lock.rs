//! A mutex whose holder may have panicked: what it guards is whole after each statement, so it goes on being used.
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Locks; a panic of somebody who held it before is no fault of what it guards.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

//! The one source of randomness: the operating system's octets, and the ids that are made of them. It must not know
//! what they are for.
use crate::types::UnixMs;
use std::{
    cell::RefCell,
    sync::atomic::{AtomicU64, Ordering},
};

/// The operating system gave no random octets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the operating system gives no random octets")]
pub struct NoRandomness;

/// Fills all of it with random octets.
///
/// # Errors
/// When the operating system has none; what was to be filled is then not to be used.
#[allow(clippy::disallowed_methods, reason = "the one place that reads the system's randomness")]
pub fn fill(octets: &mut [u8]) -> Result<(), NoRandomness> {
    ring::rand::SecureRandom::fill(&ring::rand::SystemRandom::new(), octets).map_err(|_| NoRandomness)
}

/// Random octets.
///
/// # Panics
/// When the operating system has none: nothing that is secret could be made then.
pub fn octets<const N: usize>() -> [u8; N] {
    let mut octets = [0; N];
    fill(&mut octets).expect("the operating system gives random octets");
    octets
}

/// Octets that a thread asks the system for at once: an answer takes about ten nonces and ids.
const DRAWN: usize = 512;

thread_local! {
    /// Octets of this thread, and how many of them are used.
    static POOL: RefCell<([u8; DRAWN], usize)> = const { RefCell::new(([0; DRAWN], DRAWN)) };
}

/// Random octets that need not be secret, as nonces and ids are not, for one call of the system in many.
///
/// # Errors
/// When the operating system has none.
pub fn drawn<const N: usize>() -> Result<[u8; N], NoRandomness> {
    const { assert!(N <= DRAWN, "more than is drawn at once") };
    POOL.with_borrow_mut(|(pool, used)| {
        if *used + N > DRAWN {
            fill(pool)?;
            *used = 0;
        }
        let mut octets = [0; N];
        octets.copy_from_slice(&pool[*used..*used + N]);
        *used += N;
        Ok(octets)
    })
}

/// As [`drawn`], for who cannot go on without.
///
/// # Panics
/// When the operating system has none: no id could be told from another.
fn drawn_octets<const N: usize>() -> [u8; N] {
    drawn().expect("the operating system gives random octets")
}

/// A UUID that tells nothing, also not when it was made (version 4).
pub fn unordered_id() -> uuid::Uuid {
    uuid::Builder::from_random_bytes(drawn_octets()).into_uuid()
}

/// UUIDv7 of this moment, above every one that this process has made: ids of one number's segments tell their
/// order, also within a millisecond and when the clock is set back (RFC 9562 §6.2, method 1).
pub fn new_id(now: UnixMs) -> uuid::Uuid {
    /// Milliseconds, and twelve bits that count within one.
    static LAST: AtomicU64 = AtomicU64::new(0);
    let wanted = now.0.unsigned_abs() << 12;
    let next = |last: u64| wanted.max(last + 1);
    let last = LAST.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |last| Some(next(last)));
    let id = last.map_or_else(next, next);
    let mut octets: [u8; 10] = drawn_octets();
    octets[..2].copy_from_slice(&((id & 0xFFF) as u16).to_be_bytes());
    uuid::Builder::from_unix_timestamp_millis(id >> 12, &octets).into_uuid()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_rise_within_a_millisecond_and_when_the_clock_is_set_back() {
        let moments = (0..5_000).map(|_| 1_800_000_000_000).chain([1_700_000_000_000, 1_800_000_000_100]);
        let ids: Vec<_> = moments.map(|ms| new_id(UnixMs(ms))).collect();
        assert!(ids.is_sorted_by(|one, next| one < next));
        assert!(ids.iter().all(|id| id.get_version_num() == 7));
    }

    #[test]
    fn what_is_drawn_never_comes_twice_nor_on_two_threads() {
        let draw = || (0..2_000).map(|_| drawn::<12>().expect("octets")).collect::<Vec<_>>();
        let threads: Vec<_> = (0..4).map(|_| std::thread::spawn(draw)).collect();
        let mut all: Vec<[u8; 12]> = threads.into_iter().flat_map(|one| one.join().expect("drawn")).collect();
        let count = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), count);
        assert!(all.iter().all(|octets| *octets != [0; 12]));
    }

    #[test]
    fn an_id_that_tells_nothing_is_of_version_4_and_never_the_same() {
        let (one, other) = (unordered_id(), unordered_id());
        assert_eq!((one.get_version_num(), other.get_version_num()), (4, 4));
        assert_ne!(one, other);
    }
}

//! What becomes of a segment: after its bind has told, when nobody knows, and whose turn it is.
use crate::{
    ports::{
        outbox::{Delivery, Outcome},
        states::MtState,
    },
    types::{UnixMs, limits::SUBMIT_TRIES_MAX},
};
use std::{collections::HashSet, hash::Hash};

/// What a settlement writes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settled {
    /// Where the segment stands now.
    pub state: MtState,
    /// The telco's id of it.
    pub message_id: Option<String>,
    /// When it is due; `None`: as before.
    pub due: Option<UnixMs>,
    /// The command_status of its last refusal; `None`: as before.
    pub status: Option<u32>,
    /// Attempts that do not count.
    pub undone: u32,
}

/// What the outcome of an attempt makes of its segment.
pub fn settled(outcome: Outcome) -> Settled {
    let plain = |state| Settled { state, message_id: None, due: None, status: None, undone: 0 };
    match outcome {
        Outcome::Sent { message_id } => Settled { message_id, ..plain(MtState::Sent) },
        Outcome::Retry { due, status } => Settled { due: Some(due), status: Some(status), ..plain(MtState::Queued) },
        Outcome::Failed { status } => Settled { status: Some(status), ..plain(MtState::Failed) },
        Outcome::Ambiguous => plain(MtState::Ambiguous),
        Outcome::Unwritten => Settled { undone: 1, ..plain(MtState::Queued) },
    }
}

/// Where a segment goes whose outcome stays unknown: queued once more as long as it is of use and was not tried too often.
pub fn after_uncertainty(not_after: UnixMs, attempts: u32, now: UnixMs) -> MtState {
    if not_after <= now {
        MtState::Expired
    } else if attempts >= SUBMIT_TRIES_MAX {
        MtState::Failed
    } else {
        MtState::Queued
    }
}

/// The last word that a receipt says.
pub fn last_word(delivery: Delivery) -> MtState {
    match delivery {
        Delivery::Delivered => MtState::Delivered,
        Delivery::Undelivered => MtState::Undelivered,
    }
}

/// A segment that is stored now, as far as its turn goes.
#[derive(Clone, Copy, Debug)]
pub struct Entering<I, N> {
    /// Which.
    pub id: I,
    /// Whose, over which telco.
    pub lane: N,
    /// A place in a window is kept for it.
    pub reserved: bool,
}

/// Segments that are submitted in the commit that stores them: those with a place, of a number of which nothing else is
/// on its way over that telco. `taken`: lanes on which something is.
pub fn at_once<I: Copy + Eq + Hash, N: Eq + Hash>(
    entering: impl IntoIterator<Item = Entering<I, N>>,
    mut taken: HashSet<N>,
) -> HashSet<I> {
    let first = entering.into_iter().filter_map(|one| (taken.insert(one.lane) && one.reserved).then_some(one.id));
    first.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixMs = UnixMs(1_800_000_000_000);

    #[test]
    fn every_outcome_leaves_its_segment_somewhere() {
        let plain = Settled { state: MtState::Ambiguous, message_id: None, due: None, status: None, undone: 0 };
        for (outcome, wanted) in [
            (
                Outcome::Sent { message_id: Some("a1".into()) },
                Settled { state: MtState::Sent, message_id: Some("a1".into()), ..plain.clone() },
            ),
            (Outcome::Sent { message_id: None }, Settled { state: MtState::Sent, ..plain.clone() }),
            (
                Outcome::Retry { due: NOW, status: 0x58 },
                Settled { state: MtState::Queued, due: Some(NOW), status: Some(0x58), ..plain.clone() },
            ),
            (Outcome::Failed { status: 0x0B }, Settled { state: MtState::Failed, status: Some(0x0B), ..plain.clone() }),
            (Outcome::Ambiguous, plain.clone()),
            (Outcome::Unwritten, Settled { state: MtState::Queued, undone: 1, ..plain }),
        ] {
            assert_eq!(settled(outcome.clone()), wanted, "{outcome:?}");
        }
        assert_eq!(last_word(Delivery::Delivered), MtState::Delivered);
        assert_eq!(last_word(Delivery::Undelivered), MtState::Undelivered);
    }

    #[test]
    fn what_nobody_knows_is_tried_again_while_it_is_of_use() {
        for (left, attempts, state) in [
            (1, 0, MtState::Queued),
            (1, SUBMIT_TRIES_MAX - 1, MtState::Queued),
            (1, SUBMIT_TRIES_MAX, MtState::Failed),
            (0, 0, MtState::Expired),
            (0, SUBMIT_TRIES_MAX, MtState::Expired),
            (-1, 1, MtState::Expired),
        ] {
            assert_eq!(after_uncertainty(NOW.plus_ms(left), attempts, NOW), state, "{left} {attempts}");
        }
    }

    #[test]
    fn one_segment_of_a_number_begins_at_once_and_only_with_a_place() {
        let begun = |entering: &[(u8, &'static str, bool)], taken: &[&'static str]| {
            let entering =
                entering.iter().map(|(id, lane, reserved)| Entering { id: *id, lane: *lane, reserved: *reserved });
            let mut ids: Vec<u8> = at_once(entering, taken.iter().copied().collect()).into_iter().collect();
            ids.sort_unstable();
            ids
        };
        assert_eq!(begun(&[(1, "a", true), (2, "a", true), (3, "b", true)], &[]), [1, 3]);
        assert_eq!(begun(&[(1, "a", true), (2, "b", true)], &["a"]), [2], "something of a is on its way");
        assert!(begun(&[(1, "a", false), (2, "a", true)], &[]).is_empty(), "the first of a waits, so the second does");
        assert!(begun(&[], &["a"]).is_empty());
    }
}

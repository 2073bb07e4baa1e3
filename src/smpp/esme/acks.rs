//! Resps to what the telco delivers: owed until the store has spoken, or given up when it is slow; and which of them the
//! telco has read. It must not know what is stored.
use super::effect::Owed;
use crate::types::{CauseId, limits::COMMIT_SLOW};
use std::{
    collections::{HashMap, VecDeque},
    time::{Duration, Instant},
};

/// How often what was read by the telco is noted in the store.
const READ_EVERY: Duration = Duration::from_secs(1);

/// Where a resp goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct RespTo {
    /// sequence_number of the request.
    pub(super) sequence: u32,
    /// It came as data_sm.
    pub(super) is_data_sm: bool,
}

/// The resps of one connection.
#[derive(Default)]
pub(super) struct Acks {
    owed: HashMap<Owed, RespTo>,
    next: u64,
    /// When the store is too slow for each of them, in their order, as all wait equally long.
    slow_at: VecDeque<(Instant, Owed)>,
    /// Written and not known to be read: number of the resp, and what it said is stored.
    unread: VecDeque<(u64, CauseId)>,
    /// Known to be read, and not told.
    read: Vec<CauseId>,
    tell_at: Option<Instant>,
}

impl Acks {
    /// Something came that is to be stored.
    pub(super) fn arrived(&mut self, to: RespTo, now: Instant) -> Owed {
        let owed = Owed(self.next);
        self.next += 1;
        self.owed.insert(owed, to);
        self.slow_at.push_back((now + COMMIT_SLOW, owed));
        owed
    }

    /// The store has spoken; `None` when the resp was given up meanwhile.
    pub(super) fn stored(&mut self, owed: Owed) -> Option<RespTo> {
        self.owed.remove(&owed)
    }

    /// The next one for which the store is too slow. It may still be stored; the redelivery will be recognised.
    pub(super) fn slow(&mut self, now: Instant) -> Option<RespTo> {
        while let Some((_, owed)) = self.slow_at.pop_front_if(|(at, _)| *at <= now) {
            if let Some(to) = self.owed.remove(&owed) {
                return Some(to);
            }
        }
        None
    }

    /// The resp of that number says that this is stored.
    pub(super) fn written(&mut self, resp: u64, kept: CauseId) {
        self.unread.push_back((resp, kept));
    }

    /// The telco has read all resps up to that number.
    pub(super) fn read_up_to(&mut self, resp: u64, now: Instant) {
        while let Some((_, kept)) = self.unread.pop_front_if(|(number, _)| *number <= resp) {
            self.read.push(kept);
        }
        if !self.read.is_empty() {
            self.tell_at.get_or_insert(now + READ_EVERY);
        }
    }

    /// What is to be told as read: when it is time, or at the end.
    pub(super) fn tell(&mut self, now: Instant, at_the_end: bool) -> Option<Vec<CauseId>> {
        if !at_the_end {
            self.tell_at.take_if(|at| *at <= now)?;
        }
        (!self.read.is_empty()).then(|| std::mem::take(&mut self.read))
    }

    /// When to come again.
    pub(super) fn poll_timeout(&mut self) -> Option<Instant> {
        while let Some((_, owed)) = self.slow_at.front()
            && !self.owed.contains_key(owed)
        {
            self.slow_at.pop_front();
        }
        self.slow_at.front().map(|(at, _)| *at).into_iter().chain(self.tell_at).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    const TO: RespTo = RespTo { sequence: 7, is_data_sm: false };

    #[test]
    fn a_slow_store_is_not_waited_for_and_speaks_too_late() {
        let (mut acks, now) = (Acks::default(), Instant::now());
        // a telco that uses a sequence_number twice gets two resps
        let (slow, quick) = (acks.arrived(TO, now), acks.arrived(TO, now + READ_EVERY));
        assert_eq!(acks.stored(quick), Some(TO));
        assert_eq!(acks.poll_timeout(), Some(now + COMMIT_SLOW));
        assert_eq!(acks.slow(now + COMMIT_SLOW - Duration::from_millis(1)), None);
        assert_eq!(acks.slow(now + COMMIT_SLOW), Some(TO));
        assert_eq!((acks.stored(slow), acks.slow(now + 2 * COMMIT_SLOW), acks.poll_timeout()), (None, None, None));
    }

    #[test]
    fn what_is_read_is_told_together_in_order_and_once() {
        let (mut acks, now) = (Acks::default(), Instant::now());
        let ids: Vec<CauseId> = (1..=3).map(|n| CauseId(Uuid::from_u128(n))).collect();
        for (resp, id) in [2, 3, 5].into_iter().zip(&ids) {
            acks.written(resp, *id);
        }
        acks.read_up_to(1, now);
        assert_eq!(acks.poll_timeout(), None, "none of them is read");
        acks.read_up_to(2, now);
        acks.read_up_to(4, now + READ_EVERY / 2);
        assert_eq!((acks.poll_timeout(), acks.tell(now, false)), (Some(now + READ_EVERY), None));
        assert_eq!(acks.tell(now + READ_EVERY, false), Some(ids[..2].to_vec()));
        assert_eq!((acks.tell(now + READ_EVERY, true), acks.poll_timeout()), (None, None));
        acks.read_up_to(9, now);
        assert_eq!(acks.tell(now, true), Some(ids[2..].to_vec()), "the end waits for nothing");
    }
}

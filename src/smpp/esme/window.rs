//! Segments that were written: those that wait for their resp, and those whose outcome is not stored yet. All of the
//! latter may come twice if the process ends now, so there are never more than the window holds.
use crate::types::MtId;
use std::{collections::HashMap, time::Instant};

/// A segment that waits for its resp.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Waiting {
    pub(super) segment: MtId,
    /// Times it was handed to a bind, this one included.
    pub(super) attempts: u32,
    /// When it was put into the output.
    pub(super) at: Instant,
}

/// The window of one connection.
pub(super) struct Window {
    size: usize,
    waiting: HashMap<u64, Waiting>,
    unsettled: usize,
}

impl Window {
    /// Of that size, at least 1.
    pub(super) fn new(size: usize) -> Self {
        Window { size: size.max(1), waiting: HashMap::new(), unsettled: 0 }
    }

    /// Whether another segment may be written.
    pub(super) fn has_room(&self) -> bool {
        self.unsettled < self.size
    }

    /// Whether at least half of it is free.
    pub(super) fn is_roomy(&self) -> bool {
        self.unsettled * 2 <= self.size
    }

    /// One was written; its resp comes back with the token.
    pub(super) fn written(&mut self, token: u64, waiting: Waiting) {
        self.unsettled += 1;
        self.waiting.insert(token, waiting);
    }

    /// What waits for that resp.
    pub(super) fn get(&self, token: u64) -> Option<Waiting> {
        self.waiting.get(&token).copied()
    }

    /// Nothing more will come of that token.
    pub(super) fn over(&mut self, token: u64) -> Option<Waiting> {
        self.waiting.remove(&token)
    }

    /// The outcomes of so many are stored.
    pub(super) fn settled(&mut self, written: usize) {
        self.unsettled = self.unsettled.saturating_sub(written);
    }
}

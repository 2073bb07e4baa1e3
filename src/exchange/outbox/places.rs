//! The places of one telco's binds, and whether something waits for one: a state machine without clock, task or
//! store. It decides who is next, and who is to be woken:
//!
//! - who queues a segment says so ([`Places::ask`]) after its commit and wakes the pump;
//! - who gives a place back wakes the pump when told to ([`Places::give_back`]);
//! - the pump looks as long as there is something to look for *and* a place for it ([`Places::begin_look`]). What is
//!   to be looked for is not forgotten by taking note of it, only by a look that found nothing more
//!   ([`Places::end_look`]); a look that was asked for meanwhile is still owed.
//!
//! So a wake that comes at any moment, twice or too early, changes nothing.
use crate::types::SessionId;
use std::collections::HashMap;

/// Places of all binds; `H` is how a bind is reached.
pub(super) struct Places<H> {
    binds: HashMap<SessionId, Bind<H>>,
    /// Looks asked for so far, and how many of them a look that found nothing more has answered.
    asked: u64,
    answered: u64,
    /// Something is queued that was not due at the last look: each place given back may have made it due.
    rest: bool,
    /// Nothing is to be handed over.
    pub(super) paused: bool,
}

struct Bind<H> {
    free: usize,
    reach: H,
}

/// A look at what is due, with the places that were taken for it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Look {
    /// Whose places.
    pub session: SessionId,
    /// How many.
    pub places: usize,
    asked: u64,
}

/// What a look found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// As many as there were places, or the store could not say: there may be more.
    More,
    /// Less; what else is queued, if anything, was not due.
    All {
        /// Whether anything else is queued.
        rest: bool,
    },
}

impl<H> Default for Places<H> {
    fn default() -> Self {
        // what an earlier run has left is not known yet
        Places { binds: HashMap::new(), asked: 1, answered: 0, rest: true, paused: false }
    }
}

impl<H> Places<H> {
    /// A bind brings so many places.
    pub(super) fn join(&mut self, session: SessionId, places: usize, reach: H) {
        self.binds.insert(session, Bind { free: places, reach });
        self.ask();
    }

    /// A bind is gone, its places with it.
    pub(super) fn leave(&mut self, session: SessionId) {
        self.binds.remove(&session);
    }

    /// Whether no bind is there.
    pub(super) fn is_empty(&self) -> bool {
        self.binds.is_empty()
    }

    /// How to reach a bind.
    pub(super) fn reach(&self, session: SessionId) -> Option<&H> {
        self.binds.get(&session).map(|bind| &bind.reach)
    }

    /// A place for something new, at the bind with most room; `None` as long as something older may wait for one.
    pub(super) fn reserve(&mut self) -> Option<SessionId> {
        if self.paused || self.asked != self.answered {
            return None;
        }
        let (session, bind) = self.roomiest()?;
        bind.free -= 1;
        Some(session)
    }

    /// Something is queued, or may have become due.
    pub(super) fn ask(&mut self) {
        self.asked += 1;
    }

    /// Takes places for a look, at the bind with most room; `None` when there is nothing to look for, or no
    /// place, or while it is paused.
    pub(super) fn begin_look(&mut self, most: usize) -> Option<Look> {
        if self.paused || self.asked == self.answered {
            return None;
        }
        let asked = self.asked;
        let (session, bind) = self.roomiest()?;
        let places = bind.free.min(most);
        bind.free -= places;
        Some(Look { session, places, asked })
    }

    /// Ends a look: `unused` of its places are free again.
    pub(super) fn end_look(&mut self, look: &Look, unused: usize, found: Found) {
        if let Some(bind) = self.binds.get_mut(&look.session) {
            bind.free += unused;
        }
        if let Found::All { rest } = found {
            self.answered = self.answered.max(look.asked);
            self.rest = rest;
        }
    }

    /// Gives places back; returns whether the pump is to be woken.
    #[must_use]
    pub(super) fn give_back(&mut self, session: SessionId, places: usize) -> bool {
        let Some(bind) = self.binds.get_mut(&session) else { return false };
        bind.free += places;
        if self.rest {
            self.ask();
        }
        self.asked != self.answered
    }

    fn roomiest(&mut self) -> Option<(SessionId, &mut Bind<H>)> {
        let (session, bind) = self.binds.iter_mut().max_by_key(|(_, bind)| bind.free)?;
        (bind.free > 0).then_some((*session, bind))
    }
}

#[cfg(test)]
#[path = "places_tests.rs"]
mod tests;

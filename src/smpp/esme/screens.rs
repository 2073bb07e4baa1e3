//! Screens that wait for room in the window or for the pace. Somebody holds a telephone and waits, so they go before
//! texts; and what is late is not sent.
use super::effect::Screen;
use std::{collections::VecDeque, time::Instant};

/// In the order in which they came.
#[derive(Default)]
pub(super) struct Screens(VecDeque<Screen>);

impl Screens {
    pub(super) fn add(&mut self, screen: Screen) {
        self.0.push_back(screen);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Takes one out that stands first and is too late.
    pub(super) fn late(&mut self, now: Instant) -> Option<Screen> {
        self.0.pop_front_if(|screen| screen.until <= now)
    }

    /// Takes the first one out.
    pub(super) fn next(&mut self) -> Option<Screen> {
        self.0.pop_front()
    }
}

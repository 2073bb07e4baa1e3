//! Why the portal is not asked, and what is said of it.
use crate::{dialogue::View, types::civic::Query};

/// Why the portal is not asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shut {
    /// Too much came from here; that is to be said.
    SlowDown,
    /// Too much was guessed by this visitor, or here: there is room again after so many minutes.
    Wait {
        /// Minutes.
        minutes: u32,
    },
    /// That was said.
    Silence,
    /// Too much was guessed everywhere: a PIN is needed.
    AddPin,
    /// PINs of this code were wrong too often today.
    PinLocked,
    /// Digits of our questions were wrong too often today.
    DigitsLocked,
    /// It cannot be counted now, or nothing is left for anybody.
    Busy,
}

impl Shut {
    /// What is said of it; `None`: nothing.
    pub(super) fn view(self, query: &Query) -> Option<View> {
        let code = match query {
            Query::Application { code, .. } => Some(code.clone()),
            _ => None,
        };
        Some(match (self, code) {
            (Shut::Silence, _) => return None,
            (Shut::Wait { minutes }, _) => View::Wait { minutes },
            (Shut::AddPin, Some(code)) => View::AddPin { code },
            (Shut::PinLocked, Some(code)) => View::PinLocked { code },
            (Shut::DigitsLocked, _) => View::CannotChange,
            (Shut::Busy, code) => View::PortalAway { code },
            (Shut::SlowDown | Shut::AddPin | Shut::PinLocked, _) => View::SlowDown,
        })
    }
}

/// What it means that no place is left in a window.
#[derive(Clone, Copy)]
pub(super) enum Full {
    /// That is said.
    Said(Shut),
    /// How long to wait is said.
    Wait,
    /// The number has guessed as often as it is answered.
    Number,
}

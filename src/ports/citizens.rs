//! What is remembered of a number: how it wants to be spoken to, its open dialogue, and how much it asked.
use super::{PortFuture, StoreFault};
use crate::types::{Language, Msisdn, UnixMs, limits::CODES_SHOWN_MAX};

/// Events counted since a moment; the window's length is the rule's, not the tally's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct NumberWindow {
    /// Start of the window.
    pub since: UnixMs,
    /// Events in it.
    pub count: u32,
}

/// All that is counted for a number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct NumberWindows {
    /// Replies in a minute.
    pub replies_minute: NumberWindow,
    /// Replies in a day.
    pub replies_day: NumberWindow,
    /// Steps of an open dialogue in a day.
    pub steps_day: NumberWindow,
    /// Whether a limit was told of in the last day.
    pub notice_day: NumberWindow,
    /// Keyed digests of the codes that this number has shown, the last one first; 0: none.
    pub shown: [u64; CODES_SHOWN_MAX],
}

/// One row per number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CitizenRecord {
    /// The language the number chose or last wrote in.
    pub language: Option<Language>,
    /// Whether it sent STOP.
    pub stopped: bool,
    /// The open dialogue, serialised by the exchange; sealed at rest.
    pub dialogue: Option<Vec<u8>>,
    /// When the open dialogue ends by itself.
    pub dialogue_until: UnixMs,
    /// What is counted.
    pub windows: NumberWindows,
    /// Something was asked that the next text may answer.
    pub in_dialogue: bool,
}

/// Reading what is remembered. It is written by `Inbox::finish`, in the commit that ends the turn.
pub trait Citizens: Send + Sync {
    /// The record of a number; the default where there is none yet.
    fn citizen(&self, number: Msisdn) -> PortFuture<'_, Result<CitizenRecord, StoreFault>>;
}

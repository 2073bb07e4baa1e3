//! The portal, as the exchange sees it.
use super::PortFuture;
pub use crate::types::civic::Abilities;
use crate::types::{
    Msisdn,
    civic::{Answer, EventPage, PortalFault, Query},
    names::Channel,
};
use std::time::Duration;

/// Who asks, over which window, and how long they wait.
#[derive(Clone, Copy, Debug)]
pub struct Asker {
    /// The window the citizen stands at.
    pub channel: Channel,
    /// The number that the channel itself established; never one that was only typed.
    pub number: Option<Msisdn>,
    /// All tries together take no longer.
    pub deadline: Duration,
    /// Names the intention of a change for ever: the same in every try, also after a restart.
    pub key: Option<uuid::Uuid>,
}

/// Tells what happened since a position.
pub trait EventSource: Send + Sync {
    /// The next events; [`PortalFault::HoldExpired`] when the position is too old: begin without one.
    fn events(&self, after: Option<String>) -> PortFuture<'_, Result<EventPage, PortalFault>>;
    /// The directory has changed: read it again before it is used.
    fn forget_directory(&self);
}

/// Answers questions; every fault is part of the answer.
pub trait Portal: Send + Sync {
    /// Asks once, with whatever retries are safe inside the deadline.
    fn ask<'a>(&'a self, query: &'a Query, asker: Asker) -> PortFuture<'a, Answer>;

    /// What it offers; the same as long as the process runs.
    fn abilities(&self) -> Abilities {
        Abilities::ALL
    }
}

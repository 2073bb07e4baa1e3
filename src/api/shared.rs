//! What all paths of the machine API stand on. It must not know a path.
use super::agencies::Agencies;
use crate::{exchange::Exchange, types::civic::Event};
use std::{
    collections::HashSet,
    sync::{Arc, Mutex},
};

/// How an event is read: the portal's adapter knows.
pub type ReadEvent = fn(&[u8]) -> Result<Event, String>;

/// Whether an `X-Road-Client` names the one that may call the webhook through X-Road.
pub type IsClient = Arc<dyn Fn(&str) -> bool + Send + Sync>;

pub(super) struct Shared {
    pub(super) exchange: Exchange,
    pub(super) agencies: Agencies,
    pub(super) webhook_keys: Vec<ring::hmac::Key>,
    pub(super) webhook_client: Option<IsClient>,
    pub(super) read_event: ReadEvent,
    /// Idempotency-Keys of calls under way, with their agency.
    pub(super) running: Mutex<HashSet<(String, String)>>,
}

pub(super) type Api = Arc<Shared>;

/// A UUID as the document has it: with its hyphens.
pub(super) fn read_id(text: &str) -> Option<uuid::Uuid> {
    (text.len() == 36).then(|| uuid::Uuid::try_parse(text).ok()).flatten()
}

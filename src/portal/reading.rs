//! One reading of the portal's directory.
use crate::types::{
    UnixMs,
    civic::{Group, Holiday, Listing, Ministry, Office, Page, Service, Topic},
};
use std::sync::Arc;
use tokio::time::Instant;

/// One reading of the directory.
pub struct Directory {
    pub(super) services: Vec<(Arc<Service>, String)>,
    pub(super) offices: Vec<(Arc<Office>, String)>,
    pub(super) ministries: Vec<Arc<Ministry>>,
    pub(super) topics: Vec<Arc<Topic>>,
    pub(super) groups: Part<Group>,
    /// Without what stands in them.
    pub(super) pages: Part<Page>,
    /// Of this year and the next, by date.
    pub(super) holidays: Part<Holiday>,
    /// When it was read.
    pub(super) read_at: UnixMs,
    pub(super) fresh_until: Instant,
}

/// A part that a portal need not have (1.1 of the contract): empty where it has no such thing.
pub struct Part<T> {
    pub(super) items: Vec<Arc<T>>,
    /// When it was read, where only the rest was read anew.
    pub(super) as_of: Option<UnixMs>,
}

impl<T> Part<T> {
    /// All of it; `as_of` where the whole directory is old.
    pub(super) fn listing(&self, as_of: Option<UnixMs>) -> Listing<T> {
        Listing { items: self.items.clone(), as_of: as_of.or(self.as_of) }
    }
}

impl<T> Clone for Part<T> {
    fn clone(&self) -> Self {
        Part { items: self.items.clone(), as_of: self.as_of }
    }
}

impl<T> Default for Part<T> {
    fn default() -> Self {
        Part { items: Vec::new(), as_of: None }
    }
}

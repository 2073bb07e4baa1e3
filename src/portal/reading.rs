//! One reading of the portal's directory.
use crate::types::{
    UnixMs,
    civic::{Ministry, Office, Service, Topic},
};
use std::sync::Arc;
use tokio::time::Instant;

/// One reading of the directory.
pub struct Directory {
    pub(super) services: Vec<(Arc<Service>, String)>,
    pub(super) offices: Vec<(Arc<Office>, String)>,
    pub(super) ministries: Vec<Arc<Ministry>>,
    pub(super) topics: Vec<Arc<Topic>>,
    /// When it was read.
    pub(super) read_at: UnixMs,
    pub(super) fresh_until: Instant,
}

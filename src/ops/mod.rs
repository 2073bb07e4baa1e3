//! stub
use crate::ports::{Store, clock::Clock, status::Board};
use crate::types::UnixMs;
use std::sync::Arc;
#[derive(Clone)]
pub struct OpsState {
    pub board: Arc<Board>,
    pub store: Arc<dyn Store>,
    pub metrics: (),
    pub token: Option<String>,
    pub started: UnixMs,
    pub clock: Arc<dyn Clock>,
    pub version: &'static str,
}
pub fn routes(_s: OpsState) -> axum::Router {
    axum::Router::new()
}
pub mod metrics {
    pub fn install() {}
}

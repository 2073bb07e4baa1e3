//! Joins the pages to what they show: the kiosk's door to the exchange, the console to the board.
use super::config::Config;
use crate::{
    exchange::Exchange,
    kiosk, ops,
    ports::{clock::Clock, status::Board},
    store::SqliteStore,
};
use std::sync::Arc;

/// What the kiosk pages need.
pub fn kiosk_state(config: &Config, exchange: Exchange) -> kiosk::KioskState {
    let _ = (config, exchange);
    todo!()
}

/// What the console needs.
pub fn ops_state(config: &Config, store: Arc<SqliteStore>, board: Arc<Board>, clock: Arc<dyn Clock>) -> ops::OpsState {
    let _ = (config, store, board, clock);
    todo!()
}

//! Joins the pages to what they show: the kiosk's door to the exchange, the console to the board.
use super::config::Config;
use crate::{
    exchange::Exchange,
    kiosk::{self, ExchangeDoor, Pairing},
    ops,
    ports::{clock::Clock, status::Board},
    store::SqliteStore,
};
use std::sync::Arc;

/// What the kiosk pages need.
pub fn kiosk_state(config: &Config, exchange: Exchange) -> kiosk::KioskState {
    kiosk::KioskState {
        door: Arc::new(ExchangeDoor { exchange, deadline: config.portal.timeout_kiosk }),
        pairing: if config.kiosk.pairing_required { Pairing::Required } else { Pairing::Off },
        groups: config.codes.groups().into(),
    }
}

/// What the console needs.
pub fn ops_state(config: &Config, store: Arc<SqliteStore>, board: Arc<Board>, clock: Arc<dyn Clock>) -> ops::OpsState {
    ops::OpsState {
        board,
        store,
        metrics: ops::metrics::install(),
        token: config.ops_token.as_ref().map(|token| token.expose().to_owned()),
        started: clock.now(),
        clock,
        version: env!("CARGO_PKG_VERSION"),
    }
}

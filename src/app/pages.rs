//! Joins the pages to what they show: the kiosk's door to the exchange, the console to the board.
use super::config::{AgencySettings, Config, EventsBy};
use crate::{
    api,
    exchange::{Agency, Exchange},
    kiosk::{self, Backend, Pairing},
    ops, portal,
    ports::{clock::Clock, dead::DeadLetters, status::Board},
    store::DbStore,
};
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// What the kiosk pages need.
pub fn kiosk_state(config: &Config, exchange: Exchange, stands_at: Option<String>) -> kiosk::KioskState {
    kiosk::KioskState {
        backend: Backend::new(exchange, config.portal.timeout_kiosk),
        pairing: if config.kiosk.pairing_required { Pairing::Required } else { Pairing::Off },
        groups: config.codes.groups().into(),
        codes: config.codes.clone(),
        idle: (config.kiosk.idle_s, config.kiosk.warning_s),
        staff_pin: config.kiosk.staff_pin.as_ref().map(|pin| pin.expose().into()),
        khqr_accounts: config.kiosk.khqr_accounts.clone().into(),
        signs: kiosk::Signs::new(config.kiosk.authority.clone()),
        stands_at,
        printers: config.kiosk.printers.clone().into(),
        reach: kiosk::Reach::new(ways(config)),
    }
}

/// By which number and code a telephone does the same; the first of each that a telco has.
pub fn ways(config: &Config) -> kiosk::Ways {
    let text = config.telcos.iter().find_map(|telco| telco.link.short_codes.first());
    let dial = config.telcos.iter().find_map(|telco| telco.link.ussd.codes.first());
    kiosk::Ways { text: text.map(|code| code.as_str().into()), dial: dial.map(|code| code.as_str().into()) }
}

/// What the machine API needs.
pub fn api_parts(config: &Config, exchange: Exchange) -> api::ApiParts {
    let agency = |agency: &AgencySettings| {
        let known = Agency { name: agency.name.clone(), free_text: agency.free_text, per_day: agency.per_day };
        (known, agency.token.expose().to_owned())
    };
    api::ApiParts {
        exchange,
        agencies: config.agencies.iter().map(agency).collect(),
        webhook_secrets: match &config.portal.events {
            EventsBy::Poll(_) => Vec::new(),
            EventsBy::Webhook(secrets) => secrets.iter().map(|secret| secret.expose().to_owned()).collect(),
        },
        webhook_client: config.portal.webhook_client.clone().map(|client| {
            let is_client: api::IsClient = Arc::new(move |given| client.is(given));
            is_client
        }),
        read_event: portal::read_event,
    }
}

/// What the console needs.
pub fn ops_state(
    config: &Config,
    exchange: Exchange,
    store: Arc<DbStore>,
    board: Arc<Board>,
    clock: Arc<dyn Clock>,
    metrics: ops::Metrics,
) -> ops::OpsState {
    ops::OpsState {
        board,
        dead: Some(Arc::clone(&store) as Arc<dyn DeadLetters>),
        store,
        metrics,
        token: config.ops_token.as_ref().map(|token| token.expose().to_owned()),
        started: clock.now(),
        clock,
        version: env!("CARGO_PKG_VERSION"),
        tryout: None,
        trace: Arc::default(),
        trace_file: None,
        stop: CancellationToken::new(),
        exchange: Some(exchange),
    }
}

#[cfg(test)]
mod tests;

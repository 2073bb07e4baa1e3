//! How a sandbox telco is to behave. It must not know what it does then.
use super::{fault::Faults, gateway::Dialect, ledger::Keep};
use std::{net::SocketAddr, time::Duration};

/// How the telco is to behave.
#[derive(Debug, Clone)]
pub struct TelcoConfig {
    /// Where it listens; port 0 takes a free one.
    pub listen: SocketAddr,
    /// The only system_id taken; any when not set.
    pub system_id: Option<String>,
    /// The only password taken; any when not set.
    pub password: Option<String>,
    /// What goes wrong.
    pub faults: Faults,
    /// From submit_sm to its receipt.
    pub receipt_delay: Duration,
    /// deliver_sm without response at a time, per session.
    pub window: usize,
    /// A deliver_sm or enquire_link without response by then has failed.
    pub resp_timeout: Duration,
    /// From a failed deliver_sm to the next try, unless a bind comes first.
    pub redeliver_after: Duration,
    /// Silence after which the telco asks whether the ESME is there.
    pub enquire_link: Duration,
    /// What the ledger keeps.
    pub keep: Keep,
    /// Whether phones may connect from other machines.
    pub phones_anywhere: bool,
    /// How USSD is spoken.
    pub dialect: Dialect,
    /// How long a USSD session waits for a screen.
    pub screen_timeout: Duration,
}

impl Default for TelcoConfig {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 2775)),
            system_id: None,
            password: None,
            faults: Faults::default(),
            receipt_delay: Duration::from_millis(200),
            window: 100,
            resp_timeout: Duration::from_secs(10),
            redeliver_after: Duration::from_secs(1),
            enquire_link: Duration::from_secs(30),
            keep: Keep::Entries,
            phones_anywhere: false,
            dialect: Dialect::default(),
            screen_timeout: Duration::from_secs(10),
        }
    }
}

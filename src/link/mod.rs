//! The binds: one task each, connecting, binding, and carrying PDUs between a telco and the exchange. Knows
//! sockets and SMPP sessions; knows no store, no portal, no words.
mod connect;
mod driver;
mod intake;
mod pace;
mod probe;
mod submit;
mod ussd;

pub use crate::smpp::text::DefaultAlphabet;
pub use probe::probe;
pub use submit::{NumberFormat, Validity};
pub use ussd::Ussd;

use crate::{
    exchange::Exchange,
    ports::{clock::Clock, status::Board},
    smpp::{
        message_id,
        pdu::{Bind, BindKind},
        session::SessionConfig,
        status,
    },
    types::{
        limits::PDU_OCTETS_MAX,
        names::{Family, SmscName},
    },
};
use pace::Pace;
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// Wait for a bind_resp, an enquire_link_resp, an unbind_resp, a TCP connect.
const PATIENCE: Duration = Duration::from_secs(10);

/// A telco as configured.
#[derive(Clone, Debug)]
pub struct Telco {
    /// Its name.
    pub name: SmscName,
    /// SMSCs that redeliver to one another.
    pub family: Family,
    /// Host and port; all addresses of the host are tried.
    pub address: String,
    /// system_id of the bind.
    pub system_id: String,
    /// password of the bind.
    pub password: String,
    /// system_type of the bind.
    pub system_type: String,
    /// interface_version octet.
    pub interface_version: u8,
    /// One transmitter and one receiver instead of a transceiver.
    pub pair: bool,
    /// Equal binds.
    pub binds: u32,
    /// submit_sm in flight per bind.
    pub window: usize,
    /// submit_sm per second over all binds; 0 is no limit.
    pub max_tps: u32,
    /// Silence before an enquire_link.
    pub enquire_link: Duration,
    /// Wait for a submit_sm_resp.
    pub response_timeout: Duration,
    /// Longest pause between two connects.
    pub reconnect_max: Duration,
    /// TLV that names an MO for ever.
    pub unique_id: Option<u16>,
    /// Numbers at which MOs arrive.
    pub short_codes: Vec<String>,
    /// How MSISDNs are written.
    pub number_format: NumberFormat,
    /// TON and NPI of a subscriber.
    pub dest: (u8, u8),
    /// TON and NPI of our short code.
    pub source: (u8, u8),
    /// What data_coding 0 means.
    pub default_alphabet: DefaultAlphabet,
    /// How validity_period is written.
    pub validity: Validity,
    /// Ask for delivery receipts.
    pub receipts: bool,
    /// How the ids of resps and receipts compare.
    pub message_id: message_id::Rule,
    /// What its refusals mean.
    pub statuses: status::Table,
    /// GSM 7-bit octets are packed.
    pub packed: bool,
    /// USSD here.
    pub ussd: Ussd,
}

impl Telco {
    fn session_config(&self, kind: BindKind) -> SessionConfig {
        SessionConfig {
            bind: Bind {
                kind,
                system_id: self.system_id.clone(),
                password: self.password.clone(),
                system_type: self.system_type.clone(),
                interface_version: self.interface_version,
            },
            window: self.window,
            enquire_link: self.enquire_link,
            response_timeout: self.response_timeout,
            patience: PATIENCE,
            pdu_octets_max: PDU_OCTETS_MAX,
        }
    }

    /// The binds to make: their kinds and names.
    fn plan(&self) -> Vec<(BindKind, String)> {
        let kinds: &[(BindKind, &str)] = if self.pair {
            &[(BindKind::Transmitter, "tx"), (BindKind::Receiver, "rx")]
        } else {
            &[(BindKind::Transceiver, "trx")]
        };
        (1..=self.binds).flat_map(|n| kinds.iter().map(move |(kind, word)| (*kind, format!("{word}-{n}")))).collect()
    }
}

/// What every bind of a telco shares.
struct Shared {
    telco: Telco,
    exchange: Exchange,
    board: Arc<Board>,
    clock: Arc<dyn Clock>,
    pace: Pace,
    ussd_senders: ussd::UssdSenders,
    /// A receipt that could not be read was told of.
    unread_told: AtomicBool,
    stop: CancellationToken,
}

impl Shared {
    /// Counts a receipt that names no message, and says so once: how a telco writes them does not change from one
    /// to the next.
    fn unread_receipt(&self) {
        let smsc = &self.telco.name;
        metrics::counter!("chrak_receipts_total", "smsc" => smsc.as_str().to_owned(), "result" => "unread")
            .increment(1);
        if !self.unread_told.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                smsc = %smsc,
                "a delivery receipt names no message: neither receipted_message_id nor id: stands in it; its like are \
                 acknowledged and counted as unread"
            );
        }
    }
}

/// Starts all binds of all telcos. They go on until `stop`, then settle their windows, unbind and end.
pub fn start(
    telcos: Vec<Telco>,
    exchange: Exchange,
    board: Arc<Board>,
    clock: Arc<dyn Clock>,
    tasks: &TaskTracker,
    stop: CancellationToken,
) {
    for telco in telcos {
        let plan = telco.plan();
        let shared = Arc::new(Shared {
            pace: Pace::new(telco.max_tps),
            ussd_senders: ussd::UssdSenders::default(),
            unread_told: AtomicBool::new(false),
            telco,
            exchange: exchange.clone(),
            board: Arc::clone(&board),
            clock: Arc::clone(&clock),
            stop: stop.clone(),
        });
        if shared.telco.ussd.dialect.push.is_some() {
            tasks.spawn(ussd::send_notices(Arc::clone(&shared)));
        }
        for (kind, name) in plan {
            tasks.spawn(connect::keep_bound(Arc::clone(&shared), kind, name));
        }
    }
}

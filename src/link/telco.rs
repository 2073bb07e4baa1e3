//! A telco as configured, and what a bind needs of it. It must not know a socket.
use crate::{
    smpp::{
        dialect::Dialect,
        esme::{EsmeConfig, NumberFormat, Style, Validity},
        message_id,
        pdu::{Bind, BindKind},
        session::SessionConfig,
        status,
        text::DefaultAlphabet,
    },
    tls::{ClientTls, ServerTls},
    types::{
        Secret,
        limits::{LINE_DEAD, PDU_OCTETS_MAX, WRITE_STALLED},
        names::{Family, SmscName},
    },
};
use std::time::Duration;

/// A telco as configured.
#[derive(Clone, Debug, PartialEq)]
pub struct Telco {
    /// Its name.
    pub name: SmscName,
    /// SMSCs that redeliver to one another.
    pub family: Family,
    /// Host and port; all addresses of the host are tried.
    pub address: String,
    /// TLS to it; `None`: in the clear.
    pub tls: Option<ClientTls>,
    /// TLS on the connections that the SMSC makes to us; `None`: in the clear.
    pub outbind_tls: Option<ServerTls>,
    /// system_id of the bind.
    pub system_id: String,
    /// password of the bind.
    pub password: Secret,
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
    /// Segments of one text are told by the TLVs sar_*.
    pub sar: bool,
    /// USSD here.
    pub ussd: Ussd,
}

impl Telco {
    /// How a bind of it behaves.
    pub(super) fn esme_config(&self, kind: BindKind) -> EsmeConfig {
        EsmeConfig {
            session: self.session_config(kind),
            style: self.style(),
            statuses: self.statuses.clone(),
            write_stalled: WRITE_STALLED,
        }
    }

    /// How long the system may hear nothing of a connection that it writes to or asks: no longer than an enquire_link would show it to
    /// be dead, and [`LINE_DEAD`] where that is asked seldom.
    pub(super) fn line_dead_after(&self) -> Duration {
        LINE_DEAD.min(self.enquire_link.saturating_add(PATIENCE))
    }

    /// How it wants what it is sent.
    pub(super) fn style(&self) -> Style {
        Style {
            short_codes: self.short_codes.clone(),
            number_format: self.number_format,
            dest: self.dest,
            source: self.source,
            validity: self.validity,
            receipts: self.receipts,
            packed: self.packed,
            sar: self.sar,
        }
    }

    fn session_config(&self, kind: BindKind) -> SessionConfig {
        SessionConfig {
            bind: Bind {
                kind,
                system_id: self.system_id.clone(),
                password: self.password.expose().to_owned(),
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

    /// The binds of one transceiver or pair.
    pub(super) fn plan_of_one(&self) -> Vec<(BindKind, String)> {
        self.plan().into_iter().filter(|(.., number)| *number == 1).map(|(kind, name, _)| (kind, name)).collect()
    }

    /// Connections of a bind.
    pub(super) fn connections(&self) -> usize {
        if self.pair { 2 } else { 1 }
    }

    /// The connections to make: their kinds and names, and the number of the bind that each is of.
    pub(super) fn plan(&self) -> Vec<(BindKind, String, u32)> {
        let kinds: &[(BindKind, &str)] = if self.pair {
            &[(BindKind::Transmitter, "tx"), (BindKind::Receiver, "rx")]
        } else {
            &[(BindKind::Transceiver, "trx")]
        };
        (1..=self.binds).flat_map(|n| kinds.iter().map(move |(kind, word)| (*kind, format!("{word}-{n}"), n))).collect()
    }
}

/// Wait for a bind_resp, an enquire_link_resp, an unbind_resp, a TCP connect.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);

/// USSD at a telco.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ussd {
    /// How its gateway speaks.
    pub dialect: Dialect,
    /// Our service codes, as dialled.
    pub codes: Vec<String>,
    /// Septets of a screen.
    pub max_gsm7: usize,
    /// UCS-2 units of a screen; 0: it takes none.
    pub max_ucs2: usize,
    /// The gateway's timer.
    pub deadline: Duration,
}

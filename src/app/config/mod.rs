//! Configuration: the file and the environment in, settings that make sense out. The keys are fixed, as
//! other programs write this file; docs/CONFIGURATION.md describes each.
mod bounds;
mod check;
#[cfg(test)]
mod every_key;
pub mod file;
mod load;
mod secret;
mod telco;
mod ussd;

pub use check::check;
pub use load::{load, parse};

use crate::{
    types::{CodeRules, Countries, Language},
    web::{client::Proxies, hosts::Host},
};
use jiff::{civil::Time, tz::TimeZone};
use std::{net::SocketAddr, path::PathBuf, time::Duration};

/// Why the configuration cannot be used: one line for the person who wrote it.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct ConfigFault(String);

impl ConfigFault {
    /// From a whole sentence.
    pub fn new(text: impl Into<String>) -> Self {
        ConfigFault(text.into())
    }
}

/// A secret from the file system or the configuration; `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps it.
    pub fn new(text: impl Into<String>) -> Self {
        Secret(text.into())
    }

    /// The secret itself.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[secret]")
    }
}

/// Settings of the whole server.
#[derive(Clone, Debug)]
pub struct Config {
    /// SQLite file and key file stand here.
    pub data_dir: PathBuf,
    /// The zone of the offices.
    pub zone: TimeZone,
    /// Kiosk pages and machine API.
    pub http: SocketAddr,
    /// The names that they answer to; empty: those of what is listened on.
    pub hosts: Vec<Host>,
    /// Who is believed about for whom it asks.
    pub proxies: Proxies,
    /// Health, metrics, console.
    pub ops: SocketAddr,
    /// Opens the console when `ops` is not on loopback.
    pub ops_token: Option<Secret>,
    /// SQLite file.
    pub database: PathBuf,
    /// The portal.
    pub portal: PortalSettings,
    /// Spoken when nothing is known of a number.
    pub default_language: Language,
    /// What registration codes look like.
    pub codes: CodeRules,
    /// Operators' limits.
    pub limits: LimitSettings,
    /// Sealed numbers and texts are destroyed after this.
    pub texts_kept: Duration,
    /// Kiosk settings.
    pub kiosk: KioskSettings,
    /// The telcos.
    pub telcos: Vec<TelcoSettings>,
    /// Who may send texts through the machine API.
    pub agencies: Vec<AgencySettings>,
    /// Texts nobody asked for just now.
    pub push: PushSettings,
    /// What is allowed but not wise: told at start.
    pub warnings: Vec<String>,
}

/// `[portal]`
#[derive(Clone, Debug)]
pub struct PortalSettings {
    /// Base URL, without a slash at its end.
    pub url: String,
    /// Bearer token.
    pub token: Secret,
    /// The only CA trusted, when given.
    pub ca_file: Option<PathBuf>,
    /// How long each window waits.
    pub timeout_ussd: Duration,
    /// How long each window waits.
    pub timeout_kiosk: Duration,
    /// How long each window waits.
    pub timeout_sms: Duration,
    /// How its events come.
    pub events: EventsBy,
}

/// How the portal's events come.
#[derive(Clone, Debug)]
pub enum EventsBy {
    /// We ask, so often.
    Poll(Duration),
    /// It tells, signed with one of these (octets).
    Webhook(Vec<Secret>),
}

/// `[push]`
#[derive(Clone, Debug)]
pub struct PushSettings {
    /// Countries whose numbers are texted unasked.
    pub countries: Countries,
    /// From and until; `None`: no quiet hours.
    pub quiet_hours: Option<(Time, Time)>,
    /// Whether events become texts.
    pub enabled: bool,
}

/// `[[agency]]`
#[derive(Clone, Debug)]
pub struct AgencySettings {
    /// Its name.
    pub name: String,
    /// Its bearer token.
    pub token: Secret,
    /// Whether it may send text of its own.
    pub free_text: bool,
    /// Messages a day; 0 is no limit.
    pub per_day: u32,
}

/// `[limits]`; 0 is no limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LimitSettings {
    /// Failed look-ups of a number in 15 minutes.
    pub fails_quarter: u32,
    /// Failed look-ups of a number in a day.
    pub fails_day: u32,
    /// Replies to a number in a minute, outside an open dialogue.
    pub replies_minute: u32,
    /// Replies to a number in a day, outside an open dialogue.
    pub replies_day: u32,
    /// Steps of open dialogues of a number in a day.
    pub steps_day: u32,
    /// Failed look-ups of all numbers and kiosks in an hour from the first.
    pub fails_hour_all: u32,
    /// Failed look-ups of a kiosk in ten minutes.
    pub fails_kiosk: u32,
    /// Texts that visitors ask for to a number, one-time codes and others, in an hour.
    pub codes_hour: u32,
    /// Texts that visitors ask for to a number, one-time codes and others, in a day.
    pub codes_day: u32,
    /// Those of a kiosk in ten minutes.
    pub codes_kiosk: u32,
    /// Those of all kiosks in an hour.
    pub codes_hour_all: u32,
}

/// `[kiosk]`
#[derive(Clone, Debug)]
pub struct KioskSettings {
    /// Whether only paired devices may use the pages.
    pub pairing_required: bool,
    /// Silence before the warning, in seconds.
    pub idle_s: u32,
    /// Length of the warning, in seconds.
    pub warning_s: u32,
    /// Opens the staff page; `None`: there is none.
    pub staff_pin: Option<Secret>,
    /// Bakong accounts that fees are paid to; empty: whichever the portal names.
    pub khqr_accounts: Vec<String>,
}

/// `[[smsc]]`
#[derive(Clone, Debug)]
pub struct TelcoSettings {
    /// Its name.
    pub name: String,
    /// Host and port.
    pub address: String,
    /// system_id of the bind.
    pub system_id: String,
    /// password of the bind.
    pub password: Secret,
    /// system_type of the bind.
    pub system_type: String,
    /// interface_version octet: 0x33, 0x34 or 0x50.
    pub interface_version: u8,
    /// One transmitter and one receiver instead of a transceiver.
    pub pair: bool,
    /// Equal binds.
    pub binds: u32,
    /// submit_sm in flight per bind.
    pub window: usize,
    /// submit_sm per second for the telco; 0 is no limit.
    pub max_tps: u32,
    /// Silence before an enquire_link.
    pub enquire_link: Duration,
    /// Wait for a resp.
    pub response_timeout: Duration,
    /// Longest pause between two connects.
    pub reconnect_max: Duration,
    /// SMSCs that redeliver to one another.
    pub family: String,
    /// What names an MO for ever at this telco, if anything.
    pub unique_id: UniqueId,
    /// Numbers at which MOs arrive.
    pub short_codes: Vec<String>,
    /// National prefixes served.
    pub prefixes: Vec<String>,
    /// How numbers are written to this telco.
    pub number_format: NumberFormat,
    /// TON and NPI of a subscriber.
    pub dest: (u8, u8),
    /// TON and NPI of our short code.
    pub source: (u8, u8),
    /// What data_coding 0 means.
    pub default_alphabet: DefaultAlphabet,
    /// GSM 7-bit octets are packed.
    pub packed: bool,
    /// How long texts are cut.
    pub concatenation: Concatenation,
    /// How validity_period is written.
    pub validity: Validity,
    /// Ask for delivery receipts.
    pub receipts: bool,
    /// How the ids of resps and receipts compare.
    pub message_id: crate::smpp::message_id::Rule,
    /// What its refusals mean.
    pub statuses: crate::smpp::status::Table,
    /// USSD here.
    pub ussd: UssdSettings,
}

/// `[[smsc]].ussd`
#[derive(Clone, Debug)]
pub struct UssdSettings {
    /// How the gateway speaks.
    pub dialect: crate::smpp::dialect::Dialect,
    /// Our service codes, as dialled.
    pub codes: Vec<String>,
    /// Septets of a screen.
    pub max_gsm7: usize,
    /// UCS-2 units of a screen; 0: the gateway takes none.
    pub max_ucs2: usize,
    /// The gateway's timer.
    pub deadline: Duration,
}

macro_rules! choices {
    ($($(#[$doc:meta])* $name:ident { $($variant:ident = $word:literal),* $(,)? })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[allow(missing_docs, reason = "the words of the configuration file")]
        pub enum $name { $($variant),* }

        impl $name {
            /// Reads the word of the file; the error lists the words there are.
            pub fn parse(word: &str) -> Result<Self, String> {
                match word {
                    $($word => Ok(Self::$variant),)*
                    _ => Err([$($word),*].join(", ")),
                }
            }
        }
    )*};
}

choices! {
    /// How MSISDNs are written to a telco.
    NumberFormat { International = "international", National = "national", Plus = "plus" }
    /// What data_coding 0 means at a telco.
    DefaultAlphabet { Gsm7 = "gsm7", Latin1 = "latin1", Ascii = "ascii" }
    /// How a text of several segments is marked.
    Concatenation { Udh8 = "udh8", Udh16 = "udh16", Sar = "sar", Payload = "payload" }
    /// How validity_period is written.
    Validity { Relative = "relative", Absolute = "absolute", None = "none" }
}

/// `[[smsc]].unique_id`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UniqueId {
    /// Nothing names an MO.
    None,
    /// The TLV of this tag does.
    Tlv(u16),
}

//! Configuration: the file and the environment in, settings that make sense out. The keys are fixed, as
//! other programs write this file; docs/CONFIGURATION.md describes each.
mod check;
#[cfg(test)]
mod every_key;
pub mod file;
mod govstack;
pub mod key;
mod load;
mod login;
#[cfg(test)]
mod papers;
mod place;
mod secret;
mod source;
mod telco;
mod ussd;
pub mod words;
mod written;
mod xroad;

pub use check::check;
pub use load::{load, parse};
pub use login::{LoginBy, LoginSettings};
pub use source::SourceSettings;
pub use written::Written;

use crate::{
    exchange::{Rules, TelcoRules},
    kiosk::Authority,
    link,
    portal::{GovstackOptions, Identifier, XroadOptions},
    tls::ServerTls,
    types::{CodeRules, Countries, Language, Secret},
    web::{client::Proxies, hosts::Host},
};
use jiff::{civil::Time, tz::TimeZone};
use std::{fmt, net::SocketAddr, path::PathBuf, time::Duration};

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

/// Where everything is kept.
#[derive(Clone, Debug)]
pub enum Database {
    /// A SQLite file.
    File(PathBuf),
    /// A database in PostgreSQL.
    Server {
        /// Its address; a password may stand in it.
        url: Secret,
        /// The same without the password.
        name: String,
        /// This node's name.
        node: String,
    },
}

impl fmt::Display for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Database::File(path) => path.display().fmt(f),
            Database::Server { name, .. } => f.write_str(name),
        }
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
    /// HTTPS there; `None`: HTTP.
    pub tls: Option<ServerTls>,
    /// The names that they answer to; empty: those of what is listened on.
    pub hosts: Vec<Host>,
    /// Who is believed about for whom it asks.
    pub proxies: Proxies,
    /// Health, metrics, console.
    pub ops: SocketAddr,
    /// Opens the console when `ops` is not on loopback.
    pub ops_token: Option<Secret>,
    /// Where everything is kept.
    pub database: Database,
    /// The portal.
    pub portal: PortalSettings,
    /// Other places that are asked about codes.
    pub sources: Vec<SourceSettings>,
    /// Spoken when nothing is known of a number.
    pub default_language: Language,
    /// What registration codes look like.
    pub codes: CodeRules,
    /// Operators' limits.
    pub limits: Rules,
    /// Sealed numbers and texts are destroyed after this.
    pub texts_kept: Duration,
    /// Rows of the audit log are taken away after this.
    pub audit_kept: Duration,
    /// Kiosk settings.
    pub kiosk: KioskSettings,
    /// The telcos.
    pub telcos: Vec<TelcoSettings>,
    /// Who may send texts through the machine API.
    pub agencies: Vec<AgencySettings>,
    /// Texts nobody asked for just now.
    pub push: PushSettings,
    /// What is written, but for the telcos, to be compared with what is written later.
    pub written: Written,
    /// What is allowed but not wise: told at start.
    pub warnings: Vec<String>,
}

/// `[portal]`
#[derive(Clone, Debug)]
pub struct PortalSettings {
    /// Base URL, without a slash at its end: of the portal, or of the security server.
    pub url: String,
    /// Bearer token; empty where none is sent.
    pub token: Secret,
    /// The only CA trusted, when given.
    pub ca_file: Option<PathBuf>,
    /// Through a security server of X-Road; `None`: straight.
    pub road: Option<XroadOptions>,
    /// Systems of GovStack in its place; `None`: a portal.
    pub govstack: Option<GovstackOptions>,
    /// Who alone may call the webhook through our security server; `None`: whoever signs.
    pub webhook_client: Option<Identifier>,
    /// How long each window waits.
    pub timeout_ussd: Duration,
    /// How long each window waits.
    pub timeout_kiosk: Duration,
    /// How long each window waits.
    pub timeout_sms: Duration,
    /// How its events come.
    pub events: EventsBy,
}

impl PortalSettings {
    /// Whether a PIN or a number earns more there.
    pub fn takes_factors(&self) -> bool {
        self.govstack.is_none() || GovstackOptions::abilities(true).factors
    }
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
    /// Whose screen it is.
    pub authority: Authority,
    /// Bakong accounts that fees are paid to; empty: whichever the portal names.
    pub khqr_accounts: Vec<String>,
    /// Offices whose kiosks have a printer; `*`: all.
    pub printers: Vec<String>,
    /// Who lets visitors sign in.
    pub login: LoginSettings,
}

/// `[[smsc]]`
#[derive(Clone, Debug, PartialEq)]
pub struct TelcoSettings {
    /// For the link.
    pub link: link::Telco,
    /// For the exchange.
    pub rules: TelcoRules,
    /// Where the SMSC may connect to us.
    pub outbind_listen: Option<SocketAddr>,
}

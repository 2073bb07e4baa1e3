//! Commands of the operations room, beside the server that runs: they work over the database, whichever it is.
pub mod audit;
pub mod backup;
pub mod dead;
pub mod erase;
pub mod key;
pub mod moving;

use super::{
    Fault,
    config::{Config, ConfigFault, Database},
};
use crate::{
    store::{Keys, LookError, PgOpenError, Place},
    types::{UnixMs, time::phnom_penh},
};

/// Where the configuration has the database.
fn place(config: &Config) -> Place {
    match &config.database {
        Database::File(path) => Place::File(path.clone()),
        Database::Server { url, .. } => Place::Server(url.expose().to_owned()),
    }
}

/// The keys of the database.
fn keys(config: &Config) -> Result<Keys, Fault> {
    Keys::load(&config.data_dir.join("chrak.key")).map_err(|fault| Fault::Run(fault.to_string()))
}

impl From<LookError> for Fault {
    fn from(fault: LookError) -> Self {
        match &fault {
            LookError::Server(PgOpenError::Address(_)) => Fault::Config(ConfigFault::new(fault.to_string())),
            _ => Fault::Run(fault.to_string()),
        }
    }
}

/// A moment as people read it, in Cambodia.
fn moment(at_ms: i64) -> String {
    UnixMs(at_ms).civil(&phnom_penh()).strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// A moment as somebody writes it.
pub(super) fn written(name: &str, text: &str) -> Result<UnixMs, Fault> {
    UnixMs::from_rfc3339(text).ok_or_else(|| {
        Fault::Usage(format!("{name} {text}: is no time of RFC 3339, such as 2026-11-28T09:00:00+07:00"))
    })
}

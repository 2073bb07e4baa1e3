//! Floor 6: the only place where the adapters meet. Configuration in, objects, tasks, shutdown in reverse.
pub mod check;
pub mod config;
pub mod devices;
mod front;
pub mod lifecycle;
mod log;
mod pages;
pub mod preflight;
pub mod private;
mod server;
mod storage;
pub mod telemetry;
pub mod tryout;

pub use server::{Parts, Server};

use config::Config;
use std::path::Path;

/// Why a program ended: one line for a person, and the exit code.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// The words on the command line do not fit together: exit code 2.
    #[error("{0}")]
    Usage(String),
    /// The configuration cannot be used: exit code 78.
    #[error("{0}")]
    Config(#[from] config::ConfigFault),
    /// It could not start, or failed while running: exit code 1.
    #[error("{0}")]
    Run(String),
}

impl Fault {
    /// As the command line promises it.
    pub fn exit_code(&self) -> u8 {
        match self {
            Fault::Run(_) => 1,
            Fault::Usage(_) => 2,
            Fault::Config(_) => 78,
        }
    }
}

/// Reads and checks the configuration file.
///
/// # Errors
/// [`Fault::Config`] with the line that says what to mend.
pub fn read_config(path: &Path) -> Result<Config, Fault> {
    let file = config::load(path, std::env::vars())?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    Ok(config::check(file, folder)?)
}

/// `chrak serve`: runs until a signal, then drains.
///
/// # Errors
/// When the configuration cannot be used or something cannot start; nothing is left half-started.
pub async fn serve(path: &Path) -> Result<(), Fault> {
    let config = read_config(path)?;
    let stop = lifecycle::stop_on_signal().map_err(|fault| Fault::Run(format!("signals: {fault}")))?;
    for warning in &config.warnings {
        tracing::warn!("{warning}");
    }
    let server = Server::start(config, Parts::default()).await?;
    tracing::info!(http = %server.http, ops = %server.ops, "ready");
    server.run(stop).await;
    Ok(())
}

/// `chrak migrate`: opens the database, which brings it up to date. With `new_database` an empty one is made for the key
/// that is there.
///
/// # Errors
/// When the configuration or the database cannot be used.
pub async fn migrate(path: &Path, new_database: bool) -> Result<(), Fault> {
    let config = read_config(path)?;
    let make = if new_database { storage::Make::NewDatabase } else { storage::Make::FirstOnly };
    storage::open(&config, make).await?.close().await;
    println!("{}: up to date", config.database.display());
    Ok(())
}

/// Makes a folder that only its owner may enter.
fn folder(path: &Path) -> Result<(), Fault> {
    use std::os::unix::fs::DirBuilderExt;
    let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path);
    made.map_err(|fault| Fault::Run(format!("{}: cannot be made: {fault}; check data_dir", path.display())))
}

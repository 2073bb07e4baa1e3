//! Floor 6: the only place where the adapters meet. Configuration in, objects, tasks, shutdown in reverse.
mod certificates;
pub mod certify;
pub mod check;
pub mod clock;
pub mod config;
pub mod devices;
mod fault;
mod front;
pub mod lifecycle;
mod log;
pub mod operating;
mod pages;
pub mod preflight;
pub mod private;
mod recordings;
mod reload;
mod restored;
mod server;
mod storage;
mod telcos;
pub mod telemetry;
pub mod trace;
mod trace_file;
pub mod tryout;

pub use server::{Parts, Server};
pub use trace_file::TraceFile;

use config::Config;
pub use fault::Fault;
use fault::folder;
use std::path::Path;

/// Reads and checks the configuration file.
///
/// # Errors
/// [`Fault::Config`] with the line that says what to mend.
pub fn read_config(path: &Path) -> Result<Config, Fault> {
    let file = config::load(path, std::env::vars())?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    Ok(config::check(file, folder)?)
}

/// `chrak serve`: runs until a signal, then drains; reads its configuration again on SIGHUP; writes what goes over the binds where a file is asked
/// for; settles a database that was restored.
///
/// # Errors
/// When the configuration cannot be used or something cannot start; nothing is left half-started.
pub async fn serve(path: &Path, trace_file: Option<TraceFile>, restored_from: Option<&str>) -> Result<(), Fault> {
    let restored_from = restored_from.map(restored::taken_at).transpose()?;
    let config = read_config(path)?;
    let stop = lifecycle::stop_on_signal().map_err(|fault| Fault::Run(format!("signals: {fault}")))?;
    for warning in &config.warnings {
        tracing::warn!("{warning}");
    }
    let parts = Parts { trace_file, restored_from, file: Some(path.to_owned()), ..Parts::default() };
    let server = Server::start(config, parts).await?;
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
    println!("{}: up to date", config.database);
    Ok(())
}

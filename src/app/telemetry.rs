//! Logs: text for people, JSON for machines, level by `RUST_LOG`. What is logged is masked by type long
//! before it comes here.
use super::{fault::Fault, log::Log};
use std::{io::IsTerminal, sync::OnceLock, time::Duration};
use tracing_subscriber::{EnvFilter, fmt, layer::SubscriberExt, util::SubscriberInitExt};

/// `--log-format`
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum LogFormat {
    /// One readable line.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// The one log of the process.
static LOG: OnceLock<Log> = OnceLock::new();

/// Starts logging to standard output. A second call (tests) changes nothing.
///
/// # Errors
/// When the system gives no thread for it.
pub fn init(format: LogFormat) -> Result<(), Fault> {
    let told = |lost| tracing::warn!(lost, "log lines were dropped, as nobody read them");
    let log =
        Log::start(std::io::stdout(), told).map_err(|fault| Fault::Run(format!("a thread for the log: {fault}")))?;
    let (filter, wrong) = filter(std::env::var("RUST_LOG").ok().as_deref());
    let registry = tracing_subscriber::registry().with(filter);
    let lines = log.clone();
    let started = match format {
        LogFormat::Text => {
            let colours = std::io::stdout().is_terminal();
            registry.with(fmt::layer().with_target(false).with_ansi(colours).with_writer(lines)).try_init()
        }
        LogFormat::Json => registry.with(fmt::layer().json().flatten_event(true).with_writer(lines)).try_init(),
    };
    // Only a test that runs two servers in one process gets here twice.
    if started.is_ok() && LOG.set(log).is_ok() {
        std::panic::set_hook(Box::new(panicked));
    }
    if let Some(why) = wrong {
        tracing::warn!("RUST_LOG cannot be read ({why}); the log is as without it");
    }
    Ok(())
}

/// A panic goes to the log like all else: standard error may be a pipe that nobody reads. Where it was is enough to find
/// it; its words may hold what no log line may.
fn panicked(panic: &std::panic::PanicHookInfo<'_>) {
    let place = panic.location().map(ToString::to_string);
    tracing::error!(place, "a panic");
}

/// Waits until what is logged is written, at most so long: a reader that is away must not keep the process.
pub fn flush(patience: Duration) {
    if let Some(log) = LOG.get() {
        log.flush(patience);
    }
}

/// What is logged without `RUST_LOG`.
const USUAL: &str = "info,sqlx=warn,hyper=warn";

/// The filter, and why `RUST_LOG` is none.
fn filter(asked: Option<&str>) -> (EnvFilter, Option<String>) {
    let usual = || EnvFilter::builder().parse(USUAL).expect("the usual level of the log");
    match asked.filter(|text| !text.is_empty()).map(|text| EnvFilter::builder().parse(text)) {
        None => (usual(), None),
        Some(Ok(filter)) => (filter, None),
        Some(Err(fault)) => (usual(), Some(fault.to_string())),
    }
}

/// Whether the usual filter can be built.
///
/// # Errors
/// Why not.
pub fn check() -> Result<(), String> {
    EnvFilter::builder().parse(USUAL).map(|_| ()).map_err(|fault| fault.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_that_cannot_be_read_is_said_and_not_taken_for_none() {
        assert_eq!(filter(None).1, None);
        assert_eq!(filter(Some("debug,sqlx=info")).1, None);
        let (usual, why) = filter(Some("chrak=loud"));
        assert!(why.is_some() && usual.to_string().contains("info"), "{why:?}");
        assert_eq!(check(), Ok(()));
    }
}

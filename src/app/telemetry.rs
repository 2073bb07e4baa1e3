//! Logs: text for people, JSON for machines, level by `RUST_LOG`. What is logged is masked by type long
//! before it comes here.
use std::io::IsTerminal;
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

/// Starts logging to standard output. A second call (tests) changes nothing.
pub fn init(format: LogFormat) {
    let (filter, wrong) = filter(std::env::var("RUST_LOG").ok().as_deref());
    let registry = tracing_subscriber::registry().with(filter);
    let started = match format {
        LogFormat::Text => {
            let colours = std::io::stdout().is_terminal();
            registry.with(fmt::layer().with_target(false).with_ansi(colours)).try_init()
        }
        LogFormat::Json => registry.with(fmt::layer().json().flatten_event(true)).try_init(),
    };
    // Only a test that runs two servers in one process gets here twice.
    drop(started);
    if let Some(why) = wrong {
        tracing::warn!("RUST_LOG cannot be read ({why}); the log is as without it");
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

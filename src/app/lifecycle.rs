//! How the process is told to stop: the first SIGTERM or SIGINT drains, the second stops at once.
use std::time::Duration;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// A token that the first signal cancels. The second signal ends the process with status 1.
///
/// # Errors
/// When the process may not listen for signals.
pub fn stop_on_signal() -> std::io::Result<CancellationToken> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let token = CancellationToken::new();
    let first = token.clone();
    tokio::spawn(async move {
        either(&mut terminate, &mut interrupt).await;
        tracing::info!("stopping: finishing what is in hand; a second signal stops at once");
        first.cancel();
        either(&mut terminate, &mut interrupt).await;
        tracing::warn!("stopped at once by a second signal");
        super::telemetry::flush(Duration::from_millis(200));
        std::process::exit(1);
    });
    Ok(token)
}

async fn either(one: &mut Signal, other: &mut Signal) {
    tokio::select! {
        _ = one.recv() => {}
        _ = other.recv() => {}
    }
}

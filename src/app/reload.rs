//! The configuration read again while the server runs: on SIGHUP, and when the console asks. What can be followed is; what cannot is
//! named; a file that is of no use changes nothing.
use super::{Fault, certificates::Certificates, config::Config, pages, read_config, telcos::Telcos};
use crate::{
    kiosk::Reach,
    ports::{
        audit::{Entry, Who},
        clock::Clock,
        reload::{Changes, Reloaded},
        status::Board,
    },
    store::Keys,
};
use std::{path::PathBuf, sync::Arc};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// What follows the file.
pub struct Follower {
    /// The file.
    pub path: PathBuf,
    /// What stood in it at the start: what holds only after a restart is compared with that.
    pub config: Config,
    /// The telcos, which follow it.
    pub telcos: Telcos,
    /// What the kiosk pages say of how we are reached from a telephone, which follows too.
    pub reach: Reach,
    /// The certificates that are watched, which follow the telcos.
    pub certificates: Certificates,
    /// Where it is asked for, and told.
    pub board: Arc<Board>,
    /// The wall clock.
    pub clock: Arc<dyn Clock>,
    /// The keys of the database: generations that were added to their file are used from then on.
    pub keys: Keys,
}

impl Follower {
    /// Follows until `stop`.
    ///
    /// # Errors
    /// When the process may not listen for SIGHUP.
    pub fn start(self, stop: CancellationToken) -> Result<(), Fault> {
        let hangup = signal(SignalKind::hangup()).map_err(|fault| Fault::Run(format!("signals: {fault}")))?;
        tokio::spawn(self.follow(hangup, stop));
        Ok(())
    }

    async fn follow(mut self, mut hangup: Signal, stop: CancellationToken) {
        let mut wanted = self.board.reloads.follow();
        loop {
            tokio::select! {
                _ = hangup.recv() => {}
                changed = wanted.changed() => if changed.is_err() { return },
                () = stop.cancelled() => return,
            }
            let times = *wanted.borrow_and_update();
            self.read_keys_again();
            let outcome = self.read_again().await.map_err(|fault| fault.to_string());
            let result = if outcome.is_ok() { "taken" } else { "refused" };
            metrics::counter!("chrak_config_reloads_total", "result" => result).increment(1);
            match &outcome {
                Ok(changes) => tracing::info!("the configuration was read again: {}", told(changes)),
                Err(why) => tracing::error!("the configuration was read again and nothing is changed: {why}"),
            }
            let entry = Entry::new(self.clock.now(), Who::Server, "config.read", "").with("result", result);
            self.board.journal.note(entry);
            self.board.reloads.done(Reloaded { at: self.clock.now(), times, outcome });
        }
    }

    fn read_keys_again(&self) {
        let before = self.keys.generations();
        match self.keys.refresh() {
            Ok(now) if now > before => {
                tracing::info!(generation = now, "new rows are sealed with the key that was added");
                let entry = Entry::new(self.clock.now(), Who::Server, "key.use", "").with("generation", now);
                self.board.journal.note(entry);
            }
            Ok(_) => {}
            Err(fault) => tracing::error!("the key file was read again and nothing is changed: {fault}"),
        }
    }

    async fn read_again(&mut self) -> Result<Changes, Fault> {
        let path = self.path.clone();
        let read = tokio::task::spawn_blocking(move || read_config(&path)).await;
        let config = read.map_err(|fault| Fault::Run(format!("the configuration: {fault}")))??;
        for warning in &config.warnings {
            tracing::warn!("{warning}");
        }
        let restart = self.config.needs_restart(&config);
        let changes = self.telcos.change(&config.telcos).await?;
        self.reach.change(pages::ways(&config));
        self.certificates.change(&config.telcos);
        Ok(Changes { restart, ..changes })
    }
}

/// As one line.
fn told(changes: &Changes) -> String {
    if changes.is_empty() {
        return "it says what it said before".to_owned();
    }
    let all = [
        ("telcos added", &changes.added),
        ("telcos changed", &changes.changed),
        ("telcos removed", &changes.removed),
        ("needs a restart", &changes.restart),
    ];
    let some = all.into_iter().filter(|(_, names)| !names.is_empty());
    some.map(|(what, names)| format!("{what}: {}", names.join(", "))).collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_changed_is_told_in_a_line() {
        assert_eq!(told(&Changes::default()), "it says what it said before");
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let changes = Changes {
            added: names(&["smart", "metfone"]),
            removed: names(&["cellcard"]),
            restart: names(&["http.listen"]),
            ..Changes::default()
        };
        let line = "telcos added: smart, metfone; telcos removed: cellcard; needs a restart: http.listen";
        assert_eq!(told(&changes), line);
    }
}

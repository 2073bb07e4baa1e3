//! What several commands are told alike. It must not know a command.
use clap::Args;
use std::path::PathBuf;

#[derive(Args)]
pub(super) struct ConfigArgs {
    /// The configuration file.
    #[arg(long, value_name = "FILE")]
    pub(super) config: PathBuf,
}

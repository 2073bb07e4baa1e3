//! The commands of the operations room.
use super::args::ConfigArgs;
use crate::app::{Fault, operating};
use clap::Subcommand;

/// What operators and agencies did.
#[derive(Subcommand)]
pub(super) enum AuditCommand {
    /// Follows the log's chain of hashes; exit 1 with the first row that was changed, removed, exchanged or put in by hand.
    Verify {
        #[command(flatten)]
        config: ConfigArgs,
        /// The head that an earlier look printed: also found out is whether rows were cut off after it.
        #[arg(long, value_name = "HASH")]
        head: Option<String>,
    },
    /// Its rows, one a line.
    List {
        #[command(flatten)]
        config: ConfigArgs,
        /// Not those before, such as 2026-11-28T00:00:00+07:00
        #[arg(long, value_name = "TIME")]
        since: Option<String>,
        /// Each as a line of JSON.
        #[arg(long)]
        json: bool,
    },
}

pub(super) async fn audit(command: AuditCommand) -> Result<u8, Fault> {
    match command {
        AuditCommand::Verify { config, head } => operating::audit::verify(&config.config, head.as_deref()).await?,
        AuditCommand::List { config, since, json } => {
            operating::audit::list(&config.config, since.as_deref(), json).await?;
        }
    }
    Ok(0)
}

/// Texts that were given up with an apology.
#[derive(Subcommand)]
pub(super) enum DeadCommand {
    /// Those that are kept, the youngest first: id, telco, when, masked number, tries, why.
    List {
        #[command(flatten)]
        config: ConfigArgs,
        /// Each as a line of JSON.
        #[arg(long)]
        json: bool,
    },
    /// Has one answered after all, if it is younger than a day and its number has not texted again since.
    Requeue {
        /// As the list has it.
        #[arg(value_name = "ID", required_unless_present = "all", conflicts_with = "all")]
        id: Option<String>,
        /// Each of which that is still of use.
        #[arg(long)]
        all: bool,
        #[command(flatten)]
        config: ConfigArgs,
    },
    /// Destroys what one said.
    Drop {
        /// As the list has it.
        #[arg(value_name = "ID")]
        id: String,
        #[command(flatten)]
        config: ConfigArgs,
    },
}

pub(super) async fn dead(command: DeadCommand) -> Result<u8, Fault> {
    match command {
        DeadCommand::List { config, json } => operating::dead::list(&config.config, json).await?,
        DeadCommand::Requeue { id, config, .. } => operating::dead::requeue(&config.config, id.as_deref()).await?,
        DeadCommand::Drop { id, config } => operating::dead::end(&config.config, &id).await?,
    }
    Ok(0)
}

/// The key file, by which numbers and texts are sealed.
#[derive(Subcommand)]
pub(super) enum KeyCommand {
    /// Adds a key for what is sealed from now on, while the server runs; then: kill -HUP.
    Rotate {
        #[command(flatten)]
        config: ConfigArgs,
    },
}

pub(super) async fn key(command: KeyCommand) -> Result<u8, Fault> {
    let KeyCommand::Rotate { config } = command;
    operating::key::rotate(&config.config).await.map(|()| 0)
}

//! `chrak backup`: a copy of the database while the server works on it.
use super::{Fault, keys, moment, place};
use crate::{
    app::{clock::SystemClock, config::Database, read_config},
    ports::{
        audit::{Entry, Who},
        clock::Clock,
    },
    store::Place,
    store::{
        Keys,
        backup::{self, BackupError},
        log::{self, Finding},
    },
    types::UnixMs,
};
use std::path::Path;

/// Writes a copy to a file that is not there yet, and looks whether it is whole.
///
/// # Errors
/// When there is such a file, the copy cannot be made or is not whole; then there is none. With PostgreSQL: exit code 2.
pub async fn run(config: &Path, to: &Path) -> Result<(), Fault> {
    let config = read_config(config)?;
    let Database::File(path) = &config.database else {
        return Err(Fault::Usage(format!(
            "--to: {} is a server's: back it up with pg_basebackup or pg_dump, and chrak.key beside it",
            config.database
        )));
    };
    let keys = keys(&config)?;
    backup::copy(path, to, keys.clone()).await.map_err(|fault| match fault {
        BackupError::There(_) => Fault::Usage(format!("--to: {fault}")),
        fault => Fault::Run(fault.to_string()),
    })?;
    // everything in the copy is older
    let at = SystemClock.now();
    let rows = whole(to, keys.clone()).await.inspect_err(|_| backup::discard(to))?;
    let entry = Entry::new(at, Who::CommandLine, "backup", "").with("audit_rows", rows);
    backup::note(place(&config), keys, entry).await?;
    let octets = to.metadata().map_or(0, |about| about.len());
    println!("{}: {octets} octets, whole, taken at {} ({})", to.display(), rfc3339(at), moment(at.0));
    println!(
        "the key file is not in it: keep a copy of {} in another place; without it nobody can read the backup",
        config.data_dir.join("chrak.key").display()
    );
    Ok(())
}

/// Rows of its audit log.
async fn whole(copy: &Path, keys: Keys) -> Result<u64, Fault> {
    match log::verify(Place::File(copy.to_owned()), keys, None).await? {
        Finding::Whole(whole) => Ok(whole.rows),
        Finding::Broken { seq, why, .. } => {
            Err(Fault::Run(format!("audit log: row {seq}: {why}; see chrak audit verify")))
        }
    }
}

/// As `serve --restored-from` takes it.
fn rfc3339(at: UnixMs) -> String {
    jiff::Timestamp::from_millisecond(at.0).unwrap_or(jiff::Timestamp::UNIX_EPOCH).to_string()
}

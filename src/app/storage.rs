//! The database and its key file belong together: which of them may be made, and when the other must be there.
//!
//! | key file | database | what happens |
//! |---|---|---|
//! | – | – | the first start: both are made |
//! | there | there | opened, if they fit each other |
//! | there | missing or empty | refused, but for `chrak migrate --new-database` |
//! | – | there | refused; no key is made |
//!
//! At a first start the key has a name of its own until the database stands, so that one that was cut short goes on.
use super::{config::Config, fault::Fault, telemetry};
use crate::store::{self, Keys, OpenError, SqliteStore, StoreOptions};
use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

/// How long the last line of a process that ends at once may take to be read.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// What may be made.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Make {
    /// Nothing but at the first start.
    FirstOnly,
    /// An empty database for the key that is there.
    NewDatabase,
}

struct Found {
    keys: Keys,
    make: bool,
    /// The key's first name, when it has not got its lasting one.
    first: Option<PathBuf>,
}

/// Opens the database that the configuration names, bringing it up to date.
pub(super) async fn open(config: &Config, make: Make) -> Result<SqliteStore, Fault> {
    let failed = |fault: &dyn std::fmt::Display| Fault::Run(fault.to_string());
    super::fault::folder(&config.data_dir)?;
    let key_file = config.data_dir.join("chrak.key");
    let found = find(&config.database, &key_file, make)?;
    let mut options = StoreOptions::new(config.database.clone(), found.keys);
    options.make = found.make;
    options.key_file = Some(key_file.clone());
    options.reserve = true;
    options.fatal = Arc::new(die);
    let store = SqliteStore::open(options).await.map_err(|fault| match &fault {
        OpenError::Missing { path } => alone(path, &key_file),
        _ => failed(&fault),
    })?;
    if let Some(first) = found.first {
        Keys::rename(&first, &key_file).map_err(|fault| failed(&fault))?;
        tracing::info!(key = %key_file.display(), "made the database and its key; keep a copy of the key in another place");
    }
    Ok(store)
}

fn find(database: &Path, key_file: &Path, make: Make) -> Result<Found, Fault> {
    let failed = |path: &Path, fault: &dyn std::fmt::Display| Fault::Run(format!("{}: {fault}", path.display()));
    let load = |path: &Path| Keys::load(path).map_err(|fault| Fault::Run(fault.to_string()));
    let stands = store::sqlite::stands(database).map_err(|fault| failed(database, &fault))?;
    // a link that leads nowhere is a key that is missed, not none
    let has_key = there(key_file).map_err(|fault| failed(key_file, &fault))?;
    match (has_key, stands, make) {
        (true, true, Make::NewDatabase) => Err(Fault::Usage(format!(
            "--new-database: there is one, {}; move it away if you mean to begin without it",
            database.display()
        ))),
        (true, false, Make::FirstOnly) => Err(alone(database, key_file)),
        (true, _, _) => Ok(Found { keys: load(key_file)?, make: make == Make::NewDatabase, first: None }),
        (false, ..) => {
            let first = key_file.with_extension("key.first");
            let begun = there(&first).map_err(|fault| failed(&first, &fault))?;
            if stands && !begun {
                return Err(Fault::Run(format!(
                    "the key file {} is missing; without it nobody can read the database {}: restore it from the backup \
                     (none is made: a new one would be of no use)",
                    key_file.display(),
                    database.display()
                )));
            }
            let keys = if begun && (stands || load(&first).is_ok()) { load(&first)? } else { make_first(&first)? };
            Ok(Found { keys, make: true, first: Some(first) })
        }
    }
}

fn there(path: &Path) -> io::Result<bool> {
    match path.symlink_metadata() {
        Ok(_) => Ok(true),
        Err(fault) if fault.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(fault) => Err(fault),
    }
}

/// One that was cut short guards nothing yet, and is made anew.
fn make_first(first: &Path) -> Result<Keys, Fault> {
    let failed = |fault: &dyn std::fmt::Display| Fault::Run(format!("{}: {fault}", first.display()));
    store::sqlite::for_new(first.parent().unwrap_or(Path::new("."))).map_err(|fault| failed(&fault))?;
    if there(first).map_err(|fault| failed(&fault))? {
        std::fs::remove_file(first).map_err(|fault| failed(&fault))?;
    }
    Keys::make(first).map_err(|fault| Fault::Run(fault.to_string()))
}

fn alone(database: &Path, key_file: &Path) -> Fault {
    Fault::Run(format!(
        "the key file {} is there, but its database {} is missing or empty: restore the database from the backup, or mount \
         its disk; an empty one is made by chrak migrate --config FILE --new-database",
        key_file.display(),
        database.display()
    ))
}

/// After an I/O error nobody knows what is on the disk: the process ends, and the next start looks.
fn die(why: &str) {
    tracing::error!("the database failed in a way that leaves its state open ({why}); ending the process");
    // the log has a thread of its own, which ends with us
    telemetry::flush(LAST_WORDS);
    std::process::abort();
}

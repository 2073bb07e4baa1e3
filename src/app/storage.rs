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
use super::{
    clock::SystemClock,
    config::{Config, ConfigFault, Database},
    fault::Fault,
    telemetry,
};
use crate::{
    ports::{clock::Clock, random},
    store::{self, DbStore, Keys, OpenError, PgOpenError, PgOptions, StoreOptions},
    types::Secret,
};
use std::{
    fs::{File, TryLockError},
    io,
    os::unix::fs::MetadataExt as _,
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
pub(super) async fn open(config: &Config, make: Make) -> Result<DbStore, Fault> {
    super::fault::folder(&config.data_dir)?;
    let key_file = config.data_dir.join("chrak.key");
    let (store, first) = match &config.database {
        Database::File(path) => open_file(config, path, &key_file, make).await?,
        Database::Server { url, node, .. } => open_server(config, url, node, &key_file, make).await?,
    };
    store.keys().stands_at(&key_file);
    if let Some(first) = first {
        Keys::rename(&first, &key_file).map_err(|fault| Fault::Run(fault.to_string()))?;
        tracing::info!(key = %key_file.display(), "made the database and its key; keep a copy of the key in another place");
    }
    Ok(store)
}

/// The store, and the first name of its key if it has not got its lasting one.
type Opened = (DbStore, Option<PathBuf>);

async fn open_file(config: &Config, path: &Path, key_file: &Path, make: Make) -> Result<Opened, Fault> {
    let stands = store::sqlite::stands(path).map_err(|fault| Fault::Run(format!("{}: {fault}", path.display())))?;
    let found = find(&path.display().to_string(), stands, key_file, make)?;
    let mut options = StoreOptions::new(path, found.keys);
    options.make = found.make;
    options.key_file = Some(key_file.to_owned());
    options.reserve = true;
    options.audit_kept = config.audit_kept;
    options.fatal = Arc::new(die);
    let store = store::sqlite::open(options).await.map_err(|fault| match &fault {
        OpenError::Missing { path } => alone(&path.display().to_string(), key_file),
        _ => Fault::Run(fault.to_string()),
    })?;
    Ok((store, found.first))
}

async fn open_server(config: &Config, url: &Secret, node: &str, key_file: &Path, make: Make) -> Result<Opened, Fault> {
    let stands = store::postgres::stands(url.expose()).await.map_err(unfit)?;
    let name = config.database.to_string();
    let found = find(&name, stands, key_file, make)?;
    let now = SystemClock.now();
    let mut options = PgOptions::new(url.expose(), found.keys, now);
    options.node = node.to_owned();
    options.make = found.make;
    options.audit_kept = config.audit_kept;
    let key_file = found.first.as_deref().unwrap_or(key_file);
    let locked = lock(key_file)?;
    options.place = place(&locked).map_err(|fault| Fault::Run(format!("{}: {fault}", key_file.display())))?;
    options.lock = Some(Arc::new(locked));
    options.fatal = Arc::new(die);
    options.fenced = Arc::new(leave);
    let store = store::postgres::open(options).await.map_err(|fault| match fault {
        PgOpenError::Empty { .. } => alone(&name, key_file),
        fault => unfit(fault),
    })?;
    Ok((store, found.first))
}

/// Which file this is, among all machines: while this machine is on, a lock on it tells that its last holder is dead. Without
/// the system's word for that it is nobody's, and a node that was killed waits for the end of its lease.
fn place(locked: &File) -> io::Result<String> {
    let file = locked.metadata()?;
    let since = std::fs::read_to_string("/proc/sys/kernel/random/boot_id")
        .unwrap_or_else(|_| random::new_id(SystemClock.now()).to_string());
    Ok(format!("{} {} {}", since.trim(), file.dev(), file.ino()))
}

/// What somebody has to set otherwise is a fault of the configuration; what may pass by itself is not.
fn unfit(fault: PgOpenError) -> Fault {
    match fault {
        PgOpenError::Away { .. } | PgOpenError::Database { .. } | PgOpenError::NameTaken { .. } => {
            Fault::Run(fault.to_string())
        }
        _ => Fault::Config(ConfigFault::new(fault.to_string())),
    }
}

/// Two processes of one node would answer twice: the key file, which each node has for itself, is locked as long as one runs.
fn lock(key_file: &Path) -> Result<File, Fault> {
    let failed = |fault: &dyn std::fmt::Display| Fault::Run(format!("{}: {fault}", key_file.display()));
    let file = File::open(key_file).map_err(|fault| failed(&fault))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => {
            Err(failed(&"in use by another process; two servers of one node would answer twice: stop the other one"))
        }
        Err(TryLockError::Error(fault)) => Err(failed(&fault)),
    }
}

fn find(database: &str, stands: bool, key_file: &Path, make: Make) -> Result<Found, Fault> {
    let failed = |path: &Path, fault: &dyn std::fmt::Display| Fault::Run(format!("{}: {fault}", path.display()));
    let load = |path: &Path| Keys::load(path).map_err(|fault| Fault::Run(fault.to_string()));
    // a link that leads nowhere is a key that is missed, not none
    let has_key = there(key_file).map_err(|fault| failed(key_file, &fault))?;
    match (has_key, stands, make) {
        (true, true, Make::NewDatabase) => Err(Fault::Usage(format!(
            "--new-database: there is one, {database}; move it away if you mean to begin without it"
        ))),
        (true, false, Make::FirstOnly) => Err(alone(database, key_file)),
        (true, _, _) => Ok(Found { keys: load(key_file)?, make: make == Make::NewDatabase, first: None }),
        (false, ..) => {
            let first = key_file.with_extension("key.first");
            let begun = there(&first).map_err(|fault| failed(&first, &fault))?;
            if stands && !begun {
                return Err(Fault::Run(format!(
                    "the key file {} is missing; without it nobody can read the database {database}: restore it from the \
                     backup, or copy it from another node (none is made: a new one would be of no use)",
                    key_file.display(),
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

fn alone(database: &str, key_file: &Path) -> Fault {
    Fault::Run(format!(
        "the key file {} is there, but its database {database} is missing or empty: restore the database from the backup, or mount \
         its disk; an empty one is made by chrak migrate --config FILE --new-database",
        key_file.display()
    ))
}

/// After an I/O error nobody knows what is on the disk: the process ends, and the next start looks.
fn die(why: &str) {
    tracing::error!("the database failed in a way that leaves its state open ({why}); ending the process");
    // the log has a thread of its own, which ends with us
    telemetry::flush(LAST_WORDS);
    std::process::abort();
}

/// What was in hand here is another node's by now: nothing of it may go on. The connections to telcos end with the process, and
/// whoever runs this node starts it anew.
fn leave(why: &str) {
    tracing::error!("{why}; ending the process, to be started anew");
    telemetry::flush(LAST_WORDS);
    std::process::exit(1);
}

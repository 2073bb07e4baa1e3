//! How PostgreSQL fails: at its opening, in words for the operator; in a commit and in a read, as what the caller may do
//! about it. Knows SQLSTATE (Appendix A of PostgreSQL's manual).
use super::conn::is_lost;
use crate::{
    ports::StoreFault,
    store::{conn::DbError, engine::Failure},
};

/// Why a database cannot be used; the text is for the operator. `at` names the server, its database and its user; never
/// the password.
#[derive(Debug, thiserror::Error)]
pub enum PgOpenError {
    /// The address cannot be read.
    #[error("database.url: {0}; it must be postgres://USER@HOST:PORT/DATABASE")]
    Address(String),
    /// Nothing answers, or it refuses the login.
    #[error("the database {at} cannot be reached: {source}; check database.url, the server and its pg_hba.conf")]
    Away {
        /// The database.
        at: String,
        /// What went wrong.
        source: sqlx::Error,
    },
    /// A setting on which durability rests is another one.
    #[error("the database {at} has {name} = {found}: what is acknowledged could be lost; set it to {wanted}")]
    Setting {
        /// The database.
        at: String,
        /// The setting.
        name: &'static str,
        /// What it is.
        found: String,
        /// What it should be.
        wanted: &'static str,
    },
    /// A standby, or a database that takes no writes.
    #[error(
        "the database {at} takes no writes (it is a standby, or read-only): name the primary, or add \
             target_session_attrs to the proxy before it"
    )]
    ReadOnly {
        /// The database.
        at: String,
    },
    /// Its server is too old.
    #[error("the database {at} is PostgreSQL {found}: 13 or newer is needed")]
    Old {
        /// The database.
        at: String,
        /// Its version.
        found: String,
    },
    /// A pooler that was not told of.
    #[error(
        "the database {at} is behind a pooler: add ?statement-cache-capacity=0 to database.url, so that nothing is kept in \
             a session (its pool_mode must be session or transaction)"
    )]
    Pooled {
        /// The database.
        at: String,
    },
    /// A pooler takes transactions apart.
    #[error(
        "the database {at} is behind a pooler that takes transactions apart (pool_mode = statement): set pool_mode to \
             session or transaction, and with transaction add ?statement-cache-capacity=0 to database.url"
    )]
    Pooler {
        /// The database.
        at: String,
    },
    /// Its clock and ours differ.
    #[error("the clock of the database {at} and of this machine are {seconds} s apart: set both by NTP")]
    Clock {
        /// The database.
        at: String,
        /// How far.
        seconds: i64,
    },
    /// It was written by a newer version.
    #[error("the database {at} is at migration {found}, this build knows {known}; run a newer chrak")]
    Newer {
        /// The database.
        at: String,
        /// Its migration.
        found: i64,
        /// The newest migration in this program.
        known: i64,
    },
    /// It was sealed with other keys.
    #[error("the database {at} was sealed with another key file: copy the key file of its first node into data_dir")]
    WrongKey {
        /// The database.
        at: String,
    },
    /// There is nothing in it, and nothing is to be made.
    #[error("the database {at} is empty, and the key file is of another one; restore the database from the backup")]
    Empty {
        /// The database.
        at: String,
    },
    /// Another node of this name works on it.
    #[error(
        "on the database {at} another node has the name \"{node}\", for {seconds} s from now at least: give each node a name \
             of its own (database.node), or stop that one and start again when they are over"
    )]
    NameTaken {
        /// The database.
        at: String,
        /// The node.
        node: String,
        /// The rest of its lease.
        seconds: i64,
    },
    /// Anything else.
    #[error("the database {at} cannot be opened: {source}")]
    Database {
        /// The database.
        at: String,
        /// What it said.
        source: DbError,
    },
}

impl PgOpenError {
    /// Why no connection came about.
    pub(super) fn away(at: &str, source: sqlx::Error) -> Self {
        let at = at.to_owned();
        // what pgbouncer says to bounds at the connection
        let pooled = source.as_database_error().is_some_and(|error| error.message().contains("startup parameter"));
        if pooled { PgOpenError::Pooled { at } } else { PgOpenError::Away { at, source } }
    }
}

/// SQLSTATE, where the server gave one.
pub(super) fn state(error: &DbError) -> Option<String> {
    match error {
        DbError::Postgres(sqlx::Error::Database(error)) => error.code().map(|code| code.into_owned()),
        _ => None,
    }
}

/// Whether the connection is gone with it.
pub(super) fn is_away(error: &DbError) -> bool {
    matches!(error, DbError::Postgres(error) if is_lost(error))
}

/// Whether the same may succeed at once: a deadlock, or a row that somebody else had.
pub(super) fn is_rolled_back(error: &DbError) -> bool {
    state(error).is_some_and(|state| state.starts_with("40"))
}

/// What a failure means.
pub(super) fn judge(error: &DbError) -> Failure {
    if let DbError::Uncertain(_) = error {
        return Failure::Unknown;
    }
    if is_away(error) || matches!(error, DbError::Fenced) {
        return Failure::Busy;
    }
    match state(error) {
        // rolled back, resources, prerequisites (locks), intervention, the system; a transaction that takes no writes
        Some(state) if ["40", "53", "55", "57", "58"].iter().any(|class| state.starts_with(class)) => Failure::Busy,
        Some(state) if state == "25006" || state == "25P03" => Failure::Busy,
        _ => Failure::Operation,
    }
}

/// The fault that a failed read is for its caller.
pub(super) fn of_read(error: &DbError) -> StoreFault {
    tracing::error!(%error, "reading the database");
    StoreFault::Busy
}

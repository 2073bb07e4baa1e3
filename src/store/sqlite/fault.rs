//! How the database fails: at its opening, in words for the operator; in a commit and in a read, as what the caller may
//! do about it. Knows the codes of SQLite's errors.
use super::{
    conn::of_sqlite,
    room::{NoRoom, Room},
};
use crate::{
    ports::StoreFault,
    store::{conn::DbError, engine::Failure},
};
use std::{
    io,
    path::{Path, PathBuf},
};

/// Why a database cannot be used; the text is for the operator.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The file or its directory cannot be read, written or made.
    #[error("cannot use the database {path}: {source}")]
    Path {
        /// What could not be used.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Another process has it.
    #[error(
        "the database {path} is in use by another process; two servers on one database would answer twice: stop the other one"
    )]
    Locked {
        /// The database.
        path: PathBuf,
    },
    /// It is not there, or holds nothing, and none is to be made.
    #[error("the database {path} is missing or empty; restore it from the backup")]
    Missing {
        /// Where it should be.
        path: PathBuf,
    },
    /// It has a second name, and SQLite keeps another journal for each.
    #[error(
        "the database {path} has {names} names (hard links), and what was written under another one may be missed; keep one name of it"
    )]
    Names {
        /// The database.
        path: PathBuf,
        /// How many.
        names: u64,
    },
    /// The file is something else.
    #[error("{path} is not a database; restore it from the backup or choose another path")]
    NotADatabase {
        /// The file.
        path: PathBuf,
    },
    /// It was written by a newer version.
    #[error("database {path} is at migration {found}, this build knows {known}; run a newer chrak")]
    Newer {
        /// The database.
        path: PathBuf,
        /// Its migration.
        found: i64,
        /// The newest migration in this program.
        known: i64,
    },
    /// A setting on which durability rests was not taken.
    #[error("the database {path} does not hold {name} = {wanted} (it says {found})")]
    Pragma {
        /// The database.
        path: PathBuf,
        /// The setting.
        name: &'static str,
        /// What it must be.
        wanted: i64,
        /// What it is.
        found: String,
    },
    /// No room is left.
    #[error("no room for the database {path}: {source}; make room on that disk")]
    Full {
        /// The database.
        path: PathBuf,
        /// How much.
        source: NoRoom,
    },
    /// It is damaged.
    #[error("the database {path} is damaged ({detail}); restore it from the backup")]
    Corrupt {
        /// The database.
        path: PathBuf,
        /// The first thing found.
        detail: String,
    },
    /// It was sealed with other keys.
    #[error("the database {path} was sealed with another key file; restore the key file that belongs to it")]
    WrongKey {
        /// The database.
        path: PathBuf,
    },
    /// Anything else.
    #[error("cannot open the database {path}: {source}")]
    Database {
        /// The database.
        path: PathBuf,
        /// What it said.
        source: DatabaseError,
    },
}

/// What the database said: to a statement of ours, or of those that bring it to this build's schema.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    /// A statement.
    #[error(transparent)]
    Statement(#[from] DbError),
    /// A migration.
    #[error(transparent)]
    Migration(#[from] sqlx::Error),
}

impl DatabaseError {
    /// The primary code (SQLite, "Result and Error Codes", §3), without what an extended one says more.
    fn code(&self) -> Option<i32> {
        match self {
            DatabaseError::Statement(error) => of_sqlite(error).and_then(code),
            DatabaseError::Migration(sqlx::Error::Database(error)) => {
                error.code().and_then(|code| code.parse::<i32>().ok()).map(|code| code & 0xff)
            }
            DatabaseError::Migration(_) => None,
        }
    }
}

impl From<rusqlite::Error> for DatabaseError {
    fn from(error: rusqlite::Error) -> Self {
        DatabaseError::Statement(error.into())
    }
}

impl OpenError {
    pub(super) fn of(path: &Path, source: impl Into<DatabaseError>) -> Self {
        let (path, source) = (path.to_owned(), source.into());
        match source.code() {
            Some(5 | 6) => OpenError::Locked { path },
            Some(8) => OpenError::Path { path, source: io::ErrorKind::ReadOnlyFilesystem.into() },
            Some(11) => OpenError::Corrupt { path, detail: source.to_string() },
            Some(13) => OpenError::Full { source: Room::of(&path).lacking(), path },
            Some(14) => OpenError::Path { path, source: io::Error::other(source) },
            Some(26) => OpenError::NotADatabase { path },
            _ => OpenError::Database { path, source },
        }
    }
}

/// The primary code (SQLite, "Result and Error Codes", §3), without what an extended one says more.
fn code(error: &rusqlite::Error) -> Option<i32> {
    error.sqlite_error().map(|error| error.extended_code & 0xff)
}

/// Whether there was no room.
pub(super) fn is_full(error: &DbError) -> bool {
    of_sqlite(error).and_then(code) == Some(13)
}

/// What a failure means.
pub(super) fn judge(error: &DbError) -> Failure {
    if let DbError::Uncertain(_) = error {
        return Failure::Unknown;
    }
    match of_sqlite(error).and_then(code) {
        // BUSY, LOCKED, NOMEM, READONLY, FULL, CANTOPEN
        Some(5 | 6 | 7 | 8 | 13 | 14) => Failure::Busy,
        // IOERR, CORRUPT, NOTADB
        Some(10 | 11 | 26) => Failure::Fatal,
        _ => Failure::Operation,
    }
}

/// The fault that a failed read is for its caller.
pub(super) fn of_read(error: &DbError) -> StoreFault {
    tracing::error!(%error, "reading the database");
    match judge(error) {
        Failure::Fatal | Failure::Unknown => StoreFault::Unknown,
        Failure::Busy | Failure::Operation => StoreFault::Busy,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A fault as SQLite tells it: its code, extended or not.
    fn told(code: i32) -> DbError {
        rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(code), None).into()
    }

    /// The codes of "Result and Error Codes"; 522 and 1032 are extended ones of 10 and 8.
    #[test]
    fn every_code_of_sqlite_is_told_as_what_it_is() {
        for (code, opening, writing, full) in [
            (5, "locked", "busy", false),
            (6, "locked", "busy", false),
            (7, "another", "busy", false),
            (8, "path", "busy", false),
            (1032, "path", "busy", false),
            (11, "corrupt", "fatal", false),
            (13, "full", "busy", true),
            (14, "path", "busy", false),
            (26, "no database", "fatal", false),
            (10, "another", "fatal", false),
            (522, "another", "fatal", false),
            (19, "another", "operation", false),
        ] {
            let opened = match OpenError::of(Path::new("chrak.db"), told(code)) {
                OpenError::Locked { .. } => "locked",
                OpenError::Path { .. } => "path",
                OpenError::Corrupt { .. } => "corrupt",
                OpenError::Full { .. } => "full",
                OpenError::NotADatabase { .. } => "no database",
                _ => "another",
            };
            let written = match judge(&told(code)) {
                Failure::Operation => "operation",
                Failure::Busy => "busy",
                Failure::Fatal => "fatal",
                Failure::Unknown => "unknown",
            };
            assert_eq!((opened, written, is_full(&told(code))), (opening, writing, full), "{code}");
        }
    }
}

//! A database looked at, or mended, from beside the server that works on it: by a command, over a connection of its own and for a
//! moment. It must not know what is looked for.
use super::{
    conn::{Both, Conn, DbError, Sql},
    postgres::{self, PgOpenError},
    seal::Keys,
    sqlite::{self, Access, OpenError},
};
use std::{io, path::PathBuf};

/// Where a database is.
#[derive(Clone, Debug)]
pub enum Place {
    /// A file of SQLite.
    File(PathBuf),
    /// PostgreSQL: its URL.
    Server(String),
}

/// Why it cannot be looked at; the text is for the operator.
#[derive(Debug, thiserror::Error)]
pub enum LookError {
    /// SQLite's file cannot be opened.
    #[error(transparent)]
    File(#[from] OpenError),
    /// PostgreSQL cannot be reached.
    #[error(transparent)]
    Server(#[from] PgOpenError),
    /// It has not the tables of this version.
    #[error("{0}: its tables are of an older version; run: chrak migrate --config FILE")]
    Older(String),
    /// It belongs to another key file.
    #[error("{0}: the key file is of another database; restore the one that was made with it")]
    WrongKey(String),
    /// The database said so.
    #[error("{0}: {1}")]
    Database(String, DbError),
    /// A file of it cannot be looked through.
    #[error("{0}: {1}")]
    Search(PathBuf, io::Error),
    /// The thread that asked broke off.
    #[error("the look at the database broke off")]
    Broken,
}

/// Asks a database something over a connection of its own.
///
/// # Errors
/// When it cannot be opened, has other keys or tables, or what is asked fails.
pub async fn at<T: Send + 'static>(
    place: Place,
    access: Access,
    keys: Keys,
    ask: impl FnOnce(&Conn, &Keys) -> Sql<T> + Send + 'static,
) -> Result<T, LookError> {
    // a connection waits for its answers, which only such a thread may
    let asked = tokio::task::spawn_blocking(move || {
        let (conn, name) = match &place {
            Place::File(path) => (sqlite::beside(path, access)?, path.display().to_string()),
            Place::Server(url) => postgres::beside(url)?,
        };
        let failed = |error| LookError::Database(name.clone(), error);
        if !is_of_this_version(&conn).map_err(failed)? {
            return Err(LookError::Older(name));
        }
        let mark: Option<Vec<u8>> =
            conn.find("SELECT value FROM meta WHERE name = 'key_check'", &[], |row| row.get(0)).map_err(failed)?;
        if mark.is_none_or(|mark| keys.open(b"meta", "key_check", &mark).is_err()) {
            return Err(LookError::WrongKey(name));
        }
        let told = ask(&conn, &keys).map_err(failed)?;
        conn.close().map_err(failed)?;
        Ok(told)
    });
    asked.await.map_err(|_| LookError::Broken)?
}

/// Whether the youngest of its tables is there.
fn is_of_this_version(conn: &Conn) -> Sql<bool> {
    let found: i64 = conn.value("SELECT count(*) FROM _sqlx_migrations WHERE description = 'operating'", &[])?;
    Ok(found > 0)
}

/// Changes something beside the server, in a transaction of its own.
///
/// # Errors
/// What the database says; then nothing is changed.
pub fn change<T>(conn: &Conn, change: impl FnOnce() -> Sql<T>) -> Sql<T> {
    conn.execute(BEGIN, &[])?;
    match change() {
        Ok(changed) => conn.execute("COMMIT", &[]).map(|_| changed),
        Err(error) => {
            // fails where the database has rolled back by itself
            let _ = conn.execute("ROLLBACK", &[]);
            Err(error)
        }
    }
}

const BEGIN: Both = Both { sqlite: "BEGIN IMMEDIATE", postgres: "BEGIN" };

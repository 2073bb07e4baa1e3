//! A connection to SQLite that one thread uses at a time, and how a statement is asked on it: at once, on the thread that
//! asks. It must not know what statements ask.
use rusqlite::{Connection, OpenFlags, Params, types::FromSql};
use std::{path::Path, time::Duration};

pub use rusqlite::{Row, params};

/// What the database said.
pub type Sql<T> = Result<T, rusqlite::Error>;

/// Statements kept prepared: about sixteen kinds in fourteen sizes, and the single ones.
const STATEMENTS: usize = 320;

/// What every connection is told first.
const COMMON: [(&str, &str); 5] = [
    ("foreign_keys", "ON"),
    ("trusted_schema", "OFF"),
    ("cell_size_check", "ON"),
    ("mmap_size", "0"),
    ("temp_store", "MEMORY"),
];

/// What a connection may do.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Reading only.
    Read,
    /// Reading and writing.
    Write,
}

/// A connection.
pub struct Conn(Connection);

impl Conn {
    /// Opens a file that is there.
    pub fn open(path: &Path, access: Access) -> Sql<Self> {
        let access = match access {
            Access::Read => OpenFlags::SQLITE_OPEN_READ_ONLY,
            Access::Write => OpenFlags::SQLITE_OPEN_READ_WRITE,
        };
        // who uses it takes care that nobody else does meanwhile
        let flags = access | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_EXRESCODE;
        let conn = Connection::open_with_flags(path, flags)?;
        conn.busy_timeout(Duration::from_secs(5))?;
        conn.set_prepared_statement_cache_capacity(STATEMENTS);
        let conn = Conn(conn);
        for (name, value) in COMMON {
            conn.set(name, value)?;
        }
        Ok(conn)
    }

    /// Sets a pragma. One that was refused is not told of: read it back.
    pub fn set(&self, name: &str, value: &str) -> Sql<()> {
        self.0.pragma_update(None, name, value)
    }

    /// Carries a statement out that returns nothing; tells how many rows it changed.
    pub fn execute(&self, sql: &str, params: impl Params) -> Sql<u64> {
        Ok(self.0.prepare_cached(sql)?.execute(params)? as u64)
    }

    /// The only row.
    pub fn one<T>(&self, sql: &str, params: impl Params, read: impl FnOnce(&Row<'_>) -> Sql<T>) -> Sql<T> {
        self.0.prepare_cached(sql)?.query_row(params, read)
    }

    /// The first row, if there is one.
    pub fn find<T>(&self, sql: &str, params: impl Params, read: impl FnOnce(&Row<'_>) -> Sql<T>) -> Sql<Option<T>> {
        match self.one(sql, params, read) {
            Err(rusqlite::Error::QueryReturnedNoRows) => Ok(None),
            found => found.map(Some),
        }
    }

    /// The only value of the only row.
    pub fn value<T: FromSql>(&self, sql: &str, params: impl Params) -> Sql<T> {
        self.one(sql, params, |row| row.get(0))
    }

    /// All rows.
    pub fn rows<T>(&self, sql: &str, params: impl Params, read: impl FnMut(&Row<'_>) -> Sql<T>) -> Sql<Vec<T>> {
        self.0.prepare_cached(sql)?.query_map(params, read)?.collect()
    }

    /// A statement, prepared and kept.
    pub fn prepared(&self, sql: &str) -> Sql<rusqlite::CachedStatement<'_>> {
        self.0.prepare_cached(sql)
    }

    /// Closes it, and tells what went wrong.
    pub fn close(self) -> Sql<()> {
        self.0.close().map_err(|(_, error)| error)
    }
}

/// What stands in the database is not what this program writes.
pub fn undecodable(why: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(0, rusqlite::types::Type::Null, why.into())
}

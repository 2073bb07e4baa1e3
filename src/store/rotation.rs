//! Keys and the database that they belong to, from beside the server: what a rotation leaves there, and what is sealed with which
//! generation. It must not know who asks.
use super::{
    conn::{Conn, DbError, Sql, params},
    look::{self, LookError, Place},
    seal::Keys,
    sql::audit,
    sqlite::Access,
};
use crate::{
    ports::audit::{Entry, Who},
    types::UnixMs,
};

/// Sealed values by age.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sealed {
    /// All there are.
    pub all: i64,
    /// Those that an older generation sealed.
    pub older: i64,
}

/// Has the database ask for this generation from now on: a start with an older copy of the key file is refused. Writes the audit
/// log's row of the rotation.
///
/// # Errors
/// When the database does not take it.
pub async fn mark(place: Place, keys: Keys, now: UnixMs) -> Result<(), LookError> {
    look::at(place, Access::Write, keys, move |conn, keys| {
        let sealed = keys.seal(b"meta", "key_check", b"chrak");
        let sealed = sealed.map_err(|fault| DbError::Undecodable(fault.into()))?;
        look::change(conn, || {
            conn.execute("UPDATE meta SET value = ? WHERE name = 'key_check'", params![&sealed])?;
            let entry = Entry::new(now, Who::CommandLine, "key.rotate", "").with("generation", keys.generations());
            audit::append(conn, keys, 0, &[entry]).map(|_| ())
        })
    })
    .await
}

/// How many sealed values there are, and how many an older generation sealed.
///
/// # Errors
/// When the database cannot be looked at.
pub async fn sealed(place: Place, keys: Keys) -> Result<Sealed, LookError> {
    look::at(place, Access::Read, keys, |conn, keys| {
        let youngest = [u8::try_from(keys.generations()).unwrap_or(u8::MAX)];
        let mut sealed = Sealed { all: 0, older: 0 };
        for (table, column) in COLUMNS {
            let (all, older) = counted(conn, table, column, &youngest)?;
            sealed = Sealed { all: sealed.all + all, older: sealed.older + older };
        }
        Ok(sealed)
    })
    .await
}

/// Where something sealed stands.
const COLUMNS: [(&str, &str); 10] = [
    ("inbox", "source"),
    ("inbox", "text"),
    ("inbox", "raw"),
    ("outbox", "destination"),
    ("outbox", "body"),
    ("push", "number"),
    ("push", "payload"),
    ("citizen", "dialogue"),
    ("feedback", "said"),
    ("part", "piece"),
];

fn counted(conn: &Conn, table: &str, column: &str, youngest: &[u8]) -> Sql<(i64, i64)> {
    let sql = format!(
        "SELECT count(*), count(*) FILTER (WHERE substr({column}, 1, 1) <> ?) FROM {table} WHERE {column} IS NOT NULL"
    );
    conn.one(sql.as_str(), params![youngest], |row| Ok((row.get(0)?, row.get(1)?)))
}

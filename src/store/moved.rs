//! All of an office's data from a SQLite file into an empty database of PostgreSQL: in one transaction, counted and summed on both sides
//! before it is committed. Knows no table by name but those that are not alike; must not know who asks.
use super::{
    conn::{Ask, Conn, DbError, Kind, Row, Sql, Value, params, undecodable},
    look::{self, LookError, Place},
    seal::Keys,
    sql::audit,
    sqlite::{self, Access},
};
use crate::{
    ports::audit::{Entry, Who},
    types::UnixMs,
};
use ring::digest::{Context, SHA256};
use std::path::{Path, PathBuf};

/// Rows that go in one statement.
const ROWS: usize = 500;

/// What is not moved: what a database says of itself.
const OWN: [&str; 2] = ["_sqlx_migrations", "scrub"];

/// Rows of a table, and the sum over all their columns, which no order changes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sum {
    /// How many.
    pub rows: u64,
    /// The sum of a digest of each row.
    pub sum: u128,
}

/// What was moved, by table.
pub type Moved = Vec<(String, Sum)>;

/// Why nothing was moved; the text is for the operator.
#[derive(Debug, thiserror::Error)]
pub enum MoveError {
    /// A server works on the file.
    #[error("{0}: a server works on it; stop that first")]
    Lives(PathBuf),
    /// The file cannot be looked at.
    #[error("{0}: {1}")]
    Io(PathBuf, std::io::Error),
    /// One of the databases cannot be opened or asked.
    #[error(transparent)]
    Look(#[from] LookError),
    /// Something is in it already.
    #[error("the database to move to is not empty: there are {rows} rows in {table}; make another one, or empty it")]
    NotEmpty {
        /// Where.
        table: String,
        /// How many.
        rows: i64,
    },
    /// What arrived is not what left.
    #[error("{table}: {left} rows left and {arrived} arrived, or their sums differ; nothing was moved")]
    Differs {
        /// The table.
        table: String,
        /// Rows there.
        left: u64,
        /// Rows here.
        arrived: u64,
    },
}

/// Moves everything; both have their tables already, and nobody works on either.
///
/// # Errors
/// See [`MoveError`]; then the target is as empty as it was.
pub async fn all(file: &Path, url: &str, keys: Keys, now: UnixMs) -> Result<Moved, MoveError> {
    let from = file.to_owned();
    let failed = |source| MoveError::Io(from.clone(), source);
    // held before SQLite opens the file and until it has closed it
    let lock = std::fs::File::open(file).map_err(failed)?;
    if lock.try_lock().is_err() {
        return Err(MoveError::Lives(file.to_owned()));
    }
    let source = file.to_owned();
    let moved = look::at(Place::Server(url.to_owned()), Access::Write, keys, move |to, keys| {
        let from = sqlite::beside(&source, Access::Read).map_err(|fault| undecodable(fault.to_string()))?;
        let moved = look::change(to, || carried(&from, to, keys, now));
        from.close()?;
        Ok(Verdict(moved))
    })
    .await?;
    drop(lock);
    moved.0.map_err(|fault| match fault {
        DbError::Undecodable(why) => match why.downcast::<MoveError>() {
            Ok(known) => *known,
            Err(why) => LookError::Database(file.display().to_string(), DbError::Undecodable(why)).into(),
        },
        fault => LookError::Database(file.display().to_string(), fault).into(),
    })
}

/// What a transaction came to, after which the connection is still good.
struct Verdict(Sql<Moved>);

fn refused(why: MoveError) -> DbError {
    DbError::Undecodable(Box::new(why))
}

fn carried(from: &Conn, to: &Conn, keys: &Keys, now: UnixMs) -> Sql<Moved> {
    for bound in ["statement_timeout", "idle_in_transaction_session_timeout"] {
        to.execute(format!("SET LOCAL {bound} = 0").as_str(), &[])?;
    }
    let mut moved = Vec::new();
    let tables = tables(from)?;
    for table in &tables {
        let rows: i64 = to.value(format!("SELECT count(*) FROM {table} WHERE {}", counts(table)).as_str(), &[])?;
        if rows > 0 {
            return Err(refused(MoveError::NotEmpty { table: table.clone(), rows }));
        }
    }
    for table in tables {
        let columns = columns(from, to, &table)?;
        let left = carry(from, to, &table, &columns)?;
        let arrived = arrived(to, &table, &columns)?;
        if left != arrived {
            let (left, arrived) = (left.rows, arrived.rows);
            return Err(refused(MoveError::Differs { table, left, arrived }));
        }
        moved.push((table, left));
    }
    // the next run has the next number
    to.execute(
        "SELECT setval(pg_get_serial_sequence('incarnation', 'id'), (SELECT coalesce(max(id), 1) FROM incarnation))",
        &[],
    )?;
    let rows: u64 = moved.iter().map(|(_, sum)| sum.rows).sum();
    audit::append(to, keys, 0, &[Entry::new(now, Who::CommandLine, "migrate", "").with("rows", rows)])?;
    Ok(moved)
}

/// Which rows make a database one that is not empty; what the first opening writes does not.
fn counts(table: &str) -> &'static str {
    if table == "meta" { "name NOT IN ('probe', 'key_check')" } else { "true" }
}

/// Which rows are moved.
fn of(table: &str) -> &'static str {
    if table == "meta" { "name <> 'probe'" } else { "true" }
}

fn tables(from: &Conn) -> Sql<Vec<String>> {
    let sql =
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name";
    let all = from.rows(sql, &[], |row| row.get::<String>(0))?;
    Ok(all.into_iter().filter(|name| !OWN.contains(&name.as_str())).collect())
}

/// The columns of a table in SQLite, with their kinds in PostgreSQL. One that is missing there would be lost.
fn columns(from: &Conn, to: &Conn, table: &str) -> Sql<Vec<(String, Kind)>> {
    let names = from.rows("SELECT name FROM pragma_table_info(?)", params![table], |row| row.get::<String>(0))?;
    let sql = "SELECT CAST(column_name AS TEXT), CAST(data_type AS TEXT) FROM information_schema.columns \
        WHERE table_schema = current_schema() AND table_name = ?";
    let there = to.rows(sql, params![table], |row| Ok((row.get::<String>(0)?, row.get::<String>(1)?)))?;
    let kind = |name: String| {
        let of = there.iter().find(|(other, _)| *other == name).map(|(_, kind)| kind.as_str());
        match of {
            Some("bigint") => Ok((name, Kind::Integer)),
            Some("text") => Ok((name, Kind::Text)),
            Some("bytea") => Ok((name, Kind::Blob)),
            _ => Err(undecodable(format!("{table}.{name} has no place in PostgreSQL"))),
        }
    };
    names.into_iter().map(kind).collect()
}

/// A value of a row that outlives it.
enum Own {
    Null,
    Integer(i64),
    Text(String),
    Blob(Vec<u8>),
}

impl Own {
    fn of(value: Value<'_>) -> Self {
        match value {
            Value::Null(_) => Own::Null,
            Value::Integer(number) => Own::Integer(number),
            Value::Text(text) => Own::Text(text.to_owned()),
            Value::Blob(octets) => Own::Blob(octets.to_vec()),
        }
    }

    fn value(&self, kind: Kind) -> Value<'_> {
        match self {
            Own::Null => Value::Null(kind),
            Own::Integer(number) => Value::Integer(*number),
            Own::Text(text) => Value::Text(text),
            Own::Blob(octets) => Value::Blob(octets),
        }
    }
}

impl Sum {
    /// One row more.
    fn add<'a>(&mut self, row: impl Iterator<Item = Value<'a>>) {
        let mut context = Context::new(&SHA256);
        for value in row {
            let (kind, octets): (u8, &[u8]) = match &value {
                Value::Null(_) => (0, &[]),
                Value::Integer(number) => (1, &number.to_be_bytes()),
                Value::Text(text) => (2, text.as_bytes()),
                Value::Blob(octets) => (3, octets),
            };
            context.update(&[kind]);
            context.update(&(octets.len() as u64).to_be_bytes());
            context.update(octets);
        }
        let digest = context.finish();
        let first = digest.as_ref().first_chunk::<16>().map_or(0, |first| u128::from_be_bytes(*first));
        self.rows += 1;
        self.sum = self.sum.wrapping_add(first);
    }
}

fn read(row: &Row<'_>, columns: &[(String, Kind)], table: &str) -> Sql<Vec<Own>> {
    let mut values = Vec::with_capacity(columns.len());
    for (at, (name, kind)) in columns.iter().enumerate() {
        let value = row.value(at)?;
        if !matches!(value, Value::Null(_)) && value.kind() != *kind {
            return Err(undecodable(format!("{table}.{name} holds something else than it should")));
        }
        values.push(Own::of(value));
    }
    Ok(values)
}

fn names(columns: &[(String, Kind)]) -> String {
    columns.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(", ")
}

/// Copies a table; what left.
fn carry(from: &Conn, to: &Conn, table: &str, columns: &[(String, Kind)]) -> Sql<Sum> {
    let (mut sum, mut held) = (Sum::default(), Vec::new());
    let select = format!("SELECT {} FROM {table} WHERE {}", names(columns), of(table));
    from.ask(&Ask::One { sql: &select, values: &[] }, &mut |row| {
        let row = read(row, columns, table)?;
        sum.add(row.iter().zip(columns).map(|(value, (_, kind))| value.value(*kind)));
        held.extend(row);
        if held.len() >= ROWS * columns.len() {
            put(to, table, columns, &std::mem::take(&mut held))?;
        }
        Ok(())
    })?;
    put(to, table, columns, &held)?;
    Ok(sum)
}

fn put(to: &Conn, table: &str, columns: &[(String, Kind)], rows: &[Own]) -> Sql<()> {
    if rows.is_empty() {
        return Ok(());
    }
    let values: Vec<Value<'_>> =
        rows.iter().zip(columns.iter().cycle()).map(|(value, (_, kind))| value.value(*kind)).collect();
    let names = names(columns);
    let (head, tail) = match table {
        // of nodes that are no more, whose leases are over; no two have one name
        "incarnation" => (
            format!(
                "INSERT INTO incarnation ({names}, node, lease_until) OVERRIDING SYSTEM VALUE \
                 SELECT x.*, 'sqlite-' || x.id, 0 FROM ("
            ),
            format!(") AS x ({names})"),
        ),
        "meta" => (
            format!("INSERT INTO meta ({names})"),
            " ON CONFLICT (name) DO UPDATE SET value = excluded.value".to_owned(),
        ),
        _ => (format!("INSERT INTO {table} ({names})"), String::new()),
    };
    let ask = Ask::Rows { head: &head, tail: &tail, values: &values, columns: columns.len(), repeatable: false };
    to.ask(&ask, &mut |_| Ok(())).map(|_| ())
}

/// What arrived, read back bit by bit.
fn arrived(to: &Conn, table: &str, columns: &[(String, Kind)]) -> Sql<Sum> {
    let declared = format!(
        "DECLARE moved_{table} NO SCROLL CURSOR FOR SELECT {} FROM {table} WHERE {}",
        names(columns),
        of(table)
    );
    to.execute(declared.as_str(), &[])?;
    let fetch = format!("FETCH {ROWS} FROM moved_{table}");
    let mut sum = Sum::default();
    loop {
        let before = sum.rows;
        to.ask(&Ask::One { sql: &fetch, values: &[] }, &mut |row| {
            let row = read(row, columns, table)?;
            sum.add(row.iter().zip(columns).map(|(value, (_, kind))| value.value(*kind)));
            Ok(())
        })?;
        if sum.rows == before {
            break;
        }
    }
    to.execute(format!("CLOSE moved_{table}").as_str(), &[])?;
    Ok(sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sum_is_of_all_rows_in_any_order_and_of_each_column() {
        let sum = |rows: &[[Value<'_>; 2]]| {
            let mut sum = Sum::default();
            rows.iter().for_each(|row| sum.add(row.iter().copied()));
            sum
        };
        let (a, b) = ([Value::Integer(1), Value::Text("x")], [Value::Integer(2), Value::Blob(b"x")]);
        assert_eq!(sum(&[a, b]), sum(&[b, a]));
        assert_ne!(sum(&[a, b]), sum(&[a, a]));
        assert_ne!(sum(&[a]), sum(&[[Value::Integer(1), Value::Blob(b"x")]]), "a text is no octets");
        assert_ne!(sum(&[[Value::Text("ab"), Value::Text("c")]]), sum(&[[Value::Text("a"), Value::Text("bc")]]));
        assert_ne!(
            sum(&[[Value::Null(Kind::Text), Value::Text("")]]),
            sum(&[[Value::Text(""), Value::Null(Kind::Text)]])
        );
        assert_eq!(sum(&[]), Sum::default());
    }
}

//! A connection to SQLite, and how what is asked is written for it: statements are carried out at once, on the thread that
//! asks. It must not know what statements ask.
use crate::store::conn::{Ask, Columns, Connection, DbError, Dialect, Kind, Row, Sql, Value, undecodable};
use rusqlite::{
    CachedStatement, OpenFlags,
    config::DbConfig,
    types::{ToSqlOutput, ValueRef},
};
use std::{path::Path, time::Duration};

/// Statements kept prepared: about sixteen kinds in fourteen sizes, and the single ones.
const STATEMENTS: usize = 320;

/// Most rows of one statement: 128 rows of 21 values stay far below SQLite's 32,766 parameters.
const STATEMENT_ROWS_MAX: usize = 128;

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

/// A connection to a file.
pub struct SqliteConn(rusqlite::Connection);

impl SqliteConn {
    /// Opens a file that is there.
    pub fn open(path: &Path, access: Access) -> Result<Self, rusqlite::Error> {
        let access = match access {
            Access::Read => OpenFlags::SQLITE_OPEN_READ_ONLY,
            Access::Write => OpenFlags::SQLITE_OPEN_READ_WRITE,
        };
        // who uses it takes care that nobody else does meanwhile
        let flags = access | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_EXRESCODE;
        let conn = rusqlite::Connection::open_with_flags(path, flags)?;
        conn.busy_timeout(Duration::from_secs(5))?;
        conn.set_prepared_statement_cache_capacity(STATEMENTS);
        // or a statement that compares a value with what a partial index holds is planned anew for each other value: a
        // twelfth of the writer's time
        conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
        let conn = SqliteConn(conn);
        for (name, value) in COMMON {
            conn.set(name, value)?;
        }
        Ok(conn)
    }

    /// Sets a pragma. One that was refused is not told of: read it back.
    pub fn set(&self, name: &str, value: &str) -> Result<(), rusqlite::Error> {
        self.0.pragma_update(None, name, value)
    }

    fn carry_out<'v>(
        &self,
        sql: &str,
        values: impl Iterator<Item = Value<'v>>,
        each: &mut dyn FnMut(&Row<'_>) -> Sql<()>,
    ) -> Sql<u64> {
        let mut statement = self.0.prepare_cached(sql)?;
        bind(&mut statement, values)?;
        let mut rows = statement.raw_query();
        while let Some(row) = rows.next()? {
            each(&Row::of(row))?;
        }
        drop(rows);
        Ok(self.0.changes())
    }

    /// Rows in runs, as one statement has only so many places.
    fn carry_out_rows(&self, ask: &Table<'_>, each: &mut dyn FnMut(&Row<'_>) -> Sql<()>) -> Sql<u64> {
        let mut changed = 0;
        for run in ask.values.chunks(STATEMENT_ROWS_MAX * ask.columns) {
            let count = run.len() / ask.columns;
            let size = size_for(count);
            let mut sql = String::from(ask.head);
            if !ask.repeatable {
                sql.push_str(" SELECT * FROM (");
            }
            sql.push_str("VALUES ");
            tuples(&mut sql, size, ask.columns);
            if !ask.repeatable {
                sql.push_str(") LIMIT ?");
            }
            sql.push_str(ask.tail);
            let filled = filled(count).flat_map(|row| run[row * ask.columns..(row + 1) * ask.columns].iter().copied());
            let limit = (!ask.repeatable).then(|| Value::Integer(i64::try_from(count).unwrap_or(i64::MAX)));
            changed += self.carry_out(&sql, filled.chain(limit), each)?;
        }
        Ok(changed)
    }

    fn carry_out_keys(
        &self,
        (head, tail): (&str, &str),
        before: Option<Value<'_>>,
        keys: &[&[u8]],
        each: &mut dyn FnMut(&Row<'_>) -> Sql<()>,
    ) -> Sql<u64> {
        let mut changed = 0;
        for run in keys.chunks(STATEMENT_ROWS_MAX) {
            let mut sql = String::from(head);
            tuples(&mut sql, 1, size_for(run.len()));
            sql.push_str(tail);
            let filled = filled(run.len()).map(|row| Value::Blob(run[row]));
            changed += self.carry_out(&sql, before.into_iter().chain(filled), each)?;
        }
        Ok(changed)
    }
}

/// A statement over rows.
struct Table<'a> {
    head: &'a str,
    tail: &'a str,
    values: &'a [Value<'a>],
    columns: usize,
    repeatable: bool,
}

impl Connection for SqliteConn {
    fn dialect(&self) -> Dialect {
        Dialect::Sqlite
    }

    fn ask(&mut self, ask: &Ask<'_>, each: &mut dyn FnMut(&Row<'_>) -> Sql<()>) -> Sql<u64> {
        match *ask {
            Ask::One { sql, values } => self.carry_out(sql, values.iter().copied(), each),
            Ask::Rows { head, tail, values, columns, repeatable } => {
                self.carry_out_rows(&Table { head, tail, values, columns, repeatable }, each)
            }
            Ask::Keys { head, before, keys, tail } => self.carry_out_keys((head, tail), before, keys, each),
        }
    }

    fn close(self: Box<Self>) -> Sql<()> {
        self.0.close().map_err(|(_, error)| error.into())
    }
}

/// Each place gets its value; a statement with more or fewer places is a fault of ours.
fn bind<'v>(statement: &mut CachedStatement<'_>, values: impl Iterator<Item = Value<'v>>) -> Sql<()> {
    let mut bound = 0;
    for value in values {
        bound += 1;
        let value = match value {
            Value::Null(_) => ValueRef::Null,
            Value::Integer(number) => ValueRef::Integer(number),
            Value::Text(text) => ValueRef::Text(text.as_bytes()),
            Value::Blob(octets) => ValueRef::Blob(octets),
        };
        statement.raw_bind_parameter(bound, ToSqlOutput::Borrowed(value))?;
    }
    let places = statement.parameter_count();
    if bound == places { Ok(()) } else { Err(rusqlite::Error::InvalidParameterCount(bound, places).into()) }
}

impl Columns for rusqlite::Row<'_> {
    fn value(&self, column: usize) -> Sql<Value<'_>> {
        Ok(match self.get_ref(column)? {
            ValueRef::Null => Value::Null(Kind::Blob),
            ValueRef::Integer(number) => Value::Integer(number),
            ValueRef::Text(text) => Value::Text(std::str::from_utf8(text).map_err(undecodable)?),
            ValueRef::Blob(octets) => Value::Blob(octets),
            ValueRef::Real(_) => return Err(undecodable("a number with a point")),
        })
    }
}

/// Numbers of rows that statements are made for. What lies between is filled up by repeating the last row: one statement a
/// run, and few different ones, as each is prepared and kept.
const SIZES: [usize; 14] = [1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, STATEMENT_ROWS_MAX];

/// The smallest size that holds so many rows.
fn size_for(rows: usize) -> usize {
    SIZES.into_iter().find(|size| *size >= rows).unwrap_or(STATEMENT_ROWS_MAX)
}

/// The places of so many rows, filled up to a size.
fn filled(rows: usize) -> impl Iterator<Item = usize> {
    (0..size_for(rows)).map(move |index| index.min(rows - 1))
}

/// `(?, ?), (?, ?)`: rows of values.
fn tuples(sql: &mut String, rows: usize, columns: usize) {
    for row in 0..rows {
        sql.push_str(if row == 0 { "(" } else { ", (" });
        for column in 0..columns {
            sql.push_str(if column == 0 { "?" } else { ", ?" });
        }
        sql.push(')');
    }
}

/// The error that SQLite gave, if it was one.
pub fn of_sqlite(error: &DbError) -> Option<&rusqlite::Error> {
    if let DbError::Sqlite(error) = error { Some(error) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{
        batch::{Tuple, inserts, run, values, within, within_at},
        conn::{Conn, params},
    };

    fn opened() -> (tempfile::TempDir, Conn) {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("x.db");
        std::fs::write(&path, "").expect("made");
        let conn = Conn::new(SqliteConn::open(&path, Access::Write).expect("opened"));
        conn.execute("CREATE TABLE x (n INTEGER PRIMARY KEY, m INTEGER, k BLOB)", &[]).expect("made");
        (folder, conn)
    }

    #[test]
    fn rows_are_covered_in_order_with_few_sizes() {
        for count in [1, 2, 3, 5, 100, 127, 128] {
            let filled: Vec<usize> = filled(count).collect();
            assert!(SIZES.contains(&filled.len()) && filled.len() < 2 * count.max(2));
            assert_eq!(filled[..count], (0..count).collect::<Vec<_>>());
            assert!(filled[count..].iter().all(|row| *row == count - 1));
        }
    }

    #[test]
    fn each_row_is_inserted_once_and_one_that_breaks_a_rule_is_an_error() {
        let (_folder, conn) = opened();
        let insert = |from: i64, to: i64| {
            let rows: Vec<i64> = (from..to).collect();
            let bind = |tuple: &mut Tuple<'_>, n: &i64| {
                tuple.push(*n).push(n * 2);
            };
            run(&conn, inserts("INSERT INTO x (n, m)", &rows, bind))
        };
        let mut from = 0;
        for count in [0, 1, 5, 7, 13, 100, 129, 300] {
            assert_eq!(insert(from, from + count).expect("inserted"), count as u64);
            from += count;
        }
        let read = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?));
        let sum: (i64, i64) = conn.one("SELECT count(*), sum(m) FROM x", &[], read).expect("read");
        assert_eq!(sum, (from, from * (from - 1)));
        assert!(insert(from - 1, from + 4).is_err(), "one is there already");
    }

    #[test]
    fn rows_that_give_way_and_keys_in_runs_are_counted_once() {
        let (_folder, conn) = opened();
        let rows: Vec<i64> = (0..300).collect();
        let taken = values("INSERT INTO x (n, k) ", &rows, " ON CONFLICT DO NOTHING", |tuple, n| {
            tuple.push(*n).push(None::<&[u8]>);
        });
        assert_eq!(run(&conn, taken).expect("taken"), 300);
        let key = |n: i64| n.to_be_bytes();
        for n in 0..300 {
            conn.execute("UPDATE x SET k = ?2 WHERE n = ?1", params![n, &key(n)[..]]).expect("named");
        }
        let keys: Vec<[u8; 8]> = (0..200).map(key).collect();
        assert_eq!(run(&conn, within("UPDATE x SET m = 1 WHERE k IN ", &keys, " AND n >= 100")).expect("run"), 100);
        let head = "WITH v (at) AS (VALUES (?)) UPDATE x SET m = v.at FROM v WHERE k IN ";
        assert_eq!(run(&conn, within_at(7, head, &keys, "")).expect("run"), 200);
        assert_eq!(conn.value::<i64>("SELECT sum(m) FROM x", &[]).expect("read"), 1_400);
    }

    #[test]
    fn a_statement_with_other_places_than_values_is_an_error() {
        let (_folder, conn) = opened();
        for values in [params![1_i64], params![1_i64, 2_i64, 3_i64]] {
            assert!(conn.execute("UPDATE x SET m = ?1 WHERE n = ?2", values).is_err());
        }
    }
}

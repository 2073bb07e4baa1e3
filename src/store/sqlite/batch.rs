//! The writing connection with what is known beside it, and statements over many rows at once. It must not know which
//! operations there are.
use super::{
    conn::{Conn, Row, Sql, undecodable},
    tallies::TallyNames,
};
use crate::{
    ports::StoreFault,
    smpp::message_id::Learned,
    store::{codes::Code, rows::Mac},
};
use rusqlite::types::{ToSqlOutput, ValueRef};
use std::{collections::HashMap, sync::Arc};

/// What an operation comes to for who asked for it.
pub type Verdict<T> = Result<T, StoreFault>;

/// Most rows of one statement: 128 rows of 21 values stay far below SQLite's 32,766 parameters.
const STATEMENT_ROWS_MAX: usize = 128;

/// The writing connection and what is known beside it.
pub struct Db {
    /// The connection, in a transaction.
    pub conn: Conn,
    /// Number of this run, 0 before it has begun.
    pub incarnation: i64,
    /// How many receipts wait for their resp.
    pub orphans: i64,
    /// What receipts have proven of the ids of each family.
    pub learned: HashMap<String, Learned>,
    /// Windows that there may be.
    pub tallies: Arc<TallyNames>,
}

impl Db {
    /// What receipts have proven of a family's ids.
    pub fn learned(&self, family: &str) -> Learned {
        self.learned.get(family).copied().unwrap_or_default()
    }
}

/// Octets of a known length.
pub fn fixed<const N: usize>(row: &Row<'_>, column: usize) -> Sql<[u8; N]> {
    let octets = row.get_ref(column)?.as_blob()?;
    octets.try_into().map_err(|_| undecodable("octets of another length"))
}

/// What stands for a number, where one is known.
pub fn perhaps(row: &Row<'_>, column: usize) -> Sql<Option<Mac>> {
    if row.get_ref(column)? == ValueRef::Null { Ok(None) } else { fixed(row, column).map(Some) }
}

/// A text, not copied.
pub fn text_in<'r>(row: &'r Row<'_>, column: usize) -> Sql<&'r str> {
    Ok(row.get_ref(column)?.as_str()?)
}

/// A state or kind, from its number.
pub fn code<C: Code>(row: &Row<'_>, column: usize) -> Sql<C> {
    C::of_code(row.get(column)?).ok_or_else(|| undecodable("a number that no state has"))
}

/// Numbers of rows that statements are made for. What lies between is filled up by repeating the last row: one statement a
/// run, and few different ones, as each is prepared and kept.
const SIZES: [usize; 14] = [1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, STATEMENT_ROWS_MAX];

/// The smallest size that holds so many rows.
fn size_for(rows: usize) -> usize {
    SIZES.into_iter().find(|size| *size >= rows).unwrap_or(STATEMENT_ROWS_MAX)
}

/// A run of rows, filled up to a size.
fn filled<T>(run: &[T]) -> impl Iterator<Item = &T> {
    (0..size_for(run.len())).filter_map(|index| run.get(index.min(run.len() - 1)))
}

/// What a row holds in one column, borrowed from it.
pub trait Held<'a> {
    /// As SQLite takes it.
    fn held(self) -> ValueRef<'a>;
}

macro_rules! whole_numbers {
    ($($kind:ty),*) => {
        $(impl<'a> Held<'a> for $kind {
            fn held(self) -> ValueRef<'a> {
                ValueRef::Integer(self.into())
            }
        })*
    };
}
whole_numbers!(bool, u8, u16, u32, i64);

impl<'a> Held<'a> for &'a [u8] {
    fn held(self) -> ValueRef<'a> {
        ValueRef::Blob(self)
    }
}

impl<'a> Held<'a> for &'a str {
    fn held(self) -> ValueRef<'a> {
        ValueRef::Text(self.as_bytes())
    }
}

impl<'a, T: Held<'a>> Held<'a> for Option<T> {
    fn held(self) -> ValueRef<'a> {
        self.map_or(ValueRef::Null, Held::held)
    }
}

/// The values of rows, one after the other.
pub struct Tuple<'a>(Vec<ValueRef<'a>>);

impl<'a> Tuple<'a> {
    /// The next column.
    pub fn push(&mut self, value: impl Held<'a>) -> &mut Self {
        self.0.push(value.held());
        self
    }
}

/// A statement with its values.
pub struct Statement<'a> {
    sql: String,
    values: Vec<ValueRef<'a>>,
}

impl Statement<'_> {
    fn bound<'c>(&self, conn: &'c Conn) -> Sql<rusqlite::CachedStatement<'c>> {
        let mut statement = conn.prepared(&self.sql)?;
        for (index, value) in self.values.iter().enumerate() {
            statement.raw_bind_parameter(index + 1, ToSqlOutput::Borrowed(*value))?;
        }
        Ok(statement)
    }
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

/// Statements `head VALUES (…), (…) tail` that cover all rows in order. Where rows are filled up the last one comes more
/// than once, so `head` and `tail` must make that harmless: rows that name what is changed, or that give way to each other
/// (`ON CONFLICT`). What inserts otherwise is [`inserts`].
pub fn values<'a, T>(
    head: &str,
    rows: &'a [T],
    tail: &str,
    bind: impl Fn(&mut Tuple<'a>, &'a T),
) -> Vec<Statement<'a>> {
    rows.chunks(STATEMENT_ROWS_MAX)
        .map(|run| {
            let mut tuple = Tuple(Vec::new());
            let size = size_for(run.len());
            filled(run).for_each(|row| bind(&mut tuple, row));
            let mut sql = String::from(head);
            sql.push_str("VALUES ");
            tuples(&mut sql, size, tuple.0.len() / size);
            sql.push_str(tail);
            Statement { sql, values: tuple.0 }
        })
        .collect()
}

/// Statements that insert all rows in order, each once: those that only fill up are cut off. A row that breaks a rule of
/// the table is an error.
pub fn inserts<'a, T>(into: &str, rows: &'a [T], bind: impl Fn(&mut Tuple<'a>, &'a T)) -> Vec<Statement<'a>> {
    let head = format!("{into} SELECT * FROM (");
    let mut statements = values(&head, rows, ") LIMIT ?", bind);
    for (statement, run) in statements.iter_mut().zip(rows.chunks(STATEMENT_ROWS_MAX)) {
        statement.values.push(ValueRef::Integer(i64::try_from(run.len()).unwrap_or(i64::MAX)));
    }
    statements
}

/// Statements `head (?, ?, …) tail` over all keys; the last run is filled up by repeating a key.
pub fn within<'a, const N: usize>(head: &str, keys: &'a [[u8; N]], tail: &str) -> Vec<Statement<'a>> {
    lists(head, &[], keys, tail)
}

/// As [`within`], after a table `v (at)` with one time in it: `WITH v (at) AS (VALUES (?` comes before `head`.
pub fn within_at<'a, const N: usize>(at: i64, head: &str, keys: &'a [[u8; N]], tail: &str) -> Vec<Statement<'a>> {
    lists(&format!("WITH v (at) AS (VALUES (?{head}"), &[ValueRef::Integer(at)], keys, tail)
}

fn lists<'a, const N: usize>(
    head: &str,
    before: &[ValueRef<'a>],
    keys: &'a [[u8; N]],
    tail: &str,
) -> Vec<Statement<'a>> {
    keys.chunks(STATEMENT_ROWS_MAX)
        .map(|run| {
            let mut sql = String::from(head);
            tuples(&mut sql, 1, size_for(run.len()));
            sql.push_str(tail);
            let values = before.iter().copied().chain(filled(run).map(|key| key[..].held())).collect();
            Statement { sql, values }
        })
        .collect()
}

/// Some rows of a set were not as whoever asked took them to be, which next to never happens: the set is carried out one by
/// one, where each row's own count tells.
pub fn not_all() -> rusqlite::Error {
    rusqlite::Error::QueryReturnedNoRows
}

/// Runs statements and gathers what they return.
pub fn all<T>(conn: &Conn, statements: Vec<Statement<'_>>, mut read: impl FnMut(&Row<'_>) -> Sql<T>) -> Sql<Vec<T>> {
    let mut found = Vec::new();
    for statement in statements {
        let mut bound = statement.bound(conn)?;
        let mut rows = bound.raw_query();
        while let Some(row) = rows.next()? {
            found.push(read(row)?);
        }
    }
    Ok(found)
}

/// Runs statements that return nothing; tells how many rows they changed.
pub fn run(conn: &Conn, statements: Vec<Statement<'_>>) -> Sql<u64> {
    let mut changed = 0;
    for statement in statements {
        changed += statement.bound(conn)?.raw_execute()? as u64;
    }
    Ok(changed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::sqlite::conn::Access;

    #[test]
    fn rows_are_covered_in_order_with_few_sizes() {
        for count in [1, 2, 3, 5, 100, 127, 128] {
            let rows: Vec<usize> = (0..count).collect();
            let filled: Vec<usize> = filled(&rows).copied().collect();
            assert!(SIZES.contains(&filled.len()) && filled.len() < 2 * count.max(2));
            assert_eq!(filled[..count], rows);
            assert!(filled[count..].iter().all(|row| *row == count - 1));
        }
        let statements = values("INSERT INTO x ", &[0_i64; 129], " ON CONFLICT DO NOTHING", |tuple, row| {
            tuple.push(*row);
        });
        let sizes: Vec<usize> = statements.iter().map(|one| one.sql.matches('?').count()).collect();
        assert_eq!(sizes, [128, 1]);
    }

    #[test]
    fn each_row_is_inserted_once_and_one_that_breaks_a_rule_is_an_error() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("x.db");
        std::fs::write(&path, "").expect("made");
        let conn = Conn::open(&path, Access::Write).expect("opened");
        conn.execute("CREATE TABLE x (n INTEGER PRIMARY KEY, m INTEGER)", []).expect("made");
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
        let sum: (i64, i64) = conn.one("SELECT count(*), sum(m) FROM x", [], read).expect("read");
        assert_eq!(sum, (from, from * (from - 1)));
        assert!(insert(from - 1, from + 4).is_err(), "one is there already");
    }

    #[test]
    fn a_list_of_keys_has_few_lengths_and_its_time_is_bound() {
        let keys = |count: u8| (0..count).map(|n| [n]).collect::<Vec<_>>();
        let texts =
            |statements: Vec<Statement<'_>>| -> Vec<String> { statements.into_iter().map(|one| one.sql).collect() };
        assert_eq!(
            texts(within("SELECT x WHERE id IN ", &keys(3), " AND y")),
            ["SELECT x WHERE id IN (?, ?, ?) AND y"]
        );
        assert_eq!(within("", &keys(129), "").len(), 2);
        let at = texts(within_at(1_800_000_000_000, ")) UPDATE x WHERE id IN ", &keys(1), ""));
        assert_eq!(at, ["WITH v (at) AS (VALUES (?)) UPDATE x WHERE id IN (?)"]);
    }
}

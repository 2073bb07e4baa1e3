//! The writing connection with what is known beside it, and statements over many rows at once. It must not know which
//! operations there are.
use super::tallies::TallyNames;
use crate::{
    ports::StoreFault,
    smpp::message_id::Learned,
    store::{codes::Code, rows::Mac},
};
use sqlx::{QueryBuilder, Row, Sqlite, SqliteConnection, query_builder::Separated, sqlite::SqliteRow};
use std::{collections::HashMap, sync::Arc};

/// What the database said.
pub type Sql<T> = Result<T, sqlx::Error>;
/// What an operation comes to for who asked for it.
pub type Verdict<T> = Result<T, StoreFault>;

/// Most rows of one statement: 128 rows of 21 values stay far below SQLite's 32,766 parameters.
const STATEMENT_ROWS_MAX: usize = 128;

/// The writing connection and what is known beside it.
pub struct Db {
    /// The connection, in a transaction.
    pub conn: SqliteConnection,
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
pub fn fixed<const N: usize>(row: &SqliteRow, column: usize) -> Sql<[u8; N]> {
    let octets: &[u8] = row.try_get(column)?;
    octets.try_into().map_err(|_| sqlx::Error::Decode("octets of another length".into()))
}

/// What stands for a number, where one is known.
pub fn perhaps(row: &SqliteRow, column: usize) -> Sql<Option<Mac>> {
    let known = row.try_get::<Option<&[u8]>, _>(column)?.is_some();
    if known { fixed(row, column).map(Some) } else { Ok(None) }
}

/// A state or kind, from its number.
pub fn code<C: Code>(row: &SqliteRow, column: usize) -> Sql<C> {
    let unknown = || sqlx::Error::Decode("a number that no state has".into());
    C::of_code(row.try_get(column)?).ok_or_else(unknown)
}

/// Numbers of rows that statements are made for. What lies between is filled up by repeating the last row: one statement a
/// run, as each costs two changes of threads, and few different ones, as each is prepared and kept.
const SIZES: [usize; 14] = [1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, STATEMENT_ROWS_MAX];

/// The smallest size that holds so many rows.
fn size_for(rows: usize) -> usize {
    SIZES.into_iter().find(|size| *size >= rows).unwrap_or(STATEMENT_ROWS_MAX)
}

/// A run of rows, filled up to a size.
fn filled<T>(run: &[T]) -> impl Iterator<Item = &T> {
    (0..size_for(run.len())).filter_map(|index| run.get(index.min(run.len() - 1)))
}

/// Statements `head VALUES (…), (…) tail` that cover all rows in order. Where rows are filled up the last one comes more
/// than once, so `head` and `tail` must make that harmless: rows that name what is changed, or that give way to each other
/// (`ON CONFLICT`). What inserts otherwise is [`inserts`].
pub fn values<T>(
    head: &str,
    rows: &[T],
    tail: &str,
    bind: impl Fn(&mut Separated<'_, Sqlite, &'static str>, &T),
) -> Vec<QueryBuilder<Sqlite>> {
    rows.chunks(STATEMENT_ROWS_MAX)
        .map(|run| {
            let mut query = QueryBuilder::new(head);
            query.push_values(filled(run), |mut tuple, row| bind(&mut tuple, row));
            query.push(tail);
            query
        })
        .collect()
}

/// Statements that insert all rows in order, each once: those that only fill up are cut off. A row that breaks a rule of
/// the table is an error.
pub fn inserts<T>(
    into: &str,
    rows: &[T],
    bind: impl Fn(&mut Separated<'_, Sqlite, &'static str>, &T),
) -> Vec<QueryBuilder<Sqlite>> {
    let cut = |mut query: QueryBuilder<Sqlite>, run: &[T]| {
        query.push_bind(i64::try_from(run.len()).unwrap_or(i64::MAX));
        query
    };
    let head = format!("{into} SELECT * FROM (");
    let statements = values(&head, rows, ") LIMIT ", bind);
    statements.into_iter().zip(rows.chunks(STATEMENT_ROWS_MAX)).map(|(query, run)| cut(query, run)).collect()
}

/// Statements `head (?, ?, …) tail` over all keys; the last run is filled up by repeating a key.
pub fn within<const N: usize>(head: &str, keys: &[[u8; N]], tail: &str) -> Vec<QueryBuilder<Sqlite>> {
    lists(|| QueryBuilder::new(head), keys, tail)
}

/// As [`within`], after a table `v (at)` with one time in it: `WITH v (at) AS (VALUES (?` comes before `head`.
pub fn within_at<const N: usize>(at: i64, head: &str, keys: &[[u8; N]], tail: &str) -> Vec<QueryBuilder<Sqlite>> {
    let begin = || {
        let mut query = QueryBuilder::new("WITH v (at) AS (VALUES (");
        query.push_bind(at).push(head);
        query
    };
    lists(begin, keys, tail)
}

fn lists<const N: usize>(
    begin: impl Fn() -> QueryBuilder<Sqlite>,
    keys: &[[u8; N]],
    tail: &str,
) -> Vec<QueryBuilder<Sqlite>> {
    keys.chunks(STATEMENT_ROWS_MAX)
        .map(|run| {
            let mut query = begin();
            let mut list = query.separated(", ");
            list.push_unseparated("(");
            for key in filled(run) {
                list.push_bind(&key[..]);
            }
            list.push_unseparated(")");
            query.push(tail);
            query
        })
        .collect()
}

/// Some rows of a set were not as whoever asked took them to be, which next to never happens: the set is carried out one by
/// one, where each row's own count tells. A count costs much less than returned rows, each of which wakes another thread.
pub fn not_all() -> sqlx::Error {
    sqlx::Error::RowNotFound
}

/// Runs statements and gathers what they return.
pub async fn all(conn: &mut SqliteConnection, statements: Vec<QueryBuilder<Sqlite>>) -> Sql<Vec<SqliteRow>> {
    let mut rows = Vec::new();
    for mut statement in statements {
        rows.append(&mut statement.build().fetch_all(&mut *conn).await?);
    }
    Ok(rows)
}

/// Runs statements that return nothing; tells how many rows they changed. Where that is all one needs to
/// know it is much cheaper than returned rows, each of which wakes the reader.
pub async fn run(conn: &mut SqliteConnection, statements: Vec<QueryBuilder<Sqlite>>) -> Sql<u64> {
    let mut changed = 0;
    for mut statement in statements {
        changed += statement.build().execute(&mut *conn).await?.rows_affected();
    }
    Ok(changed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_covered_in_order_with_few_sizes() {
        for count in [1, 2, 3, 5, 100, 127, 128] {
            let rows: Vec<usize> = (0..count).collect();
            let filled: Vec<usize> = filled(&rows).copied().collect();
            assert!(SIZES.contains(&filled.len()) && filled.len() < 2 * count.max(2));
            assert_eq!(filled[..count], rows);
            assert!(filled[count..].iter().all(|row| *row == count - 1));
        }
        let statements = values("INSERT INTO x ", &[0; 129], " ON CONFLICT DO NOTHING", |tuple, row| {
            tuple.push_bind(*row);
        });
        let sizes: Vec<usize> = statements.iter().map(|one| one.sql().as_str().matches('?').count()).collect();
        assert_eq!(sizes, [128, 1]);
    }

    #[tokio::test]
    async fn each_row_is_inserted_once_and_one_that_breaks_a_rule_is_an_error() {
        use sqlx::Connection;
        let mut conn = SqliteConnection::connect("sqlite::memory:").await.expect("opened");
        sqlx::query("CREATE TABLE x (n INTEGER PRIMARY KEY, m INTEGER)").execute(&mut conn).await.expect("made");
        let all = |from: i64, to: i64| {
            let rows: Vec<i64> = (from..to).collect();
            inserts("INSERT INTO x (n, m)", &rows, |tuple, n| {
                tuple.push_bind(*n).push_bind(n * 2);
            })
        };
        let mut from = 0;
        for count in [0, 1, 5, 7, 13, 100, 129, 300] {
            assert_eq!(run(&mut conn, all(from, from + count)).await.expect("inserted"), count as u64);
            from += count;
        }
        let sum: (i64, i64) =
            sqlx::query_as("SELECT count(*), sum(m) FROM x").fetch_one(&mut conn).await.expect("read");
        assert_eq!(sum, (from, from * (from - 1)));
        assert!(run(&mut conn, all(from - 1, from + 4)).await.is_err(), "one is there already");
    }

    #[test]
    fn a_list_of_keys_has_few_lengths_and_its_time_is_bound() {
        let keys = |count: u8| (0..count).map(|n| [n]).collect::<Vec<_>>();
        let texts = |statements: Vec<QueryBuilder<Sqlite>>| -> Vec<String> {
            statements.iter().map(|one| one.sql().as_str().to_owned()).collect()
        };
        assert_eq!(
            texts(within("SELECT x WHERE id IN ", &keys(3), " AND y")),
            ["SELECT x WHERE id IN (?, ?, ?) AND y"]
        );
        assert_eq!(within("", &keys(129), "").len(), 2);
        let at = texts(within_at(1_800_000_000_000, ")) UPDATE x WHERE id IN ", &keys(1), ""));
        assert_eq!(at, ["WITH v (at) AS (VALUES (?)) UPDATE x WHERE id IN (?)"]);
    }
}

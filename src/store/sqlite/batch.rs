//! The writing connection with what is known beside it, and statements over many rows at once. It must not know which
//! operations there are.
use crate::{
    ports::StoreFault,
    smpp::message_id::Learned,
    store::{codes::Code, rows::Mac},
    types::names::{Family, SmscName},
};
use sqlx::{QueryBuilder, Row, Sqlite, SqliteConnection, query_builder::Separated, sqlite::SqliteRow};
use std::collections::HashMap;

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
    /// Families of telcos that are not their own, for segments that no MO names one for.
    pub families: HashMap<SmscName, Family>,
}

impl Db {
    /// What receipts have proven of a family's ids.
    pub fn learned(&self, family: &str) -> Learned {
        self.learned.get(family).copied().unwrap_or_default()
    }

    /// The family of a telco.
    pub fn family(&self, smsc: &str) -> String {
        self.families.get(&smsc.into()).map_or(smsc, |family| family.as_str()).to_owned()
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

/// Cuts rows into runs of 128, 64 … 1, so that few different statements serve every number of rows.
fn runs<T>(mut rows: &[T]) -> Vec<&[T]> {
    let mut out = Vec::new();
    while !rows.is_empty() {
        let size = (1 << rows.len().ilog2()).min(STATEMENT_ROWS_MAX);
        let (run, rest) = rows.split_at(size);
        out.push(run);
        rows = rest;
    }
    out
}

/// Statements `head VALUES (…), (…) tail` that cover all rows in order.
pub fn values<T>(
    head: &str,
    rows: &[T],
    tail: &str,
    bind: impl Fn(&mut Separated<'_, Sqlite, &'static str>, &T),
) -> Vec<QueryBuilder<Sqlite>> {
    runs(rows)
        .into_iter()
        .map(|run| {
            let mut query = QueryBuilder::new(head);
            query.push_values(run, |mut tuple, row| bind(&mut tuple, row));
            query.push(tail);
            query
        })
        .collect()
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
            for index in 0..run.len().next_power_of_two() {
                list.push_bind(&run[index.min(run.len() - 1)][..]);
            }
            list.push_unseparated(")");
            query.push(tail);
            query
        })
        .collect()
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
    fn runs_cover_all_rows_in_order_with_few_sizes() {
        for count in [0, 1, 2, 3, 100, 127, 128, 129, 300] {
            let rows: Vec<usize> = (0..count).collect();
            let runs = runs(&rows);
            assert_eq!(runs.concat(), rows);
            assert!(runs.iter().all(|run| run.len().is_power_of_two() && run.len() <= 128));
        }
    }

    #[test]
    fn a_list_of_keys_has_few_lengths_and_its_time_is_bound() {
        let keys = |count: u8| (0..count).map(|n| [n]).collect::<Vec<_>>();
        let texts = |statements: Vec<QueryBuilder<Sqlite>>| -> Vec<String> {
            statements.iter().map(|one| one.sql().as_str().to_owned()).collect()
        };
        assert_eq!(
            texts(within("SELECT x WHERE id IN ", &keys(3), " AND y")),
            ["SELECT x WHERE id IN (?, ?, ?, ?) AND y"]
        );
        assert_eq!(within("", &keys(129), "").len(), 2);
        let at = texts(within_at(1_800_000_000_000, ")) UPDATE x WHERE id IN ", &keys(1), ""));
        assert_eq!(at, ["WITH v (at) AS (VALUES (?)) UPDATE x WHERE id IN (?)"]);
    }
}

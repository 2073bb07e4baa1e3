//! A connection to PostgreSQL, and how what is asked is written for it: places are numbered, rows and keys go as arrays, so
//! that one prepared statement does for any number of them. It is used from a thread that waits for the answer. It must not
//! know what statements ask.
use crate::store::conn::{Ask, Columns, Connection, Dialect, Kind, Row, Sql, Value, undecodable};
use sqlx::{
    Arguments, AssertSqlSafe, ConnectOptions, Connection as _, Either, Executor, PgConnection, Row as _, TypeInfo as _,
    ValueRef as _,
    postgres::{PgArguments, PgConnectOptions, PgRow, types::Oid},
};
use std::{
    fmt::Write as _,
    future::{Future, poll_fn},
    io,
    time::Duration,
};
use tokio::runtime::Runtime;

/// A server that says nothing for so long has hung: the connection is given up. Longer than the server's own bounds.
const SILENT: Duration = Duration::from_secs(8);
/// As long may a walk over whole tables take, for a command that nobody waits for but who gave it.
const PATIENT: Duration = Duration::from_secs(600);
/// What a new connection may take.
const CONNECT: Duration = Duration::from_secs(3);

/// What every transaction is told. A commit of ours takes milliseconds; one that waits for seconds is given up, so that
/// somebody hears of it. Nothing here walks over a table, whatever the planner takes a new table for.
pub(super) const BOUNDS: [(&str, &str); 7] = [
    ("statement_timeout", "5s"),
    ("lock_timeout", "2s"),
    ("idle_in_transaction_session_timeout", "10s"),
    ("plan_cache_mode", "force_generic_plan"),
    ("enable_seqscan", "off"),
    ("enable_hashjoin", "off"),
    // chosen for receipts, it went through the index of all ids: 700 answers a second after 10,000 instead of 1,300
    ("enable_mergejoin", "off"),
];

/// Where the database is, and how it is reached.
#[derive(Clone)]
pub(super) struct Address {
    pub options: PgConnectOptions,
    /// A pooler gives each transaction another session: nothing is prepared under a name, and each transaction is told its
    /// bounds anew.
    pub pooled: bool,
}

impl Address {
    /// A connection, within the time that one may take.
    pub(super) async fn connect(&self) -> Result<PgConnection, sqlx::Error> {
        in_time(CONNECT, self.options.connect()).await
    }
}

async fn in_time<T>(most: Duration, asked: impl Future<Output = Result<T, sqlx::Error>>) -> Result<T, sqlx::Error> {
    let late = |_| sqlx::Error::Io(io::Error::new(io::ErrorKind::TimedOut, "no answer from the database server"));
    tokio::time::timeout(most, asked).await.map_err(late).flatten()
}

/// A connection, or what becomes one when something is asked.
pub(super) struct PgConn {
    /// Drives this connection alone; `None` while it is taken apart.
    runtime: Option<Runtime>,
    address: Address,
    conn: Option<PgConnection>,
    /// Of the session that is connected; a transaction ends with it.
    in_transaction: bool,
    /// How long an answer is waited for.
    silent: Duration,
}

impl PgConn {
    /// Connects when something is asked.
    pub(super) fn new(address: Address) -> io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        Ok(PgConn { runtime: Some(runtime), address, conn: None, in_transaction: false, silent: SILENT })
    }

    /// One that is given up when an answer takes so long.
    pub(super) fn silent_for(mut self, silent: Duration) -> Self {
        self.silent = silent;
        self
    }

    /// One for work beside the server, which may take its time.
    pub(super) fn patient(address: Address) -> io::Result<Self> {
        Ok(Self::new(address)?.silent_for(PATIENT))
    }

    fn carry_out(
        &mut self,
        sql: String,
        arguments: Option<PgArguments>,
        each: &mut dyn FnMut(&Row<'_>) -> Sql<()>,
    ) -> Sql<u64> {
        let asked = self.asked(sql, arguments);
        if asked.as_ref().is_err_and(is_lost) {
            self.conn = None;
            self.in_transaction = false;
        }
        let (rows, changed) = asked?;
        rows.iter().try_for_each(|row| each(&Row::of(row)))?;
        Ok(changed)
    }

    fn asked(&mut self, sql: String, arguments: Option<PgArguments>) -> Result<(Vec<PgRow>, u64), sqlx::Error> {
        let PgConn { runtime: Some(runtime), address, conn, silent, .. } = self else {
            return Err(sqlx::Error::WorkerCrashed);
        };
        runtime.block_on(async {
            if conn.is_none() {
                *conn = Some(address.connect().await?);
            }
            let Some(conn) = conn else { return Err(sqlx::Error::WorkerCrashed) };
            in_time(*silent, fetch(conn, sql, arguments, !address.pooled)).await
        })
    }

    /// Begins, commits, or what else stands around statements: no values, nothing prepared.
    fn control(&mut self, sql: &str, each: &mut dyn FnMut(&Row<'_>) -> Sql<()>) -> Sql<u64> {
        let begins = sql.starts_with("BEGIN");
        if !begins && !self.in_transaction {
            return Err(lost("the transaction ended with its connection").into());
        }
        let told = if begins && self.address.pooled { format!("{sql}; {}", bounds()) } else { sql.to_owned() };
        let changed = self.carry_out(told, None, each)?;
        self.in_transaction = !matches!(sql, "COMMIT" | "ROLLBACK");
        Ok(changed)
    }

    /// Statements of a reader stand for themselves; behind a pooler each has a transaction, so that what is prepared for it
    /// is in the session that it is asked in.
    fn statement(
        &mut self,
        sql: String,
        arguments: PgArguments,
        each: &mut dyn FnMut(&Row<'_>) -> Sql<()>,
    ) -> Sql<u64> {
        if self.in_transaction || !self.address.pooled {
            return self.carry_out(sql, Some(arguments), each);
        }
        self.control("BEGIN", &mut |_| Ok(()))?;
        let asked = self.carry_out(sql, Some(arguments), each);
        let end = if asked.is_ok() { "COMMIT" } else { "ROLLBACK" };
        let ended = self.control(end, &mut |_| Ok(()));
        asked.and_then(|changed| ended.map(|_| changed))
    }
}

async fn fetch(
    conn: &mut PgConnection,
    sql: String,
    arguments: Option<PgArguments>,
    keep: bool,
) -> Result<(Vec<PgRow>, u64), sqlx::Error> {
    let (mut rows, mut changed) = (Vec::new(), 0);
    let mut found = match arguments {
        Some(arguments) => conn.fetch_many(sqlx::query_with(AssertSqlSafe(sql), arguments).persistent(keep)),
        None => conn.fetch_many(sqlx::raw_sql(AssertSqlSafe(sql))),
    };
    while let Some(one) = poll_fn(|cx| found.as_mut().poll_next(cx)).await {
        match one? {
            Either::Left(done) => changed = done.rows_affected(),
            Either::Right(row) => rows.push(row),
        }
    }
    Ok((rows, changed))
}

/// The bounds of a transaction, told in it.
fn bounds() -> String {
    let told = BOUNDS.map(|(name, value)| format!("SET LOCAL {name} = '{value}'"));
    told.join("; ")
}

/// A connection that is gone.
pub(super) fn lost(why: &'static str) -> sqlx::Error {
    sqlx::Error::Io(io::Error::new(io::ErrorKind::ConnectionAborted, why))
}

/// Whether the connection is gone with it.
pub(super) fn is_lost(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::Protocol(_) | sqlx::Error::WorkerCrashed => true,
        sqlx::Error::Database(error) => {
            // Appendix A of PostgreSQL's manual: connection exceptions, and the server's shutting down or starting up
            error.code().is_some_and(|code| code.starts_with("08") || code.starts_with("57P"))
        }
        _ => false,
    }
}

/// `?` become `$1`, `$2` in their order, `?1` becomes `$1`.
fn numbered(sql: &mut String, text: &str, next: &mut usize) {
    let mut rest = text;
    while let Some(at) = rest.find('?') {
        sql.push_str(&rest[..at]);
        sql.push('$');
        rest = &rest[at + 1..];
        if !rest.starts_with(|c: char| c.is_ascii_digit()) {
            *next += 1;
            let _ = write!(sql, "{next}");
        }
    }
    sql.push_str(rest);
}

fn refused(error: Box<dyn std::error::Error + Send + Sync>) -> sqlx::Error {
    sqlx::Error::Encode(error)
}

fn argument(arguments: &mut PgArguments, value: Value<'_>) -> Result<(), sqlx::Error> {
    match value {
        Value::Null(Kind::Integer) => arguments.add(None::<i64>),
        Value::Null(Kind::Text) => arguments.add(None::<&str>),
        Value::Null(Kind::Blob) => arguments.add(None::<&[u8]>),
        Value::Integer(number) => arguments.add(number),
        Value::Text(text) => arguments.add(text),
        Value::Blob(octets) => arguments.add(octets),
    }
    .map_err(refused)
}

fn kind_of(kind: Kind) -> &'static str {
    match kind {
        Kind::Integer => "bigint[]",
        Kind::Text => "text[]",
        Kind::Blob => "bytea[]",
    }
}

/// A column of rows, as an array.
fn column<'v>(
    arguments: &mut PgArguments,
    kind: Kind,
    values: impl Iterator<Item = Value<'v>>,
) -> Result<(), sqlx::Error> {
    match kind {
        Kind::Integer => {
            let numbers: Vec<Option<i64>> =
                values.map(|value| if let Value::Integer(number) = value { Some(number) } else { None }).collect();
            arguments.add(numbers)
        }
        Kind::Text => {
            let texts: Vec<Option<&str>> =
                values.map(|value| if let Value::Text(text) = value { Some(text) } else { None }).collect();
            arguments.add(texts)
        }
        Kind::Blob => {
            let octets: Vec<Option<&[u8]>> =
                values.map(|value| if let Value::Blob(octets) = value { Some(octets) } else { None }).collect();
            arguments.add(octets)
        }
    }
    .map_err(refused)
}

/// Words that stand around statements.
const CONTROL: [&str; 5] = ["BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE"];

impl Connection for PgConn {
    fn dialect(&self) -> Dialect {
        Dialect::Postgres
    }

    fn ask(&mut self, ask: &Ask<'_>, each: &mut dyn FnMut(&Row<'_>) -> Sql<()>) -> Sql<u64> {
        let (mut sql, mut arguments, mut next) = (String::new(), PgArguments::default(), 0);
        match *ask {
            Ask::One { sql, values: [] } if CONTROL.iter().any(|word| sql.starts_with(word)) => {
                return self.control(sql, each);
            }
            Ask::One { sql: text, values } => {
                numbered(&mut sql, text, &mut next);
                values.iter().try_for_each(|value| argument(&mut arguments, *value))?;
            }
            Ask::Rows { head, tail, values, columns, .. } => {
                sql.push_str(head);
                sql.push_str(" SELECT * FROM unnest(");
                for (place, first) in values[..columns].iter().enumerate() {
                    let comma = if place == 0 { "" } else { ", " };
                    let _ = write!(sql, "{comma}${}::{}", place + 1, kind_of(first.kind()));
                    column(&mut arguments, first.kind(), values.iter().skip(place).step_by(columns).copied())?;
                }
                sql.push(')');
                sql.push_str(tail);
            }
            Ask::Keys { head, before, keys, tail } => {
                let head = head.strip_suffix("IN ").ok_or_else(|| undecodable("a list of keys without IN"))?;
                numbered(&mut sql, head, &mut next);
                before.into_iter().try_for_each(|value| argument(&mut arguments, value))?;
                let _ = write!(sql, "= ANY(${}::bytea[])", next + 1);
                column(&mut arguments, Kind::Blob, keys.iter().map(|key| Value::Blob(key)))?;
                sql.push_str(tail);
            }
        }
        self.statement(sql, arguments, each)
    }

    fn close(mut self: Box<Self>) -> Sql<()> {
        match (&self.runtime, self.conn.take()) {
            (Some(runtime), Some(conn)) => Ok(runtime.block_on(in_time(CONNECT, conn.close()))?),
            _ => Ok(()),
        }
    }
}

/// Whoever drops it may be about other things that wait for nobody.
impl Drop for PgConn {
    fn drop(&mut self) {
        self.conn = None;
        self.runtime.take().into_iter().for_each(Runtime::shutdown_background);
    }
}

/// A whole number of any length, or a truth: the most significant octet first.
fn number(octets: &[u8]) -> Sql<i64> {
    match *octets {
        [truth] => Ok(i64::from(truth)),
        [a, b] => Ok(i64::from(i16::from_be_bytes([a, b]))),
        [a, b, c, d] => Ok(i64::from(i32::from_be_bytes([a, b, c, d]))),
        [a, b, c, d, e, f, g, h] => Ok(i64::from_be_bytes([a, b, c, d, e, f, g, h])),
        _ => Err(undecodable("a number of another length")),
    }
}

/// Types of PostgreSQL by their numbers (`pg_type.dat`).
mod oid {
    pub const BOOL: u32 = 16;
    pub const BYTEA: u32 = 17;
    pub const NAME: u32 = 19;
    pub const INT8: u32 = 20;
    pub const INT2: u32 = 21;
    pub const INT4: u32 = 23;
    pub const TEXT: u32 = 25;
    pub const UNKNOWN: u32 = 705;
    pub const VARCHAR: u32 = 1043;
}

impl Columns for PgRow {
    fn value(&self, column: usize) -> Sql<Value<'_>> {
        let value = self.try_get_raw(column)?;
        let (kind, name) = {
            let kind = value.type_info();
            (kind.oid().map_or(oid::UNKNOWN, |Oid(number)| number), kind.name().to_owned())
        };
        if value.is_null() {
            return Ok(Value::Null(Kind::Blob));
        }
        let octets = value.as_bytes().map_err(undecodable)?;

        match kind {
            oid::BOOL | oid::INT2 | oid::INT4 | oid::INT8 => number(octets).map(Value::Integer),
            oid::TEXT | oid::VARCHAR | oid::NAME | oid::UNKNOWN => {
                Ok(Value::Text(std::str::from_utf8(octets).map_err(undecodable)?))
            }
            oid::BYTEA => Ok(Value::Blob(octets)),
            _ => Err(undecodable(format!("a column of type {name}"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(text: &str) -> String {
        let (mut sql, mut next) = (String::new(), 0);
        numbered(&mut sql, text, &mut next);
        sql
    }

    #[test]
    fn places_are_numbered_in_their_order_or_as_they_say() {
        assert_eq!(written("SELECT ?, ? WHERE a = ?"), "SELECT $1, $2 WHERE a = $3");
        assert_eq!(written("UPDATE t SET a = ?2 WHERE b = ?1"), "UPDATE t SET a = $2 WHERE b = $1");
        assert_eq!(written("SELECT 1"), "SELECT 1");
    }
}

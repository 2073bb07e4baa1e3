//! The writing connection with what is known beside it, and statements over many rows at once. It must not know which
//! operations there are.
use super::{
    codes::Code,
    conn::{Ask, Conn, DbError, Held, Row, Sql, Value, undecodable},
    rows::{Id, Mac},
    tallies::TallyNames,
};
use crate::{ports::StoreFault, smpp::message_id::Learned};
use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

/// What an operation comes to for who asked for it.
pub type Verdict<T> = Result<T, StoreFault>;

/// What a transaction has got of what it wanted.
pub enum Locked {
    /// One process has the database: all is its own.
    All,
    /// These numbers, and those of these MOs and segments.
    These(HashSet<Mac>, HashSet<Id>),
}

impl Locked {
    /// Whether it has this number.
    pub fn has_number(&self, mac: &Mac) -> bool {
        if let Locked::These(macs, _) = self { macs.contains(mac) } else { true }
    }

    /// Whether it has the number of this MO or segment.
    pub fn has_of(&self, id: &Id) -> bool {
        if let Locked::These(_, ids) = self { ids.contains(id) } else { true }
    }
}

/// The writing connection and what is known beside it.
pub struct Db {
    /// The connection, in a transaction.
    pub conn: Conn,
    /// Name of this node; empty of a database that one process has.
    pub node: String,
    /// The key file that this run has locked, which tells a dead run of this node from another node of its name.
    pub place: String,
    /// What the transaction that runs has to itself.
    pub held: Locked,
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
    match row.value(column)? {
        Value::Blob(octets) => octets.try_into().map_err(|_| undecodable("octets of another length")),
        _ => Err(undecodable("no octets")),
    }
}

/// What stands for a number, where one is known.
pub fn perhaps(row: &Row<'_>, column: usize) -> Sql<Option<Mac>> {
    if let Value::Null(_) = row.value(column)? { Ok(None) } else { fixed(row, column).map(Some) }
}

/// A text, not copied.
pub fn text_in<'r>(row: &Row<'r>, column: usize) -> Sql<&'r str> {
    if let Value::Text(text) = row.value(column)? { Ok(text) } else { Err(undecodable("no text")) }
}

/// A state or kind, from its number.
pub fn code<C: Code>(row: &Row<'_>, column: usize) -> Sql<C> {
    C::of_code(row.get(column)?).ok_or_else(|| undecodable("a number that no state has"))
}

/// The values of rows, one after the other.
pub struct Tuple<'a>(Vec<Value<'a>>);

impl<'a> Tuple<'a> {
    /// The next column.
    pub fn push(&mut self, value: impl Held<'a>) -> &mut Self {
        self.0.push(value.held());
        self
    }
}

/// A statement over many rows with its values; of no rows there is nothing to carry out.
pub struct Statement<'a> {
    head: &'a str,
    tail: &'a str,
    over: Over<'a>,
}

enum Over<'a> {
    Rows { values: Vec<Value<'a>>, columns: usize, repeatable: bool },
    Keys { before: Option<Value<'a>>, keys: Vec<&'a [u8]> },
}

/// A statement `head VALUES (…), (…) tail` that covers all rows in order. A row may come more than once there, so `head` and
/// `tail` must make that harmless: rows that name what is changed, or that give way to each other (`ON CONFLICT DO
/// NOTHING`; of those that take each other's place there is only one). What inserts otherwise is [`inserts`].
pub fn values<'a, T>(
    head: &'a str,
    rows: &'a [T],
    tail: &'a str,
    bind: impl Fn(&mut Tuple<'a>, &'a T),
) -> Statement<'a> {
    table(head, rows, tail, true, bind)
}

/// A statement that inserts all rows in order, each once. A row that breaks a rule of the table is an error.
pub fn inserts<'a, T>(into: &'a str, rows: &'a [T], bind: impl Fn(&mut Tuple<'a>, &'a T)) -> Statement<'a> {
    table(into, rows, "", false, bind)
}

fn table<'a, T>(
    head: &'a str,
    rows: &'a [T],
    tail: &'a str,
    repeatable: bool,
    bind: impl Fn(&mut Tuple<'a>, &'a T),
) -> Statement<'a> {
    let mut tuple = Tuple(Vec::new());
    rows.iter().for_each(|row| bind(&mut tuple, row));
    let columns = tuple.0.len().checked_div(rows.len()).unwrap_or(0);
    Statement { head, tail, over: Over::Rows { values: tuple.0, columns, repeatable } }
}

/// A statement `head (?, ?, …) tail` over all keys.
pub fn within<'a, const N: usize>(head: &'a str, keys: &'a [[u8; N]], tail: &'a str) -> Statement<'a> {
    let keys = keys.iter().map(|key| &key[..]).collect();
    Statement { head, tail, over: Over::Keys { before: None, keys } }
}

/// As [`within`], with a time at the `?` in `head`.
pub fn within_at<'a, const N: usize>(at: i64, head: &'a str, keys: &'a [[u8; N]], tail: &'a str) -> Statement<'a> {
    let keys = keys.iter().map(|key| &key[..]).collect();
    Statement { head, tail, over: Over::Keys { before: Some(Value::Integer(at)), keys } }
}

/// Some rows of a set were not as whoever asked took them to be, which next to never happens: the set is carried out one by
/// one, where each row's own count tells.
pub fn not_all() -> DbError {
    DbError::NotAll
}

/// Runs a statement and gathers what it returns.
pub fn all<T>(conn: &Conn, statement: Statement<'_>, mut read: impl FnMut(&Row<'_>) -> Sql<T>) -> Sql<Vec<T>> {
    let mut found = Vec::new();
    let mut each = |row: &Row<'_>| {
        found.push(read(row)?);
        Ok(())
    };
    asked(conn, &statement, &mut each)?;
    Ok(found)
}

/// Runs a statement that returns nothing; tells how many rows it changed.
pub fn run(conn: &Conn, statement: Statement<'_>) -> Sql<u64> {
    asked(conn, &statement, &mut |_| Ok(()))
}

fn asked(conn: &Conn, statement: &Statement<'_>, each: &mut dyn FnMut(&Row<'_>) -> Sql<()>) -> Sql<u64> {
    let Statement { head, tail, over } = statement;
    match over {
        Over::Rows { values, .. } if values.is_empty() => Ok(0),
        Over::Keys { keys, .. } if keys.is_empty() => Ok(0),
        Over::Rows { values, columns, repeatable } => {
            conn.ask(&Ask::Rows { head, tail, values, columns: *columns, repeatable: *repeatable }, each)
        }
        Over::Keys { before, keys } => conn.ask(&Ask::Keys { head, before: *before, keys, tail }, each),
    }
}

//! A connection to a database that one thread uses at a time, and what is asked on it: statements and their values, with no
//! word of how a database wants them written. It must not know what statements ask, nor which databases there are beyond
//! their dialects.
use std::{cell::RefCell, error::Error};

/// What the database said.
pub type Sql<T> = Result<T, DbError>;

/// Why a statement came to nothing.
#[derive(Debug, thiserror::Error)]
pub enum DbError {
    /// SQLite said so.
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
    /// PostgreSQL said so, or could not be asked.
    #[error(transparent)]
    Postgres(#[from] sqlx::Error),
    /// What stands in the database is not what this program writes.
    #[error("what stands in the database cannot be read: {0}")]
    Undecodable(Box<dyn Error + Send + Sync>),
    /// A commit whose end is not known, for this reason.
    #[error("whether it was written is not known: {0}")]
    Uncertain(String),
    /// Another node has taken over what this one had in hand.
    #[error("another node has taken over what this one had in hand, as its lease was not renewed in time")]
    Fenced,
    /// Some rows of a set were not as whoever asked took them to be.
    #[error("not all rows were as expected")]
    NotAll,
    /// There is no row where one is always.
    #[error("a row is missing")]
    NoRow,
}

/// What stands in the database is not what this program writes.
pub fn undecodable(why: impl Into<Box<dyn Error + Send + Sync>>) -> DbError {
    DbError::Undecodable(why.into())
}

/// Which database's words are spoken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// SQLite.
    Sqlite,
    /// PostgreSQL.
    Postgres,
}

/// A statement: one text that both understand, or two.
pub trait Written {
    /// As this database wants it.
    fn written(&self, dialect: Dialect) -> &str;
}

impl Written for &str {
    fn written(&self, _: Dialect) -> &str {
        self
    }
}

/// A statement that the two databases want in words of their own.
#[derive(Clone, Copy)]
pub struct Both {
    /// For SQLite.
    pub sqlite: &'static str,
    /// For PostgreSQL.
    pub postgres: &'static str,
}

impl Written for Both {
    fn written(&self, dialect: Dialect) -> &str {
        match dialect {
            Dialect::Sqlite => self.sqlite,
            Dialect::Postgres => self.postgres,
        }
    }
}

/// The kind of what a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A whole number of 64 bits.
    Integer,
    /// A text.
    Text,
    /// Octets.
    Blob,
}

/// What a row holds in one column, or a statement at one place; borrowed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value<'a> {
    /// Nothing, where there could be something of that kind.
    Null(Kind),
    /// A whole number; a truth is 0 or 1.
    Integer(i64),
    /// A text.
    Text(&'a str),
    /// Octets.
    Blob(&'a [u8]),
}

impl Value<'_> {
    /// Its kind.
    pub fn kind(&self) -> Kind {
        match self {
            Value::Null(kind) => *kind,
            Value::Integer(_) => Kind::Integer,
            Value::Text(_) => Kind::Text,
            Value::Blob(_) => Kind::Blob,
        }
    }
}

/// What can stand in a statement.
pub trait Held<'a> {
    /// Of which kind it is, also when there is none.
    const KIND: Kind;
    /// As it stands there.
    fn held(self) -> Value<'a>;
}

macro_rules! whole_numbers {
    ($($kind:ty),*) => {
        $(impl<'a> Held<'a> for $kind {
            const KIND: Kind = Kind::Integer;
            fn held(self) -> Value<'a> {
                Value::Integer(self.into())
            }
        })*
    };
}
whole_numbers!(bool, u8, u16, u32, i64);

impl<'a> Held<'a> for &'a [u8] {
    const KIND: Kind = Kind::Blob;
    fn held(self) -> Value<'a> {
        Value::Blob(self)
    }
}

impl<'a> Held<'a> for &'a Vec<u8> {
    const KIND: Kind = Kind::Blob;
    fn held(self) -> Value<'a> {
        Value::Blob(self)
    }
}

impl<'a> Held<'a> for &'a str {
    const KIND: Kind = Kind::Text;
    fn held(self) -> Value<'a> {
        Value::Text(self)
    }
}

impl<'a> Held<'a> for &'a String {
    const KIND: Kind = Kind::Text;
    fn held(self) -> Value<'a> {
        Value::Text(self)
    }
}

impl<'a> Held<'a> for &'a Option<String> {
    const KIND: Kind = Kind::Text;
    fn held(self) -> Value<'a> {
        self.as_deref().held()
    }
}

impl<'a, T: Held<'a>> Held<'a> for Option<T> {
    const KIND: Kind = T::KIND;
    fn held(self) -> Value<'a> {
        self.map_or(Value::Null(T::KIND), Held::held)
    }
}

/// The values of a statement, in the order of its places.
macro_rules! params {
    ($($value:expr),* $(,)?) => {
        &[$($crate::store::conn::Held::held($value)),*][..]
    };
}
pub(in crate::store) use params;

/// What a value of a row is read as.
pub trait Read: Sized {
    /// `None`: it is of another kind, or nothing.
    fn read(value: Value<'_>) -> Option<Self>;
}

impl Read for i64 {
    fn read(value: Value<'_>) -> Option<Self> {
        if let Value::Integer(number) = value { Some(number) } else { None }
    }
}

macro_rules! read_as_numbers {
    ($($kind:ty),*) => {
        $(impl Read for $kind {
            fn read(value: Value<'_>) -> Option<Self> {
                i64::read(value).and_then(|number| number.try_into().ok())
            }
        })*
    };
}
read_as_numbers!(u8, u16, u32, u64);

impl Read for bool {
    fn read(value: Value<'_>) -> Option<Self> {
        i64::read(value).map(|number| number != 0)
    }
}

impl Read for String {
    fn read(value: Value<'_>) -> Option<Self> {
        if let Value::Text(text) = value { Some(text.to_owned()) } else { None }
    }
}

impl Read for Vec<u8> {
    fn read(value: Value<'_>) -> Option<Self> {
        if let Value::Blob(octets) = value { Some(octets.to_vec()) } else { None }
    }
}

impl<T: Read> Read for Option<T> {
    fn read(value: Value<'_>) -> Option<Self> {
        if let Value::Null(_) = value { Some(None) } else { T::read(value).map(Some) }
    }
}

/// The columns of a row, as a database has them.
pub trait Columns {
    /// What stands in one.
    fn value(&self, column: usize) -> Sql<Value<'_>>;
}

/// A row.
pub struct Row<'r>(&'r dyn Columns);

impl<'r> Row<'r> {
    /// Of a database.
    pub fn of(columns: &'r dyn Columns) -> Self {
        Row(columns)
    }

    /// What stands in a column, not copied.
    pub fn value(&self, column: usize) -> Sql<Value<'r>> {
        self.0.value(column)
    }

    /// What stands in a column.
    pub fn get<T: Read>(&self, column: usize) -> Sql<T> {
        T::read(self.value(column)?).ok_or_else(|| undecodable(format!("column {column} holds something else")))
    }
}

/// What is asked of a database.
pub enum Ask<'a> {
    /// A statement with its values, at `?` in their order or at `?1`, `?2`.
    One {
        /// The statement.
        sql: &'a str,
        /// Its values.
        values: &'a [Value<'a>],
    },
    /// A statement over rows of values: `head`, a table of them, `tail`.
    Rows {
        /// Before the table.
        head: &'a str,
        /// After it.
        tail: &'a str,
        /// Row by row.
        values: &'a [Value<'a>],
        /// Values of a row.
        columns: usize,
        /// A row may come more than once in the table; else each comes once.
        repeatable: bool,
    },
    /// A statement over a list of keys: `head` with a value at `?` if there is one, the list in brackets, `tail`.
    Keys {
        /// Before the list.
        head: &'a str,
        /// The value in it.
        before: Option<Value<'a>>,
        /// The keys.
        keys: &'a [&'a [u8]],
        /// After the list.
        tail: &'a str,
    },
}

/// A connection, as a database makes it.
pub trait Connection: Send {
    /// Whose words it understands.
    fn dialect(&self) -> Dialect;
    /// Carries out what is asked, all of it; shows each row that comes of it and tells how many rows were changed.
    fn ask(&mut self, ask: &Ask<'_>, each: &mut dyn FnMut(&Row<'_>) -> Sql<()>) -> Sql<u64>;
    /// Closes it, and tells what went wrong.
    fn close(self: Box<Self>) -> Sql<()>;
}

/// A connection.
pub struct Conn {
    // one thread has it, and no reading asks anything while it looks at a row
    inner: RefCell<Box<dyn Connection>>,
    dialect: Dialect,
}

impl Conn {
    /// Over one of a database.
    pub fn new(connection: impl Connection + 'static) -> Self {
        Conn { dialect: connection.dialect(), inner: RefCell::new(Box::new(connection)) }
    }

    /// Carries out what is asked.
    pub fn ask(&self, ask: &Ask<'_>, each: &mut dyn FnMut(&Row<'_>) -> Sql<()>) -> Sql<u64> {
        self.inner.borrow_mut().ask(ask, each)
    }

    fn ask_one(&self, sql: impl Written, values: &[Value<'_>], each: &mut dyn FnMut(&Row<'_>) -> Sql<()>) -> Sql<u64> {
        self.ask(&Ask::One { sql: sql.written(self.dialect), values }, each)
    }

    /// Carries a statement out that returns nothing; tells how many rows it changed.
    pub fn execute(&self, sql: impl Written, values: &[Value<'_>]) -> Sql<u64> {
        self.ask_one(sql, values, &mut |_| Ok(()))
    }

    /// All rows.
    pub fn rows<T>(
        &self,
        sql: impl Written,
        values: &[Value<'_>],
        mut read: impl FnMut(&Row<'_>) -> Sql<T>,
    ) -> Sql<Vec<T>> {
        let mut found = Vec::new();
        self.ask_one(sql, values, &mut |row| {
            found.push(read(row)?);
            Ok(())
        })?;
        Ok(found)
    }

    /// The first row, if there is one.
    pub fn find<T>(
        &self,
        sql: impl Written,
        values: &[Value<'_>],
        read: impl FnOnce(&Row<'_>) -> Sql<T>,
    ) -> Sql<Option<T>> {
        let (mut found, mut read) = (None, Some(read));
        self.ask_one(sql, values, &mut |row| {
            if let Some(read) = read.take() {
                found = Some(read(row)?);
            }
            Ok(())
        })?;
        Ok(found)
    }

    /// The only row.
    pub fn one<T>(&self, sql: impl Written, values: &[Value<'_>], read: impl FnOnce(&Row<'_>) -> Sql<T>) -> Sql<T> {
        self.find(sql, values, read)?.ok_or(DbError::NoRow)
    }

    /// The only value of the only row.
    pub fn value<T: Read>(&self, sql: impl Written, values: &[Value<'_>]) -> Sql<T> {
        self.one(sql, values, |row| row.get(0))
    }

    /// Whose words it understands.
    pub fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// Closes it, and tells what went wrong.
    pub fn close(self) -> Sql<()> {
        self.inner.into_inner().close()
    }
}

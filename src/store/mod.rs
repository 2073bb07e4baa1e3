//! Floor 5: the ports kept in a database. Knows SQL and how to seal; must not know SMPP, texts or why a row
//! is written.
mod codes;
pub mod lasting;
mod rows;
pub mod seal;
pub mod sqlite;
mod statement;

pub use seal::{KeyError, Keys};
pub use sqlite::{OpenError, SqliteStore, StoreOptions};

//! Floor 5: the ports kept in a database. Knows SQL and how to seal; must not know SMPP, texts or why a row
//! is written.
//!
//! Everything stands once, for SQLite and for PostgreSQL: what is sealed (`rows`), the numbers of states (`codes`), the
//! statements (`sql`, in words that both databases understand, or in a pair of them), what the writer is asked for (`ops`),
//! when it commits (`writer`), the ports (`port`). What a database is itself, its connections, its faults and what is done
//! around a commit, stands in `sqlite` and `postgres`.
pub mod backup;
mod batch;
pub mod chain;
mod codes;
mod conn;
pub mod dead;
mod engine;
pub mod erase;
pub mod lasting;
mod leasing;
pub mod log;
pub mod look;
pub mod moved;
mod ops;
mod port;
pub mod postgres;
mod readers;
pub mod rotation;
mod rows;
pub mod seal;
mod sql;
pub mod sqlite;
mod statement;
#[allow(clippy::module_inception)]
mod store;
mod tallies;
mod writer;

pub use look::{LookError, Place};
pub use postgres::{PgOpenError, PgOptions};
pub use seal::{KeyError, Keys};
pub use sql::restore::{Restored, Settled};
pub use sqlite::{OpenError, StoreOptions};
pub use store::DbStore;

//! A database in PostgreSQL, which several nodes share: its connections (`conn`), what is done around each commit
//! (`engine`), how it fails (`fault`), and its opening (`open`).
mod conn;
mod engine;
mod fault;
mod open;

pub use fault::PgOpenError;
pub use open::{PgOptions, beside, name, open, stands};

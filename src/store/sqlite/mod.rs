//! The store on one SQLite file, on floors: the files of a database (`room`, `fault`, `files`, `conn`, `damage`), statements
//! (`batch`, `sql`), who carries them out (`ops`, `writer`, `readers`), and the ports (`store`, `open`, `port`). One thread
//! writes; a few read-only connections read.
mod batch;
mod conn;
mod damage;
mod fault;
mod files;
mod open;
mod ops;
mod port;
mod readers;
mod room;
mod sql;
mod store;
mod tallies;
mod writer;

pub use fault::OpenError;
pub use files::stands;
pub use open::StoreOptions;
pub use room::{NoRoom, for_new};
pub use store::SqliteStore;
pub use writer::Fatal;

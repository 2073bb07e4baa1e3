//! A database in one SQLite file: its files (`room`, `fault`, `files`, `damage`), its connections (`conn`), what is done
//! around each commit (`engine`), and its opening (`open`). One thread writes; a few read-only connections read.
mod conn;
mod damage;
mod engine;
mod fault;
mod files;
mod open;
#[cfg(test)]
mod plans_tests;
mod room;
mod scrub;

pub use conn::Access;
pub use fault::OpenError;
pub use files::stands;
pub use open::{StoreOptions, beside, open};
pub use room::{NoRoom, for_new};
pub use scrub::{Needles, scrub};

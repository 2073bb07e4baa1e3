//! What a database is to the one writer: a connection with a transaction, and what is done around that. It must not know what
//! is written, nor when.
use super::{
    batch::Db,
    conn::{DbError, Sql},
};

/// How a transaction or a read failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// The operation was at fault (a constraint).
    Operation,
    /// The database cannot write now; nothing was written.
    Busy,
    /// Whether it was written is not known.
    Unknown,
    /// It cannot be trusted any more.
    Fatal,
}

/// What a database is to its writer: a connection with a transaction, and what is done around that.
pub(super) trait Engine: Send + 'static {
    /// The connection and what is known beside it.
    fn db(&mut self) -> &mut Db;
    /// What a failure means.
    fn judge(&self, error: &DbError) -> Failure;
    /// Whether nothing may be written now.
    fn refuses(&mut self) -> bool {
        false
    }
    /// Begins a transaction.
    fn begin(&mut self) -> Sql<()>;
    /// Ends it; `Ok` when all of it is durable.
    fn commit(&mut self) -> Sql<()>;
    /// Whether there is no room for anything new; what is in hand goes on.
    fn lacks_room(&mut self) -> bool {
        false
    }
    /// Whether something was done about a failure, so that the same may be tried once more.
    fn mend(&mut self, error: &DbError) -> bool;
    /// After each transaction, however it went.
    fn settled(&mut self, result: &Sql<()>);
    /// Now and then, and before the first operation.
    fn look_around(&mut self) {}
    /// Nothing has come for a while, since something was written.
    fn idle(&mut self) {}
    /// The store is closed.
    fn close(self);
}

//! The way to the leases of binds: a connection of its own, so that no queue of texts is before it. It must not know what is asked.
use super::{
    conn::{Conn, Sql},
    readers::Readers,
};
use crate::ports::StoreFault;

/// A connection for leases, and the name under which this node has them.
pub(super) struct Leasing {
    conn: Readers,
    /// The node's name.
    pub(super) node: String,
}

impl Leasing {
    /// Over this connection.
    pub(super) fn new(conn: Conn, node: String) -> Self {
        Leasing { conn: Readers::new(vec![conn]), node }
    }

    /// What a statement on it comes to.
    pub(super) async fn ask<T: Send + 'static>(
        &self,
        asked: impl FnOnce(&Conn) -> Sql<T> + Send + 'static,
    ) -> Result<Sql<T>, StoreFault> {
        self.conn.ask(asked).await
    }

    /// Waits for what is asked, and closes.
    pub(super) async fn close(&self) {
        self.conn.close().await;
    }
}

//! The port of nodes.
use crate::{
    ports::{
        PortFuture, StoreFault,
        nodes::{Neighbours, Nodes, TakenOver},
    },
    store::{ops::Single, sql::run, store::DbStore},
    types::UnixMs,
};

impl Nodes for DbStore {
    fn neighbours(&self) -> PortFuture<'_, Result<Neighbours, StoreFault>> {
        if self.node.is_empty() {
            return Box::pin(async { Ok(Neighbours::NOBODY) });
        }
        let node = self.node.clone();
        Box::pin(self.read(move |conn| run::neighbours(conn, &node)))
    }

    fn take_over(&self, now: UnixMs) -> PortFuture<'_, Result<TakenOver, StoreFault>> {
        Box::pin(self.submit(Single::TakeOver, now))
    }
}

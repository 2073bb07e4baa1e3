//! The port of dead letters.
use crate::{
    ports::{
        PortFuture, StoreFault,
        dead::{DeadLetter, DeadLetters, Requeued},
    },
    store::{ops::Single, sql::dead, store::DbStore},
    types::{CauseId, UnixMs},
};

impl DeadLetters for DbStore {
    fn dead(&self, limit: usize) -> PortFuture<'_, Result<Vec<DeadLetter>, StoreFault>> {
        let keys = self.keys.clone();
        Box::pin(self.read(move |conn| dead::list(conn, &keys, limit)))
    }

    fn requeue(&self, id: CauseId, now: UnixMs) -> PortFuture<'_, Result<Requeued, StoreFault>> {
        Box::pin(self.submit(Single::Requeue, (*id.0.as_bytes(), now)))
    }

    fn drop_dead(&self, id: CauseId, now: UnixMs) -> PortFuture<'_, Result<bool, StoreFault>> {
        Box::pin(self.submit(Single::DropDead, (*id.0.as_bytes(), now)))
    }
}

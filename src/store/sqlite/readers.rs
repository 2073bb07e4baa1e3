//! The connections that read: whoever asks has one to itself, on a thread that may wait for the disk. It must not know what
//! is asked.
use super::conn::{Access, Conn, Sql};
use crate::{ports::StoreFault, types::lock};
use std::{
    path::Path,
    sync::{Arc, Mutex},
};
use tokio::sync::Semaphore;

/// One for the exchange, one for whoever looks on.
const READERS: u32 = 2;

/// The connections that nobody reads on, and places to wait for one.
pub(super) struct Readers {
    idle: Arc<Mutex<Vec<Conn>>>,
    places: Arc<Semaphore>,
}

/// A connection that is read on; given back however the reading ends.
struct Taken {
    conn: Option<Conn>,
    idle: Arc<Mutex<Vec<Conn>>>,
}

impl Drop for Taken {
    fn drop(&mut self) {
        lock(&self.idle).extend(self.conn.take());
    }
}

impl Readers {
    /// Opens them.
    pub(super) fn open(path: &Path) -> Sql<Self> {
        let conns = (0..READERS).map(|_| Conn::open(path, Access::Read)).collect::<Sql<Vec<_>>>()?;
        Ok(Readers { idle: Arc::new(Mutex::new(conns)), places: Arc::new(Semaphore::new(READERS as usize)) })
    }

    /// What a reading comes to; a fault when there is no reading any more.
    pub(super) async fn ask<T: Send + 'static>(
        &self,
        reading: impl FnOnce(&Conn) -> Sql<T> + Send + 'static,
    ) -> Result<Sql<T>, StoreFault> {
        let place = Arc::clone(&self.places).acquire_owned().await.map_err(|_| StoreFault::Closed)?;
        let taken = Taken { conn: lock(&self.idle).pop(), idle: Arc::clone(&self.idle) };
        let read = move || {
            let found = taken.conn.as_ref().map(reading);
            // back before somebody else gets the place
            drop(taken);
            drop(place);
            found
        };
        tokio::task::spawn_blocking(read).await.ok().flatten().ok_or(StoreFault::Unknown)
    }

    /// Waits for those who read, and closes.
    pub(super) async fn close(&self) {
        let all = self.places.acquire_many(READERS).await;
        self.places.close();
        drop(all);
        lock(&self.idle).clear();
    }
}

//! The connections that read: whoever asks has one to itself, on a thread that may wait for the disk. It must not know what
//! is asked.
use super::conn::{Conn, Sql};
use crate::{ports::StoreFault, types::lock};
use std::sync::{Arc, Mutex};
use tokio::sync::Semaphore;

/// The connections that nobody reads on, and places to wait for one.
pub(super) struct Readers {
    idle: Arc<Mutex<Vec<Conn>>>,
    places: Arc<Semaphore>,
    count: u32,
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
    /// Over these.
    pub(super) fn new(conns: Vec<Conn>) -> Self {
        let count = u32::try_from(conns.len()).unwrap_or(u32::MAX);
        Readers { places: Arc::new(Semaphore::new(conns.len())), idle: Arc::new(Mutex::new(conns)), count }
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
        let all = self.places.acquire_many(self.count).await;
        self.places.close();
        drop(all);
        lock(&self.idle).clear();
    }
}

//! A place for stores in PostgreSQL.
use super::*;
use crate::support::postgres::Server;
use chrak::store::{Keys, PgOptions};
use std::time::SystemTime;

/// A database of its own.
pub struct Postgres(String);

impl Postgres {
    pub fn new() -> Self {
        Postgres(Server::shared().database())
    }

    pub fn options(&self) -> PgOptions {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("after 1970").as_millis();
        let now = UnixMs(i64::try_from(now).expect("a time"));
        PgOptions::new(self.0.clone(), Keys::from_secret(&[7; 32]), now)
    }
}

impl Factory for Postgres {
    fn open(&self) -> Pin<Box<dyn Future<Output = Box<dyn Store>> + Send + '_>> {
        Box::pin(async {
            let store = store::postgres::open(self.options()).await.unwrap_or_else(|fault| panic!("{fault}"));
            Box::new(store) as Box<dyn Store>
        })
    }
}

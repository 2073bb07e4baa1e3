//! The citizens port. Records are written as a turn or a step ends.
use crate::{
    ports::{
        PortFuture, StoreFault,
        citizens::{CitizenRecord, Citizens},
    },
    store::{rows::CitizenRow, sql::citizens, store::DbStore},
    types::Msisdn,
};

impl Citizens for DbStore {
    fn citizen(&self, number: Msisdn) -> PortFuture<'_, Result<CitizenRecord, StoreFault>> {
        Box::pin(async move {
            let mac = self.mac(&number);
            let found = self.read(move |conn| citizens::one(conn, &mac)).await?;
            Ok(CitizenRow::open_or_new(found, &self.keys))
        })
    }
}

//! The USSD port: a session is read by its number and written with all that its step causes.
use crate::{
    ports::{
        PortFuture, StoreFault,
        citizens::CitizenRecord,
        ussd::{UssdSession, UssdSessions, UssdStep},
    },
    store::{
        ops::Set,
        rows::{CitizenRow, UssdRow},
        sql::ussd,
        store::DbStore,
    },
    types::{Msisdn, MtId, UnixMs, names::Family},
};

impl UssdSessions for DbStore {
    fn ussd(
        &self,
        family: Family,
        number: Msisdn,
    ) -> PortFuture<'_, Result<(Option<UssdSession>, CitizenRecord), StoreFault>> {
        Box::pin(async move {
            let mac = self.mac(&number);
            let (session, citizen) = self.read(move |conn| ussd::with_citizen(conn, family.as_str(), &mac)).await?;
            let session = session.map(|row| row.open(&self.keys, &mac));
            Ok((session, CitizenRow::open_or_new(citizen, &self.keys)))
        })
    }

    fn keep_ussd(&self, step: UssdStep, now: UnixMs) -> PortFuture<'_, Result<Vec<MtId>, StoreFault>> {
        Box::pin(async move { self.submit(Set::Ussd, UssdRow::seal(&self.keys, step, now)?).await })
    }
}

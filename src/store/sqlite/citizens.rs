//! The citizens port on SQLite. Records are written by `inbox::finish`.
use super::{SqliteStore, rows::CitizenRow, writer::fault};
use crate::{
    ports::{
        PortFuture, StoreFault,
        citizens::{CitizenRecord, Citizens},
    },
    types::Msisdn,
};

pub(super) const CITIZEN: &str = "SELECT number_mac, language, stopped, dialogue, dialogue_until, tallies, in_dialogue \
    FROM citizen WHERE number_mac = ?";

impl Citizens for SqliteStore {
    fn citizen(&self, number: Msisdn) -> PortFuture<'_, Result<CitizenRecord, StoreFault>> {
        Box::pin(async move {
            let mac = self.mac(&number);
            let found = sqlx::query(CITIZEN)
                .bind(&mac[..])
                .fetch_optional(&self.readers)
                .await
                .and_then(|row| row.as_ref().map(CitizenRow::read).transpose())
                .map_err(|error| fault(&error))?;
            Ok(found.map(|row| row.open(&self.keys)).unwrap_or_default())
        })
    }
}

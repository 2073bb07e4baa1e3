//! The inbox port.
use crate::{
    ports::{
        PortFuture, StoreFault, Trouble,
        citizens::CitizenRecord,
        inbox::{Accepted, Finish, Inbox, NewMo, Recovery, StoredMo},
    },
    store::{
        rows::{CitizenRow, FinishRow, MoRow},
        {
            ops::{Set, Single},
            sql::{
                inbox::{self, Claim},
                sweep::Sweep,
            },
            store::DbStore,
        },
    },
    types::{CauseId, MtId, UnixMs, limits::MO_IN_HAND_MAX},
};

impl Inbox for DbStore {
    fn begin(&self, now: UnixMs) -> PortFuture<'_, Result<Recovery, StoreFault>> {
        Box::pin(self.submit(Single::Begin, now))
    }

    fn end(&self, now: UnixMs) -> PortFuture<'_, Result<(), StoreFault>> {
        Box::pin(self.submit(Single::End, now))
    }

    fn accept(&self, mo: NewMo) -> PortFuture<'_, Result<Accepted, StoreFault>> {
        Box::pin(async move {
            let taken = self.submit(Set::Accept, MoRow::seal(&self.keys, mo)?).await?;
            Ok(taken.open(&self.keys))
        })
    }

    fn waiting(
        &self,
        suspects: bool,
        after: Option<CauseId>,
        limit: usize,
    ) -> PortFuture<'_, Result<Vec<StoredMo>, StoreFault>> {
        Box::pin(async move {
            let limit = limit.min(MO_IN_HAND_MAX);
            let node = self.node.clone();
            let rows = self.read(move |conn| inbox::waiting(conn, &node, suspects, after, limit)).await?;
            Ok(rows.into_iter().filter_map(|row| row.open(&self.keys)).collect())
        })
    }

    fn claim(&self, mo: CauseId, alone: bool, now: UnixMs) -> PortFuture<'_, Result<CitizenRecord, StoreFault>> {
        Box::pin(async move {
            let citizen = self.submit(Set::Claim, Claim { mo: *mo.0.as_bytes(), alone, now }).await?;
            Ok(CitizenRow::open_or_new(citizen, &self.keys))
        })
    }

    fn release(&self, mo: CauseId, _now: UnixMs) -> PortFuture<'_, Result<(), StoreFault>> {
        Box::pin(self.submit(Set::Release, *mo.0.as_bytes()))
    }

    fn finish(&self, finish: Finish, now: UnixMs) -> PortFuture<'_, Result<Vec<MtId>, StoreFault>> {
        Box::pin(async move { self.submit(Set::Finish, FinishRow::seal(&self.keys, finish, now)?).await })
    }

    fn confirm(&self, mos: Vec<CauseId>) -> PortFuture<'_, Result<(), StoreFault>> {
        Box::pin(self.submit(Set::Confirm, mos.into_iter().map(|mo| *mo.0.as_bytes()).collect()))
    }

    fn inbox_depth(&self) -> PortFuture<'_, Result<u64, StoreFault>> {
        Box::pin(self.read(inbox::depth))
    }

    fn trouble(&self) -> Option<Trouble> {
        self.known_trouble()
    }

    fn probe(&self) -> PortFuture<'_, Result<(), StoreFault>> {
        Box::pin(self.submit(Single::Probe, ()))
    }

    fn sweep(&self, texts_before: UnixMs, now: UnixMs) -> PortFuture<'_, Result<u64, StoreFault>> {
        Box::pin(self.submit(Single::Sweep, Sweep { texts_before, now }))
    }
}

//! The outbox port.
use crate::{
    ports::{
        PortFuture, StoreFault,
        outbox::{DueMt, NewReceipt, Outbox, Receipted, Resolved, Settlement},
    },
    smpp::message_id::Learned,
    store::{
        rows::{ReceiptRow, SettleRow},
        {
            ops::{Set, Single},
            sql::{
                outbox::{self, BeginSubmit, Resolve},
                receipts,
            },
            store::DbStore,
        },
    },
    types::{
        MtId, SessionId, UnixMs,
        names::{Family, SmscName},
    },
};

impl DbStore {
    /// What does not open is given up: at the head of the queue it would stop all that waits behind it.
    async fn open_due(&self, smsc: SmscName, now: UnixMs, limit: usize) -> Result<Vec<DueMt>, StoreFault> {
        loop {
            let of = smsc.clone();
            let rows = self.read(move |conn| outbox::due(conn, of.as_str(), now, limit)).await?;
            let (mut due, mut lost) = (Vec::with_capacity(rows.len()), Vec::new());
            for row in rows {
                match row.open(&self.keys) {
                    Ok(mt) => due.push(mt),
                    Err(id) => lost.push(id),
                }
            }
            if lost.is_empty() {
                return Ok(due);
            }
            self.submit(Single::GiveUp, (lost, now)).await?;
        }
    }
}

impl Outbox for DbStore {
    fn due(&self, smsc: SmscName, now: UnixMs, limit: usize) -> PortFuture<'_, Result<Vec<DueMt>, StoreFault>> {
        Box::pin(self.open_due(smsc, now, limit))
    }

    fn queued(&self, smsc: SmscName) -> PortFuture<'_, Result<bool, StoreFault>> {
        Box::pin(async move { self.read(move |conn| outbox::queued(conn, smsc.as_str())).await })
    }

    fn begin_submit(
        &self,
        mts: Vec<MtId>,
        session: SessionId,
        now: UnixMs,
    ) -> PortFuture<'_, Result<Vec<MtId>, StoreFault>> {
        let mts = mts.into_iter().map(|mt| *mt.0.as_bytes()).collect();
        Box::pin(self.submit(Set::BeginSubmit, BeginSubmit { mts, session: *session.0.as_bytes(), now: now.0 }))
    }

    fn settle(&self, settlements: Vec<Settlement>, now: UnixMs) -> PortFuture<'_, Result<(), StoreFault>> {
        let rows = settlements.into_iter().map(|settlement| SettleRow::new(settlement, now)).collect();
        Box::pin(self.submit(Set::Settle, rows))
    }

    fn settle_with_others(&self, settlements: Vec<Settlement>, now: UnixMs) -> PortFuture<'_, Result<(), StoreFault>> {
        let rows = settlements.into_iter().map(|settlement| SettleRow::new(settlement, now)).collect();
        Box::pin(self.submit(Set::SettleWithOthers, rows))
    }

    fn resolve_ambiguous(
        &self,
        smsc: SmscName,
        before: UnixMs,
        now: UnixMs,
    ) -> PortFuture<'_, Result<Resolved, StoreFault>> {
        Box::pin(self.submit(Single::Resolve, Resolve { smsc: smsc.as_str().to_owned(), before, now }))
    }

    fn expire(&self, now: UnixMs) -> PortFuture<'_, Result<u64, StoreFault>> {
        Box::pin(self.submit(Single::Expire, now))
    }

    fn receipt(&self, receipt: NewReceipt, now: UnixMs) -> PortFuture<'_, Result<Receipted, StoreFault>> {
        Box::pin(self.submit(Set::Receipt, ReceiptRow::seal(&self.keys, receipt, now)))
    }

    fn learned(&self) -> PortFuture<'_, Result<Vec<(Family, Learned)>, StoreFault>> {
        Box::pin(self.read(receipts::learned))
    }

    fn outbox_depth(&self) -> PortFuture<'_, Result<u64, StoreFault>> {
        Box::pin(self.read(outbox::depth))
    }
}

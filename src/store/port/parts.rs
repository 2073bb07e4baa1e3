//! The port of parts.
use crate::{
    ports::{
        PortFuture, StoreFault,
        inbox::NewMo,
        parts::{Joined, KeptPart, NewPart, OpenText, Parts},
    },
    store::{
        ops::Set,
        rows::{CitizenRow, JoinRow, MoRow, OpenPartRow, PartRow},
        sql::parts,
        store::DbStore,
    },
    types::{CauseId, UnixMs},
};

impl Parts for DbStore {
    fn keep_part(&self, part: NewPart) -> PortFuture<'_, Result<KeptPart, StoreFault>> {
        Box::pin(async move { self.submit(Set::KeepPart, PartRow::seal(&self.keys, part)?).await })
    }

    fn ended_texts(&self, now: UnixMs, limit: usize) -> PortFuture<'_, Result<Vec<CauseId>, StoreFault>> {
        Box::pin(self.read(move |conn| parts::ended(conn, now, limit)))
    }

    fn open_text(&self, text: CauseId) -> PortFuture<'_, Result<Option<OpenText>, StoreFault>> {
        Box::pin(async move {
            let rows = self.read(move |conn| parts::of_text(conn, *text.0.as_bytes())).await?;
            Ok(OpenPartRow::open(rows, &self.keys, text))
        })
    }

    fn join_parts(&self, mo: NewMo, parts: usize) -> PortFuture<'_, Result<Joined, StoreFault>> {
        Box::pin(async move {
            let row = JoinRow { mo: MoRow::seal(&self.keys, mo)?, parts };
            let (citizen, claimed) = self.submit(Set::Join, row).await?;
            Ok(Joined { citizen: CitizenRow::open_or_new(citizen, &self.keys), claimed })
        })
    }
}

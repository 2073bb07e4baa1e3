//! The pushes port.
use crate::{
    ports::{
        PortFuture, StoreFault,
        pushes::{Asked, Bounds, NewPush, PushEnd, Pushes, StoredPush},
    },
    store::{
        rows::{AskedRow, PushEndRow, PushRow},
        {
            ops::Single,
            sql::pushes::{self, NewEvent},
            store::DbStore,
        },
    },
    types::{CauseId, UnixMs},
};

impl Pushes for DbStore {
    fn take_event(
        &self,
        event: String,
        push: Option<NewPush>,
        now: UnixMs,
    ) -> PortFuture<'_, Result<bool, StoreFault>> {
        Box::pin(async move {
            let push = push.map(|push| PushRow::seal(&self.keys, push, now)).transpose()?;
            self.submit(Single::TakeEvent, NewEvent { event, push, now: now.0 }).await
        })
    }

    fn take_asked(
        &self,
        name: String,
        push: NewPush,
        bounds: Bounds,
        now: UnixMs,
    ) -> PortFuture<'_, Result<Asked, StoreFault>> {
        Box::pin(async move {
            let row = AskedRow::seal(&self.keys, name, push, bounds, now)?;
            self.submit(Single::TakeAsked, row).await
        })
    }

    fn due_pushes(&self, now: UnixMs, limit: usize) -> PortFuture<'_, Result<Vec<StoredPush>, StoreFault>> {
        Box::pin(async move {
            let rows = self.read(move |conn| pushes::due(conn, now, limit)).await?;
            Ok(rows.into_iter().filter_map(|row| row.open(&self.keys)).collect())
        })
    }

    fn end_push(&self, push: CauseId, end: PushEnd, now: UnixMs) -> PortFuture<'_, Result<(), StoreFault>> {
        Box::pin(async move {
            let waited = self.submit(Single::EndPush, PushEndRow::seal(&self.keys, push, end, now)?).await?;
            if waited { Ok(()) } else { Err(StoreFault::Stale) }
        })
    }

    fn event_cursor(&self) -> PortFuture<'_, Result<Option<String>, StoreFault>> {
        Box::pin(self.read(pushes::cursor))
    }

    fn set_event_cursor(&self, cursor: Option<String>) -> PortFuture<'_, Result<(), StoreFault>> {
        Box::pin(self.submit(Single::SetCursor, cursor))
    }
}

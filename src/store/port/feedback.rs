//! The port of kept feedback.
use crate::{
    ports::{
        PortFuture, StoreFault,
        feedback::{Feedback, FeedbackEnd, NewFeedback, StoredFeedback},
    },
    store::{
        ops::Single,
        rows::{FeedbackEndRow, FeedbackRow},
        sql::feedback,
        store::DbStore,
    },
    types::UnixMs,
};
use uuid::Uuid;

impl Feedback for DbStore {
    fn keep_feedback(&self, new: NewFeedback, most: u64, now: UnixMs) -> PortFuture<'_, Result<bool, StoreFault>> {
        Box::pin(async move {
            let row = FeedbackRow::seal(&self.keys, new, most, now)?;
            self.submit(Single::KeepFeedback, row).await
        })
    }

    fn due_feedback(&self, now: UnixMs, limit: usize) -> PortFuture<'_, Result<Vec<StoredFeedback>, StoreFault>> {
        Box::pin(async move {
            let rows = self.read(move |conn| feedback::due(conn, now, limit)).await?;
            Ok(rows.into_iter().map(|row| row.open(&self.keys)).collect())
        })
    }

    fn end_feedback(&self, id: Uuid, end: FeedbackEnd, now: UnixMs) -> PortFuture<'_, Result<(), StoreFault>> {
        Box::pin(async move {
            let waited = self.submit(Single::EndFeedback, FeedbackEndRow::seal(&self.keys, id, end, now)?).await?;
            if waited { Ok(()) } else { Err(StoreFault::Stale) }
        })
    }
}

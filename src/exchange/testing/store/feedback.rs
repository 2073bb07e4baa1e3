//! Kept feedback in memory.
use super::{Memory, Rows};
use crate::{
    ports::{
        PortFuture, StoreFault,
        feedback::{Feedback, FeedbackEnd, NewFeedback, StoredFeedback},
    },
    types::{UnixMs, lock},
};
use uuid::Uuid;

/// Kept feedback, and how it ended.
#[derive(Clone)]
pub struct FeedbackRow {
    pub stored: StoredFeedback,
    pub end: Option<FeedbackEnd>,
}

impl Memory {
    /// What was kept, in the order of its names.
    pub fn feedback(&self) -> Vec<FeedbackRow> {
        lock(&self.rows).feedback.values().cloned().collect()
    }
}

fn waiting(rows: &Rows) -> impl Iterator<Item = &FeedbackRow> {
    rows.feedback.values().filter(|row| row.end.is_none())
}

impl Feedback for Memory {
    fn keep_feedback(&self, new: NewFeedback, most: u64, now: UnixMs) -> PortFuture<'_, Result<bool, StoreFault>> {
        self.call("keep_feedback", |rows| {
            if rows.feedback.contains_key(&new.id) {
                return Ok(true);
            }
            let room = (waiting(rows).count() as u64) < most;
            if room {
                let stored = StoredFeedback { feedback: new.clone(), attempts: 0, created_at: now };
                rows.feedback.insert(new.id, FeedbackRow { stored, end: None });
            }
            Ok(room)
        })
    }

    fn due_feedback(&self, now: UnixMs, limit: usize) -> PortFuture<'_, Result<Vec<StoredFeedback>, StoreFault>> {
        self.call("due_feedback", |rows| {
            let due = waiting(rows).filter(|row| row.stored.feedback.due <= now);
            let mut due: Vec<StoredFeedback> = due.map(|row| row.stored.clone()).collect();
            due.sort_by_key(|stored| (stored.feedback.due, stored.feedback.id));
            due.truncate(limit);
            Ok(due)
        })
    }

    fn end_feedback(&self, id: Uuid, end: FeedbackEnd, now: UnixMs) -> PortFuture<'_, Result<(), StoreFault>> {
        self.call("end_feedback", |rows| {
            let row = rows.feedback.get_mut(&id).filter(|row| row.end.is_none()).ok_or(StoreFault::Stale)?;
            if let FeedbackEnd::Later(due) = end {
                row.stored.feedback.due = due;
                row.stored.attempts += 1;
                return Ok(());
            }
            row.end = Some(end.clone());
            if let FeedbackEnd::PassedOn(Some(push)) = end {
                rows.add_push(push, now);
            }
            Ok(())
        })
    }
}

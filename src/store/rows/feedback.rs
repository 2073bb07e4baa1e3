//! Kept feedback, sealed: as it is stored, as it is due, and as a try ends.
use super::{Id, PushRow, sealed};
use crate::{
    ports::{
        StoreFault,
        feedback::{FeedbackEnd, NewFeedback, StoredFeedback},
        states::FeedbackState,
    },
    store::Keys,
    types::UnixMs,
};
use uuid::Uuid;

/// What is to be kept, sealed.
pub struct FeedbackRow {
    pub id: Id,
    pub said: Vec<u8>,
    pub due: i64,
    pub not_after: i64,
    /// So many may wait.
    pub most: i64,
    pub now: i64,
}

impl FeedbackRow {
    pub fn seal(keys: &Keys, new: NewFeedback, most: u64, now: UnixMs) -> Result<Self, StoreFault> {
        let id = *new.id.as_bytes();
        Ok(FeedbackRow {
            id,
            said: sealed(keys, &id, "said", &new.said)?,
            due: new.due.0,
            not_after: new.not_after.0,
            most: i64::try_from(most).unwrap_or(i64::MAX),
            now: now.0,
        })
    }
}

/// What is due, as it is read.
pub struct DueFeedbackRow {
    pub id: Id,
    pub said: Vec<u8>,
    pub due: UnixMs,
    pub not_after: UnixMs,
    pub attempts: u32,
    pub created_at: UnixMs,
}

impl DueFeedbackRow {
    /// What does not open comes back empty, so that it is given up instead of waiting for ever; the log says which.
    pub fn open(self, keys: &Keys) -> StoredFeedback {
        let id = Uuid::from_bytes(self.id);
        let said = keys.open(&self.id, "said", &self.said).unwrap_or_else(|_| {
            tracing::error!(feedback = %id, "kept feedback does not open");
            Vec::new()
        });
        let feedback = NewFeedback { id, said, due: self.due, not_after: self.not_after };
        StoredFeedback { feedback, attempts: self.attempts, created_at: self.created_at }
    }
}

/// The end of a try.
pub struct FeedbackEndRow {
    pub id: Id,
    /// Waiting: again at `due`.
    pub state: FeedbackState,
    pub due: i64,
    /// Who is told.
    pub push: Option<PushRow>,
    pub now: i64,
}

impl FeedbackEndRow {
    pub fn seal(keys: &Keys, id: Uuid, end: FeedbackEnd, now: UnixMs) -> Result<Self, StoreFault> {
        let given_up =
            FeedbackEndRow { id: *id.as_bytes(), state: FeedbackState::GivenUp, due: 0, push: None, now: now.0 };
        Ok(match end {
            FeedbackEnd::PassedOn(push) => {
                let push = push.map(|push| PushRow::seal(keys, push, now)).transpose()?;
                FeedbackEndRow { state: FeedbackState::PassedOn, push, ..given_up }
            }
            FeedbackEnd::Declined => FeedbackEndRow { state: FeedbackState::Declined, ..given_up },
            FeedbackEnd::GivenUp => given_up,
            FeedbackEnd::Later(due) => FeedbackEndRow { state: FeedbackState::Waiting, due: due.0, ..given_up },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_said_opens_in_its_own_row_and_comes_back_empty_from_another() {
        let keys = Keys::from_secret(&[7; 32]);
        let now = UnixMs(1_800_000_000_000);
        let new = NewFeedback { id: Uuid::from_u128(1), said: b"canary".to_vec(), due: now, not_after: now.plus_ms(5) };
        let row = FeedbackRow::seal(&keys, new.clone(), 9, now).expect("sealed");
        assert!(!row.said.windows(6).any(|octets| octets == b"canary"));
        let read = |id| DueFeedbackRow {
            id,
            said: row.said.clone(),
            due: UnixMs(row.due),
            not_after: UnixMs(row.not_after),
            attempts: 2,
            created_at: now,
        };
        let stored = StoredFeedback { feedback: new, attempts: 2, created_at: now };
        assert_eq!(read(row.id).open(&keys), stored);
        assert_eq!(read([9; 16]).open(&keys).feedback.said, b"", "in another row");
    }
}

//! Pushes, sealed: as they are stored, as they are due, and as a try ends.
use super::{Id, Mac, MtRow, opened_text, sealed};
use crate::{
    ports::{
        Refusal, StoreFault,
        outbox::Class,
        pushes::{NewPush, PushEnd, PushKind, StoredPush},
        states::PushState,
    },
    store::Keys,
    types::{CauseId, Msisdn, UnixMs},
};
use uuid::Uuid;

/// A push, sealed.
#[derive(Clone)]
pub struct PushRow {
    pub id: Id,
    pub kind: PushKind,
    pub class: Class,
    pub mac: Mac,
    pub number: Vec<u8>,
    pub payload: Vec<u8>,
    pub due: i64,
    pub not_after: i64,
    pub now: i64,
}

impl PushRow {
    pub fn seal(keys: &Keys, push: NewPush, now: UnixMs) -> Result<Self, StoreFault> {
        let id = *push.id.0.as_bytes();
        Ok(PushRow {
            id,
            kind: push.kind,
            class: push.class,
            mac: keys.number_mac(push.number.digits()),
            number: sealed(keys, &id, "number", push.number.digits().as_bytes())?,
            payload: sealed(keys, &id, "payload", &push.payload)?,
            due: push.due.0,
            not_after: push.not_after.0,
            now: now.0,
        })
    }
}

/// A push that is due, as it is read.
pub struct DuePushRow {
    pub id: Id,
    pub kind: PushKind,
    pub class: Class,
    pub number: Vec<u8>,
    pub payload: Vec<u8>,
    pub due: UnixMs,
    pub not_after: UnixMs,
    pub attempts: u32,
    pub created_at: UnixMs,
}

impl DuePushRow {
    /// `None` when it does not open; the log says which.
    pub fn open(self, keys: &Keys) -> Option<StoredPush> {
        let number = opened_text(keys, &self.id, "number", &self.number).and_then(|digits| Msisdn::parse_e164(&digits));
        let (Some(number), Ok(payload)) = (number, keys.open(&self.id, "payload", &self.payload)) else {
            tracing::error!(push = %Uuid::from_bytes(self.id), "a push does not open");
            return None;
        };
        let push = NewPush {
            id: CauseId(Uuid::from_bytes(self.id)),
            kind: self.kind,
            class: self.class,
            number,
            payload,
            due: self.due,
            not_after: self.not_after,
        };
        Some(StoredPush { push, attempts: self.attempts, created_at: self.created_at })
    }
}

/// The end of a try, sealed.
pub struct PushEndRow {
    pub id: Id,
    /// Waiting: again at `due`.
    pub state: PushState,
    pub due: i64,
    pub mts: Vec<MtRow>,
    pub now: i64,
    /// Why a message was refused after all.
    pub refused: Option<Refusal>,
}

impl PushEndRow {
    pub fn seal(keys: &Keys, push: CauseId, end: PushEnd, now: UnixMs) -> Result<Self, StoreFault> {
        let id = *push.0.as_bytes();
        let dropped = PushEndRow { id, state: PushState::Dropped, due: 0, mts: Vec::new(), now: now.0, refused: None };
        Ok(match end {
            PushEnd::Queued(mts) => {
                PushEndRow { state: PushState::Queued, mts: MtRow::seal_all(keys, id, mts, now)?, ..dropped }
            }
            PushEnd::Dropped => dropped,
            PushEnd::Refused(why) => PushEndRow { refused: Some(why), ..dropped },
            PushEnd::Later(due) => PushEndRow { state: PushState::Waiting, due: due.0, ..dropped },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixMs = UnixMs(1_800_000_000_000);

    #[test]
    fn a_push_opens_as_it_was_sealed_in_its_own_row() {
        let keys = Keys::from_secret(&[7; 32]);
        let push = NewPush {
            id: CauseId(Uuid::from_u128(1)),
            kind: PushKind::FollowUp,
            class: Class::Bulk,
            number: Msisdn::parse_e164("85510234501").expect("a number"),
            payload: b"canary".to_vec(),
            due: NOW,
            not_after: NOW.plus_ms(5),
        };
        let row = PushRow::seal(&keys, push.clone(), NOW).expect("sealed");
        assert_eq!((row.mac, row.now), (keys.number_mac("85510234501"), NOW.0));
        let read = |id: Id, payload: &[u8]| DuePushRow {
            id,
            kind: row.kind,
            class: row.class,
            number: row.number.clone(),
            payload: payload.to_vec(),
            due: UnixMs(row.due),
            not_after: UnixMs(row.not_after),
            attempts: 2,
            created_at: NOW,
        };
        let stored = StoredPush { push, attempts: 2, created_at: NOW };
        assert_eq!(read(row.id, &row.payload).open(&keys), Some(stored));
        assert_eq!(read([9; 16], &row.payload).open(&keys), None, "in another row");
        assert_eq!(read(row.id, &row.number).open(&keys), None, "in another column");
    }

    #[test]
    fn a_try_ends_in_segments_without_any_or_later() {
        let keys = Keys::from_secret(&[7; 32]);
        let of = |end| {
            let row = PushEndRow::seal(&keys, CauseId(Uuid::from_u128(1)), end, NOW).expect("sealed");
            (row.state, row.due, row.refused)
        };
        assert_eq!(of(PushEnd::Queued(vec![])), (PushState::Queued, 0, None));
        assert_eq!(of(PushEnd::Dropped), (PushState::Dropped, 0, None));
        assert_eq!(of(PushEnd::Refused(Refusal::OptedOut)), (PushState::Dropped, 0, Some(Refusal::OptedOut)));
        assert_eq!(of(PushEnd::Later(UnixMs(7))), (PushState::Waiting, 7, None));
    }
}

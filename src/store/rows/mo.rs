//! MOs, sealed: as they come, as they wait, and as their turn ends.
use super::{CitizenRow, Id, Mac, MtRow, PushRow, opened_text, sealed};
use crate::{
    ports::{
        StoreFault,
        inbox::{Accepted, DedupeKey, Finish, Intake, MoEnd, NewMo, Source, StoredMo},
        states::MoState,
    },
    store::Keys,
    types::{CauseId, Msisdn, SessionId, UnixMs, names::SmscName},
};
use uuid::Uuid;

/// An MO, sealed.
pub struct MoRow {
    pub id: Id,
    pub smsc: String,
    pub family: String,
    pub session: SessionId,
    pub source_mac: Option<Mac>,
    pub source: Vec<u8>,
    pub destination: String,
    pub text: Vec<u8>,
    pub raw: Vec<u8>,
    pub data_coding: u8,
    pub esm_class: u8,
    pub state: MoState,
    /// Turns begun.
    pub attempts: u32,
    pub done_at: Option<i64>,
    pub dedupe: DedupeKey,
    pub insist: bool,
    pub given_back: Vec<CauseId>,
    pub received_at: UnixMs,
}

impl MoRow {
    pub fn seal(keys: &Keys, mo: NewMo) -> Result<Self, StoreFault> {
        let id = *mo.id.0.as_bytes();
        let (source_mac, source) = match &mo.source {
            Source::Person(number) => (Some(keys.number_mac(number.digits())), format!("P{}", number.digits())),
            Source::Other(name) => (None, format!("O{name}")),
        };
        let (state, attempts, done_at) = match mo.intake {
            Intake::Waiting => (MoState::Waiting, 0, None),
            Intake::Claimed => (MoState::Claimed, 1, None),
            Intake::Silent => (MoState::Silent, 0, Some(mo.received_at.0)),
        };
        Ok(MoRow {
            id,
            smsc: mo.smsc.as_str().to_owned(),
            family: mo.family.as_str().to_owned(),
            session: mo.session,
            source_mac,
            source: sealed(keys, &id, "source", source.as_bytes())?,
            destination: mo.destination,
            text: sealed(keys, &id, "text", mo.text.as_bytes())?,
            raw: sealed(keys, &id, "raw", &mo.raw)?,
            data_coding: mo.data_coding,
            esm_class: mo.esm_class,
            state,
            attempts,
            done_at,
            dedupe: mo.dedupe,
            insist: mo.insist,
            given_back: mo.given_back,
            received_at: mo.received_at,
        })
    }
}

/// What became of an MO that was to be stored, its sender's record sealed.
pub enum Taken {
    /// It is stored, and claimed or not.
    New(Option<CitizenRow>, bool),
    /// An earlier one has its key.
    Known(Accepted),
}

impl Taken {
    pub fn open(self, keys: &Keys) -> Accepted {
        match self {
            Taken::New(citizen, claimed) => Accepted::New { citizen: CitizenRow::open_or_new(citizen, keys), claimed },
            Taken::Known(accepted) => accepted,
        }
    }
}

/// An MO that waits, as it is read.
pub struct WaitingRow {
    pub id: Id,
    pub smsc: SmscName,
    pub source: Vec<u8>,
    pub destination: String,
    pub text: Vec<u8>,
    pub received_at: UnixMs,
    pub attempts: u32,
    pub deaths_alone: u32,
    pub suspect: bool,
}

impl WaitingRow {
    /// `None` when it does not open; the log says which.
    pub fn open(self, keys: &Keys) -> Option<StoredMo> {
        let id = Uuid::from_bytes(self.id);
        let source = opened_text(keys, &self.id, "source", &self.source).and_then(|source| {
            match source.split_at_checked(1)? {
                ("P", digits) => Msisdn::parse_e164(digits).map(Source::Person),
                ("O", name) => Some(Source::Other(name.to_owned())),
                _ => None,
            }
        });
        let (Some(source), Some(text)) = (source, opened_text(keys, &self.id, "text", &self.text)) else {
            tracing::error!(mo = %id, "an MO does not open");
            return None;
        };
        Some(StoredMo {
            id: CauseId(id),
            smsc: self.smsc,
            source,
            destination: self.destination,
            text,
            received_at: self.received_at,
            attempts: self.attempts,
            deaths_alone: self.deaths_alone,
            suspect: self.suspect,
        })
    }
}

/// The end of a turn, sealed.
pub struct FinishRow {
    pub mo: Id,
    pub state: MoState,
    pub now: i64,
    pub citizen: Option<CitizenRow>,
    pub mts: Vec<MtRow>,
    pub follow_up: Option<PushRow>,
}

impl FinishRow {
    pub fn seal(keys: &Keys, finish: Finish, now: UnixMs) -> Result<Self, StoreFault> {
        let mo = *finish.mo.0.as_bytes();
        let citizen = finish.citizen.map(|(number, record)| CitizenRow::seal(keys, &number, &record)).transpose()?;
        let state = match finish.end {
            MoEnd::Answered => MoState::Answered,
            MoEnd::Withheld => MoState::Withheld,
            MoEnd::Expired => MoState::Expired,
            MoEnd::Dead => MoState::Dead,
        };
        Ok(FinishRow {
            mo,
            state,
            now: now.0,
            citizen,
            mts: MtRow::seal_all(keys, mo, finish.mts, now)?,
            follow_up: finish.follow_up.map(|push| PushRow::seal(keys, push, now)).transpose()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ports::inbox::DedupeKind, types::names::Family};

    const NOW: UnixMs = UnixMs(1_800_000_000_000);

    fn mo(source: Source, intake: Intake) -> NewMo {
        NewMo {
            id: CauseId(Uuid::from_u128(1)),
            smsc: SmscName::from("smart"),
            family: Family::from("axiata"),
            session: SessionId(Uuid::from_u128(2)),
            source,
            destination: "1212".into(),
            text: "canary".into(),
            raw: b"canary".to_vec(),
            data_coding: 8,
            esm_class: 0,
            dedupe: DedupeKey { kind: DedupeKind::Weak, digest: [3; 32] },
            insist: false,
            given_back: Vec::new(),
            intake,
            received_at: NOW,
        }
    }

    fn waits(row: &MoRow) -> WaitingRow {
        WaitingRow {
            id: row.id,
            smsc: SmscName::from(row.smsc.as_str()),
            source: row.source.clone(),
            destination: row.destination.clone(),
            text: row.text.clone(),
            received_at: row.received_at,
            attempts: row.attempts,
            deaths_alone: 0,
            suspect: false,
        }
    }

    #[test]
    fn an_mo_opens_as_it_was_sealed_in_its_own_row() {
        let keys = Keys::from_secret(&[7; 32]);
        let number = Msisdn::parse_e164("85510234501").expect("a number");
        for source in [Source::Person(number), Source::Other("SHOP".into()), Source::Other(String::new())] {
            let row = MoRow::seal(&keys, mo(source.clone(), Intake::Waiting)).expect("sealed");
            assert_eq!(row.source_mac, matches!(source, Source::Person(_)).then(|| keys.number_mac("85510234501")));
            for column in [&row.source, &row.text, &row.raw] {
                assert!(!column.windows(6).any(|part| part == b"canary" || part == b"102345"));
            }
            let found = waits(&row).open(&keys).expect("opened");
            assert_eq!((found.source, found.text.as_str(), found.received_at), (source, "canary", NOW));
            assert!(WaitingRow { id: [9; 16], ..waits(&row) }.open(&keys).is_none(), "in another row");
            assert!(WaitingRow { text: row.source.clone(), ..waits(&row) }.open(&keys).is_none(), "in another column");
            assert!(waits(&row).open(&Keys::from_secret(&[8; 32])).is_none(), "with other keys");
        }
    }

    #[test]
    fn what_a_source_is_that_says_neither_is_not_guessed() {
        let keys = Keys::from_secret(&[7; 32]);
        let row = MoRow::seal(&keys, mo(Source::Other("x".into()), Intake::Waiting)).expect("sealed");
        for source in ["", "X85510234501", "P", "Pshop", "ក"] {
            let sealed = keys.seal(&row.id, "source", source.as_bytes()).expect("sealed");
            assert!(WaitingRow { source: sealed, ..waits(&row) }.open(&keys).is_none(), "{source}");
        }
    }

    #[test]
    fn an_mo_is_stored_in_hand_waiting_or_done() {
        let keys = Keys::from_secret(&[7; 32]);
        for (intake, stored) in [
            (Intake::Waiting, (MoState::Waiting, 0, None)),
            (Intake::Claimed, (MoState::Claimed, 1, None)),
            (Intake::Silent, (MoState::Silent, 0, Some(NOW.0))),
        ] {
            let row = MoRow::seal(&keys, mo(Source::Other("SHOP".into()), intake)).expect("sealed");
            assert_eq!((row.state, row.attempts, row.done_at), stored, "{intake:?}");
        }
    }
}

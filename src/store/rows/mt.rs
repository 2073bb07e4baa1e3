//! Segments, sealed: as they are stored, settled, submitted and given their receipts.
use super::{Id, Mac, opened_text, sealed};
use crate::{
    ports::{
        StoreFault,
        outbox::{Class, DueMt, MtKind, NewMt, NewReceipt, Settlement},
        rules::outbox::{last_word, settled},
        states::MtState,
    },
    smpp::message_id::Rule,
    store::Keys,
    types::{CauseId, Msisdn, MtId, UnixMs},
};
use uuid::Uuid;

/// A segment, sealed.
pub struct MtRow {
    pub id: Id,
    pub mo: Id,
    pub kind: MtKind,
    pub class: Class,
    pub part: u8,
    pub parts: u8,
    pub smsc: String,
    pub family: String,
    pub source: String,
    pub destination: Vec<u8>,
    pub number_mac: Mac,
    pub body: Vec<u8>,
    pub data_coding: u8,
    pub udhi: bool,
    pub reference: u16,
    pub not_after: i64,
    pub now: i64,
    pub reserved: Option<Id>,
}

impl MtRow {
    /// Segments of one cause.
    pub fn seal_all(keys: &Keys, cause: Id, mts: Vec<NewMt>, now: UnixMs) -> Result<Vec<Self>, StoreFault> {
        mts.into_iter().map(|mt| Self::seal(keys, cause, mt, now)).collect()
    }

    fn seal(keys: &Keys, cause: Id, mt: NewMt, now: UnixMs) -> Result<Self, StoreFault> {
        let id = *mt.id.0.as_bytes();
        Ok(MtRow {
            id,
            mo: cause,
            kind: mt.kind,
            class: mt.class,
            part: mt.part,
            parts: mt.parts,
            smsc: mt.smsc.as_str().to_owned(),
            family: mt.family.as_str().to_owned(),
            source: mt.source,
            destination: sealed(keys, &id, "destination", mt.destination.digits().as_bytes())?,
            number_mac: keys.number_mac(mt.destination.digits()),
            body: sealed(keys, &id, "body", &mt.body)?,
            data_coding: mt.data_coding,
            udhi: mt.udhi,
            reference: mt.reference,
            not_after: mt.not_after.0,
            now: now.0,
            reserved: mt.reserved.map(|session| *session.0.as_bytes()),
        })
    }
}

/// A segment that is due, as it is read.
pub struct DueRow {
    pub id: Id,
    pub mo: Id,
    pub source: String,
    pub destination: Vec<u8>,
    pub body: Vec<u8>,
    pub data_coding: u8,
    pub udhi: bool,
    pub reference: u16,
    pub not_after: UnixMs,
    /// Times handed to a bind so far.
    pub attempts: u32,
}

impl DueRow {
    /// `Err` with its id when it does not open; the log says which.
    pub fn open(self, keys: &Keys) -> Result<DueMt, Id> {
        let number = opened_text(keys, &self.id, "destination", &self.destination);
        let body = keys.open(&self.id, "body", &self.body).ok();
        let (Some(destination), Some(body)) = (number.and_then(|n| Msisdn::parse_e164(&n)), body) else {
            tracing::error!(mt = %Uuid::from_bytes(self.id), "a segment does not open");
            return Err(self.id);
        };
        Ok(DueMt {
            id: MtId(Uuid::from_bytes(self.id)),
            mo: CauseId(Uuid::from_bytes(self.mo)),
            source: self.source,
            destination,
            body,
            data_coding: self.data_coding,
            udhi: self.udhi,
            reference: self.reference,
            not_after: self.not_after,
            attempts: self.attempts + 1,
        })
    }
}

/// A settlement as it is written.
pub struct SettleRow {
    pub mt: Id,
    pub session: Id,
    pub state: MtState,
    pub message_id: Option<String>,
    pub due: Option<i64>,
    pub status: Option<u32>,
    /// Attempts that do not count.
    pub undone: u32,
    pub now: i64,
}

impl SettleRow {
    pub fn new(settlement: Settlement, now: UnixMs) -> Self {
        let settled = settled(settlement.outcome);
        SettleRow {
            mt: *settlement.mt.0.as_bytes(),
            session: *settlement.session.0.as_bytes(),
            state: settled.state,
            message_id: settled.message_id,
            due: settled.due.map(|at| at.0),
            status: settled.status,
            undone: settled.undone,
            now: now.0,
        }
    }
}

/// A receipt as it is written.
pub struct ReceiptRow {
    pub family: String,
    pub message_id: String,
    pub rule: Rule,
    pub number: Option<Mac>,
    pub state: MtState,
    pub now: i64,
}

impl ReceiptRow {
    pub fn seal(keys: &Keys, receipt: NewReceipt, now: UnixMs) -> Self {
        ReceiptRow {
            family: receipt.family.as_str().to_owned(),
            message_id: receipt.message_id,
            rule: receipt.rule,
            number: receipt.number.map(|number| keys.number_mac(number.digits())),
            state: last_word(receipt.delivery),
            now: now.0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::{
        SessionId,
        names::{Family, SmscName},
    };

    const NOW: UnixMs = UnixMs(1_800_000_000_000);

    #[test]
    fn a_segment_opens_as_it_was_sealed_in_its_own_row() {
        let keys = Keys::from_secret(&[7; 32]);
        let number = Msisdn::parse_e164("85510234501").expect("a number");
        let session = SessionId(Uuid::from_u128(5));
        let mt = NewMt {
            id: MtId(Uuid::from_u128(1)),
            kind: MtKind::Answer,
            class: Class::Answer,
            part: 1,
            parts: 2,
            smsc: SmscName::from("smart"),
            family: Family::from("axiata"),
            source: "1212".into(),
            destination: number,
            body: b"canary".to_vec(),
            data_coding: 8,
            udhi: true,
            reference: 77,
            not_after: NOW,
            reserved: Some(session),
        };
        let rows = MtRow::seal_all(&keys, [2; 16], vec![mt], NOW).expect("sealed");
        let row = &rows[0];
        assert_eq!(
            (row.mo, row.number_mac, row.reserved),
            ([2; 16], keys.number_mac("85510234501"), Some(*session.0.as_bytes()))
        );
        let read = |id: Id, body: &[u8]| DueRow {
            id,
            mo: row.mo,
            source: row.source.clone(),
            destination: row.destination.clone(),
            body: body.to_vec(),
            data_coding: row.data_coding,
            udhi: row.udhi,
            reference: row.reference,
            not_after: NOW,
            attempts: 2,
        };
        let due = read(row.id, &row.body).open(&keys).expect("opened");
        assert_eq!((due.destination, due.body.as_slice(), due.attempts), (number, &b"canary"[..], 3));
        assert_eq!((due.id.0, due.mo.0), (Uuid::from_u128(1), Uuid::from_bytes([2; 16])));
        assert_eq!(read([9; 16], &row.body).open(&keys), Err([9; 16]), "in another row");
        assert_eq!(read(row.id, &row.destination).open(&keys), Err(row.id), "in another column");
    }
}

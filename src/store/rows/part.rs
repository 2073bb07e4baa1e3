//! Parts of texts, sealed: as they come, and as those of a text are read back.
use super::{Id, Mac, opened_text, sealed};
use crate::{
    ports::{
        StoreFault,
        inbox::DedupeKey,
        parts::{NewPart, OpenText, Part, Piece, StoredPart},
        rules::parts::TextKey,
    },
    store::Keys,
    text::{gsm7::Shift, octets::Declared},
    types::{
        CauseId, Msisdn, SessionId, UnixMs,
        limits::PARTS_WAIT,
        names::{Family, SmscName},
    },
};
use uuid::Uuid;

/// A part, sealed. Its id names the text, if it begins one.
pub struct PartRow {
    pub id: Id,
    pub smsc: String,
    pub family: Family,
    pub session: SessionId,
    pub source_mac: Mac,
    pub source: Vec<u8>,
    pub destination: String,
    pub part: Part,
    pub piece: Vec<u8>,
    /// Octets of the piece.
    pub octets: i64,
    pub data_coding: u8,
    pub esm_class: u8,
    pub dedupe: DedupeKey,
    pub insist: bool,
    pub received_at: UnixMs,
}

impl PartRow {
    pub fn seal(keys: &Keys, new: NewPart) -> Result<Self, StoreFault> {
        let id = *new.id.0.as_bytes();
        let digits = new.number.digits();
        Ok(PartRow {
            id,
            smsc: new.smsc.as_str().to_owned(),
            family: new.family,
            session: new.session,
            source_mac: keys.number_mac(digits),
            // by what is known of a row before its text is
            source: sealed(keys, &new.dedupe.digest, "source", digits.as_bytes())?,
            destination: new.destination,
            part: new.part,
            piece: sealed(keys, &new.dedupe.digest, "piece", &new.piece.to_bytes())?,
            octets: i64::try_from(new.piece.octets.len()).unwrap_or(i64::MAX),
            data_coding: new.data_coding,
            esm_class: new.esm_class,
            dedupe: new.dedupe,
            insist: new.insist,
            received_at: new.received_at,
        })
    }

    /// What it has in common with the others of its text.
    pub fn key(&self) -> TextKey {
        TextKey::of(&self.family, &self.destination, self.part)
    }

    /// When the text that it begins is joined, if nothing comes of it before.
    pub fn due(&self) -> i64 {
        self.received_at.plus_ms(i64::try_from(PARTS_WAIT.as_millis()).unwrap_or(i64::MAX)).0
    }
}

/// One part of a text, as it is read.
pub struct OpenPartRow {
    pub digest: [u8; 32],
    pub number: u8,
    pub total: u8,
    pub smsc: SmscName,
    pub family: Family,
    pub session: SessionId,
    pub source: Vec<u8>,
    pub destination: String,
    pub piece: Vec<u8>,
    pub data_coding: u8,
    pub esm_class: u8,
    pub received_at: i64,
}

impl OpenPartRow {
    /// A text of its parts, which are in the order of their numbers; `None` of none. What does not open is told in the
    /// log, and empty.
    pub fn open(rows: Vec<Self>, keys: &Keys, text: CauseId) -> Option<OpenText> {
        let (number, session) = {
            let first = rows.iter().min_by_key(|row| row.received_at)?;
            let last = rows.iter().max_by_key(|row| row.received_at)?;
            let digits = opened_text(keys, &first.digest, "source", &first.source);
            (digits.and_then(|digits| Msisdn::parse_e164(&digits)), last.session)
        };
        if number.is_none() {
            tracing::error!(mo.id = %text, "the sender of a text in parts does not open");
        }
        let parts: Vec<StoredPart> = rows.iter().map(|row| row.open_one(keys, text)).collect();
        let first = rows.into_iter().next()?;
        Some(OpenText {
            id: text,
            smsc: first.smsc,
            family: first.family,
            session,
            number,
            destination: first.destination,
            total: first.total,
            parts,
            data_coding: first.data_coding,
            esm_class: first.esm_class,
        })
    }

    fn open_one(&self, keys: &Keys, text: CauseId) -> StoredPart {
        let opened = keys.open(&self.digest, "piece", &self.piece).ok().and_then(|bytes| Piece::of_bytes(&bytes));
        let piece = opened.unwrap_or_else(|| {
            tracing::error!(mo.id = %text, part = self.number, "a part of a text does not open");
            Piece { octets: Vec::new(), declared: Declared::Binary, shift: Shift::default() }
        });
        StoredPart { number: self.number, piece }
    }
}

/// A text in parts whose MO takes their place.
pub struct JoinRow {
    pub mo: super::MoRow,
    /// So many parts, no more and no fewer.
    pub parts: usize,
}

/// The record of the sender of a text that was joined, and whether its MO is claimed.
pub type JoinedRow = (Option<super::CitizenRow>, bool);

/// The text of an id.
pub fn text_id(id: Id) -> CauseId {
    CauseId(Uuid::from_bytes(id))
}

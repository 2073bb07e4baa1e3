//! Parts of texts in memory.
use super::{Memory, Rows, number_of};
use crate::{
    ports::{
        PortFuture, StoreFault,
        inbox::{Accepted, Intake, NewMo},
        parts::{Joined, KeptPart, NewPart, OpenText, Parts, StoredPart},
        rules::parts::{Known, Placed, TextKey, place},
    },
    types::{CauseId, UnixMs, limits::PARTS_WAIT},
};

/// A part, the text that it is of, and when that is joined.
pub struct PartRow {
    new: NewPart,
    text: CauseId,
    due: UnixMs,
}

impl Rows {
    fn known(&self, new: &NewPart) -> Vec<Known> {
        let of = |row: &&PartRow| row.new.number == new.number;
        let known = |row: &PartRow| Known {
            text: row.text,
            key: TextKey::of(&row.new.family, &row.new.destination, row.new.part),
            number: row.new.part.number,
            digest: row.new.dedupe.digest,
            ended: row.due <= new.received_at,
        };
        self.parts.iter().filter(of).map(known).collect()
    }

    fn end(&mut self, text: CauseId, now: UnixMs) {
        self.parts.iter_mut().filter(|row| row.text == text).for_each(|row| row.due = row.due.min(now));
    }

    fn keep_part(&mut self, new: NewPart) -> KeptPart {
        let key = TextKey::of(&new.family, &new.destination, new.part);
        let (text, whole, over) = match place(&key, new.part.number, &new.dedupe.digest, &self.known(&new)) {
            Placed::Again { of } => return KeptPart::Duplicate { of, ended: false },
            Placed::Beyond => return KeptPart::Beyond,
            Placed::Kept { text, whole, over } => (text, whole, over),
        };
        let earlier = self.earlier_with(new.dedupe, &new.family).filter(|_| !new.insist && text.is_none());
        match earlier {
            Some(Accepted::Duplicate { of }) => return KeptPart::Duplicate { of, ended: true },
            Some(Accepted::Resembles { of, session, .. }) => return KeptPart::Resembles { of, session },
            Some(Accepted::New { .. }) | None => {}
        }
        let now = new.received_at;
        over.into_iter().for_each(|over| self.end(over, now));
        let begun = || now.plus_ms(PARTS_WAIT.as_millis() as i64);
        let due =
            text.and_then(|text| self.parts.iter().find(|row| row.text == text)).map_or_else(begun, |row| row.due);
        let text = text.unwrap_or(new.id);
        self.keys.insert((new.dedupe.digest, new.family.clone()), (text, now));
        self.parts.push(PartRow { new, text, due });
        if whole {
            self.end(text, now);
        }
        KeptPart::Kept { text, whole }
    }

    fn open_text(&self, text: CauseId) -> Option<OpenText> {
        let mut rows: Vec<&PartRow> = self.parts.iter().filter(|row| row.text == text).collect();
        let session = rows.last()?.new.session;
        rows.sort_by_key(|row| row.new.part.number);
        let first = &rows.first()?.new;
        Some(OpenText {
            id: text,
            smsc: first.smsc.clone(),
            family: first.family.clone(),
            session,
            number: Some(first.number),
            destination: first.destination.clone(),
            total: first.part.total,
            parts: rows
                .iter()
                .map(|row| StoredPart { number: row.new.part.number, piece: row.new.piece.clone() })
                .collect(),
            data_coding: first.data_coding,
            esm_class: first.esm_class,
        })
    }
}

impl Parts for Memory {
    fn keep_part(&self, part: NewPart) -> PortFuture<'_, Result<KeptPart, StoreFault>> {
        self.call("keep_part", |rows| Ok(rows.keep_part(part)))
    }

    fn ended_texts(&self, now: UnixMs, limit: usize) -> PortFuture<'_, Result<Vec<CauseId>, StoreFault>> {
        self.call("ended_texts", |rows| {
            let ended = rows.parts.iter().filter(|row| row.due <= now).map(|row| row.text);
            let mut ended: Vec<CauseId> = ended.collect();
            ended.sort_unstable();
            ended.dedup();
            ended.truncate(limit);
            Ok(ended)
        })
    }

    fn open_text(&self, text: CauseId) -> PortFuture<'_, Result<Option<OpenText>, StoreFault>> {
        self.call("open_text", |rows| Ok(rows.open_text(text)))
    }

    fn join_parts(&self, mo: NewMo, parts: usize) -> PortFuture<'_, Result<Joined, StoreFault>> {
        self.call("join_parts", |rows| {
            if parts == 0 || rows.parts.iter().filter(|row| row.text == mo.id).count() != parts {
                return Err(StoreFault::Stale);
            }
            rows.parts.retain(|row| row.text != mo.id);
            let citizen = rows.citizens.get(&number_of(&mo)).cloned().unwrap_or_default();
            let claimed = mo.intake == Intake::Claimed;
            rows.add_mo(mo);
            Ok(Joined { citizen, claimed })
        })
    }
}

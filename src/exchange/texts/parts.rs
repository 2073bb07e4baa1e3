//! Texts that a telco cut: each part is durable before it is acknowledged; when all are there, or were waited for long
//! enough, they are joined as they came, read, and answered as one text.
use super::{
    Texts,
    accept::{count, refuse},
    dedupe,
    hand::{InHand, InWork, TurnPermits},
    incoming::{AcceptFault, Done, IncomingMo, PartOf},
    sequencer::LaneEntry,
};
use crate::{
    ports::{
        StoreFault,
        inbox::{DedupeKey, DedupeKind, Intake, NewMo, Source, StoredMo},
        parts::{KeptPart, NewPart, OpenText, Piece, StoredPart},
        random::new_id,
        status::Rate,
    },
    smpp::text::{shortened, text_of},
    types::{CauseId, Msisdn, limits::MO_IN_HAND_MAX},
};
use futures_util::future::join_all;
use std::sync::Arc;
use tokio::time::Instant;

/// Texts that are joined at a time: their commits are one.
const JOINS_AT_ONCE: usize = 64;
/// What stands in a text where parts of it did not come.
const MISSING: &str = " […] ";

impl Texts {
    /// Stores a part of a person's text, and answers that when it is whole. `place`: its sender's, so that a text is
    /// answered in the order in which its last part came.
    pub(super) async fn accept_part(
        self,
        mo: IncomingMo,
        part: PartOf,
        number: Msisdn,
        place: LaneEntry,
        hand: InHand,
        done: Done,
    ) {
        let (smsc, read_at) = (mo.smsc.clone(), Instant::now());
        let kept = match self.keep_part(self.new_part(mo, part, number)).await {
            Ok(kept) => kept,
            Err(fault) => return refuse(&smsc, fault, done),
        };
        let result = match kept {
            KeptPart::Kept { .. } => "kept",
            KeptPart::Duplicate { .. } | KeptPart::Resembles { .. } => "duplicate",
            KeptPart::Beyond => "beyond",
            KeptPart::Full => "full",
        };
        metrics::counter!("chrak_parts_total", "result" => result).increment(1);
        match kept {
            KeptPart::Kept { text, whole: true } => {
                done(Ok(Some(text)));
                self.join(text, place, hand, read_at).await;
            }
            KeptPart::Kept { whole: false, .. } | KeptPart::Beyond | KeptPart::Duplicate { ended: false, .. } => {
                done(Ok(None));
            }
            KeptPart::Duplicate { of, ended: true } | KeptPart::Resembles { of, .. } => done(Ok(Some(of))),
            KeptPart::Full => {
                count(&smsc, "overload");
                done(Err(AcceptFault::Overload));
            }
        }
    }

    fn new_part(&self, mo: IncomingMo, part: PartOf, number: Msisdn) -> NewPart {
        let now = self.now();
        let dedupe = dedupe::key(&mo);
        NewPart {
            id: CauseId(new_id(now)),
            smsc: mo.smsc,
            family: mo.family,
            session: mo.session,
            number,
            destination: mo.destination,
            part: part.place,
            piece: part.piece,
            data_coding: mo.data_coding,
            esm_class: mo.esm_class,
            dedupe,
            insist: false,
            received_at: now,
        }
    }

    /// As [`Texts::store_mo`]: one that resembles a part of an earlier text is that part only if its session is gone.
    async fn keep_part(&self, new: NewPart) -> Result<KeptPart, AcceptFault> {
        let (again, begun) = (new.clone(), Instant::now());
        match self.needs.parts.keep_part(new).await? {
            KeptPart::Resembles { of, session } if self.is_alive(session) && !self.core.slowly.comes_again(of) => {
                Ok(self.needs.parts.keep_part(NewPart { insist: true, ..again }).await?)
            }
            kept => {
                match kept {
                    KeptPart::Kept { text, .. } => self.core.slowly.stored(text, begun),
                    KeptPart::Duplicate { of, .. } => _ = self.core.slowly.comes_again(of),
                    KeptPart::Resembles { .. } | KeptPart::Beyond | KeptPart::Full => {}
                }
                Ok(kept)
            }
        }
    }

    /// Joins what is whole and was not joined, and what nothing came of any more. Called regularly.
    pub(in crate::exchange) async fn join_ended(&self) {
        loop {
            let room = MO_IN_HAND_MAX.saturating_sub(self.in_hand()).min(JOINS_AT_ONCE);
            let Ok(ended) = self.needs.parts.ended_texts(self.now(), room).await else { return };
            if ended.is_empty() || self.is_leaving() {
                return;
            }
            let joined = join_all(ended.iter().map(|text| self.clone().join_later(*text))).await;
            // what cannot be joined now must not be asked for at once again
            if !joined.contains(&true) {
                return;
            }
        }
    }

    /// Joins a text whose turn comes when it comes; whether it is joined.
    async fn join_later(self, text: CauseId) -> bool {
        let Ok(Some(open)) = self.needs.parts.open_text(text).await else { return false };
        let Some(hand) = InHand::take(&self.core.hands, &open.smsc) else { return false };
        let number = open.number;
        let Some(joined) = self.store_joined(&open, Intake::Waiting).await else { return false };
        if let Some(number) = number {
            let place = self.core.sequencer.enter(number);
            self.needs.tasks.clone().spawn(async move {
                let _work = InWork::take(&self.core.hands, joined.id);
                self.wait_and_turn(joined, place, Some(hand), None).await;
            });
        }
        true
    }

    /// Joins a text and gives it its turn in the place that its last part has.
    async fn join(self, text: CauseId, place: LaneEntry, hand: InHand, read_at: Instant) {
        let slot = match &place {
            LaneEntry::Head(_) if *self.core.open.borrow() => Arc::clone(&self.core.slots).try_acquire_owned().ok(),
            _ => None,
        };
        let _work = InWork::take(&self.core.hands, text);
        let Ok(Some(open)) = self.needs.parts.open_text(text).await else { return };
        let mo = self.joined(&open, if slot.is_some() { Intake::Claimed } else { Intake::Waiting });
        let mut stored = stored_of(&mo);
        match (self.needs.parts.join_parts(mo, open.parts.len()).await, place, slot) {
            (Ok(joined), LaneEntry::Head(lane), Some(slot)) if joined.claimed => {
                self.note_joined(&open);
                stored.attempts = 1;
                self.turn(stored, joined.citizen, Some(read_at), TurnPermits::new(Some(hand), Some(lane), slot)).await;
            }
            (Ok(_), place, _) => {
                self.note_joined(&open);
                self.wait_and_turn(stored, place, Some(hand), Some(read_at)).await;
            }
            (Err(StoreFault::Unknown), place, Some(slot)) => {
                drop(slot);
                self.find(stored, place, hand).await;
            }
            // the next look finds its parts, or its MO
            (Err(fault), ..) => tracing::warn!(mo.id = %text, "a text could not be joined: {fault}"),
        }
    }

    /// Stores the MO of a text in place of its parts; `None` when that was not done, so that the next look finds them.
    async fn store_joined(&self, open: &OpenText, intake: Intake) -> Option<StoredMo> {
        let mo = self.joined(open, intake);
        let stored = stored_of(&mo);
        match self.needs.parts.join_parts(mo, open.parts.len()).await {
            Ok(_) => {
                self.note_joined(open);
                Some(stored)
            }
            Err(fault) => {
                tracing::warn!(mo.id = %open.id, "a text could not be joined: {fault}");
                None
            }
        }
    }

    fn note_joined(&self, open: &OpenText) {
        let whole = open.parts.len() >= usize::from(open.total);
        count(&open.smsc, if whole { "joined" } else { "incomplete" });
        if !whole {
            tracing::info!(
                mo.id = %open.id, smsc = %open.smsc, parts = open.parts.len(), of = open.total,
                "a text is answered on what came of it"
            );
        }
        self.needs.board.count(Rate::MoIn, 1, self.now());
    }

    /// The MO of a text. Its parts have their redelivery keys already.
    fn joined(&self, open: &OpenText, intake: Intake) -> NewMo {
        let (source, intake) = match open.number {
            Some(number) => (Source::Person(number), intake),
            None => (Source::Other(String::new()), Intake::Silent),
        };
        NewMo {
            id: open.id,
            smsc: open.smsc.clone(),
            family: open.family.clone(),
            session: open.session,
            source,
            destination: open.destination.clone(),
            text: text_of_parts(&open.parts, open.total),
            raw: open.parts.iter().flat_map(|part| part.piece.octets.iter().copied()).collect(),
            data_coding: open.data_coding,
            esm_class: open.esm_class,
            dedupe: DedupeKey { kind: DedupeKind::Segment, digest: dedupe::digest(open.id.0.as_bytes()) },
            insist: true,
            given_back: Vec::new(),
            intake,
            received_at: self.now(),
        }
    }
}

fn stored_of(mo: &NewMo) -> StoredMo {
    StoredMo {
        id: mo.id,
        smsc: mo.smsc.clone(),
        source: mo.source.clone(),
        destination: mo.destination.clone(),
        text: mo.text.clone(),
        received_at: mo.received_at,
        attempts: 0,
        deaths_alone: 0,
        suspect: false,
    }
}

/// The text of parts, which are in the order of their numbers: neighbours are joined before they are read, and a mark
/// stands where some are missing.
pub(super) fn text_of_parts(parts: &[StoredPart], total: u8) -> String {
    let mut text = String::new();
    let mut next = 1;
    for run in parts.chunk_by(|one, other| one.number + 1 == other.number) {
        if run[0].number != next {
            text.truncate(text.trim_end().len());
            text.push_str(MISSING);
        }
        let pieces: Vec<&Piece> = run.iter().map(|part| &part.piece).collect();
        text.push_str(&text_of(&pieces));
        next = run[run.len() - 1].number.saturating_add(1);
    }
    if next <= total {
        text.truncate(text.trim_end().len());
        text.push_str(MISSING.trim_end());
    }
    shortened(text)
}

#[cfg(test)]
#[path = "parts_tests.rs"]
mod tests;

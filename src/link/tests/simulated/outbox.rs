//! An outbox that is rows and nothing else. What becomes of a row is decided by the rules that every store asks; whose turn it is
//! is told here in the plainest way.
use super::Planted;
use crate::{
    ports::{
        outbox::Outcome,
        rules::outbox::{after_uncertainty, settled},
        states::MtState,
    },
    types::{UnixMs, limits::AMBIGUOUS_HOLD},
};
use std::collections::BTreeMap;

/// A segment.
#[derive(Clone, Debug)]
pub struct Row {
    /// Whose: one of its segments is on its way at a time, in the order of their ids.
    pub number: u64,
    pub state: MtState,
    pub link: Option<usize>,
    pub attempts: u32,
    due: UnixMs,
    since: UnixMs,
    pub status: Option<u32>,
}

#[derive(Default)]
pub struct Outbox {
    pub rows: BTreeMap<u128, Row>,
    /// A fault of its own, on purpose.
    pub planted: Option<Planted>,
}

/// End of use of everything here: later than any test.
pub const NOT_AFTER: UnixMs = UnixMs(i64::MAX);

impl Outbox {
    pub fn queue(&mut self, number: u64, now: UnixMs) {
        let id = self.rows.len() as u128 + 1;
        let row = Row { number, state: MtState::Queued, link: None, attempts: 0, due: now, since: now, status: None };
        self.rows.insert(id, row);
    }

    /// Takes the segment that is due longest, for that connection; it is submitting from then on.
    pub fn take(&mut self, link: usize, now: UnixMs) -> Option<(u128, u32, u64)> {
        let open = |row: &Row| !matches!(row.state, MtState::Sent | MtState::Failed);
        let mut ahead: Vec<u64> = Vec::new();
        let mut best: Option<(UnixMs, u128)> = None;
        for (id, row) in self.rows.iter().filter(|(_, row)| open(row)) {
            let first = !ahead.contains(&row.number) || self.planted == Some(Planted::IgnoresOrder);
            ahead.push(row.number);
            if first && row.state == MtState::Queued && row.due <= now && best.is_none_or(|best| (row.due, *id) < best)
            {
                best = Some((row.due, *id));
            }
        }
        let (_, id) = best?;
        let row = self.rows.get_mut(&id)?;
        row.state = MtState::Submitting;
        row.link = Some(link);
        row.attempts += 1;
        Some((id, row.attempts, row.number))
    }

    /// What was submitting on that connection is what its bind says.
    pub fn settle(&mut self, id: u128, link: usize, outcome: Outcome, now: UnixMs) {
        let row = self.rows.get_mut(&id).expect("a segment");
        if row.state != MtState::Submitting || row.link != Some(link) {
            panic!("{id} is settled by {link}, and is {:?} on {:?}", row.state, row.link);
        }
        let outcome = match outcome {
            Outcome::Sent { .. } if self.planted == Some(Planted::SendsTwice) => Outcome::Unwritten,
            outcome => outcome,
        };
        let settled = settled(outcome);
        row.state = settled.state;
        row.attempts -= settled.undone;
        row.due = settled.due.unwrap_or(row.due);
        row.status = settled.status.or(row.status);
        row.since = now;
    }

    /// Decides what has been uncertain for long; only while a bind has been there for as long.
    pub fn resolve(&mut self, now: UnixMs) {
        if self.planted == Some(Planted::ForgetsTheUncertain) {
            return;
        }
        let before = now.plus_ms(-(AMBIGUOUS_HOLD.as_millis() as i64));
        for row in self.rows.values_mut() {
            if row.state == MtState::Ambiguous && row.since <= before {
                row.state = after_uncertainty(NOT_AFTER, row.attempts, now);
                row.due = now;
            }
        }
    }

    pub fn is_done(&self) -> bool {
        self.rows.values().all(|row| matches!(row.state, MtState::Sent | MtState::Failed))
    }
}

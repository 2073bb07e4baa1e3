//! The way in for texts: durable first, answered later.
use super::{
    Texts, dedupe,
    hand::{InHand, InWork, TurnPermits},
    incoming::{AcceptFault, Done, IncomingMo},
    sequencer::LaneEntry,
    slowly,
};
use crate::{
    ports::{
        StoreFault,
        inbox::{Accepted, Intake, NewMo, Source, StoredMo},
        random::new_id,
        status::Rate,
    },
    types::{CauseId, limits::SOURCE_DIGITS_MIN, names::SmscName},
};
use std::sync::Arc;
use tokio::time::Instant;

impl Texts {
    /// Stores an MO and sees to its answer. Returns at once; `done` is called after the commit. The order of
    /// calls is the order in which a number's MOs are answered.
    pub fn accept(&self, mo: IncomingMo, done: Done) {
        let smsc = mo.smsc.clone();
        if self.is_leaving() {
            count(&smsc, "draining");
            return done(Err(AcceptFault::Overload));
        }
        let Some(hand) = InHand::take(&self.core.hands, &smsc) else {
            count(&smsc, "overload");
            return done(Err(AcceptFault::Overload));
        };
        let texts = self.clone();
        match &mo.source {
            Source::Person(number) if !self.is_loop(&mo) => {
                let (number, place) = (*number, self.core.sequencer.enter(*number));
                self.needs.tasks.spawn(async move {
                    match mo.part.clone() {
                        Some(part) => texts.accept_part(mo, part, number, place, hand, done).await,
                        None => texts.accept_person(mo, place, hand, done).await,
                    }
                });
            }
            _ => {
                self.needs.tasks.spawn(async move { texts.accept_silent(mo, hand, done).await });
            }
        }
    }

    /// Our own short codes, names and numbers too short for a person are never answered, as two machines
    /// could go on for ever.
    fn is_loop(&self, mo: &IncomingMo) -> bool {
        match &mo.source {
            Source::Other(_) => true,
            Source::Person(number) => {
                let digits = number.digits();
                digits.len() < SOURCE_DIGITS_MIN || {
                    let telcos = self.needs.settings.telcos.all();
                    telcos.iter().any(|telco| telco.short_codes.iter().any(|code| code == digits))
                }
            }
        }
    }

    async fn accept_silent(self, mo: IncomingMo, _hand: InHand, done: Done) {
        let smsc = mo.smsc.clone();
        let new = self.new_mo(mo, Intake::Silent);
        let id = new.id;
        match self.store_mo(new).await {
            Ok(accepted) => {
                count(&smsc, if matches!(accepted, Accepted::New { .. }) { "silent" } else { "duplicate" });
                done(Ok(Some(id)));
            }
            Err(fault) => refuse(&smsc, fault, done),
        }
    }

    async fn accept_person(self, mo: IncomingMo, place: LaneEntry, hand: InHand, done: Done) {
        let read_at = Instant::now();
        let smsc = mo.smsc.clone();
        // Stored as claimed only where its turn can begin at once: what is claimed at a crash is suspect.
        let open = *self.core.open.borrow();
        let slot = match &place {
            LaneEntry::Head(_) if open => Arc::clone(&self.core.slots).try_acquire_owned().ok(),
            _ => None,
        };
        let new = self.new_mo(mo, if slot.is_some() { Intake::Claimed } else { Intake::Waiting });
        // from before its commit on
        let _work = InWork::take(&self.core.hands, new.id);
        let mut stored = StoredMo {
            id: new.id,
            smsc: new.smsc.clone(),
            source: new.source.clone(),
            destination: new.destination.clone(),
            text: new.text.clone(),
            received_at: new.received_at,
            attempts: u32::from(slot.is_some()),
            deaths_alone: 0,
            suspect: false,
        };
        let (citizen, claimed) = match self.store_mo(new).await {
            Ok(Accepted::New { citizen, claimed }) => (citizen, claimed),
            Ok(Accepted::Duplicate { of } | Accepted::Resembles { of, .. }) => {
                count(&smsc, "duplicate");
                // Once this resp is known to be read, an equal text is a new question.
                return done(Ok(Some(of)));
            }
            Err(fault) => {
                refuse(&smsc, fault, done);
                if fault == AcceptFault::Store(StoreFault::Unknown) && slot.is_some() {
                    drop(slot);
                    self.find(stored, place, hand).await;
                }
                return;
            }
        };
        count(&smsc, "accepted");
        self.needs.board.count(Rate::MoIn, 1, stored.received_at);
        done(Ok(Some(stored.id)));
        stored.attempts = u32::from(claimed);
        match (place, slot.filter(|_| claimed)) {
            (LaneEntry::Head(lane), Some(slot)) => {
                let held = TurnPermits::new(Some(hand), Some(lane), slot);
                self.turn(stored, citizen, Some(read_at), held).await;
            }
            (place, _) => self.wait_and_turn(stored, place, Some(hand), Some(read_at)).await,
        }
    }

    fn new_mo(&self, mo: IncomingMo, intake: Intake) -> NewMo {
        let now = self.now();
        let dedupe = dedupe::key(&mo);
        NewMo {
            id: CauseId(new_id(now)),
            smsc: mo.smsc,
            family: mo.family,
            session: mo.session,
            source: mo.source,
            destination: mo.destination,
            text: mo.text,
            raw: mo.raw,
            data_coding: mo.data_coding,
            esm_class: mo.esm_class,
            dedupe,
            insist: false,
            given_back: Vec::new(),
            intake,
            received_at: now,
        }
    }

    /// Stores it; one that resembles an answered MO is a redelivery only if the session of that one is gone,
    /// so that its resp may not have been read.
    async fn store_mo(&self, mut new: NewMo) -> Result<Accepted, AcceptFault> {
        let given = &self.core.slowly;
        new.given_back = given.may_be(&new.dedupe.digest);
        let (again, begun, digest) = (new.clone(), Instant::now(), new.dedupe.digest);
        let mut accepting = self.needs.inbox.accept(new);
        // it may come again before the commit ends
        let in_time = tokio::time::timeout(slowly::IN_TIME, &mut accepting).await.ok();
        let accepted = if let Some(accepted) = in_time {
            if accepted == Err(StoreFault::Unknown) {
                given.given_back(digest, [again.id]);
            }
            accepted
        } else {
            given.given_back(digest, [again.id]);
            accepting.await
        };
        if accepted.is_err() {
            given.given_back(digest, again.given_back.iter().copied());
        }
        match accepted? {
            Accepted::Resembles { of, session, .. } if self.is_alive(session) && !given.comes_again(of) => {
                Ok(self.needs.inbox.accept(NewMo { insist: true, ..again }).await?)
            }
            accepted => {
                match accepted {
                    Accepted::New { .. } => given.stored(again.id, begun),
                    Accepted::Duplicate { of } | Accepted::Resembles { of, .. } => _ = given.comes_again(of),
                }
                Ok(accepted)
            }
        }
    }
}

pub(super) fn refuse(smsc: &SmscName, fault: AcceptFault, done: Done) {
    count(smsc, "store_fault");
    done(Err(fault));
}

pub(super) fn count(smsc: &SmscName, result: &'static str) {
    metrics::counter!("chrak_mo_total", "smsc" => smsc.as_str().to_owned(), "result" => result).increment(1);
}

//! The way in for texts: durable first, answered later.
use super::{
    Exchange, dedupe,
    incoming::{AcceptFault, Done, IncomingMo},
    new_id,
    sequencer::{Lane, LaneEntry},
};
use crate::{
    ports::{
        StoreFault,
        citizens::CitizenRecord,
        inbox::{Accepted, Intake, NewMo, Source, StoredMo},
        status::Rate,
    },
    types::{
        CauseId, SessionId,
        limits::{MO_IN_HAND_MAX, SOURCE_DIGITS_MIN},
        lock,
        names::SmscName,
    },
};
use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};
use tokio::{sync::OwnedSemaphorePermit, time::Instant};

/// Pause before an MO is claimed once more.
const CLAIM_AGAIN: Duration = Duration::from_millis(500);

/// One MO more in hand, until it is dropped.
struct InHand(Arc<super::Core>);

impl InHand {
    fn take(core: &Arc<super::Core>) -> Option<Self> {
        let taken = core.in_hand.fetch_add(1, Ordering::Relaxed);
        let held = InHand(Arc::clone(core));
        (taken < MO_IN_HAND_MAX).then_some(held)
    }
}

impl Drop for InHand {
    fn drop(&mut self) {
        self.0.in_hand.fetch_sub(1, Ordering::Relaxed);
    }
}

/// An MO that this process works on, until it is dropped: the regular look at what waits leaves it alone.
pub(super) struct InWork(Arc<super::Core>, CauseId);

impl InWork {
    /// `None` when somebody has it already.
    pub(super) fn take(core: &Arc<super::Core>, mo: CauseId) -> Option<Self> {
        lock(&core.in_work).insert(mo).then(|| InWork(Arc::clone(core), mo))
    }
}

impl Drop for InWork {
    fn drop(&mut self) {
        lock(&self.0.in_work).remove(&self.1);
    }
}

/// What a stored MO holds until its turn is over.
pub(super) struct TurnPermits {
    _hand: Option<Box<dyn Send>>,
    _lane: Option<Lane>,
    _slot: OwnedSemaphorePermit,
}

impl TurnPermits {
    pub(super) fn new(hand: Option<Box<dyn Send>>, lane: Option<Lane>, slot: OwnedSemaphorePermit) -> Self {
        TurnPermits { _hand: hand, _lane: lane, _slot: slot }
    }
}

impl Exchange {
    /// Stores an MO and sees to its answer. Returns at once; `done` is called after the commit. The order of
    /// calls is the order in which a number's MOs are answered.
    pub fn accept(&self, mo: IncomingMo, done: Done) {
        let smsc = mo.smsc.clone();
        if self.core.draining.load(Ordering::Relaxed) {
            count(&smsc, "draining");
            return done(Err(AcceptFault::Overload));
        }
        let Some(hand) = InHand::take(&self.core) else {
            count(&smsc, "overload");
            return done(Err(AcceptFault::Overload));
        };
        let exchange = self.clone();
        match &mo.source {
            Source::Person(number) if !self.is_loop(&mo) && mo.part.is_none_or(|part| part.number <= 1) => {
                let place = self.core.sequencer.enter(*number);
                self.core.tasks.spawn(async move { exchange.accept_person(mo, place, hand, done).await });
            }
            _ => {
                self.core.tasks.spawn(async move { exchange.accept_silent(mo, hand, done).await });
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
                digits.len() < SOURCE_DIGITS_MIN
                    || self.core.settings.telcos.iter().any(|telco| telco.short_codes.iter().any(|code| code == digits))
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
                done(Ok(id));
            }
            Err(fault) => self.refuse(&smsc, fault, done),
        }
    }

    async fn accept_person(self, mo: IncomingMo, place: LaneEntry, hand: InHand, done: Done) {
        let read_at = Instant::now();
        let smsc = mo.smsc.clone();
        // Stored as claimed only where its turn can begin at once: what is claimed at a crash is suspect.
        let open = *self.core.gate.borrow();
        let slot = match &place {
            LaneEntry::Head(_) if open => Arc::clone(&self.core.slots).try_acquire_owned().ok(),
            _ => None,
        };
        let new = self.new_mo(mo, if slot.is_some() { Intake::Claimed } else { Intake::Waiting });
        // from before its commit on
        let _work = InWork::take(&self.core, new.id);
        let stored = StoredMo {
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
        let citizen = match self.store_mo(new).await {
            Ok(Accepted::New { citizen }) => citizen,
            Ok(Accepted::Duplicate { of } | Accepted::Resembles { of, .. }) => {
                count(&smsc, "duplicate");
                // Once this resp is known to be read, an equal text is a new question.
                return done(Ok(of));
            }
            Err(fault) => return self.refuse(&smsc, fault, done),
        };
        count(&smsc, "accepted");
        self.core.board.count(Rate::MoIn, 1, stored.received_at);
        done(Ok(stored.id));
        match (place, slot) {
            (LaneEntry::Head(lane), Some(slot)) => {
                let held = TurnPermits::new(Some(Box::new(hand)), Some(lane), slot);
                self.turn(stored, citizen, Some(read_at), held).await;
            }
            (place, _) => self.wait_and_turn(stored, place, Some(Box::new(hand)), Some(read_at)).await,
        }
    }

    /// Waits for the lane, the gate and a slot, claims the MO, and gives it its turn.
    pub(super) async fn wait_and_turn(
        self,
        mut stored: StoredMo,
        place: LaneEntry,
        hand: Option<Box<dyn Send>>,
        read_at: Option<Instant>,
    ) {
        let lane = match place {
            LaneEntry::Head(lane) => lane,
            LaneEntry::Behind(behind) => behind.reach_head().await,
        };
        let mut gate = self.core.gate.subscribe();
        if gate.wait_for(|open| *open).await.is_err() {
            return;
        }
        let Ok(slot) = Arc::clone(&self.core.slots).acquire_owned().await else {
            return;
        };
        let Some(citizen) = self.claim_patiently(&stored).await else {
            return;
        };
        stored.attempts += 1;
        self.turn(stored, citizen, read_at, TurnPermits::new(hand, Some(lane), slot)).await;
    }

    /// Claims an MO, as often as it takes, so that no later text of its number goes before it; `None` when somebody else
    /// has it, or the server leaves.
    pub(super) async fn claim_patiently(&self, stored: &StoredMo) -> Option<CitizenRecord> {
        loop {
            match self.core.store.claim(stored.id, false, self.now()).await {
                Ok(citizen) => return Some(citizen),
                Err(StoreFault::Stale | StoreFault::Closed) => return None,
                Err(fault) => {
                    self.core.health.failed();
                    tracing::warn!(mo.id = %stored.id, "an MO could not be claimed: {fault}");
                }
            }
            if self.is_leaving() {
                return None;
            }
            tokio::time::sleep(CLAIM_AGAIN).await;
        }
    }

    /// Claims an MO; `None` when somebody else has it or the store fails: it stays waiting, and is taken up by the
    /// next look at what waits.
    pub(super) async fn claim(&self, stored: &StoredMo, alone: bool) -> Option<CitizenRecord> {
        match self.core.store.claim(stored.id, alone, self.now()).await {
            Ok(citizen) => Some(citizen),
            Err(StoreFault::Stale) => None,
            Err(fault) => {
                self.core.health.failed();
                tracing::warn!(mo.id = %stored.id, "an MO could not be claimed: {fault}");
                None
            }
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
            intake,
            received_at: now,
        }
    }

    /// Stores it; one that resembles an answered MO is a redelivery only if the session of that one is gone,
    /// so that its resp may not have been read.
    async fn store_mo(&self, new: NewMo) -> Result<Accepted, AcceptFault> {
        let again = new.clone();
        match self.core.store.accept(new).await? {
            Accepted::Resembles { session, .. } if self.is_alive(session) => {
                Ok(self.core.store.accept(NewMo { insist: true, ..again }).await?)
            }
            accepted => Ok(accepted),
        }
    }

    pub(super) fn is_alive(&self, session: SessionId) -> bool {
        lock(&self.core.alive).contains(&session)
    }

    fn refuse(&self, smsc: &SmscName, fault: AcceptFault, done: Done) {
        if matches!(fault, AcceptFault::Store(_)) {
            self.core.health.failed();
        }
        count(smsc, "store_fault");
        done(Err(fault));
    }
}

fn count(smsc: &SmscName, result: &'static str) {
    metrics::counter!("chrak_mo_total", "smsc" => smsc.as_str().to_owned(), "result" => result).increment(1);
}

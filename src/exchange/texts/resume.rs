//! MOs that are stored and wait: for the one before them, for a slot, for the start to be over, or for whoever left them.
use super::{
    Texts,
    hand::{InHand, InWork, TurnPermits},
    sequencer::LaneEntry,
};
use crate::{
    ports::{
        StoreFault,
        citizens::CitizenRecord,
        inbox::{Source, StoredMo},
    },
    types::Msisdn,
};
use std::{sync::Arc, time::Duration};
use tokio::{sync::watch, time::Instant};

/// Pause before an MO is claimed once more.
const CLAIM_AGAIN: Duration = Duration::from_millis(500);
/// Pause before one is that waits for another node to end a turn of its number.
const BEHIND_AGAIN: Duration = Duration::from_millis(100);

/// What a claim came to.
pub(super) enum Claimed {
    /// It is ours, with its sender's record.
    Ours(CitizenRecord),
    /// It waits for another one of its number, which another node has.
    Behind,
    /// Somebody else has it, or the server leaves.
    Gone,
}

impl Texts {
    /// What an unclean end left has been tried: from now on texts are answered as they come.
    pub(in crate::exchange) fn open(&self) {
        self.core.open.send_replace(true);
    }

    /// Whether they are.
    pub(in crate::exchange) fn opened(&self) -> watch::Receiver<bool> {
        self.core.open.subscribe()
    }

    /// Turns and other work in hand.
    pub(in crate::exchange) fn tasks(&self) -> usize {
        self.needs.tasks.len()
    }

    /// Gives an MO that a commit has just stored its turn.
    pub(in crate::exchange) fn enqueue(&self, mo: StoredMo) {
        let (place, texts) = (self.core.sequencer.enter(number_of(&mo)), self.clone());
        self.needs.tasks.spawn(async move { texts.wait_and_turn(mo, place, None, None).await });
    }

    /// Waits for the lane, the gate and a slot, claims the MO, and gives it its turn.
    pub(super) async fn wait_and_turn(
        self,
        mut stored: StoredMo,
        place: LaneEntry,
        hand: Option<InHand>,
        read_at: Option<Instant>,
    ) {
        let mut place = place;
        loop {
            let lane = match place {
                LaneEntry::Head(lane) => lane,
                LaneEntry::Behind(behind) => behind.reach_head().await,
            };
            let mut open = self.core.open.subscribe();
            if open.wait_for(|open| *open).await.is_err() {
                return;
            }
            let Ok(slot) = Arc::clone(&self.core.slots).acquire_owned().await else {
                return;
            };
            match self.claim_patiently(&stored).await {
                Claimed::Ours(citizen) => {
                    stored.attempts += 1;
                    return self.turn(stored, citizen, read_at, TurnPermits::new(hand, Some(lane), slot)).await;
                }
                Claimed::Gone => return,
                Claimed::Behind => drop(slot),
            }
            tokio::time::sleep(BEHIND_AGAIN).await;
            // the one that goes before it may have been taken up here meanwhile, and wait behind it
            drop(lane);
            place = self.core.sequencer.enter(number_of(&stored));
        }
    }

    /// Looks for an MO that may have been stored as claimed without our knowing: what the telco sends again is a duplicate of
    /// it then, which nobody would answer before the next start. It has its turn in its place.
    pub(super) async fn find(self, stored: StoredMo, place: LaneEntry, hand: InHand) {
        loop {
            match self.needs.inbox.release(stored.id, self.now()).await {
                Ok(()) => return self.wait_and_turn(stored, place, Some(hand), None).await,
                Err(StoreFault::Busy | StoreFault::Unknown) if !self.is_leaving() => {
                    tokio::time::sleep(CLAIM_AGAIN).await;
                }
                // it was not stored; or it waits, and the next look finds it
                Err(_) => return,
            }
        }
    }

    /// Claims an MO, as often as it takes, so that no later text of its number goes before it.
    pub(super) async fn claim_patiently(&self, stored: &StoredMo) -> Claimed {
        loop {
            match self.needs.inbox.claim(stored.id, false, self.now()).await {
                Ok(citizen) => return Claimed::Ours(citizen),
                Err(StoreFault::Stale | StoreFault::Closed) => return Claimed::Gone,
                Err(StoreFault::Behind) if self.is_leaving() => return Claimed::Gone,
                Err(StoreFault::Behind) => return Claimed::Behind,
                Err(fault) => {
                    tracing::warn!(mo.id = %stored.id, "an MO could not be claimed: {fault}");
                }
            }
            if self.is_leaving() {
                return Claimed::Gone;
            }
            tokio::time::sleep(CLAIM_AGAIN).await;
        }
    }

    /// Claims an MO whose turn failed; `None` when somebody else has it, or the server leaves.
    pub(super) async fn claim_again(&self, stored: &StoredMo) -> Option<CitizenRecord> {
        loop {
            match self.claim_patiently(stored).await {
                Claimed::Ours(citizen) => return Some(citizen),
                Claimed::Gone => return None,
                Claimed::Behind => tokio::time::sleep(BEHIND_AGAIN).await,
            }
        }
    }

    /// Claims an MO; `None` when somebody else has it or the store fails: it stays waiting, and is taken up by the
    /// next look at what waits.
    pub(super) async fn claim(&self, stored: &StoredMo, alone: bool) -> Option<CitizenRecord> {
        match self.needs.inbox.claim(stored.id, alone, self.now()).await {
            Ok(citizen) => Some(citizen),
            Err(StoreFault::Stale | StoreFault::Behind) => None,
            Err(fault) => {
                tracing::warn!(mo.id = %stored.id, "an MO could not be claimed: {fault}");
                None
            }
        }
    }

    /// A suspect's turn, with nothing else in hand: newer MOs of its number wait at the gate.
    pub(in crate::exchange) async fn try_alone(&self, mut mo: StoredMo) {
        let Ok(slot) = Arc::clone(&self.core.slots).acquire_owned().await else {
            return;
        };
        let Some(citizen) = self.claim(&mo, true).await else {
            return;
        };
        mo.attempts += 1;
        self.turn(mo, citizen, None, TurnPermits::new(None, None, slot)).await;
    }

    /// A suspect's turn while others are in hand; returns when it is over, or somebody else has it.
    pub(in crate::exchange) async fn try_now(&self, mut mo: StoredMo) {
        let Some(_work) = InWork::take(&self.core.hands, mo.id) else { return };
        let lane = match self.core.sequencer.enter(number_of(&mo)) {
            LaneEntry::Head(lane) => lane,
            LaneEntry::Behind(behind) => behind.reach_head().await,
        };
        let Ok(slot) = Arc::clone(&self.core.slots).acquire_owned().await else { return };
        let Some(citizen) = self.claim(&mo, false).await else { return };
        mo.attempts += 1;
        self.turn(mo, citizen, None, TurnPermits::new(None, Some(lane), slot)).await;
    }

    /// Gives a stored MO its turn in the order of its number, unless somebody has it already.
    pub(in crate::exchange) fn take_up(&self, mo: StoredMo) {
        let Some(work) = InWork::take(&self.core.hands, mo.id) else { return };
        let place = self.core.sequencer.enter(number_of(&mo));
        let texts = self.clone();
        self.needs.tasks.spawn(async move {
            texts.wait_and_turn(mo, place, None, None).await;
            drop(work);
        });
    }
}

/// An MO that is answered has a person; another one gets a lane that nobody shares.
fn number_of(mo: &StoredMo) -> Msisdn {
    match &mo.source {
        Source::Person(number) => *number,
        Source::Other(_) => Msisdn::NOBODY,
    }
}

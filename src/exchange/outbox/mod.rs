//! The way out: binds with room pull what is due, longest due first, one segment of a number at a time. A place at a
//! bind is taken before a segment is stored as submitting, and given back only after its outcome is stored. A bind has
//! places for its window and for a few segments more, so that a free place in the window is filled at once and not
//! after two commits; it writes no more than its window holds before their outcomes are stored, so that at any crash
//! no more can come twice.
mod places;

use super::Exchange;
use crate::types::lock;
use crate::{
    ports::{
        StoreFault,
        outbox::{DueMt, NewMt, NewReceipt, Outcome, Settlement},
        status::Rate,
    },
    types::{
        CauseId, MtId, SessionId,
        limits::{AMBIGUOUS_HOLD, COMMIT_OPS_MAX, SUBMIT_AHEAD},
        names::SmscName,
    },
};
use places::{Found, Look, Places};
use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::{
    sync::{Notify, mpsc},
    time::Instant,
};
use tokio_util::sync::CancellationToken;

/// A segment handed to a bind, recorded as submitting on its session.
#[derive(Debug)]
pub struct Submission {
    /// What to send.
    pub mt: DueMt,
    /// When the MO that it answers was read, when that was in this process and this is its last segment.
    pub read_at: Option<Instant>,
}

/// The due segments of one telco, and the binds that take them.
pub(super) struct TelcoOutbox {
    smsc: SmscName,
    places: Mutex<Places<mpsc::Sender<Submission>>>,
    /// A bind is there since then.
    bound_since: Mutex<Option<Instant>>,
    /// The pump is to look at `places`.
    wake: Notify,
}

impl TelcoOutbox {
    pub(super) fn new(smsc: SmscName) -> Self {
        TelcoOutbox { smsc, places: Mutex::default(), bound_since: Mutex::default(), wake: Notify::new() }
    }

    fn join(&self, session: SessionId, places: usize, hand: mpsc::Sender<Submission>) {
        lock(&self.places).join(session, places, hand);
        lock(&self.bound_since).get_or_insert_with(Instant::now);
        self.wake.notify_one();
    }

    fn leave(&self, session: SessionId) {
        let mut places = lock(&self.places);
        places.leave(session);
        if places.is_empty() {
            *lock(&self.bound_since) = None;
        }
    }

    /// Something is queued, or may have become due.
    fn ask(&self) {
        lock(&self.places).ask();
        self.wake.notify_one();
    }

    fn give_back(&self, session: SessionId, places: usize) {
        let wake = lock(&self.places).give_back(session, places);
        if wake {
            self.wake.notify_one();
        }
    }

    /// Hands a segment over; `Err` when the session has gone meanwhile.
    fn hand(&self, session: SessionId, submission: Submission) -> Result<(), MtId> {
        let hand = lock(&self.places).reach(session).cloned();
        match hand {
            // The channel holds all places, and one of them was taken for this.
            Some(hand) => hand.try_send(submission).map_err(|refused| refused.into_inner().mt.id),
            None => Err(submission.mt.id),
        }
    }

    fn bound_for(&self) -> Option<Duration> {
        lock(&self.bound_since).map(|since| since.elapsed())
    }
}

/// A bind's end of the outbox: yields what the bind is to submit. Dropping it gives its places up; what was
/// handed over and not settled is then uncertain, and the bind settles it as such before.
pub struct OutboxFeed {
    outbox: Arc<TelcoOutbox>,
    session: SessionId,
    due: mpsc::Receiver<Submission>,
}

impl OutboxFeed {
    /// The next segment to submit; waits until there is one.
    pub async fn next(&mut self) -> Option<Submission> {
        self.due.recv().await
    }

    /// A segment that is there already.
    pub fn try_next(&mut self) -> Option<Submission> {
        self.due.try_recv().ok()
    }

    /// Takes no more; yields what was handed over and not yet taken.
    pub fn close(&mut self) -> Vec<Submission> {
        self.outbox.leave(self.session);
        self.due.close();
        std::iter::from_fn(|| self.due.try_recv().ok()).collect()
    }

    /// Segments that may be handed to a bind of this window before any is settled.
    pub fn places(window: usize) -> usize {
        window.max(1) + SUBMIT_AHEAD
    }
}

impl Drop for OutboxFeed {
    fn drop(&mut self) {
        self.outbox.leave(self.session);
    }
}

impl Exchange {
    /// A bind that can submit takes part with a window of so many places.
    ///
    /// Returns `None` for a telco that is not configured.
    pub fn pull(&self, smsc: &SmscName, session: SessionId, window: usize) -> Option<OutboxFeed> {
        let outbox = Arc::clone(self.core.outboxes.get(smsc)?);
        let places = OutboxFeed::places(window);
        let (hand, due) = mpsc::channel(places);
        outbox.join(session, places, hand);
        Some(OutboxFeed { outbox, session, due })
    }

    /// Stores what became of segments, and gives their places in the window back after the commit.
    pub async fn settle(&self, smsc: &SmscName, settlements: Vec<Settlement>) {
        if settlements.is_empty() {
            return;
        }
        let now = self.now();
        let sent = settlements.iter().filter(|one| matches!(one.outcome, Outcome::Sent { .. })).count() as u64;
        let mut places: HashMap<SessionId, usize> = HashMap::new();
        for one in &settlements {
            *places.entry(one.session).or_default() += 1;
            count(smsc, &one.outcome);
        }
        for tries in 1.. {
            match self.core.store.settle(settlements.clone(), now).await {
                Ok(()) => break,
                Err(StoreFault::Closed) => return,
                // A settlement that is not stored leaves its segment submitting, and its place taken: the
                // window closes until the store works again.
                Err(fault) => {
                    self.core.health.failed();
                    if tries == 1 {
                        tracing::warn!(smsc = %smsc, "outcomes of submit_sm could not be stored: {fault}");
                    }
                    tokio::time::sleep(Duration::from_millis(500)).await;
                }
            }
        }
        self.core.board.count(Rate::MtOut, sent, now);
        if let Some(outbox) = self.core.outboxes.get(smsc) {
            // what was not sent is queued again; what was sent may make the next one of its number due
            if settlements.iter().any(|one| matches!(one.outcome, Outcome::Unwritten)) {
                outbox.ask();
            }
            for (session, places) in places {
                outbox.give_back(session, places);
            }
        }
    }

    /// Stores a delivery receipt. Only after `Ok` may its resp be ESME_ROK.
    pub async fn receipt(&self, smsc: &SmscName, receipt: NewReceipt) -> Result<(), StoreFault> {
        match self.core.store.receipt(receipt, self.now()).await {
            Ok(found) => {
                metrics::counter!("chrak_receipts_total", "smsc" => smsc.as_str().to_owned(), "result" => found.as_str())
                    .increment(1);
                Ok(())
            }
            Err(fault) => {
                self.core.health.failed();
                Err(fault)
            }
        }
    }

    /// Notes that the telco has read the resps of these MOs.
    pub async fn confirm(&self, mos: Vec<CauseId>) {
        if !mos.is_empty() && self.core.store.confirm(mos).await.is_err() {
            self.core.health.failed();
        }
    }

    /// Takes a place for the first segment of an answer, so that its commit records it as submitting.
    pub(super) fn reserve_for(&self, mts: &mut [NewMt]) {
        if let Some(first) = mts.first_mut()
            && let Some(outbox) = self.core.outboxes.get(&first.smsc)
        {
            first.reserved = lock(&outbox.places).reserve();
        }
    }

    /// Hands over what was stored as submitting (`begun`), gives the other places back, and says what is queued.
    pub(super) async fn hand_over(
        &self,
        mo: CauseId,
        mts: Vec<NewMt>,
        begun: &Result<Vec<MtId>, StoreFault>,
        read_at: Option<Instant>,
    ) {
        let stored = begun.is_ok();
        let begun: HashSet<MtId> = begun.iter().flatten().copied().collect();
        for mt in mts {
            let Some(outbox) = self.core.outboxes.get(&mt.smsc) else {
                continue;
            };
            let taken = mt.reserved.filter(|_| begun.contains(&mt.id));
            if stored && taken.is_none() {
                outbox.ask();
            }
            match (mt.reserved, taken) {
                (Some(session), None) => outbox.give_back(session, 1),
                (_, Some(session)) => {
                    let read_at = read_at.filter(|_| mt.parts == 1);
                    if let Err(refused) = outbox.hand(session, Submission { mt: due(mo, mt), read_at }) {
                        let unwritten = Settlement { mt: refused, session, outcome: Outcome::Unwritten };
                        self.settle(&outbox.smsc, vec![unwritten]).await;
                    }
                }
                (None, None) => {}
            }
        }
    }

    /// Segments were queued that no place was reserved for.
    pub(super) fn wake(&self, smsc: &SmscName) {
        if let Some(outbox) = self.core.outboxes.get(smsc) {
            outbox.ask();
        }
    }

    /// Moves what is queued to binds with room, and decides what is uncertain; one task per telco.
    pub(super) async fn pump(self, outbox: Arc<TelcoOutbox>, stop: CancellationToken) {
        // Time alone makes due what was refused for now; and what another process may have queued is found.
        let mut regular = tokio::time::interval(Duration::from_millis(500));
        regular.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                () = outbox.wake.notified() => {}
                _ = regular.tick() => {
                    lock(&outbox.places).ask();
                    self.resolve(&outbox).await;
                }
            }
            while !stop.is_cancelled() {
                let look = lock(&outbox.places).begin_look(COMMIT_OPS_MAX);
                let Some(look) = look else { break };
                if self.look(&outbox, look).await.is_err() {
                    // it is still owed: the next regular look pays
                    self.core.health.failed();
                    break;
                }
            }
        }
    }

    async fn look(&self, outbox: &Arc<TelcoOutbox>, look: Look) -> Result<(), StoreFault> {
        let found = self.begin_due(outbox, &look).await;
        let (begun, found) = match found {
            Ok(found) => found,
            Err(fault) => {
                lock(&outbox.places).end_look(&look, look.places, Found::More);
                return Err(fault);
            }
        };
        let unused = look.places - begun.len();
        for mt in begun {
            if let Err(refused) = outbox.hand(look.session, Submission { mt, read_at: None }) {
                let unwritten = Settlement { mt: refused, session: look.session, outcome: Outcome::Unwritten };
                self.settle(&outbox.smsc, vec![unwritten]).await;
            }
        }
        lock(&outbox.places).end_look(&look, unused, found);
        Ok(())
    }

    /// Records what is due as submitting, as far as there are places for it.
    async fn begin_due(&self, outbox: &TelcoOutbox, look: &Look) -> Result<(Vec<DueMt>, Found), StoreFault> {
        let store = &self.core.store;
        let due = store.due(outbox.smsc.clone(), self.now(), look.places).await?;
        let found = if due.len() >= look.places {
            Found::More
        } else {
            Found::All { rest: store.queued(outbox.smsc.clone()).await? }
        };
        if due.is_empty() {
            return Ok((due, found));
        }
        let ids = due.iter().map(|mt| mt.id).collect();
        let begun: HashSet<MtId> = store.begin_submit(ids, look.session, self.now()).await?.into_iter().collect();
        Ok((due.into_iter().filter(|mt| begun.contains(&mt.id)).collect(), found))
    }

    async fn resolve(&self, outbox: &TelcoOutbox) {
        if outbox.bound_for().is_none_or(|bound| bound < AMBIGUOUS_HOLD) {
            return;
        }
        let now = self.now();
        let before = now.plus_ms(-(AMBIGUOUS_HOLD.as_millis() as i64));
        if let Ok(resolved) = self.core.store.resolve_ambiguous(outbox.smsc.clone(), before, now).await
            && (resolved.resent > 0 || resolved.given_up > 0)
        {
            metrics::counter!("chrak_mt_duplicates_possible_total", "smsc" => outbox.smsc.as_str().to_owned())
                .increment(resolved.resent);
            tracing::warn!(
                smsc = %outbox.smsc, resent = resolved.resent, given_up = resolved.given_up,
                "segments whose fate was uncertain are decided"
            );
            outbox.ask();
        }
    }
}

fn due(mo: CauseId, mt: NewMt) -> DueMt {
    DueMt {
        id: mt.id,
        mo,
        source: mt.source,
        destination: mt.destination,
        body: mt.body,
        data_coding: mt.data_coding,
        udhi: mt.udhi,
        reference: mt.reference,
        not_after: mt.not_after,
        attempts: 1,
    }
}

fn count(smsc: &SmscName, outcome: &Outcome) {
    let result = match outcome {
        Outcome::Sent { .. } => "sent",
        Outcome::Retry { .. } => "retry",
        Outcome::Failed { .. } => "failed",
        Outcome::Ambiguous => "ambiguous",
        Outcome::Unwritten => "unwritten",
    };
    metrics::counter!("chrak_mt_total", "smsc" => smsc.as_str().to_owned(), "result" => result).increment(1);
}

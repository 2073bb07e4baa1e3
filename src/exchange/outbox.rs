//! The way out: binds with room in their window pull what is due. A place in a window is taken before a
//! segment is stored as submitting, and given back only after its outcome is stored, so that at any crash no
//! more segments are uncertain on a bind than its window holds.
use super::{Exchange, hold};
use crate::{
    ports::{
        StoreFault,
        outbox::{DueMt, NewMt, NewReceipt, Outcome, Settlement},
        status::Rate,
    },
    types::{
        MoId, MtId, SessionId,
        limits::{AMBIGUOUS_HOLD, COMMIT_OPS_MAX},
        names::SmscName,
    },
};
use std::{
    collections::HashMap,
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
    binds: Mutex<Binds>,
    /// There may be something due that nobody has taken.
    pub(super) wake: Notify,
}

#[derive(Default)]
struct Binds {
    slots: HashMap<SessionId, Slot>,
    /// A telco is back since then.
    bound_since: Option<Instant>,
    /// Something is queued that no place was reserved for.
    backlog: bool,
    /// A text of several segments is on its way until then: each resp makes the next segment due.
    several_until: Option<Instant>,
}

/// How long the segments of one text are looked for at each resp; later the regular look finds them.
const SEVERAL: Duration = Duration::from_secs(30);

struct Slot {
    free: usize,
    hand: mpsc::Sender<Submission>,
}

impl TelcoOutbox {
    pub(super) fn new(smsc: SmscName) -> Self {
        TelcoOutbox { smsc, binds: Mutex::default(), wake: Notify::new() }
    }

    /// Takes a place in the window with most room.
    fn reserve(&self) -> Option<SessionId> {
        let mut binds = hold(&self.binds);
        let (session, slot) = binds.slots.iter_mut().max_by_key(|(_, slot)| slot.free)?;
        slot.free = slot.free.checked_sub(1)?;
        Some(*session)
    }

    /// Takes up to all places of the window with most room.
    fn reserve_many(&self, most: usize) -> Option<(SessionId, usize)> {
        let mut binds = hold(&self.binds);
        let (session, slot) = binds.slots.iter_mut().max_by_key(|(_, slot)| slot.free)?;
        let taken = slot.free.min(most);
        slot.free -= taken;
        (taken > 0).then_some((*session, taken))
    }

    fn give_back(&self, session: SessionId, places: usize) {
        let mut binds = hold(&self.binds);
        if let Some(slot) = binds.slots.get_mut(&session) {
            slot.free += places;
            if binds.backlog || binds.several_until.is_some_and(|until| Instant::now() < until) {
                binds.backlog = true;
                drop(binds);
                self.wake.notify_one();
            }
        }
    }

    /// Something is queued that needs a place.
    fn has_backlog(&self, several: bool) {
        let mut binds = hold(&self.binds);
        binds.backlog = true;
        if several {
            binds.several_until = Some(Instant::now() + SEVERAL);
        }
        drop(binds);
        self.wake.notify_one();
    }

    /// Hands a segment over; `Err` when the session has gone meanwhile.
    fn hand(&self, session: SessionId, submission: Submission) -> Result<(), MtId> {
        let hand = hold(&self.binds).slots.get(&session).map(|slot| slot.hand.clone());
        match hand {
            // The channel holds a whole window, and every place in it was reserved.
            Some(hand) => hand.try_send(submission).map_err(|refused| refused.into_inner().mt.id),
            None => Err(submission.mt.id),
        }
    }

    fn bound_for(&self) -> Option<Duration> {
        hold(&self.binds).bound_since.map(|since| since.elapsed())
    }
}

/// A bind's end of the outbox: yields what the bind is to submit. Dropping it gives the window up; what was
/// handed over and not settled is then uncertain, and the bind settles it as such before.
pub struct Puller {
    outbox: Arc<TelcoOutbox>,
    session: SessionId,
    due: mpsc::Receiver<Submission>,
}

impl Puller {
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
        self.leave();
        self.due.close();
        std::iter::from_fn(|| self.due.try_recv().ok()).collect()
    }

    fn leave(&self) {
        let mut binds = hold(&self.outbox.binds);
        binds.slots.remove(&self.session);
        if binds.slots.is_empty() {
            binds.bound_since = None;
        }
    }
}

impl Drop for Puller {
    fn drop(&mut self) {
        self.leave();
    }
}

impl Exchange {
    /// A bind that can submit takes part with a window of so many places.
    ///
    /// Returns `None` for a telco that is not configured.
    pub fn pull(&self, smsc: &SmscName, session: SessionId, window: usize) -> Option<Puller> {
        let outbox = Arc::clone(self.core.outboxes.get(smsc)?);
        let (hand, due) = mpsc::channel(window.max(1));
        let mut binds = hold(&outbox.binds);
        binds.slots.insert(session, Slot { free: window, hand });
        binds.bound_since.get_or_insert_with(Instant::now);
        drop(binds);
        outbox.has_backlog(false);
        Some(Puller { outbox, session, due })
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
            for (session, places) in places {
                outbox.give_back(session, places);
            }
            if settlements.iter().any(|one| matches!(one.outcome, Outcome::Unwritten)) {
                outbox.has_backlog(false);
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
    pub async fn confirm(&self, mos: Vec<MoId>) {
        if !mos.is_empty() && self.core.store.confirm(mos).await.is_err() {
            self.core.health.failed();
        }
    }

    /// Takes places for the first segments of an answer, so that its commit records them as submitting.
    pub(super) fn reserve_for(&self, mts: &mut [NewMt]) {
        if let Some(first) = mts.first_mut()
            && let Some(outbox) = self.core.outboxes.get(&first.smsc)
        {
            first.reserved = outbox.reserve();
        }
    }

    /// Hands over what was stored as submitting, or gives the places back when nothing was stored.
    pub(super) async fn hand_over(&self, mo: MoId, mts: Vec<NewMt>, stored: bool, read_at: Option<Instant>) {
        for mt in mts {
            let Some(outbox) = self.core.outboxes.get(&mt.smsc) else {
                continue;
            };
            let Some(session) = mt.reserved else {
                if stored {
                    outbox.has_backlog(mt.parts > 1);
                }
                continue;
            };
            if !stored {
                outbox.give_back(session, 1);
                continue;
            }
            let read_at = read_at.filter(|_| mt.parts == 1);
            if let Err(refused) = outbox.hand(session, Submission { mt: due(mo, mt), read_at }) {
                let unwritten = Settlement { mt: refused, session, outcome: Outcome::Unwritten };
                self.settle(&outbox.smsc, vec![unwritten]).await;
            }
        }
    }

    /// Segments were queued that no place was reserved for.
    pub(super) fn wake(&self, smsc: &SmscName) {
        if let Some(outbox) = self.core.outboxes.get(smsc) {
            outbox.has_backlog(true);
        }
    }

    /// Moves what is queued to binds with room, and decides what is uncertain; one task per telco.
    pub(super) async fn pump(self, outbox: Arc<TelcoOutbox>, stop: CancellationToken) {
        let mut look = tokio::time::interval(Duration::from_millis(500));
        look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                () = outbox.wake.notified() => {}
                _ = look.tick() => {
                    hold(&outbox.binds).backlog = true;
                    self.resolve(&outbox).await;
                }
            }
            while !stop.is_cancelled() && std::mem::take(&mut hold(&outbox.binds).backlog) {
                if self.pump_once(&outbox).await {
                    hold(&outbox.binds).backlog = true;
                }
            }
        }
    }

    /// Returns whether there may be more for a bind that has room.
    async fn pump_once(&self, outbox: &Arc<TelcoOutbox>) -> bool {
        let Some((session, places)) = outbox.reserve_many(COMMIT_OPS_MAX) else {
            return false;
        };
        let due = match self.core.store.due(outbox.smsc.clone(), self.now(), places).await {
            Ok(due) => due,
            Err(_) => {
                self.core.health.failed();
                Vec::new()
            }
        };
        let unused = places - due.len().min(places);
        let found = due.len();
        let begun = if due.is_empty() { Ok(Vec::new()) } else { self.begin(&due, session).await };
        let Ok(begun) = begun else {
            self.return_places(outbox, session, places);
            return false;
        };
        let missed = found - begun.len();
        for mt in due.into_iter().filter(|mt| begun.contains(&mt.id)) {
            if let Err(refused) = outbox.hand(session, Submission { mt, read_at: None }) {
                let unwritten = Settlement { mt: refused, session, outcome: Outcome::Unwritten };
                self.settle(&outbox.smsc, vec![unwritten]).await;
            }
        }
        self.return_places(outbox, session, unused + missed);
        found == places
    }

    /// Without waking the pump, which would look again for what is not there.
    fn return_places(&self, outbox: &TelcoOutbox, session: SessionId, places: usize) {
        if let Some(slot) = hold(&outbox.binds).slots.get_mut(&session) {
            slot.free += places;
        }
    }

    async fn begin(&self, due: &[DueMt], session: SessionId) -> Result<Vec<MtId>, StoreFault> {
        let ids = due.iter().map(|mt| mt.id).collect();
        let begun = self.core.store.begin_submit(ids, session, self.now()).await;
        if begun.is_err() {
            self.core.health.failed();
        }
        begun
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
            outbox.wake.notify_one();
        }
    }
}

fn due(mo: MoId, mt: NewMt) -> DueMt {
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

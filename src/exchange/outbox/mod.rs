//! The way out: binds with room pull what is due, by class and then by age, one segment of a number at a time. A place at a
//! bind is taken before a segment is stored as submitting, and given back only after its outcome is stored. A bind has
//! places for its window and for a few segments more, so that a free place in the window is filled at once and not
//! after two commits; it writes no more than its window holds before their outcomes are stored, so that at any crash
//! no more can come twice.
mod places;
mod pump;
mod segmenter;
mod telco;

pub(super) use segmenter::{Envelope, Segmenter};
pub use telco::{OutboxFeed, Submission};

use crate::{
    exchange::settings::Telcos,
    ports::{
        StoreFault,
        clock::Clock,
        outbox::{self as port, DueMt, NewMt, NewReceipt, Outcome, Settlement},
        status::{Board, Rate},
    },
    types::{CauseId, MtId, SessionId, lock, names::SmscName},
};
use std::{
    collections::{HashMap, HashSet, hash_map::Entry},
    sync::{Arc, Mutex, OnceLock},
    time::Duration,
};
use telco::TelcoOutbox;
use tokio::time::Instant;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// The way out. Cheap to clone.
#[derive(Clone)]
pub struct Outbox {
    core: Arc<Core>,
}

struct Core {
    store: Arc<dyn port::Outbox>,
    clock: Arc<dyn Clock>,
    board: Arc<Board>,
    telcos: Mutex<HashMap<SmscName, Arc<TelcoOutbox>>>,
    /// Ends the pumps, once they were started.
    pumps: OnceLock<CancellationToken>,
    /// The pumps themselves.
    pumping: TaskTracker,
}

impl Outbox {
    /// Of these telcos. Nothing is pumped until the exchange starts.
    pub(super) fn new(store: Arc<dyn port::Outbox>, clock: Arc<dyn Clock>, board: Arc<Board>, telcos: &Telcos) -> Self {
        let (known, pumps) = (Mutex::default(), OnceLock::new());
        let core = Core { store, clock, board, telcos: known, pumps, pumping: TaskTracker::new() };
        let outbox = Outbox { core: Arc::new(core) };
        outbox.add(telcos.all().iter().map(|telco| telco.name.clone()));
        outbox
    }

    /// Goes out to these telcos too from now on.
    pub(in crate::exchange) fn add(&self, telcos: impl Iterator<Item = SmscName>) {
        let mut known = lock(&self.core.telcos);
        for name in telcos {
            if let Entry::Vacant(place) = known.entry(name.clone()) {
                self.pump_it(place.insert(Arc::new(TelcoOutbox::new(name))));
            }
        }
    }

    /// Goes out to a telco no more, whose binds have all left. What waits for it stays in the store, and goes on where it stood
    /// when the telco comes back. Returns when nothing is at work for it.
    pub async fn forget(&self, smsc: &SmscName) {
        let gone = lock(&self.core.telcos).remove(smsc);
        let pump = gone.and_then(|telco| lock(&telco.pump).take());
        if let Some(pump) = pump {
            pump.end().await;
        }
    }

    fn telco(&self, smsc: &SmscName) -> Option<Arc<TelcoOutbox>> {
        lock(&self.core.telcos).get(smsc).cloned()
    }

    /// A bind that can submit takes part with a window of so many places.
    ///
    /// Returns `None` for a telco that is not configured.
    pub fn pull(&self, smsc: &SmscName, session: SessionId, window: usize) -> Option<OutboxFeed> {
        Some(OutboxFeed::join(self.telco(smsc)?, session, window))
    }

    /// Submits nothing to a telco, which stays bound, or goes on. Nothing is lost by it; what is of no use any more by then is
    /// given up as while a telco is away.
    pub fn pause(&self, smsc: &SmscName, paused: bool) {
        if let Some(telco) = self.telco(smsc) {
            telco.pause(paused);
        }
    }

    /// Stores what became of segments, and gives their places in the window back after the commit.
    pub async fn settle(&self, smsc: &SmscName, settlements: Vec<Settlement>) {
        self.settle_in_time(smsc, settlements, true).await;
    }

    /// As [`settle`](Self::settle); not `hurried`: where the window has room for long, others' commits are waited for.
    pub async fn settle_in_time(&self, smsc: &SmscName, settlements: Vec<Settlement>, hurried: bool) {
        if settlements.is_empty() {
            return;
        }
        let now = self.core.clock.now();
        let sent = settlements.iter().filter(|one| matches!(one.outcome, Outcome::Sent { .. })).count() as u64;
        let mut places: HashMap<SessionId, usize> = HashMap::new();
        for one in &settlements {
            *places.entry(one.session).or_default() += 1;
            count(smsc, &one.outcome);
        }
        for tries in 1.. {
            let (store, settled) = (&self.core.store, settlements.clone());
            let stored =
                if hurried { store.settle(settled, now) } else { store.settle_with_others(settled, now) }.await;
            match stored {
                Ok(()) => break,
                Err(StoreFault::Closed) => return,
                // A settlement that is not stored leaves its segment submitting, and its place taken: the
                // window closes until the store works again.
                Err(fault) => {
                    if tries == 1 {
                        tracing::warn!(smsc = %smsc, "outcomes of submit_sm could not be stored: {fault}");
                    }
                    tokio::time::sleep(Duration::from_millis(500)).await;
                }
            }
        }
        self.core.board.count(Rate::MtOut, sent, now);
        if let Some(outbox) = self.telco(smsc) {
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
        let found = self.core.store.receipt(receipt, self.core.clock.now()).await?;
        metrics::counter!("chrak_receipts_total", "smsc" => smsc.as_str().to_owned(), "result" => found.as_str())
            .increment(1);
        Ok(())
    }

    /// Takes a place for the first segment of an answer, so that its commit records it as submitting.
    pub(in crate::exchange) fn reserve_for(&self, mts: &mut [NewMt]) {
        if let Some(first) = mts.first_mut()
            && let Some(outbox) = self.telco(&first.smsc)
        {
            first.reserved = lock(&outbox.places).reserve();
        }
    }

    /// Hands over what was stored as submitting (`begun`), gives the other places back, and says what is queued.
    pub(in crate::exchange) async fn hand_over(
        &self,
        mo: CauseId,
        mts: Vec<NewMt>,
        begun: &Result<Vec<MtId>, StoreFault>,
        read_at: Option<Instant>,
    ) {
        let (stored, unknown) = (begun.is_ok(), *begun == Err(StoreFault::Unknown));
        let begun: HashSet<MtId> = begun.iter().flatten().copied().collect();
        for mt in mts {
            let taken = mt.reserved.filter(|_| begun.contains(&mt.id));
            let Some(outbox) = self.telco(&mt.smsc) else {
                // it was taken out while the answer was stored
                if let Some(session) = mt.reserved.filter(|_| taken.is_some() || unknown) {
                    self.take_back(&mt, session);
                }
                continue;
            };
            if stored && taken.is_none() {
                outbox.ask();
            }
            match (mt.reserved, taken) {
                (Some(session), None) if unknown => self.take_back(&mt, session),
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

    /// A segment is stored as submitting, or may be without our knowing, and no bind has it: as long as it stands so, it is sent by nobody and
    /// all of its number wait behind it. Its place comes back with that commit.
    fn take_back(&self, mt: &NewMt, session: SessionId) {
        let unwritten = Settlement { mt: mt.id, session, outcome: Outcome::Unwritten };
        let (outbox, smsc) = (self.clone(), mt.smsc.clone());
        tokio::spawn(async move { outbox.settle(&smsc, vec![unwritten]).await });
    }

    /// Segments were queued that no place was reserved for.
    pub(in crate::exchange) fn wake(&self, smsc: &SmscName) {
        if let Some(outbox) = self.telco(smsc) {
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

#[cfg(test)]
mod tests;

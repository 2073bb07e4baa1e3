//! Outcomes on their way to the store: in the order in which they came, as many in a commit as there are at once. It must
//! not know a PDU.
use crate::{
    exchange::{Exchange, OutboxFeed},
    ports::outbox::Settlement,
    types::{limits::COMMIT_OPS_MAX, names::SmscName},
};
use tokio::{sync::mpsc, task::JoinHandle};

/// Outcomes of a round.
#[derive(Default)]
struct Batch {
    settlements: Vec<Settlement>,
    /// How many of them were of segments that had been written.
    written: usize,
    /// Somebody waits for their places.
    hurried: bool,
}

/// The way of a bind's outcomes to the store.
pub(super) struct Settler {
    smsc: SmscName,
    /// Outcomes of this round: the resps of one read are settled in one commit.
    round: Batch,
    settling: mpsc::Sender<Batch>,
    settled: mpsc::Receiver<usize>,
    task: JoinHandle<()>,
}

impl Settler {
    /// Of a bind whose window is so large.
    pub(super) fn start(exchange: Exchange, smsc: SmscName, window: usize) -> Self {
        // Every segment in hand settles once.
        let places = OutboxFeed::places(window);
        let (settling, outcomes) = mpsc::channel(places);
        let (tell, settled) = mpsc::channel(places);
        let task = tokio::spawn(settle(exchange, smsc.clone(), outcomes, tell));
        Settler { smsc, round: Batch::default(), settling, settled, task }
    }

    /// One outcome more of this round. `written`: the segment had been written.
    pub(super) fn add(&mut self, settlement: Settlement, written: bool) {
        self.round.settlements.push(settlement);
        self.round.written += usize::from(written);
    }

    /// Sends this round off. `hurried`: there is little room in the window without the places of it.
    pub(super) fn send(&mut self, hurried: bool) {
        if self.round.settlements.is_empty() {
            return;
        }
        self.round.hurried = hurried;
        if self.settling.try_send(std::mem::take(&mut self.round)).is_err() {
            // Their places stay taken until the end of the session; the store then calls them uncertain.
            tracing::error!(smsc = %self.smsc, "more outcomes than places");
        }
    }

    /// Waits until outcomes are stored: of how many segments that had been written. Loses nothing when it is dropped.
    pub(super) async fn settled(&mut self) -> Option<usize> {
        let first = self.settled.recv().await?;
        Some(first + std::iter::from_fn(|| self.settled.try_recv().ok()).sum::<usize>())
    }

    /// Waits until all outcomes are in the store.
    pub(super) async fn finish(mut self) {
        self.send(true);
        drop(self.settling);
        self.settled.close();
        if self.task.await.is_err() {
            tracing::error!(smsc = %self.smsc, "the settling of a window panicked");
        }
    }
}

async fn settle(exchange: Exchange, smsc: SmscName, mut outcomes: mpsc::Receiver<Batch>, settled: mpsc::Sender<usize>) {
    while let Some(mut batch) = outcomes.recv().await {
        while batch.settlements.len() < COMMIT_OPS_MAX
            && let Ok(more) = outcomes.try_recv()
        {
            batch.settlements.extend(more.settlements);
            batch.written += more.written;
            batch.hurried |= more.hurried;
        }
        exchange.outbox.settle_in_time(&smsc, batch.settlements, batch.hurried).await;
        // a bind that has ended waits for nothing but the end of this
        let _ = settled.send(batch.written).await;
    }
}

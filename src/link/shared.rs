//! What every bind of a telco shares. It must not know a PDU.
use super::{telco::Telco, ussd_senders};
use crate::{
    exchange::Exchange,
    ports::{clock::Clock, status::Board, telcos::TelcoBoard, trace::Trace},
    smpp::esme::Pace,
};
use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// What every bind of a telco shares.
pub(super) struct Shared {
    pub(super) telco: Telco,
    pub(super) exchange: Exchange,
    pub(super) board: Arc<Board>,
    pub(super) trace: Arc<Trace>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) pace: Arc<Pace>,
    /// What operators see of the telco as a whole.
    pub(super) shown: Arc<TelcoBoard>,
    pub(super) ussd_senders: ussd_senders::UssdSenders,
    /// A receipt that could not be read was told of.
    pub(super) unread_told: AtomicBool,
    /// Ends everything of this telco at once, windows settled.
    pub(super) stop: CancellationToken,
    /// It is a telco of ours no longer: what is in hand is sent, then it ends.
    pub(super) retired: CancellationToken,
}

impl Shared {
    /// Whether no bind is to be made any more.
    pub(super) fn is_over(&self) -> bool {
        self.stop.is_cancelled() || self.retired.is_cancelled()
    }

    /// Waits until none is.
    pub(super) async fn over(&self) {
        tokio::select! {
            () = self.stop.cancelled() => {}
            () = self.retired.cancelled() => {}
        }
    }

    /// Whether an operator has sent its binds away until it is resumed.
    pub(super) fn is_drained(&self) -> bool {
        self.board.orders.follow(&self.telco.name).borrow().drained
    }

    /// Counts a receipt that names no message, and says so once: how a telco writes them does not change from one
    /// to the next.
    pub(super) fn unread_receipt(&self) {
        let smsc = &self.telco.name;
        metrics::counter!("chrak_receipts_total", "smsc" => smsc.as_str().to_owned(), "result" => "unread")
            .increment(1);
        if !self.unread_told.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                smsc = %smsc,
                "a delivery receipt names no message: neither receipted_message_id nor id: stands in it; its like are \
                 acknowledged and counted as unread"
            );
        }
    }
}

/// What is under way for one telco, which is under way for all of them too.
#[derive(Clone)]
pub(super) struct Tasks {
    all: TaskTracker,
    own: TaskTracker,
}

impl Tasks {
    pub(super) fn of(all: &TaskTracker) -> Self {
        Tasks { all: all.clone(), own: TaskTracker::new() }
    }

    pub(super) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.all.spawn(self.own.track_future(task));
    }

    /// Waits until nothing of the telco is under way.
    pub(super) async fn ended(&self) {
        self.own.close();
        self.own.wait().await;
    }
}

//! A run of the exchange from its start to its end: what the last one left is taken over, the background work begins, and
//! at the end what is in hand is waited for.
mod neighbours;
mod recover;
mod sweep;

use super::{
    binds::Binds,
    conversation::Conversation,
    feedback::Feedback,
    health::{Health, StoreHealth, watch_store},
    kiosks::Kiosks,
    notifications::Notifications,
    outbox::Outbox,
    settings::{Settings, TelcoRules},
    texts::Texts,
};
use crate::ports::{
    StoreFault,
    clock::Clock,
    inbox::{Inbox, Recovery},
    nodes::Nodes,
    outbox as mts,
    status::Board,
};
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::sync::{Notify, watch};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// Starts and ends the exchange. Cheap to clone.
#[derive(Clone)]
pub struct Run {
    needs: Arc<Needs>,
}

/// What it starts and ends, and what of the store it cleans.
pub(super) struct Needs {
    pub(super) binds: Binds,
    pub(super) inbox: Arc<dyn Inbox>,
    pub(super) mts: Arc<dyn mts::Outbox>,
    pub(super) nodes: Arc<dyn Nodes>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) board: Arc<Board>,
    pub(super) settings: Arc<Settings>,
    pub(super) health: Arc<Health>,
    pub(super) conversation: Conversation,
    pub(super) texts: Texts,
    pub(super) outbox: Outbox,
    pub(super) notifications: Notifications,
    pub(super) feedback: Feedback,
    pub(super) kiosks: Kiosks,
    /// Turns in hand.
    pub(super) tasks: TaskTracker,
    /// Another node may have left what nobody has in hand.
    pub(super) left: Notify,
    /// This node is the one that does what one does for all.
    pub(super) first: Arc<AtomicBool>,
}

impl Run {
    pub(super) fn new(needs: Needs) -> Self {
        Run { needs: Arc::new(needs) }
    }

    /// Takes over from the last run and starts the background work; MOs may be accepted from now on.
    pub async fn start(&self, stop: CancellationToken) -> Result<Recovery, StoreFault> {
        let recovery = self.needs.inbox.begin(self.needs.clock.now()).await?;
        if !recovery.clean {
            tracing::warn!(
                suspects = recovery.suspects,
                waiting = recovery.waiting,
                ambiguous = recovery.ambiguous,
                "the last run did not end cleanly; what was in hand is tried one at a time"
            );
        }
        let needs = &self.needs;
        needs.first.store(needs.nodes.neighbours().await?.first, Ordering::Relaxed);
        needs.outbox.start(&stop);
        needs.binds.start(recovery.incarnation, stop.clone()).await;
        let (health, board) = (Arc::clone(&needs.health), Arc::clone(&needs.board));
        tokio::spawn(watch_store(health, Arc::clone(&needs.inbox), board, stop.clone()));
        tokio::spawn(self.clone().sweep(stop.clone()));
        tokio::spawn(self.clone().watch_neighbours(stop.clone()));
        tokio::spawn(needs.notifications.clone().work(stop.clone()));
        tokio::spawn(needs.kiosks.clone().keep_heartbeats(stop.clone()));
        if recovery.suspects == 0 {
            needs.texts.open();
        }
        tokio::spawn(self.clone().pass_on(stop.clone()));
        tokio::spawn(self.clone().take_up(stop));
        Ok(recovery)
    }

    /// Passes on what was kept for the portal, once nothing of the last run is in hand.
    async fn pass_on(self, stop: CancellationToken) {
        tokio::select! {
            () = stop.cancelled() => {}
            () = self.recovered() => self.needs.feedback.clone().work(stop.clone()).await,
        }
    }

    /// Waits until what was in hand at an unclean end has been tried; background work that asks the portal begins
    /// only then, so that it does not slow down what citizens wait for.
    pub async fn recovered(&self) {
        let mut opened = self.needs.texts.opened();
        let _ = opened.wait_for(|open| *open).await;
    }

    /// The telcos are these from now on: who is answered and texted next goes by their rules. What waits for one that is not
    /// among them keeps waiting as long as it is of use.
    pub fn change_telcos(&self, telcos: Vec<TelcoRules>) {
        self.needs.outbox.add(telcos.iter().map(|telco| telco.name.clone()));
        self.needs.settings.telcos.replace(telcos);
    }

    /// Whether the store takes commits; binds leave when it is lost.
    pub fn store_health(&self) -> watch::Receiver<StoreHealth> {
        self.needs.health.subscribe()
    }

    /// Takes no more MOs; what is in hand goes on.
    pub fn stop_taking(&self) {
        self.needs.texts.stop_taking();
        self.needs.board.set_draining();
    }

    /// Waits until every turn and settlement in hand is done, at most `patience`. Returns whether it is.
    pub async fn drained(&self, patience: Duration) -> bool {
        self.needs.tasks.close();
        let drained = tokio::time::timeout(patience, self.needs.tasks.wait()).await.is_ok();
        self.needs.conversation.settle().await;
        drained
    }

    /// Waits until what it started hands nothing more over, after its end was asked for.
    pub async fn ended(&self) {
        self.needs.outbox.ended().await;
    }
}

#[cfg(test)]
mod tests;

//! What an operator orders of a telco's binds: to leave and come again, or to stay away, to submit nothing for a while. It must not know who
//! orders it.
use super::shared::Shared;
use crate::ports::orders::Order;
use std::sync::Arc;
use tokio::sync::watch;

/// Pauses and resumes what is submitted to a telco, until its link ends.
pub(super) async fn follow(shared: Arc<Shared>) {
    let smsc = &shared.telco.name;
    let mut orders = shared.board.orders.follow(smsc);
    // as it was ordered before this link began: nothing is told of it
    let mut paused = orders.borrow_and_update().paused;
    shared.exchange.outbox.pause(smsc, paused);
    loop {
        let wanted = orders.borrow_and_update().paused;
        if wanted != paused {
            paused = wanted;
            shared.exchange.outbox.pause(smsc, paused);
            let what = if paused { "paused: no text is submitted" } else { "resumed" };
            tracing::warn!(smsc = %smsc, "an operator has {what}");
        }
        tokio::select! {
            changed = orders.changed() => if changed.is_err() { return },
            () = shared.over() => return,
        }
    }
}

/// Waits until another rebind is ordered than the one that was seen, or a drain.
pub(super) async fn away(orders: &mut watch::Receiver<Order>, seen: u64) {
    if orders.wait_for(|order| order.rebinds != seen || order.drained).await.is_err() {
        // the board is gone, and with it who could order
        std::future::pending::<()>().await;
    }
}

/// Waits while an operator keeps the telco's binds away.
pub(super) async fn wanted(orders: &mut watch::Receiver<Order>) {
    if orders.wait_for(|order| !order.drained).await.is_err() {
        // the board is gone, and with it who could order
        std::future::pending::<()>().await;
    }
}

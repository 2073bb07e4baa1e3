//! What an operator orders of a telco's binds: to leave and come again, to submit nothing for a while. It must not know who
//! orders it.
use super::shared::Shared;
use crate::ports::orders::Order;
use std::sync::Arc;
use tokio::sync::watch;

/// Pauses and resumes what is submitted to a telco, until the server stops.
pub(super) async fn follow(shared: Arc<Shared>) {
    let smsc = &shared.telco.name;
    let mut orders = shared.board.orders.follow(smsc);
    let mut paused = false;
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
            () = shared.stop.cancelled() => return,
        }
    }
}

/// Waits until another rebind is ordered than the one that was seen.
pub(super) async fn rebind(orders: &mut watch::Receiver<Order>, seen: u64) {
    if orders.wait_for(|order| order.rebinds != seen).await.is_err() {
        // the board is gone, and with it who could order
        std::future::pending::<()>().await;
    }
}

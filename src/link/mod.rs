//! The binds: one task each, connecting, binding, and carrying PDUs between a telco and the exchange. Knows
//! sockets and SMPP sessions; knows no store, no portal, no words.
mod bind;
mod carrier;
mod certify;
mod connect;
mod dial;
mod driver;
mod hand;
mod intake;
mod meter;
mod ordered;
mod outbind;
mod probe;
mod settings;
mod settler;
mod shared;
mod steps;
mod tap;
mod telco;
mod ussd;
mod ussd_senders;

pub use crate::smpp::{
    esme::{NumberFormat, Validity},
    text::DefaultAlphabet,
};
pub use certify::{Script, Step, Told, Verdict, certify};
pub use dial::{ConnectFault, Refusal};
pub use probe::{Probed, probe};
use shared::Shared;
pub use steps::StepFault;
pub use telco::{Telco, Ussd};

use crate::{
    exchange::Exchange,
    ports::{clock::Clock, figures::Figures, status::Board, telcos::TelcoBoard, trace::Trace},
    smpp::esme::Pace,
};
use std::sync::{Arc, atomic::AtomicBool};
use tokio::net::TcpListener;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// Starts all binds of all telcos, and waits at the listener of each that has one for its SMSC to ask for another. They go on
/// until `stop`, then settle their windows, unbind and end.
pub fn start(
    telcos: Vec<(Telco, Option<TcpListener>)>,
    exchange: Exchange,
    board: Arc<Board>,
    trace: Arc<Trace>,
    clock: Arc<dyn Clock>,
    tasks: &TaskTracker,
    stop: CancellationToken,
) {
    for (telco, outbinds) in telcos {
        let plan = telco.plan();
        let pace = Arc::new(Pace::new(telco.max_tps));
        let shown = TelcoBoard {
            family: telco.family.clone(),
            settings: telco.settings(),
            pace: Arc::clone(&pace),
            figures: Figures::default(),
        };
        let shared = Arc::new(Shared {
            pace,
            shown: board.telcos.join(&telco.name, shown),
            ussd_senders: ussd_senders::UssdSenders::default(),
            unread_told: AtomicBool::new(false),
            telco,
            exchange: exchange.clone(),
            board: Arc::clone(&board),
            trace: Arc::clone(&trace),
            clock: Arc::clone(&clock),
            stop: stop.clone(),
        });
        if shared.telco.ussd.dialect.push.is_some() {
            tasks.spawn(ussd::send_notices(Arc::clone(&shared)));
        }
        tasks.spawn(ordered::follow(Arc::clone(&shared)));
        if let Some(listener) = outbinds {
            tasks.spawn(outbind::listen(Arc::clone(&shared), listener, tasks.clone()));
        }
        for (kind, name) in plan {
            tasks.spawn(connect::keep_bound(Arc::clone(&shared), kind, name));
        }
    }
}

#[cfg(test)]
mod tests;

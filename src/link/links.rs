//! All telcos that are bound to, each of which can begin and end alone while the others go on. It must not know why one does.
use super::{
    connect, ordered, outbind,
    shared::{Shared, Tasks},
    telco::Telco,
    ussd, ussd_senders,
};
use crate::{
    exchange::{BindLease, Exchange},
    ports::{clock::Clock, status::Board, telcos::TelcoBoard, trace::Trace},
    smpp::esme::Pace,
    types::{limits::RETIRE_WITHIN, names::SmscName},
};
use std::sync::{Arc, atomic::AtomicBool};
use tokio::net::TcpListener;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// What the links of all telcos stand on. Cheap to clone.
#[derive(Clone)]
pub struct Links {
    /// What their texts go to and come from.
    pub exchange: Exchange,
    /// Where they say how they are, and are told what to do.
    pub board: Arc<Board>,
    /// What goes over them.
    pub trace: Arc<Trace>,
    /// The wall clock.
    pub clock: Arc<dyn Clock>,
    /// Everything of theirs that is under way.
    pub tasks: TaskTracker,
    /// Ends them all: their windows are settled, then they unbind.
    pub stop: CancellationToken,
}

impl Links {
    /// Starts all binds of a telco, and waits at the listener, where there is one, for its SMSC to ask for another. They go on
    /// until [`Links::stop`], or until this one is ended.
    pub fn start(&self, telco: Telco, outbinds: Option<Arc<TcpListener>>) -> Link {
        let (plan, stop) = (telco.plan(), self.stop.child_token());
        let pace = Arc::new(Pace::new(telco.max_tps));
        let shown = TelcoBoard {
            family: telco.family.clone(),
            settings: telco.settings(),
            pace: Arc::clone(&pace),
            figures: self.board.telcos.figures(&telco.name),
        };
        let shared = Arc::new(Shared {
            pace,
            shown: self.board.telcos.join(&telco.name, shown),
            ussd_senders: ussd_senders::UssdSenders::default(),
            unread_told: AtomicBool::new(false),
            telco,
            exchange: self.exchange.clone(),
            board: Arc::clone(&self.board),
            trace: Arc::clone(&self.trace),
            clock: Arc::clone(&self.clock),
            stop,
            retired: CancellationToken::new(),
        });
        let tasks = Tasks::of(&self.tasks);
        let rate = Arc::clone(&shared.pace);
        let told = Box::new(move |held, of| rate.share(held, of));
        let telco = &shared.telco;
        let leases = self.exchange.binds.join(&telco.name, telco.binds, telco.connections(), told);
        if shared.telco.ussd.dialect.push.is_some() {
            tasks.spawn(ussd::send_notices(Arc::clone(&shared)));
        }
        tasks.spawn(ordered::follow(Arc::clone(&shared)));
        if let Some(listener) = outbinds {
            tasks.spawn(outbind::listen(Arc::clone(&shared), listener, tasks.clone()));
        }
        for (kind, name, number) in plan {
            let lease = leases.get(number as usize - 1).cloned().unwrap_or_else(BindLease::own);
            tasks.spawn(connect::keep_bound(Arc::clone(&shared), kind, name, lease));
        }
        Link { shared, tasks }
    }
}

/// One telco that is bound to.
pub struct Link {
    shared: Arc<Shared>,
    tasks: Tasks,
}

impl Link {
    /// Its name.
    pub fn name(&self) -> &SmscName {
        &self.shared.telco.name
    }

    /// Ends it, to come again with other settings: windows are settled, then it unbinds. Returns when nothing of it is left; what
    /// it was ordered still stands.
    pub async fn leave(self) {
        self.shared.stop.cancel();
        self.tasks.ended().await;
        self.shared.exchange.binds.leave(self.name()).await;
        for (_, bind) in self.binds() {
            self.shared.board.withdraw(self.name(), &bind);
        }
    }

    /// Ends it for good: it takes nothing new, sends what is in hand, and unbinds. Returns when nothing of it is left, in the
    /// exchange and on the board either.
    pub async fn retire(self) {
        self.shared.retired.cancel();
        if tokio::time::timeout(RETIRE_WITHIN, self.tasks.ended()).await.is_err() {
            self.shared.stop.cancel();
            self.tasks.ended().await;
        }
        self.shared.exchange.binds.leave(self.name()).await;
        self.shared.exchange.outbox.forget(self.name()).await;
        self.shared.board.forget(self.name());
    }

    fn binds(&self) -> Vec<(SmscName, String)> {
        let binds = self.shared.board.binds().into_iter().filter(|bind| bind.smsc == *self.name());
        binds.map(|bind| (bind.smsc, bind.bind)).collect()
    }
}

//! A running telco, as those who drive it hold it: texts from phones, USSD, what it saw. It must not know a socket.
use super::{
    alphabet::{self, Encoded},
    fault::Faults,
    gateway::Dialect,
    hub::{BindInfo, Event, Hub},
    ledger::{Counters, Snapshot},
    load::{Load, Plan, Report},
    phone::{SendError, Sent},
};
use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering},
    },
    time::Duration,
};
use tokio::{sync::broadcast, time::Instant};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// A running telco; clones are the same one. Dropping it does not stop it: [`Telco::stop`] does.
#[derive(Clone)]
pub struct Telco {
    pub(super) hub: Arc<Hub>,
    pub(super) addr: SocketAddr,
    pub(super) tasks: TaskTracker,
}

impl Telco {
    /// The same telco, for who serves one of its connections.
    pub(super) fn of(hub: Arc<Hub>) -> Self {
        Self { addr: hub.config.listen, hub, tasks: TaskTracker::new() }
    }

    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Unbinds every session and closes everything, within about 3 s.
    pub async fn stop(&self) {
        self.hub.stop.cancel();
        self.tasks.close();
        // sessions give an unbind 2 s; what is left after that is dropped with the runtime
        let _ = tokio::time::timeout(Duration::from_secs(3), self.tasks.wait()).await;
    }

    /// Sends a text from a phone, in GSM-7 if it can be, else UCS-2. It waits if nobody is bound.
    pub fn send_mo(&self, from: &str, to: &str, text: &str) -> Result<Sent, SendError> {
        static REFERENCE: AtomicU8 = AtomicU8::new(0);
        let reference = REFERENCE.fetch_add(1, Ordering::Relaxed);
        let encoded = alphabet::encode(text, reference).ok_or(SendError::TooLong)?;
        self.send_encoded(from, to, text, &encoded)
    }

    /// Sends user data as given, for tests of what a telco should not send; `text` is for the ledger.
    pub fn send_encoded(&self, from: &str, to: &str, text: &str, encoded: &Encoded) -> Result<Sent, SendError> {
        let mut state = self.hub.lock();
        let id = state.send_mo(from, to, text, encoded, None)?;
        state.ring();
        Ok(Sent { id, segments: encoded.segments.len(), alphabet: encoded.alphabet, units: encoded.units })
    }

    /// Dials from a phone, such as `*1212#`; a session that is open is replaced.
    pub fn dial(&self, from: &str, dialled: &str) -> Result<(), SendError> {
        let mut state = self.hub.lock();
        state.dial(from, dialled, None)?;
        state.ring();
        Ok(())
    }

    /// Answers the USSD screen that a phone shows.
    pub fn answer_screen(&self, from: &str, text: &str) -> Result<(), SendError> {
        let mut state = self.hub.lock();
        state.answer_screen(from, text, None)?;
        state.ring();
        Ok(())
    }

    /// Ends a phone's USSD session.
    pub fn hang_up(&self, from: &str) -> Result<(), SendError> {
        let mut state = self.hub.lock();
        state.hang_up(from)?;
        state.ring();
        Ok(())
    }

    /// Whether a phone has a USSD session.
    pub fn in_session(&self, from: &str) -> bool {
        self.hub.lock().in_session(from)
    }

    /// What happens from now on; a reader that is more than 1,024 events late loses the oldest.
    pub fn events(&self) -> broadcast::Receiver<Event> {
        self.hub.events()
    }

    /// The binds that are up.
    pub fn binds(&self) -> Vec<BindInfo> {
        let state = self.hub.lock();
        state.members.values().map(|m| m.info.clone()).collect()
    }

    /// A copy of the ledger.
    pub fn snapshot(&self) -> Snapshot {
        self.hub.lock().snapshot()
    }

    /// The totals alone, cheaply.
    pub fn counters(&self) -> Counters {
        self.hub.lock().ledger.counters.clone()
    }

    /// Cancelled when the telco stops.
    pub fn stopped(&self) -> CancellationToken {
        self.hub.stop.clone()
    }

    /// MOs that are not acknowledged whole yet.
    pub fn unacked(&self) -> usize {
        self.hub.lock().unacked()
    }

    /// What goes wrong now.
    pub fn faults(&self) -> Faults {
        self.hub.lock().faults.clone()
    }

    /// How USSD is spoken now.
    pub fn dialect(&self) -> Dialect {
        self.hub.lock().dialect
    }

    /// Speaks USSD in another way from the next input on; sessions that are open end.
    pub fn set_dialect(&self, dialect: Dialect) {
        self.hub.lock().speak(dialect);
    }

    /// Changes what goes wrong, from the next PDU on.
    pub fn set_faults(&self, faults: Faults) {
        self.hub.lock().faults = faults;
    }

    /// Drops every bound connection without a word.
    pub fn cut(&self) {
        for member in self.hub.lock().members.values() {
            member.cut.cancel();
        }
    }

    /// Waits until a session that takes MOs is bound.
    pub async fn bound(&self) {
        while !self.hub.lock().members.values().any(|m| m.receives) {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Runs a load against whoever is bound and says what came of it; `shutdown` ends it early.
    pub async fn load(&self, plan: Plan, shutdown: &CancellationToken) -> Report {
        let mut load = Load::new(plan, Instant::now());
        load.start(Instant::now());
        self.hub.lock().load = Some(load);
        loop {
            let done = self.hub.lock().load.as_ref().is_none_or(|l| l.done(Instant::now()));
            if done || shutdown.is_cancelled() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let mut state = self.hub.lock();
        let load = state.load.take();
        let mut report = load.map(|l| l.report()).unwrap_or_default();
        report.redelivered = state.ledger.counters.mo_redelivered;
        report.errors = state.ledger.errors();
        report.violations = state.ledger.violations().to_vec();
        report
    }
}

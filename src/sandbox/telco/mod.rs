//! A telco to try everything with: an SMPP 3.4 SMSC on a real socket, with phones, faults, a ledger and a load.
//! It judges the product, so it shares no code with it: it must not know `crate::smpp` or `crate::text`.

pub mod alphabet;
mod codec;
pub mod fault;
pub mod gateway;
mod hub;
pub mod ledger;
pub mod load;
mod run;
mod session;
#[cfg(test)]
mod tests;
mod wire;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;
use tokio::time::Instant;

use anyhow::Context as _;
use bytes::BytesMut;
use tokio::io::AsyncReadExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, broadcast};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use alphabet::{Alphabet, Encoded};
use fault::Faults;
pub use gateway::Dialect;
use hub::Hub;
pub use hub::{BindInfo, Event};
use ledger::{Counters, Keep, Snapshot};
use load::{Load, Plan, Report};
pub use run::{SmscArgs, check, run_smsc};
pub use wire::run_phone;

/// Connections at a time, phones included.
const MAX_CONNECTIONS: usize = 512;

/// How the telco is to behave.
#[derive(Debug, Clone)]
pub struct TelcoConfig {
    /// Where it listens; port 0 takes a free one.
    pub listen: SocketAddr,
    /// The only system_id taken; any when not set.
    pub system_id: Option<String>,
    /// The only password taken; any when not set.
    pub password: Option<String>,
    /// What goes wrong.
    pub faults: Faults,
    /// From submit_sm to its receipt.
    pub receipt_delay: Duration,
    /// deliver_sm without response at a time, per session.
    pub window: usize,
    /// A deliver_sm or enquire_link without response by then has failed.
    pub resp_timeout: Duration,
    /// From a failed deliver_sm to the next try, unless a bind comes first.
    pub redeliver_after: Duration,
    /// Silence after which the telco asks whether the ESME is there.
    pub enquire_link: Duration,
    /// What the ledger keeps.
    pub keep: Keep,
    /// Whether phones may connect from other machines.
    pub phones_anywhere: bool,
    /// How USSD is spoken.
    pub dialect: Dialect,
    /// How long a USSD session waits for a screen.
    pub screen_timeout: Duration,
}

impl Default for TelcoConfig {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 2775)),
            system_id: None,
            password: None,
            faults: Faults::default(),
            receipt_delay: Duration::from_millis(200),
            window: 100,
            resp_timeout: Duration::from_secs(10),
            redeliver_after: Duration::from_secs(1),
            enquire_link: Duration::from_secs(30),
            keep: Keep::Entries,
            phones_anywhere: false,
            dialect: Dialect::default(),
            screen_timeout: Duration::from_secs(10),
        }
    }
}

/// Why a text was not taken from a phone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// More than 255 segments.
    #[error("the text is longer than 255 segments")]
    TooLong,
    /// There is no USSD session to answer in.
    #[error("no USSD session is open; dial first, such as *1212#")]
    NoSession,
    /// Too many wait already.
    #[error("the telco's queue is full; is an ESME bound?")]
    QueueFull,
}

/// A text taken from a phone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct Sent {
    /// The MO's id.
    pub id: u64,
    /// Segments it travels in.
    pub segments: usize,
    /// What it travels as.
    pub alphabet: Alphabet,
    /// Length in the alphabet's units.
    pub units: usize,
}

/// A running telco; clones are the same one. Dropping it does not stop it: [`Telco::stop`] does.
#[derive(Clone)]
pub struct Telco {
    hub: Arc<Hub>,
    addr: SocketAddr,
    tasks: TaskTracker,
}

impl Telco {
    /// Listens and serves. The error names the address.
    pub async fn start(config: TelcoConfig) -> anyhow::Result<Self> {
        let listener =
            TcpListener::bind(config.listen).await.with_context(|| format!("cannot listen on {}", config.listen))?;
        let addr = listener.local_addr()?;
        let hub = Arc::new(Hub::new(config, CancellationToken::new()));
        let tasks = TaskTracker::new();
        tasks.spawn(accept(Arc::clone(&hub), listener, tasks.clone()));
        tasks.spawn(pump(Arc::clone(&hub)));
        Ok(Self { hub, addr, tasks })
    }

    fn of(hub: Arc<Hub>) -> Self {
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

/// Whether this can be dialled as a USSD code: `*1212#`, `*1212*1*120…#`.
pub fn valid_dialled(code: &str) -> bool {
    code.len() <= 60
        && code.len() > 2
        && code.starts_with('*')
        && code.ends_with('#')
        && code.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'*' | b'#'))
}

/// Whether this is a number as phones and short codes have them: 1 to 20 digits.
pub fn valid_number(number: &str) -> bool {
    (1..=20).contains(&number.len()) && number.bytes().all(|b| b.is_ascii_digit())
}

async fn accept(hub: Arc<Hub>, listener: TcpListener, tasks: TaskTracker) {
    let room = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = hub.stop.cancelled() => return,
        };
        match accepted {
            // one too many is closed at once
            Ok((stream, peer)) => {
                if let Ok(permit) = Arc::clone(&room).try_acquire_owned() {
                    let hub = Arc::clone(&hub);
                    tasks.spawn(async move {
                        welcome(hub, stream, peer).await;
                        drop(permit);
                    });
                }
            }
            Err(error) => {
                tracing::warn!(%error, "sandbox telco: accept failed");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

/// Tells phones from ESMEs by the first four octets.
async fn welcome(hub: Arc<Hub>, mut stream: TcpStream, peer: SocketAddr) {
    if stream.set_nodelay(true).is_err() {
        return;
    }
    let mut read = BytesMut::with_capacity(64 * 1024);
    let first = async {
        while read.len() < 4 {
            if !matches!(stream.read_buf(&mut read).await, Ok(n) if n > 0) {
                return false;
            }
        }
        true
    };
    if !matches!(tokio::time::timeout(Duration::from_secs(10), first).await, Ok(true)) {
        return;
    }
    if !read.starts_with(b"PHON") {
        let number = hub.next_session.fetch_add(1, Ordering::Relaxed);
        session::serve(hub, stream, number, read).await;
    } else if peer.ip().is_loopback() || hub.config.phones_anywhere {
        wire::serve(hub, stream, read).await;
    }
}

/// The clock of queue and load: coarse while nothing needs it fine.
async fn pump(hub: Arc<Hub>) {
    let mut swept = Instant::now();
    let mut pause = Duration::ZERO;
    loop {
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = hub.stop.cancelled() => return,
        }
        let now = Instant::now();
        let mut state = hub.lock();
        state.tick(now);
        if now - swept > Duration::from_secs(1) {
            swept = now;
            state.sweep(now);
            state.sweep_sessions(now, hub.config.screen_timeout);
        }
        pause = Duration::from_millis(if state.load.is_some() { 1 } else { 20 });
    }
}

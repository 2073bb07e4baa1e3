//! A telco to try everything with: an SMPP 3.4 SMSC on a real socket, with phones, faults, a ledger and a load.
//! It judges the product, so it shares no code with it: it must not know `crate::smpp` or `crate::text`.

pub mod alphabet;
mod codec;
mod config;
pub mod fault;
pub mod gateway;
mod handle;
mod hub;
pub mod ledger;
pub mod load;
mod phone;
mod run;
mod session;
#[cfg(test)]
mod tests;
mod ussd;
mod wire;

use anyhow::Context as _;
use bytes::BytesMut;
use hub::Hub;
use std::{
    net::SocketAddr,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};
use tokio::{
    io::AsyncReadExt,
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    time::Instant,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

pub use config::TelcoConfig;
pub use gateway::Dialect;
pub use handle::Telco;
pub use hub::{BindInfo, Event};
pub use phone::{SendError, Sent, valid_dialled, valid_number};
pub use run::{SmscArgs, check, run_smsc};
pub use wire::run_phone;

/// Connections at a time, phones included.
const MAX_CONNECTIONS: usize = 512;

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

//! A security server of X-Road to try a client with: the consumer's side of the message protocol for REST 1.0.4, over real
//! HTTP or HTTPS. It judges calls as a security server does, passes them to a service, and says whose answer it is. It must not
//! know the client that it judges.
//!
//! | has | has not |
//! |---|---|
//! | paths, identifiers, `X-Road-Client`, the exact client certificate, who may call | signatures, time-stamps, OCSP |
//! | `listMethods`, `allowedMethods` | `getOpenAPI`, a second server, a global configuration |
//! | headers that are filtered and added, the hash of a request | SOAP, attachments as such |
//! | errors in the style of X-Road 7 and of its next generation, in JSON and XML | environmental and operational monitoring |
//! | a message log, with and without bodies | batches and archives of it |
mod calls;
mod door;
mod error;
mod fault;
mod ids;
mod journal;
mod listener;
mod pass;
#[cfg(test)]
mod tests;

use anyhow::{Context, anyhow};
use door::Door;
use error::Style;
use fault::Faults;
use ids::Id;
use journal::Journal;
use std::{
    net::SocketAddr,
    path::PathBuf,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::sync::CancellationToken;

/// How long a stop waits for answers under way.
const DRAIN: Duration = Duration::from_secs(2);

/// How a sandbox security server runs; what `chrak road` is told.
#[derive(Clone, Debug)]
pub struct RoadConfig {
    /// Where it listens; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Its clients, I/C/M/S: they may call every service.
    pub clients: Vec<String>,
    /// Its services, I/C/M/S/CODE, each with the address that stands behind it.
    pub services: Vec<(String, String)>,
    /// Its certificate and key, PEM: HTTPS only; `None`: HTTP only.
    pub identity: Option<(PathBuf, PathBuf)>,
    /// The only certificate that clients may show, PEM, compared whole; `None`: any, or none.
    pub client_cert: Option<PathBuf>,
    /// 7, or 8 for the next generation.
    pub style: u8,
    /// Faults, as TYPE=PERCENT.
    pub faults: Vec<String>,
    /// Its message log.
    pub log: Option<PathBuf>,
    /// Whether the log holds paths, all headers and bodies.
    pub bodies: bool,
}

impl Default for RoadConfig {
    fn default() -> Self {
        RoadConfig {
            listen: ([127, 0, 0, 1], 0).into(),
            clients: Vec::new(),
            services: Vec::new(),
            identity: None,
            client_cert: None,
            style: 7,
            faults: Vec::new(),
            log: None,
            bodies: false,
        }
    }
}

/// A running sandbox security server.
pub struct Road {
    address: SocketAddr,
    stop: CancellationToken,
    served: JoinHandle<()>,
    door: Arc<Door>,
}

/// Whether it could run so: names, numbers and files.
///
/// # Errors
/// What is wrong, with the flag that says it.
pub fn check(config: &RoadConfig) -> anyhow::Result<()> {
    door(config).map(drop)?;
    listener::acceptor(config.identity.as_ref()).map(drop)
}

fn door(config: &RoadConfig) -> anyhow::Result<Door> {
    let client = |text: &String| Id::read(text, 3..=4).ok_or_else(|| anyhow!("--client {text}: is not I/C/M/S"));
    let service = |(id, url): &(String, String)| {
        let read = Id::read(id, 5..=5).ok_or_else(|| anyhow!("--service {id}={url}: is not I/C/M/S/CODE=URL"))?;
        let good = url.starts_with("http://") || url.starts_with("https://");
        good.then(|| (read, url.trim_end_matches('/').to_owned()))
            .ok_or_else(|| anyhow!("--service {id}={url}: the address must begin with http:// or https://"))
    };
    let certificate = config.client_cert.as_ref().map(|path| listener::certificate(path)).transpose();
    if config.client_cert.is_some() && config.identity.is_none() {
        return Err(anyhow!("--client-cert: certificates are shown over HTTPS only, which --cert and --key make"));
    }
    let style = match config.style {
        7 => Style::Seven,
        8 => Style::Eight,
        other => return Err(anyhow!("--style {other}: is neither 7 nor 8")),
    };
    Ok(Door {
        clients: config.clients.iter().map(client).collect::<anyhow::Result<_>>()?,
        services: config.services.iter().map(service).collect::<anyhow::Result<_>>()?,
        client_cert: certificate.context("--client-cert")?,
        style,
        faults: Faults::parse(&config.faults)?.into(),
        journal: config.log.as_deref().map(|path| Journal::open(path, config.bodies)).transpose()?,
        http: pass::client()?,
        calls: calls::Calls::default(),
    })
}

impl Road {
    /// Answers from then on.
    ///
    /// # Errors
    /// What of the configuration is of no use, or that the port cannot be taken.
    pub async fn start(config: RoadConfig) -> anyhow::Result<Self> {
        let door = Arc::new(door(&config)?);
        let tls = listener::acceptor(config.identity.as_ref())?;
        let bound = TcpListener::bind(config.listen).await;
        let bound = bound.with_context(|| format!("cannot listen on {}", config.listen))?;
        let address = bound.local_addr()?;
        let stop = CancellationToken::new();
        let served = tokio::spawn(listener::serve(bound, tls, Arc::clone(&door), stop.clone()));
        Ok(Road { address, stop, served, door })
    }

    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.address
    }

    /// Calls that have come so far, whatever became of them.
    pub fn calls(&self) -> u64 {
        self.door.calls.come.load(Ordering::Relaxed)
    }

    /// From now on it plays these faults, as `--fault` takes them.
    ///
    /// # Errors
    /// Which of them is none.
    pub fn play(&self, faults: &[String]) -> anyhow::Result<()> {
        *crate::types::lock(&self.door.faults) = Faults::parse(faults)?;
        Ok(())
    }

    /// Finishes the answers under way, at most for two seconds.
    pub async fn stop(mut self) {
        self.stop.cancel();
        if tokio::time::timeout(DRAIN, &mut self.served).await.is_err() {
            self.served.abort();
        }
    }
}

/// `chrak road`: runs until told to stop. Returns the exit code.
///
/// # Errors
/// When it cannot start.
pub async fn run_road(config: RoadConfig, stop: CancellationToken) -> anyhow::Result<i32> {
    let road = Road::start(config).await?;
    tracing::info!(address = %road.addr(), "ready: a sandbox, without signatures, OCSP, time-stamps or a second server");
    stop.cancelled().await;
    road.stop().await;
    Ok(0)
}

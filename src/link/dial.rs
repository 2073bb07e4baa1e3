//! The connection to a telco, before anything is said on it: the first of its host's addresses that takes one, by TLS
//! where it is configured. It must not know SMPP.
use super::{
    liveness::watch,
    telco::{PATIENCE, Telco},
};
use crate::tls::{self, ClientTls};
use std::{io, net::SocketAddr, time::Duration};
use tokio::{
    io::{AsyncRead, AsyncWrite, split},
    net::TcpStream,
    time::{Instant, timeout_at},
};

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub enum ConnectFault {
    /// The host has no name that is known.
    #[error("{address}: cannot be looked up: {fault}")]
    LookUp {
        /// Host and port, as configured.
        address: String,
        /// What the resolver said.
        fault: io::Error,
    },
    /// The host is known and has no address.
    #[error("{address}: has no address")]
    NoAddress {
        /// Host and port, as configured.
        address: String,
    },
    /// None of its addresses would; what came of each, in the order in which they were tried.
    #[error("{}", list(.0))]
    NoneTaken(Vec<(SocketAddr, Refusal)>),
}

fn list(tried: &[(SocketAddr, Refusal)]) -> String {
    tried.iter().map(|(at, why)| format!("{at}: {why}")).collect::<Vec<_>>().join("; ")
}

/// Why one address gave no connection.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// It refused, or could not be reached.
    #[error("{0}")]
    Failed(io::Error),
    /// It was silent.
    #[error("no connection within {} s", PATIENCE.as_secs())]
    Silent,
    /// TLS was not agreed upon.
    #[error("{0}")]
    Tls(String),
    /// It said nothing of TLS.
    #[error("no TLS within {} s: does it speak TLS at this port?", PATIENCE.as_secs())]
    NoTls,
}

/// What a telco means that agrees upon TLS and closes the connection before it has answered the bind: some of those that do
/// not take our certificate say no word.
pub(super) const SHUT_OVER_TLS: &str =
    "the telco closed the connection before it answered the bind: does it take our certificate (tls.cert_file)?";

/// What is read from a telco.
pub(super) type Reader = Box<dyn AsyncRead + Send + Unpin>;
/// What is written to it.
pub(super) type Writer = Box<dyn AsyncWrite + Send + Unpin>;

/// A connection: its halves, and the address that took it.
pub(super) type Line = (Reader, Writer, SocketAddr);

/// Tries every address of the host.
pub(super) async fn dial(telco: &Telco) -> Result<Line, ConnectFault> {
    let address = &telco.address;
    let looked_up = tokio::net::lookup_host(address).await;
    let looked_up = looked_up.map_err(|fault| ConnectFault::LookUp { address: address.clone(), fault })?;
    try_all(looked_up, telco.tls.as_ref(), telco.line_dead_after(), address).await
}

/// Tries all of these, of which the one that is taken is watched ([`watch`]) so that it is found dead after that time.
pub(super) async fn try_all(
    all: impl Iterator<Item = SocketAddr>,
    tls: Option<&ClientTls>,
    dead_after: Duration,
    address: &str,
) -> Result<Line, ConnectFault> {
    let mut tried = Vec::new();
    for at in all {
        match one(at, tls, dead_after).await {
            Ok((reader, writer)) => return Ok((reader, writer, at)),
            Err(why) => tried.push((at, why)),
        }
    }
    if tried.is_empty() {
        return Err(ConnectFault::NoAddress { address: address.to_owned() });
    }
    Err(ConnectFault::NoneTaken(tried))
}

async fn one(at: SocketAddr, tls: Option<&ClientTls>, dead_after: Duration) -> Result<(Reader, Writer), Refusal> {
    let end = Instant::now() + PATIENCE;
    let stream = timeout_at(end, TcpStream::connect(at)).await.map_err(|_| Refusal::Silent)?;
    let stream = stream.map_err(Refusal::Failed)?;
    watch(&stream, dead_after).map_err(Refusal::Failed)?;
    let Some(tls) = tls else {
        let (reader, writer) = stream.into_split();
        return Ok((Box::new(reader), Box::new(writer)));
    };
    let connector = tls.connector().await;
    let agreed = timeout_at(end, connector.connect(tls.name().clone(), stream)).await.map_err(|_| Refusal::NoTls)?;
    let agreed = agreed.map_err(|fault| match (tls::words(&fault), fault.kind()) {
        (Some(words), _) => Refusal::Tls(words),
        (None, io::ErrorKind::UnexpectedEof) => Refusal::Tls(
            "it closed the connection instead of agreeing upon TLS: does it speak TLS at this port?".to_owned(),
        ),
        (None, _) => Refusal::Failed(fault),
    })?;
    let (reader, writer) = split(agreed);
    Ok((Box::new(reader), Box::new(writer)))
}

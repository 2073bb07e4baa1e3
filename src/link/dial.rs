//! The connection to a telco, before anything is said on it. It must not know SMPP.
use super::telco::PATIENCE;
use std::net::SocketAddr;
use tokio::net::TcpStream;

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub enum ConnectFault {
    /// The host has no name that is known.
    #[error("{address}: cannot be looked up: {fault}")]
    LookUp {
        /// Host and port, as configured.
        address: String,
        /// What the resolver said.
        fault: std::io::Error,
    },
    /// The host is known and has no address.
    #[error("{address}: has no address")]
    NoAddress {
        /// Host and port, as configured.
        address: String,
    },
    /// Its last address refused, or could not be reached.
    #[error("{at}: {fault}")]
    Failed {
        /// That address.
        at: SocketAddr,
        /// What the network said.
        fault: std::io::Error,
    },
    /// Its last address was silent.
    #[error("{at}: no connection within {} s", PATIENCE.as_secs())]
    Silent {
        /// That address.
        at: SocketAddr,
    },
}

/// Tries every address of the host.
pub(super) async fn dial(address: &str) -> Result<TcpStream, ConnectFault> {
    let looked_up = tokio::net::lookup_host(address).await;
    let looked_up = looked_up.map_err(|fault| ConnectFault::LookUp { address: address.to_owned(), fault })?;
    let mut last = ConnectFault::NoAddress { address: address.to_owned() };
    for at in looked_up {
        match tokio::time::timeout(PATIENCE, TcpStream::connect(at)).await {
            Ok(Ok(stream)) => {
                // Small PDUs must not wait for one another.
                stream.set_nodelay(true).map_err(|fault| ConnectFault::Failed { at, fault })?;
                return Ok(stream);
            }
            Ok(Err(fault)) => last = ConnectFault::Failed { at, fault },
            Err(_) => last = ConnectFault::Silent { at },
        }
    }
    Err(last)
}

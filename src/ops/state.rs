//! What all pages of the operators stand on. It must not know a page.
use super::{access, probe, recorder};
use crate::{
    exchange::Exchange,
    ports::{Store, clock::Clock, dead::DeadLetters, status::Board, trace::Trace, trace_file::TraceFiles},
    types::UnixMs,
};
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// What the room shows and who may see it.
#[derive(Clone)]
pub struct OpsState {
    /// What the parts publish.
    pub board: Arc<Board>,
    /// For the depths, and to see whether it takes commits.
    pub store: Arc<dyn Store>,
    /// The counters and histograms of this process.
    pub metrics: recorder::Metrics,
    /// Opens `/console` and `/metrics`; `None` only on loopback.
    pub token: Option<String>,
    /// When the server started.
    pub started: UnixMs,
    /// The wall clock.
    pub clock: Arc<dyn Clock>,
    /// The program's version.
    pub version: &'static str,
    /// Pages beside the console, in the try-out only.
    pub tryout: Option<TryoutPages>,
    /// What went over the binds.
    pub trace: Arc<Trace>,
    /// Who writes it into a file.
    pub trace_file: Option<Arc<dyn TraceFiles>>,
    /// Texts that were given up.
    pub dead: Option<Arc<dyn DeadLetters>>,
    /// The server stops: whoever still reads gets no more.
    pub stop: CancellationToken,
    /// Knows the kiosks.
    pub exchange: Option<Exchange>,
}

/// Where the try-out's other pages are.
#[derive(Clone, Debug)]
pub struct TryoutPages {
    /// The kiosk.
    pub kiosk: String,
    /// The telephones.
    pub phone: String,
}

/// What the handlers share.
pub(super) struct Room {
    pub(super) state: OpsState,
    pub(super) access: access::Access,
    pub(super) probe: probe::Probe,
}

pub(super) type Ops = Arc<Room>;

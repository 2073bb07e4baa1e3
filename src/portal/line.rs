//! A line to one place: its transport, its breaker, and what is known of the way. Knows no question.
use super::{breaker::Breaker, known::Watch, options::PortalSetupError, transport::Transport};
use crate::{
    ports::{clock::Clock, status::Board},
    types::lock,
};
use std::sync::{
    Arc, Mutex,
    atomic::{AtomicBool, Ordering},
};
use tokio::time::Instant;

/// Name of the portal among the places.
pub(super) const PORTAL: &str = "portal";

pub(super) struct Line {
    pub(super) transport: Transport,
    /// Answers carry their time for people; nothing else is decided by it.
    pub(super) clock: Arc<dyn Clock>,
    pub(super) breaker: Mutex<Breaker>,
    pub(super) board: Arc<Board>,
    pub(super) watch: Watch,
    /// Name of the place: [`PORTAL`], or of a `[[source]]`.
    pub(super) source: Arc<str>,
    /// What it is, in the log.
    what: &'static str,
    /// Its breaker is the one that the console and the metric show.
    is_shown: bool,
    told_open: AtomicBool,
}

impl Line {
    /// `what` it leads to, in the log; of the portal's lines one `is_shown`.
    pub(super) fn new(
        transport: Result<Transport, PortalSetupError>,
        (source, what, is_shown): (&Arc<str>, &'static str, bool),
        board: Arc<Board>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, PortalSetupError> {
        let is_shown = is_shown && &**source == PORTAL;
        if is_shown {
            metrics::gauge!("chrak_portal_breaker_open").set(0.0);
        }
        Ok(Line {
            transport: transport?,
            clock,
            breaker: Mutex::default(),
            board,
            watch: Watch::default(),
            source: Arc::clone(source),
            what,
            is_shown,
            told_open: AtomicBool::new(false),
        })
    }

    pub(super) fn may_call(&self) -> bool {
        lock(&self.breaker).may_call(Instant::now())
    }

    pub(super) fn report(&self, good: bool) {
        let open = {
            let mut breaker = lock(&self.breaker);
            breaker.report(good, Instant::now());
            breaker.is_open()
        };
        if self.told_open.swap(open, Ordering::Relaxed) == open {
            return;
        }
        if self.is_shown {
            self.board.set_breaker_open(open);
            metrics::gauge!("chrak_portal_breaker_open").set(f64::from(u8::from(open)));
        }
        let (source, what) = (&*self.source, self.what);
        if open {
            tracing::error!(source, "{what} fails too often: it is left alone for a while");
        } else {
            tracing::info!(source, "{what} answers again");
        }
    }
}

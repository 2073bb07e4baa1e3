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
    /// Its breaker is the one of its place that the metric shows, and for the portal the console.
    is_shown: bool,
    told_open: AtomicBool,
}

impl Line {
    /// `what` it leads to, in the log; of a place's lines one `is_shown`.
    pub(super) fn new(
        transport: Result<Transport, PortalSetupError>,
        (source, what, is_shown): (&Arc<str>, &'static str, bool),
        board: Arc<Board>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, PortalSetupError> {
        let line = Line {
            transport: transport?,
            clock,
            breaker: Mutex::default(),
            board,
            watch: Watch::default(),
            source: Arc::clone(source),
            what,
            is_shown,
            told_open: AtomicBool::new(false),
        };
        line.show(false);
        Ok(line)
    }

    fn is_portals(&self) -> bool {
        &*self.source == PORTAL
    }

    /// A place beside the portal has its name in its metrics.
    fn show(&self, open: bool) {
        if !self.is_shown {
            return;
        }
        let gauge = match self.is_portals() {
            true => metrics::gauge!("chrak_portal_breaker_open"),
            false => metrics::gauge!("chrak_portal_breaker_open", "source" => self.source.to_string()),
        };
        gauge.set(f64::from(u8::from(open)));
    }

    /// How long one try took, and what it came to.
    pub(super) fn measured(&self, operation: &'static str, result: &'static str, started: Instant) {
        let histogram = match self.is_portals() {
            true => metrics::histogram!("chrak_portal_seconds", "operation" => operation, "result" => result),
            false => {
                let source = self.source.to_string();
                metrics::histogram!("chrak_portal_seconds", "operation" => operation, "result" => result, "source" => source)
            }
        };
        histogram.record(started.elapsed().as_secs_f64());
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
        if self.is_shown && self.is_portals() {
            self.board.set_breaker_open(open);
        }
        self.show(open);
        let (source, what) = (&*self.source, self.what);
        if open {
            tracing::error!(source, "{what} fails too often: it is left alone for a while");
        } else {
            tracing::info!(source, "{what} answers again");
        }
    }
}

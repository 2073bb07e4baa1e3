//! What all questions to the portal stand on: the line, the breaker, what is kept for the time it is away.
use super::{
    breaker::Breaker, known::Watch, reading, single_flight::SingleFlight, stale_cache::StaleCache, transport::Transport,
};
use crate::{
    ports::{clock::Clock, status::Board},
    types::{
        Msisdn, Pin, RegistrationCode, UnixMs,
        civic::{Application, ApplicationAnswer, Disclosure, Page, PortalFault},
        lock,
        names::Channel,
    },
};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};
use tokio::time::Instant;

pub(super) struct Core {
    pub(super) transport: Transport,
    /// Answers carry their time for people; nothing else is decided by it.
    pub(super) clock: Arc<dyn Clock>,
    pub(super) breaker: Mutex<Breaker>,
    pub(super) kept: Mutex<StaleCache>,
    pub(super) single_flight: SingleFlight<Question, Result<ApplicationAnswer, PortalFault>>,
    pub(super) board: Arc<Board>,
    pub(super) kept_directory: Mutex<Option<Arc<reading::Directory>>>,
    /// Pages with what stands in them, and when each was read.
    pub(super) kept_pages: Mutex<BTreeMap<String, (Arc<Page>, UnixMs)>>,
    pub(super) reading: tokio::sync::Mutex<()>,
    pub(super) watch: Watch,
}

/// What makes two questions equal: the same code and the same factors, over the same window.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct Question {
    pub(super) code: RegistrationCode,
    pub(super) pin: Option<Pin>,
    pub(super) number: Option<Msisdn>,
    pub(super) channel: Channel,
}

impl Core {
    pub(super) fn may_call(&self) -> bool {
        lock(&self.breaker).may_call(Instant::now())
    }

    pub(super) fn report(&self, good: bool) {
        let open = {
            let mut breaker = lock(&self.breaker);
            breaker.report(good, Instant::now());
            breaker.is_open()
        };
        if self.board.breaker_open() != open {
            self.board.set_breaker_open(open);
            metrics::gauge!("chrak_portal_breaker_open").set(f64::from(u8::from(open)));
            if open {
                tracing::error!("the portal fails too often: it is left alone for a while");
            } else {
                tracing::info!("the portal answers again");
            }
        }
    }

    /// Keeps a public answer; recalls one while the portal is away. A question with a PIN is never answered
    /// from memory.
    pub(super) fn keep_or_recall(
        &self,
        question: &Question,
        fetched: Result<Application, PortalFault>,
    ) -> Result<ApplicationAnswer, PortalFault> {
        let now = Instant::now();
        match fetched {
            Ok(application) => {
                if application.disclosure == Disclosure::Public {
                    lock(&self.kept).keep(&application, self.clock.now(), now);
                }
                let ready = application.ready.as_ref().map_or(&application.office.id, |ready| &ready.office.id);
                let office = self.kept_office(ready);
                Ok(ApplicationAnswer { application, as_of: None, office })
            }
            Err(fault @ (PortalFault::Away | PortalFault::Unusable)) if question.pin.is_none() => {
                lock(&self.kept).recall(&question.code, now).ok_or(fault)
            }
            Err(fault) => Err(fault),
        }
    }
}

pub(super) fn measured(operation: &'static str, result: &'static str, started: Instant) {
    metrics::histogram!("chrak_portal_seconds", "operation" => operation, "result" => result)
        .record(started.elapsed().as_secs_f64());
}

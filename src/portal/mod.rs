//! The client of the portal: deadlines, retries where they are safe, a breaker, kept answers, and one call
//! for equal questions. Knows HTTP and the contract's JSON; above it nobody does. How often and how long it is asked
//! stands in `attempts`, what a reply means in `calls`, both for all questions.
//!
//! To add a question: a variant of `Query` and `Answer` in `types::civic`, its path in [`PortalClient`], its
//! DTO in `wire`, and a fault case in the tests.
mod attempts;
mod breaker;
mod calls;
mod directory;
mod single_flight;
mod stale_cache;
mod transport;
mod wire;

#[cfg(test)]
mod tests;

use crate::types::lock;
use crate::{
    ports::{
        PortFuture,
        portal::{Asker, EventSource, Portal},
        status::Board,
    },
    types::{
        Msisdn, Pin, RegistrationCode, UnixMs,
        civic::{Answer, Application, ApplicationAnswer, Disclosure, EventPage, PortalFault, Query},
        names::Channel,
    },
};
use breaker::Breaker;
use single_flight::SingleFlight;
use stale_cache::StaleCache;
use std::{
    path::PathBuf,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};
use transport::{Method, PortalCall, Transport};

/// Where the portal is and how it is spoken to.
#[derive(Clone)]
pub struct PortalOptions {
    /// Base URL without a slash at its end.
    pub url: String,
    /// Bearer token.
    pub token: String,
    /// The only CA trusted, when given.
    pub ca_file: Option<PathBuf>,
}

/// Why the client cannot be made: one line.
#[derive(Debug, thiserror::Error)]
pub enum PortalSetupError {
    /// The CA file cannot be read or holds no certificate.
    #[error("ca_file: {path}: {why}")]
    Ca {
        /// The file.
        path: String,
        /// What is wrong with it.
        why: String,
    },
    /// The URL or the token cannot be used.
    #[error("{0}")]
    Bad(String),
}

/// The client. Cheap to clone.
#[derive(Clone)]
pub struct PortalClient {
    core: Arc<Core>,
}

struct Core {
    transport: Transport,
    breaker: Mutex<Breaker>,
    kept: Mutex<StaleCache>,
    single_flight: SingleFlight<Question, Result<ApplicationAnswer, PortalFault>>,
    board: Arc<Board>,
    kept_directory: Mutex<Option<Arc<directory::Directory>>>,
    reading: tokio::sync::Mutex<()>,
}

/// What makes two questions equal: the same code and the same factors, over the same window.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Question {
    code: RegistrationCode,
    pin: Option<Pin>,
    number: Option<Msisdn>,
    channel: Channel,
}

/// How long a question for events may take.
const EVENTS_WITHIN: Duration = Duration::from_secs(10);

impl PortalClient {
    /// Makes the client; nothing is called yet.
    ///
    /// # Errors
    /// One line that says which setting cannot be used.
    pub fn new(options: PortalOptions, board: Arc<Board>) -> Result<Self, PortalSetupError> {
        metrics::gauge!("chrak_portal_breaker_open").set(0.0);
        Ok(PortalClient {
            core: Arc::new(Core {
                transport: Transport::new(options)?,
                breaker: Mutex::default(),
                kept: Mutex::default(),
                single_flight: SingleFlight::default(),
                board,
                kept_directory: Mutex::default(),
                reading: tokio::sync::Mutex::default(),
            }),
        })
    }

    /// Reads the directory again whenever it is old, so that it is at hand when the portal is away.
    pub async fn keep_directory(self, stop: tokio_util::sync::CancellationToken) {
        while !stop.is_cancelled() {
            let _ = self.core.directory(Instant::now() + EVENTS_WITHIN).await;
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(directory::FRESH) => {}
            }
        }
    }

    /// Asks for what concerns nobody, to see whether the portal is there and takes our token. Once: whoever asks
    /// wants to see how it fails.
    ///
    /// # Errors
    /// One line that says what came instead.
    pub async fn probe(&self, deadline: Duration) -> Result<(), String> {
        let call = PortalCall::own("/v1/ministries".to_owned());
        match self.core.transport.send(&call, Instant::now() + deadline).await {
            Ok(reply) if reply.status == 200 => Ok(()),
            Ok(reply) if reply.status == 401 => Err("it refuses our token (401); check portal.token_file".to_owned()),
            Ok(reply) => Err(format!("it answered {} to a question about its ministries", reply.status)),
            Err(broken) => Err(broken.to_string()),
        }
    }

    async fn application(&self, question: Question, deadline: Duration) -> Result<ApplicationAnswer, PortalFault> {
        let core = Arc::clone(&self.core);
        let asked = question.clone();
        let fetch = async move {
            let until = Instant::now() + deadline;
            let fetched = core.fetch(&asked, until).await;
            core.keep_or_recall(&asked, fetched)
        };
        self.core.single_flight.join(question, fetch).await
    }
}

impl Portal for PortalClient {
    fn ask<'a>(&'a self, query: &'a Query, asker: Asker) -> PortFuture<'a, Answer> {
        Box::pin(async move {
            match query {
                Query::Application { code, pin } => {
                    let question =
                        Question { code: code.clone(), pin: pin.clone(), number: asker.number, channel: asker.channel };
                    Answer::Application(self.application(question, asker.deadline).await)
                }
                other => self.core.answer(other, asker).await,
            }
        })
    }
}

impl EventSource for PortalClient {
    fn events(&self, after: Option<String>) -> PortFuture<'_, Result<EventPage, PortalFault>> {
        Box::pin(async move {
            let after = after.map(|cursor| format!("&after={}", directory::percent(&cursor))).unwrap_or_default();
            let until = Instant::now() + EVENTS_WITHIN;
            let body = self.core.get_own("listEvents", &format!("/v1/events?limit=100{after}"), until).await?;
            wire::events::page(&body).map_err(|why| {
                tracing::warn!("the portal's events cannot be used: {why}");
                PortalFault::Unusable
            })
        })
    }

    fn forget_directory(&self) {
        *lock(&self.core.kept_directory) = None;
    }
}

/// Reads one event of the portal as it stands in a webhook's body.
///
/// # Errors
/// Why it is no event, without its content.
pub fn read_event(body: &[u8]) -> Result<crate::types::civic::Event, String> {
    wire::events::event(body)
}

impl Core {
    async fn fetch(&self, question: &Question, until: Instant) -> Result<Application, PortalFault> {
        let call = PortalCall {
            method: Method::Get,
            key: None,
            path: format!("/v1/applications/{}", question.code.canonical()),
            channel: Some(question.channel),
            number: question.number,
            pin: question.pin.clone(),
        };
        let read = |reply| calls::application(&question.code, reply);
        self.attempt("getApplication", &call, until, read).await.map_err(calls::of_read)
    }

    fn may_call(&self) -> bool {
        lock(&self.breaker).may_call(Instant::now())
    }

    fn report(&self, good: bool) {
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
    fn keep_or_recall(
        &self,
        question: &Question,
        fetched: Result<Application, PortalFault>,
    ) -> Result<ApplicationAnswer, PortalFault> {
        let now = Instant::now();
        match fetched {
            Ok(application) => {
                if application.disclosure == Disclosure::Public {
                    lock(&self.kept).keep(&application, wall_clock(), now);
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

fn measured(operation: &'static str, result: &'static str, started: Instant) {
    metrics::histogram!("chrak_portal_seconds", "operation" => operation, "result" => result)
        .record(started.elapsed().as_secs_f64());
}

/// The portal's answers carry their time for people; nothing is decided by it.
fn wall_clock() -> UnixMs {
    use crate::ports::clock::{Clock, SystemClock};
    SystemClock.now()
}

//! The client of the portal: deadlines, retries where they are safe, a breaker, a stale cache, and one
//! call for equal questions. Knows HTTP and the contract's JSON; above it nobody does. How often and how long it is asked
//! stands in `attempts`, what a reply means in `calls`, both for all questions.
//!
//! To add a question: a variant of `Query` and `Answer` in `types::civic`, its path in [`PortalClient`], its
//! DTO in `wire`, and a fault case in the tests.
mod attempts;
mod breaker;
mod calls;
mod core;
mod directory;
mod extras;
mod find;
mod finding;
mod govstack;
mod keys;
mod known;
mod line;
mod options;
mod reading;
mod road;
mod said;
mod sign_ins;
mod single_flight;
mod sources;
mod stale_cache;
mod survey;
mod transport;
mod watch;
mod wire;

#[cfg(test)]
mod tests;

use self::core::{Core, Question};
use crate::{
    ports::{
        PortFuture,
        clock::Clock,
        portal::{Abilities, Asker, EventSource, Portal},
        status::Board,
    },
    types::{
        civic::{Answer, ApplicationAnswer, EventPage, PortalFault, Query},
        lock,
        percent::percent,
    },
};
pub use finding::Finding;
pub use govstack::{GovstackDirectory, GovstackOptions, GovstackPlace, SchedulerOptions};
use line::Line;
pub use options::{PortalOptions, PortalSetupError};
pub use road::{Identifier, XroadOptions};
pub use sources::{Patience, Portals};
use std::{sync::Arc, time::Duration};
pub use survey::Uses;
use tokio::time::Instant;
use transport::{PortalCall, Transport};

/// The client. Cheap to clone.
#[derive(Clone)]
pub struct PortalClient {
    core: Arc<Core>,
}

/// How long a question for events may take.
const EVENTS_WITHIN: Duration = Duration::from_secs(10);

impl PortalClient {
    /// Makes the client; nothing is called yet.
    ///
    /// # Errors
    /// One line that says which setting cannot be used.
    pub fn new(options: PortalOptions, board: Arc<Board>, clock: Arc<dyn Clock>) -> Result<Self, PortalSetupError> {
        Self::of_source(line::PORTAL, options, board, clock)
    }

    /// As [`PortalClient::new`], for the place that a `[[source]]` names so.
    ///
    /// # Errors
    /// One line that says which setting cannot be used.
    pub fn of_source(
        source: &str,
        options: PortalOptions,
        board: Arc<Board>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, PortalSetupError> {
        let what = if source == line::PORTAL { "the portal" } else { "another place of codes" };
        let line = Line::new(Transport::new(options), (&source.into(), what, true), board, clock)?;
        Ok(PortalClient { core: Arc::new(Core::new(line, None)) })
    }

    /// As [`PortalClient::new`], for systems that speak GovStack's words; `source` names the place.
    ///
    /// # Errors
    /// One line that says which setting cannot be used.
    pub fn govstack(
        source: &str,
        options: GovstackOptions,
        board: Arc<Board>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, PortalSetupError> {
        let (line, govstack) = govstack::Govstack::new(source, options, board, clock)?;
        Ok(PortalClient { core: Arc::new(Core::new(line, Some(govstack))) })
    }

    /// Reads the directory again whenever it is old, so that it is at hand when the portal is away.
    pub async fn keep_directory(self, stop: tokio_util::sync::CancellationToken) {
        while !stop.is_cancelled() {
            if let Ok((directory, None)) = self.core.directory(Instant::now() + EVENTS_WITHIN).await {
                self.core.keep_pages(&directory, Instant::now() + EVENTS_WITHIN).await;
            }
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(directory::FRESH) => {}
            }
        }
    }

    /// Looks at the certificates of the way to the portal every minute until `stop`: what has changed serves new connections,
    /// what cannot be used or ends soon stands on the board.
    pub async fn keep_certificates(self, stop: tokio_util::sync::CancellationToken) {
        self.core.keep_certificates(stop).await;
    }

    /// Asks for what concerns nobody, to see whether the portal is there and takes our token. Once: whoever asks
    /// wants to see how it fails.
    ///
    /// # Errors
    /// One line that says what came instead.
    pub async fn probe(&self, deadline: Duration) -> Result<(), String> {
        if self.core.govstack.is_some() {
            return govstack::services(&self.core, Instant::now() + deadline).await.map(drop);
        }
        let call = PortalCall::own("/v1/ministries".to_owned());
        match self.core.transport.send(&call, Instant::now() + deadline).await {
            Ok(reply) if self.core.turned(&call, &reply).is_some() => Err(self
                .core
                .board
                .alarms()
                .pop()
                .map_or_else(|| "what answered was not the portal".to_owned(), |alarm| alarm.en)),
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
                // where nothing is earned by them, neither number nor PIN leaves us
                Query::Application { code, .. } if self.core.govstack.is_some() => {
                    let question = Question { code: code.clone(), pin: None, number: None, channel: asker.channel };
                    Answer::Application(self.application(question, asker.deadline).await)
                }
                Query::Application { code, pin } => {
                    let question =
                        Question { code: code.clone(), pin: pin.clone(), number: asker.number, channel: asker.channel };
                    Answer::Application(self.application(question, asker.deadline).await)
                }
                other => self.core.answer(other, asker).await,
            }
        })
    }

    fn abilities(&self) -> Abilities {
        self.core.govstack.as_ref().map_or(Abilities::ALL, govstack::Govstack::abilities)
    }
}

impl EventSource for PortalClient {
    fn events(&self, after: Option<String>) -> PortFuture<'_, Result<EventPage, PortalFault>> {
        Box::pin(async move {
            if self.core.govstack.is_some() {
                return Err(PortalFault::NotOffered);
            }
            let after = after.map(|cursor| format!("&after={}", percent(&cursor))).unwrap_or_default();
            let until = Instant::now() + EVENTS_WITHIN;
            let body = self.core.get_own("listEvents", &format!("/v1/events?limit=100{after}"), until).await?;
            wire::events::page(&body).map_err(|why| {
                tracing::warn!("the portal's events cannot be used: {why}");
                PortalFault::Unusable
            })
        })
    }

    fn forget_directory(&self) {
        if self.core.govstack.is_none() {
            *lock(&self.core.kept_directory) = None;
        }
    }
}

/// Reads one event of the portal as it stands in a webhook's body.
///
/// # Errors
/// Why it is no event, without its content.
pub fn read_event(body: &[u8]) -> Result<crate::types::civic::Event, String> {
    wire::events::event(body)
}

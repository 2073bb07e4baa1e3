//! Several places: the portal, and those that are asked about the codes of some pattern instead. Everything but where an
//! application stands is the portal's. Each place has a breaker, kept answers and a watch of its own.
use super::PortalClient;
use crate::{
    ports::{
        PortFuture,
        portal::{Abilities, Asker, EventSource, Portal},
    },
    types::{
        civic::{Answer, EventPage, PortalFault, Query},
        names::Channel,
    },
};
use std::{sync::Arc, time::Duration};
use tokio_util::sync::CancellationToken;

/// How long each window waits for a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// A screen.
    pub ussd: Duration,
    /// A page.
    pub kiosk: Duration,
    /// A text.
    pub sms: Duration,
}

impl Patience {
    fn of(self, channel: Channel) -> Duration {
        match channel {
            Channel::Ussd => self.ussd,
            Channel::Kiosk => self.kiosk,
            Channel::Sms => self.sms,
        }
    }
}

/// A place that is asked about codes.
struct Source {
    name: Arc<str>,
    client: PortalClient,
    patience: Patience,
}

/// The portal and the sources beside it.
pub struct Portals {
    portal: PortalClient,
    sources: Vec<Source>,
}

impl Portals {
    /// The portal alone.
    pub fn new(portal: PortalClient) -> Self {
        Portals { portal, sources: Vec::new() }
    }

    /// Another place, which is asked no longer than this, whatever the window has.
    pub fn add(&mut self, name: &str, client: PortalClient, patience: Patience) {
        self.sources.push(Source { name: name.into(), client, patience });
    }

    /// The portal itself.
    pub fn portal(&self) -> &PortalClient {
        &self.portal
    }

    /// As [`PortalClient::keep_certificates`], of all places.
    pub async fn keep_certificates(&self, stop: CancellationToken) {
        let all = [&self.portal].into_iter().chain(self.sources.iter().map(|source| &source.client));
        futures_util::future::join_all(all.map(|client| client.clone().keep_certificates(stop.clone()))).await;
    }

    async fn ask_source(&self, name: &str, query: &Query, asker: Asker) -> Answer {
        let Some(source) = self.sources.iter().find(|source| *source.name == *name) else {
            // the configuration names every source that a code can have
            return Answer::Application(Err(PortalFault::Unusable));
        };
        let deadline = asker.deadline.min(source.patience.of(asker.channel));
        let mut answer = source.client.ask(query, Asker { deadline, ..asker }).await;
        if let Answer::Application(Ok(told)) = &mut answer
            && told.office.is_none()
        {
            // offices are the portal's to know
            let application = &told.application;
            let ready = application.ready.as_ref().map_or(&application.office.id, |ready| &ready.office.id);
            told.office = self.portal.core.kept_office(ready);
        }
        answer
    }
}

impl Portal for Portals {
    fn ask<'a>(&'a self, query: &'a Query, asker: Asker) -> PortFuture<'a, Answer> {
        match query {
            Query::Application { code, .. } if code.asked_at().source.is_some() => Box::pin(async move {
                let name = code.asked_at().source.as_deref().unwrap_or_default();
                self.ask_source(name, query, asker).await
            }),
            _ => self.portal.ask(query, asker),
        }
    }

    fn abilities(&self) -> Abilities {
        self.portal.abilities()
    }
}

impl EventSource for Portals {
    fn events(&self, after: Option<String>) -> PortFuture<'_, Result<EventPage, PortalFault>> {
        self.portal.events(after)
    }

    fn forget_directory(&self) {
        self.portal.forget_directory();
    }
}

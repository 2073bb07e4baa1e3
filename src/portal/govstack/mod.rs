//! An office's own systems in place of a portal, in the words of GovStack: where an application stands by the Registration API
//! 0.1.1, appointments by the Scheduler API 1.0.0, the directory from a file. What those cannot do is not offered. Knows
//! no window and no text.
mod bookings;
mod directory;
mod options;
mod registration;
mod scheduler;
mod wire;

pub use directory::GovstackDirectory;
pub use options::{GovstackOptions, GovstackPlace, SchedulerOptions};
pub(super) use registration::services;

use super::{
    finding::Finding,
    line::Line,
    options::{PortalOptions, PortalSetupError},
    reading::Directory,
    transport::Transport,
};
use crate::{
    ports::{clock::Clock, portal::Asker, status::Board},
    types::{
        Msisdn, RegistrationCode,
        civic::{Abilities, Answer, Application, ChangeKind, PortalFault, Query},
    },
};
use directory::Ids;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use ring::hmac;
use scheduler::Scheduler;
use std::{sync::Arc, time::Duration};
use tokio::time::Instant;

/// Who asks, as the Information Mediator building block wants it: `INSTANCE/CLASS/MEMBER/SUBSYSTEM`.
const MEDIATOR_CLIENT: HeaderName = HeaderName::from_static("information-mediator-client");

/// What is asked in these words.
pub(super) struct Govstack {
    pub(super) directory: Arc<Directory>,
    ids: Arc<Ids>,
    scheduler: Option<Arc<Scheduler>>,
    pseudonyms: hmac::Key,
}

/// How long a change may take that nobody waits for any more: whoever asks for it again waits for its end.
const SETTLED_WITHIN: Duration = Duration::from_secs(15);

impl Govstack {
    /// The line to the registration system, and all that is asked; `source` names the place.
    ///
    /// # Errors
    /// Which setting cannot be used.
    pub(super) fn new(
        source: &str,
        options: GovstackOptions,
        board: Arc<Board>,
        clock: Arc<dyn Clock>,
    ) -> Result<(Line, Self), PortalSetupError> {
        let source: Arc<str> = source.into();
        let mut headers = HeaderMap::new();
        let client = HeaderValue::from_str(&options.client.to_string());
        headers.insert(MEDIATOR_CLIENT, client.map_err(|fault| PortalSetupError::Bad(format!("client: {fault}")))?);
        let transport = |place: &GovstackPlace, token: String, headers: HeaderMap| {
            let (url, road, ca_file) = (place.url.clone(), place.road.clone(), options.ca_file.clone());
            Transport::with(PortalOptions { url, token, ca_file, road }, headers)
        };
        let registration = transport(&options.registration, options.token.expose().to_owned(), headers);
        let what = (&source, "the registration system", true);
        let line = Line::new(registration, what, Arc::clone(&board), Arc::clone(&clock))?;
        let (directory, ids) = options.directory.settled(options.scheduler.is_some(), clock.now());
        let (directory, ids) = (Arc::new(directory), Arc::new(ids));
        let scheduler = match &options.scheduler {
            None => None,
            Some(asked) => {
                let transport = transport(&asked.place, String::new(), HeaderMap::new());
                let line = Line::new(transport, (&source, "the scheduler", false), board, clock)?;
                Some(Arc::new(Scheduler::new(line, asked, Arc::clone(&directory), Arc::clone(&ids))))
            }
        };
        Ok((line, Govstack { directory, ids, scheduler, pseudonyms: options.pseudonyms }))
    }

    /// Where an application stands.
    pub(super) async fn application(
        &self,
        line: &Line,
        code: &RegistrationCode,
        until: Instant,
    ) -> Result<Application, PortalFault> {
        registration::application(line, (&self.directory, &self.ids), code, until).await
    }
}

impl Govstack {
    /// What is offered.
    pub(super) fn abilities(&self) -> Abilities {
        GovstackOptions::abilities(self.scheduler.is_some())
    }

    /// Every line but that of the registration system.
    pub(super) fn lines(&self) -> impl Iterator<Item = &Line> {
        self.scheduler.iter().map(|scheduler| &scheduler.line)
    }

    /// The answer to what is not told by the directory alone; `None`: the directory knows it.
    pub(super) async fn answer(&self, query: &Query, asker: Asker, until: Instant) -> Option<Answer> {
        let unoffered = PortalFault::NotOffered;
        Some(match query {
            Query::Office { id } => {
                let found = self.directory.offices.iter().find(|(office, _)| office.id == *id);
                Answer::Office(found.map(|(office, _)| Arc::clone(office)).ok_or(PortalFault::NotFound))
            }
            Query::Slots { office, service, from, to } => match &self.scheduler {
                Some(scheduler) => Answer::Slots(scheduler.slots(office, service, (*from, *to), until).await),
                None => Answer::Slots(Err(unoffered)),
            },
            Query::Appointments => match (&self.scheduler, asker.number) {
                (Some(scheduler), Some(number)) => {
                    Answer::Appointments(scheduler.appointments(&self.pseudonym(number), until).await)
                }
                (Some(_), None) => Answer::Appointments(Err(PortalFault::FactorRequired)),
                (None, _) => Answer::Appointments(Err(unoffered)),
            },
            Query::Complaint { .. } => Answer::Complaint(Err(unoffered)),
            Query::Payment { .. } => Answer::Payment(Err(unoffered)),
            Query::Change(change) => self.change(&change.what, asker, until).await,
            _ => return None,
        })
    }

    async fn change(&self, what: &ChangeKind, asker: Asker, until: Instant) -> Answer {
        let unoffered = PortalFault::NotOffered;
        match what {
            ChangeKind::Hold { slot } => Answer::Held(match &self.scheduler {
                Some(scheduler) => scheduler.look_at(slot, until).await,
                None => Err(unoffered),
            }),
            ChangeKind::Book { .. } | ChangeKind::Move { .. } | ChangeKind::Cancel { .. } => {
                Answer::Appointment(match (&self.scheduler, asker.number) {
                    (Some(scheduler), Some(number)) => {
                        settled(Arc::clone(scheduler), what.clone(), self.pseudonym(number), until).await
                    }
                    // without a number nobody would find it again
                    (Some(_), None) => Err(PortalFault::FactorRequired),
                    (None, _) => Err(unoffered),
                })
            }
            ChangeKind::Feedback { .. } | ChangeKind::Complain { .. } => Answer::Filed(Err(unoffered)),
            ChangeKind::Pay { .. } => Answer::Payment(Err(unoffered)),
            ChangeKind::Ticket { .. } => Answer::Ticket(Err(unoffered)),
        }
    }

    /// The name by which a scheduler knows the holder of a number: nobody finds the number in it.
    fn pseudonym(&self, number: Msisdn) -> String {
        let tag = hmac::sign(&self.pseudonyms, number.digits().as_bytes());
        let hex = tag.as_ref()[..16].iter().map(|octet| format!("{octet:02x}"));
        format!("chrak-{}", hex.collect::<String>())
    }
}

/// A change goes on when its asker has gone, as nothing but its end tells whether to make it again.
async fn settled(
    scheduler: Arc<Scheduler>,
    what: ChangeKind,
    pseudonym: String,
    until: Instant,
) -> Result<crate::types::civic::Appointment, PortalFault> {
    let end = until.max(Instant::now() + SETTLED_WITHIN);
    let work = tokio::spawn(async move { scheduler.change(what, &pseudonym, end).await });
    match tokio::time::timeout_at(until, work).await {
        Ok(Ok(done)) => done,
        Ok(Err(_)) | Err(_) => Err(PortalFault::Uncertain),
    }
}

impl Govstack {
    /// Compares the file with what the registration system has, and asks the scheduler something that concerns nobody.
    pub(super) async fn survey(&self, line: &Line, deadline: Duration) -> Vec<Finding> {
        let until = Instant::now() + deadline;
        let mut found = registration::compare(line, &self.ids, until).await;
        if let Some(scheduler) = &self.scheduler {
            found.push(scheduler.probe(until).await);
        }
        found
    }
}

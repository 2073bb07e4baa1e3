//! What all questions to the portal stand on: the line, the breaker, what is kept for the time it is away.
use super::{govstack::Govstack, line::Line, reading, single_flight::SingleFlight, stale_cache::StaleCache};
use crate::types::{
    Msisdn, Pin, RegistrationCode, UnixMs,
    civic::{Application, ApplicationAnswer, Disclosure, Page, PortalFault},
    lock,
    names::Channel,
};
use std::{
    collections::BTreeMap,
    ops::Deref,
    sync::{Arc, Mutex},
};
use tokio::time::Instant;

pub(super) struct Core {
    pub(super) line: Line,
    /// What is asked in the words of GovStack; `None`: of the portal contract.
    pub(super) govstack: Option<Govstack>,
    pub(super) kept: Mutex<StaleCache>,
    pub(super) single_flight: SingleFlight<Question, Result<ApplicationAnswer, PortalFault>>,
    pub(super) kept_directory: Mutex<Option<Arc<reading::Directory>>>,
    /// Pages with what stands in them, and when each was read.
    pub(super) kept_pages: Mutex<BTreeMap<String, (Arc<Page>, UnixMs)>>,
    pub(super) reading: tokio::sync::Mutex<()>,
}

/// Every question goes over the line.
impl Deref for Core {
    type Target = Line;

    fn deref(&self) -> &Line {
        &self.line
    }
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
    /// Over this line, with nothing kept yet but the directory of a file.
    pub(super) fn new(line: Line, govstack: Option<Govstack>) -> Self {
        let kept_directory = Mutex::new(govstack.as_ref().map(|govstack| Arc::clone(&govstack.directory)));
        Core {
            line,
            govstack,
            kept: Mutex::default(),
            single_flight: SingleFlight::default(),
            kept_directory,
            kept_pages: Mutex::default(),
            reading: tokio::sync::Mutex::default(),
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

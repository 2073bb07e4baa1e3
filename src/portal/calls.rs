//! Every question: its path, and what each reply means. Reading is tried again as it is; a change carries the key of
//! its intention, so that the portal carries it out at most once, and when nothing certain comes back that is
//! what is said.
use super::{
    core::{Core, Question},
    transport::{Method, PortalCall, Reply},
    wire,
};
use crate::{
    ports::portal::Asker,
    types::{
        RegistrationCode, UnixMs,
        civic::{Answer, Application, ChangeKind, Filed, Office, PortalFault, Query},
        percent::percent,
    },
};
use bytes::Bytes;
use std::sync::Arc;
use tokio::time::Instant;

impl PortalCall {
    /// A question of Chrak's own, for no citizen.
    pub fn own(path: String) -> Self {
        PortalCall { method: Method::Get, key: None, path, channel: None, number: None, pin: None, token: None }
    }

    /// For a citizen.
    pub(super) fn of(asker: Asker, method: Method, path: String) -> Self {
        PortalCall {
            key: asker.key,
            channel: Some(asker.channel),
            number: asker.number,
            method,
            ..PortalCall::own(path)
        }
    }
}

impl Core {
    pub(super) async fn fetch(&self, question: &Question, until: Instant) -> Result<Application, PortalFault> {
        if let Some(govstack) = &self.govstack {
            return govstack.application(&self.line, &question.code, until).await;
        }
        let call = PortalCall {
            method: Method::Get,
            key: None,
            path: format!("/v1/applications/{}", question.code.canonical()),
            channel: Some(question.channel),
            number: question.number,
            pin: question.pin.clone(),
            token: None,
        };
        let read = |reply| application(&question.code, reply, self.clock.now());
        self.attempt("getApplication", &call, until, read).await.map_err(of_read)
    }

    pub(super) async fn answer(&self, query: &Query, asker: Asker) -> Answer {
        let until = Instant::now() + asker.deadline;
        if let Some(govstack) = &self.govstack
            && let Some(answer) = govstack.answer(query, asker, until).await
        {
            return answer;
        }
        match query {
            Query::Application { .. } => Answer::Application(Err(PortalFault::Unusable)),
            Query::Services(search) => {
                let directory = self.directory(until).await;
                Answer::Services(directory.map(|(directory, as_of)| directory.services(search, as_of)))
            }
            Query::Offices(search) => {
                let directory = self.directory(until).await;
                Answer::Offices(directory.map(|(directory, as_of)| directory.offices(search, as_of)))
            }
            Query::Ministries => {
                let directory = self.directory(until).await;
                Answer::Ministries(directory.map(|(directory, as_of)| directory.ministries(as_of)))
            }
            Query::Topics => {
                let directory = self.directory(until).await;
                Answer::Topics(directory.map(|(directory, as_of)| directory.topics(as_of)))
            }
            Query::Groups => {
                let directory = self.directory(until).await;
                Answer::Groups(directory.map(|(directory, as_of)| directory.groups(as_of)))
            }
            Query::Pages => {
                let directory = self.directory(until).await;
                Answer::Pages(directory.map(|(directory, as_of)| directory.pages.listing(as_of)))
            }
            Query::Page { id } => Answer::Page(self.page(id, until).await),
            Query::Holidays => {
                let directory = self.directory(until).await;
                Answer::Holidays(directory.map(|(directory, as_of)| directory.holidays.listing(as_of)))
            }
            Query::Find { words } => {
                let directory = self.directory(until).await;
                Answer::Found(directory.map(|(directory, as_of)| directory.find(words, as_of)))
            }
            Query::Office { id } => Answer::Office(self.office(id, asker, until).await),
            Query::Slots { office, service, from, to } => {
                let (office, service) = (percent(office), percent(service));
                let path = format!("/v1/offices/{office}/slots?service={service}&from={from}&to={to}");
                let read = self.get(asker, "listSlots", path, until).await;
                Answer::Slots(read.and_then(|body| usable(wire::appointments::slots(&body))))
            }
            Query::Appointments => {
                let read = self.get(asker, "findAppointment", "/v1/appointments?limit=100".to_owned(), until).await;
                let listed = |body: Bytes| usable(wire::appointments::appointments(&body)).map(|(all, _)| all);
                Answer::Appointments(read.and_then(listed))
            }
            Query::Complaint { reference } => {
                let path = format!("/v1/complaints/{}", percent(reference));
                let read = self.get(asker, "getComplaint", path, until).await;
                Answer::Complaint(read.and_then(|body| usable(wire::appointments::complaint(&body, self.clock.now()))))
            }
            Query::Payment { id } => {
                let read = self.get(asker, "getPayment", format!("/v1/payments/{}", percent(id)), until).await;
                Answer::Payment(read.and_then(|body| usable(wire::counter::payment(&body))))
            }
            Query::Mine { what, token } => self.mine(what, token, asker, until).await,
            Query::Change(change) => self.change(&change.what, asker, until).await,
        }
    }

    /// One office as it is now; as it was kept when the portal is away.
    async fn office(&self, id: &str, asker: Asker, until: Instant) -> Result<Arc<Office>, PortalFault> {
        let fresh = self.get(asker, "getOffice", format!("/v1/offices/{}", percent(id)), until).await;
        match fresh.and_then(|body| usable(wire::directory::one_office(&body)).map(Arc::new)) {
            Err(fault @ (PortalFault::Away | PortalFault::Unusable)) => self.kept_office(id).ok_or(fault),
            other => other,
        }
    }

    /// A read of Chrak's own; several tries.
    pub(super) async fn get_own(
        &self,
        operation: &'static str,
        path: &str,
        until: Instant,
    ) -> Result<Bytes, PortalFault> {
        self.read(operation, &PortalCall::own(path.to_owned()), until).await
    }

    async fn get(
        &self,
        asker: Asker,
        operation: &'static str,
        path: String,
        until: Instant,
    ) -> Result<Bytes, PortalFault> {
        self.read(operation, &PortalCall::of(asker, Method::Get, path), until).await
    }

    async fn read(&self, operation: &'static str, call: &PortalCall, until: Instant) -> Result<Bytes, PortalFault> {
        self.attempt(operation, call, until, judge).await.map_err(of_read)
    }

    async fn change(&self, what: &ChangeKind, asker: Asker, until: Instant) -> Answer {
        let body = wire::appointments::body(what, asker.number).unwrap_or_default();
        let (operation, method, path) = match what {
            ChangeKind::Hold { .. } => ("createHold", Method::Post(body), "/v1/holds".to_owned()),
            ChangeKind::Book { .. } => ("createAppointment", Method::Post(body), "/v1/appointments".to_owned()),
            ChangeKind::Move { reference, .. } => {
                let path = format!("/v1/appointments/{}", percent(reference));
                ("rescheduleAppointment", Method::Patch(body), path)
            }
            ChangeKind::Cancel { reference, .. } => {
                ("cancelAppointment", Method::Delete, format!("/v1/appointments/{}", percent(reference)))
            }
            ChangeKind::Feedback { .. } => ("createFeedback", Method::Post(body), "/v1/feedback".to_owned()),
            ChangeKind::Pay { .. } => ("createPayment", Method::Post(body), "/v1/payments".to_owned()),
            ChangeKind::Ticket { .. } => ("createQueueTicket", Method::Post(body), "/v1/queue-tickets".to_owned()),
            ChangeKind::Complain { .. } => ("createComplaint", Method::Post(body), "/v1/complaints".to_owned()),
        };
        let mut call = PortalCall::of(asker, method, path);
        if let ChangeKind::Pay { pin, token, .. } = what {
            (call.pin, call.token) = (pin.clone(), token.clone());
        }
        let done = self.attempt(operation, &call, until, judge).await;
        match what {
            ChangeKind::Hold { .. } => Answer::Held(done.and_then(|body| usable(wire::appointments::hold(&body)))),
            ChangeKind::Book { .. } | ChangeKind::Move { .. } | ChangeKind::Cancel { .. } => {
                // it was done, only what was answered cannot be read: found out later
                let read =
                    |body: Bytes| usable(wire::appointments::appointment(&body)).map_err(|_| PortalFault::Uncertain);
                Answer::Appointment(done.and_then(read))
            }
            ChangeKind::Feedback { .. } => Answer::Filed(done.map(|_| Filed::Passed(None))),
            ChangeKind::Pay { .. } => Answer::Payment(done.and_then(|body| usable(wire::counter::payment(&body)))),
            ChangeKind::Ticket { .. } => Answer::Ticket(done.and_then(|body| usable(wire::counter::ticket(&body)))),
            ChangeKind::Complain { .. } => {
                let read = |body: Bytes| usable(wire::appointments::complaint_reference(&body));
                Answer::Filed(done.and_then(read).map(|reference| Filed::Passed(Some(reference))))
            }
        }
    }
}

/// Nothing was to be changed, so nothing is uncertain.
pub(super) fn of_read(fault: PortalFault) -> PortalFault {
    match fault {
        PortalFault::Uncertain => PortalFault::Away,
        // a question is ours: what is wrong with it is no citizen's doing
        PortalFault::Declined => PortalFault::Unusable,
        fault => fault,
    }
}

/// What a reply to the question of an application means: conflicts are for changes.
pub(super) fn application(asked: &RegistrationCode, reply: Reply, now: UnixMs) -> Result<Application, PortalFault> {
    let body = judge(reply).map_err(|fault| match fault {
        PortalFault::SlotTaken | PortalFault::TooLate | PortalFault::HoldExpired | PortalFault::Declined => {
            PortalFault::Unusable
        }
        fault => fault,
    })?;
    usable(wire::application(&body, asked, now))
}

/// What a reply means. `Away`: certainly not carried out; `Uncertain`: nobody knows.
pub(super) fn judge(reply: Reply) -> Result<Bytes, PortalFault> {
    let code = if reply.status >= 400 { wire::problem(&reply.body) } else { String::new() };
    Err(match (reply.status, code.as_str()) {
        (200..=299, _) => return Ok(reply.body),
        (404, _) => PortalFault::NotFound,
        (403, _) => wire::factor(&reply.body),
        (423, _) => PortalFault::Locked,
        (401, _) => {
            tracing::error!("the portal refuses our token; check portal.token_file");
            PortalFault::Refused
        }
        (409, "slot_taken") | (422, "not_bookable") => PortalFault::SlotTaken,
        (409, "idempotency_in_progress") => PortalFault::Uncertain,
        (409, _) => PortalFault::TooLate,
        (410, _) => PortalFault::HoldExpired,
        (429 | 503, _) => PortalFault::Away,
        (500..=599, _) => PortalFault::Uncertain,
        (status @ (400 | 413 | 422), _) => {
            tracing::warn!(status, "the portal declines what it is asked to do");
            PortalFault::Declined
        }
        (status, _) => {
            tracing::warn!(status, "the portal's answer cannot be used: a status that the contract does not have here");
            PortalFault::Unusable
        }
    })
}

pub(super) fn usable<T>(read: Result<T, String>) -> Result<T, PortalFault> {
    read.map_err(|why| {
        tracing::warn!("the portal's answer cannot be used: {why}");
        PortalFault::Unusable
    })
}

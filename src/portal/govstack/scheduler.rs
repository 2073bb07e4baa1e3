//! What the Scheduler API 1.0.0 is asked: every call names us in its address, and what it means in `qry`. Addresses therefore stand
//! in no log and no error. It must not know how a booking becomes certain.
use super::{
    directory::Ids,
    options::SchedulerOptions,
    wire::{self, Event, Listed},
};
use crate::{
    portal::{
        finding::Finding,
        line::Line,
        reading::Directory,
        transport::{Method, PortalCall, Reply},
    },
    types::{
        Secret,
        civic::{Appointment, Hold, PortalFault, ServiceRef, Slot},
        lock,
        percent::percent,
    },
};
use bytes::Bytes;
use jiff::civil::Date;
use serde_json::Value;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};
use tokio::time::Instant;

/// Events and subscribers that are remembered; what is more is asked for again.
pub(super) const REMEMBERED_MAX: usize = 20_000;
/// Queues of citizens: those of one queue wait for each other.
const QUEUES: usize = 1_024;
/// Events asked for by their ids in one call: a request line through X-Road has fewer than 2,000 octets.
const IDS_AT_ONCE: usize = 20;

pub(super) struct Scheduler {
    pub(super) line: Line,
    requestor_id: String,
    request_token: Secret,
    pub(super) directory: Arc<Directory>,
    pub(super) ids: Arc<Ids>,
    events: Mutex<HashMap<String, Event>>,
    subscribers: Mutex<HashMap<String, String>>,
    /// Whose last change nobody knows the end of, and since when: see [`super::bookings`].
    pub(super) unsettled: Mutex<HashMap<String, Instant>>,
    /// One change of a citizen at a time: what looks whether something exists must not be overtaken.
    pub(super) queues: Vec<tokio::sync::Mutex<()>>,
}

/// Which list is asked for.
#[derive(Clone, Copy)]
enum Of {
    Events,
    Appointments,
    Subscribers,
}

impl Of {
    fn path(self) -> &'static str {
        match self {
            Of::Events => "event",
            Of::Appointments => "appointment",
            Of::Subscribers => "subscriber",
        }
    }

    fn operation(self) -> &'static str {
        match self {
            Of::Events => "listEvents",
            Of::Appointments => "listAppointments",
            Of::Subscribers => "listSubscribers",
        }
    }
}

impl Scheduler {
    pub(super) fn new(line: Line, options: &SchedulerOptions, directory: Arc<Directory>, ids: Arc<Ids>) -> Self {
        Scheduler {
            line,
            requestor_id: options.requestor_id.clone(),
            request_token: options.request_token.clone(),
            directory,
            ids,
            events: Mutex::default(),
            subscribers: Mutex::default(),
            unsettled: Mutex::default(),
            queues: (0..QUEUES).map(|_| tokio::sync::Mutex::default()).collect(),
        }
    }

    /// A call: what is done to what, and what is meant.
    pub(super) fn call(&self, method: Method, path: &str, more: &str, meant: Option<&Value>) -> PortalCall {
        let (who, token) = (percent(&self.requestor_id), percent(self.request_token.expose()));
        let meant = meant.map(|value| format!("&qry={}", percent(&value.to_string()))).unwrap_or_default();
        let path = format!("/{path}?requestor_id={who}&request_token={token}{more}{meant}");
        PortalCall { method, ..PortalCall::own(path) }
    }

    async fn list(&self, of: Of, meant: &Value, until: Instant) -> Result<Bytes, PortalFault> {
        let call = self.call(Method::Get, &format!("{}/list_details", of.path()), "", Some(meant));
        let read = self.line.attempt(of.operation(), &call, until, judge_read).await;
        // nothing was to be changed, so nothing is uncertain
        read.map_err(|fault| if fault == PortalFault::Uncertain { PortalFault::Away } else { fault })
    }

    /// Free times of an office for a service, by their time.
    pub(super) async fn slots(
        &self,
        office: &str,
        service: &str,
        days: (Date, Date),
        until: Instant,
    ) -> Result<Vec<Slot>, PortalFault> {
        let entity = self.directory.entity_of(&self.ids, office).ok_or(PortalFault::NotFound)?;
        let (service, _) =
            self.directory.services.iter().find(|(one, _)| one.id == service).ok_or(PortalFault::NotFound)?;
        let body = self.list(Of::Events, &wire::ask_slots(entity, &service.code, days), until).await?;
        let zone = crate::types::time::phnom_penh();
        let now = self.line.clock.now();
        let mut all = usable(wire::events(&body))?;
        // a scheduler that does not filter must not offer another office's times
        all.retain(|event| {
            let day = event.start.civil(&zone).date();
            event.entity == entity && event.category == service.code && (days.0..=days.1).contains(&day)
        });
        self.remember(&all);
        all.retain(|event| event.takes_bookings(now));
        all.sort_by_key(|event| event.start);
        Ok(all.iter().map(slot).collect())
    }

    /// A time as it is now. Nothing is held: whoever agrees first has it.
    pub(super) async fn look_at(&self, event: &str, until: Instant) -> Result<Hold, PortalFault> {
        let body = self.list(Of::Events, &wire::ask_events(&[event]), until).await?;
        let all = usable(wire::events(&body))?;
        let found = all.iter().find(|one| one.id == event).filter(|one| one.takes_bookings(self.line.clock.now()));
        let found = found.ok_or(PortalFault::SlotTaken)?;
        self.remember(std::slice::from_ref(found));
        Ok(Hold { id: found.id.clone(), slot: slot(found), expires_at: None })
    }

    /// The appointments of who is called so, by their time.
    pub(super) async fn appointments(&self, name: &str, until: Instant) -> Result<Vec<Appointment>, PortalFault> {
        let Some(subscriber) = self.subscriber(name, until).await? else { return Ok(Vec::new()) };
        let listed = self.listed(&subscriber, until).await?;
        let mut all = Vec::new();
        for some in listed.chunks(IDS_AT_ONCE) {
            let ids: Vec<&str> = some.iter().map(|one| one.event.as_str()).collect();
            self.learn(&ids, until).await?;
            all.extend(some.iter().filter_map(|one| self.told(one)));
        }
        all.sort_by_key(|one| one.start);
        Ok(all)
    }

    /// The appointments of a subscriber, as the scheduler lists them.
    pub(super) async fn listed(&self, subscriber: &str, until: Instant) -> Result<Vec<Listed>, PortalFault> {
        let body = self.list(Of::Appointments, &wire::ask_appointments(subscriber), until).await?;
        usable(wire::appointments(&body))
    }

    /// The subscriber of a name, if there is one.
    pub(super) async fn subscriber(&self, name: &str, until: Instant) -> Result<Option<String>, PortalFault> {
        if let Some(known) = lock(&self.subscribers).get(name) {
            return Ok(Some(known.clone()));
        }
        let body = self.list(Of::Subscribers, &wire::ask_subscriber(name), until).await?;
        let found = usable(wire::subscribers(&body, name))?.into_iter().next();
        if let Some(id) = &found {
            let mut known = lock(&self.subscribers);
            if known.len() >= REMEMBERED_MAX {
                known.clear();
            }
            known.insert(name.to_owned(), id.clone());
        }
        Ok(found)
    }

    /// An event that was listed or is asked for now.
    pub(super) async fn event(&self, id: &str, until: Instant) -> Result<Event, PortalFault> {
        self.learn(&[id], until).await?;
        lock(&self.events).get(id).cloned().ok_or(PortalFault::SlotTaken)
    }

    /// Asks for those of these events that are not remembered.
    async fn learn(&self, ids: &[&str], until: Instant) -> Result<(), PortalFault> {
        let unknown: Vec<&str> = {
            let known = lock(&self.events);
            ids.iter().filter(|id| !known.contains_key(**id)).copied().collect()
        };
        if unknown.is_empty() {
            return Ok(());
        }
        let body = self.list(Of::Events, &wire::ask_events(&unknown), until).await?;
        self.remember(&usable(wire::events(&body))?);
        Ok(())
    }

    fn remember(&self, events: &[Event]) {
        let mut known = lock(&self.events);
        if known.len() + events.len() > REMEMBERED_MAX {
            known.clear();
        }
        known.extend(events.iter().map(|event| (event.id.clone(), event.clone())));
    }

    /// An appointment in our words; `None` when nothing is known of its time or its office.
    pub(super) fn told(&self, one: &Listed) -> Option<Appointment> {
        let event = lock(&self.events).get(&one.event).cloned()?;
        let office = self.directory.hosting(&self.ids, &event.entity)?;
        let service = self.directory.services.iter().find(|(service, _)| service.code == event.category);
        let service = match service {
            Some((one, _)) => {
                ServiceRef { id: Some(one.id.clone()), name: Some(one.name.clone()), sensitive: one.sensitive }
            }
            None => ServiceRef { id: None, name: None, sensitive: true },
        };
        Some(Appointment {
            reference: one.id.clone(),
            status: one.status,
            office: crate::types::civic::Office::as_ref(office),
            service,
            start: event.start,
            pin: None,
        })
    }

    /// Asks for the times of an office today, once.
    pub(super) async fn probe(&self, until: Instant) -> Finding {
        let Some((entity, _)) = self.ids.entities.iter().next() else {
            return Finding::Bad(
                "portal.govstack.directory_file names no entity_id: no appointment can be made".to_owned(),
            );
        };
        let today = self.line.clock.now().civil(&crate::types::time::phnom_penh()).date();
        let call =
            self.call(Method::Get, "event/list_details", "", Some(&wire::ask_slots(entity, "0000", (today, today))));
        let reply = match self.line.transport.send(&call, until).await {
            Ok(reply) => reply,
            Err(broken) => return Finding::Bad(format!("the scheduler: {broken}")),
        };
        if self.line.turned(&call, &reply).is_some() {
            let alarm = self.line.board.alarms().pop().map(|alarm| alarm.en);
            let why = alarm.unwrap_or_else(|| "what answered was not the scheduler".to_owned());
            return Finding::Bad(format!("the scheduler: {why}"));
        }
        let status = reply.status;
        match judge_read(reply).map(|body| wire::events(&body)) {
            Ok(Ok(_)) => Finding::Good("the scheduler answers".to_owned()),
            Ok(Err(why)) => Finding::Bad(format!("the scheduler: what it answers cannot be read: {why}")),
            Err(PortalFault::Refused) => Finding::Bad(format!(
                "the scheduler refuses us ({status}); check portal.govstack.requestor_id and request_token_file"
            )),
            Err(_) => Finding::Bad(format!("the scheduler answered {status} to a question about its times")),
        }
    }
}

fn slot(event: &Event) -> Slot {
    // how many places are left is not told
    Slot { id: event.id.clone(), start: event.start, free: 1 }
}

/// What a reply to a question means. What names nothing that is there is an empty list.
fn judge_read(reply: Reply) -> Result<Bytes, PortalFault> {
    Err(match reply.status {
        200 => return Ok(reply.body),
        404 => return Ok(Bytes::from_static(b"[]")),
        401 | 403 => {
            tracing::error!("the scheduler refuses us; check portal.govstack.requestor_id and request_token_file");
            PortalFault::Refused
        }
        429 | 503 => PortalFault::Away,
        500..=599 => PortalFault::Uncertain,
        status => {
            tracing::warn!(status, "the scheduler's answer cannot be used: a status that its API does not have here");
            PortalFault::Unusable
        }
    })
}

/// What a reply to a change means: made, certainly not made, or unknown.
pub(super) fn judge_change(reply: Reply) -> Result<(), PortalFault> {
    Err(match reply.status {
        200..=299 => return Ok(()),
        400 | 403 | 404 | 409 | 410 | 422 => PortalFault::Declined,
        401 => PortalFault::Refused,
        429 => PortalFault::Away,
        _ => PortalFault::Uncertain,
    })
}

fn usable<T>(read: Result<T, String>) -> Result<T, PortalFault> {
    read.map_err(|why| {
        tracing::warn!("the scheduler's answer cannot be used: {why}");
        PortalFault::Unusable
    })
}

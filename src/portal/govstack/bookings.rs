//! How a booking, a move and a cancelling become certain where nothing names an intention: the list of the citizen's appointments is
//! looked at before anything is sent, and whatever was answered, the list says afterwards what is so. One change of a
//! citizen goes on at a time, and to its end.
use super::{
    scheduler::{REMEMBERED_MAX, Scheduler, judge_change},
    wire::{self, Listed},
};
use crate::{
    portal::transport::Method,
    types::{
        civic::{Appointment, AppointmentStatus, ChangeKind, PortalFault},
        lock,
        percent::percent,
    },
};
use std::{
    hash::{DefaultHasher, Hash, Hasher},
    time::Duration,
};
use tokio::time::Instant;

/// How long a call may still be under way that was cut off or answered by something in between: so long the list is not yet the
/// truth, and nothing is sent again.
const UNDER_WAY: Duration = Duration::from_secs(3);

/// What was sent has been answered so.
type Sent = Result<(), PortalFault>;

impl Scheduler {
    /// Books, moves or cancels for who is called so.
    pub(super) async fn change(
        &self,
        what: ChangeKind,
        name: &str,
        until: Instant,
    ) -> Result<Appointment, PortalFault> {
        let mut hasher = DefaultHasher::new();
        name.hash(&mut hasher);
        let queue = &self.queues[hasher.finish() as usize % self.queues.len()];
        let Ok(_turn) = tokio::time::timeout_at(until, queue.lock()).await else { return Err(PortalFault::Away) };
        self.let_settle(name, until).await?;
        let done = match what {
            ChangeKind::Book { hold, .. } => self.book(&hold, name, until).await,
            ChangeKind::Move { reference, hold } => self.shift(&reference, &hold, name, until).await,
            ChangeKind::Cancel { reference, was } => self.cancel(&reference, was.map(|one| *one), name, until).await,
            _ => Err(PortalFault::NotOffered),
        };
        if matches!(done, Err(PortalFault::Uncertain)) {
            self.leave_unsettled(name);
        }
        done
    }

    fn leave_unsettled(&self, name: &str) {
        let mut unsettled = lock(&self.unsettled);
        if unsettled.len() >= REMEMBERED_MAX {
            unsettled.retain(|_, since| since.elapsed() < UNDER_WAY);
        }
        unsettled.insert(name.to_owned(), Instant::now());
    }

    /// Waits until nothing of an earlier change can be under way any more.
    async fn let_settle(&self, name: &str, until: Instant) -> Result<(), PortalFault> {
        let Some(since) = lock(&self.unsettled).remove(name) else { return Ok(()) };
        let settled = since + UNDER_WAY;
        if settled >= until {
            lock(&self.unsettled).insert(name.to_owned(), since);
            return Err(PortalFault::Uncertain);
        }
        tokio::time::sleep_until(settled).await;
        Ok(())
    }

    async fn book(&self, event: &str, name: &str, until: Instant) -> Result<Appointment, PortalFault> {
        let event = self.event(event, until).await?;
        let subscriber = self.subscribed(name, until).await?;
        let is_it = |one: &Listed| one.event == event.id && one.stands();
        if let Some(done) = self.listed(&subscriber, until).await?.iter().find(|one| is_it(one)) {
            return self.certain(done);
        }
        let meant = wire::new_appointment(&event, &subscriber);
        let call = self.call(Method::PostBare, "appointment/new", "", Some(&meant));
        let sent = self.line.attempt_once("newAppointment", &call, until, judge_change).await;
        match self.listed(&subscriber, until).await {
            Ok(listed) => match listed.iter().find(|one| is_it(one)) {
                Some(done) => self.certain(done),
                None => Err(undone(sent)),
            },
            Err(_) => Err(undone(sent)),
        }
    }

    async fn shift(
        &self,
        reference: &str,
        event: &str,
        name: &str,
        until: Instant,
    ) -> Result<Appointment, PortalFault> {
        let event = self.event(event, until).await?;
        let subscriber = self.subscriber(name, until).await?.ok_or(PortalFault::NotFound)?;
        let before = self.listed(&subscriber, until).await?;
        let one = before.iter().find(|one| one.id == reference && one.stands()).ok_or(PortalFault::TooLate)?;
        if one.event == event.id {
            return self.certain(one);
        }
        let more = format!("&appointment_id={}", percent(reference));
        let meant = wire::moved(one, &event, &subscriber);
        let call = self.call(Method::PutBare, "appointment/modifications", &more, Some(&meant));
        let sent = self.line.attempt_once("modifyAppointment", &call, until, judge_change).await;
        match self.listed(&subscriber, until).await {
            Ok(listed) => match listed.iter().find(|one| one.id == reference && one.event == event.id) {
                Some(done) => self.certain(done),
                None => Err(undone(sent)),
            },
            Err(_) => Err(undone(sent)),
        }
    }

    async fn cancel(
        &self,
        reference: &str,
        was: Option<Appointment>,
        name: &str,
        until: Instant,
    ) -> Result<Appointment, PortalFault> {
        let subscriber = self.subscriber(name, until).await?.ok_or(PortalFault::NotFound)?;
        let find = |listed: Vec<Listed>| listed.into_iter().find(|one| one.id == reference && one.stands());
        let Some(one) = find(self.listed(&subscriber, until).await?) else {
            // what is gone was cancelled, by an earlier try or by the office
            return was.map(cancelled).ok_or(PortalFault::NotFound);
        };
        let known = match self.event(&one.event, until).await {
            Ok(_) => self.told(&one).or(was),
            Err(_) => was,
        };
        let more = format!("&appointment_id={}", percent(reference));
        let call = self.call(Method::Delete, "appointment", &more, None);
        let sent = self.line.attempt_once("deleteAppointment", &call, until, judge_change).await;
        match self.listed(&subscriber, until).await.map(find) {
            Ok(None) => known.map(cancelled).ok_or(PortalFault::Uncertain),
            Ok(Some(_)) => Err(match undone(sent) {
                PortalFault::SlotTaken => PortalFault::TooLate,
                fault => fault,
            }),
            Err(_) => Err(match undone(sent) {
                PortalFault::SlotTaken => PortalFault::TooLate,
                fault => fault,
            }),
        }
    }

    /// The subscriber of a name, made if there is none: once, as its name is looked for before and after.
    async fn subscribed(&self, name: &str, until: Instant) -> Result<String, PortalFault> {
        if let Some(known) = self.subscriber(name, until).await? {
            return Ok(known);
        }
        let call = self.call(Method::PostBare, "subscriber/new", "", Some(&wire::new_subscriber(name)));
        let sent = self.line.attempt_once("newSubscriber", &call, until, judge_change).await;
        let found = self.subscriber(name, until).await.inspect_err(|_| self.leave_unsettled(name))?;
        match (found, sent) {
            (Some(made), _) => Ok(made),
            (None, Err(PortalFault::Declined | PortalFault::Refused)) => Err(PortalFault::Refused),
            // no appointment was asked for yet
            (None, Err(PortalFault::Away)) => Err(PortalFault::Away),
            (None, _) => {
                self.leave_unsettled(name);
                Err(PortalFault::Away)
            }
        }
    }

    /// What the list shows is so.
    fn certain(&self, one: &Listed) -> Result<Appointment, PortalFault> {
        self.told(one).ok_or(PortalFault::Uncertain)
    }
}

/// It is not in the list, or the list cannot be seen. What nobody answered may still be under way: the list decides before it is sent again.
fn undone(sent: Sent) -> PortalFault {
    match sent {
        Err(PortalFault::Declined) => PortalFault::SlotTaken,
        Err(fault @ (PortalFault::Away | PortalFault::Refused)) => fault,
        Ok(()) | Err(_) => PortalFault::Uncertain,
    }
}

fn cancelled(one: Appointment) -> Appointment {
    Appointment { status: AppointmentStatus::Cancelled, ..one }
}

//! What the portal answers in a conversation of several steps. Knows nothing of what the citizen writes.
use super::super::view::{OfficeFacts, ServiceFacts};
use super::*;
use crate::dialogue::disclosure;
use crate::types::civic::{
    Answer, ApplicationAnswer, AppointmentStatus, Disclosure, Hold, Listing, Ministry, Office, OfficeHit, Service,
    Slot, Topic,
};
use std::sync::Arc;

impl Flow {
    pub(super) fn answered(self, dialogue: &Dialogue, answer: Answer, ctx: &Ctx<'_>) -> Turn {
        let At::Awaiting(awaited) = self.at else {
            // an answer that nobody waits for belongs to a question that was lost
            return self.end(dialogue, View::AskAgain);
        };
        match (awaited, answer) {
            (Awaited::Offices, Answer::Offices(Ok(found))) => self.offices(dialogue, found, ctx),
            (Awaited::OfficeOfCode, Answer::Application(found)) => self.office_of(dialogue, found, ctx),
            (Awaited::OfficeDetail, Answer::Office(Ok(office))) => self.office(dialogue, office, ctx),
            (Awaited::Places, Answer::Offices(Ok(found))) => self.places(dialogue, &found),
            (Awaited::Ministries, Answer::Ministries(Ok(found))) => self.ministries(dialogue, &found),
            (Awaited::Topics, Answer::Topics(Ok(found))) => self.topics(dialogue, &found),
            (Awaited::Services, Answer::Services(Ok(found))) => self.services(dialogue, found, ctx),
            (Awaited::ServiceDetail, Answer::Services(Ok(found))) => self.service(dialogue, found),
            (Awaited::Days, Answer::Slots(Ok(slots))) => self.days(dialogue, slots, ctx),
            (Awaited::Hours, Answer::Slots(Ok(slots))) => self.hours(dialogue, slots, ctx, None),
            (Awaited::Hold, Answer::Held(held)) => self.held(dialogue, held, ctx),
            (Awaited::Changed, Answer::Appointment(changed)) => self.changed(dialogue, changed, ctx),
            (Awaited::Appointments, Answer::Appointments(Ok(all))) => self.appointments(dialogue, all, ctx),
            (
                _,
                Answer::Offices(Err(fault))
                | Answer::Office(Err(fault))
                | Answer::Ministries(Err(fault))
                | Answer::Topics(Err(fault))
                | Answer::Services(Err(fault))
                | Answer::Slots(Err(fault))
                | Answer::Appointments(Err(fault)),
            ) => self.failed(dialogue, fault),
            _ => self.end(dialogue, View::AskAgain),
        }
    }

    pub(super) fn failed(self, dialogue: &Dialogue, fault: PortalFault) -> Turn {
        match fault {
            PortalFault::SlotTaken | PortalFault::HoldExpired | PortalFault::TooLate => {
                self.end(dialogue, View::CannotChange)
            }
            PortalFault::NotFound => self.end(dialogue, View::NoSuchOffice),
            _ => self.end(dialogue, View::PortalAway { code: None }),
        }
    }

    fn offices(mut self, dialogue: &Dialogue, found: Listing<OfficeHit>, ctx: &Ctx<'_>) -> Turn {
        let by_words = self.draft.words.is_some();
        let asking = if self.task == Task::Book { Asking::Office } else { Asking::AnyOffice };
        let mut options: Vec<Opt> = found.items.iter().map(office_option).collect();
        if options.is_empty() {
            if self.task == Task::Book && by_words {
                // every office, with the remark that this one was not found
                self.draft.words = None;
                self.draft.missed = true;
                return self.ask_offices(dialogue, ctx);
            }
            self.at = At::Words;
            return self.tell(dialogue, View::NoSuchOffice);
        }
        if by_words && options.len() == 1 && self.page == 0 {
            return self.take(dialogue, options.remove(0), ctx);
        }
        if let (Task::Book, false, Some(about)) = (self.task, by_words, &dialogue.about) {
            // the office of the application that was just asked about comes first
            let at = options
                .iter()
                .position(|option| matches!(option, Opt::Office { office, .. } if office.id == about.office.id));
            if let Some(at) = at {
                let first = options.remove(at);
                options.insert(0, first);
            }
        }
        let again = std::mem::take(&mut self.draft.missed).then_some(Again::NotFound);
        self.offer(dialogue, asking, options, again)
    }

    /// The offices of the division that is listed, then its parts that have some.
    fn places(self, dialogue: &Dialogue, found: &Listing<OfficeHit>) -> Turn {
        let place = self.draft.place.clone().unwrap_or_default();
        let mut options: Vec<Opt> = Vec::new();
        for hit in &found.items {
            let part = hit.office.division.get(..place.len() + 2);
            match part.map(|part| Opt::Place(part.to_owned())) {
                None => options.push(office_option(hit)),
                Some(part) if !options.contains(&part) => options.push(part),
                Some(_) => {}
            }
        }
        if options.is_empty() {
            return self.end(dialogue, View::NoSuchOffice);
        }
        if let (Task::Book, true, Some(about)) = (self.task, place.is_empty(), &dialogue.about) {
            // the office of the application that was just asked about comes first
            let bookable = found.items.iter().any(|hit| hit.office.id == about.office.id);
            if bookable {
                options.insert(0, Opt::Office { office: about.office.clone(), place: None });
            }
        }
        self.offer(dialogue, Asking::Place, options, None)
    }

    fn ministries(self, dialogue: &Dialogue, found: &Listing<Ministry>) -> Turn {
        let options: Vec<Opt> =
            found.items.iter().map(|one| Opt::Ministry { id: one.id.clone(), name: one.name.clone() }).collect();
        if options.is_empty() {
            return self.end(dialogue, View::PortalAway { code: None });
        }
        self.offer(dialogue, Asking::Ministry, options, None)
    }

    /// "By application": the office where it was registered.
    fn office_of(mut self, dialogue: &Dialogue, found: Result<ApplicationAnswer, PortalFault>, ctx: &Ctx<'_>) -> Turn {
        match found {
            Ok(answer) => {
                let application = answer.application;
                let level = application.disclosure.min(disclosure::earnable(ctx.number_known, false));
                // another place's application is none of the portal that books
                if level > Disclosure::Public && application.code.asked_at().source.is_none() {
                    self.draft.code = Some(application.code.canonical().to_owned());
                }
                self.take(dialogue, Opt::Office { office: application.office, place: None }, ctx)
            }
            Err(PortalFault::Away | PortalFault::Unusable | PortalFault::Declined | PortalFault::Refused) => {
                self.end(dialogue, View::PortalAway { code: None })
            }
            Err(_) => {
                let asking = self.shown.unwrap_or(Asking::Office);
                self.at = At::Choosing(asking);
                let view = self.list(asking, Some(Again::NotFound));
                let language = self.language;
                let failed = Effect::LookupFailed(super::super::LookupFailure::NotFound);
                self.with(dialogue, language, vec![failed, Effect::Show(view)])
            }
        }
    }

    fn office(self, dialogue: &Dialogue, office: Arc<Office>, ctx: &Ctx<'_>) -> Turn {
        let today = ctx.today();
        let facts = OfficeFacts { office, today };
        self.end(dialogue, View::Office(Box::new(facts)))
    }

    fn services(mut self, dialogue: &Dialogue, found: Listing<Service>, ctx: &Ctx<'_>) -> Turn {
        let asking = if self.task == Task::Book { Asking::Service } else { Asking::AnyService };
        if self.task == Task::Info && found.items.len() == 1 && self.page == 0 {
            return self.service(dialogue, found);
        }
        if let Some(topics) = self.too_many(&found) {
            self.draft.topics = topics;
            return self.ask(dialogue, Awaited::Topics, Query::Topics);
        }
        let options: Vec<Opt> = found
            .items
            .iter()
            .map(|service| Opt::Service {
                id: service.id.clone(),
                code: service.code.clone(),
                name: service.name.clone(),
            })
            .collect();
        match (options.len(), self.task) {
            (0, Task::Book) => match self.draft.office.clone() {
                Some(office) => self.end(dialogue, View::NothingFree { office }),
                None => self.end(dialogue, View::NoSuchOffice),
            },
            (0, _) if self.caps.keys_only && self.draft.words.is_none() => self.end(dialogue, View::NoSuchService),
            (0, _) => {
                self.at = At::Words;
                self.tell(dialogue, View::NoSuchService)
            }
            _ => {
                let _ = ctx;
                self.offer(dialogue, asking, options, None)
            }
        }
    }

    /// What the services are about, where they are more than one list names and no word has narrowed them yet. A kiosk shows
    /// more than a telephone: there they are listed.
    fn too_many(&self, found: &Listing<Service>) -> Option<Vec<String>> {
        let by_words = self.task == Task::Info && self.draft.words.is_some();
        let narrowed = by_words || self.draft.topic.is_some() || self.draft.whole || self.caps.lists;
        if narrowed || found.items.len() <= SERVICES_LISTED_MAX {
            return None;
        }
        let mut topics: Vec<String> = Vec::new();
        for service in &found.items {
            let none = [String::new()];
            let about = if service.topics.is_empty() { &none[..] } else { &service.topics[..] };
            for topic in about {
                if !topics.contains(topic) {
                    topics.push(topic.clone());
                }
            }
        }
        (topics.len() > 1).then_some(topics)
    }

    /// The names of what the services are about; without a name for each of them they are listed whole.
    fn topics(mut self, dialogue: &Dialogue, found: &Listing<Topic>) -> Turn {
        let wanted = std::mem::take(&mut self.draft.topics);
        let mut options: Vec<Opt> = found
            .items
            .iter()
            .filter(|topic| wanted.contains(&topic.id))
            .map(|topic| Opt::Topic { id: topic.id.clone(), name: Some(topic.name.clone()) })
            .collect();
        if wanted.iter().any(String::is_empty) {
            options.push(Opt::Topic { id: String::new(), name: None });
        }
        if options.len() < wanted.len() {
            self.draft.whole = true;
            self.page = 0;
            return self.ask_services(dialogue);
        }
        self.offer(dialogue, Asking::Topic, options, None)
    }

    fn service(self, dialogue: &Dialogue, found: Listing<Service>) -> Turn {
        match found.items.first() {
            Some(service) => {
                let facts = ServiceFacts { service: Arc::clone(service), as_of: found.as_of };
                self.end(dialogue, View::Service(Box::new(facts)))
            }
            None => self.end(dialogue, View::NoSuchService),
        }
    }

    fn days(self, dialogue: &Dialogue, slots: Vec<Slot>, ctx: &Ctx<'_>) -> Turn {
        let mut days: Vec<Date> = free(&slots, ctx).map(|slot| slot.start.civil(ctx.zone).date()).collect();
        days.dedup();
        if days.is_empty() {
            return match self.draft.office.clone() {
                Some(office) => self.end(dialogue, View::NothingFree { office }),
                None => self.end(dialogue, View::AskAgain),
            };
        }
        self.offer(dialogue, Asking::Day, days.into_iter().map(Opt::Day).collect(), None)
    }

    /// `near`: the slot that was wanted and is gone; those nearest to it come first.
    fn hours(self, dialogue: &Dialogue, slots: Vec<Slot>, ctx: &Ctx<'_>, again: Option<Again>) -> Turn {
        let mut slots: Vec<&Slot> = free(&slots, ctx).collect();
        let gone = self.draft.slot.clone();
        let again = again.or(gone.as_ref().map(|_| Again::SlotTaken));
        if let Some((gone, wanted)) = &gone {
            slots.retain(|slot| slot.id != *gone);
            slots.sort_by_key(|slot| slot.start.since_ms(*wanted).abs());
        }
        if slots.is_empty() {
            let mut flow = self;
            flow.draft.slot = None;
            flow.draft.day = None;
            return flow.ask_slots(dialogue, Awaited::Days, ctx);
        }
        let options = slots.into_iter().map(|slot| Opt::Hour { slot: slot.id.clone(), start: slot.start }).collect();
        self.offer(dialogue, Asking::Hour, options, again)
    }

    fn held(mut self, dialogue: &Dialogue, held: Result<Hold, PortalFault>, ctx: &Ctx<'_>) -> Turn {
        match held {
            Ok(hold) => {
                self.draft.hold = Some(hold.id);
                self.draft.unheld = hold.expires_at.is_none();
                self.draft.slot = Some((hold.slot.id, hold.slot.start));
                if self.draft.agreed {
                    return self.carry_out(dialogue);
                }
                self.confirm(dialogue, false, ctx)
            }
            Err(PortalFault::SlotTaken | PortalFault::NotFound | PortalFault::HoldExpired | PortalFault::TooLate) => {
                self.page = 0;
                self.ask_slots(dialogue, Awaited::Hours, ctx)
            }
            // a hold that may have been made ends by itself
            Err(fault) => self.failed(dialogue, fault),
        }
    }

    fn changed(mut self, dialogue: &Dialogue, changed: Result<Appointment, PortalFault>, ctx: &Ctx<'_>) -> Turn {
        match changed {
            Ok(appointment) => {
                let view = match self.task {
                    Task::Move => View::Moved(appointment),
                    Task::Cancel => View::Cancelled(appointment),
                    _ => View::Booked(appointment),
                };
                self.end(dialogue, view)
            }
            // the citizen agreed to this time: it is held again if nobody has taken it
            Err(PortalFault::HoldExpired) if self.draft.holds < WRONG_MAX => self.hold(dialogue),
            Err(PortalFault::SlotTaken | PortalFault::HoldExpired) => {
                self.draft.agreed = false;
                self.draft.digits = None;
                self.page = 0;
                self.ask_slots(dialogue, Awaited::Hours, ctx)
            }
            Err(PortalFault::Uncertain) => match self.change() {
                Some(change) => {
                    let mut turn = self.end(dialogue, View::Uncertain);
                    turn.effects.push(Effect::FollowUp(change));
                    turn
                }
                None => self.end(dialogue, View::AskAgain),
            },
            Err(PortalFault::Away | PortalFault::Unusable | PortalFault::Declined | PortalFault::Refused) => {
                self.end(dialogue, View::PortalAway { code: None })
            }
            Err(_) => self.end(dialogue, View::CannotChange),
        }
    }

    fn appointments(mut self, dialogue: &Dialogue, all: Vec<Appointment>, ctx: &Ctx<'_>) -> Turn {
        let named = self.draft.reference.clone();
        let mut open: Vec<Appointment> = all
            .into_iter()
            .filter(|one| match one.status {
                AppointmentStatus::Pending | AppointmentStatus::Booked | AppointmentStatus::WaitList => {
                    one.start > ctx.now
                }
                AppointmentStatus::Arrived | AppointmentStatus::Cancelled | AppointmentStatus::NoShow => false,
            })
            .filter(|one| named.as_ref().is_none_or(|reference| one.reference == *reference))
            .collect();
        if open.is_empty() {
            return self.end(dialogue, View::NoAppointments);
        }
        match self.task {
            Task::List => {
                open.truncate(if self.caps.keys_only { KEYS } else { Asking::Appointment.page() });
                self.end(dialogue, View::Appointments(open))
            }
            // a list that is gone back to stays a list
            _ if open.len() == 1 && self.shown != Some(Asking::Appointment) => {
                let only = open.remove(0);
                self.page = 0;
                self.take_appointment(dialogue, only, ctx)
            }
            _ => self.offer(dialogue, Asking::Appointment, open.into_iter().map(Opt::Appointment).collect(), None),
        }
    }
}

fn office_option(hit: &Arc<OfficeHit>) -> Opt {
    Opt::Office { office: Office::as_ref(&hit.office), place: hit.place.map(str::to_owned) }
}

fn free<'a>(slots: &'a [Slot], ctx: &Ctx<'_>) -> impl Iterator<Item = &'a Slot> {
    let now = ctx.now;
    slots.iter().filter(move |slot| slot.free > 0 && slot.start > now)
}

//! Appointments are booked, seen, moved and cancelled by the same dialogue that texts and USSD have, one question a page: this
//! kiosk's own office first, and the number last. It must not know the rules of the conversation.
use crate::{
    dialogue::{
        AppointmentTask, Choice, Dialogue, Input, View,
        view::{Again, Asking, Opt},
    },
    kiosk::{
        context::PageContext,
        parts::{
            choices::{ChoicesPage, Choose},
            facts::{Action, Fact},
            frame::{Back, Frame},
            keepsake::{appointment_facts, around, arrived, bring},
            listing::Section,
            message::MessagePage,
        },
        respond::page,
        state::KioskState,
        texts::{Lang, Message, clock, date_time, place_name},
        visit::{
            state::{Came, Goal, VisitState},
            typed::Typed,
        },
    },
    render::words as shared,
    types::{
        UnixMs,
        civic::{Answer, Appointment, Localized, Office, OfficeRef, Query, ServiceSearch},
        time::phnom_penh,
    },
    web::filters,
};
use askama::Template;
use axum::{http::StatusCode, response::Response};
use std::borrow::Cow;

#[derive(Template)]
#[template(path = "review.html")]
struct ReviewPage {
    frame: Frame,
    facts: Vec<Fact>,
    /// Words of the yes.
    yes: &'static str,
    /// Key and words of the way back.
    no: (&'static str, &'static str),
    /// A yes ends something: the other button stands out.
    ends: bool,
}

#[derive(Template)]
#[template(path = "mine.html")]
struct MinePage {
    frame: Frame,
    facts: Vec<Fact>,
    sections: Vec<Section>,
    /// What can be done with it: key, icon, words.
    keys: Vec<(String, &'static str, &'static str)>,
    done: &'static str,
}

/// What can be done about appointments.
pub fn tasks_page(context: &PageContext, typed: Typed, notice: Option<&'static Message>) -> Response {
    let (visit_words, keep) = (context.lang.visit(), context.lang.keep());
    let [book, see] = visit_words.tasks;
    let choice = |key: &str, icon, title: &str, note: &str| Choose {
        key: key.to_owned(),
        icon,
        title: title.to_owned(),
        note: Some(note.to_owned()),
    };
    let choices = vec![choice("t1", "calendar", book, keep.book_another), choice("t2", "inbox", see, keep.see_mine)];
    let frame = context
        .frame(visit_words.appointments_card.title, "appointments", Back::In("home".into()))
        .keeping(typed, "tasks");
    page(StatusCode::OK, &ChoicesPage { frame, short: false, lead: None, notice, choices })
}

/// Goes on with what was begun: with the number that was proven or without one.
pub async fn go_on(state: &KioskState, context: &PageContext, mut visit: VisitState) -> Response {
    if let (Some(dialogue), Some(answer)) = (visit.dialogue(), visit.pending.take()) {
        return step(state, context, visit, Some(dialogue), Input::Text(answer.to_string())).await;
    }
    let service = match &visit.wanted {
        Some(id) => wanted(state, id).await,
        None => None,
    };
    let office = match visit.task() {
        AppointmentTask::Book => own_office(state, context, service.as_ref().map(|(id, _)| id.as_str())).await,
        _ => None,
    };
    let begin = Choice::Appointment {
        task: visit.task(),
        reference: visit.looked_at.clone(),
        office,
        service: service.map(Box::new),
    };
    step(state, context, visit, None, Input::Choice(begin)).await
}

/// The service with this identifier, if appointments are made for it.
async fn wanted(state: &KioskState, id: &str) -> Option<(String, Localized)> {
    let search = ServiceSearch { id: Some(id.to_owned()), bookable: true, ..ServiceSearch::default() };
    match state.backend.look_around(&Query::Services(search)).await {
        Answer::Services(Ok(found)) => found.items.first().map(|service| (service.id.clone(), service.name.clone())),
        _ => None,
    }
}

/// The office at which the kiosk stands, if appointments are made there, for the service that is wanted.
async fn own_office(state: &KioskState, context: &PageContext, service: Option<&str>) -> Option<OfficeRef> {
    let office = context.office.as_ref()?;
    if service.is_some_and(|id| !office.services.iter().any(|offered| offered == id)) {
        return None;
    }
    let search = ServiceSearch { office: Some(office.id.clone()), bookable: true, ..ServiceSearch::default() };
    match state.backend.look_around(&Query::Services(search)).await {
        Answer::Services(Ok(found)) if !found.items.is_empty() => Some(Office::as_ref(office)),
        _ => None,
    }
}

/// One step of the conversation, and the page of it.
pub async fn step(
    state: &KioskState,
    context: &PageContext,
    mut visit: VisitState,
    dialogue: Option<Dialogue>,
    input: Input,
) -> Response {
    let who = context.who(visit.number());
    let intent = visit.id;
    let (next, view) = state.backend.talk(&who, dialogue, input, context.lang.language(), intent).await;
    visit.keep(&next, state.backend.now());
    visit.goal = Goal::Appointments;
    let came = match view {
        View::Booked(one) => Came::Booked { pin: one.pin.as_ref().map(|pin| pin.digits().to_owned()), one },
        View::Moved(one) => Came::Moved { one },
        View::Cancelled(one) => Came::Cancelled { one },
        view => return show(state, context, visit, view).await,
    };
    visit.looked_at = None;
    arrived(state, context, visit, Typed::default(), "appointments", came, intent).await
}

/// The appointment that is looked at, as it is now.
pub async fn mine(state: &KioskState, context: &PageContext, mut visit: VisitState) -> Response {
    if visit.number().is_none() {
        return tasks_page(context, Typed { visit: visit.seal(state, context), ..Typed::default() }, None);
    }
    let looked_at = visit.looked_at.clone();
    let begin = Choice::Appointment { task: AppointmentTask::List, reference: None, office: None, service: None };
    let (who, language) = (context.who(visit.number()), context.lang.language());
    let (next, view) = state.backend.talk(&who, None, Input::Choice(begin), language, visit.id).await;
    visit.keep(&next, state.backend.now());
    let view = match view {
        View::Appointments(all) => match all.iter().find(|one| Some(&one.reference) == looked_at.as_ref()) {
            Some(one) => View::Appointments(vec![one.clone()]),
            None => View::Appointments(all),
        },
        other => other,
    };
    show(state, context, visit, view).await
}

fn frame(context: &PageContext, title: impl Into<Cow<'static, str>>, typed: Typed, back: Back) -> Frame {
    context.frame(title, "appointments", back).keeping(typed, "stay")
}

async fn show(state: &KioskState, context: &PageContext, visit: VisitState, view: View) -> Response {
    let visit_words = context.lang.visit();
    let ends = Typed { visit: visit.clone().seal(state, context), ..Typed::default() };
    let end = |message, class, icon| said(context, ends.clone(), message, class, icon, Vec::new());
    match view {
        View::Choose { asking: Asking::Task, .. } | View::Menu => tasks_page(context, ends.clone(), None),
        View::Choose { asking, options, more, office, day, again } => {
            let list = List { asking, options, more, office, day, again };
            choose(context, &visit, ends.clone(), list)
        }
        View::ConfirmBooking { office, service, start, held, .. } => {
            let facts = facts(context.lang, &office, service.as_ref(), start, held);
            let (yes, no) = (visit_words.yes_book, ("back", visit_words.change));
            review(context, ends.clone(), visit_words.review, facts, yes, no, false)
        }
        View::ConfirmMove { appointment, start, held, .. } => {
            let facts = moved_facts(context.lang, &appointment, start, held);
            let (yes, no) = (visit_words.yes_move, ("back", visit_words.change));
            review(context, ends.clone(), visit_words.review_move, facts, yes, no, false)
        }
        View::ConfirmCancel { appointment, .. } => {
            let facts = appointment_facts(context.lang, &appointment, None, None);
            let (yes, no) = (visit_words.yes_cancel, ("mine", context.lang.keep().keep_it));
            review(context, ends.clone(), visit_words.review_cancel, facts, yes, no, true)
        }
        View::Unchanged(one) => {
            let facts = appointment_facts(context.lang, &one, None, None);
            said(context, ends.clone(), &context.lang.keep().unchanged, "under-way", "calendar", facts)
        }
        View::Appointments(all) => match <[Appointment; 1]>::try_from(all) {
            Ok([one]) => my_appointment(state, context, visit, &one).await,
            Err(all) => my_appointments(context, ends.clone(), &all),
        },
        View::NotOffered { .. } => end(&context.words.not_offered, "ended", "minus"),
        View::NoAppointments => end(&visit_words.no_appointments, "under-way", "calendar"),
        View::NothingFree { .. } => end(&visit_words.nothing_free, "your-turn", "calendar"),
        View::CannotChange => end(&visit_words.cannot_change, "your-turn", "alert"),
        View::Uncertain => end(&visit_words.uncertain, "your-turn", "clock"),
        View::NotDone | View::AskAgain => end(&visit_words.not_done, "your-turn", "alert"),
        View::SlowDown | View::Wait { .. } => end(&context.words.paused, "your-turn", "clock"),
        _ => end(&context.lang.device().offline_book, "your-turn", "cloud"),
    }
}

/// The conversation is over, with something said.
fn said(
    context: &PageContext,
    typed: Typed,
    message: &'static Message,
    class: &'static str,
    icon: &'static str,
    facts: Vec<Fact>,
) -> Response {
    let back = Back::KeyAt("appointments", "tasks");
    let frame = context.frame(message.title, "appointments", back).keeping(typed, "tasks");
    let title = context.lang.visit().appointments_card.title;
    let actions = vec![Action::key("appointments", "tasks", "calendar", title)];
    page(StatusCode::OK, &MessagePage { frame, class, icon, message, facts, actions })
}

/// A list of the conversation.
struct List {
    asking: Asking,
    options: Vec<Opt>,
    more: bool,
    office: Option<OfficeRef>,
    day: Option<jiff::civil::Date>,
    again: Option<Again>,
}

fn choose(context: &PageContext, visit: &VisitState, typed: Typed, list: List) -> Response {
    let (visit_words, keep) = (context.lang.visit(), context.lang.keep());
    let notice = match list.again {
        Some(Again::SlotTaken) => Some(&visit_words.slot_taken),
        Some(Again::NotFound) => Some(&visit_words.not_found),
        Some(Again::NotOffered) | None => None,
    };
    // the hour is the last that is chosen: who has not proven a number does so now
    let asks_number = list.asking == Asking::Hour && visit.may_skip() && visit.number().is_none();
    let before = if asks_number { 'h' } else { 'n' };
    let mut choices: Vec<Choose> =
        list.options.iter().zip(1..).map(|(option, number)| choice(context.lang, option, before, number)).collect();
    let mut add = |key: &str, icon, title: &str| {
        choices.push(Choose { key: key.to_owned(), icon, title: title.to_owned(), note: None });
    };
    if list.more {
        add("n9", "next", visit_words.others);
    }
    let here = list.office.as_ref().is_some_and(|office| Some(&office.id) == context.device.office.as_ref());
    let mut back = Back::Key("back");
    if list.asking == Asking::Service && here {
        add("other", "office", keep.other_office);
        back = Back::Key("tasks");
    }
    let mut lead = lead(context.lang, list.office.as_ref(), list.day);
    if let (Some(lead), true) = (&mut lead, here) {
        *lead = format!("{} · {lead}", keep.at_this_office);
    }
    let frame = frame(context, visit_words.asking(list.asking), typed, back);
    page(StatusCode::OK, &ChoicesPage { frame, short: list.asking == Asking::Hour, lead, notice, choices })
}

/// Where and on which day, for the questions after them.
fn lead(lang: Lang, office: Option<&OfficeRef>, day: Option<jiff::civil::Date>) -> Option<String> {
    let language = lang.language();
    let office = office.map(|office| office.name.get(language).to_owned());
    let day = day.map(|day| shared::date_long(day, language));
    let parts: Vec<String> = office.into_iter().chain(day).collect();
    (!parts.is_empty()).then(|| parts.join(" · "))
}

fn choice(lang: Lang, option: &Opt, before: char, number: usize) -> Choose {
    let language = lang.language();
    let zone = phnom_penh();
    let (icon, title, note) = match option {
        Opt::Task(_) => ("calendar", String::new(), None),
        Opt::Office { office, .. } => ("office", office.name.get(language).to_owned(), None),
        Opt::Topic { name: None, .. } => ("paper", shared::other_services(language).to_owned(), None),
        Opt::Service { name, .. } | Opt::Ministry { name, .. } | Opt::Topic { name: Some(name), .. } => {
            ("paper", name.get(language).to_owned(), None)
        }
        Opt::Day(day) => ("calendar", shared::date_long(*day, language), None),
        Opt::Hour { start, .. } => ("clock", clock(lang, start.civil(&zone).time()), None),
        Opt::Appointment(one) => {
            let at = date_time(lang, one.start.civil(&zone));
            ("calendar", at, Some(one.office.name.get(language).to_owned()))
        }
        Opt::By(way) => ("search", shared::services_by(*way, language).to_owned(), None),
        Opt::Audience(audience) => ("home", shared::audience(*audience, language).to_owned(), None),
        Opt::Place(code) => ("place", place_name(lang, code), None),
    };
    Choose { key: format!("{before}{number}"), icon, title, note }
}

fn facts(lang: Lang, office: &OfficeRef, service: Option<&Localized>, start: UnixMs, held: bool) -> Vec<Fact> {
    let (words, visit_words, language) = (lang.words(), lang.visit(), lang.language());
    let at = date_time(lang, start.civil(&phnom_penh()));
    let fact = |icon, label, value| Fact { icon, label, value, note: None };
    let mut facts = vec![fact("calendar", visit_words.when, at)];
    if !held {
        facts.push(fact("clock", visit_words.place, visit_words.not_held.to_owned()));
    }
    facts.push(fact("office", words.office, office.name.get(language).to_owned()));
    if let Some(service) = service {
        facts.push(fact("paper", words.service, service.get(language).to_owned()));
    }
    facts
}

/// The time as it is, beside it the new one, then the rest.
fn moved_facts(lang: Lang, one: &Appointment, start: UnixMs, held: bool) -> Vec<Fact> {
    let keep = lang.keep();
    let at =
        |label, icon, at: UnixMs| Fact { icon, label, value: date_time(lang, at.civil(&phnom_penh())), note: None };
    let times = [at(keep.time_now, "clock", one.start), at(keep.time_new, "calendar", start)];
    let rest = facts(lang, &one.office, one.service.name.as_ref(), start, held);
    times.into_iter().chain(rest.into_iter().skip(1)).collect()
}

fn review(
    context: &PageContext,
    typed: Typed,
    title: &'static str,
    facts: Vec<Fact>,
    yes: &'static str,
    no: (&'static str, &'static str),
    ends: bool,
) -> Response {
    let frame = frame(context, title, typed, Back::Key(no.0));
    page(StatusCode::OK, &ReviewPage { frame, facts, yes, no, ends })
}

/// One appointment, and what can be done with it.
async fn my_appointment(
    state: &KioskState,
    context: &PageContext,
    mut visit: VisitState,
    one: &Appointment,
) -> Response {
    let (lang, keep) = (context.lang, context.lang.keep());
    let around = around(state, one).await;
    let facts = appointment_facts(lang, one, None, around.office.as_deref());
    let sections = around.service.as_deref().map(|service| bring(lang, service)).into_iter().collect();
    visit.looked_at = Some(one.reference.clone());
    let typed = Typed { visit: visit.seal(state, context), ..Typed::default() };
    let back = Back::KeyAt("appointments", "tasks");
    let frame = context.frame(keep.my_appointment, "appointments", back).keeping(typed, "mine");
    let keys = vec![("t3".to_owned(), "forward", keep.move_it), ("t4".to_owned(), "cross", keep.cancel_it)];
    page(StatusCode::OK, &MinePage { frame, facts, sections, keys, done: keep.done })
}

/// Several appointments, to look at one.
fn my_appointments(context: &PageContext, typed: Typed, all: &[Appointment]) -> Response {
    let visit_words = context.lang.visit();
    let lines = all.iter().map(|one| {
        let at = date_time(context.lang, one.start.civil(&phnom_penh()));
        let office = one.office.name.get(context.lang.language());
        Choose {
            key: format!("o{}", one.reference),
            icon: "calendar",
            title: at,
            note: Some(format!("{office} · {}", one.reference)),
        }
    });
    let back = Back::KeyAt("appointments", "tasks");
    let frame = context.frame(visit_words.my_appointments, "appointments", back).keeping(typed, "t2");
    page(StatusCode::OK, &ChoicesPage { frame, short: false, lead: None, notice: None, choices: lines.collect() })
}

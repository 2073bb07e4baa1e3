//! Appointments are booked, seen, moved and cancelled by the same dialogue that texts and USSD have, one question a page. It
//! must not know the rules of the conversation.
use crate::{
    dialogue::{
        Dialogue, Input, View,
        view::{Again, AppointmentTask, Asking, Opt},
    },
    kiosk::{
        context::PageContext,
        parts::{
            choices::{ChoicesPage, Choose},
            facts::{Action, Fact},
            frame::{Back, Frame},
            message::MessagePage,
        },
        respond::page,
        state::KioskState,
        texts::{Lang, Message, clock, date_time, place_name},
        visit::{
            state::{Goal, VisitState},
            typed::Typed,
        },
    },
    render::words as shared,
    types::{
        UnixMs,
        civic::{Appointment, AppointmentStatus, Localized, OfficeRef},
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
    /// Words of the yes and of the way back.
    yes: &'static str,
    no: &'static str,
}

const TASKS: [(AppointmentTask, &str, &str); 4] = [
    (AppointmentTask::Book, "t1", "calendar"),
    (AppointmentTask::List, "t2", "inbox"),
    (AppointmentTask::Move, "t3", "forward"),
    (AppointmentTask::Cancel, "t4", "cross"),
];

/// What can be done about appointments.
pub fn tasks_page(context: &PageContext, typed: Typed, notice: Option<&'static Message>) -> Response {
    let visit_words = context.lang.visit();
    let choices = TASKS.iter().zip(visit_words.tasks).map(|((_, key, icon), title)| Choose {
        key: (*key).to_owned(),
        icon,
        title: title.to_owned(),
        note: None,
    });
    let frame = context
        .frame(visit_words.appointments_card.title, "appointments", Back::In("home".into()))
        .keeping(typed, "tasks");
    let lead = Some(visit_words.appointments_card.text.to_owned());
    page(StatusCode::OK, &ChoicesPage { frame, short: false, lead, notice, choices: choices.collect() })
}

/// Goes on with the task that was chosen, with the number that was proven or without one.
pub async fn go_on(state: &KioskState, context: &PageContext, visit: VisitState) -> Response {
    let who = context.who(visit.number());
    let (dialogue, _) =
        state.backend.talk(&who, None, Input::Text("A".to_owned()), context.lang.language(), visit.id).await;
    let task = visit.task().clamp(1, 4).to_string();
    step(state, context, visit, Some(dialogue), Input::Text(task)).await
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
    let (next, view) = state.backend.talk(&who, dialogue, input, context.lang.language(), visit.id).await;
    visit.keep(&next, state.backend.now());
    visit.goal = Goal::Appointments;
    let typed = Typed { visit: visit.seal(state, context), ..Typed::default() };
    show(context, view, typed)
}

fn frame(context: &PageContext, title: impl Into<Cow<'static, str>>, typed: Typed) -> Frame {
    context.frame(title, "appointments", Back::Key("back")).keeping(typed, "stay")
}

fn show(context: &PageContext, view: View, typed: Typed) -> Response {
    let visit_words = context.lang.visit();
    let end = |typed, message: &'static Message, class, icon| {
        let frame =
            context.frame(message.title, "appointments", Back::In("appointments".into())).keeping(typed, "tasks");
        let actions = vec![Action::open("appointments", "calendar", visit_words.appointments_card.title)];
        page(StatusCode::OK, &MessagePage { frame, class, icon, message, facts: Vec::new(), actions })
    };
    match view {
        View::Choose { asking: Asking::Task, .. } | View::Menu => tasks_page(context, typed, None),
        View::Choose { asking, options, more, office, day, again } => {
            let notice = match again {
                Some(Again::SlotTaken) => Some(&visit_words.slot_taken),
                Some(Again::NotFound) => Some(&visit_words.not_found),
                Some(Again::NotOffered) | None => None,
            };
            let mut choices: Vec<Choose> =
                options.iter().zip(1..).map(|(option, number)| choice(context.lang, option, number)).collect();
            if more {
                let title = visit_words.others.to_owned();
                choices.push(Choose { key: "n9".to_owned(), icon: "next", title, note: None });
            }
            let lead = lead(context.lang, office.as_ref(), day);
            let frame = frame(context, visit_words.asking(asking), typed);
            page(StatusCode::OK, &ChoicesPage { frame, short: asking == Asking::Hour, lead, notice, choices })
        }
        View::ConfirmBooking { office, service, start, .. } => {
            let facts = facts(context.lang, &office, service.as_ref(), start);
            review(context, typed, visit_words.review, facts, visit_words.yes_book)
        }
        View::ConfirmMove { appointment, start, .. } => {
            let facts = facts(context.lang, &appointment.office, appointment.service.name.as_ref(), start);
            review(context, typed, visit_words.review_move, facts, visit_words.yes_move)
        }
        View::ConfirmCancel { appointment, .. } => {
            let facts = appointment_facts(context.lang, &appointment);
            review(context, typed, visit_words.review_cancel, facts, visit_words.yes_cancel)
        }
        View::Booked(one) if one.status == AppointmentStatus::Booked => done(context, typed, &visit_words.booked, &one),
        View::Booked(one) => done(context, typed, &visit_words.pending, &one),
        View::Moved(one) => done(context, typed, &visit_words.moved, &one),
        View::Cancelled(one) => done(context, typed, &visit_words.cancelled, &one),
        View::Appointments(all) => my_appointments(context, typed, &all),
        View::NoAppointments => end(typed, &visit_words.no_appointments, "under-way", "calendar"),
        View::NothingFree { .. } => end(typed, &visit_words.nothing_free, "your-turn", "calendar"),
        View::CannotChange => end(typed, &visit_words.cannot_change, "your-turn", "alert"),
        View::Uncertain => end(typed, &visit_words.uncertain, "your-turn", "clock"),
        View::NotDone | View::AskAgain => end(typed, &visit_words.not_done, "your-turn", "alert"),
        View::SlowDown | View::Wait { .. } => end(typed, &context.words.paused, "your-turn", "clock"),
        _ => end(typed, &context.lang.device().offline_book, "your-turn", "cloud"),
    }
}

/// Where and on which day, for the questions after them.
fn lead(lang: Lang, office: Option<&OfficeRef>, day: Option<jiff::civil::Date>) -> Option<String> {
    let language = lang.language();
    let office = office.map(|office| office.name.get(language).to_owned());
    let day = day.map(|day| shared::date_long(day, language));
    let parts: Vec<String> = office.into_iter().chain(day).collect();
    (!parts.is_empty()).then(|| parts.join(" · "))
}

fn choice(lang: Lang, option: &Opt, number: usize) -> Choose {
    let language = lang.language();
    let zone = phnom_penh();
    let (icon, title, note) = match option {
        Opt::Task(_) => ("calendar", String::new(), None),
        Opt::Office { office, .. } => ("office", office.name.get(language).to_owned(), None),
        Opt::Service { name, .. } | Opt::Ministry { name, .. } => ("paper", name.get(language).to_owned(), None),
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
    Choose { key: format!("n{number}"), icon, title, note }
}

fn facts(lang: Lang, office: &OfficeRef, service: Option<&Localized>, start: UnixMs) -> Vec<Fact> {
    let (words, visit_words, language) = (lang.words(), lang.visit(), lang.language());
    let at = date_time(lang, start.civil(&phnom_penh()));
    let fact = |icon, label, value| Fact { icon, label, value, note: None };
    let mut facts = vec![fact("calendar", visit_words.when, at)];
    facts.push(fact("office", words.office, office.name.get(language).to_owned()));
    if let Some(service) = service {
        facts.push(fact("paper", words.service, service.get(language).to_owned()));
    }
    facts
}

fn appointment_facts(lang: Lang, one: &Appointment) -> Vec<Fact> {
    let visit_words = lang.visit();
    let mut facts = facts(lang, &one.office, one.service.name.as_ref(), one.start);
    facts.push(Fact { icon: "receipt", label: visit_words.reference, value: one.reference.clone(), note: None });
    if let Some(pin) = &one.pin {
        let note = Some(visit_words.pin_note.to_owned());
        facts.push(Fact { icon: "link", label: visit_words.pin, value: pin.digits().to_owned(), note });
    }
    facts
}

fn review(context: &PageContext, typed: Typed, title: &'static str, facts: Vec<Fact>, yes: &'static str) -> Response {
    page(
        StatusCode::OK,
        &ReviewPage { frame: frame(context, title, typed), facts, yes, no: context.lang.visit().change },
    )
}

fn done(context: &PageContext, typed: Typed, message: &'static Message, one: &Appointment) -> Response {
    let frame = context.frame(message.title, "appointments", Back::In("appointments".into())).keeping(typed, "tasks");
    let facts = appointment_facts(context.lang, one);
    let actions = vec![Action::print(context.lang.visit().print)];
    page(StatusCode::OK, &MessagePage { frame, class: "good", icon: "check", message, facts, actions })
}

fn my_appointments(context: &PageContext, typed: Typed, all: &[Appointment]) -> Response {
    let visit_words = context.lang.visit();
    let lines = all.iter().map(|one| {
        let at = date_time(context.lang, one.start.civil(&phnom_penh()));
        let office = one.office.name.get(context.lang.language());
        Choose {
            key: "t3".to_owned(),
            icon: "calendar",
            title: at,
            note: Some(format!("{office} · {}", one.reference)),
        }
    });
    let frame = context
        .frame(visit_words.my_appointments, "appointments", Back::In("appointments".into()))
        .keeping(typed, "tasks");
    page(StatusCode::OK, &ChoicesPage { frame, short: false, lead: None, notice: None, choices: lines.collect() })
}

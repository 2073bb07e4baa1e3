//! Conversations on the screen: appointments are booked, seen, moved and cancelled by the same dialogue that texts
//! and USSD have, one question a page; and complaints. It must not know the rules of the conversation.
use super::{
    KioskState,
    at::Here,
    frame::{Back, Frame, page},
    number,
    pages::ToldPage,
    views::{Action, Fact},
    visit::{Goal, Held, Sent, Typed},
    words::{Lang, Notice, Told},
    words_visit::VisitWords,
};
use crate::{
    dialogue::{
        Choice, Input, View,
        view::{Again, AppointmentTask, Asking, Opt},
    },
    render::words as shared,
    types::{
        UnixMs,
        civic::{Answer, Appointment, AppointmentStatus, Change, ChangeKind, Localized, OfficeRef, Query},
        gazetteer,
        time::phnom_penh,
    },
    web::filters,
};
use askama::Template;
use axum::{extract::State, http::StatusCode, response::Response};
use std::borrow::Cow;

/// Longest complaint, in characters.
const COMPLAINT_MAX: usize = 1_000;

/// A choice of a list.
pub(super) struct Choose {
    pub(super) key: String,
    pub(super) icon: &'static str,
    pub(super) title: String,
    pub(super) note: Option<String>,
}

#[derive(Template)]
#[template(path = "talk.html")]
struct TalkPage {
    f: Frame,
    /// Whether the choices are short: hours.
    short: bool,
    lead: Option<String>,
    notice: Option<&'static Told>,
    choices: Vec<Choose>,
}

#[derive(Template)]
#[template(path = "review.html")]
struct ReviewPage {
    f: Frame,
    facts: Vec<Fact>,
    /// Words of the yes and of the way back.
    yes: &'static str,
    no: &'static str,
}

#[derive(Template)]
#[template(path = "complain.html")]
struct ComplainPage {
    f: Frame,
    v: &'static VisitWords,
    notice: Option<&'static Told>,
    text: String,
    most: usize,
}

const TASKS: [(AppointmentTask, &str, &str); 4] = [
    (AppointmentTask::Book, "t1", "calendar"),
    (AppointmentTask::List, "t2", "inbox"),
    (AppointmentTask::Move, "t3", "forward"),
    (AppointmentTask::Cancel, "t4", "cross"),
];

/// `GET /kiosk/{lang}/appointments`
pub async fn appointments(here: Here) -> Response {
    tasks_page(&here, Typed::default(), None)
}

fn tasks_page(here: &Here, typed: Typed, notice: Option<&'static Told>) -> Response {
    let v = here.lang.visit();
    let choices = TASKS.iter().zip(v.tasks).map(|((_, key, icon), title)| Choose {
        key: (*key).to_owned(),
        icon,
        title: title.to_owned(),
        note: None,
    });
    let f = here.frame(v.appointments_card.title, "appointments", Back::In("home".into())).keeping(typed, "tasks");
    let lead = Some(v.appointments_card.text.to_owned());
    page(StatusCode::OK, &TalkPage { f, short: false, lead, notice, choices: choices.collect() })
}

/// `POST /kiosk/{lang}/appointments`: `t1` to `t4` begin a task, `n…` answers what was asked, `back` goes back, `stay`
/// asks again in the language of the page.
pub async fn talk(State(state): State<KioskState>, here: Here, Sent(form): Sent) -> Response {
    let typed = form.typed(super::check::most(&state));
    let mut held = Held::open(&state, &here, &typed.held);
    let key = form.key.as_str();
    if let Some(task) = key.strip_prefix('t').and_then(|digit| digit.parse::<u8>().ok()).filter(|t| (1..=4).contains(t))
    {
        held.begin(task);
        if held.number().is_some() {
            return go_on(&state, &here, held).await;
        }
        let notice = (task > 1).then_some(&here.lang.visit().needs_number);
        let typed =
            Typed { phone: String::new(), once: String::new(), held: held.clone().seal(&state, &here), ..typed };
        return number::phone_page(&here, typed, &held, notice.map(Notice::from));
    }
    let input = match key {
        "back" => Input::Choice(Choice::Back),
        "stay" => Input::Text(if here.lang == Lang::Km { "K" } else { "E" }.to_owned()),
        _ => match key.strip_prefix('n').filter(|number| matches!(number.as_bytes(), [b'1'..=b'9'])) {
            Some(number) => Input::Text(number.to_owned()),
            None => return tasks_page(&here, Typed { held: held.seal(&state, &here), ..Typed::default() }, None),
        },
    };
    let Some(dialogue) = held.dialogue() else {
        return tasks_page(&here, Typed { held: held.seal(&state, &here), ..Typed::default() }, None);
    };
    step(&state, &here, held, Some(dialogue), input).await
}

/// Goes on with the task that was chosen, with the number that was proven or without one.
pub(super) async fn go_on(state: &KioskState, here: &Here, held: Held) -> Response {
    let who = here.who(held.number());
    let (dialogue, _) = state.door.talk(&who, None, Input::Text("A".to_owned()), here.lang.language(), held.id).await;
    let task = held.task().clamp(1, 4).to_string();
    step(state, here, held, Some(dialogue), Input::Text(task)).await
}

async fn step(
    state: &KioskState,
    here: &Here,
    mut held: Held,
    dialogue: Option<crate::dialogue::Dialogue>,
    input: Input,
) -> Response {
    let who = here.who(held.number());
    let (next, view) = state.door.talk(&who, dialogue, input, here.lang.language(), held.id).await;
    held.keep(&next);
    held.goal = Goal::Appointments;
    let typed = Typed { held: held.seal(state, here), ..Typed::default() };
    show(here, view, typed)
}

fn frame(here: &Here, title: impl Into<Cow<'static, str>>, typed: Typed) -> Frame {
    here.frame(title, "appointments", Back::Key("back")).keeping(typed, "stay")
}

fn show(here: &Here, view: View, typed: Typed) -> Response {
    let v = here.lang.visit();
    let end = |typed, told: &'static Told, class, icon| {
        let f = here.frame(told.title, "appointments", Back::In("appointments".into())).keeping(typed, "tasks");
        let actions = vec![Action::open("appointments", "calendar", v.appointments_card.title)];
        page(StatusCode::OK, &ToldPage { f, class, icon, told, facts: Vec::new(), actions })
    };
    match view {
        View::Choose { asking: Asking::Task, .. } | View::Menu => tasks_page(here, typed, None),
        View::Choose { asking, options, more, office, day, again } => {
            let notice = match again {
                Some(Again::SlotTaken) => Some(&v.slot_taken),
                Some(Again::NotFound) => Some(&v.not_found),
                Some(Again::NotOffered) | None => None,
            };
            let mut choices: Vec<Choose> =
                options.iter().zip(1..).map(|(option, number)| choice(here.lang, option, number)).collect();
            if more {
                let title = v.others.to_owned();
                choices.push(Choose { key: "n9".to_owned(), icon: "next", title, note: None });
            }
            let lead = lead(here.lang, office.as_ref(), day);
            let f = frame(here, v.asking(asking), typed);
            page(StatusCode::OK, &TalkPage { f, short: asking == Asking::Hour, lead, notice, choices })
        }
        View::ConfirmBooking { office, service, start, .. } => {
            let facts = facts(here.lang, &office, service.as_ref(), start);
            review(here, typed, v.review, facts, v.yes_book)
        }
        View::ConfirmMove { appointment, start, .. } => {
            let facts = facts(here.lang, &appointment.office, appointment.service.name.as_ref(), start);
            review(here, typed, v.review_move, facts, v.yes_move)
        }
        View::ConfirmCancel { appointment, .. } => {
            let facts = appointment_facts(here.lang, &appointment);
            review(here, typed, v.review_cancel, facts, v.yes_cancel)
        }
        View::Booked(one) if one.status == AppointmentStatus::Booked => done(here, typed, &v.booked, &one),
        View::Booked(one) => done(here, typed, &v.pending, &one),
        View::Moved(one) => done(here, typed, &v.moved, &one),
        View::Cancelled(one) => done(here, typed, &v.cancelled, &one),
        View::Appointments(all) => my_appointments(here, typed, &all),
        View::NoAppointments => end(typed, &v.no_appointments, "under-way", "calendar"),
        View::NothingFree { .. } => end(typed, &v.nothing_free, "your-turn", "calendar"),
        View::CannotChange => end(typed, &v.cannot_change, "your-turn", "alert"),
        View::Uncertain => end(typed, &v.uncertain, "your-turn", "clock"),
        View::NotDone | View::AskAgain => end(typed, &v.not_done, "your-turn", "alert"),
        View::SlowDown => end(typed, &here.w.paused, "your-turn", "clock"),
        _ => end(typed, &here.lang.device().offline_book, "your-turn", "cloud"),
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
        Opt::Hour { start, .. } => ("clock", shared::hour(start.civil(&zone).time()), None),
        Opt::Appointment(one) => {
            let at = super::words::date_time(lang, one.start.civil(&zone));
            ("calendar", at, Some(one.office.name.get(language).to_owned()))
        }
        Opt::By(way) => ("search", shared::services_by(*way, language).to_owned(), None),
        Opt::Audience(audience) => ("home", shared::audience(*audience, language).to_owned(), None),
        Opt::Place(code) => ("place", place_name(lang, code), None),
    };
    Choose { key: format!("n{number}"), icon, title, note }
}

pub(super) fn place_name(lang: Lang, code: &str) -> String {
    let Some(division) = gazetteer::by_code(code) else { return code.to_owned() };
    match lang {
        Lang::Km => format!("{}{}", division.unit_km(), division.name_km),
        Lang::En => format!("{} {}", division.unit_latin(), division.name_latin),
    }
}

fn facts(lang: Lang, office: &OfficeRef, service: Option<&Localized>, start: UnixMs) -> Vec<Fact> {
    let (w, v, language) = (lang.words(), lang.visit(), lang.language());
    let at = super::words::date_time(lang, start.civil(&phnom_penh()));
    let fact = |icon, label, value| Fact { icon, label, value, note: None };
    let mut facts = vec![fact("calendar", v.when, at)];
    facts.push(fact("office", w.office, office.name.get(language).to_owned()));
    if let Some(service) = service {
        facts.push(fact("paper", w.service, service.get(language).to_owned()));
    }
    facts
}

fn appointment_facts(lang: Lang, one: &Appointment) -> Vec<Fact> {
    let v = lang.visit();
    let mut facts = facts(lang, &one.office, one.service.name.as_ref(), one.start);
    facts.push(Fact { icon: "receipt", label: v.reference, value: one.reference.clone(), note: None });
    if let Some(pin) = &one.pin {
        let note = Some(v.pin_note.to_owned());
        facts.push(Fact { icon: "link", label: v.pin, value: pin.digits().to_owned(), note });
    }
    facts
}

fn review(here: &Here, typed: Typed, title: &'static str, facts: Vec<Fact>, yes: &'static str) -> Response {
    page(StatusCode::OK, &ReviewPage { f: frame(here, title, typed), facts, yes, no: here.lang.visit().change })
}

fn done(here: &Here, typed: Typed, told: &'static Told, one: &Appointment) -> Response {
    let f = here.frame(told.title, "appointments", Back::In("appointments".into())).keeping(typed, "tasks");
    let facts = appointment_facts(here.lang, one);
    let actions = vec![Action::print(here.lang.visit().print)];
    page(StatusCode::OK, &ToldPage { f, class: "good", icon: "check", told, facts, actions })
}

fn my_appointments(here: &Here, typed: Typed, all: &[Appointment]) -> Response {
    let v = here.lang.visit();
    let lines = all.iter().map(|one| {
        let at = super::words::date_time(here.lang, one.start.civil(&phnom_penh()));
        let office = one.office.name.get(here.lang.language());
        Choose {
            key: "t3".to_owned(),
            icon: "calendar",
            title: at,
            note: Some(format!("{office} · {}", one.reference)),
        }
    });
    let f = here.frame(v.my_appointments, "appointments", Back::In("appointments".into())).keeping(typed, "tasks");
    page(StatusCode::OK, &TalkPage { f, short: false, lead: None, notice: None, choices: lines.collect() })
}

/// `GET /kiosk/{lang}/complain`
pub async fn complain(here: Here) -> Response {
    complain_page(&here, String::new(), None)
}

fn complain_page(here: &Here, text: String, notice: Option<&'static Told>) -> Response {
    let v = here.lang.visit();
    let f = here.frame(v.complain_title, "complain", Back::In("feedback".into()));
    page(StatusCode::OK, &ComplainPage { f, v, notice, text, most: COMPLAINT_MAX })
}

/// `POST /kiosk/{lang}/complain`: the words are passed on once, however often they are sent.
pub async fn complaint(State(state): State<KioskState>, here: Here, Sent(form): Sent) -> Response {
    let v = here.lang.visit();
    let text: String = form.text.trim().chars().filter(|c| !c.is_control() || *c == '\n').take(COMPLAINT_MAX).collect();
    if text.is_empty() || form.key == "stay" {
        return complain_page(&here, text, None);
    }
    // the same words from this kiosk within ten minutes are one complaint
    let print = crate::web::digest(&format!("{} {} {text}", here.device.id, state.door.now().0 / 600_000));
    let intent = uuid::Builder::from_custom_bytes(print[..16].try_into().expect("sixteen octets")).into_uuid();
    let what = ChangeKind::Complain { text: text.clone(), language: here.lang.language() };
    let query = Query::Change(Change { what, attempt: 0 });
    match state.door.ask(&here.who(None), &query, Some(intent)).await {
        Ok(Answer::Filed(Ok(Some(reference)))) => {
            let f = here.frame(v.complained.title, "complain", Back::In("home".into()));
            let facts = vec![Fact { icon: "receipt", label: v.ticket_number, value: reference, note: None }];
            let actions = vec![Action::print(v.print)];
            page(StatusCode::OK, &ToldPage { f, class: "good", icon: "check", told: &v.complained, facts, actions })
        }
        Err(_) => complain_page(&here, text, Some(&here.w.paused)),
        Ok(_) => complain_page(&here, text, Some(&here.w.not_taken)),
    }
}

//! A number in the queue of the office at which the kiosk stands: for information, for a service, or for an
//! appointment. It must not know the queue.
use super::{
    KioskState,
    at::Here,
    check::{DigitsPage, digit_keys},
    frame::{Back, Frame, page},
    pages::{self, ToldPage},
    talk::Choose,
    views::{Action, Fact},
    visit::{Held, Sent, Typed, pressed},
    words::{Notice, Told},
};
use crate::{
    types::civic::{Answer, Change, ChangeKind, PortalFault, Query, ServiceSearch},
    web::filters,
};
use askama::Template;
use axum::{extract::State, http::StatusCode, response::Response};

/// Services offered by themselves.
const SERVICES_MAX: usize = 8;
/// Digits of an appointment's number.
const REFERENCE: usize = 8;

#[derive(Template)]
#[template(path = "talk.html")]
struct TicketPage {
    f: Frame,
    short: bool,
    lead: Option<String>,
    notice: Option<&'static Told>,
    choices: Vec<Choose>,
}

/// `GET /kiosk/{lang}/ticket`
pub async fn begin(State(state): State<KioskState>, here: Here) -> Response {
    let Some(office) = here.device.office.clone() else { return pages::no_such_page().await };
    let typed = Typed { held: Held::fresh().seal(&state, &here), ..Typed::default() };
    choices(&state, &here, office, typed, None).await
}

async fn choices(
    state: &KioskState,
    here: &Here,
    office: String,
    typed: Typed,
    notice: Option<&'static Told>,
) -> Response {
    let (v, language) = (here.lang.visit(), here.lang.language());
    let search = ServiceSearch { office: Some(office), ..ServiceSearch::default() };
    let choose =
        |key: &str, icon, title: &str| Choose { key: key.to_owned(), icon, title: title.to_owned(), note: None };
    let mut choices = vec![choose("here", "calendar", v.check_in), choose("any", "help", here.w.help)];
    if let Answer::Services(Ok(found)) = state.door.look_around(&Query::Services(search)).await {
        choices.extend(
            found
                .items
                .iter()
                .take(SERVICES_MAX)
                .map(|service| choose(&format!("s{}", service.id), "paper", service.name.get(language))),
        );
    }
    let f = here.frame(v.ticket, "ticket", Back::In("home".into())).keeping(typed, "stay");
    page(StatusCode::OK, &TicketPage { f, short: false, lead: None, notice, choices })
}

/// `POST /kiosk/{lang}/ticket`: `any`, `s…` for a service, `here` and `a…` for an appointment.
pub async fn take(State(state): State<KioskState>, here: Here, Sent(form): Sent) -> Response {
    let Some(office) = here.device.office.clone() else { return pages::no_such_page().await };
    let mut typed = form.typed(super::check::most(&state));
    let key = form.key.as_str();
    let (service, appointment) = match key {
        "here" => return reference_page(&here, Typed { digits: String::new(), ..typed }, None),
        "again" => return reference_page(&here, typed, None),
        "aok" if typed.digits.len() == REFERENCE => (None, Some(typed.digits.clone())),
        "any" => (None, None),
        _ => {
            if let Some(press) = key.strip_prefix('a') {
                pressed(&mut typed.digits, press, REFERENCE);
                return reference_page(&here, typed, None);
            }
            match key.strip_prefix('s').filter(|id| *id != "tay") {
                Some(id) => (Some(id.to_owned()), None),
                None => return choices(&state, &here, office, typed, None).await,
            }
        }
    };
    let checking_in = appointment.is_some();
    let held = Held::open(&state, &here, &typed.held);
    let what = ChangeKind::Ticket { office: office.clone(), service, appointment };
    let query = Query::Change(Change { what, attempt: 0 });
    let v = here.lang.visit();
    match state.door.ask(&here.who(held.number()), &query, Some(held.id)).await {
        Ok(Answer::Ticket(Ok(ticket))) => {
            let fact = |icon, label, value| Fact { icon, label, value, note: None };
            let mut facts = vec![
                fact("receipt", v.ticket_number, ticket.number),
                fact("inbox", v.ticket_before, (v.people)(ticket.position)),
                fact("clock", v.ticket_wait, (v.minutes)(ticket.wait_minutes)),
            ];
            if let Some(counter) = ticket.counter {
                facts.push(fact("place", v.ticket_counter, counter));
            }
            let f = here.frame(v.ticket_title, "ticket", Back::In("home".into()));
            let told = if here.lang == super::words::Lang::Km { &TICKET_KM } else { &TICKET_EN };
            let actions = vec![Action::print(v.print).strong()];
            page(StatusCode::OK, &ToldPage { f, class: "good ticket", icon: "check", told, facts, actions })
        }
        Err(_) => choices(&state, &here, office, typed, Some(&here.w.paused)).await,
        // one that is not there, one elsewhere, one that is over: alike
        Ok(Answer::Ticket(Err(fault))) if checking_in && fault != PortalFault::Away => {
            reference_page(&here, typed, Some(&v.no_appointments))
        }
        Ok(Answer::Ticket(Err(PortalFault::TooLate))) => {
            choices(&state, &here, office, typed, Some(&v.ticket_closed)).await
        }
        _ => choices(&state, &here, office, typed, Some(&v.no_ticket)).await,
    }
}

static TICKET_KM: Told = Told {
    title: "លេខរង់ចាំរបស់លោកអ្នក", text: "សូមអង្គុយរង់ចាំ ហើយមើលលេខនៅលើផ្ទាំង។"
};
static TICKET_EN: Told = Told { title: "Your number", text: "Please take a seat and watch the board." };

fn reference_page(here: &Here, typed: Typed, notice: Option<&'static Told>) -> Response {
    let v = here.lang.visit();
    let digits = typed.digits.clone();
    let places = (0..REFERENCE).map(|at| digits.chars().nth(at).map(|digit| digit.to_string())).collect();
    let template = DigitsPage {
        title: v.check_in_title,
        hint: v.check_in.to_owned(),
        icon: "calendar",
        keys: digit_keys(),
        places,
        ready: digits.len() == REFERENCE,
        spoken: digits,
        notice: notice.map(Notice::from),
        field: ("digits", 'a'),
        go: ("aok", here.w.ok),
        most: REFERENCE,
        other: None,
        f: here.frame(v.check_in_title, "ticket", Back::In("ticket".into())).keeping(typed, "again"),
    };
    page(StatusCode::OK, &template)
}

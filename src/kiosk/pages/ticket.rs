//! A number in the queue of the office at which the kiosk stands: for information, for a service, or for an
//! appointment. It must not know the queue.
use crate::{
    kiosk::{
        context::PageContext,
        errors,
        parts::{
            choices::{ChoicesPage, Choose},
            digits::{DigitsPage, digit_keys},
            facts::Action,
            frame::Back,
            keepsake::{arrived, kept_page, service},
            message::MessagePage,
            office::Shut,
        },
        respond::page,
        state::KioskState,
        texts::{Message, Notice},
        visit::{
            form::Sent,
            state::{Came, VisitState},
            typed::{Typed, most, pressed},
        },
    },
    render::kiosk::QueueNumber,
    types::civic::{
        Answer, Change, ChangeKind, Localized, Office, OfficeRef, PortalFault, Query, ServiceSearch, Ticket,
    },
};
use axum::{extract::State, http::StatusCode, response::Response};

/// Services offered by themselves.
const SERVICES_MAX: usize = 8;
/// Digits of an appointment's number.
const REFERENCE: usize = 8;

/// `GET /kiosk/{lang}/ticket`
pub async fn begin(State(state): State<KioskState>, context: PageContext) -> Response {
    let Some(office) = context.device.office.clone() else { return errors::no_such_page().await };
    let typed = Typed { visit: VisitState::fresh(state.backend.now()).seal(&state, &context), ..Typed::default() };
    choices(&state, &context, office, typed, None).await
}

/// Nobody is there to be waited for: when the office opens again, and that a time there can be booked.
fn closed(context: &PageContext, shut: &Shut) -> Response {
    let (message, facts) = (&context.lang.visit().ticket_closed, shut.facts(context.lang));
    let frame = context.frame(message.title, "ticket", Back::In("home".into()));
    let book = Action::open("appointments", "calendar", context.lang.visit().appointments_card.title);
    let actions = vec![book.strong()];
    page(StatusCode::OK, &MessagePage { frame, class: "your-turn", icon: "clock", message, facts, actions })
}

async fn choices(
    state: &KioskState,
    context: &PageContext,
    office: String,
    typed: Typed,
    notice: Option<&'static Message>,
) -> Response {
    let (visit_words, language) = (context.lang.visit(), context.lang.language());
    let search = ServiceSearch { office: Some(office), ..ServiceSearch::default() };
    let choose =
        |key: &str, icon, title: &str| Choose { key: key.to_owned(), icon, title: title.to_owned(), note: None };
    let mut choices =
        vec![choose("here", "calendar", visit_words.check_in), choose("any", "help", visit_words.ticket_other)];
    if let Answer::Services(Ok(found)) = state.backend.look_around(&Query::Services(search)).await {
        choices.extend(
            found
                .items
                .iter()
                .take(SERVICES_MAX)
                .map(|service| choose(&format!("s{}", service.id), "paper", service.name.get(language))),
        );
    }
    let frame = context.frame(visit_words.ticket, "ticket", Back::In("home".into())).keeping(typed, "stay");
    page(StatusCode::OK, &ChoicesPage { frame, short: false, lead: None, notice, choices })
}

/// `POST /kiosk/{lang}/ticket`: `any`, `s…` for a service, `here` and `a…` for an appointment, `kept` for the number
/// that was given.
pub async fn take(State(state): State<KioskState>, context: PageContext, Sent(form): Sent) -> Response {
    let Some(office) = context.device.office.clone() else { return errors::no_such_page().await };
    let mut typed = form.typed(most(&state.groups));
    let key = form.key.as_str();
    let (service, appointment) = match key {
        "here" => return reference_page(&context, Typed { digits: String::new(), ..typed }, None),
        "again" => return reference_page(&context, typed, None),
        "carry" => {
            // the visit goes on with another intention
            let mut visit = VisitState::open(&state, &context, &typed.visit);
            visit.renew_id(state.backend.now());
            let typed = Typed { visit: visit.seal(&state, &context), ..Typed::default() };
            return choices(&state, &context, office, typed, None).await;
        }
        "kept" => {
            let visit = VisitState::open(&state, &context, &typed.visit);
            return match kept_page(&state, &context, visit, Typed::default(), "ticket").await {
                Some(page) => page,
                None => choices(&state, &context, office, typed, None).await,
            };
        }
        "aok" if typed.digits.len() == REFERENCE => (None, Some(typed.digits.clone())),
        "any" => (None, None),
        _ => {
            if let Some(press) = key.strip_prefix('a') {
                pressed(&mut typed.digits, press, REFERENCE);
                return reference_page(&context, typed, None);
            }
            match key.strip_prefix('s').filter(|id| *id != "tay") {
                Some(id) => (Some(id.to_owned()), None),
                None => return choices(&state, &context, office, typed, None).await,
            }
        }
    };
    let checking_in = appointment.is_some();
    let visit = VisitState::open(&state, &context, &typed.visit);
    let what = ChangeKind::Ticket { office: office.clone(), service: service.clone(), appointment };
    let query = Query::Change(Change { what, attempt: 0 });
    let visit_words = context.lang.visit();
    match state.backend.ask(&context.who(visit.number()), &query, Some(visit.id)).await {
        Ok(Answer::Ticket(Ok(ticket))) => given(&state, &context, visit, ticket, service).await,
        Err(_) => choices(&state, &context, office, typed, Some(&context.words.paused)).await,
        // one that is not there, one elsewhere, one that is over: alike
        Ok(Answer::Ticket(Err(fault))) if checking_in && fault != PortalFault::Away => {
            reference_page(&context, typed, Some(&context.lang.keep().no_such_appointment))
        }
        Ok(Answer::Ticket(Err(PortalFault::TooLate))) => {
            if let Some(shut) = Shut::of(&state, &context.device).await {
                return closed(&context, &shut);
            }
            choices(&state, &context, office, typed, Some(&visit_words.ticket_closed)).await
        }
        _ => choices(&state, &context, office, typed, Some(&visit_words.no_ticket)).await,
    }
}

/// The number was given: it is carried home, and what comes next is another intention.
async fn given(
    state: &KioskState,
    context: &PageContext,
    mut visit: VisitState,
    ticket: Ticket,
    asked_for: Option<String>,
) -> Response {
    let id = context.device.office.clone().unwrap_or_default();
    let place = match &context.office {
        Some(office) => Office::as_ref(office),
        None => OfficeRef { id: id.clone(), name: Localized { km: id.clone(), en: id, km_latn: None }, short: None },
    };
    let name = match &asked_for {
        Some(id) => service(state, id).await.map(|service| service.name.clone()),
        None => None,
    };
    let now = state.backend.now();
    let queued = QueueNumber { number: ticket.number, office: place, people: ticket.position, at: now };
    let came = Came::Queued { ticket: queued, service: name, minutes: ticket.wait_minutes, counter: ticket.counter };
    let intent = visit.id;
    visit.renew_id(now);
    arrived(state, context, visit, Typed::default(), "ticket", came, intent).await
}

fn reference_page(context: &PageContext, typed: Typed, notice: Option<&'static Message>) -> Response {
    let visit_words = context.lang.visit();
    let digits = typed.digits.clone();
    let places = (0..REFERENCE).map(|at| digits.chars().nth(at).map(|digit| digit.to_string())).collect();
    let template = DigitsPage {
        title: visit_words.check_in_title,
        hint: visit_words.check_in.to_owned(),
        icon: "calendar",
        keys: digit_keys(),
        places,
        ready: digits.len() == REFERENCE,
        spoken: digits,
        notice: notice.map(Notice::from),
        field: ("digits", 'a'),
        go: ("aok", context.words.ok),
        most: REFERENCE,
        other: None,
        frame: context
            .frame(visit_words.check_in_title, "ticket", Back::KeyAt("ticket", "stay"))
            .keeping(typed, "again"),
    };
    page(StatusCode::OK, &template)
}

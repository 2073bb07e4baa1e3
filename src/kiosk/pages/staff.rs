//! What the office's own people may do at a kiosk, behind their PIN. It must not know how a device is told.
use crate::{
    kiosk::{
        context::PageContext,
        errors::no_such_page,
        parts::{
            digits::{DigitsPage, digit_keys},
            facts::{Action, Fact},
            frame::Back,
            message::MessagePage,
        },
        respond::page,
        state::{self, KioskState},
        texts::{Lang, Message, Notice},
        visit::{
            form::Sent,
            seal::{open, seal},
            typed::{Typed, pressed},
        },
    },
    web,
};
use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};

/// Most digits of a staff PIN.
const STAFF_PIN_MAX: usize = 12;

/// `GET /kiosk/{lang}/staff`: a page for the office's own people, behind their PIN.
pub async fn staff(State(state): State<KioskState>, context: PageContext) -> Response {
    if state.staff_pin.is_none() {
        return no_such_page().await;
    }
    pin_page(&context, String::new(), None)
}

fn pin_page(context: &PageContext, typed: String, notice: Option<&'static Message>) -> Response {
    let words = context.lang.device();
    let count = typed.len();
    let places = (0..count.max(4)).map(|at| (at < count).then(|| "●".to_owned())).collect();
    let typed = Typed { once: typed, ..Typed::default() };
    let frame = context.frame(words.staff.title, "staff", Back::In("home".into())).keeping(typed, "stay");
    let template = DigitsPage {
        frame,
        title: words.staff_pin,
        hint: words.staff.title.to_owned(),
        icon: "link",
        keys: digit_keys(),
        places,
        spoken: count.to_string(),
        notice: notice.map(Notice::from),
        field: ("once", 's'),
        go: ("ok", context.words.ok),
        ready: count >= 4,
        most: STAFF_PIN_MAX,
        other: None,
    };
    page(StatusCode::OK, &template)
}

/// `POST /kiosk/{lang}/staff`: `s…` types the PIN, `ok` opens the page; then `close`, `open`.
pub async fn press(State(state): State<KioskState>, context: PageContext, Sent(form): Sent) -> Response {
    let Some(pin) = state.staff_pin.clone() else { return no_such_page().await };
    let words = context.lang.device();
    let mut typed: String = form.once.chars().filter(char::is_ascii_digit).take(STAFF_PIN_MAX).collect();
    if let Some(press) = form.key.strip_prefix('s').filter(|press| *press != "tay") {
        pressed(&mut typed, press, STAFF_PIN_MAX);
        return pin_page(&context, typed, None);
    }
    if form.key == "stay" {
        return pin_page(&context, String::new(), None);
    }
    let opened = open(&state, &context.device.id, &form.visit);
    let pass = pass(&context, state.backend.now().0 / 600_000);
    let admitted = opened.as_deref() == Some(pass.as_bytes());
    if !admitted {
        let may = state.backend.may_try_staff_pin(&context.device.id).await;
        let (given, wanted) = (web::digest(&typed), web::digest(&pin));
        if !may || given != wanted {
            return pin_page(&context, String::new(), Some(&words.staff_wrong));
        }
    }
    if let kind @ ("close" | "open") = form.key.as_str() {
        let kind = if kind == "close" { "closed" } else { "open" };
        state.backend.send_command(&context.device.id, kind).await;
        return Redirect::to("/kiosk").into_response();
    }
    staff_page(&state, &context, &pass)
}

/// What the sealed field of the staff page holds: this device, these ten minutes.
fn pass(context: &PageContext, span: i64) -> String {
    format!("staff {} {span}", context.device.id)
}

fn staff_page(state: &KioskState, context: &PageContext, pass: &str) -> Response {
    let words = context.lang.device();
    let visit = seal(state, &context.device.id, pass.as_bytes());
    let typed = Typed { visit, ..Typed::default() };
    let frame = context.frame(words.staff.title, "staff", Back::In("home".into())).keeping(typed, "ok");
    let fact = |icon, label, value: &str| Fact { icon, label, value: value.to_owned(), note: None };
    let about = context.device.profile.about;
    let name = context.office.as_ref().map(|office| office.name.get(context.lang.language()));
    let office = name.or(context.device.office.as_deref());
    let facts = vec![
        fact("link", words.device, &context.device.id),
        fact("office", context.words.office, office.unwrap_or("–")),
        fact("place", words.profile, if context.lang == Lang::Km { about.0 } else { about.1 }),
        fact("clock", words.version, &state::build()),
    ];
    let paired = context.device.office.is_some();
    let mut actions = vec![Action::print(words.test_print), Action::open("home", "forward", words.reload)];
    if paired {
        actions.push(match context.device.closed {
            None => Action::key("staff", "close", "minus", words.close_kiosk),
            Some(_) => Action::key("staff", "open", "check", words.open_kiosk),
        });
    }
    let message = &words.staff;
    page(StatusCode::OK, &MessagePage { frame, class: "under-way", icon: "link", message, facts, actions })
}

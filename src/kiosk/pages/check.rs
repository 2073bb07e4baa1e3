//! The code of an application is typed or scanned, and, for more, the PIN of its receipt. It must not know how an answer
//! is found.
use crate::kiosk::{
    context::PageContext,
    parts::{
        digits::{DigitsPage, digit_keys},
        frame::Back,
        message::HelpPage,
        pad::pad_page,
    },
    respond::page,
    state::KioskState,
    visit::{
        form::Sent,
        state::{Goal, VisitState},
        typed::{PIN_MAX, Typed, most, pressed},
    },
};
use axum::{extract::State, http::StatusCode, response::Response};

/// `GET /kiosk/{lang}/check`
pub async fn pad(State(state): State<KioskState>, context: PageContext) -> Response {
    pad_page(&state, &context, Typed::default(), "stay", None)
}

/// A press: a digit, `delete`, `clear`, `at…` (correct this digit), `stay`, `help`, `ok`; `pin` asks for the PIN,
/// `p…` types it. Anything else is as `stay`.
pub async fn check(State(state): State<KioskState>, context: PageContext, Sent(form): Sent) -> Response {
    let most = most(&state.groups);
    let mut typed = form.typed(most);
    if let Some(press) = form.key.strip_prefix('p') {
        match press {
            "in" => typed.pin.clear(),
            press => pressed(&mut typed.pin, press, PIN_MAX),
        }
        return pin_page(&context, typed);
    }
    match form.key.as_str() {
        "delete" => typed.delete(),
        "clear" => typed = Typed { visit: typed.visit, ..Typed::default() },
        "help" => {
            let frame = context.frame(context.words.help_title, "check", Back::Key("stay")).keeping(typed, "help");
            return page(StatusCode::OK, &HelpPage { frame });
        }
        "ok" => {
            let visit = VisitState::open(&state, &context, &typed.visit);
            return Goal::Status.resume(&state, &context, visit, typed).await;
        }
        other => {
            if let Some(at) = other.strip_prefix("at") {
                typed = Typed { at: Typed::read(&typed.digits, at, most).at, ..typed };
            }
            let mut chars = other.chars();
            if let (Some(digit @ '0'..='9'), None) = (chars.next(), chars.next()) {
                typed.press(digit, most);
            }
        }
    }
    pad_page(&state, &context, Typed { pin: String::new(), ..typed }, "stay", None)
}

fn pin_page(context: &PageContext, typed: Typed) -> Response {
    let words = context.words;
    let count = typed.pin.len();
    let places = (0..PIN_MAX).map(|at| (at < count).then(|| "●".to_owned())).collect();
    let frame = context.frame(words.pin_title, "check", Back::Key("ok")).keeping(typed, "p");
    page(
        StatusCode::OK,
        &DigitsPage {
            frame,
            title: words.pin_title,
            hint: words.pin_hint.to_owned(),
            icon: "receipt",
            keys: digit_keys(),
            places,
            // masked, so it is not spoken either
            spoken: count.to_string(),
            notice: None,
            field: ("pin", 'p'),
            go: ("ok", words.ok),
            ready: count >= 4,
            most: PIN_MAX,
            other: None,
        },
    )
}

//! The page on which a telephone number is typed, to be proven, and why nothing is texted to one. It must not know what
//! becomes of it.
use super::{
    digits::{DigitsPage, digit_keys, places},
    frame::Back,
};
use crate::{
    exchange::TextRefusal,
    kiosk::{
        context::PageContext,
        respond::page,
        texts::Notice,
        visit::{
            state::{Goal, VisitState},
            typed::{PHONE_MAX, Typed},
        },
    },
};
use axum::{http::StatusCode, response::Response};

/// Fewest digits that a number has as it is dialled.
pub const PHONE_LEAST: usize = 8;

/// Asks for the number of a visit that goes on when it is proven.
pub fn phone_page(context: &PageContext, typed: Typed, visit: &VisitState, notice: Option<Notice>) -> Response {
    let visit_words = context.lang.visit();
    let back = match visit.goal {
        Goal::Status => Back::KeyAt("check", "ok"),
        Goal::Appointments => Back::In("appointments".into()),
    };
    let (count, digits) = (typed.phone.len(), typed.phone.clone());
    let other = (visit.goal == Goal::Appointments && visit.may_skip()).then_some(("skip", visit_words.no_phone));
    let template = DigitsPage {
        title: visit_words.phone_title,
        hint: visit_words.phone_hint.to_owned(),
        icon: "phone",
        keys: digit_keys(),
        places: places(&digits, 9),
        spoken: digits,
        notice,
        field: ("phone", 'f'),
        go: ("go", visit_words.phone_send),
        ready: count >= PHONE_LEAST,
        most: PHONE_MAX,
        other,
        frame: context.frame(visit_words.phone_title, "number", back).keeping(typed, "stay"),
    };
    page(StatusCode::OK, &template)
}

/// Minutes up to which a wait is told in minutes; a longer one is told in hours.
const MINUTES_MOST: u32 = 120;

/// Why nothing was sent. Which limit it was is not said: one of them is about the number, and that may be a stranger's.
pub fn refused(context: &PageContext, refusal: TextRefusal) -> Notice {
    let visit_words = context.lang.visit();
    match refusal {
        TextRefusal::NotANumber => (&visit_words.not_a_number).into(),
        TextRefusal::Country => (&visit_words.country).into(),
        TextRefusal::Unroutable => (&visit_words.unroutable).into(),
        TextRefusal::TooMany(minutes) => {
            let wait = if minutes <= MINUTES_MOST {
                (visit_words.minutes)(minutes)
            } else {
                (visit_words.hours)(minutes.div_ceil(60))
            };
            Notice { title: visit_words.too_many, text: (visit_words.too_many_wait)(&wait).into() }
        }
        TextRefusal::Away => (&visit_words.text_away).into(),
    }
}

//! The page on which a telephone number is typed, to be proven, and why nothing is texted to one. It must not know what
//! becomes of it.
use super::{digits::DigitsPage, frame::Back};
use crate::{
    exchange::TextRefusal,
    kiosk::{
        context::PageContext,
        respond::page,
        texts::Notice,
        visit::{
            state::{Goal, VisitState},
            typed::Typed,
        },
    },
};
use axum::{http::StatusCode, response::Response};

/// Asks for the number of a visit that goes on when it is proven.
pub fn phone_page(context: &PageContext, typed: Typed, visit: &VisitState, notice: Option<Notice>) -> Response {
    let visit_words = context.lang.visit();
    let back = match visit.goal {
        Goal::Status => Back::KeyAt("check", "ok"),
        Goal::Appointments => Back::KeyAt("appointments", "stay"),
    };
    let words = (visit_words.phone_title, visit_words.phone_hint, visit_words.phone_send);
    let frame = context.frame(visit_words.phone_title, "number", back);
    // without a number an appointment is found again by its PIN, where the portal gives one
    let may_skip = visit.goal == Goal::Appointments && visit.may_skip() && context.offers.factors;
    let template = DigitsPage {
        other: may_skip.then_some(("skip", visit_words.no_phone)),
        ..DigitsPage::for_a_number(words, notice, typed, frame)
    };
    page(StatusCode::OK, &template)
}

/// A number as it may stand on a screen that others see: its last digits.
pub fn masked(digits: &str) -> String {
    let last = digits.len().saturating_sub(3);
    format!("••••{}", &digits[last..])
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

//! The page on which a telephone number is typed. It must not know what becomes of it.
use super::{
    check::{DigitsPage, digit_keys},
    context::PageContext,
    frame::Back,
    respond::page,
    typed::{PHONE_MAX, Typed},
    visit::{Goal, VisitState},
    words::Notice,
};
use axum::{http::StatusCode, response::Response};

/// Fewest digits that a number has as it is dialled.
pub(super) const PHONE_LEAST: usize = 8;

pub(super) fn phone_page(context: &PageContext, typed: Typed, visit: &VisitState, notice: Option<Notice>) -> Response {
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

pub(super) fn places(digits: &str, least: usize) -> Vec<Option<String>> {
    let mut places: Vec<Option<String>> = digits.chars().map(|digit| Some(digit.to_string())).collect();
    places.resize(places.len().max(least), None);
    places
}

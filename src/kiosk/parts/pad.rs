//! The page on which a registration code is typed or corrected, as the receipt prints it. It must not know what is
//! answered.
use super::{
    digits::{Key, digit_keys},
    frame::{Back, Frame},
};
use crate::{
    kiosk::{
        context::PageContext,
        respond::page,
        state::KioskState,
        texts::Lang,
        visit::typed::{DIGITS_MAX, Typed, most},
    },
    web::filters,
};
use askama::Template;
use axum::{http::StatusCode, response::Response};

#[derive(Template)]
#[template(path = "pad.html")]
struct PadPage {
    frame: Frame,
    hint: String,
    groups: Vec<Vec<DigitSlot>>,
    spoken: String,
    keys: Vec<Key>,
    notice: Option<(&'static str, String)>,
    correcting: Option<String>,
    complete: bool,
    most: usize,
}

/// One place of the display.
struct DigitSlot {
    /// Its number from 0, as the key `at` names it.
    pub index: usize,
    /// The digit, if typed.
    pub digit: Option<char>,
    /// Whether the next digit goes here.
    pub current: bool,
}

/// The display, grouped as the receipt prints the code. Without groups there are as many places as digits.
fn slots(typed: &Typed, groups: &[usize]) -> Vec<Vec<DigitSlot>> {
    let digits: Vec<char> = typed.digits.chars().collect();
    let next = typed.at.unwrap_or(digits.len());
    let free = [digits.len().max(1)];
    let groups = if groups.is_empty() { &free } else { groups };
    let mut index = 0;
    let mut all = Vec::with_capacity(groups.len());
    for &group in groups {
        let upto = (index + group).min(DIGITS_MAX);
        let slot = |index| DigitSlot { index, digit: digits.get(index).copied(), current: index == next };
        all.push((index..upto).map(slot).collect());
        index = upto;
    }
    all
}

/// The page, made again by the key `replay`.
pub fn pad_page(
    state: &KioskState,
    context: &PageContext,
    typed: Typed,
    replay: &'static str,
    notice: Option<(&'static str, String)>,
) -> Response {
    let words = context.words;
    let whole = most(&state.groups);
    let hint = if state.groups.is_empty() { words.code_hint_free.to_owned() } else { (words.code_hint)(whole) };
    let template = PadPage {
        hint,
        groups: slots(&typed, &state.groups),
        spoken: typed.printed(&state.groups),
        keys: digit_keys(),
        notice,
        correcting: typed.at.map(|at| (words.correcting)(at + 1)),
        complete: !state.groups.is_empty() && typed.digits.len() == whole,
        most: whole,
        frame: context.frame(words.code_title, "check", Back::In("home".into())).keeping(typed, replay),
    };
    page(StatusCode::OK, &template)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GROUPS: [usize; 4] = [6, 2, 6, 1];

    #[test]
    fn the_display_is_grouped_like_the_receipt() {
        let slots = slots(&Typed::read("1205002604819", "", 15), &GROUPS);
        let lengths: Vec<_> = slots.iter().map(Vec::len).collect();
        assert_eq!(lengths, GROUPS);
        assert!(slots[2][5].current && slots[2][5].digit.is_none());
    }
}

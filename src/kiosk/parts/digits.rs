//! A pad and the few digits that are typed on it: a PIN, a number, a one-time code. It must not know what they are for.
use super::frame::{Back, Frame};
use crate::{
    kiosk::{
        texts::{Lang, Notice},
        visit::typed::{PHONE_MAX, Typed},
    },
    render::words::khmer_digits,
    web::filters,
};
use askama::Template;

/// Fewest digits that a telephone number has as it is dialled.
pub const PHONE_LEAST: usize = 8;

/// One digit of a pad.
pub struct Key {
    pub digit: char,
    pub khmer: String,
}

/// The digits of a pad, as a telephone has them.
pub fn digit_keys() -> Vec<Key> {
    "1234567890".chars().map(|digit| Key { digit, khmer: khmer_digits(&digit.to_string()) }).collect()
}

/// A few digits on a pad of their own: a PIN, a number, a one-time code.
#[derive(Template)]
#[template(path = "digits.html")]
pub struct DigitsPage {
    pub frame: Frame,
    pub title: &'static str,
    pub hint: String,
    pub icon: &'static str,
    pub keys: Vec<Key>,
    /// What each place shows; `None`: nothing typed yet.
    pub places: Vec<Option<String>>,
    /// What is said of it to those who listen.
    pub spoken: String,
    pub notice: Option<Notice>,
    /// Name of the field, and the letter before the keys that change it.
    pub field: (&'static str, char),
    /// Key and words of the button that leads on, and whether enough is typed.
    pub go: (&'static str, &'static str),
    pub ready: bool,
    pub most: usize,
    /// Another way.
    pub other: Option<(&'static str, &'static str)>,
}

impl DigitsPage {
    /// For a telephone number: its title, hint and the words of the button that leads on.
    pub fn for_a_number(
        (title, hint, go): (&'static str, &str, &'static str),
        notice: Option<Notice>,
        typed: Typed,
        frame: Frame,
    ) -> Self {
        DigitsPage {
            title,
            hint: hint.to_owned(),
            icon: "phone",
            keys: digit_keys(),
            places: places(&typed.phone, 9),
            spoken: typed.phone.clone(),
            notice,
            field: ("phone", 'f'),
            go: ("go", go),
            ready: typed.phone.len() >= PHONE_LEAST,
            most: PHONE_MAX,
            other: None,
            frame: frame.keeping(typed, "stay"),
        }
    }
}

/// A place for each digit, and at least so many.
pub fn places(digits: &str, least: usize) -> Vec<Option<String>> {
    let mut places: Vec<Option<String>> = digits.chars().map(|digit| Some(digit.to_string())).collect();
    places.resize(places.len().max(least), None);
    places
}

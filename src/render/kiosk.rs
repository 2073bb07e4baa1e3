//! What a kiosk's visitor has texted to a telephone. Its owner may be somebody else: each text says how to refuse more.
use super::{render_sms, texts};
use crate::{dialogue::View, types::Language};
use jiff::tz::TimeZone;

/// A code that proves a number.
pub fn one_time_code(code: &str, language: Language) -> String {
    texts::kiosk_code(language, code)
}

/// What the screen shows, and what its receiver can do who never asked for it.
pub fn asked_for(view: &View, language: Language, zone: &TimeZone) -> String {
    format!("{}\n{}", render_sms(view, language, zone).text, texts::kiosk_note(language))
}

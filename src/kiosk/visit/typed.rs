//! What was typed on a pad so far. It must not know a page nor a form.
use crate::types::{UnixMs, writing};

/// Most digits that are taken from a visitor; the portal's codes have at most 24 characters.
pub const DIGITS_MAX: usize = 24;

/// Most digits of a PIN.
pub const PIN_MAX: usize = 6;

/// Most digits of a telephone number as it is dialled: 15 (E.164) after the `00` of another country.
pub const PHONE_MAX: usize = 17;

/// Digits of a one-time code.
pub const ONCE: usize = 6;

/// Digits that fill the display of a code, which receipts print in these groups.
pub fn most(groups: &[usize]) -> usize {
    match groups.iter().sum() {
        0 => DIGITS_MAX,
        sum => DIGITS_MAX.min(sum),
    }
}

/// Stands between what is sealed and when its page closes.
pub const CLOSES: char = '.';

/// What is sealed, with when its page closes: told to the page in the clear, and trusted by nobody.
pub fn closing(sealed: &str, at: UnixMs) -> String {
    format!("{sealed}{CLOSES}{}", at.0)
}

/// What has been typed so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Typed {
    /// ASCII digits; of a code that was chosen from a list also its capital letters, which no pad has.
    pub digits: String,
    /// The digit that is being corrected, counted from 0.
    pub at: Option<usize>,
    /// The PIN of the receipt as far as it was typed; ASCII digits only.
    pub pin: String,
    /// The visitor's number as far as it was typed; ASCII digits only.
    pub phone: String,
    /// The one-time code as far as it was typed; ASCII digits only.
    pub once: String,
    /// What the server must be able to trust of the visit, sealed.
    pub visit: String,
}

/// ASCII digits of a text, those of any script read, at most so many.
pub fn digits_of(text: &str, most: usize) -> String {
    text.chars().filter_map(writing::ascii_digit).take(most).collect()
}

/// A code as a form sent it: digits of any script, or one with letters just as it stood in a list.
fn code_of(text: &str, most: usize) -> String {
    let listed = text.bytes().all(|octet| octet.is_ascii_uppercase() || octet.is_ascii_digit());
    if listed && text.bytes().any(|octet| octet.is_ascii_uppercase()) && text.len() <= DIGITS_MAX {
        return text.to_owned();
    }
    digits_of(text, most)
}

/// A telephone number as the pad shows it: it has no plus sign, `00` says the same.
pub fn dialled(text: &str) -> String {
    let text = text.trim_start();
    let beginning = if text.starts_with(['+', '\u{FF0B}']) { "00" } else { "" };
    digits_of(&format!("{beginning}{text}"), PHONE_MAX)
}

impl Typed {
    /// Nothing typed, in a visit that goes on.
    pub fn carrying(visit: &str) -> Self {
        Typed { visit: visit.to_owned(), ..Typed::default() }
    }

    /// When the page closes; `None`: when nobody touches it.
    pub fn closes(&self) -> Option<UnixMs> {
        let (_, at) = self.visit.split_once(CLOSES)?;
        at.parse().ok().map(UnixMs)
    }

    /// From what a form sent: digits of any script are read, a code of a list stays what it is, anything else is left out.
    pub fn read(digits: &str, at: &str, most: usize) -> Self {
        let digits = code_of(digits, most);
        let at = at.parse().ok().filter(|at| *at < digits.len());
        Typed { digits, at, ..Typed::default() }
    }

    /// With what was typed of a PIN.
    pub fn with_pin(self, pin: &str) -> Self {
        Typed { pin: digits_of(pin, PIN_MAX), ..self }
    }

    /// Takes a digit: in place of the one being corrected, else at the end while there is room.
    pub fn press(&mut self, digit: char, most: usize) {
        if let Some(at) = self.at.take() {
            let replaced = digit.to_string();
            self.digits.replace_range(at..at + 1, &replaced);
        } else if self.digits.len() < most {
            self.digits.push(digit);
        }
    }

    /// Takes back the last digit, or ends a correction.
    pub fn delete(&mut self) {
        if self.at.take().is_none() {
            self.digits.pop();
        }
    }

    /// In print: `120500-26-048193-7`.
    pub fn printed(&self, groups: &[usize]) -> String {
        let mut out = String::new();
        let mut rest = self.digits.as_str();
        for &group in groups {
            if group == 0 || group >= rest.len() {
                break;
            }
            let (head, tail) = rest.split_at(group);
            out.push_str(head);
            out.push('-');
            rest = tail;
        }
        out + rest
    }
}

/// A press on a pad of digits: a digit, `delete`, or `clear`; anything else changes nothing.
pub fn pressed(field: &mut String, press: &str, most: usize) {
    let mut chars = press.chars();
    match (press, chars.next(), chars.next()) {
        ("delete", ..) => drop(field.pop()),
        ("clear", ..) => field.clear(),
        (_, Some(digit @ '0'..='9'), None) if field.len() < most => field.push(digit),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GROUPS: [usize; 4] = [6, 2, 6, 1];

    #[test]
    fn presses_type_correct_and_delete() {
        let mut typed = Typed::read("12៥0a5", "", 15);
        assert_eq!(typed.digits, "12505");
        typed.at = Some(1);
        typed.press('9', 15);
        assert_eq!((typed.digits.as_str(), typed.at), ("19505", None));
        typed.delete();
        assert_eq!(typed.digits, "1950");
        let full = "9".repeat(15);
        let mut typed = Typed::read(&full, "99", 15);
        typed.press('1', 15);
        assert_eq!((typed.digits.as_str(), typed.at), (full.as_str(), None));
    }

    #[test]
    fn a_code_with_letters_goes_from_page_to_page_as_it_stood_in_a_list() {
        assert_eq!(Typed::read("MOC26048193", "", 15).digits, "MOC26048193");
        for (sent, kept) in [("moc26048193", "26048193"), ("MOC 26048193", "26048193"), ("MOC<b>1", "1")] {
            assert_eq!(Typed::read(sent, "", 15).digits, kept, "{sent}");
        }
        assert_eq!(Typed::read(&"A1".repeat(13), "", 24).digits, "1".repeat(13), "no code is so long");
    }

    #[test]
    fn the_code_is_printed_like_the_receipt() {
        let typed = Typed::read("1205002604819", "", 15);
        assert_eq!(typed.printed(&GROUPS), "120500-26-04819");
    }

    #[test]
    fn a_pad_fills_a_field_and_no_more() {
        let mut field = "12".to_owned();
        for press in ["3", "x", "44", "5"] {
            pressed(&mut field, press, 3);
        }
        assert_eq!(field, "123");
        pressed(&mut field, "delete", 3);
        assert_eq!(field, "12");
        pressed(&mut field, "clear", 3);
        assert_eq!(field, "");
    }
}

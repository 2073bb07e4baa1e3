//! What the templates show, made from facts: everything is said here in the visitor's language, so that a
//! template only places it. It must not know HTTP.
use super::words::{self, Lang, Told, Words};
use crate::dialogue::StatusFacts;
use crate::render::words as shared;
use crate::types::{
    civic::{ApplicationStatus, Ready, ReturnedDocument, TimelineEntry},
    time::phnom_penh,
};

/// Most digits that are taken from a visitor; the portal's codes have at most 24 characters.
pub const DIGITS_MAX: usize = 24;

/// What has been typed so far. Travels in hidden fields of the page, never in an address.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Typed {
    /// ASCII digits only.
    pub digits: String,
    /// The digit that is being corrected, counted from 0.
    pub at: Option<usize>,
    /// The PIN of the receipt as far as it was typed; ASCII digits only.
    pub pin: String,
}

/// Most digits of a PIN.
pub const PIN_MAX: usize = 6;

impl Typed {
    /// From what a form sent: anything but digits is left out, Khmer digits are read.
    pub fn read(digits: &str, at: &str, most: usize) -> Self {
        let digits: String = digits
            .chars()
            .filter_map(|c| match c {
                '0'..='9' => Some(c),
                '០'..='៩' => char::from_digit(u32::from(c) - u32::from('០'), 10),
                _ => None,
            })
            .take(most)
            .collect();
        let at = at.parse().ok().filter(|at| *at < digits.len());
        Typed { digits, at, pin: String::new() }
    }

    /// With what was typed of a PIN.
    pub fn with_pin(self, pin: &str) -> Self {
        let pin = pin.chars().filter(char::is_ascii_digit).take(PIN_MAX).collect();
        Typed { pin, ..self }
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

/// One place of the display.
pub struct Slot {
    /// Its number from 0, as the key `at` names it.
    pub index: usize,
    /// The digit, if typed.
    pub digit: Option<char>,
    /// Whether the next digit goes here.
    pub current: bool,
}

/// The display, grouped as the receipt prints the code. Without groups there are as many places as digits.
pub fn slots(typed: &Typed, groups: &[usize]) -> Vec<Vec<Slot>> {
    let digits: Vec<char> = typed.digits.chars().collect();
    let next = typed.at.unwrap_or(digits.len());
    let free = [digits.len().max(1)];
    let groups = if groups.is_empty() { &free } else { groups };
    let mut index = 0;
    let mut all = Vec::with_capacity(groups.len());
    for &group in groups {
        let upto = (index + group).min(DIGITS_MAX);
        let slot = |index| Slot { index, digit: digits.get(index).copied(), current: index == next };
        all.push((index..upto).map(slot).collect());
        index = upto;
    }
    all
}

/// How a thing stands, for icon, shape and colour alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tone {
    /// Class of the card.
    pub class: &'static str,
    /// Name of the icon.
    pub icon: &'static str,
}

fn tone(status: ApplicationStatus) -> Tone {
    use ApplicationStatus as S;
    let (class, icon) = match status {
        S::Registered => ("under-way", "inbox"),
        S::Paid | S::InReview => ("under-way", "clock"),
        S::Forwarded => ("under-way", "forward"),
        S::AwaitingPayment => ("your-turn", "coins"),
        S::ReturnedForCorrection => ("your-turn", "pencil"),
        S::Approved | S::ReadyForCollection | S::Collected => ("good", "check"),
        S::Rejected => ("ended", "cross"),
        S::Cancelled | S::Expired => ("ended", "minus"),
    };
    Tone { class, icon }
}

/// A label and what it labels.
pub struct Fact {
    /// Name of the icon.
    pub icon: &'static str,
    /// What it is.
    pub label: &'static str,
    /// What it says.
    pub value: String,
    /// A remark on it.
    pub note: Option<String>,
}

/// A returned document or a step taken.
pub struct Line {
    /// What.
    pub what: String,
    /// When or why.
    pub note: Option<String>,
}

/// The answer page's content.
pub struct StatusCard {
    /// The code as printed.
    pub code: String,
    /// Icon and colour.
    pub tone: Tone,
    /// Status word and what it means.
    pub told: Told,
    /// Office, dates, fee.
    pub facts: Vec<Fact>,
    /// What to do now.
    pub next: String,
    /// Whether there is something to do.
    pub to_do: bool,
    /// Documents to correct.
    pub returned: Vec<Line>,
    /// Steps so far, newest first.
    pub timeline: Vec<Line>,
    /// When this was known, if the portal is away.
    pub as_of: Option<String>,
}

/// Says where an application stands; how much of it may be said was decided when the facts were cut.
pub fn status_card(lang: Lang, known: &StatusFacts) -> StatusCard {
    let language = lang.language();
    let zone = phnom_penh();
    let words = lang.words();
    let told = known.next_action.as_ref().map(|text| text.get(language));
    let next = told.or_else(|| words::next_step(lang, known.status));
    let step = |step: &TimelineEntry| Line {
        what: shared::status_word(step.status, language).to_owned(),
        note: Some(shared::date_long(step.at.civil(&zone).date(), language)),
    };
    let document = |document: &ReturnedDocument| Line {
        what: document.name.get(language).to_owned(),
        note: document.reason.as_ref().map(|why| why.get(language).to_owned()),
    };
    StatusCard {
        code: known.code.printed().to_owned(),
        tone: tone(known.status),
        told: words::status(lang, known.status),
        facts: facts(lang, words, known),
        next: next.unwrap_or(words.nothing_to_do).to_owned(),
        to_do: next.is_some(),
        returned: known.returned_documents.iter().map(document).collect(),
        timeline: known.timeline.iter().rev().map(step).collect(),
        as_of: known.as_of.map(|at| words::date_time(lang, at.civil(&zone))),
    }
}

fn facts(lang: Lang, words: &Words, known: &StatusFacts) -> Vec<Fact> {
    let language = lang.language();
    let mut facts = Vec::new();
    let mut add = |icon, label, value: String, note| {
        facts.push(Fact { icon, label, value, note });
    };
    if let Some(name) = &known.service {
        add("paper", words.service, name.get(language).to_owned(), None);
    }
    match &known.ready {
        Some(Ready { office, until }) => {
            let name = office.name.get(language).to_owned();
            add("place", words.collect_at, name, None);
            if let Some(until) = until {
                let day = shared::date_long(*until, language);
                add("calendar", words.collect_until, day, None);
            }
        }
        None => {
            let name = known.office.name.get(language).to_owned();
            add("place", words.office, name, None);
        }
    }
    let since = known.status_at.civil(&phnom_penh()).date();
    add("clock", words.since, shared::date_long(since, language), None);
    if let Some(day) = known.expected_by {
        add("calendar", words.expected, shared::date_long(day, language), None);
    }
    if let Some(fee) = &known.fee {
        let amount = shared::money(fee.amount, language);
        let state = if fee.paid { words.fee_paid } else { words.fee_due };
        let bill = fee.bill_number.as_ref().filter(|_| !fee.paid);
        let note = bill.map(|number| format!("{} {number}", words.bill));
        add("coins", words.fee, format!("{amount} · {state}"), note);
    }
    facts
}

#[cfg(test)]
mod tests {
    use super::*;

    const GROUPS: [usize; 4] = [6, 2, 6, 1];

    #[test]
    fn only_digits_are_taken_and_not_too_many() {
        let typed = Typed::read("12x០៥-9\u{200B}<b>", "", 4);
        assert_eq!(typed.digits, "1205");
        assert_eq!(Typed::read("12", "2", 15).at, None);
        assert_eq!(Typed::read("12", "-1", 15).at, None);
        assert_eq!(Typed::read("12", "1", 15).at, Some(1));
    }

    #[test]
    fn a_digit_in_the_middle_can_be_corrected() {
        let mut typed = Typed::read("12345", "2", 15);
        typed.press('9', 15);
        assert_eq!((typed.digits.as_str(), typed.at), ("12945", None));
        typed.delete();
        assert_eq!(typed.digits, "1294");
        let mut full = Typed::read("1234", "", 4);
        full.press('5', 4);
        assert_eq!(full.digits, "1234");
    }

    #[test]
    fn the_display_is_grouped_like_the_receipt() {
        let typed = Typed::read("1205002604819", "", 15);
        assert_eq!(typed.printed(&GROUPS), "120500-26-04819");
        let slots = slots(&typed, &GROUPS);
        let lengths: Vec<_> = slots.iter().map(Vec::len).collect();
        assert_eq!(lengths, GROUPS);
        assert!(slots[2][5].current && slots[2][5].digit.is_none());
    }
}

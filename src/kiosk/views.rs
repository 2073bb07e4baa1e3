//! What the templates show, made from facts: everything is said here in the visitor's language, so that a
//! template only places it. It must not know HTTP.
use super::{
    typed::{DIGITS_MAX, Typed},
    words::{self, Lang, Message, Words},
};
use crate::{
    dialogue::StatusFacts,
    render::words as shared,
    types::{
        civic::{ApplicationStatus, Ready, ReturnedDocument, TimelineEntry},
        time::phnom_penh,
    },
};

/// One place of the display.
pub struct DigitSlot {
    /// Its number from 0, as the key `at` names it.
    pub index: usize,
    /// The digit, if typed.
    pub digit: Option<char>,
    /// Whether the next digit goes here.
    pub current: bool,
}

/// The display, grouped as the receipt prints the code. Without groups there are as many places as digits.
pub fn slots(typed: &Typed, groups: &[usize]) -> Vec<Vec<DigitSlot>> {
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

/// Something to press at the end of a page.
pub struct Action {
    /// What it does.
    pub does: Does,
    /// Name of the icon.
    pub icon: &'static str,
    /// What it says.
    pub words: &'static str,
    /// Whether it is what most want.
    pub strong: bool,
}

/// What pressing does.
pub enum Does {
    /// Sends the visit with this key to this page below the language.
    Key(&'static str, &'static str),
    /// Opens this page below the language.
    Open(String),
    /// Prints the page; needs script.
    Print,
}

impl Action {
    /// Sends the visit with `key` to `page`.
    pub fn key(page: &'static str, key: &'static str, icon: &'static str, words: &'static str) -> Self {
        Action { does: Does::Key(page, key), icon, words, strong: false }
    }

    /// Opens a page below the language.
    pub fn open(page: impl Into<String>, icon: &'static str, words: &'static str) -> Self {
        Action { does: Does::Open(page.into()), icon, words, strong: false }
    }

    /// Prints.
    pub fn print(words: &'static str) -> Self {
        Action { does: Does::Print, icon: "printer", words, strong: false }
    }

    /// What most want.
    pub fn strong(self) -> Self {
        Action { strong: true, ..self }
    }
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
pub struct NotedLine {
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
    pub message: Message,
    /// Office, dates, fee.
    pub facts: Vec<Fact>,
    /// What to do now.
    pub next: String,
    /// Whether there is something to do.
    pub to_do: bool,
    /// Documents to correct.
    pub returned: Vec<NotedLine>,
    /// Steps so far, newest first.
    pub timeline: Vec<NotedLine>,
    /// When this was known, if the portal is away.
    pub as_of: Option<String>,
}

/// Says where an application stands; how much of it may be said was decided when the facts were cut.
pub fn status_card(lang: Lang, known: &StatusFacts) -> StatusCard {
    let language = lang.language();
    let zone = phnom_penh();
    let words = lang.words();
    let message = known.next_action.as_ref().map(|text| text.get(language));
    let next = message.or_else(|| words::next_step(lang, known.status));
    let step = |step: &TimelineEntry| NotedLine {
        what: shared::status_word(step.status, language).to_owned(),
        note: Some(shared::date_long(step.at.civil(&zone).date(), language)),
    };
    let document = |document: &ReturnedDocument| NotedLine {
        what: document.name.get(language).to_owned(),
        note: document.reason.as_ref().map(|why| why.get(language).to_owned()),
    };
    StatusCard {
        code: known.code.printed().to_owned(),
        tone: tone(known.status),
        message: words::status(lang, known.status),
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
    fn the_display_is_grouped_like_the_receipt() {
        let slots = slots(&Typed::read("1205002604819", "", 15), &GROUPS);
        let lengths: Vec<_> = slots.iter().map(Vec::len).collect();
        assert_eq!(lengths, GROUPS);
        assert!(slots[2][5].current && slots[2][5].digit.is_none());
    }
}

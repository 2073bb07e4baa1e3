//! Where an application stands, in the visitor's words; how much of it may be said was decided when the facts were cut.
//! It must not know how it was asked for.
use super::facts::{Fact, NotedLine};
use crate::{
    dialogue::{FeeSeen, NextStep, StatusFacts},
    kiosk::texts::{self, Lang, Message, Words},
    render::words as shared,
    types::{
        UnixMs,
        civic::{ApplicationStatus, Ready, ReturnedDocument, TimelineEntry},
        time::phnom_penh,
    },
};

/// How a thing stands, for icon, shape and colour alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tone {
    /// Class of the card.
    pub class: &'static str,
    /// Name of the icon.
    pub icon: &'static str,
}

/// How a status stands.
pub fn tone(status: ApplicationStatus) -> Tone {
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
    let step = known.next_step();
    let office = known.next_action.as_ref().filter(|_| step.yields_to_the_office());
    let next = office.map(|text| text.get(language)).or_else(|| texts::next_step(lang, step));
    let entry = |step: &TimelineEntry| NotedLine {
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
        message: message(lang, known.status, step),
        facts: facts(lang, words, known),
        next: next.unwrap_or(words.nothing_to_do).to_owned(),
        to_do: next.is_some(),
        returned: known.returned_documents.iter().map(document).collect(),
        timeline: known.timeline.iter().rev().map(entry).collect(),
        as_of: known.as_of.map(|at| texts::date_time(lang, at.civil(&zone))),
    }
}

/// The status and what it means. Who has nothing to pay is not told that work waits for a fee.
fn message(lang: Lang, status: ApplicationStatus, step: NextStep) -> Message {
    let message = texts::status(lang, status);
    if status == ApplicationStatus::AwaitingPayment && !step.pays() {
        return Message { text: texts::status(lang, ApplicationStatus::Registered).text, ..message };
    }
    message
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
    let day = |at: UnixMs| shared::date_long(at.civil(&phnom_penh()).date(), language);
    match (known.status_at, known.registered_at) {
        (Some(since), _) => add("clock", words.since, day(since), None),
        (None, Some(registered)) => add("clock", words.registered_on, day(registered), None),
        (None, None) => {}
    }
    if let Some(day) = known.expected_by {
        add("calendar", words.expected, shared::date_long(day, language), None);
    }
    if let Some(fee) = &known.fee {
        let amount = shared::money(fee.amount, language);
        let pays = known.next_step().pays();
        // what nobody is asked to pay is not called unpaid
        let value = match FeeSeen::of(Some(fee)) {
            FeeSeen::Free => shared::free(language).to_owned(),
            FeeSeen::Paid => format!("{amount} · {}", words.fee_paid),
            FeeSeen::Due if pays => format!("{amount} · {}", words.fee_due),
            FeeSeen::Due | FeeSeen::Unseen => amount,
        };
        let bill = fee.bill_number.as_ref().filter(|_| pays);
        let note = bill.map(|number| format!("{} {number}", words.bill));
        add("coins", words.fee, value, note);
    }
    facts
}

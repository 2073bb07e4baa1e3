//! A view as one text message. A status answer is a single SMS in every language: what does not fit is left
//! out, the code and the status never. Knows the templates, no telco and no conversation.
use super::{fit, texts, words};
use crate::dialogue::{StatusFacts, View};
use crate::types::civic::{ApplicationStatus, OfficeRef};
use crate::types::{Language, RegistrationCode};
use jiff::tz::TimeZone;
use texts::Parts;

/// A text as it is to be sent: in `km` UCS-2, in `km-Latn` and `en` only characters of one GSM-7 septet.
#[derive(Clone, PartialEq, Eq)]
pub struct SmsText {
    /// The text itself; it may hold a registration code.
    pub text: String,
}

impl std::fmt::Debug for SmsText {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SmsText([text])")
    }
}

/// Longest printed form repeated; a longer one is repeated without its separators.
const CODE_CHARS_MAX: usize = 24;
/// What an office's name may take, in units of the alphabet, when it has no short one.
const OFFICE_UNITS_MAX: usize = 20;

/// Writes a view in `language`, with times of day in `zone`.
pub fn render_sms(view: &View, language: Language, zone: &TimeZone) -> SmsText {
    let text = match view {
        View::Status(facts) => status(facts, language, zone),
        View::Mistyped { code } => texts::Mistyped::text(language, shown(code)),
        View::Unknown { code, pin_given: false } => texts::Unknown::text(language, shown(code)),
        View::Unknown { code, pin_given: true } => texts::UnknownPin::text(language, shown(code)),
        View::EnterCode => texts::EnterCode::text(language),
        View::Help => texts::Help::text(language),
        View::Menu => texts::Menu::text(language),
        View::PortalAway { code } => texts::Away::text(language, code.as_ref().map_or("", shown)),
        View::LanguageSet(chosen) => texts::LanguageSet::text(*chosen),
        View::Stopped => texts::Stopped::text(language),
        View::Started => texts::Started::text(language),
        View::SlowDown => texts::SlowDown::text(language),
        View::AskAgain => texts::AskAgain::text(language),
        View::Apology => texts::Apology::text(language),
    };
    SmsText { text }
}

fn shown(code: &RegistrationCode) -> &str {
    if code.printed().len() <= CODE_CHARS_MAX { code.printed() } else { code.canonical() }
}

/// The richest form that fits: the next step goes first, then the office's name shrinks, last the date goes.
fn status(facts: &StatusFacts, language: Language, zone: &TimeZone) -> String {
    let office = office_name(facts.office_to_name(), language);
    let date = match facts.as_of {
        Some(at) => words::moment_short(at.civil(zone)),
        None => words::date_short(facts.status_at.civil(zone).date()),
    };
    let least = Parts {
        code: shown(&facts.code),
        status: words::status_word(facts.status, language),
        office: &office,
        date: &date,
        kept: facts.as_of.is_some(),
        next: "",
        hint: false,
    };
    let fits = |parts: &Parts<'_>| {
        let text = texts::Status::text(language, parts);
        (fit::length(&text, language) <= fit::budget(language)).then_some(text)
    };
    for next in &next_steps(facts, language) {
        for hint in [true, false] {
            if let Some(text) = fits(&Parts { next, hint, ..least }) {
                return text;
            }
        }
    }
    for hint in [true, false] {
        if let Some(text) = fits(&Parts { hint, ..least }) {
            return text;
        }
    }
    for units in (0..fit::length(&office, language)).rev() {
        let office = fit::shorten(&office, units, language);
        if let Some(text) = fits(&Parts { office, ..least }) {
            return text;
        }
    }
    texts::Status::text(language, &Parts { office: "", date: "", ..least })
}

fn office_name(office: &OfficeRef, language: Language) -> String {
    match &office.short {
        Some(short) => fit::clean(short.get(language), language),
        None => {
            let name = fit::clean(office.name.get(language), language);
            fit::shorten(&name, OFFICE_UNITS_MAX, language).to_owned()
        }
    }
}

/// What may stand as next step, the most telling first.
fn next_steps(facts: &StatusFacts, language: Language) -> Vec<String> {
    let hint = words::status_hint(facts.status, language);
    let mut steps = Vec::with_capacity(4);
    if let Some(day) = day_to_name(facts) {
        let day = by_day(facts.status, &words::date_short(day), language);
        if !hint.is_empty() {
            steps.push(format!("{day}{} {hint}", stop(language)));
        }
        steps.push(day);
    }
    if let (ApplicationStatus::AwaitingPayment, Some(fee)) = (facts.status, &facts.fee) {
        let amount = words::money(fee.amount, language);
        steps.push(format!("{hint} {amount}"));
        steps.push(amount);
        if language == Language::Km {
            steps.push(format!("{}៛", fee.amount.grouped()));
        }
    }
    if let Some(action) = &facts.next_action {
        let action = fit::clean(action.get(language), language);
        if !fit::holds_link(&action) {
            let end = ['.', '។', ' '];
            steps.push(action.trim_end_matches(end).to_owned());
        }
    }
    if !hint.is_empty() {
        steps.push(hint.to_owned());
    }
    steps.retain(|step| !step.is_empty());
    steps
}

fn stop(language: Language) -> &'static str {
    match language {
        Language::Km => "។",
        Language::KmLatn | Language::En => ".",
    }
}

/// The day that matters to the citizen now: until when to collect, or by when it will be done.
fn day_to_name(facts: &StatusFacts) -> Option<jiff::civil::Date> {
    use ApplicationStatus as S;
    match facts.status {
        S::ReadyForCollection => facts.ready.as_ref().and_then(|ready| ready.until),
        S::Registered | S::Paid | S::InReview | S::Forwarded | S::Approved => facts.expected_by,
        S::AwaitingPayment | S::ReturnedForCorrection => None,
        S::Collected | S::Rejected | S::Cancelled | S::Expired => None,
    }
}

fn by_day(status: ApplicationStatus, day: &str, language: Language) -> String {
    let collect = status == ApplicationStatus::ReadyForCollection;
    let words = match (language, collect) {
        (Language::Km, true) => "យកដល់",
        (Language::Km, false) => "រួចត្រឹម",
        (Language::KmLatn, true) => "Yok dol",
        (Language::KmLatn, false) => "Ruoch troem",
        (Language::En, true) => "Collect by",
        (Language::En, false) => "Expected by",
    };
    format!("{words} {day}")
}

#[cfg(test)]
mod tests;

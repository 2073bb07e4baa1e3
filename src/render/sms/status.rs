//! A status answer in one SMS. What does not fit goes in this order: how to change the language, the day of the status,
//! the end of the office's name. What the citizen is to do goes last, the code and the status never. Knows no conversation.
use super::super::{fit, texts, words};
use super::parts::{by_day, office_name, shown, stop};
use crate::dialogue::StatusFacts;
use crate::types::{Language, UnixMs, civic::ApplicationStatus};
use jiff::{civil::Date, tz::TimeZone};

/// Least that is left of an office's name as long as something else can go.
const OFFICE_UNITS_MIN: usize = 4;

/// One way to say it: what stands before the office, its name, what is to be done.
struct Form {
    head: String,
    office: String,
    next: String,
}

/// The richest form that fits.
pub(super) fn text(facts: &StatusFacts, language: Language, zone: &TimeZone) -> String {
    let office = office_name(facts.office_to_name(), language);
    let code = shown(&facts.code);
    let kept = facts.as_of.is_some();
    let date = match facts.as_of {
        Some(at) => words::moment_short(at.civil(zone), language),
        None => day_of(facts, language, zone).unwrap_or_default(),
    };
    // that an answer is an old one is always said
    let least = if kept { date.as_str() } else { "" };
    let fitting = |form: &Form, date: &str, hint: bool| {
        let text = texts::status(language, code, &form.head, &form.office, date, kept, &form.next, hint);
        (fit::length(&text, language) <= fit::budget(language)).then_some(text)
    };
    let whole = forms(facts, &office, language);
    for form in &whole {
        for (date, hint) in [(date.as_str(), true), (&date, false), (least, false)] {
            if let Some(text) = fitting(form, date, hint) {
                return text;
            }
        }
    }
    let shorter = |least: usize| (least..fit::length(&office, language)).rev();
    let cut = |units: usize| fit::shorten(&office, units, language);
    let acting = shorter(OFFICE_UNITS_MIN).flat_map(|units| forms(facts, cut(units), language));
    let bare = |office: &str| Form {
        head: words::status_word(facts.status, language).to_owned(),
        office: office.to_owned(),
        next: String::new(),
    };
    acting
        .filter(|form| !form.next.is_empty() || form.office.is_empty())
        .chain(shorter(0).map(|units| bare(cut(units))))
        .find_map(|form| fitting(&form, least, false))
        .unwrap_or_else(|| texts::status(language, code, &bare("").head, "", least, kept, "", false))
}

/// Since when it stands so, or when it was registered; a day beside something to do would be read as the day to do it.
pub(in super::super) fn day_of(facts: &StatusFacts, language: Language, zone: &TimeZone) -> Option<String> {
    use ApplicationStatus as S;
    let to_do = matches!(facts.status, S::AwaitingPayment | S::ReturnedForCorrection | S::ReadyForCollection);
    let day = |at: UnixMs| words::date_short(at.civil(zone).date(), language);
    match (to_do, facts.status_at, facts.registered_at) {
        (true, ..) | (false, None, None) => None,
        (false, Some(since), _) => Some(day(since)),
        (false, None, Some(registered)) => Some(words::registered_on(&day(registered), language)),
    }
}

/// The day that matters to the citizen now: until when to collect, or by when it should be done.
pub(in super::super) fn day_to_name(facts: &StatusFacts) -> Option<Date> {
    match facts.status {
        ApplicationStatus::ReadyForCollection => facts.ready.as_ref().and_then(|ready| ready.until),
        status => expected(status, facts.expected_by),
    }
}

/// By when it should be done, where something is still being done about it.
pub(super) fn expected(status: ApplicationStatus, day: Option<Date>) -> Option<Date> {
    use ApplicationStatus as S;
    match status {
        S::Registered | S::Paid | S::InReview | S::Forwarded | S::Approved => day,
        S::AwaitingPayment | S::ReturnedForCorrection | S::ReadyForCollection => None,
        S::Collected | S::Rejected | S::Cancelled | S::Expired => None,
    }
}

/// All ways to say it with this name of the office, the most telling first.
fn forms(facts: &StatusFacts, office: &str, language: Language) -> Vec<Form> {
    let head = words::status_word(facts.status, language);
    let mut forms = match facts.status {
        ApplicationStatus::AwaitingPayment => to_pay(facts, head, office, language),
        ApplicationStatus::ReturnedForCorrection => to_correct(facts, head, office, language),
        ApplicationStatus::ReadyForCollection => to_collect(facts, head, office, language),
        _ => Vec::new(),
    };
    let more = next_steps(facts, language).into_iter().filter(|next| !next.is_empty());
    forms.extend(more.map(|next| Form { head: head.to_owned(), office: office.to_owned(), next }));
    forms.push(Form { head: head.to_owned(), office: office.to_owned(), next: String::new() });
    forms
}

/// What is to be paid, where, and for which bill.
fn to_pay(facts: &StatusFacts, head: &str, office: &str, language: Language) -> Vec<Form> {
    let Some(fee) = facts.fee.as_ref().filter(|_| facts.next_step().pays()) else { return Vec::new() };
    let amount = words::money(fee.amount, language);
    let bill = fee.bill_number.as_ref().map(|bill| fit::clean(bill, language));
    let apart = |next: String| Form { head: head.to_owned(), office: office.to_owned(), next };
    let mut forms: Vec<Form> = bill.iter().map(|bill| apart(words::pay_at(&amount, Some(bill), language))).collect();
    forms.push(apart(words::pay_at(&amount, None, language)));
    if language == Language::Km {
        let at = format!("{head} {} នៅបេឡា {office}", words::money_short(fee.amount));
        forms.push(Form { head: at, office: String::new(), next: String::new() });
    }
    forms
}

/// Where to come, and what to correct: it says more than that something must be.
fn to_correct(facts: &StatusFacts, head: &str, office: &str, language: Language) -> Vec<Form> {
    let hint = words::step_hint(facts.next_step(), language);
    let names = facts.returned_documents.iter().map(|document| fit::clean(document.name.get(language), language));
    let names: Vec<String> = names.take(3).collect();
    let lists = (1..=names.len()).rev().map(|count| names[..count].join(", "));
    let come = |list: String| match language {
        Language::Km => {
            Form { head: head.to_owned(), office: String::new(), next: format!("សូមមក {office}៖ {list}") }
        }
        Language::KmLatn | Language::En => {
            Form { head: head.to_owned(), office: office.to_owned(), next: format!("{hint}: {list}") }
        }
    };
    let mut forms: Vec<Form> = lists.map(come).collect();
    if language == Language::Km && names.is_empty() {
        forms.push(Form { head: head.to_owned(), office: String::new(), next: format!("សូមមក {office}") });
    }
    forms
}

/// Until when to collect, today's hours, what to bring.
fn to_collect(facts: &StatusFacts, head: &str, office: &str, language: Language) -> Vec<Form> {
    let Some(until) = facts.ready.as_ref().and_then(|ready| ready.until) else { return Vec::new() };
    let hint = words::step_hint(facts.next_step(), language);
    let day = by_day(facts.status, &words::date_short(until, language), language);
    let end = stop(language);
    let today = facts.hours_today.as_ref().map(|hours| words::today(hours, language));
    let steps = today.map(|today| format!("{day}{end} {today}{end} {hint}")).into_iter();
    let steps = steps.chain([format!("{day}{end} {hint}")]);
    let mut forms: Vec<Form> =
        steps.map(|next| Form { head: head.to_owned(), office: office.to_owned(), next }).collect();
    if language == Language::Km {
        for day in [words::date_short(until, language), words::day_and_month(until, language)] {
            let next = format!("យកបង្កាន់ដៃមក {office} ត្រឹម {day}");
            forms.push(Form { head: head.to_owned(), office: String::new(), next });
        }
    }
    forms
}

/// What may stand as next step, the most telling first.
fn next_steps(facts: &StatusFacts, language: Language) -> Vec<String> {
    let hint = words::step_hint(facts.next_step(), language);
    let mut steps = Vec::with_capacity(4);
    if let Some(day) = expected(facts.status, facts.expected_by) {
        let day = by_day(facts.status, &words::date_short(day, language), language);
        if !hint.is_empty() {
            steps.push(format!("{day}{} {hint}", stop(language)));
        }
        steps.push(day);
    }
    if let Some(action) = facts.next_action.as_ref().filter(|_| facts.next_step().yields_to_the_office()) {
        let action = fit::clean(action.get(language), language);
        if !fit::holds_link(&action) {
            steps.push(action.trim_end_matches(['.', '។', ' ']).to_owned());
        }
    }
    steps.push(hint.to_owned());
    steps
}

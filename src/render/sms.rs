//! A view as one text message. A status answer is a single SMS in every language: what does not fit is left
//! out, the code and the status never. Knows the templates, no telco and no conversation.
use super::{fit, texts, words};
use crate::dialogue::{StatusFacts, View};
use crate::types::civic::{ApplicationStatus, AppointmentStatus, Complaint};
use crate::types::{Language, RegistrationCode};
use jiff::tz::TimeZone;
use lists::{Moment, moment};
use parts::stop;
pub(super) use parts::{by_day, office_name};

pub(super) mod lists;
mod notices;
mod parts;
pub(super) mod sheets;

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

/// Writes a view in `language`, with times of day in `zone`.
pub fn render_sms(view: &View, language: Language, zone: &TimeZone) -> SmsText {
    let text = match view {
        View::Status(facts) => status(facts, language, zone),
        View::Mistyped { code } => texts::mistyped(language, shown(code)),
        View::Unknown { code, pin_given: false } => texts::unknown(language, shown(code)),
        View::Unknown { code, pin_given: true } => texts::unknown_pin(language, shown(code)),
        View::AddPin { code } => texts::add_pin(language, shown(code)),
        View::PinLocked { code } => texts::pin_locked(language, shown(code)),
        View::EnterCode => texts::enter_code(language),
        View::Help => texts::help(language),
        View::Menu => texts::menu(language),
        View::PortalAway { code } => texts::away(language, code.as_ref().map_or("", shown)),
        View::ChooseLanguage => texts::choose_language(language),
        View::LanguageSet(chosen) => texts::language_set(*chosen),
        View::Stopped => texts::stopped(language),
        View::Started => texts::started(language),
        // only kiosks have visits that wait
        View::SlowDown | View::Wait { .. } => texts::slow_down(language),
        View::AskAgain => texts::ask_again(language),
        View::Apology => texts::apology(language),
        View::AskService => texts::ask_service(language),
        View::AskOffice => texts::ask_office(language),
        View::NoSuchService => texts::no_such_service(language),
        View::NoSuchOffice => texts::no_such_office(language),
        View::Service(facts) => sheets::service(facts, language),
        View::Office(facts) => sheets::office(facts, language),
        View::AskRating => texts::ask_rating(language),
        View::Thanks => texts::thanks(language),
        View::RatingKept => texts::rating_kept(language),
        View::ComplaintKept { told } => texts::complaint_kept(language, *told),
        View::AskComplaint => texts::ask_complaint(language),
        View::ComplaintFiled { reference } => texts::complaint_filed(language, reference),
        View::Complaint(complaint) => complaint_text(complaint, language, zone),
        View::NoSuchComplaint => texts::no_such_complaint(language),
        View::Choose { asking, options, more, office, day, again } => {
            let (office, more, day) = (office.as_ref(), *more, *day);
            lists::text(&lists::List { asking: *asking, options, more, office, day, again: *again }, language, zone)
        }
        View::Notice { notice, code } => notices::text(notice, code, language, zone),
        View::ConfirmBooking { .. }
        | View::ConfirmMove { .. }
        | View::ConfirmCancel { .. }
        | View::Booked(_)
        | View::Moved(_)
        | View::Cancelled(_)
        | View::Uncertain
        | View::NotDone
        | View::Appointments(_)
        | View::NoAppointments
        | View::NothingFree { .. }
        | View::CannotChange => appointment(view, language, zone),
    };
    SmsText { text }
}

/// What is said about appointments.
fn appointment(view: &View, language: Language, zone: &TimeZone) -> String {
    match view {
        View::ConfirmBooking { office, service, start, digits, again } => {
            let what = (office, service.as_ref());
            lists::confirm_booking(*again, what, *start, &agree(*digits), language, zone)
        }
        View::ConfirmMove { appointment, start, digits, again } => {
            let Moment { day, hour } = moment(*start, language, zone);
            texts::confirm_move(language, *again, &appointment.reference, &day, &hour, &agree(*digits))
        }
        View::ConfirmCancel { appointment, digits, again } => {
            let Moment { day, hour } = moment(appointment.start, language, zone);
            texts::confirm_cancel(language, *again, &appointment.reference, &day, &hour, &agree(*digits))
        }
        View::Booked(one) | View::Moved(one) | View::Cancelled(one) => {
            let Moment { day, hour } = moment(one.start, language, zone);
            let (reference, office) = (one.reference.as_str(), office_name(&one.office, language));
            let pin = one.pin.as_ref().map_or("", |pin| pin.digits());
            match view {
                View::Cancelled(_) => texts::cancelled(language, reference, &day, &hour),
                View::Moved(_) => texts::moved(language, reference, &office, &day, &hour),
                _ if one.status == AppointmentStatus::Booked => {
                    texts::booked(language, reference, &office, &day, &hour, pin)
                }
                _ => texts::waiting(language, reference, &office, &day, &hour),
            }
        }
        View::Uncertain => texts::uncertain(language),
        View::NotDone => texts::not_done(language),
        View::Appointments(all) => {
            let lines: Vec<String> = all.iter().map(|one| lists::appointment_line(one, language, zone)).collect();
            texts::appointments(language, &lines.join("\n"))
        }
        View::NoAppointments => texts::no_appointments(language),
        View::NothingFree { office } => texts::nothing_free(language, &office_name(office, language)),
        _ => texts::cannot_change(language),
    }
}

/// What is sent back for a yes.
pub(super) fn agree(digits: Option<u8>) -> String {
    digits.unwrap_or(1).to_string()
}

fn complaint_text(complaint: &Complaint, language: Language, zone: &TimeZone) -> String {
    let status = words::complaint_status(complaint.status, language);
    let date = words::date_short(complaint.status_at.civil(zone).date());
    let answer = complaint.answer.as_ref().map(|answer| fit::clean(answer.get(language), language)).unwrap_or_default();
    let answer = if fit::holds_link(&answer) { String::new() } else { answer };
    texts::complaint(language, &complaint.reference, status, &date, &answer)
}

pub(super) fn shown(code: &RegistrationCode) -> &str {
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
        let text = status_text(language, parts);
        (fit::length(&text, language) <= fit::budget(language)).then_some(text)
    };
    for next in &next_steps(facts, language) {
        for hint in [true, false] {
            if let Some(text) = fits(&Parts { next, hint, ..least }) {
                return text;
            }
        }
    }
    if let Some(amount) = amount_due(facts, language) {
        // what is to be paid goes before the whole name of the office
        for units in (4..=fit::length(&office, language)).rev() {
            let office = fit::shorten(&office, units, language);
            if let Some(text) = fits(&Parts { office, next: &amount, ..least }) {
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
    status_text(language, &Parts { office: "", date: "", ..least })
}

/// What a status answer is put together from; empty strings are left out.
#[derive(Clone, Copy)]
struct Parts<'a> {
    code: &'a str,
    status: &'a str,
    office: &'a str,
    date: &'a str,
    /// The date is that of a kept answer.
    kept: bool,
    next: &'a str,
    /// Whether to say how to change the language.
    hint: bool,
}

fn status_text(language: Language, p: &Parts<'_>) -> String {
    texts::status(language, p.code, p.status, p.office, p.date, p.kept, p.next, p.hint)
}

/// What is to be paid, as short as it can be written.
fn amount_due(facts: &StatusFacts, language: Language) -> Option<String> {
    let fee = facts.fee.as_ref().filter(|_| facts.next_step().pays())?;
    Some(match language {
        Language::Km => format!("{}៛", fee.amount.0),
        Language::KmLatn | Language::En => format!("{} riel", fee.amount.0),
    })
}

/// What may stand as next step, the most telling first.
fn next_steps(facts: &StatusFacts, language: Language) -> Vec<String> {
    let todo = facts.next_step();
    let hint = words::step_hint(todo, language);
    let mut steps = Vec::with_capacity(6);
    let today = facts.hours_today.as_ref().map(|hours| words::today(hours, language));
    if let Some(day) = day_to_name(facts) {
        let day = by_day(facts.status, &words::date_short(day), language);
        if let Some(today) = &today {
            steps.push(format!("{day}{} {today}{} {hint}", stop(language), stop(language)));
            steps.push(format!("{day}{} {today}", stop(language)));
        }
        if !hint.is_empty() {
            steps.push(format!("{day}{} {hint}", stop(language)));
        }
        steps.push(day);
    }
    if let (true, Some(fee)) = (todo.pays(), &facts.fee) {
        let amount = words::money(fee.amount, language);
        if let Some(bill) = &fee.bill_number {
            let bill = fit::clean(bill, language);
            steps.push(format!("{hint} {amount} ({bill})"));
            steps.push(format!("{amount} ({bill})"));
        }
        steps.push(format!("{hint} {amount}"));
        steps.push(amount);
        if language == Language::Km {
            steps.push(format!("{}៛", fee.amount.grouped()));
            steps.extend(amount_due(facts, language));
        }
    }
    for count in (1..=facts.returned_documents.len().min(3)).rev() {
        // what must be corrected says more than that something must be
        let names: Vec<String> = facts.returned_documents[..count]
            .iter()
            .map(|document| fit::clean(document.name.get(language), language))
            .collect();
        steps.push(format!("{hint}: {}", names.join(", ")));
    }
    if let Some(action) = facts.next_action.as_ref().filter(|_| todo.yields_to_the_office()) {
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

/// The day that matters to the citizen now: until when to collect, or by when it will be done.
pub(super) fn day_to_name(facts: &StatusFacts) -> Option<jiff::civil::Date> {
    use ApplicationStatus as S;
    match facts.status {
        S::ReadyForCollection => facts.ready.as_ref().and_then(|ready| ready.until),
        S::Registered | S::Paid | S::InReview | S::Forwarded | S::Approved => facts.expected_by,
        S::AwaitingPayment | S::ReturnedForCorrection => None,
        S::Collected | S::Rejected | S::Cancelled | S::Expired => None,
    }
}

#[cfg(test)]
mod tests;

//! A view as one text message. A status answer is a single SMS in every language (`status`). Knows the templates, no telco and no conversation.
use super::{fit, texts, words};
use crate::dialogue::View;
use crate::types::Language;
use crate::types::civic::{AppointmentStatus, Complaint, OfficeRef};
use jiff::tz::TimeZone;
use lists::{Moment, moment};
pub(super) use parts::{by_day, office_name, shown};
pub(super) use status::{day_of, day_to_name};

pub(super) mod lists;
mod notices;
mod parts;
pub(super) mod sheets;
mod status;

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

/// Writes a view in `language`, with times of day in `zone`.
pub fn render_sms(view: &View, language: Language, zone: &TimeZone) -> SmsText {
    let text = match view {
        View::Status(facts) => status::text(facts, language, zone),
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
        View::Welcome => texts::welcome(language),
        View::RatingKept => texts::rating_kept(language),
        View::ComplaintKept { told } => texts::complaint_kept(language, *told),
        View::AskComplaint => texts::ask_complaint(language),
        View::ComplaintFiled { reference } => texts::complaint_filed(language, reference),
        View::Complaint(complaint) => complaint_text(complaint, language, zone),
        View::NoSuchComplaint => texts::no_such_complaint(language),
        View::NotOffered { call } => {
            let (office, phone) = to_call(call.as_ref(), language);
            texts::not_offered(language, &office, &phone)
        }
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
        | View::Unchanged(_)
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
        View::ConfirmBooking { office, service, start, held, digits, again } => {
            let what = (office, service.as_ref());
            lists::confirm_booking((*again, *held), what, *start, &agree(*digits), language, zone)
        }
        View::ConfirmMove { appointment, start, held, digits, again } => {
            let Moment { day, hour } = moment(*start, language, zone);
            texts::confirm_move(language, *again, &appointment.reference, &day, &hour, &agree(*digits), *held)
        }
        View::ConfirmCancel { appointment, digits, again } => {
            let Moment { day, hour } = moment(appointment.start, language, zone);
            texts::confirm_cancel(language, *again, &appointment.reference, &day, &hour, &agree(*digits))
        }
        View::Booked(one) | View::Moved(one) | View::Cancelled(one) | View::Unchanged(one) => {
            let Moment { day, hour } = moment(one.start, language, zone);
            let (reference, office) = (one.reference.as_str(), office_name(&one.office, language));
            let pin = one.pin.as_ref().map_or("", |pin| pin.digits());
            match view {
                View::Cancelled(_) => texts::cancelled(language, reference, &day, &hour),
                View::Unchanged(_) => texts::unchanged(language, reference, &day, &hour),
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

/// An office and its number, as they are said; empty where none is known.
pub(super) fn to_call(call: Option<&(OfficeRef, String)>, language: Language) -> (String, String) {
    let said = |(office, phone): &(OfficeRef, String)| (office_name(office, language), fit::clean(phone, language));
    call.map(said).unwrap_or_default()
}

/// What is sent back for a yes.
pub(super) fn agree(digits: Option<u8>) -> String {
    digits.unwrap_or(1).to_string()
}

fn complaint_text(complaint: &Complaint, language: Language, zone: &TimeZone) -> String {
    let status = words::complaint_status(complaint.status, language);
    let date = words::date_short(complaint.status_at.civil(zone).date(), language);
    let answer = complaint.answer.as_ref().map(|answer| fit::clean(answer.get(language), language)).unwrap_or_default();
    let answer = if fit::holds_link(&answer) { String::new() } else { answer };
    texts::complaint(language, &complaint.reference, status, &date, &answer)
}

#[cfg(test)]
mod tests;

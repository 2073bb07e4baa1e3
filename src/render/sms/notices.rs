//! Texts nobody asked for just now: two segments at most, in Khmer too; what does not fit is left out, the code
//! and what happened never.
use super::super::{fit, texts, words};
use super::{
    lists,
    parts::{by_day, office_name, stop},
};
use crate::types::Language;
use crate::types::civic::{ApplicationStatus, Notice};
use jiff::tz::TimeZone;

/// Most segments of an unasked text.
const SEGMENTS_MAX: usize = 2;

pub(super) fn text(notice: &Notice, code: &str, language: Language, zone: &TimeZone) -> String {
    match notice {
        Notice::Status { status, office, fee, expected_by, .. } => {
            let mut next = words::status_hint(*status, language).to_owned();
            if let (ApplicationStatus::AwaitingPayment, Some(fee)) = (status, fee) {
                next = format!("{next} {}", words::money(fee.amount, language));
                if let Some(bill) = &fee.bill_number {
                    next = format!("{next} ({})", fit::clean(bill, language));
                }
            } else if let Some(day) = expected_by {
                next = by_day(*status, &words::date_short(*day), language);
            }
            fitted(code, *status, &office_name(office, language), &next, language)
        }
        Notice::Ready { office, until, .. } => {
            let status = ApplicationStatus::ReadyForCollection;
            let hint = words::status_hint(status, language);
            let next = match until {
                Some(day) => format!("{}{} {hint}", by_day(status, &words::date_short(*day), language), stop(language)),
                None => hint.to_owned(),
            };
            fitted(code, status, &office_name(office, language), &next, language)
        }
        Notice::Paid { amount, bill_number, .. } => {
            let bill = fit::clean(bill_number, language);
            texts::push_paid(language, code, &words::money(*amount, language), &bill)
        }
        Notice::Reminder { reference, office, start } => {
            let lists::Moment { day, hour } = lists::moment(*start, language, zone);
            texts::push_reminder(language, reference, &office_name(office, language), &day, &hour)
        }
    }
}

fn fitted(code: &str, status: ApplicationStatus, office: &str, next: &str, language: Language) -> String {
    let status = words::status_word(status, language);
    for (office, next) in [(office, next), (office, ""), ("", "")] {
        let text = texts::push_status(language, code, status, office, next);
        if fit::segments(&text) <= SEGMENTS_MAX {
            return text;
        }
    }
    texts::push_status(language, code, status, "", "")
}

//! Texts nobody asked for just now: two segments at most, in Khmer too; what does not fit is left out, the code
//! and what happened never.
use super::super::{fit, texts, words};
use super::{
    lists,
    parts::{by_day, office_name, stop},
    status::expected,
};
use crate::dialogue::{FeeSeen, NextStep};
use crate::types::Language;
use crate::types::civic::{ApplicationStatus, Disclosure, Notice};
use jiff::tz::TimeZone;

/// Most segments of an unasked text.
const SEGMENTS_MAX: usize = 2;

pub(super) fn text(notice: &Notice, code: &str, language: Language, zone: &TimeZone) -> String {
    match notice {
        Notice::Status { status, office, fee, expected_by, .. } => {
            // whoever is told has agreed to be: the fee is seen, if there is one
            let todo = NextStep::of(*status, FeeSeen::of(fee.as_ref()), Disclosure::Contact, true);
            let next = match (fee.as_ref().filter(|_| todo.pays()), expected(*status, *expected_by)) {
                (Some(fee), _) => {
                    let bill = fee.bill_number.as_ref().map(|bill| fit::clean(bill, language));
                    words::pay_at(&words::money(fee.amount, language), bill.as_deref(), language)
                }
                (None, Some(day)) => by_day(*status, &words::date_short(day, language), language),
                (None, None) => words::step_hint(todo, language).to_owned(),
            };
            fitted(code, *status, &office_name(office, language), &next, language)
        }
        Notice::Ready { office, until, .. } => {
            let status = ApplicationStatus::ReadyForCollection;
            let hint = words::step_hint(NextStep::Collect, language);
            let next = match until {
                Some(day) => {
                    format!("{}{} {hint}", by_day(status, &words::date_short(*day, language), language), stop(language))
                }
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

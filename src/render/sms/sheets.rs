//! Service sheets and offices as texts: the facts in the order of their use, cut from the end until the text
//! costs what it may.
use super::super::{fit, texts, words};
use super::parts::office_name;
use crate::dialogue::view::{OfficeFacts, ServiceFacts};
use crate::types::Language;
use crate::types::civic::{Office, RequiredDocument};

/// Segments of an answer that was asked for.
const SEGMENTS_MAX: usize = 3;
/// A closed day that is nearer than this is told.
const CLOSED_WITHIN_DAYS: i32 = 14;

pub(super) fn service(facts: &ServiceFacts, language: Language) -> String {
    let service = &*facts.service;
    let name = fit::clean(service.name.get(language), language);
    let fees: Vec<String> = service.fees.iter().map(|fee| words::fee(fee, language)).collect();
    let fee = fit::clean(&fees.join("; "), language);
    let days = service.max_working_days.map(|days| words::working_days(days, language)).unwrap_or_default();
    let documents: Vec<String> = service.documents.iter().map(|document| document_words(document, language)).collect();
    let first_fee = fees.first().map(|fee| fit::clean(fee, language)).unwrap_or_default();
    for count in (0..=documents.len()).rev() {
        let mut list = documents[..count].join(", ");
        if count < documents.len() && count > 0 {
            list.push_str(words::pick(language, " …", "..", ".."));
        }
        for (fee, hint) in [(&fee, true), (&fee, false)] {
            let text = texts::service(language, &service.code, &name, fee, &days, &list, hint);
            if fit::segments(&text) <= SEGMENTS_MAX {
                return text;
            }
        }
    }
    let name = fit::shorten(&name, 60, language);
    texts::service(language, &service.code, name, &first_fee, &days, "", false)
}

fn document_words(document: &RequiredDocument, language: Language) -> String {
    let name = fit::clean(document.name.get(language), language);
    if document.copies > 1 { format!("{name} ({})", document.copies) } else { name }
}

pub(super) fn office(facts: &OfficeFacts, language: Language) -> String {
    let office = &*facts.office;
    let name = fit::clean(office.name.get(language), language);
    let short = office_name(&Office::as_ref(office), language);
    let address = fit::clean(office.address.get(language), language);
    let phone = office.phones.first().map(|phone| words::phone(phone)).unwrap_or_default();
    let (hours, today, closed) = (weekly(office, language), today(facts, language), closed(facts, language));
    let queue = office.queue_length.map(|waiting| words::waiting(waiting, language)).unwrap_or_default();
    let forms: [(&str, &str, &str, &str); 4] = [
        (&name, &address, &hours, &closed),
        (&short, &address, &hours, &closed),
        (&short, &address, &hours, ""),
        (&short, "", &hours, ""),
    ];
    for (name, address, hours, closed) in forms {
        let text = texts::office(language, name, address, &phone, hours, &today, closed, &queue);
        if fit::segments(&text) <= SEGMENTS_MAX {
            return text;
        }
    }
    texts::office(language, &short, "", &phone, "", &today, "", "")
}

/// A service's sheet, a fact a line.
pub(in super::super) fn service_lines(facts: &ServiceFacts, language: Language) -> Vec<String> {
    let service = &*facts.service;
    let mut lines = vec![format!("{} {}", service.code, fit::clean(service.name.get(language), language))];
    lines.extend(service.fees.iter().map(|fee| fit::clean(&words::fee(fee, language), language)));
    lines.extend(service.max_working_days.map(|days| words::working_days(days, language)));
    if !service.documents.is_empty() {
        lines.push(words::pick(language, "ឯកសារ៖", "Ekasar:", "Bring:").to_owned());
    }
    lines.extend(service.documents.iter().map(|document| format!("- {}", document_words(document, language))));
    lines
}

/// An office, a fact a line.
pub(in super::super) fn office_lines(facts: &OfficeFacts, language: Language) -> Vec<String> {
    let office = &*facts.office;
    let mut lines = vec![fit::clean(office.name.get(language), language)];
    lines.push(today(facts, language));
    lines.extend(office.queue_length.map(|waiting| words::waiting(waiting, language)));
    lines.extend(
        office
            .phones
            .first()
            .map(|phone| format!("{} {}", words::pick(language, "ទូរស័ព្ទ", "Tel", "Tel"), words::phone_grouped(phone))),
    );
    lines.push(fit::clean(office.address.get(language), language));
    lines.extend(weekly(office, language).split("; ").map(str::to_owned));
    lines.push(closed(facts, language));
    lines
}

/// `Mon-Fri 7:30-11:30, 14:00-17:30`: neighbouring days of equal hours together.
fn weekly(office: &Office, language: Language) -> String {
    let open = office.week().into_iter().filter(|(_, _, hours)| !hours.is_empty());
    let words: Vec<String> = open
        .map(|(first, last, hours)| {
            let days = if first == last {
                words::weekday_short(first, language).to_owned()
            } else {
                format!("{}-{}", words::weekday_short(first, language), words::weekday_short(last, language))
            };
            format!("{days} {}", words::spans(&hours))
        })
        .collect();
    words.join("; ")
}

fn today(facts: &OfficeFacts, language: Language) -> String {
    let hours = facts.office.hours_on(facts.today);
    if hours.is_empty() {
        let closed = words::pick(language, "ថ្ងៃនេះបិទ", "Thngai nih bet", "Closed today");
        match facts.office.closure(facts.today) {
            Some(closure) => format!("{closed} ({})", fit::clean(closure.reason.get(language), language)),
            None => closed.to_owned(),
        }
    } else {
        words::today(&hours, language)
    }
}

fn closed(facts: &OfficeFacts, language: Language) -> String {
    if facts.office.closure(facts.today).is_some() {
        return String::new();
    }
    let near =
        facts.office.closures.iter().find(|closure| {
            closure.date > facts.today && (closure.date - facts.today).get_days() <= CLOSED_WITHIN_DAYS
        });
    near.map(|closure| {
        let word = words::pick(language, "បិទ", "Bet", "Closed");
        let reason = fit::clean(closure.reason.get(language), language);
        format!("{word} {} {reason}", words::day_short(closure.date, language))
    })
    .unwrap_or_default()
}

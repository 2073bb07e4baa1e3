//! Lists to choose from, and what was chosen: names shortened until the text fits what it may cost.
use super::super::{fit, texts, words};
use super::parts::{office_name, place};
use crate::dialogue::view::{Again, AppointmentTask, Asking, Opt};
use crate::types::civic::{Appointment, Localized, OfficeRef};
use crate::types::{Language, UnixMs, gazetteer};
use jiff::{civil::Date, tz::TimeZone};

/// A list as the dialogue has it.
pub(super) struct List<'a> {
    pub(super) asking: Asking,
    pub(super) options: &'a [Opt],
    pub(super) more: bool,
    pub(super) office: Option<&'a OfficeRef>,
    pub(super) day: Option<Date>,
    pub(super) again: Option<Again>,
}

/// Lengths of a line that are tried, until the text takes two segments at most.
const LINE_UNITS: [usize; 7] = [60, 48, 36, 28, 22, 18, 14];

pub(super) fn text(list: &List<'_>, language: Language, zone: &TimeZone) -> String {
    let again = list.again.map_or("", |why| words::again(why, language));
    let office = list.office.map(|office| office_name(office, language)).unwrap_or_default();
    let day = list.day.map(|day| words::day_said(day, language)).unwrap_or_default();
    let written = |most: usize, again: &str| {
        let lines: Vec<String> = (1..)
            .zip(labels(list.options, most, language, zone))
            .map(|(number, label)| format!("{number} {label}"))
            .collect();
        let lines = lines.join("\n");
        let more = list.more;
        match list.asking {
            Asking::Task => texts::choose_task(language, again, &lines),
            Asking::Office => texts::choose_office(language, again, &lines, more),
            Asking::Service => texts::choose_service(language, again, &lines, more),
            Asking::Day => texts::choose_day(language, again, &office, &lines, more),
            Asking::Hour => texts::choose_hour(language, again, &day, &lines, more),
            Asking::Appointment => texts::choose_appointment(language, again, &lines, more),
            Asking::AnyOffice | Asking::Place => texts::choose_any_office(language, again, &lines, more),
            Asking::AnyService | Asking::Ministry | Asking::ServicesBy | Asking::Audience | Asking::Topic => {
                texts::choose_any_service(language, again, services_head(list.asking, language), &lines, more)
            }
        }
    };
    let fitting = LINE_UNITS.iter().map(|most| written(*most, again)).find(|text| fit::segments(text) <= 2);
    fitting.unwrap_or_else(|| written(LINE_UNITS[LINE_UNITS.len() - 1], ""))
}

/// The question above a list that leads to a service.
fn services_head(asking: Asking, language: Language) -> &'static str {
    match asking {
        Asking::ServicesBy => words::pick(language, "រកសេវា៖", "Rok seva:", "Find a service:"),
        Asking::Audience => words::pick(language, "សម្រាប់អ្នកណា?", "Samrap neak na?", "For whom?"),
        Asking::Ministry => words::pick(language, "ក្រសួងណា?", "Krasuong na?", "Which ministry?"),
        Asking::Topic => words::about_what(language),
        _ => words::pick(language, "សេវាណា?", "Seva na?", "Which service?"),
    }
}

/// The lines of a list, none longer than this. Two that would read alike are told apart: services by their numbers.
pub(in super::super) fn labels(options: &[Opt], most: usize, language: Language, zone: &TimeZone) -> Vec<String> {
    let whole: Vec<String> = options.iter().map(|option| line(option, language, zone)).collect();
    let cut = |text: &str, most: usize| fit::shorten(text, most, language).to_owned();
    let short: Vec<String> = whole.iter().map(|text| cut(text, most)).collect();
    let alike = |at: usize| short.iter().filter(|other| **other == short[at]).count() > 1;
    let told = |at: usize| match &options[at] {
        Opt::Service { code, .. } if alike(at) && !code.is_empty() => {
            format!("{code} {}", cut(&whole[at], most.saturating_sub(code.len() + 1)))
        }
        _ => short[at].clone(),
    };
    (0..options.len()).map(told).collect()
}

pub(in super::super) fn line(option: &Opt, language: Language, zone: &TimeZone) -> String {
    match option {
        Opt::Task(task) => task_word(*task, language).to_owned(),
        Opt::Office { office, place: None } => office_name(office, language),
        Opt::Office { office, place: Some(code) } => {
            let place = place(code, language);
            if place.is_empty() { office_name(office, language) } else { place }
        }
        Opt::Service { name, .. } => fit::clean(name.get(language), language),
        Opt::Day(day) => words::day_short(*day, language),
        Opt::Hour { start, .. } => words::hour(start.civil(zone).time()),
        Opt::Appointment(appointment) => appointment_line(appointment, language, zone),
        Opt::By(way) => words::services_by(*way, language).to_owned(),
        Opt::Audience(audience) => words::audience(*audience, language).to_owned(),
        Opt::Topic { name: None, .. } => words::other_services(language).to_owned(),
        Opt::Ministry { name, .. } | Opt::Topic { name: Some(name), .. } => fit::clean(name.get(language), language),
        Opt::Place(code) => division(code, language),
    }
}

/// A division by itself: `Khan Dangkao`, in English `Dangkao District`.
fn division(code: &str, language: Language) -> String {
    let Some(division) = gazetteer::by_code(code) else { return code.to_owned() };
    fit::clean(&division.said(language), language)
}

fn task_word(task: AppointmentTask, language: Language) -> &'static str {
    match task {
        AppointmentTask::Book => words::pick(language, "ណាត់ថ្មី", "Nat thmei", "Book"),
        AppointmentTask::List => words::pick(language, "មើលការណាត់", "Meul kar nat", "My appointments"),
        AppointmentTask::Move => words::pick(language, "ប្តូរពេលណាត់", "Pdor pel nat", "Move"),
        AppointmentTask::Cancel => words::pick(language, "លុបការណាត់", "Lup kar nat", "Cancel"),
    }
}

/// `40719359 Mon 24/11 8:00 OWSO Dangkao`.
pub(in super::super) fn appointment_line(appointment: &Appointment, language: Language, zone: &TimeZone) -> String {
    let at = appointment.start.civil(zone);
    let (day, hour) = (words::day_short(at.date(), language), words::hour(at.time()));
    format!("{} {day} {hour} {}", appointment.reference, office_name(&appointment.office, language))
}

/// A point in time as it is said.
pub(in super::super) struct Moment {
    pub(in super::super) day: String,
    pub(in super::super) hour: String,
}

pub(in super::super) fn moment(at: UnixMs, language: Language, zone: &TimeZone) -> Moment {
    let at = at.civil(zone);
    Moment { day: words::day_said(at.date(), language), hour: words::hour_said(at.time(), language) }
}

/// The name of a service, as long as the text stays one segment (two in Khmer script).
pub(super) fn confirm_booking(
    (again, held): (bool, bool),
    (office, service): (&OfficeRef, Option<&Localized>),
    start: UnixMs,
    digits: &str,
    language: Language,
    zone: &TimeZone,
) -> String {
    let office = office_name(office, language);
    let Moment { day, hour } = moment(start, language, zone);
    let service = service.map(|name| fit::clean(name.get(language), language)).unwrap_or_default();
    let most = match language {
        Language::Km => 2,
        Language::KmLatn | Language::En => 1,
    };
    let written = |service: &str| texts::confirm_booking(language, again, &office, &day, &hour, service, digits, held);
    let lengths = [60, 40, 30, 20];
    let named = lengths.iter().map(|units| written(fit::shorten(&service, *units, language)));
    named.into_iter().find(|text| fit::segments(text) <= most).unwrap_or_else(|| written(""))
}

//! A view as USSD screens: lines, cut into pages of what the gateway takes, with the keys that always work in
//! one place at the bottom. Never more than seven lines, never a cut inside a cluster, and inside a word only
//! where the script shows no end of one. Knows no session and no gateway.
use super::{
    fit,
    sms::{self, lists},
    texts, words,
};
use crate::{
    dialogue::{StatusFacts, View, view::Asking},
    text::{khmer, links, segment::Alphabet, visible},
    types::{Language, RegistrationCode, UnixMs, civic::Notice},
};
use jiff::tz::TimeZone;

/// Lines of a screen that old telephones show without scrolling.
pub const LINES_MAX: usize = 7;
/// Pages of one view; what does not fit in them is left out.
const PAGES_MAX: usize = 12;
/// Longest label of a list, so that several stand on a screen: septets, UCS-2 units.
const LABEL_UNITS: (usize, usize) = (34, 22);

/// What a gateway takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// Septets of a screen in Latin letters.
    pub gsm7: usize,
    /// UCS-2 units of a screen in Khmer letters; 0: the gateway takes none.
    pub ucs2: usize,
}

impl Size {
    fn of(self, language: Language) -> usize {
        match language {
            Language::Km => self.ucs2,
            Language::KmLatn | Language::En => self.gsm7,
        }
    }
}

/// Something to say before the view itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Note {
    /// What was typed is none of what can be chosen.
    NotUnderstood,
    /// The session was lost: this is a new one.
    Lost,
    /// The answer was sent as a text.
    Sent,
}

/// What a screen is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// The first menu: there is nothing to go back to.
    Home,
    /// Something is to be chosen or typed.
    Question,
    /// Something was told.
    Answer {
        /// Whether it is worth a text.
        text: bool,
    },
    /// The last screen of a session.
    End,
}

/// A view as screens.
#[derive(Clone, PartialEq, Eq)]
pub struct UssdText {
    /// Whole screens, in order; at least one.
    pub pages: Vec<String>,
    /// The session ends with it.
    pub end: bool,
    /// 8 sends it as a text.
    pub as_text: bool,
}

impl std::fmt::Debug for UssdText {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("UssdText").field("pages", &self.pages.len()).field("end", &self.end).finish_non_exhaustive()
    }
}

/// The language in which a number is spoken to by USSD: Khmer letters only where it asked for them and the
/// gateway takes them, else Khmer in Latin letters.
pub fn screen_language(language: Language, asked: bool, size: Size) -> Language {
    match language {
        Language::Km if !asked || size.ucs2 == 0 => Language::KmLatn,
        other => other,
    }
}

/// Writes a view as screens.
pub fn render_ussd(view: &View, note: Option<Note>, language: Language, zone: &TimeZone, size: Size) -> UssdText {
    let kind = kind(view);
    let mut lines: Vec<String> = match view {
        View::Menu => text_lines(&texts::ussd_menu(language, note_words(note, language).unwrap_or(title(language)))),
        _ => note_words(note, language).map(str::to_owned).into_iter().chain(lines(view, language, zone)).collect(),
    };
    lines.retain(|line| !line.is_empty());
    let more = matches!(view, View::Choose { more: true, .. });
    // the way out for screens, as `cut` of the exchange is for texts
    for line in &mut lines {
        *line = visible::shown(&links::without_links(line)).into_owned();
    }
    let pages = cut(&lines, kind, more, language, size.of(language));
    UssdText { pages, end: kind == Kind::End, as_text: kind == Kind::Answer { text: true } }
}

/// The answer was sent as a text.
pub fn sent(language: Language, size: Size) -> UssdText {
    let lines: Vec<String> = note_words(Some(Note::Sent), language).map(str::to_owned).into_iter().collect();
    let pages = cut(&lines, Kind::Answer { text: false }, false, language, size.of(language));
    UssdText { pages, end: false, as_text: false }
}

/// The last screen when the answer comes as a text.
pub fn late(language: Language) -> String {
    texts::ussd_late(language)
}

fn kind(view: &View) -> Kind {
    match view {
        View::Menu => Kind::Home,
        View::SlowDown | View::Wait { .. } | View::AskAgain | View::Apology | View::Notice { .. } => Kind::End,
        View::EnterCode
        | View::ChooseLanguage
        | View::Choose { .. }
        | View::AskService
        | View::AskOffice
        | View::ConfirmBooking { .. }
        | View::ConfirmMove { .. }
        | View::ConfirmCancel { .. }
        | View::AskRating
        | View::AskComplaint => Kind::Question,
        View::Status(_)
        | View::Service(_)
        | View::Office(_)
        | View::Booked(_)
        | View::Moved(_)
        | View::Cancelled(_)
        | View::Unchanged(_)
        | View::Appointments(_)
        | View::ComplaintFiled { .. }
        | View::Complaint(_) => Kind::Answer { text: true },
        View::Mistyped { .. }
        | View::Unknown { .. }
        | View::AddPin { .. }
        | View::PinLocked { .. }
        | View::Help
        | View::PortalAway { .. }
        | View::LanguageSet(_)
        | View::Stopped
        | View::Started
        | View::NoSuchService
        | View::NoSuchOffice
        | View::Uncertain
        | View::NotDone
        | View::NoAppointments
        | View::NothingFree { .. }
        | View::CannotChange
        | View::Thanks
        | View::Welcome
        | View::RatingKept
        | View::ComplaintKept { .. }
        | View::NotOffered { .. }
        | View::NoSuchComplaint => Kind::Answer { text: false },
    }
}

fn title(language: Language) -> &'static str {
    words::pick(language, "សេវាសាធារណៈ", "Seva sathearanak", "Public services")
}

fn note_words(note: Option<Note>, language: Language) -> Option<&'static str> {
    Some(match note? {
        Note::NotUnderstood => {
            words::pick(language, "សូមជ្រើសលេខ៖", "Som chreus lek khang krom:", "Please choose a number below:")
        }
        Note::Lost => words::pick(
            language,
            "ចាប់ផ្តើមវិញ៖",
            "Dach heuy. Som chab phdeum vinh:",
            "We were cut off. Please start again:",
        ),
        Note::Sent => words::pick(language, "បានផ្ញើ SMS ហើយ", "Ban phnheu SMS heuy.", "Sent by text message."),
    })
}

fn text_lines(text: &str) -> Vec<String> {
    text.lines().map(|line| line.trim().to_owned()).collect()
}

fn shown(code: &RegistrationCode) -> &str {
    sms::shown(code)
}

fn lines(view: &View, language: Language, zone: &TimeZone) -> Vec<String> {
    let text = match view {
        View::Status(facts) => return status(facts, language, zone),
        View::Choose { asking, options, office, day, again, .. } => {
            let again = again.map(|why| words::again(why, language).to_owned());
            let office = office.as_ref().map(|office| sms::office_name(office, language)).unwrap_or_default();
            let day = day.map(|day| words::day_short(day, language)).unwrap_or_default();
            let head = head(*asking, &office, &day, language);
            let labels = lists::labels(options, label_units(language), language, zone);
            let options = (1..).zip(labels).map(|(number, label)| format!("{number} {label}"));
            return again.into_iter().chain([head]).chain(options).collect();
        }
        View::Service(facts) => return sms::sheets::service_lines(facts, language),
        View::Office(facts) => return sms::sheets::office_lines(facts, language),
        View::Appointments(all) => {
            let head = words::pick(language, "ការណាត់៖", "Kar nat:", "Appointments:").to_owned();
            let all = all.iter().map(|one| lists::appointment_line(one, language, zone));
            return [head].into_iter().chain(all).collect();
        }
        View::Mistyped { code } => texts::ussd_mistyped(language, shown(code)),
        View::Unknown { code, pin_given: false } => texts::ussd_unknown(language, shown(code)),
        View::Unknown { code, pin_given: true } => texts::ussd_unknown_pin(language, shown(code)),
        View::AddPin { code } => texts::ussd_add_pin(language, shown(code)),
        View::PinLocked { code } => texts::ussd_pin_locked(language, shown(code)),
        View::EnterCode => texts::ussd_enter_code(language),
        View::Help => texts::ussd_help(language),
        View::Menu => texts::ussd_menu(language, title(language)),
        View::PortalAway { code } => texts::ussd_away(language, code.as_ref().map_or("", shown)),
        View::ChooseLanguage => texts::ussd_choose_language(language),
        View::LanguageSet(chosen) => texts::ussd_language_set(*chosen),
        View::Stopped => texts::ussd_stopped(language),
        View::Started => texts::ussd_started(language),
        View::SlowDown | View::Wait { .. } => texts::ussd_slow_down(language),
        View::AskAgain => texts::ussd_ask_again(language),
        View::Apology => texts::ussd_apology(language),
        View::AskService => texts::ussd_ask_service(language),
        View::AskOffice => texts::ussd_ask_office(language),
        View::NoSuchService => texts::ussd_no_such_service(language),
        View::NoSuchOffice => texts::ussd_no_such_office(language),
        View::AskRating => texts::ussd_ask_rating(language),
        View::Thanks => texts::ussd_thanks(language),
        View::Welcome => texts::ussd_welcome(language),
        View::RatingKept => texts::ussd_rating_kept(language),
        View::ComplaintKept { told } => texts::ussd_complaint_kept(language, *told),
        View::AskComplaint => texts::ussd_ask_complaint(language),
        View::ComplaintFiled { reference } => texts::ussd_complaint_filed(language, reference),
        View::Notice { notice: Notice::Reminder { reference, office, start }, .. } => {
            return reminder(reference, &sms::office_name(office, language), *start, language, zone);
        }
        View::Complaint(_) | View::Notice { .. } => sms::render_sms(view, language, zone).text,
        View::NoSuchComplaint => texts::ussd_no_such_complaint(language),
        View::NotOffered { call } => {
            let (office, phone) = sms::to_call(call.as_ref(), language);
            texts::ussd_not_offered(language, &office, &phone)
        }
        View::ConfirmBooking { .. }
        | View::ConfirmMove { .. }
        | View::ConfirmCancel { .. }
        | View::Booked(_)
        | View::Moved(_)
        | View::Cancelled(_)
        | View::Unchanged(_)
        | View::Uncertain
        | View::NotDone
        | View::NoAppointments
        | View::NothingFree { .. }
        | View::CannotChange => appointment(view, language, zone),
    };
    text_lines(&text)
}

fn reminder(reference: &str, office: &str, start: UnixMs, language: Language, zone: &TimeZone) -> Vec<String> {
    let at = lists::moment(start, language, zone);
    let head = words::pick(language, "រំលឹកការណាត់", "Romleuk kar nat", "Appointment");
    vec![format!("{head} {reference}"), office.to_owned(), format!("{} {}", at.day, at.hour)]
}

fn appointment(view: &View, language: Language, zone: &TimeZone) -> String {
    use crate::types::civic::AppointmentStatus;
    let moment = |at| lists::moment(at, language, zone);
    match view {
        View::ConfirmBooking { office, service, start, held, .. } => {
            let (at, office) = (moment(*start), sms::office_name(office, language));
            let service = service.as_ref().map(|name| fit::clean(name.get(language), language)).unwrap_or_default();
            let service = fit::shorten(&service, label_units(language), language);
            texts::ussd_confirm_booking(language, &office, &at.day, &at.hour, service, *held)
        }
        View::ConfirmMove { appointment, start, digits, held, .. } => {
            let at = moment(*start);
            texts::ussd_confirm_move(language, &appointment.reference, &at.day, &at.hour, &sms::agree(*digits), *held)
        }
        View::ConfirmCancel { appointment, digits, .. } => {
            let at = moment(appointment.start);
            texts::ussd_confirm_cancel(language, &appointment.reference, &at.day, &at.hour, &sms::agree(*digits))
        }
        View::Booked(one) | View::Moved(one) | View::Cancelled(one) | View::Unchanged(one) => {
            let (at, office) = (moment(one.start), sms::office_name(&one.office, language));
            let pin = one.pin.as_ref().map_or("", |pin| pin.digits());
            let reference = one.reference.as_str();
            match view {
                View::Cancelled(_) => texts::ussd_cancelled(language, reference, &at.day, &at.hour),
                View::Unchanged(_) => texts::ussd_unchanged(language, reference, &at.day, &at.hour),
                View::Moved(_) => texts::ussd_moved(language, reference, &office, &at.day, &at.hour),
                _ if one.status == AppointmentStatus::Booked => {
                    texts::ussd_booked(language, reference, &office, &at.day, &at.hour, pin)
                }
                _ => texts::ussd_waiting(language, reference, &office, &at.day, &at.hour),
            }
        }
        View::Uncertain => texts::ussd_uncertain(language),
        View::NotDone => texts::ussd_not_done(language),
        View::NoAppointments => texts::ussd_no_appointments(language),
        View::NothingFree { office } => texts::ussd_nothing_free(language, &sms::office_name(office, language)),
        _ => texts::ussd_cannot_change(language),
    }
}

/// The question above a list.
fn head(asking: Asking, office: &str, day: &str, language: Language) -> String {
    let words = match asking {
        Asking::Task => words::pick(language, "ណាត់ជួប", "Nat chuop", "Appointment"),
        Asking::Office | Asking::AnyOffice | Asking::Place => {
            words::pick(language, "ការិយាល័យណា?", "Kariyalay na?", "Which office?")
        }
        Asking::Service | Asking::AnyService => words::pick(language, "សេវាណា?", "Seva na?", "Which service?"),
        Asking::Day => return format!("{office}{}", words::pick(language, " ថ្ងៃណា?", ", thngai na?", ", which day?")),
        Asking::Hour => {
            return format!("{day}{}", words::pick(language, " ម៉ោងប៉ុន្មាន?", ", maong ponman?", ", which time?"));
        }
        Asking::Appointment => words::pick(language, "ការណាត់ណា?", "Kar nat na?", "Which appointment?"),
        Asking::ServicesBy => {
            words::pick(language, "រកសេវា ឬវាយលេខ៖", "Rok seva, reu vay lek:", "Find a service, or type its number:")
        }
        Asking::Audience => words::pick(language, "សម្រាប់អ្នកណា?", "Samrap neak na?", "For whom?"),
        Asking::Ministry => words::pick(language, "ក្រសួងណា?", "Krasuong na?", "Which ministry?"),
        Asking::Topic => words::about_what(language),
    };
    words.to_owned()
}

fn label_units(language: Language) -> usize {
    match language {
        Language::Km => LABEL_UNITS.1,
        Language::KmLatn | Language::En => LABEL_UNITS.0,
    }
}

/// The facts one under the other, the most wanted first.
fn status(facts: &StatusFacts, language: Language, zone: &TimeZone) -> Vec<String> {
    let status = words::status_word(facts.status, language);
    let since = sms::day_of(facts, language, zone).map(|day| format!(" {day}")).unwrap_or_default();
    let mut lines = vec![shown(&facts.code).to_owned(), format!("{status}{since}")];
    if let Some(at) = facts.as_of {
        let as_of = words::pick(language, "គិតត្រឹម", "Kit treum", "As of");
        lines.push(format!("{as_of} {}", words::moment_short(at.civil(zone), language)));
    }
    lines.push(sms::office_name(facts.office_to_name(), language));
    let todo = facts.next_step();
    if let (true, Some(fee)) = (todo.pays(), &facts.fee) {
        lines.push(words::money(fee.amount, language));
        lines.extend(fee.bill_number.as_ref().map(|bill| fit::clean(bill, language)));
    }
    if let Some(day) = sms::day_to_name(facts) {
        lines.push(sms::by_day(facts.status, &words::date_short(day, language), language));
    }
    lines.extend(facts.hours_today.as_ref().map(|hours| words::today(hours, language)));
    lines.push(words::step_hint(todo, language).to_owned());
    lines.extend(
        facts
            .returned_documents
            .iter()
            .take(5)
            .map(|one| format!("- {}", fit::clean(one.name.get(language), language))),
    );
    if let Some(action) = facts.next_action.as_ref().filter(|_| todo.yields_to_the_office()) {
        let action = fit::clean(action.get(language), language);
        if !fit::holds_link(&action) {
            lines.push(action);
        }
    }
    lines.extend(facts.service.as_ref().map(|name| fit::clean(name.get(language), language)));
    lines
}

/// The keys at the bottom.
fn keys(kind: Kind, more: bool, language: Language) -> String {
    let mut keys = Vec::new();
    if kind == (Kind::Answer { text: true }) {
        keys.push(words::pick(language, "8 ផ្ញើ SMS", "8 SMS", "8 text me"));
    }
    if more {
        keys.push(words::pick(language, "9 ទៀត", "9 tiet", "9 more"));
    }
    if matches!(kind, Kind::Question | Kind::Answer { .. }) {
        keys.push(words::pick(language, "0 ថយ", "0 thoy", "0 back"));
        keys.push(words::pick(language, "00 ដើម", "00 deum", "00 home"));
    }
    keys.join(" ")
}

/// Fills pages line by line.
fn cut(lines: &[String], kind: Kind, more: bool, language: Language, most: usize) -> Vec<String> {
    let (last_keys, keys) = (keys(kind, more, language), keys(kind, true, language));
    let mut rest: Vec<String> = lines.to_vec();
    let mut pages = Vec::new();
    while pages.len() < PAGES_MAX {
        if let Some(page) = joined(&rest, &last_keys, language, most) {
            pages.push(page);
            return pages;
        }
        let mut taken = 0;
        while taken < rest.len() && joined(&rest[..=taken], &keys, language, most).is_some() {
            taken += 1;
        }
        if taken == 0 {
            let room = most.saturating_sub(fit::length(&keys, language) + 1).max(8);
            let (head, tail) = parted(&rest[0], room, language);
            rest.splice(..1, [head, tail].into_iter().filter(|part| !part.is_empty()));
            continue;
        }
        pages.push(joined(&rest[..taken], &keys, language, most).unwrap_or_default());
        rest.drain(..taken);
    }
    pages
}

fn joined(lines: &[String], keys: &str, language: Language, most: usize) -> Option<String> {
    let mut page = lines.join("\n");
    if !keys.is_empty() {
        page.push('\n');
        page.push_str(keys);
    }
    (page.lines().count() <= LINES_MAX && units(&page, language) <= most).then_some(page)
}

fn units(text: &str, language: Language) -> usize {
    match language {
        Language::Km => Alphabet::Ucs2.measure(text),
        Language::KmLatn | Language::En => Alphabet::Gsm7.measure(text),
    }
}

/// A line that is longer than a page: after a word where there is one, else between clusters.
fn parted(line: &str, most: usize, language: Language) -> (String, String) {
    let (mut used, mut end, mut word) = (0, 0, 0);
    for cluster in khmer::clusters(line) {
        used += units(cluster, language);
        if used > most {
            break;
        }
        end += cluster.len();
        if cluster == " " {
            word = end;
        }
    }
    let at = if word > 0 { word } else { end.max(line.chars().next().map_or(0, char::len_utf8)) };
    (line[..at].trim().to_owned(), line[at..].trim().to_owned())
}

#[cfg(test)]
#[path = "ussd_tests.rs"]
mod tests;

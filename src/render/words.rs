//! Words that all channels share: statuses, days, money, in three languages. Knows no view and no channel.
use crate::dialogue::NextStep;
use crate::dialogue::view::{Again, ServicesBy};
use crate::types::civic::{ApplicationStatus, Audience, ComplaintStatus, Fee, FeeKind, FeeUnit};
use crate::types::{Language, Msisdn, Riel};
use jiff::civil::{Date, DateTime, Time, Weekday};

use ApplicationStatus as S;

/// A status in a few words; in Khmer at most 18 UCS-2 units, in Latin letters plain ASCII.
pub fn status_word(status: ApplicationStatus, language: Language) -> &'static str {
    let (km, km_latn, en) = match status {
        S::Registered => ("បានទទួលពាក្យ", "Ban totuol peak", "Application received"),
        S::AwaitingPayment => ("ត្រូវបង់ប្រាក់", "Trov bong prak", "Payment due"),
        S::Paid => ("បានបង់ប្រាក់", "Ban bong prak", "Paid"),
        S::InReview => ("កំពុងពិនិត្យ", "Kampong pinit", "In review"),
        S::Forwarded => ("បានបញ្ជូនបន្ត", "Ban banhchoun bontor", "Forwarded"),
        S::ReturnedForCorrection => ("ត្រូវកែឯកសារ", "Trov kae ekasar", "Needs correction"),
        S::Approved => ("បានយល់ព្រម", "Ban yol prom", "Approved"),
        S::ReadyForCollection => ("រួចរាល់", "Ruoch roal", "Ready to collect"),
        S::Collected => ("បានប្រគល់ជូន", "Ban prokol chun", "Collected"),
        S::Rejected => ("មិនអនុញ្ញាត", "Min anunhat", "Not approved"),
        S::Cancelled => ("បានលុបចោល", "Ban lup chaol", "Cancelled"),
        S::Expired => ("ផុតកំណត់", "Phot kamnot", "Expired"),
    };
    pick(language, km, km_latn, en)
}

/// What a citizen is to do, in a few words; empty where there is nothing. A telephone pays nothing: there it is the cashier.
pub fn step_hint(step: NextStep, language: Language) -> &'static str {
    let (km, km_latn, en) = match step {
        NextStep::Wait => ("សូមរង់ចាំ", "Som rong cham", "Please wait"),
        NextStep::Pay(_) => ("សូមបង់នៅបេឡា", "Som bong prak nov bela", "Please pay at the cashier"),
        NextStep::Correct => ("សូមមកការិយាល័យ", "Som mok kae nov kariyalay", "Please come to the office to correct it"),
        NextStep::WaitForDocument => ("កំពុងរៀបចំឯកសារ", "Kampong riep cham ekasar", "Your document is being prepared"),
        NextStep::Collect => ("សូមយកបង្កាន់ដៃមក", "Som yok bangkan dai mok chea muoy", "Please bring your receipt"),
        NextStep::Ask => ("សូមសួរនៅការិយាល័យ", "Som suor kariyalay", "Please ask the office"),
        NextStep::ApplyAnew => ("សូមដាក់ពាក្យថ្មី", "Som dak peak thmei", "Please apply again"),
        NextStep::Nothing => ("", "", ""),
    };
    pick(language, km, km_latn, en)
}

/// What is to be paid at the cashier, as a sentence; the bill's number where it is known.
pub fn pay_at(amount: &str, bill: Option<&str>, language: Language) -> String {
    match (language, bill) {
        (Language::Km, None) => format!("សូមបង់ {amount} នៅបេឡា"),
        (Language::Km, Some(bill)) => format!("សូមបង់ {amount} នៅបេឡា (វិក្កយបត្រ {bill})"),
        (Language::KmLatn, None) => format!("Som bong {amount} nov bela"),
        (Language::KmLatn, Some(bill)) => format!("Som bong {amount} nov bela, vikkayabat {bill}"),
        (Language::En, None) => format!("Please pay {amount} at the cashier"),
        (Language::En, Some(bill)) => format!("Please pay {amount} at the cashier, bill {bill}"),
    }
}

/// `30/11/26`; in English `30 Nov 2026`, as 03/12 is two days to those who read it.
pub fn date_short(date: Date, language: Language) -> String {
    match language {
        Language::Km | Language::KmLatn => {
            format!("{}/{:02}", day_and_month(date, language), date.year().rem_euclid(100))
        }
        Language::En => format!("{} {}", day_and_month(date, language), date.year()),
    }
}

/// `30/11`, `30 Nov`.
pub fn day_and_month(date: Date, language: Language) -> String {
    match language {
        Language::Km | Language::KmLatn => format!("{:02}/{:02}", date.day(), date.month()),
        Language::En => format!("{} {}", date.day(), &month_name(date.month(), language)[..3]),
    }
}

/// `23/11 14:05`, `23 Nov 14:05`.
pub fn moment_short(at: DateTime, language: Language) -> String {
    format!("{} {:02}:{:02}", day_and_month(at.date(), language), at.hour(), at.minute())
}

/// A day in full: `ថ្ងៃចន្ទ ទី៣០ ខែវិច្ឆិកា ឆ្នាំ២០២៦`, `Chan 30 Vichheka 2026`, `Monday 30 November 2026`.
pub fn date_long(date: Date, language: Language) -> String {
    let weekday = weekday_name(date.weekday(), language);
    let month = month_name(date.month(), language);
    let (day, year) = (date.day(), date.year());
    match language {
        Language::Km => {
            format!("ថ្ងៃ{weekday} ទី{} ខែ{month} ឆ្នាំ{}", khmer_digits(&day.to_string()), khmer_digits(&year.to_string()))
        }
        Language::KmLatn | Language::En => format!("{weekday} {day} {month} {year}"),
    }
}

/// `20 000 រៀល`, its groups never parted by the end of a line; in Latin letters `20,000 riel`.
pub fn money(amount: Riel, language: Language) -> String {
    match language {
        Language::Km => format!("{} រៀល", amount.grouped('\u{A0}')),
        Language::KmLatn | Language::En => format!("{} riel", amount.grouped(',')),
    }
}

/// `20 000៛`: where the unit's word does not fit, in Khmer only.
pub fn money_short(amount: Riel) -> String {
    format!("{}៛", amount.grouped('\u{A0}'))
}

/// ASCII digits become Khmer ones, all else stays.
pub fn khmer_digits(text: &str) -> String {
    text.chars()
        .map(|c| match c.to_digit(10) {
            Some(digit) => char::from_u32(u32::from('០') + digit).unwrap_or(c),
            None => c,
        })
        .collect()
}

/// A day within a sentence: in Khmer `ថ្ងៃចន្ទ 24/11`, as ចន្ទ alone is the moon and ព្រហ a god.
pub fn day_said(date: Date, language: Language) -> String {
    format!("{}{}", pick(language, "ថ្ងៃ", "", ""), day_short(date, language))
}

/// An hour within a sentence: many say two in the afternoon and do not know fourteen.
pub fn hour_said(time: Time, language: Language) -> String {
    let noon = if time.hour() >= 12 { pick(language, " រសៀល", " rosiel", "") } else { "" };
    format!("{}{noon}", hour(time))
}

/// `ចន្ទ 24/11`, `Chan 24/11`, `Mon 24 Nov`.
pub fn day_short(date: Date, language: Language) -> String {
    format!("{} {}", weekday_short(date.weekday(), language), day_and_month(date, language))
}

/// `8:00`, 24 hours, in every language.
pub fn hour(time: Time) -> String {
    format!("{}:{:02}", time.hour(), time.minute())
}

/// `7:30-11:30, 14:00-17:30`.
pub fn spans(hours: &[(Time, Time)]) -> String {
    let spans: Vec<String> = hours.iter().map(|(open, close)| format!("{}-{}", hour(*open), hour(*close))).collect();
    spans.join(", ")
}

/// When an office is open today.
pub fn today(hours: &[(Time, Time)], language: Language) -> String {
    if hours.is_empty() {
        return pick(language, "ថ្ងៃនេះបិទ", "Thngai nih bet", "Closed today").to_owned();
    }
    format!("{} {}", pick(language, "ថ្ងៃនេះ", "Thngai nih", "Today"), spans(hours))
}

/// A way to find a service.
pub fn services_by(way: ServicesBy, language: Language) -> &'static str {
    match way {
        ServicesBy::Audience => pick(language, "សម្រាប់អ្នកណា", "Samrap neak na", "For whom"),
        ServicesBy::Ministry => pick(language, "តាមក្រសួង", "Tam krasuong", "By ministry"),
        ServicesBy::Number => pick(language, "តាមលេខសេវា", "Tam lek seva", "By number"),
    }
}

/// For whom a service is.
pub fn audience(audience: Audience, language: Language) -> &'static str {
    match audience {
        Audience::Citizen => pick(language, "ប្រជាពលរដ្ឋ", "Procheapolroat", "Citizens"),
        Audience::Business => pick(language, "អាជីវកម្ម", "Achivakam", "Businesses"),
        Audience::Foreigner => pick(language, "ជនបរទេស", "Chun borotes", "Foreigners"),
        Audience::Visitor => pick(language, "ភ្ញៀវទេសចរ", "Phnhiev tesachor", "Visitors"),
    }
}

/// The question above what services are about.
pub fn about_what(language: Language) -> &'static str {
    pick(language, "សេវាអំពីអ្វី?", "Seva ampi avei?", "About what?")
}

/// Services that are about nothing that has a name.
pub fn other_services(language: Language) -> &'static str {
    pick(language, "សេវាផ្សេងទៀត", "Seva phseng tiet", "Other services")
}

/// A number of an office as people here dial it: national with a zero before it.
pub fn phone(number: &str) -> String {
    match Msisdn::parse_e164(number).as_ref().and_then(Msisdn::national_digits) {
        Some(national) => format!("0{national}"),
        None => number.to_owned(),
    }
}

/// The same in groups, where nobody calls it from the text: `023 001 205`, `097 123 4567`.
pub fn phone_grouped(number: &str) -> String {
    let plain = phone(number);
    if plain.is_ascii() && (9..=10).contains(&plain.len()) && plain.bytes().all(|digit| digit.is_ascii_digit()) {
        return format!("{} {} {}", &plain[..3], &plain[3..6], &plain[6..]);
    }
    plain
}

/// How many wait, as one says it.
pub fn waiting(people: u32, language: Language) -> String {
    match language {
        Language::Km => format!("មានអ្នករង់ចាំ {people} នាក់"),
        Language::KmLatn => format!("{people} neak kampong rong cham"),
        Language::En => format!("{people} waiting now"),
    }
}

/// The longest time to completion.
pub fn working_days(days: u32, language: Language) -> String {
    match (language, days) {
        (Language::Km, 0) => "ក្នុងថ្ងៃតែមួយ".to_owned(),
        (Language::KmLatn, 0) => "Knong thngai tae muoy".to_owned(),
        (Language::En, 0) => "The same day".to_owned(),
        (Language::Km, _) => format!("យ៉ាងយូរ {days} ថ្ងៃធ្វើការ"),
        (Language::KmLatn, _) => format!("Yang you {days} thngai thveu kar"),
        (Language::En, 1) => "At most 1 working day".to_owned(),
        (Language::En, _) => format!("At most {days} working days"),
    }
}

/// That there is nothing to pay.
pub fn free(language: Language) -> &'static str {
    pick(language, "ឥតគិតថ្លៃ", "ot kit thlai", "free of charge")
}

/// A line of the fee table: never an amount without its kind and unit.
pub fn fee(fee: &Fee, language: Language) -> String {
    if fee.amount.0 == 0 {
        return free(language).to_owned();
    }
    let kind = match fee.kind {
        FeeKind::Maximum => pick(language, "អតិបរមា ", "yang chreun ", "at most "),
        FeeKind::Fixed => "",
        FeeKind::Preferential => pick(language, "អនុគ្រោះ ", "anukroh ", "reduced "),
    };
    let per = fee_unit(fee.per, language);
    let note = fee.note.as_ref().map(|note| format!(" ({})", note.get(language))).unwrap_or_default();
    format!("{kind}{}{per}{note}", money(fee.amount, language))
}

fn fee_unit(unit: FeeUnit, language: Language) -> &'static str {
    use FeeUnit as U;
    let (km, km_latn, en) = match unit {
        U::Application => ("/ពាក្យសុំ", "/peak som", " an application"),
        U::Copy => ("/ច្បាប់", "/chbab", " a copy"),
        U::Sheet => ("/សន្លឹក", "/sonleuk", " a sheet"),
        U::Time => ("/លើក", "/leuk", " each time"),
        U::Room => ("/បន្ទប់", "/bontop", " a room"),
        U::Chair => ("/កៅអី", "/kao ey", " a chair"),
        U::Person => ("/នាក់", "/neak", " a person"),
        U::Vehicle => ("/គ្រឿង", "/kreung", " a vehicle"),
        U::Hectare => ("/ហិកតា", "/hikta", " a hectare"),
        U::Month => ("/ខែ", "/khae", " a month"),
        U::Year => ("/ឆ្នាំ", "/chhnam", " a year"),
        U::Other => ("", "", ""),
    };
    pick(language, km, km_latn, en)
}

/// Where a complaint stands.
pub fn complaint_status(status: ComplaintStatus, language: Language) -> &'static str {
    match status {
        ComplaintStatus::Open => pick(language, "បានទទួល", "ban totuol", "received"),
        ComplaintStatus::InReview => pick(language, "កំពុងពិនិត្យ", "kampong pinit", "being looked into"),
        ComplaintStatus::Closed => pick(language, "បានបញ្ចប់", "ban banhchob", "closed"),
    }
}

/// Why a list comes once more.
pub fn again(why: Again, language: Language) -> &'static str {
    match why {
        Again::NotOffered => {
            pick(language, "សូមផ្ញើលេខក្នុងបញ្ជី។", "Som phnheu lek knong banhchi.", "Please send one of the numbers.")
        }
        Again::NotFound => pick(language, "រកមិនឃើញទេ។", "Rok min kheunh te.", "That was not found."),
        Again::SlotTaken => pick(language, "ម៉ោងនោះអស់ហើយ។", "Maong nuh os heuy.", "That time is taken."),
    }
}

/// A day of the week in a few letters.
pub fn weekday_short(day: Weekday, language: Language) -> &'static str {
    let en = match day {
        Weekday::Monday => "Mon",
        Weekday::Tuesday => "Tue",
        Weekday::Wednesday => "Wed",
        Weekday::Thursday => "Thu",
        Weekday::Friday => "Fri",
        Weekday::Saturday => "Sat",
        Weekday::Sunday => "Sun",
    };
    match language {
        Language::Km if day == Weekday::Thursday => "ព្រហ.",
        Language::En => en,
        Language::Km | Language::KmLatn => weekday_name(day, language),
    }
}

/// Name of a day of the week.
pub fn weekday_name(day: Weekday, language: Language) -> &'static str {
    let (km, km_latn, en) = match day {
        Weekday::Monday => ("ចន្ទ", "Chan", "Monday"),
        Weekday::Tuesday => ("អង្គារ", "Angkear", "Tuesday"),
        Weekday::Wednesday => ("ពុធ", "Put", "Wednesday"),
        Weekday::Thursday => ("ព្រហស្បតិ៍", "Prohos", "Thursday"),
        Weekday::Friday => ("សុក្រ", "Sok", "Friday"),
        Weekday::Saturday => ("សៅរ៍", "Sao", "Saturday"),
        Weekday::Sunday => ("អាទិត្យ", "Atit", "Sunday"),
    };
    pick(language, km, km_latn, en)
}

const MONTHS: [(&str, &str, &str); 12] = [
    ("មករា", "Makara", "January"),
    ("កុម្ភៈ", "Kompheak", "February"),
    ("មីនា", "Mina", "March"),
    ("មេសា", "Mesa", "April"),
    ("ឧសភា", "Osaphea", "May"),
    ("មិថុនា", "Mithona", "June"),
    ("កក្កដា", "Kakada", "July"),
    ("សីហា", "Seiha", "August"),
    ("កញ្ញា", "Kanha", "September"),
    ("តុលា", "Tola", "October"),
    ("វិច្ឆិកា", "Vichheka", "November"),
    ("ធ្នូ", "Thnou", "December"),
];

/// Name of a month, 1 to 12.
pub fn month_name(month: i8, language: Language) -> &'static str {
    usize::try_from(month - 1)
        .ok()
        .and_then(|index| MONTHS.get(index))
        .map_or("", |(km, km_latn, en)| pick(language, km, km_latn, en))
}

/// When an application was registered, where nothing is known of its status's time.
pub fn registered_on(day: &str, language: Language) -> String {
    format!("{} {day}", pick(language, "ចុះបញ្ជី", "choh banhchi", "registered on"))
}

/// The one of three words that is in `language`.
pub fn pick<'a>(language: Language, km: &'a str, km_latn: &'a str, en: &'a str) -> &'a str {
    match language {
        Language::Km => km,
        Language::KmLatn => km_latn,
        Language::En => en,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn days_and_money_are_written_as_in_cambodia() {
        let day = date(2026, 11, 30);
        assert_eq!(date_short(day, Language::Km), "30/11/26");
        assert_eq!(date_short(day, Language::En), "30 Nov 2026");
        assert_eq!(date_short(date(2026, 5, 3), Language::En), "3 May 2026");
        assert_eq!(day_short(day, Language::En), "Mon 30 Nov");
        assert_eq!(date_long(day, Language::Km), "ថ្ងៃចន្ទ ទី៣០ ខែវិច្ឆិកា ឆ្នាំ២០២៦");
        assert_eq!(date_long(day, Language::En), "Monday 30 November 2026");
        assert_eq!(date_long(day, Language::KmLatn), "Chan 30 Vichheka 2026");
        assert_eq!(money(Riel(20_000), Language::Km), "20\u{A0}000 រៀល");
        assert_eq!(money(Riel(1_500_000), Language::KmLatn), "1,500,000 riel");
        assert_eq!(moment_short(date(2026, 11, 3).at(9, 5, 0, 0), Language::KmLatn), "03/11 09:05");
        assert_eq!(moment_short(date(2026, 11, 3).at(9, 5, 0, 0), Language::En), "3 Nov 09:05");
        assert_eq!(day_said(date(2026, 11, 26), Language::Km), "ថ្ងៃព្រហ. 26/11");
        assert_eq!(hour_said(Time::constant(14, 5, 0, 0), Language::Km), "14:05 រសៀល");
        assert_eq!(hour_said(Time::constant(8, 0, 0, 0), Language::KmLatn), "8:00");
        assert_eq!(phone_grouped("+85523001205"), "023 001 205");
        assert_eq!(phone_grouped("+855971234567"), "097 123 4567");
        assert_eq!(month_name(0, Language::En), "");
    }

    #[test]
    fn a_khmer_status_word_has_at_most_18_units() {
        for status in S::ALL {
            assert!(status_word(status, Language::Km).encode_utf16().count() <= 18);
        }
    }
}

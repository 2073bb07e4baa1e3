//! What the values of a template look like. A sentence that asks for money is none of them, whatever its field is called.
use crate::{
    render::words,
    text::{links, normal},
    types::{CodeRules, CodeVerdict, Language},
};
use jiff::civil::Weekday;
use std::sync::LazyLock;

/// Longest name of an office in a template, in characters.
const OFFICE_CHARS_MAX: usize = 60;
/// Longest day or time, in characters.
const MOMENT_CHARS_MAX: usize = 50;
/// Highest amount, in riel, as everywhere.
const AMOUNT_MAX: u64 = 1_000_000_000;

/// A registration code of a kind that is in use, its check digit right.
pub fn is_code(text: &str, rules: &CodeRules) -> bool {
    matches!(rules.read(text), CodeVerdict::Good(_))
}

/// 4 to 10 letters and digits with at least one digit: what people type back.
pub fn is_secret(text: &str) -> bool {
    let text = normal::narrow(text);
    let typed = |c: char| c.is_ascii_digit() || c.is_ascii_uppercase();
    let length = text.chars().filter(|c| *c != '-').count();
    (4..=10).contains(&length)
        && text.chars().all(|c| typed(c) || c == '-')
        && text.contains(|c: char| c.is_ascii_digit())
}

/// A name: letters of a sane length, no digit of any script, no link. One with digits must be the portal's own.
pub fn is_office(text: &str) -> bool {
    let length = text.chars().count();
    let in_name =
        |c: char| !c.is_numeric() && !c.is_control() && !matches!(c, '?' | '!' | ':' | ';' | '=' | '*' | '#' | '+');
    (2..=OFFICE_CHARS_MAX).contains(&length)
        && normal::narrow(text).chars().all(in_name)
        && text.chars().any(char::is_alphabetic)
        && !links::holds_link(text)
}

/// Riel: digits, in groups of three or in one.
pub fn is_amount(text: &str) -> bool {
    let text = normal::narrow(text);
    let text = text.trim();
    let groups: Vec<&str> = text.split([' ', ',', '.']).collect();
    let digits = groups.iter().all(|group| !group.is_empty() && group.bytes().all(|b| b.is_ascii_digit()));
    let grouped = groups.len() == 1 || groups[0].len() <= 3 && groups[1..].iter().all(|group| group.len() == 3);
    // what begins with a nought is a telephone number
    digits
        && grouped
        && !text.starts_with('0')
        && groups.concat().parse::<u64>().is_ok_and(|riel| (1..=AMOUNT_MAX).contains(&riel))
}

/// Words that days are said with, longest first, so that none is cut in two.
static DAY_WORDS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let mut all: Vec<String> = Vec::new();
    for language in Language::ALL {
        all.extend((1..=12).map(|month| words::month_name(month, language).to_lowercase()));
        for day in Weekday::Monday.cycle_forward().take(7) {
            all.push(words::weekday_name(day, language).to_lowercase());
            all.push(words::weekday_short(day, language).to_lowercase());
        }
    }
    all.extend((1..=12).map(|month| words::month_name(month, Language::En).to_lowercase()[..3].to_owned()));
    let others = [
        "sept",
        "thurs",
        "tues",
        "wednes",
        "today",
        "tomorrow",
        "the",
        "of",
        "on",
        "from",
        "until",
        "to",
        "and",
        "or",
        "st",
        "nd",
        "rd",
        "th",
        "thngai",
        "ti",
        "khae",
        "chhnam",
        "dol",
        "ថ្ងៃ",
        "ទី",
        "ខែ",
        "ឆ្នាំ",
        "ដល់",
        "នៅ",
        "និង",
        "ស្អែក",
        "នេះ",
    ];
    all.extend(others.map(str::to_owned));
    longest_first(all)
});

static TIME_WORDS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let all = [
        "a.m.",
        "p.m.",
        "a.m",
        "p.m",
        "am",
        "pm",
        "o'clock",
        "oclock",
        "h",
        "to",
        "until",
        "from",
        "and",
        "or",
        "at",
        "in",
        "the",
        "morning",
        "afternoon",
        "noon",
        "evening",
        "maong",
        "prek",
        "sel",
        "rosiel",
        "lngeach",
        "thngai trong",
        "dol",
        "nateati",
        "ម៉ោង",
        "នាទី",
        "ព្រឹក",
        "ថ្ងៃត្រង់",
        "រសៀល",
        "ល្ងាច",
        "ដល់",
        "ពី",
        "និង",
        "កន្លះ",
    ];
    longest_first(all.map(str::to_owned).to_vec())
});

fn longest_first(mut words: Vec<String>) -> Vec<String> {
    words.retain(|word| !word.is_empty());
    words.sort_by_key(|word| std::cmp::Reverse(word.len()));
    words.dedup();
    words
}

/// The numbers of a text that says nothing but numbers and these words.
fn numbers(text: &str, known: &[String], marks: &[char]) -> Option<Vec<u32>> {
    if text.chars().count() > MOMENT_CHARS_MAX {
        return None;
    }
    let mut rest = normal::narrow(text).to_lowercase();
    for word in known {
        rest = without(&rest, word);
    }
    if !rest.chars().all(|c| c.is_ascii_digit() || c == ' ' || marks.contains(&c)) {
        return None;
    }
    let groups = rest.split(|c: char| !c.is_ascii_digit()).filter(|group| !group.is_empty());
    groups.map(|group| (group.len() <= 4).then(|| group.parse().ok()).flatten()).collect()
}

/// The text without a word: a Latin one only where it stands alone, a Khmer one anywhere, as nothing parts it.
fn without(text: &str, word: &str) -> String {
    if !word.is_ascii() {
        return text.replace(word, " ");
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(word) {
        let (before, after) = (&rest[..at], &rest[at + word.len()..]);
        let letter = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphabetic());
        let alone = !letter(before.chars().next_back().or(out.chars().next_back())) && !letter(after.chars().next());
        out.push_str(before);
        out.push_str(if alone { " " } else { word });
        rest = after;
    }
    out + rest
}

/// A day, or a few: a date, the name of a day, or both. At most three numbers: more could be a telephone's.
pub fn is_day(text: &str) -> bool {
    let Some(numbers) = numbers(text, &DAY_WORDS, &['.', '/', '-', ',']) else { return false };
    let is_year = |number: u32| (32..100).contains(&number) || (2020..2100).contains(&number);
    let years = numbers.iter().filter(|number| is_year(**number)).count();
    let plausible = numbers.iter().all(|number| (1..=31).contains(number) || is_year(*number));
    says(text) && numbers.len() <= 3 && years <= 1 && plausible
}

/// A time of day, or from when to when: each an hour, with its minutes behind a colon, a dot or an h.
pub fn is_time(text: &str) -> bool {
    let Some(numbers) = numbers(text, &TIME_WORDS, &['.', ':', '-', ',']) else { return false };
    let typed: Vec<char> = normal::narrow(text).to_lowercase().chars().collect();
    let joins = typed
        .windows(3)
        .filter(|three| three[0].is_ascii_digit() && matches!(three[1], ':' | '.' | 'h') && three[2].is_ascii_digit())
        .count();
    let times = numbers.len().saturating_sub(joins);
    says(text) && times <= 2 && joins * 2 <= numbers.len() && numbers.iter().all(|number| *number < 60)
}

fn says(text: &str) -> bool {
    text.chars().any(char::is_alphanumeric)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a scammer would put into each field.
    const SCAMS: &[&str] = &[
        "CALL 012 345 678 AND PAY",
        "call ០១២ ៣៤៥ ៦៧៨",
        "①②③ ④⑤⑥",
        "pay at aba.support",
        "see bit.ly/x",
        "PAY NOW: Wing",
        "*333*1#",
        "",
        " ",
        "\u{202E}0876 543 21",
    ];

    #[test]
    fn no_kind_takes_a_telephone_number_or_a_link() {
        for text in SCAMS {
            assert!(!is_code(text, &CodeRules::recommended()), "{text}");
            assert!(!is_secret(text), "{text}");
            assert!(!is_office(text), "{text}");
            assert!(!is_amount(text), "{text}");
            assert!(!is_day(text), "{text}");
            assert!(!is_time(text), "{text}");
        }
        let long = "a".repeat(OFFICE_CHARS_MAX + 1);
        assert!(!is_office(&long) && !is_day(&long) && !is_time(&long) && !is_secret(&long));
    }

    #[test]
    fn codes_offices_and_amounts_are_taken_as_people_write_them() {
        let rules = CodeRules::recommended();
        for code in ["120500-26-048193-7", "120500260481937", "១២០៥០០-២៦-០៤៨១៩៣-៧"] {
            assert!(is_code(code, &rules), "{code}");
        }
        for code in ["120500-26-048193-8", "482193", "code"] {
            assert!(!is_code(code, &rules), "{code}");
        }
        for code in ["482193", "4821", "A1B2-C3D4", "៤៨២១៩៣"] {
            assert!(is_secret(code), "{code}");
        }
        for code in ["PAYNOW", "482", "012345678901", "48 21", "evil.com1"] {
            assert!(!is_secret(code), "{code}");
        }
        for office in ["OWSO Dangkao", "ច្រកតែមួយ ដង្កោ", "Khan Dangkao (hall), H.E. Om's office", "Sangkat Chaom-Chau"]
        {
            assert!(is_office(office), "{office}");
        }
        for amount in ["20000", "20 000", "20,000", "1.200.000", "២០ ០០០", "1"] {
            assert!(is_amount(amount), "{amount}");
        }
        for amount in
            ["0", "012 345 678", "-5", "12 345 67", "012 345 678 901", "20 000 riel", "1e9", "2000000000", "1..000"]
        {
            assert!(!is_amount(amount), "{amount}");
        }
    }

    #[test]
    fn days_and_times_are_taken_as_people_write_them() {
        for day in [
            "24 November",
            "Tuesday 24 November 2026",
            "Tue 24/11",
            "24.11.2026",
            "2026-11-24",
            "the 1st of December",
            "Monday and Tuesday",
            "ថ្ងៃអង្គារ ទី២៤ ខែវិច្ឆិកា ឆ្នាំ២០២៦",
            "អង្គារ 24/11",
            "Angkear 24 Vichheka",
            "Thngai Chan",
            "tomorrow",
        ] {
            assert!(is_day(day), "{day}");
        }
        for time in
            ["9:00", "09.30", "8-11", "9 a.m.", "8:00-11:30", "9h30", "ម៉ោង ៨:៣០ ព្រឹក", "maong 8 prek", "noon", "2pm"]
        {
            assert!(is_time(time), "{time}");
        }
        for wrong in [
            "012 345 678",
            "0123",
            "Wing 12",
            "24 November pay",
            "12345",
            "99 November 1999",
            "12 34 56 78",
            "12/11 10 09",
        ] {
            assert!(!is_day(wrong), "{wrong}");
        }
        for wrong in ["012 345 678", "9:75", "at Wing", "9:00 call", "1 2 3 4 5", "12 34 56 07", "12:34:56"] {
            assert!(!is_time(wrong), "{wrong}");
        }
    }

    #[test]
    fn every_kind_has_its_bounds() {
        let letters = |count| "a".repeat(count);
        for (what, taken) in [
            ("a secret of 3", is_secret("A12")),
            ("a secret of 11", is_secret("A1234567890")),
            ("a secret of small letters", is_secret("a1234")),
            ("a name of one letter", is_office("a")),
            ("a name too long", is_office(&letters(OFFICE_CHARS_MAX + 1))),
            ("a name without a letter", is_office("()")),
            ("a name with an exclamation", is_office("Dangkao!")),
            ("nothing to pay", is_amount("0")),
            ("too much", is_amount("1000000001")),
            ("groups that are none", is_amount("1234,567")),
            ("a group of two", is_amount("1,23")),
            ("a day of two years", is_day("24/11 2026 2027")),
            ("a day of four numbers", is_day("1 2 3 4")),
            ("day 0", is_day("0 November")),
            ("a year too early", is_day("2019")),
            ("a year too late", is_day("2100")),
            ("a day that says nothing", is_day(" - ")),
            ("a minute too many", is_time("9:60")),
            ("three times", is_time("8 9 10")),
            ("a time that says nothing", is_time(":")),
        ] {
            assert!(!taken, "{what}");
        }
        for (what, taken) in [
            ("a secret of 4", is_secret("A123")),
            ("a secret of 10, and dashes", is_secret("A1234-56789")),
            ("a name of two letters", is_office("aa")),
            ("a name as long as may be", is_office(&letters(OFFICE_CHARS_MAX))),
            ("all that can be paid", is_amount("1000000000")),
            ("groups", is_amount("123,456")),
            ("day 31", is_day("31")),
            ("a short year", is_day("24 11 32")),
            ("a short year, the last", is_day("24 11 99")),
            ("the first year", is_day("2020")),
            ("the last year", is_day("2099")),
            ("the last minute", is_time("23:59")),
            ("from when to when", is_time("8:00 9:00")),
        ] {
            assert!(taken, "{what}");
        }
    }

    #[test]
    fn numbers_are_what_is_left_when_the_known_words_are_gone() {
        let known = longest_first(["a", "", "am", "noon", "am"].map(str::to_owned).to_vec());
        assert_eq!(known, ["noon", "am", "a"], "each once, and none that is nothing");
        let wide = |width: usize| format!("{:>width$}", "7");
        for (text, told) in [
            ("8 am - 11 am", Some(vec![8, 11])),
            ("8am", Some(vec![8])),
            ("8 AM", Some(vec![8])),
            ("8 amber", None),
            ("8 beam", None),
            ("8 amam", None),
            ("8, 9", None),
            ("1234", Some(vec![1234])),
            ("12345", None),
            ("noon", Some(vec![])),
            (&wide(MOMENT_CHARS_MAX), Some(vec![7])),
            (&wide(MOMENT_CHARS_MAX + 1), None),
        ] {
            assert_eq!(numbers(text, &known, &['-']), told, "{text}");
        }
        assert_eq!(without("am amber beam am.", "am"), "  amber beam  .");
        assert_eq!(without("ម៉ោង៨", "ម៉ោង"), " ៨", "nothing parts Khmer words");
    }
}

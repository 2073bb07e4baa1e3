//! What a written text asks for, apart from a code in it. Knows the keywords of three languages, no state.
use crate::text::normal;
use crate::types::{Language, limits};

/// Something a text can ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Command {
    Status,
    Appointment,
    Book,
    List,
    Move,
    Cancel,
    Info,
    Office,
    Feedback,
    Complaint,
    Help,
    Stop,
    Start,
    Language(Language),
    LanguageMenu,
    Menu,
}

/// A text as understood.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Reading {
    pub(super) command: Option<Command>,
    /// The language of the keyword, where it has one: a letter or a number has none.
    pub(super) keyword_language: Option<Language>,
    /// As written, without the keyword.
    pub(super) rest: String,
    /// The whole text is this number, of at most six digits.
    pub(super) number: Option<u32>,
    /// The whole text says yes.
    pub(super) yes: bool,
}

/// Words that begin a text, whatever follows, in the form of [`normal::key`].
const FIRST_WORDS: [(&str, Command, Language); 87] = [
    ("status", Command::Status, Language::En),
    ("stat", Command::Status, Language::En),
    ("check", Command::Status, Language::En),
    ("track", Command::Status, Language::En),
    ("sthanpheap", Command::Status, Language::KmLatn),
    ("sthanapheap", Command::Status, Language::KmLatn),
    ("stanpheap", Command::Status, Language::KmLatn),
    ("tamdan", Command::Status, Language::KmLatn),
    ("tam", Command::Status, Language::KmLatn),
    ("ស្ថានភាព", Command::Status, Language::Km),
    ("តាមដាន", Command::Status, Language::Km),
    ("appt", Command::Appointment, Language::En),
    ("appointment", Command::Appointment, Language::En),
    ("nat", Command::Appointment, Language::KmLatn),
    ("natchuop", Command::Appointment, Language::KmLatn),
    ("ណាត់ជួប", Command::Appointment, Language::Km),
    ("ណាត់", Command::Appointment, Language::Km),
    ("book", Command::Book, Language::En),
    ("kok", Command::Book, Language::KmLatn),
    ("កក់", Command::Book, Language::Km),
    ("list", Command::List, Language::En),
    ("banhchi", Command::List, Language::KmLatn),
    ("បញ្ជី", Command::List, Language::Km),
    ("move", Command::Move, Language::En),
    ("change", Command::Move, Language::En),
    ("reschedule", Command::Move, Language::En),
    ("pdo", Command::Move, Language::KmLatn),
    ("pdor", Command::Move, Language::KmLatn),
    ("ប្តូរ", Command::Move, Language::Km),
    ("cancel", Command::Cancel, Language::En),
    ("lup", Command::Cancel, Language::KmLatn),
    ("bohbong", Command::Cancel, Language::KmLatn),
    ("លុប", Command::Cancel, Language::Km),
    ("បោះបង់", Command::Cancel, Language::Km),
    ("info", Command::Info, Language::En),
    ("service", Command::Info, Language::En),
    ("services", Command::Info, Language::En),
    ("fee", Command::Info, Language::En),
    ("fees", Command::Info, Language::En),
    ("price", Command::Info, Language::En),
    ("cost", Command::Info, Language::En),
    ("seva", Command::Info, Language::KmLatn),
    ("sevea", Command::Info, Language::KmLatn),
    ("tamlai", Command::Info, Language::KmLatn),
    ("damlai", Command::Info, Language::KmLatn),
    ("សេវា", Command::Info, Language::Km),
    ("តម្លៃ", Command::Info, Language::Km),
    ("កម្រៃ", Command::Info, Language::Km),
    ("office", Command::Office, Language::En),
    ("offices", Command::Office, Language::En),
    ("kariyalay", Command::Office, Language::KmLatn),
    ("kariyalai", Command::Office, Language::KmLatn),
    ("ការិយាល័យ", Command::Office, Language::Km),
    ("comment", Command::Feedback, Language::En),
    ("feedback", Command::Feedback, Language::En),
    ("rate", Command::Feedback, Language::En),
    ("mateyobal", Command::Feedback, Language::KmLatn),
    ("mati", Command::Feedback, Language::KmLatn),
    ("មតិយោបល់", Command::Feedback, Language::Km),
    ("មតិ", Command::Feedback, Language::Km),
    ("complaint", Command::Complaint, Language::En),
    ("complain", Command::Complaint, Language::En),
    ("bandoeng", Command::Complaint, Language::KmLatn),
    ("bandeng", Command::Complaint, Language::KmLatn),
    ("tava", Command::Complaint, Language::KmLatn),
    ("បណ្តឹង", Command::Complaint, Language::Km),
    ("តវ៉ា", Command::Complaint, Language::Km),
    ("help", Command::Help, Language::En),
    ("chomnuoy", Command::Help, Language::KmLatn),
    ("chumnuoy", Command::Help, Language::KmLatn),
    ("jumnuoy", Command::Help, Language::KmLatn),
    ("ជំនួយ", Command::Help, Language::Km),
    ("stop", Command::Stop, Language::En),
    ("unsubscribe", Command::Stop, Language::En),
    ("chhop", Command::Stop, Language::KmLatn),
    ("ឈប់", Command::Stop, Language::Km),
    ("start", Command::Start, Language::En),
    ("chabphtaem", Command::Start, Language::KmLatn),
    ("ចាប់ផ្តើម", Command::Start, Language::Km),
    ("language", Command::LanguageMenu, Language::En),
    ("pheasa", Command::LanguageMenu, Language::KmLatn),
    ("ភាសា", Command::LanguageMenu, Language::Km),
    ("menu", Command::Menu, Language::En),
    ("home", Command::Menu, Language::En),
    ("daoem", Command::Menu, Language::KmLatn),
    ("ម៉ឺនុយ", Command::Menu, Language::Km),
    ("មឺនុយ", Command::Menu, Language::Km),
];

/// Words that mean something only when nothing, or a number, follows.
const ALONE: [(&str, Command); 11] = [
    ("k", Command::Language(Language::Km)),
    ("r", Command::Language(Language::KmLatn)),
    ("e", Command::Language(Language::En)),
    ("s", Command::Status),
    ("a", Command::Appointment),
    ("i", Command::Info),
    ("o", Command::Office),
    ("c", Command::Feedback),
    ("h", Command::Help),
    ("off", Command::Stop),
    ("on", Command::Start),
];

const YES: [&str; 9] = ["yes", "y", "ok", "bat", "baat", "chas", "បាទ", "ចាស", "យល់ព្រម"];

/// Reads a text. Only its first `limits::TEXT_CHARS_MAX` characters are looked at.
pub(super) fn read(text: &str) -> Reading {
    let text: String = text.chars().take(limits::TEXT_CHARS_MAX).collect();
    let folded = normal::key(&text);
    let plain = || Reading { rest: text.trim().to_owned(), ..Reading::default() };
    if !folded.trim().is_empty() && folded.trim().chars().all(|c| c == '?') {
        return Reading { command: Some(Command::Help), ..plain() };
    }
    let words = words(&folded);
    let Some(first) = words.first() else { return plain() };
    let whole: String = words.concat();
    if words.len() == 1 {
        let number = (first.len() <= 6).then(|| first.parse().ok()).flatten();
        if number.is_some() || YES.contains(first) {
            return Reading { number, yes: number.is_none(), ..plain() };
        }
    } else if YES.contains(&whole.as_str()) {
        return Reading { yes: true, ..plain() };
    }
    let bare = words.len() == 1 || words[1].starts_with(|c: char| c.is_ascii_digit());
    if let Some((alias, command)) = ALONE.iter().find(|(alias, command)| {
        alias == first && bare && (words.len() == 1 || !matches!(command, Command::Language(_) | Command::Help))
    }) {
        return Reading { command: Some(*command), rest: after(&text, alias), ..Reading::default() };
    }
    match in_pieces(&folded, &words).or_else(|| exact(first)).or_else(|| repaired(first)) {
        Some((keyword, command, language)) => Reading {
            command: Some(command),
            keyword_language: Some(language),
            rest: after(&text, keyword),
            ..Reading::default()
        },
        None => plain(),
    }
}

/// A keyword as found: as it stands in the text, or in the list.
type Found<'a> = (&'a str, Command, Language);

/// Letters that a keyword must have to be understood in pieces: a shorter one may be two words by chance.
const PIECES_MIN: usize = 5;
/// As much, where more is written behind the last piece without a blank.
const PIECES_AND_MORE_MIN: usize = 7;
/// As much for Latin letters, whose words stand apart anyway, and how many each piece has.
const LATIN_PIECES_MIN: usize = 6;
const LATIN_PIECE_MIN: usize = 2;
/// Letters that are put together before it is given up; the longest keyword has 11.
const PIECES_MAX: usize = 24;

/// A keyword that blanks part: telephones put one where a line ends, and people where a syllable does. It begins with
/// the first word and goes beyond it.
fn in_pieces(folded: &str, words: &[&str]) -> Option<Found<'static>> {
    let mut joined = (*words.first()?).to_owned();
    let script = joined.chars().next().map(kind);
    let first = joined.len();
    let mut small = first < LATIN_PIECE_MIN;
    let mut found: Option<Found> = None;
    for pair in words.windows(2) {
        let (before, word) = (pair[0], pair[1]);
        let same = word.chars().next().map(kind) == script && only_blanks(folded, before, word);
        if !same || joined.chars().count() > PIECES_MAX {
            break;
        }
        joined.push_str(word);
        small |= word.len() < LATIN_PIECE_MIN;
        let whole = normal::key(&joined);
        let longest = FIRST_WORDS.iter().filter(|(alias, _, language)| {
            let letters = alias.chars().count();
            alias.len() > first
                && match language {
                    Language::Km if whole == **alias => letters >= PIECES_MIN,
                    Language::Km => letters >= PIECES_AND_MORE_MIN && whole.starts_with(alias),
                    Language::KmLatn | Language::En => letters >= LATIN_PIECES_MIN && !small && whole == **alias,
                }
        });
        let longest = longest.max_by_key(|(alias, ..)| alias.len()).copied();
        found = longest.filter(|(alias, ..)| found.is_none_or(|(shorter, ..)| alias.len() > shorter.len())).or(found);
    }
    found
}

/// Whether nothing but blanks stands between two words of a text.
fn only_blanks(text: &str, one: &str, next: &str) -> bool {
    let at = |word: &str| word.as_ptr() as usize - text.as_ptr() as usize;
    text[at(one) + one.len()..at(next)].chars().all(char::is_whitespace)
}

/// The keyword that the first word is, or begins with where words are written without spaces.
fn exact(first: &str) -> Option<Found<'_>> {
    FIRST_WORDS
        .iter()
        .filter(|(alias, _, language)| match language {
            Language::Km => first.starts_with(alias),
            Language::KmLatn | Language::En => first == *alias,
        })
        .max_by_key(|(alias, ..)| alias.len())
        .map(|(alias, command, language)| (&first[..alias.len()], *command, *language))
}

/// One slip in a word of four letters or more, two in one of seven or more, when only one command is that near.
fn repaired(first: &str) -> Option<Found<'_>> {
    let length = first.chars().count();
    let most = match length {
        0..=3 => return None,
        4..=6 => 1,
        _ => 2,
    };
    for allowed in 1..=most {
        let mut near = FIRST_WORDS
            .iter()
            .filter(|(alias, ..)| alias.chars().count() >= 4 && normal::edits(first, alias, allowed).is_some());
        if let Some((_, command, language)) = near.next() {
            return near.all(|(_, other, _)| other == command).then_some((first, *command, *language));
        }
    }
    None
}

/// What is written after the keyword: the shortest beginning of `text` whose key holds the whole keyword is cut
/// off. Keywords are short, so few beginnings are tried.
fn after(text: &str, keyword: &str) -> String {
    let ends = text.char_indices().map(|(at, c)| at + c.len_utf8()).take(96);
    for end in ends {
        if squeezed(&text[..end]) == keyword {
            // signs that still belong to the last letter
            let rest = text[end..].trim_start_matches(|c| normal::is_invisible(c) || kind(c) == Kind::Gap);
            if squeezed_begins(rest, keyword, &text[..end]) {
                return rest.trim().to_owned();
            }
        }
    }
    String::new()
}

/// Whether the rest begins a word of its own: the key of the whole begins with the keyword unchanged.
fn squeezed_begins(rest: &str, keyword: &str, head: &str) -> bool {
    let next: String = rest.chars().take(1).collect();
    squeezed(&format!("{head}{next}")).starts_with(keyword)
}

/// The key of a text without its gaps, so that the signs of a syllable which one parts are put in order too.
fn squeezed(text: &str) -> String {
    let letters: String = normal::narrow(text).chars().filter(|c| kind(*c) != Kind::Gap).collect();
    normal::key(&letters)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Digit,
    Khmer,
    Letter,
    Gap,
}

fn kind(c: char) -> Kind {
    match c {
        _ if c.is_ascii_digit() => Kind::Digit,
        '។' | '៕' | '៖' | 'ៗ' | '៛' => Kind::Gap,
        '\u{1780}'..='\u{17FF}' => Kind::Khmer,
        _ if c.is_alphabetic() => Kind::Letter,
        _ => Kind::Gap,
    }
}

/// Splits at what is no letter and where the script changes: `status123`, `ស្ថានភាព១២៣`.
fn words(folded: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let mut start = 0;
    let mut before = Kind::Gap;
    for (at, c) in folded.char_indices() {
        let now = kind(c);
        if now != before {
            if before != Kind::Gap {
                words.push(&folded[start..at]);
            }
            start = at;
            before = now;
        }
    }
    if before != Kind::Gap {
        words.push(&folded[start..]);
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn command(text: &str) -> Option<Command> {
        read(text).command
    }

    #[test]
    fn keywords_are_read_in_three_languages() {
        for (text, wanted, language, rest) in [
            ("STATUS", Command::Status, Some(Language::En), ""),
            ("status123", Command::Status, Some(Language::En), "123"),
            ("ＳＴＡＴＵＳ", Command::Status, Some(Language::En), ""),
            ("tam dan 12", Command::Status, Some(Language::KmLatn), "12"),
            ("tam 12", Command::Status, Some(Language::KmLatn), "12"),
            ("Sthanpheap", Command::Status, Some(Language::KmLatn), ""),
            ("ស្ថានភាព១២៣", Command::Status, Some(Language::Km), "១២៣"),
            ("តាម\u{200B}ដាន", Command::Status, Some(Language::Km), ""),
            ("ជំនួយ។", Command::Help, Some(Language::Km), ""),
            ("Help!", Command::Help, Some(Language::En), ""),
            ("?", Command::Help, None, "?"),
            ("ឈប់", Command::Stop, Some(Language::Km), ""),
            ("stop sms", Command::Stop, Some(Language::En), "sms"),
            ("ON", Command::Start, None, ""),
            (" k ", Command::Language(Language::Km), None, ""),
            ("R.", Command::Language(Language::KmLatn), None, ""),
            ("e", Command::Language(Language::En), None, ""),
            ("A", Command::Appointment, None, ""),
            ("I 1002", Command::Info, None, "1002"),
            ("Fee 1002", Command::Info, Some(Language::En), "1002"),
            ("ណាត់ជួប", Command::Appointment, Some(Language::Km), ""),
            ("សេវាសំបុត្រកំណើត", Command::Info, Some(Language::Km), "សំបុត្រកំណើត"),
            ("បណ្ដឹង គេយកថ្លៃ", Command::Complaint, Some(Language::Km), "គេយកថ្លៃ"),
            ("Office: Dangkao", Command::Office, Some(Language::En), "Dangkao"),
            ("cancel 40719359", Command::Cancel, Some(Language::En), "40719359"),
        ] {
            let reading = read(text);
            assert_eq!(reading.command, Some(wanted), "{text}");
            assert_eq!(reading.keyword_language, language, "{text}");
            assert_eq!(reading.rest, rest, "{text}");
        }
    }

    #[test]
    fn a_slip_is_repaired_when_only_one_word_is_near() {
        for (text, wanted) in [
            ("sttaus", Command::Status),
            ("statuss", Command::Status),
            ("ofice", Command::Office),
            ("apointmnet", Command::Appointment),
            ("ស្ថានភាប", Command::Status),
            ("ការិយាលយ", Command::Office),
            ("ជំនួយយ", Command::Help),
        ] {
            assert_eq!(command(text), Some(wanted), "{text}");
        }
        assert_eq!(command("hello"), None);
        assert_eq!(command("stap"), None, "start, stat and stop are all as near");
    }

    #[test]
    fn a_keyword_parted_by_a_blank_is_not_lost() {
        for between in [
            " ",
            "  ",
            "\u{A0}",
            "\u{202F}",
            "\u{2009}",
            "\u{3000}",
            "\n",
            "\u{200B}",
            " \u{200B} ",
            "\u{200C}",
            "\u{AD}",
            "\u{2060}",
        ] {
            for (pieces, wanted) in [
                (&["ស្ថាន", "ភាព"][..], Command::Status),
                (&["ស្ថា", "ន", "ភា", "ព"], Command::Status),
                (&["តាម", "ដាន"], Command::Status),
                (&["ណាត់", "ជួប"], Command::Appointment),
                (&["បោះ", "បង់"], Command::Cancel),
                (&["ការិ", "យាល័យ"], Command::Office),
                (&["ការិយា", "ល័យ"], Command::Office),
                (&["មតិ", "យោបល់"], Command::Feedback),
                (&["បណ្ដឹ", "ង"], Command::Complaint),
                (&["ជំ", "នួយ"], Command::Help),
                (&["ចាប់", "ផ្ដើម"], Command::Start),
                (&["ម៉ឺ", "នុយ"], Command::Menu),
                (&["sthan", "pheap"], Command::Status),
                (&["feed", "back"], Command::Feedback),
            ] {
                let keyword = pieces.join(between);
                for (text, rest) in [
                    (keyword.clone(), ""),
                    (format!("{keyword} 120500-26-048193-7"), "120500-26-048193-7"),
                    (format!("{keyword}១២៣"), "១២៣"),
                    (format!(" {keyword}។"), ""),
                ] {
                    let read = read(&text);
                    assert_eq!((read.command, read.rest.as_str()), (Some(wanted), rest), "{text:?}");
                }
            }
        }
        let glued = read("ស្ថាន ភាពឯកសារ");
        assert_eq!((glued.command, glued.rest.as_str()), (Some(Command::Status), "ឯកសារ"));
        assert_eq!(read("បណ្ដឹង គេយកថ្លៃ").rest, "គេយកថ្លៃ");
    }

    #[test]
    fn two_words_that_together_are_no_keyword_stay_two() {
        for text in [
            "ស្ថាន ទូត",
            "ស្ថាន 120500260481937",
            "ស្ថាន។ភាព",
            "ស្ថាន 1 ភាព",
            "ស្ថាន status ភាព",
            "ភាព ស្ថាន",
            "ខ្ញុំ ស្ថាន ភាព",
            "ម តិច",
            "ក ក់",
            "លុ យ",
            "st op",
            "s top",
            "on off ice",
            "he lp",
            "me nu",
            "c ancel",
            "i n f o",
            "my sta tus",
        ] {
            assert_eq!(command(text), None, "{text}");
        }
        // the first word is a keyword by itself, and what follows it is no part of it
        for (text, wanted, rest) in [
            ("ណាត់ ថ្ងៃស្អែក", Command::Appointment, "ថ្ងៃស្អែក"),
            ("មតិ យោ", Command::Feedback, "យោ"),
            ("tam nat", Command::Status, "nat"),
            ("ស្ថានភាព ភាព", Command::Status, "ភាព"),
        ] {
            let read = read(text);
            assert_eq!((read.command, read.rest.as_str()), (Some(wanted), rest), "{text}");
        }
    }

    #[test]
    fn letters_mean_something_only_alone() {
        for text in ["k now", "on my way", "i want", "", "...", "សួស្តី", "hello", "🙂"] {
            assert_eq!(command(text), None, "{text}");
        }
    }

    #[test]
    fn numbers_and_yes_are_told_apart() {
        assert_eq!(read("១").number, Some(1));
        assert_eq!(read(" 47 ").number, Some(47));
        assert_eq!(read("1234567").number, None);
        assert_eq!(read("12 3").number, None);
        assert!(read("OK!").yes && read("បាទ").yes && !read("okay then").yes);
    }

    #[test]
    fn every_alias_is_in_folded_form_and_stands_once() {
        let aliases: Vec<&str> =
            FIRST_WORDS.iter().map(|(alias, ..)| *alias).chain(ALONE.iter().map(|(alias, _)| *alias)).collect();
        for (at, alias) in aliases.iter().enumerate() {
            assert_eq!(normal::key(alias), *alias);
            assert!(!aliases[..at].contains(alias), "{alias} stands twice");
        }
    }

    /// The ways in which people spoil a word that means the same, in the order of a text's journey.
    fn spoil(word: &str, how: u8) -> String {
        match how % 8 {
            0 => word.to_uppercase(),
            1 => word.chars().map(|c| format!("{c}\u{200B}")).collect(),
            2 => format!("{word}។"),
            3 => format!("  {word} 🙂"),
            4 => format!("{word}123"),
            5 => word.replace("\u{17D2}ត", "\u{17D2}ដ"),
            6 => word
                .chars()
                .map(|c| if c.is_ascii_lowercase() { char::from_u32(u32::from(c) + 0xFEE0).unwrap_or(c) } else { c })
                .collect(),
            _ => word.replace("ំុ", "ុំ").replace('ើ', "េី").replace('ោ', "េា"),
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(crate::text::property_cases()))]

        #[test]
        fn a_spoilt_keyword_is_still_the_keyword(at in 0..FIRST_WORDS.len(), how in 0u8..8, more in 0u8..8) {
            let (alias, wanted, _) = FIRST_WORDS[at];
            let text = spoil(&spoil(alias, how), more);
            prop_assert_eq!(command(&text), Some(wanted), "{}", text);
        }

        #[test]
        fn one_edit_never_becomes_another_command(at in 0..FIRST_WORDS.len(), place in 0usize..20, c in "[a-zក-អ]") {
            let (alias, wanted, _) = FIRST_WORDS[at];
            let mut letters: Vec<char> = alias.chars().collect();
            if letters.len() >= 7 {
                let place = place % letters.len();
                letters[place] = c.chars().next().unwrap_or('a');
                let text: String = letters.iter().collect();
                let read = command(&text);
                if words(&normal::key(&text)).len() != 1 {
                    return Ok(());
                }
                prop_assert!(read == Some(wanted) || read.is_none() || exact(words(&normal::key(&text))[0]).is_some(), "{text} {read:?}");
            }
        }

        #[test]
        fn any_text_is_read_without_harm(text in "\\PC{0,200}") {
            let _ = read(&text);
        }
    }
}

//! What a written text asks for, apart from a code in it. Knows the keywords of three languages, no state.
use crate::types::{Language, limits};

/// Something a text can ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Command {
    Status,
    Help,
    Stop,
    Start,
    Language(Language),
    /// The short menu: also what is on it and not open yet.
    Menu,
}

/// A text as understood.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Reading {
    pub(super) command: Option<Command>,
    /// The language of the keyword, where it has one: a letter or a number has none.
    pub(super) keyword_language: Option<Language>,
}

/// Words that begin a text, whatever follows.
const FIRST_WORDS: [(&str, Command, Language); 20] = [
    ("status", Command::Status, Language::En),
    ("check", Command::Status, Language::En),
    ("sthanpheap", Command::Status, Language::KmLatn),
    ("sthanapheap", Command::Status, Language::KmLatn),
    ("stanpheap", Command::Status, Language::KmLatn),
    ("tamdan", Command::Status, Language::KmLatn),
    ("tam", Command::Status, Language::KmLatn),
    ("ស្ថានភាព", Command::Status, Language::Km),
    ("តាមតាន", Command::Status, Language::Km),
    ("help", Command::Help, Language::En),
    ("info", Command::Menu, Language::En),
    ("chomnuoy", Command::Help, Language::KmLatn),
    ("chumnuoy", Command::Help, Language::KmLatn),
    ("jumnuoy", Command::Help, Language::KmLatn),
    ("ជំនួយ", Command::Help, Language::Km),
    ("stop", Command::Stop, Language::En),
    ("chhop", Command::Stop, Language::KmLatn),
    ("ឈប់", Command::Stop, Language::Km),
    ("start", Command::Start, Language::En),
    ("ចាប់ផ្តើម", Command::Start, Language::Km),
];

/// Words that mean something only when nothing else is written.
const ALONE: [(&str, Command); 20] = [
    ("k", Command::Language(Language::Km)),
    ("r", Command::Language(Language::KmLatn)),
    ("e", Command::Language(Language::En)),
    ("s", Command::Status),
    ("1", Command::Status),
    ("h", Command::Help),
    ("off", Command::Stop),
    ("on", Command::Start),
    ("a", Command::Menu),
    ("i", Command::Menu),
    ("o", Command::Menu),
    ("c", Command::Menu),
    ("0", Command::Menu),
    ("2", Command::Menu),
    ("3", Command::Menu),
    ("4", Command::Menu),
    ("5", Command::Menu),
    ("9", Command::Menu),
    ("menu", Command::Menu),
    ("មឺនុយ", Command::Menu),
];

/// Reads a text. Only its first `limits::TEXT_CHARS_MAX` characters are looked at.
pub(super) fn read(text: &str) -> Reading {
    let folded: String = text.chars().take(limits::TEXT_CHARS_MAX).filter_map(fold).collect();
    if matches!(folded.trim(), "?" | "??") {
        return Reading { command: Some(Command::Help), keyword_language: None };
    }
    let words = words(&folded);
    let Some(first) = words.first() else {
        return Reading::default();
    };
    if words.len() == 1
        && let Some((_, command)) = ALONE.iter().find(|(alias, _)| alias == first)
    {
        return Reading { command: Some(*command), keyword_language: None };
    }
    FIRST_WORDS
        .iter()
        .find(|(alias, _, language)| match language {
            // Khmer is written without spaces between words
            Language::Km => first.starts_with(alias),
            Language::KmLatn | Language::En => first == alias,
        })
        .map(|(_, command, language)| Reading { command: Some(*command), keyword_language: Some(*language) })
        .unwrap_or_default()
}

/// Lower-case letters and ASCII digits; `None` for what cannot be seen. ្ដ is written for ្ត at will.
fn fold(c: char) -> Option<char> {
    Some(match c {
        '\u{200B}'..='\u{200F}'
        | '\u{2060}'
        | '\u{FEFF}'
        | '\u{00AD}'
        | '\u{202A}'..='\u{202E}'
        | '\u{FE00}'..='\u{FE0F}'
        | '\u{17B4}'
        | '\u{17B5}' => return None,
        '០'..='៩' => char::from(b'0' + (u32::from(c) - u32::from('០')) as u8),
        '\u{FF01}'..='\u{FF5E}' => char::from_u32(u32::from(c) - 0xFEE0)?.to_ascii_lowercase(),
        '\u{00A0}' | '\u{3000}' => ' ',
        'ដ' => 'ត',
        other => other.to_ascii_lowercase(),
    })
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
        '។' | '៕' | '៖' | 'ៗ' => Kind::Gap,
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

    fn command(text: &str) -> Option<Command> {
        read(text).command
    }

    #[test]
    fn keywords_are_read_in_three_languages() {
        for (text, wanted, language) in [
            ("STATUS", Command::Status, Some(Language::En)),
            ("status123", Command::Status, Some(Language::En)),
            ("ＳＴＡＴＵＳ", Command::Status, Some(Language::En)),
            ("tam dan 12", Command::Status, Some(Language::KmLatn)),
            ("Sthanpheap", Command::Status, Some(Language::KmLatn)),
            ("ស្ថានភាព១២៣", Command::Status, Some(Language::Km)),
            ("តាម\u{200B}ដាន", Command::Status, Some(Language::Km)),
            ("ជំនួយ។", Command::Help, Some(Language::Km)),
            ("Help!", Command::Help, Some(Language::En)),
            ("?", Command::Help, None),
            ("ឈប់", Command::Stop, Some(Language::Km)),
            ("stop sms", Command::Stop, Some(Language::En)),
            ("ON", Command::Start, None),
            (" k ", Command::Language(Language::Km), None),
            ("R.", Command::Language(Language::KmLatn), None),
            ("e", Command::Language(Language::En), None),
            ("១", Command::Status, None),
            ("A", Command::Menu, None),
        ] {
            let reading = read(text);
            assert_eq!(reading.command, Some(wanted), "{text}");
            assert_eq!(reading.keyword_language, language, "{text}");
        }
    }

    #[test]
    fn letters_mean_something_only_alone() {
        for text in ["k now", "on my way", "12", "", "...", "សួស្តី", "hello", "🙂"] {
            assert_eq!(command(text), None, "{text}");
        }
    }

    #[test]
    fn every_alias_is_in_folded_form() {
        let aliases = FIRST_WORDS.iter().map(|(alias, ..)| *alias);
        for alias in aliases.chain(ALONE.iter().map(|(alias, _)| *alias)) {
            let folded: String = alias.chars().filter_map(fold).collect();
            // ្ដ and ្ត meet in ត, so an alias that holds ដ has to be written with ត
            assert_eq!(folded, alias);
        }
    }
}

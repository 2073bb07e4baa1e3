//! What a written text asks for, apart from a code in it. Knows how keywords are found (they stand in `aliases`), no state.
mod aliases;

use crate::text::normal;
use crate::types::{Language, limits};
pub(super) use aliases::Command;
use aliases::{FIRST_WORDS, GLUED, GRADES, KEPT, MORE, NO, OF_NOTICES, POLITE, THANKS, WHOLE, YES};

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
    /// The whole text says no.
    pub(super) no: bool,
    /// The whole text asks for more of a list.
    pub(super) more: bool,
    /// The whole text says thanks.
    pub(super) thanks: bool,
}

/// Letters that mean something only when nothing, or a number, follows.
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

/// What a text is when it is no command: where something else was asked for, its words.
pub(super) fn plain(text: &str) -> Reading {
    Reading { rest: text.trim().to_owned(), ..Reading::default() }
}

/// Reads a text. Only its first `limits::TEXT_CHARS_MAX` characters are looked at.
pub(super) fn read(text: &str) -> Reading {
    let text: String = text.chars().take(limits::TEXT_CHARS_MAX).collect();
    let folded = normal::key(&text);
    if !folded.trim().is_empty() && folded.trim().chars().all(|c| c == '?') {
        return Reading { command: Some(Command::Help), ..plain(&text) };
    }
    let words = words(&folded);
    let Some(first) = words.first() else { return plain(&text) };
    let whole: String = words.concat();
    let says = |list: &[&str]| list.contains(&whole.as_str());
    let number = (words.len() == 1 && first.len() <= 6).then(|| first.parse().ok()).flatten();
    if number.is_some() {
        return Reading { number, ..plain(&text) };
    }
    if says(YES) || says(NO) || says(MORE) || says(THANKS) {
        return Reading { yes: says(YES), no: says(NO), more: says(MORE), thanks: says(THANKS), ..plain(&text) };
    }
    let bare = words.len() == 1 || words[1].starts_with(|c: char| c.is_ascii_digit());
    if let Some((alias, command)) = ALONE.iter().find(|(alias, command)| {
        alias == first && bare && (words.len() == 1 || !matches!(command, Command::Language(_) | Command::Help))
    }) {
        return Reading { command: Some(*command), rest: after(&text, alias), ..Reading::default() };
    }
    certain(&text, &folded, &words)
        .or_else(|| politely(&text))
        .or_else(|| repaired(first).map(|found| reading(&text, found)))
        .unwrap_or_else(|| plain(&text))
}

/// The grade that a text is, where one is wanted: 1 to 5.
pub(super) fn grade(text: &str) -> Option<u8> {
    let whole: String = words(&normal::key(text)).concat();
    GRADES.iter().find(|(word, _)| *word == whole).map(|(_, grade)| *grade)
}

/// A keyword as found: as it stands in the text, or in the list.
type Found<'a> = (&'a str, Command, Language);

fn reading(text: &str, (keyword, command, language): Found<'_>) -> Reading {
    Reading {
        command: Some(command),
        keyword_language: Some(language),
        rest: after(text, keyword),
        ..Reading::default()
    }
}

/// A keyword that stands there letter by letter.
fn certain(text: &str, folded: &str, words: &[&str]) -> Option<Reading> {
    let whole: String = words.concat();
    if let Some((_, command, language)) = WHOLE.iter().find(|(alias, ..)| *alias == whole) {
        return Some(Reading { command: Some(*command), keyword_language: Some(*language), ..Reading::default() });
    }
    if words.first().is_some_and(|first| KEPT.iter().any(|kept| first.starts_with(kept))) {
        return Some(Reading { command: Some(Command::Info), keyword_language: Some(Language::Km), ..plain(text) });
    }
    in_pieces(folded, words).or_else(|| exact(words)).map(|found| reading(text, found))
}

/// How many words of politeness are skipped.
const POLITE_MAX: usize = 5;

/// A keyword behind words of politeness: `សូមឈប់`, `my status`, `khnhom chong nat`.
fn politely(text: &str) -> Option<Reading> {
    let mut text = text.to_owned();
    for _ in 0..POLITE_MAX {
        let folded = normal::key(&text);
        let written = words(&folded);
        let first = *written.first()?;
        let polite = POLITE.iter().filter(|word| match first.chars().next().map(kind) {
            Some(Kind::Khmer) => first.starts_with(**word),
            _ => first == **word,
        });
        let polite = polite.max_by_key(|word| word.len())?;
        text = after(&text, polite);
        let folded = normal::key(&text);
        let written = words(&folded);
        if let Some(found) = certain(&text, &folded, &written) {
            return Some(found);
        }
    }
    None
}

/// Whether a command may stand before this. What changes something, or is a common word's beginning, is taken only where
/// nothing that makes it another word follows: ឈប់ is stop, ឈប់សម្រាក is holiday.
fn may_precede(command: Command, glued: &str, next: Option<&str>) -> bool {
    let digit = |word: &str| word.starts_with(|c: char| c.is_ascii_digit());
    let one_of = |list: &[&str], word: &str| list.iter().any(|beginning| word.starts_with(beginning));
    let follows = if glued.is_empty() { next } else { Some(glued) };
    match command {
        Command::Stop | Command::Start => follows.is_none_or(|word| digit(word) || one_of(OF_NOTICES, word)),
        Command::Complaint
        | Command::Cancel
        | Command::Move
        | Command::List
        | Command::Help
        | Command::Language(_)
        | Command::LanguageMenu
        | Command::Menu => glued.is_empty() || digit(glued) || one_of(GLUED, glued),
        Command::Status
        | Command::Appointment
        | Command::Book
        | Command::Info
        | Command::Office
        | Command::Feedback => true,
    }
}

/// Letters that a keyword must have to be understood in pieces: a shorter one may be two words by chance.
const PIECES_MIN: usize = 5;
/// As much, where more is written behind the last piece without a blank.
const PIECES_AND_MORE_MIN: usize = 7;
/// As much for Latin letters, whose words stand apart anyway, and how many each piece has.
const LATIN_PIECES_MIN: usize = 6;
const LATIN_PIECE_MIN: usize = 2;
/// Letters that are put together before it is given up; the longest keyword has 16.
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
        let longest = FIRST_WORDS.iter().filter(|(alias, command, language)| {
            let letters = alias.chars().count();
            alias.len() > first
                && match language {
                    Language::Km if whole == **alias => letters >= PIECES_MIN,
                    Language::Km => {
                        letters >= PIECES_AND_MORE_MIN
                            && whole.strip_prefix(alias).is_some_and(|glued| may_precede(*command, glued, None))
                    }
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
fn exact<'a>(words: &[&'a str]) -> Option<Found<'a>> {
    let first = *words.first()?;
    FIRST_WORDS
        .iter()
        .filter(|(alias, command, language)| {
            let glued = match language {
                Language::Km => first.strip_prefix(alias),
                Language::KmLatn | Language::En => (first == *alias).then_some(""),
            };
            glued.is_some_and(|glued| may_precede(*command, glued, words.get(1).copied()))
        })
        .max_by_key(|(alias, ..)| alias.len())
        .map(|(alias, command, language)| (&first[..alias.len()], *command, *language))
}

/// Letters that a word must have to be repaired: a shorter one has too many neighbours (shop and stop, date and rate).
const REPAIRED_MIN: usize = 6;
/// From here on two slips are forgiven.
const TWO_SLIPS_MIN: usize = 9;

/// One slip in a word of six letters or more, two in one of nine or more, when only one command is that near. Never
/// towards what changes something: a citizen who names a place must not file a complaint.
fn repaired(first: &str) -> Option<Found<'_>> {
    // no keyword has digits, and most texts are a code: comparing them with all keywords was a seventh of the CPU time
    // of an answer
    if first.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let length = first.chars().count();
    let most = match length {
        0..REPAIRED_MIN => return None,
        REPAIRED_MIN..TWO_SLIPS_MIN => 1,
        _ => 2,
    };
    for allowed in 1..=most {
        let mut near = FIRST_WORDS
            .iter()
            .filter(|(alias, ..)| alias.chars().count() >= 4 && normal::edits(first, alias, allowed).is_some());
        if let Some((_, command, language)) = near.next() {
            let changes = matches!(command, Command::Stop | Command::Start | Command::Complaint | Command::Cancel);
            return (!changes && near.all(|(_, other, _)| other == command)).then_some((first, *command, *language));
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
mod tests;

//! What a telephone would make clickable. Citizens are told that a text with a link never comes from us, so no
//! text holds one, whoever wrote it: what agencies write is refused, what comes from elsewhere is parted until nothing
//! in it is a link.
//!
//! Every `name.ending` of the internet is one, in whatever case: `ready.Today` is clickable too, so whoever leaves out
//! the blank behind a full stop is asked to put it there. `ready.Come` is none, as nothing ends in `come`.
use crate::text::normal;
use std::{borrow::Cow, net::Ipv6Addr};

mod endings;
mod fold;

use endings::{is_ending, is_scheme, is_unmistakable};
use fold::{MIDDLE, folded, latin};

/// Blanks that may stand between a dot and its neighbours.
const GAP_MAX: usize = 3;
/// Abbreviations that end like a name, in lower case.
const ABBREVIATIONS: [(&str, &str); 10] = [
    ("co", "ltd"),
    ("m", "sc"),
    ("b", "sc"),
    ("tel", "no"),
    ("ph", "no"),
    ("ref", "no"),
    ("id", "no"),
    ("bill", "no"),
    ("reg", "no"),
    ("acc", "no"),
];
/// Titles that stand before a name without a blank: `Mr.Kim`.
const TITLES: [&str; 6] = ["mr", "mrs", "ms", "dr", "e", "lok"];

/// Whether a text holds a link: a scheme, an address, `www.`, or the name of a place on the internet. `8.30`, `e.g.` and
/// `26.11.2026` are none.
pub fn holds_link(text: &str) -> bool {
    may_hold_link(text) && find(&folded(text)).is_some()
}

/// Nothing is a link without one of these, however it is written: of ASCII what ends a label, of Khmer what is drawn like a
/// colon, and whatever else has other forms.
fn may_hold_link(text: &str) -> bool {
    let may = |c: char| match c {
        '.' | ':' | '@' | '\u{17D6}' => true,
        c => !(c.is_ascii() || normal::KHMER.contains(&c)),
    };
    text.contains(may) || ["dot", "DOT"].iter().any(|dot| text.contains(dot))
}

/// The text with its links parted: a sentence gets its blank, everything else is left in pieces.
pub fn without_links(text: &str) -> Cow<'_, str> {
    if !holds_link(text) {
        return Cow::Borrowed(text);
    }
    let mut chars = folded(text);
    // each round takes one mark away or puts a blank behind it, so there are no more rounds than marks
    while let Some(found) = find(&chars) {
        let sentence = found.sentence && chars.get(found.at + 1).is_some_and(|c| !c.is_whitespace());
        if sentence {
            chars.insert(found.at + 1, ' ');
        } else {
            chars[found.at] = ' ';
        }
        chars = chars.into_iter().fold(Vec::new(), |mut all: Vec<char>, c| {
            if !(c == ' ' && all.last() == Some(&' ')) {
                all.push(c);
            }
            all
        });
    }
    Cow::Owned(chars.into_iter().collect())
}

/// The mark that makes a link.
struct Found {
    at: usize,
    /// It may be a full stop without its blank.
    sentence: bool,
}

fn find(text: &[char]) -> Option<Found> {
    (0..text.len()).find_map(|at| match text[at] {
        '.' | MIDDLE if is_address(text, at) => Some(Found { at, sentence: false }),
        '.' | MIDDLE => name(text, at),
        ':' if is_opened(text, at) || is_long_address(text, at) => Some(Found { at, sentence: false }),
        '@' if is_mail(text, at) => Some(Found { at, sentence: false }),
        _ => None,
    })
}

/// Letters of any script with their marks, digits and hyphens: what a label is made of.
fn in_label(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    }
    let punctuation = matches!(c, '\u{A1}'..='\u{BF}' | '\u{D7}' | '\u{F7}' | '\u{17D4}'..='\u{17DB}'
        | '\u{2000}'..='\u{2BFF}' | '\u{2E00}'..='\u{2E7F}' | '\u{3000}'..='\u{303F}');
    !punctuation && !c.is_whitespace()
}

/// The label that ends before `end`.
fn label_before(text: &[char], end: usize) -> &[char] {
    let start = (0..end).rev().find(|at| !in_label(text[*at])).map_or(0, |at| at + 1);
    &text[start..end]
}

/// What a label's characters make from `start` on.
fn run_after(text: &[char], start: usize) -> &[char] {
    let rest = &text[start..];
    &rest[..rest.iter().position(|c| !in_label(*c)).unwrap_or(rest.len())]
}

fn lower(chars: &[char]) -> String {
    chars.iter().flat_map(|c| c.to_lowercase()).collect()
}

/// Where the blanks before `at` begin.
fn back(text: &[char], at: usize) -> usize {
    let blanks = text[..at].iter().rev().take(GAP_MAX).take_while(|c| c.is_whitespace()).count();
    at - blanks
}

/// Where the blanks from `at` on end.
fn forth(text: &[char], at: usize) -> usize {
    at + text[at..].iter().take(GAP_MAX).take_while(|c| c.is_whitespace()).count()
}

/// The ending that a run begins with, and its length: all of it, or what stands before another script or a hyphen. Letters
/// that are drawn like Latin ones count as those too.
fn ending_of(run: &[char]) -> Option<(String, usize)> {
    let drawn: Vec<char> = run.iter().map(|c| latin(*c)).collect();
    let head = drawn.iter().take_while(|c| c.is_ascii_alphanumeric()).count();
    let candidates = [(run, run.len()), (&drawn, run.len()), (&drawn, head)];
    candidates.into_iter().map(|(from, length)| (lower(&from[..length]), length)).find(|(word, _)| is_ending(word))
}

/// `label.ending`, with blanks slipped in or without.
fn name(text: &[char], at: usize) -> Option<Found> {
    let (left, right) = (back(text, at), forth(text, at + 1));
    let (label, run) = (label_before(text, left), run_after(text, right));
    if label.iter().all(|c| *c == '-') || run.is_empty() {
        return None;
    }
    let word = lower(label);
    if word.strip_prefix("www").is_some_and(|rest| rest.bytes().all(|b| b.is_ascii_digit())) {
        return Some(Found { at, sentence: false });
    }
    let (ending, length) = ending_of(run)?;
    let apart = (at - left, right - at - 1);
    let end = right + length;
    let goes_on = |from: usize| text.get(from).is_some_and(|c| in_label(*c));
    let with_path = apart == (0, 0)
        && match text.get(end) {
            Some('/') => true,
            Some('?' | '#') => goes_on(end + 1),
            Some(':') => text.get(end + 1).is_some_and(char::is_ascii_digit),
            _ => false,
        };
    // a word that begins a sentence
    let opens = run[0].is_uppercase() && run[1..length].iter().any(|c| c.is_lowercase());
    let certain = is_unmistakable(&ending);
    let said = !with_path && (is_number(text, left, opens) && !certain || is_short(text, left, &ending, opens));
    let joined = match (text[at], apart) {
        _ if said => false,
        (_, (0, 0)) => true,
        ('.', (1.., _)) => !opens,
        _ => certain && !opens,
    };
    joined.then_some(Found { at, sentence: opens && !with_path && apart == (0, 0) })
}

/// The labels before `end`, the nearest first, without blanks between them.
fn host(text: &[char], end: usize) -> Vec<&[char]> {
    let mut labels = Vec::new();
    let mut end = end;
    loop {
        let label = label_before(text, end);
        end -= label.len();
        labels.push(label);
        match end.checked_sub(1) {
            Some(dot) if text[dot] == '.' && dot > 0 && in_label(text[dot - 1]) => end = dot,
            _ => return labels,
        }
    }
}

/// Whether what stands before is a number, a date, a time or the number of a line: `5.kg`, `26.11.2026.To`.
fn is_number(text: &[char], end: usize, opens: bool) -> bool {
    let labels = host(text, end);
    let digits = |label: &&[char]| label.iter().all(|c| c.is_ascii_digit() || *c == '-');
    labels.iter().all(digits) && (opens || labels.len() > 1 || labels[0].len() <= 2)
}

/// Whether it is an abbreviation or a title: `e.g.in`, `Co.Ltd`, `Mr.Kim`.
fn is_short(text: &[char], end: usize, ending: &str, opens: bool) -> bool {
    let labels = host(text, end);
    let single = labels.len() > 1 && labels.iter().all(|label| label.len() == 1);
    let last = lower(labels[0]);
    single && !is_unmistakable(ending)
        || ABBREVIATIONS.contains(&(last.as_str(), ending))
        || opens && TITLES.contains(&last.as_str())
}

/// Four numbers that are an address (IPv4), judged at their first dot. `012.34.56.78` is a telephone number.
fn is_address(text: &[char], at: usize) -> bool {
    let number = |chars: &[char]| -> Option<String> {
        let digits: String = chars.iter().take_while(|c| c.is_ascii_digit()).collect();
        ((1..=3).contains(&digits.len()) && digits.parse::<u16>().is_ok_and(|n| n < 256)).then_some(digits)
    };
    let left = back(text, at);
    let label = label_before(text, left);
    let first = left - label.len();
    if number(label).is_none_or(|n| n.len() != label.len()) || first > 0 && text[first - 1] == '.' {
        return false;
    }
    let (mut numbers, mut dot) = (vec![lower(label)], at);
    loop {
        let start = if back(text, dot) < dot { forth(text, dot + 1) } else { dot + 1 };
        let Some(next) = number(&text[start..]) else { return false };
        let end = start + next.len();
        numbers.push(next);
        if numbers.len() == 4 {
            let tail = text.get(end).copied().unwrap_or(' ');
            let more = tail == '.' && text.get(end + 1).is_some_and(char::is_ascii_digit);
            let with_path = matches!(tail, '/' | ':');
            let dialled = numbers.iter().any(|n| n.len() > 1 && n.starts_with('0'));
            return !more && !tail.is_ascii_alphanumeric() && tail != '-' && (with_path || !dialled);
        }
        dot = if text.get(end).is_some_and(|c| c.is_whitespace()) { forth(text, end) } else { end };
        if text.get(dot) != Some(&'.') {
            return false;
        }
    }
}

/// `anything://`, or a scheme that needs no slashes with something behind it. `Tel: 023` has a blank there.
fn is_opened(text: &[char], at: usize) -> bool {
    let slash = forth(text, at + 1);
    if text.get(slash) == Some(&'/') && text.get(forth(text, slash + 1)) == Some(&'/') {
        return true;
    }
    let Some(next) = text.get(at + 1).filter(|c| !c.is_whitespace()) else { return false };
    let scheme = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-');
    let length = text[..at].iter().rev().take_while(|c| scheme(c)).count();
    let word = lower(&text[at - length..at]);
    // `Data:5 forms` is none
    let media = |rest: &[char]| {
        let kind = rest.iter().take_while(|c| c.is_ascii_alphabetic()).count();
        kind > 0 && rest.get(kind) == Some(&'/')
    };
    is_scheme(&word) || word == "data" && (matches!(next, ',' | ';') || media(&text[at + 1..]))
}

/// An IPv6 address, judged at its first colon. `7:30:11:30` and `12::30` are times.
fn is_long_address(text: &[char], at: usize) -> bool {
    let part = |c: &char| c.is_ascii_hexdigit() || *c == ':';
    let start = at - text[..at].iter().rev().take_while(|c| part(c)).count();
    if text[start..at].contains(&':') || start > 0 && in_label(text[start - 1]) {
        return false;
    }
    let token: String = text[start..].iter().take_while(|c| part(c)).collect();
    let groups: Vec<&str> = token.split(':').filter(|group| !group.is_empty()).collect();
    let plausible = groups.iter().any(|group| group.len() > 2) || groups.len() > 3 && token.contains("::");
    plausible && (token.parse::<Ipv6Addr>().is_ok() || token.trim_end_matches(':').parse::<Ipv6Addr>().is_ok())
}

/// `name@place`.
fn is_mail(text: &[char], at: usize) -> bool {
    at > 0 && in_label(text[at - 1]) && text.get(at + 1).is_some_and(|c| c.is_alphabetic())
}

#[cfg(test)]
mod tests;

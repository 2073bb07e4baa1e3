//! A text as a telephone or a hurried eye reads it: compatibility forms plain (NFKC), what cannot be seen gone,
//! everything that looks like a dot, a slash or a colon that very character.
use crate::text::{normal, visible};
use icu_normalizer::ComposingNormalizerBorrowed;

/// A dot in the middle of the line. It parts the items of a list too, so it counts less than a dot on the line.
pub const MIDDLE: char = '\u{B7}';

/// The text folded, in its own case.
pub fn folded(text: &str) -> Vec<char> {
    let seen: String = text.chars().filter(|c| !visible::is_unseen(*c)).collect();
    // neither ASCII nor Khmer has another form, and most texts hold nothing else
    let plain = if seen.chars().all(|c| c.is_ascii() || normal::KHMER.contains(&c)) {
        normal::narrow(&seen)
    } else {
        normal::narrow(&ComposingNormalizerBorrowed::new_nfkc().normalize(&seen))
    };
    let plain: String = plain.chars().map(shape).collect();
    spelled_out(plain).chars().collect()
}

fn shape(c: char) -> char {
    match c {
        '\u{3002}' | '\u{FF61}' | '\u{06D4}' | '\u{0701}' | '\u{0702}' | '\u{A4F8}' | '\u{A60E}' | '\u{10A50}' => '.',
        '\u{2E31}' | '\u{2E33}' | '\u{2E3C}' | '\u{1D16D}' => '.',
        '\u{2022}' | '\u{2027}' | '\u{2219}' | '\u{22C5}' | '\u{30FB}' | '\u{16EB}' | '\u{A78F}' | '\u{0387}'
        | '\u{02D9}' | '\u{25CF}' | '\u{26AB}' | '\u{2B24}' => MIDDLE,
        '\u{2044}' | '\u{2215}' | '\u{29F8}' | '\u{2571}' => '/',
        '\u{2236}' | '\u{A789}' | '\u{02D0}' | '\u{0589}' | '\u{05C3}' | '\u{17D6}' => ':',
        c if c != '\n' && (c.is_whitespace() || c == '\u{2800}') => ' ',
        other => other,
    }
}

/// Letters of other scripts that are drawn like Latin ones.
pub fn latin(c: char) -> char {
    match c {
        'а' | 'α' => 'a',
        'с' | 'ϲ' => 'c',
        'е' => 'e',
        'һ' => 'h',
        'і' | 'ι' => 'i',
        'ј' => 'j',
        'κ' => 'k',
        'ӏ' => 'l',
        'о' | 'ο' => 'o',
        'р' | 'ρ' => 'p',
        'ѕ' => 's',
        'υ' => 'u',
        'ν' => 'v',
        'х' | 'χ' => 'x',
        'у' => 'y',
        other => other,
    }
}

/// Dots that are put into brackets, or written as a word before an ending.
fn spelled_out(text: String) -> String {
    const BRACKETS: [char; 3] = ['(', '[', '{'];
    let mut out = text;
    if !out.contains(BRACKETS) && !out.contains(" dot ") && !out.contains(" DOT ") {
        return out;
    }
    for dot in ["(.)", "[.]", "{.}", "(dot)", "[dot]", "{dot}", "(DOT)", "[DOT]", "{DOT}", " dot com", " DOT COM"] {
        if out.contains(dot) {
            out = out.replace(dot, if dot.ends_with(['m', 'M']) { ".com" } else { "." });
        }
    }
    out
}

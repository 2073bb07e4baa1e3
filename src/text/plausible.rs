//! How plausible it is that somebody wrote a text: the judge where octets can be read in more than one way. A reading
//! is weighed over all its characters, so no single octet decides. Knows no octets and no data_coding.
//!
//! The weight of a text is about −log2 of how likely people write it, in bits: a character costs what it takes to
//! choose it among those of its script, and a change of script, a mark without a letter, a rare ideograph or
//! what nobody can type cost more. As all readings are of the same octets, the sums can be compared as they are.

use crate::types::writing;

/// A reading of octets: its text, and what speaks against it before the text is looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// What was read.
    pub text: String,
    /// Bits; 0 for what was declared.
    pub doubt: u32,
}

/// What is said against a reading that was not declared: about two letters' worth. Where a text is so short that this
/// decides, what was declared is the best guess.
pub const UNDECLARED: u32 = 12;
/// As much for UTF-8 where an alphabet of single octets was declared: its letters fall together by no chance.
pub const UNDECLARED_UTF8: u32 = 4;
/// What is said against a reading for each octet that it leaves over.
pub const LEFT_OVER: u32 = 20;

/// The likeliest reading; the first of equals, so what was declared goes first. Empty when there is none.
pub fn likeliest(readings: impl IntoIterator<Item = Reading>) -> String {
    readings
        .into_iter()
        .min_by_key(|reading| weight(&reading.text).saturating_add(reading.doubt))
        .map(|reading| reading.text)
        .unwrap_or_default()
}

/// Whether a text has ideographs, kana or syllables of Hangul: any two octets of letters are one of these.
pub fn has_ideographs(text: &str) -> bool {
    text.chars().any(|c| matches!(what(c).script, Some(Script::Han | Script::Kana | Script::Hangul)))
}

/// What speaks against a text, in bits.
pub fn weight(text: &str) -> u32 {
    let mut script = None;
    let mut before = Before::Nothing;
    let mut bits = if text.chars().all(is_unseen) { NOTHING } else { 0 };
    for c in text.chars() {
        let what = what(c);
        bits = bits.saturating_add(what.bits).saturating_add(joint(before, c, what));
        if let Some(next) = what.script {
            if script != Some(next) {
                bits = bits.saturating_add(change(script, next));
            }
            script = Some(next);
        }
        before = Before::of(c, what);
    }
    bits
}

/// What speaks against a text that shows nothing: nobody sends one, and the digit 0 turned round is a blank.
const NOTHING: u32 = 24;

fn is_unseen(c: char) -> bool {
    writing::is_blank(c) || writing::is_invisible(c)
}

/// Whose letters a character is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Script {
    Latin,
    Khmer,
    Thai,
    Lao,
    Cyrillic,
    Han,
    Kana,
    Hangul,
    Greek,
    Arabic,
    Hebrew,
    /// One of India's, by its block.
    Indic(u8),
    Myanmar,
    /// One that is hardly ever met here, by its block.
    Rare(u8),
}

/// One character by itself.
#[derive(Clone, Copy)]
struct What {
    bits: u32,
    /// `None`: it stands in texts of every script.
    script: Option<Script>,
    /// It needs a letter of its script before it.
    mark: bool,
}

/// What a character stands behind.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Before {
    Nothing,
    Letter(Script),
    Lower,
    Picture,
    Other,
}

impl Before {
    fn of(c: char, what: What) -> Self {
        match what.script {
            Some(_) if c.is_lowercase() => Before::Lower,
            Some(script) => Before::Letter(script),
            None if is_picture(c) => Before::Picture,
            // what a mark stands on may be an invisible joiner
            None if writing::is_invisible(c) => Before::Picture,
            None => Before::Other,
        }
    }
}

/// What no keyboard gives.
const CONTROL: u32 = 22;
const NUL: u32 = 16;
const UNREADABLE: u32 = 32;
const PRIVATE: u32 = 28;
const UNASSIGNED: u32 = 32;
const NEVER: u32 = 40;
/// A mark without its letter; an upper-case letter inside a word.
const ALONE: u32 = 8;
const INNER_CAPITAL: u32 = 3;
/// Letters of a word follow each other more easily than a word begins.
const FIRST_LETTER: u32 = 1;
/// One of some thousand ideographs, or syllables, that are in use; and one of all others.
const COMMON_HAN: u32 = 10;
const RARE_HAN: u32 = 17;
const COMMON_HANGUL: u32 = 10;
const RARE_HANGUL: u32 = 18;

/// What speaks against two neighbours.
fn joint(before: Before, c: char, what: What) -> u32 {
    match (before, what.script) {
        (Before::Letter(script), Some(own)) if what.mark && script == own => 0,
        // those of Latin are of no script: they stand on Greek and Cyrillic too
        (Before::Lower | Before::Letter(_), None) if what.mark => 0,
        (Before::Picture, _) if what.mark => 0,
        (_, _) if what.mark => ALONE,
        (Before::Lower, Some(Script::Latin)) if c.is_uppercase() => INNER_CAPITAL,
        (Before::Lower | Before::Letter(Script::Latin), Some(Script::Latin)) => 0,
        (_, Some(Script::Latin)) => FIRST_LETTER,
        _ => 0,
    }
}

/// What speaks against a change of scripts, or against beginning in one.
fn change(from: Option<Script>, to: Script) -> u32 {
    let unlikely = match to {
        Script::Latin | Script::Khmer => 0,
        Script::Thai | Script::Lao | Script::Cyrillic => 4,
        Script::Han
        | Script::Kana
        | Script::Hangul
        | Script::Greek
        | Script::Arabic
        | Script::Hebrew
        | Script::Indic(_)
        | Script::Myanmar => 6,
        Script::Rare(_) => 10,
    };
    match (from, to) {
        (None, _) => unlikely,
        (Some(Script::Han | Script::Kana), Script::Han | Script::Kana) => 1,
        (Some(Script::Hangul), Script::Han) | (Some(Script::Han), Script::Hangul) => 8,
        (Some(Script::Latin), _) | (_, Script::Latin) => unlikely + 3,
        _ => unlikely + 12,
    }
}

fn is_picture(c: char) -> bool {
    matches!(c, '\u{1F000}'..='\u{1FAFF}' | '\u{2600}'..='\u{27BF}')
}

fn letter(bits: u32, script: Script) -> What {
    What { bits, script: Some(script), mark: false }
}

fn common(bits: u32) -> What {
    What { bits, script: None, mark: false }
}

/// Characters by their blocks, those met most often first.
fn what(c: char) -> What {
    match c {
        '\0'..='\u{7F}' => ascii(c),
        '\u{1780}'..='\u{17FF}' => khmer(c),
        '\u{4E00}'..='\u{9FFF}' if is_common_han(c) => letter(COMMON_HAN, Script::Han),
        '\u{4E00}'..='\u{9FFF}' => letter(RARE_HAN, Script::Han),
        '\u{80}'..='\u{036F}' | '\u{1E00}'..='\u{1EFF}' => latin(c),
        '\u{0370}'..='\u{1FFF}' => alphabets(c),
        '\u{2000}'..='\u{2BFF}' => symbols(c),
        '\u{2C00}'..='\u{A4CF}' => east(c),
        '\u{AC00}'..='\u{D7A3}' if is_common_hangul(c) => letter(COMMON_HANGUL, Script::Hangul),
        '\u{AC00}'..='\u{D7A3}' => letter(RARE_HANGUL, Script::Hangul),
        _ => rest(c),
    }
}

fn ascii(c: char) -> What {
    common(match c {
        'a'..='z' => return letter(4, Script::Latin),
        'A'..='Z' => return letter(5, Script::Latin),
        ' ' => 3,
        '0'..='9' => 4,
        '\n' | '\r' | '.' | ',' | '-' | '/' | '*' | '#' | '?' | '!' | ':' => 6,
        '\0' => NUL,
        // in the GSM alphabet it is octet 0, so it is mostly half of something else
        '@' => 14,
        '"' | '\'' | '(' | ')' | '+' | '=' | '%' | '&' | '_' | ';' => 9,
        '\t' => 10,
        '!'..='~' => 11,
        _ => CONTROL,
    })
}

/// Latin with marks, and combining marks.
fn latin(c: char) -> What {
    match c {
        '\u{80}'..='\u{9F}' => common(CONTROL),
        '\u{A0}' => common(7),
        '\u{AD}' => common(12),
        // where a telco sends ASCII for GSM, its @
        '¡' => common(15),
        'ª' | 'º' | '\u{A2}'..='\u{BF}' | '×' | '÷' => common(11),
        'à'..='ÿ' => letter(8, Script::Latin),
        'À'..='ß' => letter(9, Script::Latin),
        // Vietnamese
        'Ă' | 'ă' | 'Đ' | 'đ' | 'Ĩ' | 'ĩ' | 'Ũ' | 'ũ' | 'Ơ' | 'ơ' | 'Ư' | 'ư' => letter(8, Script::Latin),
        '\u{1EA0}'..='\u{1EF9}' => letter(8, Script::Latin),
        // what Khmer is romanised with
        'ā' | 'ē' | 'ĕ' | 'ŏ' | 'ŭ' | 'Ā' => letter(9, Script::Latin),
        '\u{0100}'..='\u{017F}' => letter(10, Script::Latin),
        '\u{0180}'..='\u{024F}' | '\u{1E00}'..='\u{1EFF}' => letter(13, Script::Latin),
        '\u{0300}' | '\u{0301}' | '\u{0303}' | '\u{0309}' | '\u{0323}' | '\u{0302}' | '\u{0306}' | '\u{031B}' => {
            What { bits: 6, script: None, mark: true }
        }
        '\u{0300}'..='\u{036F}' => What { bits: 12, script: None, mark: true },
        _ => letter(15, Script::Latin),
    }
}

fn khmer(c: char) -> What {
    let mark = |bits| What { bits, script: Some(Script::Khmer), mark: true };
    match c {
        '\u{1780}'..='\u{17A2}' => letter(6, Script::Khmer),
        '\u{17A5}'..='\u{17B3}' => letter(8, Script::Khmer),
        '\u{17B6}'..='\u{17D2}' => mark(5),
        '\u{17D4}'..='\u{17D7}' | '\u{17DB}' => letter(7, Script::Khmer),
        '\u{17E0}'..='\u{17E9}' => letter(5, Script::Khmer),
        '\u{17D3}' | '\u{17DD}' | '\u{17B4}' | '\u{17B5}' => mark(12),
        '\u{17DE}'..='\u{17DF}' | '\u{17EA}'..='\u{17EF}' | '\u{17FA}'..='\u{17FF}' => common(UNASSIGNED),
        _ => letter(12, Script::Khmer),
    }
}

/// The alphabets from Greek to Mongolian.
fn alphabets(c: char) -> What {
    let at = u32::from(c);
    let of = |bits, script| if is_assigned(c) { letter(bits, script) } else { common(UNASSIGNED) };
    match at {
        0x0391..=0x03C9 => of(7, Script::Greek),
        0x0370..=0x03FF | 0x1F00..=0x1FFF => of(11, Script::Greek),
        0x0410..=0x044F | 0x0401 | 0x0451 => of(6, Script::Cyrillic),
        0x0400..=0x052F | 0x1C80..=0x1C8F => of(9, Script::Cyrillic),
        0x0590..=0x05FF => of(7, Script::Hebrew),
        0x0600..=0x06FF => of(7, Script::Arabic),
        0x0750..=0x077F => of(12, Script::Arabic),
        0x0900..=0x0DFF => of(7, Script::Indic(((at - 0x0900) / 0x80) as u8)),
        0x0E01..=0x0E3A | 0x0E40..=0x0E4F => thai(c),
        0x0E50..=0x0E59 | 0x0E3F => letter(7, Script::Thai),
        0x0E5A..=0x0E5B => letter(11, Script::Thai),
        0x0E80..=0x0EFF => lao(c),
        0x1000..=0x109F => of(7, Script::Myanmar),
        0x1100..=0x11FF => letter(16, Script::Hangul),
        0x19E0..=0x19FF => letter(13, Script::Khmer),
        _ => of(10, Script::Rare((at >> 7) as u8)),
    }
}

fn thai(c: char) -> What {
    let mark = matches!(c, '\u{0E31}' | '\u{0E34}'..='\u{0E3A}' | '\u{0E47}'..='\u{0E4E}');
    What { bits: if mark { 5 } else { 6 }, script: Some(Script::Thai), mark }
}

fn lao(c: char) -> What {
    let mark = matches!(c, '\u{0EB1}' | '\u{0EB4}'..='\u{0EBC}' | '\u{0EC8}'..='\u{0ECE}');
    match c {
        _ if mark => What { bits: 5, script: Some(Script::Lao), mark },
        '\u{0E83}' | '\u{0E85}' | '\u{0E8B}' | '\u{0EA4}' | '\u{0EA6}' => common(UNASSIGNED),
        '\u{0E81}'..='\u{0EBD}' | '\u{0EC0}'..='\u{0EC6}' | '\u{0ED0}'..='\u{0ED9}' | '\u{0EDC}'..='\u{0EDF}' => {
            letter(6, Script::Lao)
        }
        _ => common(UNASSIGNED),
    }
}

/// Whether a code point of an alphabet is in use: it is a letter, a digit or a mark of one. The viramas and tones that
/// the library does not call letters are named.
fn is_assigned(c: char) -> bool {
    let at = u32::from(c);
    let in_its_row = at & 0x7F;
    c.is_alphanumeric()
        || matches!(at, 0x0591..=0x05C7 | 0x05F3 | 0x05F4 | 0x0600..=0x060F | 0x061B..=0x061F | 0x064B..=0x065F)
        || matches!(at, 0x066A..=0x066D | 0x06D4..=0x06ED | 0x0482..=0x0489 | 0x0374..=0x0375 | 0x037E | 0x0384..=0x0387)
        || matches!(at, 0x1037 | 0x1039 | 0x103A | 0x104A..=0x104F | 0x1087..=0x108F)
        || matches!(at, 0x0900..=0x0DFF) && matches!(in_its_row, 0x3C | 0x4D | 0x64 | 0x65 | 0x70)
        || matches!(at, 0x0F00..=0x0FD9 | 0x055A..=0x055F | 0x0589..=0x058A | 0x0700..=0x070D | 0x0730..=0x074A)
        || matches!(at, 0x1800..=0x180E | 0x1360..=0x1368 | 0x135D..=0x135F | 0x07A6..=0x07B0)
}

/// Punctuation, signs and pictures that stand in texts of every script.
fn symbols(c: char) -> What {
    match c {
        '–' | '—' | '‘' | '’' | '“' | '”' | '…' | '•' | '€' | '₫' | '№' | '™' => common(8),
        '\u{2009}' | '\u{2007}' | '\u{202F}' | '\u{2010}'..='\u{2012}' | '\u{200B}'..='\u{200F}' | '\u{2060}' => {
            common(7)
        }
        '\u{2000}'..='\u{2064}' | '\u{2066}'..='\u{206F}' => common(12),
        '\u{2600}'..='\u{27BF}' => common(12),
        '\u{2070}'..='\u{2071}'
        | '\u{2074}'..='\u{208E}'
        | '\u{2090}'..='\u{209C}'
        | '\u{20A0}'..='\u{20C0}'
        | '\u{2100}'..='\u{218B}' => common(13),
        '\u{2190}'..='\u{2426}' | '\u{2440}'..='\u{244A}' | '\u{2460}'..='\u{2B73}' => common(16),
        '\u{20D0}'..='\u{20F0}' => What { bits: 13, script: None, mark: true },
        '\u{2B76}'..='\u{2BFF}' => common(17),
        _ => common(UNASSIGNED),
    }
}

/// From the alphabets behind the symbols to Yi, but the unified ideographs.
fn east(c: char) -> What {
    match c {
        '\u{3000}' => common(6),
        '\u{3001}' | '\u{3002}' | '\u{3008}'..='\u{3011}' | '\u{301C}' => common(8),
        '\u{3041}'..='\u{3096}' | '\u{30A1}'..='\u{30FC}' => letter(7, Script::Kana),
        '\u{3005}'..='\u{3007}' => letter(11, Script::Han),
        '\u{3000}'..='\u{303F}' => common(12),
        '\u{3099}'..='\u{309A}' => What { bits: 11, script: Some(Script::Kana), mark: true },
        '\u{309B}'..='\u{30FF}' | '\u{31F0}'..='\u{31FF}' => letter(11, Script::Kana),
        '\u{3105}'..='\u{312F}' | '\u{31A0}'..='\u{31BF}' => letter(12, Script::Han),
        '\u{3131}'..='\u{3163}' => letter(9, Script::Hangul),
        '\u{3164}'..='\u{318E}' => letter(16, Script::Hangul),
        '\u{3190}'..='\u{31EF}' | '\u{3200}'..='\u{33FF}' => common(17),
        '\u{3400}'..='\u{4DBF}' => letter(20, Script::Han),
        '\u{4DC0}'..='\u{4DFF}' => common(19),
        '\u{2E00}'..='\u{2E5D}' => common(15),
        '\u{2E80}'..='\u{2FFB}' => letter(18, Script::Han),
        _ if c.is_alphanumeric() => letter(12, Script::Rare((u32::from(c) >> 7 & 0xFF) as u8)),
        _ => common(UNASSIGNED),
    }
}

/// Beyond Yi, and beyond the first plane.
fn rest(c: char) -> What {
    match c {
        '\u{FFFD}' => common(UNREADABLE),
        '\u{E000}'..='\u{F8FF}' | '\u{F0000}'..='\u{10FFFF}' => common(PRIVATE),
        '\u{FDD0}'..='\u{FDEF}' | '\u{FFFE}' | '\u{FFFF}' => common(NEVER),
        '\u{FF10}'..='\u{FF19}' => common(5),
        '\u{FF01}'..='\u{FF5E}' => common(7),
        '\u{FF5F}'..='\u{FF65}' => common(9),
        '\u{FF66}'..='\u{FF9F}' => letter(9, Script::Kana),
        '\u{FFE0}'..='\u{FFE6}' => common(11),
        '\u{FE0E}' | '\u{FE0F}' => What { bits: 3, script: None, mark: true },
        '\u{FEFF}' => common(12),
        '\u{1F3FB}'..='\u{1F3FF}' => What { bits: 6, script: None, mark: true },
        '\u{1F1E6}'..='\u{1F1FF}' | '\u{1F300}'..='\u{1F6FF}' | '\u{1F900}'..='\u{1FAFF}' => common(11),
        '\u{1F000}'..='\u{1F8FF}' => common(16),
        '\u{F900}'..='\u{FAD9}' => letter(19, Script::Han),
        '\u{FB50}'..='\u{FDFF}' | '\u{FE70}'..='\u{FEFC}' if c.is_alphanumeric() => letter(11, Script::Arabic),
        '\u{20000}'..='\u{323AF}' => letter(20, Script::Han),
        '\u{FB00}'..='\u{FB06}' => letter(13, Script::Latin),
        '\u{FE10}'..='\u{FE6B}' => common(13),
        '\u{1D400}'..='\u{1D7FF}' => letter(13, Script::Latin),
        _ if c.is_alphanumeric() => letter(13, Script::Rare((u32::from(c) >> 7 & 0xFF) as u8)),
        _ => common(UNASSIGNED),
    }
}

/// The ideographs that China, Taiwan and Japan count to their most used: GB 2312 and Big5, level 1, and JIS X 0208,
/// level 1: 7,174 of them. A bit for each code point from U+4E00, the lowest bit first.
const HAN: &[u8; 2_624] = include_bytes!("common-han.bin");
/// The 2,350 syllables of KS X 1001, from U+AC00.
const HANGUL: &[u8; 1_397] = include_bytes!("common-hangul.bin");

fn is_common_han(c: char) -> bool {
    is_in(HAN, u32::from(c) - 0x4E00)
}

fn is_common_hangul(c: char) -> bool {
    is_in(HANGUL, u32::from(c) - 0xAC00)
}

fn is_in(bits: &[u8], at: u32) -> bool {
    bits.get(at as usize / 8).is_some_and(|octet| octet >> (at % 8) & 1 == 1)
}

#[cfg(test)]
#[path = "plausible_tests.rs"]
mod tests;

//! Tables of national languages for GSM 7-bit (3GPP TS 23.038 annex A): which characters the septets of a text are, where
//! its header announces them. The tables of India's languages have one plan: the letters of their Unicode block in their
//! order, around what stands in all of them. Knows no header.

/// Characters of the default alphabet that a locking table replaces.
type Instead = &'static [(u8, char)];

/// A.3.1
const TURKISH: Instead =
    &[(0x04, '€'), (0x07, 'ı'), (0x0B, 'Ğ'), (0x0C, 'ğ'), (0x1C, 'Ş'), (0x1D, 'ş'), (0x40, 'İ'), (0x60, 'ç')];

/// A.3.3
const PORTUGUESE: Instead = &[
    (0x04, 'ê'),
    (0x06, 'ú'),
    (0x07, 'í'),
    (0x08, 'ó'),
    (0x09, 'ç'),
    (0x0B, 'Ô'),
    (0x0C, 'ô'),
    (0x0E, 'Á'),
    (0x0F, 'á'),
    (0x12, 'ª'),
    (0x13, 'Ç'),
    (0x14, 'À'),
    (0x15, '∞'),
    (0x16, '^'),
    (0x17, '\\'),
    (0x18, '€'),
    (0x19, 'Ó'),
    (0x1A, '|'),
    (0x1C, 'Â'),
    (0x1D, 'â'),
    (0x1E, 'Ê'),
    (0x24, 'º'),
    (0x40, 'Í'),
    (0x5B, 'Ã'),
    (0x5C, 'Õ'),
    (0x5D, 'Ú'),
    (0x60, '~'),
    (0x7B, 'ã'),
    (0x7C, 'õ'),
    (0x7D, '`'),
];

/// A.2.1 to A.2.3: what comes beside the default extension table.
const TURKISH_BESIDE: Instead =
    &[(0x47, 'Ğ'), (0x49, 'İ'), (0x53, 'Ş'), (0x63, 'ç'), (0x67, 'ğ'), (0x69, 'ı'), (0x73, 'ş')];
const SPANISH_BESIDE: Instead = &[
    (0x09, 'ç'),
    (0x41, 'Á'),
    (0x49, 'Í'),
    (0x4F, 'Ó'),
    (0x55, 'Ú'),
    (0x61, 'á'),
    (0x69, 'í'),
    (0x6F, 'ó'),
    (0x75, 'ú'),
];
const PORTUGUESE_BESIDE: Instead = &[
    (0x05, 'ê'),
    (0x09, 'ç'),
    (0x0B, 'Ô'),
    (0x0C, 'ô'),
    (0x0E, 'Á'),
    (0x0F, 'á'),
    (0x12, 'Φ'),
    (0x13, 'Γ'),
    (0x15, 'Ω'),
    (0x16, 'Π'),
    (0x17, 'Ψ'),
    (0x18, 'Σ'),
    (0x19, 'Θ'),
    (0x1F, 'Ê'),
    (0x41, 'À'),
    (0x49, 'Í'),
    (0x4F, 'Ó'),
    (0x55, 'Ú'),
    (0x5B, 'Ã'),
    (0x5C, 'Õ'),
    (0x61, 'Â'),
    (0x69, 'í'),
    (0x6F, 'ó'),
    (0x75, 'ú'),
    (0x7B, 'ã'),
    (0x7C, 'õ'),
    (0x7F, 'â'),
];

/// A script with a block of Unicode of its own.
struct Block {
    /// Its first code point.
    base: u32,
    /// Offsets at 0x60 and at 0x7B to 0x7F of the locking table (A.3.4 to A.3.13).
    ends: [u8; 6],
    /// How many places of the single table (A.2.4 to A.2.13) come before its own signs, and what is in them.
    before: Before,
    /// Offsets of its own signs there, in the order of [`BESIDE_AT`].
    beside: &'static [u8],
}

/// What the own places of a single table begin with.
enum Before {
    /// Danda and double danda of Devanagari, then ten digits.
    DandasAndDigits,
    /// Ten digits.
    Digits,
    /// Nothing.
    Nothing,
}

const fn of_india(base: u32, ends: [u8; 6], beside: &'static [u8]) -> Block {
    Block { base, ends, before: Before::DandasAndDigits, beside }
}

/// Offset of the digit 0 in the blocks of India's scripts.
const ZERO: u8 = 0x66;

/// The languages from 4 on: Bengali, Gujarati, Hindi, Kannada, Malayalam, Oriya, Punjabi, Tamil, Telugu, Urdu.
const BLOCKS: [Block; 10] = [
    Block {
        base: 0x0980,
        ends: [0x4E, 0x57, 0x5C, 0x5D, 0x70, 0x71],
        before: Before::Digits,
        beside: &[0x5F, 0x60, 0x61, 0x62, 0x63, 0x72, 0x73, 0x74, 0x75, 0x76, 0x77, 0x78, 0x79, 0x7A],
    },
    of_india(0x0A80, [0x50, 0x60, 0x61, 0x62, 0x63, 0x71], &[]),
    of_india(
        0x0900,
        [0x50, 0x72, 0x7B, 0x7C, 0x7E, 0x7F],
        &[0x51, 0x52, 0x53, 0x54, 0x58, 0x59, 0x5A, 0x5B, 0x5C, 0x5D, 0x5E, 0x5F, 0x60, 0x61, 0x62, 0x63, 0x70, 0x71],
    ),
    of_india(0x0C80, [0x55, 0x56, 0x60, 0x61, 0x62, 0x63], &[0x5E, 0x71, 0x72]),
    of_india(
        0x0D00,
        [0x57, 0x60, 0x61, 0x62, 0x63, 0x79],
        &[0x70, 0x71, 0x72, 0x73, 0x74, 0x75, 0x7A, 0x7B, 0x7C, 0x7D, 0x7E, 0x7F],
    ),
    of_india(0x0B00, [0x56, 0x57, 0x60, 0x61, 0x62, 0x63], &[0x5C, 0x5D, 0x5F, 0x70, 0x71]),
    of_india(0x0A00, [0x51, 0x70, 0x71, 0x72, 0x73, 0x74], &[0x59, 0x5A, 0x5B, 0x5C, 0x5E, 0x75]),
    of_india(0x0B80, [0x50, 0x57, 0x70, 0x71, 0x72, 0x79], &[0x73, 0x74, 0x75, 0x76, 0x77, 0x78, 0x7A]),
    of_india(
        0x0C00,
        [0x55, 0x56, 0x60, 0x61, 0x62, 0x63],
        &[0x58, 0x59, 0x78, 0x79, 0x7A, 0x7B, 0x7C, 0x7D, 0x7E, 0x7F],
    ),
    Block {
        base: 0x0600,
        ends: [0x54, 0x55, 0x51, 0x53, 0x56, 0x70],
        before: Before::Nothing,
        beside: &[
            0x00, 0x01, 0xF0, 0xF1, 0xF2, 0xF3, 0xF4, 0xF5, 0xF6, 0xF7, 0xF8, 0xF9, 0x0C, 0x0D, 0x0E, 0x0F, 0x10, 0x11,
            0x12, 0x13, 0x14, 0x1B, 0x1F, 0x40, 0x52, 0x58, 0x6B, 0x6C, 0x72, 0x73, 0xCD, 0xD4,
        ],
    },
];

/// Where the single table of a block has signs of its own.
const BESIDE_AT: [u8; 32] = [
    0x19, 0x1A, 0x1C, 0x1D, 0x1E, 0x1F, 0x20, 0x21, 0x22, 0x23, 0x24, 0x25, 0x26, 0x27, 0x2A, 0x2B, 0x2C, 0x2D, 0x2E,
    0x30, 0x31, 0x32, 0x33, 0x34, 0x35, 0x36, 0x37, 0x38, 0x39, 0x3A, 0x3B, 0x3F,
];

/// What stands in the single tables of all blocks, from 0x00 on.
const BESIDE_ALL: [char; 25] = [
    '@', '£', '$', '¥', '¿', '"', '¤', '%', '&', '\'', '\u{C}', '*', '+', ' ', '-', '/', '<', '=', '>', '¡', '^', '¡',
    '_', '#', '*',
];

/// Offsets of Urdu's letters (A.3.13), whose order is not that of their block: of all places that are not the same in all
/// tables, up to 0x5F.
const URDU: [u8; 74] = [
    0x27, 0x22, 0x28, 0x7B, 0x80, 0x7E, 0xA6, 0x2A, 0xC2, 0x7F, 0x79, 0x7D, 0x7A, 0x7C, 0x2B, 0x2C, 0x81, 0x84, 0x83,
    0x85, 0x86, 0x87, 0x2D, 0x2E, 0x2F, 0x8C, 0x88, 0x89, 0x8A, 0x8F, 0x8D, 0x30, 0x31, 0x91, 0x93, 0x99, 0x32, 0x96,
    0x98, 0x9A, 0x33, 0x34, 0x35, 0x36, 0x37, 0x38, 0x39, 0x41, 0x42, 0xA9, 0xAA, 0xAB, 0xAF, 0xB3, 0xB1, 0x44, 0x45,
    0x46, 0xBA, 0xBB, 0xBC, 0x48, 0xC4, 0xD5, 0xC1, 0xBE, 0x21, 0xCC, 0xD0, 0xD2, 0x4D, 0x50, 0x4F, 0x57,
];

fn of(instead: Instead, septet: u8) -> Option<char> {
    instead.iter().find(|(place, _)| *place == septet).map(|(_, character)| *character)
}

fn block(language: u8) -> Option<&'static Block> {
    BLOCKS.get(usize::from(language.checked_sub(4)?))
}

/// The character that a locking table has instead of the default alphabet's.
pub fn locking(language: u8, septet: u8) -> Option<char> {
    match language {
        1 => of(TURKISH, septet),
        3 => of(PORTUGUESE, septet),
        _ => letter(language, block(language)?, septet),
    }
}

/// Letters of a block. What is the same in all tables stands where the default alphabet has it, but for brackets.
fn letter(language: u8, block: &Block, septet: u8) -> Option<char> {
    let offset = match septet {
        b'(' => return Some(')'),
        b')' => return Some('('),
        0x0A | 0x0D | 0x1B | b' ' | b'!' | b',' | b'.' | b'0'..=b';' | b'?' | b'a'..=b'z' | 0x80.. => return None,
        0x60 => block.ends[0],
        0x7B..=0x7F => block.ends[usize::from(septet - 0x7A)],
        _ if language == 13 => urdu(septet)?,
        0x00..=0x02 => septet + 1,
        0x03..=0x09 => septet + 2,
        0x0B | 0x0C => septet + 1,
        0x0E..=0x1A => septet,
        0x1C..=0x1F => septet - 1,
        0x22..=0x27 => septet - 3,
        0x2A | 0x2B => septet - 5,
        0x2D => 0x27,
        0x2F => 0x28,
        0x3C..=0x3E => septet - 0x13,
        0x40..=0x4D => septet - 0x14,
        0x4E | 0x4F => septet - 0x12,
        0x50..=0x5F => septet - 0x12,
    };
    char::from_u32(block.base + u32::from(offset))
}

fn urdu(septet: u8) -> Option<u8> {
    let is_own = |before: &u8| {
        !matches!(*before, 0x0A | 0x0D | 0x1B | b' ' | b'!' | b'(' | b')' | b',' | b'.' | b'0'..=b';' | b'?')
    };
    URDU.get((0..septet).filter(is_own).count()).copied()
}

/// The character that a single shift table has beside, or instead of, the default extension table's.
pub fn single(language: u8, septet: u8) -> Option<char> {
    match language {
        1 => of(TURKISH_BESIDE, septet),
        2 => of(SPANISH_BESIDE, septet),
        3 => of(PORTUGUESE_BESIDE, septet),
        _ => beside(block(language)?, septet),
    }
}

fn beside(block: &Block, septet: u8) -> Option<char> {
    if let Some(all) = BESIDE_ALL.get(usize::from(septet)) {
        return Some(*all);
    }
    if septet.is_ascii_uppercase() {
        return Some(char::from(septet));
    }
    let at = BESIDE_AT.iter().position(|place| *place == septet)?;
    let own = |at: usize, first: usize| match at.checked_sub(first) {
        Some(own) => block.beside.get(own).copied(),
        // the ten places before a script's own signs
        None => Some(ZERO + (at + 10 - first) as u8),
    };
    let offset = match (&block.before, at) {
        (Before::DandasAndDigits, 0) => return Some('।'),
        (Before::DandasAndDigits, 1) => return Some('॥'),
        (Before::DandasAndDigits, at) => own(at, 12)?,
        (Before::Digits, at) => own(at, 10)?,
        (Before::Nothing, at) => own(at, 0)?,
    };
    char::from_u32(block.base + u32::from(offset))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::gsm7::{ESC, Shift, decode_with};
    use std::collections::BTreeSet;

    fn both(language: u8) -> Shift {
        Shift { locking: language, single: language }
    }

    #[test]
    fn words_of_announced_languages_are_read() {
        for (language, septets, text) in [
            (1, &b"\x40stanbul \x0C\x07\x1D\x60"[..], "İstanbul ğışç"),
            (1, b"\x1BG\x1BI\x1BS\x1Bc\x1Bg\x1Bi\x1Bs", "ĞİŞçğış"),
            (2, b"\x1Ba\x1Bi\x1Bo\x1Bu \x1B\x09 \x1Be", "áíóú ç €"),
            (3, b"cora\x09\x7Bo \x0F\x04\x7C", "coração áêõ"),
            (4, b"\x2C\x42\x27", ",\u{9AE}\u{9A4}"),
            (6, b"\x2F\x42\x4C\x5F\x27\x59", "नमस्ते"),
            (6, b"\x1B\x1C\x1B\x1D \x1B\x19 (\x1BA)", "०१ । )A("),
            (7, b"\x15\x2F\x5F\x2F\x22", "ಕನ್ನಟ"),
            (11, b"\x27\x42\x48\x5F", "தமழ்"),
            (12, b"\x27\x59\x46\x53\x18\x53", "తేలుఘు"),
            (13, b"\x00\x41\x44", "\u{627}\u{636}\u{639}"),
            (13, b"\x1B\x1C\x1B\x25\x1B\x33", "۰۹؟"),
        ] {
            assert_eq!(decode_with(septets, both(language)), text, "{language}");
        }
    }

    #[test]
    fn no_table_has_a_letter_twice_and_each_keeps_what_all_have() {
        for language in [1, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13] {
            let letters: Vec<char> = (0..0x80).filter_map(|septet| locking(language, septet)).collect();
            let different: BTreeSet<char> = letters.iter().copied().collect();
            assert_eq!(letters.len(), different.len(), "{language}");
            let same = "abcdefghijklmnopqrstuvwxyz0123456789 !,.:;?\n\r";
            assert_eq!(decode_with(same.as_bytes(), both(language)), same, "{language}");
        }
        for language in 4..=12u8 {
            let of_its_own = (0..0x60).filter(|septet| locking(language, *septet).is_some_and(|c| !c.is_ascii()));
            assert_eq!(of_its_own.count(), 74, "{language}");
        }
        assert!(BLOCKS.iter().all(|block| block.beside.len() <= BESIDE_AT.len()));
    }

    #[test]
    fn a_language_that_is_not_known_is_the_default() {
        for language in [0, 14, 0xFF] {
            assert_eq!(decode_with(&[0x00, 0x04, ESC, 0x65, 0x60], both(language)), "@è€¿");
        }
    }
}

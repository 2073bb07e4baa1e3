//! What may leave in a text or on a page: characters that can be seen, in the order in which they are read. Whoever
//! wrote it, nothing turns the direction of the rest, hides in it or moves a printer's head.
//!
//! Of what cannot be seen Khmer needs one character: U+200C before a register shifter (U+17C9, U+17CA), which keeps the
//! shifter from sinking below its consonant (The Unicode Standard, 16.4). U+200B between words is dropped: telephones
//! and browsers break Khmer lines by their own dictionaries, it costs a place of 70, and it parts a link so that no
//! search finds it. U+200D joins nothing in Khmer.
use std::borrow::Cow;

/// Marks over or under one letter that is not Khmer; names in Latin letters have at most two (ế). More is a tower that
/// covers the lines around it.
const MARKS_MAX: usize = 2;

/// Whether a character leaves no ink, turns the direction of others, or means nothing outside one program.
pub fn is_unseen(c: char) -> bool {
    matches!(c,
        '\u{00AD}' | '\u{034F}' | '\u{061C}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}'
        | '\u{180B}'..='\u{180F}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}'
        | '\u{3164}' | '\u{E000}'..='\u{F8FF}' | '\u{FDD0}'..='\u{FDEF}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}'
        | '\u{FFA0}' | '\u{FFF0}'..='\u{FFFC}' | '\u{1BCA0}'..='\u{1BCA3}' | '\u{1D173}'..='\u{1D17A}'
        | '\u{E0000}'..='\u{10FFFF}')
        || u32::from(c) & 0xFFFE == 0xFFFE
}

/// Marks of other scripts than Khmer that stand on the letter before them.
fn is_mark(c: char) -> bool {
    matches!(c, '\u{0300}'..='\u{036F}' | '\u{0483}'..='\u{0489}' | '\u{1AB0}'..='\u{1AFF}' | '\u{1DC0}'..='\u{1DFF}'
        | '\u{20D0}'..='\u{20FF}' | '\u{FE20}'..='\u{FE2F}')
}

/// The text as it may leave. Lines stay lines; every other blank is a space, every other control is gone. In Khmer, which
/// is sent in UCS-2 anyway, the blank that keeps `20 000` in one line stays what it is.
pub fn shown(text: &str) -> Cow<'_, str> {
    let plain = |c: char| matches!(c, '\n' | ' '..='~' | '\u{1780}'..='\u{17B3}' | '\u{17B6}'..='\u{17E9}');
    if text.chars().all(plain) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let (mut marks, mut last) = (0, ' ');
    let khmer = text.chars().any(|c| matches!(c, '\u{1780}'..='\u{17B3}'));
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let mark = is_mark(c);
        marks += usize::from(mark);
        let kept = match c {
            '\n' => Some('\n'),
            '\u{2028}' | '\u{2029}' => Some('\n'),
            '\u{2800}' => Some(' '),
            '\u{200C}' => {
                let needed = is_khmer(last) && matches!(chars.peek(), Some('\u{17C9}' | '\u{17CA}'));
                needed.then_some(c)
            }
            '\u{A0}' if khmer && last.is_ascii_digit() && chars.peek().is_some_and(char::is_ascii_digit) => Some(c),
            c if c.is_whitespace() => Some(' '),
            c if c.is_control() || is_unseen(c) || marks > MARKS_MAX => None,
            c => Some(c),
        };
        if let Some(kept) = kept {
            // what is dropped does not part a letter from its marks
            marks = if mark { marks } else { 0 };
            out.push(kept);
            last = kept;
        }
    }
    Cow::Owned(out)
}

fn is_khmer(c: char) -> bool {
    ('\u{1780}'..='\u{17D3}').contains(&c)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn nothing_unseen_stays_but_what_khmer_is_shaped_by() {
        for (text, leaves) in [
            ("ready", "ready"),
            ("a\u{202E}b\u{2066}c\u{200F}d\u{061C}", "abcd"),
            ("a\u{0}b\u{7}c\u{1B}d\u{9F}e\u{7F}", "abcde"),
            ("a\tb\r\nc\u{85}d\u{A0}e\u{2800}f", "a b \nc d e f"),
            ("20\u{A0}000\u{A0}riel", "20 000 riel"),
            ("20\u{A0}000\u{A0}រៀល 1\u{202F}2", "20\u{A0}000 រៀល 1 2"),
            ("ខណ្ឌ\u{200B}ដង្កោ", "ខណ្ឌដង្កោ"),
            ("ប\u{200C}\u{17C9}ី", "ប\u{200C}\u{17C9}ី"),
            ("ប\u{200D}\u{17C9}ី a\u{200C}b ប\u{200C}ី", "ប\u{17C9}ី ab បី"),
            ("\u{200C}\u{17C9}", "\u{17C9}"),
            ("e\u{0323}\u{0302}\u{0301}\u{0301}\u{0301}", "e\u{0323}\u{0302}"),
            ("a\u{E0041}\u{FE0F}\u{FFFC}\u{E000}\u{10FFFF}\u{FFFF}", "a"),
            ("អ\u{17DD}", "អ\u{17DD}"),
        ] {
            assert_eq!(shown(text), leaves, "{text:?}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(crate::text::property_cases()))]

        #[test]
        fn what_left_once_leaves_again_as_it_is(text in "\\PC{0,20}|[\u{200B}-\u{200F}\u{17C9}\u{17CA}កa\u{0301}\u{202E}\n\t ]{0,20}") {
            let once = shown(&text).into_owned();
            prop_assert_eq!(shown(&once).into_owned(), once.clone());
            let left = once.chars().filter(|c| *c != '\u{200C}' && *c != '\n');
            prop_assert_eq!(left.filter(|c| c.is_control() || is_unseen(*c)).count(), 0);
        }
    }
}

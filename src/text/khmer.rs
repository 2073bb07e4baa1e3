//! Where Khmer text may be cut. A subscript is U+17D2 and a consonant; a cut between them, or before a sign
//! that belongs to what stands before it, shows as a broken letter on the telephone.
use unicode_segmentation::UnicodeSegmentation;

/// Whether a character is of the Khmer script.
pub fn is_khmer(c: char) -> bool {
    matches!(c, '\u{1780}'..='\u{17FF}' | '\u{19E0}'..='\u{19FF}')
}

/// Whether a text holds Khmer script.
pub fn has_khmer(text: &str) -> bool {
    text.chars().any(is_khmer)
}

/// The value of a Khmer digit.
pub fn digit(c: char) -> Option<u8> {
    matches!(c, '០'..='៩').then(|| (u32::from(c) - u32::from('០')) as u8)
}

/// Whether a cut before `c` would part it from what it belongs to: vowels, signs and coeng of Khmer, the
/// joiners, and variation selectors.
fn clings(c: char) -> bool {
    matches!(c, '\u{17B4}'..='\u{17D3}' | '\u{17DD}' | '\u{200C}' | '\u{200D}' | '\u{FE00}'..='\u{FE0F}')
}

/// Whether a cut after `c` would part it from what it joins to.
fn reaches(c: char) -> bool {
    matches!(c, '\u{17D2}' | '\u{200D}')
}

/// The clusters of a text, joined again the text itself: extended grapheme clusters (UAX #29), never parted
/// where the Khmer script forbids it. The library's data of Unicode 17 keeps coeng stacks whole; the own rule
/// holds also for data that does not.
pub fn clusters(text: &str) -> impl Iterator<Item = &str> {
    let mut bounds = text.grapheme_indices(true).map(|(at, _)| at).filter(|at| may_cut(text, *at)).peekable();
    std::iter::from_fn(move || {
        let start = bounds.next()?;
        let end = bounds.peek().copied().unwrap_or(text.len());
        Some(&text[start..end])
    })
}

fn may_cut(text: &str, at: usize) -> bool {
    let (before, after) = text.split_at(at);
    let parted = before.chars().next_back().is_some_and(reaches) || after.chars().next().is_some_and(clings);
    at == 0 || !parted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stacks_stay_whole() {
        for (text, parts) in [
            ("ស្ត្រី", vec!["ស្ត្រី"]),
            ("អ្នក", vec!["អ្ន", "ក"]),
            ("ក្រុង", vec!["ក្រុ", "ង"]),
            ("ភ្នំពេញ", vec!["ភ្នំ", "ពេ", "ញ"]),
            ("ab", vec!["a", "b"]),
            ("", vec![]),
        ] {
            assert_eq!(clusters(text).collect::<Vec<_>>(), parts, "{text}");
        }
    }

    #[test]
    fn joining_is_the_identity_also_for_broken_text() {
        for text in ["្ក", "ក្", "\u{200D}\u{17D2}", "e\u{301}😀\u{200D}x"] {
            assert_eq!(clusters(text).collect::<String>(), text);
        }
    }
}

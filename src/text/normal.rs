//! One spelling for what is written in many: [`reorder`] puts the signs of each Khmer syllable into their one
//! order, [`key`] makes the form in which words are compared. Keys are never shown to anybody.
//!
//! Unicode's own normal forms do nothing for Khmer, as its marks have combining class 0. The order of signs and
//! the rewrites are those of the Khmer normal form published by SIL; the pairs in
//! `tests/data/khmer-normalisation-vectors.json` were computed with their tool.
use crate::types::writing;
use icu_normalizer::properties::{CanonicalDecompositionBorrowed, Decomposed};
use std::ops::RangeInclusive;

/// Khmer letters and signs.
pub const KHMER: RangeInclusive<char> = '\u{1780}'..='\u{17FF}';
/// Marks above and below letters, of their own: an é may come as e and ◌́.
const LATIN_MARKS: RangeInclusive<char> = '\u{300}'..='\u{36F}';

/// Where a sign stands in its syllable, in this order.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    Base,
    Robat,
    Subscript,
    Shifter,
    NonJoiner,
    VowelBefore,
    VowelBelow,
    VowelAbove,
    VowelAfter,
    Sign,
    Final,
    Joiner,
}

const COENG: char = '\u{17D2}';
const RO: char = '\u{179A}';
const E: char = '\u{17C1}';
const OE: char = '\u{17BE}';
const OO: char = '\u{17C4}';
const AA: char = '\u{17B6}';
const II: char = '\u{17B8}';
const U: char = '\u{17BB}';

/// `None`: no part of a syllable.
fn place(c: char) -> Option<Place> {
    Some(match c {
        '\u{1780}'..='\u{17A2}' | '\u{17A5}'..='\u{17B3}' => Place::Base,
        '\u{17CC}' => Place::Robat,
        COENG => Place::Subscript,
        '\u{17C9}' | '\u{17CA}' => Place::Shifter,
        '\u{200C}' => Place::NonJoiner,
        '\u{17BE}'..='\u{17C5}' => Place::VowelBefore,
        '\u{17BB}'..='\u{17BD}' => Place::VowelBelow,
        '\u{17B7}'..='\u{17BA}' => Place::VowelAbove,
        AA => Place::VowelAfter,
        '\u{17C6}' | '\u{17CB}' | '\u{17CD}'..='\u{17D1}' | '\u{17D3}' | '\u{17DD}' => Place::Sign,
        '\u{17C7}' | '\u{17C8}' => Place::Final,
        '\u{200D}' => Place::Joiner,
        _ => return None,
    })
}

/// Khmer signs in their one order; all else stays. Applying it twice is applying it once.
pub fn reorder(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut syllable: Vec<(Place, char)> = Vec::new();
    for c in text.chars() {
        match place(c) {
            // what a coeng reaches for is part of this syllable
            Some(Place::Base) if reaches(&syllable) => syllable.push((Place::Subscript, c)),
            Some(Place::Base) => {
                flush(&mut syllable, &mut out);
                syllable.push((Place::Base, c));
            }
            Some(sign) if !syllable.is_empty() => syllable.push((sign, c)),
            Some(_) | None => {
                flush(&mut syllable, &mut out);
                out.push(c);
            }
        }
    }
    flush(&mut syllable, &mut out);
    out
}

/// Whether it ends with a coeng, as typed or once it is in order: signs of an earlier place may have been typed after it.
fn reaches(syllable: &[(Place, char)]) -> bool {
    let in_order = syllable.iter().max_by_key(|(place, _)| *place);
    [syllable.last(), in_order].into_iter().flatten().any(|(_, last)| *last == COENG)
}

fn flush(syllable: &mut Vec<(Place, char)>, out: &mut String) {
    // nothing, or a letter without signs: in its order as it is
    if let [] | [_] = syllable[..] {
        return out.extend(syllable.drain(..).map(|(_, c)| c));
    }
    syllable.sort_by_key(|(place, _)| *place);
    let mut signs: Vec<char> = syllable.drain(..).map(|(_, c)| c).collect();
    // each rewrite only removes signs or moves them to their place, so this ends
    while rewrite(&mut signs) {}
    // out of the order of places, so nothing may be rewritten after it: twice would not be once
    replace(&mut signs, &[OE, U], &[U, OE]);
    out.extend(signs);
}

/// One round of rewrites; whether anything changed.
fn rewrite(signs: &mut Vec<char>) -> bool {
    let before = signs.clone();
    signs.dedup_by(|later, earlier| *earlier == COENG && *later == COENG);
    replace(signs, &[OE, AA], &[OO, II]);
    for (below, short) in [(true, II), (true, AA), (false, II), (false, AA)] {
        join_split_vowel(signs, below, short);
    }
    ro_last(signs);
    replace(signs, &[COENG, 'ដ'], &[COENG, 'ត']);
    *signs != before
}

fn replace(signs: &mut Vec<char>, what: &[char], with: &[char]) {
    let mut at = 0;
    while at + what.len() <= signs.len() {
        if signs[at..].starts_with(what) {
            signs.splice(at..at + what.len(), with.iter().copied());
            at += with.len();
        } else {
            at += 1;
        }
    }
}

/// េ and ី or ា, typed as two vowels, are one: ើ, ោ. A vowel below may stand between them.
fn join_split_vowel(signs: &mut Vec<char>, below: bool, second: char) {
    let whole = if second == II { OE } else { OO };
    let gap = if below { 2 } else { 1 };
    for at in 0..signs.len() {
        if signs[at] == E
            && signs.get(at + gap) == Some(&second)
            && (!below || place(signs[at + 1]) == Some(Place::VowelBelow))
        {
            signs[at] = whole;
            signs.remove(at + gap);
            return;
        }
    }
}

/// A subscript RO follows every other subscript.
fn ro_last(signs: &mut [char]) {
    for at in 0..signs.len().saturating_sub(3) {
        let pair = [signs[at], signs[at + 1], signs[at + 2]];
        if pair == [COENG, RO, COENG] && signs[at + 3] != RO && ('\u{1780}'..='\u{17B3}').contains(&signs[at + 3]) {
            signs[at..at + 4].rotate_left(2);
        }
    }
}

/// Whether a character leaves no trace on paper.
pub fn is_invisible(c: char) -> bool {
    writing::is_invisible(c)
}

/// Digits of every script become ASCII, full-width forms become narrow ones, every kind of blank but a line end
/// becomes a space; what cannot be seen is gone.
pub fn narrow(text: &str) -> String {
    text.chars()
        .filter(|c| !is_invisible(*c))
        .map(|c| match writing::digit(c) {
            Some(digit) => char::from(b'0' + digit),
            None if c == '\n' || c == '\r' => c,
            None if writing::is_blank(c) => ' ',
            None => writing::half_width(c),
        })
        .collect()
}

/// The form in which words are compared: narrow, in one Khmer order, common confusions folded, lower case,
/// without the diacritics of romanised Khmer.
pub fn key(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    // a deprecated letter is a letter, so it must be one before signs are put in order
    let mut letters = narrow(text);
    if letters.contains(['\u{17A3}', '\u{17A4}', 'ឲ']) {
        letters = letters.replace('\u{17A3}', "អ").replace('\u{17A4}', "អា").replace('ឲ', "ឱ");
    }
    for c in reorder(&letters).chars().filter(|c| !LATIN_MARKS.contains(c)) {
        let folded = latin(c);
        // a vowel or sign typed twice is one
        if ('\u{17B6}'..='\u{17D1}').contains(&folded) && out.ends_with(folded) {
            continue;
        }
        out.extend(folded.to_lowercase());
    }
    out
}

/// The plain letter below the marks that Khmer is romanised with, also below two of them (Unicode's canonical
/// decomposition).
fn latin(c: char) -> char {
    if c.is_ascii() || KHMER.contains(&c) {
        return c;
    }
    let letters = CanonicalDecompositionBorrowed::new();
    let mut base = c;
    while let Decomposed::Expansion(below, _) | Decomposed::Singleton(below) = letters.decompose(base) {
        base = below;
    }
    if base.is_ascii_alphabetic() { base } else { c }
}

/// Edits between two words: one insertion, deletion, substitution or swap of neighbours is 1 (optimal string
/// alignment). `None` when there are more than `most`.
pub fn edits(a: &str, b: &str, most: usize) -> Option<usize> {
    if a.chars().count().abs_diff(b.chars().count()) > most {
        return None;
    }
    let b: Vec<char> = b.chars().collect();
    // the row before the last one, the last one, and the one that is made
    let mut rows = [vec![0; b.len() + 1], (0..=b.len()).collect(), vec![0; b.len() + 1]];
    let mut before = None;
    for (i, x) in a.chars().enumerate() {
        let [earlier, last, row] = &mut rows;
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let mut least = (last[j] + usize::from(x != *y)).min(last[j + 1] + 1).min(row[j] + 1);
            if j > 0 && before == Some(*y) && x == b[j - 1] {
                least = least.min(earlier[j - 1] + 1);
            }
            row[j + 1] = least;
        }
        if row.iter().all(|edits| *edits > most) && last.iter().all(|edits| *edits >= most) {
            return None;
        }
        before = Some(x);
        rows.rotate_left(1);
    }
    rows[1].last().copied().filter(|edits| *edits <= most)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::gazetteer;
    use proptest::prelude::*;

    #[derive(serde::Deserialize)]
    struct Vectors {
        vectors: Vec<Vector>,
    }

    #[derive(serde::Deserialize)]
    struct Vector {
        input: String,
        khnormal: String,
    }

    #[test]
    fn every_published_pair_comes_out() {
        let file = include_str!("../../tests/data/khmer-normalisation-vectors.json");
        let vectors: Vectors = serde_json::from_str(file).expect("the vectors");
        assert_eq!(vectors.vectors.len(), 41);
        for pair in vectors.vectors {
            assert_eq!(reorder(&pair.input), pair.khnormal, "{}", pair.input);
        }
    }

    #[test]
    fn of_the_names_of_places_exactly_102_change_and_only_from_da_to_ta() {
        let names: Vec<&str> = gazetteer::all().iter().map(|place| place.name_km).collect();
        assert_eq!(names.len(), 1_887);
        let changed: Vec<&&str> = names.iter().filter(|name| reorder(name) != **name).collect();
        assert_eq!(changed.len(), 102);
        for name in changed {
            assert_eq!(reorder(name), name.replace("\u{17D2}ដ", "\u{17D2}ត"), "{name}");
        }
    }

    #[test]
    fn keys_of_common_spellings_are_equal() {
        for (one, other) in [
            ("ស្ថានភាព", "ស្\u{200B}ថានភាព"),
            ("កណ្ដាល", "កណ្តាល"),
            ("ភំ្នពេញ", "ភ្នំពេញ"),
            ("ឲ្យ", "ឱ្យ"),
            ("STATUS", "ｓｔａｔｕｓ"),
            ("១២៣", "123"),
            ("Dângkaô", "dangkao"),
            ("Da\u{302}ngkao\u{302}", "dangkao"),
            ("Kấmpế", "kampe"),
            ("សំំុ", "សុំ"),
        ] {
            assert_eq!(key(one), key(other), "{one}");
        }
        assert_ne!(key("កា"), key("កើ"));
    }

    #[test]
    fn a_sign_between_a_coeng_and_its_letter_parts_them_in_no_form() {
        for text in ["ក\u{17D2}\u{17CC}ដ", "ក\u{17CC}\u{17D2}ដ", "ក\u{17CC}\u{17D2}ត"] {
            assert_eq!(reorder(text), "ក\u{17CC}\u{17D2}ត", "{text}");
        }
    }

    #[test]
    fn what_ends_a_syllable_stands_at_its_end() {
        for last in ["\u{17C7}", "\u{17C8}"] {
            assert_eq!(reorder(&format!("ក{last}\u{17BE}")), format!("ក\u{17BE}{last}"));
        }
    }

    #[test]
    fn edits_are_counted_as_people_slip() {
        assert_eq!(edits("status", "statsu", 1), Some(1));
        assert_eq!(edits("status", "sttus", 1), Some(1));
        assert_eq!(edits("status", "stauts", 1), Some(1));
        assert_eq!(edits("help", "hello", 1), None);
        assert_eq!(edits("", "", 0), Some(0));
        assert_eq!(edits("ab", "ba", 1), Some(1));
        assert_eq!(edits("abcdef", "badcfe", 3), Some(3));
        assert_eq!(edits("abcdef", "badcfe", 2), None);
    }

    /// By the definition, over the whole table.
    fn edits_by_table(a: &[char], b: &[char]) -> usize {
        let mut table = vec![vec![0; b.len() + 1]; a.len() + 1];
        for i in 0..=a.len() {
            for j in 0..=b.len() {
                table[i][j] = match (i, j) {
                    (0, n) | (n, 0) => n,
                    _ => {
                        let same = table[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
                        let mut least = same.min(table[i - 1][j] + 1).min(table[i][j - 1] + 1);
                        if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                            least = least.min(table[i - 2][j - 2] + 1);
                        }
                        least
                    }
                };
            }
        }
        table[a.len()][b.len()]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(crate::text::property_cases()))]

        #[test]
        fn edits_are_those_of_the_definition(a in "[abc]{0,8}", b in "[abc]{0,8}", most in 0_usize..5) {
            let chars = |word: &str| word.chars().collect::<Vec<char>>();
            let all = edits_by_table(&chars(&a), &chars(&b));
            prop_assert_eq!(edits(&a, &b, most), (all <= most).then_some(all));
        }

        #[test]
        fn twice_is_once(text in "[\u{1780}-\u{17DD}\u{200C}\u{200D}a1 ]{0,24}") {
            let once = reorder(&text);
            prop_assert_eq!(&reorder(&once), &once);
            let folded = key(&text);
            prop_assert_eq!(&key(&folded), &folded);
        }
    }
}

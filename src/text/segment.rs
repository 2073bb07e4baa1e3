//! Which alphabet a text takes and where it is cut into segments (3GPP TS 23.040 §9.2.3.24.1: 160 septets or
//! 70 units alone, 153 or 67 with an 8-bit concatenation header).
use super::{gsm7, khmer, ucs2};

/// How a text is encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Alphabet {
    /// GSM 7-bit default alphabet.
    Gsm7,
    /// UTF-16.
    Ucs2,
}

impl Alphabet {
    /// Septets or units of one segment alone.
    pub fn single(self) -> usize {
        match self {
            Alphabet::Gsm7 => 160,
            Alphabet::Ucs2 => 70,
        }
    }

    /// Septets or units of one of several segments.
    pub fn multi(self) -> usize {
        match self {
            Alphabet::Gsm7 => 153,
            Alphabet::Ucs2 => 67,
        }
    }

    /// The cheapest alphabet that has every character.
    pub fn of(text: &str) -> Self {
        if text.chars().all(|c| gsm7::width(c).is_some()) { Alphabet::Gsm7 } else { Alphabet::Ucs2 }
    }

    /// Septets or units that a piece takes.
    pub fn measure(self, piece: &str) -> usize {
        match self {
            Alphabet::Gsm7 => piece.chars().map(|c| gsm7::width(c).unwrap_or(1)).sum(),
            Alphabet::Ucs2 => ucs2::units(piece),
        }
    }
}

/// A text as it will be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan<'a> {
    /// Its alphabet.
    pub alphabet: Alphabet,
    /// Septets or units of the whole text.
    pub units: usize,
    /// Its segments in order; joined they are the text. One empty segment for an empty text.
    pub segments: Vec<&'a str>,
}

/// Plans a text with the usual sizes.
pub fn plan(text: &str) -> Plan<'_> {
    let alphabet = Alphabet::of(text);
    plan_with(text, alphabet.single(), alphabet.multi())
}

/// Plans a text with other sizes, both at least 2: `single` when it fits alone, else segments of at most
/// `multi`. Never a cut inside a cluster, a surrogate pair or an escape pair; only a cluster longer than a
/// whole segment is cut, at a character.
pub fn plan_with(text: &str, single: usize, multi: usize) -> Plan<'_> {
    let alphabet = Alphabet::of(text);
    let units = alphabet.measure(text);
    if units <= single {
        return Plan { alphabet, units, segments: vec![text] };
    }
    let mut segments = Vec::with_capacity(units / multi + 1);
    let (mut start, mut end, mut used) = (0, 0, 0);
    for piece in khmer::clusters(text).flat_map(|cluster| pieces(cluster, alphabet, multi)) {
        let size = alphabet.measure(piece);
        if used + size > multi {
            segments.push(&text[start..end]);
            (start, used) = (end, 0);
        }
        end += piece.len();
        used += size;
    }
    segments.push(&text[start..]);
    Plan { alphabet, units, segments }
}

/// A cluster, or its characters when it is longer than a segment.
fn pieces(cluster: &str, alphabet: Alphabet, most: usize) -> impl Iterator<Item = &str> {
    let whole = alphabet.measure(cluster) <= most;
    let mut rest = cluster;
    std::iter::from_fn(move || {
        let length = if whole { rest.len() } else { rest.chars().next().map_or(0, char::len_utf8) };
        let (piece, tail) = rest.split_at(length);
        rest = tail;
        (!piece.is_empty()).then_some(piece)
    })
}

/// The longest beginning of a text of at most `most` septets or units (of its own alphabet) that ends at the
/// end of a word, or else of a cluster.
pub fn truncate(text: &str, most: usize) -> &str {
    let alphabet = Alphabet::of(text);
    if alphabet.measure(text) <= most {
        return text;
    }
    let (mut end, mut used, mut word) = (0, 0, 0);
    for cluster in khmer::clusters(text) {
        used += alphabet.measure(cluster);
        if cluster.chars().all(|c| c.is_whitespace() || c == '\u{200B}') && used <= most + 1 {
            word = end;
        }
        if used > most {
            break;
        }
        end += cluster.len();
    }
    text[..if word > 0 { word } else { end }].trim_end()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn checked(text: &str, single: usize, multi: usize) {
        let plan = plan_with(text, single, multi);
        assert_eq!(plan.segments.concat(), text);
        let most = if plan.segments.len() == 1 { single } else { multi };
        for (index, segment) in plan.segments.iter().enumerate() {
            assert!(plan.alphabet.measure(segment) <= most, "{segment:?}");
            if index > 0 {
                let first = segment.chars().next().expect("no empty segment");
                let last = plan.segments[index - 1].chars().next_back().expect("no empty segment");
                let sign = matches!(first, '\u{17B4}'..='\u{17D3}' | '\u{17DD}');
                let longest = khmer::clusters(text).map(|cluster| plan.alphabet.measure(cluster)).max();
                assert!(longest > Some(multi) || (!sign && last != '\u{17D2}'), "{last:?} | {first:?}");
            }
        }
    }

    #[test]
    fn the_sizes_are_those_of_the_standard() {
        for (letter, alone, several) in [("a", 160, 153), ("ក", 70, 67), ("€", 80, 76)] {
            assert_eq!(plan(&letter.repeat(alone)).segments.len(), 1);
            let two = plan(&letter.repeat(alone + 1)).segments[0].chars().count();
            assert_eq!(two, several, "{letter}");
        }
        assert_eq!(plan("").segments, [""]);
    }

    #[test]
    fn a_shortened_name_ends_with_a_word_or_a_cluster() {
        assert_eq!(truncate("OWSO Khan Dangkao", 12), "OWSO Khan");
        assert_eq!(truncate("OWSO Khan Dangkao", 9), "OWSO Khan");
        assert_eq!(truncate("Dangkaoooo", 4), "Dang");
        assert_eq!(truncate("ស្ត្រីអ្នក", 8), "ស្ត្រី");
        assert_eq!(truncate("abc", 3), "abc");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(crate::text::property_cases()))]

        #[test]
        fn khmer_is_cut_where_it_may_be(text in "[ក-អា-់្ ។a-z€😀\u{200b}\u{200d}]{0,200}", multi in 10usize..70) {
            checked(&text, multi + 3, multi);
        }

        #[test]
        fn any_text_keeps_the_limits(text in "\\PC{0,120}", multi in 2usize..160) {
            checked(&text, multi, multi);
        }
    }
}

//! GSM 03.38, UCS-2 and Latin-1 as the sandbox telco and its phones read and write them, user data headers,
//! segments. A second implementation on purpose: it must not know `crate::text`, which it judges.

use std::sync::LazyLock;

/// What a text travels as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Alphabet {
    /// GSM 03.38 default alphabet with its extension table, one septet an octet.
    Gsm7,
    /// UTF-16, big endian.
    Ucs2,
    /// ISO 8859-1 (also what IA5 is read as).
    Latin1,
    /// Octets that are no text; shown as hex.
    Binary,
}

const BASIC: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\u{1b}ÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?\
                     ¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
const EXTENSION: [(u8, char); 10] = [
    (0x0A, '\u{c}'),
    (0x14, '^'),
    (0x28, '{'),
    (0x29, '}'),
    (0x2F, '\\'),
    (0x3C, '['),
    (0x3D, '~'),
    (0x3E, ']'),
    (0x40, '|'),
    (0x65, '€'),
];
const ESC: u8 = 0x1B;

static TABLE: LazyLock<Vec<char>> = LazyLock::new(|| BASIC.chars().collect());

/// The alphabet a data_coding stands for, §5.2.19 and GSM 03.38 §4.
pub fn of_data_coding(dcs: u8) -> Alphabet {
    match dcs {
        0 => Alphabet::Gsm7,
        1 | 3 => Alphabet::Latin1,
        8 => Alphabet::Ucs2,
        0x10..=0x1F => match dcs & 0x0C {
            0 => Alphabet::Gsm7,
            8 => Alphabet::Ucs2,
            _ => Alphabet::Binary,
        },
        0xF0..=0xFF if dcs & 0x04 == 0 => Alphabet::Gsm7,
        _ => Alphabet::Binary,
    }
}

/// A decoded text and what was wrong with its octets, if anything.
#[derive(Debug, PartialEq, Eq)]
pub struct Decoded {
    /// The text; what could not be read is U+FFFD.
    pub text: String,
    /// Length in the alphabet's units: septets, UTF-16 code units or octets.
    pub units: usize,
    /// A fault of whoever encoded it.
    pub fault: Option<&'static str>,
}

/// Reads user data (its header taken off) in this alphabet.
pub fn decode(alphabet: Alphabet, data: &[u8]) -> Decoded {
    match alphabet {
        Alphabet::Gsm7 => decode_gsm(data),
        Alphabet::Ucs2 => decode_ucs2(data),
        Alphabet::Latin1 => {
            Decoded { text: data.iter().map(|b| char::from(*b)).collect(), units: data.len(), fault: None }
        }
        Alphabet::Binary => {
            Decoded { text: data.iter().map(|b| format!("{b:02x}")).collect(), units: data.len(), fault: None }
        }
    }
}

fn decode_gsm(data: &[u8]) -> Decoded {
    let mut text = String::with_capacity(data.len());
    let mut fault = None;
    let mut octets = data.iter().copied();
    while let Some(b) = octets.next() {
        if b == ESC {
            let second = octets.next();
            match EXTENSION.iter().find(|(code, _)| Some(*code) == second) {
                Some((_, c)) => text.push(*c),
                None => {
                    fault = Some("an escape that leads nowhere");
                    text.push('\u{fffd}');
                }
            }
        } else if let Some(c) = TABLE.get(usize::from(b)) {
            text.push(*c);
        } else {
            fault = Some("an octet above 0x7f in GSM-7");
            text.push('\u{fffd}');
        }
    }
    Decoded { text, units: data.len(), fault }
}

fn decode_ucs2(data: &[u8]) -> Decoded {
    let units: Vec<u16> = data.chunks_exact(2).map(|p| u16::from_be_bytes([p[0], p[1]])).collect();
    let text: Result<String, _> = char::decode_utf16(units.iter().copied()).collect();
    let fault = if !data.len().is_multiple_of(2) {
        Some("an odd number of octets in UCS-2")
    } else if text.is_err() {
        Some("half a surrogate pair")
    } else if units.first() == Some(&0xFEFF) {
        Some("a byte order mark")
    } else {
        None
    };
    Decoded { text: text.unwrap_or_else(|_| String::from_utf16_lossy(&units)), units: units.len(), fault }
}

/// A text ready to travel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Encoded {
    /// GSM-7 when every character has a place there, else UCS-2.
    pub alphabet: Alphabet,
    /// 0 or 8.
    pub data_coding: u8,
    /// User data of each segment; with a concatenation header in front when there are several.
    pub segments: Vec<Vec<u8>>,
    /// Length in the alphabet's units, headers not counted.
    pub units: usize,
}

/// Encodes a text as a phone does, in segments of 160/153 septets or 70/67 code units.
/// `None` when it would take more than 255 of them.
pub fn encode(text: &str, reference: u8) -> Option<Encoded> {
    let (alphabet, data_coding, pieces, single, joined) = match gsm_pieces(text) {
        Some(pieces) => (Alphabet::Gsm7, 0, pieces, 160, 153),
        None => (Alphabet::Ucs2, 8, ucs2_pieces(text), 140, 134),
    };
    let octets: usize = pieces.iter().map(Vec::len).sum();
    let units = match alphabet {
        Alphabet::Ucs2 => octets / 2,
        _ => octets,
    };
    let segments = if octets <= single {
        vec![pieces.concat()]
    } else {
        let mut cut: Vec<Vec<u8>> = vec![Vec::new()];
        for piece in pieces {
            if cut.last().is_some_and(|s| s.len() + piece.len() > joined) {
                cut.push(Vec::new());
            }
            if let Some(last) = cut.last_mut() {
                last.extend(piece);
            }
        }
        let total = u8::try_from(cut.len()).ok()?;
        (1..=total).zip(cut).map(|(n, data)| [&[5, 0, 3, reference, total, n][..], &data].concat()).collect()
    };
    Some(Encoded { alphabet, data_coding, segments, units })
}

/// The septets of a text, one an octet; `None` if a character has no place.
pub fn septets(text: &str) -> Option<Vec<u8>> {
    gsm_pieces(text).map(|pieces| pieces.concat())
}

/// Each character's septets, never to be parted; `None` if one has no place.
fn gsm_pieces(text: &str) -> Option<Vec<Vec<u8>>> {
    text.chars()
        .map(|c| {
            if c == '\u{1b}' {
                return None;
            }
            if let Some(at) = TABLE.iter().position(|t| *t == c) {
                return u8::try_from(at).ok().map(|b| vec![b]);
            }
            let (code, _) = EXTENSION.iter().find(|(_, e)| *e == c)?;
            Some(vec![ESC, *code])
        })
        .collect()
}

fn ucs2_pieces(text: &str) -> Vec<Vec<u8>> {
    text.chars()
        .map(|c| {
            let mut pair = [0; 2];
            c.encode_utf16(&mut pair).iter().flat_map(|u| u.to_be_bytes()).collect()
        })
        .collect()
}

/// Where a segment belongs: which message, of how many, the how-manieth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Place {
    /// 8, 16 (user data header) or 32 (sar_ TLVs): numbers of different kinds never meet.
    pub kind: u8,
    /// Reference number.
    pub reference: u16,
    /// How many segments.
    pub total: u8,
    /// Which one, from 1.
    pub number: u8,
}

impl Place {
    /// Whether total and number make sense.
    pub fn valid(&self) -> bool {
        self.number >= 1 && self.number <= self.total
    }
}

/// Parts a user data header from the text: its concatenation element, its length in octets.
/// `None` when the header runs past the data.
pub fn split_header(data: &[u8]) -> Option<(Option<Place>, usize)> {
    let length = usize::from(*data.first()?) + 1;
    let mut rest = data.get(1..length)?;
    let mut place = None;
    while let [tag, size, tail @ ..] = rest {
        let value = tail.get(..usize::from(*size))?;
        match (tag, value) {
            (0x00, [r, total, number]) => {
                place = Some(Place { kind: 8, reference: u16::from(*r), total: *total, number: *number });
            }
            (0x08, [hi, lo, total, number]) => {
                place =
                    Some(Place { kind: 16, reference: u16::from_be_bytes([*hi, *lo]), total: *total, number: *number });
            }
            _ => {}
        }
        rest = &tail[usize::from(*size)..];
    }
    Some((place, length))
}

/// Whether user data of this alphabet fits one segment on the air: 140 octets, header included.
pub fn fits_the_air(alphabet: Alphabet, header: usize, data: usize) -> bool {
    match alphabet {
        Alphabet::Gsm7 => (header * 8).div_ceil(7) + data <= 160,
        _ => header + data <= 140,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_has_128_places_and_survives_a_round_trip() {
        assert_eq!(TABLE.len(), 128);
        let text = "Hello @£{[€]}~ ñ ΔΩ";
        let e = encode(text, 1).unwrap();
        assert_eq!(e.alphabet, Alphabet::Gsm7);
        let d = decode(Alphabet::Gsm7, &e.segments[0]);
        assert_eq!((d.text.as_str(), d.fault), (text, None));
    }

    #[test]
    fn segments_are_cut_at_160_153_70_67_and_never_inside_a_pair() {
        let n = |t: &str| encode(t, 7).unwrap().segments.len();
        assert_eq!((n(&"a".repeat(160)), n(&"a".repeat(161)), n(&"a".repeat(307))), (1, 2, 3));
        assert_eq!((n(&"ក".repeat(70)), n(&"ក".repeat(71)), n(&"ក".repeat(135))), (1, 2, 3));
        let e = encode(&format!("{}€{}", "a".repeat(152), "b".repeat(20)), 7).unwrap();
        assert_eq!(e.segments[0].len(), 6 + 152);
        assert_eq!(e.segments[1][6], ESC);
        assert!(encode(&"a".repeat(153 * 255 + 1), 1).is_none());
    }

    #[test]
    fn headers_are_read_and_lies_refused() {
        let (place, n) = split_header(&[5, 0, 3, 9, 2, 1, b'x']).unwrap();
        assert_eq!((place.unwrap().reference, n), (9, 6));
        let (place, n) = split_header(&[9, 1, 1, 0, 8, 4, 1, 2, 3, 3, b'x']).unwrap();
        assert_eq!((place.unwrap().reference, n), (0x0102, 10));
        assert_eq!(split_header(&[200, 0, 3]), None);
        assert_eq!(split_header(&[3, 0, 9, 1]), None);
    }
}

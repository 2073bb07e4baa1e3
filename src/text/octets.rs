//! From the octets of a text to its characters, where what was declared may be wrong: gateways mark UTF-16 as the
//! default alphabet or as binary, the other byte order or UTF-8 as UCS-2. Every reading that there is goes before the
//! judge ([`super::plausible`]), which prefers the declared one. Knows no data_coding: what that declares is said
//! by SMS and by USSD in their own way.
use super::{
    charset::Charset,
    gsm7::{self, Shift},
    plausible::{LEFT_OVER, Reading, UNDECLARED, UNDECLARED_UTF8, has_ideographs, likeliest},
};

/// An alphabet that can be declared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Declared {
    /// UTF-16 in network order, which telcos call UCS-2.
    Utf16,
    /// Octets as they are: UTF-8, if text at all.
    Binary,
    /// GSM 7-bit, one septet an octet.
    Gsm7,
    /// GSM 7-bit, packed, behind so many bits that fill up a header.
    Packed(u32),
    /// ISO 8859-1.
    Latin1,
    /// ASCII; what has eight bits is none.
    Ascii,
    /// A character set of a language.
    Of(Charset),
}

/// Octets of a text, or of one part of it, and what they are said to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// Without a header.
    pub octets: Vec<u8>,
    /// The alphabet.
    pub declared: Declared,
    /// Tables of a national language that a header announces, for GSM 7-bit.
    pub shift: Shift,
}

/// Octets before those of the text in [`Piece::to_bytes`].
const PIECE_HEAD: usize = 4;

impl Piece {
    /// What is kept of it: alphabet, its fill bits or character set, locking and single shift, octets.
    pub fn to_bytes(&self) -> Vec<u8> {
        let (alphabet, fill) = match self.declared {
            Declared::Utf16 => (0, 0),
            Declared::Binary => (1, 0),
            Declared::Gsm7 => (2, 0),
            Declared::Packed(fill) => (3, fill as u8),
            Declared::Latin1 => (4, 0),
            Declared::Ascii => (5, 0),
            Declared::Of(set) => (6, Charset::ALL.iter().position(|one| *one == set).unwrap_or(0) as u8),
        };
        [&[alphabet, fill, self.shift.locking, self.shift.single], &self.octets[..]].concat()
    }

    /// What [`Piece::to_bytes`] wrote; `None` for anything else.
    pub fn of_bytes(bytes: &[u8]) -> Option<Self> {
        let [alphabet, fill, locking, single] = *bytes.first_chunk::<PIECE_HEAD>()?;
        let declared = match alphabet {
            0 => Declared::Utf16,
            1 => Declared::Binary,
            2 => Declared::Gsm7,
            3 => Declared::Packed(u32::from(fill)),
            4 => Declared::Latin1,
            5 => Declared::Ascii,
            6 => Declared::Of(*Charset::ALL.get(usize::from(fill))?),
            _ => return None,
        };
        Some(Piece { octets: bytes[PIECE_HEAD..].to_vec(), declared, shift: Shift { locking, single } })
    }

    fn is_like(&self, other: &Piece) -> bool {
        std::mem::discriminant(&self.declared) == std::mem::discriminant(&other.declared)
    }
}

/// The likeliest text of octets, never a failure: what cannot be read is U+FFFD.
pub fn read(octets: &[u8], declared: Declared) -> String {
    likeliest(readings(octets, declared))
}

/// The text of pieces in their order, joined before they are read: a cut may stand inside a character, and only the
/// whole text tells what its octets are.
pub fn join(pieces: &[&Piece]) -> String {
    pieces.chunk_by(|one, next| one.is_like(next)).map(|run| likeliest(readings_of(run))).collect()
}

/// What octets may mean, the declared reading first.
pub fn readings(octets: &[u8], declared: Declared) -> Vec<Reading> {
    readings_of(&[&Piece { octets: octets.to_vec(), declared, shift: Shift::default() }])
}

/// What pieces of one alphabet may mean, the declared reading first.
fn readings_of(pieces: &[&Piece]) -> Vec<Reading> {
    let Some(declared) = pieces.first().map(|piece| piece.declared) else { return Vec::new() };
    let octets: Vec<u8> = pieces.iter().flat_map(|piece| piece.octets.iter().copied()).collect();
    let octets = &octets[..];
    let own = match declared {
        Declared::Utf16 => utf16(octets, u16::from_be_bytes),
        Declared::Binary => utf8(octets),
        Declared::Gsm7 | Declared::Packed(_) => septets(pieces),
        Declared::Latin1 => sure(latin1(octets)),
        Declared::Ascii => sure(ascii(octets)),
        Declared::Of(set) => sure(set.read(octets)),
    };
    // what announces its tables is what it says
    let announced = declared == Declared::Gsm7 && pieces.iter().any(|piece| piece.shift != Shift::default());
    // the letters of a plain text are what they are, however their pairs fall
    let plain = !matches!(declared, Declared::Utf16 | Declared::Packed(_)) && octets.iter().all(is_plain);
    if announced || plain {
        return vec![own];
    }
    others(octets, declared, own)
}

/// The declared reading, and whatever else it may be.
fn others(octets: &[u8], declared: Declared, own: Reading) -> Vec<Reading> {
    // any two octets of letters are an ideograph, so what is legible as declared is not taken for ideographs
    let by_octets = matches!(declared, Declared::Gsm7 | Declared::Latin1 | Declared::Ascii | Declared::Of(_));
    let legible = by_octets && !octets.contains(&0) && is_legible(&own.text);
    let mut all = vec![own];
    let mut may_be = |reading: Reading, more: u32| all.push(Reading { doubt: reading.doubt + more, ..reading });
    let orders: &[fn([u8; 2]) -> u16] =
        if declared == Declared::Utf16 { &[u16::from_le_bytes] } else { &[u16::from_be_bytes, u16::from_le_bytes] };
    for order in orders {
        let reading = utf16(octets, *order);
        if !legible || !(has_ideographs(&reading.text) || has_escapes(&reading.text)) {
            may_be(reading, UNDECLARED);
        }
    }
    may_be(utf8(octets), if declared == Declared::Latin1 { UNDECLARED_UTF8 } else { UNDECLARED });
    // seven bits have no eighth, so an octet with one is worth no other guess at the alphabets of octets
    if declared != Declared::Ascii {
        may_be(sure(gsm7::decode(octets)), UNDECLARED);
        may_be(sure(latin1(octets)), UNDECLARED);
    }
    all
}

/// Whether an escape pair of GSM 7-bit stands in what was read as UTF-16, where it is a letter of Balinese (U+1B00 to
/// U+1B7F): `{` and `€` are typed more often here.
fn has_escapes(text: &str) -> bool {
    text.chars().any(|c| matches!(c, '\u{1B00}'..='\u{1B7F}'))
}

/// Whether there is nothing in a text that nobody can type.
fn is_legible(text: &str) -> bool {
    !text.chars().any(|c| c == char::REPLACEMENT_CHARACTER || c.is_control() && !matches!(c, '\n' | '\r' | '\t'))
}

fn is_plain(octet: &u8) -> bool {
    matches!(octet, b' '..=b'~' | b'\n' | b'\r')
}

fn sure(text: String) -> Reading {
    Reading { text, doubt: 0 }
}

/// A byte order mark of this order is taken off, NULs at the end are padding, an odd octet is left over.
fn utf16(octets: &[u8], unit: fn([u8; 2]) -> u16) -> Reading {
    let (pairs, odd) = octets.as_chunks::<2>();
    let units = pairs.iter().map(|pair| unit(*pair));
    let mut text: String = char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect();
    text.truncate(text.trim_end_matches('\0').len());
    let odd = odd.iter().filter(|octet| **octet != 0).count() as u32;
    Reading { text: without_mark(text), doubt: odd * LEFT_OVER }
}

fn utf8(octets: &[u8]) -> Reading {
    let mut text = String::from_utf8_lossy(octets).into_owned();
    text.truncate(text.trim_end_matches('\0').len());
    sure(without_mark(text))
}

fn without_mark(text: String) -> String {
    text.strip_prefix('\u{FEFF}').map(str::to_owned).unwrap_or(text)
}

/// Septets of all pieces, decoded together where their tables are the same: an escape may stand before a cut, and what it
/// escapes behind it. A packed piece begins behind its fill bits; seven spare bits at its end are no character.
fn septets(pieces: &[&Piece]) -> Reading {
    let run = |run: &[&Piece]| {
        let all: Vec<u8> = run.iter().flat_map(|piece| septets_of(piece)).collect();
        gsm7::decode_with(&all, run[0].shift)
    };
    sure(pieces.chunk_by(|one, next| one.shift == next.shift).map(run).collect())
}

fn septets_of(piece: &Piece) -> Vec<u8> {
    let Declared::Packed(fill) = piece.declared else { return piece.octets.clone() };
    let mut septets = gsm7::unpack_after(&piece.octets, fill);
    let spare = (piece.octets.len() * 8).saturating_sub(fill as usize).is_multiple_of(7);
    if spare && septets.last() == Some(&0) {
        septets.pop();
    }
    septets
}

fn latin1(octets: &[u8]) -> String {
    octets.iter().map(|octet| char::from(*octet)).collect()
}

fn ascii(octets: &[u8]) -> String {
    octets.iter().map(|octet| if octet.is_ascii() { char::from(*octet) } else { '\u{FFFD}' }).collect()
}

#[cfg(test)]
#[path = "octets_tests.rs"]
mod tests;

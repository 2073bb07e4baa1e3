//! From the octets of a text to its characters, where what was declared may be wrong: gateways mark UTF-16 as the
//! default alphabet or as binary, the other byte order or UTF-8 as UCS-2. Every reading that there is goes before the
//! judge ([`super::plausible`]), which prefers the declared one. Knows no data_coding: what that declares is said
//! by SMS and by USSD in their own way.
use super::{
    gsm7,
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
}

/// The likeliest text of octets, never a failure: what cannot be read is U+FFFD.
pub fn read(octets: &[u8], declared: Declared) -> String {
    likeliest(readings(octets, declared))
}

/// What octets may mean, the declared reading first.
pub fn readings(octets: &[u8], declared: Declared) -> Vec<Reading> {
    let own = match declared {
        Declared::Utf16 => utf16(octets, u16::from_be_bytes),
        Declared::Binary => utf8(octets),
        Declared::Gsm7 => sure(gsm7::decode(octets)),
        Declared::Packed(fill) => packed(octets, fill),
        Declared::Latin1 => sure(latin1(octets)),
        Declared::Ascii => sure(ascii(octets)),
    };
    // the letters of a plain text are what they are, however their pairs fall
    if !matches!(declared, Declared::Utf16 | Declared::Packed(_)) && octets.iter().all(is_plain) {
        return vec![own];
    }
    // any two octets of letters are an ideograph, so what is legible as declared is not taken for ideographs
    let by_octets = matches!(declared, Declared::Gsm7 | Declared::Latin1 | Declared::Ascii);
    let legible = by_octets && !octets.contains(&0) && is_legible(&own.text);
    let mut all = vec![own];
    let mut may_be = |reading: Reading, more: u32| all.push(Reading { doubt: reading.doubt + more, ..reading });
    let orders: &[fn([u8; 2]) -> u16] =
        if declared == Declared::Utf16 { &[u16::from_le_bytes] } else { &[u16::from_be_bytes, u16::from_le_bytes] };
    for order in orders {
        let reading = utf16(octets, *order);
        if !legible || !has_ideographs(&reading.text) {
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

/// Seven spare bits at the end are no character.
fn packed(octets: &[u8], fill: u32) -> Reading {
    let mut septets = gsm7::unpack_after(octets, fill);
    if septets.last() == Some(&0) && (octets.len() * 8).saturating_sub(fill as usize).is_multiple_of(7) {
        septets.pop();
    }
    sure(gsm7::decode(&septets))
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

//! The GSM 7-bit default alphabet and its extension table (3GPP TS 23.038 §6.2.1, §6.2.1.1). An unpacked
//! octet holds one septet; a character of the extension table is ESC and a second septet.
use super::national;

/// The septet that announces the extension table.
pub const ESC: u8 = 0x1B;

/// Septets 0x00 to 0x7F; the place of ESC holds U+FFFF, which no text has.
const BASIC: [char; 128] = [
    '@', '£', '$', '¥', 'è', 'é', 'ù', 'ì', 'ò', 'Ç', '\n', 'Ø', 'ø', '\r', 'Å', 'å', 'Δ', '_', 'Φ', 'Γ', 'Λ', 'Ω',
    'Π', 'Ψ', 'Σ', 'Θ', 'Ξ', '\u{FFFF}', 'Æ', 'æ', 'ß', 'É', ' ', '!', '"', '#', '¤', '%', '&', '\'', '(', ')', '*',
    '+', ',', '-', '.', '/', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', ':', ';', '<', '=', '>', '?', '¡', 'A',
    'B', 'C', 'D', 'E', 'F', 'G', 'H', 'I', 'J', 'K', 'L', 'M', 'N', 'O', 'P', 'Q', 'R', 'S', 'T', 'U', 'V', 'W', 'X',
    'Y', 'Z', 'Ä', 'Ö', 'Ñ', 'Ü', '§', '¿', 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l', 'm', 'n', 'o',
    'p', 'q', 'r', 's', 't', 'u', 'v', 'w', 'x', 'y', 'z', 'ä', 'ö', 'ñ', 'ü', 'à',
];

/// Septets of the extension table.
const EXTENSION: [(u8, char); 10] = [
    (0x0A, '\u{000C}'),
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

/// How a character is written: its septet, and whether ESC goes before; `None` when the alphabet lacks it.
fn septet(c: char) -> Option<(bool, u8)> {
    // Letters, digits and most punctuation stand at their ASCII place.
    if c.is_ascii_alphanumeric() || matches!(c, ' '..='#' | '%'..='?' | '\n' | '\r') {
        return Some((false, c as u8));
    }
    if c == '\u{FFFF}' {
        return None;
    }
    if let Some(at) = BASIC.iter().position(|basic| *basic == c) {
        return Some((false, at as u8));
    }
    EXTENSION.iter().find(|(_, extended)| *extended == c).map(|(at, _)| (true, *at))
}

/// Septets that a character takes: 1 or 2; `None` when the alphabet lacks it.
pub fn width(c: char) -> Option<usize> {
    septet(c).map(|(extended, _)| 1 + usize::from(extended))
}

/// Septets that a text takes; `None` when a character of it is not in the alphabet.
pub fn septets(text: &str) -> Option<usize> {
    text.chars().map(width).sum()
}

/// One octet a septet; `None` when a character is not in the alphabet.
pub fn encode(text: &str) -> Option<Vec<u8>> {
    let mut octets = Vec::with_capacity(text.len());
    for c in text.chars() {
        let (extended, at) = septet(c)?;
        if extended {
            octets.push(ESC);
        }
        octets.push(at);
    }
    Some(octets)
}

/// Tables of a national language, by their numbers in 3GPP TS 23.038 §6.2.1.2.4; 0: the default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Shift {
    /// Instead of the default alphabet.
    pub locking: u8,
    /// Instead of its extension table.
    pub single: u8,
}

/// Reads unpacked octets leniently: an octet above 0x7F is U+FFFD, an unknown extension shows the character
/// of the basic table (§6.2.1.1, note), an ESC at the end is a space.
pub fn decode(octets: &[u8]) -> String {
    decode_with(octets, Shift::default())
}

/// As [`decode`], by the tables that a header announces; one that is not known here is the default.
pub fn decode_with(octets: &[u8], shift: Shift) -> String {
    let mut text = String::with_capacity(octets.len());
    let mut rest = octets.iter().copied();
    while let Some(octet) = rest.next() {
        text.push(match octet {
            ESC => match rest.next() {
                None | Some(ESC) => ' ',
                Some(at) => extended(at, shift.single).unwrap_or_else(|| locked(at, shift.locking)),
            },
            octet => locked(octet, shift.locking),
        });
    }
    text
}

/// The character of the extension table at a place.
fn extended(at: u8, language: u8) -> Option<char> {
    let usual = || EXTENSION.iter().find(|(place, _)| *place == at).map(|(_, character)| *character);
    national::single(language, at).or_else(usual)
}

fn locked(octet: u8, language: u8) -> char {
    national::locking(language, octet).unwrap_or_else(|| basic(octet))
}

fn basic(octet: u8) -> char {
    BASIC.get(usize::from(octet)).copied().unwrap_or('\u{FFFD}')
}

/// Packs septets into octets, lowest bits first (§6.1.2.1.1).
pub fn pack(septets: &[u8]) -> Vec<u8> {
    pack_after(septets, 0)
}

/// Bits between a header of so many octets and the first septet after it.
pub fn fill_bits(header: usize) -> u32 {
    ((7 - header * 8 % 7) % 7) as u32
}

/// As [`pack`], after `fill` bits of zero.
pub fn pack_after(septets: &[u8], fill: u32) -> Vec<u8> {
    let mut octets = Vec::with_capacity(septets.len() * 7 / 8 + 1);
    let (mut held, mut bits) = (0u16, fill);
    for septet in septets {
        held |= u16::from(septet & 0x7F) << bits;
        bits += 7;
        if bits >= 8 {
            octets.push((held & 0xFF) as u8);
            held >>= 8;
            bits -= 8;
        }
    }
    if bits > 0 {
        octets.push((held & 0xFF) as u8);
    }
    octets
}

/// Unpacks octets into septets. Seven spare bits at the end look like one more `@`: the caller knows the
/// length or drops it.
pub fn unpack(octets: &[u8]) -> Vec<u8> {
    unpack_after(octets, 0)
}

/// As [`unpack`], after `fill` bits that mean nothing.
pub fn unpack_after(octets: &[u8], fill: u32) -> Vec<u8> {
    let mut septets = Vec::with_capacity(octets.len() * 8 / 7);
    let (mut held, mut bits, mut skip) = (0u16, 0, fill);
    for octet in octets {
        held |= u16::from(*octet) << bits;
        bits += 8;
        held >>= skip;
        bits -= skip;
        skip = 0;
        while bits >= 7 {
            septets.push((held & 0x7F) as u8);
            held >>= 7;
            bits -= 7;
        }
    }
    septets
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_character_of_both_tables_comes_back() {
        let all: String = BASIC.iter().filter(|c| **c != '\u{FFFF}').chain(EXTENSION.iter().map(|(_, c)| c)).collect();
        assert_eq!(decode(&encode(&all).expect("all are in the tables")), all);
        assert_eq!(septets(&all), Some(127 + 2 * 10));
    }

    #[test]
    fn what_is_not_in_the_tables_is_told() {
        for text in ["ក", "`", "ç", "😀", "\u{FFFF}", "\t"] {
            assert_eq!(encode(text), None, "{text:?}");
        }
    }

    #[test]
    fn garbage_is_read_somehow() {
        assert_eq!(decode(&[0x41, 0x80, ESC, 0x41, ESC, ESC, ESC]), "A\u{FFFD}A  ");
    }

    #[test]
    fn packing_is_the_one_of_the_standard() {
        let packed = pack(&encode("hellohello").expect("ascii"));
        assert_eq!(packed, [0xE8, 0x32, 0x9B, 0xFD, 0x46, 0x97, 0xD9, 0xEC, 0x37]);
        assert_eq!(decode(&unpack(&packed)[..10]), "hellohello");
    }
}

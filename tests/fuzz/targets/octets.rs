//! Octets of any alphabet are read as something that can be kept, and what is plain stays what it is.
use super::Input;
use chrak::{
    smpp::text::{shortened, text_of},
    text::{
        charset::Charset,
        gsm7::{self, Shift},
        octets::{Declared, Piece, join, read},
        ucs2,
    },
    types::limits::TEXT_CHARS_MAX,
};

const DECLARED: [Declared; 10] = [
    Declared::Utf16,
    Declared::Binary,
    Declared::Gsm7,
    Declared::Packed(0),
    Declared::Latin1,
    Declared::Ascii,
    Declared::Of(Charset::Cyrillic),
    Declared::Of(Charset::Hebrew),
    Declared::Of(Charset::Japanese),
    Declared::Of(Charset::Korean),
];

/// Octets of an SMS in parts at most; a USSD string or a message_payload is no more.
const OCTETS_MAX: usize = 1_600;

/// The first three octets: the alphabet and the tables; the rest are the octets.
pub fn run(octets: &[u8]) {
    let mut input = Input(octets);
    let (which, locking, single) = (input.octet(), input.octet(), input.octet());
    let octets = input.octets(OCTETS_MAX);
    let declared = match DECLARED[usize::from(which) % DECLARED.len()] {
        Declared::Packed(_) => Declared::Packed(u32::from(which) / 10 % 7),
        Declared::Of(Charset::Japanese) if which / 10 % 2 == 1 => Declared::Of(Charset::JapaneseExtended),
        other => other,
    };
    let text = read(octets, declared);
    let shift = Shift { locking, single };
    let piece = Piece { octets: octets.to_vec(), declared, shift };
    assert_eq!(Piece::of_bytes(&piece.to_bytes()).as_ref(), Some(&piece));
    let kept = text_of(&[&piece]);
    assert!(kept.chars().count() <= TEXT_CHARS_MAX && join(&[&piece]).starts_with(&kept));
    if shift == Shift::default() {
        assert_eq!(kept, shortened(text.clone()));
    }
    plain(octets);
    septets(octets, u32::from(which) % 7);
    // what was read can be written and read again
    assert_eq!(ucs2::encode(&text).len() % 2, 0);
}

/// Letters and digits are what they are under every alphabet of octets, and in UCS-2 too.
fn plain(octets: &[u8]) {
    let plain: Vec<u8> = octets.iter().copied().filter(u8::is_ascii_alphanumeric).collect();
    let text: String = plain.iter().map(|octet| char::from(*octet)).collect();
    for declared in [Declared::Binary, Declared::Gsm7, Declared::Latin1, Declared::Ascii] {
        assert_eq!(read(&plain, declared), text, "{declared:?}");
    }
    assert_eq!(read(&ucs2::encode(&text), Declared::Utf16), text);
}

fn septets(octets: &[u8], fill: u32) {
    let septets: Vec<u8> = octets.iter().map(|octet| octet & 0x7F).collect();
    let packed = gsm7::pack_after(&septets, fill);
    let back = gsm7::unpack_after(&packed, fill);
    assert!(back.starts_with(&septets) && back.len() <= septets.len() + 1, "one more, of spare bits, at most");
}

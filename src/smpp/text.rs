//! From the body of an MO to its text: the UDH off, the alphabet by data_coding and by what is plausible, and never
//! a failure, as a strange text is still somebody's text.
use super::{concat::UDHI, decode::Deliver, pdu::tag};
use crate::{
    text::{
        charset::Charset,
        gsm7::{self, Shift},
        octets::{self, Declared, Piece},
    },
    types::limits::TEXT_CHARS_MAX,
};

/// What data_coding 0 means at a telco.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DefaultAlphabet {
    /// GSM 7-bit, one septet an octet.
    Gsm7,
    /// ISO 8859-1.
    Latin1,
    /// ASCII.
    Ascii,
}

/// How a part says that it is one; references of one way say nothing about another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PartWay {
    /// UDH with an 8-bit reference.
    Udh8,
    /// UDH with a 16-bit reference.
    Udh16,
    /// The three sar_* TLVs.
    Sar,
}

/// Where a part stands in a text that the telco cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// How it is told.
    pub way: PartWay,
    /// Reference that the parts share.
    pub reference: u16,
    /// How many parts, at least 2.
    pub total: u8,
    /// Which part, from 1.
    pub number: u8,
}

/// What an MO holds of a text, and its place in a longer one. `packed`: GSM 7-bit octets are packed at this telco.
pub fn piece(deliver: &Deliver, default: DefaultAlphabet, packed: bool) -> (Piece, Option<Part>) {
    let (header, octets) = split_header(deliver);
    let (elements, shift) = header.map(elements).unwrap_or_default();
    let fill = gsm7::fill_bits(header.map_or(0, |header| header.len() + 1));
    let declared = match declared(deliver.data_coding, default) {
        Declared::Gsm7 if packed && is_gsm7(deliver.data_coding) => Declared::Packed(fill),
        other => other,
    };
    (Piece { octets: octets.to_vec(), declared, shift }, elements.or_else(|| sar_part(deliver)))
}

/// The text of pieces in their order, as far as it is read.
pub fn text_of(pieces: &[&Piece]) -> String {
    shortened(octets::join(pieces))
}

/// A text as far as it is read: its first [`TEXT_CHARS_MAX`] characters.
pub fn shortened(mut text: String) -> String {
    if let Some((end, _)) = text.char_indices().nth(TEXT_CHARS_MAX) {
        text.truncate(end);
    }
    text
}

/// The UDH without its length, and what follows it.
fn split_header(deliver: &Deliver) -> (Option<&[u8]>, &[u8]) {
    let octets = &deliver.body[..];
    match octets.split_first() {
        Some((length, rest)) if deliver.esm_class & UDHI != 0 && usize::from(*length) <= rest.len() => {
            let (header, text) = rest.split_at(usize::from(*length));
            (Some(header), text)
        }
        _ => (None, octets),
    }
}

/// Information elements of 3GPP TS 23.040 §9.2.3.24: 00 (8-bit reference) and 08 (16-bit), of which the first counts; 24
/// and 25, the single and locking shift of a national language.
fn elements(mut header: &[u8]) -> (Option<Part>, Shift) {
    let (mut part, mut told, mut shift) = (None, false, Shift::default());
    while let [element, length, rest @ ..] = header {
        let length = usize::from(*length);
        let Some(value) = rest.get(..length) else { break };
        let place = match (*element, value) {
            (0, [reference, total, number]) => Some((PartWay::Udh8, u16::from(*reference), *total, *number)),
            (8, [high, low, total, number]) => {
                Some((PartWay::Udh16, u16::from_be_bytes([*high, *low]), *total, *number))
            }
            _ => None,
        };
        if let (Some((way, reference, total, number)), false) = (place, told) {
            (part, told) = (sensible(way, reference, total, number), true);
        }
        match (*element, value) {
            (0x24, [language]) => shift.single = *language,
            (0x25, [language]) => shift.locking = *language,
            _ => {}
        }
        header = &rest[length..];
    }
    (part, shift)
}

fn sar_part(deliver: &Deliver) -> Option<Part> {
    let reference = deliver.tlv(tag::SAR_MSG_REF_NUM)?;
    let reference = u16::from_be_bytes([*reference.first()?, *reference.get(1)?]);
    let total = *deliver.tlv(tag::SAR_TOTAL_SEGMENTS)?.first()?;
    let number = *deliver.tlv(tag::SAR_SEGMENT_SEQNUM)?.first()?;
    sensible(PartWay::Sar, reference, total, number)
}

fn sensible(way: PartWay, reference: u16, total: u8, number: u8) -> Option<Part> {
    (total > 1 && (1..=total).contains(&number)).then_some(Part { way, reference, total, number })
}

/// Whether a telco that packs its default alphabet packs this: that alphabet, or GSM 7-bit of a message class or of the
/// groups for messages that are to be deleted or wait (3GPP TS 23.038 §4), none of which has octets of its own.
fn is_gsm7(data_coding: u8) -> bool {
    matches!(data_coding, 0x00 | 0x10..=0x13 | 0x40..=0x43 | 0x50..=0x53 | 0xC0..=0xDF | 0xF0..=0xF3)
}

/// By data_coding (§5.2.19) and the coding groups of 3GPP TS 23.038 §4. It is only what the telco says: see
/// [`octets`].
pub(super) fn declared(data_coding: u8, default: DefaultAlphabet) -> Declared {
    match data_coding {
        0x08 | 0x18..=0x1B | 0x48..=0x4B | 0x58..=0x5B | 0xE0..=0xEF => Declared::Utf16,
        0x02 | 0x04 | 0x14..=0x17 | 0x44..=0x47 | 0x54..=0x57 | 0xF4..=0xF7 | 0xFC..=0xFF => Declared::Binary,
        0x03 => Declared::Latin1,
        0x01 => Declared::Ascii,
        // GSM 7-bit by its group, whatever the default alphabet is
        0x10..=0x13 | 0x40..=0x43 | 0x50..=0x53 | 0xC0..=0xDF | 0xF0..=0xF3 => Declared::Gsm7,
        0x05 | 0x0A => Declared::Of(Charset::Japanese),
        0x0D => Declared::Of(Charset::JapaneseExtended),
        0x06 => Declared::Of(Charset::Cyrillic),
        0x07 => Declared::Of(Charset::Hebrew),
        0x0E => Declared::Of(Charset::Korean),
        _ => match default {
            DefaultAlphabet::Gsm7 => Declared::Gsm7,
            DefaultAlphabet::Latin1 => Declared::Latin1,
            DefaultAlphabet::Ascii => Declared::Ascii,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::smpp::pdu::Address;
    use crate::text::ucs2;
    use PartWay::{Sar, Udh8, Udh16};
    use bytes::Bytes;

    fn mo(esm_class: u8, data_coding: u8, body: &[u8]) -> Deliver {
        let address = Address { ton: 1, npi: 1, digits: Bytes::new() };
        Deliver {
            sequence: 1,
            is_data_sm: false,
            service_type: Bytes::new(),
            source: address.clone(),
            destination: address,
            esm_class,
            data_coding,
            body: Bytes::copy_from_slice(body),
            tlvs: Vec::new(),
        }
    }

    fn read(deliver: &Deliver, default: DefaultAlphabet, packed: bool) -> (String, Option<Part>) {
        let (piece, part) = piece(deliver, default, packed);
        (text_of(&[&piece]), part)
    }

    const DEFAULTS: [DefaultAlphabet; 3] = [DefaultAlphabet::Gsm7, DefaultAlphabet::Latin1, DefaultAlphabet::Ascii];

    fn swapped(octets: &[u8]) -> Vec<u8> {
        octets.chunks(2).flat_map(|pair| [pair[1], pair[0]]).collect()
    }

    #[test]
    fn alphabets_and_mislabelled_khmer_are_read() {
        let khmer = "ស្ថានភាព ១២០";
        let utf16 = ucs2::encode(khmer);
        for (data_coding, body) in [
            (8, utf16.clone()),
            (0, utf16.clone()),
            (8, khmer.as_bytes().to_vec()),
            (8, swapped(&utf16)),
            (0x18, utf16),
        ] {
            assert_eq!(read(&mo(0, data_coding, &body), DefaultAlphabet::Gsm7, false).0, khmer, "{data_coding}");
        }
        assert_eq!(read(&mo(0, 0, b"\0hi"), DefaultAlphabet::Gsm7, false).0, "@hi");
        assert_eq!(read(&mo(0, 0, b"\xE9"), DefaultAlphabet::Latin1, false).0, "é");
        assert_eq!(read(&mo(0, 1, b"ok\xFF"), DefaultAlphabet::Gsm7, false).0, "ok\u{FFFD}");
    }

    #[test]
    fn every_data_coding_of_ucs2_is_ucs2_also_for_texts_of_one_letter() {
        for data_coding in [0x08, 0x18, 0x19, 0x1A, 0x1B, 0x48, 0x49, 0x4A, 0x4B, 0xE0, 0xE8, 0xEF] {
            for text in ["7", "耗", "ក", "７", "查询", "🤗"] {
                let seen = read(&mo(0, data_coding, &ucs2::encode(text)), DefaultAlphabet::Gsm7, false).0;
                assert_eq!(seen, text, "{data_coding:#x}");
            }
        }
    }

    #[test]
    fn khmer_in_ucs2_with_a_code_is_read_under_any_data_coding() {
        for text in ["ស្ថានភាព 120500-26-048193-7", "ស្ថានភាព១២០៥០០២៦០៤៨១៩៣៧", "120500260481937 ស្ថានភាព", "ក 1"]
        {
            for data_coding in 0..=255 {
                for default in DEFAULTS {
                    for packed in [false, true] {
                        let seen = read(&mo(0, data_coding, &ucs2::encode(text)), default, packed).0;
                        assert_eq!(seen, text, "{data_coding:#x} {default:?} {packed}");
                    }
                }
            }
        }
    }

    #[test]
    fn latin_in_the_other_order_of_octets_is_read_under_ucs2() {
        for text in ["STATUS 120500260481937", "status", "help", "K", "*1212#", "Trạng thái"] {
            assert_eq!(read(&mo(0, 8, &swapped(&ucs2::encode(text))), DefaultAlphabet::Gsm7, false).0, text);
        }
    }

    #[test]
    fn a_part_behind_a_header_is_read_like_a_whole_text() {
        for text in ["１２０５００２６６７８７１１６", "ท", "ស្ថានភាព 1"] {
            for data_coding in [8, 0x48] {
                let body = [&b"\x05\0\x03\x09\x02\x01"[..], &ucs2::encode(text)].concat();
                assert_eq!(read(&mo(0x40, data_coding, &body), DefaultAlphabet::Gsm7, false).0, text);
            }
        }
        // and after the tables that it announces
        for (header, text) in [(&b"\x03\x25\x01\x01"[..], "İ"), (b"\x03\x24\x01\x01", "¡"), (b"\x03\x25\x01\x63", "¡")]
        {
            let body = [header, b"@"].concat();
            assert_eq!(read(&mo(0x40, 0, &body), DefaultAlphabet::Gsm7, false).0, text, "{header:?}");
        }
        let septets = gsm7::encode("hello hello").expect("ascii");
        let body = [&b"\x05\0\x03\x09\x02\x01"[..], &gsm7::pack_after(&septets, gsm7::fill_bits(6))].concat();
        assert_eq!(read(&mo(0x40, 0, &body), DefaultAlphabet::Gsm7, true).0, "hello hello");
    }

    #[test]
    fn headers_are_taken_off_and_lies_are_survived() {
        let part = |octets: &[u8]| read(&mo(0x40, 0, octets), DefaultAlphabet::Gsm7, false);
        assert_eq!(
            part(b"\x05\0\x03\x09\x02\x01hi"),
            ("hi".into(), Some(Part { way: Udh8, reference: 9, total: 2, number: 1 }))
        );
        assert_eq!(
            part(b"\x06\x08\x04\x01\x02\x03\x03hi").1,
            Some(Part { way: Udh16, reference: 0x0102, total: 3, number: 3 })
        );
        assert_eq!(part(b"\x05\0\x03\x09\x02\x07hi").1, None);
        assert_eq!(part(b"\x05\0\x09\x09\x02\x01hi").1, None);
        assert_eq!(part(b"\xFFhi").1, None);
        assert_eq!(part(b"").0, "");
    }

    #[test]
    fn a_part_is_told_by_its_header_or_by_three_tlvs() {
        let part = |way, reference, total, number| Some(Part { way, reference, total, number });
        for (header, told) in [
            (&b"\0\x03\x09\x02\x02"[..], part(Udh8, 9, 2, 2)),
            (b"\0\x03\x09\x02\0", None),
            (b"\0\x03\x09\x02\x03", None),
            (b"\0\x03\x09\x01\x01", None),
            (b"\0\x03\x09\0\0", None),
            (b"\0\x03\x09\xFF\xFF", part(Udh8, 9, 255, 255)),
            (b"\x24\x01\0\0\x03\x09\x02\x01", part(Udh8, 9, 2, 1)),
            (b"\x24\x01\0\x08\x04\x01\x02\x02\x01", part(Udh16, 0x0102, 2, 1)),
            (b"\x08\x03\x09\x02\x01", None),
            (b"\0\x04\x01\x02\x02\x01", None),
            (b"\x24\x09\0", None),
            (b"", None),
        ] {
            assert_eq!(elements(header).0, told, "{header:?}");
        }
        let sar = |tlvs: &[(u16, &'static [u8])]| {
            let mut deliver = mo(0, 0, b"hi");
            let of = |(tag, value): &(u16, &'static [u8])| crate::smpp::pdu::Tlv {
                tag: *tag,
                value: Bytes::from_static(value),
            };
            deliver.tlvs = tlvs.iter().map(of).collect();
            read(&deliver, DefaultAlphabet::Gsm7, false).1
        };
        let all: [(u16, &[u8]); 3] = [
            (tag::SAR_MSG_REF_NUM, b"\x01\x02"),
            (tag::SAR_TOTAL_SEGMENTS, b"\x03"),
            (tag::SAR_SEGMENT_SEQNUM, b"\x02"),
        ];
        assert_eq!(sar(&all), part(Sar, 0x0102, 3, 2));
        for missing in 0..3 {
            let two: Vec<_> = all.iter().enumerate().filter(|(at, _)| *at != missing).map(|(_, tlv)| *tlv).collect();
            assert_eq!(sar(&two), None);
        }
    }

    #[test]
    fn every_data_coding_declares_what_its_group_is() {
        use Declared::{Ascii, Binary, Gsm7, Latin1, Of, Utf16};
        for (from, to, alphabet) in [
            (0x00, 0x00, Gsm7),
            (0x01, 0x01, Ascii),
            (0x02, 0x02, Binary),
            (0x03, 0x03, Latin1),
            (0x04, 0x04, Binary),
            (0x05, 0x05, Of(Charset::Japanese)),
            (0x06, 0x06, Of(Charset::Cyrillic)),
            (0x07, 0x07, Of(Charset::Hebrew)),
            (0x08, 0x08, Utf16),
            // message class: 7 bits, 8 bits, UCS-2
            (0x09, 0x09, Gsm7),
            (0x0A, 0x0A, Of(Charset::Japanese)),
            (0x0B, 0x0C, Gsm7),
            (0x0D, 0x0D, Of(Charset::JapaneseExtended)),
            (0x0E, 0x0E, Of(Charset::Korean)),
            (0x0F, 0x13, Gsm7),
            (0x14, 0x17, Binary),
            (0x18, 0x1B, Utf16),
            (0x1C, 0x43, Gsm7),
            // to be deleted after reading, of a class or of none
            (0x44, 0x47, Binary),
            (0x48, 0x4B, Utf16),
            (0x4C, 0x53, Gsm7),
            (0x54, 0x57, Binary),
            (0x58, 0x5B, Utf16),
            (0x5C, 0xDF, Gsm7),
            // message waiting, then data of a class
            (0xE0, 0xEF, Utf16),
            (0xF0, 0xF3, Gsm7),
            (0xF4, 0xF7, Binary),
            (0xF8, 0xFB, Gsm7),
            (0xFC, 0xFF, Binary),
        ] {
            for data_coding in from..=to {
                assert_eq!(declared(data_coding, DefaultAlphabet::Gsm7), alphabet, "{data_coding:#x}");
            }
        }
        assert_eq!(declared(0, DefaultAlphabet::Latin1), Latin1);
        assert_eq!(declared(0, DefaultAlphabet::Ascii), Ascii);
    }
}

//! From the body of an MO to its text: the UDH off, the alphabet by data_coding, and never a failure, as a
//! strange text is still somebody's text.
use super::{decode::Deliver, pdu::tag};
use crate::text::{gsm7, ucs2};

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

/// Where a part stands in a text that the telco cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// Reference that the parts share.
    pub reference: u16,
    /// How many parts.
    pub total: u8,
    /// Which part, from 1.
    pub number: u8,
}

/// The text of an MO and its place in a longer one. `packed`: GSM 7-bit octets are packed at this telco.
pub fn read(deliver: &Deliver, default: DefaultAlphabet, packed: bool) -> (String, Option<Part>) {
    let (header, octets) = split_header(deliver);
    let part = header.and_then(udh_part).or_else(|| sar_part(deliver));
    if packed && deliver.data_coding == 0 && default == DefaultAlphabet::Gsm7 {
        let fill = gsm7::fill_bits(header.map_or(0, |header| header.len() + 1));
        let mut septets = gsm7::unpack_after(octets, fill);
        // seven spare bits are no character
        if septets.last() == Some(&0) && (octets.len() * 8 - fill as usize).is_multiple_of(7) {
            septets.pop();
        }
        return (gsm7::decode(&septets), part);
    }
    (decode(deliver.data_coding, default, octets), part)
}

/// The UDH without its length, and what follows it.
fn split_header(deliver: &Deliver) -> (Option<&[u8]>, &[u8]) {
    let octets = &deliver.body[..];
    match octets.split_first() {
        Some((length, rest)) if deliver.esm_class & 0x40 != 0 && usize::from(*length) <= rest.len() => {
            let (header, text) = rest.split_at(usize::from(*length));
            (Some(header), text)
        }
        _ => (None, octets),
    }
}

/// Information elements 00 (8-bit reference) and 08 (16-bit) of 3GPP TS 23.040 §9.2.3.24.
fn udh_part(mut header: &[u8]) -> Option<Part> {
    while let [element, length, rest @ ..] = header {
        let length = usize::from(*length);
        let value = rest.get(..length)?;
        let part = match (*element, value) {
            (0, [reference, total, number]) => Some((u16::from(*reference), *total, *number)),
            (8, [high, low, total, number]) => Some((u16::from_be_bytes([*high, *low]), *total, *number)),
            _ => None,
        };
        if let Some((reference, total, number)) = part {
            return sensible(reference, total, number);
        }
        header = &rest[length..];
    }
    None
}

fn sar_part(deliver: &Deliver) -> Option<Part> {
    let reference = deliver.tlv(tag::SAR_MSG_REF_NUM)?;
    let reference = u16::from_be_bytes([*reference.first()?, *reference.get(1)?]);
    let total = *deliver.tlv(tag::SAR_TOTAL_SEGMENTS)?.first()?;
    let number = *deliver.tlv(tag::SAR_SEGMENT_SEQNUM)?.first()?;
    sensible(reference, total, number)
}

fn sensible(reference: u16, total: u8, number: u8) -> Option<Part> {
    (total > 1 && (1..=total).contains(&number)).then_some(Part { reference, total, number })
}

/// By data_coding (§5.2.19) and the coding groups of 3GPP TS 23.038 §4.
fn decode(data_coding: u8, default: DefaultAlphabet, octets: &[u8]) -> String {
    match data_coding {
        0x08 | 0x18..=0x1B | 0xE0..=0xEF => ucs2_or_utf8(octets),
        0x03 => latin1(octets),
        0x02 | 0x04 => String::from_utf8_lossy(octets).into_owned(),
        0x01 => ascii(octets),
        _ if looks_like_khmer_ucs2(octets) => ucs2::decode(octets),
        _ => match default {
            DefaultAlphabet::Gsm7 => gsm7::decode(octets),
            DefaultAlphabet::Latin1 => latin1(octets),
            DefaultAlphabet::Ascii => ascii(octets),
        },
    }
}

/// UTF-16BE; some gateways mark UTF-8 or the other byte order as UCS-2.
fn ucs2_or_utf8(octets: &[u8]) -> String {
    let khmer_high = |parity: usize| octets.iter().skip(parity).step_by(2).filter(|octet| **octet == 0x17).count();
    if khmer_high(1) > khmer_high(0) && octets.len().is_multiple_of(2) {
        let swapped: Vec<u8> = octets.chunks_exact(2).flat_map(|pair| [pair[1], pair[0]]).collect();
        return ucs2::decode(&swapped);
    }
    match std::str::from_utf8(octets) {
        Ok(text) if octets.first() == Some(&0xE1) && text.chars().any(crate::text::khmer::is_khmer) => text.to_owned(),
        _ => ucs2::decode(octets),
    }
}

/// Khmer in UTF-16 under a wrong data_coding: every other octet is 0x17.
fn looks_like_khmer_ucs2(octets: &[u8]) -> bool {
    let high = octets.iter().step_by(2).filter(|octet| **octet == 0x17).count();
    octets.len() >= 6 && octets.len().is_multiple_of(2) && high * 2 > octets.len() / 2
}

fn latin1(octets: &[u8]) -> String {
    octets.iter().map(|octet| char::from(*octet)).collect()
}

fn ascii(octets: &[u8]) -> String {
    octets.iter().map(|octet| if octet.is_ascii() { char::from(*octet) } else { '\u{FFFD}' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::smpp::pdu::Address;
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

    #[test]
    fn alphabets_and_mislabelled_khmer_are_read() {
        let khmer = "ស្ថានភាព ១២០";
        let utf16 = ucs2::encode(khmer);
        let swapped: Vec<u8> = utf16.chunks(2).flat_map(|pair| [pair[1], pair[0]]).collect();
        for (data_coding, body) in
            [(8, utf16.clone()), (0, utf16.clone()), (8, khmer.as_bytes().to_vec()), (8, swapped), (0x18, utf16)]
        {
            assert_eq!(read(&mo(0, data_coding, &body), DefaultAlphabet::Gsm7, false).0, khmer, "{data_coding}");
        }
        assert_eq!(read(&mo(0, 0, b"\0hi"), DefaultAlphabet::Gsm7, false).0, "@hi");
        assert_eq!(read(&mo(0, 0, b"\xE9"), DefaultAlphabet::Latin1, false).0, "é");
        assert_eq!(read(&mo(0, 1, b"ok\xFF"), DefaultAlphabet::Gsm7, false).0, "ok\u{FFFD}");
    }

    #[test]
    fn headers_are_taken_off_and_lies_are_survived() {
        let part = |octets: &[u8]| read(&mo(0x40, 0, octets), DefaultAlphabet::Gsm7, false);
        assert_eq!(part(b"\x05\0\x03\x09\x02\x01hi"), ("hi".into(), Some(Part { reference: 9, total: 2, number: 1 })));
        assert_eq!(part(b"\x06\x08\x04\x01\x02\x03\x03hi").1, Some(Part { reference: 0x0102, total: 3, number: 3 }));
        assert_eq!(part(b"\x05\0\x03\x09\x02\x07hi").1, None);
        assert_eq!(part(b"\x05\0\x09\x09\x02\x01hi").1, None);
        assert_eq!(part(b"\xFFhi").1, None);
        assert_eq!(part(b"").0, "");
    }
}

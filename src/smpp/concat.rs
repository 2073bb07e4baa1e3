//! How the segments of one text are told to belong together: the UDH before their bodies, what it becomes where a telco
//! wants TLVs, and the data_coding of what follows it. It must not know where a text is cut, nor to whom it goes.
use crate::text::{gsm7, segment::Alphabet, ucs2};

/// esm_class: short_message begins with a UDH (SMPP 3.4 §5.2.12).
pub const UDHI: u8 = 0x40;

/// How the segments of one text are told to belong together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// UDH with an 8-bit reference (3GPP 23.040 9.2.3.24.1).
    Udh8,
    /// UDH with a 16-bit reference (9.2.3.24.8).
    Udh16,
    /// The TLVs sar_* (SMPP 3.4 §5.3.2.22 to 24). Frozen with a UDH, which [`Sar::of_header`] reads when it is written: the
    /// SMSC puts one before each segment itself, so that there is no more room in it.
    Sar,
    /// Not at all: the text goes whole, in message_payload, and the SMSC cuts it.
    Payload,
}

/// The three TLVs of a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sar {
    /// sar_msg_ref_num.
    pub reference: u16,
    /// sar_total_segments.
    pub total: u8,
    /// sar_segment_seqnum.
    pub number: u8,
}

impl Sar {
    /// What the UDH says with which a segment was frozen, and what follows it; `None` if it is another one.
    pub fn of_header(body: &[u8]) -> Option<(Self, &[u8])> {
        match body {
            [5, 0, 3, reference, total, number, rest @ ..] => {
                Some((Sar { reference: u16::from(*reference), total: *total, number: *number }, rest))
            }
            [6, 8, 4, high, low, total, number, rest @ ..] => {
                let reference = u16::from_be_bytes([*high, *low]);
                Some((Sar { reference, total: *total, number: *number }, rest))
            }
            _ => None,
        }
    }
}

impl Cut {
    /// Septets or units of one of several segments: what a header leaves of 140 octets.
    pub fn room(self, alphabet: Alphabet) -> usize {
        match (self, alphabet) {
            (Cut::Udh8 | Cut::Payload, alphabet) => alphabet.multi(),
            (Cut::Udh16 | Cut::Sar, Alphabet::Gsm7) => 152,
            (Cut::Udh16 | Cut::Sar, Alphabet::Ucs2) => 66,
        }
    }

    fn header(self, reference: u16, part: u8, parts: u8) -> Vec<u8> {
        let [high, low] = reference.to_be_bytes();
        match self {
            Cut::Udh8 => vec![5, 0, 3, low, parts, part],
            Cut::Udh16 | Cut::Sar | Cut::Payload => vec![6, 8, 4, high, low, parts, part],
        }
    }
}

/// A segment as it stands in a submit_sm.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Encoded {
    /// short_message, with the UDH where there is one.
    pub body: Vec<u8>,
    /// data_coding.
    pub data_coding: u8,
    /// Whether `body` begins with a UDH.
    pub udhi: bool,
}

/// Encodes a segment: the `part`th, from 1, of `parts` that share a reference. One that stands alone has no header.
///
/// # Panics
/// When a segment under GSM 7 has a character that is not in it: whoever planned the text has looked.
pub fn encode(cut: Cut, alphabet: Alphabet, segment: &str, reference: u16, part: u8, parts: u8) -> Encoded {
    let udhi = parts > 1;
    let mut body = if udhi { cut.header(reference, part, parts) } else { Vec::new() };
    let data_coding = match alphabet {
        Alphabet::Gsm7 => {
            body.extend(gsm7::encode(segment).expect("a plan in GSM 7 has only its characters"));
            0
        }
        Alphabet::Ucs2 => {
            body.extend(ucs2::encode(segment));
            8
        }
    };
    Encoded { body, data_coding, udhi }
}

/// Octets of the UDH at the start of a body that has one.
pub fn header_octets(body: &[u8]) -> usize {
    body.first().map_or(0, |length| usize::from(*length) + 1).min(body.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_says_which_part_of_what_and_only_where_there_are_several() {
        let gsm7 = |cut, part, parts| encode(cut, Alphabet::Gsm7, "hi", 0xBEEF, part, parts);
        let encoded = |body: &[u8], data_coding, udhi| Encoded { body: body.to_vec(), data_coding, udhi };
        assert_eq!(gsm7(Cut::Udh8, 1, 1), encoded(b"hi", 0, false));
        assert_eq!(gsm7(Cut::Udh8, 2, 3), encoded(&[5, 0, 3, 0xEF, 3, 2, b'h', b'i'], 0, true));
        assert_eq!(gsm7(Cut::Udh16, 2, 3), encoded(&[6, 8, 4, 0xBE, 0xEF, 3, 2, b'h', b'i'], 0, true));
        let khmer = encode(Cut::Udh8, Alphabet::Ucs2, "ក", 1, 1, 2);
        assert_eq!(khmer, encoded(&[5, 0, 3, 1, 2, 1, 0x17, 0x80], 8, true));
    }

    #[test]
    fn a_segment_and_its_header_fit_into_140_octets_and_none_is_wasted() {
        for cut in [Cut::Udh8, Cut::Udh16, Cut::Sar] {
            let header = cut.header(7, 1, 2).len();
            let fill = gsm7::fill_bits(header) as usize;
            let octets = |septets: usize| header + (septets * 7 + fill).div_ceil(8);
            let septets = cut.room(Alphabet::Gsm7);
            assert!(octets(septets) <= 140 && octets(septets + 1) > 140, "{cut:?}");
            let units = cut.room(Alphabet::Ucs2);
            assert!(header + 2 * units <= 140 && header + 2 * (units + 1) > 140, "{cut:?}");
        }
    }

    #[test]
    fn tlvs_say_what_the_header_says() {
        for (cut, reference) in [(Cut::Udh8, 0xEF), (Cut::Udh16, 0xBEEF), (Cut::Sar, 0xBEEF)] {
            let body = encode(cut, Alphabet::Gsm7, "hi", 0xBEEF, 2, 3).body;
            assert_eq!(Sar::of_header(&body), Some((Sar { reference, total: 3, number: 2 }, &b"hi"[..])), "{cut:?}");
        }
        assert_eq!(Sar::of_header(b"\x04\x24\x01\0hi"), None);
    }

    #[test]
    fn a_header_that_is_longer_than_its_body_is_all_of_it() {
        for (body, octets) in [(&b"\x05\0\x03\x01\x02\x01hi"[..], 6), (b"\x09hi", 3), (b"", 0), (b"\0hi", 1)] {
            assert_eq!(header_octets(body), octets, "{body:?}");
        }
    }
}

//! From a segment to the submit_sm of one telco: how it writes numbers, times and types. It must not know what the
//! segment says.
use crate::{
    smpp::{
        concat::{self, Sar, UDHI},
        pdu::{Address, SubmitSm, relative_time},
    },
    text::gsm7,
    types::{Msisdn, MtId, UnixMs},
};
use bytes::Bytes;
use std::time::Instant;

/// One short message of a text, encoded and cut.
pub struct Segment {
    /// Comes back in [`super::Effect::Settle`].
    pub id: MtId,
    /// Our short code.
    pub source: String,
    /// The citizen.
    pub destination: Msisdn,
    /// short_message octets, a UDH included.
    pub body: Vec<u8>,
    /// data_coding.
    pub data_coding: u8,
    /// Whether `body` begins with a UDH.
    pub udhi: bool,
    /// user_message_reference.
    pub reference: u16,
    /// End of its usefulness.
    pub not_after: UnixMs,
    /// Times handed to a bind, this one included.
    pub attempts: u32,
    /// When the question was read whose answer ends with this segment, where it was read here.
    pub read_at: Option<Instant>,
}

/// How MSISDNs are written to a telco.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NumberFormat {
    /// `855…`
    International,
    /// `0…`
    National,
    /// `+855…`
    Plus,
}

impl NumberFormat {
    fn write(self, number: &Msisdn) -> String {
        match (self, number.national_digits()) {
            (NumberFormat::National, Some(national)) => format!("0{national}"),
            (NumberFormat::Plus, _) => number.e164(),
            (NumberFormat::International | NumberFormat::National, _) => number.digits().to_owned(),
        }
    }
}

/// How validity_period is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Validity {
    /// From now, `000000010000000R`.
    Relative,
    /// A point in time, `YYMMDDhhmmsst28+` for +07:00.
    Absolute,
    /// Not at all: the telco refuses the field.
    None,
}

impl Validity {
    fn write(self, not_after: UnixMs, now: UnixMs) -> String {
        match self {
            Validity::Relative => relative_time(not_after.since_ms(now)),
            Validity::Absolute => {
                let at = not_after.civil(&crate::types::time::phnom_penh());
                format!(
                    "{:02}{:02}{:02}{:02}{:02}{:02}028+",
                    at.year().rem_euclid(100),
                    at.month(),
                    at.day(),
                    at.hour(),
                    at.minute(),
                    at.second()
                )
            }
            Validity::None => String::new(),
        }
    }
}

/// How a telco wants what it is sent.
#[derive(Clone, Debug)]
pub struct Style {
    /// Our numbers there.
    pub short_codes: Vec<String>,
    /// How MSISDNs are written.
    pub number_format: NumberFormat,
    /// TON and NPI of a subscriber.
    pub dest: (u8, u8),
    /// TON and NPI of our short code.
    pub source: (u8, u8),
    /// How validity_period is written.
    pub validity: Validity,
    /// Ask for delivery receipts.
    pub receipts: bool,
    /// GSM 7-bit octets are packed.
    pub packed: bool,
    /// Segments of one text are told by the TLVs sar_*, not by a UDH.
    pub sar: bool,
}

impl Style {
    /// Our number as the telco wants it, the wanted one where it is ours, and the subscriber's.
    pub fn addresses(&self, wanted: Option<&String>, number: &Msisdn) -> (Address, Address) {
        let (source_ton, source_npi) = self.source;
        let (dest_ton, dest_npi) = self.dest;
        let ours = wanted.filter(|wanted| self.short_codes.contains(wanted)).or(self.short_codes.first()).or(wanted);
        let source = Address {
            ton: source_ton,
            npi: source_npi,
            digits: Bytes::copy_from_slice(ours.map_or(&b""[..], |code| code.as_bytes())),
        };
        let digits = Bytes::from(self.number_format.write(number));
        (source, Address { ton: dest_ton, npi: dest_npi, digits })
    }

    /// The submit_sm of a segment. `tlvs`: the telco said that it speaks 3.4 or later.
    pub fn submit_sm(&self, segment: Segment, tlvs: bool, now: UnixMs) -> SubmitSm {
        let (source, destination) = self.addresses(Some(&segment.source), &segment.destination);
        let pack = self.packed && segment.data_coding == 0;
        let by_tlvs = if self.sar && segment.udhi { Sar::of_header(&segment.body) } else { None };
        let (sar, body, udhi) = match by_tlvs {
            Some((sar, rest)) => (Some(sar), rest.to_vec(), false),
            None => (None, segment.body, segment.udhi),
        };
        SubmitSm {
            source,
            destination,
            esm_class: if udhi { UDHI } else { 0 },
            validity_period: self.validity.write(segment.not_after, now),
            registered_delivery: u8::from(self.receipts),
            data_coding: segment.data_coding,
            short_message: if pack { packed(&body, udhi) } else { body }.into(),
            sar,
            reference: tlvs.then_some(segment.reference),
        }
    }
}

/// Septets packed, after the UDH and the bits that fill its last septet (3GPP TS 23.040 §9.2.3.24).
fn packed(body: &[u8], udhi: bool) -> Vec<u8> {
    let header = if udhi { concat::header_octets(body) } else { 0 };
    let mut octets = body[..header].to_vec();
    octets.extend(gsm7::pack_after(&body[header..], gsm7::fill_bits(header)));
    octets
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn packed_text_begins_on_a_septet_after_its_header() {
        let septets = gsm7::encode("hellohello").expect("ascii");
        assert_eq!(packed(&septets, false), gsm7::pack(&septets));
        let body = [&[5, 0, 3, 1, 2, 1][..], &septets].concat();
        let octets = packed(&body, true);
        assert_eq!(octets[..6], body[..6]);
        assert_eq!(gsm7::decode(&gsm7::unpack_after(&octets[6..], 1)), "hellohello");
    }

    #[test]
    fn numbers_and_times_are_written_as_the_telco_wants_them() {
        let number = Msisdn::parse_e164("85510000001").expect("number");
        assert_eq!(NumberFormat::International.write(&number), "85510000001");
        assert_eq!(NumberFormat::National.write(&number), "010000001");
        assert_eq!(NumberFormat::Plus.write(&number), "+85510000001");
        let foreign = Msisdn::parse_e164("66810000001").expect("number");
        let written =
            [NumberFormat::International, NumberFormat::National, NumberFormat::Plus].map(|f| f.write(&foreign));
        assert_eq!(written, ["66810000001", "66810000001", "+66810000001"]);
        let now = UnixMs(1_795_400_100_000);
        assert_eq!(Validity::Relative.write(now.plus_ms(3_600_000), now), "000000010000000R");
        // 1,795,400,100 is 2026-11-23 02:15:00 UTC; 28 quarters of an hour are +07:00 (§7.1.1.1)
        assert_eq!(Validity::Absolute.write(now.plus_ms(61_000), now), "261123091601028+");
        assert_eq!(Validity::None.write(now, now), "");
    }

    #[test]
    fn a_telcos_style_is_in_every_field_of_a_submit_sm() {
        let style = Style {
            short_codes: vec!["1212".to_owned(), "1313".to_owned()],
            number_format: NumberFormat::National,
            dest: (2, 8),
            source: (3, 9),
            validity: Validity::Relative,
            receipts: true,
            packed: true,
            sar: false,
        };
        let now = UnixMs(1_795_400_100_000);
        let segment = |source: &str, data_coding, body: &[u8], udhi| Segment {
            id: MtId(Uuid::nil()),
            source: source.to_owned(),
            destination: Msisdn::parse_e164("85510000001").expect("number"),
            body: body.to_vec(),
            data_coding,
            udhi,
            reference: 0xBEEF,
            not_after: now.plus_ms(600_000),
            attempts: 1,
            read_at: None,
        };
        let ucs2 = style.submit_sm(segment("1313", 8, b"\x05\0\x03\x01\x02\x01\x17\x80", true), true, now);
        assert_eq!((ucs2.source.ton, ucs2.source.npi, &ucs2.source.digits[..]), (3, 9, &b"1313"[..]));
        assert_eq!((ucs2.destination.ton, ucs2.destination.npi), (2, 8));
        assert_eq!(&ucs2.destination.digits[..], b"010000001");
        assert_eq!((ucs2.esm_class, ucs2.data_coding, ucs2.registered_delivery), (0x40, 8, 1));
        assert_eq!(&ucs2.short_message[..], b"\x05\0\x03\x01\x02\x01\x17\x80", "only septets are packed");
        assert_eq!((ucs2.validity_period.as_str(), ucs2.reference), ("000000001000000R", Some(0xBEEF)));
        let by_tlvs = Style { sar: true, ..style.clone() };
        let tlvs = by_tlvs.submit_sm(segment("1313", 8, b"\x05\0\x03\x01\x02\x01\x17\x80", true), false, now);
        let sar = Sar { reference: 1, total: 2, number: 1 };
        assert_eq!((tlvs.esm_class, tlvs.sar, &tlvs.short_message[..]), (0, Some(sar), &b"\x17\x80"[..]));
        let alone = by_tlvs.submit_sm(segment("1313", 8, b"\x17\x80", false), true, now);
        assert_eq!((alone.sar, &alone.short_message[..]), (None, &b"\x17\x80"[..]));
        let gsm7 = style.submit_sm(segment("8989", 0, b"hellohello", false), false, now);
        assert_eq!(&gsm7.source.digits[..], b"1212", "not ours there: the first that is");
        assert_eq!((gsm7.esm_class, gsm7.short_message.len(), gsm7.reference), (0, 9, None));
    }
}

//! From a segment of the outbox to the submit_sm of one telco: how it writes numbers, times and types.
use super::Telco;
use crate::{
    ports::outbox::DueMt,
    smpp::pdu::{Address, SubmitSm, relative_time},
    text::gsm7,
    types::{Msisdn, UnixMs},
};
use bytes::Bytes;

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

/// Septets packed, after the UDH and the bits that fill its last septet (3GPP TS 23.040 §9.2.3.24).
fn packed(body: &[u8], udhi: bool) -> Vec<u8> {
    let header = if udhi { body.first().map_or(0, |length| usize::from(*length) + 1).min(body.len()) } else { 0 };
    let mut octets = body[..header].to_vec();
    octets.extend(gsm7::pack_after(&body[header..], gsm7::fill_bits(header)));
    octets
}

/// Our number as the telco wants it, the wanted one where it is ours, and the subscriber's.
pub fn addresses(telco: &Telco, wanted: Option<&String>, number: &Msisdn) -> (Address, Address) {
    let (source_ton, source_npi) = telco.source;
    let (dest_ton, dest_npi) = telco.dest;
    let ours = wanted.filter(|wanted| telco.short_codes.contains(wanted)).or(telco.short_codes.first()).or(wanted);
    let source = Address {
        ton: source_ton,
        npi: source_npi,
        digits: Bytes::copy_from_slice(ours.map_or(&b""[..], |code| code.as_bytes())),
    };
    let digits = Bytes::from(telco.number_format.write(number));
    (source, Address { ton: dest_ton, npi: dest_npi, digits })
}

/// The submit_sm of a segment. `tlvs`: the telco said that it speaks 3.4 or later.
pub fn submit_sm(telco: &Telco, mt: &DueMt, tlvs: bool, now: UnixMs) -> SubmitSm {
    let (source, destination) = addresses(telco, Some(&mt.source), &mt.destination);
    SubmitSm {
        source,
        destination,
        esm_class: if mt.udhi { 0x40 } else { 0 },
        validity_period: telco.validity.write(mt.not_after, now),
        registered_delivery: u8::from(telco.receipts),
        data_coding: mt.data_coding,
        short_message: if telco.packed && mt.data_coding == 0 {
            packed(&mt.body, mt.udhi).into()
        } else {
            Bytes::copy_from_slice(&mt.body)
        },
        reference: tlvs.then_some(mt.reference),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
        let now = UnixMs(1_795_400_100_000);
        assert_eq!(Validity::Relative.write(now.plus_ms(3_600_000), now), "000000010000000R");
        assert_eq!(Validity::Absolute.write(now, now).len(), 16);
        assert_eq!(Validity::None.write(now, now), "");
    }
}

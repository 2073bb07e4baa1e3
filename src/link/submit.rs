//! From a segment of the outbox to the submit_sm of one telco: how it writes numbers, times and types.
use super::telco::Telco;
use crate::{
    ports::outbox::DueMt,
    smpp::pdu::{Address, SubmitSm},
    text::gsm7,
    types::{Msisdn, UnixMs},
};
use bytes::Bytes;

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
}

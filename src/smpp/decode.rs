//! Tolerant reading of what a telco sends: a missing last NUL, over-long strings, octets beyond ASCII, TLVs
//! of any length and any tag and what follows them are taken as far as they make sense. Only a body that ends
//! before its mandatory fields, or a length that does not fit the text, cannot be used.
use super::pdu::{Address, Tlv, tag};
use crate::types::Secret;
use bytes::{Buf, Bytes};
use rusmpp_core::tlvs::TlvTag;

/// TLVs read of one PDU; more are ignored.
const TLVS_MAX: usize = 64;
/// Longest value that is believed of a TLV which runs past the end: all of the standard but message_payload, which
/// stands where there is no other text, are shorter.
const CUT_OCTETS_MAX: u16 = 255;

/// A mandatory field is missing or sm_length does not fit: ESME_RINVCMDLEN.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BadBody(pub &'static str);

/// A deliver_sm or data_sm (§4.6.1, §4.7.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deliver {
    /// sequence_number, for the resp.
    pub sequence: u32,
    /// It came as data_sm.
    pub is_data_sm: bool,
    /// Marks USSD at some gateways.
    pub service_type: Bytes,
    /// Sender.
    pub source: Address,
    /// The number that was texted.
    pub destination: Address,
    /// Mode, type and UDHI.
    pub esm_class: u8,
    /// How the text is encoded.
    pub data_coding: u8,
    /// The body: short_message, or message_payload where that is empty.
    pub body: Bytes,
    /// All TLVs that could be read, in their order.
    pub tlvs: Vec<Tlv>,
}

impl Deliver {
    /// The first TLV of that tag.
    pub fn tlv(&self, tag: u16) -> Option<&Bytes> {
        self.tlvs.iter().find(|tlv| tlv.tag == tag).map(|tlv| &tlv.value)
    }
}

/// Reads up to and without a NUL; a string that runs to the end of the frame has lost its NUL and is taken.
/// `None` when nothing at all is left.
fn c_string(body: &mut Bytes) -> Option<Bytes> {
    if body.is_empty() {
        return None;
    }
    match body.iter().position(|octet| *octet == 0) {
        Some(end) => {
            let text = body.split_to(end);
            body.advance(1);
            Some(text)
        }
        None => Some(body.split_off(0)),
    }
}

fn octet(body: &mut Bytes, what: &'static str) -> Result<u8, BadBody> {
    if body.is_empty() { Err(BadBody(what)) } else { Ok(body.get_u8()) }
}

fn address(body: &mut Bytes) -> Result<Address, BadBody> {
    let ton = octet(body, "the body ends before an address")?;
    let npi = octet(body, "the body ends before an address")?;
    let digits = c_string(body).ok_or(BadBody("the body ends before an address"))?;
    Ok(Address { ton, npi, digits })
}

/// The TLVs at the end of a body. One that runs past the end is dropped with what follows it.
pub fn tlvs(body: Bytes) -> Vec<Tlv> {
    chain(body).0
}

/// The TLVs, and the tag of one that runs past the end.
fn chain(mut body: Bytes) -> (Vec<Tlv>, Option<u16>) {
    let mut tlvs = Vec::new();
    while body.len() >= 4 && tlvs.len() < TLVS_MAX {
        let tag = body.get_u16();
        let length = usize::from(body.get_u16());
        if length > body.len() {
            return (tlvs, Some(tag));
        }
        tlvs.push(Tlv { tag, value: body.split_to(length) });
    }
    (tlvs, None)
}

/// Reads a deliver_sm.
///
/// # Errors
/// [`BadBody`] when it cannot be used.
pub fn deliver_sm(sequence: u32, mut body: Bytes) -> Result<Deliver, BadBody> {
    const SHORT: &str = "the body ends before short_message";
    let service_type = c_string(&mut body).ok_or(BadBody("the body is empty"))?;
    let source = address(&mut body)?;
    let destination = address(&mut body)?;
    let esm_class = octet(&mut body, SHORT)?;
    octet(&mut body, SHORT)?; // protocol_id
    octet(&mut body, SHORT)?; // priority_flag
    // NULL in a deliver_sm by the standard; some telcos write times all the same.
    c_string(&mut body).ok_or(BadBody(SHORT))?;
    c_string(&mut body).ok_or(BadBody(SHORT))?;
    octet(&mut body, SHORT)?; // registered_delivery
    octet(&mut body, SHORT)?; // replace_if_present_flag
    let data_coding = octet(&mut body, SHORT)?;
    octet(&mut body, SHORT)?; // sm_default_msg_id
    let length = usize::from(octet(&mut body, SHORT)?);
    if length > body.len() {
        return Err(BadBody("sm_length is larger than what is there"));
    }
    let short_message = body.split_to(length);
    if !may_be_tlvs(&body) {
        return Err(BadBody("sm_length is smaller than what is there"));
    }
    let (tlvs, body) = with_payload(short_message, body)?;
    Ok(Deliver { sequence, is_data_sm: false, service_type, source, destination, esm_class, data_coding, body, tlvs })
}

/// Whether what follows short_message may be TLVs, for text that a wrong sm_length left over must be told from
/// them. Read length by length, a chain that ends where the body ends is one, whatever its tags: a telco may
/// write what we have never heard of, and the text is worth more than its wrapping. One whose last value is cut
/// off, or that is followed by one to three octets, is one where a tag of the standard stood in it; a pad of
/// NULs never tells against it.
///
/// Text does not pass: its second pair of octets, read as a length, leads out of the body (two letters are 0x4141
/// octets, a Khmer one in UCS-2 0x1780), and where that is short enough for a TLV that is cut off, as in Latin in
/// UCS-2, the first pair is no tag of the standard but for `0`, which is one of a single octet.
pub(super) fn may_be_tlvs(rest: &[u8]) -> bool {
    let mut rest = rest;
    let mut any = false;
    let mut known = false;
    while let [first, second, high, low, value @ ..] = rest {
        let length = u16::from_be_bytes([*high, *low]);
        let standard = match TlvTag::from(u16::from_be_bytes([*first, *second])) {
            TlvTag::Other(_) => false,
            TlvTag::MsMsgWaitFacilities => length == 1,
            _ => true,
        };
        match value.get(usize::from(length)..) {
            Some(next) => rest = next,
            None => return known || (standard && length <= CUT_OCTETS_MAX),
        }
        known |= standard;
        any = true;
    }
    // less than a TLV's head: a pad, or the text is one to three octets longer than its length says
    rest.is_empty() || !any || known || rest.iter().all(|octet| *octet == 0)
}

/// The TLVs, and the text: message_payload where short_message is empty. A message_payload that runs past the end
/// is as bad as such a short_message: taken for nothing, it would be a text that is acknowledged and lost.
fn with_payload(short_message: Bytes, rest: Bytes) -> Result<(Vec<Tlv>, Bytes), BadBody> {
    let (tlvs, cut) = chain(rest);
    if !short_message.is_empty() {
        return Ok((tlvs, short_message));
    }
    match tlvs.iter().find(|tlv| tlv.tag == tag::MESSAGE_PAYLOAD) {
        Some(payload) => {
            let payload = payload.value.clone();
            Ok((tlvs, payload))
        }
        None if cut == Some(tag::MESSAGE_PAYLOAD) => Err(BadBody("message_payload is larger than what is there")),
        None => Ok((tlvs, Bytes::new())),
    }
}

/// Reads a data_sm: its text is in message_payload.
///
/// # Errors
/// [`BadBody`] when it cannot be used.
pub fn data_sm(sequence: u32, mut body: Bytes) -> Result<Deliver, BadBody> {
    const SHORT: &str = "the body ends before data_coding";
    let service_type = c_string(&mut body).ok_or(BadBody("the body is empty"))?;
    let source = address(&mut body)?;
    let destination = address(&mut body)?;
    let esm_class = octet(&mut body, SHORT)?;
    octet(&mut body, SHORT)?; // registered_delivery
    let data_coding = octet(&mut body, SHORT)?;
    let (tlvs, body) = with_payload(Bytes::new(), body)?;
    Ok(Deliver { sequence, is_data_sm: true, service_type, source, destination, esm_class, data_coding, body, tlvs })
}

/// message_id of a submit_sm_resp or data_sm_resp, which may lack its NUL or be missing altogether. At most
/// 64 octets of it are kept.
pub fn message_id(mut body: Bytes) -> Option<String> {
    let id = c_string(&mut body)?;
    let kept = &id[..id.len().min(64)];
    (!kept.is_empty()).then(|| String::from_utf8_lossy(kept).into_owned())
}

/// congestion_state of a response (SMPP 5.0 §4.8.4.18): how loaded the telco is, in percent. `named`: its body begins with a
/// string, which may be missing where the response is a refusal.
pub fn congestion_state(body: &Bytes, named: bool) -> Option<u8> {
    let find = |body: Bytes| {
        let told = tlvs(body).into_iter().find(|tlv| tlv.tag == tag::CONGESTION_STATE)?;
        told.value.first().map(|percent| (*percent).min(100))
    };
    if !named || body.starts_with(&tag::CONGESTION_STATE.to_be_bytes()) {
        return find(body.clone());
    }
    let mut rest = body.clone();
    c_string(&mut rest)?;
    if rest.is_empty() { None } else { find(rest) }
}

/// system_id and sc_interface_version of a bind_resp.
pub fn bind_resp(mut body: Bytes) -> (String, Option<u8>) {
    let system_id = c_string(&mut body).unwrap_or_default();
    let version =
        tlvs(body).iter().find(|tlv| tlv.tag == tag::SC_INTERFACE_VERSION).and_then(|tlv| tlv.value.first().copied());
    (String::from_utf8_lossy(&system_id).into_owned(), version)
}

/// How an SMSC that has connected to an ESME asks to be bound to (§4.1.7.1).
#[derive(Debug)]
pub struct Outbind {
    /// What the SMSC calls itself.
    pub system_id: String,
    /// What shows that it is the SMSC; octets that are no UTF-8 are replaced.
    pub password: Secret,
}

/// An outbind.
///
/// # Errors
/// [`BadBody`] when one of its two fields is not there.
pub fn outbind(mut body: Bytes) -> Result<Outbind, BadBody> {
    let system_id = c_string(&mut body).ok_or(BadBody("system_id"))?;
    let password = c_string(&mut body).ok_or(BadBody("password"))?;
    let text = |octets: Bytes| String::from_utf8_lossy(&octets).into_owned();
    Ok(Outbind { system_id: text(system_id), password: Secret::new(text(password)) })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 16 octets of UCS-2: Khmer, Latin, and Khmer with a blank in it.
    const KHMER: &[u8] = b"\x17\x9f\x17\x90\x17\xb6\x17\x93\x17\x97\x17\xb6\x17\x96\x17\x8f";
    const LATIN: &[u8] = b"\0H\0e\0l\0l\0o\0 \0y\0o";
    const CYRILLIC: &[u8] = b"\x04\x20\x04\x43\x04\x41\x04\x24\x04\x38\x04\x43\x04\x22\x04\x30";
    const MIXED: &[u8] = b"\x17\x9f\0\x20\x17\x90\0\x31\0\x32\0\x30\x17\xb6\0\x35";

    #[test]
    fn what_may_be_tlvs_is_told_from_text_that_a_wrong_length_left_over() {
        for (what, rest, may_be) in [
            ("nothing", &b""[..], true),
            ("a tag above the vendors'", b"\x40\x01\0\x02\0\x01", true),
            ("0x8001", b"\x80\x01\0\x01x", true),
            ("0xFFFF without a value", b"\xFF\xFF\0\0", true),
            ("a standard one behind an unknown one", b"\x40\x01\0\x01x\x02\x04\0\x02\0\x07", true),
            ("two unknown ones", b"\x40\x01\0\x01x\x80\x01\0\x01y", true),
            ("a vendor's", b"\x14\x01\0\x02\0\x01", true),
            ("a standard one whose value is cut", b"\x05\x01\0\xFFx", true),
            ("a standard one whose value is cut, behind an unknown one", b"\x40\x01\0\x01x\x05\x01\0\xFFx", true),
            ("an unknown one whose value is cut, behind a standard one", b"\x05\x01\0\x01\x01\x40\x01\0\xFFx", true),
            ("a pad of one octet", b"\0", true),
            ("a pad of NULs behind an unknown one", b"\x40\x01\0\x01x\0\0", true),
            ("an octet too many behind a standard one", b"\x05\x01\0\x01\x01x", true),
            ("an unknown one whose value is cut", b"\x40\x01\0\xFFx", false),
            ("a vendor's whose value is cut", b"\x14\x01\0\xFFx", false),
            ("text in one octet each", b"20500260481937", false),
            ("text and a NUL", b"20500260481937\0", false),
            ("Khmer in UCS-2", KHMER, false),
            ("Latin in UCS-2", LATIN, false),
            ("Khmer with digits in UCS-2", MIXED, false),
            ("Cyrillic in UCS-2, whose capitals are tags", CYRILLIC, false),
            ("digits in UCS-2", b"\0\x30\0\x31\0\x32\0\x30", false),
            ("a standard one of one octet", b"\0\x30\0\x01\x80", true),
        ] {
            assert_eq!(may_be_tlvs(rest), may_be, "{what}");
        }
        // wherever the length cuts a text of UCS-2 whole characters are left over
        for text in [KHMER, LATIN, CYRILLIC, MIXED] {
            for left in (4..text.len()).step_by(2) {
                assert!(!may_be_tlvs(&text[text.len() - left..]), "{left} octets of {text:?}");
            }
        }
    }

    #[test]
    fn an_unknown_tlv_hides_neither_the_version_nor_the_payload() {
        let body = Bytes::from_static(b"smsc\0\x40\x01\0\x02\0\x01\x02\x10\0\x01\x34");
        assert_eq!(bind_resp(body), ("smsc".to_owned(), Some(0x34)));
        let id = Bytes::from_static(b"1f\0\x40\x01\0\x02\0\x01");
        assert_eq!(message_id(id).as_deref(), Some("1f"));
        let head = b"\0\x01\x0185510000001\0\0\x011212\0\0\0\0";
        for tail in [&b"\x40\x01\0\x01x\x04\x24\0\x02hi"[..], b"\x04\x24\0\x02hi\xFF\xFF\0\x01x"] {
            let deliver = data_sm(1, [&head[..], tail].concat().into()).expect("a text");
            assert_eq!(&deliver.body[..], b"hi");
        }
    }

    #[test]
    fn a_payload_that_is_cut_off_is_not_taken_for_an_empty_text() {
        let cut = b"\x04\x24\0\x05hi";
        let data = b"\0\x01\x0185510000001\0\0\x011212\0\0\0\0";
        let sm = b"\0\x01\x0185510000001\0\0\x011212\0\0\0\0\0\0\0\0\0\0\0";
        assert!(data_sm(1, [&data[..], cut].concat().into()).is_err());
        assert!(deliver_sm(1, [&sm[..], cut].concat().into()).is_err());
    }

    #[test]
    fn a_body_that_ends_before_its_mandatory_fields_cannot_be_used() {
        let sm = b"CMT\0\x01\x0185510000001\0\0\x011212\0\x40\x7F\x01261127083000028+\0\0\x01\0\x08\0\x02hi";
        let data = b"CMT\0\x01\x0185510000001\0\0\x011212\0\x40\x01\x08";
        let read = deliver_sm(7, Bytes::from_static(sm)).expect("whole");
        assert_eq!((read.sequence, read.is_data_sm, &read.service_type[..]), (7, false, &b"CMT"[..]));
        assert_eq!((read.esm_class, read.data_coding, &read.body[..]), (0x40, 8, &b"hi"[..]));
        assert_eq!((read.source.ton, read.source.npi, read.source.text()), (1, 1, "85510000001".to_owned()));
        assert_eq!((read.destination.ton, read.destination.npi, read.destination.text()), (0, 1, "1212".to_owned()));
        let read = data_sm(8, Bytes::from_static(data)).expect("whole");
        assert_eq!((read.sequence, read.is_data_sm, &read.service_type[..]), (8, true, &b"CMT"[..]));
        assert_eq!((read.esm_class, read.data_coding, read.body.len()), (0x40, 8, 0));
        for end in 0..sm.len() {
            assert!(deliver_sm(7, Bytes::copy_from_slice(&sm[..end])).is_err(), "{end} octets of a deliver_sm");
        }
        for end in 0..data.len() {
            assert!(data_sm(8, Bytes::copy_from_slice(&data[..end])).is_err(), "{end} octets of a data_sm");
        }
    }

    #[test]
    fn of_a_tlv_that_comes_twice_the_first_counts() {
        let body = b"\0\x01\x018551\0\0\x011212\0\0\0\0\0\0\0\0\0\0\x02hi\x02\x04\0\x02\0\x07\x14\0\0\x01x\x02\x04\0\x02\0\x08";
        let deliver = deliver_sm(1, Bytes::from_static(body)).expect("a text");
        assert_eq!(deliver.tlv(tag::USER_MESSAGE_REFERENCE).map(|value| &value[..]), Some(&[0, 7][..]));
    }

    #[test]
    fn so_many_tlvs_are_read_and_the_last_may_be_empty() {
        for (count, read) in [(1, 1), (TLVS_MAX, TLVS_MAX), (TLVS_MAX + 1, TLVS_MAX)] {
            let body: Vec<u8> = b"\x14\0\0\0".repeat(count);
            assert_eq!(tlvs(body.into()).len(), read, "{count}");
        }
        let two = tlvs(Bytes::from_static(b"\x14\x01\0\x02hi\x14\x02\0\x03hi"));
        assert_eq!(two, [Tlv { tag: 0x1401, value: Bytes::from_static(b"hi") }], "the second runs past the end");
    }

    #[test]
    fn an_outbind_has_two_fields_and_shows_no_password() {
        for body in [&b"smsc\0hunter2\0"[..], b"smsc\0hunter2", b"smsc\0hunter2\0more"] {
            let read = outbind(Bytes::copy_from_slice(body)).expect("both fields");
            assert_eq!((read.system_id.as_str(), read.password.expose()), ("smsc", "hunter2"));
            assert!(!format!("{read:?}").contains("hunter2"));
        }
        assert_eq!(outbind(Bytes::new()).expect_err("nothing"), BadBody("system_id"));
        assert_eq!(outbind(Bytes::from_static(b"smsc\0")).expect_err("half of it"), BadBody("password"));
        let wild = outbind(Bytes::from_static(b"\xFF\0\0")).expect("whatever the octets are");
        assert_eq!((wild.system_id.as_str(), wild.password.expose()), ("\u{FFFD}", ""));
    }

    #[test]
    fn a_load_is_read_from_any_response_and_never_from_an_id() {
        for (body, named, percent) in [
            (&b"1f\0\x04\x28\0\x01\x5f"[..], true, Some(95)),
            (b"1f\0\x40\x01\0\x01x\x04\x28\0\x01\x00", true, Some(0)),
            (b"\x04\x28\0\x01\x5f", true, Some(95)),
            (b"\x04\x28\0\x01\x5f", false, Some(95)),
            (b"1f\0\x04\x28\0\x01\xff", true, Some(100)),
            (b"1f\0\x04\x28\0\0", true, None),
            (b"1f\0\x04\x28\0\x02\x5f", true, None),
            (b"1f\x28\0", true, None),
            (b"1f", true, None),
            (b"", true, None),
            (b"", false, None),
        ] {
            assert_eq!(congestion_state(&Bytes::copy_from_slice(body), named), percent, "{body:?}");
        }
    }

    #[test]
    fn an_id_may_lack_its_nul_and_is_bounded() {
        let long = [b'9'; 70];
        for (body, id) in [
            (&b"1f\0"[..], Some("1f".to_owned())),
            (b"1f", Some("1f".to_owned())),
            (b"\0", None),
            (b"", None),
            (&long[..64], Some("9".repeat(64))),
            (&long[..], Some("9".repeat(64))),
        ] {
            assert_eq!(message_id(Bytes::copy_from_slice(body)), id);
        }
        assert_eq!(bind_resp(Bytes::new()), (String::new(), None));
        assert_eq!(bind_resp(Bytes::from_static(b"smsc")), ("smsc".to_owned(), None));
        assert_eq!(bind_resp(Bytes::from_static(b"s\0\x02\x10\0\0")), ("s".to_owned(), None), "an empty version");
    }
}

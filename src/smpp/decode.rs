//! Tolerant reading of what a telco sends: a missing last NUL, over-long strings, octets beyond ASCII, TLVs
//! of any length and what follows them are taken as far as they make sense. Only a body that ends before its
//! mandatory fields, or a sm_length that does not fit, cannot be used.
use super::pdu::{Address, Tlv, tag};
use bytes::{Buf, Bytes};

/// TLVs read of one PDU; more are ignored.
const TLVS_MAX: usize = 64;

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
pub fn tlvs(mut body: Bytes) -> Vec<Tlv> {
    let mut tlvs = Vec::new();
    while body.len() >= 4 && tlvs.len() < TLVS_MAX {
        let tag = body.get_u16();
        let length = usize::from(body.get_u16());
        if length > body.len() {
            break;
        }
        tlvs.push(Tlv { tag, value: body.split_to(length) });
    }
    tlvs
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
    if !body.is_empty() && !looks_like_tlvs(&body) && length > 0 {
        return Err(BadBody("sm_length is smaller than what is there"));
    }
    let tlvs = tlvs(body);
    let payload = tlvs.iter().find(|tlv| tlv.tag == tag::MESSAGE_PAYLOAD).map(|tlv| tlv.value.clone());
    let body = if short_message.is_empty() { payload.unwrap_or_default() } else { short_message };
    Ok(Deliver { sequence, is_data_sm: false, service_type, source, destination, esm_class, data_coding, body, tlvs })
}

/// Whether what follows short_message may be TLVs or a pad: a tag of the standard, also one whose value is cut
/// off, or a vendor's with a value that is there. Text that a wrong sm_length left over is neither.
fn looks_like_tlvs(rest: &[u8]) -> bool {
    match rest {
        [first, second, high, low, value @ ..] => {
            let length = usize::from(u16::from_be_bytes([*high, *low]));
            match u16::from_be_bytes([*first, *second]) {
                0..0x1400 => true,
                0x1400..0x4000 => length <= value.len(),
                _ => false,
            }
        }
        _ => true,
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
    let tlvs = tlvs(body);
    let payload = tlvs.iter().find(|tlv| tlv.tag == tag::MESSAGE_PAYLOAD).map(|tlv| tlv.value.clone());
    Ok(Deliver {
        sequence,
        is_data_sm: true,
        service_type,
        source,
        destination,
        esm_class,
        data_coding,
        body: payload.unwrap_or_default(),
        tlvs,
    })
}

/// message_id of a submit_sm_resp or data_sm_resp, which may lack its NUL or be missing altogether. At most
/// 64 octets of it are kept.
pub fn message_id(mut body: Bytes) -> Option<String> {
    let id = c_string(&mut body)?;
    let kept = &id[..id.len().min(64)];
    (!kept.is_empty()).then(|| String::from_utf8_lossy(kept).into_owned())
}

/// system_id and sc_interface_version of a bind_resp.
pub fn bind_resp(mut body: Bytes) -> (String, Option<u8>) {
    let system_id = c_string(&mut body).unwrap_or_default();
    let version =
        tlvs(body).iter().find(|tlv| tlv.tag == tag::SC_INTERFACE_VERSION).and_then(|tlv| tlv.value.first().copied());
    (String::from_utf8_lossy(&system_id).into_owned(), version)
}

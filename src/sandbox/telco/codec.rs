//! The sandbox telco's own SMPP 3.4 codec: frames, the requests an ESME sends, the PDUs an SMSC sends.
//! Written from the specification and for judging the product: it must not know `crate::smpp`.

use bytes::{Buf, BufMut, Bytes, BytesMut};

/// Command ids of SMPP 3.4 §5.1.2.1 that the telco takes or sends; responses have bit 31 set.
pub mod id {
    /// Set in every response.
    pub const RESP: u32 = 0x8000_0000;
    /// generic_nack, itself a response.
    pub const GENERIC_NACK: u32 = 0x8000_0000;
    /// bind_receiver.
    pub const BIND_RX: u32 = 0x01;
    /// bind_transmitter.
    pub const BIND_TX: u32 = 0x02;
    /// submit_sm.
    pub const SUBMIT_SM: u32 = 0x04;
    /// deliver_sm.
    pub const DELIVER_SM: u32 = 0x05;
    /// unbind.
    pub const UNBIND: u32 = 0x06;
    /// bind_transceiver.
    pub const BIND_TRX: u32 = 0x09;
    /// enquire_link.
    pub const ENQUIRE_LINK: u32 = 0x15;
    /// data_sm.
    pub const DATA_SM: u32 = 0x103;
}

/// Command statuses of SMPP 3.4 §5.1.3 that the telco answers with or understands.
pub mod status {
    /// No error.
    pub const ROK: u32 = 0x00;
    /// Invalid message length.
    pub const INVMSGLEN: u32 = 0x01;
    /// Invalid command length.
    pub const INVCMDLEN: u32 = 0x02;
    /// Invalid command id.
    pub const INVCMDID: u32 = 0x03;
    /// Incorrect bind status.
    pub const INVBNDSTS: u32 = 0x04;
    /// Already bound.
    pub const ALYBND: u32 = 0x05;
    /// System error.
    pub const SYSERR: u32 = 0x08;
    /// Invalid source address.
    pub const INVSRCADR: u32 = 0x0A;
    /// Invalid destination address.
    pub const INVDSTADR: u32 = 0x0B;
    /// Invalid password.
    pub const INVPASWD: u32 = 0x0E;
    /// Invalid system id.
    pub const INVSYSID: u32 = 0x0F;
    /// Message queue full.
    pub const MSGQFUL: u32 = 0x14;
    /// Throttled.
    pub const THROTTLED: u32 = 0x58;
    /// ESME receiver temporary error.
    pub const X_T_APPN: u32 = 0x64;
}

/// TLV tags of SMPP 3.4 §5.3.2 that the telco reads or writes.
pub mod tag {
    /// user_message_reference, 2 octets.
    pub const USER_MESSAGE_REFERENCE: u16 = 0x0204;
    /// ussd_service_op, 1 octet.
    pub const USSD_SERVICE_OP: u16 = 0x0501;
    /// its_session_info, 2 octets.
    pub const ITS_SESSION_INFO: u16 = 0x1383;
    /// receipted_message_id, C-octet string.
    pub const RECEIPTED_MESSAGE_ID: u16 = 0x001E;
    /// sar_msg_ref_num, 2 octets.
    pub const SAR_REF: u16 = 0x020C;
    /// sar_total_segments, 1 octet.
    pub const SAR_TOTAL: u16 = 0x020E;
    /// sar_segment_seqnum, 1 octet.
    pub const SAR_SEQ: u16 = 0x020F;
    /// sc_interface_version, 1 octet.
    pub const SC_INTERFACE_VERSION: u16 = 0x0210;
    /// message_payload.
    pub const MESSAGE_PAYLOAD: u16 = 0x0424;
    /// message_state, 1 octet.
    pub const MESSAGE_STATE: u16 = 0x0427;
    /// congestion_state, 1 octet (5.0).
    pub const CONGESTION_STATE: u16 = 0x0428;
}

/// The longest command_length taken, in octets: a message_payload may have 64 KiB.
pub const MAX_FRAME: u32 = 66_000;

/// The four integers every PDU begins with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// command_id.
    pub id: u32,
    /// command_status.
    pub status: u32,
    /// sequence_number, echoed as it came.
    pub seq: u32,
}

/// What the start of the receive buffer holds.
#[derive(Debug)]
pub enum Frame {
    /// A whole PDU, its body cut out of the buffer.
    Pdu(Header, Bytes),
    /// Not enough octets yet.
    Partial,
    /// A command_length out of bounds: the stream is lost. The sequence number if it was there.
    Lost(u32),
}

/// Takes the next PDU off the buffer.
pub fn next_frame(buf: &mut BytesMut) -> Frame {
    if buf.len() < 16 {
        let length = (buf.len() >= 4).then(|| word(buf, 0));
        return match length {
            Some(n) if !(16..=MAX_FRAME).contains(&n) => Frame::Lost(0),
            _ => Frame::Partial,
        };
    }
    let length = word(buf, 0);
    let header = Header { id: word(buf, 4), status: word(buf, 8), seq: word(buf, 12) };
    if !(16..=MAX_FRAME).contains(&length) {
        return Frame::Lost(header.seq);
    }
    let length = length as usize;
    if buf.len() < length {
        return Frame::Partial;
    }
    let mut frame = buf.split_to(length);
    frame.advance(16);
    Frame::Pdu(header, frame.freeze())
}

fn word(buf: &[u8], at: usize) -> u32 {
    u32::from_be_bytes([buf[at], buf[at + 1], buf[at + 2], buf[at + 3]])
}

/// Reads the fields of one body and never past it; every short read is 0x02.
struct Fields<'a> {
    rest: &'a [u8],
}

impl<'a> Fields<'a> {
    fn octet(&mut self) -> Result<u8, u32> {
        let (first, rest) = self.rest.split_first().ok_or(status::INVCMDLEN)?;
        self.rest = rest;
        Ok(*first)
    }

    /// A C-octet string of at most `max` octets, its NUL counted.
    fn cstr(&mut self, max: usize) -> Result<String, u32> {
        let window = &self.rest[..self.rest.len().min(max)];
        let end = window.iter().position(|b| *b == 0).ok_or(status::INVCMDLEN)?;
        let text = window[..end].iter().map(|b| char::from(*b)).collect();
        self.rest = &self.rest[end + 1..];
        Ok(text)
    }

    fn take(&mut self, n: usize) -> Result<&'a [u8], u32> {
        let (head, rest) = self.rest.split_at_checked(n).ok_or(status::INVCMDLEN)?;
        self.rest = rest;
        Ok(head)
    }

    fn address(&mut self, max: usize) -> Result<Address, u32> {
        Ok(Address { ton: self.octet()?, npi: self.octet()?, digits: self.cstr(max)? })
    }

    fn tlvs(&mut self) -> Result<Vec<(u16, Vec<u8>)>, u32> {
        let mut found = Vec::new();
        while !self.rest.is_empty() {
            let head = self.take(4)?;
            let tag = u16::from_be_bytes([head[0], head[1]]);
            let length = u16::from_be_bytes([head[2], head[3]]);
            found.push((tag, self.take(usize::from(length))?.to_vec()));
        }
        Ok(found)
    }
}

/// An address field: type of number, numbering plan, digits or letters.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Address {
    /// Type of number, §5.2.5.
    pub ton: u8,
    /// Numbering plan indicator, §5.2.6.
    pub npi: u8,
    /// The digits, or letters of an alphanumeric sender.
    pub digits: String,
}

/// What a bind request says.
#[derive(Debug, PartialEq, Eq)]
pub struct Bind {
    /// system_id.
    pub system_id: String,
    /// password.
    pub password: String,
    /// interface_version, 0x34 for SMPP 3.4.
    pub version: u8,
}

/// Reads the body of a bind request. Errors are command statuses.
pub fn read_bind(body: &[u8]) -> Result<Bind, u32> {
    let mut f = Fields { rest: body };
    let system_id = f.cstr(16)?;
    // eight characters by the book, but telcos hand out longer ones
    let password = f.cstr(64)?;
    f.cstr(13)?;
    let version = f.octet()?;
    f.octet()?;
    f.octet()?;
    f.cstr(41)?;
    Ok(Bind { system_id, password, version })
}

/// What a submit_sm or data_sm says; data_sm leaves what it lacks at zero.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Submit {
    /// Sender.
    pub source: Address,
    /// Receiver.
    pub dest: Address,
    /// esm_class.
    pub esm_class: u8,
    /// validity_period as written, empty when not given.
    pub validity: String,
    /// registered_delivery.
    pub registered: u8,
    /// data_coding.
    pub data_coding: u8,
    /// The user data, its header included if esm_class says so.
    pub body: Vec<u8>,
    /// Whether the user data came as message_payload.
    pub payload: bool,
    /// Reference, total and number of this segment by sar_ TLVs.
    pub sar: Option<(u16, u8, u8)>,
    /// ussd_service_op: this is a USSD screen.
    pub ussd_op: Option<u8>,
    /// its_session_info.
    pub its: Option<Vec<u8>>,
    /// user_message_reference.
    pub umr: Option<Vec<u8>>,
}

/// Reads the body of a submit_sm. Errors are command statuses.
pub fn read_submit(body: &[u8]) -> Result<Submit, u32> {
    let mut f = Fields { rest: body };
    f.cstr(6)?;
    let source = f.address(21)?;
    let dest = f.address(21)?;
    let esm_class = f.octet()?;
    f.octet()?;
    f.octet()?;
    f.cstr(17)?;
    let validity = f.cstr(17)?;
    let registered = f.octet()?;
    f.octet()?;
    let data_coding = f.octet()?;
    f.octet()?;
    let length = f.octet()?;
    if length > 254 {
        return Err(status::INVMSGLEN);
    }
    let short = f.take(usize::from(length))?.to_vec();
    let submit =
        Submit { source, dest, esm_class, validity, registered, data_coding, body: short, ..Submit::default() };
    with_tlvs(submit, f.tlvs()?)
}

/// Reads the body of a data_sm. Errors are command statuses.
pub fn read_data(body: &[u8]) -> Result<Submit, u32> {
    let mut f = Fields { rest: body };
    f.cstr(6)?;
    let submit = Submit {
        source: f.address(65)?,
        dest: f.address(65)?,
        esm_class: f.octet()?,
        registered: f.octet()?,
        data_coding: f.octet()?,
        ..Submit::default()
    };
    with_tlvs(submit, f.tlvs()?)
}

fn with_tlvs(mut submit: Submit, tlvs: Vec<(u16, Vec<u8>)>) -> Result<Submit, u32> {
    let (mut reference, mut total, mut seq) = (None, None, None);
    for (tag, value) in tlvs {
        match (tag, value.as_slice()) {
            (tag::MESSAGE_PAYLOAD, _) if !submit.body.is_empty() => {
                return Err(status::INVMSGLEN); // one or the other, §5.3.2.32
            }
            (tag::MESSAGE_PAYLOAD, _) => {
                submit.body = value;
                submit.payload = true;
            }
            (tag::USSD_SERVICE_OP, [op]) => submit.ussd_op = Some(*op),
            (tag::ITS_SESSION_INFO, _) => submit.its = Some(value),
            (tag::USER_MESSAGE_REFERENCE, _) => submit.umr = Some(value),
            (tag::SAR_REF, [a, b]) => reference = Some(u16::from_be_bytes([*a, *b])),
            (tag::SAR_TOTAL, [n]) => total = Some(*n),
            (tag::SAR_SEQ, [n]) => seq = Some(*n),
            _ => {} // §3.3.1: what is not known is ignored
        }
    }
    if let (Some(r), Some(t), Some(s)) = (reference, total, seq) {
        submit.sar = Some((r, t, s));
    }
    Ok(submit)
}

/// Appends a PDU of this header and body.
pub fn put(out: &mut BytesMut, header: Header, body: &[u8]) {
    out.reserve(16 + body.len());
    out.put_u32(u32::try_from(16 + body.len()).unwrap_or(u32::MAX));
    out.put_u32(header.id);
    out.put_u32(header.status);
    out.put_u32(header.seq);
    out.put_slice(body);
}

/// Appends the response to a request, with a C-octet string (message_id, system_id) where there is one.
pub fn put_resp(out: &mut BytesMut, to: Header, status: u32, text: Option<&str>) {
    let header = Header { id: to.id | id::RESP, status, seq: to.seq };
    match text {
        None => put(out, header, &[]),
        Some(text) => {
            let mut body = text.as_bytes().to_vec();
            body.push(0);
            if matches!(to.id, id::BIND_RX | id::BIND_TX | id::BIND_TRX) {
                body.put_u16(tag::SC_INTERFACE_VERSION);
                body.put_slice(&[0, 1, 0x34]);
            }
            put(out, header, &body);
        }
    }
}

/// The response to a submit: the message's id where it was taken, and how loaded the telco is where it says so.
pub fn put_taken(out: &mut BytesMut, to: Header, answer: Result<&str, u32>, congestion: Option<u8>) {
    let (status, id) = answer.map_or_else(|status| (status, None), |id| (status::ROK, Some(id)));
    let header = Header { id: to.id | id::RESP, status, seq: to.seq };
    let mut body: Vec<u8> = id.map(|id| [id.as_bytes(), &[0]].concat()).unwrap_or_default();
    if let Some(percent) = congestion {
        body.put_u16(tag::CONGESTION_STATE);
        body.put_slice(&[0, 1, percent]);
    }
    put(out, header, &body);
}

/// The body of a deliver_sm: an MO's segment, or a receipt with its TLVs.
pub fn deliver_body(
    source: &str,
    dest: &str,
    esm_class: u8,
    data_coding: u8,
    message: &[u8],
    tlvs: &[(u16, &[u8])],
) -> Bytes {
    body_of("", [source, dest], esm_class, data_coding, message, tlvs)
}

/// The body of a deliver_sm with a service_type, as USSD gateways write it.
pub fn deliver_body_of(
    service_type: &str,
    source: &str,
    dest: &str,
    data_coding: u8,
    message: &[u8],
    tlvs: &[(u16, &[u8])],
) -> Bytes {
    body_of(service_type, [source, dest], 0, data_coding, message, tlvs)
}

fn body_of(
    service_type: &str,
    addresses: [&str; 2],
    esm_class: u8,
    data_coding: u8,
    message: &[u8],
    tlvs: &[(u16, &[u8])],
) -> Bytes {
    let mut b = BytesMut::with_capacity(64 + message.len());
    b.put_slice(service_type.as_bytes());
    b.put_u8(0);
    for digits in addresses {
        b.put_slice(&[1, 1]);
        b.put_slice(&digits.as_bytes()[..digits.len().min(20)]);
        b.put_u8(0);
    }
    // protocol_id, priority, two empty times, registered_delivery, replace_if_present
    b.put_slice(&[esm_class, 0, 0, 0, 0, 0, 0, data_coding, 0]);
    let message = &message[..message.len().min(254)];
    b.put_u8(u8::try_from(message.len()).unwrap_or(254));
    b.put_slice(message);
    for (tag, value) in tlvs {
        b.put_u16(*tag);
        b.put_u16(u16::try_from(value.len()).unwrap_or(u16::MAX));
        b.put_slice(value);
    }
    b.freeze()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_come_out_whole_and_in_order() {
        let mut wire = BytesMut::new();
        let h = |seq| Header { id: id::ENQUIRE_LINK, status: 0, seq };
        put(&mut wire, h(1), &[]);
        put(&mut wire, h(2), b"pad");
        let mut buf = BytesMut::new();
        let mut seen = Vec::new();
        for b in wire.clone() {
            buf.put_u8(b);
            while let Frame::Pdu(header, body) = next_frame(&mut buf) {
                seen.push((header.seq, body.len()));
            }
        }
        assert_eq!(seen, [(1, 0), (2, 3)]);
    }

    #[test]
    fn a_length_out_of_bounds_loses_the_stream() {
        for bytes in [[0, 0, 0, 15], [0, 2, 0, 0], *b"GET "] {
            let mut buf = BytesMut::from(&bytes[..]);
            assert!(matches!(next_frame(&mut buf), Frame::Lost(_)));
        }
    }

    #[test]
    fn a_submit_that_lies_about_its_length_is_refused() {
        let good = deliver_body("1212", "85512345678", 0, 0, b"hello", &[]);
        assert_eq!(read_submit(&good).unwrap().body, b"hello");
        for cut in 1..good.len() {
            assert_eq!(read_submit(&good[..cut]), Err(status::INVCMDLEN), "cut at {cut}");
        }
        let both = deliver_body("1", "2", 0, 0, b"x", &[(tag::MESSAGE_PAYLOAD, b"y")]);
        assert_eq!(read_submit(&both), Err(status::INVMSGLEN));
    }
}

//! The vocabulary of SMPP 3.4 that an ESME speaks, and the PDUs it writes. Names and numbers are
//! `rusmpp-core`'s; what is written is plain octets, as telcos give passwords longer than the eight that the
//! crate's types allow.
use super::concat::Sar;
use bytes::{BufMut, Bytes, BytesMut};
use rusmpp_core::CommandId;

/// The part of a header that is not its length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// What it is.
    pub command_id: u32,
    /// How it went; 0 in requests.
    pub command_status: u32,
    /// Pairs a response with its request.
    pub sequence: u32,
}

/// Bit 31 of command_id: a response.
pub const RESPONSE: u32 = 0x8000_0000;

impl Header {
    /// Its name.
    pub fn command(&self) -> CommandId {
        CommandId::from(self.command_id)
    }

    /// Whether it answers a request.
    pub fn is_response(&self) -> bool {
        self.command_id & RESPONSE != 0
    }
}

/// Tags of the TLVs that Chrak reads or writes (§5.3.2).
pub mod tag {
    /// Our reference of a submit_sm; comes back in receipts of some telcos.
    pub const USER_MESSAGE_REFERENCE: u16 = 0x0204;
    /// The id a receipt is about.
    pub const RECEIPTED_MESSAGE_ID: u16 = 0x001E;
    /// Reference of a text cut by SAR.
    pub const SAR_MSG_REF_NUM: u16 = 0x020C;
    /// How many parts.
    pub const SAR_TOTAL_SEGMENTS: u16 = 0x020E;
    /// Which part, from 1.
    pub const SAR_SEGMENT_SEQNUM: u16 = 0x020F;
    /// The peer's version, in a bind_resp.
    pub const SC_INTERFACE_VERSION: u16 = 0x0210;
    /// A body instead of short_message.
    pub const MESSAGE_PAYLOAD: u16 = 0x0424;
    /// What became of a message, in a receipt.
    pub const MESSAGE_STATE: u16 = 0x0427;
    /// How loaded the peer is, in percent, in a response (SMPP 5.0 §4.8.4.18).
    pub const CONGESTION_STATE: u16 = 0x0428;
    /// USSD operation.
    pub const USSD_SERVICE_OP: u16 = 0x0501;
    /// Names a USSD session at many gateways.
    pub const ITS_SESSION_INFO: u16 = 0x1383;
}

/// A TLV as it came: the length on the wire governs, whatever the type would want.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tlv {
    /// Its tag.
    pub tag: u16,
    /// Its value.
    pub value: Bytes,
}

/// How an ESME binds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BindKind {
    /// Sends and receives.
    Transceiver,
    /// Sends.
    Transmitter,
    /// Receives.
    Receiver,
}

impl BindKind {
    /// The request's command_id.
    pub fn command(self) -> CommandId {
        match self {
            BindKind::Transceiver => CommandId::BindTransceiver,
            BindKind::Transmitter => CommandId::BindTransmitter,
            BindKind::Receiver => CommandId::BindReceiver,
        }
    }

    /// Whether it may submit.
    pub fn sends(self) -> bool {
        self != BindKind::Receiver
    }
}

/// An address with its type of number and numbering plan (§5.2.5, §5.2.6).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// Type of number.
    pub ton: u8,
    /// Numbering plan.
    pub npi: u8,
    /// The octets, without the NUL; telcos also send others than ASCII.
    pub digits: Bytes,
}

impl Address {
    /// As text; octets that are no UTF-8 are replaced.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.digits).into_owned()
    }
}

/// A bind request (§4.1).
#[derive(Clone, Debug)]
pub struct Bind {
    /// How.
    pub kind: BindKind,
    /// Who.
    pub system_id: String,
    /// Proof. Sent as configured, also when longer than the eight octets of the standard.
    pub password: String,
    /// What kind of system.
    pub system_type: String,
    /// 0x33, 0x34 or 0x50.
    pub interface_version: u8,
}

/// A submit_sm (§4.4.1). What is not here is NULL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubmitSm {
    /// Our short code.
    pub source: Address,
    /// The citizen.
    pub destination: Address,
    /// 0x40: `short_message` begins with a UDH.
    pub esm_class: u8,
    /// Empty, or 16 characters of time (§7.1.1).
    pub validity_period: String,
    /// 1 asks for a receipt.
    pub registered_delivery: u8,
    /// How `short_message` is encoded.
    pub data_coding: u8,
    /// More than [`SHORT_OCTETS_MAX`] go as message_payload.
    pub short_message: Bytes,
    /// Written as sar_* when given.
    pub sar: Option<Sar>,
    /// Written as user_message_reference when given.
    pub reference: Option<u16>,
}

/// Octets of short_message at most (SMPP 3.4 §5.2.21).
pub const SHORT_OCTETS_MAX: usize = 254;

/// A USSD screen: a submit_sm (§4.4.1) or a data_sm (§4.7.1) without receipt, validity or concatenation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UssdSubmit {
    /// data_sm with message_payload instead of submit_sm with short_message.
    pub as_data_sm: bool,
    /// Marks USSD.
    pub service_type: String,
    /// Our service code.
    pub source: Address,
    /// The subscriber.
    pub destination: Address,
    /// How `body` is encoded.
    pub data_coding: u8,
    /// At most 254 octets.
    pub body: Bytes,
    /// Operation, session, and what is echoed.
    pub tlvs: Vec<Tlv>,
}

fn c_string(out: &mut BytesMut, text: &[u8]) {
    // A NUL inside would end the field early and shift all that follow.
    out.extend(text.iter().copied().filter(|octet| *octet != 0));
    out.put_u8(0);
}

fn address(out: &mut BytesMut, address: &Address) {
    out.put_u8(address.ton);
    out.put_u8(address.npi);
    c_string(out, &address.digits);
}

/// Writes a PDU: `body` adds what follows the header.
pub fn write(out: &mut BytesMut, command: CommandId, status: u32, sequence: u32, body: impl FnOnce(&mut BytesMut)) {
    let start = out.len();
    out.put_u32(0);
    out.put_u32(command.into());
    out.put_u32(status);
    out.put_u32(sequence);
    body(out);
    let length = (out.len() - start) as u32;
    out[start..start + 4].copy_from_slice(&length.to_be_bytes());
}

impl Bind {
    /// Writes the request.
    pub fn write(&self, out: &mut BytesMut, sequence: u32) {
        write(out, self.kind.command(), 0, sequence, |out| {
            c_string(out, self.system_id.as_bytes());
            c_string(out, self.password.as_bytes());
            c_string(out, self.system_type.as_bytes());
            out.put_u8(self.interface_version);
            out.put_u8(0);
            out.put_u8(0);
            c_string(out, b"");
        });
    }
}

impl SubmitSm {
    /// Writes the request.
    pub fn write(&self, out: &mut BytesMut, sequence: u32) {
        write(out, CommandId::SubmitSm, 0, sequence, |out| {
            c_string(out, b"");
            address(out, &self.source);
            address(out, &self.destination);
            out.put_slice(&[self.esm_class, 0, 0]);
            c_string(out, b"");
            c_string(out, self.validity_period.as_bytes());
            out.put_slice(&[self.registered_delivery, 0, self.data_coding, 0]);
            // one of the two is empty (§5.3.2.32)
            let (short, payload) = match self.short_message.len() {
                0..=SHORT_OCTETS_MAX => (&self.short_message[..], None),
                _ => (&b""[..], Some(&self.short_message[..])),
            };
            out.put_u8(short.len() as u8);
            out.put_slice(short);
            if let Some(reference) = self.reference {
                put_tlv(out, tag::USER_MESSAGE_REFERENCE, &reference.to_be_bytes());
            }
            if let Some(Sar { reference, total, number }) = self.sar {
                put_tlv(out, tag::SAR_MSG_REF_NUM, &reference.to_be_bytes());
                put_tlv(out, tag::SAR_TOTAL_SEGMENTS, &[total]);
                put_tlv(out, tag::SAR_SEGMENT_SEQNUM, &[number]);
            }
            if let Some(payload) = payload {
                put_tlv(out, tag::MESSAGE_PAYLOAD, payload);
            }
        });
    }
}

impl UssdSubmit {
    /// Writes the request.
    pub fn write(&self, out: &mut BytesMut, sequence: u32) {
        let command = if self.as_data_sm { CommandId::DataSm } else { CommandId::SubmitSm };
        write(out, command, 0, sequence, |out| {
            c_string(out, self.service_type.as_bytes());
            address(out, &self.source);
            address(out, &self.destination);
            if self.as_data_sm {
                out.put_slice(&[0, 0, self.data_coding]);
            } else {
                out.put_slice(&[0, 0, 0]);
                c_string(out, b"");
                c_string(out, b"");
                out.put_slice(&[0, 0, self.data_coding, 0]);
                let body = &self.body[..self.body.len().min(254)];
                out.put_u8(body.len() as u8);
                out.put_slice(body);
            }
            for tlv in &self.tlvs {
                put_tlv(out, tlv.tag, &tlv.value);
            }
            if self.as_data_sm {
                put_tlv(out, tag::MESSAGE_PAYLOAD, &self.body);
            }
        });
    }
}

fn put_tlv(out: &mut BytesMut, tag: u16, value: &[u8]) {
    out.put_u16(tag);
    out.put_u16(value.len() as u16);
    out.put_slice(value);
}

/// validity_period relative to now, `YYMMDDhhmmss000R` (§7.1.1.2), at least a minute and at most 63 days.
pub fn relative_time(ms: i64) -> String {
    let seconds = (ms / 1000).clamp(60, 63 * 86_400);
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    let (hours, minutes, seconds) = (rest / 3_600, rest / 60 % 60, rest % 60);
    // A month of this format has 30 days.
    format!("00{:02}{:02}{hours:02}{minutes:02}{seconds:02}000R", days / 30, days % 30)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rusmpp_core::{command::owned::Command, decode::owned::DecodeWithLength, pdus::owned::Pdu};

    fn read_back(octets: &[u8]) -> Command {
        let mut body = BytesMut::from(&octets[4..]);
        let (command, used) = Command::decode(&mut body, octets.len() - 4).expect("the crate reads it");
        assert_eq!(used, octets.len() - 4, "nothing is left over");
        command
    }

    #[test]
    fn an_independent_codec_reads_what_is_written() {
        let mut out = BytesMut::new();
        let bind = Bind {
            kind: BindKind::Transceiver,
            system_id: "chrak".into(),
            password: "secret".into(),
            system_type: String::new(),
            interface_version: 0x34,
        };
        bind.write(&mut out, 1);
        assert!(matches!(read_back(&out).pdu(), Some(Pdu::BindTransceiver(pdu)) if pdu.system_id.as_str() == "chrak"));
        let submit = SubmitSm {
            source: Address { ton: 0, npi: 1, digits: Bytes::from_static(b"1212") },
            destination: Address { ton: 1, npi: 1, digits: Bytes::from_static(b"85510000001") },
            esm_class: 0x40,
            validity_period: relative_time(3_600_000),
            registered_delivery: 1,
            data_coding: 8,
            short_message: Bytes::from_static(b"\x05\0\x03\x01\x02\x01\x17\x80"),
            sar: None,
            reference: Some(0xBEEF),
        };
        out.clear();
        submit.write(&mut out, 7);
        let command = read_back(&out);
        let Some(Pdu::SubmitSm(pdu)) = command.pdu() else { panic!("a submit_sm") };
        assert_eq!((u8::from(pdu.esm_class), pdu.sm_length(), command.sequence_number()), (0x40, 8, 7));
        assert_eq!(pdu.validity_period.as_str(), "000000010000000R");
    }

    #[test]
    fn a_long_body_is_a_payload_and_segments_are_told_by_tlvs() {
        let submit = |octets: usize, sar| SubmitSm {
            source: Address { ton: 0, npi: 1, digits: Bytes::from_static(b"1212") },
            destination: Address { ton: 1, npi: 1, digits: Bytes::from_static(b"85510000001") },
            esm_class: 0,
            validity_period: String::new(),
            registered_delivery: 1,
            data_coding: 8,
            short_message: vec![7; octets].into(),
            sar,
            reference: None,
        };
        let written = |submit: SubmitSm| {
            let mut out = BytesMut::new();
            submit.write(&mut out, 7);
            let command = read_back(&out);
            let Some(Pdu::SubmitSm(pdu)) = command.pdu() else { panic!("a submit_sm") };
            (pdu.sm_length(), out[out.len() - 20..].to_vec(), out.len())
        };
        let (short, _, without) = written(submit(254, None));
        assert_eq!(short, 254);
        let (short, tail, with) = written(submit(255, None));
        assert_eq!((short, with, &tail[16..]), (0, without + 1 + 4, &[7; 4][..]));
        let (short, tail, _) = written(submit(4, Some(Sar { reference: 0xBEEF, total: 3, number: 2 })));
        let tlvs = b"\x07\x07\x07\x07\x02\x0C\0\x02\xBE\xEF\x02\x0E\0\x01\x03\x02\x0F\0\x01\x02";
        assert_eq!((short, &tail[..]), (4, &tlvs[..]));
    }

    #[test]
    fn relative_times_have_sixteen_characters() {
        for (ms, text) in [
            (0, "000000000100000R"),
            (60_999, "000000000100000R"),
            (61_000, "000000000101000R"),
            (600_000, "000000001000000R"),
            (3_600_000, "000000010000000R"),
            (3_599_000, "000000005959000R"),
            (86_399_000, "000000235959000R"),
            (86_400_000, "000001000000000R"),
            (31 * 86_400_000, "000101000000000R"),
            (i64::MAX, "000203000000000R"),
        ] {
            assert_eq!(relative_time(ms), text);
        }
    }

    fn address(digits: &'static [u8]) -> Address {
        Address { ton: 1, npi: 2, digits: Bytes::from_static(digits) }
    }

    /// Octet for octet as §4.1, §4.4.1 and §4.7.1 have them.
    #[test]
    fn every_field_is_written_where_the_standard_has_it() {
        let bind = |kind| {
            let (system_id, password) = ("chrak".to_owned(), "longer than eight".to_owned());
            let bind = Bind { kind, system_id, password, system_type: "S\0T".to_owned(), interface_version: 0x34 };
            let mut out = BytesMut::new();
            bind.write(&mut out, 1);
            out.to_vec()
        };
        for (kind, command, sends) in
            [(BindKind::Receiver, 1, false), (BindKind::Transmitter, 2, true), (BindKind::Transceiver, 9, true)]
        {
            let head = [0, 0, 0, 47, 0, 0, 0, command, 0, 0, 0, 0, 0, 0, 0, 1];
            let body = b"chrak\0longer than eight\0ST\0\x34\0\0\0";
            assert_eq!((bind(kind), kind.sends()), ([&head[..], body].concat(), sends), "a NUL inside shifts nothing");
        }
        let submit = |octets: usize, reference| {
            let submit = SubmitSm {
                source: address(b"1212"),
                destination: address(b"855"),
                esm_class: 0x40,
                validity_period: "V".to_owned(),
                registered_delivery: 1,
                data_coding: 8,
                short_message: vec![7; octets].into(),
                sar: None,
                reference,
            };
            let mut out = BytesMut::new();
            submit.write(&mut out, 0x0102);
            out.to_vec()
        };
        let body = b"\0\x01\x021212\0\x01\x02855\0\x40\0\0\0V\0\x01\0\x08\0\x02\x07\x07\x02\x04\0\x02\xBE\xEF";
        let head = [0, 0, 0, 16 + body.len() as u8, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 1, 2];
        assert_eq!(submit(2, Some(0xBEEF)), [&head[..], body].concat());
        for (octets, short, tlv) in [(254, 254, 0), (255, 0, 4)] {
            let pdu = submit(octets, None);
            assert_eq!((pdu[16 + 24], pdu.len()), (short, 16 + 25 + tlv + octets));
        }
        let screen = |as_data_sm, octets: usize| {
            let screen = UssdSubmit {
                as_data_sm,
                service_type: "USSD".to_owned(),
                source: address(b"1212"),
                destination: address(b"855"),
                data_coding: 0x0F,
                body: vec![7; octets].into(),
                tlvs: vec![Tlv { tag: tag::USSD_SERVICE_OP, value: Bytes::from_static(&[2]) }],
            };
            let mut out = BytesMut::new();
            screen.write(&mut out, 3);
            (out[7], out[16..].to_vec())
        };
        let sm = b"USSD\0\x01\x021212\0\x01\x02855\0\0\0\0\0\0\0\0\x0F\0\x02\x07\x07\x05\x01\0\x01\x02";
        assert_eq!(screen(false, 2), (4, sm.to_vec()));
        let data = b"USSD\0\x01\x021212\0\x01\x02855\0\0\0\x0F\x05\x01\0\x01\x02\x04\x24\0\x02\x07\x07";
        assert_eq!(screen(true, 2), (3, data.to_vec()));
        assert_eq!(screen(false, 255).1.len(), sm.len() + 252, "254 of them");
    }

    #[test]
    fn a_response_is_told_by_its_highest_bit() {
        for (command_id, response) in [(0x15, false), (0x8000_0015, true), (0x8000_0000, true), (0x7FFF_FFFF, false)] {
            assert_eq!(Header { command_id, command_status: 0, sequence: 1 }.is_response(), response);
        }
    }
}

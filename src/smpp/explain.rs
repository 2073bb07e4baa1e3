//! A PDU explained field by field, for people who must see what a telco sent: names, values, offsets, and
//! what is out of spec. Reads any PDU of either side; passwords are masked.
use super::{
    decode::may_be_tlvs,
    framer::HEADER_OCTETS,
    pdu::{RESPONSE, tag},
    status,
    text::{DefaultAlphabet, declared},
};
use crate::text::octets::{self, Declared};
use rusmpp_core::CommandId;
use std::fmt;

/// One line of an explanation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// Offset of the first octet in the input.
    pub at: usize,
    /// The standard's name.
    pub name: String,
    /// The value in words.
    pub value: String,
}

/// Everything that could be said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Explanation {
    /// In the order of the octets.
    pub fields: Vec<Field>,
    /// What is out of spec, in words.
    pub warnings: Vec<String>,
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = self.fields.iter().map(|field| field.name.len()).max().unwrap_or(0);
        for field in &self.fields {
            if field.name == "command_length" && field.at > 0 {
                writeln!(f)?;
            }
            writeln!(f, "{:>5}  {:width$}  {}", field.at, field.name, field.value)?;
        }
        for warning in &self.warnings {
            writeln!(f, "warning: {warning}")?;
        }
        Ok(())
    }
}

/// PDUs explained of one input.
const PDUS_MAX: usize = 1_000;
/// Octets of a short_message at most (§5.2.21).
const SHORT_MESSAGE_MAX: usize = 254;
/// Longest string a field may have, NUL included, where the standard names one.
const ADDRESS_MAX: usize = 21;

/// Explains all PDUs of an input.
pub fn explain(octets: &[u8]) -> Explanation {
    let mut explainer = Explainer { octets, at: 0, end: octets.len(), out: Explanation::default() };
    for _ in 0..PDUS_MAX {
        if explainer.at >= octets.len() || !explainer.pdu() {
            break;
        }
    }
    explainer.out
}

struct Explainer<'a> {
    octets: &'a [u8],
    at: usize,
    /// End of the PDU at hand.
    end: usize,
    out: Explanation,
}

impl Explainer<'_> {
    fn field(&mut self, at: usize, name: impl Into<String>, value: impl Into<String>) {
        self.out.fields.push(Field { at, name: name.into(), value: value.into() });
    }

    fn warn(&mut self, text: impl Into<String>) {
        self.out.warnings.push(text.into());
    }

    fn u32(&mut self) -> Option<u32> {
        let octets = self.octets.get(self.at..self.at + 4)?;
        self.at += 4;
        Some(u32::from_be_bytes([octets[0], octets[1], octets[2], octets[3]]))
    }

    /// Returns whether another PDU may follow.
    fn pdu(&mut self) -> bool {
        let start = self.at;
        let have = self.octets.len() - start;
        let (Some(length), Some(id), Some(command_status), Some(sequence)) =
            (self.u32(), self.u32(), self.u32(), self.u32())
        else {
            self.warn(format!("{have} octets are no header: it has {HEADER_OCTETS}"));
            return false;
        };
        let command = CommandId::from(id);
        self.field(start, "command_length", length.to_string());
        self.field(start + 4, "command_id", format!("{} (0x{id:08X})", name(command)));
        self.field(start + 8, "command_status", status::name(command_status));
        self.field(start + 12, "sequence_number", format!("{sequence} (0x{sequence:08X})"));
        if id & RESPONSE == 0 && command_status != 0 {
            self.warn("command_status is not 0 in a request (§5.1.3)");
        }
        if !(1..=0x7FFF_FFFF).contains(&sequence) {
            self.warn("sequence_number is outside 0x00000001 to 0x7FFFFFFF (§5.1.4)");
        }
        let length = length as usize;
        if length < HEADER_OCTETS {
            self.warn("command_length is below 16: the framing is lost here");
            return false;
        }
        if length > have {
            self.warn(format!("command_length is {length}, but only {have} octets are there"));
        }
        self.end = start + length.min(have);
        self.body(command, command_status);
        if self.at < self.end {
            let rest = hex(&self.octets[self.at..self.end]);
            self.field(self.at, "(left over)", rest);
            self.warn("octets are left over after the last field");
        }
        self.at = self.end;
        true
    }

    fn body(&mut self, command: CommandId, command_status: u32) {
        match command {
            CommandId::BindReceiver | CommandId::BindTransmitter | CommandId::BindTransceiver => self.bind(),
            CommandId::BindReceiverResp | CommandId::BindTransmitterResp | CommandId::BindTransceiverResp => {
                self.id_and_tlvs("system_id", 16, command_status);
            }
            CommandId::SubmitSm | CommandId::DeliverSm => self.sm(command),
            CommandId::DataSm => self.data_sm(),
            CommandId::SubmitSmResp | CommandId::DataSmResp => self.id_and_tlvs("message_id", 65, command_status),
            CommandId::DeliverSmResp => {
                if self.at < self.end && self.octets[self.at] != 0 {
                    self.warn("message_id of a deliver_sm_resp is not NULL (§4.6.2)");
                }
                self.id_and_tlvs("message_id", 65, command_status);
            }
            CommandId::QuerySm => {
                self.string("message_id", 65);
                self.address("source_addr", ADDRESS_MAX);
            }
            CommandId::QuerySmResp if self.at >= self.end && command_status != 0 => {}
            CommandId::QuerySmResp => {
                self.string("message_id", 65);
                self.string("final_date", 17);
                self.octet("message_state", |octet| octet.to_string());
                self.octet("error_code", |octet| octet.to_string());
            }
            CommandId::CancelSm => {
                self.string("service_type", 6);
                self.string("message_id", 65);
                self.address("source_addr", ADDRESS_MAX);
                self.address("destination_addr", ADDRESS_MAX);
            }
            CommandId::ReplaceSm => self.replace_sm(),
            CommandId::Outbind => {
                self.string("system_id", 16);
                self.secret("password");
            }
            CommandId::AlertNotification => {
                self.address("source_addr", 65);
                self.address("esme_addr", 65);
                self.tlvs();
            }
            CommandId::EnquireLink
            | CommandId::EnquireLinkResp
            | CommandId::Unbind
            | CommandId::UnbindResp
            | CommandId::CancelSmResp
            | CommandId::ReplaceSmResp
            | CommandId::GenericNack => {}
            _ => self.warn("the body of this command is not explained"),
        }
    }

    fn bind(&mut self) {
        self.string("system_id", 16);
        self.secret("password");
        self.string("system_type", 13);
        self.octet("interface_version", |octet| format!("{}.{}", octet >> 4, octet & 15));
        self.octet("addr_ton", ton);
        self.octet("addr_npi", npi);
        self.string("address_range", 41);
    }

    fn id_and_tlvs(&mut self, name: &str, longest: usize, command_status: u32) {
        if self.at >= self.end {
            if command_status == 0 {
                self.warn(format!("{name} is missing"));
            }
            return;
        }
        self.string(name, longest);
        self.tlvs();
    }

    fn sm(&mut self, command: CommandId) {
        self.string("service_type", 6);
        self.address("source_addr", ADDRESS_MAX);
        self.address("destination_addr", ADDRESS_MAX);
        let esm_class = self.octet("esm_class", esm_class);
        self.octet("protocol_id", |octet| format!("0x{octet:02X}"));
        self.octet("priority_flag", |octet| octet.to_string());
        for name in ["schedule_delivery_time", "validity_period"] {
            let time = self.string(name, 17).unwrap_or_default();
            if command == CommandId::DeliverSm && !time.is_empty() {
                self.warn(format!("{name} is not NULL in a deliver_sm (§4.6.1)"));
            } else if !time.is_empty() && time.len() != 16 {
                self.warn(format!("{name} has {} characters, not 16 (§7.1.1)", time.len()));
            }
        }
        self.octet("registered_delivery", |octet| format!("0x{octet:02X}"));
        self.octet("replace_if_present_flag", |octet| octet.to_string());
        let data_coding = self.octet("data_coding", data_coding);
        self.octet("sm_default_msg_id", |octet| octet.to_string());
        let length = self.octet("sm_length", |octet| octet.to_string()).map_or(0, usize::from);
        let there = self.end - self.at;
        if length > there {
            self.warn(format!("sm_length is {length}, but only {there} octets are there"));
        }
        let body = &self.octets[self.at..self.at + length.min(there)];
        let udhi = esm_class.is_some_and(|octet| octet & 0x40 != 0);
        self.field(self.at, "short_message", message(body, data_coding.unwrap_or(0), udhi));
        self.at += body.len();
        self.text_out_of_spec(body, data_coding.unwrap_or(0), udhi);
        let short_message = body.len();
        if !may_be_tlvs(&self.octets[self.at..self.end]) {
            // what is left over is shown as it is: as TLVs it would be read as nonsense
            self.warn("sm_length is smaller than what is there: what follows are no TLVs");
            return;
        }
        let tags = self.tlvs();
        self.tlvs_out_of_spec(&tags, short_message);
    }

    fn replace_sm(&mut self) {
        self.string("message_id", 65);
        self.address("source_addr", ADDRESS_MAX);
        self.string("schedule_delivery_time", 17);
        self.string("validity_period", 17);
        self.octet("registered_delivery", |octet| format!("0x{octet:02X}"));
        self.octet("sm_default_msg_id", |octet| octet.to_string());
        let length = self.octet("sm_length", |octet| octet.to_string()).map_or(0, usize::from);
        let body = &self.octets[self.at..self.end.min(self.at + length)];
        self.field(self.at, "short_message", message(body, 0, false));
        self.at += body.len();
    }

    /// What a text says of itself that its octets do not bear out.
    fn text_out_of_spec(&mut self, body: &[u8], data_coding: u8, udhi: bool) {
        if body.len() > SHORT_MESSAGE_MAX {
            self.warn(format!("sm_length is {}, at most {SHORT_MESSAGE_MAX} is allowed (§5.2.21)", body.len()));
        }
        let header = if udhi { udh_octets(body) } else { Some(0) };
        if header.is_none() {
            self.warn("esm_class says UDHI, but short_message begins with no whole UDH (3GPP 23.040 §9.2.3.24)");
        }
        let text = body.len() - header.unwrap_or(0);
        if declared(data_coding, DefaultAlphabet::Gsm7) == Declared::Utf16 && !text.is_multiple_of(2) {
            self.warn(format!("data_coding says UCS-2, but the text has {text} octets, which is odd"));
        }
    }

    /// TLVs that contradict the text, or miss what belongs to them.
    fn tlvs_out_of_spec(&mut self, tags: &[u16], short_message: usize) {
        let holds = |tag| tags.contains(&tag);
        if holds(tag::MESSAGE_PAYLOAD) && short_message > 0 {
            self.warn("message_payload stands beside a short_message: sm_length must be 0 (§5.3.2.32)");
        }
        let sar = [tag::SAR_MSG_REF_NUM, tag::SAR_TOTAL_SEGMENTS, tag::SAR_SEGMENT_SEQNUM];
        if sar.into_iter().any(holds) && !sar.into_iter().all(holds) {
            self.warn("of sar_msg_ref_num, sar_total_segments and sar_segment_seqnum some are missing (§5.3.2.22)");
        }
    }

    fn data_sm(&mut self) {
        self.string("service_type", 6);
        self.address("source_addr", 65);
        self.address("destination_addr", 65);
        self.octet("esm_class", esm_class);
        self.octet("registered_delivery", |octet| format!("0x{octet:02X}"));
        self.octet("data_coding", data_coding);
        let tags = self.tlvs();
        self.tlvs_out_of_spec(&tags, 0);
    }

    fn address(&mut self, name: &str, longest: usize) {
        self.octet(&format!("{name}_ton"), ton);
        self.octet(&format!("{name}_npi"), npi);
        self.string(name, longest);
    }

    fn octet(&mut self, name: &str, words: impl Fn(u8) -> String) -> Option<u8> {
        if self.at >= self.end {
            self.warn(format!("{name} is missing: the body ends before it"));
            return None;
        }
        let octet = self.octets[self.at];
        self.field(self.at, name, words(octet));
        self.at += 1;
        Some(octet)
    }

    fn string(&mut self, name: &str, longest: usize) -> Option<String> {
        let at = self.at;
        let text = self.raw_string(name, longest)?;
        let shown = if text.is_empty() { "NULL".to_owned() } else { format!("\"{text}\"") };
        self.field(at, name, shown);
        Some(text)
    }

    fn secret(&mut self, name: &str) {
        let at = self.at;
        if let Some(text) = self.raw_string(name, 9) {
            self.field(at, name, format!("({} characters, not shown)", text.len()));
        }
    }

    fn raw_string(&mut self, name: &str, longest: usize) -> Option<String> {
        if self.at >= self.end {
            self.warn(format!("{name} is missing: the body ends before it"));
            return None;
        }
        let rest = &self.octets[self.at..self.end];
        let (text, used) = match rest.iter().position(|octet| *octet == 0) {
            Some(length) => (&rest[..length], length + 1),
            None => {
                self.warn(format!("{name} has no NUL at its end"));
                (rest, rest.len())
            }
        };
        if text.len() >= longest {
            let warning = format!("{name} has {} octets, at most {} are allowed (§5.2)", text.len(), longest - 1);
            self.warn(warning);
        }
        if !text.is_ascii() {
            self.warn(format!("{name} holds octets beyond ASCII"));
        }
        self.at += used;
        Some(text.iter().map(|octet| char::from(*octet)).map(|c| if c.is_control() { '.' } else { c }).collect())
    }

    /// Their tags.
    fn tlvs(&mut self) -> Vec<u16> {
        let mut tags = Vec::new();
        while self.end - self.at >= 4 {
            let at = self.at;
            let tag = u16::from_be_bytes([self.octets[at], self.octets[at + 1]]);
            let length = usize::from(u16::from_be_bytes([self.octets[at + 2], self.octets[at + 3]]));
            let (name, wanted) = tlv_name(tag);
            let rest = &self.octets[at + 4..self.end];
            if length > rest.len() {
                self.warn(format!("TLV {name} says {length} octets, but only {} are there", rest.len()));
                self.at = self.end;
                self.field(at, name, hex(rest));
                return tags;
            }
            let value = &rest[..length];
            if wanted.is_some_and(|wanted| wanted != length) {
                self.warn(format!("TLV {name} has {length} octets, {} are usual", wanted.unwrap_or(0)));
            }
            self.at += 4 + length;
            self.field(at, name, tlv_value(value));
            tags.push(tag);
        }
        tags
    }
}

/// Octets of the UDH at the start of a text, its length octet included; `None` when its elements do not fill it.
fn udh_octets(body: &[u8]) -> Option<usize> {
    let (&length, rest) = body.split_first()?;
    let mut elements = rest.get(..usize::from(length))?;
    while let [_, octets, value @ ..] = elements {
        elements = value.get(usize::from(*octets)..)?;
    }
    elements.is_empty().then_some(1 + usize::from(length))
}

fn name(command: CommandId) -> String {
    match command {
        CommandId::Other(_) => "unknown command".to_owned(),
        known => snake(&format!("{known:?}")),
    }
}

/// `DeliverSmResp` as the standard writes it: `deliver_sm_resp`.
fn snake(word: &str) -> String {
    let mut out = String::with_capacity(word.len() + 4);
    for (index, c) in word.char_indices() {
        if c.is_ascii_uppercase() && index > 0 {
            out.push('_');
        }
        out.push(c.to_ascii_lowercase());
    }
    out
}

fn ton(octet: u8) -> String {
    let words =
        ["unknown", "international", "national", "network specific", "subscriber", "alphanumeric", "abbreviated"];
    format!("{octet} ({})", words.get(usize::from(octet)).unwrap_or(&"reserved"))
}

fn npi(octet: u8) -> String {
    let word = match octet {
        0 => "unknown",
        1 => "ISDN E.164",
        3 => "data X.121",
        4 => "telex F.69",
        6 => "land mobile E.212",
        8 => "national",
        9 => "private",
        10 => "ERMES",
        14 => "internet",
        18 => "WAP",
        _ => "reserved",
    };
    format!("{octet} ({word})")
}

fn esm_class(octet: u8) -> String {
    let kind = match octet & 0x3C {
        0x00 => "message",
        0x04 => "SMSC delivery receipt",
        0x08 => "SME delivery acknowledgement",
        0x10 => "SME manual acknowledgement",
        0x18 => "conversation abort",
        0x20 => "intermediate notification",
        _ => "reserved type",
    };
    let udhi = if octet & 0x40 != 0 { ", UDHI" } else { "" };
    let reply = if octet & 0x80 != 0 { ", reply path" } else { "" };
    format!("0x{octet:02X} ({kind}{udhi}{reply})")
}

fn data_coding(octet: u8) -> String {
    let word = match octet {
        0 => "SMSC default alphabet",
        1 => "IA5",
        2 | 4 => "8-bit",
        3 => "Latin-1",
        5 => "JIS",
        6 => "Cyrillic",
        7 => "Hebrew",
        8 => "UCS-2",
        9 => "pictograms",
        0x0A => "ISO-2022-JP",
        0x0D => "extended Kanji JIS",
        0x0E => "KS C 5601",
        0x0F => "GSM 7-bit of CBS (USSD)",
        0x10..=0x13 | 0xF0..=0xF3 => "GSM 7-bit with class",
        0x14..=0x17 | 0xF4..=0xF7 => "8-bit with class",
        0x18..=0x1B => "UCS-2 with class",
        0x40..=0x43 | 0x50..=0x53 => "GSM 7-bit",
        0x44..=0x47 | 0x54..=0x57 => "8-bit",
        0x48..=0x4B | 0x58..=0x5B => "UCS-2",
        0xC0..=0xDF => "GSM 7-bit, message waiting",
        0xE0..=0xEF => "UCS-2, message waiting",
        _ => "reserved or telco's own",
    };
    format!("0x{octet:02X} ({word})")
}

fn message(body: &[u8], data_coding: u8, udhi: bool) -> String {
    let header = if udhi { body.first().map_or(0, |length| usize::from(*length) + 1).min(body.len()) } else { 0 };
    let (header, octets) = body.split_at(header);
    // as the server reads it, which may not be what is declared
    let text = octets::read(octets, declared(data_coding, DefaultAlphabet::Gsm7));
    let udh = if header.is_empty() { String::new() } else { format!("UDH {}; ", hex(header)) };
    format!("{udh}{text:?} = {}", hex(octets))
}

/// Name and usual length of a TLV.
fn tlv_name(tag: u16) -> (String, Option<usize>) {
    let (name, length) = match tag {
        0x0005 => ("dest_addr_subunit", Some(1)),
        0x001D => ("additional_status_info_text", None),
        0x001E => ("receipted_message_id", None),
        0x0204 => ("user_message_reference", Some(2)),
        0x020A => ("source_port", Some(2)),
        0x020B => ("destination_port", Some(2)),
        0x020C => ("sar_msg_ref_num", Some(2)),
        0x020D => ("language_indicator", Some(1)),
        0x020E => ("sar_total_segments", Some(1)),
        0x020F => ("sar_segment_seqnum", Some(1)),
        0x0210 => ("sc_interface_version", Some(1)),
        0x0381 => ("callback_num", None),
        0x0420 => ("dpf_result", Some(1)),
        0x0422 => ("ms_availability_status", Some(1)),
        0x0423 => ("network_error_code", Some(3)),
        0x0424 => ("message_payload", None),
        0x0425 => ("delivery_failure_reason", Some(1)),
        0x0426 => ("more_messages_to_send", Some(1)),
        0x0427 => ("message_state", Some(1)),
        0x0428 => ("congestion_state", Some(1)),
        0x0501 => ("ussd_service_op", Some(1)),
        0x1380 => ("its_reply_type", Some(1)),
        0x1383 => ("its_session_info", Some(2)),
        0x1400..=0x3FFF => ("vendor TLV", None),
        _ => ("unknown TLV", None),
    };
    (format!("{name} (0x{tag:04X})"), length)
}

fn tlv_value(value: &[u8]) -> String {
    let number = match value {
        [octet] => format!(" = {octet}"),
        [high, low] => format!(" = {}", u16::from_be_bytes([*high, *low])),
        _ => String::new(),
    };
    let printable = value.len() > 2 && value.iter().all(|octet| matches!(octet, 0 | 0x20..=0x7E));
    let text = if printable {
        format!(" = {:?}", String::from_utf8_lossy(value).trim_end_matches('\0'))
    } else {
        String::new()
    };
    format!("{}{number}{text}", hex(value))
}

fn hex(octets: &[u8]) -> String {
    use std::fmt::Write;
    octets.iter().fold(String::with_capacity(octets.len() * 2), |mut out, octet| {
        // Writing to a String cannot fail.
        let _ = write!(out, "{octet:02X}");
        out
    })
}

#[cfg(test)]
#[path = "explain_tests.rs"]
mod tests;

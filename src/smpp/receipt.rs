//! Delivery receipts: TLVs first, else the text of Appendix B by key search, as every vendor writes it a
//! little differently.
use super::{decode::Deliver, message_id::ID_CHARS_MAX, pdu::tag};

/// Type bits of esm_class (§5.2.12).
const TYPE: u8 = 0b0011_1100;
/// The body begins with a UDH.
const UDHI: u8 = 0x40;

/// What kind of message a deliver_sm carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A citizen's text.
    Message,
    /// An SMSC delivery receipt.
    Receipt,
    /// Another acknowledgement or notification: nothing to answer.
    Other,
}

/// Sorts a deliver_sm or data_sm, by masks, not by equality: receipts also come with UDHI or an intermediate bit. One that
/// names a message and its state in TLVs is a receipt whatever its esm_class says: no telephone writes these.
pub fn kind(deliver: &Deliver) -> Kind {
    let named = deliver.tlv(tag::RECEIPTED_MESSAGE_ID).is_some() && deliver.tlv(tag::MESSAGE_STATE).is_some();
    match of_type(deliver.esm_class) {
        Kind::Message if named => Kind::Receipt,
        kind => kind,
    }
}

/// What the message type of an esm_class says by itself (SMPP 3.4 §5.2.12).
pub(super) fn of_type(esm_class: u8) -> Kind {
    match esm_class & TYPE {
        0x04 | 0x24 => Kind::Receipt,
        0x08 | 0x10 | 0x18 | 0x20 => Kind::Other,
        _ => Kind::Message,
    }
}

/// What a receipt says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeliveryState {
    /// It arrived.
    Delivered,
    /// It will not arrive: expired, deleted, undeliverable, rejected.
    Undelivered,
    /// On its way, or the telco does not know.
    Pending,
}

/// A receipt that names its message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The id of the submit_sm_resp, as written here.
    pub message_id: String,
    /// What became of it.
    pub state: DeliveryState,
}

/// Reads a receipt; `None` when it names no message.
pub fn read(deliver: &Deliver) -> Option<Receipt> {
    let texts = texts(deliver);
    let field = |keys: &[&str]| texts.iter().find_map(|text| field(text, keys));
    let id = deliver
        .tlv(tag::RECEIPTED_MESSAGE_ID)
        .map(|value| String::from_utf8_lossy(value).trim_matches(['\0', ' ']).to_owned())
        .filter(|id| !id.is_empty())
        .or_else(|| field(&["id"]))?;
    let state = deliver
        .tlv(tag::MESSAGE_STATE)
        .and_then(|value| of_number(value))
        .unwrap_or_else(|| of_word(&field(&["stat", "status"]).unwrap_or_default()));
    Some(Receipt { message_id: id.chars().take(ID_CHARS_MAX).collect(), state })
}

/// Where the text of Appendix B may stand: in the body and, where that says nothing, in a message_payload beside it;
/// behind a UDH, if there is one, for some telcos set UDHI and write none.
fn texts(deliver: &Deliver) -> Vec<String> {
    let payload = deliver.tlv(tag::MESSAGE_PAYLOAD).filter(|payload| **payload != deliver.body);
    let mut texts = Vec::new();
    for body in std::iter::once(&deliver.body).chain(payload) {
        let header = if deliver.esm_class & UDHI == 0 { 0 } else { header_len(body) };
        texts.push(ascii(&body[header..]));
        if header > 0 {
            texts.push(ascii(body));
        }
    }
    texts
}

/// Octets of the UDH at the start of a body; 0 where its elements do not fill it, so that it is none.
fn header_len(body: &[u8]) -> usize {
    let Some(header) = body.first().and_then(|length| body.get(1..=usize::from(*length))) else { return 0 };
    let mut rest = header;
    while let [_, length, value @ ..] = rest {
        let Some(next) = value.get(usize::from(*length)..) else { return 0 };
        rest = next;
    }
    if rest.is_empty() && !header.is_empty() { header.len() + 1 } else { 0 }
}

/// What is ASCII in it, for keys and words are: so a receipt in UCS-2 reads the same in either order of its octets.
fn ascii(body: &[u8]) -> String {
    body.iter()
        .filter(|octet| **octet != 0)
        .map(|octet| if octet.is_ascii() { char::from(*octet) } else { char::REPLACEMENT_CHARACTER })
        .collect()
}

/// message_state (§5.2.28), in as many octets as the telco likes; `None` where the number says nothing, so that
/// a word may.
fn of_number(value: &[u8]) -> Option<DeliveryState> {
    let (last, zeros) = value.split_last()?;
    if zeros.len() > 7 || zeros.iter().any(|octet| *octet != 0) {
        return None;
    }
    match last {
        2 => Some(DeliveryState::Delivered),
        // 9 is 5.0's "skipped"
        3 | 4 | 5 | 8 | 9 => Some(DeliveryState::Undelivered),
        1 | 6 | 7 => Some(DeliveryState::Pending),
        _ => None,
    }
}

fn of_word(word: &str) -> DeliveryState {
    match word.to_ascii_uppercase().as_str() {
        "DELIVRD" | "DELIVERED" | "ACKED" => DeliveryState::Delivered,
        "EXPIRED" | "DELETED" | "UNDELIV" | "UNDELIVERABLE" | "REJECTD" | "REJECTED" | "FAILED" | "SKIPPED" => {
            DeliveryState::Undelivered
        }
        _ => DeliveryState::Pending,
    }
}

/// What may stand between two fields, and around a value.
fn is_gap(c: char) -> bool {
    c.is_whitespace() || matches!(c, ',' | ';' | '|' | '"' | '\'' | '{' | '}' | char::REPLACEMENT_CHARACTER)
}

/// The word after one of these keys: `id:7`, `id=7`, `"id": "7"`. A key stands at the start or after a gap. What
/// follows `text:` is our own text, which may hold anything.
fn field(text: &str, keys: &[&str]) -> Option<String> {
    let words = values(text);
    let ours = words.iter().position(|(key, _)| key == "text").unwrap_or(words.len());
    let found = words[..ours].iter().find(|(key, value)| keys.contains(&key.as_str()) && !value.is_empty());
    found.map(|(_, value)| value.clone())
}

/// Every key in lower case with its value; one whose value is missing has an empty one.
fn values(text: &str) -> Vec<(String, String)> {
    let mut found: Vec<(String, String)> = Vec::new();
    let mut rest = text;
    // each turn takes a word away, or the sign that stands without one
    while let Some(start) = rest.find(|c: char| !is_gap(c)) {
        rest = &rest[start..];
        let end = rest.find(|c: char| is_gap(c) || matches!(c, ':' | '=')).unwrap_or(rest.len());
        let (word, behind) = rest.split_at(end);
        let sign = behind.trim_start_matches(['"', '\'']).trim_start();
        rest = match sign.strip_prefix([':', '=']) {
            Some(value) => {
                let (value, next) = value_of(value);
                found.push((word.to_ascii_lowercase(), value.to_owned()));
                next
            }
            None => behind,
        };
    }
    found
}

/// The value at the start, after blanks and a quotation mark, and what follows it. Where the next key stands
/// there is no value.
fn value_of(text: &str) -> (&str, &str) {
    let start = text.trim_start();
    let quoted = start.trim_start_matches(['"', '\'']);
    let end = quoted.find(is_gap).unwrap_or(quoted.len());
    let (value, next) = quoted.split_at(end);
    let is_key = ["sub", "dlvrd", "submit", "done", "stat", "err", "text", "id"].iter().any(|key| {
        let head = value.get(..key.len()).is_some_and(|head| head.eq_ignore_ascii_case(key));
        head && value[key.len()..].starts_with([':', '='])
    });
    if is_key { ("", quoted) } else { (value, next) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::smpp::pdu::{Address, Tlv};
    use bytes::Bytes;

    fn deliver(text: &str, tlvs: Vec<Tlv>) -> Deliver {
        let address = Address { ton: 1, npi: 1, digits: Bytes::from_static(b"85510000001") };
        Deliver {
            sequence: 1,
            is_data_sm: false,
            service_type: Bytes::new(),
            source: address.clone(),
            destination: address,
            esm_class: 4,
            data_coding: 0,
            body: Bytes::copy_from_slice(text.as_bytes()),
            tlvs,
        }
    }

    #[test]
    fn texts_of_many_telcos_are_read() {
        for (text, id, state) in [
            (
                "id:0123456789 sub:001 dlvrd:001 submit date:2611230842 done date:2611230842 stat:DELIVRD err:000 text:",
                "0123456789",
                DeliveryState::Delivered,
            ),
            ("ID: abc STAT: undeliv ERR:0A1", "abc", DeliveryState::Undelivered),
            ("stat:ENROUTE id:7", "7", DeliveryState::Pending),
            ("id:9 done date:0000000000 stat:FAILED err:002 text:Hello", "9", DeliveryState::Undelivered),
        ] {
            let receipt = read(&deliver(text, Vec::new())).expect(text);
            assert_eq!((receipt.message_id.as_str(), receipt.state), (id, state), "{text}");
        }
        for text in
            ["your bill is paid:yes", "", "id:", "id: stat:DELIVRD", "id:,sub:001,stat:DELIVRD", "id", "text:id:5"]
        {
            assert_eq!(read(&deliver(text, Vec::new())), None, "{text}");
        }
    }

    /// As they came from the field, and what is like it: another gap, another sign, quotation marks.
    #[test]
    fn no_gap_between_the_fields_costs_a_receipt() {
        for text in [
            "id:X7,sub:001,dlvrd:001,submit date:2611230842,done date:2611230842,stat:DELIVRD,err:000,text:Hello",
            "id:X7;sub:001;dlvrd:001;submit date:2611230842;done date:2611230842;stat:DELIVRD;err:000",
            "id:X7\tsub:001\tdlvrd:001\tstat:DELIVRD\terr:000",
            "id:X7\r\nsub:001\r\nstat:DELIVRD\r\n",
            "id:X7|sub:001|stat:DELIVRD",
            "id=X7 sub=001 stat=DELIVRD err=000",
            "ID = X7, STAT = DELIVRD",
            "id:\"X7\" sub:\"001\" stat:\"DELIVRD\"",
            "id:'X7',stat:'DELIVRD'",
            "{\"id\":\"X7\",\"stat\":\"DELIVRD\"}",
            "{\"id\" : \"X7\", \"stat\" : \"DELIVRD\"}",
            "sub:001,id:X7,stat:DELIVRD",
            "smsc_id:9 mid:8 id:X7 substat:EXPIRED stat:DELIVRD",
            "id:X7 stat:DELIVRD text:id:9 stat:EXPIRED",
            "id:X7,stat:DELIVRD,text:a,id:9,stat:EXPIRED",
            " , id:X7 , stat:DELIVRD",
            "message id:X7 stat:DELIVRD",
        ] {
            let read = read(&deliver(text, Vec::new()));
            assert_eq!(read, Some(Receipt { message_id: "X7".into(), state: DeliveryState::Delivered }), "{text}");
        }
        // what an id may hold is not a gap
        for id in ["a-b.c_d/e+f=", "01FB:7", "0x1F", "7@smsc"] {
            assert_eq!(read(&deliver(&format!("id:{id} stat:DELIVRD"), Vec::new())).expect(id).message_id, id);
        }
    }

    #[test]
    fn no_header_and_no_alphabet_costs_a_receipt() {
        let text = b"id:X7 sub:001 dlvrd:001 stat:DELIVRD err:000 text:Hello";
        let wide = |order: fn(u16) -> [u8; 2]| -> Vec<u8> { text.iter().flat_map(|c| order(u16::from(*c))).collect() };
        let (big, little) = (wide(u16::to_be_bytes), wide(u16::to_le_bytes));
        let udh = b"\x05\0\x03\x07\x02\x01";
        for (what, esm_class, body) in [
            ("a UDH", 0x44, [&udh[..], text].concat()),
            ("two elements", 0x44, [&b"\x08\0\x03\x07\x02\x01\x24\x01\0"[..], text].concat()),
            ("UDHI without a UDH", 0x44, text.to_vec()),
            ("UCS-2", 0x04, big.clone()),
            ("UCS-2 of the other order", 0x04, little.clone()),
            ("UCS-2 with its mark", 0x04, [b"\xFE\xFF", &big[..]].concat()),
            ("the other order with its mark", 0x04, [b"\xFF\xFE", &little[..]].concat()),
            ("UCS-2 behind a UDH", 0x44, [&udh[..], &big].concat()),
            ("the other order behind a UDH", 0x44, [&udh[..], &little].concat()),
        ] {
            let mut receipt = deliver("", Vec::new());
            (receipt.esm_class, receipt.body) = (esm_class, body.clone().into());
            let wanted = Some(Receipt { message_id: "X7".into(), state: DeliveryState::Delivered });
            assert_eq!(read(&receipt), wanted, "{what}");
            // beside a short_message that says nothing
            let payload = Tlv { tag: tag::MESSAGE_PAYLOAD, value: body.into() };
            (receipt.body, receipt.tlvs) = (Bytes::from_static(b" "), vec![payload]);
            assert_eq!(read(&receipt), wanted, "{what}, in message_payload");
        }
    }

    #[test]
    fn message_state_is_read_in_as_many_octets_as_it_has() {
        let state = |value: &'static [u8], text: &str| {
            let tlvs = vec![
                Tlv { tag: tag::RECEIPTED_MESSAGE_ID, value: Bytes::from_static(b"1f") },
                Tlv { tag: tag::MESSAGE_STATE, value: Bytes::from_static(value) },
            ];
            read(&deliver(text, tlvs)).map(|receipt| receipt.state)
        };
        for (value, text, told) in [
            (&[2][..], "", DeliveryState::Delivered),
            (&[0, 2], "", DeliveryState::Delivered),
            (&[0, 0, 0, 2], "", DeliveryState::Delivered),
            (&[0, 0, 0, 5], "stat:DELIVRD", DeliveryState::Undelivered),
            (&[0, 0, 0, 1], "stat:DELIVRD", DeliveryState::Pending),
            (&[], "stat:DELIVRD", DeliveryState::Delivered),
            (&[0], "stat:DELIVRD", DeliveryState::Delivered),
            (&[0x20], "stat:EXPIRED", DeliveryState::Undelivered),
            (&[2, 0, 0, 0], "", DeliveryState::Pending),
            (&[2, 0, 0, 2], "stat:EXPIRED", DeliveryState::Undelivered),
            (&[0, 0, 0, 0, 0, 0, 0, 2], "stat:EXPIRED", DeliveryState::Delivered),
            (&[0, 0, 0, 0, 0, 0, 0, 0, 2], "stat:EXPIRED", DeliveryState::Undelivered),
        ] {
            assert_eq!(state(value, text), Some(told), "{value:?} {text}");
        }
    }

    #[test]
    fn tlvs_go_before_the_text() {
        let tlvs = vec![
            Tlv { tag: tag::RECEIPTED_MESSAGE_ID, value: Bytes::from_static(b"1f\0") },
            Tlv { tag: tag::MESSAGE_STATE, value: Bytes::from_static(&[8]) },
        ];
        let receipt = read(&deliver("id:31 stat:DELIVRD", tlvs)).expect("a receipt");
        assert_eq!(receipt, Receipt { message_id: "1f".into(), state: DeliveryState::Undelivered });
    }

    #[test]
    fn kinds_are_told_by_masks() {
        for (esm_class, told) in [
            (0x00, Kind::Message),
            (0x40, Kind::Message),
            (0x03, Kind::Message),
            (0x04, Kind::Receipt),
            (0x44, Kind::Receipt),
            (0x24, Kind::Receipt),
            (0x20, Kind::Other),
            (0x08, Kind::Other),
            (0x10, Kind::Other),
            (0x18, Kind::Other),
            (0x0C, Kind::Message),
            (0x80, Kind::Message),
        ] {
            assert_eq!(of_type(esm_class), told, "{esm_class:#x}");
        }
    }

    #[test]
    fn what_names_a_message_and_its_state_in_tlvs_is_a_receipt_whatever_its_esm_class_says() {
        let id = Tlv { tag: tag::RECEIPTED_MESSAGE_ID, value: Bytes::from_static(b"1f\0") };
        let state = Tlv { tag: tag::MESSAGE_STATE, value: Bytes::from_static(&[2]) };
        for (tlvs, told) in [
            (vec![id.clone(), state.clone()], Kind::Receipt),
            (vec![id], Kind::Message),
            (vec![state], Kind::Message),
            (vec![], Kind::Message),
        ] {
            assert_eq!(kind(&Deliver { esm_class: 0, ..deliver("hello", tlvs) }), told);
        }
    }

    /// The states of §5.2.28, and the words of Appendix B with those that vendors write for them.
    #[test]
    fn every_state_has_its_meaning() {
        use DeliveryState::{Delivered, Pending, Undelivered};
        let numbers =
            [(0, None), (1, Some(Pending)), (2, Some(Delivered)), (3, Some(Undelivered)), (4, Some(Undelivered))];
        let more = [
            (5, Some(Undelivered)),
            (6, Some(Pending)),
            (7, Some(Pending)),
            (8, Some(Undelivered)),
            (9, Some(Undelivered)),
            (10, None),
        ];
        for (number, state) in numbers.into_iter().chain(more) {
            assert_eq!(of_number(&[number]), state, "{number}");
        }
        for (words, state) in [
            (&["DELIVRD", "DELIVERED", "ACKED", "delivrd"][..], Delivered),
            (
                &["EXPIRED", "DELETED", "UNDELIV", "UNDELIVERABLE", "REJECTD", "REJECTED", "FAILED", "SKIPPED"],
                Undelivered,
            ),
            (&["ENROUTE", "ACCEPTD", "BUFFRED", "BUFFERD", "SCHEDULED", "UNKNOWN", ""], Pending),
        ] {
            for word in words {
                assert_eq!(of_word(word), state, "{word}");
            }
        }
    }

    #[test]
    fn a_header_is_one_only_where_its_elements_fill_it() {
        for (body, octets) in [
            (&b"\x05\0\x03\x07\x02\x01id:7"[..], 6),
            (b"\x05\0\x03\x07\x02\x01", 6),
            (b"\x02\x24\0id:7", 3),
            (b"\x05\0\x03\x07\x02", 0),
            (b"\x05\0\x02\x07\x02\x01id:7", 0),
            (b"\x05\0\x04\x07\x02\x01id:7", 0),
            (b"\0id:7", 0),
            (b"", 0),
        ] {
            assert_eq!(header_len(body), octets, "{body:?}");
        }
    }

    #[test]
    fn an_id_is_kept_as_long_as_ids_are() {
        for octets in [ID_CHARS_MAX, ID_CHARS_MAX + 1] {
            let text = format!("id:{} stat:DELIVRD", "7".repeat(octets));
            assert_eq!(read(&deliver(&text, Vec::new())).expect("an id").message_id.len(), ID_CHARS_MAX);
        }
    }
}

//! Delivery receipts: TLVs first, else the text of Appendix B by key search, as every vendor writes it a
//! little differently.
use super::{decode::Deliver, pdu::tag};

/// Type bits of esm_class (§5.2.12).
const TYPE: u8 = 0b0011_1100;

/// What kind of message a deliver_sm carries, by its esm_class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A citizen's text.
    Message,
    /// An SMSC delivery receipt.
    Receipt,
    /// Another acknowledgement or notification: nothing to answer.
    Other,
}

/// Sorts a deliver_sm. Masks, not equality: receipts also come with UDHI or an intermediate bit.
pub fn kind(esm_class: u8) -> Kind {
    match esm_class & TYPE {
        0x04 | 0x24 => Kind::Receipt,
        0x08 | 0x10 | 0x18 | 0x20 => Kind::Other,
        _ => Kind::Message,
    }
}

/// What a receipt says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
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
    pub state: State,
}

/// Reads a receipt; `None` when it names no message.
pub fn read(deliver: &Deliver) -> Option<Receipt> {
    let text = String::from_utf8_lossy(&deliver.body);
    // Some telcos write the ASCII receipt in UCS-2.
    let text = if text.contains('\0') { text.replace('\0', "") } else { text.into_owned() };
    let id = deliver
        .tlv(tag::RECEIPTED_MESSAGE_ID)
        .map(|value| String::from_utf8_lossy(value).trim_end_matches('\0').to_owned())
        .filter(|id| !id.is_empty())
        .or_else(|| field(&text, "id:"))?;
    let state = match deliver.tlv(tag::MESSAGE_STATE).and_then(|value| value.first()) {
        Some(state) => of_number(*state),
        None => of_word(&field(&text, "stat:").unwrap_or_default()),
    };
    Some(Receipt { message_id: id.chars().take(64).collect(), state })
}

/// message_state (§5.2.28).
fn of_number(state: u8) -> State {
    match state {
        2 => State::Delivered,
        3 | 4 | 5 | 8 => State::Undelivered,
        _ => State::Pending,
    }
}

fn of_word(word: &str) -> State {
    match word.to_ascii_uppercase().as_str() {
        "DELIVRD" | "DELIVERED" | "ACKED" => State::Delivered,
        "EXPIRED" | "DELETED" | "UNDELIV" | "UNDELIVERABLE" | "REJECTD" | "REJECTED" | "FAILED" => State::Undelivered,
        _ => State::Pending,
    }
}

/// The word after a key that stands at the start or after a blank.
fn field(text: &str, key: &str) -> Option<String> {
    let lower = text.to_ascii_lowercase();
    let mut from = 0;
    while let Some(found) = lower[from..].find(key) {
        let at = from + found;
        if at == 0 || lower.as_bytes()[at - 1].is_ascii_whitespace() {
            let word: String = text[at + key.len()..].trim_start().chars().take_while(|c| !c.is_whitespace()).collect();
            return (!word.is_empty()).then_some(word);
        }
        from = at + key.len();
    }
    None
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
                State::Delivered,
            ),
            ("ID: abc STAT: undeliv ERR:0A1", "abc", State::Undelivered),
            ("stat:ENROUTE id:7", "7", State::Pending),
            ("id:9 done date:0000000000 stat:FAILED err:002 text:Hello", "9", State::Undelivered),
        ] {
            let receipt = read(&deliver(text, Vec::new())).expect(text);
            assert_eq!((receipt.message_id.as_str(), receipt.state), (id, state), "{text}");
        }
        assert_eq!(read(&deliver("your bill is paid:yes", Vec::new())), None);
    }

    #[test]
    fn tlvs_go_before_the_text() {
        let tlvs = vec![
            Tlv { tag: tag::RECEIPTED_MESSAGE_ID, value: Bytes::from_static(b"1f\0") },
            Tlv { tag: tag::MESSAGE_STATE, value: Bytes::from_static(&[8]) },
        ];
        let receipt = read(&deliver("id:31 stat:DELIVRD", tlvs)).expect("a receipt");
        assert_eq!(receipt, Receipt { message_id: "1f".into(), state: State::Undelivered });
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
        ] {
            assert_eq!(kind(esm_class), told, "{esm_class:#x}");
        }
    }
}

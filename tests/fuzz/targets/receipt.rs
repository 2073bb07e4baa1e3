//! A receipt in any form is read or is none, its id is one that can be kept, and ids compare as they are written.
use super::Input;
use bytes::Bytes;
use chrak::smpp::{
    decode::Deliver,
    message_id::{self, Fit, ID_CHARS_MAX, Learned, Pair, Rule},
    pdu::{Address, Tlv},
    receipt::{self, DeliveryState, Kind, Receipt},
};

/// esm_class, which TLVs, an id, and the text.
pub fn run(octets: &[u8]) {
    let mut input = Input(octets);
    let (esm_class, which) = (input.octet(), input.octet());
    let (id, other) = (input.string(), input.string());
    let mut tlvs = Vec::new();
    for (bit, tag, value) in [(1, 0x001E, id), (2, 0x0427, other), (4, 0x0424, input.0)] {
        if which & bit != 0 {
            tlvs.push(Tlv { tag, value: Bytes::copy_from_slice(value) });
        }
    }
    let deliver = with(esm_class, if which & 8 == 0 { input.0 } else { other }, tlvs);
    receipt::kind(&deliver);
    if let Some(Receipt { message_id, .. }) = receipt::read(&deliver) {
        assert!(!message_id.is_empty() && message_id.chars().count() <= ID_CHARS_MAX);
        ids(&message_id, &String::from_utf8_lossy(other));
    }
    by_the_book(id, input.0);
}

fn with(esm_class: u8, body: &[u8], tlvs: Vec<Tlv>) -> Deliver {
    let address = Address { ton: 1, npi: 1, digits: Bytes::from_static(b"85510000001") };
    Deliver {
        sequence: 1,
        is_data_sm: false,
        service_type: Bytes::new(),
        source: address.clone(),
        destination: address,
        esm_class,
        data_coding: 0,
        body: Bytes::copy_from_slice(body),
        tlvs,
    }
}

/// A receipt as Appendix B has it says what it says, whatever text of ours stands at its end.
fn by_the_book(id: &[u8], text: &[u8]) {
    let id: String = id.iter().filter(|octet| octet.is_ascii_alphanumeric()).map(|octet| char::from(*octet)).collect();
    if id.is_empty() || id.len() > ID_CHARS_MAX {
        return;
    }
    for (word, state) in [
        ("DELIVRD", DeliveryState::Delivered),
        ("EXPIRED", DeliveryState::Undelivered),
        ("ENROUTE", DeliveryState::Pending),
    ] {
        let head =
            format!("id:{id} sub:001 dlvrd:001 submit date:2611230842 done date:2611230842 stat:{word} err:000 text:");
        let deliver = with(4, &[head.as_bytes(), text].concat(), Vec::new());
        assert_eq!(receipt::kind(&deliver), Kind::Receipt);
        assert_eq!(receipt::read(&deliver), Some(Receipt { message_id: id.clone(), state }));
    }
}

fn ids(one: &str, other: &str) {
    for id in [one, other] {
        let partners = message_id::partners(id);
        assert_eq!(partners.first().map(String::as_str), Some(id));
        if let Some(key) = message_id::key(id) {
            assert_eq!(message_id::key(&key).as_deref(), Some(key.as_str()), "a key is its own key");
            assert!(partners.contains(&key));
        }
    }
    let pair = |resp, rule| Pair { resp, receipt: one, rule, same_number: None };
    for rule in [Rule::Auto, Rule::Exact, Rule::Hex, Rule::Decimal] {
        let pairs = [pair(other, rule), pair(one, rule)];
        let chosen = message_id::choose(&pairs, Learned::default());
        let wanted = (one != other).then_some((1, Fit::Exact));
        assert_eq!(
            chosen, wanted,
            "what is written alike goes before what is like it, and two that are equal are none"
        );
    }
}

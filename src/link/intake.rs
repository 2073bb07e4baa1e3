//! What a citizen's text and a receipt are to the exchange, at one telco.
use super::telco::Telco;
use crate::{
    exchange::{IncomingMo, PartOf},
    ports::{
        inbox::Source,
        outbox::{Delivery, NewReceipt},
    },
    smpp::{decode::Deliver, pdu::Address, text},
    types::{Msisdn, SessionId, limits::SOURCE_DIGITS_MIN},
};

/// TON of a name instead of a number (§5.2.5).
const TON_ALPHANUMERIC: u8 = 5;

/// A text, decoded.
pub(super) fn text(telco: &Telco, session: SessionId, deliver: &Deliver) -> IncomingMo {
    let (piece, place) = text::piece(deliver, telco.default_alphabet, telco.packed);
    let text = text::text_of(&[&piece]);
    IncomingMo {
        smsc: telco.name.clone(),
        family: telco.family.clone(),
        session,
        source: source(&deliver.source),
        destination: deliver.destination.text(),
        text,
        raw: deliver.body.to_vec(),
        data_coding: deliver.data_coding,
        esm_class: deliver.esm_class,
        unique_id: telco.unique_id.and_then(|tag| deliver.tlv(tag)).map(|value| value.to_vec()),
        part: place.map(|place| PartOf { place, piece }),
    }
}

/// A receipt with the last word on its segment. `from`, `to`: its addresses.
pub(super) fn receipt(telco: &Telco, message_id: String, delivered: bool, from: &Address, to: &Address) -> NewReceipt {
    // The text's destination is the receipt's source (§2.11); some telcos leave the addresses as they were.
    let person = |address: &Address| match source(address) {
        Source::Person(number) => Some(number),
        Source::Other(_) => None,
    };
    NewReceipt {
        family: telco.family.clone(),
        message_id,
        rule: telco.message_id,
        number: person(from).or_else(|| person(to)),
        delivery: if delivered { Delivery::Delivered } else { Delivery::Undelivered },
    }
}

/// Names and short codes are nobody to answer.
fn source(address: &Address) -> Source {
    let text = address.text();
    let digits = text.chars().filter(char::is_ascii_digit).count();
    if address.ton == TON_ALPHANUMERIC || digits < SOURCE_DIGITS_MIN {
        return Source::Other(text);
    }
    match Msisdn::from_telco(address.ton, &text) {
        Some(number) => Source::Person(number),
        None => Source::Other(text),
    }
}

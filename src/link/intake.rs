//! What a deliver_sm is: a citizen's text, a receipt, or something that is only acknowledged.
use super::telco::Telco;
use crate::{
    exchange::{IncomingMo, PartOf},
    ports::{
        inbox::Source,
        outbox::{Delivery, NewReceipt},
    },
    smpp::{
        decode::Deliver,
        dialect::Dialect,
        pdu::Address,
        receipt::{self, DeliveryState, Kind},
        text,
    },
    types::{
        Msisdn, SessionId,
        limits::{SOURCE_DIGITS_MIN, TEXT_CHARS_MAX},
    },
};

/// What is to be done with it.
pub enum Arrival {
    /// A text: to be stored before it is acknowledged.
    Mo(Box<IncomingMo>),
    /// A final receipt: to be stored before it is acknowledged.
    Receipt(NewReceipt),
    /// A receipt by its esm_class that names no message: acknowledged, as no repetition would name one.
    Unread,
    /// Nothing durable to it: acknowledged at once.
    Nothing,
}

/// TON of a name instead of a number (§5.2.5).
const TON_ALPHANUMERIC: u8 = 5;

/// Whether it belongs to a USSD session.
pub fn is_ussd(deliver: &Deliver) -> bool {
    receipt::kind(deliver.esm_class) == Kind::Message && Dialect::is_ussd(deliver)
}

/// Sorts and decodes.
pub fn sort(telco: &Telco, session: SessionId, deliver: &Deliver) -> Arrival {
    match receipt::kind(deliver.esm_class) {
        Kind::Receipt => return of_receipt(telco, deliver),
        Kind::Other => return Arrival::Nothing,
        Kind::Message => {}
    }
    let (mut text, part) = text::read(deliver, telco.default_alphabet, telco.packed);
    if let Some((end, _)) = text.char_indices().nth(TEXT_CHARS_MAX) {
        text.truncate(end);
    }
    Arrival::Mo(Box::new(IncomingMo {
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
        part: part.map(|part| PartOf { reference: part.reference, total: part.total, number: part.number }),
    }))
}

fn of_receipt(telco: &Telco, deliver: &Deliver) -> Arrival {
    let Some(receipt) = receipt::read(deliver) else {
        return Arrival::Unread;
    };
    let delivery = match receipt.state {
        DeliveryState::Delivered => Delivery::Delivered,
        DeliveryState::Undelivered => Delivery::Undelivered,
        DeliveryState::Pending => return Arrival::Nothing,
    };
    // The text's destination is the receipt's source (§2.11); some telcos leave the addresses as they were.
    let person = |address: &Address| match source(address) {
        Source::Person(number) => Some(number),
        Source::Other(_) => None,
    };
    let number = person(&deliver.source).or_else(|| person(&deliver.destination));
    Arrival::Receipt(NewReceipt {
        family: telco.family.clone(),
        message_id: receipt.message_id,
        rule: telco.message_id,
        number,
        delivery,
    })
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

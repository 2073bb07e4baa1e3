//! What the telco was promised, read from the octets on its connection by a reader of the test's own.
use super::trace::Step;
use std::collections::{BTreeMap, HashMap};

/// What stood on the connection at a step of the run.
#[derive(Debug, PartialEq, Eq)]
pub enum Word {
    /// A text, or a part of one, of this number was acknowledged with ESME_ROK.
    Text(String),
    /// A receipt for this number was.
    Receipt(String),
    /// A segment to this number left.
    Segment(String),
}

const SUBMIT_SM: u32 = 4;
const DELIVER_SM: u32 = 5;
const BIND_TRX: u32 = 9;
const DELIVER_SM_RESP: u32 = 0x8000_0005;

/// A PDU: command_id, command_status, sequence_number, body (SMPP 3.4 §3.2).
type Pdu = (u32, u32, u32, Vec<u8>);

/// Takes whole PDUs off the front.
fn pdus(stream: &mut Vec<u8>) -> Vec<Pdu> {
    let mut found = Vec::new();
    let word = |stream: &[u8], at: usize| u32::from_be_bytes(stream[at..at + 4].try_into().expect("four octets"));
    while stream.len() >= 16 && stream.len() >= word(stream, 0) as usize && word(stream, 0) >= 16 {
        let pdu: Vec<u8> = stream.drain(..word(stream, 0) as usize).collect();
        found.push((word(&pdu, 4), word(&pdu, 8), word(&pdu, 12), pdu[16..].to_vec()));
    }
    found
}

/// source_addr, destination_addr and esm_class of deliver_sm and submit_sm (§4.4.1, §4.6.1).
fn addresses(body: &[u8]) -> (String, String, u8) {
    let mut rest = body;
    let mut text = |skipped: usize| {
        rest = &rest[skipped..];
        let end = rest.iter().position(|octet| *octet == 0).expect("a C-Octet String ends");
        let text = String::from_utf8_lossy(&rest[..end]).into_owned();
        rest = &rest[end + 1..];
        text
    };
    // service_type; then TON and NPI stand before each address
    text(0);
    let (source, destination) = (text(2), text(2));
    (source, destination, rest[0])
}

/// What was promised, with the step at which it was.
pub fn words(steps: &[Step]) -> Vec<(usize, Word)> {
    let mut binds: BTreeMap<&str, bool> = BTreeMap::new();
    let mut streams: HashMap<(&str, bool), Vec<u8>> = HashMap::new();
    let mut open: HashMap<(&str, u32), (String, bool)> = HashMap::new();
    let mut words = Vec::new();
    for (at, step) in steps.iter().enumerate() {
        let (connection, octets, sent) = match step {
            Step::Sent { connection, octets } => (connection.as_str(), octets, true),
            Step::Received { connection, octets } => (connection.as_str(), octets, false),
            _ => continue,
        };
        // a connection is one with the telco if it begins with a bind
        let is_bind = octets.get(4..8) == Some(&BIND_TRX.to_be_bytes());
        if !*binds.entry(connection).or_insert(sent && is_bind) {
            continue;
        }
        let stream = streams.entry((connection, sent)).or_default();
        stream.extend_from_slice(octets);
        for (id, status, sequence, body) in pdus(stream) {
            match (sent, id) {
                (false, DELIVER_SM) => {
                    let (source, _, esm_class) = addresses(&body);
                    open.insert((connection, sequence), (source, esm_class & 0x3c == 0x04));
                }
                (true, DELIVER_SM_RESP) if status == 0 => {
                    let (number, receipt) = open.remove(&(connection, sequence)).expect("a response has its request");
                    words.push((at, if receipt { Word::Receipt(number) } else { Word::Text(number) }));
                }
                (true, SUBMIT_SM) => words.push((at, Word::Segment(addresses(&body).1))),
                _ => {}
            }
        }
    }
    words
}

#[test]
fn acknowledgements_are_told_by_number_and_kind() {
    let pdu = |id: u32, sequence: u32, body: &[u8]| {
        let len = 16 + body.len() as u32;
        [&len.to_be_bytes()[..], &id.to_be_bytes(), &0_u32.to_be_bytes(), &sequence.to_be_bytes(), body].concat()
    };
    let sent = |octets: Vec<u8>| Step::Sent { connection: "socket:[1]".to_owned(), octets };
    let received = |octets: &[u8]| Step::Received { connection: "socket:[1]".to_owned(), octets: octets.to_vec() };
    let deliver =
        |sequence, esm: u8| pdu(DELIVER_SM, sequence, &[b"\0\x01\x0185512\0\x00\x011212\0", &[esm, 0, 0][..]].concat());
    let both = [deliver(1, 0), deliver(2, 4)].concat();
    let steps = [
        sent(pdu(BIND_TRX, 1, b"")),
        received(&both[..20]),
        received(&both[20..]),
        sent([pdu(DELIVER_SM_RESP, 2, b"\0"), pdu(DELIVER_SM_RESP, 1, b"\0")].concat()),
        sent(pdu(SUBMIT_SM, 7, b"\0\x00\x011212\0\x01\x0185512\0\0\0\0")),
    ];
    let number = || "85512".to_owned();
    assert_eq!(words(&steps), [(3, Word::Receipt(number())), (3, Word::Text(number())), (4, Word::Segment(number()))]);
}

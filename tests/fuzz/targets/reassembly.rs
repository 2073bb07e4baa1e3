//! Parts of several texts, in any order, twice, with references that come round: each belongs to one text, a text is
//! whole when all its parts are there and never before, and what is joined is what was cut.
use super::Input;
use bytes::Bytes;
use chrak::{
    ports::rules::parts::{Known, Placed, Stored, TextKey, place, wanted},
    smpp::{
        concat::{Cut, UDHI, encode},
        decode::Deliver,
        pdu::{Address, Tlv},
        text::{DefaultAlphabet, Part, PartWay, piece, text_of},
    },
    text::{
        octets::Piece,
        segment::{Alphabet, plan_with},
    },
    types::{CauseId, limits::PARTS_MAX, names::Family},
};
use std::collections::BTreeMap;
use uuid::Uuid;

/// Parts of one input.
const STEPS_MAX: usize = 120;

/// One half is parts that a telco makes up; the other is a text, cut as telephones do and told in another order.
pub fn run(octets: &[u8]) {
    let mut input = Input(octets);
    let mut sender = Sender::default();
    for _ in 0..STEPS_MAX {
        if input.is_empty() {
            break;
        }
        if input.octet() % 8 == 7 {
            whole(&mut input);
        } else {
            sender.part(&mut input);
        }
    }
}

/// What is here of one sender, as a store has it.
#[derive(Default)]
struct Sender {
    known: Vec<(Known, Piece)>,
    next: u128,
}

impl Sender {
    fn part(&mut self, input: &mut Input<'_>) {
        let (way, esm_class, coding) = (input.octet(), input.octet() & UDHI, input.octet());
        let (reference, total, number) = (input.octet() % 4, input.octet() % 20, input.octet() % 24);
        let words = input.octets(1 + usize::from(coding) % 7);
        let body = match way % 3 {
            0 => [&[5, 0, 3, reference, total, number][..], words].concat(),
            1 => [&[6, 8, 4, 0, reference, total, number][..], words].concat(),
            _ => words.to_vec(),
        };
        let sar = [(0x020C, vec![0, reference]), (0x020E, vec![total]), (0x020F, vec![number])];
        let tlvs = if way % 3 == 2 { &sar[..] } else { &[] };
        let tlvs = tlvs.iter().map(|(tag, value)| Tlv { tag: *tag, value: value.clone().into() }).collect();
        let (piece, part) = piece(&deliver(esm_class, coding, body, tlvs), DefaultAlphabet::Gsm7, way & 4 != 0);
        if let Some(part) = part {
            assert!(part.total >= 2 && (1..=part.total).contains(&part.number));
            self.place(part, piece);
        }
    }

    fn place(&mut self, part: Part, piece: Piece) {
        let key = TextKey::of(&Family::from("smart"), "1212", part);
        let mut digest = [0; 32];
        digest[..piece.octets.len().min(32)].copy_from_slice(&piece.octets[..piece.octets.len().min(32)]);
        let known: Vec<Known> = self.known.iter().map(|(known, _)| known.clone()).collect();
        let placed = place(&key, part.number, &digest, &known);
        assert_eq!(place(&key, part.number, &digest, &known), placed, "it is decided by what is there");
        match placed {
            Placed::Again { of } => assert!(self.known.iter().any(|(one, kept)| {
                one.text == of && one.number == part.number && (kept == &piece || one.digest == digest)
            })),
            Placed::Beyond => assert!(part.number > PARTS_MAX),
            Placed::Kept { text, whole, over } => {
                assert_eq!(text.is_some(), over.is_none() && self.numbers(text).next().is_some());
                let text = text.unwrap_or_else(|| {
                    self.next += 1;
                    CauseId(Uuid::from_u128(self.next))
                });
                self.over(over);
                assert!(self.numbers(Some(text)).all(|number| number != part.number), "each place is taken once");
                let number = part.number;
                self.known.push((Known { text, key, number, digest, ended: false }, piece));
                let all = (1..=wanted(part.total)).all(|number| self.numbers(Some(text)).any(|one| one == number));
                assert_eq!(whole, all && wanted(part.total) > 1, "whole when all are there");
                if whole {
                    self.joined(text);
                }
            }
        }
    }

    fn numbers(&self, text: Option<CauseId>) -> impl Iterator<Item = u8> {
        self.known.iter().filter(move |(one, _)| Some(one.text) == text).map(|(one, _)| one.number)
    }

    fn over(&mut self, text: Option<CauseId>) {
        for (one, _) in &mut self.known {
            one.ended |= Some(one.text) == text;
        }
    }

    /// The text is read, and what was kept of it goes.
    fn joined(&mut self, text: CauseId) {
        let of: BTreeMap<u8, &Piece> =
            self.known.iter().filter(|(one, _)| one.text == text).map(|(one, piece)| (one.number, piece)).collect();
        let pieces: Vec<&Piece> = of.values().copied().collect();
        let again: Vec<Piece> =
            pieces.iter().map(|piece| Piece::of_bytes(&piece.to_bytes()).expect("what was kept")).collect();
        assert_eq!(text_of(&pieces), text_of(&again.iter().collect::<Vec<_>>()), "sealed and opened it is the same");
        self.known.retain(|(one, _)| one.text != text);
        let octets = self.known.iter().map(|(_, piece)| piece.octets.len() as u64).sum();
        assert!(!Stored { parts: self.known.len() as u64, octets }.is_full());
    }
}

fn deliver(esm_class: u8, data_coding: u8, body: Vec<u8>, tlvs: Vec<Tlv>) -> Deliver {
    let address = Address { ton: 1, npi: 1, digits: Bytes::from_static(b"85510000001") };
    Deliver {
        sequence: 1,
        is_data_sm: false,
        service_type: Bytes::new(),
        source: address.clone(),
        destination: address,
        esm_class,
        data_coding,
        body: body.into(),
        tlvs,
    }
}

/// A text of Khmer and Latin letters that is cut and comes in another order.
fn whole(input: &mut Input<'_>) {
    const LETTERS: [char; 16] =
        ['ក', 'ខ', '\u{17D2}', 'ន', '\u{17B6}', '\u{17C6}', ' ', 'a', 'z', '0', '9', '€', '{', '្', 'ស', '\u{1F600}'];
    let (seed, reference) = (input.octet(), input.two());
    let letters = input.string();
    let khmer = seed & 1 == 0;
    let text: String = letters
        .iter()
        .map(|octet| LETTERS[usize::from(*octet) % LETTERS.len()])
        .filter(|letter| khmer || letter.is_ascii() || *letter == '€')
        .collect();
    let alphabet = Alphabet::of(&text);
    let cut = [Cut::Udh8, Cut::Udh16][usize::from(seed >> 1 & 1)];
    let room = 4 + usize::from(seed >> 2);
    let plan = plan_with(&text, room, room);
    let parts = plan.segments.len();
    if parts < 2 || parts > usize::from(PARTS_MAX) || plan.alphabet != alphabet {
        return;
    }
    let mut found: BTreeMap<u8, Piece> = BTreeMap::new();
    for (at, segment) in plan.segments.iter().enumerate() {
        let encoded = encode(cut, alphabet, segment, reference, at as u8 + 1, parts as u8);
        let deliver = deliver(UDHI, encoded.data_coding, encoded.body, Vec::new());
        let (piece, part) = piece(&deliver, DefaultAlphabet::Gsm7, false);
        let part = part.expect("a part");
        assert_eq!((usize::from(part.total), usize::from(part.number)), (parts, at + 1));
        assert_eq!(part.way, if cut == Cut::Udh8 { PartWay::Udh8 } else { PartWay::Udh16 });
        found.insert(part.number, piece);
    }
    let joined = text_of(&found.values().collect::<Vec<_>>());
    let cut: String = plan.segments.concat();
    if alphabet == Alphabet::Gsm7 {
        assert_eq!(joined, cut);
    } else {
        assert_eq!(joined.chars().count(), cut.chars().count());
    }
}

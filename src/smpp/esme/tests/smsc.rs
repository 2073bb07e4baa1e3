//! A small SMSC, made of octets and virtual time: it takes, refuses, forgets, answers late, twice or out of order, and
//! remembers what it has truly done, so that the ESME can be judged by it.
use super::line::{Dice, SECOND};
use crate::smpp::{
    decode,
    framer::{Framer, RawPdu},
    pdu::{tag, write},
    status::{ESME_ROK, ESME_RTHROTTLED},
};
use bytes::{BufMut, BytesMut};
use rusmpp_core::CommandId;
use std::{
    collections::{HashMap, HashSet, VecDeque},
    time::{Duration, Instant},
};

/// What it does, in percent of submits or PDUs.
#[derive(Clone, Debug)]
pub struct Character {
    /// Refused with one of these.
    pub refuses: u64,
    pub statuses: Vec<u32>,
    /// Never answered.
    pub silent: u64,
    /// Answered twice.
    pub twice: u64,
    /// Answered beside something that nobody asked.
    pub beside: u64,
    /// Answered with a generic_nack instead of a refusal's resp.
    pub nacks: u64,
    /// Longest wait before an answer; any shorter one is as likely, so that answers come in any order.
    pub delay: Duration,
    /// Submits that it takes in a second; 0 is any number.
    pub per_second: u64,
    /// Submits a second that load it as it should be: it says how loaded it is, and refuses nothing; 0: it does not.
    pub loaded_by: u64,
    /// It answers our unbind.
    pub unbinds: bool,
    /// deliver_sms share a few sequence_numbers.
    pub repeats_sequences: bool,
}

impl Character {
    /// Takes all at once.
    pub fn good() -> Self {
        Character {
            refuses: 0,
            statuses: vec![0x08],
            silent: 0,
            twice: 0,
            beside: 0,
            nacks: 0,
            delay: Duration::ZERO,
            per_second: 0,
            loaded_by: 0,
            unbinds: true,
            repeats_sequences: false,
        }
    }
}

/// What a deliver_sm of it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Text,
    Ussd,
    Receipt,
    /// "On its way", or nothing that an ESME knows: acknowledged without a word.
    Nothing,
}

pub struct Smsc {
    pub character: Character,
    framer: Framer,
    /// What goes out, when.
    out: Vec<(Instant, Vec<u8>)>,
    next_sequence: u32,
    /// Texts and screens by what they say.
    pub taken: HashSet<String>,
    pub refused: HashMap<String, u32>,
    pub submits: usize,
    /// Resps to its deliver_sms, by sequence_number, as it read them.
    pub resps: HashMap<u32, Vec<u32>>,
    /// It hears nothing and says nothing any more.
    pub deaf: bool,
    pub unbound: bool,
    bucket: (f64, Option<Instant>),
    /// When the submits of the last second came.
    lately: VecDeque<Instant>,
}

impl Smsc {
    pub fn new(character: Character) -> Self {
        Smsc {
            character,
            framer: Framer::new(4096),
            out: Vec::new(),
            next_sequence: 1,
            taken: HashSet::new(),
            refused: HashMap::new(),
            submits: 0,
            resps: HashMap::new(),
            deaf: false,
            unbound: false,
            bucket: (1.0, None),
            lately: VecDeque::new(),
        }
    }

    /// When it has something to say.
    pub fn due(&self) -> Option<Instant> {
        self.out.iter().map(|(at, _)| *at).min().filter(|_| !self.deaf)
    }

    /// What it says now.
    pub fn says(&mut self, now: Instant) -> Vec<u8> {
        if self.deaf {
            return Vec::new();
        }
        let (said, later): (Vec<_>, Vec<_>) = std::mem::take(&mut self.out).into_iter().partition(|(at, _)| *at <= now);
        self.out = later;
        said.into_iter().flat_map(|(_, octets)| octets).collect()
    }

    /// Reads what has arrived.
    pub fn hears(&mut self, octets: &[u8], now: Instant, dice: &mut Dice) {
        self.framer.push(octets);
        while let Some(pdu) = self.framer.next_pdu().expect("the ESME frames its PDUs") {
            if !self.deaf {
                self.read(pdu, now, dice);
            }
        }
    }

    fn read(&mut self, pdu: RawPdu, now: Instant, dice: &mut Dice) {
        let sequence = pdu.header.sequence;
        match pdu.header.command() {
            CommandId::BindTransceiver => {
                self.say(now, CommandId::BindTransceiverResp, ESME_ROK, sequence, b"smsc\0\x02\x10\0\x01\x34");
            }
            CommandId::SubmitSm | CommandId::DataSm => self.submit(sequence, &pdu, now, dice),
            CommandId::DeliverSmResp | CommandId::DataSmResp => {
                self.resps.entry(sequence).or_default().push(pdu.header.command_status);
            }
            CommandId::EnquireLink => self.say(now, CommandId::EnquireLinkResp, ESME_ROK, sequence, b""),
            CommandId::Unbind if self.character.unbinds => {
                self.say(now, CommandId::UnbindResp, ESME_ROK, sequence, b"");
                self.unbound = true;
            }
            CommandId::UnbindResp => self.unbound = true,
            CommandId::Unbind | CommandId::EnquireLinkResp => {}
            other => panic!("the ESME sent {other:?}"),
        }
    }

    fn submit(&mut self, sequence: u32, pdu: &RawPdu, now: Instant, dice: &mut Dice) {
        // a submit_sm has the fields of a deliver_sm
        let read = decode::deliver_sm(sequence, pdu.body.clone()).expect("a submit_sm");
        let text = String::from_utf8(read.body.to_vec()).expect("ASCII");
        self.submits += 1;
        let at = now + self.character.delay.mul_f64(dice.below(1_000) as f64 / 1_000.0);
        if !self.bucket_holds(now) {
            self.refused.insert(text, ESME_RTHROTTLED);
            return self.say(at, CommandId::SubmitSmResp, ESME_RTHROTTLED, sequence, b"");
        }
        if dice.percent(self.character.refuses) {
            let status = *dice.one_of(&self.character.statuses);
            self.refused.insert(text, status);
            let nack = dice.percent(self.character.nacks);
            let command = if nack { CommandId::GenericNack } else { CommandId::SubmitSmResp };
            return self.say(at, command, status, sequence, b"");
        }
        assert!(self.taken.insert(text.clone()), "{text} is sent though it was taken");
        if dice.percent(self.character.silent) {
            return;
        }
        let id = [text.as_bytes(), b"\0", &self.load(now)[..]].concat();
        self.say(at, CommandId::SubmitSmResp, ESME_ROK, sequence, &id);
        if dice.percent(self.character.twice) {
            self.say(at + SECOND, CommandId::SubmitSmResp, ESME_RTHROTTLED, sequence, b"");
        }
        if dice.percent(self.character.beside) {
            let nobodys = 0x7000_0000 + dice.below(1_000) as u32;
            self.say(at, CommandId::SubmitSmResp, ESME_ROK, nobodys, b"nobody\0");
        }
    }

    /// congestion_state (SMPP 5.0 §4.8.4.18): 85 where as many came in a second as it likes.
    fn load(&mut self, now: Instant) -> Vec<u8> {
        if self.character.loaded_by == 0 {
            return Vec::new();
        }
        self.lately.push_back(now);
        while self.lately.front().is_some_and(|at| now.saturating_duration_since(*at) >= SECOND) {
            self.lately.pop_front();
        }
        let percent = (self.lately.len() as u64 * 85 / self.character.loaded_by).min(100);
        vec![0x04, 0x28, 0, 1, percent as u8]
    }

    fn bucket_holds(&mut self, now: Instant) -> bool {
        let rate = self.character.per_second as f64;
        let (tokens, at) = &mut self.bucket;
        let passed = at.map_or(0.0, |at| now.saturating_duration_since(at).as_secs_f64());
        *tokens = (*tokens + passed * rate).min((rate / 10.0).max(1.0));
        *at = Some(now);
        let holds = *tokens >= 1.0 || self.character.per_second == 0;
        *tokens -= f64::from(u8::from(holds));
        holds
    }

    /// Delivers something that says `text`; returns its sequence_number.
    pub fn deliver(&mut self, kind: Kind, text: &str, now: Instant) -> u32 {
        let sequence = self.next_sequence;
        self.next_sequence += 1;
        let sequence =
            if self.character.repeats_sequences && kind == Kind::Text { sequence % 3 + 1 } else { sequence + 10 };
        let (service_type, esm_class) = match kind {
            Kind::Text => ("", 0),
            Kind::Ussd => ("USSD", 0),
            Kind::Receipt => ("", 0x04),
            Kind::Nothing => ("", 0x08),
        };
        let mut body = BytesMut::new();
        body.put_slice(service_type.as_bytes());
        body.put_slice(b"\0\x01\x0185510000001\0\x00\x011212\0");
        body.put_slice(&[esm_class, 0, 0, 0, 0, 0, 0, 0, 0, text.len() as u8]);
        body.put_slice(text.as_bytes());
        if kind == Kind::Receipt {
            body.put_u16(tag::MESSAGE_STATE);
            body.put_slice(&[0, 1, 2]);
        }
        self.say(now, CommandId::DeliverSm, ESME_ROK, sequence, &body);
        sequence
    }

    /// Asks whether we are there.
    pub fn enquires(&mut self, now: Instant) {
        self.say(now, CommandId::EnquireLink, ESME_ROK, 0x6000_0000, b"");
    }

    /// Ends the session from its side.
    pub fn unbinds(&mut self, now: Instant) {
        self.say(now, CommandId::Unbind, ESME_ROK, 0x6000_0001, b"");
    }

    fn say(&mut self, at: Instant, command: CommandId, status: u32, sequence: u32, body: &[u8]) {
        let mut octets = BytesMut::new();
        write(&mut octets, command, status, sequence, |out| out.put_slice(body));
        self.out.push((at, octets.to_vec()));
    }
}

//! A telco that is simulated: an SMSC made of octets, of a mood that changes, which remembers what it has truly done.
use super::trace::Trace;
use crate::smpp::esme::tests::line::Dice;
use crate::smpp::{
    decode,
    framer::{Framer, RawPdu},
    pdu::write,
    status::{ESME_RMSGQFUL, ESME_ROK, ESME_RTHROTTLED},
};
use bytes::{BufMut, BytesMut};
use rusmpp_core::CommandId;
use std::{
    collections::{BTreeMap, HashMap, HashSet},
    time::{Duration, Instant},
};

/// What it does at the moment, in percent of submits.
#[derive(Clone, Debug)]
pub struct Mood {
    /// Shortest and longest wait before an answer; answers come in any order between.
    pub delay: (Duration, Duration),
    /// Taken, and never answered.
    pub loses: u64,
    /// Refused because we are too fast.
    pub throttles: u64,
    /// Refused for now.
    pub refuses: u64,
    /// Refused for good.
    pub fails: u64,
    /// Answered twice, the second time otherwise.
    pub twice: u64,
    /// Answered beside something that nobody asked.
    pub beside: u64,
    /// Refused by a generic_nack.
    pub nacks: u64,
    /// It reads, and says nothing at all.
    pub silent: bool,
    /// It refuses binds.
    pub shut: bool,
}

impl Mood {
    /// Takes and answers everything.
    pub fn well() -> Self {
        Mood {
            delay: (Duration::ZERO, Duration::from_millis(20)),
            loses: 0,
            throttles: 0,
            refuses: 0,
            fails: 0,
            twice: 0,
            beside: 0,
            nacks: 0,
            silent: false,
            shut: false,
        }
    }

    /// Whatever the dice say.
    pub fn of(dice: &mut Dice) -> Self {
        let mut percent = |most: u64| if dice.percent(60) { 0 } else { dice.below(most) };
        let mood = Mood {
            loses: percent(40),
            throttles: percent(90),
            refuses: percent(40),
            fails: percent(15),
            twice: percent(30),
            beside: percent(20),
            nacks: percent(50),
            ..Mood::well()
        };
        let longest = *dice.one_of(&[0, 20, 200, 3_000, 25_000]);
        let shortest = if dice.percent(50) { longest } else { 0 };
        let delay = (Duration::from_millis(shortest), Duration::from_millis(longest));
        let throttles = if dice.percent(8) { 100 } else { mood.throttles };
        Mood { delay, throttles, silent: dice.percent(12), shut: dice.percent(8), ..mood }
    }
}

/// Something that it says, and when.
pub type Says = (Duration, Vec<u8>);

pub struct Telco {
    pub mood: Mood,
    heard: HashMap<usize, Framer>,
    next_sequence: u32,
    /// Texts of citizens that are not acknowledged, and the ones that are on their way, by connection and sequence_number.
    pub texts: BTreeMap<u128, Instant>,
    on_their_way: HashMap<(usize, u32), u128>,
    /// Segments that it took, and how often.
    pub taken: HashMap<u128, u32>,
    /// Segments that it refused for good.
    pub refused: HashSet<u128>,
    /// Texts that it was told are kept.
    pub told_kept: Vec<u128>,
}

impl Telco {
    pub fn new(mood: Mood) -> Self {
        Telco {
            mood,
            heard: HashMap::new(),
            next_sequence: 1,
            texts: BTreeMap::new(),
            on_their_way: HashMap::new(),
            taken: HashMap::new(),
            refused: HashSet::new(),
            told_kept: Vec::new(),
        }
    }

    /// Takes what arrives on a connection; what it says to it.
    pub fn hears(&mut self, link: usize, octets: &[u8], dice: &mut Dice, trace: &mut Trace) -> Vec<Says> {
        let mut framer = self.heard.remove(&link).unwrap_or_else(|| Framer::new(4096));
        framer.push(octets);
        let mut says = Vec::new();
        while let Some(pdu) = framer.next_pdu().expect("our framing") {
            trace.note(&pdu.header.command_id.to_be_bytes());
            self.pdu(link, pdu, dice, &mut says);
        }
        self.heard.insert(link, framer);
        if self.mood.silent { Vec::new() } else { says }
    }

    fn pdu(&mut self, link: usize, pdu: RawPdu, dice: &mut Dice, says: &mut Vec<Says>) {
        let sequence = pdu.header.sequence;
        match pdu.header.command() {
            CommandId::BindTransceiver => {
                let status = if self.mood.shut { 0x0D } else { ESME_ROK };
                says.push((
                    Duration::ZERO,
                    said(CommandId::BindTransceiverResp, status, sequence, b"smsc\0\x02\x10\0\x01\x34"),
                ));
            }
            CommandId::EnquireLink => {
                says.push((Duration::ZERO, said(CommandId::EnquireLinkResp, ESME_ROK, sequence, b"")));
            }
            CommandId::Unbind => says.push((Duration::ZERO, said(CommandId::UnbindResp, ESME_ROK, sequence, b""))),
            CommandId::SubmitSm => self.submit(pdu, dice, says),
            CommandId::DeliverSmResp => {
                let text = self.on_their_way.remove(&(link, sequence)).expect("a text that is on its way");
                if pdu.header.command_status == ESME_ROK {
                    self.texts.remove(&text);
                    self.told_kept.push(text);
                }
            }
            CommandId::EnquireLinkResp | CommandId::UnbindResp | CommandId::GenericNack => {}
            other => panic!("an ESME does not say {other:?}"),
        }
    }

    fn submit(&mut self, pdu: RawPdu, dice: &mut Dice, says: &mut Vec<Says>) {
        let sequence = pdu.header.sequence;
        let segment = segment(pdu);
        let Mood { delay: (shortest, longest), nacks, loses, twice, beside, .. } = self.mood.clone();
        let after = shortest + dice.up_to(longest - shortest);
        if let Some(status) = self.refusal(dice) {
            if status == 0x0B {
                self.refused.insert(segment);
            }
            let nack = dice.percent(nacks);
            let command = if nack { CommandId::GenericNack } else { CommandId::SubmitSmResp };
            return says.push((after, said(command, status, sequence, b"")));
        }
        *self.taken.entry(segment).or_default() += 1;
        if dice.percent(loses) {
            return;
        }
        let id = format!("{segment}\0");
        says.push((after, said(CommandId::SubmitSmResp, ESME_ROK, sequence, id.as_bytes())));
        if dice.percent(twice) {
            says.push((after, said(CommandId::SubmitSmResp, ESME_RTHROTTLED, sequence, b"")));
        }
        if dice.percent(beside) {
            let nobodys = 0x7000_0000 + dice.below(1_000) as u32;
            says.push((after, said(CommandId::SubmitSmResp, ESME_ROK, nobodys, b"nobody\0")));
        }
    }

    fn refusal(&self, dice: &mut Dice) -> Option<u32> {
        let Mood { throttles, refuses, fails, .. } = self.mood;
        if dice.percent(throttles) {
            return Some(*dice.one_of(&[ESME_RTHROTTLED, ESME_RMSGQFUL]));
        }
        if dice.percent(refuses) {
            return Some(*dice.one_of(&[0x08, 0x45]));
        }
        dice.percent(fails).then_some(0x0B)
    }

    /// Delivers a text on that connection.
    pub fn delivers(&mut self, link: usize, text: u128, now: Instant) -> Vec<u8> {
        let sequence = self.next_sequence;
        self.next_sequence += 1;
        self.texts.insert(text, now);
        self.on_their_way.insert((link, sequence), text);
        let words = text.to_string();
        let head = b"\0\x01\x0185510000001\0\x00\x011212\0\0\0\0\0\0\0\0\0\0";
        let body = [&head[..], &[words.len() as u8], words.as_bytes()].concat();
        said(CommandId::DeliverSm, ESME_ROK, sequence, &body)
    }

    /// The connection is gone.
    pub fn forgets(&mut self, link: usize) {
        self.heard.remove(&link);
        self.on_their_way.retain(|(of, _), _| *of != link);
    }
}

/// Which segment a submit_sm is: they say it.
pub fn segment(pdu: RawPdu) -> u128 {
    let read = decode::deliver_sm(pdu.header.sequence, pdu.body).expect("a submit_sm");
    String::from_utf8_lossy(&read.body).parse().expect("a number")
}

fn said(command: CommandId, status: u32, sequence: u32, body: &[u8]) -> Vec<u8> {
    let mut octets = BytesMut::new();
    write(&mut octets, command, status, sequence, |out| out.put_slice(body));
    octets.to_vec()
}

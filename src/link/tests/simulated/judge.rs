//! The judge of a run: sees every PDU that is written and every one that arrives, and what the store has done, and knows no
//! machine.
use super::telco::segment;
use crate::smpp::{
    framer::{Framer, RawPdu},
    status::ESME_ROK,
};
use rusmpp_core::CommandId;
use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque},
    time::{Duration, Instant},
};

/// What a telco is promised.
#[derive(Clone, Copy, Debug)]
pub struct Promised {
    pub window: usize,
    pub max_tps: u32,
    pub response_timeout: Duration,
    /// From the last that was heard to the end of a link that is dead.
    pub found_within: Duration,
}

/// A submit_sm whose answer has not arrived.
struct Open {
    segment: u128,
    at: Instant,
}

/// A connection.
struct Link {
    written: Framer,
    arrived: Framer,
    open: BTreeMap<u32, Open>,
    /// Written, and their outcome not stored.
    unsettled: usize,
    last_heard: Instant,
    /// Texts that came, by sequence_number.
    texts: HashMap<u32, u128>,
}

pub struct Judge {
    promised: Promised,
    links: BTreeMap<usize, Link>,
    /// When the submits of the last second were written.
    second: VecDeque<Instant>,
    /// Segments whose outcome is known to us for certain: taken, or refused for good.
    certain: HashSet<u128>,
    /// Segments that are on their way now.
    on_their_way: HashSet<u128>,
    /// The last segment of each number.
    last: HashMap<u64, u128>,
    pub seen: BTreeSet<u128>,
    /// Texts that the store has.
    kept: HashSet<u128>,
    pub submits: u64,
}

impl Judge {
    pub fn new(promised: Promised) -> Self {
        Judge {
            promised,
            links: BTreeMap::new(),
            second: VecDeque::new(),
            certain: HashSet::new(),
            on_their_way: HashSet::new(),
            last: HashMap::new(),
            seen: BTreeSet::new(),
            kept: HashSet::new(),
            submits: 0,
        }
    }

    pub fn begins(&mut self, link: usize, now: Instant) {
        let (written, arrived) = (Framer::new(4096), Framer::new(4096));
        let fresh =
            Link { written, arrived, open: BTreeMap::new(), unsettled: 0, last_heard: now, texts: HashMap::new() };
        self.links.insert(link, fresh);
    }

    /// The connection is over: what was not answered is uncertain.
    pub fn ends(&mut self, link: usize) {
        let link = self.links.remove(&link).expect("a connection");
        for open in link.open.values() {
            self.on_their_way.remove(&open.segment);
        }
    }

    /// Time has come so far.
    pub fn passes(&mut self, now: Instant) {
        for (name, link) in &mut self.links {
            let silence = now - link.last_heard;
            assert!(silence <= self.promised.found_within, "a dead link is kept: {name}, silent for {silence:?}");
            let timeout = self.promised.response_timeout;
            let late: Vec<u32> =
                link.open.iter().filter(|(_, open)| now >= open.at + timeout).map(|(sequence, _)| *sequence).collect();
            for sequence in late {
                let late = link.open.remove(&sequence).expect("it is there");
                self.on_their_way.remove(&late.segment);
            }
        }
    }

    /// These octets leave.
    pub fn written(&mut self, link: usize, octets: &[u8], number_of: impl Fn(u128) -> u64, now: Instant) {
        let here = self.links.get_mut(&link).expect("a connection");
        here.written.push(octets);
        let mut pdus = Vec::new();
        while let Some(pdu) = here.written.next_pdu().expect("our own framing") {
            pdus.push(pdu);
        }
        for pdu in pdus {
            match pdu.header.command() {
                CommandId::SubmitSm => self.submits(link, pdu, &number_of, now),
                CommandId::DeliverSmResp if pdu.header.command_status == ESME_ROK => {
                    let text = self.links[&link].texts.get(&pdu.header.sequence).expect("a text that came");
                    assert!(self.kept.contains(text), "acknowledged before it is stored: text {text}");
                }
                _ => {}
            }
        }
    }

    fn submits(&mut self, link: usize, pdu: RawPdu, number_of: impl Fn(u128) -> u64, now: Instant) {
        let (sequence, segment) = (pdu.header.sequence, segment(pdu));
        self.submits += 1;
        assert!(!self.certain.contains(&segment), "sent again though its outcome is certain: {segment}");
        assert!(self.on_their_way.insert(segment), "sent again while it is on its way: {segment}");
        let last = self.last.entry(number_of(segment)).or_default();
        assert!(*last <= segment, "out of order: {segment} after {last}");
        *last = segment;
        self.seen.insert(segment);
        let here = self.links.get_mut(&link).expect("a connection");
        here.open.insert(sequence, Open { segment, at: now });
        here.unsettled += 1;
        let (open, unsettled, window) = (here.open.len(), here.unsettled, self.promised.window);
        assert!(open <= window, "the window is exceeded: {open} on their way");
        assert!(unsettled <= window, "the window is exceeded: {unsettled} are not settled");
        self.fast(now);
    }

    /// In no second more than was configured, and the fiftieth of a second that may go at once.
    fn fast(&mut self, now: Instant) {
        if self.promised.max_tps == 0 {
            return;
        }
        while self.second.front().is_some_and(|at| *at + Duration::from_secs(1) <= now) {
            self.second.pop_front();
        }
        self.second.push_back(now);
        let most = self.promised.max_tps + (self.promised.max_tps / 50).saturating_sub(1);
        assert!(self.second.len() <= most as usize, "max_tps is exceeded: {} in a second", self.second.len());
    }

    /// These octets are read.
    pub fn arrived(&mut self, link: usize, octets: &[u8], now: Instant) {
        let here = self.links.get_mut(&link).expect("a connection");
        here.arrived.push(octets);
        while let Some(pdu) = here.arrived.next_pdu().expect("the telco's framing") {
            here.last_heard = now;
            let (sequence, status) = (pdu.header.sequence, pdu.header.command_status);
            match pdu.header.command() {
                CommandId::SubmitSmResp | CommandId::GenericNack => {
                    let Some(answered) = here.open.remove(&sequence) else { continue };
                    self.on_their_way.remove(&answered.segment);
                    if matches!(status, ESME_ROK | 0x0B) {
                        self.certain.insert(answered.segment);
                    }
                }
                CommandId::DeliverSm => {
                    here.texts.insert(sequence, segment(pdu));
                }
                _ => {}
            }
        }
    }

    /// The outcome of a segment that was written is stored.
    pub fn settled(&mut self, link: usize) {
        if let Some(link) = self.links.get_mut(&link) {
            link.unsettled -= 1;
        }
    }

    pub fn stored(&mut self, text: u128) {
        self.kept.insert(text);
    }

    pub fn keeps(&self, text: u128) -> bool {
        self.kept.contains(&text)
    }
}

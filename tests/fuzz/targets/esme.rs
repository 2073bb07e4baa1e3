//! Any sequence of what a telco, a store, an outbox and the time may do to an ESME: each segment is settled once, nothing
//! is acknowledged before the store has it, what is written and not settled fits the window, and it ends.
use super::{
    Input,
    session::{config, said, text},
};
use chrak::{
    smpp::{
        decode,
        esme::{
            Effect, Esme, EsmeConfig, Now, NumberFormat, Outcome, Owed, Pace, Screen, Segment, Stored, Style, Validity,
        },
        framer::Framer,
        pdu::{BindKind, UssdSubmit},
        receipt::{self, DeliveryState, Kind},
        status::Table,
    },
    types::{CauseId, Msisdn, MtId, UnixMs},
};
use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::{Duration, Instant},
};
use uuid::Uuid;

const WALL: UnixMs = UnixMs(1_795_400_100_000);
const WINDOW: usize = 3;
const STEPS_MAX: usize = 400;

/// The first octet is the rate and what is asked first; then each step is an octet and what it needs.
pub fn run(octets: &[u8]) {
    let mut input = Input(octets);
    let mut play = Play::new(u32::from(input.octet()) % 20);
    for _ in 0..STEPS_MAX {
        if input.is_empty() {
            break;
        }
        play.step(&mut input);
        play.judge();
    }
    play.end();
}

struct Play {
    esme: Esme,
    at: Instant,
    start: Instant,
    /// What the telco has said so far.
    heard: Framer,
    tap: Framer,
    tapped: usize,
    next: u128,
    /// Segments that were handed over and are not settled.
    open: HashSet<u128>,
    /// Written, and their outcome not stored.
    unsettled: usize,
    /// Outcomes that the store owes.
    outcomes: usize,
    owed: Vec<(Owed, u32)>,
    /// ESME_ROK that may be said, by sequence_number.
    may_be_said: HashMap<u32, usize>,
    screens: HashSet<u64>,
    closed: bool,
}

impl Play {
    fn new(per_second: u32) -> Self {
        let start = Instant::now();
        let style = Style {
            short_codes: vec!["1212".to_owned()],
            number_format: NumberFormat::International,
            dest: (1, 1),
            source: (0, 1),
            validity: Validity::Relative,
            receipts: true,
            packed: false,
            sar: false,
        };
        let config = EsmeConfig {
            session: config(BindKind::Transceiver),
            style,
            statuses: Table::default(),
            write_stalled: Duration::from_secs(10),
        };
        let esme = Esme::new(config, Arc::new(Pace::new(per_second)), Now { at: start, wall: WALL });
        Play {
            esme,
            at: start,
            start,
            heard: Framer::new(512),
            tap: Framer::new(4096),
            tapped: 0,
            next: 0,
            open: HashSet::new(),
            unsettled: 0,
            outcomes: 0,
            owed: Vec::new(),
            may_be_said: HashMap::new(),
            screens: HashSet::new(),
            closed: false,
        }
    }

    fn now(&self) -> Now {
        Now { at: self.at, wall: WALL.plus_ms((self.at - self.start).as_millis() as i64) }
    }

    fn step(&mut self, input: &mut Input<'_>) {
        let now = self.now();
        match input.octet() % 14 {
            0..=2 => {
                let octets = said(input);
                if self.esme.wants_octets() {
                    self.hears(&octets);
                    self.esme.handle_bytes(&octets, now);
                }
            }
            3 | 4 => self.hand_over(input),
            5 | 6 => self.store(input),
            7 => self.at += Duration::from_millis(u64::from(input.two())),
            8 => self.esme.handle_timeout(now),
            9 => {
                let octets = self.esme.output().len().min(usize::from(input.octet()) + 1);
                self.look();
                self.tapped -= octets;
                self.esme.written(octets, now);
            }
            10 if self.outcomes > 0 => {
                self.outcomes -= 1;
                self.unsettled -= 1;
                self.esme.settled(1);
            }
            11 => self.show(input),
            12 => match input.octet() % 8 {
                0 => self.esme.leave(now),
                1 => self.esme.peer_closed(now),
                2 => self.esme.broken(now),
                _ => self.esme.enquire(now),
            },
            _ => {
                let binds = super::pdu(0x8000_0009, 0, 1, b"smsc\0\x02\x10\0\x01\x34");
                self.esme.handle_bytes(&binds, now);
            }
        }
    }

    /// Notes what may be acknowledged at once, as there is nothing durable to it: receipts of what is on its way or that
    /// name nothing, and acknowledgements.
    fn hears(&mut self, octets: &[u8]) {
        self.heard.push(octets);
        while let Ok(Some(pdu)) = self.heard.next_pdu() {
            let sequence = pdu.header.sequence;
            let read = match pdu.header.command_id {
                0x05 => decode::deliver_sm(sequence, pdu.body),
                0x103 => decode::data_sm(sequence, pdu.body),
                _ => continue,
            };
            let at_once = read.is_ok_and(|deliver| match receipt::kind(&deliver) {
                Kind::Message => false,
                Kind::Receipt => receipt::read(&deliver).is_none_or(|read| read.state == DeliveryState::Pending),
                Kind::Other => true,
            });
            if at_once {
                *self.may_be_said.entry(sequence).or_default() += 1;
            }
        }
    }

    fn hand_over(&mut self, input: &mut Input<'_>) {
        self.next += 1;
        self.open.insert(self.next);
        let segment = Segment {
            id: MtId(Uuid::from_u128(self.next)),
            source: "1212".to_owned(),
            destination: Msisdn::parse_e164("85510000001").expect("number"),
            body: input.octets(3).to_vec(),
            data_coding: 0,
            udhi: false,
            reference: self.next as u16,
            not_after: WALL.plus_ms(3_600_000),
            attempts: 1 + u32::from(input.octet()) % 6,
            read_at: Some(self.at),
        };
        self.esme.submit(segment, self.now());
    }

    fn store(&mut self, input: &mut Input<'_>) {
        if self.owed.is_empty() {
            return;
        }
        let (owed, sequence) = self.owed.remove(usize::from(input.octet()) % self.owed.len());
        let kept = Stored::Kept(Some(CauseId(Uuid::from_u128(u128::from(sequence)))));
        let stored = [kept, Stored::Kept(None), Stored::Overload, Stored::Failed][usize::from(input.octet()) % 4];
        if matches!(stored, Stored::Kept(_)) {
            *self.may_be_said.entry(sequence).or_default() += 1;
        }
        self.esme.stored(owed, stored, self.now());
    }

    fn show(&mut self, input: &mut Input<'_>) {
        let id = self.next as u64 + 1_000;
        self.next += 1;
        let like = text(b"855", b"");
        let pdu = UssdSubmit {
            as_data_sm: false,
            service_type: "USSD".to_owned(),
            source: like.source,
            destination: like.destination,
            data_coding: 0,
            body: input.octets(3).to_vec().into(),
            tlvs: Vec::new(),
        };
        let until = self.at + Duration::from_millis(u64::from(input.two()));
        self.screens.insert(id);
        self.esme.screen(Screen { id, pdu, until }, self.now());
    }

    /// Everything that is new in the output.
    fn look(&mut self) {
        let new = self.esme.output().get(self.tapped..).unwrap_or_default().to_vec();
        self.tapped = self.esme.output().len();
        self.tap.push(&new);
        while let Some(pdu) = self.tap.next_pdu().expect("our own framing") {
            let sequence = pdu.header.sequence;
            match (pdu.header.command_id, pdu.header.command_status) {
                (0x04, _) if pdu.body.first() == Some(&0) => {
                    self.unsettled += 1;
                    assert!(self.unsettled <= WINDOW, "{} may come twice", self.unsettled);
                }
                (0x8000_0005 | 0x8000_0103, 0) => {
                    let may = self.may_be_said.get_mut(&sequence).filter(|times| **times > 0);
                    *may.unwrap_or_else(|| panic!("{sequence} is acknowledged, and nobody has it")) -= 1;
                }
                _ => {}
            }
        }
    }

    fn judge(&mut self) {
        while let Some(effect) = self.esme.poll_effect() {
            // what is handed over after the end comes back
            let comes_back = matches!(effect, Effect::Settle { outcome: Outcome::Unwritten, .. });
            assert!(!self.closed || comes_back, "something after the end: {effect:?}");
            match effect {
                Effect::Text { owed, deliver } | Effect::Ussd { owed, deliver } => {
                    self.owed.push((owed, deliver.sequence));
                }
                // its sequence_number is not told, and what it says of its segment is no promise to anybody
                Effect::Receipt { owed, .. } => self.esme.stored(owed, Stored::Failed, self.now()),
                Effect::Settle { segment, outcome, .. } => {
                    assert!(self.open.remove(&segment.0.as_u128()), "{segment} is settled once");
                    self.outcomes += usize::from(outcome.was_written());
                }
                Effect::Screen { id, .. } => assert!(self.screens.remove(&id), "screen {id} is over once"),
                Effect::Closed(_) => self.closed = true,
                _ => {}
            }
        }
        self.look();
        assert_eq!(self.closed, self.esme.is_over());
        assert!(self.esme.in_flight() <= WINDOW);
    }

    fn end(&mut self) {
        self.esme.leave(self.now());
        for _ in 0..400 {
            self.judge();
            let Some(at) = self.esme.poll_timeout() else { break };
            self.at = self.at.max(at);
            self.esme.handle_timeout(self.now());
            if self.closed {
                self.esme.broken(self.now());
                break;
            }
        }
        self.judge();
        assert!(self.closed, "it ends");
        assert!(self.open.is_empty(), "{:?} are settled by nobody", self.open);
    }
}

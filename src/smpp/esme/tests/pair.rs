//! Our ESME and an SMSC on a line, with a store and an outbox that answer when they like. Whatever is run on it is judged
//! as it goes, by what was written, by what the SMSC has truly done, and by what the store has said.
use super::{
    line::{Dice, Line, SECOND},
    smsc::{Character, Kind, Smsc},
};
use crate::{
    smpp::{
        decode,
        dialect::Dialect,
        esme::{
            Effect, Esme, EsmeConfig, Now, NumberFormat, Outcome, Owed, Pace, Screen, ScreenFate, Segment, Stored,
            Style, Validity,
        },
        framer::Framer,
        pdu::{Address, Bind, BindKind, UssdSubmit},
        session::{CloseReason, SessionConfig, SessionState},
        status::{ESME_ROK, Table},
    },
    types::{CauseId, Msisdn, MtId, UnixMs},
};
use bytes::Bytes;
use rusmpp_core::CommandId;
use std::{
    collections::{BTreeMap, HashMap, HashSet, VecDeque},
    sync::Arc,
    time::{Duration, Instant},
};
use uuid::Uuid;

pub const WINDOW: usize = 8;
const WALL: UnixMs = UnixMs(1_795_400_100_000);
/// How long a screen is of use.
const SCREEN_WITHIN: Duration = Duration::from_secs(5);
/// Who looks at screens.
const SUBSCRIBERS: u64 = 4;

/// What the store and the line are like.
#[derive(Clone, Debug)]
pub struct World {
    pub latency: Duration,
    /// Longest wait for the store.
    pub commit: Duration,
    /// Texts that cannot be stored, in percent.
    pub store_fails: u64,
    /// The line takes no octets of ours any more.
    pub stalled: bool,
}

impl World {
    pub fn good() -> Self {
        World { latency: Duration::from_millis(5), commit: Duration::from_millis(10), store_fails: 0, stalled: false }
    }
}

enum Due {
    /// With the sequence_number that it came under.
    Stored(Owed, u32, Stored),
    Settled(usize),
    /// A segment may be handed over again.
    Again(u128, u32),
}

pub struct Pair {
    pub esme: Esme,
    pub smsc: Smsc,
    pub world: World,
    pub dice: Dice,
    pub now: Instant,
    pub start: Instant,
    to_smsc: Line,
    to_esme: Line,
    /// What the store and the clock owe, in the order of time.
    due: BTreeMap<(Instant, u64), Due>,
    next_due: u64,
    /// Octets of the output that were judged; what was written of them is none of the output any more.
    tapped: usize,
    tap: Framer,
    pub outbox: VecDeque<(u128, u32)>,
    /// Segments handed over and not settled, and whether they were written.
    open: HashMap<u128, bool>,
    unsettled: usize,
    pub outcomes: HashMap<u128, Outcome>,
    pub handed: usize,
    pub settlements: usize,
    /// Screens handed over that are not over: until when they are of use, and whether they are written.
    screens: HashMap<u64, (Instant, bool)>,
    /// The newest that was written to each telephone.
    shown: HashMap<Bytes, u64>,
    next_screen: u64,
    pub fates: HashMap<u64, ScreenFate>,
    deliveries: HashMap<CauseId, u32>,
    /// sequence_numbers of receipts on their way to us.
    receipts: VecDeque<u32>,
    /// ESME_ROK that may be said, by sequence_number.
    may_be_said: HashMap<u32, usize>,
    /// Texts whose resp said that they are stored, in the order in which it was written; the first `told` of them were told
    /// as read.
    said: Vec<CauseId>,
    told: usize,
    pub closed: Option<CloseReason>,
    pub reached: Vec<&'static str>,
}

pub fn config() -> EsmeConfig {
    EsmeConfig {
        session: SessionConfig {
            bind: Bind {
                kind: BindKind::Transceiver,
                system_id: "chrak".into(),
                password: "secret".into(),
                system_type: String::new(),
                interface_version: 0x34,
            },
            window: WINDOW,
            enquire_link: 30 * SECOND,
            response_timeout: 20 * SECOND,
            patience: 10 * SECOND,
            pdu_octets_max: 4096,
        },
        style: Style {
            short_codes: vec!["1212".to_owned()],
            number_format: NumberFormat::International,
            dest: (1, 1),
            source: (0, 1),
            validity: Validity::Relative,
            receipts: true,
            packed: false,
            sar: false,
        },
        statuses: Table::default(),
        write_stalled: 10 * SECOND,
    }
}

impl Pair {
    pub fn new(character: Character, world: World, per_second: u32, seed: u64) -> Self {
        let now = Instant::now();
        let pace = Arc::new(Pace::new(per_second));
        let mut pair = Pair {
            esme: Esme::new(config(), pace, Now { at: now, wall: WALL }),
            smsc: Smsc::new(character),
            world,
            dice: Dice(seed),
            now,
            start: now,
            to_smsc: Line::default(),
            to_esme: Line::default(),
            due: BTreeMap::new(),
            next_due: 0,
            tapped: 0,
            tap: Framer::new(4096),
            outbox: VecDeque::new(),
            open: HashMap::new(),
            unsettled: 0,
            outcomes: HashMap::new(),
            handed: 0,
            settlements: 0,
            screens: HashMap::new(),
            shown: HashMap::new(),
            next_screen: 0,
            fates: HashMap::new(),
            deliveries: HashMap::new(),
            receipts: VecDeque::new(),
            may_be_said: HashMap::new(),
            said: Vec::new(),
            told: 0,
            closed: None,
            reached: Vec::new(),
        };
        pair.settle_down();
        pair
    }

    /// Both clocks.
    fn now(&self) -> Now {
        Now { at: self.now, wall: WALL.plus_ms((self.now - self.start).as_millis() as i64) }
    }

    /// So many more segments are to be sent.
    pub fn queue(&mut self, segments: u128) {
        let first = self.handed as u128 + self.outbox.len() as u128 + 1;
        self.outbox.extend((first..first + segments).map(|n| (n, 1)));
        self.settle_down();
    }

    /// A screen is to be shown.
    pub fn show(&mut self) {
        self.next_screen += 1;
        let id = self.next_screen;
        let address = Address { ton: 1, npi: 1, digits: Bytes::from((id % SUBSCRIBERS).to_string()) };
        let pdu = UssdSubmit {
            as_data_sm: false,
            service_type: "USSD".to_owned(),
            source: address.clone(),
            destination: address,
            data_coding: 0,
            body: Bytes::from(format!("screen {id}")),
            tlvs: Vec::new(),
        };
        let until = self.now + SCREEN_WITHIN;
        if !self.esme.is_over() {
            self.screens.insert(id, (until, false));
        }
        self.esme.screen(Screen { id, pdu, until }, self.now());
        self.settle_down();
    }

    /// The SMSC delivers something.
    pub fn deliver(&mut self, kind: Kind) {
        let id = CauseId(Uuid::from_u128(self.deliveries.len() as u128 + 1));
        let text = match kind {
            Kind::Receipt => "id:7 stat:DELIVRD".to_owned(),
            Kind::Text | Kind::Ussd | Kind::Nothing => id.0.as_u128().to_string(),
        };
        let sequence = self.smsc.deliver(kind, &text, self.now);
        self.deliveries.insert(id, sequence);
        if kind == Kind::Receipt {
            self.receipts.push_back(sequence);
        }
        if kind == Kind::Nothing {
            *self.may_be_said.entry(sequence).or_default() += 1;
        }
    }

    /// The connection is gone, with all that was on it.
    pub fn cut(&mut self) {
        self.to_smsc.lose();
        self.to_esme.lose();
        self.esme.broken(self.now());
        self.settle_down();
    }

    /// We leave.
    pub fn leave(&mut self) {
        self.esme.leave(self.now());
        self.settle_down();
    }

    /// Lets time pass until then, or until the session is over.
    pub fn run_to(&mut self, second: u64) {
        let end = self.start + Duration::from_secs(second);
        while self.closed.is_none() {
            let due = [
                self.esme.poll_timeout(),
                self.smsc.due(),
                self.to_smsc.due(),
                self.to_esme.due(),
                self.due.first_key_value().map(|((at, _), _)| *at),
            ];
            let Some(next) = due.into_iter().flatten().min().filter(|at| *at <= end) else { break };
            assert!(next >= self.start, "a timer before the beginning");
            self.now = self.now.max(next);
            self.step();
        }
        self.now = self.now.max(end);
        if self.closed.is_some() {
            // what was written before the end arrives, unless the line was cut
            while let Some(octets) = self.to_smsc.arrives(self.now) {
                self.smsc.hears(&octets, self.now, &mut self.dice);
            }
        }
    }

    fn step(&mut self) {
        if self.esme.poll_timeout().is_some_and(|at| at <= self.now) {
            self.esme.handle_timeout(self.now());
            self.settle_down();
            assert!(self.esme.poll_timeout().is_none_or(|at| at > self.now), "a timer that is due again at once");
        }
        while let Some(octets) = self.to_smsc.arrives(self.now) {
            self.smsc.hears(&octets, self.now, &mut self.dice);
        }
        let said = self.smsc.says(self.now);
        self.to_esme.carry(&said, self.now, self.world.latency, &mut self.dice);
        while let Some(octets) = self.to_esme.arrives(self.now) {
            if self.esme.wants_octets() {
                self.esme.handle_bytes(&octets, self.now());
                self.settle_down();
            }
        }
        while let Some(entry) = self.due.first_entry().filter(|entry| entry.key().0 <= self.now) {
            match entry.remove() {
                Due::Stored(owed, sequence, stored) => self.stored(owed, sequence, stored),
                Due::Settled(segments) => {
                    self.unsettled -= segments;
                    self.esme.settled(segments);
                }
                Due::Again(segment, attempts) => self.outbox.push_back((segment, attempts)),
            }
            self.settle_down();
        }
    }

    fn later(&mut self, after: Duration, due: Due) {
        self.next_due += 1;
        self.due.insert((self.now + after, self.next_due), due);
    }

    /// Takes what the ESME has to say, gives it what it wants, and puts its output on the line.
    fn settle_down(&mut self) {
        loop {
            while let Some(effect) = self.esme.poll_effect() {
                assert_eq!(self.closed, None, "something after the end: {effect:?}");
                self.happened(effect);
            }
            self.judge_output();
            if !self.world.stalled {
                let output = self.esme.output().to_vec();
                self.to_smsc.carry(&output, self.now, self.world.latency, &mut self.dice);
                self.tapped -= output.len();
                self.esme.written(output.len(), self.now());
            }
            if !(self.esme.wants_segment() && self.esme.output().is_empty()) {
                return;
            }
            let Some((n, attempts)) = self.outbox.pop_front() else { return };
            self.hand_over(n, attempts);
        }
    }

    fn hand_over(&mut self, n: u128, attempts: u32) {
        assert_eq!(self.open.insert(n, false), None, "{n} is with the ESME already");
        self.handed += 1;
        let segment = Segment {
            id: MtId(Uuid::from_u128(n)),
            source: "1212".to_owned(),
            destination: Msisdn::parse_e164("85510000001").expect("number"),
            body: n.to_string().into_bytes(),
            data_coding: 0,
            udhi: false,
            reference: n as u16,
            not_after: WALL.plus_ms(3_600_000),
            attempts,
            read_at: Some(self.now),
        };
        self.esme.submit(segment, self.now());
    }

    fn happened(&mut self, effect: Effect) {
        match effect {
            Effect::Text { owed, deliver } => {
                let id: u128 = String::from_utf8_lossy(&deliver.body).parse().expect("a number");
                let fails = self.dice.percent(self.world.store_fails);
                let failure = *self.dice.one_of(&[Stored::Overload, Stored::Failed]);
                let kept = Stored::Kept(Some(CauseId(Uuid::from_u128(id))));
                self.store(owed, deliver.sequence, if fails { failure } else { kept });
            }
            Effect::Receipt { owed, delivered, .. } => {
                assert!(delivered);
                let sequence = self.receipts.pop_front().expect("a receipt of the SMSC");
                self.store(owed, sequence, Stored::Kept(None));
            }
            Effect::Ussd { owed, deliver } => {
                let taken = self.dice.percent(90);
                if taken {
                    *self.may_be_said.entry(deliver.sequence).or_default() += 1;
                }
                self.esme.stored(owed, if taken { Stored::Kept(None) } else { Stored::Overload }, self.now());
                assert!(Dialect::is_ussd(&deliver));
            }
            Effect::Settle { segment, outcome, .. } => self.settled(segment.0.as_u128(), outcome),
            Effect::Read(ids) => self.told_as_read(&ids),
            Effect::Screen { id, fate } => {
                let (until, written) = self.screens.remove(&id).expect("a screen that was handed over and is not over");
                assert_eq!(written, fate != ScreenFate::Late, "screen {id}");
                assert!(fate != ScreenFate::Late || self.now >= until, "screen {id} is not late");
                let taken = self.smsc.taken.contains(&format!("screen {id}"));
                assert!(!(taken && matches!(fate, ScreenFate::Refused { .. })), "screen {id} was taken");
                self.fates.insert(id, fate);
            }
            Effect::ScreenRefused { id, .. } => {
                let (_, written) = self.screens.get_mut(&id).expect("a screen that was handed over and is not over");
                assert!(std::mem::replace(written, false), "screen {id} was not written");
                assert!(!self.smsc.taken.contains(&format!("screen {id}")), "screen {id} was taken and waits again");
                self.reached.push("screen refused");
            }
            Effect::Answered { after } => assert!(after <= self.now - self.start),
            Effect::Closed(reason) => self.closed = Some(reason),
            Effect::Throttled { pause: Some(_) } => self.reached.push("paused"),
            Effect::Throttled { pause: None } => self.reached.push("throttled"),
            Effect::Bound { version, .. } => assert_eq!(version, Some(0x34)),
            Effect::Congested { .. } => self.reached.push("congested"),
            Effect::Forgotten => self.reached.push("forgotten"),
            Effect::Anomaly(_) => self.reached.push("anomaly"),
            Effect::Refused { .. } | Effect::UnreadReceipt => panic!("nobody did that: {effect:?}"),
        }
    }

    fn store(&mut self, owed: Owed, sequence: u32, stored: Stored) {
        let after = self.dice.up_to(self.world.commit);
        self.later(after, Due::Stored(owed, sequence, stored));
    }

    /// The store speaks; if the ESME then writes, it says what it may.
    fn stored(&mut self, owed: Owed, sequence: u32, stored: Stored) {
        let before = self.esme.output().len();
        self.esme.stored(owed, stored, self.now());
        if let (Stored::Kept(id), true) = (stored, self.esme.output().len() > before) {
            *self.may_be_said.entry(sequence).or_default() += 1;
            self.said.extend(id);
        }
    }

    /// The SMSC has read each of them, and they come in the order in which it was told, none twice.
    fn told_as_read(&mut self, ids: &[CauseId]) {
        assert_eq!(self.said.get(self.told..self.told + ids.len()), Some(ids), "told as read");
        self.told += ids.len();
        self.reached.push("read");
        for id in ids {
            let resps = self.smsc.resps.get(&self.deliveries[id]);
            assert!(resps.is_some_and(|resps| resps.contains(&ESME_ROK)), "{id:?} is told as read and is not");
        }
    }

    /// Once for each segment, and true.
    fn settled(&mut self, n: u128, outcome: Outcome) {
        let written = self.open.remove(&n).expect("a segment that was handed over and is not settled");
        assert_eq!(outcome.was_written(), written, "{n}: {outcome:?}");
        self.settlements += 1;
        let text = n.to_string();
        let refused = self.smsc.refused.get(&text).copied();
        match &outcome {
            Outcome::Sent { message_id } => {
                assert!(self.smsc.taken.contains(&text), "{n} is called sent");
                assert_eq!(message_id.as_deref(), Some(text.as_str()));
            }
            Outcome::Throttled { status } | Outcome::Retry { status, .. } | Outcome::Failed { status } => {
                assert!(!self.smsc.taken.contains(&text), "{n} is called refused");
                assert_eq!(refused, Some(*status));
            }
            Outcome::Unknown | Outcome::Unwritten => {}
        }
        if written {
            let after = self.dice.up_to(self.world.commit);
            self.later(after, Due::Settled(1));
        }
        match outcome {
            Outcome::Throttled { .. } => self.later(Duration::ZERO, Due::Again(n, 1)),
            Outcome::Retry { after, .. } => self.later(after, Due::Again(n, 2)),
            Outcome::Unwritten if !self.esme.is_over() && self.esme.state() == SessionState::Bound => {
                panic!("{n} was wanted and is given back");
            }
            _ => {}
        }
        self.outcomes.insert(n, outcome);
    }

    /// Every PDU that is new in the output.
    fn judge_output(&mut self) {
        let new = self.esme.output().get(self.tapped..).unwrap_or_default().to_vec();
        self.tapped = self.esme.output().len();
        self.tap.push(&new);
        while let Some(pdu) = self.tap.next_pdu().expect("our own framing") {
            let sequence = pdu.header.sequence;
            match pdu.header.command() {
                CommandId::SubmitSm => {
                    let read = decode::deliver_sm(sequence, pdu.body).expect("a submit_sm");
                    let text = String::from_utf8(read.body.to_vec()).expect("ASCII");
                    assert_ne!(self.esme.state(), SessionState::Unbinding, "{text} after our unbind");
                    match text.strip_prefix("screen ") {
                        Some(id) => self.shown(id.parse().expect("a number"), &read.destination.digits),
                        None => self.written(text.parse().expect("a number")),
                    }
                }
                CommandId::DeliverSmResp if pdu.header.command_status == ESME_ROK => {
                    let may = self.may_be_said.get_mut(&sequence).filter(|times| **times > 0);
                    *may.unwrap_or_else(|| panic!("{sequence} is acknowledged, and nobody has it")) -= 1;
                }
                _ => {}
            }
            assert!(self.esme.in_flight() <= WINDOW, "{} in flight", self.esme.in_flight());
        }
    }

    fn written(&mut self, n: u128) {
        let written = self.open.get_mut(&n).expect("a segment that was handed over and is not settled");
        assert!(!std::mem::replace(written, true), "{n} is written twice");
        self.unsettled += 1;
        assert!(self.unsettled <= WINDOW, "{} may come twice", self.unsettled);
        assert!(self.screens.values().all(|(_, written)| *written), "{n} goes before a screen");
    }

    /// While it is of use, when nobody may have taken it yet, and after nothing newer to its telephone.
    fn shown(&mut self, id: u64, to: &Bytes) {
        let (until, written) = self.screens.get_mut(&id).expect("a screen that is not over");
        assert!(!std::mem::replace(written, true), "screen {id} is written twice");
        assert!(self.now < *until, "screen {id} is too late");
        let newest = self.shown.entry(to.clone()).or_default();
        assert!(*newest <= id, "screen {id} after {newest}");
        *newest = id;
    }

    /// The session is over, and nothing is lost: what was handed over is settled, and what the SMSC took is not called
    /// anything else.
    pub fn judge_the_end(&self) {
        assert!(self.closed.is_some() && self.esme.is_over(), "it goes on");
        assert!(self.esme.output().is_empty(), "something is left to write");
        assert_eq!((self.open.len(), self.handed), (0, self.settlements), "segments settled");
        let taken: HashSet<u128> = self.smsc.taken.iter().filter_map(|text| text.parse().ok()).collect();
        for n in taken {
            let outcome = &self.outcomes[&n];
            assert!(matches!(outcome, Outcome::Sent { .. } | Outcome::Unknown), "{n} was taken: {outcome:?}");
        }
    }
}

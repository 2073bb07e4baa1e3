//! Any sequence of what a telco, an owner and the time may do to a session: each submit has one outcome, nothing is
//! answered that was not asked, the window holds, and what is written is framed.
use super::Input;
use bytes::Bytes;
use chrak::smpp::{
    framer::Framer,
    pdu::{Address, Bind, BindKind, SubmitSm},
    session::{Event, Session, SessionConfig, SessionState},
};
use std::{
    collections::HashSet,
    time::{Duration, Instant},
};

const WINDOW: usize = 3;
const OCTETS_MAX: usize = 512;
/// Steps of one input.
const STEPS_MAX: usize = 400;

/// Each step is an octet that says what happens, and what that needs.
pub fn run(octets: &[u8]) {
    let mut input = Input(octets);
    let mut play = Play::new();
    for _ in 0..STEPS_MAX {
        if input.is_empty() {
            break;
        }
        play.step(&mut input);
        play.judge();
    }
    play.end();
}

pub fn config(kind: BindKind) -> SessionConfig {
    SessionConfig {
        bind: Bind {
            kind,
            system_id: "chrak".into(),
            password: "secret".into(),
            system_type: String::new(),
            interface_version: 0x34,
        },
        window: WINDOW,
        enquire_link: Duration::from_secs(30),
        response_timeout: Duration::from_secs(20),
        patience: Duration::from_secs(10),
        pdu_octets_max: OCTETS_MAX,
    }
}

pub fn text(digits: &'static [u8], body: &[u8]) -> SubmitSm {
    let address = Address { ton: 1, npi: 1, digits: Bytes::from_static(digits) };
    SubmitSm {
        source: address.clone(),
        destination: address,
        esm_class: 0,
        validity_period: String::new(),
        registered_delivery: 1,
        data_coding: 0,
        short_message: Bytes::copy_from_slice(body),
        sar: None,
        reference: None,
    }
}

/// Octets that a telco may say next: mostly PDUs that mean something here, sometimes anything.
pub fn said(input: &mut Input<'_>) -> Vec<u8> {
    const COMMANDS: [u32; 16] = [
        0x8000_0009,
        0x8000_0004,
        0x8000_0015,
        0x8000_0006,
        0x8000_0103,
        0x8000_0000,
        0x05,
        0x103,
        0x15,
        0x06,
        0x0B,
        0x102,
        0x04,
        0x8000_0001,
        0x8000_0002,
        0x21,
    ];
    let which = input.octet();
    if which >= 0xF0 {
        return input.string().to_vec();
    }
    let command = COMMANDS[usize::from(which) % COMMANDS.len()];
    let status = [0, 0, 0, 0x58, 0x14, 0x0B, 0x08, 0x45][usize::from(which >> 5)];
    let sequence = u32::from(input.octet());
    let text = b"\0\x01\x0185510000001\0\0\x011212\0\0\0\0\0\0\0\0\0\0\x02hi";
    let body = input.string();
    match (command, body) {
        (0x05, []) => super::pdu(command, 0, sequence, text),
        _ => super::pdu(command, status, sequence, body),
    }
}

struct Play {
    session: Session,
    now: Instant,
    tap: Framer,
    next_token: u64,
    /// Submits without an outcome.
    open: HashSet<u64>,
    /// sequence_numbers that are owed a resp.
    owed: Vec<(u32, bool)>,
    resps: u64,
    closed: bool,
}

impl Play {
    fn new() -> Self {
        let now = Instant::now();
        let mut session = Session::new(config(BindKind::Transceiver), now);
        // what it says first is its bind
        let bind = session.output().to_vec();
        session.written(bind.len());
        let mut tap = Framer::new(OCTETS_MAX);
        tap.push(&bind);
        let first = tap.next_pdu().expect("our own framing").expect("a bind");
        assert_eq!(first.header.command_id, 0x09);
        let (open, owed) = (HashSet::new(), Vec::new());
        Play { session, now, tap, next_token: 0, open, owed, resps: 0, closed: false }
    }

    fn step(&mut self, input: &mut Input<'_>) {
        match input.octet() % 12 {
            0..=3 => {
                let octets = said(input);
                self.session.handle_bytes(&octets, self.now);
            }
            4 | 5 => self.submit(input),
            6 => self.respond(input),
            7 => self.now += Duration::from_millis(u64::from(input.two())),
            8 => self.session.handle_timeout(self.now),
            9 => {
                let octets = self.session.output().to_vec();
                self.tapped(&octets);
                self.session.written(octets.len());
            }
            10 => match input.octet() % 8 {
                0 => self.session.unbind(self.now),
                1 => self.session.peer_closed(),
                2 => self.session.broken(),
                3 => self.session.not_reading(),
                _ => self.session.enquire(self.now),
            },
            _ => {
                let binds = super::pdu(0x8000_0009, 0, 1, b"smsc\0");
                self.session.handle_bytes(&binds, self.now);
            }
        }
    }

    fn submit(&mut self, input: &mut Input<'_>) {
        let had_room = self.session.has_room();
        let token = self.next_token;
        self.next_token += 1;
        let taken = self.session.submit(&text(b"855", input.octets(4)), token, self.now);
        assert_eq!(taken.is_ok(), had_room, "what has room takes it, and nothing else");
        if had_room {
            self.open.insert(token);
        }
    }

    fn respond(&mut self, input: &mut Input<'_>) {
        if self.owed.is_empty() {
            return;
        }
        let (sequence, is_data_sm) = self.owed.remove(usize::from(input.octet()) % self.owed.len());
        let number = self.session.respond(sequence, is_data_sm, 0, self.now);
        if self.session.state() != SessionState::Closed {
            assert!(number > self.resps || number == u64::MAX, "resps are numbered upwards");
        }
        self.resps = if number == u64::MAX { self.resps } else { number };
    }

    /// Whatever we write is framed, and short.
    fn tapped(&mut self, octets: &[u8]) {
        self.tap.push(octets);
        while self.tap.next_pdu().expect("our own framing").is_some() {}
    }

    fn judge(&mut self) {
        assert!(self.session.in_flight() <= WINDOW);
        while let Some(event) = self.session.poll_event() {
            assert!(!self.closed, "something after the end: {event:?}");
            match event {
                Event::Submitted { token, .. } | Event::SubmitTimeout { token } => {
                    assert!(self.open.remove(&token), "{token} has one outcome");
                }
                Event::Deliver(deliver) => self.owed.push((deliver.sequence, deliver.is_data_sm)),
                Event::Closed { unresolved, .. } => {
                    for token in unresolved {
                        assert!(self.open.remove(&token), "{token} has one outcome");
                    }
                    assert!(self.open.is_empty(), "nothing is forgotten");
                    self.closed = true;
                }
                Event::Confirmed { up_to } => assert!(up_to > 0),
                Event::Congestion { percent } => assert!(percent <= 100),
                Event::Bound { .. } | Event::BindRefused { .. } | Event::Anomaly(_) => {}
            }
        }
        assert_eq!(self.closed, self.session.state() == SessionState::Closed);
        if !self.closed {
            assert_eq!(self.open.len(), self.session.in_flight());
        }
    }

    /// Left alone, it ends by itself once somebody leaves: no state waits for ever.
    fn end(&mut self) {
        self.session.unbind(self.now);
        for _ in 0..100 {
            self.judge();
            let Some(at) = self.session.poll_timeout() else { break };
            self.now = self.now.max(at);
            self.session.handle_timeout(self.now);
        }
        self.judge();
        assert!(self.closed, "it ends");
        let octets = self.session.output().to_vec();
        self.tapped(&octets);
        assert!(!self.tap.is_partial(), "whole PDUs only");
    }
}

//! One SMPP connection to the sandbox telco: the server's side of a bind. It parses all that came, answers,
//! takes what is due from the hub and writes it in one go. Must not know `crate::smpp`.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

use bytes::{Buf, Bytes, BytesMut};
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::codec::{self, Frame, Header, id, put, put_resp, put_taken, status};
use super::hub::{BindInfo, Hub, Item, Member, TelcoState};

/// A connection that has not bound by then is closed.
const BIND_WITHIN: Duration = Duration::from_secs(10);
/// An unbind that is not answered by then is taken as answered.
const UNBIND_WITHIN: Duration = Duration::from_secs(2);
/// From a receipt to the resp that it goes before, under `receipt-first`.
const RESP_AFTER_RECEIPT: Duration = Duration::from_millis(200);
/// Octets of a piece, and the pause after it, under `fragment`.
const PIECE: usize = 7;
const PIECE_PAUSE: Duration = Duration::from_millis(1);
/// Late requests that are remembered.
const LATE_MAX: usize = 1_000;
/// Octets waiting to be written above which nothing more is read or sent.
const MAX_OUT: usize = 1 << 20;

enum Phase {
    Open,
    Bound { submits: bool, receives: bool },
}

struct Session {
    hub: Arc<Hub>,
    number: u64,
    phase: Phase,
    out: BytesMut,
    /// Responses held back by `delay-resp`, in order.
    held: VecDeque<(Instant, Bytes)>,
    in_flight: HashMap<u32, (Item, Instant)>,
    /// Requests whose response is waited for no longer; the newest are remembered.
    late: BTreeSet<u32>,
    next_seq: u32,
    since: Instant,
    heard: Instant,
    enquired: Option<Instant>,
    unbinding: Option<Instant>,
    pdus: u64,
    /// Write what is left, then close.
    closing: bool,
    /// Close without writing.
    cut: bool,
    /// What is written goes out in pieces.
    fragments: bool,
    bell: Arc<Notify>,
    cut_order: CancellationToken,
}

/// Serves a connection until it ends; `read` is what was read of it so far.
pub async fn serve(hub: Arc<Hub>, stream: TcpStream, number: u64, read: BytesMut) {
    let now = Instant::now();
    let mut session = Session {
        hub: Arc::clone(&hub),
        number,
        phase: Phase::Open,
        out: BytesMut::with_capacity(64 * 1024),
        held: VecDeque::new(),
        in_flight: HashMap::new(),
        late: BTreeSet::new(),
        next_seq: 0,
        since: now,
        heard: now,
        enquired: None,
        unbinding: None,
        pdus: 0,
        closing: false,
        cut: false,
        fragments: false,
        bell: Arc::new(Notify::new()),
        cut_order: CancellationToken::new(),
    };
    session.run(stream, read).await;
    let mut left: Vec<_> = session.in_flight.drain().collect();
    left.sort_unstable_by_key(|(seq, _)| *seq);
    let items = left.into_iter().map(|(_, (item, _))| item).collect();
    let mut state = hub.lock();
    if !session.closing {
        state.drops(number, Instant::now());
    }
    state.left(number, items);
    drop(state);
    tracing::debug!(session = number, "sandbox telco: session ended");
}

impl Session {
    async fn run(&mut self, stream: TcpStream, mut input: BytesMut) {
        let (mut reader, writer) = stream.into_split();
        let (stop, cut, bell) = (self.hub.stop.clone(), self.cut_order.clone(), Arc::clone(&self.bell));
        loop {
            self.turn(&mut input, Instant::now());
            if self.cut {
                return;
            }
            while !self.out.is_empty() {
                let most = if self.fragments { PIECE } else { self.out.len() };
                match writer.try_write(&self.out[..most.min(self.out.len())]) {
                    Ok(n) => self.out.advance(n),
                    Err(e) if e.kind() == std::io::ErrorKind::WouldBlock => break,
                    Err(_) => return,
                }
                if self.fragments {
                    tokio::time::sleep(PIECE_PAUSE).await;
                }
            }
            if self.closing && self.out.is_empty() {
                return;
            }
            let wake = self.next_wake();
            tokio::select! {
                read = reader.read_buf(&mut input), if self.out.len() < MAX_OUT => {
                    match read {
                        Ok(n) if n > 0 => self.heard = Instant::now(),
                        _ => return,
                    }
                }
                _ = writer.writable(), if !self.out.is_empty() => {}
                () = bell.notified() => {}
                () = tokio::time::sleep_until(wake) => {}
                () = cut.cancelled() => return,
                () = stop.cancelled(), if self.unbinding.is_none() => self.begin_unbind(),
            }
        }
    }

    fn next_wake(&self) -> Instant {
        let second = Instant::now() + Duration::from_secs(1);
        self.held.front().map_or(second, |(at, _)| second.min(*at))
    }

    fn begin_unbind(&mut self) {
        self.unbinding = Some(Instant::now());
        match self.phase {
            Phase::Open => self.closing = true,
            Phase::Bound { .. } => {
                self.request(id::UNBIND, &[]);
            }
        }
    }

    fn request(&mut self, id: u32, body: &[u8]) -> u32 {
        self.next_seq = if self.next_seq >= 0x7FFF_FFFF { 1 } else { self.next_seq + 1 };
        let seq = self.next_seq;
        put(&mut self.out, Header { id, status: 0, seq }, body);
        seq
    }

    /// One wake-up: everything that came, everything that is due, under one lock.
    fn turn(&mut self, input: &mut BytesMut, now: Instant) {
        let hub = Arc::clone(&self.hub);
        let mut state = hub.lock();
        self.fragments = state.faults.fragment;
        while !self.closing && !self.cut {
            match codec::next_frame(input) {
                Frame::Pdu(header, body) => self.pdu(&mut state, header, &body, now),
                Frame::Partial => break,
                Frame::Lost(seq) => {
                    state.ledger.violation(format!("session {}: framing lost", self.number));
                    self.nack(seq, status::INVCMDLEN);
                    self.closing = true;
                }
            }
        }
        while self.held.front().is_some_and(|(at, _)| *at <= now) {
            if let Some((_, pdu)) = self.held.pop_front() {
                self.out.extend_from_slice(&pdu);
            }
        }
        self.timers(&mut state, now);
        self.deliver(&mut state, now);
    }

    fn deliver(&mut self, state: &mut TelcoState, now: Instant) {
        let ready = matches!(self.phase, Phase::Bound { receives: true, .. })
            && self.unbinding.is_none()
            && !self.closing
            && !state.faults.silent;
        while ready && self.in_flight.len() < self.hub.config.window && self.out.len() < MAX_OUT {
            let Some(item) = state.pull(now) else {
                break;
            };
            let seq = self.request(id::DELIVER_SM, &item.body);
            self.in_flight.insert(seq, (item, now));
        }
    }

    fn timers(&mut self, state: &mut TelcoState, now: Instant) {
        let config = &self.hub.config;
        if matches!(self.phase, Phase::Open) {
            self.closing |= now - self.since > BIND_WITHIN;
            return;
        }
        let late: Vec<u32> = self
            .in_flight
            .iter()
            .filter(|(_, (_, at))| now - *at >= config.resp_timeout)
            .map(|(seq, _)| *seq)
            .collect();
        for seq in late {
            if let Some((item, _)) = self.in_flight.remove(&seq) {
                self.late.insert(seq);
                if self.late.len() > LATE_MAX {
                    self.late.pop_first();
                }
                state.retry(item, now + config.redeliver_after);
            }
        }
        if self.unbinding.is_some_and(|at| now - at > UNBIND_WITHIN) {
            self.closing = true;
        }
        if let Some(at) = self.enquired {
            // heard is younger than the question: it lives
            if self.heard > at {
                self.enquired = None;
            } else if now - at > config.resp_timeout {
                self.cut = true;
            }
        } else if now - self.heard > config.enquire_link && !state.faults.silent {
            self.enquired = Some(now);
            self.request(id::ENQUIRE_LINK, &[]);
        }
    }

    fn nack(&mut self, seq: u32, status: u32) {
        let id = id::GENERIC_NACK;
        put(&mut self.out, Header { id, status, seq }, &[]);
    }

    fn pdu(&mut self, state: &mut TelcoState, header: Header, body: &[u8], now: Instant) {
        if let Phase::Bound { .. } = self.phase {
            self.pdus += 1;
            if state.faults.cut_after.is_some_and(|n| self.pdus >= n) {
                self.cut = true;
                return;
            }
            if state.faults.silent {
                return;
            }
        }
        if header.id & id::RESP != 0 {
            return self.response(state, header, body, now);
        }
        match header.id {
            id::BIND_RX | id::BIND_TX | id::BIND_TRX => self.bind(state, header, body, now),
            id::ENQUIRE_LINK => put_resp(&mut self.out, header, status::ROK, None),
            id::UNBIND => {
                put_resp(&mut self.out, header, status::ROK, None);
                self.closing = true;
            }
            id::SUBMIT_SM | id::DATA_SM => self.submit(state, header, body, now),
            _ => self.nack(header.seq, status::INVCMDID),
        }
    }

    fn response(&mut self, state: &mut TelcoState, header: Header, body: &[u8], now: Instant) {
        let told = |state: &mut TelcoState, what: &str| {
            state.ledger.violation(format!("session {}: {what}", self.number));
        };
        match header.id & !id::RESP {
            id::UNBIND => self.closing |= self.unbinding.is_some(),
            id::ENQUIRE_LINK => self.enquired = None,
            id::DELIVER_SM | 0 => {
                if header.id == id::DELIVER_SM | id::RESP && !matches!(body, [] | [0]) {
                    told(state, "a deliver_sm_resp with a message_id, which must be NULL");
                }
                match self.in_flight.remove(&header.seq) {
                    Some((item, _)) => {
                        // a nack says the PDU was not understood: no retry would help
                        state.delivered(item, header.status, now);
                    }
                    None if self.late.remove(&header.seq) => told(state, "a response too late for its request"),
                    None => told(state, "a response to no open request"),
                }
            }
            _ => told(state, "a response of an unexpected kind"),
        }
    }

    fn bind(&mut self, state: &mut TelcoState, header: Header, body: &[u8], now: Instant) {
        let kind = match header.id {
            id::BIND_RX => "rx",
            id::BIND_TX => "tx",
            _ => "trx",
        };
        let verdict = match codec::read_bind(body) {
            _ if !matches!(self.phase, Phase::Open) => Err(status::ALYBND),
            Err(status) => Err(status),
            Ok(bind) => match (&self.hub.config, state.faults.refuse_bind) {
                (_, Some(status)) => Err(status),
                (c, _) if c.system_id.as_ref().is_some_and(|s| *s != bind.system_id) => Err(status::INVSYSID),
                (c, _) if c.password.as_ref().is_some_and(|p| *p != bind.password) => Err(status::INVPASWD),
                _ if state.holds(&bind.system_id, kind, now) => Err(status::ALYBND),
                _ => Ok(bind),
            },
        };
        let bind = match verdict {
            Ok(bind) => bind,
            Err(status) => {
                state.ledger.counters.binds_refused += 1;
                put_resp(&mut self.out, header, status, None);
                self.closing |= matches!(self.phase, Phase::Open);
                return;
            }
        };
        let (submits, receives) = (kind != "rx", kind != "tx");
        self.phase = Phase::Bound { submits, receives };
        put_resp(&mut self.out, header, status::ROK, Some("CHRAK-SANDBOX"));
        let info = BindInfo { session: self.number, system_id: bind.system_id, kind, since: crate::sandbox::now() };
        let member = Member { info, receives, bell: Arc::clone(&self.bell), cut: self.cut_order.clone() };
        state.joined(self.number, member);
        tracing::info!(session = self.number, kind, "sandbox telco: bound");
    }

    fn submit(&mut self, state: &mut TelcoState, header: Header, body: &[u8], now: Instant) {
        let submit = match header.id {
            _ if !matches!(self.phase, Phase::Bound { submits: true, .. }) => Err(status::INVBNDSTS),
            id::DATA_SM => codec::read_data(body),
            _ => codec::read_submit(body),
        };
        if let Err(status) = submit
            && status != status::INVBNDSTS
        {
            let what = format!("session {}: a submit that cannot be read", self.number);
            state.ledger.violation(what);
        }
        let answer = submit.and_then(|submit| state.submitted(self.number, submit, now));
        if state.drops_resp() {
            return;
        }
        let early = if state.faults.receipt_first { RESP_AFTER_RECEIPT } else { Duration::ZERO };
        let delay = state.faults.delay_resp.max(early);
        let mut late = BytesMut::new();
        let out = if delay.is_zero() { &mut self.out } else { &mut late };
        put_taken(out, header, answer.as_deref().map_err(|status| *status), state.faults.congestion);
        if !late.is_empty() {
            self.held.push_back((now + delay, late.freeze()));
        }
    }
}

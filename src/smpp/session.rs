//! The session of an ESME as a state machine: OPEN, binding, bound, unbinding, closed (SMPP 3.4 §2.2).
//!
//! The owner pushes octets and the time in, then takes what is to be written ([`Session::output`]), what
//! happened ([`Session::poll_event`]) and when to come again ([`Session::poll_timeout`]). No PDU, however
//! odd, ends the session; only lost framing, a peer that is silent or leaves, and a refused bind do.
use super::{
    anomaly::Anomaly,
    decode::{self, Deliver},
    framer::{Framer, FramingLost, RawPdu},
    pdu::{Bind, SubmitSm, UssdSubmit, write},
    status::{ESME_RINVBNDSTS, ESME_RINVCMDID, ESME_RINVCMDLEN, ESME_ROK},
};
use bytes::{Buf, BytesMut};
use rusmpp_core::CommandId;
use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    time::{Duration, Instant},
};

/// How a session behaves.
#[derive(Clone, Debug)]
pub struct SessionConfig {
    /// The bind request.
    pub bind: Bind,
    /// submit_sm in flight.
    pub window: usize,
    /// Silence of the peer after which it is asked whether it is there.
    pub enquire_link: Duration,
    /// Wait for the resp of a submit_sm; after it the outcome is unknown.
    pub response_timeout: Duration,
    /// Wait for bind_resp, enquire_link_resp, unbind_resp and the rest of a PDU that has begun.
    pub patience: Duration,
    /// Most octets of a PDU.
    pub pdu_octets_max: usize,
}

/// Where a session stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionState {
    /// Connected; the bind goes out next.
    Open,
    /// Waits for the bind_resp.
    Binding,
    /// Bound as its kind says.
    Bound,
    /// Waits for the unbind_resp.
    Unbinding,
    /// One of both unbinds; before that is said or answered, what is owed on either side is read and written.
    Leaving,
    /// Over; the socket is to be closed when the output is written.
    Closed,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// The telco took the bind.
    Bound {
        /// What it calls itself.
        system_id: String,
        /// Its sc_interface_version, when told.
        version: Option<u8>,
    },
    /// The telco refused the bind; the session is closed.
    BindRefused {
        /// command_status.
        status: u32,
    },
    /// A text, a receipt or a USSD event; owes a [`Session::respond`].
    Deliver(Deliver),
    /// The resp of a submit_sm.
    Submitted {
        /// The owner's token.
        token: u64,
        /// command_status; a generic_nack counts as the resp.
        status: u32,
        /// message_id, when given.
        message_id: Option<String>,
    },
    /// No resp in time: the outcome of this submit_sm is unknown.
    SubmitTimeout {
        /// The owner's token.
        token: u64,
    },
    /// The telco says in a response how loaded it is (congestion_state).
    Congestion {
        /// In percent.
        percent: u8,
    },
    /// The telco has read all resps up to this number (TCP keeps order: it answered what came after them).
    Confirmed {
        /// Number given by [`Session::respond`].
        up_to: u64,
    },
    /// Something odd that was survived.
    Anomaly(Anomaly),
    /// The session is over. What was in flight has an unknown outcome.
    Closed {
        /// Why.
        reason: CloseReason,
        /// Tokens without outcome.
        unresolved: Vec<u64>,
    },
}

/// Why a session ended, as people are told it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CloseReason {
    /// With [`Event::BindRefused`], which has the status.
    #[error("the telco refused the bind")]
    Refused,
    /// It never answered the bind.
    #[error("no bind_resp in time")]
    NoBindResp,
    /// It never answered an enquire_link.
    #[error("no answer to enquire_link: the link is dead")]
    Silent,
    /// A PDU began and did not go on.
    #[error("a PDU was not completed in time")]
    Unfinished,
    /// It never answered our unbind.
    #[error("no unbind_resp in time")]
    NoUnbindResp,
    /// Nothing after it could be read.
    #[error("a command_length out of bounds: the framing is lost")]
    FramingLost,
    /// We unbound, and it answered or was gone.
    #[error("unbound")]
    Unbound,
    /// It unbound.
    #[error("the telco unbound")]
    TelcoUnbound,
    /// It closed the connection, or the connection broke.
    #[error("the telco closed the connection")]
    TelcoClosed,
    /// It takes none of the octets that are written to it.
    #[error("the telco reads nothing of what is written to it")]
    NotReading,
    /// We left while it was binding.
    #[error("left before it was bound")]
    LeftUnbound,
}

/// Why a submit_sm was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotSubmitted {
    /// Not bound, or bound as a receiver.
    #[error("not bound for sending")]
    NotBound,
    /// As many are in flight as may be.
    #[error("window full")]
    WindowFull,
}

/// Each timer has one slot; it is set or it is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Timer {
    /// bind_resp must come.
    Bind,
    /// The peer has been silent: ask.
    Enquire,
    /// enquire_link_resp must come.
    EnquireResp,
    /// The rest of a PDU must come.
    Partial,
    /// unbind_resp must come.
    Unbind,
    /// What is owed must have come; then the unbind goes, or its answer.
    Leave,
}

const TIMERS: usize = 6;

/// Who ends the session.
#[derive(Clone, Copy, Debug)]
enum Leave {
    Ours,
    Theirs { sequence: u32 },
}

struct InFlight {
    token: u64,
    until: Instant,
    /// Resps written before this request.
    acks_before: u64,
}

/// One connection.
pub struct Session {
    config: SessionConfig,
    state: SessionState,
    framer: Framer,
    output: BytesMut,
    events: VecDeque<Event>,
    timers: [Option<Instant>; TIMERS],
    next_sequence: u32,
    in_flight: HashMap<u32, InFlight>,
    /// Deadlines of `in_flight` in their order, as all wait equally long.
    deadlines: VecDeque<(Instant, u32)>,
    /// enquire_link sent: sequence -> resps written before it.
    enquiries: BTreeMap<u32, u64>,
    acks: u64,
    confirmed: u64,
    bind_sequence: u32,
    /// Events that owe a [`Session::respond`].
    owed: usize,
    /// Who ends the session, once one does.
    leaving: Option<Leave>,
}

/// How long an unbind waits for responses that are on their way: the timer of a telco is seldom below 5 s.
const LEAVE_WITHIN: Duration = Duration::from_secs(3);
/// enquire_link in flight at most; there is only ever one unless the peer answers late.
const ENQUIRIES_MAX: usize = 8;
/// Highest sequence_number (§5.1.4).
const SEQUENCE_MAX: u32 = 0x7FFF_FFFF;

impl Session {
    /// A session on a connection that was just made; the bind is in the output at once.
    pub fn new(config: SessionConfig, now: Instant) -> Self {
        let mut session = Session {
            framer: Framer::new(config.pdu_octets_max),
            state: SessionState::Open,
            output: BytesMut::new(),
            events: VecDeque::new(),
            timers: [None; TIMERS],
            next_sequence: 1,
            in_flight: HashMap::new(),
            deadlines: VecDeque::new(),
            enquiries: BTreeMap::new(),
            acks: 0,
            confirmed: 0,
            bind_sequence: 0,
            owed: 0,
            leaving: None,
            config,
        };
        session.bind_sequence = session.sequence();
        session.config.bind.write(&mut session.output, session.bind_sequence);
        session.state = SessionState::Binding;
        session.set(Timer::Bind, Some(now + session.config.patience));
        session
    }

    /// Where it stands.
    pub fn state(&self) -> SessionState {
        self.state
    }

    /// Octets to write, all that there are.
    pub fn output(&self) -> &[u8] {
        &self.output
    }

    /// So many of them were written.
    pub fn written(&mut self, octets: usize) {
        self.output.advance(octets.min(self.output.len()));
    }

    /// What happened, in order; take until `None`.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// When [`Session::handle_timeout`] is to be called.
    pub fn poll_timeout(&mut self) -> Option<Instant> {
        while let Some((_, sequence)) = self.deadlines.front() {
            if self.in_flight.contains_key(sequence) {
                break;
            }
            self.deadlines.pop_front();
        }
        let response = self.deadlines.front().map(|(until, _)| *until);
        self.timers.iter().copied().flatten().chain(response).min()
    }

    /// submit_sm in flight.
    pub fn in_flight(&self) -> usize {
        self.in_flight.len()
    }

    /// Whether another submit_sm may go.
    pub fn has_room(&self) -> bool {
        self.state == SessionState::Bound && self.config.bind.kind.sends() && self.in_flight.len() < self.config.window
    }

    /// Takes what was read from the socket.
    pub fn handle_bytes(&mut self, octets: &[u8], now: Instant) {
        if self.state == SessionState::Closed {
            return;
        }
        self.framer.push(octets);
        loop {
            match self.framer.next_pdu() {
                Ok(Some(pdu)) => {
                    // What follows has just begun.
                    self.set(Timer::Partial, None);
                    self.handle_pdu(pdu, now);
                }
                Ok(None) => break,
                Err(lost) => return self.framing_lost(lost),
            }
            if self.state == SessionState::Closed {
                return;
            }
        }
        let partial = self.framer.is_partial();
        match (partial, self.timer(Timer::Partial)) {
            (true, None) => self.set(Timer::Partial, Some(now + self.config.patience)),
            (false, Some(_)) => self.set(Timer::Partial, None),
            _ => {}
        }
    }

    /// The peer closed the connection, or it broke. After an unbind that is as good as an answer.
    pub fn peer_closed(&mut self) {
        let unbinding = self.state == SessionState::Unbinding;
        self.close(if unbinding { CloseReason::Unbound } else { CloseReason::TelcoClosed });
    }

    /// Nothing can be written any more, so what is there is dropped.
    pub fn broken(&mut self) {
        self.output.clear();
        self.peer_closed();
    }

    /// The peer has read nothing for too long: what is there is dropped.
    pub fn not_reading(&mut self) {
        self.output.clear();
        self.close(CloseReason::NotReading);
    }

    /// Acts on every timer that is due.
    pub fn handle_timeout(&mut self, now: Instant) {
        while let Some((until, sequence)) = self.deadlines.front().copied()
            && until <= now
        {
            self.deadlines.pop_front();
            if let Some(late) = self.in_flight.remove(&sequence) {
                self.events.push_back(Event::SubmitTimeout { token: late.token });
            }
        }
        self.leave_when_nothing_is_owed(now);
        for timer in [Timer::Bind, Timer::Enquire, Timer::EnquireResp, Timer::Partial, Timer::Unbind, Timer::Leave] {
            if self.timer(timer).is_some_and(|at| at <= now) {
                self.set(timer, None);
                self.expired(timer, now);
            }
        }
    }

    fn expired(&mut self, timer: Timer, now: Instant) {
        match timer {
            Timer::Bind => self.close(CloseReason::NoBindResp),
            Timer::Enquire => self.enquire(now),
            Timer::EnquireResp => self.close(CloseReason::Silent),
            Timer::Partial => self.close(CloseReason::Unfinished),
            Timer::Unbind => self.close(CloseReason::NoUnbindResp),
            Timer::Leave => self.left(now),
        }
    }

    /// Asks whether the telco is there, without waiting for silence; only while bound (§2.2: not before the bind_resp).
    pub fn enquire(&mut self, now: Instant) {
        if self.state != SessionState::Bound {
            return;
        }
        let sequence = self.sequence();
        write(&mut self.output, CommandId::EnquireLink, ESME_ROK, sequence, |_| {});
        self.enquiries.insert(sequence, self.acks);
        if self.enquiries.len() > ENQUIRIES_MAX {
            self.enquiries.pop_first();
        }
        self.set(Timer::EnquireResp, Some(now + self.config.patience));
    }

    /// Sends a submit_sm; `token` comes back with its outcome.
    ///
    /// # Errors
    /// [`NotSubmitted`]; nothing was written.
    pub fn submit(&mut self, submit: &SubmitSm, token: u64, now: Instant) -> Result<(), NotSubmitted> {
        self.request(token, now, |out, sequence| submit.write(out, sequence))
    }

    /// Sends a USSD screen; `token` comes back with its outcome.
    ///
    /// # Errors
    /// [`NotSubmitted`]; nothing was written.
    pub fn submit_ussd(&mut self, screen: &UssdSubmit, token: u64, now: Instant) -> Result<(), NotSubmitted> {
        self.request(token, now, |out, sequence| screen.write(out, sequence))
    }

    fn request(
        &mut self,
        token: u64,
        now: Instant,
        write: impl FnOnce(&mut BytesMut, u32),
    ) -> Result<(), NotSubmitted> {
        if self.state != SessionState::Bound || !self.config.bind.kind.sends() {
            return Err(NotSubmitted::NotBound);
        }
        if self.in_flight.len() >= self.config.window {
            return Err(NotSubmitted::WindowFull);
        }
        let sequence = self.sequence();
        write(&mut self.output, sequence);
        let until = now + self.config.response_timeout;
        self.in_flight.insert(sequence, InFlight { token, until, acks_before: self.acks });
        self.deadlines.push_back((until, sequence));
        Ok(())
    }

    /// Answers a [`Event::Deliver`]. Returns the number of this resp, for [`Event::Confirmed`].
    pub fn respond(&mut self, sequence: u32, is_data_sm: bool, status: u32, now: Instant) -> u64 {
        if self.state == SessionState::Closed {
            return u64::MAX;
        }
        let command = if is_data_sm { CommandId::DataSmResp } else { CommandId::DeliverSmResp };
        // message_id is unused and NULL (§4.6.2); it stands there also on errors, as most peers expect.
        write(&mut self.output, command, status, sequence, |out| out.extend_from_slice(&[0]));
        self.acks += 1;
        self.owed = self.owed.saturating_sub(1);
        let ack = self.acks;
        self.leave_when_nothing_is_owed(now);
        ack
    }

    /// Leaves politely: nothing new is sent, and the unbind goes out when nothing is owed on either side any more, or
    /// after [`LEAVE_WITHIN`].
    pub fn unbind(&mut self, now: Instant) {
        match self.state {
            SessionState::Bound => self.leave(Leave::Ours, now),
            SessionState::Open | SessionState::Binding => self.close(CloseReason::LeftUnbound),
            // the telco leaves already, or we do
            SessionState::Leaving | SessionState::Unbinding | SessionState::Closed => {}
        }
    }

    fn sequence(&mut self) -> u32 {
        loop {
            let sequence = self.next_sequence;
            self.next_sequence = if sequence >= SEQUENCE_MAX { 1 } else { sequence + 1 };
            if !self.in_flight.contains_key(&sequence) {
                return sequence;
            }
        }
    }

    fn timer(&self, timer: Timer) -> Option<Instant> {
        self.timers[timer as usize]
    }

    fn set(&mut self, timer: Timer, at: Option<Instant>) {
        self.timers[timer as usize] = at;
    }

    fn framing_lost(&mut self, lost: FramingLost) {
        write(&mut self.output, CommandId::GenericNack, ESME_RINVCMDLEN, lost.sequence, |_| {});
        self.close(CloseReason::FramingLost);
    }

    fn close(&mut self, reason: CloseReason) {
        if self.state == SessionState::Closed {
            return;
        }
        self.state = SessionState::Closed;
        self.timers = [None; TIMERS];
        self.deadlines.clear();
        let mut unresolved: Vec<(Instant, u64)> =
            self.in_flight.drain().map(|(_, waiting)| (waiting.until, waiting.token)).collect();
        unresolved.sort_unstable();
        let unresolved = unresolved.into_iter().map(|(_, token)| token).collect();
        self.events.push_back(Event::Closed { reason, unresolved });
    }

    fn handle_pdu(&mut self, pdu: RawPdu, now: Instant) {
        if self.state == SessionState::Bound {
            self.set(Timer::Enquire, Some(now + self.config.enquire_link));
            self.set(Timer::EnquireResp, None);
        }
        if pdu.header.is_response() {
            self.handle_response(pdu, now)
        } else {
            self.handle_request(pdu, now)
        }
        self.leave_when_nothing_is_owed(now);
    }

    /// Responses to what the telco has taken may still be on their way, and a resp that is not read means a text that
    /// goes out twice. So nothing new is sent, and the session reads on for a bounded time before it ends.
    fn leave(&mut self, leave: Leave, now: Instant) {
        self.state = SessionState::Leaving;
        self.leaving = Some(leave);
        self.timers = [None; TIMERS];
        self.set(Timer::Leave, Some(now + LEAVE_WITHIN));
        self.leave_when_nothing_is_owed(now);
    }

    /// The telco's unbind.
    fn told_to_leave(&mut self, sequence: u32, now: Instant) {
        match self.state {
            SessionState::Bound | SessionState::Unbinding | SessionState::Leaving => {
                self.leave(Leave::Theirs { sequence }, now)
            }
            SessionState::Open | SessionState::Binding | SessionState::Closed => {
                self.leaving = Some(Leave::Theirs { sequence });
                self.left(now);
            }
        }
    }

    fn leave_when_nothing_is_owed(&mut self, now: Instant) {
        if self.state == SessionState::Leaving && self.in_flight.is_empty() && self.owed == 0 {
            self.left(now);
        }
    }

    fn left(&mut self, now: Instant) {
        match self.leaving.take() {
            Some(Leave::Ours) => {
                let sequence = self.sequence();
                write(&mut self.output, CommandId::Unbind, ESME_ROK, sequence, |_| {});
                self.state = SessionState::Unbinding;
                self.timers = [None; TIMERS];
                self.set(Timer::Unbind, Some(now + self.config.patience));
            }
            Some(Leave::Theirs { sequence }) => {
                write(&mut self.output, CommandId::UnbindResp, ESME_ROK, sequence, |_| {});
                self.close(CloseReason::TelcoUnbound);
            }
            None => {}
        }
    }

    fn handle_request(&mut self, pdu: RawPdu, now: Instant) {
        let sequence = pdu.header.sequence;
        match pdu.header.command() {
            CommandId::EnquireLink => {
                write(&mut self.output, CommandId::EnquireLinkResp, ESME_ROK, sequence, |_| {});
            }
            CommandId::DeliverSm => self.deliver(sequence, decode::deliver_sm(sequence, pdu.body), false, now),
            CommandId::DataSm => self.deliver(sequence, decode::data_sm(sequence, pdu.body), true, now),
            CommandId::Unbind => self.told_to_leave(sequence, now),
            // Has no response (§4.12); nor has outbind, which makes no sense on a connection of ours.
            CommandId::AlertNotification => self.events.push_back(Event::Anomaly(Anomaly::AlertNotification)),
            CommandId::Outbind => self.events.push_back(Event::Anomaly(Anomaly::Outbind)),
            _ => {
                write(&mut self.output, CommandId::GenericNack, ESME_RINVCMDID, sequence, |_| {});
                self.events.push_back(Event::Anomaly(Anomaly::UnknownRequest));
            }
        }
    }

    fn deliver(&mut self, sequence: u32, read: Result<Deliver, decode::BadBody>, is_data_sm: bool, now: Instant) {
        match (self.state, read) {
            (SessionState::Bound | SessionState::Unbinding | SessionState::Leaving, Ok(deliver)) => {
                self.owed += 1;
                self.events.push_back(Event::Deliver(deliver));
            }
            (SessionState::Bound | SessionState::Unbinding | SessionState::Leaving, Err(bad)) => {
                self.owed += 1;
                self.respond(sequence, is_data_sm, ESME_RINVCMDLEN, now);
                self.events.push_back(Event::Anomaly(Anomaly::BadBody(bad)));
            }
            (SessionState::Open | SessionState::Binding | SessionState::Closed, _) => {
                self.owed += 1;
                self.respond(sequence, is_data_sm, ESME_RINVBNDSTS, now);
                self.events.push_back(Event::Anomaly(Anomaly::TooEarly));
            }
        }
    }

    fn handle_response(&mut self, pdu: RawPdu, now: Instant) {
        let header = pdu.header;
        let nack = header.command() == CommandId::GenericNack;
        let bare =
            matches!(header.command(), CommandId::GenericNack | CommandId::EnquireLinkResp | CommandId::UnbindResp);
        if let Some(percent) = decode::congestion_state(&pdu.body, !bare) {
            self.events.push_back(Event::Congestion { percent });
        }
        match header.command() {
            CommandId::BindTransceiverResp | CommandId::BindTransmitterResp | CommandId::BindReceiverResp => {
                self.bind_resp(pdu, now);
            }
            CommandId::GenericNack if self.state == SessionState::Binding && header.sequence == self.bind_sequence => {
                self.bind_resp(pdu, now);
            }
            CommandId::SubmitSmResp | CommandId::DataSmResp | CommandId::GenericNack
                if self.in_flight.contains_key(&header.sequence) =>
            {
                let Some(answered) = self.in_flight.remove(&header.sequence) else {
                    return;
                };
                self.confirm(answered.acks_before);
                let message_id = if nack { None } else { decode::message_id(pdu.body) };
                let status =
                    if nack && header.command_status == ESME_ROK { ESME_RINVCMDID } else { header.command_status };
                self.events.push_back(Event::Submitted { token: answered.token, status, message_id });
            }
            CommandId::EnquireLinkResp | CommandId::GenericNack => match self.enquiries.remove(&header.sequence) {
                Some(acks_before) => self.confirm(acks_before),
                None => self.events.push_back(Event::Anomaly(Anomaly::Response)),
            },
            CommandId::UnbindResp if self.state == SessionState::Unbinding => self.close(CloseReason::Unbound),
            _ => self.events.push_back(Event::Anomaly(Anomaly::Response)),
        }
    }

    fn confirm(&mut self, up_to: u64) {
        if up_to > self.confirmed {
            self.confirmed = up_to;
            self.events.push_back(Event::Confirmed { up_to });
        }
    }

    fn bind_resp(&mut self, pdu: RawPdu, now: Instant) {
        if self.state != SessionState::Binding {
            self.events.push_back(Event::Anomaly(Anomaly::BindResp));
            return;
        }
        self.set(Timer::Bind, None);
        let nack = pdu.header.command() == CommandId::GenericNack;
        if pdu.header.command_status != ESME_ROK || nack {
            self.events.push_back(Event::BindRefused { status: pdu.header.command_status });
            return self.close(CloseReason::Refused);
        }
        let (system_id, version) = decode::bind_resp(pdu.body);
        self.state = SessionState::Bound;
        self.set(Timer::Enquire, Some(now + self.config.enquire_link));
        self.events.push_back(Event::Bound { system_id, version });
    }
}

#[cfg(test)]
#[path = "session_tests.rs"]
mod tests;

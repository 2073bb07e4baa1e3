//! The machine itself: what comes in is handed to the part that knows what to do, and what is due goes out. It must not
//! know a socket, a clock, nor who stores and asks.
use super::{
    acks::{Acks, RespTo},
    effect::{Effect, Now, Outcome, Owed, Screen, ScreenFate, Stored},
    pace::Pace,
    retry,
    screens::{Refused, Screens},
    submit::{Segment, Style},
    window::{Waiting, Window},
};
use crate::{
    smpp::{
        decode::Deliver,
        dialect::Dialect,
        receipt::{self, DeliveryState, Kind, Receipt},
        session::{Event, Session, SessionConfig, SessionState},
        status::{Class, ESME_RINVBNDSTS, ESME_ROK, ESME_RSYSERR, ESME_RTHROTTLED, Table},
    },
    types::limits::UNWRITTEN_OCTETS_MAX,
};
use std::{
    collections::VecDeque,
    sync::Arc,
    time::{Duration, Instant},
};

/// How an ESME behaves at one telco.
#[derive(Clone, Debug)]
pub struct EsmeConfig {
    /// Its session.
    pub session: SessionConfig,
    /// How the telco wants what it is sent.
    pub style: Style,
    /// What its refusals mean.
    pub statuses: Table,
    /// How long octets may wait, none of them taken, before the telco is one that reads nothing.
    pub write_stalled: Duration,
}

/// An ESME on one connection.
pub struct Esme {
    session: Session,
    style: Style,
    statuses: Table,
    write_stalled: Duration,
    pace: Arc<Pace>,
    acks: Acks,
    window: Window,
    screens: Screens,
    /// A segment that waits for the pace, or behind screens.
    held: Option<Segment>,
    /// Before that the pace lets nothing go.
    pace_at: Option<Instant>,
    /// Octets wait; if none of them is written by then, the telco does not read.
    stalled_at: Option<Instant>,
    /// The telco said that it speaks 3.4 or later.
    tlvs: bool,
    next_token: u64,
    /// Submits that were refused as if this were no bind, since the last that was not.
    not_bound_in_a_row: u32,
    effects: VecDeque<Effect>,
}

/// After so many a bind is taken for forgotten.
const NOT_BOUND_IN_A_ROW: u32 = 2;

impl Esme {
    /// On a connection that was just made; the bind is in the output at once. `pace` is the telco's, shared by its binds.
    pub fn new(config: EsmeConfig, pace: Arc<Pace>, now: Now) -> Self {
        let mut esme = Esme {
            window: Window::new(config.session.window),
            session: Session::new(config.session, now.at),
            style: config.style,
            statuses: config.statuses,
            write_stalled: config.write_stalled,
            pace,
            acks: Acks::default(),
            screens: Screens::default(),
            held: None,
            pace_at: None,
            stalled_at: None,
            tlvs: false,
            next_token: 0,
            not_bound_in_a_row: 0,
            effects: VecDeque::new(),
        };
        esme.go_on(now);
        esme
    }

    /// Where its session stands.
    pub fn state(&self) -> SessionState {
        self.session.state()
    }

    /// Whether its session is over; what is in the output is still to be written.
    pub fn is_over(&self) -> bool {
        self.state() == SessionState::Closed
    }

    /// submit_sm and screens that wait for their resp.
    pub fn in_flight(&self) -> usize {
        self.session.in_flight()
    }

    /// Octets to write, in this order; what is new is put behind them.
    pub fn output(&self) -> &[u8] {
        self.session.output()
    }

    /// So many of them were written.
    pub fn written(&mut self, octets: usize, now: Now) {
        self.session.written(octets);
        self.stalled_at = None;
        self.watch_output(now);
    }

    /// Whether it takes octets: not when it is over, and not when more waits to be written than a peer that reads leaves.
    pub fn wants_octets(&self) -> bool {
        !self.is_over() && self.output().len() < UNWRITTEN_OCTETS_MAX
    }

    /// Whether a segment that is handed over now is written as soon as the pace allows.
    pub fn wants_segment(&self) -> bool {
        self.held.is_none() && self.screens.is_empty() && self.session.has_room() && self.window.has_room()
    }

    /// Whether at least half of the window is free without any outcome that is still to be stored.
    pub fn is_roomy(&self) -> bool {
        self.window.is_roomy()
    }

    /// What happened, in order; take until `None`.
    pub fn poll_effect(&mut self) -> Option<Effect> {
        self.effects.pop_front()
    }

    /// When [`Esme::handle_timeout`] is to be called.
    pub fn poll_timeout(&mut self) -> Option<Instant> {
        if self.is_over() {
            return self.stalled_at;
        }
        let of_parts = [self.session.poll_timeout(), self.acks.poll_timeout(), self.pace_at, self.stalled_at];
        of_parts.into_iter().flatten().min()
    }

    /// Takes what was read.
    pub fn handle_bytes(&mut self, octets: &[u8], now: Now) {
        self.session.handle_bytes(octets, now.at);
        self.go_on(now);
    }

    /// Nothing more will be read.
    pub fn peer_closed(&mut self, now: Now) {
        self.session.peer_closed();
        self.go_on(now);
    }

    /// Nothing more can be read or written.
    pub fn broken(&mut self, now: Now) {
        self.session.broken();
        self.go_on(now);
    }

    /// Acts on all that is due.
    pub fn handle_timeout(&mut self, now: Now) {
        if self.stalled_at.is_some_and(|at| at <= now.at) {
            self.session.not_reading();
        }
        self.session.handle_timeout(now.at);
        while let Some(to) = self.acks.slow(now.at) {
            self.session.respond(to.sequence, to.is_data_sm, ESME_RSYSERR, now.at);
        }
        self.go_on(now);
    }

    /// The store, or whoever was asked, has spoken. What comes after the resp was given up, or after the end, changes
    /// nothing.
    pub fn stored(&mut self, owed: Owed, stored: Stored, now: Now) {
        if self.is_over() {
            return;
        }
        let Some(to) = self.acks.stored(owed) else { return };
        let status = match stored {
            Stored::Kept(_) => ESME_ROK,
            Stored::Overload => ESME_RTHROTTLED,
            Stored::Failed => ESME_RSYSERR,
        };
        let resp = self.session.respond(to.sequence, to.is_data_sm, status, now.at);
        if let Stored::Kept(Some(kept)) = stored {
            self.acks.written(resp, kept);
        }
        self.go_on(now);
    }

    /// Takes a segment, which is then settled once. One that is handed over though it is not wanted comes back unwritten.
    pub fn submit(&mut self, segment: Segment, now: Now) {
        if self.wants_segment() {
            self.held = Some(segment);
            self.go_on(now);
        } else {
            self.unwritten(segment);
        }
    }

    /// The outcomes of so many segments that were written are stored.
    pub fn settled(&mut self, written: usize) {
        self.window.settled(written);
    }

    /// Takes a screen; it goes before every text that is not written yet.
    pub fn screen(&mut self, screen: Screen, now: Now) {
        self.screens.add(screen);
        self.go_on(now);
    }

    /// Asks whether the telco is there, without waiting for silence.
    pub fn enquire(&mut self, now: Now) {
        self.session.enquire(now.at);
        self.go_on(now);
    }

    /// Leaves politely: nothing new is sent, and the unbind goes out when nothing is owed on either side any more, or
    /// soon.
    pub fn leave(&mut self, now: Now) {
        self.session.unbind(now.at);
        self.go_on(now);
    }

    /// Everything that follows from what has just come in.
    fn go_on(&mut self, now: Now) {
        while let Some(event) = self.session.poll_event() {
            self.happened(event, now);
        }
        self.send(now);
        if let Some(read) = self.acks.tell(now.at, false) {
            self.effects.push_back(Effect::Read(read));
        }
        self.watch_output(now);
    }

    fn happened(&mut self, event: Event, now: Now) {
        match event {
            Event::Bound { system_id, version } => {
                // A telco that does not tell its version may be older than TLVs (§3.3.2).
                self.tlvs = version.is_some_and(|version| version >= 0x34);
                self.effects.push_back(Effect::Bound { system_id, version });
            }
            Event::BindRefused { status } => self.effects.push_back(Effect::Refused { status }),
            Event::Deliver(deliver) => self.arrived(deliver, now),
            Event::Submitted { token, status, message_id } => self.answered(token, status, message_id, now),
            Event::SubmitTimeout { token } => self.over(token, Outcome::Unknown, None),
            Event::Congestion { percent } => {
                if let Some(per_second) = self.pace.congested(percent, now.at) {
                    self.effects.push_back(Effect::Congested { percent, per_second });
                }
            }
            Event::Confirmed { up_to } => self.acks.read_up_to(up_to, now.at),
            Event::Anomaly(what) => self.effects.push_back(Effect::Anomaly(what)),
            Event::Closed { reason, unresolved } => {
                self.give_back();
                for token in unresolved {
                    self.over(token, Outcome::Unknown, None);
                }
                if let Some(read) = self.acks.tell(now.at, true) {
                    self.effects.push_back(Effect::Read(read));
                }
                self.effects.push_back(Effect::Closed(reason));
            }
        }
    }

    /// What a deliver_sm is: a citizen's text, a receipt, an input of USSD, or something that is only acknowledged.
    fn arrived(&mut self, deliver: Deliver, now: Now) {
        let to = RespTo { sequence: deliver.sequence, is_data_sm: deliver.is_data_sm };
        let effect = match receipt::kind(&deliver) {
            Kind::Message if Dialect::is_ussd(&deliver) => {
                Effect::Ussd { owed: self.acks.arrived(to, now.at), deliver }
            }
            Kind::Message => Effect::Text { owed: self.acks.arrived(to, now.at), deliver },
            Kind::Receipt => match receipt::read(&deliver) {
                Some(Receipt { message_id, state }) if state != DeliveryState::Pending => Effect::Receipt {
                    owed: self.acks.arrived(to, now.at),
                    message_id,
                    delivered: state == DeliveryState::Delivered,
                    source: deliver.source,
                    destination: deliver.destination,
                },
                Some(_) => return self.acknowledge(to, now),
                None => {
                    self.acknowledge(to, now);
                    Effect::UnreadReceipt
                }
            },
            Kind::Other => return self.acknowledge(to, now),
        };
        self.effects.push_back(effect);
    }

    /// Nothing durable to it.
    fn acknowledge(&mut self, to: RespTo, now: Now) {
        self.session.respond(to.sequence, to.is_data_sm, ESME_ROK, now.at);
    }

    fn answered(&mut self, token: u64, status: u32, message_id: Option<String>, now: Now) {
        self.is_still_bound(status, now);
        if status == ESME_ROK {
            self.pace.taken(now.at);
            return self.over(token, Outcome::Sent { message_id }, Some(now));
        }
        if self.statuses.class(status) == Class::Throttle {
            let pause = self.pace.throttled(now.at);
            self.effects.push_back(Effect::Throttled { pause });
        }
        match self.window.get(token) {
            Some(waiting) => self.over(token, retry::refused(&self.statuses, status, waiting.attempts), Some(now)),
            None => self.screen_refused(token, status, now),
        }
    }

    /// A telco that has forgotten the bind says so of each submit_sm, and would say it as long as the connection lives. One
    /// that says it of this or that text and takes others means something else by it.
    fn is_still_bound(&mut self, status: u32, now: Now) {
        let forgotten = status == ESME_RINVBNDSTS && self.statuses.class(status) == Class::Retry;
        self.not_bound_in_a_row = if forgotten { self.not_bound_in_a_row + 1 } else { 0 };
        if self.not_bound_in_a_row == NOT_BOUND_IN_A_ROW {
            self.effects.push_back(Effect::Forgotten);
            self.session.unbind(now.at);
        }
    }

    /// A screen that came too fast waits again; the pace, which has heard of it, says for how long.
    fn screen_refused(&mut self, token: u64, status: u32, now: Now) {
        let too_fast = self.statuses.class(status) == Class::Throttle;
        match self.screens.refused(token, too_fast, now.at) {
            Some(Refused::Waits(id)) => self.effects.push_back(Effect::ScreenRefused { id, status }),
            Some(Refused::Over(id)) => {
                self.effects.push_back(Effect::Screen { id, fate: ScreenFate::Refused { status } });
            }
            None => {}
        }
    }

    /// Settles what was written under that token. `resp`: when its resp came.
    fn over(&mut self, token: u64, outcome: Outcome, resp: Option<Now>) {
        if let Some((id, at)) = self.screens.over(token) {
            self.effects.push_back(Effect::Screen { id, fate: ScreenFate::Written { at } });
        }
        if let Some(Waiting { segment, at, .. }) = self.window.over(token) {
            let after = resp.map(|now| now.at.saturating_duration_since(at));
            self.effects.push_back(Effect::Settle { segment, outcome, after });
        }
    }

    fn unwritten(&mut self, segment: Segment) {
        self.effects.push_back(Effect::Settle { segment: segment.id, outcome: Outcome::Unwritten, after: None });
    }

    fn give_back(&mut self) {
        if let Some(segment) = self.held.take() {
            self.unwritten(segment);
        }
    }

    /// Writes what waits, screens first, as far as the window and the pace allow.
    fn send(&mut self, now: Now) {
        if self.is_over() {
            return;
        }
        while let Some(late) = self.screens.late(now.at) {
            self.effects.push_back(Effect::Screen { id: late, fate: ScreenFate::Late });
        }
        self.pace_at.take_if(|at| *at <= now.at);
        if self.state() != SessionState::Bound {
            return self.give_back();
        }
        while !self.screens.is_empty() && self.session.has_room() && self.pace_lets_go(now) {
            let Some(screen) = self.screens.next() else { return };
            let token = self.token();
            if self.session.submit_ussd(screen.pdu(), token, now.at).is_ok() {
                self.screens.written(token, screen, now.at);
            }
        }
        let ready = self.held.is_some() && self.screens.is_empty();
        if ready && self.session.has_room() && self.window.has_room() && self.pace_lets_go(now) {
            self.send_held(now);
        }
    }

    fn send_held(&mut self, now: Now) {
        let Some(segment) = self.held.take() else { return };
        let (id, attempts, read_at) = (segment.id, segment.attempts, segment.read_at);
        let pdu = self.style.submit_sm(segment, self.tlvs, now.wall);
        let token = self.token();
        if self.session.submit(&pdu, token, now.at).is_err() {
            return self.effects.push_back(Effect::Settle { segment: id, outcome: Outcome::Unwritten, after: None });
        }
        self.window.written(token, Waiting { segment: id, attempts, at: now.at });
        if let Some(read_at) = read_at {
            let after = now.at.saturating_duration_since(read_at);
            self.effects.push_back(Effect::Answered { after });
        }
    }

    /// Takes a token of the pace, or notes when there will be one.
    fn pace_lets_go(&mut self, now: Now) -> bool {
        if self.pace_at.is_none() {
            self.pace_at = self.pace.take(now.at).err();
        }
        self.pace_at.is_none()
    }

    fn token(&mut self) -> u64 {
        self.next_token += 1;
        self.next_token
    }

    fn watch_output(&mut self, now: Now) {
        if self.output().is_empty() {
            self.stalled_at = None;
        } else {
            self.stalled_at.get_or_insert(now.at + self.write_stalled);
        }
    }
}

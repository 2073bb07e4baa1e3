//! What all sessions of the sandbox telco share: MOs and receipts waiting, segments being joined, the ledger,
//! a running load. Knows no socket; sessions and phones come to it under one lock, never across an await.

use crate::types::lock;
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;
use tokio::time::Instant;

use bytes::Bytes;
use jiff::Timestamp;
use serde::Serialize;
use tokio::sync::{Notify, broadcast};
use tokio_util::sync::CancellationToken;

use super::alphabet::{self, Alphabet, Encoded, Place};
use super::codec::{self, Submit, status, tag};
use super::config::TelcoConfig;
use super::fault::{Dice, Faults};
use super::gateway::{Dialect, Gateway};
use super::ledger::{Ledger, MoEntry, MoState, MtEntry, Snapshot};
use super::load::Load;
use super::phone::SendError;

/// MO segments and receipts waiting for a bind.
const MAX_QUEUE: usize = 100_000;
/// Things to send at a later time.
const MAX_LATER: usize = 200_000;
/// Messages of which segments are still missing, and how long they may be.
const MAX_JOINS: usize = 10_000;
/// As long as a telephone keeps the parts of a text.
const JOIN_TTL: Duration = Duration::from_secs(24 * 3600);
const MAX_RECEIPT_TRIES: u32 = 5;
/// Accounts whose dropped sessions are remembered.
const MAX_DROPPED: usize = 1_000;
/// A refused or unanswered MO is tried for about as long as a telco would: far longer than any test.
const MAX_MO_TRIES: u32 = 10_000;

/// Something that happened, for phones. Holds numbers and texts, so it goes to phones only, never to a log.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "event", rename_all = "lowercase")]
pub enum Event {
    /// A text reached a phone.
    Text {
        /// Id of its first segment.
        id: String,
        /// The phone's number.
        number: String,
        /// The sender shown.
        from: String,
        /// The text.
        text: String,
        /// Segments it travelled in.
        segments: u8,
        /// What it travelled as.
        alphabet: Alphabet,
        /// Length in the alphabet's units.
        units: usize,
        /// When the last segment came.
        at: Timestamp,
    },
    /// A phone's own text came a step further.
    State {
        /// The MO's id.
        id: u64,
        /// The phone's number.
        number: String,
        /// Where it stands now.
        state: MoState,
        /// When.
        at: Timestamp,
    },
    /// A USSD screen is shown.
    Screen {
        /// The phone's number.
        number: String,
        /// The gateway's number of the session; 0 for a notice that has none.
        session: u16,
        /// The screen.
        text: String,
        /// The session is over.
        end: bool,
        /// What it travelled as.
        alphabet: Alphabet,
        /// Length in the alphabet's units.
        units: usize,
        /// What fits on a screen.
        size: usize,
        /// Screens of this session so far.
        screens: u32,
        /// Since the input.
        latency_ms: Option<u64>,
        /// When.
        at: Timestamp,
    },
    /// A USSD session ended without a last screen.
    Ended {
        /// The phone's number.
        number: String,
        /// Why.
        why: &'static str,
        /// When.
        at: Timestamp,
    },
    /// The ESME took the receipt of a text.
    Receipt {
        /// The message_id the receipt is about.
        id: String,
        /// The phone's number.
        number: String,
        /// What the receipt says.
        message: &'static str,
        /// When.
        at: Timestamp,
    },
}

impl Event {
    /// The phone it concerns.
    pub fn number(&self) -> &str {
        match self {
            Self::Text { number, .. }
            | Self::State { number, .. }
            | Self::Screen { number, .. }
            | Self::Ended { number, .. }
            | Self::Receipt { number, .. } => number,
        }
    }
}

/// A bind as others may see it.
#[derive(Debug, Clone, Serialize)]
pub struct BindInfo {
    /// The telco's number for the session.
    pub session: u64,
    /// system_id it bound with.
    pub system_id: String,
    /// `trx`, `tx` or `rx`.
    pub kind: &'static str,
    /// Since when.
    pub since: Timestamp,
}

/// What a deliver_sm carries.
#[derive(Debug)]
pub enum Cargo {
    /// A segment of an MO.
    Mo {
        /// Its id.
        id: u64,
    },
    /// A USSD input; never sent twice.
    Ussd {
        /// The phone's number.
        number: String,
        /// The gateway's number of the session.
        session: u16,
        /// Of a load.
        sender: Option<u32>,
    },
    /// A receipt.
    Receipt {
        /// The message_id it is about.
        id: String,
        /// The phone's number.
        number: String,
    },
}

/// A deliver_sm without its header, on its way.
#[derive(Debug)]
pub struct Item {
    /// What it carries.
    pub cargo: Cargo,
    /// The body.
    pub body: Bytes,
    tries: u32,
}

impl Item {
    /// Something that was not sent yet.
    pub fn new(cargo: Cargo, body: Bytes) -> Self {
        Self { cargo, body, tries: 0 }
    }
}

/// An MO until all its segments are answered.
#[derive(Debug)]
struct OpenMo {
    unwritten: u8,
    unacked: u8,
    sender: Option<u32>,
}

/// A session as the hub sees it.
#[derive(Debug)]
pub struct Member {
    /// What others may see.
    pub info: BindInfo,
    /// Whether MOs go to it.
    pub receives: bool,
    /// Rung when there is something to send.
    pub bell: Arc<Notify>,
    /// Cancelled to drop the connection without a word.
    pub cut: CancellationToken,
}

#[derive(Debug)]
struct Join {
    parts: BTreeMap<u8, (String, Vec<u8>)>,
    since: Instant,
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct JoinKey {
    from: String,
    to: String,
    kind: u8,
    reference: u16,
    total: u8,
}

/// The shared state, behind [`Hub::lock`].
pub struct TelcoState {
    /// The faults in force.
    pub faults: Faults,
    /// Sessions that are bound, by number.
    pub members: BTreeMap<u64, Member>,
    /// The ledger.
    pub ledger: Ledger,
    /// A running load.
    pub load: Option<Load>,
    /// How USSD is spoken.
    pub dialect: Dialect,
    /// USSD sessions.
    pub gateway: Gateway,
    dice: Dice,
    queue: VecDeque<Item>,
    later: BTreeMap<(Instant, u64), Item>,
    joins: HashMap<JoinKey, Join>,
    open: HashMap<u64, OpenMo>,
    next_mo: u64,
    next_later: u64,
    pub(super) next_message: u64,
    retry_after: Duration,
    receipt_delay: Duration,
    /// Accounts and kinds of binds that ended without an unbind, and when.
    dropped: HashMap<(String, &'static str), Instant>,
    events: broadcast::Sender<Event>,
}

/// The telco's middle.
pub struct Hub {
    /// How it was started.
    pub config: TelcoConfig,
    /// Cancelled to unbind and close everything.
    pub stop: CancellationToken,
    /// The next session's number.
    pub next_session: AtomicU64,
    events: broadcast::Sender<Event>,
    state: Mutex<TelcoState>,
}

impl Hub {
    /// A hub with nothing in it.
    pub fn new(config: TelcoConfig, stop: CancellationToken) -> Self {
        let (events, _) = broadcast::channel(1_024);
        let state = TelcoState {
            faults: config.faults.clone(),
            members: BTreeMap::new(),
            ledger: Ledger::new(config.keep),
            load: None,
            dialect: config.dialect,
            gateway: Gateway::default(),
            dice: Dice::default(),
            queue: VecDeque::new(),
            later: BTreeMap::new(),
            joins: HashMap::new(),
            open: HashMap::new(),
            next_mo: 1,
            next_later: 0,
            next_message: 0x1000,
            retry_after: config.redeliver_after,
            receipt_delay: config.receipt_delay,
            dropped: HashMap::new(),
            events: events.clone(),
        };
        Self { config, stop, next_session: AtomicU64::new(1), events, state: Mutex::new(state) }
    }

    /// The state. A panic elsewhere leaves it usable: it is a sandbox.
    pub fn lock(&self) -> MutexGuard<'_, TelcoState> {
        lock(&self.state)
    }

    /// What happens from now on.
    pub fn events(&self) -> broadcast::Receiver<Event> {
        self.events.subscribe()
    }
}

impl TelcoState {
    /// Takes an MO from a phone; `sender` is set by a load. Returns its id.
    pub fn send_mo(
        &mut self,
        from: &str,
        to: &str,
        text: &str,
        encoded: &Encoded,
        sender: Option<u32>,
    ) -> Result<u64, SendError> {
        let segments = u8::try_from(encoded.segments.len()).map_err(|_| SendError::TooLong)?;
        if self.queue.len() + self.later.len() + usize::from(segments) > MAX_QUEUE {
            return Err(SendError::QueueFull);
        }
        let id = self.next_mo;
        self.next_mo += 1;
        let esm_class = if segments > 1 { 0x40 } else { 0 };
        let mut parts: Vec<&Vec<u8>> = encoded.segments.iter().collect();
        if self.faults.shuffle_parts && segments > 1 {
            parts.reverse();
            parts.push(parts[0]);
        }
        let sent = u8::try_from(parts.len()).map_err(|_| SendError::TooLong)?;
        for segment in parts {
            let body = codec::deliver_body(from, to, esm_class, encoded.data_coding, segment, self.odd_tlvs());
            self.queue.push_back(Item { cargo: Cargo::Mo { id }, body, tries: 0 });
        }
        self.open.insert(id, OpenMo { unwritten: sent, unacked: sent, sender });
        self.ledger.counters.mo += 1;
        if self.ledger.keeps_entries() {
            self.ledger.add_mo(MoEntry {
                id,
                from: from.to_owned(),
                to: to.to_owned(),
                text: text.to_owned(),
                segments,
                times_sent: 0,
                sent_at: None,
                acked_at: None,
                last_status: None,
                state: MoState::Queued,
            });
        }
        Ok(id)
    }

    /// What nobody knows, in everything that is delivered.
    fn odd_tlvs(&self) -> &'static [(u16, &'static [u8])] {
        if self.faults.odd_tlvs { &[(0x4001, &[0, 1]), (0x1400, b"?"), (0xFFFF, &[])] } else { &[] }
    }

    /// Puts something at the end of the queue.
    pub fn enqueue(&mut self, item: Item) -> Result<(), SendError> {
        if self.queue.len() + self.later.len() >= MAX_QUEUE {
            return Err(SendError::QueueFull);
        }
        self.queue.push_back(item);
        Ok(())
    }

    /// Rings every session that can take an MO, if there is one to take.
    pub fn ring(&self) {
        if !self.queue.is_empty() {
            for member in self.members.values().filter(|m| m.receives) {
                member.bell.notify_one();
            }
        }
    }

    /// Takes the next thing to deliver; it counts as written.
    pub fn pull(&mut self, now: Instant) -> Option<Item> {
        let mut item = self.queue.pop_front()?;
        item.tries += 1;
        let id = match item.cargo {
            Cargo::Mo { id } => id,
            Cargo::Receipt { .. } => {
                self.ledger.counters.receipts += 1;
                return Some(item);
            }
            Cargo::Ussd { sender, .. } => {
                if let (Some(load), Some(sender)) = (&mut self.load, sender) {
                    load.written(sender, now);
                }
                return Some(item);
            }
        };
        let counters = &mut self.ledger.counters;
        counters.mo_written += 1;
        counters.mo_redelivered += u64::from(item.tries > 1);
        let Some(open) = self.open.get_mut(&id) else {
            return Some(item);
        };
        if item.tries == 1 {
            open.unwritten = open.unwritten.saturating_sub(1);
        }
        let whole = open.unwritten == 0;
        if let (Some(load), Some(sender)) = (&mut self.load, open.sender) {
            load.written(sender, now);
        }
        if let Some(entry) = self.ledger.mo(id) {
            let at = crate::sandbox::now();
            entry.times_sent += 1;
            entry.sent_at.get_or_insert(at);
            if whole {
                self.mo_state(id, MoState::Sent);
            }
        }
        Some(item)
    }

    fn mo_state(&mut self, id: u64, state: MoState) {
        let Some(entry) = self.ledger.mo(id) else {
            return;
        };
        if entry.state == state {
            return;
        }
        entry.state = state;
        let number = entry.from.clone();
        self.tell(Event::State { id, number, state, at: crate::sandbox::now() });
    }

    pub(super) fn tell(&self, event: Event) {
        // nobody listening is fine
        let _ = self.events.send(event);
    }

    /// The ESME answered a deliver_sm.
    pub fn delivered(&mut self, item: Item, status: u32, now: Instant) {
        if let Cargo::Ussd { number, session, sender } = &item.cargo {
            if status != status::ROK {
                self.ledger.error(status);
            }
            return self.ussd_acked(number, *session, *sender, status, now);
        }
        if status != status::ROK {
            self.ledger.error(status);
            return self.not_delivered(item, status, now);
        }
        match item.cargo {
            Cargo::Receipt { id, number } => {
                self.tell(Event::Receipt { id, number, message: "delivered", at: crate::sandbox::now() })
            }
            Cargo::Ussd { .. } => {}
            Cargo::Mo { id } => {
                let Some(open) = self.open.get_mut(&id) else {
                    return;
                };
                open.unacked = open.unacked.saturating_sub(1);
                if open.unacked > 0 {
                    return;
                }
                let sender = open.sender;
                self.open.remove(&id);
                self.ledger.counters.mo_acked += 1;
                if let (Some(load), Some(sender)) = (&mut self.load, sender) {
                    load.acked(sender, now);
                }
                if let Some(entry) = self.ledger.mo(id) {
                    entry.acked_at = Some(crate::sandbox::now());
                    entry.last_status = Some(status);
                    self.mo_state(id, MoState::Accepted);
                }
            }
        }
    }

    /// Temporary refusals and silences are tried again later, others end the message as a telco would.
    fn not_delivered(&mut self, item: Item, status: u32, now: Instant) {
        let again = matches!(status, status::SYSERR | status::THROTTLED | status::MSGQFUL | status::X_T_APPN);
        if let Cargo::Mo { id } = item.cargo {
            if let Some(entry) = self.ledger.mo(id) {
                entry.last_status = Some(status);
            }
            if !again {
                self.open.remove(&id);
                return self.mo_state(id, MoState::Refused);
            }
        }
        if again {
            self.retry(item, now + self.retry_after);
        }
    }

    /// Keeps something to be sent again at this time, or at the next bind.
    pub fn retry(&mut self, item: Item, at: Instant) {
        let max = match item.cargo {
            Cargo::Mo { .. } => MAX_MO_TRIES,
            Cargo::Receipt { .. } => MAX_RECEIPT_TRIES,
            // the subscriber does not wait so long
            Cargo::Ussd { .. } => return,
        };
        let id = match item.cargo {
            Cargo::Mo { id } => Some(id),
            Cargo::Receipt { .. } | Cargo::Ussd { .. } => None,
        };
        let kept = item.tries < max && self.put_later(item, at);
        if let Some(id) = id {
            if !kept {
                self.open.remove(&id);
            }
            let state = if kept { MoState::Waiting } else { MoState::Refused };
            self.mo_state(id, state);
        }
    }

    fn put_later(&mut self, item: Item, at: Instant) -> bool {
        if self.later.len() >= MAX_LATER {
            return false;
        }
        self.next_later += 1;
        self.later.insert((at, self.next_later), item);
        true
    }

    /// Whether an account may not bind so again: it is bound, or was and has gone without a word.
    pub fn holds(&self, system_id: &str, kind: &str, now: Instant) -> bool {
        let Some(held) = self.faults.already_bound else { return false };
        let bound = self.members.values().any(|m| m.info.system_id == system_id && m.info.kind == kind);
        let of_it = self.dropped.iter().find(|((name, dropped), _)| name == system_id && *dropped == kind);
        bound || of_it.is_some_and(|(_, at)| now.duration_since(*at) < held)
    }

    /// A session is about to end without an unbind.
    pub fn drops(&mut self, session: u64, now: Instant) {
        let Some(member) = self.members.get(&session) else { return };
        if self.dropped.len() < MAX_DROPPED {
            self.dropped.insert((member.info.system_id.clone(), member.info.kind), now);
        }
    }

    /// A session is bound: what was kept for the next bind is due now.
    pub fn joined(&mut self, session: u64, member: Member) {
        self.ledger.counters.binds += 1;
        let receives = member.receives;
        self.members.insert(session, member);
        if receives {
            let kept = std::mem::take(&mut self.later);
            for (key, item) in kept {
                match item.cargo {
                    Cargo::Mo { .. } => self.queue.push_back(item),
                    Cargo::Receipt { .. } | Cargo::Ussd { .. } => {
                        self.later.insert(key, item);
                    }
                }
            }
            self.ring();
        }
    }

    /// A session is gone; what it had in flight goes back to the front, in its order.
    pub fn left(&mut self, session: u64, in_flight: Vec<Item>) {
        self.members.remove(&session);
        for item in in_flight.into_iter().rev() {
            match item.cargo {
                Cargo::Mo { id } => self.mo_state(id, MoState::Waiting),
                // lost with its connection
                Cargo::Ussd { .. } => continue,
                Cargo::Receipt { .. } => {}
            }
            self.queue.push_front(item);
        }
        self.ring();
    }

    /// Moves what is due to the queue, drives a load, forgets stale segments.
    pub fn tick(&mut self, now: Instant) {
        while let Some(entry) = self.later.first_entry() {
            if entry.key().0 > now {
                break;
            }
            self.queue.push_back(entry.remove());
        }
        self.drive(now);
        self.ring();
    }

    /// The slow part of [`TelcoState::tick`], about once a second.
    pub fn sweep(&mut self, now: Instant) {
        self.joins.retain(|_, join| now - join.since < JOIN_TTL);
        if let Some(load) = &mut self.load {
            load.expire(now);
        }
    }

    /// Sends the MOs a load has due.
    pub fn drive(&mut self, now: Instant) {
        let Some(mut load) = self.load.take() else {
            return;
        };
        // room is asked for first: a sender taken is a sender that must be asked
        while self.queue.len() + self.later.len() + 255 < MAX_QUEUE {
            let Some(sender) = load.next(now) else {
                break;
            };
            if load.plan().ussd {
                self.drive_ussd(&load, sender);
                continue;
            }
            let (from, plan) = (Load::msisdn(sender), load.plan());
            let sent = self.send_mo(&from, &plan.to, "", load.encoded(sender), Some(sender));
            debug_assert!(sent.is_ok(), "there was room");
        }
        self.load = Some(load);
    }

    /// Takes a submit: its message_id, or the status it is refused with.
    pub fn submitted(&mut self, session: u64, submit: Submit, now: Instant) -> Result<String, u32> {
        if submit.dest.digits.is_empty() {
            return Err(status::INVDSTADR);
        }
        if submit.source.digits.is_empty() {
            return Err(status::INVSRCADR);
        }
        if self.dice.hit(self.faults.throttle) {
            self.ledger.counters.throttled += 1;
            return Err(status::THROTTLED);
        }
        if submit.ussd_op.is_some() {
            return self.screen(session, &submit, now);
        }
        self.next_message += 1;
        let message_id = format!("{:x}", self.next_message);
        self.ledger.counters.mt_segments += 1;
        // 1 asks for every outcome; 2 only for failure, which does not happen here
        if submit.registered & 3 == 1 && !self.faults.no_receipts {
            self.put_receipt(&message_id, &submit, now);
        }
        self.arrived(session, &message_id, submit, now);
        Ok(message_id)
    }

    fn put_receipt(&mut self, message_id: &str, submit: &Submit, now: Instant) {
        let date = crate::sandbox::now().strftime("%y%m%d%H%M").to_string();
        let written = self.faults.receipt_ids.write(message_id);
        let text =
            format!("id:{written} sub:001 dlvrd:001 submit date:{date} done date:{date} stat:DELIVRD err:000 text:");
        let mut id = written.into_bytes();
        id.push(0);
        let named: [(u16, &[u8]); 2] = [(tag::RECEIPTED_MESSAGE_ID, &id), (tag::MESSAGE_STATE, &[2])];
        let tlvs = [self.odd_tlvs(), &named].concat();
        let (phone, esme) = (&submit.dest.digits, &submit.source.digits);
        let body = codec::deliver_body(phone, esme, 0x04, 0, text.as_bytes(), &tlvs);
        let item = Item { cargo: Cargo::Receipt { id: message_id.to_owned(), number: phone.clone() }, body, tries: 0 };
        if self.faults.receipt_first {
            self.queue.push_front(item);
            return self.ring();
        }
        self.put_later(item, now + self.receipt_delay);
    }

    /// A segment reached its phone: joins it with others and, when whole, shows it.
    fn arrived(&mut self, session: u64, message_id: &str, submit: Submit, now: Instant) {
        let alphabet = alphabet::of_data_coding(submit.data_coding);
        let mut place = submit.sar.map(|(reference, total, number)| Place { kind: 32, reference, total, number });
        let mut header = 0;
        if submit.esm_class & 0x40 != 0 {
            match alphabet::split_header(&submit.body) {
                Some((found, length)) => {
                    header = length;
                    place = found.or(place);
                }
                None => self.broken(session, "a user data header longer than its message"),
            }
        }
        let data = &submit.body[header..];
        if !submit.payload && !alphabet::fits_the_air(alphabet, header, data.len()) {
            self.broken(session, "a segment longer than 140 octets on the air");
        }
        match place.filter(|p| p.total > 1) {
            Some(p) if !p.valid() => self.broken(session, "a segment number out of range"),
            Some(p) => self.join(session, p, message_id, header, submit, now),
            None => {
                let data = data.to_vec();
                self.whole(session, vec![message_id.to_owned()], &submit, &data, now);
            }
        }
    }

    fn broken(&mut self, session: u64, what: &str) {
        self.ledger.violation(format!("session {session}: {what}"));
    }

    fn join(&mut self, session: u64, place: Place, message_id: &str, header: usize, submit: Submit, now: Instant) {
        let key = JoinKey {
            from: submit.source.digits.clone(),
            to: submit.dest.digits.clone(),
            kind: place.kind,
            reference: place.reference,
            total: place.total,
        };
        if self.joins.len() >= MAX_JOINS && !self.joins.contains_key(&key) {
            return self.broken(session, "too many unfinished messages");
        }
        let mut join = self.joins.remove(&key).unwrap_or_else(|| Join { parts: BTreeMap::new(), since: now });
        let part = (message_id.to_owned(), submit.body[header..].to_vec());
        // a segment that comes twice is the same segment
        join.parts.entry(place.number).or_insert(part);
        if join.parts.len() < usize::from(place.total) {
            self.joins.insert(key, join);
            return;
        }
        let (ids, data): (Vec<_>, Vec<_>) = join.parts.into_values().unzip();
        self.whole(session, ids, &submit, &data.concat(), now);
    }

    fn whole(&mut self, session: u64, ids: Vec<String>, submit: &Submit, data: &[u8], now: Instant) {
        self.ledger.counters.mt += 1;
        if self.load.is_some() {
            if let Some(load) = &mut self.load {
                load.answered(&submit.dest.digits, now);
            }
            self.drive(now);
        }
        if !self.ledger.keeps_entries() {
            return;
        }
        let alphabet = alphabet::of_data_coding(submit.data_coding);
        let decoded = alphabet::decode(alphabet, data);
        if let Some(fault) = decoded.fault {
            self.broken(session, fault);
        }
        let entry = MtEntry {
            segments: u8::try_from(ids.len()).unwrap_or(u8::MAX),
            message_ids: ids,
            from: submit.source.digits.clone(),
            to: submit.dest.digits.clone(),
            text: decoded.text,
            alphabet,
            units: decoded.units,
            session,
            validity: submit.validity.clone(),
            registered: submit.registered,
            at: crate::sandbox::now(),
        };
        self.tell(Event::Text {
            id: entry.message_ids.first().cloned().unwrap_or_default(),
            number: entry.to.clone(),
            from: entry.from.clone(),
            text: entry.text.clone(),
            segments: entry.segments,
            alphabet,
            units: entry.units,
            at: entry.at,
        });
        self.ledger.add_mt(entry);
    }

    /// Whether a submit's response is to be swallowed.
    pub fn drops_resp(&mut self) -> bool {
        self.dice.hit(self.faults.drop_resp)
    }

    /// A copy of the ledger.
    pub fn snapshot(&self) -> Snapshot {
        self.ledger.snapshot(self.joins.len())
    }

    /// MOs not yet acknowledged whole.
    pub fn unacked(&self) -> usize {
        self.open.len()
    }
}

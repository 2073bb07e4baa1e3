//! A store in memory, for the tests of services: every call is a transaction, and one can be made to fail, before it is done
//! or after. It judges redeliveries, order and windows as the contract of the store says, in the plainest way; what no
//! test of a service needs (receipts, pairing, retention) it does not do.
mod alone;
mod feedback;
mod parts;

pub use feedback::FeedbackRow;
pub use parts::PartRow;

use crate::{
    ports::{
        PortFuture, StoreFault,
        citizens::{CitizenRecord, Citizens},
        inbox::{Accepted, DedupeKey, DedupeKind, Finish, Inbox, Intake, MoEnd, NewMo, Recovery, StoredMo},
        kiosks::{Command, Heartbeat, Kiosk, Kiosks, NewKiosk, Offer, Pairing, TokenHash},
        messages::{CallEnd, Item, MessageStatus, Messages, NewCall},
        outbox::{DueMt, NewMt, NewReceipt, Outbox, Outcome, Receipted, Resolved, Settlement},
        pushes::{Asked, Bounds, NewPush, PushEnd, Pushes, StoredPush},
        ussd::{UssdSession, UssdSessions, UssdStep},
    },
    smpp::message_id::Learned,
    types::{
        CauseId, Msisdn, MtId, SessionId, UnixMs,
        limits::SUBMIT_TRIES_MAX,
        lock,
        names::{Family, SmscName},
    },
};
use ring::digest::{SHA256, digest};
use std::{
    collections::{BTreeMap, HashMap, HashSet, VecDeque},
    sync::Mutex,
};

/// What the exchange hands through unread, or only the console asks: the contract of the store judges it, and a service
/// whose test comes here has begun to do more.
fn untouched<T>() -> T {
    panic!("no service is to need this: see tests/it/store_contract")
}

/// Where an MO stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MoAt {
    Waiting,
    Claimed,
    Silent,
    Done(MoEnd),
}

/// Where a segment stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MtAt {
    Queued,
    Submitting,
    Uncertain,
    Sent,
    Failed,
}

struct MoRow {
    new: NewMo,
    at: MoAt,
    attempts: u32,
    alone: bool,
    deaths_alone: u32,
    suspect: bool,
    confirmed: bool,
}

struct MtRow {
    new: NewMt,
    cause: CauseId,
    at: MtAt,
    session: Option<SessionId>,
    attempts: u32,
    due: UnixMs,
    since: UnixMs,
}

/// A push, and how it ended.
#[derive(Clone)]
pub struct PushRow {
    pub stored: StoredPush,
    pub end: Option<PushEnd>,
}

#[derive(Default)]
struct Rows {
    mos: BTreeMap<CauseId, MoRow>,
    keys: HashMap<([u8; 32], Family), (CauseId, UnixMs)>,
    citizens: HashMap<Msisdn, CitizenRecord>,
    mts: BTreeMap<MtId, MtRow>,
    pushes: BTreeMap<CauseId, PushRow>,
    feedback: BTreeMap<uuid::Uuid, FeedbackRow>,
    parts: Vec<PartRow>,
    /// Names of events and of texts that were asked for.
    taken: HashSet<String>,
    cursor: Option<String>,
    sessions: HashMap<(Msisdn, Family), UssdSession>,
    /// Start, length and count.
    windows: HashMap<String, (UnixMs, i64, u32)>,
    kiosks: HashMap<TokenHash, Kiosk>,
    kept: Vec<Vec<(String, Heartbeat)>>,
    offers: Vec<Offer>,
    calls: Vec<NewCall>,
    unclean: bool,
}

/// How a call fails.
#[derive(Clone, Copy)]
pub enum Fails {
    /// It is not done.
    Before(StoreFault),
    /// It is done, and nobody is told.
    After(StoreFault),
}

/// The store.
#[derive(Default)]
pub struct Memory {
    rows: Mutex<Rows>,
    faults: Mutex<HashMap<&'static str, VecDeque<Fails>>>,
    called: Mutex<HashMap<&'static str, u32>>,
}

/// What tests do with it.
impl Memory {
    /// The next calls of this name fail so, one after the other.
    pub fn fail(&self, call: &'static str, how: impl IntoIterator<Item = Fails>) {
        lock(&self.faults).entry(call).or_default().extend(how);
    }

    /// How often a call was made.
    pub fn called(&self, call: &'static str) -> u32 {
        lock(&self.called).get(call).copied().unwrap_or_default()
    }

    /// The process ends without a word, and another one begins on the same rows.
    pub fn crash(&self) {
        lock(&self.rows).unclean = true;
    }

    /// Texts and where they stand, in the order in which they came.
    pub fn mos(&self) -> Vec<(String, MoAt)> {
        lock(&self.rows).mos.values().map(|row| (row.new.text.clone(), row.at)).collect()
    }

    /// Segments and where they stand, in the order of their ids.
    pub fn mts(&self) -> Vec<(NewMt, MtAt)> {
        lock(&self.rows).mts.values().map(|row| (row.new.clone(), row.at.clone())).collect()
    }

    pub fn pushes(&self) -> Vec<PushRow> {
        lock(&self.rows).pushes.values().cloned().collect()
    }

    pub fn put_push(&self, push: NewPush, now: UnixMs) {
        lock(&self.rows).add_push(push, now);
    }

    /// What is remembered of a number.
    pub fn record(&self, number: Msisdn) -> CitizenRecord {
        lock(&self.rows).citizens.get(&number).cloned().unwrap_or_default()
    }

    pub fn put_record(&self, number: Msisdn, record: CitizenRecord) {
        lock(&self.rows).citizens.insert(number, record);
    }

    pub fn put_kiosk(&self, token: TokenHash, kiosk: Kiosk) {
        lock(&self.rows).kiosks.insert(token, kiosk);
    }

    /// Heartbeats, commit by commit.
    pub fn kept(&self) -> Vec<Vec<(String, Heartbeat)>> {
        lock(&self.rows).kept.clone()
    }

    /// The digits that were offered for pairing.
    pub fn offers(&self) -> Vec<Offer> {
        lock(&self.rows).offers.clone()
    }

    pub fn calls(&self) -> Vec<NewCall> {
        lock(&self.rows).calls.clone()
    }

    fn call<T: Send + 'static>(
        &self,
        name: &'static str,
        change: impl FnOnce(&mut Rows) -> Result<T, StoreFault>,
    ) -> PortFuture<'_, Result<T, StoreFault>> {
        *lock(&self.called).entry(name).or_default() += 1;
        let fails = lock(&self.faults).get_mut(name).and_then(VecDeque::pop_front);
        let came = match fails {
            Some(Fails::Before(fault)) => Err(fault),
            Some(Fails::After(fault)) => change(&mut lock(&self.rows)).and(Err(fault)),
            None => change(&mut lock(&self.rows)),
        };
        // a commit takes a moment, so that others come between
        Box::pin(async move {
            tokio::task::yield_now().await;
            came
        })
    }
}

impl Rows {
    fn earlier(&self, mo: &NewMo) -> Option<Accepted> {
        self.earlier_with(mo.dedupe, &mo.family).filter(|_| !mo.insist)
    }

    fn earlier_with(&self, dedupe: DedupeKey, family: &Family) -> Option<Accepted> {
        let (of, _) = self.keys.get(&(dedupe.digest, family.clone()))?;
        let earlier = self.mos.get(of)?;
        let open = matches!(earlier.at, MoAt::Waiting | MoAt::Claimed)
            || self.mts.values().any(|mt| mt.cause == *of && !matches!(mt.at, MtAt::Sent | MtAt::Failed));
        match dedupe.kind {
            DedupeKind::Weak | DedupeKind::Segment if !open && earlier.confirmed => None,
            DedupeKind::Weak | DedupeKind::Segment if !open => Some(Accepted::Resembles {
                of: *of,
                session: earlier.new.session,
                received_at: earlier.new.received_at,
            }),
            _ => Some(Accepted::Duplicate { of: *of }),
        }
    }

    fn add_mo(&mut self, new: NewMo) {
        let DedupeKey { digest, .. } = new.dedupe;
        self.keys.insert((digest, new.family.clone()), (new.id, new.received_at));
        let at = match new.intake {
            Intake::Claimed => MoAt::Claimed,
            Intake::Waiting => MoAt::Waiting,
            Intake::Silent => MoAt::Silent,
        };
        let attempts = u32::from(at == MoAt::Claimed);
        let row = MoRow { new, at, attempts, alone: false, deaths_alone: 0, suspect: false, confirmed: false };
        self.mos.insert(row.new.id, row);
    }

    fn is_open(&self, number: Msisdn, smsc: &SmscName) -> bool {
        let open = |mt: &MtRow| !matches!(mt.at, MtAt::Sent | MtAt::Failed);
        self.mts.values().any(|mt| mt.new.destination == number && mt.new.smsc == *smsc && open(mt))
    }

    /// Those with a place whose number has nothing else on its way are submitting at once.
    fn add_mts(&mut self, cause: CauseId, mts: Vec<NewMt>, now: UnixMs) -> Vec<MtId> {
        let mut begun = Vec::new();
        for new in mts {
            let session = new.reserved.filter(|_| !self.is_open(new.destination, &new.smsc));
            let at = if session.is_some() { MtAt::Submitting } else { MtAt::Queued };
            begun.extend(session.map(|_| new.id));
            let attempts = u32::from(session.is_some());
            self.mts.insert(new.id, MtRow { new, cause, at, session, attempts, due: now, since: now });
        }
        begun
    }

    fn add_push(&mut self, push: NewPush, now: UnixMs) {
        let row = PushRow { stored: StoredPush { push, attempts: 0, created_at: now }, end: None };
        self.pushes.insert(row.stored.push.id, row);
    }

    fn due(&self, smsc: &SmscName, now: UnixMs) -> Vec<&MtRow> {
        let goes_first = |mt: &MtRow| {
            let before = |other: &&MtRow| {
                other.new.destination == mt.new.destination
                    && other.new.smsc == mt.new.smsc
                    && other.new.id != mt.new.id
                    && !matches!(other.at, MtAt::Sent | MtAt::Failed)
                    && (other.at != MtAt::Queued || (other.new.class, other.new.id) < (mt.new.class, mt.new.id))
            };
            !self.mts.values().any(|other| before(&other))
        };
        let mut due: Vec<&MtRow> = self
            .mts
            .values()
            .filter(|mt| mt.new.smsc == *smsc && mt.at == MtAt::Queued && mt.due <= now && goes_first(mt))
            .collect();
        due.sort_by_key(|mt| (mt.due.plus_ms(mt.new.class.yields_ms()), mt.new.id));
        due
    }

    fn count(&self, name: &str, now: UnixMs) -> u32 {
        match self.windows.get(name) {
            Some((since, span, count)) if (0..*span).contains(&now.since_ms(*since)) => *count,
            _ => 0,
        }
    }

    fn tally(&mut self, windows: &[(String, i64, u32)], now: UnixMs) -> bool {
        if windows.iter().any(|(name, _, most)| *most > 0 && self.count(name, now) >= *most) {
            return false;
        }
        for (name, span, _) in windows {
            let count = self.count(name, now);
            let since = if count == 0 { now } else { self.windows[name].0 };
            self.windows.insert(name.clone(), (since, *span, count + 1));
        }
        true
    }
}

fn stored(row: &MoRow) -> StoredMo {
    StoredMo {
        id: row.new.id,
        smsc: row.new.smsc.clone(),
        source: row.new.source.clone(),
        destination: row.new.destination.clone(),
        text: row.new.text.clone(),
        received_at: row.new.received_at,
        attempts: row.attempts,
        deaths_alone: row.deaths_alone,
        suspect: row.suspect,
    }
}

fn number_of(mo: &NewMo) -> Msisdn {
    match &mo.source {
        crate::ports::inbox::Source::Person(number) => *number,
        crate::ports::inbox::Source::Other(_) => Msisdn::NOBODY,
    }
}

impl Inbox for Memory {
    fn begin(&self, now: UnixMs) -> PortFuture<'_, Result<Recovery, StoreFault>> {
        self.call("begin", |rows| {
            let unclean = std::mem::take(&mut rows.unclean);
            for mo in rows.mos.values_mut().filter(|mo| mo.at == MoAt::Claimed) {
                mo.at = MoAt::Waiting;
                mo.suspect = unclean;
                mo.deaths_alone += u32::from(unclean && mo.alone);
            }
            for mt in rows.mts.values_mut().filter(|mt| mt.at == MtAt::Submitting) {
                (mt.at, mt.since) = (MtAt::Uncertain, now);
            }
            let waiting = rows.mos.values().filter(|mo| mo.at == MoAt::Waiting);
            let suspects = waiting.clone().filter(|mo| mo.suspect).count() as u64;
            let waiting = waiting.count() as u64;
            let ambiguous = rows.mts.values().filter(|mt| mt.at == MtAt::Uncertain).count() as u64;
            Ok(Recovery { incarnation: 1, clean: !unclean, suspects, waiting, ambiguous })
        })
    }

    fn end(&self, _now: UnixMs) -> PortFuture<'_, Result<(), StoreFault>> {
        self.call("end", |_| Ok(()))
    }

    fn accept(&self, mo: NewMo) -> PortFuture<'_, Result<Accepted, StoreFault>> {
        self.call("accept", |rows| {
            if let Some(earlier) = rows.earlier(&mo) {
                return Ok(earlier);
            }
            let citizen = rows.citizens.get(&number_of(&mo)).cloned().unwrap_or_default();
            let claimed = mo.intake == Intake::Claimed;
            rows.add_mo(mo);
            Ok(Accepted::New { citizen, claimed })
        })
    }

    fn waiting(
        &self,
        suspects: bool,
        after: Option<CauseId>,
        limit: usize,
    ) -> PortFuture<'_, Result<Vec<StoredMo>, StoreFault>> {
        self.call("waiting", |rows| {
            let mos = rows.mos.values().filter(|mo| mo.at == MoAt::Waiting && mo.suspect == suspects);
            Ok(mos.filter(|mo| after.is_none_or(|after| mo.new.id > after)).take(limit).map(stored).collect())
        })
    }

    fn claim(&self, mo: CauseId, alone: bool, _now: UnixMs) -> PortFuture<'_, Result<CitizenRecord, StoreFault>> {
        self.call("claim", |rows| {
            let row = rows.mos.get_mut(&mo).filter(|mo| mo.at == MoAt::Waiting).ok_or(StoreFault::Stale)?;
            (row.at, row.alone, row.suspect, row.attempts) = (MoAt::Claimed, alone, false, row.attempts + 1);
            Ok(rows.citizens.get(&number_of(&row.new)).cloned().unwrap_or_default())
        })
    }

    fn release(&self, mo: CauseId, _now: UnixMs) -> PortFuture<'_, Result<(), StoreFault>> {
        self.call("release", |rows| {
            let row = rows.mos.get_mut(&mo).filter(|mo| mo.at == MoAt::Claimed).ok_or(StoreFault::Stale)?;
            (row.at, row.alone) = (MoAt::Waiting, false);
            Ok(())
        })
    }

    fn finish(&self, finish: Finish, now: UnixMs) -> PortFuture<'_, Result<Vec<MtId>, StoreFault>> {
        self.call("finish", |rows| {
            let row = rows.mos.get_mut(&finish.mo).filter(|mo| mo.at == MoAt::Claimed).ok_or(StoreFault::Stale)?;
            row.at = MoAt::Done(finish.end);
            rows.citizens.extend(finish.citizen);
            finish.follow_up.into_iter().for_each(|push| rows.add_push(push, now));
            Ok(rows.add_mts(finish.mo, finish.mts, now))
        })
    }

    fn confirm(&self, mos: Vec<CauseId>) -> PortFuture<'_, Result<(), StoreFault>> {
        self.call("confirm", |rows| {
            rows.mos.values_mut().filter(|mo| mos.contains(&mo.new.id)).for_each(|mo| mo.confirmed = true);
            Ok(())
        })
    }

    fn inbox_depth(&self) -> PortFuture<'_, Result<u64, StoreFault>> {
        untouched()
    }

    fn probe(&self) -> PortFuture<'_, Result<(), StoreFault>> {
        self.call("probe", |_| Ok(()))
    }

    fn sweep(&self, _texts_before: UnixMs, _now: UnixMs) -> PortFuture<'_, Result<u64, StoreFault>> {
        self.call("sweep", |_| Ok(0))
    }
}

impl Outbox for Memory {
    fn due(&self, smsc: SmscName, now: UnixMs, limit: usize) -> PortFuture<'_, Result<Vec<DueMt>, StoreFault>> {
        self.call("due", |rows| {
            let due = rows.due(&smsc, now).into_iter().take(limit);
            let due = due.map(|row| DueMt {
                id: row.new.id,
                mo: row.cause,
                source: row.new.source.clone(),
                destination: row.new.destination,
                body: row.new.body.clone(),
                data_coding: row.new.data_coding,
                udhi: row.new.udhi,
                reference: row.new.reference,
                not_after: row.new.not_after,
                attempts: row.attempts + 1,
            });
            Ok(due.collect())
        })
    }

    fn queued(&self, smsc: SmscName) -> PortFuture<'_, Result<bool, StoreFault>> {
        self.call("queued", |rows| Ok(rows.mts.values().any(|mt| mt.new.smsc == smsc && mt.at == MtAt::Queued)))
    }

    fn begin_submit(
        &self,
        mts: Vec<MtId>,
        session: SessionId,
        now: UnixMs,
    ) -> PortFuture<'_, Result<Vec<MtId>, StoreFault>> {
        self.call("begin_submit", |rows| {
            let mut begun = Vec::new();
            for id in mts {
                if let Some(row) = rows.mts.get_mut(&id).filter(|mt| mt.at == MtAt::Queued) {
                    (row.at, row.session, row.since) = (MtAt::Submitting, Some(session), now);
                    row.attempts += 1;
                    begun.push(id);
                }
            }
            Ok(begun)
        })
    }

    fn settle(&self, settlements: Vec<Settlement>, now: UnixMs) -> PortFuture<'_, Result<(), StoreFault>> {
        self.call("settle", |rows| {
            for one in settlements {
                let ours = |mt: &&mut MtRow| mt.at == MtAt::Submitting && mt.session == Some(one.session);
                let Some(row) = rows.mts.get_mut(&one.mt).filter(ours) else { continue };
                row.since = now;
                row.at = match one.outcome {
                    Outcome::Sent { .. } => MtAt::Sent,
                    Outcome::Failed { .. } => MtAt::Failed,
                    Outcome::Ambiguous => MtAt::Uncertain,
                    Outcome::Retry { .. } | Outcome::Unwritten => MtAt::Queued,
                };
                match one.outcome {
                    Outcome::Retry { due, .. } => row.due = due,
                    Outcome::Unwritten => row.attempts -= 1,
                    Outcome::Sent { .. } | Outcome::Failed { .. } | Outcome::Ambiguous => {}
                }
            }
            Ok(())
        })
    }

    fn resolve_ambiguous(
        &self,
        smsc: SmscName,
        before: UnixMs,
        now: UnixMs,
    ) -> PortFuture<'_, Result<Resolved, StoreFault>> {
        self.call("resolve_ambiguous", |rows| {
            let mut resolved = Resolved::default();
            let old = |mt: &&mut MtRow| mt.new.smsc == smsc && mt.at == MtAt::Uncertain && mt.since < before;
            for row in rows.mts.values_mut().filter(old) {
                let of_use = row.new.not_after > now && row.attempts < SUBMIT_TRIES_MAX;
                row.at = if of_use { MtAt::Queued } else { MtAt::Failed };
                resolved.resent += u64::from(of_use);
                resolved.given_up += u64::from(!of_use);
            }
            Ok(resolved)
        })
    }

    fn expire(&self, _now: UnixMs) -> PortFuture<'_, Result<u64, StoreFault>> {
        self.call("expire", |_| Ok(0))
    }

    fn receipt(&self, _receipt: NewReceipt, _now: UnixMs) -> PortFuture<'_, Result<Receipted, StoreFault>> {
        self.call("receipt", |_| Ok(Receipted::Exact))
    }

    fn learned(&self) -> PortFuture<'_, Result<Vec<(Family, Learned)>, StoreFault>> {
        untouched()
    }

    fn outbox_depth(&self) -> PortFuture<'_, Result<u64, StoreFault>> {
        untouched()
    }
}

impl Citizens for Memory {
    fn citizen(&self, number: Msisdn) -> PortFuture<'_, Result<CitizenRecord, StoreFault>> {
        self.call("citizen", |rows| Ok(rows.citizens.get(&number).cloned().unwrap_or_default()))
    }
}

impl Pushes for Memory {
    fn take_event(
        &self,
        event: String,
        push: Option<NewPush>,
        now: UnixMs,
    ) -> PortFuture<'_, Result<bool, StoreFault>> {
        self.call("take_event", |rows| {
            let new = rows.taken.insert(event);
            push.into_iter().filter(|_| new).for_each(|push| rows.add_push(push, now));
            Ok(new)
        })
    }

    fn take_asked(
        &self,
        name: String,
        push: NewPush,
        bounds: Bounds,
        now: UnixMs,
    ) -> PortFuture<'_, Result<Asked, StoreFault>> {
        self.call("take_asked", |rows| {
            if rows.taken.contains(&name) {
                return Ok(Asked::Before);
            }
            let full = |name: &str, rows: &Rows| {
                let (since, span, _) = rows.windows[name];
                Ok(Asked::Full(since.plus_ms(span)))
            };
            if rows.count(&bounds.closed_by, now) > 0 {
                return full(&bounds.closed_by, rows);
            }
            let spent = bounds.windows.iter().find(|(name, _, most)| *most > 0 && rows.count(name, now) >= *most);
            if let Some((name, ..)) = spent {
                return full(name, rows);
            }
            rows.tally(&bounds.windows, now);
            rows.taken.insert(name);
            rows.add_push(push, now);
            Ok(Asked::Taken)
        })
    }

    fn due_pushes(&self, now: UnixMs, limit: usize) -> PortFuture<'_, Result<Vec<StoredPush>, StoreFault>> {
        self.call("due_pushes", |rows| {
            let due = rows.pushes.values().filter(|row| row.end.is_none() && row.stored.push.due <= now);
            let mut due: Vec<StoredPush> = due.map(|row| row.stored.clone()).collect();
            due.sort_by_key(|stored| (stored.push.due.plus_ms(stored.push.class.yields_ms()), stored.push.id));
            due.truncate(limit);
            Ok(due)
        })
    }

    fn end_push(&self, push: CauseId, end: PushEnd, now: UnixMs) -> PortFuture<'_, Result<(), StoreFault>> {
        self.call("end_push", |rows| {
            let row = rows.pushes.get_mut(&push).filter(|row| row.end.is_none()).ok_or(StoreFault::Stale)?;
            if let PushEnd::Later(due) = end {
                row.stored.push.due = due;
                row.stored.attempts += 1;
                return Ok(());
            }
            row.end = Some(end.clone());
            if let PushEnd::Queued(mts) = end {
                rows.add_mts(push, mts, now);
            }
            Ok(())
        })
    }

    fn event_cursor(&self) -> PortFuture<'_, Result<Option<String>, StoreFault>> {
        self.call("event_cursor", |rows| Ok(rows.cursor.clone()))
    }

    fn set_event_cursor(&self, cursor: Option<String>) -> PortFuture<'_, Result<(), StoreFault>> {
        self.call("set_event_cursor", |rows| {
            rows.cursor = cursor;
            Ok(())
        })
    }
}

impl Messages for Memory {
    fn accept_call(&self, call: NewCall, now: UnixMs) -> PortFuture<'_, Result<CallEnd, StoreFault>> {
        self.call("accept_call", |rows| {
            let good = |call: &NewCall| call.messages.iter().filter(|message| message.verdict.is_ok()).count();
            let today = |before: &&NewCall| before.agency == call.agency && before.day == call.day;
            let sent: usize = rows.calls.iter().filter(today).map(good).sum();
            let left = (call.per_day as usize).saturating_sub(sent);
            if call.per_day > 0 && good(&call) > left {
                return Ok(CallEnd::Quota { left: u32::try_from(left).expect("a quota") });
            }
            let pushes = call.messages.iter().filter_map(|message| message.verdict.clone().ok());
            pushes.for_each(|push| rows.add_push(push, now));
            let item = |message: &crate::ports::messages::NewMessage| Item {
                id: message.id.clone(),
                reference: message.reference.clone(),
                refused: message.verdict.as_ref().err().cloned(),
                replayed: false,
                cost: message.cost,
            };
            let items = call.messages.iter().map(item).collect();
            rows.calls.push(call.clone());
            Ok(CallEnd::Done { request: call.request, items, replayed: false })
        })
    }

    fn message(
        &self,
        _agency: String,
        _id: String,
        _now: UnixMs,
    ) -> PortFuture<'_, Result<Option<MessageStatus>, StoreFault>> {
        untouched()
    }

    fn messages_under(
        &self,
        _agency: String,
        _reference: String,
        _now: UnixMs,
    ) -> PortFuture<'_, Result<Vec<MessageStatus>, StoreFault>> {
        untouched()
    }

    fn messages_of(
        &self,
        _agency: String,
        _request: String,
        _now: UnixMs,
    ) -> PortFuture<'_, Result<Vec<MessageStatus>, StoreFault>> {
        untouched()
    }
}

impl UssdSessions for Memory {
    fn ussd(
        &self,
        family: Family,
        number: Msisdn,
    ) -> PortFuture<'_, Result<(Option<UssdSession>, CitizenRecord), StoreFault>> {
        self.call("ussd", |rows| {
            let citizen = rows.citizens.get(&number).cloned().unwrap_or_default();
            Ok((rows.sessions.get(&(number, family)).cloned(), citizen))
        })
    }

    fn keep_ussd(&self, step: UssdStep, now: UnixMs) -> PortFuture<'_, Result<Vec<MtId>, StoreFault>> {
        self.call("keep_ussd", |rows| {
            let key = (step.number, step.family);
            if rows.sessions.get(&key).is_some_and(|kept| kept.version != step.session.version - 1) {
                return Err(StoreFault::Stale);
            }
            rows.sessions.insert(key, step.session);
            if let Some(record) = step.citizen {
                let kept = rows.citizens.entry(step.number).or_default();
                let choices = CitizenRecord {
                    language: record.language,
                    stopped: record.stopped,
                    windows: record.windows,
                    ..kept.clone()
                };
                *kept = if record.dialogue.is_some() { record } else { choices };
            }
            step.late.into_iter().for_each(|mo| rows.add_mo(mo));
            step.follow_up.into_iter().for_each(|push| rows.add_push(push, now));
            Ok(rows.add_mts(step.cause, step.mts, now))
        })
    }
}

impl Kiosks for Memory {
    fn kiosk(&self, token: TokenHash) -> PortFuture<'_, Result<Option<Kiosk>, StoreFault>> {
        self.call("kiosk", |rows| Ok(rows.kiosks.get(&token).cloned()))
    }

    fn kiosks(&self) -> PortFuture<'_, Result<Vec<Kiosk>, StoreFault>> {
        self.call("kiosks", |rows| Ok(rows.kiosks.values().cloned().collect()))
    }

    fn pairing(&self, _token: TokenHash, _now: UnixMs) -> PortFuture<'_, Result<Pairing, StoreFault>> {
        untouched()
    }

    fn offer_pairing(&self, offer: Offer, _now: UnixMs) -> PortFuture<'_, Result<(), StoreFault>> {
        self.call("offer_pairing", |rows| {
            rows.offers.push(offer);
            Ok(())
        })
    }

    fn pair(&self, new: NewKiosk, now: UnixMs) -> PortFuture<'_, Result<bool, StoreFault>> {
        self.call("pair", |rows| Ok(rows.offers.iter().any(|offer| offer.code == new.code && now < offer.until)))
    }

    fn take_pairing(&self, old: TokenHash, new: TokenHash, _now: UnixMs) -> PortFuture<'_, Result<bool, StoreFault>> {
        self.call("take_pairing", |rows| Ok(rows.offers.iter().any(|offer| offer.token == old && old != new)))
    }

    fn pairing_taken(&self, id: String) -> PortFuture<'_, Result<(), StoreFault>> {
        self.call("pairing_taken", |rows| {
            rows.kiosks.values_mut().filter(|kiosk| kiosk.id == id).for_each(|kiosk| kiosk.fresh = false);
            Ok(())
        })
    }

    fn revoke(&self, _id: String, _now: UnixMs) -> PortFuture<'_, Result<bool, StoreFault>> {
        untouched()
    }

    fn keep_heartbeats(&self, heartbeats: Vec<(String, Heartbeat)>) -> PortFuture<'_, Result<(), StoreFault>> {
        self.call("keep_heartbeats", |rows| {
            rows.kept.push(heartbeats);
            Ok(())
        })
    }

    fn tell_kiosk(&self, _id: String, _command: Command, _now: UnixMs) -> PortFuture<'_, Result<bool, StoreFault>> {
        untouched()
    }

    fn commands(&self, _id: String, _since: UnixMs) -> PortFuture<'_, Result<Vec<Command>, StoreFault>> {
        self.call("commands", |_| Ok(Vec::new()))
    }

    fn commands_done(&self, _id: String, _done: Vec<String>, _now: UnixMs) -> PortFuture<'_, Result<(), StoreFault>> {
        untouched()
    }

    fn tallied(&self, names: Vec<String>, now: UnixMs) -> PortFuture<'_, Result<Vec<u32>, StoreFault>> {
        self.call("tallied", |rows| Ok(names.iter().map(|name| rows.count(name, now)).collect()))
    }

    fn tally_ends(&self, names: Vec<String>, now: UnixMs) -> PortFuture<'_, Result<Vec<UnixMs>, StoreFault>> {
        self.call("tally_ends", |rows| {
            let end = |name: &String| match rows.count(name, now) {
                0 => now,
                _ => rows.windows[name].0.plus_ms(rows.windows[name].1),
            };
            Ok(names.iter().map(end).collect())
        })
    }

    fn tally(&self, windows: Vec<(String, i64, u32)>, now: UnixMs) -> PortFuture<'_, Result<bool, StoreFault>> {
        self.call("tally", |rows| Ok(rows.tally(&windows, now)))
    }

    fn untally(&self, names: Vec<String>, now: UnixMs) -> PortFuture<'_, Result<(), StoreFault>> {
        self.call("untally", |rows| {
            for name in names {
                if rows.count(&name, now) > 0 {
                    rows.windows.entry(name).and_modify(|(_, _, count)| *count -= 1);
                }
            }
            Ok(())
        })
    }

    fn seal(&self, _name: &'static str, _place: &[u8], _plain: &[u8]) -> Option<Vec<u8>> {
        untouched()
    }

    fn unseal(&self, _name: &'static str, _place: &[u8], _sealed: &[u8]) -> Option<Vec<u8>> {
        untouched()
    }

    fn digest(&self, of: &str) -> [u8; 32] {
        let mut octets = [0; 32];
        octets.copy_from_slice(digest(&SHA256, of.as_bytes()).as_ref());
        octets
    }
}

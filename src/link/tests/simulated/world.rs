//! A telco's binds, an outbox, a store and a telco, in virtual time: one queue of what happens when, and nothing else
//! that could happen first. The same seed is the same run.
use super::{
    Planted,
    judge::{Judge, Promised},
    outbox::{NOT_AFTER, Outbox},
    telco::{Mood, Telco},
    trace::Trace,
};
use crate::{
    ports::{outbox, states::MtState},
    smpp::{
        esme::{
            Effect, Esme, EsmeConfig, Now, Outcome, Owed, Pace, Segment, Stored,
            tests::{
                line::{Dice, SECOND},
                pair,
            },
        },
        session::CloseReason,
    },
    types::{CauseId, Msisdn, MtId, UnixMs, limits::AMBIGUOUS_HOLD},
};
use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
    time::{Duration, Instant},
};
use uuid::Uuid;

const WALL: UnixMs = UnixMs(1_795_400_100_000);
const ENQUIRE: Duration = Duration::from_secs(30);
const PATIENCE: Duration = Duration::from_secs(10);
/// Segments that wait at a bind beyond its window.
const AHEAD: usize = 4;
/// How long a telco waits before it delivers a text again.
const AGAIN: Duration = Duration::from_secs(8);
/// How long everything may take after the last turn of the telco: the longest pauses, one after the other.
const WELL_WITHIN: Duration = Duration::from_secs(1_200);

enum Due {
    /// Octets on the line, to the telco or from it.
    ToTelco(usize, Vec<u8>),
    ToUs(usize, Vec<u8>),
    /// The telco has something to say.
    Says(usize, Vec<u8>),
    /// The store has spoken of a text.
    Stored(usize, Owed, u128, Stored),
    /// The store has what became of a segment.
    Settled(usize, u128, outbox::Outcome, bool),
    /// The outbox looks at what is due.
    Look,
    /// A bind comes again.
    Binds(usize),
    /// The telco is otherwise.
    Turns,
    /// Somebody texts.
    Texts,
}

/// A connection, as it is here.
struct Link {
    bind: usize,
    esme: Esme,
    bound: bool,
    feed: VecDeque<(u128, u32)>,
    /// Segments handed to it that are not settled.
    places: usize,
    latency: Duration,
    /// When the last octets on the line arrive, in either direction.
    lines: (Instant, Instant),
}

/// What a run came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ran {
    pub trace: Trace,
    pub submits: u64,
    pub ends: Vec<&'static str>,
}

pub struct World {
    dice: Dice,
    now: Instant,
    start: Instant,
    /// Until then the telco is anything.
    until: Instant,
    queue: BTreeMap<(Instant, u64), Due>,
    next: u64,
    pace: Arc<Pace>,
    config: EsmeConfig,
    links: BTreeMap<usize, Link>,
    next_link: usize,
    telco: Telco,
    outbox: Outbox,
    /// A bind is there since then.
    bound_since: Option<Instant>,
    commit: Duration,
    store_fails: u64,
    next_text: u128,
    judge: Judge,
    trace: Trace,
    planted: Option<Planted>,
    ends: Vec<&'static str>,
}

fn config(window: usize, enquire_link: Duration) -> EsmeConfig {
    let mut config = pair::config();
    (config.session.window, config.session.enquire_link, config.session.patience) = (window, enquire_link, PATIENCE);
    config
}

/// Lives through it, and returns what it came to.
///
/// # Panics
/// When a promise is broken.
pub fn run(seed: u64, planted: Option<Planted>) -> Ran {
    let mut world = World::new(seed, planted);
    world.live();
    Ran { trace: world.trace, submits: world.judge.submits, ends: world.ends }
}

impl World {
    fn new(seed: u64, planted: Option<Planted>) -> Self {
        let mut dice = Dice(seed);
        let start = Instant::now();
        let window = *dice.one_of(&[1, 2, 5, 10]);
        let max_tps = *dice.one_of(&[0, 1, 7, 20, 50, 100]);
        let promised = Promised { window, max_tps, response_timeout: 20 * SECOND, found_within: ENQUIRE + PATIENCE };
        let enquire = if planted == Some(Planted::AsksLate) { 2 * ENQUIRE } else { ENQUIRE };
        let more = usize::from(planted == Some(Planted::OneTooMany));
        let tps = if planted == Some(Planted::TooFast) { max_tps * 2 } else { max_tps };
        let mood = Mood::of(&mut dice);
        let mut world = World {
            now: start,
            start,
            until: start + SECOND * (5 + dice.below(50)) as u32,
            queue: BTreeMap::new(),
            next: 0,
            pace: Arc::new(Pace::new(tps)),
            config: config(window + more, enquire),
            links: BTreeMap::new(),
            next_link: 0,
            telco: Telco::new(Mood { shut: false, ..mood }),
            outbox: Outbox { planted, ..Outbox::default() },
            bound_since: None,
            commit: Duration::from_millis(*dice.one_of(&[0, 2, 20, 700])),
            store_fails: if dice.percent(50) { 0 } else { dice.below(40) },
            next_text: 0,
            judge: Judge::new(promised),
            trace: Trace::new(),
            planted,
            ends: Vec::new(),
            dice,
        };
        let binds = 1 + world.dice.below(3) as usize;
        for bind in 0..binds {
            world.later(Duration::ZERO, Due::Binds(bind));
        }
        for due in [Due::Look, Due::Turns, Due::Texts] {
            world.later(Duration::from_millis(100), due);
        }
        world
    }

    fn now(&self) -> Now {
        Now { at: self.now, wall: self.wall() }
    }

    fn wall(&self) -> UnixMs {
        WALL.plus_ms((self.now - self.start).as_millis() as i64)
    }

    fn later(&mut self, after: Duration, due: Due) {
        self.at(self.now + after, due);
    }

    fn at(&mut self, at: Instant, due: Due) {
        self.next += 1;
        self.queue.insert((at, self.next), due);
    }

    fn commits(&mut self) -> Duration {
        self.dice.up_to(self.commit)
    }

    fn live(&mut self) {
        let end = self.until + WELL_WITHIN;
        while !self.is_settled() {
            let timers = self.links.values_mut().filter_map(|link| link.esme.poll_timeout()).min();
            let events = self.queue.first_key_value().map(|((at, _), _)| *at);
            let next = timers.into_iter().chain(events).min().expect("something comes");
            assert!(next <= end, "not settled though the telco is well: {:?}", self.left());
            self.now = self.now.max(next);
            self.judge.passes(self.now);
            self.timers();
            while let Some(entry) = self.queue.first_entry().filter(|entry| entry.key().0 <= self.now) {
                let due = entry.remove();
                self.happens(due);
            }
        }
        self.judge_the_end();
    }

    fn is_settled(&self) -> bool {
        let (texts, links) = (self.telco.texts.is_empty(), self.links.values().all(|link| link.places == 0));
        self.now > self.until && self.outbox.is_done() && texts && links
    }

    fn left(&self) -> Vec<(u128, MtState, u32)> {
        let open = self.outbox.rows.iter().filter(|(_, row)| !matches!(row.state, MtState::Sent | MtState::Failed));
        open.map(|(id, row)| (*id, row.state, row.attempts)).collect()
    }

    fn timers(&mut self) {
        let due: Vec<usize> = self
            .links
            .iter_mut()
            .filter_map(|(name, link)| link.esme.poll_timeout().is_some_and(|at| at <= self.now).then_some(*name))
            .collect();
        for name in due {
            let now = self.now();
            if let Some(link) = self.links.get_mut(&name) {
                link.esme.handle_timeout(now);
            }
            self.follow(name);
            if let Some(link) = self.links.get_mut(&name) {
                assert!(link.esme.poll_timeout().is_none_or(|at| at > now.at), "a timer that is due again at once");
            }
        }
    }

    fn happens(&mut self, due: Due) {
        match due {
            Due::Binds(bind) => self.binds(bind),
            Due::ToTelco(name, octets) if self.links.contains_key(&name) => {
                for (after, octets) in self.telco.hears(name, &octets, &mut self.dice, &mut self.trace) {
                    self.later(after, Due::Says(name, octets));
                }
            }
            Due::Says(name, octets) if !self.telco.mood.silent => self.says(name, &octets),
            Due::ToUs(name, octets) => self.read(name, &octets),
            Due::Stored(name, owed, text, stored) => self.stored(name, owed, text, stored),
            Due::Settled(name, segment, outcome, written) => self.settled(name, segment, outcome, written),
            Due::Look => self.look(),
            Due::Turns => self.turns(),
            Due::Texts => self.texts(),
            Due::ToTelco(..) | Due::Says(..) => {}
        }
    }

    fn binds(&mut self, bind: usize) {
        let name = self.next_link;
        self.next_link += 1;
        self.judge.begins(name, self.now);
        let link = Link {
            bind,
            esme: Esme::new(self.config.clone(), Arc::clone(&self.pace), self.now()),
            bound: false,
            feed: VecDeque::new(),
            places: 0,
            latency: self.dice.up_to(Duration::from_millis(150)),
            lines: (self.now, self.now),
        };
        self.links.insert(name, link);
        self.follow(name);
    }

    fn read(&mut self, name: usize, octets: &[u8]) {
        let now = self.now();
        let Some(link) = self.links.get_mut(&name) else { return };
        self.judge.arrived(name, octets, self.now);
        self.trace.note(octets);
        link.esme.handle_bytes(octets, now);
        self.follow(name);
    }

    /// Puts what the telco says on the line, which may cut it.
    fn says(&mut self, name: usize, octets: &[u8]) {
        let Some(link) = self.links.get_mut(&name) else { return };
        let mut at = link.lines.1.max(self.now + link.latency);
        let cut = if self.dice.percent(20) { self.dice.below(octets.len() as u64) as usize } else { 0 };
        let (first, second) = octets.split_at(cut);
        let mut pieces = Vec::new();
        for piece in [first, second].into_iter().filter(|piece| !piece.is_empty()) {
            pieces.push((at, Due::ToUs(name, piece.to_vec())));
            at += Duration::from_millis(self.dice.below(10));
            link.lines.1 = at;
        }
        for (at, due) in pieces {
            self.at(at, due);
        }
    }

    /// All that follows from what has come to a connection: effects, segments that it takes, octets that leave.
    fn follow(&mut self, name: usize) {
        loop {
            let Some(link) = self.links.get_mut(&name) else { return };
            if let Some(effect) = link.esme.poll_effect() {
                self.effect(name, effect);
                continue;
            }
            let octets = link.esme.output().to_vec();
            if !octets.is_empty() {
                let at = link.lines.0.max(self.now + link.latency);
                link.lines.0 = at;
                let now = self.now();
                self.links.get_mut(&name).expect("it is there").esme.written(octets.len(), now);
                let rows = &self.outbox.rows;
                self.judge.written(name, &octets, |segment| rows[&segment].number, self.now);
                self.trace.note(&octets);
                self.at(at, Due::ToTelco(name, octets));
                continue;
            }
            if link.esme.is_over() {
                return self.over(name);
            }
            if !link.esme.wants_segment() {
                return;
            }
            let Some((segment, attempts)) = link.feed.pop_front() else { return };
            self.hand_over(name, segment, attempts);
        }
    }

    fn hand_over(&mut self, name: usize, segment: u128, attempts: u32) {
        let now = self.now();
        let segment = Segment {
            id: MtId(Uuid::from_u128(segment)),
            source: "1212".to_owned(),
            destination: Msisdn::parse_e164("85510000001").expect("number"),
            body: segment.to_string().into_bytes(),
            data_coding: 0,
            udhi: false,
            reference: segment as u16,
            not_after: NOT_AFTER,
            attempts,
            read_at: None,
        };
        self.links.get_mut(&name).expect("it is there").esme.submit(segment, now);
    }

    fn effect(&mut self, name: usize, effect: Effect) {
        match effect {
            Effect::Bound { .. } => {
                self.links.get_mut(&name).expect("it is there").bound = true;
                self.bound_since.get_or_insert(self.now);
                self.look_at(name);
            }
            Effect::Text { owed, deliver } => {
                let text = String::from_utf8_lossy(&deliver.body).parse().expect("a number");
                let fails = self.dice.percent(self.store_fails);
                let failure = *self.dice.one_of(&[Stored::Overload, Stored::Failed]);
                let stored = if fails { failure } else { Stored::Kept(Some(CauseId(Uuid::from_u128(text)))) };
                if self.planted == Some(Planted::SaysBeforeItIsSo) {
                    let now = self.now();
                    self.links.get_mut(&name).expect("it is there").esme.stored(owed, Stored::Kept(None), now);
                }
                let after = self.commits();
                self.later(after, Due::Stored(name, owed, text, stored));
            }
            Effect::Settle { segment, outcome, .. } => self.outcome(name, segment.0.as_u128(), outcome),
            Effect::Throttled { pause } => self.ends.extend(pause.map(|_| "paused")),
            Effect::Closed(reason) => self.ends.push(word(reason)),
            Effect::Congested { .. } | Effect::Read(_) | Effect::Refused { .. } | Effect::Anomaly(_) => {}
            other => panic!("nobody did that: {other:?}"),
        }
    }

    fn outcome(&mut self, name: usize, segment: u128, outcome: Outcome) {
        let written = outcome.was_written();
        self.trace.note(format!("{segment} {outcome:?}").as_bytes());
        let outcome = match outcome {
            Outcome::Sent { message_id } => {
                assert_eq!(message_id, Some(segment.to_string()), "the telco's id of another");
                outbox::Outcome::Sent { message_id }
            }
            Outcome::Retry { after, status } => {
                outbox::Outcome::Retry { due: self.wall().plus_ms(after.as_millis() as i64), status }
            }
            Outcome::Failed { status } => outbox::Outcome::Failed { status },
            Outcome::Unknown => outbox::Outcome::Ambiguous,
            Outcome::Throttled { .. } | Outcome::Unwritten => outbox::Outcome::Unwritten,
        };
        let after = self.commits();
        self.later(after, Due::Settled(name, segment, outcome, written));
    }

    fn settled(&mut self, name: usize, segment: u128, outcome: outbox::Outcome, written: bool) {
        let now = self.wall();
        self.outbox.settle(segment, name, outcome, now);
        if let Some(link) = self.links.get_mut(&name) {
            link.places -= 1;
            if written {
                link.esme.settled(1);
                self.judge.settled(name);
            }
        }
        self.look_at_all();
    }

    fn stored(&mut self, name: usize, owed: Owed, text: u128, stored: Stored) {
        if let Stored::Kept(_) = stored {
            self.judge.stored(text);
        }
        let now = self.now();
        if let Some(link) = self.links.get_mut(&name) {
            link.esme.stored(owed, stored, now);
            self.follow(name);
        }
    }

    fn over(&mut self, name: usize) {
        let link = self.links.remove(&name).expect("it is there");
        self.judge.ends(name);
        self.telco.forgets(name);
        for (segment, _) in link.feed {
            let after = self.commits();
            self.later(after, Due::Settled(name, segment, outbox::Outcome::Unwritten, false));
        }
        if !self.links.values().any(|link| link.bound) {
            self.bound_since = None;
        }
        let pause = SECOND / 2 + self.dice.up_to(4 * SECOND);
        self.later(pause, Due::Binds(link.bind));
    }

    fn look_at_all(&mut self) {
        let names: Vec<usize> = self.links.keys().copied().collect();
        for name in names {
            self.look_at(name);
            self.follow(name);
        }
    }

    /// Hands what is due to a bind that has places.
    fn look_at(&mut self, name: usize) {
        let now = self.wall();
        let places = self.config.session.window + AHEAD;
        let Some(link) = self.links.get_mut(&name) else { return };
        while link.bound && !link.esme.is_over() && link.places < places {
            let Some((segment, attempts, _)) = self.outbox.take(name, now) else { return };
            link.places += 1;
            link.feed.push_back((segment, attempts));
        }
    }

    fn look(&mut self) {
        if self.bound_since.is_some_and(|since| self.now - since >= AMBIGUOUS_HOLD) {
            let now = self.wall();
            self.outbox.resolve(now);
        }
        self.look_at_all();
        self.later(SECOND / 2, Due::Look);
    }

    /// Another mood; or a connection that is cut, or that the telco ends.
    fn turns(&mut self) {
        if self.now >= self.until {
            self.telco.mood = Mood::well();
            return;
        }
        self.telco.mood = Mood::of(&mut self.dice);
        if self.dice.percent(25) {
            let names: Vec<usize> = self.links.keys().copied().collect();
            if !names.is_empty() {
                let (name, now) = (*self.dice.one_of(&names), self.now());
                let link = self.links.get_mut(&name).expect("it is there");
                if self.dice.percent(50) {
                    link.esme.broken(now);
                } else {
                    link.esme.peer_closed(now);
                }
                self.follow(name);
            }
        }
        // sometimes it is silent for longer than a link may be
        let long = self.telco.mood.silent && self.dice.percent(40);
        let after = if long { 50 * SECOND } else { SECOND + self.dice.up_to(20 * SECOND) };
        self.later(after, Due::Turns);
    }

    /// More segments, and texts of citizens; and those that were not acknowledged come again.
    fn texts(&mut self) {
        if self.now < self.until {
            for _ in 0..self.dice.below(9) {
                let number = self.dice.below(6);
                self.outbox.queue(number, self.wall());
            }
            for _ in 0..self.dice.below(3) {
                self.next_text += 1;
                self.deliver(self.next_text);
            }
        } else {
            self.store_fails = 0;
        }
        let late = self.telco.texts.iter().filter(|(_, at)| self.now >= **at + AGAIN).map(|(text, _)| *text);
        for text in late.collect::<Vec<_>>() {
            self.deliver(text);
        }
        let after = self.dice.up_to(3 * SECOND);
        self.later(after + SECOND / 10, Due::Texts);
        self.look_at_all();
    }

    fn deliver(&mut self, text: u128) {
        let bound: Vec<usize> = self.links.iter().filter(|(_, link)| link.bound).map(|(name, _)| *name).collect();
        if bound.is_empty() || self.telco.mood.silent {
            // it waits at the telco
            self.telco.texts.insert(text, self.now);
            return;
        }
        let name = *self.dice.one_of(&bound);
        let octets = self.telco.delivers(name, text, self.now);
        self.says(name, &octets);
    }

    fn judge_the_end(&self) {
        for (id, row) in &self.outbox.rows {
            let taken = self.telco.taken.get(id).copied().unwrap_or_default();
            match row.state {
                MtState::Sent => assert!(taken > 0, "called sent, and the telco has it not: {id}"),
                MtState::Failed => {
                    let tried = row.attempts >= crate::types::limits::SUBMIT_TRIES_MAX;
                    assert!(tried || self.telco.refused.contains(id), "given up early: {id}");
                }
                other => panic!("{id} is {other:?}"),
            }
            assert!(self.judge.seen.contains(id), "never sent: {id}");
        }
        for text in &self.telco.told_kept {
            assert!(self.judge.keeps(*text), "the telco was told that it is stored: text {text}");
        }
    }
}

fn word(reason: CloseReason) -> &'static str {
    match reason {
        CloseReason::Silent => "silent",
        CloseReason::TelcoClosed => "closed",
        CloseReason::Refused => "refused",
        CloseReason::NoBindResp => "no bind_resp",
        CloseReason::Unfinished => "unfinished",
        _ => "otherwise",
    }
}

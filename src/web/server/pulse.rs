//! How a connection moves: whose turn it is, since when, and how much its client took of what waits. It must not know
//! what is said on it.
use crate::types::lock;
use std::{
    sync::{Mutex, MutexGuard},
    time::Duration,
};
use tokio::time::Instant;

/// How much must go through while something waits to, and in which time.
#[derive(Clone, Copy, Debug)]
pub struct Floor {
    /// Octets a second, on the average of a span.
    pub rate: u64,
    /// So long is looked at: what the system holds in between hides small steps.
    pub span: Duration,
}

impl Floor {
    /// What must have gone through in a span.
    fn least(&self) -> u64 {
        self.rate * self.span.as_secs().max(1)
    }
}

/// A span that is being looked at.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span {
    since: Instant,
    moved: u64,
}

impl Span {
    pub(super) fn new() -> Self {
        Span { since: Instant::now(), moved: 0 }
    }

    pub(super) fn moved(&mut self, octets: usize) {
        self.moved += octets as u64;
    }

    pub(super) fn due(&self, floor: Floor) -> Instant {
        self.since + floor.span
    }

    /// Whether too little went through; the next span begins where enough did.
    pub(super) fn late(&mut self, floor: Floor) -> bool {
        if self.due(floor) > Instant::now() {
            return false;
        }
        let late = self.moved < floor.least();
        if !late {
            *self = Span::new();
        }
        late
    }
}

/// What is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Turn {
    /// The client, with the head of a request.
    Head,
    /// The client, with so much of the body of one so far.
    Body(u64),
    /// Us, until the answer was handed over whole.
    Ours,
}

struct Moves {
    turn: Turn,
    /// When that changed last, or the last octet of an answer left.
    since: Instant,
    /// There while the system takes no more of an answer.
    waiting: Option<Span>,
    /// When it last took some.
    took: Instant,
}

/// The pulse of one connection.
pub struct Pulse(Mutex<Moves>);

/// A client that takes nothing for so long may have to give way.
const STUCK: Duration = Duration::from_secs(1);

impl Default for Pulse {
    fn default() -> Self {
        let now = Instant::now();
        Pulse(Mutex::new(Moves { turn: Turn::Head, since: now, waiting: None, took: now }))
    }
}

impl Pulse {
    fn moves(&self) -> MutexGuard<'_, Moves> {
        lock(&self.0)
    }

    fn turn(&self, turn: Turn) {
        let mut moves = self.moves();
        (moves.turn, moves.since) = (turn, Instant::now());
    }

    /// A request came whole.
    pub fn asked(&self) {
        self.turn(Turn::Ours);
    }

    /// The answer was handed over whole.
    pub fn answered(&self) {
        self.turn(Turn::Head);
    }

    /// The head of a request came whole, and its body is coming.
    pub(super) fn hears(&self) {
        self.turn(Turn::Body(0));
    }

    /// So much of the body came.
    pub(super) fn heard(&self, octets: usize) {
        if let Turn::Body(heard) = &mut self.moves().turn {
            *heard += octets as u64;
        }
    }

    /// The rest of the body is here, or not wanted.
    pub(super) fn heard_out(&self) {
        if matches!(self.moves().turn, Turn::Body(_)) {
            self.asked();
        }
    }

    /// The system took so much.
    pub(super) fn took(&self, octets: usize) {
        let mut moves = self.moves();
        moves.took = Instant::now();
        if let Some(span) = &mut moves.waiting {
            span.moved(octets);
        }
    }

    /// The system takes no more for now.
    pub(super) fn full(&self) {
        self.moves().waiting.get_or_insert_with(Span::new);
    }

    /// Nothing waits any more. The client's time for its next head begins only now.
    pub(super) fn empty(&self) {
        let mut moves = self.moves();
        if moves.waiting.take().is_some() {
            moves.since = Instant::now();
        }
    }

    /// Whether an answer waits for its client.
    pub(super) fn waits(&self) -> bool {
        self.moves().waiting.is_some()
    }

    /// When the client will have taken too long; `None` while it is our turn.
    pub(super) fn due(&self, head: Duration, floor: Floor) -> Option<Instant> {
        let moves = self.moves();
        match moves.waiting {
            Some(span) => Some(span.due(floor)),
            None => (moves.turn == Turn::Head).then(|| moves.since + head),
        }
    }

    /// Whether it has.
    pub(super) fn late(&self, head: Duration, floor: Floor) -> bool {
        let mut moves = self.moves();
        match &mut moves.waiting {
            Some(span) => span.late(floor),
            None => moves.turn == Turn::Head && moves.since.elapsed() >= head,
        }
    }

    /// For how long nothing honest is lost when it is closed: it has no request in hand, or its client takes nothing, or
    /// gives less of a body than it must.
    pub fn idle(&self, body: Floor) -> Option<Duration> {
        let moves = self.moves();
        let since = moves.since.elapsed();
        match (&moves.waiting, moves.turn) {
            (Some(_), _) => Some(moves.took.elapsed()).filter(|stuck| *stuck >= STUCK),
            (None, Turn::Head) => Some(since),
            (None, Turn::Body(heard)) => {
                Some(since).filter(|since| *since >= STUCK && heard < since.as_secs() * body.rate)
            }
            (None, Turn::Ours) => None,
        }
    }
}

//! A telco's binds, its pump and its store in virtual time: whatever the window, the round trip and the store's pace,
//! a bind is never idle while something waits for it.
use super::*;

#[test]
fn while_it_is_paused_nothing_is_handed_over_and_what_was_asked_for_is_owed() {
    let mut places = Places::default();
    let session = SessionId(uuid::Uuid::from_u128(1));
    places.join(session, 2, ());
    places.paused = true;
    assert_eq!(places.begin_look(10), None);
    places.paused = false;
    let look = places.begin_look(10).expect("it is still owed");
    places.end_look(&look, 2, Found::All { rest: false });
    places.paused = true;
    assert_eq!(places.reserve(), None);
    places.ask();
    assert_eq!(places.begin_look(10), None);
    places.paused = false;
    assert_eq!(places.begin_look(10).expect("asked for meanwhile").places, 2);
}
use std::collections::{BTreeMap, VecDeque};

/// Microseconds.
type Time = u64;

/// How the pump comes to look. `Forgets` is the rule that these tests are there to catch: the note that something waits
/// is taken before there is a place for it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Rule {
    Owed,
    Forgets,
}

#[derive(Clone, Copy)]
struct Setting {
    window: usize,
    ahead: usize,
    binds: u64,
    round_trip: Time,
    commit: Time,
}

enum Event {
    Regular,
    LookEnds(Look, usize),
    Resp(u64),
    Settled(u64, usize),
}

struct Simulation {
    set: Setting,
    rule: Rule,
    places: Places<()>,
    events: BTreeMap<(Time, u64), Event>,
    now: Time,
    next: u64,
    waiting: usize,
    looking: bool,
    /// What the old rule has in place of looks that are owed.
    flag: bool,
    /// Of each bind: handed over, written and unsettled.
    binds: BTreeMap<u64, (VecDeque<()>, usize)>,
    unsettled: BTreeMap<u64, usize>,
    settling: BTreeMap<u64, bool>,
    sent: usize,
}

fn session(bind: u64) -> SessionId {
    SessionId(uuid::Uuid::from_u128(u128::from(bind)))
}

fn bind(session: SessionId) -> u64 {
    session.0.as_u128() as u64
}

impl Simulation {
    fn new(set: Setting, rule: Rule, waiting: usize) -> Self {
        let mut places = Places::default();
        let binds: BTreeMap<_, _> = (0..set.binds).map(|one| (one, (VecDeque::new(), 0))).collect();
        for one in binds.keys() {
            places.join(session(*one), set.window + set.ahead, ());
        }
        Simulation {
            set,
            rule,
            places,
            events: BTreeMap::from([((0, 0), Event::Regular)]),
            now: 0,
            next: 1,
            waiting,
            looking: false,
            flag: false,
            binds,
            unsettled: BTreeMap::new(),
            settling: BTreeMap::new(),
            sent: 0,
        }
    }

    fn after(&mut self, wait: Time, event: Event) {
        self.next += 1;
        self.events.insert((self.now + wait, self.next), event);
    }

    /// The pump is woken.
    fn wake(&mut self) {
        if self.looking {
            return;
        }
        if self.rule == Rule::Forgets && !std::mem::take(&mut self.flag) {
            return;
        }
        let Some(look) = self.places.begin_look(256) else { return };
        self.looking = true;
        let found = look.places.min(self.waiting);
        self.waiting -= found;
        // what is due is read, and recorded as submitting in one commit
        self.after(2 * self.set.commit, Event::LookEnds(look, found));
    }

    fn write(&mut self, one: u64) {
        let window = self.set.window;
        let Some((handed, written)) = self.binds.get_mut(&one) else { return };
        let room = window.saturating_sub(*written).min(handed.len());
        handed.drain(..room);
        *written += room;
        for _ in 0..room {
            self.after(self.set.round_trip, Event::Resp(one));
        }
    }

    fn settle(&mut self, one: u64) {
        let open = self.unsettled.entry(one).or_default();
        if *open > 0 && !std::mem::replace(self.settling.entry(one).or_default(), true) {
            let settled = std::mem::take(open);
            self.after(self.set.commit, Event::Settled(one, settled));
        }
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::Regular => {
                self.places.ask();
                self.flag = true;
                self.after(500_000, Event::Regular);
                self.wake();
            }
            Event::LookEnds(look, found) => {
                let one = bind(look.session);
                let kind = if found == look.places { Found::More } else { Found::All { rest: self.waiting > 0 } };
                self.places.end_look(&look, look.places - found, kind);
                self.flag |= found == look.places;
                self.looking = false;
                if let Some((handed, _)) = self.binds.get_mut(&one) {
                    handed.extend(std::iter::repeat_n((), found));
                }
                self.write(one);
                self.wake();
            }
            Event::Resp(one) => {
                self.sent += 1;
                *self.unsettled.entry(one).or_default() += 1;
                self.settle(one);
            }
            Event::Settled(one, settled) => {
                if let Some((_, written)) = self.binds.get_mut(&one) {
                    *written -= settled;
                }
                let wake = self.places.give_back(session(one), settled);
                self.settling.insert(one, false);
                self.write(one);
                self.settle(one);
                if wake {
                    self.wake();
                }
            }
        }
    }

    /// How long it takes until everything that waits is sent.
    fn drain(mut self) -> Time {
        let all = self.waiting;
        while self.sent < all {
            let ((at, _), event) = self.events.pop_first().expect("the regular look is always ahead");
            self.now = at;
            assert!(at < 3_600_000_000, "an hour, and {} of {all} are sent", self.sent);
            self.happen(event);
        }
        self.now
    }
}

/// The shortest time in which so many can be sent: a place is free again after a round trip, and then after the commit
/// that is under way and its own.
fn bound(set: Setting, waiting: usize) -> Time {
    let turns = waiting as f64 / (set.window as u64 * set.binds) as f64;
    (turns * (set.round_trip + 2 * set.commit) as f64) as Time
}

#[test]
fn a_bind_is_never_idle_while_something_waits() {
    for window in [1, 2, 10, 100, 500] {
        for round_trip in [100, 20_000, 200_000] {
            for binds in [1, 2, 16] {
                let set = Setting { window, ahead: 64, binds, round_trip, commit: 400 };
                let waiting = (window * binds as usize * 40).max(2_000);
                let took = Simulation::new(set, Rule::Owed, waiting).drain();
                // a store that gives 256 in three commits is a bound of its own
                let store = waiting as u64 * 3 * set.commit / 64.min(window as u64 + 64);
                let shortest = bound(set, waiting).max(store) + 10_000;
                assert!(
                    took <= shortest * 105 / 100,
                    "window {window}, round trip {round_trip} us, {binds} binds: {took} us of {shortest}"
                );
            }
        }
    }
}

#[test]
fn a_note_that_is_taken_before_there_is_a_place_is_caught() {
    let set = Setting { window: 10, ahead: 0, binds: 1, round_trip: 100, commit: 400 };
    let (owed, forgets) =
        (Simulation::new(set, Rule::Owed, 500).drain(), Simulation::new(set, Rule::Forgets, 500).drain());
    assert!(forgets > 20 * owed, "with the fault {forgets} us, without {owed} us");
}

#[test]
fn something_new_takes_no_place_before_what_waits() {
    let mut places = Places::default();
    let one = session(1);
    places.join(one, 2, ());
    assert_eq!(places.reserve(), None, "what an earlier run has left is not known yet");
    let look = places.begin_look(256).expect("a look");
    places.end_look(&look, 2, Found::All { rest: false });
    assert_eq!(places.reserve(), Some(one), "nothing waits");
    places.ask();
    assert_eq!(places.reserve(), None, "something is queued");
    let look = places.begin_look(256).expect("a look");
    places.ask();
    places.end_look(&look, 1, Found::All { rest: true });
    assert_eq!(places.reserve(), None, "asked for while it looked: one more look is owed");
    let look = places.begin_look(256).expect("a look");
    places.end_look(&look, 1, Found::All { rest: true });
    assert_eq!(places.reserve(), Some(one));
    assert!(places.give_back(one, 1), "what was not due may be so now");
    let look = places.begin_look(256).expect("a look");
    places.leave(one);
    places.end_look(&look, 1, Found::More);
    assert_eq!((places.begin_look(256), places.give_back(one, 1)), (None, false), "nobody is there");
}

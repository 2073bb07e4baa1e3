//! What the parts of the server publish of themselves, for the console, `/readyz` and the start-up log.
//! The parts write, `ops` reads; nothing is decided here.
use super::{audit::Journal, orders::Orders, reload::Reloads, telcos::Telcos};
use crate::types::lock;
use crate::types::{UnixMs, names::SmscName};
use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

/// Where a bind stands, in the words of the session's states.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BindState {
    /// Waits before the next try.
    Waiting,
    /// TCP connect under way.
    Connecting,
    /// Bind sent, resp awaited.
    Binding,
    /// Bound.
    Bound,
    /// Leaving.
    Unbinding,
    /// Over.
    Closed,
    /// Another node holds it, and is bound, as that node said last.
    Elsewhere,
    /// Another node holds it, and is not bound.
    ElsewhereDown,
}

impl BindState {
    /// Whether a telco is bound to by it, from here or from another node.
    pub fn is_up(self) -> bool {
        matches!(self, BindState::Bound | BindState::Elsewhere)
    }

    /// Whether another node has it.
    pub fn is_elsewhere(self) -> bool {
        matches!(self, BindState::Elsewhere | BindState::ElsewhereDown)
    }
}

/// Something that went wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastError {
    /// In words, for people.
    pub words: String,
    /// When.
    pub at: UnixMs,
}

/// One bind, as it is now.
#[derive(Clone, Debug)]
pub struct BindStatus {
    /// The telco.
    pub smsc: SmscName,
    /// `trx-1`, `tx-1`, `rx-1` …
    pub bind: String,
    /// Where it stands.
    pub state: BindState,
    /// Since when.
    pub since: UnixMs,
    /// submit_sm in flight.
    pub in_flight: usize,
    /// Most that may be in flight.
    pub window: usize,
    /// Address and port of the other end, while there is a connection.
    pub peer: Option<String>,
    /// The last thing that went wrong.
    pub last_error: Option<LastError>,
    /// The name of the other node that holds it.
    pub node: Option<String>,
    /// When the next try is due, while it waits for that.
    pub again_at: Option<UnixMs>,
}

/// What is counted by the minute.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rate {
    /// MOs stored.
    MoIn,
    /// Segments taken by a telco.
    MtOut,
    /// MOs answered.
    Answers,
}

/// Something that somebody must mend: a sentence that says what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alarm {
    /// In Khmer.
    pub km: String,
    /// In English.
    pub en: String,
}

/// Minutes that are kept.
const MINUTES_KEPT: usize = 15;

#[derive(Default)]
struct Minutes {
    /// Newest last: minute since 1970 and its count.
    counts: VecDeque<(i64, u64)>,
}

impl Minutes {
    fn add(&mut self, minute: i64, events: u64) {
        match self.counts.back_mut() {
            Some((last, count)) if *last >= minute => *count += events,
            _ => self.counts.push_back((minute, events)),
        }
        while self.counts.len() > MINUTES_KEPT {
            self.counts.pop_front();
        }
    }

    fn last(&self, minute: i64) -> Vec<u64> {
        let first = minute - MINUTES_KEPT as i64 + 1;
        let at = |wanted| self.counts.iter().find(|(minute, _)| *minute == wanted).map_or(0, |(_, count)| *count);
        (first..=minute).map(at).collect()
    }
}

/// A bind as it was published, and what it writes of itself since.
struct Published {
    status: BindStatus,
    in_flight: Arc<AtomicUsize>,
}

/// The notice board of one process.
#[derive(Default)]
pub struct Board {
    binds: Mutex<BTreeMap<(SmscName, String), Published>>,
    /// Binds that were withdrawn and have not come back.
    gone: Mutex<BTreeSet<(SmscName, String)>>,
    rates: Mutex<BTreeMap<Rate, Minutes>>,
    draining: AtomicBool,
    store_ok: AtomicBool,
    breaker_open: AtomicBool,
    alarms: Mutex<BTreeMap<String, Alarm>>,
    /// What operators want of the telcos: here `ops` writes and the binds read.
    pub orders: Orders,
    /// What is known of each telco as a whole.
    pub telcos: Telcos,
    /// The reading of the configuration while the server runs: here `ops` asks and the server answers.
    pub reloads: Reloads,
    /// What is noted for the audit log.
    pub journal: Arc<Journal>,
}

impl Board {
    /// One whose notes for the audit log are written by who has this journal.
    pub fn noting(journal: Arc<Journal>) -> Self {
        Board { journal, ..Board::default() }
    }

    /// Replaces what is known of a bind. What is returned says how many of its submit_sm are in flight until it is published
    /// again: a bind writes that with every round, without a lock.
    pub fn publish(&self, mut status: BindStatus) -> Arc<AtomicUsize> {
        let mut binds = lock(&self.binds);
        let name = (status.smsc.clone(), status.bind.clone());
        let in_flight = Arc::new(AtomicUsize::new(status.in_flight));
        // told again with other figures, it stands where it stood
        if let Some(before) = binds.get(&name).filter(|before| before.status.state == status.state) {
            status.since = before.status.since;
        }
        lock(&self.gone).remove(&name);
        binds.insert(name, Published { status, in_flight: Arc::clone(&in_flight) });
        in_flight
    }

    /// A bind is over that nobody here makes again: it is not shown as one that is down.
    pub fn withdraw(&self, smsc: &SmscName, bind: &str) {
        let name = (smsc.clone(), bind.to_owned());
        let mut binds = lock(&self.binds);
        if binds.remove(&name).is_some() {
            lock(&self.gone).insert(name);
        }
    }

    /// A telco is none of ours any more: none of its binds is shown, and nothing can be ordered of it.
    pub fn forget(&self, smsc: &SmscName) {
        let of_it: Vec<String> =
            self.binds().into_iter().filter(|bind| bind.smsc == *smsc).map(|bind| bind.bind).collect();
        of_it.iter().for_each(|bind| self.withdraw(smsc, bind));
        self.orders.forget(smsc);
        self.telcos.forget(smsc);
    }

    /// Telcos and names of those that were withdrawn and have not come back, for who has told of them before.
    pub fn withdrawn(&self) -> Vec<(SmscName, String)> {
        lock(&self.gone).iter().cloned().collect()
    }

    /// All binds, by telco and name.
    pub fn binds(&self) -> Vec<BindStatus> {
        let now =
            |bind: &Published| BindStatus { in_flight: bind.in_flight.load(Ordering::Relaxed), ..bind.status.clone() };
        lock(&self.binds).values().map(now).collect()
    }

    /// Counts events of this minute.
    pub fn count(&self, rate: Rate, events: u64, now: UnixMs) {
        lock(&self.rates).entry(rate).or_default().add(now.0.div_euclid(60_000), events);
    }

    /// Events of each of the last 15 minutes, the present one last.
    pub fn minutes(&self, rate: Rate, now: UnixMs) -> Vec<u64> {
        let minute = now.0.div_euclid(60_000);
        lock(&self.rates).get(&rate).map_or_else(|| vec![0; MINUTES_KEPT], |minutes| minutes.last(minute))
    }

    /// The server is leaving: not ready any more.
    pub fn set_draining(&self) {
        self.draining.store(true, Ordering::Relaxed);
    }

    /// Whether the server is leaving.
    pub fn draining(&self) -> bool {
        self.draining.load(Ordering::Relaxed)
    }

    /// Whether the last commit succeeded.
    pub fn set_store_ok(&self, ok: bool) {
        self.store_ok.store(ok, Ordering::Relaxed);
    }

    /// Whether the last commit succeeded.
    pub fn store_ok(&self) -> bool {
        self.store_ok.load(Ordering::Relaxed)
    }

    /// Whether the portal's breaker is open.
    pub fn set_breaker_open(&self, open: bool) {
        self.breaker_open.store(open, Ordering::Relaxed);
    }

    /// Whether the portal's breaker is open.
    pub fn breaker_open(&self) -> bool {
        self.breaker_open.load(Ordering::Relaxed)
    }

    /// Something that somebody must mend; it stands until `about` is cleared. Whether it is another one than before.
    pub fn raise_alarm(&self, about: &str, alarm: Alarm) -> bool {
        let mut alarms = lock(&self.alarms);
        let is_new = alarms.get(about) != Some(&alarm);
        alarms.insert(about.to_owned(), alarm);
        is_new
    }

    /// It is mended. Whether anything stood there.
    pub fn clear_alarm(&self, about: &str) -> bool {
        lock(&self.alarms).remove(about).is_some()
    }

    /// All that somebody must mend.
    pub fn alarms(&self) -> Vec<Alarm> {
        lock(&self.alarms).values().cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bind_that_carries_traffic_is_not_shown_as_just_bound() {
        let board = Board::default();
        let at = |state, ms, in_flight| BindStatus {
            smsc: SmscName::from("smart"),
            bind: "trx-1".to_owned(),
            state,
            since: UnixMs(ms),
            in_flight,
            window: 10,
            peer: None,
            last_error: None,
            again_at: None,
            node: None,
        };
        for (state, ms, since) in [
            (BindState::Bound, 1_000, 1_000),
            (BindState::Bound, 9_000, 1_000),
            (BindState::Waiting, 10_000, 10_000),
            (BindState::Bound, 12_000, 12_000),
        ] {
            let in_flight = board.publish(at(state, ms, 0));
            in_flight.store(ms as usize, Ordering::Relaxed);
            let shown = &board.binds()[0];
            assert_eq!((shown.since, shown.in_flight), (UnixMs(since), ms as usize));
        }
    }

    #[test]
    fn a_bind_that_is_withdrawn_is_not_down_and_may_come_back() {
        let board = Board::default();
        let smsc = SmscName::from("smart");
        let bound = || BindStatus {
            smsc: smsc.clone(),
            bind: "ob-1".to_owned(),
            state: BindState::Bound,
            since: UnixMs(1),
            in_flight: 0,
            window: 0,
            peer: None,
            last_error: None,
            again_at: None,
            node: None,
        };
        board.withdraw(&smsc, "ob-1");
        assert!(board.withdrawn().is_empty(), "it never was there");
        board.publish(bound());
        board.withdraw(&smsc, "ob-1");
        assert!(board.binds().is_empty());
        assert_eq!(board.withdrawn(), [(smsc.clone(), "ob-1".to_owned())]);
        board.publish(bound());
        assert_eq!((board.binds().len(), board.withdrawn().len()), (1, 0));
    }

    #[test]
    fn an_alarm_is_new_once_and_stands_until_it_is_cleared() {
        let board = Board::default();
        let alarm = |words: &str| Alarm { km: words.to_owned(), en: words.to_owned() };
        assert!(board.raise_alarm("portal", alarm("a")) && !board.raise_alarm("portal", alarm("a")));
        assert!(board.raise_alarm("portal", alarm("b")) && board.raise_alarm("files", alarm("c")));
        assert_eq!(board.alarms(), [alarm("c"), alarm("b")]);
        assert!(board.clear_alarm("portal") && !board.clear_alarm("portal"));
        assert_eq!(board.alarms(), [alarm("c")]);
    }

    #[test]
    fn minutes_are_counted_apart_and_forgotten() {
        let board = Board::default();
        board.count(Rate::MoIn, 2, UnixMs(60_000));
        board.count(Rate::MoIn, 3, UnixMs(125_000));
        let minutes = board.minutes(Rate::MoIn, UnixMs(130_000));
        assert_eq!((minutes.len(), minutes[14], minutes[13]), (15, 3, 2));
        assert_eq!(board.minutes(Rate::MoIn, UnixMs(60_000 * 40)).iter().sum::<u64>(), 0);
    }
}

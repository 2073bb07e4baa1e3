//! What went over the binds of late, for who looks for a fault: the links write, `ops` and the trace file read. The
//! password is never in it; numbers and texts are covered, unless an operator asked for a file with them.
use crate::{
    smpp::{
        mask::{Cover, mask},
        trace::Seen,
    },
    types::{UnixMs, lock, names::SmscName},
};
use bytes::Bytes;
use std::{
    collections::{BTreeMap, VecDeque},
    sync::{
        Arc, Mutex,
        mpsc::{SyncSender, TrySendError},
    },
};
use tokio::sync::{
    OwnedSemaphorePermit, Semaphore,
    broadcast::{self, error::RecvError},
};

/// PDUs that are remembered of a bind: some minutes of a quiet link, some seconds of a busy one.
const PDUS_KEPT: usize = 500;
/// And octets: 64 binds cost 16 MiB at most.
const OCTETS_KEPT: usize = 256 * 1024;

/// Who may follow the trace at a time: operators with a page open each.
const FOLLOWERS_MAX: usize = 8;
/// PDUs that wait for the slowest of them before it misses some: a quarter of a second of the busiest link; 200 KiB of usual
/// PDUs. They share their octets with the rings.
const PDUS_AHEAD: usize = 1_024;

/// What a bind is called in a trace, such as `smart/trx-1`; without blanks.
pub fn link(smsc: &SmscName, bind: &str) -> String {
    format!("{}/{bind}", smsc.as_str().replace(char::is_whitespace, "_"))
}

/// The last PDUs of one bind, oldest first.
#[derive(Default)]
struct Ring {
    pdus: VecDeque<Seen>,
    octets: usize,
}

impl Ring {
    fn add(&mut self, seen: Seen) {
        self.octets += seen.octets.len();
        self.pdus.push_back(seen);
        while self.pdus.len() > PDUS_KEPT || self.octets > OCTETS_KEPT {
            let Some(oldest) = self.pdus.pop_front() else { return };
            self.octets -= oldest.octets.len();
        }
    }
}

/// A reader that is to miss nothing.
#[derive(Clone)]
struct Tail {
    cover: Cover,
    to: SyncSender<Seen>,
}

/// The rings, and who is told what comes into them.
struct Remembered {
    rings: BTreeMap<(SmscName, String), Ring>,
    live: broadcast::Sender<Seen>,
}

impl Remembered {
    /// Bind after bind; `None`: of every telco.
    fn of(&self, smsc: Option<&SmscName>) -> Vec<Seen> {
        let wanted = self.rings.iter().filter(|((name, _), _)| smsc.is_none_or(|smsc| smsc == name));
        wanted.flat_map(|(_, ring)| ring.pdus.iter().cloned()).collect()
    }
}

/// In the order of time; PDUs of one bind stay in theirs.
fn in_order(mut all: Vec<Seen>) -> Vec<Seen> {
    all.sort_by_key(|seen| seen.at);
    all
}

/// What a follower gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Followed {
    /// The next PDU.
    Pdu(Seen),
    /// It was too slow: so many PDUs went by.
    Missed(u64),
}

/// Somebody who sees PDUs as they go; no link waits for it.
pub struct Follower {
    live: broadcast::Receiver<Seen>,
    _place: OwnedSemaphorePermit,
}

impl Follower {
    /// The next one; `None` when the trace is gone. Loses nothing when it is dropped before it is ready.
    pub async fn next(&mut self) -> Option<Followed> {
        match self.live.recv().await {
            Ok(seen) => Some(Followed::Pdu(seen)),
            Err(RecvError::Lagged(missed)) => Some(Followed::Missed(missed)),
            Err(RecvError::Closed) => None,
        }
    }
}

/// The trace of all binds.
pub struct Trace {
    remembered: Mutex<Remembered>,
    followers: Arc<Semaphore>,
    tail: Mutex<Option<Tail>>,
}

impl Default for Trace {
    fn default() -> Self {
        let remembered = Remembered { rings: BTreeMap::new(), live: broadcast::Sender::new(PDUS_AHEAD) };
        let followers = Arc::new(Semaphore::new(FOLLOWERS_MAX));
        Trace { remembered: Mutex::new(remembered), followers, tail: Mutex::default() }
    }
}

impl Trace {
    /// From now on hands each PDU to this reader too, in place of the one before it, with so much covered. A reader that is
    /// too slow misses some, which `chrak_trace_missed_total` counts: a link waits for nobody.
    pub fn hand_to(&self, cover: Cover, to: SyncSender<Seen>) {
        *lock(&self.tail) = Some(Tail { cover, to });
    }

    /// Hands nothing to a reader any more; the one that there was gets no more.
    pub fn hand_to_nobody(&self) {
        *lock(&self.tail) = None;
    }

    /// One PDU, whole, as it went.
    pub fn pdu(&self, smsc: &SmscName, bind: &str, at: UnixMs, sent: bool, octets: Vec<u8>) {
        let link = link(smsc, bind);
        let covered = |cover, mut octets: Vec<u8>| {
            mask(&mut octets, cover);
            Seen { at, link: link.clone(), sent, octets: Bytes::from(octets) }
        };
        let tail = lock(&self.tail).clone();
        if let Some(tail) = tail {
            match tail.to.try_send(covered(tail.cover, octets.clone())) {
                // one that has gone by itself misses nothing
                Ok(()) | Err(TrySendError::Disconnected(_)) => {}
                Err(TrySendError::Full(_)) => {
                    metrics::counter!("chrak_trace_missed_total").increment(1);
                }
            }
        }
        let seen = covered(Cover::People, octets);
        let mut remembered = lock(&self.remembered);
        if self.followers.available_permits() < FOLLOWERS_MAX {
            // whoever has gone meanwhile needs nothing
            let _ = remembered.live.send(seen.clone());
        }
        remembered.rings.entry((smsc.clone(), bind.to_owned())).or_default().add(seen);
    }

    /// What is remembered of a telco's binds, in the order of time.
    pub fn of(&self, smsc: &SmscName) -> Vec<Seen> {
        let of_it = lock(&self.remembered).of(Some(smsc));
        in_order(of_it)
    }

    /// What is remembered of all telcos, in the order of time.
    pub fn all(&self) -> Vec<Seen> {
        let all = lock(&self.remembered).of(None);
        in_order(all)
    }

    /// What is remembered, and who follows what comes after it: nothing between the two is lost or told twice. `None` when
    /// too many follow already.
    pub fn follow(&self) -> Option<(Vec<Seen>, Follower)> {
        let place = Arc::clone(&self.followers).try_acquire_owned().ok()?;
        let (all, live) = {
            let remembered = lock(&self.remembered);
            (remembered.of(None), remembered.live.subscribe())
        };
        Some((in_order(all), Follower { live, _place: place }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::{TryRecvError, sync_channel};

    const BIND: &[u8] = b"\0\0\0\x20\0\0\0\x09\0\0\0\0\0\0\0\x01c\0secret\0\0\x34\0\0\0";

    fn text(octets: usize) -> Vec<u8> {
        let length = (16 + octets) as u32;
        [&length.to_be_bytes()[..], b"\0\0\0\x05\0\0\0\0\0\0\0\x07", &vec![b'5'; octets]].concat()
    }

    #[test]
    fn the_ring_is_bounded_in_pdus_and_octets_and_keeps_the_newest() {
        let (trace, smsc) = (Trace::default(), SmscName::from("smart"));
        for at in 0..600 {
            trace.pdu(&smsc, "trx-1", UnixMs(at), true, text(10));
        }
        let kept = trace.of(&smsc);
        assert_eq!((kept.len(), kept[0].at, kept[499].at), (PDUS_KEPT, UnixMs(100), UnixMs(599)));
        for at in 600..700 {
            trace.pdu(&smsc, "trx-1", UnixMs(at), true, text(60_000));
        }
        let kept = trace.of(&smsc);
        assert!(kept.iter().map(|seen| seen.octets.len()).sum::<usize>() <= OCTETS_KEPT);
        assert_eq!(kept.last().map(|seen| seen.at), Some(UnixMs(699)));
    }

    #[test]
    fn binds_of_one_telco_are_told_in_the_order_of_time_and_no_other_telco() {
        let (trace, smsc) = (Trace::default(), SmscName::from("smart axiata"));
        for (bind, at) in [("tx-1", 1), ("rx-1", 2), ("tx-1", 3)] {
            trace.pdu(&smsc, bind, UnixMs(at), true, BIND.to_vec());
            trace.pdu(&SmscName::from("other"), bind, UnixMs(at), true, BIND.to_vec());
        }
        let links: Vec<_> = trace.of(&smsc).into_iter().map(|seen| seen.link).collect();
        assert_eq!(links, ["smart_axiata/tx-1", "smart_axiata/rx-1", "smart_axiata/tx-1"]);
    }

    #[tokio::test]
    async fn who_follows_gets_what_was_and_what_comes_covered_and_is_told_what_it_missed() {
        let (trace, smsc) = (Trace::default(), SmscName::from("smart"));
        trace.pdu(&smsc, "trx-1", UnixMs(1), true, text(10));
        let (before, mut follower) = trace.follow().expect("a place");
        assert_eq!(before.len(), 1);
        trace.pdu(&smsc, "trx-1", UnixMs(2), true, text(10));
        let Some(Followed::Pdu(seen)) = follower.next().await else { panic!("a PDU") };
        assert!(seen.at == UnixMs(2) && seen.octets.ends_with(b"**********"));
        for at in 0..3_000 {
            trace.pdu(&smsc, "trx-1", UnixMs(10 + at), true, text(10));
        }
        assert_eq!(follower.next().await, Some(Followed::Missed(3_000 - PDUS_AHEAD as u64)));
        let Some(Followed::Pdu(next)) = follower.next().await else { panic!("a PDU") };
        assert_eq!(next.at, UnixMs(10 + 3_000 - PDUS_AHEAD as i64), "the newest are kept");
    }

    #[test]
    fn no_more_follow_than_there_are_places() {
        let trace = Trace::default();
        let mut all: Vec<_> = (0..FOLLOWERS_MAX).map(|_| trace.follow().expect("a place")).collect();
        assert!(trace.follow().is_none());
        all.pop();
        assert!(trace.follow().is_some(), "a place is free again");
    }

    #[test]
    fn a_reader_gets_what_it_asked_for_and_is_waited_for_by_no_link() {
        let (to, lines) = sync_channel(2);
        let (trace, smsc) = (Trace::default(), SmscName::from("smart"));
        trace.pdu(&smsc, "trx-1", UnixMs(0), true, BIND.to_vec());
        trace.hand_to(Cover::Password, to);
        for _ in 0..5 {
            trace.pdu(&smsc, "trx-1", UnixMs(0), true, BIND.to_vec());
            trace.pdu(&smsc, "trx-1", UnixMs(0), true, text(10));
        }
        let got: Vec<Seen> = lines.try_iter().collect();
        assert_eq!(got.len(), 2);
        assert!(got[0].octets.ends_with(b"c\0******\0\0\x34\0\0\0"), "a password is in no file");
        assert!(got[1].octets.ends_with(b"5555555555"));
        assert!(trace.of(&smsc)[2].octets.ends_with(b"**********"), "in memory all is covered");
        trace.hand_to_nobody();
        trace.pdu(&smsc, "trx-1", UnixMs(0), true, text(10));
        assert_eq!(lines.try_recv(), Err(TryRecvError::Disconnected));
    }
}

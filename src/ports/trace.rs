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
        Mutex,
        mpsc::{SyncSender, TrySendError},
    },
};

/// PDUs that are remembered of a bind: some minutes of a quiet link, some seconds of a busy one.
const PDUS_KEPT: usize = 500;
/// And octets: 64 binds cost 16 MiB at most.
const OCTETS_KEPT: usize = 256 * 1024;

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
struct Tail {
    cover: Cover,
    to: SyncSender<Seen>,
}

/// The trace of all binds.
#[derive(Default)]
pub struct Trace {
    rings: Mutex<BTreeMap<(SmscName, String), Ring>>,
    tail: Option<Tail>,
}

impl Trace {
    /// One that also hands each PDU to a reader, with so much covered. A reader that is too slow misses some, which
    /// `chrak_trace_missed_total` counts: a link waits for nobody.
    pub fn with_tail(cover: Cover, to: SyncSender<Seen>) -> Self {
        Trace { rings: Mutex::default(), tail: Some(Tail { cover, to }) }
    }

    /// One PDU, whole, as it went.
    pub fn pdu(&self, smsc: &SmscName, bind: &str, at: UnixMs, sent: bool, octets: Vec<u8>) {
        let link = link(smsc, bind);
        let covered = |cover, mut octets: Vec<u8>| {
            mask(&mut octets, cover);
            Seen { at, link: link.clone(), sent, octets: Bytes::from(octets) }
        };
        if let Some(tail) = &self.tail {
            match tail.to.try_send(covered(tail.cover, octets.clone())) {
                Ok(()) => {}
                Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => {
                    metrics::counter!("chrak_trace_missed_total").increment(1);
                }
            }
        }
        let seen = covered(Cover::People, octets);
        lock(&self.rings).entry((smsc.clone(), bind.to_owned())).or_default().add(seen);
    }

    /// What is remembered of a telco's binds, in the order of time.
    pub fn of(&self, smsc: &SmscName) -> Vec<Seen> {
        let rings = lock(&self.rings);
        let of_it = rings.iter().filter(|((name, _), _)| name == smsc);
        let mut all: Vec<Seen> = of_it.flat_map(|(_, ring)| ring.pdus.iter().cloned()).collect();
        drop(rings);
        // PDUs of one bind stay in their order
        all.sort_by_key(|seen| seen.at);
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::sync_channel;

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

    #[test]
    fn a_reader_gets_what_it_asked_for_and_is_waited_for_by_no_link() {
        let (to, lines) = sync_channel(2);
        let (trace, smsc) = (Trace::with_tail(Cover::Password, to), SmscName::from("smart"));
        for _ in 0..5 {
            trace.pdu(&smsc, "trx-1", UnixMs(0), true, BIND.to_vec());
            trace.pdu(&smsc, "trx-1", UnixMs(0), true, text(10));
        }
        let got: Vec<Seen> = lines.try_iter().collect();
        assert_eq!(got.len(), 2);
        assert!(got[0].octets.ends_with(b"c\0******\0\0\x34\0\0\0"), "a password is in no file");
        assert!(got[1].octets.ends_with(b"5555555555"));
        assert!(trace.of(&smsc)[1].octets.ends_with(b"**********"), "in memory all is covered");
    }
}

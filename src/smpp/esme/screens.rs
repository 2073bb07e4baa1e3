//! Screens that wait for room in the window or for the pace, and those that wait for their resp. Somebody holds a telephone
//! and waits, so they go before texts; what is late is not sent; and one that the telco refused because it is too fast
//! goes again in its place, as long as it is of use and nothing newer was written to its telephone.
use super::effect::Screen;
use crate::{smpp::pdu::UssdSubmit, types::limits::USSD_IN_HAND_MAX};
use std::{
    collections::{HashMap, VecDeque},
    time::Instant,
};

/// All screens of one connection. Their owner hands over no more than [`USSD_IN_HAND_MAX`] that are not over.
#[derive(Default)]
pub(super) struct Screens {
    /// In the order in which they came, whatever was refused since.
    waiting: VecDeque<Waiting>,
    /// By the token of their resp.
    written: HashMap<u64, Written>,
    next: u64,
}

/// A screen that is to go.
pub(super) struct Waiting {
    /// Its place among those of this connection.
    place: u64,
    screen: Screen,
}

impl Waiting {
    pub(super) fn pdu(&self) -> &UssdSubmit {
        &self.screen.pdu
    }
}

struct Written {
    waiting: Waiting,
    at: Instant,
    /// A newer one was written to the same telephone meanwhile.
    overtaken: bool,
}

/// What a refusal means for a screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refused {
    /// It waits in its place again.
    Waits(u64),
    /// It is over.
    Over(u64),
}

impl Screens {
    pub(super) fn add(&mut self, screen: Screen) {
        debug_assert!(self.waiting.len() <= USSD_IN_HAND_MAX, "the owner bounds them");
        self.next += 1;
        self.waiting.push_back(Waiting { place: self.next, screen });
    }

    /// Whether none waits to be written.
    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Takes one out that is too late, whatever stands before it. Returns its owner's name for it.
    pub(super) fn late(&mut self, now: Instant) -> Option<u64> {
        let at = self.waiting.iter().position(|waiting| waiting.screen.until <= now)?;
        self.waiting.remove(at).map(|waiting| waiting.screen.id)
    }

    /// Takes the first one out.
    pub(super) fn next(&mut self) -> Option<Waiting> {
        self.waiting.pop_front()
    }

    /// It was written; its resp comes back with the token.
    pub(super) fn written(&mut self, token: u64, waiting: Waiting, at: Instant) {
        let to = &waiting.screen.pdu.destination;
        for older in self.written.values_mut().filter(|older| older.waiting.screen.pdu.destination == *to) {
            older.overtaken = true;
        }
        self.written.insert(token, Written { waiting, at, overtaken: false });
    }

    /// The telco refused it; with `again` because it is too fast.
    pub(super) fn refused(&mut self, token: u64, again: bool, now: Instant) -> Option<Refused> {
        let Written { waiting, overtaken, .. } = self.written.remove(&token)?;
        let id = waiting.screen.id;
        if !again || overtaken || waiting.screen.until <= now {
            return Some(Refused::Over(id));
        }
        let place = self.waiting.partition_point(|other| other.place < waiting.place);
        self.waiting.insert(place, waiting);
        Some(Refused::Waits(id))
    }

    /// The telco took it, or nobody knows: it is not written again. Returns its owner's name and when it was written.
    pub(super) fn over(&mut self, token: u64) -> Option<(u64, Instant)> {
        self.written.remove(&token).map(|written| (written.waiting.screen.id, written.at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::smpp::pdu::Address;
    use bytes::Bytes;
    use std::time::Duration;

    fn screen(id: u64, to: &'static str, until: Instant) -> Screen {
        let address = Address { ton: 1, npi: 1, digits: Bytes::from_static(to.as_bytes()) };
        let pdu = UssdSubmit {
            as_data_sm: false,
            service_type: "USSD".to_owned(),
            source: address.clone(),
            destination: address,
            data_coding: 0,
            body: Bytes::new(),
            tlvs: Vec::new(),
        };
        Screen { id, pdu, until }
    }

    fn write(screens: &mut Screens, token: u64, now: Instant) -> u64 {
        let waiting = screens.next().expect("one waits");
        let id = waiting.screen.id;
        screens.written(token, waiting, now);
        id
    }

    #[test]
    fn what_was_refused_goes_again_in_its_place_and_what_was_overtaken_does_not() {
        let now = Instant::now();
        let until = now + Duration::from_secs(5);
        let mut screens = Screens::default();
        for (id, to) in [(1, "a"), (2, "b"), (3, "a"), (4, "c")] {
            screens.add(screen(id, to, until));
        }
        assert_eq!((write(&mut screens, 10, now), write(&mut screens, 11, now)), (1, 2));
        assert_eq!(screens.refused(11, true, now), Some(Refused::Waits(2)));
        assert_eq!(screens.refused(10, true, now), Some(Refused::Waits(1)));
        let again = [12, 13, 14, 15].map(|token| write(&mut screens, token, now));
        assert_eq!(again, [1, 2, 3, 4], "as they came");
        assert_eq!(screens.refused(12, true, now), Some(Refused::Over(1)), "3 is on the telephone of 1 already");
        assert_eq!(screens.refused(13, false, now), Some(Refused::Over(2)), "refused for another reason");
        assert_eq!(screens.refused(15, true, until), Some(Refused::Over(4)), "of no use any more");
        assert_eq!((screens.over(14), screens.over(14)), (Some((3, now)), None));
        assert_eq!(screens.refused(12, true, now), None, "a second answer changes nothing");
    }

    #[test]
    fn a_screen_is_late_whatever_stands_before_it() {
        let now = Instant::now();
        let mut screens = Screens::default();
        screens.add(screen(1, "a", now + Duration::from_secs(10)));
        screens.add(screen(2, "b", now + Duration::from_secs(3)));
        assert_eq!(screens.late(now + Duration::from_secs(3)), Some(2));
        assert_eq!(screens.late(now + Duration::from_secs(3)), None);
        assert_eq!(write(&mut screens, 10, now), 1);
    }
}

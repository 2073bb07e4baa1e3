//! Binds that a person holds by hand: each does what it is told, and everything that happens on them is written down in
//! its order. For `chrak check --bind` and `chrak certify`. It must not know what is asked of a telco.
use super::{
    dial::{ConnectFault, Reader, Writer, dial},
    driver::{User, drive, now},
    tap::tap,
    telco::Telco,
};
use crate::{
    ports::clock::Clock,
    smpp::{
        decode::Deliver,
        esme::{Effect, Esme, Now, Pace, Screen, Segment, Stored},
        pdu::{BindKind, UssdSubmit},
        trace::Seen,
    },
    tls,
    types::Msisdn,
};
use bytes::Bytes;
use std::{ops::ControlFlow, sync::Arc, time::Duration};
use tokio::{
    sync::mpsc,
    time::{Instant, timeout_at},
};

/// What may wait to be looked at: a script looks all the time.
const WAITING_MAX: usize = 4_096;
/// A screen that could not be sent for so long is late.
const SCREEN_WITHIN: Duration = Duration::from_secs(5);
/// Wait for an unbind_resp at the end of a script that failed.
const END_WITHIN: Duration = Duration::from_secs(4);
/// What is written down of a script at most.
const LOG_MAX: usize = 50_000;

/// Something that happened on a bind.
pub(super) enum Happened {
    /// To the machine.
    Effect(Effect),
    /// A PDU went.
    Pdu(Seen),
    /// The connection is over; what TLS said of it.
    Over(Option<String>),
}

enum Order {
    Enquire,
    Screen(Box<UssdSubmit>),
    Leave,
}

/// The ways to a bind: what it is to do at once, and what it is to send when there is room.
struct Strings {
    orders: mpsc::Sender<Order>,
    segments: mpsc::Sender<Segment>,
}

/// The binds of one telco: a transceiver, or a transmitter and a receiver.
pub(super) struct Hand {
    binds: Vec<Strings>,
    happened: mpsc::Receiver<Happened>,
    /// All that has happened, in its order.
    pub(super) log: Vec<Happened>,
}

impl Hand {
    /// Connects; the binds are on their way then. Texts of `takes` are taken, all others stay with the telco.
    pub(super) async fn connect(
        telco: &Telco,
        clock: &Arc<dyn Clock>,
        takes: Option<Msisdn>,
    ) -> Result<Self, ConnectFault> {
        let mut halves = Vec::new();
        for (kind, name) in telco.plan_of_one() {
            let (reader, writer, _) = dial(telco).await?;
            halves.push((kind, name, reader, writer));
        }
        Ok(Self::on(halves, telco, clock, takes))
    }

    /// On connections that are made; the first is the one that sends.
    pub(super) fn on(
        halves: Vec<(BindKind, String, Reader, Writer)>,
        telco: &Telco,
        clock: &Arc<dyn Clock>,
        takes: Option<Msisdn>,
    ) -> Self {
        let (to, happened) = mpsc::channel(WAITING_MAX);
        let mut binds = Vec::new();
        for (kind, name, reader, writer) in halves {
            let (orders, ordered) = mpsc::channel(WAITING_MAX);
            let (segments, due) = mpsc::channel(WAITING_MAX);
            binds.push(Strings { orders, segments });
            let puppet = Puppet { to: to.clone(), orders: ordered, segments: due, takes, screens: 0 };
            let esme = Esme::new(telco.esme_config(kind), Arc::new(Pace::new(0)), now(&**clock));
            tokio::spawn(run(puppet, esme, name, (reader, writer), Arc::clone(clock)));
        }
        Hand { binds, happened, log: Vec::new() }
    }

    /// How many binds there are.
    pub(super) fn binds(&self) -> usize {
        self.binds.len()
    }

    /// Sends a segment when the window has room.
    pub(super) fn submit(&self, segment: Segment) {
        // a bind that is over does nothing any more, which its log says
        drop(self.binds[0].segments.try_send(segment));
    }

    /// Sends a screen.
    pub(super) fn screen(&self, screen: UssdSubmit) {
        self.order(0, Order::Screen(Box::new(screen)));
    }

    /// Asks on each bind whether the telco is there.
    pub(super) fn enquire(&self) {
        (0..self.binds()).for_each(|bind| self.order(bind, Order::Enquire));
    }

    /// Unbinds.
    pub(super) fn leave(&self) {
        (0..self.binds()).for_each(|bind| self.order(bind, Order::Leave));
    }

    fn order(&self, bind: usize, order: Order) {
        // a bind that is over does nothing any more, which its log says
        drop(self.binds[bind].orders.try_send(order));
    }

    /// Where the log ends now.
    pub(super) fn mark(&self) -> usize {
        self.log.len()
    }

    /// The first thing since `mark` of which `find` makes something; `None` when nothing does in time, or when all is over.
    pub(super) async fn wait<T>(
        &mut self,
        mark: usize,
        within: Duration,
        mut find: impl FnMut(&Happened) -> Option<T>,
    ) -> Option<T> {
        let end = Instant::now() + within;
        let mut at = mark;
        loop {
            while let Some(happened) = self.log.get(at) {
                if let Some(found) = find(happened) {
                    return Some(found);
                }
                at += 1;
            }
            let next = timeout_at(end, self.happened.recv()).await.ok().flatten()?;
            if self.log.len() < LOG_MAX {
                self.log.push(next);
            }
        }
    }

    /// Leaves if it is still there, and waits until the telco has let it go.
    pub(super) async fn end(mut self) {
        self.leave();
        let mark = self.log.iter().filter(|happened| matches!(happened, Happened::Over(_))).count();
        let mut left = self.binds().saturating_sub(mark);
        let from = self.mark();
        if left > 0 {
            self.wait(from, END_WITHIN, |happened| {
                left -= usize::from(matches!(happened, Happened::Over(_)));
                (left == 0).then_some(())
            })
            .await;
        }
    }

    /// The PDUs since `mark`.
    pub(super) fn pdus(&self, mark: usize) -> impl Iterator<Item = &Seen> {
        self.log[mark.min(self.log.len())..].iter().filter_map(|happened| match happened {
            Happened::Pdu(seen) => Some(seen),
            Happened::Effect(_) | Happened::Over(_) => None,
        })
    }
}

/// One bind to its end.
async fn run(mut puppet: Puppet, mut esme: Esme, name: String, halves: (Reader, Writer), clock: Arc<dyn Clock>) {
    let (to, times) = (puppet.to.clone(), Arc::clone(&clock));
    let shows = move |sent: bool, octets: Vec<u8>| {
        let seen = Seen { at: times.now(), link: name.clone(), sent, octets: Bytes::from(octets) };
        // a script that does not look misses it
        drop(to.try_send(Happened::Pdu(seen)));
    };
    let (reader, writer) = tap(halves.0, halves.1, Arc::new(shows));
    let broke = drive(reader, writer, &mut esme, &mut puppet, &*clock).await;
    drop(puppet.to.try_send(Happened::Over(broke.as_ref().and_then(tls::words))));
}

/// Why a puppet moves; without an order nobody holds its strings any more.
enum Wake {
    Order(Option<Order>),
    Due(Segment),
}

/// Does what it is told.
struct Puppet {
    to: mpsc::Sender<Happened>,
    orders: mpsc::Receiver<Order>,
    segments: mpsc::Receiver<Segment>,
    screens: u64,
    takes: Option<Msisdn>,
}

impl Puppet {
    /// Whether a text is one of the person with the telephone. All others are citizens', and stay with the telco for a bind
    /// that answers them.
    fn takes(&self, deliver: &Deliver) -> bool {
        let from = Msisdn::from_telco(deliver.source.ton, &deliver.source.text());
        from.is_some() && from == self.takes
    }
}

impl User for Puppet {
    type Wake = Wake;

    async fn next(&mut self, room: bool) -> Wake {
        tokio::select! {
            order = self.orders.recv() => Wake::Order(order),
            Some(segment) = self.segments.recv(), if room => Wake::Due(segment),
        }
    }

    fn act(&mut self, wake: Wake, esme: &mut Esme, now: Now) {
        match wake {
            Wake::Due(segment) => esme.submit(segment, now),
            Wake::Order(Some(Order::Enquire)) => esme.enquire(now),
            Wake::Order(Some(Order::Leave)) => esme.leave(now),
            Wake::Order(Some(Order::Screen(pdu))) => {
                self.screens += 1;
                esme.screen(Screen { id: self.screens, pdu: *pdu, until: now.at + SCREEN_WITHIN }, now);
            }
            Wake::Order(None) => {}
        }
    }

    fn effect(&mut self, effect: Effect, esme: &mut Esme, now: Now) {
        match &effect {
            Effect::Text { owed, deliver } | Effect::Ussd { owed, deliver } => {
                let stored = if self.takes(deliver) { Stored::Kept(None) } else { Stored::Overload };
                esme.stored(*owed, stored, now);
            }
            Effect::Receipt { owed, .. } => esme.stored(*owed, Stored::Kept(None), now),
            // nothing is stored of it, so its place is free at once
            Effect::Settle { outcome, .. } if outcome.was_written() => esme.settled(1),
            _ => {}
        }
        drop(self.to.try_send(Happened::Effect(effect)));
    }

    /// Nobody holds it any more: it goes without a word, as its script did.
    fn round(&mut self, _esme: &Esme) -> ControlFlow<()> {
        if self.orders.is_closed() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

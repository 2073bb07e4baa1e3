//! What a bind carries between one connection and the exchange: texts, receipts and USSD inputs to it, segments and
//! screens from it, and what became of them. Everything durable is awaited elsewhere, so that the connection is served
//! while a commit is slow. It must not know a socket.
use super::{
    bind::{End, Keeper, Why},
    dial::SHUT_OVER_TLS,
    drain::{Drain, looks},
    driver::{User, drive, now},
    intake,
    meter::Meter,
    settler::Settler,
    ussd,
    ussd_senders::Shown,
};
use crate::{
    exchange::{AcceptFault, Hold, OutboxFeed, Over, StoreHealth, Submission},
    ports::{
        StoreFault,
        orders::Order,
        outbox::{self, NewReceipt, Settlement},
        status::BindState,
    },
    smpp::{
        anomaly::Anomaly,
        decode::Deliver,
        esme::{Effect, Esme, Now, Outcome, Owed, Screen, ScreenFate, Segment, Stored},
        session::{CloseReason, SessionState},
        status::name,
    },
    tls,
    types::{
        CauseId, MtId, SessionId,
        limits::{MO_IN_HAND_MAX, USSD_IN_HAND_MAX},
        names::Channel,
    },
};
use std::{
    collections::HashMap,
    io,
    ops::ControlFlow,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    sync::{mpsc, watch},
    task::JoinHandle,
};

/// Segments submitted before the socket is written once.
const SUBMIT_BATCH: usize = 64;

/// What the store said of what was delivered.
type Spoken = (Owed, Stored);

/// Why a bind wakes.
pub(super) enum Wake {
    Stored(Spoken),
    Due(Submission),
    Screen(Shown),
    /// Outcomes were stored: of so many segments that were written.
    Settled(usize),
    Leave(Option<Why>),
    /// An operator has ordered something.
    Ordered,
    /// The telco is to take nothing new.
    Retired,
    /// It is to be looked whether a drain is over.
    Look,
    /// The bind is another's, or is to be.
    Over(Over),
}

/// A bind on one connection.
pub(super) struct Carrier<'a> {
    keeper: &'a Keeper,
    id: SessionId,
    stored: (mpsc::Sender<Spoken>, mpsc::Receiver<Spoken>),
    feed: Option<OutboxFeed>,
    settler: Settler,
    /// Screens that come from the exchange, and those that the machine has, by their names there.
    shown: (mpsc::Sender<Shown>, mpsc::Receiver<Shown>),
    screens: HashMap<u64, Shown>,
    next_screen: u64,
    /// The last noting of what the telco has read.
    noting: Option<JoinHandle<()>>,
    health: watch::Receiver<StoreHealth>,
    orders: watch::Receiver<Order>,
    /// Rebinds that were ordered before it began.
    rebinds: u64,
    drain: Option<Drain>,
    leaving: bool,
    /// Nothing may be written any more.
    cut: bool,
    bound: bool,
    refused: Option<u32>,
    why: Option<Why>,
    published: BindState,
    /// Where operators see how many submit_sm are in flight, and the rest.
    in_flight: Arc<AtomicUsize>,
    meter: Meter,
}

impl<'a> Carrier<'a> {
    pub(super) fn new(keeper: &'a Keeper, id: SessionId) -> Self {
        let shared = &keeper.shared;
        let (exchange, telco) = (&shared.exchange, &shared.telco);
        let mut orders = shared.board.orders.follow(&telco.name);
        let rebinds = orders.borrow().rebinds;
        // a drain may have been ordered while the connection was made
        orders.mark_changed();
        Carrier {
            keeper,
            id,
            // An MO in hand reports once, and so many may be in hand.
            stored: mpsc::channel(MO_IN_HAND_MAX + 1),
            feed: None,
            settler: Settler::start(exchange.clone(), telco.name.clone(), telco.window),
            shown: mpsc::channel(USSD_IN_HAND_MAX + 1),
            screens: HashMap::new(),
            next_screen: 0,
            noting: None,
            health: exchange.run.store_health(),
            orders,
            rebinds,
            drain: None,
            leaving: false,
            cut: false,
            bound: false,
            refused: None,
            why: None,
            published: BindState::Binding,
            in_flight: keeper.publish(BindState::Binding),
            meter: Meter::new(Arc::clone(&shared.shown), &keeper.name),
        }
    }

    /// Runs the connection to its end, and settles what is left.
    pub(super) async fn run(mut self, reader: impl AsyncRead + Unpin, writer: impl AsyncWrite + Unpin) -> End {
        let shared = &self.keeper.shared;
        let clock = &*shared.clock;
        let config = shared.telco.esme_config(self.keeper.kind);
        let mut esme = Esme::new(config, shared.pace.clone(), now(clock));
        let broke = drive(reader, writer, &mut esme, &mut self, clock).await;
        if !self.keeper.hold.is_ours() {
            self.why = Some(Why::LeaseLost);
            return self.finish().await;
        }
        // with TLS 1.3 a certificate of ours is refused when the handshake is over
        if let Some(words) = broke.as_ref().and_then(tls::words) {
            self.why = Some(Why::Tls(words));
        } else if broke.is_some_and(|fault| fault.kind() == io::ErrorKind::TimedOut) {
            self.why = Some(Why::LineDead);
        }
        self.finish().await
    }

    async fn finish(mut self) -> End {
        self.keeper.shared.ussd_senders.leave(self.id);
        self.give_back();
        if let Some(noting) = self.noting.take()
            && noting.await.is_err()
        {
            tracing::error!(smsc = %self.keeper.shared.telco.name, "the noting of what the telco has read panicked");
        }
        // All outcomes are in the store before the bind comes again.
        self.settler.finish().await;
        let why = self.why.unwrap_or(Why::Closed(CloseReason::TelcoClosed));
        match self.refused {
            Some(status) => End::Refused(status),
            None if self.bound => End::WasBound(why),
            None => End::NotBound(why),
        }
    }

    /// Takes no more from the outbox, and gives back what was handed over and not taken.
    fn give_back(&mut self) {
        let unwritten = self.feed.as_mut().map(OutboxFeed::close).unwrap_or_default();
        for submission in unwritten {
            self.settle(submission.mt.id, Outcome::Unwritten);
        }
    }

    fn leave(&mut self, why: Option<Why>, esme: &mut Esme, now: Now) {
        self.leaving = true;
        self.why = why;
        self.give_back();
        esme.leave(now);
    }

    /// The connection is closed at once, as another node may have the bind.
    fn cut(&mut self, esme: &mut Esme, now: Now) {
        (self.leaving, self.cut) = (true, true);
        self.why = Some(Why::LeaseLost);
        self.give_back();
        esme.broken(now);
    }

    /// Takes nothing new; a bind that is not one yet leaves at once.
    fn drain(&mut self, why: Why, esme: &mut Esme, now: Now) {
        if self.bound {
            tracing::info!(smsc = %self.keeper.shared.telco.name, bind = self.keeper.name, "draining: {why}");
            self.drain.get_or_insert_with(|| Drain::new(why));
        } else {
            self.leave(Some(why), esme, now);
        }
    }

    /// Leaves when a drain is over.
    fn look(&mut self, esme: &mut Esme, now: Now) {
        let shared = &self.keeper.shared;
        let in_hand = esme.in_flight() + shared.exchange.texts.in_hand_of(&shared.telco.name);
        if let Some(over) = self.drain.take_if(|drain| drain.is_over(in_hand)) {
            return self.leave(Some(over.why), esme, now);
        }
        self.drain.iter_mut().for_each(Drain::goes_on);
    }

    fn ordered(&mut self, esme: &mut Esme, now: Now) {
        let order = *self.orders.borrow_and_update();
        let keeper = self.keeper;
        if order.rebinds != self.rebinds {
            tracing::info!(smsc = %keeper.shared.telco.name, bind = keeper.name, "leaving to bind anew");
            self.leave(Some(Why::Rebind), esme, now);
        } else if order.drained {
            self.drain(Why::Drained, esme, now);
        } else {
            // a pause is the outbox's; resumed before it had left, it stays
            self.drain.take_if(|drain| matches!(drain.why, Why::Drained));
        }
    }

    fn bound(&mut self, system_id: &str, version: Option<u8>) {
        let keeper = self.keeper;
        let telco = &keeper.shared.telco;
        tracing::info!(
            smsc = %telco.name, bind = keeper.name, peer = %printable(system_id),
            version = version.map(|octet| format!("{octet:#04x}")), "bound"
        );
        self.bound = true;
        keeper.hold.bound();
        if keeper.kind.sends() {
            keeper.shared.ussd_senders.join(self.id, self.shown.0.clone());
            self.feed = keeper.shared.exchange.outbox.pull(&telco.name, self.id, telco.window);
        }
    }

    fn text(&mut self, owed: Owed, deliver: &Deliver) {
        let shared = &self.keeper.shared;
        let reply = self.stored.0.clone();
        if self.drain.is_some() {
            // the telco keeps it, for another time or for another way to us
            metrics::counter!("chrak_mo_total", "smsc" => shared.telco.name.as_str().to_owned(), "result" => "draining")
                .increment(1);
            let _ = reply.try_send((owed, Stored::Overload));
            return;
        }
        let done = move |result: Result<Option<CauseId>, AcceptFault>| {
            // A session that has ended has nobody to tell.
            let _ = reply.try_send((owed, stored(result)));
        };
        shared.exchange.texts.accept(intake::text(&shared.telco, self.id, deliver), Box::new(done));
    }

    fn receipt(&self, owed: Owed, receipt: NewReceipt) {
        let (exchange, smsc) = (self.keeper.shared.exchange.clone(), self.keeper.shared.telco.name.clone());
        let reply = self.stored.0.clone();
        tokio::spawn(async move {
            let kept = exchange.outbox.receipt(&smsc, receipt).await;
            let _ = reply.try_send((owed, stored(kept.map(|()| None).map_err(AcceptFault::Store))));
        });
    }

    fn ussd(&mut self, owed: Owed, deliver: &Deliver, esme: &mut Esme, now: Now) {
        // nothing durable to lose yet: acknowledged before anything is done, and before its screen
        let taken = ussd::take(&self.keeper.shared, self.id, deliver, now.at);
        esme.stored(owed, if taken { Stored::Kept(None) } else { Stored::Overload }, now);
    }

    /// What the telco has read is noted, in the background.
    fn note_read(&mut self, mos: Vec<CauseId>) {
        let exchange = self.keeper.shared.exchange.clone();
        self.noting = Some(tokio::spawn(async move { exchange.texts.confirm(mos).await }));
    }

    fn show(&mut self, shown: Shown, esme: &mut Esme, now: Now) {
        let Some(pdu) = ussd::screen(&self.keeper.shared.telco, &shown.what) else { return };
        self.next_screen += 1;
        let (id, until) = (self.next_screen, shown.until);
        self.screens.insert(id, shown);
        esme.screen(Screen { id, pdu, until }, now);
    }

    fn screen_is_over(&mut self, id: u64, fate: ScreenFate) {
        let Some(shown) = self.screens.remove(&id) else { return };
        let smsc = &self.keeper.shared.telco.name;
        match fate {
            ScreenFate::Late => tracing::warn!(smsc = %smsc, "a USSD screen was too late to be sent"),
            ScreenFate::Refused { status } => {
                self.meter.refused(status);
                tracing::warn!(smsc = %smsc, status = name(status), "the gateway refused a USSD screen");
            }
            ScreenFate::Written { at } => {
                let after = at.saturating_duration_since(shown.read_at);
                self.meter.screen();
                metrics::histogram!("chrak_ussd_screen_seconds", "smsc" => smsc.as_str().to_owned())
                    .record(after.as_secs_f64());
                record_answer(Channel::Ussd, after);
            }
        }
    }

    /// Submits this one and what else is due, as far as the window and the pace allow.
    fn submit(&mut self, first: Submission, esme: &mut Esme, now: Now) {
        esme.submit(segment(first), now);
        for _ in 1..SUBMIT_BATCH {
            if !esme.wants_segment() {
                return;
            }
            let Some(next) = self.feed.as_mut().and_then(OutboxFeed::try_next) else { return };
            esme.submit(segment(next), now);
        }
    }

    fn settle(&mut self, mt: MtId, outcome: Outcome) {
        let shared = &self.keeper.shared;
        let written = outcome.was_written();
        let outcome = match outcome {
            Outcome::Sent { message_id } => outbox::Outcome::Sent { message_id },
            Outcome::Retry { after, status } => {
                outbox::Outcome::Retry { due: shared.clock.now().plus_ms(after.as_millis() as i64), status }
            }
            Outcome::Failed { status } => {
                tracing::error!(
                    smsc = %shared.telco.name, status = name(status), "the telco refused a segment for good"
                );
                outbox::Outcome::Failed { status }
            }
            Outcome::Unknown => outbox::Outcome::Ambiguous,
            Outcome::Throttled { .. } | Outcome::Unwritten => outbox::Outcome::Unwritten,
        };
        self.settler.add(Settlement { mt, session: self.id, outcome }, written);
    }

    fn throttled(&self, pause: Option<Duration>) {
        let telco = &self.keeper.shared.telco;
        metrics::counter!("chrak_throttled_total", "smsc" => telco.name.as_str().to_owned()).increment(1);
        if let Some(pause) = pause {
            let pause_ms = pause.as_millis() as u64;
            tracing::warn!(smsc = %telco.name, pause_ms, "the telco takes nothing: it says that it is too fast");
        }
    }

    fn odd(&self, what: Anomaly) {
        let smsc = &self.keeper.shared.telco.name;
        metrics::counter!("chrak_anomalies_total", "smsc" => smsc.as_str().to_owned(), "kind" => what.as_str())
            .increment(1);
        tracing::debug!(smsc = %smsc, bind = self.keeper.name, "odd PDU: {what}");
    }

    fn publish(&mut self, esme: &Esme) {
        let state = match esme.state() {
            SessionState::Open | SessionState::Binding => BindState::Binding,
            SessionState::Bound => BindState::Bound,
            SessionState::Unbinding | SessionState::Leaving => BindState::Unbinding,
            SessionState::Closed => BindState::Closed,
        };
        if state != self.published {
            self.published = state;
            self.in_flight = self.keeper.publish(state);
        }
        self.in_flight.store(esme.in_flight(), Ordering::Relaxed);
        self.meter.tell(self.keeper.shared.clock.now());
    }
}

impl User for Carrier<'_> {
    type Wake = Wake;

    async fn next(&mut self, room: bool) -> Wake {
        tokio::select! {
            over = over(&self.keeper.hold, self.leaving), if !self.cut => Wake::Over(over),
            Some(spoken) = self.stored.1.recv() => Wake::Stored(spoken),
            Some(shown) = self.shown.1.recv() => Wake::Screen(shown),
            Some(written) = self.settler.settled() => Wake::Settled(written),
            Some(submission) = next(&mut self.feed), if room => Wake::Due(submission),
            () = self.keeper.shared.stop.cancelled(), if !self.leaving => Wake::Leave(None),
            _ = self.health.wait_for(|state| *state == StoreHealth::Lost), if !self.leaving => {
                Wake::Leave(Some(Why::StoreLost))
            }
            Ok(()) = self.orders.changed(), if !self.leaving => Wake::Ordered,
            () = self.keeper.shared.retired.cancelled(), if !self.leaving && self.drain.is_none() => Wake::Retired,
            () = looks(self.drain.as_ref()), if !self.leaving => Wake::Look,
        }
    }

    fn act(&mut self, wake: Wake, esme: &mut Esme, now: Now) {
        if matches!(wake, Wake::Due(_) | Wake::Screen(_) | Wake::Settled(_)) {
            self.drain.iter_mut().for_each(Drain::goes_on);
        }
        match wake {
            Wake::Due(submission) if self.feed.as_ref().is_some_and(OutboxFeed::is_paused) => {
                self.settle(submission.mt.id, Outcome::Unwritten);
            }
            Wake::Due(submission) => self.submit(submission, esme, now),
            Wake::Settled(written) => esme.settled(written),
            Wake::Stored((owed, stored)) => {
                esme.stored(owed, stored, now);
                // One commit carries many: all of them are answered with one write.
                while let Ok((owed, stored)) = self.stored.1.try_recv() {
                    esme.stored(owed, stored, now);
                }
            }
            Wake::Screen(shown) => {
                self.show(shown, esme, now);
                while let Ok(shown) = self.shown.1.try_recv() {
                    self.show(shown, esme, now);
                }
            }
            Wake::Leave(why) => self.leave(why, esme, now),
            Wake::Ordered => self.ordered(esme, now),
            Wake::Retired => self.drain(Why::Retired, esme, now),
            Wake::Look => self.look(esme, now),
            Wake::Over(Over::GivenUp) => self.leave(Some(Why::GivenUp), esme, now),
            Wake::Over(Over::Lost) => self.cut(esme, now),
        }
    }

    fn effect(&mut self, effect: Effect, esme: &mut Esme, now: Now) {
        let shared = &self.keeper.shared;
        match effect {
            Effect::Bound { system_id, version } => self.bound(&system_id, version),
            Effect::Refused { status } => self.refused = Some(status),
            Effect::Text { owed, deliver } => {
                self.meter.came();
                self.text(owed, &deliver);
            }
            Effect::Ussd { owed, deliver } => {
                self.meter.came();
                self.ussd(owed, &deliver, esme, now);
            }
            Effect::Receipt { owed, message_id, delivered, source, destination } => {
                let receipt = intake::receipt(&shared.telco, message_id, delivered, &source, &destination);
                self.receipt(owed, receipt);
            }
            Effect::UnreadReceipt => shared.unread_receipt(),
            Effect::Read(mos) => self.note_read(mos),
            Effect::Settle { segment, outcome, after } => {
                self.meter.settled(&outcome, after);
                self.settle(segment, outcome);
            }
            Effect::Answered { after } => record_answer(Channel::Sms, after),
            Effect::Screen { id, fate } => self.screen_is_over(id, fate),
            Effect::ScreenRefused { status, .. } => self.meter.refused(status),
            Effect::Throttled { pause } => self.throttled(pause),
            Effect::Congested { percent, per_second } => {
                let smsc = &shared.telco.name;
                tracing::warn!(smsc = %smsc, percent, per_second, "the telco says that it nears congestion: slower");
            }
            Effect::Forgotten => drop(self.why.get_or_insert(Why::Forgotten)),
            Effect::Anomaly(what) => self.odd(what),
            Effect::Closed(CloseReason::TelcoClosed) if !self.bound && shared.telco.tls.is_some() => {
                self.why.get_or_insert(Why::Tls(SHUT_OVER_TLS.to_owned()));
            }
            Effect::Closed(reason) => {
                self.why.get_or_insert(Why::Closed(reason));
            }
        }
    }

    fn round(&mut self, esme: &Esme) -> ControlFlow<()> {
        self.settler.send(!esme.is_roomy());
        self.publish(esme);
        ControlFlow::Continue(())
    }
}

/// Why the bind is to end; of one that leaves already, only that it is lost.
async fn over(hold: &Hold, leaving: bool) -> Over {
    if leaving {
        hold.lost().await;
        return Over::Lost;
    }
    hold.over().await
}

async fn next(feed: &mut Option<OutboxFeed>) -> Option<Submission> {
    match feed {
        Some(feed) => feed.next().await,
        None => std::future::pending().await,
    }
}

fn segment(submission: Submission) -> Segment {
    let Submission { mt, read_at } = submission;
    Segment {
        id: mt.id,
        source: mt.source,
        destination: mt.destination,
        body: mt.body,
        data_coding: mt.data_coding,
        udhi: mt.udhi,
        reference: mt.reference,
        not_after: mt.not_after,
        attempts: mt.attempts,
        read_at: read_at.map(tokio::time::Instant::into_std),
    }
}

fn stored(result: Result<Option<CauseId>, AcceptFault>) -> Stored {
    match result {
        Ok(kept) => Stored::Kept(kept),
        Err(AcceptFault::Overload | AcceptFault::Store(StoreFault::Full)) => Stored::Overload,
        Err(AcceptFault::Store(_)) => Stored::Failed,
    }
}

/// How long somebody waited, from reading to writing.
fn record_answer(channel: Channel, after: Duration) {
    metrics::histogram!("chrak_answer_seconds", "channel" => channel.as_str()).record(after.as_secs_f64());
}

/// A peer's name, fit for a log line.
pub(super) fn printable(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(16).collect()
}

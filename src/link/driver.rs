//! The one socket loop: octets between a connection and its [`Session`], events to the exchange, and what
//! the exchange wants sent. Everything durable is awaited elsewhere, so that enquire_link is answered while a
//! commit is slow.
use super::{
    bind::{End, Keeper},
    intake::{self, Arrival},
    submit::submit_sm,
    ussd::{self, Screens},
    ussd_senders::Shown,
};
use crate::{
    exchange::{AcceptFault, Exchange, OutboxFeed, StoreHealth, Submission},
    ports::{
        outbox::{Outcome, Settlement},
        status::BindState,
    },
    smpp::{
        decode::Deliver,
        session::{Event, Session, SessionState},
        status::{Class, ESME_ROK, ESME_RSYSERR, ESME_RTHROTTLED},
    },
    types::{
        CauseId, MtId, SessionId,
        limits::{COMMIT_OPS_MAX, COMMIT_SLOW, MO_IN_HAND_MAX, SUBMIT_TRIES_MAX, USSD_IN_HAND_MAX},
        names::{Channel, SmscName},
    },
};
use std::{
    collections::{HashMap, VecDeque},
    time::{Duration, Instant},
};
use tokio::{
    io::AsyncWriteExt,
    net::{
        TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::{mpsc, watch},
    task::JoinHandle,
};

/// Resps awaited by the SMSC for an MO that is being stored.
struct Storing {
    is_data_sm: bool,
    since: Instant,
}

/// What the store said of one deliver_sm.
struct Stored {
    sequence: u32,
    result: Result<Option<CauseId>, AcceptFault>,
}

/// Why the loop woke.
enum Wake {
    Readable(std::io::Result<()>),
    Stored(Stored),
    Due(Submission),
    Screen(Shown),
    /// Outcomes were stored: so many segments that were written.
    Settled(usize),
    Timer,
    Leave(Option<&'static str>),
}

struct Waiting {
    mt: MtId,
    attempts: u32,
}

/// Octets read at once.
const READ_OCTETS: usize = 64 * 1024;
/// How often what was read by the telco is noted in the store.
const CONFIRM_EVERY: Duration = Duration::from_secs(1);
/// Segments submitted before the socket is written once.
const SUBMIT_BATCH: usize = 64;
/// First pause of a segment that the telco refused for now; doubles with each try.
const RETRY_PAUSE_MS: i64 = 5_000;

pub(super) struct Driver<'a> {
    keeper: &'a Keeper,
    id: SessionId,
    session: Session,
    reader: OwnedReadHalf,
    writer: OwnedWriteHalf,
    storing: HashMap<u32, Storing>,
    stored: (mpsc::Sender<Stored>, mpsc::Receiver<Stored>),
    /// Resps written and not yet known to be read: number and MO.
    unconfirmed: VecDeque<(u64, CauseId)>,
    confirmed: Vec<CauseId>,
    confirm_at: Option<Instant>,
    feed: Option<OutboxFeed>,
    paced: Option<(Submission, Instant)>,
    waiting: HashMap<u64, Waiting>,
    next_token: u64,
    /// Outcomes of this round, and whether each was of a segment that had been written: the resps of one read are
    /// settled in one commit.
    outcomes: Vec<(Settlement, bool)>,
    settling: mpsc::Sender<Vec<(Settlement, bool)>>,
    settler: JoinHandle<()>,
    /// Segments written whose outcome is not stored yet; all of them may come twice if the process ends now, so there
    /// are never more than the window holds.
    written: usize,
    settled: mpsc::Receiver<usize>,
    health: watch::Receiver<StoreHealth>,
    /// Screens that come from the exchange, and those that wait for room.
    shown: (mpsc::Sender<Shown>, mpsc::Receiver<Shown>),
    screens: Screens,
    screens_at: Option<Instant>,
    tlvs: bool,
    end: End,
    published: (BindState, usize),
}

impl<'a> Driver<'a> {
    pub(super) fn new(keeper: &'a Keeper, stream: TcpStream, id: SessionId) -> Self {
        let telco = &keeper.shared.telco;
        let (reader, writer) = stream.into_split();
        // Every segment in hand settles once.
        let places = OutboxFeed::places(telco.window);
        let (settling, outcomes) = mpsc::channel(places);
        let (tell, settled) = mpsc::channel(places);
        let exchange = keeper.shared.exchange.clone();
        let settler = tokio::spawn(settle(exchange.clone(), telco.name.clone(), outcomes, tell));
        Driver {
            session: Session::new(telco.session_config(keeper.kind), Instant::now()),
            keeper,
            id,
            reader,
            writer,
            storing: HashMap::new(),
            // An MO in hand reports once, and so many may be in hand.
            stored: mpsc::channel(MO_IN_HAND_MAX + 1),
            unconfirmed: VecDeque::new(),
            confirmed: Vec::new(),
            confirm_at: None,
            feed: None,
            paced: None,
            waiting: HashMap::new(),
            next_token: 0,
            outcomes: Vec::new(),
            settling,
            settler,
            written: 0,
            settled,
            health: exchange.run.store_health(),
            shown: mpsc::channel(USSD_IN_HAND_MAX + 1),
            screens: Screens::default(),
            screens_at: None,
            tlvs: false,
            end: End::NotBound("the telco closed the connection".to_owned()),
            published: (BindState::Binding, 0),
        }
    }

    /// Runs the connection to its end, and settles what is left.
    pub(super) async fn run(mut self) -> End {
        let mut buffer = vec![0; READ_OCTETS];
        let stop = self.keeper.shared.stop.clone();
        let mut stopping = false;
        while self.session.state() != SessionState::Closed {
            self.flush().await;
            self.drain_events();
            self.send_screens();
            self.settle_outcomes();
            if self.session.has_output() || self.session.state() == SessionState::Closed {
                continue;
            }
            self.publish();
            let wake = self.wake_at();
            let room = self.paced.is_none() && self.screens.is_empty() && self.has_room();
            let wake = tokio::select! {
                read = self.reader.readable() => Wake::Readable(read),
                Some(stored) = self.stored.1.recv() => Wake::Stored(stored),
                Some(shown) = self.shown.1.recv() => Wake::Screen(shown),
                Some(written) = self.settled.recv() => Wake::Settled(written),
                Some(submission) = next(&mut self.feed), if room => Wake::Due(submission),
                () = tokio::time::sleep_until(wake.into()) => Wake::Timer,
                () = stop.cancelled(), if !stopping => Wake::Leave(None),
                _ = self.health.wait_for(|state| *state == StoreHealth::Lost), if !stopping => {
                    Wake::Leave(Some("the database is lost: staying away until it works"))
                }
            };
            stopping |= matches!(wake, Wake::Leave(_));
            self.act(wake, &mut buffer);
        }
        self.flush().await;
        self.drain_events();
        self.finish().await
    }

    fn act(&mut self, wake: Wake, buffer: &mut [u8]) {
        match wake {
            Wake::Readable(readable) => self.read(readable, buffer),
            Wake::Due(submission) => self.submit_several(submission),
            Wake::Screen(shown) => {
                self.screens.add(shown);
                while let Ok(shown) = self.shown.1.try_recv() {
                    self.screens.add(shown);
                }
            }
            Wake::Timer => self.timers(),
            Wake::Settled(written) => {
                self.written -= written;
                while let Ok(written) = self.settled.try_recv() {
                    self.written -= written;
                }
            }
            Wake::Stored(stored) => {
                self.answer(stored);
                // One commit carries many: all of them are answered with one write.
                while let Ok(stored) = self.stored.1.try_recv() {
                    self.answer(stored);
                }
            }
            Wake::Leave(why) => {
                if let Some(why) = why {
                    self.end = End::WasBound(why.to_owned());
                }
                self.leave();
            }
        }
    }

    async fn flush(&mut self) {
        if !self.session.has_output() {
            return;
        }
        let output = self.session.take_output();
        let patience = Duration::from_secs(10);
        if !matches!(tokio::time::timeout(patience, self.writer.write_all(&output)).await, Ok(Ok(()))) {
            self.session.peer_closed();
        }
    }

    fn read(&mut self, readable: std::io::Result<()>, buffer: &mut [u8]) {
        let read = readable.and_then(|()| self.reader.try_read(buffer));
        match read {
            Ok(0) => self.session.peer_closed(),
            Ok(octets) => self.session.handle_bytes(&buffer[..octets], Instant::now()),
            Err(fault) if fault.kind() == std::io::ErrorKind::WouldBlock => {}
            Err(_) => self.session.peer_closed(),
        }
    }

    fn wake_at(&mut self) -> Instant {
        let far = Instant::now() + Duration::from_secs(3600);
        let storing = self.storing.values().map(|one| one.since + COMMIT_SLOW).min();
        let paced = self.paced.as_ref().map(|(_, at)| *at);
        [self.session.poll_timeout(), storing, paced, self.confirm_at, self.screens_at]
            .into_iter()
            .flatten()
            .min()
            .unwrap_or(far)
    }

    fn timers(&mut self) {
        let now = Instant::now();
        self.session.handle_timeout(now);
        let slow: Vec<u32> =
            self.storing.iter().filter(|(_, one)| one.since + COMMIT_SLOW <= now).map(|(seq, _)| *seq).collect();
        for sequence in slow {
            // It may still be stored; the redelivery will be recognised.
            self.respond(sequence, ESME_RSYSERR);
        }
        if let Some((submission, _)) = self.paced.take_if(|(_, at)| *at <= now) {
            self.submit_several(submission);
        }
        if self.confirm_at.is_some_and(|at| at <= now) {
            self.confirm_at = None;
            let exchange = self.keeper.shared.exchange.clone();
            let mos = std::mem::take(&mut self.confirmed);
            tokio::spawn(async move { exchange.texts.confirm(mos).await });
        }
    }

    fn drain_events(&mut self) {
        while let Some(event) = self.session.poll_event() {
            match event {
                Event::Bound { system_id, version } => self.bound(&system_id, version),
                Event::BindRefused { status } => self.end = End::Refused(status),
                Event::Deliver(deliver) => self.arrived(deliver),
                Event::Submitted { token, status, message_id } => self.submitted(token, status, message_id),
                Event::SubmitTimeout { token } => self.settle_token(token, Outcome::Ambiguous),
                Event::Confirmed { up_to } => self.confirm(up_to),
                Event::Anomaly(what) => {
                    tracing::debug!(smsc = %self.keeper.shared.telco.name, bind = self.keeper.name, "odd PDU: {what}");
                }
                Event::Closed { reason, unresolved } => {
                    if let End::NotBound(_) = self.end {
                        self.end = End::NotBound(reason.to_owned());
                    } else if let End::WasBound(why) = &mut self.end
                        && why.is_empty()
                    {
                        *why = reason.to_owned();
                    }
                    for token in unresolved {
                        self.settle_token(token, Outcome::Ambiguous);
                    }
                }
            }
        }
    }

    fn bound(&mut self, system_id: &str, version: Option<u8>) {
        let keeper = self.keeper;
        let telco = &keeper.shared.telco;
        tracing::info!(
            smsc = %telco.name, bind = keeper.name, peer = %printable(system_id),
            version = version.map(|octet| format!("{octet:#04x}")), "bound"
        );
        self.end = End::WasBound(String::new());
        // A telco that does not tell its version may be older than TLVs (§3.3.2).
        self.tlvs = version.is_some_and(|version| version >= 0x34);
        if keeper.kind.sends() {
            keeper.shared.ussd_senders.join(self.id, self.shown.0.clone());
            self.feed = keeper.shared.exchange.outbox.pull(&telco.name, self.id, telco.window);
        }
    }

    fn arrived(&mut self, deliver: Deliver) {
        let sequence = deliver.sequence;
        if intake::is_ussd(&deliver) {
            // nothing durable to lose yet: acknowledged before anything is done, and before its screen
            let taken = ussd::take(&self.keeper.shared, self.id, &deliver, Instant::now());
            let status = if taken { ESME_ROK } else { ESME_RTHROTTLED };
            self.session.respond(sequence, deliver.is_data_sm, status, Instant::now());
            return;
        }
        let exchange = &self.keeper.shared.exchange;
        let reply = self.stored.0.clone();
        let since = Instant::now();
        self.storing.insert(sequence, Storing { is_data_sm: deliver.is_data_sm, since });
        match intake::sort(&self.keeper.shared.telco, self.id, &deliver) {
            Arrival::Nothing => self.respond(sequence, ESME_ROK),
            Arrival::Mo(mo) => {
                let done = move |result: Result<CauseId, AcceptFault>| {
                    // A session that has ended has nobody to tell.
                    drop(reply.try_send(Stored { sequence, result: result.map(Some) }));
                };
                exchange.texts.accept(*mo, Box::new(done));
            }
            Arrival::Unread => {
                self.keeper.shared.unread_receipt();
                self.respond(sequence, ESME_ROK);
            }
            Arrival::Receipt(receipt) => {
                let exchange = exchange.clone();
                let smsc = self.keeper.shared.telco.name.clone();
                tokio::spawn(async move {
                    let stored = exchange.outbox.receipt(&smsc, receipt).await;
                    let result = stored.map(|()| None).map_err(AcceptFault::Store);
                    drop(reply.try_send(Stored { sequence, result }));
                });
            }
        }
    }

    fn answer(&mut self, stored: Stored) {
        let Stored { sequence, result } = stored;
        if !self.storing.contains_key(&sequence) {
            return;
        }
        let status = match result {
            Ok(_) => ESME_ROK,
            Err(AcceptFault::Overload) => ESME_RTHROTTLED,
            Err(AcceptFault::Store(_)) => ESME_RSYSERR,
        };
        let ack = self.respond_numbered(sequence, status);
        if let (Ok(Some(mo)), Some(ack)) = (result, ack) {
            self.unconfirmed.push_back((ack, mo));
        }
    }

    fn respond(&mut self, sequence: u32, status: u32) {
        self.respond_numbered(sequence, status);
    }

    fn respond_numbered(&mut self, sequence: u32, status: u32) -> Option<u64> {
        let storing = self.storing.remove(&sequence)?;
        Some(self.session.respond(sequence, storing.is_data_sm, status, Instant::now()))
    }

    fn confirm(&mut self, up_to: u64) {
        while let Some((_, mo)) = self.unconfirmed.pop_front_if(|(ack, _)| *ack <= up_to) {
            self.confirmed.push(mo);
        }
        if !self.confirmed.is_empty() && self.confirm_at.is_none() {
            self.confirm_at = Some(Instant::now() + CONFIRM_EVERY);
        }
    }

    /// Screens go before texts: somebody holds a telephone and waits.
    fn send_screens(&mut self) {
        self.screens_at = None;
        let now = Instant::now();
        while !self.screens.is_empty() && self.session.has_room() {
            if let Err(at) = self.keeper.shared.pace.take(now) {
                self.screens_at = Some(at);
                return;
            }
            let telco = &self.keeper.shared.telco;
            let Some((screen, read_at)) = self.screens.next(telco, now) else { return };
            let token = self.next_token;
            self.next_token += 1;
            if self.session.submit_ussd(&screen, token, now).is_ok() {
                let seconds = read_at.elapsed().as_secs_f64();
                metrics::histogram!("chrak_ussd_screen_seconds", "smsc" => telco.name.as_str().to_owned())
                    .record(seconds);
                metrics::histogram!("chrak_answer_seconds", "channel" => Channel::Ussd.as_str()).record(seconds);
            }
        }
    }

    /// Submits this one and what else is due, as far as the window and the pace allow.
    fn submit_several(&mut self, first: Submission) {
        let now = Instant::now();
        let mut next = Some(first);
        for _ in 0..SUBMIT_BATCH {
            let Some(submission) = next.take() else {
                return;
            };
            if let Err(at) = self.keeper.shared.pace.take(now) {
                self.paced = Some((submission, at));
                return;
            }
            self.submit(submission, now);
            if self.has_room() {
                next = self.feed.as_mut().and_then(OutboxFeed::try_next);
            }
        }
        if let Some(submission) = next {
            self.paced = Some((submission, now));
        }
    }

    /// Whether another segment may be written.
    fn has_room(&self) -> bool {
        self.session.has_room() && self.written < self.keeper.shared.telco.window.max(1)
    }

    fn submit(&mut self, submission: Submission, now: Instant) {
        let shared = &self.keeper.shared;
        let pdu = submit_sm(&shared.telco, &submission.mt, self.tlvs, shared.clock.now());
        let token = self.next_token;
        self.next_token += 1;
        match self.session.submit(&pdu, token, now) {
            Ok(()) => {
                self.written += 1;
                self.waiting.insert(token, Waiting { mt: submission.mt.id, attempts: submission.mt.attempts });
                if let Some(read_at) = submission.read_at {
                    metrics::histogram!("chrak_answer_seconds", "channel" => Channel::Sms.as_str())
                        .record(read_at.elapsed().as_secs_f64());
                }
            }
            Err(_) => self.unwritten(submission),
        }
    }

    /// Gives back what was handed over and not written.
    fn unwritten(&mut self, submission: Submission) {
        self.settle(submission.mt.id, Outcome::Unwritten, false);
    }

    fn submitted(&mut self, token: u64, status: u32, message_id: Option<String>) {
        let now = Instant::now();
        let pace = &self.keeper.shared.pace;
        if status == ESME_ROK {
            pace.taken(now);
            return self.settle_token(token, Outcome::Sent { message_id });
        }
        let Some(attempts) = self.waiting.get(&token).map(|waiting| waiting.attempts) else {
            return self.screen_refused(status, now);
        };
        let outcome = match self.keeper.shared.telco.statuses.class(status) {
            Class::Throttle => {
                self.throttled(now);
                Outcome::Unwritten
            }
            Class::Retry if attempts < SUBMIT_TRIES_MAX => {
                let pause = RETRY_PAUSE_MS << attempts.min(6);
                Outcome::Retry { due: self.keeper.shared.clock.now().plus_ms(pause), status }
            }
            Class::Retry | Class::Permanent => {
                tracing::error!(
                    smsc = %self.keeper.shared.telco.name, status = crate::smpp::status::name(status),
                    "the telco refused a segment for good"
                );
                Outcome::Failed { status }
            }
        };
        self.settle_token(token, outcome);
    }

    fn throttled(&self, now: Instant) {
        let telco = &self.keeper.shared.telco;
        metrics::counter!("chrak_throttled_total", "smsc" => telco.name.as_str().to_owned()).increment(1);
        if let Some(pause) = self.keeper.shared.pace.throttled(now) {
            let pause_ms = pause.as_millis() as u64;
            tracing::warn!(smsc = %telco.name, pause_ms, "the telco takes nothing: it says that it is too fast");
        }
    }

    fn screen_refused(&self, status: u32, now: Instant) {
        if self.keeper.shared.telco.statuses.class(status) == Class::Throttle {
            self.throttled(now);
        }
        tracing::warn!(
            smsc = %self.keeper.shared.telco.name, status = crate::smpp::status::name(status),
            "the gateway refused a USSD screen"
        );
    }

    fn settle_token(&mut self, token: u64, outcome: Outcome) {
        if let Some(waiting) = self.waiting.remove(&token) {
            self.settle(waiting.mt, outcome, true);
        }
    }

    fn settle(&mut self, mt: MtId, outcome: Outcome, written: bool) {
        self.outcomes.push((Settlement { mt, session: self.id, outcome }, written));
    }

    fn settle_outcomes(&mut self) {
        if self.outcomes.is_empty() {
            return;
        }
        if self.settling.try_send(std::mem::take(&mut self.outcomes)).is_err() {
            // Their places stay taken until the end of the session; the store then calls them uncertain.
            tracing::error!(smsc = %self.keeper.shared.telco.name, "more outcomes than places");
        }
    }

    /// Takes no more, gives back what was not written, and says goodbye when the window is empty.
    fn leave(&mut self) {
        let unwritten: Vec<Submission> = self.feed.as_mut().map(OutboxFeed::close).unwrap_or_default();
        let paced = self.paced.take().map(|(submission, _)| submission);
        for submission in unwritten.into_iter().chain(paced) {
            self.unwritten(submission);
        }
        self.session.unbind(Instant::now());
    }

    fn publish(&mut self) {
        let state = match self.session.state() {
            SessionState::Open | SessionState::Binding => BindState::Binding,
            SessionState::Bound => BindState::Bound,
            SessionState::Unbinding | SessionState::Leaving => BindState::Unbinding,
            SessionState::Closed => BindState::Closed,
        };
        // The window is published when it empties or fills, not with every segment.
        let in_flight = self.session.in_flight();
        if state != self.published.0 || (in_flight == 0) != (self.published.1 == 0) {
            self.published = (state, in_flight);
            self.keeper.publish(state, in_flight);
        }
    }

    async fn finish(mut self) -> End {
        self.keeper.shared.ussd_senders.leave(self.id);
        if let Some(mut feed) = self.feed.take() {
            for submission in feed.close() {
                self.unwritten(submission);
            }
        }
        if let Some((submission, _)) = self.paced.take() {
            self.unwritten(submission);
        }
        let confirmed = std::mem::take(&mut self.confirmed);
        self.keeper.shared.exchange.texts.confirm(confirmed).await;
        self.settle_outcomes();
        drop(self.settling);
        self.settled.close();
        // All outcomes are in the store before the bind comes again.
        if self.settler.await.is_err() {
            tracing::error!(smsc = %self.keeper.shared.telco.name, "the settling of a window panicked");
        }
        self.end
    }
}

async fn next(feed: &mut Option<OutboxFeed>) -> Option<Submission> {
    match feed {
        Some(feed) => feed.next().await,
        None => std::future::pending().await,
    }
}

/// Stores outcomes in the order in which they came, as many as there are at once, and tells how many of them were of
/// segments that had been written.
async fn settle(
    exchange: Exchange,
    smsc: SmscName,
    mut outcomes: mpsc::Receiver<Vec<(Settlement, bool)>>,
    settled: mpsc::Sender<usize>,
) {
    while let Some(mut batch) = outcomes.recv().await {
        while batch.len() < COMMIT_OPS_MAX
            && let Ok(more) = outcomes.try_recv()
        {
            batch.extend(more);
        }
        let written = batch.iter().filter(|(_, written)| *written).count();
        exchange.outbox.settle(&smsc, batch.drain(..).map(|(settlement, _)| settlement).collect()).await;
        // a bind that has ended waits for nothing but the end of this
        let _ = settled.send(written).await;
    }
}

/// A peer's name, fit for a log line.
fn printable(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(16).collect()
}

//! What the tests of services stand on: a store in memory, a portal that is a function, and a clock that follows tokio's, so
//! that with paused time hours pass at once. A bench joins them as the product does and plays the telco.
mod store;

pub use store::{Fails, Memory, MoAt, MtAt};

use super::{
    AcceptFault, Cut, Exchange, IncomingMo, OutboxFeed, Rules, Settings, Submission, TelcoRules, UssdCall, UssdSignal,
};
use crate::{
    ports::{
        PortFuture,
        clock::Clock,
        inbox::Source,
        outbox::{DueMt, Outcome, Settlement},
        portal::{Asker, Portal},
        status::Board,
    },
    render::ussd::Size,
    text::gsm7,
    types::{
        CauseId, CodeRules, CodeVerdict, Countries, Language, Msisdn, RegistrationCode, SessionId, UnixMs,
        civic::{
            Answer, Application, ApplicationAnswer, ApplicationStatus, Disclosure, Localized, OfficeRef, PortalFault,
            Query, ServiceRef,
        },
        lock,
        time::phnom_penh,
    },
};
use std::{
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// A well-formed code, and who asks about it.
pub const CODE: &str = "120500260481937";
pub const NUMBER: &str = "85512345678";
/// Another code, for what is not there.
pub const OTHER: &str = "120500266000006";
/// 9 in the morning in Phnom Penh, a Monday.
pub const MORNING: UnixMs = UnixMs(1_795_399_200_000);

/// A portal: what it answers, how long it takes, and what it was asked.
pub struct Script {
    answer: Box<dyn Fn(&Query) -> Answer + Send + Sync>,
    pub takes: Mutex<Duration>,
    asked: Mutex<Vec<(Query, Asker)>>,
}

impl Script {
    /// All that it was asked, with the time since then.
    pub fn asked(&self) -> Vec<(Query, Asker)> {
        lock(&self.asked).clone()
    }

    pub fn takes(&self, time: Duration) {
        *lock(&self.takes) = time;
    }
}

impl Portal for Script {
    fn ask<'a>(&'a self, query: &'a Query, asker: Asker) -> PortFuture<'a, Answer> {
        lock(&self.asked).push((query.clone(), asker));
        let takes = *lock(&self.takes);
        Box::pin(async move {
            tokio::time::sleep(takes).await;
            (self.answer)(query)
        })
    }
}

/// Tokio's time, from a moment on.
pub struct Following {
    from: UnixMs,
    since: Instant,
}

impl Following {
    /// From now on.
    pub fn starting(from: UnixMs) -> Self {
        Following { from, since: Instant::now() }
    }
}

impl Clock for Following {
    fn now(&self) -> UnixMs {
        self.from.plus_ms(self.since.elapsed().as_millis() as i64)
    }
}

/// Settings of an exchange with one telco, `smart`, without limits, in English.
pub fn settings() -> Settings {
    Settings {
        default_language: Language::En,
        codes: CodeRules::recommended(),
        rules: Rules::default(),
        zone: phnom_penh(),
        timeout_sms: Duration::from_secs(5),
        timeout_ussd: Duration::from_millis(800),
        texts_kept: Duration::from_secs(7 * 86_400),
        telcos: vec![TelcoRules {
            name: "smart".into(),
            family: "smart".into(),
            short_codes: vec!["1212".to_owned()],
            cut: Cut::Udh8,
            prefixes: Vec::new(),
            notices: None,
        }]
        .into(),
        quiet: None,
        push_enabled: true,
        events_after: UnixMs(0),
        countries: Countries::cambodia(),
    }
}

/// Changes the one telco of settings.
pub fn change_telco(settings: &mut Settings, change: impl FnOnce(&mut TelcoRules)) {
    let mut telcos = settings.telcos.all().to_vec();
    change(&mut telcos[0]);
    settings.telcos = telcos.into();
}

/// An exchange on a store in memory.
pub struct Bench {
    pub exchange: Exchange,
    pub store: Arc<Memory>,
    pub portal: Arc<Script>,
    pub board: Arc<Board>,
    /// The telco's connection.
    pub session: SessionId,
    stop: CancellationToken,
}

impl Bench {
    /// A portal that says so of every application, and is away for everything else.
    pub fn new() -> Self {
        Self::with(settings(), |query| match query {
            Query::Application { code, .. } => Answer::Application(Ok(application(code, "in_review"))),
            Query::Change(_) => Answer::Appointment(Err(PortalFault::Away)),
            _ => Answer::Offices(Err(PortalFault::Away)),
        })
    }

    pub fn with(settings: Settings, answer: impl Fn(&Query) -> Answer + Send + Sync + 'static) -> Self {
        Self::on(Arc::default(), settings, answer)
    }

    pub fn on(
        store: Arc<Memory>,
        settings: Settings,
        answer: impl Fn(&Query) -> Answer + Send + Sync + 'static,
    ) -> Self {
        let portal = Arc::new(Script { answer: Box::new(answer), takes: Mutex::default(), asked: Mutex::default() });
        let clock = Arc::new(Following { from: MORNING, since: Instant::now() });
        let board = Arc::new(Board::default());
        let exchange = Exchange::new(store.clone(), portal.clone(), clock, board.clone(), settings);
        let session = SessionId(uuid::Uuid::from_u128(7));
        exchange.texts.session_opened(session);
        Bench { exchange, store, portal, board, session, stop: CancellationToken::new() }
    }

    /// Starts all of it.
    pub async fn started(self) -> Self {
        self.exchange.run.start(self.stop.clone()).await.expect("the exchange starts");
        self
    }

    /// Starts nothing but the answering of texts, so that a test sees what it calls and nothing else.
    pub fn open(self) -> Self {
        self.exchange.texts.open();
        self
    }

    pub fn now(&self) -> UnixMs {
        self.exchange.clock.now()
    }

    /// A text, and what its sender's telco is answered.
    pub async fn text(&self, text: &str) -> Result<CauseId, AcceptFault> {
        self.take(mo(text, self.session)).await
    }

    pub async fn take(&self, mo: IncomingMo) -> Result<CauseId, AcceptFault> {
        self.offer(mo).await.map(|taken| taken.expect("a text that is whole has an MO"))
    }

    /// A text or a part of one: the MO that it is of, if there is one already.
    pub async fn offer(&self, mo: IncomingMo) -> Result<Option<CauseId>, AcceptFault> {
        let (tell, told) = tokio::sync::oneshot::channel();
        self.exchange.texts.accept(
            mo,
            Box::new(move |done| {
                let _ = tell.send(done);
            }),
        );
        told.await.expect("told")
    }

    /// A bind with a window of so many.
    pub fn bind(&self, window: usize) -> OutboxFeed {
        self.exchange.outbox.pull(&"smart".into(), self.session, window).expect("a telco")
    }

    pub async fn settle(&self, submission: &Submission, outcome: Outcome) {
        let settlement = Settlement { mt: submission.mt.id, session: self.session, outcome };
        self.exchange.outbox.settle(&"smart".into(), vec![settlement]).await;
    }

    /// Texts that were frozen so far, as a telephone shows them.
    pub fn answers(&self) -> Vec<String> {
        self.store.mts().iter().map(|(mt, _)| shown(mt.udhi, mt.data_coding, &mt.body)).collect()
    }

    /// A USSD input of [`NUMBER`], read now, with the gateway's usual patience; the screen.
    pub async fn ussd(&self, name: u8, signal: UssdSignal) -> Option<String> {
        self.exchange.ussd.answer(self.call(name, signal)).await.map(|screen| {
            let end = if screen.end { "|END" } else { "" };
            format!("{}{end}", screen.text)
        })
    }

    pub fn call(&self, name: u8, signal: UssdSignal) -> UssdCall {
        UssdCall {
            smsc: "smart".into(),
            family: "smart".into(),
            connection: self.session,
            number: number(NUMBER),
            name: vec![name],
            code: "*1212#".to_owned(),
            signal,
            short_code: "1212".to_owned(),
            size: Size { gsm7: 160, ucs2: 70 },
            read_at: Instant::now(),
            deadline: Duration::from_secs(5),
        }
    }
}

impl Bench {
    /// Its end is asked for.
    pub fn stop(&self) {
        self.stop.cancel();
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// Lets everything go on that can without time.
pub async fn settled() {
    for _ in 0..200 {
        tokio::task::yield_now().await;
    }
}

/// Lets so much time pass, and everything that it sets going.
pub async fn pass(time: Duration) {
    tokio::time::sleep(time).await;
    settled().await;
}

/// As much time passes at once: what would have happened in it bit by bit happens once, at its end.
pub async fn jump(time: Duration) {
    tokio::time::advance(time).await;
    settled().await;
}

pub fn number(digits: &str) -> Msisdn {
    Msisdn::parse_e164(digits).expect("a number")
}

/// A text of [`NUMBER`] over a connection.
pub fn mo(text: &str, session: SessionId) -> IncomingMo {
    IncomingMo {
        smsc: "smart".into(),
        family: "smart".into(),
        session,
        source: Source::Person(number(NUMBER)),
        destination: "1212".to_owned(),
        text: text.to_owned(),
        raw: text.as_bytes().to_vec(),
        data_coding: 0,
        esm_class: 0,
        unique_id: None,
        part: None,
    }
}

/// What stands in a segment.
pub fn text_of(mt: &DueMt) -> String {
    shown(mt.udhi, mt.data_coding, &mt.body)
}

fn shown(udhi: bool, data_coding: u8, body: &[u8]) -> String {
    let body = if udhi { &body[usize::from(body[0]) + 1..] } else { body };
    match data_coding {
        8 => {
            let units = body.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]]));
            char::decode_utf16(units).map(|c| c.expect("whole characters")).collect()
        }
        _ => gsm7::decode(body),
    }
}

fn localized(en: &str) -> Localized {
    Localized { km: en.to_owned(), en: en.to_owned(), km_latn: None }
}

pub fn office() -> OfficeRef {
    OfficeRef { id: "owso-1205".to_owned(), name: localized("OWSO Khan Dangkao"), short: None }
}

/// What the portal says of an application of this status.
pub fn application(code: &RegistrationCode, status: &str) -> ApplicationAnswer {
    let application = Application {
        code: code.clone(),
        service: ServiceRef { id: None, name: None, sensitive: true },
        office: office(),
        status: ApplicationStatus::from_wire(status),
        status_at: Some(MORNING),
        registered_at: None,
        disclosure: Disclosure::Public,
        timeline: Vec::new(),
        fee: None,
        expected_by: None,
        ready: None,
        next_action: None,
        returned_documents: Vec::new(),
    };
    ApplicationAnswer { application, as_of: None, office: None }
}

pub fn code(digits: &str) -> RegistrationCode {
    match CodeRules::recommended().read(digits) {
        CodeVerdict::Good(code) => code,
        _ => panic!("not a good code: {digits}"),
    }
}

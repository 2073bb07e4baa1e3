//! An exchange without a telco: texts go in by `accept`, answers are pulled as a bind would. Everything behind
//! it is real: database, portal client, sandbox portal; only clocks stand still until they are moved.
use super::{
    app,
    way::{Over, Way},
};
use chrak::{
    exchange::{Exchange, IncomingMo, OutboxFeed, Rules, UssdCall, UssdSignal},
    portal::PortalClient,
    ports::{
        PortFuture, Store,
        citizens::CitizenRecord,
        clock::Clock,
        inbox::Source,
        outbox::{DueMt, Outcome, Settlement},
        portal::{Asker, Portal as PortalPort},
        status::Board,
    },
    render::ussd::Size,
    sandbox::portal::{Portal, PortalConfig},
    store::{Keys, StoreOptions},
    text::{
        gsm7,
        octets::{self, Declared},
    },
    types::{CodeRules, CodeVerdict, Language, Msisdn, Riel, SessionId, UnixMs, civic::*, code::damm},
};
use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio_util::sync::CancellationToken;

/// 23 November 2026, 9 in the morning in Phnom Penh: a Monday.
pub const NOW: &str = "2026-11-23T09:00:00+07:00";

/// A clock that is moved by hand.
pub struct HandClock(AtomicI64);

impl HandClock {
    pub fn pass(&self, seconds: i64) {
        self.0.fetch_add(seconds * 1_000, Ordering::Relaxed);
    }
}

impl Clock for HandClock {
    fn now(&self) -> UnixMs {
        UnixMs(self.0.load(Ordering::Relaxed))
    }
}

/// The real client, with some codes answered by the script.
pub struct Scripted {
    client: PortalClient,
    said: Mutex<HashMap<String, Result<ApplicationAnswer, PortalFault>>>,
    /// Questions about applications that reached the portal.
    pub look_ups: AtomicU64,
    /// Questions about what may have been guessed, by whichever door, that the portal answered with no.
    pub wrong_guesses: AtomicU64,
    /// Every answer waits so long.
    pub delay: Mutex<Duration>,
}

fn localized(km: &str, en: &str, km_latn: &str) -> Localized {
    Localized { km: km.to_owned(), en: en.to_owned(), km_latn: Some(km_latn.to_owned()) }
}

fn dangkao() -> OfficeRef {
    OfficeRef {
        id: "owso-1205".to_owned(),
        name: localized("ការិយាល័យច្រកចេញចូលតែមួយ ខណ្ឌដង្កោ", "OWSO Khan Dangkao", "Chrak chenh chol te muoy Khan Dangkao"),
        short: Some(localized("ច្រកតែមួយ ដង្កោ", "OWSO Dangkao", "Chrak Dangkao")),
    }
}

impl Scripted {
    /// `CODE STATUS key=value …` or `CODE fault NAME`.
    pub fn script(&self, line: &str) {
        let mut words = line.split_whitespace();
        let (typed, status) = (words.next().expect("a code"), words.next().expect("a status"));
        let CodeVerdict::Good(code) = CodeRules::recommended().read(typed) else { panic!("not a good code: {typed}") };
        let key = code.canonical().to_owned();
        let mut said = self.said.lock().expect("no panic holds it");
        if status == "fault" {
            let fault = match words.next() {
                Some("not_found" | "hidden") => PortalFault::NotFound,
                Some("locked") => PortalFault::Locked,
                Some("away") => PortalFault::Away,
                Some("unusable") => PortalFault::Unusable,
                other => panic!("unknown fault {other:?}"),
            };
            said.insert(key, Err(fault));
            return;
        }
        let office = dangkao();
        let mut application = Application {
            code,
            service: ServiceRef { id: None, name: None, sensitive: true },
            office: office.clone(),
            status: ApplicationStatus::from_wire(status),
            status_at: UnixMs::from_rfc3339("2026-11-20T14:05:00+07:00"),
            registered_at: None,
            disclosure: Disclosure::Public,
            timeline: Vec::new(),
            fee: None,
            expected_by: None,
            ready: None,
            next_action: None,
            returned_documents: Vec::new(),
        };
        assert_eq!(application.status.as_str(), status, "a status of the contract");
        let mut as_of = None;
        for word in words {
            let (name, value) = word.split_once('=').expect("key=value");
            match name {
                "expected" => application.expected_by = Some(value.parse().expect("a day")),
                "ready" => {
                    let until = Some(value.parse().expect("a day"));
                    application.ready = Some(Ready { office: office.clone(), until });
                }
                "fee" => {
                    let amount = Riel(value.parse().expect("riel"));
                    application.fee = Some(ApplicationFee { amount, paid: false, bill_number: None });
                    application.service.sensitive = false;
                }
                "kept" => as_of = Some(UnixMs::from_rfc3339(value).expect("a time")),
                other => panic!("unknown key {other}"),
            }
        }
        said.insert(key, Ok(ApplicationAnswer { application, as_of, office: None }));
    }
}

impl PortalPort for Scripted {
    fn ask<'a>(&'a self, query: &'a Query, asker: Asker) -> PortFuture<'a, Answer> {
        Box::pin(async move {
            let delay = *self.delay.lock().expect("no panic holds it");
            tokio::time::sleep(delay).await;
            let answer = self.answer(query, asker).await;
            if query.stakes().guess.is_some() && answer.fault().is_some_and(PortalFault::may_be_guess) {
                self.wrong_guesses.fetch_add(1, Ordering::Relaxed);
            }
            answer
        })
    }
}

impl Scripted {
    async fn answer(&self, query: &Query, asker: Asker) -> Answer {
        if let Query::Application { code, .. } = query {
            self.look_ups.fetch_add(1, Ordering::Relaxed);
            let said = self.said.lock().expect("no panic holds it").get(code.canonical()).cloned();
            if let Some(said) = said {
                return Answer::Application(said);
            }
        }
        self.client.ask(query, asker).await
    }
}

pub struct Desk {
    pub exchange: Exchange,
    pub store: Arc<dyn Store>,
    pub portal: Arc<Scripted>,
    pub sandbox: Arc<Portal>,
    /// How the portal is reached.
    pub way: Way,
    pub clock: Arc<HandClock>,
    pub session: SessionId,
    /// What the USSD gateway takes.
    pub size: Size,
    feed: OutboxFeed,
    stop: CancellationToken,
    folder: tempfile::TempDir,
    rules: Rules,
    language: Language,
}

impl Desk {
    pub async fn open(rules: Rules, language: Language) -> Self {
        Self::open_over(rules, language, Over::Straight).await
    }

    /// With the portal at the end of another way.
    pub async fn open_over(rules: Rules, language: Language, over: Over) -> Self {
        let stands_at: jiff::Timestamp = NOW.parse().expect("a time");
        let config = PortalConfig {
            listen: ([127, 0, 0, 1], 0).into(),
            token: Some("t".into()),
            delay: Duration::ZERO,
            db: None,
            stands_at: Some(stands_at),
        };
        let sandbox = Arc::new(Portal::start(config).await.expect("the sandbox portal starts"));
        let way = Way::to(sandbox.addr(), over).await;
        let client = PortalClient::new(way.options(), Arc::default(), Arc::new(chrak::app::clock::SystemClock))
            .expect("a client");
        let portal = Arc::new(Scripted {
            client,
            said: Mutex::default(),
            look_ups: AtomicU64::new(0),
            wrong_guesses: AtomicU64::new(0),
            delay: Mutex::default(),
        });
        let clock = Arc::new(HandClock(AtomicI64::new(stands_at.as_millisecond())));
        let folder = tempfile::tempdir().expect("a folder");
        Self::on(folder, (portal, sandbox, way), clock, rules, language).await
    }

    async fn on(
        folder: tempfile::TempDir,
        (portal, sandbox, way): (Arc<Scripted>, Arc<Portal>, Way),
        clock: Arc<HandClock>,
        rules: Rules,
        language: Language,
    ) -> Self {
        let keys = Keys::from_secret(&[7; 32]);
        let store =
            chrak::store::sqlite::open(StoreOptions::new(folder.path().join("chrak.db"), keys)).await.expect("store");
        let store: Arc<dyn Store> = Arc::new(store);
        let mut settings = app::settings(rules, &app::link_to("-"));
        settings.default_language = language;
        let board = Arc::new(Board::default());
        let port: Arc<dyn PortalPort> = portal.clone();
        let exchange = Exchange::new(Arc::clone(&store), port, clock.clone(), board, settings);
        let stop = CancellationToken::new();
        exchange.run.start(stop.clone()).await.expect("the exchange starts");
        let session = new_session();
        exchange.texts.session_opened(session);
        let feed = exchange.outbox.pull(&"sandbox".into(), session, 64).expect("a telco");
        let size = Size { gsm7: 160, ucs2: 70 };
        Desk { exchange, store, portal, sandbox, way, clock, session, size, feed, stop, folder, rules, language }
    }

    /// Ends this run of the server and begins another on its database.
    pub async fn restart(self) -> Self {
        self.stop.cancel();
        self.store.end(self.clock.now()).await.expect("the run ends");
        drop((self.feed, self.exchange, self.store));
        for _ in 0..200 {
            let free = std::fs::File::open(self.folder.path().join("chrak.db")).is_ok();
            tokio::time::sleep(Duration::from_millis(20)).await;
            if free {
                break;
            }
        }
        tokio::time::sleep(Duration::from_millis(1_200)).await;
        Self::on(self.folder, (self.portal, self.sandbox, self.way), self.clock, self.rules, self.language).await
    }

    pub async fn citizen(&self, number: &str) -> CitizenRecord {
        self.store.citizen(Msisdn::parse_e164(number).expect("a number")).await.expect("a record")
    }

    /// Texts to 1212; returns what comes back, and in brackets what was counted or remembered.
    pub async fn send(&mut self, number: &str, text: &str) -> Vec<String> {
        let before = self.citizen(number).await;
        let guessed = self.portal.wrong_guesses.load(Ordering::Relaxed);
        self.accept(number, text).await;
        let mut shown = self.answers().await;
        let after = self.citizen(number).await;
        if before.stopped != after.stopped {
            shown.insert(0, format!("(stopped: {})", after.stopped));
        }
        if self.portal.wrong_guesses.load(Ordering::Relaxed) > guessed {
            shown.insert(0, "(a look-up failed)".to_owned());
        }
        shown
    }

    /// A USSD input over the desk's connection; the screen, with `|END` after the last one.
    pub async fn ussd(&self, number: &str, name: u8, signal: UssdSignal) -> Option<String> {
        self.ussd_over(self.session, number, name, signal).await
    }

    pub async fn ussd_over(&self, connection: SessionId, number: &str, name: u8, signal: UssdSignal) -> Option<String> {
        self.ussd_call(connection, number, &[name], "*1212#", signal).await
    }

    /// An input whose session is called `name`, on a service code.
    pub async fn ussd_call(
        &self,
        connection: SessionId,
        number: &str,
        name: &[u8],
        code: &str,
        signal: UssdSignal,
    ) -> Option<String> {
        let call = UssdCall {
            smsc: "sandbox".into(),
            family: "sandbox".into(),
            connection,
            number: Msisdn::parse_e164(number).expect("a number"),
            name: name.to_vec(),
            code: code.to_owned(),
            signal,
            short_code: "1212".to_owned(),
            size: self.size,
            read_at: tokio::time::Instant::now(),
            deadline: Duration::from_secs(5),
        };
        let screen = self.exchange.ussd.answer(call).await?;
        Some(format!("{}{}", screen.text, if screen.end { "|END" } else { "" }))
    }

    /// Dials `*1212*STEP*STEP…#`.
    pub async fn dial(&self, number: &str, name: u8, steps: &[&str]) -> Option<String> {
        let steps = steps.iter().map(|step| (*step).to_owned()).collect();
        self.ussd(number, name, UssdSignal::Start(steps)).await
    }

    pub async fn key(&self, number: &str, name: u8, text: &str) -> Option<String> {
        self.ussd(number, name, UssdSignal::Next(text.to_owned())).await
    }

    pub async fn accept(&self, number: &str, text: &str) {
        let (done, told) = tokio::sync::oneshot::channel();
        let mo = IncomingMo {
            smsc: "sandbox".into(),
            family: "sandbox".into(),
            session: self.session,
            source: Source::Person(Msisdn::parse_e164(number).expect("a number")),
            destination: "1212".to_owned(),
            text: text.to_owned(),
            raw: text.as_bytes().to_vec(),
            data_coding: 8,
            esm_class: 0,
            unique_id: None,
            part: None,
        };
        let done = Box::new(move |accepted: Result<_, _>| {
            let _ = done.send(accepted.map(|_| ()));
        });
        self.exchange.texts.accept(mo, done);
        told.await.expect("told").expect("accepted");
    }

    /// Takes every text that comes until nothing is in hand.
    pub async fn answers(&mut self) -> Vec<String> {
        let mut texts = Vec::new();
        let mut parts: Vec<String> = Vec::new();
        loop {
            match tokio::time::timeout(Duration::from_millis(15), self.feed.next()).await {
                Ok(Some(submission)) => {
                    let mt = submission.mt;
                    let (total, text) = read(&mt);
                    parts.push(text);
                    if parts.len() == total {
                        texts.push(std::mem::take(&mut parts).concat());
                    }
                    let sent = Outcome::Sent { message_id: Some(mt.id.0.to_string()) };
                    let settlement = Settlement { mt: mt.id, session: self.session, outcome: sent };
                    self.exchange.outbox.settle(&"sandbox".into(), vec![settlement]).await;
                }
                Ok(None) => panic!("the outbox is gone"),
                Err(_) => {
                    let inbox = self.store.inbox_depth().await.expect("depth");
                    let outbox = self.store.outbox_depth().await.expect("depth");
                    if inbox == 0 && outbox == 0 && self.exchange.texts.in_hand() == 0 {
                        return texts;
                    }
                }
            }
        }
    }

    /// The desk's own bind leaves: what is answered waits for another.
    pub fn leave(&mut self) {
        self.feed.close();
    }

    /// The address of the database, for a second connection to it.
    pub fn database(&self) -> String {
        format!("sqlite:{}", self.folder.path().join("chrak.db").display())
    }

    pub async fn close(self) {
        self.stop.cancel();
    }
}

static NEXT: AtomicU64 = AtomicU64::new(1);

/// A connection that no other desk of this process has.
pub fn new_session() -> SessionId {
    SessionId(uuid::Uuid::from_u128(u128::from(NEXT.fetch_add(1, Ordering::Relaxed))))
}

/// How many segments the text has, and this one's text.
fn read(mt: &DueMt) -> (usize, String) {
    let (total, body) = if mt.udhi {
        let length = usize::from(mt.body[0]) + 1;
        (usize::from(mt.body[length - 2]), &mt.body[length..])
    } else {
        (1, &mt.body[..])
    };
    let text = if mt.data_coding == 8 { octets::read(body, Declared::Utf16) } else { gsm7::decode(body) };
    (total, text)
}

/// A well-formed code that the sandbox does not have.
pub fn guess(at: u64) -> String {
    let body = format!("12050026{:06}", 600_000 + at % 300_000);
    format!("{body}{}", damm(&body).expect("digits"))
}

/// The two digits that a question wants back, with where they stand: "Send 47 to …", in each language.
pub fn asked_digits(text: &str) -> Option<(usize, &str)> {
    for mark in ["Send ", "Phnheu ", "ផ្ញើ "] {
        if let Some(at) = text.find(mark).map(|at| at + mark.len())
            && let [one, other, b' ', ..] = &text.as_bytes()[at..]
            && one.is_ascii_digit()
            && other.is_ascii_digit()
        {
            return Some((at, &text[at..at + 2]));
        }
    }
    None
}

//! A server in this process: real sockets to a sandbox telco, a real database, a scripted portal. What is left
//! in the inbox or the outbox when it is dropped is looked at by [`App::settle`].
use super::portal::Scripted;
use chrak::{
    app::clock::SystemClock,
    exchange::{Cut, Exchange, Rules, Settings, TelcoRules},
    link,
    ports::{Store, clock::Clock, status::Board},
    sandbox::telco::{Telco, TelcoConfig, ledger::MtEntry},
    store::{Keys, StoreOptions},
    types::{CodeRules, Countries, Language, UnixMs, time::phnom_penh},
};
use std::{collections::BTreeMap, path::PathBuf, sync::Arc, time::Duration};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

pub struct App {
    pub telco: Telco,
    pub portal: Arc<Scripted>,
    pub exchange: Exchange,
    pub store: Arc<dyn Store>,
    links: TaskTracker,
    stop_links: CancellationToken,
    stop_work: CancellationToken,
    kept: Option<tempfile::TempDir>,
}

pub const NO_LIMITS: Rules = Rules {
    fails_quarter: 0,
    fails_day: 0,
    replies_minute: 0,
    replies_day: 0,
    steps_day: 0,
    fails_hour_all: 0,
    fails_kiosk: 0,
    codes_hour: 0,
    codes_day: 0,
    codes_kiosk: 0,
    codes_hour_all: 0,
};

/// As `[limits]` has them when nothing is said.
pub const USUAL: Rules = Rules {
    fails_quarter: 5,
    fails_day: 10,
    replies_minute: 6,
    replies_day: 30,
    steps_day: 120,
    fails_hour_all: 500,
    fails_kiosk: 10,
    codes_hour: 3,
    codes_day: 6,
    codes_kiosk: 6,
    codes_hour_all: 2_000,
};

/// A telco on a free port.
pub async fn telco() -> Telco {
    let listen = "127.0.0.1:0".parse().expect("address");
    let config = TelcoConfig { listen, receipt_delay: Duration::from_millis(20), ..TelcoConfig::default() };
    Telco::start(config).await.expect("the sandbox telco starts")
}

/// The link to it, as a configuration would have it.
pub fn link_to(address: &str) -> link::Telco {
    link::Telco {
        tls: None,
        outbind_tls: None,
        name: "sandbox".into(),
        family: "sandbox".into(),
        address: address.to_owned(),
        system_id: "chrak".into(),
        password: chrak::types::Secret::new("secret"),
        system_type: String::new(),
        interface_version: 0x34,
        pair: false,
        binds: 1,
        window: 10,
        max_tps: 0,
        enquire_link: Duration::from_secs(30),
        response_timeout: Duration::from_secs(30),
        reconnect_max: Duration::from_secs(1),
        unique_id: None,
        short_codes: vec!["1212".into()],
        number_format: link::NumberFormat::International,
        dest: (1, 1),
        source: (0, 1),
        default_alphabet: link::DefaultAlphabet::Gsm7,
        validity: link::Validity::Relative,
        receipts: true,
        message_id: chrak::smpp::message_id::Rule::Auto,
        statuses: chrak::smpp::status::Table::default(),
        packed: false,
        sar: false,
        ussd: link::Ussd {
            dialect: chrak::smpp::dialect::Dialect::built_in("spec").expect("built in"),
            codes: vec!["*1212#".into()],
            max_gsm7: 160,
            max_ucs2: 70,
            deadline: Duration::from_secs(5),
        },
    }
}

/// Settings of an exchange with one telco.
pub fn settings(rules: Rules, link: &link::Telco) -> Settings {
    Settings {
        default_language: Language::Km,
        codes: CodeRules::recommended(),
        rules,
        zone: phnom_penh(),
        timeout_sms: Duration::from_secs(5),
        timeout_ussd: Duration::from_millis(800),
        texts_kept: Duration::from_secs(7 * 86_400),
        telcos: vec![TelcoRules {
            name: link.name.clone(),
            family: link.family.clone(),
            short_codes: link.short_codes.clone(),
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

impl App {
    /// A fresh one with its own telco and no limits.
    pub async fn start() -> Self {
        Self::with(NO_LIMITS, |_| {}).await
    }

    pub async fn with(rules: Rules, change: impl FnOnce(&mut link::Telco)) -> Self {
        let kept = tempfile::tempdir().expect("a folder");
        let telco = telco().await;
        let mut link = link_to(&telco.addr().to_string());
        change(&mut link);
        let mut app = Self::on(kept.path().to_owned(), telco, link, rules, Arc::default()).await;
        app.kept = Some(kept);
        app
    }

    /// On a database that may be there already.
    pub async fn on(folder: PathBuf, telco: Telco, link: link::Telco, rules: Rules, portal: Arc<Scripted>) -> Self {
        let keys = Keys::from_secret(&[7; 32]);
        let store = chrak::store::sqlite::open(StoreOptions::new(folder.join("chrak.db"), keys)).await.expect("store");
        let store: Arc<dyn Store> = Arc::new(store);
        let board = Arc::new(Board::default());
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let settings = settings(rules, &link);
        let exchange =
            Exchange::new(Arc::clone(&store), portal.clone(), Arc::clone(&clock), Arc::clone(&board), settings);
        let stop_work = CancellationToken::new();
        exchange.run.start(stop_work.clone()).await.expect("the exchange starts");
        let (links, stop_links) = (TaskTracker::new(), CancellationToken::new());
        let all = link::Links {
            exchange: exchange.clone(),
            board: Arc::clone(&board),
            trace: Arc::default(),
            clock,
            tasks: links.clone(),
            stop: stop_links.clone(),
        };
        all.start(link, None);
        links.close();
        App { telco, portal, exchange, store, links, stop_links, stop_work, kept: None }
    }

    /// Texts from `from` to 1212.
    pub fn text(&self, from: &str, text: &str) {
        self.telco.send_mo(from, "1212", text).expect("the telco takes it");
    }

    /// Waits for the `count`-th MT to `to` and returns it.
    pub async fn answer(&self, to: &str, count: usize) -> MtEntry {
        let found = eventually(Duration::from_secs(10), || {
            self.telco.snapshot().mt.into_iter().filter(|mt| mt.to == to).nth(count - 1)
        });
        found.await.unwrap_or_else(|| panic!("no {count}. answer to {to}: {:#?}", self.telco.snapshot()))
    }

    /// How many MTs went to a number.
    pub fn answers(&self, to: &str) -> usize {
        self.telco.snapshot().mt.iter().filter(|mt| mt.to == to).count()
    }

    /// Waits until nothing is in hand: every MO that the telco has sent done, every segment settled.
    pub async fn settle(&self) {
        for _ in 0..500 {
            // asked first: what is acknowledged is in the inbox or past it
            let arrived = self.telco.snapshot().mo.iter().all(|mo| mo.acked_at.is_some());
            let inbox = self.store.inbox_depth().await.expect("depth");
            let outbox = self.store.outbox_depth().await.expect("depth");
            if arrived && inbox == 0 && outbox == 0 && self.exchange.texts.in_hand() == 0 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("something stays in the inbox or the outbox");
    }

    /// Drains as the server does.
    pub async fn stop(self) {
        self.exchange.run.stop_taking();
        assert!(self.exchange.run.drained(Duration::from_secs(10)).await, "turns end");
        self.stop_links.cancel();
        tokio::time::timeout(Duration::from_secs(10), self.links.wait()).await.expect("binds leave");
        self.stop_work.cancel();
        self.store.end(SystemClock.now()).await.expect("the run ends");
        self.telco.stop().await;
    }
}

/// How often each number was answered over these telcos.
pub fn answers(telcos: &[&Telco]) -> BTreeMap<String, usize> {
    let mut answers = BTreeMap::new();
    for mt in telcos.iter().flat_map(|telco| telco.snapshot().mt) {
        *answers.entry(mt.to).or_default() += 1;
    }
    answers
}

/// Asks every 5 ms until there is something.
pub async fn eventually<T>(patience: Duration, mut look: impl FnMut() -> Option<T>) -> Option<T> {
    let end = tokio::time::Instant::now() + patience;
    loop {
        if let Some(found) = look() {
            return Some(found);
        }
        if tokio::time::Instant::now() >= end {
            return None;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

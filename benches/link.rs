//! What the link costs by itself: four binds of the real link at 10,000 submit_sm a second in total, to the sandbox telco over
//! real sockets, with a store that says yes at once. `cargo bench --bench link` prints the CPU time that the link's threads
//! took, and those of the telco beside it, for each second. `CHRAK_TPS=20000` asks for another rate, `CHRAK_SECONDS=30` for
//! longer.
use chrak::{
    app::clock::SystemClock,
    exchange::{Cut, Exchange, Rules, Settings, TelcoRules},
    link::{DefaultAlphabet, Links, NumberFormat, Telco, Ussd, Validity},
    ports::{
        PortFuture, StoreFault,
        citizens::{CitizenRecord, Citizens},
        feedback::{Feedback, FeedbackEnd, NewFeedback, StoredFeedback},
        inbox::{Accepted, Finish, Inbox, NewMo, Recovery, StoredMo},
        kiosks::{Command, Heartbeat, Kiosk, Kiosks, NewKiosk, Offer, Pairing, TokenHash},
        messages::{CallEnd, MessageStatus, Messages, NewCall},
        outbox::{DueMt, NewReceipt, Outbox, Outcome, Receipted, Resolved, Settlement},
        parts::{Joined, KeptPart, NewPart, OpenText, Parts},
        portal::{Asker, Portal},
        pushes::{Asked, Bounds, NewPush, PushEnd, Pushes, StoredPush},
        status::Board,
        ussd::{UssdSession, UssdSessions, UssdStep},
    },
    sandbox::telco::{self, TelcoConfig},
    smpp::{dialect::Dialect, message_id::Learned, status::Table},
    types::{
        CauseId, CodeRules, Countries, Language, Msisdn, MtId, Secret, SessionId, UnixMs,
        civic::{Answer, PortalFault, Query},
        names::{Family, SmscName},
        time::phnom_penh,
    },
};
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::runtime::{Builder, Runtime};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use uuid::Uuid;

const BINDS: u32 = 4;
const WINDOW: usize = 100;
const NAME: &str = "bench";
/// Before it is measured.
const WARM: Duration = Duration::from_secs(2);

fn main() {
    // cargo asks benches for their list of tests too
    if std::env::args().any(|word| word == "--list" || word == "--test") {
        return;
    }
    let number = |name: &str, usual| std::env::var(name).map_or(usual, |text| text.parse().expect("a number"));
    measure(number("CHRAK_TPS", 10_000), u64::from(number("CHRAK_SECONDS", 10)));
}

/// A runtime whose threads are called so.
fn runtime(name: &str) -> Runtime {
    Builder::new_multi_thread().worker_threads(2).thread_name(name).enable_all().build().expect("a runtime")
}

/// CPU time of all threads of a name so far, in ns (Linux: the first figure of schedstat).
fn spent(name: &str) -> u64 {
    let mut sum = 0;
    for task in std::fs::read_dir("/proc/self/task").expect("Linux").flatten() {
        let read = |file: &str| std::fs::read_to_string(task.path().join(file)).unwrap_or_default();
        if read("comm").trim() == name {
            sum += read("schedstat").split(' ').next().and_then(|figure| figure.parse::<u64>().ok()).unwrap_or(0);
        }
    }
    sum
}

fn measure(tps: u32, seconds: u64) {
    let (ours, theirs) = (runtime("link"), runtime("telco"));
    let listen = ([127, 0, 0, 1], 0).into();
    let telco = theirs.block_on(telco::Telco::start(TelcoConfig { listen, ..TelcoConfig::default() }));
    let telco = telco.expect("the telco starts");
    let (stop, tasks, yes) = (CancellationToken::new(), TaskTracker::new(), Arc::new(Yes::default()));
    let _inside = ours.enter();
    let (board, clock) = (Arc::new(Board::default()), Arc::new(SystemClock));
    let exchange = Exchange::new(yes.clone(), Arc::new(Away), clock.clone(), board.clone(), settings());
    ours.block_on(exchange.run.start(stop.clone())).expect("it starts");
    let links = Links { exchange, board, trace: Arc::default(), clock, tasks, stop: stop.clone() };
    let _link = links.start(configured(telco.addr().to_string(), tps), None);
    ours.block_on(telco.bound());
    yes.open.store(true, Ordering::Relaxed);
    std::thread::sleep(WARM);
    println!("| second | submit_sm | cores of the link | cores of the telco | µs of a core for each submit_sm |");
    println!("|---|---|---|---|---|");
    let (mut rates, mut cores) = (Vec::new(), Vec::new());
    for second in 1..=seconds {
        let (begun, before) = (Instant::now(), (yes.sent.load(Ordering::Relaxed), spent("link"), spent("telco")));
        std::thread::sleep(Duration::from_secs(1));
        let sent = yes.sent.load(Ordering::Relaxed) - before.0;
        let (link, theirs) = (spent("link") - before.1, spent("telco") - before.2);
        let ns = begun.elapsed().as_nanos() as f64;
        let (link, theirs) = (link as f64 / ns, theirs as f64 / ns);
        let rate = sent as f64 / ns * 1e9;
        println!("| {second} | {rate:.0} | {link:.2} | {theirs:.2} | {:.1} |", link / rate * 1e6);
        rates.push(rate);
        cores.push(link);
    }
    rates.sort_by(f64::total_cmp);
    cores.sort_by(f64::total_cmp);
    let middle = rates.len() / 2;
    println!("\nmedian: {:.0} submit_sm/s over {BINDS} binds, {:.2} cores", rates[middle], cores[middle]);
    assert_eq!(yes.otherwise.load(Ordering::Relaxed), 0, "everything that was written was taken");
    stop.cancel();
    std::process::exit(0);
}

fn settings() -> Settings {
    Settings {
        default_language: Language::En,
        codes: CodeRules::recommended(),
        rules: Rules::default(),
        zone: phnom_penh(),
        timeout_sms: Duration::from_secs(5),
        timeout_ussd: Duration::from_millis(800),
        texts_kept: Duration::from_secs(86_400),
        telcos: vec![TelcoRules {
            name: NAME.into(),
            family: NAME.into(),
            short_codes: vec!["1212".to_owned()],
            cut: Cut::Udh8,
            prefixes: Vec::new(),
            notices: None,
        }]
        .into(),
        quiet: None,
        push_enabled: true,
        countries: Countries::cambodia(),
    }
}

fn configured(address: String, max_tps: u32) -> Telco {
    Telco {
        name: NAME.into(),
        family: NAME.into(),
        address,
        tls: None,
        outbind_tls: None,
        system_id: "x".to_owned(),
        password: Secret::new("x".to_owned()),
        system_type: String::new(),
        interface_version: 0x34,
        pair: false,
        binds: BINDS,
        window: WINDOW,
        max_tps,
        enquire_link: Duration::from_secs(30),
        response_timeout: Duration::from_secs(30),
        reconnect_max: Duration::from_secs(30),
        unique_id: None,
        short_codes: vec!["1212".to_owned()],
        number_format: NumberFormat::International,
        dest: (1, 1),
        source: (0, 1),
        default_alphabet: DefaultAlphabet::Gsm7,
        validity: Validity::Relative,
        receipts: false,
        message_id: chrak::smpp::message_id::Rule::Auto,
        statuses: Table::default(),
        packed: false,
        sar: false,
        ussd: Ussd {
            dialect: Dialect::built_in("spec").expect("it is built in"),
            codes: Vec::new(),
            max_gsm7: 160,
            max_ucs2: 70,
            deadline: Duration::from_secs(5),
        },
    }
}

struct Away;

impl Portal for Away {
    fn ask<'a>(&'a self, _: &'a Query, _: Asker) -> PortFuture<'a, Answer> {
        Box::pin(async { Answer::Offices(Err(PortalFault::Away)) })
    }
}

/// A store that has as many segments as are wanted, of 70 characters in UCS-2 to a number each, and keeps nothing.
#[derive(Default)]
struct Yes {
    open: AtomicBool,
    next: AtomicU64,
    sent: AtomicU64,
    otherwise: AtomicU64,
}

fn at_once<T: Send + 'static>(value: T) -> PortFuture<'static, Result<T, StoreFault>> {
    Box::pin(async move { Ok(value) })
}

impl chrak::ports::leases::Leases for Yes {}
impl chrak::ports::nodes::Nodes for Yes {}

impl Outbox for Yes {
    fn due(&self, _: SmscName, now: UnixMs, limit: usize) -> PortFuture<'_, Result<Vec<DueMt>, StoreFault>> {
        let limit = if self.open.load(Ordering::Relaxed) { limit as u64 } else { 0 };
        let first = self.next.fetch_add(limit, Ordering::Relaxed);
        let due = |n: u64| DueMt {
            id: MtId(Uuid::from_u128(u128::from(n))),
            mo: CauseId(Uuid::from_u128(u128::from(n))),
            source: "1212".to_owned(),
            destination: Msisdn::parse_e164(&format!("85597{:07}", n % 10_000_000)).expect("a number"),
            body: [0x17, 0x80].repeat(70),
            data_coding: 8,
            udhi: false,
            reference: n as u16,
            not_after: now.plus_ms(3_600_000),
            attempts: 1,
        };
        at_once((first..first + limit).map(due).collect())
    }

    fn queued(&self, _: SmscName) -> PortFuture<'_, Result<bool, StoreFault>> {
        at_once(true)
    }

    fn begin_submit(&self, mts: Vec<MtId>, _: SessionId, _: UnixMs) -> PortFuture<'_, Result<Vec<MtId>, StoreFault>> {
        at_once(mts)
    }

    fn settle(&self, settlements: Vec<Settlement>, _: UnixMs) -> PortFuture<'_, Result<(), StoreFault>> {
        let sent = settlements.iter().filter(|one| matches!(one.outcome, Outcome::Sent { .. })).count();
        self.sent.fetch_add(sent as u64, Ordering::Relaxed);
        self.otherwise.fetch_add((settlements.len() - sent) as u64, Ordering::Relaxed);
        at_once(())
    }

    fn resolve_ambiguous(&self, _: SmscName, _: UnixMs, _: UnixMs) -> PortFuture<'_, Result<Resolved, StoreFault>> {
        at_once(Resolved::default())
    }

    fn expire(&self, _: UnixMs) -> PortFuture<'_, Result<u64, StoreFault>> {
        at_once(0)
    }

    fn receipt(&self, _: NewReceipt, _: UnixMs) -> PortFuture<'_, Result<Receipted, StoreFault>> {
        at_once(Receipted::Exact)
    }

    fn learned(&self) -> PortFuture<'_, Result<Vec<(Family, Learned)>, StoreFault>> {
        at_once(Vec::new())
    }

    fn outbox_depth(&self) -> PortFuture<'_, Result<u64, StoreFault>> {
        at_once(0)
    }
}

/// What nobody waits for here: it never comes.
macro_rules! never {
    ($port:ident { $($name:ident($($of:ty),*) -> $what:ty;)* } $($more:item)*) => {
        impl $port for Yes {
            $(fn $name(&self, $(_: $of),*) -> PortFuture<'_, Result<$what, StoreFault>> {
                Box::pin(std::future::pending())
            })*
            $($more)*
        }
    };
}

never! { Inbox {
    accept(NewMo) -> Accepted;
    claim(CauseId, bool, UnixMs) -> CitizenRecord;
    release(CauseId, UnixMs) -> ();
    finish(Finish, UnixMs) -> Vec<MtId>;
    confirm(Vec<CauseId>) -> ();
}
    fn begin(&self, _: UnixMs) -> PortFuture<'_, Result<Recovery, StoreFault>> {
        at_once(Recovery { incarnation: 1, clean: true, suspects: 0, waiting: 0, ambiguous: 0 })
    }
    fn end(&self, _: UnixMs) -> PortFuture<'_, Result<(), StoreFault>> {
        at_once(())
    }
    fn waiting(&self, _: bool, _: Option<CauseId>, _: usize) -> PortFuture<'_, Result<Vec<StoredMo>, StoreFault>> {
        at_once(Vec::new())
    }
    fn inbox_depth(&self) -> PortFuture<'_, Result<u64, StoreFault>> {
        at_once(0)
    }
    fn probe(&self) -> PortFuture<'_, Result<(), StoreFault>> {
        at_once(())
    }
    fn sweep(&self, _: UnixMs, _: UnixMs) -> PortFuture<'_, Result<u64, StoreFault>> {
        at_once(0)
    }
}

never! { Citizens { citizen(Msisdn) -> CitizenRecord; } }

never! { Pushes {
    take_event(String, Option<NewPush>, UnixMs) -> bool;
    take_asked(String, NewPush, Bounds, UnixMs) -> Asked;
    due_pushes(UnixMs, usize) -> Vec<StoredPush>;
    end_push(CauseId, PushEnd, UnixMs) -> ();
    event_cursor() -> Option<String>;
    set_event_cursor(Option<String>) -> ();
} }

never! { Messages {
    accept_call(NewCall, UnixMs) -> CallEnd;
    message(String, String, UnixMs) -> Option<MessageStatus>;
    messages_under(String, String, UnixMs) -> Vec<MessageStatus>;
    messages_of(String, String, UnixMs) -> Vec<MessageStatus>;
} }

never! { UssdSessions {
    ussd(Family, Msisdn) -> (Option<UssdSession>, CitizenRecord);
    keep_ussd(UssdStep, UnixMs) -> Vec<MtId>;
} }

never! { Kiosks {
    kiosk(TokenHash) -> Option<Kiosk>;
    kiosks() -> Vec<Kiosk>;
    pairing(TokenHash, UnixMs) -> Pairing;
    offer_pairing(Offer, UnixMs) -> ();
    pair(NewKiosk, UnixMs) -> bool;
    take_pairing(TokenHash, TokenHash, UnixMs) -> bool;
    pairing_taken(String) -> ();
    revoke(String, UnixMs) -> bool;
    keep_heartbeats(Vec<(String, Heartbeat)>) -> ();
    tell_kiosk(String, Command, UnixMs) -> bool;
    commands(String, UnixMs) -> Vec<Command>;
    commands_done(String, Vec<String>, UnixMs) -> ();
    tallied(Vec<String>, UnixMs) -> Vec<u32>;
    tally_ends(Vec<String>, UnixMs) -> Vec<UnixMs>;
    tally(Vec<(String, i64, u32)>, UnixMs) -> bool;
    untally(Vec<String>, UnixMs) -> ();
}
    fn seal(&self, _: &'static str, _: &[u8], _: &[u8]) -> Option<Vec<u8>> {
        None
    }
    fn unseal(&self, _: &'static str, _: &[u8], _: &[u8]) -> Option<Vec<u8>> {
        None
    }
    fn digest(&self, _: &str) -> [u8; 32] {
        [0; 32]
    }
}

never! { Feedback {
    keep_feedback(NewFeedback, u64, UnixMs) -> bool;
    due_feedback(UnixMs, usize) -> Vec<StoredFeedback>;
    end_feedback(Uuid, FeedbackEnd, UnixMs) -> ();
} }

never! { Parts {
    keep_part(NewPart) -> KeptPart;
    ended_texts(UnixMs, usize) -> Vec<CauseId>;
    open_text(CauseId) -> Option<OpenText>;
    join_parts(NewMo, usize) -> Joined;
} }

//! What a link carries at the settings people choose: texts that wait are drained, and a closed loop is kept going, over
//! windows, round trips and binds, beside a telco that is away, and after a night; each beside its bound: the windows over the
//! round trip that a bare client measures at the same telco. `cargo bench --bench settings` prints a table in Markdown.
//! The server is the file that `CHRAK_BIN` names. `CHRAK_TEXTS=1000` makes the drains shorter. Everything runs over real
//! sockets on this machine, telco and portal beside the server on the same cores.
#[path = "../tests/it/support/shipped.rs"]
mod shipped;

use bytes::BytesMut;
use chrak::sandbox::{
    portal::{Portal, PortalConfig, sample_codes},
    telco::{
        Telco, TelcoConfig,
        fault::Faults,
        load::{Pace, Plan},
    },
};
use chrak::smpp::pdu::{Address, Bind, BindKind, SubmitSm};
use std::{
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_util::sync::CancellationToken;

/// Round trips of the telco, in ms.
const ROUND_TRIPS: [u64; 3] = [0, 20, 200];
const WINDOWS: [usize; 4] = [1, 10, 100, 500];
/// What waits after a night without a bind.
const NIGHT: u64 = 100_000;
/// A second telco, at whose address nobody is.
const AWAY: &str =
    "[[smsc]]\nname = \"away\"\naddress = \"127.0.0.1:9\"\nsystem_id = \"x\"\npassword = \"x\"\nprefixes = []";
/// A cell is not measured longer than about this.
const CELL: Duration = Duration::from_secs(12);

fn main() {
    // cargo asks benches for their list of tests too
    if std::env::args().any(|word| word == "--list" || word == "--test") {
        return;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    runtime.block_on(table());
}

async fn table() {
    let texts: u64 = std::env::var("CHRAK_TEXTS").map_or(10_000, |text| text.parse().expect("CHRAK_TEXTS: a number"));
    println!("| what | window | round trip | sent | per second | window ÷ round trip | share of that bound |");
    println!("|---|---|---|---|---|---|---|");
    for delay in ROUND_TRIPS {
        let round_trip = bare_round_trip(delay).await;
        for window in WINDOWS {
            let bound = (delay > 0).then(|| window as f64 * 1_000.0 / round_trip);
            let count = bound.map_or(texts, |bound| texts.min((bound * CELL.as_secs_f64()) as u64));
            let rate = drain(window, "", delay, count).await;
            row("waiting texts, max_tps 0", window, round_trip, count, rate, bound);
        }
    }
    let round_trip = bare_round_trip(20).await;
    for (what, window, binds, more, count) in [
        ("waiting texts, 4 binds", 10, 4, "binds = 4", texts),
        ("waiting texts, 16 binds", 10, 16, "binds = 16", texts),
        ("waiting texts, another telco away", 10, 1, AWAY, texts.min(5_000)),
        ("waiting texts, another telco away", 100, 1, AWAY, texts),
        ("100,000 waiting texts", 100, 1, "", NIGHT),
    ] {
        let bound = f64::from(binds) * window as f64 * 1_000.0 / round_trip;
        let rate = drain(window, more, 20, count).await;
        row(what, window, round_trip, count, rate, Some(bound));
    }
    for (what, window, more, count, bound) in [
        ("closed loop of 500, defaults", 10, "", 1_500, Some(100.0)),
        ("closed loop of 500, max_tps 0", 10, "max_tps = 0", texts, None),
        ("closed loop of 500, max_tps 0", 100, "max_tps = 0", texts, None),
        ("closed loop of 500, max_tps 0", 500, "max_tps = 0", texts, None),
    ] {
        let rate = closed_loop(window, more, count).await;
        row(what, window, 0.0, count, rate, bound);
    }
}

fn row(what: &str, window: usize, round_trip: f64, count: u64, rate: f64, bound: Option<f64>) {
    let of = |number: Option<f64>, ending: &str| number.map_or("–".to_owned(), |n| format!("{n:.0}{ending}"));
    let share = bound.map(|bound| rate / bound * 100.0);
    println!(
        "| {what} | {window} | {round_trip:.1} ms | {count} | {rate:.0} | {} | {} |",
        of(bound, ""),
        of(share, " %")
    );
}

/// Mean ms from a submit_sm to its resp, one after the other, for a client that does nothing else.
async fn bare_round_trip(delay: u64) -> f64 {
    const ROUNDS: u32 = 100;
    let bench = Bench::new().await;
    bench.telco.set_faults(Faults { delay_resp: Duration::from_millis(delay), ..Faults::default() });
    let mut stream = tokio::net::TcpStream::connect(bench.telco.addr()).await.expect("connected");
    stream.set_nodelay(true).expect("no delay");
    let (mut out, mut buffer) = (BytesMut::new(), [0; 4096]);
    let bind = Bind {
        kind: BindKind::Transmitter,
        system_id: "x".into(),
        password: "x".into(),
        system_type: String::new(),
        interface_version: 0x34,
    };
    bind.write(&mut out, 1);
    let address = |digits: &'static str| Address { ton: 1, npi: 1, digits: digits.into() };
    let submit = SubmitSm {
        source: address("1212"),
        destination: address("85510000001"),
        esm_class: 0,
        validity_period: String::new(),
        registered_delivery: 0,
        data_coding: 0,
        short_message: "one".into(),
        sar: None,
        reference: None,
    };
    let mut spent = Duration::ZERO;
    for sequence in 2..ROUNDS + 3 {
        let begun = Instant::now();
        stream.write_all(&out.split()).await.expect("written");
        let octets = stream.read(&mut buffer).await.expect("read");
        assert!(octets >= 16 && buffer[8..12] == [0; 4], "the telco takes it");
        if sequence > 2 {
            spent += begun.elapsed();
        }
        submit.write(&mut out, sequence);
    }
    bench.end().await;
    spent.as_secs_f64() * 1_000.0 / f64::from(ROUNDS)
}

/// A telco, a portal without delay, and a folder for the server between them.
struct Bench {
    telco: Telco,
    portal: Portal,
    folder: tempfile::TempDir,
}

impl Bench {
    async fn new() -> Self {
        let listen = ([127, 0, 0, 1], 0).into();
        let config = PortalConfig { listen, token: Some("t".into()), delay: Duration::ZERO, db: None, stands_at: None };
        let portal = Portal::start(config).await.expect("the sandbox portal starts");
        let telco = Telco::start(TelcoConfig { listen, ..TelcoConfig::default() }).await.expect("the telco starts");
        Bench { telco, portal, folder: tempfile::tempdir().expect("a folder") }
    }

    fn server(&self, window: usize, more: &str) -> Server {
        let path = self.folder.path().join("chrak.toml");
        let text = format!(
            "data_dir = \"data\"\n[http]\nlisten = \"127.0.0.1:0\"\n[ops]\nlisten = \"127.0.0.1:0\"\n[portal]\n\
             url = \"http://{}\"\ntoken = \"t\"\n[limits]\nreplies_per_number = {{ per_min = 0, per_day = 0 }}\n\
             [[smsc]]\nname = \"bench\"\naddress = \"{}\"\nsystem_id = \"x\"\npassword = \"x\"\nwindow = {window}\n{more}\n",
            self.portal.addr(),
            self.telco.addr()
        );
        std::fs::write(&path, text).expect("written");
        Server::start(&path)
    }

    async fn end(self) {
        self.telco.stop().await;
        self.portal.stop().await;
    }
}

struct Server(Child);

impl Server {
    fn start(config: &Path) -> Self {
        let mut command = shipped::command();
        let child = command.args(["serve", "--config"]).arg(config).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        Server(child.expect("the server starts"))
    }

    /// SIGTERM, and its end.
    fn leave(mut self) {
        let id = self.0.id().to_string();
        Command::new("kill").args(["-s", "TERM", &id]).status().expect("kill can be run");
        self.0.wait().expect("it ends");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Texts are answered while the telco takes nothing; then the server starts anew and the telco takes all.
async fn drain(window: usize, more: &str, round_trip: u64, count: u64) -> f64 {
    let bench = Bench::new().await;
    bench.telco.set_faults(Faults { throttle: 100, ..Faults::default() });
    let server = bench.server(500, "max_tps = 0");
    bench.telco.bound().await;
    let code = sample_codes()[1];
    for n in 0..count {
        bench.telco.send_mo(&format!("85597{n:07}"), "1212", code).expect("taken");
    }
    while bench.telco.counters().mo_acked < count {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    // SIGTERM lets the turns in hand come to their end
    server.leave();
    bench.telco.set_faults(Faults { delay_resp: Duration::from_millis(round_trip), ..Faults::default() });
    let server = bench.server(window, &format!("max_tps = 0\n{more}"));
    let mut first = None;
    loop {
        let sent = bench.telco.counters().mt;
        if sent > 0 {
            first.get_or_insert_with(Instant::now);
        }
        // of the last ones some may be uncertain for a while, if the first server had to be stopped in the middle of them
        if sent >= count * 9 / 10 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let rate = (count * 9 / 10) as f64 / first.expect("some were sent").elapsed().as_secs_f64();
    drop(server);
    bench.end().await;
    rate
}

async fn closed_loop(window: usize, more: &str, count: u64) -> f64 {
    let bench = Bench::new().await;
    let server = bench.server(window, more);
    bench.telco.bound().await;
    let plan = Plan {
        count,
        pace: Pace::Window(500),
        text: sample_codes()[1].to_owned(),
        to: "1212".to_owned(),
        ussd: false,
        numbers: None,
    };
    let report = bench.telco.load(plan, &CancellationToken::new()).await;
    let report = serde_json::to_value(&report).expect("a report");
    eprintln!("{report}");
    let rate = report["answers_per_s"].as_f64().expect("a rate");
    drop(server);
    bench.end().await;
    rate
}

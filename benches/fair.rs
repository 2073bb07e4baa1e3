//! Whether a flood from one number slows the others down: a hundred numbers a second ask for a status, first
//! alone, then beside one number that sends a thousand texts a second. `cargo bench --bench fair`; prints both
//! latencies and their ratio. The server is the file that `CHRAK_BIN` names, with its default limits, everything over real
//! sockets on this machine.
#[path = "../tests/it/support/shipped.rs"]
mod shipped;

use chrak::sandbox::{
    portal::{Portal, PortalConfig, sample_codes},
    telco::{Telco, TelcoConfig},
};
use std::{
    collections::HashMap,
    process::{Child, Stdio},
    time::{Duration, Instant},
};

const SECONDS: u64 = 20;
const ASKING: u64 = 100;
const FLOOD: u64 = 1_000;
const FLOODER: &str = "85510000000";

fn main() {
    // cargo asks benches for their list of tests too
    if std::env::args().any(|word| word == "--list" || word == "--test") {
        return;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    runtime.block_on(compare());
}

async fn compare() {
    let alone = latencies(0, "alone").await;
    let beside = latencies(FLOOD, "beside a flood").await;
    println!("p99 beside / alone: {:.2}", quantile(&beside, 0.99) / quantile(&alone, 0.99));
}

struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

async fn latencies(flood: u64, name: &str) -> Vec<f64> {
    let folder = tempfile::tempdir().expect("a folder");
    let config = PortalConfig {
        listen: ([127, 0, 0, 1], 0).into(),
        token: Some("t".into()),
        delay: Duration::from_millis(50),
        db: None,
        stands_at: None,
    };
    let portal = Portal::start(config).await.expect("the sandbox portal starts");
    let listen = ([127, 0, 0, 1], 0).into();
    let telco = Telco::start(TelcoConfig { listen, ..TelcoConfig::default() }).await.expect("the telco starts");
    let path = folder.path().join("chrak.toml");
    let text = format!(
        "[http]\nlisten = \"127.0.0.1:0\"\n[ops]\nlisten = \"127.0.0.1:0\"\n[portal]\nurl = \"http://{}\"\n\
         token = \"t\"\n[[smsc]]\nname = \"bench\"\naddress = \"{}\"\nsystem_id = \"x\"\npassword = \"x\"\n\
         window = 500\nmax_tps = 0\n",
        portal.addr(),
        telco.addr()
    );
    std::fs::write(&path, text).expect("written");
    let mut command = shipped::command();
    let child = command.args(["serve", "--config"]).arg(&path).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    let server = Server(child.expect("the server starts"));
    telco.bound().await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    drive(&telco, flood).await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    let all = measured(&telco);
    let answered = telco.snapshot().mt.iter().filter(|mt| mt.to == FLOODER).count();
    println!(
        "{name}: {} answers, p50 {:.1} ms, p99 {:.1} ms, max {:.1} ms; the flooder got {answered}",
        all.len(),
        quantile(&all, 0.5),
        quantile(&all, 0.99),
        quantile(&all, 1.0),
    );
    drop(server);
    telco.stop().await;
    portal.stop().await;
    all
}

async fn drive(telco: &Telco, flood: u64) {
    let (begun, code) = (Instant::now(), sample_codes()[1]);
    let (mut asked, mut flooded) = (0, 0);
    while begun.elapsed() < Duration::from_secs(SECONDS) {
        let ms = begun.elapsed().as_millis() as u64;
        while asked < ms * ASKING / 1_000 {
            telco.send_mo(&format!("85597{asked:07}"), "1212", code).expect("taken");
            asked += 1;
        }
        while flooded < ms * flood / 1_000 {
            telco.send_mo(FLOODER, "1212", &format!("flood {flooded}")).expect("taken");
            flooded += 1;
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// Milliseconds from each question to its answer, sorted.
fn measured(telco: &Telco) -> Vec<f64> {
    let seen = telco.snapshot();
    let answers: HashMap<&str, _> = seen.mt.iter().map(|mt| (mt.to.as_str(), mt.at)).collect();
    let mut all: Vec<f64> = seen
        .mo
        .iter()
        .filter(|mo| mo.from != FLOODER)
        .filter_map(|mo| {
            let (asked, answered) = (mo.sent_at?, answers.get(mo.from.as_str())?);
            Some((answered.as_microsecond() - asked.as_microsecond()) as f64 / 1e3)
        })
        .collect();
    all.sort_by(f64::total_cmp);
    all
}

fn quantile(sorted: &[f64], share: f64) -> f64 {
    let at = ((sorted.len() as f64 * share).ceil() as usize).clamp(1, sorted.len().max(1)) - 1;
    sorted.get(at).copied().unwrap_or(f64::NAN)
}

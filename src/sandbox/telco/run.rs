//! `chrak smsc`: the sandbox telco alone, or as a load. Reads no command line itself.

use std::net::SocketAddr;

use anyhow::Context as _;
use tokio_util::sync::CancellationToken;

use super::config::TelcoConfig;
use super::fault::Faults;
use super::gateway::Dialect;
use super::handle::Telco;
use super::ledger::Keep;
use super::load::{Pace, Plan};
use super::phone::{valid_dialled, valid_number};

/// A valid registration code, for want of `--text`.
const DEFAULT_TEXT: &str = "120500260481937";

/// What `chrak smsc` was told.
#[derive(Debug, Clone)]
pub struct SmscArgs {
    /// `--listen`.
    pub listen: SocketAddr,
    /// `--system-id`.
    pub system_id: Option<String>,
    /// `--password`.
    pub password: Option<String>,
    /// `--dialect`: how USSD is spoken.
    pub dialect: Option<String>,
    /// `--fault`, each as written.
    pub faults: Vec<String>,
    /// `--load`; without it the telco just runs.
    pub load: bool,
    /// `--count`.
    pub count: u64,
    /// `--window`; 100 when neither this nor a rate is given.
    pub window: Option<u32>,
    /// `--rate`, MOs a second; excludes `window`.
    pub rate: Option<f64>,
    /// `--text`.
    pub text: Option<String>,
    /// `--ussd`: what is dialled, and what is answered to each screen, parted by ` > `; several by `;`.
    pub ussd: Option<String>,
    /// `--to`, the short code the load texts; 1212 when not given.
    pub to: Option<String>,
    /// `--numbers`.
    pub numbers: Option<u32>,
    /// `--report json`; else a few lines to read.
    pub json: bool,
}

impl Default for SmscArgs {
    fn default() -> Self {
        Self {
            listen: TelcoConfig::default().listen,
            system_id: None,
            password: None,
            dialect: None,
            faults: Vec::new(),
            load: false,
            count: 1_000,
            window: None,
            rate: None,
            text: None,
            ussd: None,
            to: None,
            numbers: None,
            json: false,
        }
    }
}

/// Whether these arguments make sense, to be asked before anything starts (exit code 2 if not).
pub fn check(args: &SmscArgs) -> anyhow::Result<()> {
    Faults::parse(&args.faults)?;
    dialect(args)?;
    if let Some(script) = &args.ussd {
        let dials = |one: &str| valid_dialled(one.split(" > ").next().unwrap_or_default().trim());
        anyhow::ensure!(
            script.split(';').all(dials),
            "--ussd {script}: begins with what is dialled, such as *1212# > 1"
        );
        anyhow::ensure!(args.text.is_none(), "--ussd and --text exclude each other");
    }
    pace(args)?;
    let text = args.text.as_deref().unwrap_or(DEFAULT_TEXT);
    anyhow::ensure!(super::alphabet::encode(text, 0).is_some(), "--text: longer than 255 segments");
    let to = args.to.as_deref().unwrap_or("1212");
    anyhow::ensure!(valid_number(to), "--to {to}: digits only, at most 20");
    Ok(())
}

fn dialect(args: &SmscArgs) -> anyhow::Result<Dialect> {
    let name = args.dialect.as_deref().unwrap_or("spec");
    Dialect::parse(name).with_context(|| format!("--dialect {name}: not known; there are {}", Dialect::NAMES))
}

fn pace(args: &SmscArgs) -> anyhow::Result<Pace> {
    match (args.window, args.rate) {
        (Some(_), Some(_)) => anyhow::bail!("--window and --rate exclude each other"),
        (None, Some(r)) if r > 0.0 && r <= 1e6 => Ok(Pace::Rate(r)),
        (None, Some(r)) => anyhow::bail!("--rate {r}: above 0, at most 1000000"),
        (w, None) => match w.unwrap_or(100) {
            w @ 1..=50_000 => Ok(Pace::Window(w)),
            w => anyhow::bail!("--window {w}: 1 to 50000"),
        },
    }
}

/// Runs the telco until `shutdown`, or a load until its end. Returns the exit code: 0, 1 when a load lost
/// an answer or was cut short, 2 for arguments that make no sense.
pub async fn run_smsc(args: SmscArgs, shutdown: CancellationToken) -> anyhow::Result<i32> {
    if let Err(error) = check(&args) {
        eprintln!("{error}");
        return Ok(2);
    }
    let pace = pace(&args)?;
    let mut config = TelcoConfig {
        listen: args.listen,
        system_id: args.system_id.clone(),
        password: args.password.clone(),
        faults: Faults::parse(&args.faults)?,
        dialect: dialect(&args)?,
        ..TelcoConfig::default()
    };
    if args.load {
        config.keep = Keep::Counters;
        config.window = match pace {
            Pace::Window(w) => w as usize,
            Pace::Rate(_) => 1_000,
        };
    }
    let telco = Telco::start(config).await?;
    // standard output belongs to the report
    eprintln!("sandbox telco ready on {} (SMPP 3.4)", telco.addr());
    let code = if args.load {
        drive(&telco, &args, pace, &shutdown).await?
    } else {
        shutdown.cancelled().await;
        0
    };
    telco.stop().await;
    Ok(code)
}

async fn drive(telco: &Telco, args: &SmscArgs, pace: Pace, shutdown: &CancellationToken) -> anyhow::Result<i32> {
    tokio::select! {
        () = telco.bound() => {}
        () = shutdown.cancelled() => return Ok(1),
    }
    let plan = Plan {
        count: args.count,
        pace,
        ussd: args.ussd.is_some(),
        text: args.ussd.clone().or(args.text.clone()).unwrap_or_else(|| DEFAULT_TEXT.to_owned()),
        to: args.to.clone().unwrap_or_else(|| "1212".to_owned()),
        numbers: args.numbers,
    };
    let report = telco.load(plan, shutdown).await;
    if args.json {
        println!("{}", serde_json::to_string(&report).context("report")?);
    } else {
        println!("{report}");
    }
    Ok(i32::from(report.losses > 0 || report.cut_short))
}

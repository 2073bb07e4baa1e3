//! `chrak erase`: a person asks to be forgotten. It must not know a table.
use super::{Fault, keys, moment, place};
use crate::{
    app::{clock::SystemClock, config::Config, read_config},
    ports::clock::Clock,
    store::{
        chain::hex,
        erase::{self, Destroyed, Erased, Left},
    },
    types::{Msisdn, UnixMs},
};
use serde_json::json;
use std::{
    collections::BTreeMap,
    fs::OpenOptions,
    io::{Read, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
    time::Duration,
};
use tokio::time::Instant;

/// How long it is waited for what is in hand, and between looks.
const IN_HAND: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(500);
/// Longer than a step of USSD is in hand, which stands in no table meanwhile.
const LOOKED_AGAIN: Duration = Duration::from_secs(12);
/// Octets of standard input that are read for the number.
const NUMBER_MAX: u64 = 100;

/// What is not destroyed, for the report.
const NOT_REACHED: [&str; 5] = [
    "copies of the database and its server's archives: they are destroyed with their own retention",
    "files of --trace-unmasked: delete them",
    "digests of agencies' whole calls, and texts they had refused, until they are old",
    "receipts that a telco still sends of texts that were sent, for 72 hours",
    "what the portal, the agencies and the telcos have",
];

/// Destroys all that is kept of a number; `-` reads it from standard input.
///
/// # Errors
/// When something of it stays in hand, or anything of it is left.
pub async fn run(config: &Path, number: &str, report: Option<&Path>) -> Result<(), Fault> {
    let number = read(number)?;
    let config = read_config(config)?;
    let mut report_file = report.map(begin_report).transpose()?;
    let first = once(&config, number).await?;
    println!("erased; looking again in {} s at what was in hand meanwhile", LOOKED_AGAIN.as_secs());
    tokio::time::sleep(LOOKED_AGAIN).await;
    let second = once(&config, number).await?;
    let at = SystemClock.now();
    let (tables, row) = (sums(&[&first, &second]), (first.row.seq, hex(&first.row.hash)));
    let left = erase::look_for(place(&config), keys(&config)?, number, vec![first, second]).await?;
    for (table, rows) in &tables {
        println!("{table}: {rows}");
    }
    println!("{}", told(&left, &config.database.to_string()));
    println!("audit log: row {}, {}", row.0, row.1);
    if let Some((path, file)) = &mut report_file {
        let said = json!({
            "erased_at": moment(at.0), "erased_at_ms": at.0, "database": config.database.to_string(), "rows": tables,
            "looked_for": left, "audit": { "row": row.0, "hash": row.1 }, "not_reached": NOT_REACHED,
        });
        writeln!(file, "{said:#}").map_err(|fault| Fault::Run(format!("--report {}: {fault}", path.display())))?;
        println!("report: {}", path.display());
    }
    match left {
        Left { rows: 0, found: 0, cleaned: true, .. } => Ok(()),
        _ => Err(Fault::Run(
            "something of the number is left: run it again; if it stays so, stop the server and run it once more"
                .to_owned(),
        )),
    }
}

fn told(left: &Left, database: &str) -> String {
    let Left { rows, cleaned, octets_searched, found } = left;
    let cleaned = if *cleaned { "cleaned up" } else { "NOT cleaned up" };
    match octets_searched {
        0 => format!("{database}: {rows} rows left of it, tables {cleaned}; the server's files were not searched"),
        octets => format!(
            "{database}: {rows} rows left of it, {cleaned}; found {found} times in {octets} octets of its files"
        ),
    }
}

fn sums(all: &[&Destroyed]) -> BTreeMap<&'static str, u64> {
    let mut sums = BTreeMap::new();
    for (table, rows) in all.iter().flat_map(|one| &one.tables) {
        *sums.entry(*table).or_default() += rows;
    }
    sums
}

/// As soon as nothing of the number is in hand.
async fn once(config: &Config, number: Msisdn) -> Result<Destroyed, Fault> {
    let until = Instant::now() + IN_HAND;
    loop {
        let now: UnixMs = SystemClock.now();
        match erase::erase(place(config), keys(config)?, number, now).await? {
            Erased::Done(destroyed) => return Ok(destroyed),
            Erased::InHand(_) if Instant::now() < until => tokio::time::sleep(PAUSE).await,
            Erased::InHand(count) => {
                return Err(Fault::Run(format!(
                    "{count} texts or segments of this number are in hand, so nothing was erased: with the server running and its telco bound \
                     they end within minutes; then run it again"
                )));
            }
        }
    }
}

fn read(given: &str) -> Result<Msisdn, Fault> {
    let mut text = given.to_owned();
    if given == "-" {
        text.clear();
        let read = std::io::stdin().take(NUMBER_MAX).read_to_string(&mut text);
        read.map_err(|fault| Fault::Run(format!("standard input: {fault}")))?;
    }
    // it is not repeated: it may stand in a log
    Msisdn::parse_written(text.trim()).ok_or_else(|| {
        Fault::Usage(
            "--number: is no telephone number, such as +85512345678; - reads it from standard input".to_owned(),
        )
    })
}

type Report<'a> = (&'a Path, std::fs::File);

/// Before anything is destroyed: what cannot be reported is not done.
fn begin_report(path: &Path) -> Result<Report<'_>, Fault> {
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    file.map(|file| (path, file)).map_err(|fault| Fault::Usage(format!("--report {}: {fault}", path.display())))
}

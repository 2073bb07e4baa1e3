//! `chrak certify`: the acceptance script against a telco, told as it goes, and one self-contained page of it to print and
//! sign.
use super::{Fault, clock::SystemClock, read_config, trace::telco};
use crate::{
    link::{self, Script, Step, Told, Verdict},
    ports::clock::Clock,
    smpp::explain::explain,
    types::{Msisdn, UnixMs},
};
use askama::Template;
use jiff::tz::TimeZone;
use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

/// Runs it; 0 when no step failed, else 1.
///
/// # Errors
/// [`Fault::Usage`] for a number that is none; [`Fault::Config`]; [`Fault::Run`] when the report cannot be written.
pub async fn run(config: &Path, smsc: &str, to: &str, folder: &Path, unattended: bool) -> Result<u8, Fault> {
    let wrong = || Fault::Usage(format!("--to {to}: not a telephone number"));
    let number = Msisdn::parse_cambodian(to).ok_or_else(wrong)?;
    let config = read_config(config)?;
    let telco = telco(&config, smsc)?;
    super::folder(folder)?;
    let script = Script { to: number, cut: telco.rules.cut, attended: !unattended };
    let begun = SystemClock.now();
    let steps = link::certify(&telco.link, script, Arc::new(SystemClock), &mut tell).await;
    let page = Page::new(&telco.link, &config.zone, begun, &steps);
    let name = format!("certify-{}-{}.html", file_name(smsc), begun.civil(&config.zone).strftime("%Y%m%d-%H%M%S"));
    let path: PathBuf = folder.join(name);
    let failed = |fault: &dyn std::fmt::Display| Fault::Run(format!("{}: {fault}", path.display()));
    let text = page.render().map_err(|fault| failed(&fault))?;
    std::fs::write(&path, text).map_err(|fault| failed(&fault))?;
    println!("report: {}", path.display());
    Ok(u8::from(!page.passed))
}

fn tell(told: Told<'_>) {
    match told {
        Told::Do(what) => println!("NOW   {what}"),
        Told::Over(step) => {
            println!("{:<5} {}", word(step.verdict).0, step.name);
            step.lines.iter().for_each(|line| println!("        {line}"));
        }
    }
}

/// A verdict in a terminal, and on paper in two languages.
fn word(verdict: Verdict) -> (&'static str, &'static str, &'static str) {
    match verdict {
        Verdict::Passed => ("ok", "passed", "ជោគជ័យ"),
        Verdict::Failed => ("FAIL", "failed", "បរាជ័យ"),
        Verdict::NotSeen => ("note", "not seen", "មិនបានឃើញ"),
        Verdict::Skipped => ("skip", "skipped", "បានរំលង"),
    }
}

/// A telco's name as a part of a file's.
fn file_name(smsc: &str) -> String {
    smsc.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect()
}

#[derive(Template)]
#[template(path = "certify.html")]
struct Page<'a> {
    smsc: &'a str,
    address: &'a str,
    system_id: &'a str,
    secured: bool,
    at: String,
    version: &'static str,
    passed: bool,
    counts: [usize; 4],
    steps: Vec<Shown<'a>>,
}

struct Shown<'a> {
    number: usize,
    name: &'a str,
    class: &'static str,
    en: &'static str,
    km: &'static str,
    took_ms: u128,
    lines: &'a [String],
    pdus: Vec<ShownPdu>,
}

struct ShownPdu {
    at: String,
    way: &'static str,
    link: String,
    name: String,
    explained: String,
    hex: String,
}

impl<'a> Page<'a> {
    fn new(telco: &'a link::Telco, zone: &TimeZone, begun: UnixMs, steps: &'a [Step]) -> Self {
        let count = |verdict| steps.iter().filter(|step| step.verdict == verdict).count();
        let counts = [Verdict::Passed, Verdict::Failed, Verdict::NotSeen, Verdict::Skipped].map(count);
        Page {
            smsc: telco.name.as_str(),
            address: &telco.address,
            system_id: &telco.system_id,
            secured: telco.tls.is_some(),
            at: begun.civil(zone).strftime("%Y-%m-%d %H:%M:%S").to_string(),
            version: env!("CARGO_PKG_VERSION"),
            passed: counts[1] == 0 && counts[0] > 0,
            counts,
            steps: steps.iter().zip(1..).map(|(step, number)| shown(step, number, zone)).collect(),
        }
    }
}

fn shown<'a>(step: &'a Step, number: usize, zone: &TimeZone) -> Shown<'a> {
    let (class, en, km) = word(step.verdict);
    let pdus = step.pdus.iter().map(|seen| {
        let explained = explain(&seen.octets);
        let name = explained.fields.iter().find(|field| field.name == "command_id");
        ShownPdu {
            at: seen.at.civil(zone).strftime("%H:%M:%S%.3f").to_string(),
            way: if seen.sent { "→" } else { "←" },
            link: seen.link.clone(),
            name: name.map_or_else(|| "octets".to_owned(), |field| field.value.clone()),
            explained: explained.to_string(),
            hex: seen.octets.iter().map(|octet| format!("{octet:02x}")).collect(),
        }
    });
    Shown {
        number,
        name: step.name,
        class: match class {
            "ok" => "passed",
            "FAIL" => "failed",
            _ => "open",
        },
        en,
        km,
        took_ms: step.took.as_millis(),
        lines: &step.lines,
        pdus: pdus.collect(),
    }
}

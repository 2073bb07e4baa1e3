//! `chrak check`: what would go wrong at a start, one line per finding.
use super::{Fault, certificates::Certificates, clock::SystemClock, read_config, server, storage};
use crate::{link, portal::Finding, ports::clock::Clock, types::Msisdn};
use std::{path::Path, sync::Arc};

/// Findings are printed as they come; `bad` makes the exit code 1.
struct Findings {
    bad: bool,
}

impl Findings {
    fn good(&self, what: &str, text: &str) {
        println!("ok    {what}: {text}");
    }

    fn bad(&mut self, what: &str, text: &str) {
        self.bad = true;
        println!("FAIL  {what}: {text}");
    }

    fn note(&self, what: &str, text: &str) {
        println!("note  {what}: {text}");
    }
}

/// Checks the configuration, the database and the portal; with `bind` each telco, with `send` a text and its
/// receipt. Returns the exit code.
///
/// # Errors
/// [`Fault::Config`] when the configuration cannot be read, or names a provider of sign-ins that cannot be used; [`Fault::Usage`] for a number that is none.
pub async fn run(path: &Path, bind: bool, send: Option<String>) -> Result<u8, Fault> {
    let to = match send.as_deref().map(|text| (text, Msisdn::parse_cambodian(text))) {
        None => None,
        Some((_, Some(number))) => Some(number),
        Some((text, None)) => return Err(Fault::Usage(format!("--send {text}: not a telephone number"))),
    };
    let config = read_config(path)?;
    let mut findings = Findings { bad: false };
    findings.good("configuration", &path.display().to_string());
    for warning in &config.warnings {
        findings.note("configuration", warning);
    }
    for one in Certificates::of(&config).left(SystemClock.now()) {
        match one.advice() {
            Some(why) if one.days < 0 => findings.bad("certificate", &why),
            Some(why) => findings.note("certificate", &why),
            None => findings.good("certificate", &format!("{} is valid for {} days", one.key, one.days)),
        }
    }
    match storage::open(&config, storage::Make::FirstOnly).await {
        Ok(store) => {
            store.close().await;
            findings.good("database", &config.database.display().to_string());
        }
        Err(fault) => findings.bad("database", &fault.to_string()),
    }
    for finding in server::survey_way(&config).await {
        match finding {
            Finding::Good(text) => findings.good("X-Road", &text),
            Finding::Bad(text) => findings.bad("X-Road", &text),
            Finding::Note(text) => findings.note("X-Road", &text),
        }
    }
    match server::probe_portal(&config).await {
        Ok(took) => findings.good("portal", &format!("{} answered in {} ms", config.portal.url, took.as_millis())),
        Err(why) => findings.bad("portal", &why),
    }
    match server::probe_login(&config).await {
        None => {}
        Some(Ok(text)) => findings.good("sign-in", &text),
        // it never will be of use
        Some(Err(fault @ Fault::Config(_))) => return Err(fault),
        Some(Err(fault)) => findings.bad("sign-in", &fault.to_string()),
    }
    if bind {
        for telco in config.telcos.iter().map(|telco| &telco.link) {
            let what = format!("smsc \"{}\"", telco.name);
            let probed = link::probe(telco, to, Arc::new(SystemClock)).await;
            probed.findings.iter().for_each(|line| findings.good(&what, line));
            probed.notes.iter().for_each(|line| findings.note(&what, line));
            if let Some(why) = probed.fault {
                findings.bad(&what, &format!("{} as {}: {why}", telco.address, telco.system_id));
            }
        }
    }
    Ok(u8::from(findings.bad))
}

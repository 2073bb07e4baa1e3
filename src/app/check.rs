//! `chrak check`: what would go wrong at a start, one line per finding.
use super::{
    Fault,
    certificates::Certificates,
    clock::SystemClock,
    config::{Config, LoginBy},
    operating, read_config,
    server::{self, Place},
    storage,
};
use crate::{
    link,
    portal::{Finding, Uses},
    ports::{clock::Clock, status::Board},
    types::Msisdn,
    web,
};
use std::{io::ErrorKind, path::Path, sync::Arc, time::Duration};
use tokio::time::Instant;

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

    fn found(&mut self, what: &str, findings: Vec<Finding>) {
        for finding in findings {
            match finding {
                Finding::Good(text) => self.good(what, &text),
                Finding::Bad(text) => self.bad(what, &text),
                Finding::Note(text) => self.note(what, &text),
            }
        }
    }

    /// The way to a place, its answer, and whether a directory from a file fits what is there.
    async fn look_at(&mut self, place: &Place, uses: Uses, deadline: Duration) {
        let of = if place.name == "portal" { String::new() } else { format!(" of {}", place.name) };
        self.found(&format!("X-Road{of}"), place.client.survey(uses, deadline).await);
        let started = Instant::now();
        match place.client.probe(deadline).await {
            Ok(()) => {
                self.good(&place.name, &format!("{} answered in {} ms", place.url, started.elapsed().as_millis()));
                self.found(&format!("directory{of}"), place.client.survey_directory(deadline).await);
            }
            Err(why) => self.bad(&place.name, &why),
        }
    }
}

/// What the portal is used for.
fn of_portal(config: &Config) -> Uses {
    match &config.kiosk.login.by {
        LoginBy::Nobody => Uses::Windows,
        LoginBy::Oidc(_) => Uses::Own,
        LoginBy::Portal => Uses::SignIns,
    }
}

/// Takes each port at which an SMSC may connect to us, and gives it back. One that is taken may be a server's that runs already.
fn try_outbinds(config: &Config, findings: &mut Findings) {
    for telco in &config.telcos {
        let Some(at) = telco.outbind_listen else { continue };
        let what = format!("smsc \"{}\"", telco.link.name);
        match web::server::bind(at) {
            Ok(_) => findings.good(&what, &format!("outbind_listen: the SMSC can connect to {at}")),
            Err(fault) if fault.kind() == ErrorKind::AddrInUse => {
                let why = format!("outbind_listen: {at} is in use, by a server that runs already or another program");
                findings.note(&what, &why);
            }
            Err(fault) => findings.bad(&what, &format!("outbind_listen: cannot listen on {at}: {fault}")),
        }
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
    try_outbinds(&config, &mut findings);
    match storage::open(&config, storage::Make::FirstOnly).await {
        Ok(store) => {
            store.close().await;
            findings.good("database", &config.database.to_string());
        }
        Err(fault) => findings.bad("database", &fault.to_string()),
    }
    match operating::key::status(&config).await {
        Ok(text) => findings.good("key file", &text),
        Err(fault) => findings.note("key file", &fault.to_string()),
    }
    let (board, clock) = (Arc::new(Board::default()), Arc::new(SystemClock) as Arc<dyn Clock>);
    // nothing is asked for a citizen here
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, &[0; 32]);
    match server::places(&config, &board, &clock, &key) {
        Ok(places) => {
            for (nth, place) in places.into_iter().enumerate() {
                let (settings, uses) = match nth.checked_sub(1) {
                    None => (&config.portal, of_portal(&config)),
                    Some(nth) => (&config.sources[nth].portal, Uses::Status),
                };
                findings.look_at(&place, uses, settings.timeout_sms).await;
            }
        }
        Err(fault) => findings.bad("portal", &fault.to_string()),
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

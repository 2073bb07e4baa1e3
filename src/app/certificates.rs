//! The certificates that we show, and how long they are valid: told while there is time to renew them. It must not know what is said
//! under them.
use super::config::{Config, TelcoSettings};
use crate::{
    ports::clock::Clock,
    tls::{ClientTls, ServerTls},
    types::{UnixMs, lock},
};
use std::{
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio_util::sync::CancellationToken;

/// With so many days left a certificate is to be renewed: some authorities take weeks.
pub const DAYS_WARNED: i64 = 30;
/// How often the metric is set: a certificate that was renewed is seen within this.
const LOOK_EVERY: Duration = Duration::from_secs(3_600);
/// Looks from one line of the log about a certificate to the next: a day.
const LOOKS_A_DAY: u32 = 24;
/// A day, in ms.
const DAY_MS: i64 = 86_400_000;

/// A certificate of ours.
#[derive(Clone)]
enum Shown {
    /// To whoever comes to the pages.
    Http(ServerTls),
    /// To a telco of this name.
    Telco(String, ClientTls),
}

/// How long one of them is valid.
pub struct Left {
    /// What it is for, as in `chrak_certificate_days{use}`: `http`, or `smsc/NAME`.
    pub of: String,
    /// The key of the configuration that names its file.
    pub key: String,
    /// Whole days; negative when it is over.
    pub days: i64,
    /// Its last day, in UTC.
    pub until: String,
}

impl Left {
    /// What to do about it, where that is due.
    pub fn advice(&self) -> Option<String> {
        let (key, until) = (&self.key, &self.until);
        match self.days {
            ..0 => Some(format!("the certificate of {key} has expired on {until}: nobody takes it, renew it now")),
            0..DAYS_WARNED => {
                Some(format!("the certificate of {key} expires on {until}, in {} days: renew it", self.days))
            }
            _ => None,
        }
    }
}

/// All of them; clones are the same ones.
#[derive(Clone, Default)]
pub struct Certificates(Arc<Mutex<Vec<Shown>>>);

impl Certificates {
    /// Those that the configuration names.
    pub fn of(config: &Config) -> Self {
        let http = config.tls.clone().map(Shown::Http);
        Certificates(Arc::new(Mutex::new(http.into_iter().chain(of_telcos(&config.telcos)).collect())))
    }

    /// The telcos are these from now on.
    pub fn change(&self, telcos: &[TelcoSettings]) {
        let mut shown = lock(&self.0);
        shown.retain(|one| matches!(one, Shown::Http(_)));
        shown.extend(of_telcos(telcos));
    }

    /// How long each is valid that can be read. Reads their files.
    pub fn left(&self, now: UnixMs) -> Vec<Left> {
        let shown = lock(&self.0).clone();
        shown.into_iter().filter_map(|one| left(&one, now)).collect()
    }

    /// Publishes and tells it until `stop`.
    pub async fn watch(self, clock: Arc<dyn Clock>, stop: CancellationToken) {
        for look in 0_u32.. {
            let (own, now) = (self.clone(), clock.now());
            let Ok(all) = tokio::task::spawn_blocking(move || own.left(now)).await else { return };
            for one in all {
                metrics::gauge!("chrak_certificate_days", "use" => one.of.clone()).set(one.days as f64);
                if let Some(advice) = one.advice().filter(|_| look % LOOKS_A_DAY == 0) {
                    tracing::warn!("{advice}");
                }
            }
            tokio::select! {
                () = tokio::time::sleep(LOOK_EVERY) => {}
                () = stop.cancelled() => return,
            }
        }
    }
}

fn of_telcos(telcos: &[TelcoSettings]) -> impl Iterator<Item = Shown> {
    let of = |telco: &TelcoSettings| Some(Shown::Telco(telco.link.name.to_string(), telco.link.tls.clone()?));
    telcos.iter().filter_map(of)
}

fn left(shown: &Shown, now: UnixMs) -> Option<Left> {
    let (of, key, ends) = match shown {
        Shown::Http(tls) => ("http".to_owned(), "http.tls.cert_file".to_owned(), tls.ends()?),
        Shown::Telco(name, tls) => (format!("smsc/{name}"), format!("tls.cert_file of smsc \"{name}\""), tls.ends()?),
    };
    let day = ends.civil(&jiff::tz::TimeZone::UTC).date();
    Some(Left { of, key, days: (ends.0 - now.0).div_euclid(DAY_MS), until: day.to_string() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_is_told_of_from_thirty_days_before_its_end() {
        let left =
            |days| Left { of: "http".into(), key: "http.tls.cert_file".into(), days, until: "2026-12-31".into() };
        assert_eq!(left(30).advice(), None);
        let told = |days| left(days).advice().expect("told");
        assert_eq!(told(29), "the certificate of http.tls.cert_file expires on 2026-12-31, in 29 days: renew it");
        assert!(told(0).contains("in 0 days") && told(-1).contains("has expired on 2026-12-31"));
    }
}

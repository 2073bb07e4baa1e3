//! What is seen on the way to the portal and is no word of the portal's: refusals of a security server, answers of
//! strangers, certificates that end. What somebody must mend stands on the board until it is mended.
use super::{
    known::Watch,
    line::{Line, PORTAL},
    road::{self, Origin, Passed, errors::Means},
    transport::{Method, PortalCall, Reply},
};
use crate::{
    ports::{
        audit::{Entry, Who},
        status::Alarm,
    },
    tls::PeerTls,
    types::{civic::PortalFault, lock},
};
use std::{sync::atomic::Ordering, time::Duration};
use tokio::{sync::MutexGuard, time::Instant};
use tokio_util::sync::CancellationToken;

/// How often the files of certificates are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(60);
/// Days before its end from which a certificate stands on the board: an office orders a new one in less.
const DAYS_MIN: i64 = 30;
/// How long the first call has to show that the way is open before a second one is tried beside it: an answer of a security server
/// that refuses comes sooner, and one connection that hangs must not hold up whoever waits at a telephone.
const FIRST_ALONE: Duration = Duration::from_millis(300);
/// Most characters of a security server's own words that the debug log takes.
const WORDS_MAX: usize = 200;

/// Keys of what stands on the board.
const WAY: &str = "portal";
const FILES: &str = "portal-certificates";
const ENDING: &str = "portal-certificates-end";

/// An answer that is not the portal's: what it comes to.
pub(super) struct Turned {
    pub(super) fault: PortalFault,
    /// Another try may come to something else.
    pub(super) again: bool,
}

impl Line {
    /// Through a security server one call goes first, until the portal has answered, and a second one when the first says nothing
    /// for a while: what is wrong with the configuration costs two calls at most, not one of each question that a start has. Held
    /// as long as that call goes on.
    ///
    /// # Errors
    /// Neither said anything until the deadline: nothing was sent.
    pub(super) async fn first_alone(&self, until: Instant) -> Result<Option<MutexGuard<'_, ()>>, PortalFault> {
        let Watch { open, first, second } = &self.watch;
        let is_open = || open.load(Ordering::Relaxed);
        if self.transport.road.options().is_none() || is_open() {
            return Ok(None);
        }
        let alone = tokio::time::timeout_at(until.min(Instant::now() + FIRST_ALONE), first.lock()).await;
        let held = match alone {
            Ok(held) => held,
            Err(_) if is_open() => return Ok(None),
            Err(_) => tokio::select! {
                held = first.lock() => held,
                held = second.lock() => held,
                () = tokio::time::sleep_until(until) => return Err(PortalFault::Away),
            },
        };
        Ok(Some(held).filter(|_| !is_open()))
    }

    /// A change that went through X-Road can be found in the message logs of both security servers.
    fn note_passed(&self, call: &PortalCall, reply: &Reply) {
        let Some(Passed { id, request_id, request_hash }) = &reply.passed else { return };
        let key = call.key.map_or_else(String::new, |key| key.as_hyphenated().to_string());
        let entry = Entry::new(self.clock.now(), Who::Citizen, "portal.x-road", key);
        let entry = entry.with("status", reply.status).with("x-road-id", id.as_hyphenated());
        let entry = entry.with("x-road-request-id", request_id).with("x-road-request-hash", request_hash);
        self.board.journal.note(entry);
    }

    /// What an answer comes to that is not the portal's; `None`: it is.
    pub(super) fn turned(&self, call: &PortalCall, reply: &Reply) -> Option<Turned> {
        self.note_passed(call, reply);
        let error = match reply.origin {
            Origin::Portal => {
                self.passed();
                return None;
            }
            Origin::Between => {
                self.count("no_security_server");
                // a read comes to "away"; of a change nobody knows
                return Some(Turned { fault: PortalFault::Uncertain, again: true });
            }
            Origin::Stranger => {
                self.count("no_security_server");
                self.alarm(road::not_ours());
                let is_read = matches!(call.method, Method::Get);
                let fault = if is_read { PortalFault::Unusable } else { PortalFault::Uncertain };
                return Some(Turned { fault, again: true });
            }
            Origin::Road(error) => error,
        };
        self.count(error.label);
        debug_words(&reply.body);
        let Some(options) = self.transport.road.options() else {
            // some way that we know nothing of
            return Some(Turned { fault: PortalFault::Uncertain, again: true });
        };
        Some(match error.means {
            Means::Mend(_) => {
                if let Some(alarm) = road::in_words(&error, &options.client, &options.service) {
                    self.alarm(alarm);
                }
                self.watch.open.store(false, Ordering::Relaxed);
                lock(&self.breaker).trip(Instant::now());
                Turned { fault: PortalFault::Away, again: false }
            }
            Means::Closed(why) => {
                tracing::warn!(error = error.label, "the portal cannot be reached through X-Road: {why}");
                Turned { fault: PortalFault::Away, again: true }
            }
            Means::Unknown => {
                tracing::warn!(error = error.label, "a call through X-Road came to nothing certain");
                Turned { fault: PortalFault::Uncertain, again: true }
            }
        })
    }

    /// The portal has answered: what was in the way is not any more.
    fn passed(&self) {
        if !self.watch.open.swap(true, Ordering::Relaxed) && self.board.clear_alarm(&self.about(WAY)) {
            tracing::info!("the portal is reached through X-Road again");
        }
    }

    fn alarm(&self, alarm: Alarm) {
        self.watch.open.store(false, Ordering::Relaxed);
        self.raise(WAY, alarm);
    }

    /// Under which name something stands on the board: that of the portal, or of the source.
    fn about(&self, what: &'static str) -> String {
        if &*self.source == PORTAL { what.to_owned() } else { format!("{}: {what}", self.source) }
    }

    fn raise(&self, about: &'static str, alarm: Alarm) {
        // the keys to mend are those of the source's own table
        let own = |text: String| match &*self.source {
            PORTAL => text,
            source => text.replace("portal.xroad", &format!("source \"{source}\": xroad")),
        };
        let alarm = Alarm { km: own(alarm.km), en: own(alarm.en) };
        if self.board.raise_alarm(&self.about(about), alarm.clone()) {
            tracing::error!("{}", alarm.en);
        }
    }

    fn count(&self, label: &'static str) {
        metrics::counter!("chrak_road_errors_total", "source" => self.source.to_string(), "type" => label).increment(1);
    }

    /// Looks at the files of certificates until `stop`: what has changed serves new connections.
    pub(super) async fn keep_certificates(&self, stop: CancellationToken) {
        let Some(tls) = self.transport.road.options().and_then(|options| options.tls.clone()) else { return };
        while !stop.is_cancelled() {
            self.look_at(&tls).await;
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(LOOK_EVERY) => {}
            }
        }
    }

    pub(super) async fn look_at(&self, tls: &PeerTls) {
        let (own, now) = (tls.clone(), self.clock.now());
        let looked = tokio::task::spawn_blocking(move || own.look(now)).await;
        match looked {
            Ok(Ok(changed)) => {
                self.board.clear_alarm(&self.about(FILES));
                if changed {
                    tracing::info!("the certificates of portal.xroad have changed: new connections use them");
                }
            }
            Ok(Err(fault)) => {
                self.raise(FILES, road::files(&fault.to_string()));
            }
            // files that make their reader panic are of no use either
            Err(_) => tracing::error!("looking at the certificates of portal.xroad panicked"),
        }
        self.tell_days(tls);
    }

    fn tell_days(&self, tls: &PeerTls) {
        let left = tls.left(self.clock.now());
        for one in &left {
            let label = if one.of == "client" { "xroad_client" } else { "xroad_server" };
            metrics::gauge!("chrak_certificate_days", "use" => label).set(one.days as f64);
        }
        match left.iter().filter(|one| one.days < DAYS_MIN).min_by_key(|one| one.days) {
            None => drop(self.board.clear_alarm(&self.about(ENDING))),
            Some(first) => {
                let key = if first.of == "client" { "cert_file" } else { "server_cert_file" };
                self.raise(ENDING, road::ending(key, first.days));
            }
        }
    }
}

/// What a security server says of an error, for the debug log: it may quote what was asked, so words with digits or slashes
/// in them are left out; its `detail` is the name of the error in its own log, and taken only if it is nothing but that.
fn debug_words(body: &[u8]) {
    #[derive(serde::Deserialize)]
    struct Said {
        message: Option<String>,
        detail: Option<String>,
    }
    if !tracing::enabled!(tracing::Level::DEBUG) {
        return;
    }
    if let Ok(said) = serde_json::from_slice::<Said>(body) {
        let message = covered(&said.message.unwrap_or_default());
        let detail = said.detail.and_then(|text| uuid::Uuid::try_parse(&text).ok());
        tracing::debug!(message, ?detail, "what the security server says");
    }
}

fn covered(text: &str) -> String {
    let bare = |word: &str| !word.contains('/') && word.chars().filter(char::is_ascii_digit).count() < 3;
    let words = text.split_whitespace().map(|word| if bare(word) { word } else { "…" });
    words.collect::<Vec<_>>().join(" ").chars().take(WORDS_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::covered;

    #[test]
    fn words_that_may_be_of_a_citizen_are_left_out() {
        let said = covered("Connect to 10.0.0.1:8080 failed for /v1/applications/120500260481937\nPIN 4821 Timeout");
        assert_eq!(said, "Connect to … failed for … PIN … Timeout");
        assert!(covered(&"a ".repeat(500)).chars().count() <= 200);
    }
}

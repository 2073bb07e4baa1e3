//! Visitors sign in at a kiosk by their own telephone: one open sign-in a kiosk, so many in its span, and whoever lets them
//! sign in is asked no more often than it wants, whatever a page does. What names a sign-in is the page's to carry: here
//! stands only a digest of it. It must not know a page, nor how somebody signs in.
use super::conversation::counts::Counts;
use crate::{
    ports::{
        audit::{Entry, Journal, Who},
        clock::Clock,
        random::new_id,
        sign_ins::{Shown, SignIn, SignInFault, SignIns as Port, Standing},
    },
    types::{
        Language, Secret, UnixMs,
        civic::CitizenToken,
        limits::{KIOSK_SIGN_INS_MAX, KIOSK_SPAN, SIGN_IN_POLL_MOST, SIGNED_IN_FOR},
        lock,
    },
};
use ring::digest::{SHA256, digest};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::time::Instant;
use tokio_util::task::TaskTracker;
use uuid::Uuid;

/// What is added to the pause after `slow_down` (RFC 8628 §3.5).
const SLOWER: Duration = Duration::from_secs(5);
/// A question that comes so little too early waits instead of being put off to the next one.
const EARLY: Duration = Duration::from_millis(1_200);
/// A sign-in that lives shorter than this cannot be answered by anybody.
const LIVES_LEAST_MS: i64 = 10_000;
/// How long it is believed that signing in is not offered.
const ABSENT_FOR: Duration = Duration::from_secs(10 * 60);

/// Lets visitors sign in. Cheap to clone.
#[derive(Clone)]
pub struct SignIns {
    core: Arc<Core>,
}

struct Core {
    needs: Needs,
    by: Option<By>,
    open: Mutex<HashMap<String, Open>>,
    /// Until when it is believed that there is no such thing.
    absent: Mutex<Option<Instant>>,
}

/// What it needs of others.
#[derive(Clone)]
pub(super) struct Needs {
    pub(super) counts: Counts,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) tasks: TaskTracker,
    /// That somebody signed in is noted here.
    pub(super) journal: Arc<Journal>,
}

/// Who lets citizens sign in, and how long it is waited for.
#[derive(Clone)]
pub struct By {
    /// Who.
    pub port: Arc<dyn Port>,
    /// What metrics call it.
    pub mode: &'static str,
    /// A sign-in is shown no longer than this.
    pub valid: Duration,
    /// One question takes no longer than this.
    pub deadline: Duration,
}

/// The sign-in that a kiosk shows.
struct Open {
    name: [u8; 32],
    next: Instant,
    every: Duration,
    until: UnixMs,
}

/// A sign-in as its page carries it. Whoever has the handle gets the token: `Debug` does not show it.
#[derive(Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct OpenSignIn {
    handle: String,
    /// What the page shows.
    pub shown: Shown,
    /// When it ends.
    pub until: UnixMs,
    every_s: u32,
}

impl std::fmt::Debug for OpenSignIn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OpenSignIn").field("until", &self.until).finish_non_exhaustive()
    }
}

impl OpenSignIn {
    /// Seconds between two questions about it.
    pub fn every_s(&self) -> u32 {
        self.every_s
    }
}

/// Somebody who has signed in, as their page carries it. `Debug` shows neither handle nor token.
#[derive(Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct SignedIn {
    handle: String,
    token: String,
    /// When it ends here.
    pub until: UnixMs,
    /// When the token itself ends, where that is told.
    ends: Option<UnixMs>,
    /// It was prolonged already.
    pub prolonged: bool,
}

impl std::fmt::Debug for SignedIn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SignedIn").field("until", &self.until).finish_non_exhaustive()
    }
}

impl SignedIn {
    fn new(handle: &str, token: &CitizenToken, ends: Option<UnixMs>, now: UnixMs) -> Self {
        let (handle, token) = (handle.to_owned(), token.expose().to_owned());
        SignedIn { handle, token, until: within(now, ends), ends, prolonged: false }
    }

    /// Stands for whoever has signed in; `None`: it is over.
    pub fn token(&self, now: UnixMs) -> Option<CitizenToken> {
        (now < self.until).then(|| CitizenToken::parse(&self.token))?
    }

    /// Once more so long, once.
    pub fn prolong(&mut self, now: UnixMs) {
        if !self.prolonged && now < self.until {
            (self.until, self.prolonged) = (within(now, self.ends), true);
        }
    }
}

fn within(now: UnixMs, ends: Option<UnixMs>) -> UnixMs {
    let until = now.plus_ms(SIGNED_IN_FOR.as_millis() as i64);
    ends.map_or(until, |ends| until.min(ends))
}

/// Why no sign-in was begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotBegun {
    /// There is no such thing here.
    NotOffered,
    /// So many were begun at this kiosk.
    Limited,
    /// Nobody answers, or not as it should be.
    Away,
}

/// How a sign-in stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Looked {
    /// Nobody has said anything yet.
    Waits,
    /// Somebody has signed in.
    In(SignedIn),
    /// Somebody has said no.
    Denied,
    /// Its time is over, or another one was begun at this kiosk.
    Expired,
    /// What was answered is of no use.
    Away,
}

impl SignIns {
    pub(super) fn new(needs: Needs) -> Self {
        SignIns { core: Arc::new(Core { needs, by: None, open: Mutex::default(), absent: Mutex::default() }) }
    }

    /// The same, by these.
    pub(super) fn by(&self, by: By) -> Self {
        let (needs, by) = (self.core.needs.clone(), Some(by));
        SignIns { core: Arc::new(Core { needs, by, open: Mutex::default(), absent: Mutex::default() }) }
    }

    /// Whether there is such a thing, as far as is known.
    pub fn is_offered(&self) -> bool {
        self.core.by.is_some() && lock(&self.core.absent).is_none_or(|until| until <= Instant::now())
    }

    /// Begins one at a kiosk of this office, in place of `former`.
    ///
    /// # Errors
    /// When none is begun.
    pub async fn begin(
        &self,
        device: &str,
        office: Option<&str>,
        language: Language,
        former: Option<&OpenSignIn>,
    ) -> Result<OpenSignIn, NotBegun> {
        let by = self.core.by.as_ref().filter(|_| self.is_offered()).ok_or(NotBegun::NotOffered)?;
        let window = format!("kiosk-sign-ins:{device}");
        match self.core.needs.counts.tally(window, KIOSK_SPAN, KIOSK_SIGN_INS_MAX).await {
            Ok(true) => {}
            Ok(false) => {
                self.count("limited");
                return Err(NotBegun::Limited);
            }
            Err(_) => return Err(NotBegun::Away),
        }
        if let Some(former) = former {
            self.end_of(former.handle.clone(), None);
        }
        let now = self.core.needs.clock.now();
        let begun = by.port.begin(office, language, new_id(now), by.deadline).await;
        match begun.and_then(|sign_in| self.usable(by, sign_in)) {
            Ok(open) => {
                let (every, until) = (Duration::from_secs(open.every_s.into()), open.until);
                let one = Open { name: name_of(&open.handle), next: Instant::now() + every, every, until };
                let mut all = lock(&self.core.open);
                all.retain(|_, other| other.until > now);
                all.insert(device.to_owned(), one);
                Ok(open)
            }
            Err(SignInFault::NotOffered) => {
                *lock(&self.core.absent) = Some(Instant::now() + ABSENT_FOR);
                self.count("not_offered");
                Err(NotBegun::NotOffered)
            }
            Err(fault) => {
                self.count(if fault == SignInFault::Away { "away" } else { "unusable" });
                Err(NotBegun::Away)
            }
        }
    }

    fn usable(&self, by: &By, begun: SignIn) -> Result<OpenSignIn, SignInFault> {
        let now = self.core.needs.clock.now();
        let until = begun.expires_at.min(now.plus_ms(by.valid.as_millis() as i64));
        if until.since_ms(now) < LIVES_LEAST_MS || begun.every.as_millis() as i64 >= until.since_ms(now) {
            tracing::error!("a sign-in ends before anybody could answer it; it is not shown");
            return Err(SignInFault::Unusable);
        }
        let every_s = u32::try_from(begun.every.as_secs()).map_err(|_| SignInFault::Unusable)?;
        Ok(OpenSignIn { handle: begun.handle.expose().to_owned(), shown: begun.shown, until, every_s })
    }

    /// Asks how the sign-in stands that this kiosk shows, when it is time for that.
    pub async fn look(&self, device: &str, open: &OpenSignIn) -> Looked {
        let Some(by) = &self.core.by else { return Looked::Expired };
        let now = self.core.needs.clock.now();
        if now >= open.until {
            return self.over(device, open, "expired", Looked::Expired);
        }
        match self.turn(device, open, now) {
            Turn::Now(at) => tokio::time::sleep_until(at).await,
            Turn::Later => return Looked::Waits,
            Turn::Never => return Looked::Expired,
        }
        match by.port.look(&open.handle, by.deadline).await {
            Ok(Standing::Pending) => Looked::Waits,
            Ok(Standing::SlowDown) => self.slower(device, SLOWER),
            // asked less often where it fails (RFC 8628 §3.5)
            Err(SignInFault::Away) => self.slower(device, Duration::from_secs(open.every_s.into())),
            Ok(Standing::Done { token, ends }) => {
                let signed = SignedIn::new(&open.handle, &token, ends, self.core.needs.clock.now());
                self.over(device, open, "done", Looked::In(signed))
            }
            Ok(Standing::Denied) => self.over(device, open, "denied", Looked::Denied),
            Ok(Standing::Expired) => self.over(device, open, "expired", Looked::Expired),
            Err(_) => self.over(device, open, "unusable", Looked::Away),
        }
    }

    /// Takes the next turn to ask.
    fn turn(&self, device: &str, open: &OpenSignIn, now: UnixMs) -> Turn {
        let (name, at) = (name_of(&open.handle), Instant::now());
        let every = Duration::from_secs(open.every_s.into());
        let mut all = lock(&self.core.open);
        all.retain(|_, other| other.until > now);
        // after a restart a page goes on with what it carries
        let one = all.entry(device.to_owned()).or_insert(Open { name, next: at, every, until: open.until });
        if one.name != name {
            return Turn::Never;
        }
        let due = one.next.max(at);
        if due > at + EARLY {
            return Turn::Later;
        }
        one.next = due + one.every;
        Turn::Now(due)
    }

    fn slower(&self, device: &str, by: Duration) -> Looked {
        if let Some(one) = lock(&self.core.open).get_mut(device) {
            let every = (one.every + by).min(2 * SIGN_IN_POLL_MOST);
            one.next += every.saturating_sub(one.every);
            one.every = every;
        }
        Looked::Waits
    }

    /// It has come to its end, which is counted once.
    fn over(&self, device: &str, open: &OpenSignIn, result: &'static str, looked: Looked) -> Looked {
        let mut all = lock(&self.core.open);
        if all.get(device).is_some_and(|one| one.name == name_of(&open.handle)) {
            all.remove(device);
            self.count(result);
            let needs = &self.core.needs;
            let entry = Entry::new(needs.clock.now(), Who::Citizen, "portal.sign-in", device).with("result", result);
            needs.journal.note(entry);
        }
        looked
    }

    /// Signs somebody out: the token is good for nothing any more. What cannot be ended now ends by itself.
    pub fn end(&self, signed: &SignedIn) {
        self.end_of(signed.handle.clone(), CitizenToken::parse(&signed.token));
    }

    fn end_of(&self, handle: String, token: Option<CitizenToken>) {
        let Some(by) = self.core.by.clone() else { return };
        let (handle, key) = (Secret::new(handle), new_id(self.core.needs.clock.now()));
        self.core.needs.tasks.spawn(async move { ended(&by, &handle, token.as_ref(), key).await });
    }

    fn count(&self, result: &'static str) {
        let mode = self.core.by.as_ref().map_or("off", |by| by.mode);
        metrics::counter!("chrak_sign_ins_total", "mode" => mode, "result" => result).increment(1);
    }
}

async fn ended(by: &By, handle: &Secret, token: Option<&CitizenToken>, key: Uuid) {
    if let Err(fault) = by.port.end(handle.expose(), token, key, by.deadline).await {
        tracing::warn!("a sign-in could not be ended ({fault}); it ends by itself");
    }
}

/// Whether it is time to ask.
enum Turn {
    Now(Instant),
    Later,
    Never,
}

fn name_of(handle: &str) -> [u8; 32] {
    let mut name = [0; 32];
    name.copy_from_slice(digest(&SHA256, handle.as_bytes()).as_ref());
    name
}

#[cfg(test)]
#[path = "sign_ins_tests.rs"]
mod tests;

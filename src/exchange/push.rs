//! Texts nobody asked for just now: stored durably when their cause comes, rendered in the commit that sends
//! them, so that they are never stale. STOP, quiet hours, the number's language and the level of disclosure are
//! respected here and nowhere else.
use super::{Exchange, converse::intention, new_id, segmenter::Envelope};
use crate::{
    dialogue::View,
    ports::{
        StoreFault,
        citizens::CitizenRecord,
        inbox::{Source, StoredMo},
        outbox::MtKind,
        portal::{Asker, EventSource},
        pushes::{NewPush, PushEnd, PushKind, StoredPush},
    },
    render::render_sms,
    types::{
        CauseId, CodeVerdict, Language, Msisdn, UnixMs,
        civic::{Answer, ApplicationStatus, Change, ChangeKind, Event, Notice, PortalFault, Query, Recipient},
        limits::{EVENT_PAGES_AT_ONCE, NOTICE_USE_MAX, NOTICES_A_DAY_MAX, PUSHES_AT_ONCE},
        names::{Channel, SmscName},
    },
};
use jiff::civil::Time;
use std::{sync::Arc, time::Duration};
use tokio_util::sync::CancellationToken;

/// How long a notice is of use when its event does not say.
const NOTICE_USE: Duration = Duration::from_secs(3 * 24 * 3600);
/// After this a USSD notice that the telephone has not confirmed goes as a text.
const NOTICE_CONFIRMED_WITHIN: Duration = Duration::from_secs(20);
/// An event that waited longer is looked up once more before it is told.
const STALE_AFTER: Duration = Duration::from_secs(10 * 60);
/// How long an uncertain change is asked about.
const FOLLOW_UP_FOR: Duration = Duration::from_secs(24 * 3600);
/// Pause between two questions about it: in the first half hour, and later.
const FOLLOW_UP_EVERY: Duration = Duration::from_secs(30);
const FOLLOW_UP_LATER: Duration = Duration::from_secs(600);
/// How many questions are asked at the shorter pause.
const FOLLOW_UP_TRIES: u32 = 60;
/// A day.
const DAY_MS: i64 = 24 * 3_600_000;
/// Pause when the store or the portal could not be asked.
const AGAIN: Duration = Duration::from_secs(5);

/// When unasked texts wait for the morning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QuietHours {
    /// From.
    pub from: Time,
    /// Until; earlier than `from` when the night is between.
    pub until: Time,
}

/// Why there is no way to a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NoWay {
    /// It is of a country that is not texted unasked.
    Country,
    /// No telco of ours serves it.
    Telco,
}

/// What is stored of a push.
#[derive(serde::Serialize, serde::Deserialize)]
pub(super) enum Payload {
    Message { text: String, notice: bool },
    Event { notice: Notice, language: Language, urgent: bool },
    FollowUp { cause: uuid::Uuid, change: Change, smsc: String, source: String, language: Language },
}

impl Payload {
    /// As it is stored. One that were stored empty would be acknowledged and never sent.
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("what is to be sent is plain strings and numbers")
    }
}

impl Exchange {
    /// Stores an event of the portal; `Ok` only when it is durable, or was handled before.
    pub async fn take_event(&self, event: Event) -> Result<bool, StoreFault> {
        let now = self.now();
        let push = match event.notice {
            Some((to, notice)) if self.core.settings.push_enabled => Some(new_push(&to, notice, now)),
            Some(_) | None => None,
        };
        let stored = self.core.store.take_event(event.id, push, now).await;
        match &stored {
            Ok(true) => self.core.pushes.notify_one(),
            Ok(false) => {}
            Err(_) => self.core.health.failed(),
        }
        stored
    }

    /// Asks the portal for its events, for ever.
    pub async fn poll_events(self, source: Arc<dyn EventSource>, every: Duration, stop: CancellationToken) {
        let mut pages = 0;
        while !stop.is_cancelled() {
            let more = self.poll_once(&*source).await.unwrap_or(false);
            pages += 1;
            if !more || pages >= EVENT_PAGES_AT_ONCE {
                pages = 0;
                tokio::select! {
                    () = stop.cancelled() => return,
                    () = tokio::time::sleep(every) => {}
                }
            }
        }
    }

    /// The cursor moves only after every event before it is stored. Returns whether more are waiting.
    async fn poll_once(&self, source: &dyn EventSource) -> Option<bool> {
        let after = self.core.store.event_cursor().await.ok()?;
        let page = match source.events(after.clone()).await {
            Ok(page) => page,
            Err(PortalFault::HoldExpired) => {
                tracing::warn!("our place in the portal's events is too old; all that are kept are read");
                self.core.store.set_event_cursor(None).await.ok()?;
                return Some(true);
            }
            Err(_) => return None,
        };
        for event in page.events {
            if event.directory_changed {
                source.forget_directory();
            }
            self.take_event(event).await.ok()?;
        }
        let moved = page.next_after.is_some() && page.next_after != after;
        if moved {
            self.core.store.set_event_cursor(page.next_after).await.ok()?;
        }
        Some(page.more && moved)
    }

    /// The change whose outcome a turn could not find out.
    pub(super) fn follow_up(&self, mo: &StoredMo, change: Change, citizen: &CitizenRecord) -> Option<NewPush> {
        let Source::Person(number) = mo.source else { return None };
        let now = self.now();
        let language = citizen.language.unwrap_or(self.core.settings.default_language);
        let payload = Payload::FollowUp {
            cause: mo.id.0,
            change,
            smsc: mo.smsc.as_str().to_owned(),
            source: mo.destination.clone(),
            language,
        };
        Some(NewPush {
            id: CauseId(new_id(now)),
            kind: PushKind::FollowUp,
            number,
            payload: payload.to_bytes(),
            due: now.plus_ms(FOLLOW_UP_EVERY.as_millis() as i64),
            not_after: now.plus_ms(FOLLOW_UP_FOR.as_millis() as i64),
        })
    }

    /// Works on what is due, for ever; one task.
    pub(super) async fn push_loop(self, stop: CancellationToken) {
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                // who stores one owes a wake, after its commit; what time alone makes due is found by the second
                () = self.core.pushes.notified() => {}
                () = tokio::time::sleep(Duration::from_secs(1)) => {}
            }
            while let Ok(due) = self.core.store.due_pushes(self.now(), PUSHES_AT_ONCE).await {
                let all = due.len();
                let work = due.into_iter().map(|push| self.push(push));
                futures_util::future::join_all(work).await;
                if all < PUSHES_AT_ONCE || stop.is_cancelled() {
                    break;
                }
            }
        }
    }

    async fn push(&self, stored: StoredPush) {
        let id = stored.push.id;
        let now = self.now();
        let later = |pause: Duration| PushEnd::Later(now.plus_ms(pause.as_millis() as i64));
        let end = if stored.push.not_after <= now {
            tracing::warn!(push = %id, kind = ?stored.push.kind, "an unasked text was of no use any more");
            PushEnd::Dropped
        } else {
            match self.core.store.citizen(stored.push.number).await {
                Ok(citizen) => self.decide(&stored, &citizen).await,
                Err(_) => later(AGAIN),
            }
        };
        let queued = matches!(&end, PushEnd::Queued(mts) if !mts.is_empty());
        let telco = match &end {
            PushEnd::Queued(mts) => mts.first().map(|mt| mt.smsc.clone()),
            PushEnd::Dropped | PushEnd::Refused(_) | PushEnd::Later(_) => None,
        };
        match self.core.store.end_push(id, end, now).await {
            Ok(()) | Err(StoreFault::Stale) => {}
            Err(StoreFault::Rejected) => {
                // as long as it is due it would come first, and in the end nothing else would
                tracing::error!(push = %id, "the database refuses what an unasked text came to; it is dropped");
                if self.core.store.end_push(id, PushEnd::Dropped, now).await.is_err() {
                    self.core.health.failed();
                }
                return;
            }
            Err(fault) => {
                self.core.health.failed();
                tracing::warn!(push = %id, "the end of an unasked text could not be stored: {fault}");
            }
        }
        if let Some(telco) = telco.filter(|_| queued) {
            self.wake(&telco);
        }
    }

    async fn decide(&self, stored: &StoredPush, citizen: &CitizenRecord) -> PushEnd {
        match serde_json::from_slice::<Payload>(&stored.push.payload) {
            Ok(Payload::Message { text, notice }) => self.decide_message(stored, citizen, &text, notice),
            Ok(Payload::Event { notice, language, urgent }) => {
                self.decide_event(stored, citizen, notice, language, urgent).await
            }
            Ok(Payload::FollowUp { cause, change, smsc, source, language }) => {
                self.settle_change(stored, CauseId(cause), change, &smsc, &source, language).await
            }
            Err(_) => {
                tracing::error!(push = %stored.push.id, "an unasked text cannot be read; it is dropped");
                PushEnd::Dropped
            }
        }
    }

    async fn decide_event(
        &self,
        stored: &StoredPush,
        citizen: &CitizenRecord,
        notice: Notice,
        language: Language,
        urgent: bool,
    ) -> PushEnd {
        let now = self.now();
        if citizen.stopped {
            return PushEnd::Dropped;
        }
        if !urgent && let Some(until) = self.quiet_until(now) {
            return PushEnd::Later(until);
        }
        if matches!(&notice, Notice::Reminder { start, .. } if *start <= now) {
            return PushEnd::Dropped;
        }
        let waited = Duration::from_millis(now.since_ms(stored.created_at).unsigned_abs());
        if waited > STALE_AFTER && self.is_stale(&notice, stored.push.number).await {
            return PushEnd::Dropped;
        }
        let number = stored.push.number;
        let (smsc, source) = match self.way_to(number) {
            Ok(envelope) => envelope,
            Err(NoWay::Country) => {
                tracing::warn!(push = %stored.push.id, "an event is for a number of a country not in [push] countries");
                return PushEnd::Dropped;
            }
            Err(NoWay::Telco) => {
                tracing::warn!(push = %stored.push.id, "no telco is configured for the number of an event");
                return PushEnd::Dropped;
            }
        };
        let reminds = matches!(notice, Notice::Reminder { .. });
        // what was shown on a screen, or was not, has been counted
        let shown = if reminds { self.notice_outcome(stored.push.id) } else { None };
        if shown.is_none()
            && let Some(end) = self.one_too_many(stored, now).await
        {
            return end;
        }
        let view = View::Notice { code: self.printed(&notice), notice };
        if reminds {
            match shown {
                // shown by USSD: nothing more is to be sent
                Some(true) => return PushEnd::Queued(Vec::new()),
                None if self.notify_by_ussd(stored.push.id, &smsc, number, &view, citizen, language) => {
                    return PushEnd::Later(now.plus_ms(NOTICE_CONFIRMED_WITHIN.as_millis() as i64));
                }
                Some(false) | None => {}
            }
        }
        let language = citizen.language.unwrap_or(language);
        let envelope =
            Envelope { smsc: &smsc, source: &source, to: number, kind: MtKind::Push, not_after: stored.push.not_after };
        let text = render_sms(&view, language, &self.core.settings.zone).text;
        PushEnd::Queued(self.cut(&envelope, &text, now))
    }

    /// Counts a notice to a number, so that an event flood of the portal reaches nobody's telephone whole; how it ends
    /// when it is one too many.
    async fn one_too_many(&self, stored: &StoredPush, now: UnixMs) -> Option<PushEnd> {
        let who = self.core.store.digest(stored.push.number.digits());
        let name = who[..16].iter().fold("notices-day:".to_owned(), |name, octet| format!("{name}{octet:02x}"));
        match self.core.store.tally(vec![(name, DAY_MS, NOTICES_A_DAY_MAX)], now).await {
            Ok(true) => None,
            Ok(false) => {
                metrics::counter!("chrak_notices_over_limit_total").increment(1);
                tracing::warn!(push = %stored.push.id, "a notice too many for one number in a day; it is dropped");
                Some(PushEnd::Dropped)
            }
            Err(_) => Some(PushEnd::Later(now.plus_ms(AGAIN.as_millis() as i64))),
        }
    }

    /// Whether the portal says something else by now: then an event of its own tells it.
    async fn is_stale(&self, notice: &Notice, number: Msisdn) -> bool {
        let (code, told) = match notice {
            Notice::Status { code, status, .. } => (code, *status),
            Notice::Ready { code, .. } => (code, ApplicationStatus::ReadyForCollection),
            Notice::Paid { .. } | Notice::Reminder { .. } => return false,
        };
        let CodeVerdict::Good(code) = self.core.settings.codes.read(code) else { return false };
        let asker =
            Asker { channel: Channel::Sms, number: Some(number), deadline: self.core.settings.timeout_sms, key: None };
        match self.ask_on_our_own(&Query::Application { code, pin: None }, asker).await {
            Answer::Application(Ok(answer)) => answer.as_of.is_none() && answer.application.status != told,
            _ => false,
        }
    }

    /// The code of a notice as receipts show it.
    fn printed(&self, notice: &Notice) -> String {
        match notice {
            Notice::Status { code, .. } | Notice::Ready { code, .. } | Notice::Paid { code, .. } => {
                match self.core.settings.codes.read(code) {
                    CodeVerdict::Good(code) => code.printed().to_owned(),
                    CodeVerdict::Mistyped(_) | CodeVerdict::None => code.clone(),
                }
            }
            Notice::Reminder { .. } => String::new(),
        }
    }

    /// The same call with the same key: it is carried out at most once, and its answer is the truth.
    async fn settle_change(
        &self,
        stored: &StoredPush,
        cause: CauseId,
        change: Change,
        smsc: &str,
        source: &str,
        language: Language,
    ) -> PushEnd {
        let number = stored.push.number;
        let key = Some(intention(cause, &change));
        let deadline = self.core.settings.timeout_sms;
        let asker = Asker { channel: Channel::Sms, number: Some(number), deadline, key };
        let what = change.what.clone();
        let now = self.now();
        let view = match self.ask_on_our_own(&Query::Change(change), asker).await {
            Answer::Appointment(Ok(done)) => match what {
                ChangeKind::Move { .. } => View::Moved(done),
                ChangeKind::Cancel { .. } => View::Cancelled(done),
                _ => View::Booked(done),
            },
            Answer::Appointment(Err(
                PortalFault::Away | PortalFault::Uncertain | PortalFault::Unusable | PortalFault::Refused,
            )) => {
                let pause = if stored.attempts < FOLLOW_UP_TRIES { FOLLOW_UP_EVERY } else { FOLLOW_UP_LATER };
                return PushEnd::Later(now.plus_ms(pause.as_millis() as i64));
            }
            Answer::Appointment(Err(_)) => View::NotDone,
            _ => return PushEnd::Dropped,
        };
        let smsc: SmscName = smsc.into();
        let not_after = now.plus_ms(FOLLOW_UP_FOR.as_millis() as i64);
        let envelope = Envelope { smsc: &smsc, source, to: number, kind: MtKind::Push, not_after };
        let text = render_sms(&view, language, &self.core.settings.zone).text;
        PushEnd::Queued(self.cut(&envelope, &text, now))
    }

    /// The end of the quiet hours, when it is quiet now.
    pub(super) fn quiet_until(&self, now: UnixMs) -> Option<UnixMs> {
        let quiet = self.core.settings.quiet?;
        let local = now.civil(&self.core.settings.zone);
        let time = local.time();
        let over_night = quiet.from > quiet.until;
        let is_quiet = if over_night {
            time >= quiet.from || time < quiet.until
        } else {
            time >= quiet.from && time < quiet.until
        };
        if !is_quiet {
            return None;
        }
        let day = if over_night && time >= quiet.from { local.date().tomorrow().ok()? } else { local.date() };
        let end = day.to_datetime(quiet.until).to_zoned(self.core.settings.zone.clone()).ok()?;
        Some(UnixMs(end.timestamp().as_millisecond()))
    }

    /// The way to a number that did not text us just now, or why it has none. Whoever sends a text unasked has to
    /// come by here, and so nobody texts a country that is not of `[push] countries`.
    pub(super) fn way_to(&self, number: Msisdn) -> Result<(SmscName, String), NoWay> {
        if !self.core.settings.countries.hold(&number) {
            return Err(NoWay::Country);
        }
        self.telco_of(number).ok_or(NoWay::Telco)
    }

    /// The telco that serves a number, and our number there: by the longest prefix, else the first telco that
    /// has none.
    fn telco_of(&self, number: Msisdn) -> Option<(SmscName, String)> {
        let telcos = &self.core.settings.telcos;
        let national = number.national_digits();
        let fits = |prefix: &str| national.is_some_and(|digits| digits.starts_with(prefix));
        let named = telcos
            .iter()
            .filter_map(|telco| {
                let longest = telco.prefixes.iter().filter(|prefix| fits(prefix)).map(String::len).max()?;
                Some((longest, telco))
            })
            .max_by_key(|(longest, _)| *longest);
        let telco = match named {
            Some((_, telco)) => telco,
            None => telcos.iter().find(|telco| telco.prefixes.is_empty())?,
        };
        Some((telco.name.clone(), telco.short_codes.first()?.clone()))
    }
}

fn new_push(to: &Recipient, notice: Notice, now: UnixMs) -> NewPush {
    let payload = Payload::Event { notice, language: to.language, urgent: to.urgent };
    NewPush {
        id: CauseId(new_id(now)),
        kind: PushKind::Event,
        number: to.number,
        payload: payload.to_bytes(),
        due: now,
        not_after: to
            .not_after
            .unwrap_or_else(|| now.plus_ms(NOTICE_USE.as_millis() as i64))
            .min(now.plus_ms(NOTICE_USE_MAX.as_millis() as i64)),
    }
}

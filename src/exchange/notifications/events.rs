//! Events of the portal: taken once each, by poll or by webhook, and told when they are due. STOP, quiet hours, the
//! number's language, a second look at what waited and a bound for each number are respected here.
use super::{AGAIN, Notifications, payload::Payload};
use crate::{
    dialogue::View,
    exchange::{
        outbox::Envelope,
        routing::{NoWay, quiet_until, way_to},
    },
    ports::{
        StoreFault,
        citizens::CitizenRecord,
        outbox::{Class, MtKind},
        portal::{Asker, EventSource},
        pushes::{NewPush, PushEnd, PushKind, StoredPush},
        random::new_id,
    },
    render::render_sms,
    types::{
        CauseId, CodeVerdict, Language, Msisdn, UnixMs,
        civic::{Answer, ApplicationStatus, Event, Notice, PortalFault, Query, Recipient},
        limits::{EVENT_PAGES_AT_ONCE, NOTICE_USE_MAX, NOTICES_A_DAY_MAX},
        names::Channel,
    },
};
use std::{sync::Arc, time::Duration};
use tokio_util::sync::CancellationToken;

/// How long a notice is of use when its event does not say.
const NOTICE_USE: Duration = Duration::from_secs(3 * 24 * 3600);
/// After this a USSD notice that the telephone has not confirmed goes as a text.
const NOTICE_CONFIRMED_WITHIN: Duration = Duration::from_secs(20);
/// An event that waited longer is looked up once more before it is told.
const STALE_AFTER: Duration = Duration::from_secs(10 * 60);
/// A day.
const DAY: Duration = Duration::from_secs(24 * 3_600);

impl Notifications {
    /// Stores an event of the portal; `Ok` only when it is durable, or was handled before.
    pub async fn take_event(&self, event: Event) -> Result<bool, StoreFault> {
        let now = self.now();
        let push = match event.notice {
            // what happened before a restore was told then, or is old
            Some(_) if event.at <= self.needs.settings.events_after => None,
            Some((to, notice)) if self.needs.settings.push_enabled => Some(new_push(&to, notice, now)),
            Some(_) | None => None,
        };
        let stored = self.needs.pushes.take_event(event.id, push, now).await;
        if stored == Ok(true) {
            self.needs.wake.notify_one();
        }
        stored
    }

    /// Asks the portal for its events, for ever.
    pub async fn poll_events(self, source: Arc<dyn EventSource>, every: Duration, stop: CancellationToken) {
        let mut pages = 0;
        while !stop.is_cancelled() {
            let more = self.is_first() && self.poll_once(&*source).await.unwrap_or(false);
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
        let after = self.needs.pushes.event_cursor().await.ok()?;
        let page = match source.events(after.clone()).await {
            Ok(page) => page,
            Err(PortalFault::HoldExpired) => {
                tracing::warn!("our place in the portal's events is too old; all that are kept are read");
                self.needs.pushes.set_event_cursor(None).await.ok()?;
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
            self.needs.pushes.set_event_cursor(page.next_after).await.ok()?;
        }
        Some(page.more && moved)
    }

    /// What becomes of an event that is due.
    pub(super) async fn decide_event(
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
        if !urgent && let Some(until) = quiet_until(&self.needs.settings, now) {
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
        let (smsc, source) = match way_to(&self.needs.settings, number) {
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
        let shown = if reminds { self.needs.notices.outcome(stored.push.id) } else { None };
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
                None if self.needs.notices.send(stored.push.id, &smsc, number, &view, citizen, language) => {
                    return PushEnd::Later(now.plus_ms(NOTICE_CONFIRMED_WITHIN.as_millis() as i64));
                }
                Some(false) | None => {}
            }
        }
        let language = citizen.language.unwrap_or(language);
        let envelope = Envelope {
            smsc: &smsc,
            source: &source,
            to: number,
            kind: MtKind::Push,
            class: stored.push.class,
            not_after: stored.push.not_after,
        };
        let text = render_sms(&view, language, &self.needs.settings.zone).text;
        PushEnd::Queued(self.needs.segmenter.cut(&envelope, &text, now))
    }

    /// Counts a notice to a number, so that an event flood of the portal reaches nobody's telephone whole; how it ends
    /// when it is one too many.
    async fn one_too_many(&self, stored: &StoredPush, now: UnixMs) -> Option<PushEnd> {
        let name = format!("notices-day:{}", self.needs.counts.stands_for(stored.push.number.digits()));
        match self.needs.counts.tally(name, DAY, NOTICES_A_DAY_MAX).await {
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
        let CodeVerdict::Good(code) = self.needs.settings.codes.read(code) else { return false };
        let asker =
            Asker { channel: Channel::Sms, number: Some(number), deadline: self.needs.settings.timeout_sms, key: None };
        match self.needs.gate.ask_on_our_own(&Query::Application { code, pin: None }, asker).await {
            Answer::Application(Ok(answer)) => answer.as_of.is_none() && answer.application.status != told,
            _ => false,
        }
    }

    /// The code of a notice as receipts show it.
    fn printed(&self, notice: &Notice) -> String {
        match notice {
            Notice::Status { code, .. } | Notice::Ready { code, .. } | Notice::Paid { code, .. } => {
                match self.needs.settings.codes.read(code) {
                    CodeVerdict::Good(code) => code.printed().to_owned(),
                    CodeVerdict::Mistyped(_) | CodeVerdict::None => code.clone(),
                }
            }
            Notice::Reminder { .. } => String::new(),
        }
    }
}

fn new_push(to: &Recipient, notice: Notice, now: UnixMs) -> NewPush {
    let payload = Payload::Event { notice, language: to.language, urgent: to.urgent };
    NewPush {
        id: CauseId(new_id(now)),
        kind: PushKind::Event,
        class: if to.urgent { Class::Urgent } else { Class::Notice },
        number: to.number,
        payload: payload.to_bytes(),
        due: now,
        not_after: to
            .not_after
            .unwrap_or_else(|| now.plus_ms(NOTICE_USE.as_millis() as i64))
            .min(now.plus_ms(NOTICE_USE_MAX.as_millis() as i64)),
    }
}

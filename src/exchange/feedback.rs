//! Ratings and complaints that were kept while the portal was away: passed on when it is back, one at a time, the same call
//! with the same key, until the portal has said yes or no. It must not know how they were said.
use super::{
    conversation::{gate::Gate, keep::Said},
    notifications::payload::Payload,
    routing::{quiet_until, way_to},
    settings::Settings,
};
use crate::{
    dialogue::View,
    ports::{
        StoreFault,
        clock::Clock,
        feedback::{self, FeedbackEnd, StoredFeedback},
        outbox::Class,
        portal::Asker,
        pushes::{NewPush, PushKind},
        random::new_id,
    },
    render::render_sms,
    types::{
        CauseId, UnixMs,
        civic::{Answer, ChangeKind, Filed, Query},
    },
};
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

/// Pause after a try that came to nothing, so that a portal that is away is asked so often and no more, however much waits.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// When the same one is tried again: in its first half hour, and later. Meanwhile others have their turn.
const AGAIN: Duration = Duration::from_secs(15);
const AGAIN_LATER: Duration = Duration::from_secs(600);
/// How many tries come at the shorter pause.
const TRIES_SOON: u32 = 120;
/// How long the number of a complaint is of use as a text.
const TOLD_WITHIN: Duration = Duration::from_secs(24 * 3600);

/// Passes on what was kept. Cheap to clone.
#[derive(Clone)]
pub(super) struct Feedback {
    needs: Arc<Needs>,
}

/// What it needs of others.
pub(super) struct Needs {
    pub(super) store: Arc<dyn feedback::Feedback>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) settings: Arc<Settings>,
    pub(super) gate: Gate,
    /// There may be an unasked text to work on.
    pub(super) wake: Arc<Notify>,
    /// This node passes on what all have kept.
    pub(super) first: Arc<AtomicBool>,
}

impl Feedback {
    pub(super) fn new(needs: Needs) -> Self {
        Feedback { needs: Arc::new(needs) }
    }

    /// Works on what waits, for ever; one task.
    pub(super) async fn work(self, stop: CancellationToken) {
        loop {
            while !stop.is_cancelled() && self.needs.first.load(Ordering::Relaxed) && self.pass_one_on().await {}
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(LOOK_EVERY) => {}
            }
        }
    }

    /// Whether one was done with, so that the next may be.
    async fn pass_one_on(&self) -> bool {
        let now = self.needs.clock.now();
        let Ok(due) = self.needs.store.due_feedback(now, 1).await else { return false };
        let Some(stored) = due.into_iter().next() else { return false };
        let id = stored.feedback.id;
        let end = self.try_once(&stored).await;
        let (result, told) = match &end {
            FeedbackEnd::PassedOn(push) => ("passed_on", push.is_some()),
            FeedbackEnd::Declined => ("declined", false),
            FeedbackEnd::GivenUp => ("given_up", false),
            FeedbackEnd::Later(_) => ("later", false),
        };
        let done = result != "later";
        match self.needs.store.end_feedback(id, end, self.needs.clock.now()).await {
            Ok(()) => {
                if done {
                    metrics::counter!("chrak_feedback_total", "result" => result).increment(1);
                }
                if told {
                    self.needs.wake.notify_one();
                }
                done
            }
            Err(StoreFault::Stale) => done,
            Err(fault) => {
                // the same call comes again with the same key
                tracing::warn!(feedback = %id, "what became of kept feedback could not be stored: {fault}");
                false
            }
        }
    }

    async fn try_once(&self, stored: &StoredFeedback) -> FeedbackEnd {
        let (id, now) = (stored.feedback.id, self.needs.clock.now());
        let said = match Said::of_bytes(&stored.feedback.said) {
            Ok(said) if now < stored.feedback.not_after => said,
            Ok(_) => {
                tracing::error!(feedback = %id, "a rating or complaint waited too long for the portal; it is given up");
                return FeedbackEnd::GivenUp;
            }
            Err(_) => {
                tracing::error!(feedback = %id, "a rating or complaint that was kept cannot be read; it is given up");
                return FeedbackEnd::GivenUp;
            }
        };
        let deadline = self.needs.settings.timeout_sms;
        let asker = Asker { channel: said.channel, number: said.number(), deadline, key: Some(id) };
        match self.needs.gate.ask_on_our_own(&Query::Change(said.change.clone()), asker).await {
            Answer::Filed(Ok(Filed::Passed(reference))) => {
                FeedbackEnd::PassedOn(reference.and_then(|reference| self.told(&said, reference, now)))
            }
            Answer::Filed(Err(fault)) if said.change.what.is_kept_when(fault) => {
                let pause = if stored.attempts < TRIES_SOON { AGAIN } else { AGAIN_LATER };
                FeedbackEnd::Later(now.plus_ms(pause.as_millis() as i64))
            }
            _ => {
                tracing::error!(feedback = %id, "the portal declines a rating or complaint that was kept for it");
                FeedbackEnd::Declined
            }
        }
    }

    /// The text that tells a number what its complaint is called, at an hour at which nobody sleeps.
    fn told(&self, said: &Said, reference: String, now: UnixMs) -> Option<NewPush> {
        let ChangeKind::Complain { language, .. } = said.change.what else { return None };
        let (number, settings) = (said.number()?, &self.needs.settings);
        way_to(settings, number).ok()?;
        let view = View::ComplaintFiled { reference };
        let text = render_sms(&view, language, &settings.zone).text;
        let due = quiet_until(settings, now).unwrap_or(now);
        Some(NewPush {
            id: CauseId(new_id(now)),
            kind: PushKind::Message,
            class: Class::Answer,
            number,
            payload: Payload::Message { text, notice: false }.to_bytes(),
            due,
            not_after: due.plus_ms(TOLD_WITHIN.as_millis() as i64),
        })
    }
}

#[cfg(test)]
#[path = "feedback_tests.rs"]
mod tests;

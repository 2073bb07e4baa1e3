//! Public answers kept for the time the portal is away. Shown only with their time.
use crate::types::{
    RegistrationCode, UnixMs,
    civic::{Application, ApplicationAnswer},
};
use std::{
    collections::{HashMap, VecDeque},
    time::Duration,
};
use tokio::time::Instant;

/// Answers kept; each is a KiB or so.
const KEPT_MAX: usize = 10_000;
/// As long as the contract's `stale-if-error` allows.
const KEPT_FOR: Duration = Duration::from_secs(3600);

/// The answers by code, and the order in which they came.
#[derive(Default)]
pub struct StaleCache {
    answers: HashMap<RegistrationCode, (ApplicationAnswer, Instant)>,
    order: VecDeque<RegistrationCode>,
}

impl StaleCache {
    /// Keeps an answer of level `public`, which is the same for everybody.
    pub fn keep(&mut self, application: &Application, got_at: UnixMs, now: Instant) {
        let code = application.code.clone();
        let answer = ApplicationAnswer { application: application.clone(), as_of: Some(got_at), office: None };
        if self.answers.insert(code.clone(), (answer, now)).is_none() {
            self.order.push_back(code);
        }
        while self.order.len() > KEPT_MAX {
            if let Some(oldest) = self.order.pop_front() {
                self.answers.remove(&oldest);
            }
        }
    }

    /// The kept answer, unless it is too old.
    pub fn recall(&self, code: &RegistrationCode, now: Instant) -> Option<ApplicationAnswer> {
        let (answer, got) = self.answers.get(code)?;
        (now.saturating_duration_since(*got) < KEPT_FOR).then(|| answer.clone())
    }
}

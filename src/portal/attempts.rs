//! How often a call is made, when, and for how long: one policy and one loop for everything the portal is asked,
//! reads and changes alike. Knows no question and no status; what a reply means is its caller's to say.
//!
//! A try that hangs must not use up the deadline, and a try that is only slow must not be cut off. Cutting each try
//! after a share does the one or the other; so none is cut. When half of what is left has passed without a word
//! another try is begun *beside* it, and the first word that is certain counts: with 800 ms the second begins
//! after 400 and the third after 600, with 10 s after 5 and 7.5. A connection that hangs costs half the wait, a
//! portal that takes nine tenths of the deadline still has its answer heard, and one that answers within half is
//! asked once. Both may run at once, as reading changes nothing and a change carries the key of its intention:
//! the portal carries it out once, whichever comes first. Three calls at most, as many as a portal that fails at
//! once gets.
use super::{
    line::Line,
    transport::{Broken, PortalCall, Reply},
    watch::Turned,
};
use crate::types::civic::PortalFault;
use futures_util::{StreamExt, stream::FuturesUnordered};
use std::time::Duration;
use tokio::time::Instant;

/// Tries of one call.
const TRIES_MAX: u32 = 3;
/// First pause after a try that failed; doubles, with jitter.
const PAUSE_FIRST: Duration = Duration::from_millis(50);

/// What is to be done next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum NextAttempt {
    /// Begin a try.
    Begin,
    /// Wait for a word of those under way, until then.
    Wait(Instant),
    /// No word can come any more.
    GiveUp,
}

/// The policy. Time is an argument.
struct Plan {
    until: Instant,
    begun: u32,
    /// When the next try may begin.
    next: Instant,
    pause: Duration,
}

impl Plan {
    fn new(now: Instant, until: Instant) -> Self {
        Plan { until, begun: 0, next: now, pause: PAUSE_FIRST }
    }

    fn step(&self, now: Instant, under_way: usize) -> NextAttempt {
        if now >= self.until {
            return NextAttempt::GiveUp;
        }
        match self.begun < TRIES_MAX && self.next < self.until {
            true if now >= self.next => NextAttempt::Begin,
            true => NextAttempt::Wait(self.next),
            false if under_way > 0 => NextAttempt::Wait(self.until),
            false => NextAttempt::GiveUp,
        }
    }

    fn began(&mut self, now: Instant) {
        self.begun += 1;
        self.next = now + self.until.saturating_duration_since(now) / 2;
    }

    /// A try came to nothing; the portal may have asked for a pause.
    fn failed(&mut self, now: Instant, asked: Option<Duration>, jitter: f64) {
        // half to all of it
        self.next = now + asked.unwrap_or_else(|| self.pause.mul_f64(0.5 + jitter / 2.0));
        self.pause *= 2;
    }
}

/// How one try ended.
struct Try<T> {
    started: Instant,
    result: Result<T, PortalFault>,
    retry_after: Option<Duration>,
    /// Another try may come to something else.
    again: bool,
}

impl Line {
    /// Calls until something certain comes back, the deadline, or [`TRIES_MAX`] tries. `read` says what a reply means;
    /// [`PortalFault::Away`] and [`PortalFault::Uncertain`] are worth another try.
    pub(super) async fn attempt<T>(
        &self,
        operation: &'static str,
        call: &PortalCall,
        until: Instant,
        read: impl Fn(Reply) -> Result<T, PortalFault>,
    ) -> Result<T, PortalFault> {
        self.watched(until, self.tries(operation, call, until, &read)).await
    }

    /// As [`Line::attempt`], by one try: for what nothing makes safe to repeat.
    pub(super) async fn attempt_once<T>(
        &self,
        operation: &'static str,
        call: &PortalCall,
        until: Instant,
        read: impl Fn(Reply) -> Result<T, PortalFault>,
    ) -> Result<T, PortalFault> {
        let once = async {
            let ended = self.try_once(operation, call, (Instant::now(), until), &read).await;
            self.measured(operation, label(&ended.result), ended.started);
            ended.result
        };
        self.watched(until, once).await
    }

    /// Calls unless the breaker is open, and tells it what came of it.
    async fn watched<T>(
        &self,
        until: Instant,
        called: impl Future<Output = Result<T, PortalFault>>,
    ) -> Result<T, PortalFault> {
        let _first = self.first_alone(until).await?;
        if !self.may_call() {
            return Err(PortalFault::Away);
        }
        let result = called.await;
        let bad = matches!(result, Err(PortalFault::Away | PortalFault::Uncertain | PortalFault::Unusable));
        self.report(!bad);
        result
    }

    async fn tries<T>(
        &self,
        operation: &'static str,
        call: &PortalCall,
        until: Instant,
        read: &impl Fn(Reply) -> Result<T, PortalFault>,
    ) -> Result<T, PortalFault> {
        let mut plan = Plan::new(Instant::now(), until);
        let mut under_way = FuturesUnordered::new();
        let mut begun = Vec::new();
        let mut uncertain = false;
        loop {
            let now = Instant::now();
            let wait = match plan.step(now, under_way.len()) {
                NextAttempt::Begin => {
                    plan.began(now);
                    begun.push(now);
                    under_way.push(self.try_once(operation, call, (now, until), read));
                    continue;
                }
                NextAttempt::Wait(wait) => wait,
                NextAttempt::GiveUp => break,
            };
            let ended = tokio::select! {
                Some(ended) = under_way.next() => ended,
                () = tokio::time::sleep_until(wait) => continue,
            };
            begun.retain(|started| *started != ended.started);
            self.measured(operation, label(&ended.result), ended.started);
            match ended.result {
                Err(PortalFault::Away) if !ended.again => break,
                Err(fault @ (PortalFault::Away | PortalFault::Uncertain)) => {
                    uncertain |= fault == PortalFault::Uncertain;
                    plan.failed(
                        Instant::now(),
                        ended.retry_after,
                        f64::from(crate::ports::random::octets::<1>()[0]) / 255.0,
                    );
                }
                certain => {
                    // those that began earlier and have said nothing are given up
                    let silent = begun.iter().filter(|started| **started < ended.started);
                    silent.for_each(|started| self.measured(operation, "away", *started));
                    return certain;
                }
            }
        }
        // of what is still under way nobody knows what becomes of it
        uncertain |= !under_way.is_empty();
        begun.iter().for_each(|started| self.measured(operation, "away", *started));
        Err(if uncertain { PortalFault::Uncertain } else { PortalFault::Away })
    }

    async fn try_once<T>(
        &self,
        operation: &'static str,
        call: &PortalCall,
        (started, until): (Instant, Instant),
        read: &impl Fn(Reply) -> Result<T, PortalFault>,
    ) -> Try<T> {
        match self.transport.send(call, until).await {
            Ok(reply) => match self.turned(call, &reply) {
                None => {
                    let retry_after = reply.retry_after;
                    Try { started, result: read(reply), retry_after, again: true }
                }
                Some(Turned { fault, again }) => Try { started, result: Err(fault), retry_after: None, again },
            },
            Err(broken) => {
                tell(operation, &broken);
                // what was not sent was not carried out
                let fault =
                    if matches!(broken, Broken::TooLong) { PortalFault::Unusable } else { PortalFault::Uncertain };
                Try { started, result: Err(fault), retry_after: None, again: true }
            }
        }
    }
}

fn tell(operation: &'static str, broken: &Broken) {
    tracing::warn!(operation, "the portal did not answer: {broken}");
}

fn label<T>(result: &Result<T, PortalFault>) -> &'static str {
    match result {
        Ok(_) => "ok",
        Err(PortalFault::Unusable) => "unusable",
        Err(PortalFault::Refused) => "refused",
        Err(PortalFault::Away | PortalFault::Uncertain) => "away",
        Err(_) => "no",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn a_try_that_hangs_has_company_after_half_of_what_is_left() {
        for deadline in [800, 2_000, 10_000] {
            let now = Instant::now();
            let mut plan = Plan::new(now, now + deadline * MS);
            let mut begun = Vec::new();
            let mut at = now;
            loop {
                match plan.step(at, begun.len()) {
                    NextAttempt::Begin => {
                        plan.began(at);
                        begun.push((at - now).as_millis() as u32 * 1_000 / deadline);
                    }
                    NextAttempt::Wait(next) => at = next,
                    NextAttempt::GiveUp => break,
                }
            }
            assert_eq!((begun, at), (vec![0, 500, 750], now + deadline * MS), "nothing is cut before the deadline");
        }
    }

    #[test]
    fn a_try_that_fails_is_followed_after_a_pause_and_not_more_than_twice() {
        let now = Instant::now();
        let mut plan = Plan::new(now, now + 800 * MS);
        plan.began(now);
        plan.failed(now + 10 * MS, None, 1.0);
        assert_eq!(plan.step(now + 10 * MS, 0), NextAttempt::Wait(now + 60 * MS));
        assert_eq!(plan.step(now + 60 * MS, 0), NextAttempt::Begin);
        plan.began(now + 60 * MS);
        plan.failed(now + 70 * MS, None, 0.0);
        assert_eq!(plan.step(now + 70 * MS, 0), NextAttempt::Wait(now + 120 * MS), "half of twice the pause");
        plan.began(now + 120 * MS);
        plan.failed(now + 130 * MS, None, 0.0);
        assert_eq!(plan.step(now + 130 * MS, 0), NextAttempt::GiveUp);
        assert_eq!(plan.step(now + 130 * MS, 1), NextAttempt::Wait(now + 800 * MS), "one is still under way");
    }

    #[test]
    fn a_pause_that_the_portal_asks_for_is_kept_or_ends_it() {
        let now = Instant::now();
        let mut plan = Plan::new(now, now + 2_000 * MS);
        plan.began(now);
        plan.failed(now, Some(Duration::from_secs(1)), 0.0);
        assert_eq!(plan.step(now, 0), NextAttempt::Wait(now + 1_000 * MS));
        plan.began(now + 1_000 * MS);
        plan.failed(now + 1_000 * MS, Some(Duration::from_secs(60)), 0.0);
        assert_eq!(plan.step(now + 1_000 * MS, 0), NextAttempt::GiveUp);
    }
}

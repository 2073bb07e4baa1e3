//! One turn: the text goes through the dialogue, the dialogue asks the portal, the answer is rendered, and
//! everything that follows is one commit.
use super::{
    Exchange,
    accept::Held,
    converse::Talk,
    limits::{self, Verdict},
};
use crate::{
    dialogue::{Input, View},
    ports::{
        StoreFault,
        citizens::CitizenRecord,
        inbox::{Finish, MoEnd, Source, StoredMo},
        outbox::MtKind,
        portal::Asker,
        status::Rate,
    },
    render::render_sms,
    types::{
        Language, Msisdn, UnixMs,
        limits::{ANSWER_TTL, DEATHS_ALONE_MAX, TURN_TRIES_MAX},
        names::Channel,
    },
};
use futures_util::FutureExt;
use std::{panic::AssertUnwindSafe, time::Duration};
use tokio::time::Instant;

/// What a turn came to, before anything is written.
struct Verdicted {
    end: MoEnd,
    kind: MtKind,
    /// `None`: nothing is sent.
    view: Option<(View, Language)>,
    citizen: CitizenRecord,
}

impl Exchange {
    /// Gives a claimed MO its turn, and another one later when it fails in a way worth that.
    pub(super) async fn turn(
        &self,
        mut mo: StoredMo,
        mut citizen: CitizenRecord,
        read_at: Option<Instant>,
        held: Held,
    ) {
        loop {
            let before = citizen.clone();
            let done = AssertUnwindSafe(self.turn_once(&mo, citizen, read_at)).catch_unwind().await;
            match done {
                Ok(Ok(())) | Ok(Err(StoreFault::Stale | StoreFault::Closed)) => break,
                Ok(Err(fault)) => {
                    self.core.health.failed();
                    tracing::warn!(mo.id = %mo.id, "the end of a turn could not be stored: {fault}");
                }
                Err(_) => {
                    tracing::error!(mo.id = %mo.id, mo.attempts = mo.attempts, "a turn panicked")
                }
            }
            if self.core.store.release(mo.id, self.now()).await.is_err() && self.is_leaving() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(200 << mo.attempts.min(6))).await;
            match self.claim(&mo, false).await {
                Some(record) => citizen = record,
                None if self.is_leaving() => break,
                None => citizen = before,
            }
            mo.attempts += 1;
        }
        drop(held);
    }

    fn is_leaving(&self) -> bool {
        self.core.draining.load(std::sync::atomic::Ordering::Relaxed)
    }

    async fn turn_once(
        &self,
        mo: &StoredMo,
        citizen: CitizenRecord,
        read_at: Option<Instant>,
    ) -> Result<(), StoreFault> {
        let Source::Person(number) = mo.source else {
            return self.finish(mo, None, MoEnd::Withheld, Vec::new(), read_at).await;
        };
        let stored = citizen.clone();
        let verdict = self.judge(mo, number, citizen).await;
        let now = self.now();
        let mts = match &verdict.view {
            Some((view, language)) => {
                let text = render_sms(view, *language, &self.core.settings.zone).text;
                self.segments(mo, number, verdict.kind, &text, now)
            }
            None => Vec::new(),
        };
        let citizen = (verdict.citizen != stored).then_some((number, verdict.citizen));
        self.finish(mo, citizen, verdict.end, mts, read_at).await
    }

    async fn judge(&self, mo: &StoredMo, number: Msisdn, mut citizen: CitizenRecord) -> Verdicted {
        let now = self.now();
        let language = citizen.language.unwrap_or(self.core.settings.default_language);
        let plain = |end, kind, view, citizen| Verdicted { end, kind, view: Some((view, language)), citizen };
        if mo.deaths_alone >= DEATHS_ALONE_MAX || mo.attempts > TURN_TRIES_MAX {
            tracing::error!(mo.id = %mo.id, "an MO is given up with an apology");
            return plain(MoEnd::Dead, MtKind::Apology, View::Apology, citizen);
        }
        match limits::reply(&mut citizen.tallies, &self.core.settings.rules, now) {
            Verdict::Yes => {}
            Verdict::Notice => {
                return plain(MoEnd::Withheld, MtKind::Notice, View::SlowDown, citizen);
            }
            Verdict::Withhold => {
                return Verdicted { end: MoEnd::Withheld, kind: MtKind::Notice, view: None, citizen };
            }
        }
        let talk = self.talk(mo, number, &citizen).await;
        let late = now.since_ms(mo.received_at) > ANSWER_TTL.as_millis() as i64;
        if late && matches!(talk.view, Some(View::PortalAway { .. })) {
            return plain(MoEnd::Expired, MtKind::Notice, View::AskAgain, citizen);
        }
        self.remember(&mut citizen, &talk, now);
        let view = talk.view.clone().map(|view| (view, talk.language));
        Verdicted { end: MoEnd::Answered, kind: MtKind::Answer, view, citizen }
    }

    async fn talk(&self, mo: &StoredMo, number: Msisdn, citizen: &CitizenRecord) -> Talk {
        let asker = Asker { channel: Channel::Sms, number: Some(number), deadline: self.core.settings.timeout_sms };
        let mut tallies = citizen.tallies;
        let look_ups = limits::look_up(&mut tallies, &self.core.settings.rules, self.now());
        let dialogue = self.open_dialogue(citizen);
        let mut talk = self.run(dialogue, Input::Text(mo.text.clone()), asker, citizen.language, look_ups).await;
        talk.tallies = Some(tallies);
        talk
    }

    fn remember(&self, citizen: &mut CitizenRecord, talk: &Talk, now: UnixMs) {
        if let Some(tallies) = talk.tallies {
            citizen.tallies.fails_quarter = tallies.fails_quarter;
            citizen.tallies.fails_day = tallies.fails_day;
        }
        if talk.failed_look_up {
            limits::look_up_failed(&mut citizen.tallies, now);
        }
        if let Some(language) = talk.remember_language {
            citizen.language = Some(language);
        }
        if let Some(stopped) = talk.set_stopped {
            citizen.stopped = stopped;
        }
        self.keep_dialogue(citizen, talk, now);
    }

    /// Ends the turn in one commit, then hands the answer to the bind that kept a place for it.
    async fn finish(
        &self,
        mo: &StoredMo,
        citizen: Option<(Msisdn, CitizenRecord)>,
        end: MoEnd,
        mut mts: Vec<crate::ports::outbox::NewMt>,
        read_at: Option<Instant>,
    ) -> Result<(), StoreFault> {
        self.reserve_for(&mut mts);
        let now = self.now();
        let finish = Finish { mo: mo.id, end, citizen, mts: mts.clone() };
        let stored = self.core.store.finish(finish, now).await;
        self.hand_over(mo.id, mts, stored.is_ok(), read_at).await;
        if stored.is_ok() {
            let result = match end {
                MoEnd::Answered => {
                    self.core.board.count(Rate::Answers, 1, now);
                    "answered"
                }
                MoEnd::Withheld => "withheld",
                MoEnd::Expired => "expired",
                MoEnd::Dead => "dead",
            };
            metrics::counter!("chrak_mo_total", "smsc" => mo.smsc.as_str().to_owned(), "result" => result).increment(1);
        }
        stored
    }
}

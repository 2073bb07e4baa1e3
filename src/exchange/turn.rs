//! One turn: the text goes through the dialogue, the dialogue asks the portal, the answer is rendered, and
//! everything that follows is one commit.
use super::{
    Exchange,
    accept::TurnPermits,
    converse::Talk,
    gate::Caller,
    limits::{self, LimitVerdict},
};
use crate::{
    dialogue::{Input, View},
    ports::{
        StoreFault,
        citizens::CitizenRecord,
        inbox::{Finish, MoEnd, Source, StoredMo},
        outbox::{MtKind, NewMt},
        portal::Asker,
        status::Rate,
    },
    render::render_sms,
    types::{
        Language, Msisdn, UnixMs,
        civic::Change,
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
    follow_up: Option<Change>,
}

impl Verdicted {
    fn plain(end: MoEnd, kind: MtKind, view: Option<(View, Language)>, citizen: CitizenRecord) -> Self {
        Verdicted { end, kind, view, citizen, follow_up: None }
    }
}

impl Exchange {
    /// Gives a claimed MO its turn, and another one later when it fails in a way worth that.
    pub(super) async fn turn(
        &self,
        mut mo: StoredMo,
        mut citizen: CitizenRecord,
        read_at: Option<Instant>,
        held: TurnPermits,
    ) {
        loop {
            let before = citizen.clone();
            let done = AssertUnwindSafe(self.turn_once(&mo, citizen, read_at)).catch_unwind().await;
            match done {
                Ok(Ok(())) | Ok(Err(StoreFault::Stale | StoreFault::Closed)) => break,
                Ok(Err(StoreFault::Rejected)) => {
                    tracing::error!(mo.id = %mo.id, "the database refuses what a turn came to; it ends in an apology");
                    self.give_up(&mo, read_at).await;
                    break;
                }
                Ok(Err(fault)) => {
                    self.core.health.failed();
                    tracing::warn!(mo.id = %mo.id, "the end of a turn could not be stored: {fault}");
                }
                Err(_) => {
                    tracing::error!(mo.id = %mo.id, mo.attempts = mo.attempts, "a turn panicked")
                }
            }
            let released = self.core.store.release(mo.id, self.now()).await;
            tokio::time::sleep(Duration::from_millis(200 << mo.attempts.min(6))).await;
            match released {
                Ok(()) => match self.claim_patiently(&mo).await {
                    Some(record) => citizen = record,
                    None => break,
                },
                Err(_) if self.is_leaving() => break,
                // it is still claimed; if it is not after all, the end of the next turn finds that
                Err(_) => citizen = before,
            }
            mo.attempts += 1;
        }
        drop(held);
    }

    /// Ends an MO whose turn the database refuses for good: with an apology, or without a word where it refuses that too.
    async fn give_up(&self, mo: &StoredMo, read_at: Option<Instant>) {
        let language = self.core.settings.default_language;
        for view in [Some((View::Apology, language)), None] {
            let Source::Person(number) = mo.source else { continue };
            loop {
                let dead = Verdicted::plain(MoEnd::Dead, MtKind::Apology, view.clone(), CitizenRecord::default());
                let mts = self.rendered(mo, number, &dead);
                match self.finish(mo, None, dead, mts, read_at).await {
                    Ok(()) | Err(StoreFault::Stale | StoreFault::Closed) => return,
                    Err(StoreFault::Rejected) => break,
                    Err(StoreFault::Busy | StoreFault::Unknown) if self.is_leaving() => return,
                    Err(StoreFault::Busy | StoreFault::Unknown) => {
                        self.core.health.failed();
                        tokio::time::sleep(Duration::from_secs(1)).await;
                    }
                }
            }
        }
    }

    /// The segments of what a turn came to.
    fn rendered(&self, mo: &StoredMo, number: Msisdn, verdict: &Verdicted) -> Vec<NewMt> {
        let Some((view, language)) = &verdict.view else { return Vec::new() };
        let text = render_sms(view, *language, &self.core.settings.zone).text;
        self.segments(mo, number, verdict.kind, &text, self.now())
    }

    pub(super) fn is_leaving(&self) -> bool {
        self.core.draining.load(std::sync::atomic::Ordering::Relaxed)
    }

    async fn turn_once(
        &self,
        mo: &StoredMo,
        citizen: CitizenRecord,
        read_at: Option<Instant>,
    ) -> Result<(), StoreFault> {
        let Source::Person(number) = mo.source else {
            let nobody = CitizenRecord::default();
            let withheld = Verdicted::plain(MoEnd::Withheld, MtKind::Notice, None, nobody);
            return self.finish(mo, None, withheld, Vec::new(), read_at).await;
        };
        let stored = citizen.clone();
        let verdict = self.judge(mo, number, citizen).await;
        let mts = self.rendered(mo, number, &verdict);
        let changed = (verdict.citizen != stored).then_some(number);
        self.finish(mo, changed, verdict, mts, read_at).await
    }

    async fn judge(&self, mo: &StoredMo, number: Msisdn, mut citizen: CitizenRecord) -> Verdicted {
        let now = self.now();
        let language = citizen.language.unwrap_or(self.core.settings.default_language);
        let plain = |end, kind, view, citizen| Verdicted::plain(end, kind, Some((view, language)), citizen);
        if mo.deaths_alone >= DEATHS_ALONE_MAX || mo.attempts > TURN_TRIES_MAX {
            tracing::error!(mo.id = %mo.id, "an MO is given up with an apology");
            return plain(MoEnd::Dead, MtKind::Apology, View::Apology, citizen);
        }
        let rules = &self.core.settings.rules;
        let open = self.open_dialogue(&citizen).is_open();
        let verdict = if open {
            limits::step(&mut citizen.windows, rules, now)
        } else {
            limits::reply(&mut citizen.windows, rules, now)
        };
        if let Some(withheld) = withheld(verdict, language, &citizen) {
            return withheld;
        }
        let talk = self.talk(mo, number, &citizen).await;
        let late = now.since_ms(mo.received_at) > ANSWER_TTL.as_millis() as i64;
        if late && matches!(talk.view, Some(View::PortalAway { .. })) {
            return plain(MoEnd::Expired, MtKind::Notice, View::AskAgain, citizen);
        }
        self.remember(&mut citizen, &talk, now);
        if open && !talk.advanced {
            // what leads nowhere is a question like any other
            let verdict = limits::reply(&mut citizen.windows, rules, now);
            if let Some(withheld) = withheld(verdict, language, &citizen) {
                return withheld;
            }
        }
        let view = talk.view.clone().map(|view| (view, talk.language));
        let follow_up = talk.follow_up;
        let end = if view.is_none() && talk.hushed { MoEnd::Withheld } else { MoEnd::Answered };
        Verdicted { end, kind: MtKind::Answer, view, citizen, follow_up }
    }

    async fn talk(&self, mo: &StoredMo, number: Msisdn, citizen: &CitizenRecord) -> Talk {
        let deadline = self.core.settings.timeout_sms;
        let asker = Asker { channel: Channel::Sms, number: Some(number), deadline, key: None };
        let mut windows = citizen.windows;
        let mut caller = Caller::Number { number, channel: Channel::Sms, windows: &mut windows };
        let dialogue = self.open_dialogue(citizen);
        let input = Input::Text(mo.text.clone());
        let mut talk = self.run(dialogue, input, asker, Some(mo.id), citizen.language, &mut caller).await;
        talk.windows = Some(windows);
        if talk.set_stopped == Some(true) {
            self.stopped_by(number).await;
        }
        talk
    }

    fn remember(&self, citizen: &mut CitizenRecord, talk: &Talk, now: UnixMs) {
        if let Some(windows) = talk.windows {
            limits::keep(&mut citizen.windows, &windows);
        }
        if let Some(language) = talk.remember_language {
            citizen.language = Some(language);
        }
        if let Some(stopped) = talk.set_stopped {
            citizen.stopped = stopped;
        }
        self.keep_dialogue(citizen, talk, now);
    }

    /// Ends the turn in one commit, then hands the answer to the bind that kept a place for it. `changed`: whose
    /// record is to be written.
    async fn finish(
        &self,
        mo: &StoredMo,
        changed: Option<Msisdn>,
        verdict: Verdicted,
        mut mts: Vec<NewMt>,
        read_at: Option<Instant>,
    ) -> Result<(), StoreFault> {
        let end = verdict.end;
        let follow_up = verdict.follow_up.and_then(|change| self.follow_up(mo, change, &verdict.citizen));
        let citizen = changed.map(|number| (number, verdict.citizen));
        self.reserve_for(&mut mts);
        let now = self.now();
        let finish = Finish { mo: mo.id, end, citizen, mts: mts.clone(), follow_up };
        let stored = self.core.store.finish(finish, now).await;
        self.hand_over(mo.id, mts, &stored, read_at).await;
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
        stored.map(|_| ())
    }
}

/// What is done instead of a turn when a limit is reached.
fn withheld(verdict: LimitVerdict, language: Language, citizen: &CitizenRecord) -> Option<Verdicted> {
    let view = match verdict {
        LimitVerdict::Yes => return None,
        LimitVerdict::Notice => Some((View::SlowDown, language)),
        LimitVerdict::Withhold => None,
    };
    Some(Verdicted::plain(MoEnd::Withheld, MtKind::Notice, view, citizen.clone()))
}

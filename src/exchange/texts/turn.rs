//! One turn: the text goes through the dialogue, the dialogue asks the portal, the answer is rendered, and
//! everything that follows is one commit.
use super::{Texts, hand::TurnPermits};
use crate::{
    dialogue::{Input, View},
    exchange::{
        conversation::{
            Heard,
            gate::Caller,
            limits::{self, LimitVerdict},
            talk::{Talk, keep_dialogue, open_dialogue},
        },
        notifications::follow_up::Asked,
        outbox::Envelope,
    },
    ports::{
        StoreFault,
        citizens::CitizenRecord,
        inbox::{Finish, MoEnd, Source, StoredMo},
        outbox::{Class, MtKind, NewMt},
        portal::Asker,
        status::Rate,
    },
    render::render_sms,
    types::{
        Language, Msisdn,
        civic::Change,
        limits::{ANSWER_TTL, ANSWER_VALIDITY, DEATHS_ALONE_MAX, TURN_TRIES_MAX},
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

impl Texts {
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
                    tracing::warn!(mo.id = %mo.id, "the end of a turn could not be stored: {fault}");
                }
                Err(_) => {
                    tracing::error!(mo.id = %mo.id, mo.attempts = mo.attempts, "a turn panicked")
                }
            }
            let released = self.needs.inbox.release(mo.id, self.now()).await;
            tokio::time::sleep(Duration::from_millis(200 << mo.attempts.min(6))).await;
            match released {
                Ok(()) => match self.claim_again(&mo).await {
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
        let language = self.needs.settings.default_language;
        for view in [Some((View::Apology, language)), None] {
            let Source::Person(number) = mo.source else { continue };
            loop {
                let dead = Verdicted::plain(MoEnd::Dead, MtKind::Apology, view.clone(), CitizenRecord::default());
                let mts = self.rendered(mo, number, &dead);
                match self.finish(mo, None, dead, mts, read_at).await {
                    Ok(()) | Err(StoreFault::Stale | StoreFault::Closed) => return,
                    Err(StoreFault::Rejected) => break,
                    Err(_) if self.is_leaving() => return,
                    Err(StoreFault::Busy | StoreFault::Full | StoreFault::Unknown | StoreFault::Behind) => {
                        tokio::time::sleep(Duration::from_secs(1)).await;
                    }
                }
            }
        }
    }

    /// The segments of what a turn came to.
    fn rendered(&self, mo: &StoredMo, number: Msisdn, verdict: &Verdicted) -> Vec<NewMt> {
        let Some((view, language)) = &verdict.view else { return Vec::new() };
        let text = render_sms(view, *language, &self.needs.settings.zone).text;
        let (kind, now) = (verdict.kind, self.now());
        let not_after = now.plus_ms(ANSWER_VALIDITY.as_millis() as i64);
        let envelope =
            Envelope { smsc: &mo.smsc, source: &mo.destination, to: number, kind, class: Class::Answer, not_after };
        self.needs.segmenter.cut(&envelope, &text, now)
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
        let language = citizen.language.unwrap_or(self.needs.settings.default_language);
        let plain = |end, kind, view, citizen| Verdicted::plain(end, kind, Some((view, language)), citizen);
        if mo.deaths_alone >= DEATHS_ALONE_MAX || mo.attempts > TURN_TRIES_MAX {
            tracing::error!(mo.id = %mo.id, "an MO is given up with an apology");
            return plain(MoEnd::Dead, MtKind::Apology, View::Apology, citizen);
        }
        let rules = &self.needs.settings.rules;
        let open = open_dialogue(&citizen, now).is_open();
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
        talk.note_in(&mut citizen);
        keep_dialogue(&mut citizen, &talk.next, now);
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
        let deadline = self.needs.settings.timeout_sms;
        let asker = Asker { channel: Channel::Sms, number: Some(number), deadline, key: None };
        let mut windows = citizen.windows;
        let mut caller = Caller::Number { number, channel: Channel::Sms, windows: &mut windows };
        let dialogue = open_dialogue(citizen, self.now());
        let (input, cause, remembered) = (Input::Text(mo.text.clone()), Some(mo.id), citizen.language);
        let heard = Heard { dialogue, input, asker, cause, remembered, patience: None };
        let talk = self.needs.conversation.run(heard, &mut caller).await;
        if talk.set_stopped == Some(true) {
            self.needs.phones.stopped_by(number).await;
        }
        talk
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
        let now = self.now();
        let follow_up = match (verdict.follow_up, &mo.source) {
            (Some(change), Source::Person(number)) => {
                let language = verdict.citizen.language.unwrap_or(self.needs.settings.default_language);
                let asked = Asked { cause: mo.id, number: *number, smsc: &mo.smsc, source: &mo.destination, language };
                Some(asked.to_be_found_out(change, now))
            }
            _ => None,
        };
        let citizen = changed.map(|number| (number, verdict.citizen));
        self.needs.outbox.reserve_for(&mut mts);
        let finish = Finish { mo: mo.id, end, citizen, mts: mts.clone(), follow_up };
        let stored = self.needs.inbox.finish(finish, now).await;
        self.needs.outbox.hand_over(mo.id, mts, &stored, read_at).await;
        if stored.is_ok() {
            let result = match end {
                MoEnd::Answered => {
                    self.needs.board.count(Rate::Answers, 1, now);
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

//! The conversation itself: `dialogue::step` until it asks nothing more, with the portal called while no
//! transaction is open. Texts come here from their turn, visitors at a kiosk by [`Exchange::converse`].
use super::{
    Exchange,
    gate::{Caller, Free, Shut},
    limits::{self, LimitVerdict},
};
use crate::{
    dialogue::{Ctx, Dialogue, Effect, Input, View, step},
    ports::{
        citizens::{CitizenRecord, NumberWindows},
        portal::Asker,
    },
    types::{
        CauseId, Language, Msisdn, UnixMs,
        civic::{Answer, Change, PortalFault, Query},
        names::Channel,
    },
};
use std::time::Duration;

/// Questions that one turn may ask; the dialogue needs far fewer.
const QUERIES_MAX: usize = 8;
/// How long a dialogue stays open.
pub(super) const DIALOGUE_OPEN: Duration = Duration::from_secs(30 * 60);

/// What a conversation came to.
pub(super) struct Talk {
    pub(super) next: Dialogue,
    pub(super) view: Option<View>,
    pub(super) language: Language,
    pub(super) remember_language: Option<Language>,
    pub(super) set_stopped: Option<bool>,
    pub(super) windows: Option<NumberWindows>,
    /// Whether an open conversation went on.
    pub(super) advanced: bool,
    /// To be found out and told later.
    pub(super) follow_up: Option<Change>,
    /// The portal did not answer within the channel's patience; the conversation stands before the question.
    pub(super) late: bool,
    /// A limit of the caller's kept the answer back; where there must be one, it is that.
    pub(super) hushed: bool,
}

impl Talk {
    /// Nothing was said yet.
    fn begun(dialogue: Dialogue, language: Language) -> Self {
        Talk {
            next: dialogue,
            view: None,
            language,
            remember_language: None,
            set_stopped: None,
            windows: None,
            advanced: true,
            follow_up: None,
            late: false,
            hushed: false,
        }
    }
}

/// How long a channel waits that cannot wait: after that the question goes on elsewhere.
#[derive(Clone, Copy)]
pub(super) struct Patience {
    /// For each answer of the portal.
    pub(super) share: Duration,
    /// For all of them.
    pub(super) until: tokio::time::Instant,
}

/// One step of a visit at a kiosk: the dialogue is the caller's to keep.
pub struct Visit {
    /// The dialogue before the step; `None` at the start.
    pub dialogue: Option<Dialogue>,
    /// What the visitor did.
    pub input: Input,
    /// The language of the page.
    pub language: Language,
    /// The number, if the visitor proved one; never one that was only typed.
    pub number: Option<Msisdn>,
    /// The device at which the visitor stands.
    pub device: String,
    /// Names the intentions of this step, so that a page sent twice changes things once.
    pub cause: Option<CauseId>,
    /// How long the visitor waits.
    pub deadline: Duration,
}

impl Exchange {
    /// Answers a visitor now. What was begun is ended whether the visitor waits for it or not: a place at the gate is
    /// settled by the answer of the portal, not by who closes a page.
    pub async fn converse(&self, visit: Visit) -> (Dialogue, View) {
        let exchange = self.clone();
        let answered = self.core.tasks.spawn(async move { exchange.answer_visit(visit).await }).await;
        answered.unwrap_or_else(|_| (Dialogue::default(), View::Apology))
    }

    async fn answer_visit(&self, visit: Visit) -> (Dialogue, View) {
        let asker = Asker { channel: Channel::Kiosk, number: visit.number, deadline: visit.deadline, key: None };
        let dialogue = visit.dialogue.unwrap_or_default();
        let started = tokio::time::Instant::now();
        let mut caller = Caller::Device { device: &visit.device, proven: visit.number.is_some() };
        let talk = self.run(dialogue, visit.input, asker, visit.cause, Some(visit.language), &mut caller).await;
        metrics::histogram!("chrak_answer_seconds", "channel" => Channel::Kiosk.as_str())
            .record(started.elapsed().as_secs_f64());
        let unsaid = if talk.hushed { View::SlowDown } else { View::Menu };
        (talk.next, talk.view.unwrap_or(unsaid))
    }

    /// Asks the directory for a visitor: what concerns nobody needs no conversation. Writes nothing. Anything else is
    /// refused: it takes [`Exchange::ask_for`].
    pub async fn look_around(&self, query: &Query, deadline: Duration) -> Answer {
        let asker = Asker { channel: Channel::Kiosk, number: None, deadline, key: None };
        match Free::of(query) {
            Some(free) => self.ask_freely(free, asker).await,
            None => Answer::Topics(Err(PortalFault::Refused)),
        }
    }

    /// A question or change of a visitor at a kiosk that needs no conversation; `intent` names a change.
    ///
    /// # Errors
    /// When the gate does not open: the portal was not asked.
    pub async fn ask_for(
        &self,
        device: &str,
        number: Option<Msisdn>,
        query: &Query,
        intent: Option<uuid::Uuid>,
        deadline: Duration,
    ) -> Result<Answer, Shut> {
        let (exchange, device, query) = (self.clone(), device.to_owned(), query.clone());
        let asked = self.core.tasks.spawn(async move {
            let asker = Asker { channel: Channel::Kiosk, number, deadline, key: intent };
            let mut caller = Caller::Device { device: &device, proven: number.is_some() };
            let permit = exchange.enter(&query, &mut caller).await?;
            let told = exchange.ask_with(permit, asker, None, &mut caller).await;
            told.answer.ok_or(Shut::Busy)
        });
        asked.await.unwrap_or(Err(Shut::Busy))
    }

    /// A visitor's rating: told once, whatever is pressed again; `intent` names it.
    pub async fn rate(&self, device: &str, rating: u8, intent: uuid::Uuid, deadline: Duration) -> bool {
        let what = crate::types::civic::ChangeKind::Feedback { rating, text: None };
        let query = Query::Change(Change { what, attempt: 0 });
        let told = self.ask_for(device, None, &query, Some(intent), deadline).await;
        matches!(told, Ok(Answer::Filed(Ok(_))))
    }

    /// `cause`: what names the intentions of this turn, the same when it is taken up again.
    pub(super) async fn run(
        &self,
        dialogue: Dialogue,
        input: Input,
        asker: Asker,
        cause: Option<CauseId>,
        remembered: Option<Language>,
        caller: &mut Caller<'_>,
    ) -> Talk {
        self.run_within(dialogue, input, asker, cause, remembered, caller, None).await
    }

    /// As [`Exchange::run`]; with `patience` it may end without an answer of the portal.
    #[expect(clippy::too_many_arguments, reason = "all of them surround one turn, and each caller has them at hand")]
    pub(super) async fn run_within(
        &self,
        dialogue: Dialogue,
        input: Input,
        mut asker: Asker,
        cause: Option<CauseId>,
        remembered: Option<Language>,
        caller: &mut Caller<'_>,
        patience: Option<Patience>,
    ) -> Talk {
        let mut talk = Talk::begun(dialogue, remembered.unwrap_or(self.core.settings.default_language));
        let mut input = input;
        for _ in 0..QUERIES_MAX {
            let Some(query) = self.take_step(&mut talk, input, &asker, remembered, caller).await else { return talk };
            let permit = match self.enter(&query, caller).await {
                Ok(permit) => permit,
                Err(shut) => {
                    talk.view = shut.view(&query);
                    talk.hushed = true;
                    talk.next = Dialogue::default();
                    return talk;
                }
            };
            asker.key = match (&query, cause) {
                (Query::Change(change), Some(cause)) => Some(intention(cause, change)),
                // a kiosk's keys come from its form
                (Query::Change(_), None) => Some(super::random::unordered_id()),
                _ => None,
            };
            let until = patience.map(|patience| patience.until.min(tokio::time::Instant::now() + patience.share));
            let told = self.ask_with(permit, asker, until, caller).await;
            talk.hushed |= told.hushed;
            let Some(answer) = told.answer else {
                talk.late = true;
                return talk;
            };
            input = Input::Answer(answer);
        }
        talk
    }

    /// One step of the dialogue; what it asks. `None`: it asks nothing more.
    async fn take_step(
        &self,
        talk: &mut Talk,
        input: Input,
        asker: &Asker,
        remembered: Option<Language>,
        caller: &mut Caller<'_>,
    ) -> Option<Query> {
        let settings = &self.core.settings;
        let ctx = Ctx {
            channel: asker.channel,
            now: self.now(),
            language: talk.remember_language.or(remembered),
            default_language: settings.default_language,
            codes: &settings.codes,
            number_known: asker.number.is_some(),
            zone: &settings.zone,
            dice: u32::from_le_bytes(super::random::octets()),
        };
        let turn = step(&talk.next, input, &ctx);
        talk.next = turn.next;
        talk.advanced &= turn.advanced;
        talk.language = turn.language;
        talk.remember_language = turn.remember_language.or(talk.remember_language);
        let asked = self.carry_out(turn.effects, talk, caller).await;
        if asked.is_none() && talk.hushed {
            // one notice a day instead of what a wrong code is told
            let said = match caller {
                Caller::Number { windows, .. } => limits::over(windows, self.now()) == LimitVerdict::Withhold,
                Caller::Device { .. } => false,
            };
            talk.view = (!said).then_some(View::SlowDown);
            talk.next = Dialogue::default();
        }
        asked
    }

    /// Does what a step decided; returns what it asks.
    async fn carry_out(&self, effects: Vec<Effect>, talk: &mut Talk, caller: &Caller<'_>) -> Option<Query> {
        let mut query = None;
        for effect in effects {
            match effect {
                Effect::Show(view) => talk.view = Some(view),
                Effect::Ask(asked) => query = Some(asked),
                Effect::Close => {}
                Effect::SetStopped(stopped) => talk.set_stopped = Some(stopped),
                Effect::FollowUp(change) => talk.follow_up = Some(change),
                Effect::LookupFailed(reason) => {
                    metrics::counter!("chrak_lookup_failures_total", "reason" => reason.as_str()).increment(1);
                }
                Effect::DigitsWrong => {
                    if let Caller::Number { number, .. } = caller
                        && !self.digits_wrong(*number).await
                    {
                        self.core.health.failed();
                    }
                }
            }
        }
        query
    }

    /// The open dialogue of a number, if it is still open and can be read.
    pub(super) fn open_dialogue(&self, citizen: &CitizenRecord) -> Dialogue {
        match &citizen.dialogue {
            Some(kept) if self.now() < citizen.dialogue_until => Dialogue::from_bytes(kept),
            _ => Dialogue::default(),
        }
    }

    pub(super) fn keep_dialogue(&self, citizen: &mut CitizenRecord, talk: &Talk, now: UnixMs) {
        if talk.next == Dialogue::default() {
            citizen.dialogue = None;
            citizen.dialogue_until = UnixMs(0);
        } else {
            citizen.dialogue = Some(talk.next.to_bytes());
            citizen.dialogue_until = now.plus_ms(DIALOGUE_OPEN.as_millis() as i64);
        }
        citizen.in_dialogue = talk.next.is_open();
    }
}

/// The Idempotency-Key of a change: of the message that asked for it and of what it asks for, so that a turn
/// that is taken up after a crash makes the same call. A UUID of version 8 (RFC 9562 §5.8).
pub(super) fn intention(cause: CauseId, change: &Change) -> uuid::Uuid {
    let mut digest = ring::digest::Context::new(&ring::digest::SHA256);
    digest.update(cause.0.as_bytes());
    digest.update(&serde_json::to_vec(change).expect("a change is plain strings and numbers"));
    let mut octets = [0; 16];
    octets.copy_from_slice(&digest.finish().as_ref()[..16]);
    uuid::Builder::from_custom_bytes(octets).into_uuid()
}

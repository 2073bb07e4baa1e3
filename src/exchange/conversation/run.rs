//! `dialogue::step` until it asks nothing more, with the portal called through its gate while no transaction is open.
//! It must not know a channel's words.
use super::{
    Conversation,
    gate::Caller,
    limits::{self, LimitVerdict},
    talk::{Patience, Talk, intention},
};
use crate::{
    dialogue::{Ctx, Dialogue, Effect, Input, View, step},
    ports::{portal::Asker, random},
    types::{CauseId, Language, civic::Query},
};

/// Questions that one turn may ask; the dialogue needs far fewer.
const QUERIES_MAX: usize = 8;

/// What somebody said, and where in a conversation.
pub struct Heard {
    /// Before the step.
    pub dialogue: Dialogue,
    /// What was said.
    pub input: Input,
    /// Who asks the portal.
    pub asker: Asker,
    /// What names the intentions of this turn, the same when it is taken up again.
    pub cause: Option<CauseId>,
    /// The language that is known of them.
    pub remembered: Option<Language>,
    /// With it the turn may end without an answer of the portal.
    pub patience: Option<Patience>,
}

impl Conversation {
    /// What a conversation comes to.
    pub(in crate::exchange) async fn run(&self, heard: Heard, caller: &mut Caller<'_>) -> Talk {
        let mut talk = self.go_on(heard, caller).await;
        if let Caller::Number { windows, .. } = caller {
            talk.windows = Some(**windows);
        }
        talk
    }

    async fn go_on(&self, heard: Heard, caller: &mut Caller<'_>) -> Talk {
        let Heard { dialogue, input, mut asker, cause, remembered, patience } = heard;
        let mut talk = Talk::begun(dialogue, remembered.unwrap_or(self.core.settings.default_language));
        let mut input = input;
        for _ in 0..QUERIES_MAX {
            let Some(query) = self.take_step(&mut talk, input, &asker, remembered, caller).await else { return talk };
            let permit = match self.core.gate.enter(&query, caller).await {
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
                (Query::Change(_), None) => Some(random::unordered_id()),
                _ => None,
            };
            let until = patience.map(|patience| patience.until.min(tokio::time::Instant::now() + patience.share));
            let told = self.core.gate.ask_with(permit, asker, until, caller).await;
            talk.hushed |= told.hushed;
            let Some(answer) = told.answer else {
                talk.late = true;
                return talk;
            };
            input = Input::Answer(self.kept_when_away(&query, &asker, answer).await);
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
            now: self.core.clock.now(),
            language: talk.remember_language.or(remembered),
            default_language: settings.default_language,
            codes: &settings.codes,
            abilities: self.core.gate.abilities(),
            number_known: asker.number.is_some(),
            zone: &settings.zone,
            dice: u32::from_le_bytes(random::octets()),
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
                Caller::Number { windows, .. } => {
                    limits::over(windows, self.core.clock.now()) == LimitVerdict::Withhold
                }
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
                    if let Caller::Number { number, .. } = caller {
                        self.core.gate.digits_wrong(*number).await;
                    }
                }
            }
        }
        query
    }
}

//! The conversation itself: `dialogue::step` until it asks nothing more, with the portal called while no
//! transaction is open. Texts come here from their turn, visitors at a kiosk by [`Exchange::converse`].
use super::{Exchange, limits::Verdict};
use crate::{
    dialogue::{Ctx, Dialogue, Effect, Input, View, step},
    ports::{
        citizens::{CitizenRecord, Tallies},
        portal::Asker,
    },
    types::{
        Language, MoId, Msisdn, RegistrationCode, UnixMs,
        civic::{Answer, Change, Query},
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
    pub(super) failed_look_up: bool,
    /// Places in the budget of all numbers that were not given back.
    pub(super) failures: u32,
    pub(super) tallies: Option<Tallies>,
    /// Whether an open conversation went on.
    pub(super) advanced: bool,
    /// To be found out and told later.
    pub(super) follow_up: Option<Change>,
    /// The portal did not answer within the channel's patience; the conversation stands before the question.
    pub(super) late: bool,
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
            failed_look_up: false,
            failures: 0,
            tallies: None,
            advanced: true,
            follow_up: None,
            late: false,
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
    pub cause: Option<MoId>,
    /// How long the visitor waits.
    pub deadline: Duration,
}

impl Exchange {
    /// Answers a visitor now. Writes nothing unless a look-up told nothing.
    pub async fn converse(&self, visit: Visit) -> (Dialogue, View) {
        let asker = Asker { channel: Channel::Kiosk, number: visit.number, deadline: visit.deadline, key: None };
        let dialogue = visit.dialogue.unwrap_or_default();
        let started = tokio::time::Instant::now();
        let may = if self.kiosk_may_look_up(&visit.device).await { Verdict::Yes } else { Verdict::Notice };
        let talk = self.run(dialogue, visit.input, asker, visit.cause, Some(visit.language), may).await;
        if talk.failed_look_up {
            self.kiosk_look_up_failed(&visit.device).await;
        }
        self.keep_failures(talk.failures).await;
        metrics::histogram!("chrak_answer_seconds", "channel" => Channel::Kiosk.as_str())
            .record(started.elapsed().as_secs_f64());
        (talk.next, talk.view.unwrap_or(View::Menu))
    }

    /// Asks the directory for a visitor: what concerns nobody needs no conversation. Writes nothing.
    pub async fn look_around(&self, query: &Query, deadline: Duration) -> Answer {
        let asker = Asker { channel: Channel::Kiosk, number: None, deadline, key: None };
        self.core.portal.ask(query, asker).await
    }

    /// A question or change of a visitor at a kiosk that needs no conversation; `intent` names a change.
    pub async fn ask_for(
        &self,
        number: Option<Msisdn>,
        query: &Query,
        intent: Option<uuid::Uuid>,
        deadline: Duration,
    ) -> Answer {
        self.core.portal.ask(query, Asker { channel: Channel::Kiosk, number, deadline, key: intent }).await
    }

    /// A visitor's rating: told once, whatever is pressed again; `intent` names it.
    pub async fn rate(&self, rating: u8, intent: uuid::Uuid, deadline: Duration) -> bool {
        let asker = Asker { channel: Channel::Kiosk, number: None, deadline, key: Some(intent) };
        let what = crate::types::civic::ChangeKind::Feedback { rating, text: None };
        let query = Query::Change(Change { what, attempt: 0 });
        matches!(self.core.portal.ask(&query, asker).await, Answer::Filed(Ok(_)))
    }

    /// `cause`: what names the intentions of this turn, the same when it is taken up again.
    pub(super) async fn run(
        &self,
        dialogue: Dialogue,
        input: Input,
        asker: Asker,
        cause: Option<MoId>,
        remembered: Option<Language>,
        look_ups: Verdict,
    ) -> Talk {
        self.run_within(dialogue, input, asker, cause, remembered, look_ups, None).await
    }

    /// As [`Exchange::run`]; with `patience` it may end without an answer of the portal.
    #[expect(clippy::too_many_arguments, reason = "all of them surround one turn, and each caller has them at hand")]
    pub(super) async fn run_within(
        &self,
        dialogue: Dialogue,
        input: Input,
        mut asker: Asker,
        cause: Option<MoId>,
        remembered: Option<Language>,
        look_ups: Verdict,
        patience: Option<Patience>,
    ) -> Talk {
        let settings = &self.core.settings;
        let mut talk = Talk::begun(dialogue, remembered.unwrap_or(settings.default_language));
        let mut place = false;
        let mut input = input;
        for _ in 0..QUERIES_MAX {
            let ctx = Ctx {
                channel: asker.channel,
                now: self.now(),
                language: talk.remember_language.or(remembered),
                default_language: settings.default_language,
                codes: &settings.codes,
                number_known: asker.number.is_some(),
                zone: &settings.zone,
                dice: u32::from_le_bytes(super::random()),
            };
            let turn = step(&talk.next, input, &ctx);
            talk.next = turn.next;
            talk.advanced &= turn.advanced;
            talk.language = turn.language;
            talk.remember_language = turn.remember_language.or(talk.remember_language);
            let asked = self.carry_out(turn.effects, &mut talk, &mut place);
            if std::mem::take(&mut place) {
                self.give_place_back();
            }
            let Some(query) = asked else { return talk };
            if let Query::Application { code, pin } = &query {
                place = self.take_place();
                let refused = refused(look_ups, place || pin.is_some(), code);
                if let Some(view) = refused {
                    if place {
                        self.give_place_back();
                    }
                    talk.view = view;
                    talk.next = Dialogue::default();
                    return talk;
                }
            }
            asker.key = match (&query, cause) {
                (Query::Change(change), Some(cause)) => Some(intention(cause, change)),
                // a kiosk's keys come from its form
                (Query::Change(_), None) => Some(uuid::Builder::from_random_bytes(super::random()).into_uuid()),
                _ => None,
            };
            match self.ask_within(&query, asker, patience).await {
                Some(answer) => input = Input::Answer(answer),
                None => {
                    if place {
                        self.give_place_back();
                    }
                    talk.late = true;
                    return talk;
                }
            }
        }
        talk
    }

    /// `None`: the portal did not answer in time. What it may have carried out is found again by its key.
    async fn ask_within(&self, query: &Query, asker: Asker, patience: Option<Patience>) -> Option<Answer> {
        let asked = self.core.portal.ask(query, asker);
        let Some(patience) = patience else { return Some(asked.await) };
        let until = patience.until.min(tokio::time::Instant::now() + patience.share);
        tokio::time::timeout_at(until, asked).await.ok()
    }

    /// Does what a step decided; returns what it asks. `place`: one in the budget of look-ups is taken.
    fn carry_out(&self, effects: Vec<Effect>, talk: &mut Talk, place: &mut bool) -> Option<Query> {
        let mut query = None;
        for effect in effects {
            match effect {
                Effect::Show(view) => talk.view = Some(view),
                Effect::Ask(asked) => query = Some(asked),
                Effect::Close => {}
                Effect::SetStopped(stopped) => talk.set_stopped = Some(stopped),
                Effect::FollowUp(change) => talk.follow_up = Some(change),
                Effect::LookupFailed(reason) => {
                    let guess = reason.may_be_guess();
                    talk.failed_look_up |= guess;
                    if guess && std::mem::take(place) {
                        talk.failures += 1;
                    }
                    metrics::counter!("chrak_lookup_failures_total", "reason" => reason.as_str()).increment(1);
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

/// What is said instead of a look-up: nothing at all when that was said; `None` when it may be made.
fn refused(look_ups: Verdict, may_all: bool, code: &RegistrationCode) -> Option<Option<View>> {
    match look_ups {
        Verdict::Notice => Some(Some(View::SlowDown)),
        Verdict::Withhold => Some(None),
        Verdict::Yes if !may_all => Some(Some(View::AddPin { code: code.clone() })),
        Verdict::Yes => None,
    }
}

/// The Idempotency-Key of a change: of the message that asked for it and of what it asks for, so that a turn
/// that is taken up after a crash makes the same call. A UUID of version 8 (RFC 9562 §5.8).
pub(super) fn intention(cause: MoId, change: &Change) -> uuid::Uuid {
    let mut digest = ring::digest::Context::new(&ring::digest::SHA256);
    digest.update(cause.0.as_bytes());
    digest.update(&serde_json::to_vec(change).expect("a change is plain strings and numbers"));
    let mut octets = [0; 16];
    octets.copy_from_slice(&digest.finish().as_ref()[..16]);
    uuid::Builder::from_custom_bytes(octets).into_uuid()
}

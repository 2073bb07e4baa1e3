//! What a step of a session comes to: a page of the last view, or the same dialogue as a text's. Writes nothing.
use super::{
    MARGIN, Ussd,
    input::{Screen, UssdCall},
    state::{Around, StepOutcome, UssdState},
};
use crate::{
    dialogue::{Choice, Dialogue, Input, View},
    exchange::{
        conversation::{
            Heard,
            gate::Caller,
            limits::{self, LimitVerdict},
            talk::{Patience, Talk, set_dialogue},
        },
        outbox::Envelope,
        texts::dedupe,
    },
    ports::{
        citizens::CitizenRecord,
        inbox::{DedupeKey, DedupeKind, Intake, NewMo, Source},
        outbox::{Class, MtKind},
        portal::Asker,
        random::new_id,
    },
    render::{
        render_sms, render_ussd,
        ussd::{self as screens, Note},
    },
    types::{CauseId, Language, limits::ANSWER_VALIDITY, names::Channel},
};

/// Wrong inputs in a row that are explained; after one more the subscriber is brought home.
const WRONG_MAX: u8 = 3;

/// What was said, and what to say before it.
struct Next {
    talk: Talk,
    note: Option<Note>,
}

impl Ussd {
    pub(super) async fn open_session(&self, around: Around<'_>, steps: &[String], note: Option<Note>) -> StepOutcome {
        let menu = self.converse_ussd(&around, Dialogue::default(), Input::Start).await;
        let mut state = UssdState { names: around.names.clone(), ..UssdState::default() };
        state.set_dialogue(&menu.next);
        let mut next = Next { talk: menu, note };
        for (at, step) in steps.iter().enumerate() {
            // what changes something must have been seen first
            let seen = matches!(
                next.talk.view,
                Some(View::ConfirmBooking { .. } | View::ConfirmMove { .. } | View::ConfirmCancel { .. })
            );
            if seen || !next.talk.advanced {
                break;
            }
            // a code and its PIN are one input
            let whole = matches!(next.talk.view, Some(View::EnterCode));
            let text = if whole { steps[at..].join(" ") } else { step.clone() };
            let before = next.talk.next.clone();
            let talk = self.converse_ussd(&around, before.clone(), Input::Text(text.clone())).await;
            if talk.late {
                return self.hand_over_to_sms(around, &before, &text);
            }
            next = Next { talk, note: None };
            if whole {
                break;
            }
        }
        self.shown(around, state, next)
    }

    pub(super) async fn go_on(&self, around: Around<'_>, mut state: UssdState, text: &str) -> StepOutcome {
        let text = text.trim();
        state.names = state.names.after(around.call);
        let turned = match text {
            "0" if state.page > 0 => Some(state.page - 1),
            "9" if state.page + 1 < state.pages.len() => Some(state.page + 1),
            _ => None,
        };
        if let Some(page) = turned {
            state.page = page;
            state.wrong = 0;
            return self.same_view(around, state);
        }
        if let Some(answer) = state.text.take_if(|_| text == "8") {
            return self.as_text(around, state, &answer);
        }
        let input = match text {
            "0" => Input::Choice(Choice::Back),
            _ if !text.is_empty() && text.bytes().all(|byte| byte == b'0') => Input::Choice(Choice::Home),
            _ => Input::Text(text.replace(['*', '#'], " ").trim().to_owned()),
        };
        let before = state.dialogue();
        let typed = matches!(input, Input::Text(_));
        let mut talk = self.converse_ussd(&around, before.clone(), input).await;
        if talk.late && typed {
            return self.hand_over_to_sms(around, &before, &text.replace(['*', '#'], " "));
        }
        if talk.late {
            talk = self.converse_ussd(&around, Dialogue::default(), Input::Start).await;
        }
        state.wrong = if talk.advanced { 0 } else { state.wrong.saturating_add(1) };
        if state.wrong > WRONG_MAX {
            state.wrong = 0;
            talk = self.converse_ussd(&around, Dialogue::default(), Input::Start).await;
        }
        self.shown(around, state, Next { talk, note: None })
    }

    /// A step of the dialogue, with the number's limits.
    async fn converse_ussd(&self, around: &Around<'_>, dialogue: Dialogue, input: Input) -> Talk {
        let call = around.call;
        let share = self.needs.settings.timeout_ussd;
        let asker =
            Asker { channel: Channel::Ussd, number: Some(call.number), deadline: share + MARGIN / 2, key: None };
        let mut windows = around.citizen.windows;
        let mut caller = Caller::Number { number: call.number, channel: Channel::Ussd, windows: &mut windows };
        let until = call.read_at + call.deadline.saturating_sub(MARGIN);
        let heard = Heard {
            dialogue,
            input,
            asker,
            cause: Some(around.cause),
            remembered: Some(self.screen_language(call, &around.citizen)),
            patience: Some(Patience { share, until }),
        };
        let talk = self.needs.conversation.run(heard, &mut caller).await;
        if talk.set_stopped == Some(true) {
            self.needs.phones.stopped_by(call.number).await;
        }
        talk
    }

    fn screen_language(&self, call: &UssdCall, citizen: &CitizenRecord) -> Language {
        let language = citizen.language.unwrap_or(self.needs.settings.default_language);
        screens::screen_language(language, citizen.language == Some(Language::Km), call.size)
    }

    /// From what was said to the screens of it.
    fn shown(&self, around: Around<'_>, mut state: UssdState, next: Next) -> StepOutcome {
        let Next { talk, note } = next;
        let (call, cause, mut citizen) = (around.call, around.cause, around.citizen.clone());
        let rules = &self.needs.settings.rules;
        if limits::step(&mut citizen.windows, rules, self.now()) != LimitVerdict::Yes {
            return self.ended(call, cause, citizen, &View::SlowDown);
        }
        talk.note_in(&mut citizen);
        let asked = citizen.language == Some(Language::Km);
        let language = screens::screen_language(talk.language, asked || talk.language != Language::Km, call.size);
        // a screen is always shown
        let unsaid = if talk.hushed { View::SlowDown } else { View::Menu };
        let view = talk.view.unwrap_or(unsaid);
        let explained = matches!(view, View::Choose { again: Some(_), .. });
        let note = note.or((!talk.advanced && !explained).then_some(Note::NotUnderstood));
        let text = render_ussd(&view, note, language, &self.needs.settings.zone, call.size);
        state.set_dialogue(&talk.next);
        state.text = text.as_text.then(|| {
            let language = citizen.language.unwrap_or(self.needs.settings.default_language);
            render_sms(&view, language, &self.needs.settings.zone).text
        });
        state.pages = text.pages;
        state.page = 0;
        let screen = Screen { text: state.pages.first().cloned().unwrap_or_default(), end: text.end };
        let state = (!text.end).then_some(state);
        StepOutcome { state, follow_up: talk.follow_up, ..StepOutcome::last(cause, screen, citizen) }
    }

    fn same_view(&self, around: Around<'_>, state: UssdState) -> StepOutcome {
        let (call, cause, mut citizen) = (around.call, around.cause, around.citizen);
        if limits::step(&mut citizen.windows, &self.needs.settings.rules, self.now()) != LimitVerdict::Yes {
            return self.ended(call, cause, citizen, &View::SlowDown);
        }
        match state.screen() {
            Some(screen) => StepOutcome::open(cause, state, screen, citizen),
            None => self.ended(call, cause, citizen, &View::AskAgain),
        }
    }

    /// The last answer as a text, in the commit of this step.
    fn as_text(&self, around: Around<'_>, mut state: UssdState, answer: &str) -> StepOutcome {
        let (call, cause, now) = (around.call, around.cause, self.now());
        let mut citizen = around.citizen;
        if limits::reply(&mut citizen.windows, &self.needs.settings.rules, now) != LimitVerdict::Yes {
            return self.ended(call, cause, citizen, &View::SlowDown);
        }
        let not_after = now.plus_ms(ANSWER_VALIDITY.as_millis() as i64);
        let envelope = Envelope {
            smsc: &call.smsc,
            source: &call.short_code,
            to: call.number,
            kind: MtKind::Answer,
            class: Class::Answer,
            not_after,
        };
        let mts = self.needs.segmenter.cut(&envelope, answer, now);
        let language = self.screen_language(call, &citizen);
        let sent = screens::sent(language, call.size);
        state.pages = sent.pages;
        state.page = 0;
        let screen = Screen { text: state.pages.first().cloned().unwrap_or_default(), end: false };
        StepOutcome { mts, ..StepOutcome::open(cause, state, screen, citizen) }
    }

    /// The question goes on as a text: the same dialogue, the same input, and the same name of what it changes.
    fn hand_over_to_sms(&self, around: Around<'_>, before: &Dialogue, text: &str) -> StepOutcome {
        let (call, cause, now) = (around.call, around.cause, self.now());
        let mut citizen = around.citizen;
        let language = self.screen_language(call, &citizen);
        if limits::reply(&mut citizen.windows, &self.needs.settings.rules, now) != LimitVerdict::Yes {
            return self.ended(call, cause, citizen, &View::SlowDown);
        }
        set_dialogue(&mut citizen, before, now);
        let late = NewMo {
            id: cause,
            smsc: call.smsc.clone(),
            family: call.family.clone(),
            session: call.connection,
            source: Source::Person(call.number),
            destination: call.short_code.clone(),
            text: text.to_owned(),
            raw: text.as_bytes().to_vec(),
            data_coding: 0,
            esm_class: 0,
            dedupe: DedupeKey { kind: DedupeKind::Strong, digest: dedupe::digest(cause.0.as_bytes()) },
            insist: true,
            given_back: Vec::new(),
            intake: Intake::Waiting,
            received_at: now,
        };
        let screen = Screen { text: screens::late(language), end: true };
        StepOutcome { late: Some(late), ..StepOutcome::last(cause, screen, citizen) }
    }

    fn ended(&self, call: &UssdCall, cause: CauseId, citizen: CitizenRecord, view: &View) -> StepOutcome {
        let language = self.screen_language(call, &citizen);
        let text = render_ussd(view, None, language, &self.needs.settings.zone, call.size);
        let screen = Screen { text: text.pages.into_iter().next().unwrap_or_default(), end: true };
        StepOutcome::last(cause, screen, citizen)
    }

    pub(super) fn sorry(&self, call: &UssdCall, citizen: &CitizenRecord) -> Screen {
        self.ended(call, CauseId(new_id(self.now())), citizen.clone(), &View::AskAgain).screen
    }
}

//! USSD: one screen for each input, now. The session is kept in the store, so that a restarted server goes on in
//! the middle of one; what the portal does not answer in time becomes an MO of the SMS channel in the commit
//! that ends the session. Knows no PDU: the link says what an input is and sends the screen.
use super::{
    Exchange,
    converse::{Patience, Talk},
    dedupe,
    gate::Caller,
    limits::{self, LimitVerdict},
    new_id,
    segmenter::Envelope,
    sequencer::{Lane, LaneEntry},
    ussd_input::{Screen, UssdCall, UssdSignal},
    whose::Names,
};
use crate::{
    dialogue::{Choice, Dialogue, Input, View},
    ports::{
        StoreFault,
        citizens::CitizenRecord,
        inbox::{DedupeKey, DedupeKind, Intake, NewMo, Source, StoredMo},
        outbox::{MtKind, NewMt},
        portal::Asker,
        status::Rate,
        ussd::{UssdSession, UssdStep},
    },
    render::{
        render_sms, render_ussd,
        ussd::{self as screens, Note},
    },
    types::{
        CauseId, Language, UnixMs,
        limits::{ANSWER_VALIDITY, USSD_AGAIN, USSD_OPEN, USSD_WAITING_MAX},
        names::Channel,
    },
};
use std::time::Duration;

/// Wrong inputs in a row that are explained; after one more the subscriber is brought home.
const WRONG_MAX: u8 = 3;
/// Of the gateway's timer, kept for the commit and the way back.
const MARGIN: Duration = Duration::from_millis(400);

/// What is kept of a session.
#[derive(Clone, Default, serde::Serialize, serde::Deserialize)]
struct UssdState {
    /// How its inputs are known.
    #[serde(default)]
    names: Names,
    /// As the dialogue writes itself.
    dialogue: String,
    /// The screens of the last view.
    pages: Vec<String>,
    page: usize,
    /// What 8 sends as a text.
    text: Option<String>,
    /// Wrong inputs in a row.
    wrong: u8,
    /// Inputs so far.
    step: u32,
    /// Digest of the last input.
    last: Vec<u8>,
    last_at: UnixMs,
}

impl UssdState {
    fn read(session: &UssdSession) -> Option<Self> {
        let lost = |fault: &serde_json::Error| {
            tracing::error!(kind = ?fault.classify(), "a stored USSD session cannot be read; it begins anew");
        };
        serde_json::from_slice(&session.state).inspect_err(lost).ok()
    }

    fn dialogue(&self) -> Dialogue {
        Dialogue::from_bytes(self.dialogue.as_bytes())
    }

    fn set_dialogue(&mut self, dialogue: &Dialogue) {
        self.dialogue = String::from_utf8(dialogue.to_bytes()).expect("JSON is UTF-8");
    }

    fn screen(&self) -> Option<Screen> {
        self.pages.get(self.page).map(|text| Screen { text: text.clone(), end: false })
    }
}

/// What a step came to, before anything is written.
struct StepOutcome {
    /// Names the step and what it changes.
    cause: CauseId,
    state: Option<UssdState>,
    screen: Screen,
    citizen: CitizenRecord,
    mts: Vec<NewMt>,
    late: Option<NewMo>,
    follow_up: Option<crate::types::civic::Change>,
}

impl StepOutcome {
    fn last(cause: CauseId, screen: Screen, citizen: CitizenRecord) -> Self {
        StepOutcome { cause, state: None, screen, citizen, mts: Vec::new(), late: None, follow_up: None }
    }
}

/// What surrounds a step.
struct Around<'a> {
    call: &'a UssdCall,
    cause: CauseId,
    citizen: CitizenRecord,
    /// Of the session, should it open with this input.
    names: Names,
}

impl Exchange {
    /// Answers an input; `None` when there is nothing to show: the subscriber is gone, or too late, or a
    /// gateway says what belongs to no session.
    pub async fn ussd(&self, call: UssdCall) -> Option<Screen> {
        if self.core.ussd_lanes.depth(call.number) > USSD_WAITING_MAX {
            return None;
        }
        // one input of a number at a time, in the order in which they came
        let _lane: Lane = match self.core.ussd_lanes.enter(call.number) {
            LaneEntry::Head(lane) => lane,
            LaneEntry::Behind(behind) => behind.reach_head().await,
        };
        if call.read_at.elapsed() + MARGIN > call.deadline {
            return None;
        }
        if call.signal == UssdSignal::Confirmed {
            self.notice_confirmed(call.number);
            return None;
        }
        self.core.board.count(Rate::MoIn, 1, self.now());
        let read = self.core.store.ussd(call.family.clone(), call.number).await;
        let Ok((stored, citizen)) = read else {
            self.core.health.failed();
            return Some(self.sorry(&call, &CitizenRecord::default()));
        };
        let now = self.now();
        let version = stored.as_ref().map_or(0, |session| session.version);
        let known = stored.filter(|session| now < session.until);
        let open = known.as_ref().and_then(UssdState::read);
        let names = Names::opened(&call, open.as_ref().map(|state| &state.names));
        let state = open.filter(|state| state.names.is_of(&call));
        let fingerprint = fingerprint(&call.signal);
        if let (Some(session), Some(state)) = (&known, &state)
            && self.is_again(&call, session, state, &fingerprint)
        {
            return state.screen();
        }
        let around = Around { call: &call, cause: CauseId(new_id(now)), citizen: citizen.clone(), names };
        let step = match (&call.signal, state) {
            (UssdSignal::Abort, None) => return None,
            (UssdSignal::Abort, Some(_)) => {
                self.end_session(&call, version).await;
                return None;
            }
            (UssdSignal::Start(steps), _) => self.open_session(around, steps, None).await,
            (UssdSignal::Next(text) | UssdSignal::Unknown(text), Some(state)) => self.go_on(around, state, text).await,
            (UssdSignal::Unknown(text), None) if text.is_empty() => return None,
            (UssdSignal::Next(_) | UssdSignal::Unknown(_), None) => {
                // who answers a notice that asked for it begins anew and has lost nothing
                let note = (!self.notice_confirmed(call.number)).then_some(Note::Lost);
                self.open_session(around, &[], note).await
            }
            (UssdSignal::Confirmed, _) => return None,
        };
        self.keep(call, step, citizen, version, fingerprint).await
    }

    /// Whether an input is the one before, sent again: a start that nobody has answered yet, or one that came
    /// over a connection which has died.
    fn is_again(&self, call: &UssdCall, session: &UssdSession, state: &UssdState, fingerprint: &[u8]) -> bool {
        // a gateway that counts gives another input another name
        let same = state.last == fingerprint
            && state.names.is_last(&call.name)
            && self.now().since_ms(state.last_at) < USSD_AGAIN.as_millis() as i64;
        let first = matches!(call.signal, UssdSignal::Start(_)) && state.step == 1;
        same && (first || session.connection != call.connection && !self.is_alive(session.connection))
    }

    async fn open_session(&self, around: Around<'_>, steps: &[String], note: Option<Note>) -> StepOutcome {
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

    async fn go_on(&self, around: Around<'_>, mut state: UssdState, text: &str) -> StepOutcome {
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
        let share = self.core.settings.timeout_ussd;
        let asker =
            Asker { channel: Channel::Ussd, number: Some(call.number), deadline: share + MARGIN / 2, key: None };
        let mut windows = around.citizen.windows;
        let mut caller = Caller::Number { number: call.number, channel: Channel::Ussd, windows: &mut windows };
        let until = call.read_at + call.deadline.saturating_sub(MARGIN);
        let patience = Patience { share, until };
        let language = Some(self.screen_language(call, &around.citizen));
        let mut talk =
            self.run_within(dialogue, input, asker, Some(around.cause), language, &mut caller, Some(patience)).await;
        talk.windows = Some(windows);
        if talk.set_stopped == Some(true) {
            self.stopped_by(call.number).await;
        }
        talk
    }

    fn screen_language(&self, call: &UssdCall, citizen: &CitizenRecord) -> Language {
        let language = citizen.language.unwrap_or(self.core.settings.default_language);
        screens::screen_language(language, citizen.language == Some(Language::Km), call.size)
    }

    /// From what was said to the screens of it.
    fn shown(&self, around: Around<'_>, mut state: UssdState, next: Next) -> StepOutcome {
        let Next { talk, note } = next;
        let (call, cause, mut citizen) = (around.call, around.cause, around.citizen.clone());
        let rules = &self.core.settings.rules;
        if limits::step(&mut citizen.windows, rules, self.now()) != LimitVerdict::Yes {
            return self.ended(call, cause, citizen, &View::SlowDown);
        }
        self.remember_talk(&mut citizen, &talk);
        let asked = citizen.language == Some(Language::Km);
        let language = screens::screen_language(talk.language, asked || talk.language != Language::Km, call.size);
        // a screen is always shown
        let unsaid = if talk.hushed { View::SlowDown } else { View::Menu };
        let view = talk.view.unwrap_or(unsaid);
        let explained = matches!(view, View::Choose { again: Some(_), .. });
        let note = note.or((!talk.advanced && !explained).then_some(Note::NotUnderstood));
        let text = render_ussd(&view, note, language, &self.core.settings.zone, call.size);
        state.set_dialogue(&talk.next);
        state.text = text.as_text.then(|| {
            let language = citizen.language.unwrap_or(self.core.settings.default_language);
            render_sms(&view, language, &self.core.settings.zone).text
        });
        state.pages = text.pages;
        state.page = 0;
        state.step += 1;
        let screen = Screen { text: state.pages.first().cloned().unwrap_or_default(), end: text.end };
        let follow_up = talk.follow_up;
        let state = (!text.end).then_some(state);
        StepOutcome { cause, state, screen, citizen, mts: Vec::new(), late: None, follow_up }
    }

    fn same_view(&self, around: Around<'_>, mut state: UssdState) -> StepOutcome {
        let (call, cause, mut citizen) = (around.call, around.cause, around.citizen);
        if limits::step(&mut citizen.windows, &self.core.settings.rules, self.now()) != LimitVerdict::Yes {
            return self.ended(call, cause, citizen, &View::SlowDown);
        }
        state.step += 1;
        match state.screen() {
            Some(screen) => {
                let state = Some(state);
                StepOutcome { cause, state, screen, citizen, mts: Vec::new(), late: None, follow_up: None }
            }
            None => self.ended(call, cause, citizen, &View::AskAgain),
        }
    }

    /// The last answer as a text, in the commit of this step.
    fn as_text(&self, around: Around<'_>, mut state: UssdState, answer: &str) -> StepOutcome {
        let (call, cause, now) = (around.call, around.cause, self.now());
        let mut citizen = around.citizen;
        if limits::reply(&mut citizen.windows, &self.core.settings.rules, now) != LimitVerdict::Yes {
            return self.ended(call, cause, citizen, &View::SlowDown);
        }
        let not_after = now.plus_ms(ANSWER_VALIDITY.as_millis() as i64);
        let envelope =
            Envelope { smsc: &call.smsc, source: &call.short_code, to: call.number, kind: MtKind::Answer, not_after };
        let mts = self.cut(&envelope, answer, now);
        let language = self.screen_language(call, &citizen);
        let sent = screens::sent(language, call.size);
        state.pages = sent.pages;
        state.page = 0;
        state.step += 1;
        let screen = Screen { text: state.pages.first().cloned().unwrap_or_default(), end: false };
        StepOutcome { cause, state: Some(state), screen, citizen, mts, late: None, follow_up: None }
    }

    /// The question goes on as a text: the same dialogue, the same input, and the same name of what it changes.
    fn hand_over_to_sms(&self, around: Around<'_>, before: &Dialogue, text: &str) -> StepOutcome {
        let (call, cause, now) = (around.call, around.cause, self.now());
        let mut citizen = around.citizen;
        let language = self.screen_language(call, &citizen);
        if limits::reply(&mut citizen.windows, &self.core.settings.rules, now) != LimitVerdict::Yes {
            return self.ended(call, cause, citizen, &View::SlowDown);
        }
        citizen.dialogue = Some(before.to_bytes());
        citizen.dialogue_until = now.plus_ms(super::converse::DIALOGUE_OPEN.as_millis() as i64);
        citizen.in_dialogue = before.is_open();
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
            intake: Intake::Waiting,
            received_at: now,
        };
        let screen = Screen { text: screens::late(language), end: true };
        StepOutcome { late: Some(late), ..StepOutcome::last(cause, screen, citizen) }
    }

    fn ended(&self, call: &UssdCall, cause: CauseId, citizen: CitizenRecord, view: &View) -> StepOutcome {
        let language = self.screen_language(call, &citizen);
        let text = render_ussd(view, None, language, &self.core.settings.zone, call.size);
        let screen = Screen { text: text.pages.into_iter().next().unwrap_or_default(), end: true };
        StepOutcome::last(cause, screen, citizen)
    }

    fn sorry(&self, call: &UssdCall, citizen: &CitizenRecord) -> Screen {
        self.ended(call, CauseId(new_id(self.now())), citizen.clone(), &View::AskAgain).screen
    }

    fn remember_talk(&self, citizen: &mut CitizenRecord, talk: &Talk) {
        if let Some(windows) = talk.windows {
            limits::keep(&mut citizen.windows, &windows);
        }
        citizen.language = talk.remember_language.or(citizen.language);
        citizen.stopped = talk.set_stopped.unwrap_or(citizen.stopped);
    }

    /// Everything of a step in one commit, and only then the screen.
    async fn keep(
        &self,
        call: UssdCall,
        step: StepOutcome,
        before: CitizenRecord,
        version: i64,
        fingerprint: Vec<u8>,
    ) -> Option<Screen> {
        let now = self.now();
        let StepOutcome { cause, state, screen, citizen, mut mts, late, follow_up } = step;
        let handed = late.as_ref().map(|mo| waiting(mo, now));
        let follow_up = follow_up.and_then(|change| {
            // the change was asked for under the name of this step
            let asked = named(cause, &call, now);
            self.follow_up(&asked, change, &citizen)
        });
        let over = state.is_none();
        let state = state.map(|mut state| {
            state.last = fingerprint;
            state.last_at = now;
            serde_json::to_vec(&state).expect("a session is plain strings and numbers")
        });
        let session = UssdSession {
            name: call.name.clone(),
            connection: call.connection,
            state: state.unwrap_or_default(),
            until: if over { UnixMs(0) } else { now.plus_ms(USSD_OPEN.as_millis() as i64) },
            version: version + 1,
        };
        self.reserve_for(&mut mts);
        let mut changed = citizen != before;
        let mut record = citizen;
        if late.is_none() {
            // a text of this number may have its turn meanwhile: only what was chosen here is written
            record.dialogue = None;
        } else {
            changed = true;
        }
        let kept = UssdStep {
            family: call.family.clone(),
            number: call.number,
            session,
            citizen: changed.then_some(record),
            mts: mts.clone(),
            late,
            follow_up,
            cause,
        };
        let stored = self.core.store.keep_ussd(kept, now).await;
        self.hand_over(cause, mts, &stored, None).await;
        match stored {
            Ok(_) => {
                self.core.board.count(Rate::Answers, 1, now);
                if let Some(mo) = handed {
                    let place = self.core.sequencer.enter(call.number);
                    let exchange = self.clone();
                    self.core.tasks.spawn(async move { exchange.wait_and_turn(mo, place, None, None).await });
                }
                (call.read_at.elapsed() < call.deadline).then_some(screen)
            }
            // another input of this session was faster; its screen is the one to see
            Err(StoreFault::Stale) => None,
            Err(_) => {
                self.core.health.failed();
                Some(self.sorry(&call, &before))
            }
        }
    }

    async fn end_session(&self, call: &UssdCall, version: i64) {
        let now = self.now();
        let session = UssdSession {
            name: call.name.clone(),
            connection: call.connection,
            state: Vec::new(),
            until: UnixMs(0),
            version: version + 1,
        };
        let step = UssdStep {
            family: call.family.clone(),
            number: call.number,
            session,
            citizen: None,
            mts: Vec::new(),
            late: None,
            follow_up: None,
            cause: CauseId(new_id(now)),
        };
        // one that is not ended ends by itself
        if self.core.store.keep_ussd(step, now).await.is_err() {
            self.core.health.failed();
        }
    }
}

/// What was said, and what to say before it.
struct Next {
    talk: Talk,
    note: Option<Note>,
}

/// What makes two inputs equal.
fn fingerprint(signal: &UssdSignal) -> Vec<u8> {
    let (kind, text) = match signal {
        UssdSignal::Start(steps) => ("start", steps.join("*")),
        UssdSignal::Next(text) => ("next", text.clone()),
        UssdSignal::Unknown(text) => ("unknown", text.clone()),
        UssdSignal::Abort | UssdSignal::Confirmed => ("abort", String::new()),
    };
    dedupe::digest(format!("{kind}\0{text}").as_bytes()).to_vec()
}

fn waiting(mo: &NewMo, now: UnixMs) -> StoredMo {
    StoredMo {
        id: mo.id,
        smsc: mo.smsc.clone(),
        source: mo.source.clone(),
        destination: mo.destination.clone(),
        text: mo.text.clone(),
        received_at: now,
        attempts: 0,
        deaths_alone: 0,
        suspect: false,
    }
}

/// A step as the cause of what is to be found out.
fn named(cause: CauseId, call: &UssdCall, now: UnixMs) -> StoredMo {
    StoredMo {
        id: cause,
        smsc: call.smsc.clone(),
        source: Source::Person(call.number),
        destination: call.short_code.clone(),
        text: String::new(),
        received_at: now,
        attempts: 0,
        deaths_alone: 0,
        suspect: false,
    }
}

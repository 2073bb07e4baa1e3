//! The conversation, as a pure function: [`step`] takes where a dialogue stands and what came in, and says
//! where it stands then and what to do. Knows no channel's format, no clock, no store, no portal protocol.
//!
//! To add a state: a variant of `DialogueState`, a function that answers each [`Input`] in it, its texts in
//! `render`, and a transcript.
pub mod disclosure;
mod feedback;
mod flow;
mod keyword;
mod language;
mod next_step;
mod status;
mod unoffered;
pub mod view;

pub use next_step::{FeeSeen, NextStep, PayWhere};
pub use status::facts as status_facts;
pub use view::{AppointmentTask, StatusFacts, View};

use crate::types::civic::{Abilities, Answer, Change, Localized, OfficeRef, OfficeSearch, Query};
use crate::types::names::Channel;
use crate::types::{CodeRules, CodeVerdict, Language, Pin, UnixMs, limits};
use flow::Task;
use jiff::{civil::Date, tz::TimeZone};
use keyword::Command;
use language::Spoken;
use std::fmt;

/// Shape of a serialised dialogue; one of another shape is begun anew.
const VERSION: u8 = 3;

/// Where a conversation stands between two inputs. Small; kept sealed, as it may hold a code.
#[derive(Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Dialogue {
    v: u8,
    /// The short menu is shown once in a conversation.
    menu_shown: bool,
    /// In what the last answer was, to a number that has never chosen: so the rest of the conversation is, and no more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    speaking: Option<Language>,
    /// The application last asked about, so that an appointment can be made where it lies.
    about: Option<About>,
    /// What an answer was chosen from: where going back leads. Only where there is a key for it.
    back: Option<Box<DialogueState>>,
    state: DialogueState,
}

#[derive(Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
struct About {
    office: OfficeRef,
}

#[derive(Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
enum DialogueState {
    /// Nothing is open: anything may come.
    Home,
    /// A code was asked for.
    EnteringCode,
    /// The portal was asked about a code.
    AwaitingStatus(status::Asked),
    /// One of the languages is wanted.
    ChoosingLanguage,
    /// Appointments, services, offices.
    Flow(Box<flow::Flow>),
    /// Ratings and complaints.
    // what is stored calls it so
    #[serde(rename = "Voice")]
    Feedback(feedback::Feedback),
    /// What was wanted is not offered: the telephone of an office was asked for.
    Unoffered {
        /// Of the answer.
        language: Language,
    },
}

impl Default for Dialogue {
    fn default() -> Self {
        Dialogue { v: VERSION, menu_shown: false, speaking: None, about: None, back: None, state: DialogueState::Home }
    }
}

impl fmt::Debug for Dialogue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.state {
            DialogueState::Home => "Dialogue(home)",
            DialogueState::EnteringCode => "Dialogue(entering code)",
            DialogueState::AwaitingStatus(_) => "Dialogue(awaiting status)",
            DialogueState::ChoosingLanguage => "Dialogue(choosing a language)",
            DialogueState::Flow(_) => "Dialogue(several steps)",
            DialogueState::Feedback(_) => "Dialogue(feedback)",
            DialogueState::Unoffered { .. } => "Dialogue(not offered)",
        })
    }
}

impl Dialogue {
    /// What [`Dialogue::to_bytes`] wrote; a new conversation for anything else, older shapes included. What was never
    /// a conversation is told to the log, once: a citizen who begins anew does not know why.
    pub fn from_bytes(bytes: &[u8]) -> Self {
        /// Of every shape there was.
        #[derive(serde::Deserialize)]
        struct Versioned {
            v: u8,
        }
        static TOLD: std::sync::Once = std::sync::Once::new();
        match serde_json::from_slice::<Dialogue>(bytes) {
            Ok(dialogue) if dialogue.v == VERSION => dialogue,
            _ if bytes.is_empty() => Dialogue::default(),
            _ if serde_json::from_slice::<Versioned>(bytes).is_ok_and(|old| old.v != VERSION) => Dialogue::default(),
            _ => {
                TOLD.call_once(|| tracing::error!("a stored conversation cannot be read; it begins anew (said once)"));
                Dialogue::default()
            }
        }
    }

    /// Whether something was asked that the next text may answer: its steps are counted apart from questions.
    pub fn is_open(&self) -> bool {
        !matches!(
            self.state,
            DialogueState::Home
                | DialogueState::EnteringCode
                | DialogueState::AwaitingStatus(_)
                | DialogueState::Unoffered { .. }
        )
    }

    /// At most some 4 KiB of JSON. Holds codes and words of the citizen: seal it before it is kept.
    pub fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("a dialogue is plain strings and numbers")
    }

    fn at(&self, state: DialogueState) -> Dialogue {
        Dialogue {
            v: VERSION,
            menu_shown: self.menu_shown,
            speaking: self.speaking,
            about: self.about.clone(),
            back: None,
            state,
        }
    }
}

/// Something that comes in.
#[expect(clippy::large_enum_variant, reason = "one lives for one step; a box would cost every answer an allocation")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// The citizen arrives without a word: a USSD session opens, a visitor touches the kiosk.
    Start,
    /// What was written, as decoded. At most `limits::TEXT_CHARS_MAX` characters are looked at.
    Text(String),
    /// What was chosen from what a screen offered.
    Choice(Choice),
    /// To the question of the last [`Effect::Ask`].
    Answer(Answer),
    /// The answer to the last [`Effect::Ask`] did not come in time, or the citizen was silent too long.
    Timeout,
    /// The citizen has gone.
    Hangup,
}

/// What a screen can offer; the channel maps its buttons to these.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Choice {
    /// Back to the beginning.
    Home,
    /// Back to the screen before.
    Back,
    /// "Check my application".
    Status,
    /// The filled-in form of [`View::EnterCode`].
    Code {
        /// As typed.
        typed: String,
        /// The PIN of the receipt, if given.
        pin: Option<Pin>,
    },
    /// What can be done here?
    Help,
    /// Speak this language.
    Language(Language),
    /// Begin a task about appointments of which more is known than its name.
    Appointment {
        /// What is to be done.
        task: AppointmentTask,
        /// The appointment that is moved or cancelled, by its number.
        reference: Option<String>,
        /// The office at which to book: where the citizen stands.
        office: Option<OfficeRef>,
        /// The service to book for, by its identifier and name.
        service: Option<Box<(String, Localized)>>,
    },
}

/// What is to be done, in this order. A turn ends when nothing is asked.
#[allow(clippy::large_enum_variant, reason = "one lives for one step; a box would cost every answer an allocation")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Tell the citizen.
    Show(View),
    /// Ask the portal and step again with [`Input::Answer`] or [`Input::Timeout`].
    Ask(Query),
    /// The conversation is over; `next` is a new one.
    Close,
    /// Remember whether the number wants no unasked texts.
    SetStopped(bool),
    /// Count a look-up that told nothing.
    LookupFailed(LookupFailure),
    /// Count an answer that was not the digits that our question wants back.
    DigitsWrong,
    /// Whether this change was carried out is not known: find out, and tell the citizen by a text of its own.
    FollowUp(Change),
}

/// Why a look-up told nothing: the `reason` of `chrak_lookup_failures_total`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LookupFailure {
    /// The check digit fails; the portal was not asked.
    Mistyped,
    /// Unknown or hidden.
    NotFound,
    /// A PIN was wrong, or one is needed.
    Factor,
    /// Too many wrong PINs.
    Locked,
    /// The portal did not answer.
    PortalAway,
    /// It answered what cannot be used.
    PortalUnusable,
    /// It refuses this server.
    PortalRefused,
}

impl LookupFailure {
    /// Label value.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Mistyped => "mistyped",
            Self::NotFound => "not_found",
            Self::Factor => "factor",
            Self::Locked => "locked",
            Self::PortalAway => "portal_away",
            Self::PortalUnusable => "portal_unusable",
            Self::PortalRefused => "portal_refused",
        }
    }

    /// Whether it may have been a guess and so counts against the number's limit of failed look-ups. A slip
    /// of the finger that the check digit finds tells a guesser nothing, and what the portal cannot do is
    /// not the citizen's fault.
    pub fn may_be_guess(self) -> bool {
        match self {
            Self::NotFound | Self::Factor | Self::Locked => true,
            Self::Mistyped | Self::PortalAway | Self::PortalUnusable | Self::PortalRefused => false,
        }
    }
}

/// What a channel can do: what differs between channels is said here and nowhere else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Caps {
    /// Nobody must type letters: everything is found by numbers, and one key goes back.
    pub keys_only: bool,
    /// The number is the network's word, not the sender's, and nobody else sees the screen: a yes is enough.
    pub sender_proven: bool,
    /// A list may be as long as it is: it is seen on a screen.
    #[serde(default)]
    pub lists: bool,
}

impl Caps {
    /// Of a channel.
    pub fn of(channel: Channel) -> Self {
        match channel {
            // at a kiosk a number counts only when a code that was texted to it came back
            Channel::Kiosk => Caps { keys_only: true, sender_proven: true, lists: true },
            Channel::Ussd => Caps { keys_only: true, sender_proven: true, lists: false },
            Channel::Sms => Caps { keys_only: false, sender_proven: false, lists: false },
        }
    }
}

/// What surrounds a step.
#[derive(Clone, Copy, Debug)]
pub struct Ctx<'a> {
    /// How the citizen comes.
    pub channel: Channel,
    /// Now.
    pub now: UnixMs,
    /// What the number chose or last wrote in; at a kiosk, what the visitor chose.
    pub language: Option<Language>,
    /// For who has never said.
    pub default_language: Language,
    /// What codes look like.
    pub codes: &'a CodeRules,
    /// What the portal offers.
    pub abilities: Abilities,
    /// Whether the portal is told a number with the question (SMS, USSD: yes; kiosk: no).
    pub number_known: bool,
    /// Zone in which days begin.
    pub zone: &'a TimeZone,
    /// A number nobody can foresee, new for every step.
    pub dice: u32,
}

impl Ctx<'_> {
    fn today(&self) -> Date {
        self.now.civil(self.zone).date()
    }

    fn caps(&self) -> Caps {
        Caps::of(self.channel)
    }

    fn usual_language(&self) -> Language {
        self.language.unwrap_or(self.default_language)
    }
}

/// What a step decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Turn {
    /// Where the dialogue stands now.
    pub next: Dialogue,
    /// The language of what is shown.
    pub language: Language,
    /// To be remembered of the number, when it differs from what is remembered.
    pub remember_language: Option<Language>,
    /// What is to be done.
    pub effects: Vec<Effect>,
    /// Whether an open conversation went on; not when what was written answered nothing.
    pub advanced: bool,
}

/// One step of the conversation. Never fails; a text is always answered with a `Show` or an `Ask`.
pub fn step(dialogue: &Dialogue, input: Input, ctx: &Ctx<'_>) -> Turn {
    let ctx = &Ctx { default_language: dialogue.speaking.unwrap_or(ctx.default_language), ..*ctx };
    let mut turn = stepped(dialogue, input, ctx);
    let over = turn.effects.contains(&Effect::Close);
    let undecided = ctx.language.is_none() && turn.remember_language.is_none() && !over;
    turn.next.speaking = undecided.then_some(turn.language);
    turn
}

fn stepped(dialogue: &Dialogue, input: Input, ctx: &Ctx<'_>) -> Turn {
    match &dialogue.state {
        DialogueState::Home => at_rest(dialogue, input, ctx),
        DialogueState::EnteringCode => entering_code(dialogue, input, ctx),
        DialogueState::AwaitingStatus(asked) => awaiting_status(dialogue, asked, input, ctx),
        DialogueState::ChoosingLanguage => choosing_language(dialogue, input, ctx),
        DialogueState::Flow(flow) => flow::step(dialogue, flow, input, ctx),
        DialogueState::Feedback(feedback) => feedback::step(dialogue, feedback, input, ctx),
        DialogueState::Unoffered { language } => whom_to_call(dialogue, *language, input, ctx),
    }
}

fn at_rest(dialogue: &Dialogue, input: Input, ctx: &Ctx<'_>) -> Turn {
    match input {
        Input::Start => show_menu(dialogue, language::usual(ctx)),
        Input::Text(text) => read_text(dialogue, &text, ctx),
        Input::Choice(choice) => chosen(dialogue, choice, ctx),
        // an answer that nobody waits for belongs to a question that was lost
        Input::Answer(_) => tell(dialogue, View::AskAgain, language::usual(ctx)),
        Input::Timeout | Input::Hangup => closed(ctx),
    }
}

/// As at rest: whatever is written is read for a code first, so a citizen is never caught in here.
fn entering_code(dialogue: &Dialogue, input: Input, ctx: &Ctx<'_>) -> Turn {
    match input {
        Input::Start => show_menu(dialogue, language::usual(ctx)),
        Input::Text(text) if ctx.caps().keys_only => read_code_only(dialogue, &text, ctx),
        Input::Text(text) => read_text(dialogue, &text, ctx),
        Input::Choice(choice) => chosen(dialogue, choice, ctx),
        Input::Answer(_) => tell(dialogue, View::AskAgain, language::usual(ctx)),
        Input::Timeout | Input::Hangup => closed(ctx),
    }
}

/// A screen that asks for a code: a number that is none is a slip, not a choice of a menu that is not shown.
fn read_code_only(dialogue: &Dialogue, text: &str, ctx: &Ctx<'_>) -> Turn {
    let (text, spoken) = (bounded(text), language::usual(ctx));
    read_code(dialogue, text, spoken, ctx, |_, _| None).unwrap_or_else(|| {
        let mut turn = ask_code(dialogue, spoken);
        turn.advanced = false;
        turn
    })
}

fn awaiting_status(dialogue: &Dialogue, asked: &status::Asked, input: Input, ctx: &Ctx<'_>) -> Turn {
    match input {
        Input::Answer(answer) => status::answered(dialogue, asked, Some(answer), ctx),
        Input::Timeout => status::answered(dialogue, asked, None, ctx),
        // who writes again has given up waiting
        Input::Start => show_menu(dialogue, language::usual(ctx)),
        Input::Text(text) => read_text(dialogue, &text, ctx),
        Input::Choice(choice) => chosen(dialogue, choice, ctx),
        Input::Hangup => closed(ctx),
    }
}

fn choosing_language(dialogue: &Dialogue, input: Input, ctx: &Ctx<'_>) -> Turn {
    if let Input::Text(text) = &input
        && let Some(number @ 1..=3) = keyword::read(bounded(text)).number
    {
        return set_language(dialogue, Language::ALL[number as usize - 1], ctx);
    }
    if let (Input::Text(_), true) = (&input, ctx.caps().keys_only) {
        let mut turn = tell(dialogue, View::ChooseLanguage, language::usual(ctx));
        turn.next.state = DialogueState::ChoosingLanguage;
        turn.advanced = false;
        return turn;
    }
    at_rest(dialogue, input, ctx)
}

/// As much of a text as is looked at.
fn bounded(text: &str) -> &str {
    match text.char_indices().nth(limits::TEXT_CHARS_MAX) {
        Some((end, _)) => &text[..end],
        None => text,
    }
}

fn read_text(dialogue: &Dialogue, text: &str, ctx: &Ctx<'_>) -> Turn {
    let text = bounded(text);
    let reading = keyword::read(text);
    let spoken = language::of_text(text, &reading, ctx);
    // the words of a complaint may hold a code
    if reading.command != Some(Command::Complaint)
        && let Some(turn) = read_code(dialogue, text, spoken, ctx, |_, _| None)
    {
        return turn;
    }
    let command = reading.command.or(match reading.number {
        Some(0) => Some(Command::Menu),
        Some(1) => Some(Command::Status),
        Some(2) => Some(Command::Appointment),
        Some(3) => Some(Command::Info),
        Some(4) => Some(Command::Office),
        Some(5) => Some(Command::Feedback),
        Some(9) => Some(Command::LanguageMenu),
        _ => None,
    });
    let rest = if reading.number.is_some() { "" } else { reading.rest.as_str() };
    if reading.thanks {
        return tell(dialogue, View::Welcome, spoken);
    }
    match command {
        Some(command) => obey(dialogue, command, rest, spoken, ctx),
        None if ctx.caps().keys_only => {
            let mut turn = show_menu(dialogue, spoken);
            turn.advanced = false;
            turn
        }
        // the menu once in a conversation, then only what is needed most
        None if dialogue.menu_shown => ask_code(dialogue, spoken),
        None => show_menu(dialogue, spoken),
    }
}

/// What to do with a code found in a text, its PIN beside it; `None` when the text holds none. `instead` may
/// take a good code for another use.
fn read_code(
    dialogue: &Dialogue,
    text: &str,
    spoken: Spoken,
    ctx: &Ctx<'_>,
    instead: impl FnOnce(&crate::types::RegistrationCode, Option<Pin>) -> Option<Turn>,
) -> Option<Turn> {
    match ctx.codes.find(text) {
        CodeVerdict::Good(code) => {
            let pin = code.pin_beside(text);
            Some(instead(&code, pin.clone()).unwrap_or_else(|| status::look_up(dialogue, code, pin, spoken)))
        }
        CodeVerdict::Mistyped(code) => Some(status::mistyped(dialogue, code, spoken)),
        CodeVerdict::None => None,
    }
}

fn obey(dialogue: &Dialogue, command: Command, rest: &str, spoken: Spoken, ctx: &Ctx<'_>) -> Turn {
    if !unoffered::is_offered(command, feedback::is_reference(rest), ctx.abilities) {
        return not_offered(dialogue, spoken);
    }
    match command {
        // our own text on a complaint says how to follow it
        Command::Status if feedback::is_reference(rest) => feedback::complain(dialogue, rest, spoken),
        Command::Status => ask_code(dialogue, spoken),
        Command::Appointment => match keyword::read(rest).command {
            Some(Command::List) => flow::begin(dialogue, Task::List, "", spoken, ctx),
            Some(Command::Cancel) => flow::begin(dialogue, Task::Cancel, rest, spoken, ctx),
            Some(Command::Move) => flow::begin(dialogue, Task::Move, rest, spoken, ctx),
            _ => flow::begin(dialogue, Task::Menu, "", spoken, ctx),
        },
        Command::Book => flow::begin(dialogue, Task::Book, rest, spoken, ctx),
        Command::List => flow::begin(dialogue, Task::List, "", spoken, ctx),
        Command::Move => flow::begin(dialogue, Task::Move, rest, spoken, ctx),
        Command::Cancel => flow::begin(dialogue, Task::Cancel, rest, spoken, ctx),
        Command::Info => flow::begin(dialogue, Task::Info, rest, spoken, ctx),
        Command::Office => flow::begin(dialogue, Task::Office, rest, spoken, ctx),
        Command::Feedback => feedback::rate(dialogue, rest, spoken),
        Command::Complaint => feedback::complain(dialogue, rest, spoken),
        Command::Help => tell(dialogue, View::Help, spoken),
        Command::Stop => stopped(dialogue, true, spoken),
        Command::Start => stopped(dialogue, false, spoken),
        Command::Language(wanted) => set_language(dialogue, wanted, ctx),
        Command::LanguageMenu => {
            let mut turn = tell(dialogue, View::ChooseLanguage, spoken);
            turn.next.state = DialogueState::ChoosingLanguage;
            turn
        }
        Command::Menu => show_menu(dialogue, spoken),
    }
}

fn chosen(dialogue: &Dialogue, choice: Choice, ctx: &Ctx<'_>) -> Turn {
    let spoken = language::usual(ctx);
    match choice {
        Choice::Home => show_menu(dialogue, spoken),
        Choice::Back => back(dialogue, spoken, ctx),
        Choice::Status => ask_code(dialogue, spoken),
        Choice::Help => tell(dialogue, View::Help, spoken),
        Choice::Language(wanted) => set_language(dialogue, wanted, ctx),
        Choice::Appointment { .. } if !ctx.abilities.appointments => not_offered(dialogue, spoken),
        Choice::Appointment { task, reference, office, service } => {
            flow::begin_with(dialogue, task.into(), reference, office, service.map(|one| *one), spoken, ctx)
        }
        Choice::Code { typed, pin } => match ctx.codes.find(&typed) {
            CodeVerdict::Good(code) => status::look_up(dialogue, code, pin, spoken),
            CodeVerdict::Mistyped(code) => status::mistyped(dialogue, code, spoken),
            CodeVerdict::None => ask_code(dialogue, spoken),
        },
    }
}

/// Asks for the office to call: that of the application which was just asked about, else the only one there is.
fn not_offered(dialogue: &Dialogue, spoken: Spoken) -> Turn {
    let query = match &dialogue.about {
        Some(about) => Query::Office { id: about.office.id.clone() },
        None => Query::Offices(OfficeSearch::default()),
    };
    Turn {
        next: dialogue.at(DialogueState::Unoffered { language: spoken.language }),
        language: spoken.language,
        remember_language: spoken.remember,
        effects: vec![Effect::Ask(query)],
        advanced: true,
    }
}

/// That it is not offered, and whom to call.
fn whom_to_call(dialogue: &Dialogue, language: Language, input: Input, ctx: &Ctx<'_>) -> Turn {
    let answer = match input {
        Input::Answer(answer) => Some(answer),
        Input::Timeout => None,
        // who writes again has given up waiting
        Input::Hangup | Input::Start | Input::Text(_) | Input::Choice(_) => return at_rest(dialogue, input, ctx),
    };
    let office = match &answer {
        Some(Answer::Office(Ok(office))) => Some(office),
        Some(Answer::Offices(Ok(found))) if found.items.len() == 1 => found.items.first().map(|hit| &hit.office),
        // of several nobody knows which
        _ => None,
    };
    let call = office.and_then(|office| Some((office.as_ref().as_ref(), office.phones.first()?.clone())));
    tell(dialogue, View::NotOffered { call }, Spoken { language, remember: None, told: false })
}

/// From an answer to what it was chosen from; from anything else that is no list, home.
fn back(dialogue: &Dialogue, spoken: Spoken, ctx: &Ctx<'_>) -> Turn {
    match dialogue.back.as_deref() {
        Some(DialogueState::Flow(flow)) => flow::shown_again(dialogue, flow, ctx),
        Some(DialogueState::EnteringCode) => ask_code(dialogue, spoken),
        Some(_) | None => show_menu(dialogue, spoken),
    }
}

fn show_menu(dialogue: &Dialogue, spoken: Spoken) -> Turn {
    let mut turn = tell(dialogue, View::Menu, spoken);
    turn.next.menu_shown = true;
    turn
}

fn ask_code(dialogue: &Dialogue, spoken: Spoken) -> Turn {
    let mut turn = tell(dialogue, View::EnterCode, spoken);
    turn.next.state = DialogueState::EnteringCode;
    turn
}

fn stopped(dialogue: &Dialogue, stop: bool, spoken: Spoken) -> Turn {
    let view = if stop { View::Stopped } else { View::Started };
    let mut turn = tell(dialogue, view, spoken);
    turn.effects.insert(0, Effect::SetStopped(stop));
    turn
}

fn set_language(dialogue: &Dialogue, wanted: Language, ctx: &Ctx<'_>) -> Turn {
    let spoken = language::chosen(wanted, ctx);
    if ctx.caps().keys_only {
        // the menu in the new language says it best
        return show_menu(dialogue, spoken);
    }
    tell(dialogue, View::LanguageSet(wanted), spoken)
}

/// Says something and rests.
fn tell(dialogue: &Dialogue, view: View, spoken: Spoken) -> Turn {
    Turn {
        next: dialogue.at(DialogueState::Home),
        language: spoken.language,
        remember_language: spoken.remember,
        effects: vec![Effect::Show(view)],
        advanced: true,
    }
}

/// Ends without a word.
fn closed(ctx: &Ctx<'_>) -> Turn {
    Turn {
        next: Dialogue::default(),
        language: ctx.usual_language(),
        remember_language: None,
        effects: vec![Effect::Close],
        advanced: true,
    }
}

#[cfg(test)]
mod tests;

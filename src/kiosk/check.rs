//! The application: its code is typed or scanned, and, for more, the PIN of its receipt. It must not know how an
//! answer is found.
use super::{
    KioskState,
    backend::CheckAnswer,
    context::PageContext,
    frame::{Back, Frame},
    parts::HelpPage,
    respond::page,
    typed::{DIGITS_MAX, PIN_MAX, Typed, pressed},
    views::{Action, DigitSlot, Does, StatusCard, slots, status_card},
    visit::{Sent, VisitState},
    words::{Lang, Message, Notice},
};
use crate::{
    dialogue::StatusFacts,
    render::words::khmer_digits,
    types::{Pin, civic::Disclosure},
    web::filters,
};
use askama::Template;
use axum::{extract::State, http::StatusCode, response::Response};

/// One digit of a pad.
pub(super) struct Key {
    pub(super) digit: char,
    pub(super) khmer: String,
}

/// The digits of a pad, as a telephone has them.
pub(super) fn digit_keys() -> Vec<Key> {
    "1234567890".chars().map(|digit| Key { digit, khmer: khmer_digits(&digit.to_string()) }).collect()
}

#[derive(Template)]
#[template(path = "pad.html")]
struct PadPage {
    frame: Frame,
    hint: String,
    groups: Vec<Vec<DigitSlot>>,
    spoken: String,
    keys: Vec<Key>,
    notice: Option<(&'static str, String)>,
    correcting: Option<String>,
    complete: bool,
    most: usize,
}

#[derive(Template)]
#[template(path = "status.html")]
struct StatusPage {
    frame: Frame,
    card: StatusCard,
    actions: Vec<Action>,
    hide: &'static str,
    show: &'static str,
}

#[derive(Template)]
#[template(path = "sorry.html")]
struct SorryPage {
    frame: Frame,
    code: String,
    icon: &'static str,
    message: &'static Message,
    steps: &'static [&'static str],
    /// Key and words of the button.
    button: (&'static str, &'static str),
}

/// A few digits on a pad of their own: a PIN, a number, a one-time code.
#[derive(Template)]
#[template(path = "digits.html")]
pub(super) struct DigitsPage {
    pub(super) frame: Frame,
    pub(super) title: &'static str,
    pub(super) hint: String,
    pub(super) icon: &'static str,
    pub(super) keys: Vec<Key>,
    /// What each place shows; `None`: nothing typed yet.
    pub(super) places: Vec<Option<String>>,
    /// What is said of it to those who listen.
    pub(super) spoken: String,
    pub(super) notice: Option<Notice>,
    /// Name of the field, and the letter before the keys that change it.
    pub(super) field: (&'static str, char),
    /// Key and words of the button that leads on, and whether enough is typed.
    pub(super) go: (&'static str, &'static str),
    pub(super) ready: bool,
    pub(super) most: usize,
    /// Another way.
    pub(super) other: Option<(&'static str, &'static str)>,
}

pub(super) async fn pad(State(state): State<KioskState>, context: PageContext) -> Response {
    pad_page(&state, &context, Typed::default(), "stay", None)
}

/// A press: a digit, `delete`, `clear`, `at…` (correct this digit), `stay`, `help`, `ok`; `pin` asks for the PIN,
/// `p…` types it. Anything else is as `stay`.
pub(super) async fn check(State(state): State<KioskState>, context: PageContext, Sent(form): Sent) -> Response {
    let most = most(&state);
    let mut typed = form.typed(most);
    if let Some(press) = form.key.strip_prefix('p') {
        match press {
            "in" => typed.pin.clear(),
            press => pressed(&mut typed.pin, press, PIN_MAX),
        }
        return pin_page(&context, typed, None);
    }
    match form.key.as_str() {
        "delete" => typed.delete(),
        "clear" => typed = Typed { visit: typed.visit, ..Typed::default() },
        "help" => {
            let frame = context.frame(context.words.help_title, "check", Back::Key("stay")).keeping(typed, "help");
            return page(StatusCode::OK, &HelpPage { frame });
        }
        "ok" => return answer(&state, &context, typed).await,
        other => {
            if let Some(at) = other.strip_prefix("at") {
                typed = Typed { at: Typed::read(&typed.digits, at, most).at, ..typed };
            }
            let mut chars = other.chars();
            if let (Some(digit @ '0'..='9'), None) = (chars.next(), chars.next()) {
                typed.press(digit, most);
            }
        }
    }
    pad_page(&state, &context, Typed { pin: String::new(), ..typed }, "stay", None)
}

/// Digits that fill the display.
pub(super) fn most(state: &KioskState) -> usize {
    match state.groups.iter().sum() {
        0 => DIGITS_MAX,
        sum => DIGITS_MAX.min(sum),
    }
}

/// Where the application stands, by what was typed and proven.
pub(super) async fn answer(state: &KioskState, context: &PageContext, mut typed: Typed) -> Response {
    let words = context.words;
    typed.at = None;
    let (whole, got) = (most(state), typed.digits.len());
    let short = !state.groups.is_empty() && got < whole;
    if got == 0 || short {
        let text =
            if state.groups.is_empty() { words.code_hint_free.to_owned() } else { (words.incomplete_text)(whole, got) };
        return pad_page(state, context, typed, "ok", Some((words.incomplete, text)));
    }
    let found = look_up(state, context, &typed).await;
    message(state, context, typed, found)
}

/// What the backend says of what was typed and proven.
pub(super) async fn look_up(state: &KioskState, context: &PageContext, typed: &Typed) -> CheckAnswer {
    let who = context.who(VisitState::open(state, context, &typed.visit).number());
    state.backend.check(&who, &typed.digits, Pin::parse(&typed.pin), context.lang.language()).await
}

/// The page of it.
pub(super) fn message(state: &KioskState, context: &PageContext, typed: Typed, found: CheckAnswer) -> Response {
    let words = context.words;
    let message = |message: &'static Message| Some((message.title, message.text.to_owned()));
    let printed = typed.printed(&state.groups);
    let frame = |title, typed| context.frame(title, "check", Back::Key("stay")).keeping(typed, "ok");
    let sorry = |icon, message: &'static Message, steps, button| {
        let page = SorryPage {
            frame: frame(message.title, typed.clone()),
            code: printed.clone(),
            icon,
            message,
            steps,
            button,
        };
        self::page(StatusCode::OK, &page)
    };
    let pin_given = Pin::parse(&typed.pin).is_some();
    let number = VisitState::open(state, context, &typed.visit).number();
    match found {
        CheckAnswer::Status(answer) => {
            let card = status_card(context.lang, &answer);
            let public = answer.disclosure == Disclosure::Public;
            let due = is_due(&answer);
            let actions = actions(context.lang, public && !pin_given, public && number.is_none(), due);
            let (hide, show) = (context.lang.device().hide, context.lang.device().show);
            page(StatusCode::OK, &StatusPage { frame: frame(words.status, typed), card, actions, hide, show })
        }
        CheckAnswer::Unknown if pin_given => {
            // made again in the other language without trying the PIN once more
            let typed = Typed { pin: String::new(), ..typed };
            let frame = context.frame(words.unknown_pin.title, "check", Back::Key("stay")).keeping(typed, "pin");
            let (message, steps, button) = (&words.unknown_pin, &words.unknown_steps, ("pin", words.again));
            page(StatusCode::OK, &SorryPage { frame, code: printed, icon: "search", message, steps, button })
        }
        CheckAnswer::Mistyped => pad_page(state, context, typed.clone(), "ok", message(&words.mistyped)),
        CheckAnswer::NotACode => pad_page(state, context, typed.clone(), "ok", message(&words.not_a_code)),
        CheckAnswer::Unknown => sorry("search", &words.unknown, &words.unknown_steps, ("stay", words.correct_code)),
        CheckAnswer::Busy => sorry("cloud", &words.busy, &words.busy_steps, ("ok", words.again)),
        CheckAnswer::Paused => sorry("clock", &words.paused, &[], ("ok", words.again)),
        CheckAnswer::PinLocked => {
            // without the PIN there is still what the code alone tells
            let typed = Typed { pin: String::new(), ..typed };
            let frame = context.frame(words.pin_locked.title, "check", Back::Key("stay")).keeping(typed, "ok");
            let (message, button) = (&words.pin_locked, ("ok", words.ok));
            page(StatusCode::OK, &SorryPage { frame, code: printed, icon: "clock", message, steps: &[], button })
        }
    }
}

/// Whether a fee is shown that can be paid now.
pub(super) fn is_due(facts: &StatusFacts) -> bool {
    facts.fee.as_ref().is_some_and(|fee| !fee.paid) && facts.as_of.is_none()
}

/// What can be done with an answer.
fn actions(lang: Lang, pin: bool, number: bool, due: bool) -> Vec<Action> {
    let (words, visit_words) = (lang.words(), lang.visit());
    let mut actions = Vec::new();
    if due {
        actions.push(Action::key("pay", "begin", "qr", visit_words.pay).strong());
    }
    if pin {
        actions.push(Action::key("check", "pin", "receipt", words.pin_more));
    }
    if number {
        actions.push(Action::key("number", "begin", "phone", visit_words.number_more));
    }
    actions.push(Action::key("send", "begin", "phone", visit_words.send_to_phone));
    actions.push(Action::print(visit_words.print));
    actions
}

fn pin_page(context: &PageContext, typed: Typed, notice: Option<&'static Message>) -> Response {
    let words = context.words;
    let count = typed.pin.len();
    let places = (0..PIN_MAX).map(|at| (at < count).then(|| "●".to_owned())).collect();
    let frame =
        context.frame(words.pin_title, "check", Back::Key("ok")).keeping(Typed { pin: typed.pin, ..typed }, "p");
    page(
        StatusCode::OK,
        &DigitsPage {
            frame,
            title: words.pin_title,
            hint: words.pin_hint.to_owned(),
            icon: "receipt",
            keys: digit_keys(),
            places,
            // masked, so it is not spoken either
            spoken: count.to_string(),
            notice: notice.map(Notice::from),
            field: ("pin", 'p'),
            go: ("ok", words.ok),
            ready: count >= 4,
            most: PIN_MAX,
            other: None,
        },
    )
}

fn pad_page(
    state: &KioskState,
    context: &PageContext,
    typed: Typed,
    replay: &'static str,
    notice: Option<(&'static str, String)>,
) -> Response {
    let words = context.words;
    let whole = most(state);
    let hint = if state.groups.is_empty() { words.code_hint_free.to_owned() } else { (words.code_hint)(whole) };
    let template = PadPage {
        hint,
        groups: slots(&typed, &state.groups),
        spoken: typed.printed(&state.groups),
        keys: digit_keys(),
        notice,
        correcting: typed.at.map(|at| (words.correcting)(at + 1)),
        complete: !state.groups.is_empty() && typed.digits.len() == whole,
        most: whole,
        frame: context.frame(words.code_title, "check", Back::In("home".into())).keeping(typed, replay),
    };
    page(StatusCode::OK, &template)
}

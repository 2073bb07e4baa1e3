//! The application: its code is typed or scanned, and, for more, the PIN of its receipt. It must not know how an
//! answer is found.
use super::{
    KioskState,
    at::Here,
    door::CheckAnswer,
    frame::{Back, Frame, page},
    pages::HelpPage,
    views::{Action, Does, Slot, StatusCard, slots, status_card},
    visit::{DIGITS_MAX, Held, PIN_MAX, Sent, Typed, pressed},
    words::{Lang, Notice, Told},
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
    f: Frame,
    hint: String,
    groups: Vec<Vec<Slot>>,
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
    f: Frame,
    card: StatusCard,
    actions: Vec<Action>,
    hide: &'static str,
    show: &'static str,
}

#[derive(Template)]
#[template(path = "sorry.html")]
struct SorryPage {
    f: Frame,
    code: String,
    icon: &'static str,
    told: &'static Told,
    steps: &'static [&'static str],
    /// Key and words of the button.
    button: (&'static str, &'static str),
}

/// A few digits on a pad of their own: a PIN, a number, a one-time code.
#[derive(Template)]
#[template(path = "digits.html")]
pub(super) struct DigitsPage {
    pub(super) f: Frame,
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

pub(super) async fn pad(State(state): State<KioskState>, here: Here) -> Response {
    pad_page(&state, &here, Typed::default(), "stay", None)
}

/// A press: a digit, `delete`, `clear`, `at…` (correct this digit), `stay`, `help`, `ok`; `pin` asks for the PIN,
/// `p…` types it. Anything else is as `stay`.
pub(super) async fn check(State(state): State<KioskState>, here: Here, Sent(form): Sent) -> Response {
    let most = most(&state);
    let mut typed = form.typed(most);
    if let Some(press) = form.key.strip_prefix('p') {
        match press {
            "in" => typed.pin.clear(),
            press => pressed(&mut typed.pin, press, PIN_MAX),
        }
        return pin_page(&here, typed, None);
    }
    match form.key.as_str() {
        "delete" => typed.delete(),
        "clear" => typed = Typed { held: typed.held, ..Typed::default() },
        "help" => {
            let f = here.frame(here.w.help_title, "check", Back::Key("stay")).keeping(typed, "help");
            return page(StatusCode::OK, &HelpPage { f });
        }
        "ok" => return answer(&state, &here, typed).await,
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
    pad_page(&state, &here, Typed { pin: String::new(), ..typed }, "stay", None)
}

/// Digits that fill the display.
pub(super) fn most(state: &KioskState) -> usize {
    match state.groups.iter().sum() {
        0 => DIGITS_MAX,
        sum => DIGITS_MAX.min(sum),
    }
}

/// Where the application stands, by what was typed and proven.
pub(super) async fn answer(state: &KioskState, here: &Here, mut typed: Typed) -> Response {
    let w = here.w;
    typed.at = None;
    let (whole, got) = (most(state), typed.digits.len());
    let short = !state.groups.is_empty() && got < whole;
    if got == 0 || short {
        let text = if state.groups.is_empty() { w.code_hint_free.to_owned() } else { (w.incomplete_text)(whole, got) };
        return pad_page(state, here, typed, "ok", Some((w.incomplete, text)));
    }
    let found = look_up(state, here, &typed).await;
    told(state, here, typed, found)
}

/// What the door says of what was typed and proven.
pub(super) async fn look_up(state: &KioskState, here: &Here, typed: &Typed) -> CheckAnswer {
    let who = here.who(Held::open(state, here, &typed.held).number());
    state.door.check(&who, &typed.digits, Pin::parse(&typed.pin), here.lang.language()).await
}

/// The page of it.
pub(super) fn told(state: &KioskState, here: &Here, typed: Typed, found: CheckAnswer) -> Response {
    let w = here.w;
    let told = |told: &'static Told| Some((told.title, told.text.to_owned()));
    let printed = typed.printed(&state.groups);
    let frame = |title, typed| here.frame(title, "check", Back::Key("stay")).keeping(typed, "ok");
    let sorry = |icon, told: &'static Told, steps, button| {
        let page = SorryPage { f: frame(told.title, typed.clone()), code: printed.clone(), icon, told, steps, button };
        self::page(StatusCode::OK, &page)
    };
    let pin_given = Pin::parse(&typed.pin).is_some();
    let number = Held::open(state, here, &typed.held).number();
    match found {
        CheckAnswer::Status(answer) => {
            let card = status_card(here.lang, &answer);
            let public = answer.disclosure == Disclosure::Public;
            let due = is_due(&answer);
            let actions = actions(here.lang, public && !pin_given, public && number.is_none(), due);
            let (hide, show) = (here.lang.device().hide, here.lang.device().show);
            page(StatusCode::OK, &StatusPage { f: frame(w.status, typed), card, actions, hide, show })
        }
        CheckAnswer::Unknown if pin_given => {
            // made again in the other language without trying the PIN once more
            let typed = Typed { pin: String::new(), ..typed };
            let f = here.frame(w.unknown_pin.title, "check", Back::Key("stay")).keeping(typed, "pin");
            let (told, steps, button) = (&w.unknown_pin, &w.unknown_steps, ("pin", w.again));
            page(StatusCode::OK, &SorryPage { f, code: printed, icon: "search", told, steps, button })
        }
        CheckAnswer::Mistyped => pad_page(state, here, typed.clone(), "ok", told(&w.mistyped)),
        CheckAnswer::NotACode => pad_page(state, here, typed.clone(), "ok", told(&w.not_a_code)),
        CheckAnswer::Unknown => sorry("search", &w.unknown, &w.unknown_steps, ("stay", w.correct_code)),
        CheckAnswer::Busy => sorry("cloud", &w.busy, &w.busy_steps, ("ok", w.again)),
        CheckAnswer::Paused => sorry("clock", &w.paused, &[], ("ok", w.again)),
        CheckAnswer::PinLocked => {
            // without the PIN there is still what the code alone tells
            let typed = Typed { pin: String::new(), ..typed };
            let f = here.frame(w.pin_locked.title, "check", Back::Key("stay")).keeping(typed, "ok");
            let (told, button) = (&w.pin_locked, ("ok", w.ok));
            page(StatusCode::OK, &SorryPage { f, code: printed, icon: "clock", told, steps: &[], button })
        }
    }
}

/// Whether a fee is shown that can be paid now.
pub(super) fn is_due(facts: &StatusFacts) -> bool {
    facts.fee.as_ref().is_some_and(|fee| !fee.paid) && facts.as_of.is_none()
}

/// What can be done with an answer.
fn actions(lang: Lang, pin: bool, number: bool, due: bool) -> Vec<Action> {
    let (w, v) = (lang.words(), lang.visit());
    let mut actions = Vec::new();
    if due {
        actions.push(Action::key("pay", "begin", "qr", v.pay).strong());
    }
    if pin {
        actions.push(Action::key("check", "pin", "receipt", w.pin_more));
    }
    if number {
        actions.push(Action::key("number", "begin", "phone", v.number_more));
    }
    actions.push(Action::key("send", "begin", "phone", v.send_to_phone));
    actions.push(Action::print(v.print));
    actions
}

fn pin_page(here: &Here, typed: Typed, notice: Option<&'static Told>) -> Response {
    let w = here.w;
    let count = typed.pin.len();
    let places = (0..PIN_MAX).map(|at| (at < count).then(|| "●".to_owned())).collect();
    let f = here.frame(w.pin_title, "check", Back::Key("ok")).keeping(Typed { pin: typed.pin, ..typed }, "p");
    page(
        StatusCode::OK,
        &DigitsPage {
            f,
            title: w.pin_title,
            hint: w.pin_hint.to_owned(),
            icon: "receipt",
            keys: digit_keys(),
            places,
            // masked, so it is not spoken either
            spoken: count.to_string(),
            notice: notice.map(Notice::from),
            field: ("pin", 'p'),
            go: ("ok", w.ok),
            ready: count >= 4,
            most: PIN_MAX,
            other: None,
        },
    )
}

fn pad_page(
    state: &KioskState,
    here: &Here,
    typed: Typed,
    replay: &'static str,
    notice: Option<(&'static str, String)>,
) -> Response {
    let w = here.w;
    let whole = most(state);
    let hint = if state.groups.is_empty() { w.code_hint_free.to_owned() } else { (w.code_hint)(whole) };
    let template = PadPage {
        hint,
        groups: slots(&typed, &state.groups),
        spoken: typed.printed(&state.groups),
        keys: digit_keys(),
        notice,
        correcting: typed.at.map(|at| (w.correcting)(at + 1)),
        complete: !state.groups.is_empty() && typed.digits.len() == whole,
        most: whole,
        f: here.frame(w.code_title, "check", Back::In("home".into())).keeping(typed, replay),
    };
    page(StatusCode::OK, &template)
}

//! The pages and what a press on them does. It must not know how an answer is found.
use super::KioskState;
use super::door::CheckAnswer;
use super::views::{DIGITS_MAX, PIN_MAX, Slot, StatusCard, Typed, slots, status_card};
use super::words::{EN, KM, Lang, Told, Words};
use crate::render::words::khmer_digits;
use crate::types::{Pin, civic::Disclosure};
use crate::web::filters;
use askama::Template;
use axum::{
    Form,
    extract::{Path, State, rejection::FormRejection},
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
};
use std::borrow::Cow;

/// Where "back" leads.
pub(super) enum Back {
    /// To an address.
    To(&'static str),
    /// Below the language.
    In(Cow<'static, str>),
    /// To the page that this key of the visit's form makes.
    Key(&'static str),
}

/// What stands around every page of a visit.
pub(super) struct Frame {
    pub(super) lang: Lang,
    pub(super) w: &'static Words,
    pub(super) other: &'static Words,
    pub(super) title: &'static str,
    /// Address of this page below the language, for the toggle.
    pub(super) here: Cow<'static, str>,
    /// What was typed, if this page keeps it, and the key that makes this page again.
    pub(super) typed: Option<(Typed, &'static str)>,
    pub(super) back: Back,
}

impl Frame {
    pub(super) fn new(lang: Lang, title: &'static str, here: impl Into<Cow<'static, str>>, back: Back) -> Self {
        Frame { lang, w: lang.words(), other: lang.other().words(), title, here: here.into(), typed: None, back }
    }

    fn keeping(self, typed: Typed, replay: &'static str) -> Self {
        Frame { typed: Some((typed, replay)), ..self }
    }
}

#[derive(Template)]
#[template(path = "start.html")]
struct StartPage {
    km: &'static Words,
    en: &'static Words,
}

#[derive(Template)]
#[template(path = "both.html")]
struct BothPage {
    km: &'static Words,
    en: &'static Words,
    told: [(&'static str, &'static Told); 2],
    icon: &'static str,
    again: bool,
}

#[derive(Template)]
#[template(path = "home.html")]
struct HomePage {
    f: Frame,
}

#[derive(Template)]
#[template(path = "help.html")]
struct HelpPage {
    f: Frame,
}

/// One digit of the pad.
struct Key {
    digit: char,
    khmer: String,
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
}

#[derive(Template)]
#[template(path = "status.html")]
struct StatusPage {
    f: Frame,
    card: StatusCard,
    /// Whether a PIN would tell more.
    more: bool,
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

#[derive(Template)]
#[template(path = "pin.html")]
struct PinPage {
    f: Frame,
    keys: Vec<Key>,
    dots: Vec<bool>,
    count: usize,
    notice: Option<&'static Told>,
}

#[derive(Template)]
#[template(path = "feedback.html")]
struct FeedbackPage {
    f: Frame,
    /// The same for however many presses of this page.
    intent: uuid::Uuid,
    grades: Vec<(u8, &'static str, &'static str)>,
}

#[derive(Template)]
#[template(path = "told.html")]
struct ToldPage {
    f: Frame,
    class: &'static str,
    icon: &'static str,
    told: &'static Told,
}

pub(super) fn page(status: StatusCode, template: &impl Template) -> Response {
    match template.render() {
        Ok(text) => {
            let html = HeaderValue::from_static("text/html; charset=utf-8");
            (status, [(header::CONTENT_TYPE, html)], text).into_response()
        }
        Err(fault) => {
            // Only a template that names an asset which is not there, and a test looks for those.
            tracing::error!(%fault, "a page could not be made");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

fn both(status: StatusCode, icon: &'static str, again: bool, pick: fn(&'static Words) -> &'static Told) -> Response {
    let told = [("km", pick(&KM)), ("en", pick(&EN))];
    let (km, en) = (&KM, &EN);
    page(status, &BothPage { km, en, told, icon, again })
}

/// The answer to an address that leads nowhere, in both languages; fit as the fallback of a whole listener.
pub async fn no_such_page() -> Response {
    both(StatusCode::NOT_FOUND, "alert", true, |w| &w.no_page)
}

pub(super) async fn wrong_way() -> Response {
    both(StatusCode::METHOD_NOT_ALLOWED, "alert", true, |w| &w.wrong_way)
}

pub(super) fn foreign() -> Response {
    both(StatusCode::FORBIDDEN, "alert", true, |w| &w.foreign)
}

pub(super) fn not_paired() -> Response {
    both(StatusCode::FORBIDDEN, "link", false, |w| &w.not_paired)
}

fn unreadable(fault: &FormRejection) -> Response {
    match fault.status() {
        StatusCode::PAYLOAD_TOO_LARGE => both(StatusCode::PAYLOAD_TOO_LARGE, "alert", true, |w| &w.too_large),
        _ => both(StatusCode::BAD_REQUEST, "alert", true, |w| &w.unreadable),
    }
}

pub(super) async fn start() -> Response {
    page(StatusCode::OK, &StartPage { km: &KM, en: &EN })
}

pub(super) async fn to_start() -> Redirect {
    Redirect::to("/kiosk")
}

pub(super) async fn to_home(Path(segment): Path<String>) -> Response {
    match (Lang::from_tag(&segment), segment.as_str()) {
        (Some(lang), _) => Redirect::to(&format!("/kiosk/{}/home", lang.tag())).into_response(),
        (None, "home" | "check" | "help" | "services" | "offices" | "feedback") => {
            Redirect::to("/kiosk").into_response()
        }
        (None, _) => no_such_page().await,
    }
}

pub(super) async fn home(Path(tag): Path<String>) -> Response {
    let Some(lang) = Lang::from_tag(&tag) else {
        return no_such_page().await;
    };
    let title = lang.words().home_title;
    let f = Frame::new(lang, title, "home", Back::To("/kiosk"));
    page(StatusCode::OK, &HomePage { f })
}

pub(super) async fn help(Path(tag): Path<String>) -> Response {
    let Some(lang) = Lang::from_tag(&tag) else {
        return no_such_page().await;
    };
    let f = Frame::new(lang, lang.words().help_title, "help", Back::In("home".into()));
    page(StatusCode::OK, &HelpPage { f })
}

pub(super) async fn pad(State(state): State<KioskState>, Path(tag): Path<String>) -> Response {
    match Lang::from_tag(&tag) {
        Some(lang) => pad_page(&state, lang, Typed::default(), "stay", None),
        None => no_such_page().await,
    }
}

/// What the form of a visit holds.
#[derive(serde::Deserialize)]
pub(super) struct Visit {
    #[serde(default)]
    digits: String,
    #[serde(default)]
    at: String,
    #[serde(default)]
    pin: String,
    #[serde(default)]
    key: String,
}

/// A press: a digit, `delete`, `clear`, `at…` (correct this digit), `stay`, `help`, `ok`; `pin` asks for the PIN,
/// `p…` types it. Anything else is as `stay`.
pub(super) async fn check(
    State(state): State<KioskState>,
    Path(tag): Path<String>,
    form: Result<Form<Visit>, FormRejection>,
) -> Response {
    let Some(lang) = Lang::from_tag(&tag) else {
        return no_such_page().await;
    };
    let visit = match form {
        Ok(Form(visit)) => visit,
        Err(fault) => return unreadable(&fault),
    };
    let most = most(&state);
    let mut typed = Typed::read(&visit.digits, &visit.at, most).with_pin(&visit.pin);
    if let Some(press) = visit.key.strip_prefix('p') {
        return pin_page(lang, typed_pin(typed, press), None);
    }
    match visit.key.as_str() {
        "delete" => typed.delete(),
        "clear" => typed = Typed::default(),
        "help" => {
            let title = lang.words().help_title;
            let f = Frame::new(lang, title, "check", Back::Key("stay")).keeping(typed, "help");
            return page(StatusCode::OK, &HelpPage { f });
        }
        "ok" => return answer(&state, lang, typed).await,
        other => {
            if let Some(at) = other.strip_prefix("at") {
                typed = Typed::read(&typed.digits, at, most).with_pin("");
            }
            let mut chars = other.chars();
            if let (Some(digit @ '0'..='9'), None) = (chars.next(), chars.next()) {
                typed.press(digit, most);
            }
        }
    }
    pad_page(&state, lang, typed, "stay", None)
}

/// Digits that fill the display.
fn most(state: &KioskState) -> usize {
    match state.groups.iter().sum() {
        0 => DIGITS_MAX,
        sum => DIGITS_MAX.min(sum),
    }
}

async fn answer(state: &KioskState, lang: Lang, mut typed: Typed) -> Response {
    let w = lang.words();
    typed.at = None;
    let (whole, got) = (most(state), typed.digits.len());
    let short = !state.groups.is_empty() && got < whole;
    if got == 0 || short {
        let text = if state.groups.is_empty() { w.code_hint_free.to_owned() } else { (w.incomplete_text)(whole, got) };
        return pad_page(state, lang, typed, "ok", Some((w.incomplete, text)));
    }
    let told = |told: &'static Told| Some((told.title, told.text.to_owned()));
    let printed = typed.printed(&state.groups);
    let frame = |title, typed| Frame::new(lang, title, "check", Back::Key("stay")).keeping(typed, "ok");
    let sorry = |icon, told: &'static Told, steps, button| {
        let page = SorryPage { f: frame(told.title, typed.clone()), code: printed.clone(), icon, told, steps, button };
        self::page(StatusCode::OK, &page)
    };
    let pin = Pin::parse(&typed.pin);
    let pin_given = pin.is_some();
    match state.door.check(&typed.digits, pin, lang.language()).await {
        CheckAnswer::Status(answer) => {
            let (card, more) = (status_card(lang, &answer), answer.disclosure == Disclosure::Public && !pin_given);
            let f = frame(w.status, typed);
            page(StatusCode::OK, &StatusPage { f, card, more })
        }
        CheckAnswer::Unknown if pin_given => sorry("search", &w.unknown_pin, &w.unknown_steps, ("pin", w.again)),
        CheckAnswer::Mistyped => pad_page(state, lang, typed.clone(), "ok", told(&w.mistyped)),
        CheckAnswer::NotACode => pad_page(state, lang, typed.clone(), "ok", told(&w.not_a_code)),
        CheckAnswer::Unknown => sorry("search", &w.unknown, &w.unknown_steps, ("stay", w.correct_code)),
        CheckAnswer::Busy => sorry("cloud", &w.busy, &w.busy_steps, ("ok", w.again)),
        CheckAnswer::Paused => sorry("clock", &w.paused, &[], ("ok", w.again)),
    }
}

/// A press on the pad of the PIN: a digit, `delete`; `in` begins anew.
fn typed_pin(typed: Typed, press: &str) -> Typed {
    let mut pin = typed.pin.clone();
    match press {
        "delete" => drop(pin.pop()),
        "in" => pin.clear(),
        digit => pin.push_str(digit),
    }
    typed.with_pin(&pin)
}

fn pin_page(lang: Lang, typed: Typed, notice: Option<&'static Told>) -> Response {
    let count = typed.pin.len();
    let dots = (0..PIN_MAX).map(|at| at < count).collect();
    let f = Frame::new(lang, lang.words().pin_title, "check", Back::Key("stay")).keeping(typed, "p");
    page(StatusCode::OK, &PinPage { f, keys: digit_keys(), dots, count, notice })
}

fn digit_keys() -> Vec<Key> {
    "1234567890".chars().map(|digit| Key { digit, khmer: khmer_digits(&digit.to_string()) }).collect()
}

/// `GET /kiosk/{lang}/feedback`
pub(super) async fn feedback(Path(tag): Path<String>) -> Response {
    let Some(lang) = Lang::from_tag(&tag) else {
        return no_such_page().await;
    };
    let w = lang.words();
    let f = Frame::new(lang, w.feedback_title, "feedback", Back::In("home".into()));
    let icons = ["face-1", "face-2", "face-3", "face-4", "face-5"];
    let mut grades: Vec<_> = (1..).zip(icons).zip(w.grades).map(|((grade, icon), word)| (grade, icon, word)).collect();
    grades.reverse();
    page(StatusCode::OK, &FeedbackPage { f, intent: uuid::Uuid::now_v7(), grades })
}

/// What the form of the faces holds.
#[derive(serde::Deserialize)]
pub(super) struct Rating {
    rating: u8,
    intent: uuid::Uuid,
}

/// `POST /kiosk/{lang}/feedback`: pressed twice it is told once.
pub(super) async fn rate(
    State(state): State<KioskState>,
    Path(tag): Path<String>,
    form: Result<Form<Rating>, FormRejection>,
) -> Response {
    let Some(lang) = Lang::from_tag(&tag) else {
        return no_such_page().await;
    };
    let w = lang.words();
    let taken = match form {
        Ok(Form(Rating { rating: rating @ 1..=5, intent })) => state.door.rate(rating, intent).await,
        Ok(_) => return both(StatusCode::BAD_REQUEST, "alert", true, |w| &w.unreadable),
        Err(fault) => return unreadable(&fault),
    };
    let f = Frame::new(lang, w.feedback_title, "feedback", Back::In("home".into()));
    let (class, icon, told) = if taken { ("good", "check", &w.thanks) } else { ("your-turn", "cloud", &w.not_taken) };
    page(StatusCode::OK, &ToldPage { f, class, icon, told })
}

fn pad_page(
    state: &KioskState,
    lang: Lang,
    typed: Typed,
    replay: &'static str,
    notice: Option<(&'static str, String)>,
) -> Response {
    let w = lang.words();
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
        f: Frame::new(lang, w.code_title, "check", Back::In("home".into())).keeping(typed, replay),
    };
    page(StatusCode::OK, &template)
}

//! The device itself: which one asks, how it is paired, when it is closed, and what staff may do at it. It must not
//! know how a pairing is stored.
use super::{
    KioskState, Pairing,
    check::{DigitsPage, digit_keys},
    context::{Device, PageContext},
    frame::Back,
    parts::MessagePage,
    respond::page,
    typed::pressed,
    views::{Action, Fact},
    visit::Sent,
    words::{EN, KM, Lang, Message, Notice, Words},
    words_device::DeviceWords,
};
use crate::{
    ports::kiosks::Pairing as Step,
    render::words as shared,
    types::{
        civic::{Answer, Office, OfficeSearch, Query},
        time::phnom_penh,
    },
    web::{self, filters},
};
use askama::Template;
use axum::{
    extract::{FromRequestParts, State},
    http::{HeaderMap, HeaderValue, StatusCode, header, request::Parts},
    response::{IntoResponse, Redirect, Response},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::civil::{Date, Time};
use std::{convert::Infallible, net::IpAddr, sync::Arc};

/// Most digits of a staff PIN.
const STAFF_PIN_MAX: usize = 12;

#[derive(Template)]
#[template(path = "pair.html")]
struct PairPage {
    km: &'static Words,
    en: &'static Words,
    class: &'static str,
    message: [(&'static str, &'static Message); 2],
    code: Option<String>,
    /// Words of the button, in Khmer and English.
    button: (&'static str, &'static str),
}

#[derive(Template)]
#[template(path = "closed.html")]
struct ClosedPage {
    km: &'static Words,
    en: &'static Words,
    class: String,
    build: String,
    /// Language, headline, reason, hours.
    message: Vec<(&'static str, &'static str, String, Option<String>)>,
}

/// What the guard found out about who asks.
pub enum Known {
    /// A kiosk that may be used.
    Device(Arc<Device>),
    /// One to be paired first.
    Stranger,
    /// It cannot be found out now.
    Away,
}

/// Which device sent these headers.
pub async fn who(state: &KioskState, headers: &HeaderMap) -> Known {
    let token = web::device_token(headers).unwrap_or_default();
    let known = if token.is_empty() { Ok(None) } else { state.backend.device(token).await };
    match (known, state.pairing) {
        (Ok(Some(kiosk)), _) => Known::Device(Arc::new(kiosk.into())),
        (_, Pairing::Off) => Known::Device(Arc::new(Device { office: state.stands_at.clone(), ..Device::open() })),
        (Ok(None), Pairing::Required) => Known::Stranger,
        (Err(_), Pairing::Required) => Known::Away,
    }
}

/// What an unpaired device sees: a button that asks for digits; the digits that an operator enters, which look again by
/// themselves; and once they were entered, the first page, with a token that nobody saw before. Looking stores nothing.
pub async fn pairing_page(state: &KioskState, headers: &HeaderMap) -> Response {
    let Some(visit) = web::device_token(headers).filter(|token| is_token(token)) else { return pair_page(None, false) };
    match state.backend.pairing(visit).await {
        Step::None => pair_page(None, false),
        Step::Shown(code) => pair_page(Some(code), false),
        Step::Done => {
            let token = new_token();
            if state.backend.take_pairing(visit, &token).await {
                known_by(headers, &token)
            } else {
                pair_page(None, true)
            }
        }
    }
}

/// `POST /kiosk` of an unpaired device: somebody touched the button. It gets a token of its own, whatever it had before.
pub async fn begin_pairing(state: &KioskState, headers: &HeaderMap, from: Option<IpAddr>) -> Response {
    let token = new_token();
    match state.backend.begin_pairing(&token, from).await {
        Some(_) => known_by(headers, &token),
        None => pair_page(None, true),
    }
}

fn pair_page(code: Option<String>, failed: bool) -> Response {
    let pick = |lang: Lang| {
        let words: &DeviceWords = lang.device();
        match (&code, failed) {
            (Some(_), _) => &words.pair,
            (None, true) => &words.pair_again,
            (None, false) => &words.pair_first,
        }
    };
    let message = [("km", pick(Lang::Km)), ("en", pick(Lang::En))];
    let button = (Lang::Km.device().pair.title, Lang::En.device().pair.title);
    let shown = code.is_some();
    let mut answer = page(StatusCode::OK, &PairPage { km: &KM, en: &EN, class: "pairing", message, code, button });
    if shown {
        answer.headers_mut().insert(header::REFRESH, HeaderValue::from_static("5; url=/kiosk"));
    }
    answer
}

/// To the first page with this token.
fn known_by(headers: &HeaderMap, token: &str) -> Response {
    let name = web::device_cookie(headers);
    let secure = if name.starts_with("__Host-") { "; Secure" } else { "" };
    let mut answer = Redirect::to("/kiosk").into_response();
    let cookie = format!("{name}={token}; Path=/; Max-Age=34560000; HttpOnly; SameSite=Strict{secure}");
    answer.headers_mut().append(header::SET_COOKIE, web::header_value(&cookie));
    answer
}

/// 256 random bits.
fn new_token() -> String {
    URL_SAFE_NO_PAD.encode(crate::ports::random::octets::<32>())
}

fn is_token(text: &str) -> bool {
    text.len() == 43 && URL_SAFE_NO_PAD.decode(text).is_ok()
}

/// The device at the first page, where no language is known yet.
pub struct Start(pub Arc<Device>);

impl<S: Sync> FromRequestParts<S> for Start {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let device = parts.extensions.get::<Arc<Device>>().cloned();
        Ok(Start(device.unwrap_or_else(|| Arc::new(Device::open()))))
    }
}

/// What an operator says on the closed screen.
#[derive(serde::Deserialize)]
struct Reason {
    km: String,
    en: String,
}

impl Reason {
    /// As it was stored; without words when it cannot be read, and then the log says so.
    fn read(json: &str) -> Option<Self> {
        let lost = |fault: &serde_json::Error| {
            tracing::error!(kind = ?fault.classify(), "what an operator said to a kiosk cannot be read");
        };
        serde_json::from_str(json).inspect_err(lost).ok()
    }
}

/// What an operator says, in both languages.
pub fn said(json: &str) -> Option<(String, String)> {
    Reason::read(json).map(|reason| (reason.km, reason.en))
}

/// The closed screen, when an operator closed this kiosk or its office is closed now.
pub async fn closed(state: &KioskState, device: &Device) -> Option<Response> {
    let office = match &device.office {
        Some(id) => office(state, id).await,
        None => None,
    };
    let now = state.backend.now().civil(&phnom_penh());
    let by_operator = device.closed.as_ref();
    let paired = !device.build().is_empty();
    let by_hours = paired && office.as_ref().is_some_and(|office| is_closed(office, now.date(), now.time()));
    if by_operator.is_none() && !by_hours {
        return None;
    }
    let reason = by_operator.and_then(|text| Reason::read(text));
    let message = [Lang::Km, Lang::En].map(|lang| {
        let words = lang.device();
        let given = reason.as_ref().map(|reason| if lang == Lang::Km { &reason.km } else { &reason.en });
        let text = given.cloned().unwrap_or_else(|| words.closed.text.to_owned());
        let hours = office.as_ref().map(|office| hours(lang, office, now.date()));
        (lang.tag(), words.closed.title, text, hours)
    });
    let class = device.profile.name.to_owned();
    let mut answer = page(
        StatusCode::OK,
        &ClosedPage { km: &KM, en: &EN, class, build: device.build(), message: message.into_iter().collect() },
    );
    answer.headers_mut().insert(header::REFRESH, HeaderValue::from_static("60"));
    Some(answer)
}

async fn office(state: &KioskState, id: &str) -> Option<Arc<Office>> {
    let search = OfficeSearch { id: Some(id.to_owned()), ..OfficeSearch::default() };
    match state.backend.look_around(&Query::Offices(search)).await {
        Answer::Offices(Ok(found)) => found.items.first().map(|hit| Arc::clone(&hit.office)),
        _ => None,
    }
}

/// Where to call when nothing can be asked: the office's numbers.
pub async fn phones(state: &KioskState, context: &PageContext) -> Vec<Fact> {
    let Some(id) = &context.device.office else { return Vec::new() };
    let Some(office) = office(state, id).await else { return Vec::new() };
    let numbers: Vec<String> = office.phones.iter().map(|phone| shared::phone(phone)).collect();
    let name = office.name.get(context.lang.language()).to_owned();
    vec![Fact { icon: "phone", label: context.words.phone, value: numbers.join(" · "), note: Some(name) }]
}

/// Before the first hour of the day, after the last, or on a closed day; at noon visitors may wait at it.
fn is_closed(office: &Office, day: Date, time: Time) -> bool {
    let hours = office.hours_on(day);
    match (hours.first(), hours.last()) {
        (Some((from, _)), Some((_, to))) => {
            let early = from.checked_sub(jiff::SignedDuration::from_mins(30)).unwrap_or(*from);
            time < early || time >= *to
        }
        _ => true,
    }
}

fn hours(lang: Lang, office: &Office, day: Date) -> String {
    let words = lang.device();
    let hours = office.hours_on(day);
    let closure = office.closure(day).map(|closure| closure.reason.get(lang.language()).to_owned());
    match (hours.is_empty(), closure) {
        (true, Some(reason)) => format!("{} · {reason}", words.closed_today),
        (true, None) => words.closed_today.to_owned(),
        (false, _) => format!("{} {}", words.hours_today, shared::spans(&hours)),
    }
}

/// `GET /kiosk/{lang}/staff`: a page for the office's own people, behind their PIN.
pub async fn staff(State(state): State<KioskState>, context: PageContext) -> Response {
    if state.staff_pin.is_none() {
        return super::errors::no_such_page().await;
    }
    pin_page(&context, String::new(), None)
}

fn pin_page(context: &PageContext, typed: String, notice: Option<&'static Message>) -> Response {
    let words = context.lang.device();
    let count = typed.len();
    let places = (0..count.max(4)).map(|at| (at < count).then(|| "●".to_owned())).collect();
    let typed = super::typed::Typed { once: typed, ..super::typed::Typed::default() };
    let frame = context.frame(words.staff, "staff", Back::In("home".into())).keeping(typed, "stay");
    let template = DigitsPage {
        frame,
        title: words.staff_pin,
        hint: words.staff.to_owned(),
        icon: "link",
        keys: digit_keys(),
        places,
        spoken: count.to_string(),
        notice: notice.map(Notice::from),
        field: ("once", 's'),
        go: ("ok", context.words.ok),
        ready: count >= 4,
        most: STAFF_PIN_MAX,
        other: None,
    };
    page(StatusCode::OK, &template)
}

/// `POST /kiosk/{lang}/staff`: `s…` types the PIN, `ok` opens the page; then `close`, `open`.
pub async fn staff_press(State(state): State<KioskState>, context: PageContext, Sent(form): Sent) -> Response {
    let Some(pin) = state.staff_pin.clone() else { return super::errors::no_such_page().await };
    let words = context.lang.device();
    let mut typed: String = form.once.chars().filter(char::is_ascii_digit).take(STAFF_PIN_MAX).collect();
    if let Some(press) = form.key.strip_prefix('s').filter(|press| *press != "tay") {
        pressed(&mut typed, press, STAFF_PIN_MAX);
        return pin_page(&context, typed, None);
    }
    if form.key == "stay" {
        return pin_page(&context, String::new(), None);
    }
    let opened = super::visit::open(&state, &context.device.id, &form.visit);
    let pass = pass(&context, state.backend.now().0 / 600_000);
    let admitted = opened.as_deref() == Some(pass.as_bytes());
    if !admitted {
        let may = state.backend.may_try_staff_pin(&context.device.id).await;
        let (given, wanted) = (web::digest(&typed), web::digest(&pin));
        if !may || given != wanted {
            return pin_page(&context, String::new(), Some(&words.staff_wrong));
        }
    }
    if let kind @ ("close" | "open") = form.key.as_str() {
        let kind = if kind == "close" { "closed" } else { "open" };
        state.backend.send_command(&context.device.id, kind).await;
        return Redirect::to("/kiosk").into_response();
    }
    staff_page(&state, &context, &pass)
}

/// What the sealed field of the staff page holds: this device, these ten minutes.
fn pass(context: &PageContext, span: i64) -> String {
    format!("staff {} {span}", context.device.id)
}

fn staff_page(state: &KioskState, context: &PageContext, pass: &str) -> Response {
    let words = context.lang.device();
    let visit = super::visit::seal(state, &context.device.id, pass.as_bytes());
    let typed = super::typed::Typed { visit, ..super::typed::Typed::default() };
    let frame = context.frame(words.staff, "staff", Back::In("home".into())).keeping(typed, "ok");
    let fact = |icon, label, value: &str| Fact { icon, label, value: value.to_owned(), note: None };
    let facts = vec![
        fact("link", words.device, &context.device.id),
        fact("office", context.words.office, context.device.office.as_deref().unwrap_or("–")),
        fact("place", words.profile, context.device.profile.about),
        fact("clock", words.version, &super::build()),
    ];
    let paired = context.device.office.is_some();
    let mut actions = vec![Action::print(words.test_print), Action::open("home", "forward", words.reload)];
    if paired {
        actions.push(match context.device.closed {
            None => Action::key("staff", "close", "minus", words.close_kiosk),
            Some(_) => Action::key("staff", "open", "check", words.open_kiosk),
        });
    }
    let message = if context.lang == Lang::Km { &STAFF_KM } else { &STAFF_EN };
    page(StatusCode::OK, &MessagePage { frame, class: "under-way", icon: "link", message, facts, actions })
}

static STAFF_KM: Message = Message {
    title: "សម្រាប់មន្ត្រី", text: "សូមចុច «ទំព័រដើម» ពេលរួចរាល់។"
};
static STAFF_EN: Message = Message { title: "For staff", text: "Press “Home” when you are done." };

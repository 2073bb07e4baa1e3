//! How a visitor wants to see the pages: larger, with more contrast, lower, slower, spoken. Chosen without leaving
//! what was typed, and forgotten with the visit. It must not know what other pages say.
use crate::{
    kiosk::{
        audio,
        context::{DISPLAY_PREFS, DisplayPrefs, Loudness, PageContext},
        parts::frame::{Back, Frame},
        respond::page,
        state::KioskState,
        texts::DeviceWords,
        visit::{
            form::Sent,
            typed::{Typed, most},
        },
    },
    web::{self, filters},
};
use askama::Template;
use axum::{
    extract::State,
    http::{StatusCode, header},
    response::Response,
};

#[derive(Template)]
#[template(path = "display.html")]
struct DisplayPage {
    frame: Frame,
    device_words: &'static DeviceWords,
    /// Key, words, whether it is chosen.
    sizes: Vec<(String, &'static str, bool)>,
    /// The same; none without spoken guidance.
    volumes: Vec<(String, &'static str, bool)>,
    switches: Vec<Switch>,
}

/// Something that is on or off.
struct Switch {
    key: String,
    icon: &'static str,
    words: &'static str,
    on: bool,
    /// Whether it is of use only where the device itself can speak.
    needs_voice: bool,
}

/// `GET /kiosk/{lang}/look`
pub async fn show(context: PageContext) -> Response {
    display_page(&context, None)
}

/// `POST /kiosk/{lang}/look`: keeps what was typed; `look…` changes something.
pub async fn change(State(state): State<KioskState>, mut context: PageContext, Sent(form): Sent) -> Response {
    let typed = form.typed(most(&state.groups));
    let keeps = !typed.digits.is_empty() || !typed.visit.is_empty() || !typed.phone.is_empty();
    if let Some(change) = form.key.strip_prefix("look") {
        context.display = changed(context.display, change);
    }
    let mut answer = display_page(&context, keeps.then_some(typed));
    let cookie = format!("{DISPLAY_PREFS}={}; Path=/kiosk; HttpOnly; SameSite=Strict", context.display.mark());
    answer.headers_mut().append(header::SET_COOKIE, web::header_value(&cookie));
    answer
}

fn changed(display: DisplayPrefs, change: &str) -> DisplayPrefs {
    match change {
        "0" | "1" | "2" => DisplayPrefs { size: change.parse().unwrap_or(0), ..display },
        "contrast" => DisplayPrefs { contrast: !display.contrast, ..display },
        "low" => DisplayPrefs { low: !display.low, ..display },
        "time" => DisplayPrefs { time: !display.time, ..display },
        "sound" => DisplayPrefs { sound: !display.sound, ..display },
        "quiet" => DisplayPrefs { loudness: Loudness::Quiet, ..display },
        "usual" => DisplayPrefs { loudness: Loudness::Usual, ..display },
        "loud" => DisplayPrefs { loudness: Loudness::Loud, ..display },
        _ => display,
    }
}

fn display_page(context: &PageContext, typed: Option<Typed>) -> Response {
    let device_words = context.lang.device();
    let back = match &typed {
        Some(typed) if !typed.digits.is_empty() => Back::KeyAt("check", "stay"),
        Some(typed) if !typed.visit.is_empty() => Back::KeyAt("appointments", "stay"),
        _ => Back::In("home".into()),
    };
    let frame = context.frame(device_words.look, "look", back).keeping(typed.unwrap_or_default(), "stay");
    let sizes = (0_u8..)
        .zip(device_words.sizes)
        .map(|(size, word)| (format!("look{size}"), word, context.display.size == size));
    let display = context.display;
    let volumes = [("quiet", Loudness::Quiet), ("usual", Loudness::Usual), ("loud", Loudness::Loud)];
    let volumes = volumes.into_iter().zip(device_words.volumes).filter(|_| display.sound);
    let volumes = volumes.map(|((key, one), word)| (format!("look{key}"), word, display.loudness == one)).collect();
    let switches = [
        ("contrast", "contrast", device_words.contrast, display.contrast),
        ("low", "down", device_words.low, display.low),
        ("time", "clock", device_words.more_time, display.time),
        ("sound", "sound", device_words.sound, display.sound),
    ];
    // without a recording the switch is of use only where the device has a voice: its script shows it then
    let needs_voice = |key: &str| key == "sound" && !audio::is_recorded();
    let switches = switches.into_iter().map(|(key, icon, words, on)| Switch {
        key: format!("look{key}"),
        icon,
        words,
        on,
        needs_voice: needs_voice(key),
    });
    let switches = switches.collect();
    page(StatusCode::OK, &DisplayPage { frame, device_words, sizes: sizes.collect(), volumes, switches })
}

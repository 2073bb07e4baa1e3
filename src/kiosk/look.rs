//! How a visitor wants to see the pages: larger, with more contrast, lower, slower, spoken. Chosen without leaving
//! what was typed, and forgotten with the visit. It must not know what other pages say.
use super::{
    KioskState,
    at::{Here, LOOK, Look, Loudness},
    frame::{Back, Frame, page},
    visit::{Sent, Typed},
    words_device::DeviceWords,
};
use crate::web::filters;
use askama::Template;
use axum::{
    extract::State,
    http::{StatusCode, header},
    response::Response,
};

#[derive(Template)]
#[template(path = "look.html")]
struct LookPage {
    f: Frame,
    d: &'static DeviceWords,
    /// Key, words, whether it is chosen.
    sizes: Vec<(String, &'static str, bool)>,
    /// The same; none without spoken guidance.
    volumes: Vec<(String, &'static str, bool)>,
    /// Key, icon, words, whether it is on.
    switches: Vec<(String, &'static str, &'static str, bool)>,
}

/// `GET /kiosk/{lang}/look`
pub async fn look(here: Here) -> Response {
    look_page(&here, None)
}

/// `POST /kiosk/{lang}/look`: keeps what was typed; `look…` changes something.
pub async fn press(State(state): State<KioskState>, mut here: Here, Sent(form): Sent) -> Response {
    let typed = form.typed(super::check::most(&state));
    let keeps = !typed.digits.is_empty() || !typed.held.is_empty() || !typed.phone.is_empty();
    if let Some(change) = form.key.strip_prefix("look") {
        here.look = changed(here.look, change);
    }
    let mut answer = look_page(&here, keeps.then_some(typed));
    let cookie = format!("{LOOK}={}; Path=/kiosk; HttpOnly; SameSite=Strict", here.look.mark());
    answer.headers_mut().append(header::SET_COOKIE, crate::web::header_value(&cookie));
    answer
}

fn changed(look: Look, change: &str) -> Look {
    match change {
        "0" | "1" | "2" => Look { size: change.parse().unwrap_or(0), ..look },
        "contrast" => Look { contrast: !look.contrast, ..look },
        "low" => Look { low: !look.low, ..look },
        "time" => Look { time: !look.time, ..look },
        "sound" => Look { sound: !look.sound, ..look },
        "quiet" => Look { loudness: Loudness::Quiet, ..look },
        "usual" => Look { loudness: Loudness::Usual, ..look },
        "loud" => Look { loudness: Loudness::Loud, ..look },
        _ => look,
    }
}

fn look_page(here: &Here, typed: Option<Typed>) -> Response {
    let d = here.lang.device();
    let back = match &typed {
        Some(typed) if !typed.digits.is_empty() => Back::KeyAt("check", "stay"),
        Some(typed) if !typed.held.is_empty() => Back::KeyAt("appointments", "stay"),
        _ => Back::In("home".into()),
    };
    let f = here.frame(d.look, "look", back).keeping(typed.unwrap_or_default(), "stay");
    let sizes = (0_u8..).zip(d.sizes).map(|(size, word)| (format!("look{size}"), word, here.look.size == size));
    let look = here.look;
    let volumes = [("quiet", Loudness::Quiet), ("usual", Loudness::Usual), ("loud", Loudness::Loud)];
    let volumes = volumes.into_iter().zip(d.volumes).filter(|_| look.sound);
    let volumes = volumes.map(|((key, one), word)| (format!("look{key}"), word, look.loudness == one)).collect();
    let switches = [
        ("contrast", "contrast", d.contrast, look.contrast),
        ("low", "down", d.low, look.low),
        ("time", "clock", d.more_time, look.time),
        ("sound", "sound", d.sound, look.sound),
    ];
    let switches = switches.into_iter().map(|(key, icon, words, on)| (format!("look{key}"), icon, words, on)).collect();
    page(StatusCode::OK, &LookPage { f, d, sizes: sizes.collect(), volumes, switches })
}

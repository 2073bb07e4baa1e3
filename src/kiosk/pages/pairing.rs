//! An unpaired device: the button that asks for digits, the digits, and its token. It must not know how a pairing is stored.
use crate::{
    kiosk::{
        respond::page,
        state::KioskState,
        texts::{Lang, Message, Words},
    },
    ports::kiosks::Pairing,
    web::{self, filters},
};
use askama::Template;
use axum::{
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use std::net::IpAddr;

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

/// What an unpaired device sees: a button that asks for digits; the digits that an operator enters, which look again by
/// themselves; and once they were entered, the first page, with a token that nobody saw before. Looking stores nothing.
pub async fn pairing_page(state: &KioskState, headers: &HeaderMap) -> Response {
    let Some(visit) = web::device_token(headers).filter(|token| is_token(token)) else { return pair_page(None, false) };
    match state.backend.pairing(visit).await {
        Pairing::None => pair_page(None, false),
        Pairing::Shown(code) => pair_page(Some(code), false),
        Pairing::Done => {
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
        let words = lang.device();
        match (&code, failed) {
            (Some(_), _) => &words.pair,
            (None, true) => &words.pair_again,
            (None, false) => &words.pair_first,
        }
    };
    let message = [("km", pick(Lang::Km)), ("en", pick(Lang::En))];
    let button = (Lang::Km.device().pair.title, Lang::En.device().pair.title);
    let shown = code.is_some();
    let mut answer = page(
        StatusCode::OK,
        &PairPage { km: Lang::Km.words(), en: Lang::En.words(), class: "pairing", message, code, button },
    );
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

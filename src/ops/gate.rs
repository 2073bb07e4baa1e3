//! The door of the operators' pages: the form that asks for the token, signing in and out. It must not know what is behind.
use super::{
    access::{Asker, Shut},
    asked::Asked,
    respond::page,
    state::{Ops, Room},
    words::{Lang, Words},
};
use crate::web::{self, filters};
use askama::Template;
use axum::{
    extract::{Form, Query, State, rejection::FormRejection},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Deserialize;

#[derive(Template)]
#[template(path = "signin.html")]
struct SignIn {
    lang: Lang,
    w: &'static Words,
    trouble: Option<&'static str>,
    form: bool,
}

/// Lets in who may look.
///
/// # Errors
/// The page that says why not.
pub(super) fn admit(room: &Room, lang: Lang, headers: &HeaderMap, asker: Asker) -> Result<(), Box<Response>> {
    let refused = match room.access.admits(headers, asker) {
        Ok(()) => return Ok(()),
        Err(Shut::TooMany(_)) => gate(lang, Some(lang.words().too_many), true, 429),
        Err(Shut::Wrong) if room.access.asks() => gate(lang, None, true, 401),
        Err(Shut::Wrong) => gate(lang, Some(lang.words().loopback_only), false, 403),
    };
    Err(Box::new(refused))
}

/// The sign-in form.
#[derive(Deserialize)]
pub struct Given {
    token: String,
}

/// `POST /console/sign-in`
pub async fn sign_in(
    State(room): State<Ops>,
    Query(asked): Query<Asked>,
    asker: Asker,
    headers: HeaderMap,
    form: Result<Form<Given>, FormRejection>,
) -> Response {
    let lang = asked.lang(&headers);
    if !web::from_our_pages(&headers) || !room.access.asks() {
        return gate(lang, None, room.access.asks(), 403);
    }
    let given = form.map(|Form(given)| given.token).unwrap_or_default();
    match room.access.sign_in(given.trim(), &headers, asker) {
        Ok(cookie) => to_console(lang, &cookie),
        Err(Shut::Wrong) => gate(lang, Some(lang.words().wrong), true, 401),
        Err(Shut::TooMany(_)) => gate(lang, Some(lang.words().too_many), true, 429),
    }
}

/// `POST /console/sign-out`
pub async fn sign_out(State(room): State<Ops>, Query(asked): Query<Asked>, headers: HeaderMap) -> Response {
    let lang = asked.lang(&headers);
    if !web::from_our_pages(&headers) {
        return gate(lang, None, room.access.asks(), 403);
    }
    to_console(lang, &room.access.sign_out(&headers))
}

fn to_console(lang: Lang, cookie: &str) -> Response {
    let to = format!("/console?lang={}", lang.tag());
    let mut answer = (StatusCode::SEE_OTHER, [(header::LOCATION, to)]).into_response();
    answer.headers_mut().insert(header::SET_COOKIE, web::header_value(cookie));
    answer
}

fn gate(lang: Lang, trouble: Option<&'static str>, form: bool, status: u16) -> Response {
    let mut answer = page(&SignIn { lang, w: lang.words(), trouble, form });
    *answer.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::FORBIDDEN);
    answer
}

//! Who may see the console and the metrics: on loopback everybody who names it by a loopback name, elsewhere
//! who has the operator's token, in a header or, after signing in, in a cookie that is not the token.
use crate::web;
use axum::{
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use ring::{
    hmac,
    rand::{SecureRandom, SystemRandom},
};
use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};
use tokio::time::Instant;

const COOKIE: &str = "chrak_console";
/// Wrong tokens that may be tried in a minute, by everybody together.
const WRONG_MAX: u32 = 5;
const WRONG_WINDOW: Duration = Duration::from_secs(60);

/// What came of a try to sign in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tried {
    /// The value of `Set-Cookie`.
    Good(String),
    /// It is another token.
    Wrong,
    /// Too many wrong ones lately; this one was not looked at.
    TooMany,
}

/// The door.
pub struct Access {
    token: Option<String>,
    /// New with every start, so that a cookie does not outlive the process.
    key: hmac::Key,
    wrong: Mutex<(Option<Instant>, u32)>,
}

impl Access {
    /// With no token the console is for loopback only.
    pub fn new(token: Option<String>) -> Self {
        let mut seed = [0; 32];
        let filled = SystemRandom::new().fill(&mut seed);
        // Without randomness a cookie could be made by others: then nobody gets one that is known.
        let token = if filled.is_ok() { token } else { token.map(|_| String::new()) };
        Access { token, key: hmac::Key::new(hmac::HMAC_SHA256, &seed), wrong: Mutex::default() }
    }

    /// Whether a token is asked for at all.
    pub fn asks(&self) -> bool {
        self.token.is_some()
    }

    /// Whether the one who sent these headers may look.
    pub fn admits(&self, headers: &HeaderMap) -> bool {
        let Some(token) = &self.token else {
            return web::names_loopback(headers);
        };
        let bearer = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let bearer = bearer.and_then(|value| value.strip_prefix("Bearer "));
        bearer.is_some_and(|given| self.same(given, token))
            || web::cookie(headers, COOKIE).is_some_and(|given| self.same(given, &self.pass()))
    }

    /// Judges a token typed into the sign-in form.
    pub fn try_token(&self, given: &str) -> Tried {
        let mut wrong = self.wrong.lock().unwrap_or_else(PoisonError::into_inner);
        if wrong.0.is_none_or(|since| since.elapsed() >= WRONG_WINDOW) {
            *wrong = (Some(Instant::now()), 0);
        }
        if wrong.1 >= WRONG_MAX {
            return Tried::TooMany;
        }
        match &self.token {
            Some(token) if !token.is_empty() && self.same(given, token) => {
                Tried::Good(format!("{COOKIE}={}; Path=/; HttpOnly; SameSite=Strict; Max-Age=43200", self.pass()))
            }
            _ => {
                wrong.1 += 1;
                Tried::Wrong
            }
        }
    }

    /// What the cookie holds.
    fn pass(&self) -> String {
        let tag = hmac::sign(&self.key, b"console");
        tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Compares by HMAC, so that the time tells nothing of where two texts differ.
    fn same(&self, given: &str, wanted: &str) -> bool {
        let tag = hmac::sign(&self.key, wanted.as_bytes());
        !wanted.is_empty() && hmac::verify(&self.key, given.as_bytes(), tag.as_ref()).is_ok()
    }
}

/// For programs: what is missing, in one line.
pub fn refused() -> Response {
    let text = "the operator's token is needed (Authorization: Bearer …); without one only loopback may ask\n";
    let mut answer = (StatusCode::UNAUTHORIZED, text).into_response();
    answer.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    answer
}

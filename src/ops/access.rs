//! Who may see the console and the metrics: on loopback everybody who names it by a loopback name, elsewhere
//! who has the operator's token, in a header or, after signing in, in a cookie that is not the token.
use super::{
    sessions::{self, Sessions},
    wrong::Wrong,
};
use crate::{
    ports::random,
    web::{self, Transport},
};
use axum::{
    extract::{ConnectInfo, FromRequestParts},
    http::{HeaderMap, HeaderValue, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use ring::hmac;
use std::{
    convert::Infallible,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    time::Duration,
};
use tokio::time::Instant;

/// Who asks, as the listener found out; nobody in particular where no listener did.
#[derive(Clone, Copy, Debug)]
pub struct Asker(IpAddr);

impl<S: Sync> FromRequestParts<S> for Asker {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|peer| peer.0.ip().to_canonical());
        Ok(Asker(peer.unwrap_or(Ipv4Addr::UNSPECIFIED.into())))
    }
}

/// Why somebody is not let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shut {
    /// There is no token, or another one.
    Wrong,
    /// Too many wrong ones lately; this one was not looked at, for so long.
    TooMany(Duration),
}

/// The door.
pub struct Access {
    token: Option<String>,
    /// New with every start.
    key: hmac::Key,
    wrong: Wrong,
    sessions: Sessions,
}

impl Access {
    /// With no token the console is for loopback only.
    pub fn new(token: Option<String>) -> Self {
        // Without randomness what is compared could be made by others: then nothing starts.
        let key = hmac::Key::new(hmac::HMAC_SHA256, &random::octets::<32>());
        Access { token, key, wrong: Wrong::default(), sessions: Sessions::default() }
    }

    /// Whether a token is asked for at all.
    pub fn asks(&self) -> bool {
        self.token.is_some()
    }

    /// Whether the one who sent these headers may look.
    ///
    /// # Errors
    /// Why not.
    pub fn admits(&self, headers: &HeaderMap, asker: Asker) -> Result<(), Shut> {
        let Some(token) = &self.token else {
            let near = asker.0.is_loopback() && web::names_loopback(headers);
            return if near { Ok(()) } else { Err(Shut::Wrong) };
        };
        if session(headers).is_some_and(|name| self.sessions.hold(name, Instant::now())) {
            return Ok(());
        }
        let bearer = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let bearer = bearer.and_then(|value| value.strip_prefix("Bearer "));
        bearer.map_or(Err(Shut::Wrong), |given| self.judge(given, token, asker))
    }

    fn judge(&self, given: &str, token: &str, asker: Asker) -> Result<(), Shut> {
        match self.wrong.judge(asker.0, Instant::now(), || self.same(given, token)) {
            Ok(true) => Ok(()),
            Ok(false) => Err(Shut::Wrong),
            Err(wait) => Err(Shut::TooMany(wait)),
        }
    }

    /// Judges a token typed into the sign-in form: the value of `Set-Cookie` of a session that begins now. One that the
    /// browser had before, whoever gave it that, ends.
    ///
    /// # Errors
    /// Why not.
    pub fn sign_in(&self, given: &str, headers: &HeaderMap, asker: Asker) -> Result<String, Shut> {
        let token = self.token.as_deref().unwrap_or_default();
        self.judge(given, token, asker)?;
        if let Some(before) = session(headers) {
            self.sessions.end(before);
        }
        let name = self.sessions.begin(Instant::now());
        Ok(cookie(headers, &name, sessions::WHOLE))
    }

    /// Ends the session: the value of `Set-Cookie` that takes the cookie away.
    pub fn sign_out(&self, headers: &HeaderMap) -> String {
        if let Some(name) = session(headers) {
            self.sessions.end(name);
        }
        cookie(headers, "", Duration::ZERO)
    }

    /// Compares by HMAC, so that the time tells nothing of where two texts differ.
    fn same(&self, given: &str, wanted: &str) -> bool {
        let tag = hmac::sign(&self.key, wanted.as_bytes());
        !wanted.is_empty() && hmac::verify(&self.key, given.as_bytes(), tag.as_ref()).is_ok()
    }
}

/// Over TLS one that browsers send over TLS only, and that nothing but this very host can have set.
fn cookie_name(headers: &HeaderMap) -> &'static str {
    if Transport::of(headers) == Transport::Tls { "__Host-chrak-console" } else { "chrak_console" }
}

fn session(headers: &HeaderMap) -> Option<&str> {
    web::cookie(headers, cookie_name(headers))
}

fn cookie(headers: &HeaderMap, value: &str, kept: Duration) -> String {
    let (name, seconds) = (cookie_name(headers), kept.as_secs());
    let secure = if name.starts_with("__Host-") { "; Secure" } else { "" };
    format!("{name}={value}; Path=/; HttpOnly; SameSite=Strict; Max-Age={seconds}{secure}")
}

/// For programs: what is missing, in one line.
pub fn refused(why: Shut) -> Response {
    match why {
        Shut::Wrong => {
            let text = "the operator's token is needed (Authorization: Bearer …); without one only loopback may ask\n";
            let mut answer = (StatusCode::UNAUTHORIZED, text).into_response();
            answer.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            answer
        }
        Shut::TooMany(wait) => {
            let text = "too many wrong tokens came from this address; wait a minute\n";
            let again = [(header::RETRY_AFTER, HeaderValue::from(wait.as_secs() + 1))];
            (StatusCode::TOO_MANY_REQUESTS, again, text).into_response()
        }
    }
}

//! What a provider answers to a form, and what it means (RFC 8628 §3.2, §3.5; RFC 6749 §5). Errors hold nothing of an answer.
use super::{address::is_web, http::Said};
use crate::{
    ports::sign_ins::{Shown, SignIn, Standing, can_be_shown},
    types::{
        Secret, UnixMs,
        civic::CitizenToken,
        limits::{SIGN_IN_OCTETS_MAX, SIGN_IN_POLL_LEAST, SIGN_IN_POLL_MOST},
    },
};
use serde::{Deserialize, de::DeserializeOwned};
use std::time::Duration;

/// What is left out means so many seconds (RFC 8628 §3.2).
const INTERVAL_S: u64 = 5;
/// Characters of a code that people compare and type.
const USER_CODE_MAX: usize = 16;

/// Why an answer is of no use.
#[derive(Debug, PartialEq, Eq)]
pub enum Wrong {
    /// It may be of use later.
    Away(u16),
    /// In words.
    Unusable(String),
}

#[derive(Deserialize)]
struct Device {
    device_code: String,
    user_code: String,
    verification_uri: String,
    verification_uri_complete: Option<String>,
    expires_in: u64,
    interval: Option<u64>,
}

#[derive(Deserialize)]
struct Token {
    access_token: String,
    expires_in: Option<u64>,
}

#[derive(Deserialize)]
struct Refused {
    error: String,
}

fn unusable<T>(why: impl Into<String>) -> Result<T, Wrong> {
    Err(Wrong::Unusable(why.into()))
}

fn read<T: DeserializeOwned>(said: &Said, what: &str) -> Result<T, Wrong> {
    serde_json::from_slice(&said.body).map_err(|fault| Wrong::Unusable(format!("not {what}: {:?}", fault.classify())))
}

/// The error that an answer names; empty where it names none.
fn error(said: &Said) -> String {
    serde_json::from_slice::<Refused>(&said.body).map(|refused| refused.error).unwrap_or_default()
}

/// What a refusal is, for the log.
pub fn refusal(said: &Said) -> Wrong {
    if said.status == 429 || said.status >= 500 {
        return Wrong::Away(said.status);
    }
    // names of errors are of a closed alphabet (RFC 6749 §5.2)
    let name: String = error(said).chars().filter(|c| c.is_ascii_lowercase() || *c == '_').take(40).collect();
    Wrong::Unusable(match name.as_str() {
        "" => format!("{} without a word", said.status),
        "invalid_client" => "invalid_client: check kiosk.login.client_id and client_secret_file".to_owned(),
        "invalid_scope" => "invalid_scope: check kiosk.login.scope".to_owned(),
        "invalid_target" => "invalid_target: check kiosk.login.resource".to_owned(),
        "unauthorized_client" => "unauthorized_client: the provider must allow our client the device grant".to_owned(),
        name => name.to_owned(),
    })
}

/// A sign-in that was begun.
///
/// # Errors
/// Why it cannot be used.
pub fn sign_in(said: &Said, now: UnixMs) -> Result<SignIn, Wrong> {
    if said.status != 200 {
        return Err(refusal(said));
    }
    let device: Device = read(said, "a device authorization response")?;
    let visible = |text: &str, most: usize| {
        (1..=most).contains(&text.len()) && text.bytes().all(|octet| octet.is_ascii_graphic())
    };
    if !visible(&device.device_code, SIGN_IN_OCTETS_MAX) {
        return unusable(format!("a device_code that is not 1 to {SIGN_IN_OCTETS_MAX} visible characters"));
    }
    if !visible(&device.user_code, USER_CODE_MAX) {
        return unusable(format!("a user_code that is not 1 to {USER_CODE_MAX} visible characters"));
    }
    let web = |url: &String| can_be_shown(url) && is_web(url);
    if !web(&device.verification_uri) {
        return unusable("a verification_uri that cannot be shown: https://, at most 500 visible characters");
    }
    // one that is too long to be scanned gives way to the short one
    let complete = device.verification_uri_complete.filter(web);
    let every = Duration::from_secs(device.interval.unwrap_or(INTERVAL_S)).max(SIGN_IN_POLL_LEAST);
    if every > SIGN_IN_POLL_MOST {
        return unusable(format!("an interval of {} s, longer than anybody waits", every.as_secs()));
    }
    if device.expires_in == 0 {
        return unusable("an expires_in of 0");
    }
    let lives = i64::try_from(device.expires_in).unwrap_or(i64::MAX).saturating_mul(1_000);
    Ok(SignIn {
        handle: Secret::new(device.device_code),
        shown: Shown {
            url: complete.unwrap_or_else(|| device.verification_uri.clone()),
            check: device.user_code,
            address: Some(device.verification_uri),
        },
        expires_at: UnixMs(now.0.saturating_add(lives)),
        every,
    })
}

/// How a sign-in stands.
///
/// # Errors
/// Why the answer cannot be used.
pub fn standing(said: &Said, now: UnixMs) -> Result<Standing, Wrong> {
    if said.status != 200 {
        return match error(said).as_str() {
            "authorization_pending" => Ok(Standing::Pending),
            "slow_down" => Ok(Standing::SlowDown),
            "access_denied" => Ok(Standing::Denied),
            // a code that was used, or that nobody knows any more
            "expired_token" | "invalid_grant" => Ok(Standing::Expired),
            _ => Err(refusal(said)),
        };
    }
    let token: Token = read(said, "a token response")?;
    let Some(opaque) = CitizenToken::parse(&token.access_token) else {
        return unusable(format!("an access_token that is not 1 to {SIGN_IN_OCTETS_MAX} visible characters"));
    };
    let lives = token.expires_in.map(|seconds| i64::try_from(seconds).unwrap_or(i64::MAX).saturating_mul(1_000));
    let ends = lives.map(|lives| UnixMs(now.0.saturating_add(lives)));
    Ok(Standing::Done { token: opaque, ends })
}

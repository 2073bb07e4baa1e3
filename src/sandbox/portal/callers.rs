//! What a call says of who stands behind it: channel, number, PIN, token. It must not know what is asked.
use super::problem::Problem;
use axum::http::{HeaderMap, HeaderValue};

/// The window through which a citizen came.
pub const CHANNEL: &str = "x-channel";

/// Refuses a call made for a citizen that does not say through which channel.
///
/// # Errors
/// 400.
pub fn for_a_citizen(headers: &HeaderMap) -> Result<(), Problem> {
    if headers.contains_key(CHANNEL) { Ok(()) } else { Err(wrong_channel()) }
}

/// What is told who names another one.
pub fn wrong_channel() -> Problem {
    Problem::bad_request("header", "X-Channel", "must be sms, ussd or kiosk")
}

/// The citizen's number, as the channel established it.
pub fn number(headers: &HeaderMap) -> Result<Option<&str>, Problem> {
    let number = text(headers, "x-citizen-msisdn")?;
    if number.is_some_and(|number| !is_e164(number)) {
        return Err(Problem::bad_request("header", "X-Citizen-Msisdn", "must be an E.164 number with a plus sign"));
    }
    Ok(number)
}

/// The citizen's PIN.
pub fn pin(headers: &HeaderMap) -> Result<Option<&str>, Problem> {
    let pin = text(headers, "x-citizen-pin")?;
    if pin.is_some_and(|pin| !(4..=6).contains(&pin.len()) || !pin.bytes().all(|b| b.is_ascii_digit())) {
        return Err(Problem::bad_request("header", "X-Citizen-Pin", "must be 4 to 6 digits"));
    }
    Ok(pin)
}

/// What stands for a citizen who has signed in.
pub fn token(headers: &HeaderMap) -> Result<Option<&str>, Problem> {
    let token = text(headers, "x-citizen-token")?;
    let fits = |token: &str| (1..=4_096).contains(&token.len()) && token.bytes().all(|b| b.is_ascii_graphic());
    if token.is_some_and(|token| !fits(token)) {
        return Err(Problem::bad_request("header", "X-Citizen-Token", "must be 1 to 4096 visible ASCII characters"));
    }
    Ok(token)
}

fn text<'a>(headers: &'a HeaderMap, name: &'static str) -> Result<Option<&'a str>, Problem> {
    match headers.get(name).map(HeaderValue::to_str) {
        None => Ok(None),
        Some(Ok(text)) => Ok(Some(text)),
        Some(Err(_)) => Err(Problem::bad_request("header", name, "must be ASCII")),
    }
}

fn is_e164(text: &str) -> bool {
    let digits = text.strip_prefix('+').unwrap_or_default();
    (8..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit()) && !digits.starts_with('0')
}

//! Sign-ins and what is one's own as the contract's JSON has them (1.1 of the contract).
use super::{WireOffice, WireService, id, localized, office, past};
use crate::{
    ports::sign_ins::{Shown, SignIn, Standing, can_be_shown},
    types::{
        Secret, UnixMs,
        civic::{ApplicationStatus, CitizenToken, MyApplication, ServiceRef},
        limits::{SIGN_IN_OCTETS_MAX, SIGN_IN_POLL_LEAST, SIGN_IN_POLL_MOST},
    },
};
use serde::{Deserialize, de::DeserializeOwned};
use std::time::Duration;

#[derive(Deserialize)]
struct WireSignIn {
    id: String,
    url: String,
    check: String,
    expires_at: String,
    poll_s: u64,
}

#[derive(Deserialize)]
struct WireStanding {
    status: String,
    citizen_token: Option<String>,
    token_expires_at: Option<String>,
}

#[derive(Deserialize)]
struct WireMine {
    code: String,
    service: WireService,
    office: WireOffice,
    status: String,
    status_at: String,
}

#[derive(Deserialize)]
#[serde(bound = "T: DeserializeOwned")]
struct Items<T> {
    items: Vec<T>,
    next_cursor: Option<String>,
}

fn read<T: DeserializeOwned>(body: &[u8], what: &str) -> Result<T, String> {
    serde_json::from_slice(body).map_err(|fault| format!("not {what}: {:?}", fault.classify()))
}

/// # Errors
/// Why it cannot be used.
pub fn sign_in(body: &[u8]) -> Result<SignIn, String> {
    let wire: WireSignIn = read(body, "a SignIn")?;
    if wire.id.is_empty() || wire.id.len() > SIGN_IN_OCTETS_MAX {
        return Err("a sign-in whose id is none".to_owned());
    }
    if !can_be_shown(&wire.url) {
        return Err("a sign-in whose url cannot be shown as a code".to_owned());
    }
    if wire.check.len() != 2 || !wire.check.bytes().all(|octet| octet.is_ascii_digit()) {
        return Err("a sign-in whose check is not two digits".to_owned());
    }
    let every = Duration::from_secs(wire.poll_s);
    if every > SIGN_IN_POLL_MOST {
        return Err(format!("a sign-in that may be asked about every {} s only", wire.poll_s));
    }
    Ok(SignIn {
        handle: Secret::new(wire.id),
        shown: Shown { url: wire.url, check: wire.check, address: None },
        expires_at: UnixMs::from_rfc3339(&wire.expires_at).ok_or("a sign-in without its end")?,
        every: every.max(SIGN_IN_POLL_LEAST),
    })
}

/// # Errors
/// Why it cannot be used.
pub fn standing(body: &[u8]) -> Result<Standing, String> {
    let wire: WireStanding = read(body, "a sign-in's state")?;
    Ok(match wire.status.as_str() {
        "done" => {
            let token = wire.citizen_token.as_deref().and_then(CitizenToken::parse);
            let ends =
                wire.token_expires_at.as_deref().map(|text| UnixMs::from_rfc3339(text).ok_or("an end that is no time"));
            Standing::Done {
                token: token.ok_or("a sign-in that is done, with a citizen_token that is none")?,
                ends: ends.transpose()?,
            }
        }
        "denied" => Standing::Denied,
        "expired" => Standing::Expired,
        // what is not known promises nothing
        _ => Standing::Pending,
    })
}

/// One's applications, and where the list goes on.
///
/// # Errors
/// Why it cannot be used.
pub fn applications(body: &[u8], now: UnixMs) -> Result<(Vec<MyApplication>, Option<String>), String> {
    let page: Items<WireMine> = read(body, "a list of applications")?;
    let all = page.items.into_iter().map(|wire| mine(wire, now)).collect::<Result<_, _>>()?;
    Ok((all, page.next_cursor))
}

fn mine(wire: WireMine, now: UnixMs) -> Result<MyApplication, String> {
    let canonical = |b: u8| b.is_ascii_digit() || b.is_ascii_uppercase();
    if !(6..=24).contains(&wire.code.len()) || !wire.code.bytes().all(canonical) {
        return Err("an application whose code is none".to_owned());
    }
    Ok(MyApplication {
        code: wire.code,
        service: ServiceRef {
            id: wire.service.id.map(|name| id(&name)),
            name: wire.service.name.map(localized),
            sensitive: wire.service.sensitive,
        },
        office: office(wire.office),
        status: ApplicationStatus::from_wire(&wire.status),
        status_at: past(&wire.status_at, now).ok_or("an application whose status_at is no time")?,
    })
}

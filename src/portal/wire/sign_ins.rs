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

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    const NOW: UnixMs = UnixMs(1_795_400_000_000);

    fn octets(body: Value, change: Value) -> Vec<u8> {
        let mut body = body;
        change.as_object().expect("members").iter().for_each(|(name, value)| body[name] = value.clone());
        body.to_string().into_bytes()
    }

    fn begun(change: Value) -> Result<SignIn, String> {
        let ends = "2026-11-28T10:03:00+07:00";
        let body = json!({ "id": "s-1", "url": "https://p.example/s", "check": "47", "expires_at": ends, "poll_s": 3 });
        sign_in(&octets(body, change))
    }

    #[test]
    fn a_sign_in_of_the_portal_that_cannot_be_shown_or_waited_for_is_refused() {
        let good = begun(json!({})).expect("a sign-in");
        assert_eq!((good.shown.check.as_str(), good.every), ("47", Duration::from_secs(3)));
        assert_eq!(begun(json!({ "poll_s": 0 })).expect("a sign-in").every, SIGN_IN_POLL_LEAST);
        for (change, told) in [
            (json!({ "id": "" }), "whose id is none"),
            (json!({ "id": "x".repeat(SIGN_IN_OCTETS_MAX + 1) }), "whose id is none"),
            (json!({ "url": "p.example" }), "url cannot be shown"),
            (json!({ "url": "https://p.example/a b" }), "url cannot be shown"),
            (json!({ "url": format!("https://p.example/{}", "x".repeat(500)) }), "url cannot be shown"),
            (json!({ "check": "4" }), "check is not two digits"),
            (json!({ "check": "<b" }), "check is not two digits"),
            (json!({ "check": "៤៧" }), "check is not two digits"),
            (json!({ "poll_s": 86_400 }), "every 86400 s"),
            (json!({ "expires_at": "soon" }), "without its end"),
        ] {
            let why = begun(change).expect_err(told);
            assert!(why.contains(told), "{why}");
        }
    }

    #[test]
    fn how_a_sign_in_stands_is_read_and_a_word_that_is_new_promises_nothing() {
        let stands = |change: Value| standing(&octets(json!({}), change));
        assert_eq!(stands(json!({ "status": "denied" })), Ok(Standing::Denied));
        assert_eq!(stands(json!({ "status": "expired" })), Ok(Standing::Expired));
        assert_eq!(stands(json!({ "status": "considering" })), Ok(Standing::Pending));
        let Ok(Standing::Done { token, ends }) = stands(json!({ "status": "done", "citizen_token": "t" })) else {
            panic!("done")
        };
        assert_eq!((token.expose(), ends), ("t", None));
        for bad in [json!({}), json!({ "citizen_token": "a\r\nx-citizen-pin: 1" }), json!({ "citizen_token": "" })] {
            let mut change = bad.clone();
            change["status"] = json!("done");
            assert!(stands(change).is_err(), "{bad}");
        }
        assert!(stands(json!({ "status": "done", "citizen_token": "t", "token_expires_at": "soon" })).is_err());
    }

    #[test]
    fn a_list_of_ones_own_is_read_and_a_code_that_is_none_refuses_it() {
        let one = |code: &str| {
            json!({ "code": code, "service": { "sensitive": true }, "office": { "id": "o", "name": { "km": "ក", "en": "A" } },
                "status": "in_review", "status_at": "2026-11-20T14:05:00+07:00" })
        };
        let list =
            |code: &str| applications(json!({ "items": [one(code)], "next_cursor": "2" }).to_string().as_bytes(), NOW);
        let (all, next) = list("120500260481937").expect("a list");
        assert_eq!(
            (all[0].code.as_str(), all[0].status, next.as_deref()),
            ("120500260481937", ApplicationStatus::InReview, Some("2"))
        );
        for bad in ["", "1", "1205 00260481937", "120500260481937120500260481937", "<script>"] {
            assert!(list(bad).is_err(), "{bad}");
        }
    }
}

//! What a provider may answer, right and wrong: nothing of it makes us panic, and what is of no use is said in words.
use super::{
    http::Said,
    wire::{Wrong, refusal, sign_in, standing},
};
use crate::{
    ports::sign_ins::Standing,
    types::{UnixMs, limits::SIGN_IN_OCTETS_MAX},
};
use serde_json::{Value, json};
use std::time::Duration;

const NOW: UnixMs = UnixMs(1_795_400_000_000);

fn said(status: u16, body: &Value) -> Said {
    Said { status, body: body.to_string().into_bytes() }
}

fn device(change: impl Fn(&mut Value)) -> Said {
    let mut body = json!({
        "device_code": "GmRhmhcxhwAzkoEqiMEg_DnyEysNkuNhszIySk9eS",
        "user_code": "WDJB-MJHT",
        "verification_uri": "https://id.example/device",
        "verification_uri_complete": "https://id.example/device?user_code=WDJB-MJHT",
        "expires_in": 1800,
        "interval": 5,
    });
    change(&mut body);
    said(200, &body)
}

#[test]
fn a_sign_in_is_shown_by_its_whole_address_or_else_by_the_short_one() {
    let shown = |said: &Said| sign_in(said, NOW).expect("a sign-in");
    let whole = shown(&device(|_| {}));
    assert_eq!(whole.shown.url, "https://id.example/device?user_code=WDJB-MJHT");
    assert_eq!((whole.shown.check.as_str(), whole.every), ("WDJB-MJHT", Duration::from_secs(5)));
    assert_eq!(whole.shown.address.as_deref(), Some("https://id.example/device"));
    assert_eq!(whole.expires_at.since_ms(NOW), 1_800_000);
    let long = format!("https://id.example/device?user_code={}", "x".repeat(3_000));
    for other in [json!(null), json!(long), json!("javascript:alert(1)"), json!("https://id.example/a b")] {
        let short = shown(&device(|it| it["verification_uri_complete"] = other.clone()));
        assert_eq!(short.shown.url, "https://id.example/device", "{other}");
    }
    assert_eq!(shown(&device(|it| it["interval"] = json!(null))).every, Duration::from_secs(5), "what is left out");
    assert_eq!(shown(&device(|it| it["interval"] = json!(0))).every, Duration::from_secs(2), "we do not ask oftener");
}

#[test]
fn a_sign_in_that_cannot_be_used_is_refused_in_words() {
    for (change, told) in [
        (json!({ "expires_in": 0 }), "expires_in of 0"),
        (json!({ "expires_in": -1 }), "not a device authorization response"),
        (json!({ "interval": 86_400 }), "interval of 86400 s"),
        (json!({ "device_code": "" }), "device_code that is not"),
        (json!({ "device_code": "a\nb" }), "device_code that is not"),
        (json!({ "device_code": "x".repeat(SIGN_IN_OCTETS_MAX + 1) }), "device_code that is not"),
        (json!({ "user_code": "A B" }), "user_code that is not"),
        (json!({ "user_code": "x".repeat(17) }), "user_code that is not"),
        (json!({ "verification_uri": "http://id.example/device" }), "verification_uri that cannot be shown"),
        (
            json!({ "verification_uri": format!("https://id.example/{}", "x".repeat(500)) }),
            "verification_uri that cannot",
        ),
    ] {
        let answer =
            device(|it| change.as_object().expect("members").iter().for_each(|(name, value)| it[name] = value.clone()));
        match sign_in(&answer, NOW) {
            Err(Wrong::Unusable(why)) => assert!(why.contains(told) && !why.contains('\n'), "{why}"),
            other => panic!("{change}: {other:?}"),
        }
    }
    let garbage = Said { status: 200, body: b"<html>".to_vec() };
    assert!(matches!(sign_in(&garbage, NOW), Err(Wrong::Unusable(_))));
    let endless = sign_in(&device(|it| it["expires_in"] = json!(u64::MAX)), NOW).expect("a sign-in");
    assert_eq!(endless.expires_at, UnixMs(i64::MAX));
}

#[test]
fn every_answer_about_a_sign_in_has_its_meaning() {
    let refused = |error: &str| said(400, &json!({ "error": error }));
    for (answer, meaning) in [
        (refused("authorization_pending"), Standing::Pending),
        (refused("slow_down"), Standing::SlowDown),
        (refused("access_denied"), Standing::Denied),
        (refused("expired_token"), Standing::Expired),
        (refused("invalid_grant"), Standing::Expired),
    ] {
        assert_eq!(standing(&answer, NOW), Ok(meaning));
    }
    assert_eq!(standing(&said(503, &json!({})), NOW), Err(Wrong::Away(503)));
    assert_eq!(standing(&said(429, &json!({})), NOW), Err(Wrong::Away(429)));
    let jwt = format!("eyJ{}.{}.{}", "a".repeat(100), "b".repeat(2_900), "c".repeat(300));
    let Ok(Standing::Done { token, ends }) =
        standing(&said(200, &json!({ "access_token": jwt, "expires_in": 600 })), NOW)
    else {
        panic!("a token of 3 KB")
    };
    assert_eq!((token.expose(), ends), (jwt.as_str(), Some(NOW.plus_ms(600_000))));
    for bad in ["", "a\r\nx-citizen-pin: 1234", "a b", &"x".repeat(SIGN_IN_OCTETS_MAX + 1)] {
        let answer = standing(&said(200, &json!({ "access_token": bad })), NOW);
        assert!(matches!(answer, Err(Wrong::Unusable(_))), "{bad:?}");
    }
}

#[test]
fn a_refusal_names_the_key_to_mend_and_nothing_of_what_was_sent() {
    let told = |error: &str| match refusal(&said(401, &json!({ "error": error, "error_description": "secret" }))) {
        Wrong::Unusable(why) => why,
        Wrong::Away(status) => panic!("{status}"),
    };
    assert!(told("invalid_client").contains("kiosk.login.client_id"));
    assert!(told("invalid_scope").contains("kiosk.login.scope"));
    assert_eq!(told("a\nb<script>"), "abscript");
    assert_eq!(told(""), "401 without a word");
}

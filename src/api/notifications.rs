//! `/v1/notifications`: the portal's webhook, signed by the Standard Webhooks scheme. 204 only when the event is
//! stored durably, was handled before, or concerns nobody.
use super::{
    problem::Problem,
    request,
    shared::{Api, IsClient},
};
use crate::types::limits::WEBHOOK_OCTETS_MAX;
use axum::{
    body::Body,
    extract::State,
    http::{HeaderMap, StatusCode},
};
use base64::{
    Engine,
    alphabet::STANDARD,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use ring::hmac;

/// How far a timestamp may be away from now, in seconds.
const TOLERANCE_S: i64 = 300;

/// Longest list of signatures, in octets over all headers that carry one.
const SIGNATURES_OCTETS_MAX: usize = 1_000;
/// A signature is 32 octets however it is filled up.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The key of a secret: base64 without `whsec_`.
///
/// # Panics
/// When it is no base64, which whoever read the configuration has seen to.
pub fn key(secret: &str) -> hmac::Key {
    let octets = BASE64.decode(secret).expect("the configuration holds secrets in base64 only");
    hmac::Key::new(hmac::HMAC_SHA256, &octets)
}

/// `POST /v1/notifications`
pub async fn notify(State(api): State<Api>, headers: HeaderMap, body: Body) -> Result<StatusCode, Problem> {
    let named = named(&headers)?;
    let types = ["application/cloudevents+json", "application/json"];
    let body = request::body(&headers, body, WEBHOOK_OCTETS_MAX, &types).await?;
    let now = api.exchange.clock.now().0.div_euclid(1_000);
    if !by_client(api.webhook_client.as_ref(), &headers)
        || (now - named.timestamp).abs() > TOLERANCE_S
        || !signed(&api.webhook_keys, &named, &body)
    {
        return Err(Problem::bad_signature());
    }
    let event = (api.read_event)(&body).map_err(|why| Problem::bad_request("body", "", &why))?;
    if event.id != named.id {
        return Err(Problem::bad_request("body", "/id", "is not the webhook-id"));
    }
    api.exchange.notifications.take_event(event).await.map_err(|_| Problem::unavailable())?;
    Ok(StatusCode::NO_CONTENT)
}

/// Whether it comes from the client that alone may call, where one is named. Our security server sets the header, once; from
/// elsewhere anybody can write it, so that the signature is needed all the same.
fn by_client(wanted: Option<&IsClient>, headers: &HeaderMap) -> bool {
    let Some(is_client) = wanted else { return true };
    let mut given = headers.get_all("x-road-client").iter();
    let first = given.next().and_then(|header| header.to_str().ok());
    first.is_some_and(|client| is_client(client)) && given.next().is_none()
}

struct Named {
    id: String,
    written: String,
    timestamp: i64,
    signatures: String,
}

fn named(headers: &HeaderMap) -> Result<Named, Problem> {
    let header = |name: &str| {
        let value = headers.get(name).and_then(|value| value.to_str().ok());
        value.map(str::to_owned).ok_or_else(|| Problem::bad_request("header", name, "is required"))
    };
    let (id, written) = (header("webhook-id")?, header("webhook-timestamp")?);
    let good = (1..=64).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-".contains(&b));
    if !good {
        return Err(Problem::bad_request("header", "webhook-id", "must be 1 to 64 letters, digits, _ or -"));
    }
    let digits = (10..=11).contains(&written.len()) && written.bytes().all(|b| b.is_ascii_digit());
    let timestamp = written.parse().ok().filter(|_| digits);
    let timestamp =
        timestamp.ok_or_else(|| Problem::bad_request("header", "webhook-timestamp", "must be Unix seconds"))?;
    Ok(Named { id, written, timestamp, signatures: signatures(headers)? })
}

/// The list of signatures. What stands in it is nobody's business but that of whoever looks for one that fits: a
/// version of tomorrow, or what a proxy made of the gaps, must not cost the one beside it.
fn signatures(headers: &HeaderMap) -> Result<String, Problem> {
    let name = "webhook-signature";
    let bad = |why: &str| Problem::bad_request("header", name, why);
    let mut list = String::new();
    for value in headers.get_all(name) {
        list.push_str(value.to_str().map_err(|_| bad("must be ASCII"))?);
        list.push(' ');
    }
    if !headers.contains_key(name) {
        return Err(bad("is required"));
    }
    if list.len() > SIGNATURES_OCTETS_MAX + 1 {
        return Err(bad("is longer than 1,000 octets"));
    }
    Ok(list)
}

/// Whether one signature fits one secret; all are compared in constant time. The list is read to its end: what is
/// of another version, or no base64, is skipped.
fn signed(keys: &[hmac::Key], named: &Named, body: &[u8]) -> bool {
    let mut content = format!("{}.{}.", named.id, named.written).into_bytes();
    content.extend_from_slice(body);
    let mut fits = false;
    for signature in named.signatures.split_ascii_whitespace().filter_map(|one| one.strip_prefix("v1,")) {
        let Ok(signature) = BASE64.decode(signature) else { continue };
        for key in keys {
            fits |= hmac::verify(key, &content, &signature).is_ok();
        }
    }
    fits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_client_that_is_named_calls_through_x_road() {
        let wanted: IsClient = std::sync::Arc::new(|client| client == "A/B/C/D");
        let headers = |given: &[&str]| {
            let pair = |text: &&str| {
                let name = axum::http::HeaderName::from_static("x-road-client");
                (name, axum::http::HeaderValue::from_str(text).expect("a value"))
            };
            given.iter().map(pair).collect::<HeaderMap>()
        };
        assert!(by_client(None, &headers(&[])) && by_client(None, &headers(&["E/F/G/H"])));
        assert!(by_client(Some(&wanted), &headers(&["A/B/C/D"])));
        for other in [&[][..], &["A/B/C"], &["A/B/C/D", "E/F/G/H"], &["E/F/G/H", "A/B/C/D"], &["A/B/C/D", "A/B/C/D"]] {
            assert!(!by_client(Some(&wanted), &headers(other)), "{other:?}");
        }
    }

    #[test]
    fn the_published_example_is_signed_as_it_says() {
        let keys = [key("c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0")];
        let named = |signatures: &str| Named {
            id: "evt-00000042".to_owned(),
            written: "1795400100".to_owned(),
            timestamp: 1_795_400_100,
            signatures: signatures.to_owned(),
        };
        let good = "v1,GV3ivp0Z7xygyAXka6IHx+up4t42yXSbpDSoaVgl/mE=";
        let body = br#"{"specversion":"1.0"}"#;
        assert!(signed(&keys, &named(good), body));
        for list in [
            format!("v1a,AAAA v1,AAAA {good}"),
            format!("v2,AAAA {good}"),
            format!("{good} v2,AAAA"),
            format!("v1,AAAA  {good}"),
            format!("  {good} "),
            format!("\t{good}\t"),
            format!("v1,AAAA\t{good}"),
            format!("v1 v1, ,AAAA v1,%%% v1,A=A= - {good}"),
            good.trim_end_matches('=').to_owned(),
        ] {
            assert!(signed(&keys, &named(&list), body), "{list:?}");
        }
        for list in ["", " ", "v1,", "v2,AAAA", &good.replace("v1,", "v2,"), &good.replace("v1,", "v1;"), &good[3..]] {
            assert!(!signed(&keys, &named(list), body), "{list:?}");
        }
        assert!(!signed(&keys, &named(good), br#"{"specversion":"1.1"}"#));
        assert!(!signed(&keys, &named(&good.replace("GV3", "GV4")), body));
        assert!(!signed(&[], &named(good), body));
    }
}

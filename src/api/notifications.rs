//! `/v1/notifications`: the portal's webhook, signed by the Standard Webhooks scheme. 204 only when the event is
//! stored durably, was handled before, or concerns nobody.
use super::{Api, problem::Problem, request};
use crate::{
    ports::clock::{Clock, SystemClock},
    types::limits::WEBHOOK_OCTETS_MAX,
};
use axum::{
    body::Body,
    extract::State,
    http::{HeaderMap, StatusCode},
};
use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use ring::hmac;

/// How far a timestamp may be away from now, in seconds.
const TOLERANCE_S: i64 = 300;

/// The key of a secret: base64 without `whsec_`.
pub fn key(secret: &str) -> Option<hmac::Key> {
    BASE64.decode(secret).ok().map(|octets| hmac::Key::new(hmac::HMAC_SHA256, &octets))
}

/// `POST /v1/notifications`
pub async fn notify(State(api): State<Api>, headers: HeaderMap, body: Body) -> Result<StatusCode, Problem> {
    let named = named(&headers)?;
    let types = ["application/cloudevents+json", "application/json"];
    let body = request::body(&headers, body, WEBHOOK_OCTETS_MAX, &types).await?;
    let now = SystemClock.now().0.div_euclid(1_000);
    if (now - named.timestamp).abs() > TOLERANCE_S || !signed(&api.webhook_keys, &named, &body) {
        return Err(Problem::bad_signature());
    }
    let event = (api.read_event)(&body).map_err(|why| Problem::bad_request("body", "", &why))?;
    if event.id != named.id {
        return Err(Problem::bad_request("body", "/id", "is not the webhook-id"));
    }
    api.exchange.take_event(event).await.map_err(|_| Problem::unavailable())?;
    Ok(StatusCode::NO_CONTENT)
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
    let (id, written, signatures) = (header("webhook-id")?, header("webhook-timestamp")?, header("webhook-signature")?);
    let good = (1..=64).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-".contains(&b));
    if !good {
        return Err(Problem::bad_request("header", "webhook-id", "must be 1 to 64 letters, digits, _ or -"));
    }
    let digits = (10..=11).contains(&written.len()) && written.bytes().all(|b| b.is_ascii_digit());
    let timestamp = written.parse().ok().filter(|_| digits);
    let timestamp =
        timestamp.ok_or_else(|| Problem::bad_request("header", "webhook-timestamp", "must be Unix seconds"))?;
    let base64 = |text: &str| {
        let body = text.trim_end_matches('=');
        !body.is_empty() && body.bytes().all(|b| b.is_ascii_alphanumeric() || b"+/".contains(&b))
    };
    let listed = signatures.len() <= 1_000
        && signatures
            .split(' ')
            .all(|one| one.strip_prefix("v1,").or_else(|| one.strip_prefix("v1a,")).is_some_and(base64));
    if !listed {
        return Err(Problem::bad_request("header", "webhook-signature", "must be a list of v1,BASE64"));
    }
    Ok(Named { id, written, timestamp, signatures })
}

/// Whether one signature fits one secret; all are compared in constant time.
fn signed(keys: &[hmac::Key], named: &Named, body: &[u8]) -> bool {
    let mut content = format!("{}.{}.", named.id, named.written).into_bytes();
    content.extend_from_slice(body);
    let mut fits = false;
    for signature in named.signatures.split(' ').filter_map(|one| one.strip_prefix("v1,")) {
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
    fn the_published_example_is_signed_as_it_says() {
        let keys = [key("c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0").expect("a key")];
        let named = |signatures: &str| Named {
            id: "evt-00000042".to_owned(),
            written: "1795400100".to_owned(),
            timestamp: 1_795_400_100,
            signatures: signatures.to_owned(),
        };
        let good = "v1,GV3ivp0Z7xygyAXka6IHx+up4t42yXSbpDSoaVgl/mE=";
        let body = br#"{"specversion":"1.0"}"#;
        assert!(signed(&keys, &named(good), body));
        assert!(signed(&keys, &named(&format!("v1a,AAAA v1,AAAA {good}")), body));
        assert!(!signed(&keys, &named(good), br#"{"specversion":"1.1"}"#));
        assert!(!signed(&keys, &named(&good.replace("GV3", "GV4")), body));
        assert!(!signed(&[], &named(good), body));
    }
}

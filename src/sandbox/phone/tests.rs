//! The web phone's API as a page uses it.

use axum::body::{Body, to_bytes};
use axum::http::HeaderValue;
use tower::ServiceExt as _;

use super::*;
use crate::sandbox::telco::TelcoConfig;

async fn telco() -> Telco {
    let config = TelcoConfig { listen: ([127, 0, 0, 1], 0).into(), ..TelcoConfig::default() };
    Telco::start(config).await.unwrap()
}

async fn ask(app: &Router, request: Request) -> (StatusCode, serde_json::Value) {
    let response = app.clone().oneshot(request).await.unwrap();
    let status = response.status();
    let body = to_bytes(response.into_body(), 1 << 20).await.unwrap();
    (status, serde_json::from_slice(&body).unwrap_or_default())
}

fn request(uri: &str, body: Option<&str>) -> Request {
    let builder = axum::http::Request::builder().uri(uri).header("host", "127.0.0.1:8080");
    match body {
        None => builder.body(Body::empty()).unwrap(),
        Some(json) => {
            builder.method("POST").header("content-type", "application/json").body(Body::from(json.to_owned())).unwrap()
        }
    }
}

#[tokio::test]
async fn a_text_sent_is_in_the_history_and_on_its_way() {
    let telco = telco().await;
    let app = routes(telco.clone(), Arc::new(|| None));
    let text = r#"{"from":"85512345678","to":"1212","text":"សួស្តី"}"#;
    let (status, sent) = ask(&app, request("/phone/api/send", Some(text))).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!((&sent["segments"], &sent["alphabet"]), (&json!(1), &json!("ucs2")));
    assert_eq!(telco.snapshot().mo[0].text, "សួស្តី");
    let (_, past) = ask(&app, request("/phone/api/history?number=85512345678", None)).await;
    assert_eq!(past["entries"][0]["state"], "queued");
    let (status, _) = ask(&app, request("/phone/api/events?numbers=x", None)).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn pages_of_other_sites_are_refused() {
    let app = routes(telco().await, Arc::new(|| None));
    for (name, value) in [
        ("host", "evil.example:8080"),
        ("origin", "http://evil.example"),
        ("origin", "null"),
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
    ] {
        let mut r = request("/phone/api/history?number=1", None);
        r.headers_mut().insert(name, HeaderValue::from_static(value));
        let (status, _) = ask(&app, r).await;
        assert_eq!(status, StatusCode::FORBIDDEN, "{name}: {value}");
    }
    let mut r = request("/phone/api/history?number=1", None);
    let origin = HeaderValue::from_static("http://127.0.0.1:8080");
    r.headers_mut().insert("origin", origin);
    assert_eq!(ask(&app, r).await.0, StatusCode::OK);
}

#[test]
fn the_book_is_bounded_and_amends_its_entries() {
    let book = Book::default();
    for id in 0..60 {
        let sent = Sent { id, segments: 1, alphabet: Alphabet::Gsm7, units: 1 };
        book.own("855", "1212", "x", || Ok(sent)).unwrap();
    }
    let event =
        TelcoEvent::State { id: 59, number: "855".into(), state: MoState::Accepted, at: jiff::Timestamp::UNIX_EPOCH };
    book.happened(&event);
    let entries = book.of("855");
    assert_eq!((entries.len(), &entries[0]["id"]), (50, &json!(10)));
    assert_eq!(entries[49]["state"], "accepted");
}

use crate::sandbox::telco::alphabet::Alphabet;
use crate::sandbox::telco::ledger::MoState;
use crate::sandbox::telco::{Event as TelcoEvent, Sent};

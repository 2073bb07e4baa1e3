//! The pages as a browser gets them.
use super::*;
use crate::dialogue::{Dialogue, Input, StatusFacts, View};
use crate::exchange::{CodeTried, TextRefusal};
use crate::ports::{
    PortFuture, StoreFault,
    kiosks::{Kiosk, Pairing as Step},
};
use crate::types::civic::{Answer, PortalFault, Query};
use crate::types::civic::{
    ApplicationFee, ApplicationStatus, Disclosure, Localized, OfficeRef, Ready, ReturnedDocument, TimelineEntry,
};
use crate::types::{CodeRules, CodeVerdict, Language, Msisdn, Pin, Riel, UnixMs};
use axum::{
    body::{Body, to_bytes},
    http::{HeaderMap, Request, StatusCode, header},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use std::net::IpAddr;
use std::sync::Arc;
use tower::ServiceExt;
use uuid::Uuid;

const CODE: &str = "120500260481937";

/// Answers by the digit before the check digit, so that each test names what it wants.
struct Fake;

fn localized(km: &str, en: &str) -> Localized {
    Localized { km: km.to_owned(), en: en.to_owned(), km_latn: None }
}

fn application(status: ApplicationStatus, disclosure: Disclosure) -> StatusFacts {
    let CodeVerdict::Good(code) = CodeRules::recommended().read(CODE) else { panic!("a good code") };
    let office = OfficeRef {
        id: "owso-1205".to_owned(),
        name: localized("ការិយាល័យច្រកចេញចូលតែមួយ ខណ្ឌដង្កោ", "OWSO Khan Dangkao"),
        short: None,
    };
    let ready = Ready { office: office.clone(), until: Some(jiff::civil::date(2027, 1, 15)) };
    let is_ready = status == ApplicationStatus::ReadyForCollection;
    let at = UnixMs(1_795_400_000_000);
    let steps =
        vec![TimelineEntry { status: ApplicationStatus::Registered, at, office: Some(office.clone()), comment: None }];
    let documents = vec![ReturnedDocument {
        name: localized("អត្តសញ្ញាណប័ណ្ណ", "Identity <card>"),
        reason: Some(localized("រូបមិនច្បាស់", "The copy is not clear")),
    }];
    let public = disclosure == Disclosure::Public;
    StatusFacts {
        code,
        service: Some(localized("ការចុះបញ្ជីពាណិជ្ជកម្ម", "Business registration")),
        ready: is_ready.then_some(ready),
        status,
        status_at: at,
        disclosure,
        timeline: if public { vec![] } else { steps },
        office,
        fee: Some(ApplicationFee {
            amount: Riel(20_000),
            paid: status != ApplicationStatus::AwaitingPayment,
            bill_number: Some("B26120500048193".to_owned()),
        }),
        expected_by: (!is_ready).then_some(jiff::civil::date(2026, 11, 30)),
        next_action: is_ready.then(|| {
            localized(
                "សូមយកបង្កាន់ដៃមកទទួលឯកសារនៅការិយាល័យ ក្នុងម៉ោងធ្វើការ។",
                "Bring your receipt and collect the document during office hours.",
            )
        }),
        returned_documents: if public { vec![] } else { documents },
        as_of: None,
        hours_today: None,
    }
}

impl Backend for Fake {
    fn look_around<'a>(&'a self, query: &'a Query) -> PortFuture<'a, Answer> {
        let away = PortalFault::Away;
        Box::pin(async move {
            match query {
                Query::Topics => Answer::Topics(Err(away)),
                Query::Ministries => Answer::Ministries(Err(away)),
                Query::Offices(_) => Answer::Offices(Err(away)),
                Query::Office { .. } => Answer::Office(Err(away)),
                _ => Answer::Services(Err(away)),
            }
        })
    }

    fn rate<'a>(&'a self, _: &'a Who, rating: u8, _: uuid::Uuid) -> PortFuture<'a, bool> {
        Box::pin(async move { rating == 5 })
    }

    fn talk<'a>(
        &'a self,
        _: &'a Who,
        dialogue: Option<Dialogue>,
        _: Input,
        _: Language,
        _: Uuid,
    ) -> PortFuture<'a, (Dialogue, View)> {
        Box::pin(async move { (dialogue.unwrap_or_default(), View::AskAgain) })
    }

    fn ask<'a>(
        &'a self,
        _: &'a Who,
        query: &'a Query,
        _: Option<Uuid>,
    ) -> PortFuture<'a, Result<Answer, crate::exchange::Shut>> {
        Box::pin(async move { Ok(self.look_around(query).await) })
    }

    fn send_code<'a>(
        &'a self,
        _: &'a Who,
        _: &'a str,
        _: Language,
    ) -> PortFuture<'a, Result<(Msisdn, String), TextRefusal>> {
        Box::pin(async { Err(TextRefusal::Away) })
    }

    fn try_code<'a>(&'a self, _: &'a str, _: Msisdn, _: &'a str) -> PortFuture<'a, CodeTried> {
        Box::pin(async { CodeTried::Over })
    }

    fn send_view<'a>(
        &'a self,
        _: &'a Who,
        _: &'a str,
        _: &'a View,
        _: Language,
        _: Uuid,
    ) -> PortFuture<'a, Result<(), TextRefusal>> {
        Box::pin(async { Err(TextRefusal::Away) })
    }

    fn device<'a>(&'a self, _: &'a str) -> PortFuture<'a, Result<Option<Kiosk>, StoreFault>> {
        Box::pin(async { Ok(None) })
    }

    fn pairing<'a>(&'a self, _: &'a str) -> PortFuture<'a, Step> {
        Box::pin(async { Step::Shown("12345678".to_owned()) })
    }

    fn begin_pairing<'a>(&'a self, _: &'a str, _: Option<IpAddr>) -> PortFuture<'a, Option<String>> {
        Box::pin(async { Some("12345678".to_owned()) })
    }

    fn take_pairing<'a>(&'a self, _: &'a str, _: &'a str) -> PortFuture<'a, bool> {
        Box::pin(async { false })
    }

    fn send_command<'a>(&'a self, _: &'a str, _: &'static str) -> PortFuture<'a, bool> {
        Box::pin(async { true })
    }

    fn may_try_staff_pin<'a>(&'a self, _: &'a str) -> PortFuture<'a, bool> {
        Box::pin(async { true })
    }

    fn seal(&self, place: &[u8], plain: &[u8]) -> Option<Vec<u8>> {
        Some([place, plain].concat().into_iter().rev().collect())
    }

    fn unseal(&self, place: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
        let plain: Vec<u8> = sealed.iter().rev().copied().collect();
        plain.strip_prefix(place).map(<[u8]>::to_vec)
    }

    fn now(&self) -> UnixMs {
        UnixMs(1_795_400_000_000)
    }

    fn check<'a>(&'a self, _: &'a Who, typed: &'a str, _: Option<Pin>, _: Language) -> PortFuture<'a, CheckAnswer> {
        let answer = match &typed[13..14] {
            "3" => application(ApplicationStatus::ReadyForCollection, Disclosure::Public),
            "4" => application(ApplicationStatus::ReturnedForCorrection, Disclosure::Contact),
            "5" => {
                let mut kept = application(ApplicationStatus::InReview, Disclosure::Public);
                (kept.service, kept.fee) = (None, None);
                kept.as_of = Some(UnixMs(1_795_400_000_000));
                kept
            }
            "6" => return Box::pin(async { CheckAnswer::Mistyped }),
            "7" => return Box::pin(async { CheckAnswer::Unknown }),
            "8" => return Box::pin(async { CheckAnswer::Busy }),
            "9" => return Box::pin(async { CheckAnswer::Paused }),
            _ => application(ApplicationStatus::AwaitingPayment, Disclosure::Public),
        };
        Box::pin(async { CheckAnswer::Status(Box::new(answer)) })
    }
}

fn router(pairing: Pairing) -> Router {
    routes(KioskState {
        backend: Arc::new(Fake),
        pairing,
        groups: Arc::from([6, 2, 6, 1]),
        codes: CodeRules::recommended(),
        idle: (60, 30),
        staff_pin: None,
        khqr_accounts: Arc::from([]),
        stands_at: None,
    })
}

struct Got {
    status: StatusCode,
    headers: HeaderMap,
    text: String,
}

async fn send(pairing: Pairing, request: Request<Body>) -> Got {
    let answer = router(pairing).oneshot(request).await.expect("an answer");
    let (parts, body) = answer.into_parts();
    let bytes = to_bytes(body, 1 << 20).await.expect("a body");
    Got { status: parts.status, headers: parts.headers, text: String::from_utf8_lossy(&bytes).into_owned() }
}

async fn get(path: &str) -> Got {
    let request = Request::get(path).body(Body::empty()).expect("a request");
    send(Pairing::Off, request).await
}

fn form(path: &str, body: impl Into<Body>) -> axum::http::request::Request<Body> {
    Request::post(path)
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header(header::HOST, "kiosk.test")
        .body(body.into())
        .expect("a request")
}

async fn press(lang: &str, digits: &str, at: &str, key: &str) -> Got {
    let path = format!("/kiosk/{lang}/check");
    let body = format!("digits={digits}&at={at}&key={key}");
    send(Pairing::Off, form(&path, body)).await
}

fn with_kind(kind: char) -> String {
    format!("{}{kind}7", &CODE[..13])
}

#[tokio::test]
async fn every_page_stands_in_both_languages_and_is_never_kept() {
    for lang in ["km", "en"] {
        for page in ["home", "check", "help"] {
            let got = get(&format!("/kiosk/{lang}/{page}")).await;
            assert_eq!(got.status, StatusCode::OK, "{lang} {page}");
            assert!(got.text.contains(&format!("<html lang=\"{lang}\"")));
            assert_eq!(got.headers[header::CACHE_CONTROL], "no-store");
            let policy = got.headers[header::CONTENT_SECURITY_POLICY].to_str();
            assert!(policy.expect("ASCII").starts_with("default-src 'none'"));
            assert!(got.text.contains("90;url=/kiosk"));
            let other = if lang == "km" { "en" } else { "km" };
            assert!(got.text.contains(&format!("/kiosk/{other}/{page}")));
        }
    }
    assert!(get("/kiosk").await.text.contains("/kiosk/km/home"));
}

#[tokio::test]
async fn no_page_holds_script_or_style_that_the_policy_would_stop() {
    for got in [get("/kiosk").await, get("/kiosk/km/check").await, press("en", CODE, "", "ok").await] {
        for banned in ["<style", "style=", "<script>", " onclick", "http://", "target="] {
            assert!(!got.text.contains(banned), "{banned}");
        }
    }
}

#[tokio::test]
async fn digits_are_entered_without_script_and_no_address_holds_them() {
    let got = press("km", "12050", "", "7").await;
    assert!(got.text.contains("name=\"digits\" value=\"120507\""));
    assert!(got.text.contains("aria-label=\"លេខដែលបានបញ្ចូល 120507\""));
    let got = press("km", "120507", "", "delete").await;
    assert!(got.text.contains("name=\"digits\" value=\"12050\""));
    let got = press("km", "12050", "", "at1").await;
    assert!(got.text.contains("name=\"at\" value=\"1\""));
    let got = press("km", "12050", "1", "9").await;
    assert!(got.text.contains("name=\"digits\" value=\"19050\""));
    let got = press("km", "12050", "", "clear").await;
    assert!(got.text.contains("name=\"digits\" value=\"\""));
    let got = press("en", CODE, "", "ok").await;
    for attribute in ["href=\"", "action=\""] {
        for address in got.text.split(attribute).skip(1) {
            let address = address.split('"').next().expect("an address");
            assert!(!address.contains(CODE), "{address}");
        }
    }
}

#[tokio::test]
async fn the_toggle_keeps_the_page_and_what_was_typed() {
    let got = press("en", "1205", "", "stay").await;
    assert!(got.text.contains("formaction=\"/kiosk/km/check\" name=\"key\" value=\"stay\""));
    assert!(got.text.contains("name=\"digits\" value=\"1205\""));
    let got = press("km", CODE, "", "ok").await;
    assert!(got.text.contains("formaction=\"/kiosk/en/check\" name=\"key\" value=\"ok\""));
    let got = press("km", "1205", "", "help").await;
    assert!(got.text.contains("formaction=\"/kiosk/en/check\" name=\"key\" value=\"help\""));
}

#[tokio::test]
async fn the_answer_says_where_it_stands_when_and_what_to_do() {
    let got = press("en", CODE, "", "ok").await;
    for part in [
        "Ready to collect",
        "120500-26-048193-7",
        "OWSO Khan Dangkao",
        "Friday 15 January 2027",
        "Bring your receipt",
        "20 000 riel",
    ] {
        assert!(got.text.contains(part), "{part}");
    }
    assert_eq!(got.headers[header::CACHE_CONTROL], "no-store");
    assert!(!got.text.contains("Steps so far"), "public is not told the steps");
    let got = press("km", CODE, "", "ok").await;
    assert!(got.text.contains("រួចរាល់") && got.text.contains("ថ្ងៃសុក្រ ទី១៥ ខែមករា ឆ្នាំ២០២៧"));
}

#[tokio::test]
async fn more_is_shown_only_where_the_level_earns_it() {
    let got = press("en", &with_kind('4'), "", "ok").await;
    assert!(got.text.contains("Steps so far") && got.text.contains("The copy is not clear"));
    assert!(!got.text.contains("<card>"), "portal text is escaped");
    let got = press("en", &with_kind('5'), "", "ok").await;
    assert!(!got.text.contains("Business registration") && !got.text.contains("riel"));
    assert!(got.text.contains("As known on"));
}

#[tokio::test]
async fn each_fault_has_its_page() {
    let said = [
        ('6', "One digit looks wrong"),
        ('7', "We found no application"),
        ('8', "cannot check just now"),
        ('9', "wait a little"),
    ];
    for (kind, text) in said {
        let got = press("en", &with_kind(kind), "", "ok").await;
        assert_eq!(got.status, StatusCode::OK);
        assert!(got.text.contains(text), "{text}");
        assert!(got.text.contains(&with_kind(kind)), "what was typed is kept");
    }
    let got = press("en", "1205", "", "ok").await;
    assert!(got.text.contains("you have entered 4"));
}

#[tokio::test]
async fn odd_input_is_answered_and_never_a_server_error() {
    let long = "9".repeat(40_000);
    let cases = [
        (form("/kiosk/km/check", format!("digits={long}")), 413),
        (form("/kiosk/km/check", "digits=1&digits=2"), 400),
        (form("/kiosk/km/check", vec![0xff, 0xfe, b'=', 0x80]), 200),
        (form("/kiosk/km/check", "key=at99999999999999999999&digits=%E1%9F%A5&at=-7"), 200),
        (form("/kiosk/km/check", "key=%F0%9F%98%80"), 200),
        (form("/kiosk/km/check", ""), 200),
        (form("/kiosk/xx/check", ""), 404),
        (form("/kiosk/km/home", ""), 405),
        (Request::delete("/kiosk").body(Body::empty()).expect("a request"), 405),
        (Request::post("/kiosk/km/check").body(Body::from("{}")).expect("a request"), 400),
        (Request::get("/kiosk/km/nothing/here").body(Body::empty()).expect("a request"), 404),
        (Request::get("/kiosk/%ff/home").body(Body::empty()).expect("a request"), 400),
        (Request::get("/kiosk/%00/home").body(Body::empty()).expect("a request"), 404),
        (Request::get("/a/00000000/../../Cargo.toml").body(Body::empty()).expect("a request"), 404),
    ];
    for (request, status) in cases {
        let shown = format!("{} {}", request.method(), request.uri());
        let got = send(Pairing::Off, request).await;
        assert_eq!(got.status.as_u16(), status, "{shown}");
        assert!(got.headers.contains_key(header::CONTENT_SECURITY_POLICY));
    }
    let got = get("/kiosk/zz/home").await;
    assert!(got.text.contains("There is no such page") && got.text.contains(texts::Lang::Km.words().no_page.title));
}

#[tokio::test]
async fn only_our_own_pages_may_send_forms() {
    let with = |name: &'static str, value: &'static str| {
        let mut request = form("/kiosk/km/check", "key=1");
        let value = axum::http::HeaderValue::from_static(value);
        request.headers_mut().insert(name, value);
        request
    };
    for (name, value, status) in [
        ("sec-fetch-site", "cross-site", 403),
        ("sec-fetch-site", "same-site", 403),
        ("sec-fetch-site", "same-origin", 200),
        ("origin", "http://evil.test", 403),
        ("origin", "null", 403),
        ("origin", "http://kiosk.test", 200),
    ] {
        let got = send(Pairing::Off, with(name, value)).await;
        assert_eq!(got.status.as_u16(), status, "{name}: {value}");
    }
}

#[tokio::test]
async fn a_page_tells_no_other_site_where_it_was_and_stays_on_tls() {
    for (host, proto, policy, stays) in [
        ("kiosk.test", "http", "same-origin", false),
        ("127.0.0.1:8080", "http", "no-referrer", false),
        ("kiosk.test", "https", "no-referrer", true),
    ] {
        let request = Request::get("/kiosk/km/home").header("host", host).header("x-forwarded-proto", proto);
        let got = send(Pairing::Off, request.body(Body::empty()).expect("a request")).await;
        assert_eq!(got.headers[header::REFERRER_POLICY], policy, "{proto}://{host}");
        assert_eq!(got.headers.contains_key(header::STRICT_TRANSPORT_SECURITY), stays, "{proto}://{host}");
    }
}

#[tokio::test]
async fn an_unpaired_kiosk_shows_its_digits_and_nothing_else() {
    for path in ["/kiosk/km/home", "/kiosk/en/check", "/kiosk/km/services"] {
        let request = Request::get(path).body(Body::empty()).expect("a request");
        let got = send(Pairing::Required, request).await;
        assert_eq!(got.status, StatusCode::SEE_OTHER, "{path}");
        assert_eq!(got.headers[header::LOCATION], "/kiosk");
    }
    let request = Request::get("/kiosk").body(Body::empty()).expect("a request");
    let got = send(Pairing::Required, request).await;
    assert!(got.text.contains("action=\"/kiosk\"") && !got.text.contains("/kiosk/km/home"));
    assert!(!got.headers.contains_key(header::SET_COOKIE), "who only looks is given nothing");
    let request = Request::get("/kiosk").header(header::COOKIE, format!("chrak-device={}", "A".repeat(43)));
    let got = send(Pairing::Required, request.body(Body::empty()).expect("a request")).await;
    assert!(got.text.contains("1234") && got.text.contains("5678"));
    assert_eq!(got.headers[header::REFRESH], "5; url=/kiosk");
    let got = send(Pairing::Required, form("/kiosk", "key=pair")).await;
    assert_eq!(got.status, StatusCode::SEE_OTHER);
    let cookie = got.headers[header::SET_COOKIE].to_str().expect("ASCII");
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"), "{cookie}");
    assert_eq!(send(Pairing::Required, form("/kiosk/en/check", "key=1")).await.status, StatusCode::SEE_OTHER);
    let sheet = assets::asset("app.css").expect("the sheet");
    let request = Request::get(sheet).body(Body::empty()).expect("a request");
    assert_eq!(send(Pairing::Required, request).await.status, StatusCode::OK);
}

#[tokio::test]
async fn assets_are_kept_for_ever_under_their_hash_only() {
    let sheet = assets::asset("app.css").expect("the sheet");
    let got = get(&sheet).await;
    assert_eq!(got.headers[header::CONTENT_TYPE], "text/css; charset=utf-8");
    assert!(got.headers[header::CACHE_CONTROL].to_str().expect("ASCII").contains("immutable"));
    assert_eq!(get("/a/00000000/app.css").await.headers[header::CACHE_CONTROL], "no-cache");
    let request = Request::get(&sheet)
        .header(header::IF_NONE_MATCH, got.headers[header::ETAG].clone())
        .body(Body::empty())
        .expect("a request");
    assert_eq!(send(Pairing::Off, request).await.status, StatusCode::NOT_MODIFIED);
    assert_eq!(get("/a/00000000/none.css").await.status, StatusCode::NOT_FOUND);
}

/// What the fake door seals at a device some time ago, as a form sends it.
fn sealed(device: &str, minutes_ago: i64, plain: &str) -> String {
    let at = (Fake.now().0 - minutes_ago * 60_000).to_be_bytes();
    let place = [device.as_bytes(), &[0], &at[..]].concat();
    let sealed = Fake.seal(&place, plain.as_bytes()).expect("sealed");
    URL_SAFE_NO_PAD.encode([&at[..], &sealed].concat())
}

#[tokio::test]
async fn a_visit_goes_on_at_its_own_kiosk_and_for_its_own_time_only() {
    let begun = |minutes: i64| {
        let begun = Fake.now().0 - minutes * 60_000;
        format!(
            r#"{{"id":"{}","begun":{begun},"number":null,"asked":null,"goal":"Status","task":0,"dialogue":null,"payment":null}}"#,
            Uuid::nil()
        )
    };
    let old_visit = sealed("open", 1, &begun(125));
    for (visit, status) in [
        (sealed("open", 1, &begun(1)), StatusCode::OK),
        (sealed("open", 29, &begun(100)), StatusCode::OK),
        (String::new(), StatusCode::OK),
        (sealed("open", 31, &begun(31)), StatusCode::GONE),
        (sealed("open", -31, &begun(1)), StatusCode::GONE),
        (sealed("k-1", 1, &begun(1)), StatusCode::GONE),
        (old_visit.clone(), StatusCode::GONE),
        ("AAAA".to_owned(), StatusCode::GONE),
        ("not base 64".to_owned(), StatusCode::GONE),
    ] {
        for page in ["check", "number", "send", "pay", "appointments", "look"] {
            let got = send(Pairing::Off, form(&format!("/kiosk/en/{page}"), format!("held={visit}&key=stay"))).await;
            assert!(!got.status.is_server_error(), "{page}: {}", got.status);
            let over = got.text.contains("This visit is over");
            let gone = got.status == StatusCode::GONE;
            assert_eq!((gone, over), (status == StatusCode::GONE, gone), "{page} {visit}");
        }
    }
    // the time is part of the seal: it cannot be made younger
    let mut octets = URL_SAFE_NO_PAD.decode(sealed("open", 31, &begun(31))).expect("base 64");
    octets[..8].copy_from_slice(&Fake.now().0.to_be_bytes());
    let visit = URL_SAFE_NO_PAD.encode(octets);
    let got = send(Pairing::Off, form("/kiosk/en/check", format!("held={visit}&key=stay"))).await;
    assert_eq!(got.status, StatusCode::GONE);
}

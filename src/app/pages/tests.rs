//! The kiosk's pages as a browser gets them: the real exchange on a real database, and a portal that is a function.
use crate::{
    exchange::{Cut, Exchange, Rules, Settings, TelcoRules},
    kiosk::{Authority, Backend, Colour, KioskState, Pairing, Reach, Signs, routes},
    ports::{
        PortFuture,
        clock::Clock,
        portal::{Asker, Portal},
        status::Board,
    },
    store::{Keys, StoreOptions},
    types::{
        CodeRules, CodeVerdict, Countries, Language, RegistrationCode, Riel, UnixMs,
        civic::{
            Answer, Application, ApplicationAnswer, ApplicationFee, ApplicationStatus, Disclosure, Localized,
            OfficeRef, PortalFault, Query, Ready, ReturnedDocument, ServiceRef, TimelineEntry,
        },
        code::damm,
        time::phnom_penh,
    },
    web::assets,
};
use axum::{
    Router,
    body::{Body, to_bytes},
    http::{HeaderMap, Request, StatusCode, header},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use std::{sync::Arc, time::Duration};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;
use uuid::Uuid;

const CODE: &str = "120500260481937";

/// Now, for all of them.
const NOW: UnixMs = UnixMs(1_795_400_000_000);

struct Still;

impl Clock for Still {
    fn now(&self) -> UnixMs {
        NOW
    }
}

fn localized(km: &str, en: &str) -> Localized {
    Localized { km: km.to_owned(), en: en.to_owned(), km_latn: None }
}

/// All that a portal may say; how much of it is shown is not the portal's business.
fn application(code: &RegistrationCode, status: ApplicationStatus, disclosure: Disclosure) -> Application {
    let office = OfficeRef {
        id: "owso-1205".to_owned(),
        name: localized("ការិយាល័យច្រកចេញចូលតែមួយ ខណ្ឌដង្កោ", "OWSO Khan Dangkao"),
        short: None,
    };
    let ready = Ready { office: office.clone(), until: Some(jiff::civil::date(2027, 1, 15)) };
    let is_ready = status == ApplicationStatus::ReadyForCollection;
    let step =
        TimelineEntry { status: ApplicationStatus::Registered, at: NOW, office: Some(office.clone()), comment: None };
    let document = ReturnedDocument {
        name: localized("អត្តសញ្ញាណប័ណ្ណ", "Identity <card>"),
        reason: Some(localized("រូបមិនច្បាស់", "The copy is not clear")),
    };
    let name = Some(localized("ការចុះបញ្ជីពាណិជ្ជកម្ម", "Business registration"));
    Application {
        code: code.clone(),
        service: ServiceRef { id: None, name, sensitive: status == ApplicationStatus::InReview },
        office,
        status,
        status_at: Some(NOW),
        registered_at: None,
        disclosure,
        timeline: vec![step],
        fee: Some(ApplicationFee {
            amount: Riel(20_000),
            paid: status != ApplicationStatus::AwaitingPayment,
            bill_number: Some("B26120500048193".to_owned()),
        }),
        expected_by: (!is_ready).then_some(jiff::civil::date(2026, 11, 30)),
        ready: is_ready.then_some(ready),
        next_action: is_ready.then(|| {
            localized(
                "សូមយកបង្កាន់ដៃមកទទួលឯកសារនៅការិយាល័យ ក្នុងម៉ោងធ្វើការ។",
                "Bring your receipt and collect the document during office hours.",
            )
        }),
        returned_documents: vec![document],
    }
}

/// Answers by the digit before the check digit, so that each test names what it wants.
struct ByDigit;

impl Portal for ByDigit {
    fn ask<'a>(&'a self, query: &'a Query, _: Asker) -> PortFuture<'a, Answer> {
        Box::pin(async move {
            let away = PortalFault::Away;
            let code = match query {
                Query::Application { code, .. } => code,
                Query::Topics => return Answer::Topics(Err(away)),
                Query::Ministries => return Answer::Ministries(Err(away)),
                Query::Groups => return Answer::Groups(Err(away)),
                Query::Pages => return Answer::Pages(Err(away)),
                Query::Page { .. } => return Answer::Page(Err(away)),
                Query::Holidays => return Answer::Holidays(Err(away)),
                Query::Find { .. } => return Answer::Found(Err(away)),
                Query::Offices(_) => return Answer::Offices(Err(away)),
                Query::Office { .. } => return Answer::Office(Err(away)),
                _ => return Answer::Services(Err(away)),
            };
            let (status, disclosure, as_of) = match &code.canonical()[13..14] {
                "3" => (ApplicationStatus::ReadyForCollection, Disclosure::Public, None),
                "4" => (ApplicationStatus::ReturnedForCorrection, Disclosure::Contact, None),
                "5" => (ApplicationStatus::InReview, Disclosure::Public, Some(NOW)),
                "7" => return Answer::Application(Err(PortalFault::NotFound)),
                "8" => return Answer::Application(Err(PortalFault::Away)),
                _ => (ApplicationStatus::AwaitingPayment, Disclosure::Public, None),
            };
            let application = application(code, status, disclosure);
            Answer::Application(Ok(ApplicationAnswer { application, as_of, office: None }))
        })
    }
}

/// A server of pages, on a database of its own.
struct Hall {
    pages: Router,
    backend: Backend,
    work: CancellationToken,
    _folder: tempfile::TempDir,
}

impl Drop for Hall {
    fn drop(&mut self) {
        self.work.cancel();
    }
}

impl Hall {
    async fn open(pairing: Pairing) -> Self {
        Hall::of(pairing, Authority::default()).await
    }

    async fn of(pairing: Pairing, authority: Authority) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let options = StoreOptions::new(folder.path().join("chrak.db"), Keys::from_secret(&[7; 32]));
        let store = Arc::new(crate::store::sqlite::open(options).await.expect("a store"));
        let exchange = Exchange::new(store, Arc::new(ByDigit), Arc::new(Still), Arc::new(Board::default()), settings());
        let work = CancellationToken::new();
        exchange.run.start(work.clone()).await.expect("the exchange starts");
        let backend = Backend::new(exchange, Duration::from_secs(2));
        let pages = routes(KioskState {
            backend: backend.clone(),
            pairing,
            groups: Arc::from([6, 2, 6, 1]),
            codes: CodeRules::recommended(),
            idle: (60, 30),
            staff_pin: None,
            khqr_accounts: Arc::from([]),
            signs: Signs::new(authority),
            stands_at: None,
            printers: Arc::from([]),
            reach: Reach::default(),
        });
        Hall { pages, backend, work, _folder: folder }
    }

    async fn send(&self, request: Request<Body>) -> Got {
        let answer = self.pages.clone().oneshot(request).await.expect("an answer");
        let (parts, body) = answer.into_parts();
        let bytes = to_bytes(body, 1 << 20).await.expect("a body");
        Got { status: parts.status, headers: parts.headers, text: String::from_utf8_lossy(&bytes).into_owned() }
    }

    async fn get(&self, path: &str) -> Got {
        self.send(Request::get(path).body(Body::empty()).expect("a request")).await
    }

    async fn press(&self, lang: &str, digits: &str, at: &str, key: &str) -> Got {
        self.send(form(&format!("/kiosk/{lang}/check"), format!("digits={digits}&at={at}&key={key}"))).await
    }

    /// What the server sealed at a device some time ago, as a form sends it.
    fn sealed(&self, device: &str, minutes_ago: i64, plain: &str) -> String {
        let at = (NOW.0 - minutes_ago * 60_000).to_be_bytes();
        let place = [device.as_bytes(), &[0], &at[..]].concat();
        let sealed = self.backend.seal(&place, plain.as_bytes()).expect("sealed");
        URL_SAFE_NO_PAD.encode([&at[..], &sealed].concat())
    }
}

/// One telco, and no limit but that on the failed look-ups of a kiosk.
fn settings() -> Settings {
    Settings {
        default_language: Language::Km,
        codes: CodeRules::recommended(),
        rules: Rules {
            fails_quarter: 0,
            fails_day: 0,
            replies_minute: 0,
            replies_day: 0,
            steps_day: 0,
            fails_hour_all: 0,
            fails_kiosk: FAILS,
            codes_hour: 0,
            codes_day: 0,
            codes_kiosk: 0,
            codes_hour_all: 0,
        },
        zone: phnom_penh(),
        timeout_sms: Duration::from_secs(5),
        timeout_ussd: Duration::from_millis(800),
        texts_kept: Duration::from_secs(7 * 86_400),
        telcos: vec![TelcoRules {
            name: "smart".into(),
            family: "smart".into(),
            short_codes: vec!["1212".to_owned()],
            cut: Cut::Udh8,
            prefixes: Vec::new(),
            notices: None,
        }]
        .into(),
        quiet: None,
        push_enabled: true,
        events_after: UnixMs(0),
        countries: Countries::cambodia(),
    }
}

/// Failed look-ups of a kiosk in ten minutes.
const FAILS: u32 = 10;

struct Got {
    status: StatusCode,
    headers: HeaderMap,
    text: String,
}

fn form(path: &str, body: impl Into<Body>) -> axum::http::request::Request<Body> {
    Request::post(path)
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header(header::HOST, "kiosk.test")
        .body(body.into())
        .expect("a request")
}

/// A code with its check digit.
fn with_kind(kind: char) -> String {
    let digits = format!("{}{kind}", &CODE[..13]);
    let code = format!("{digits}{}", damm(&digits).expect("digits"));
    assert!(matches!(CodeRules::recommended().read(&code), CodeVerdict::Good(_)), "{code}");
    code
}

#[tokio::test]
async fn every_page_stands_in_both_languages_and_is_never_kept() {
    let hall = Hall::open(Pairing::Off).await;
    for lang in ["km", "en"] {
        for page in ["home", "check", "help"] {
            let got = hall.get(&format!("/kiosk/{lang}/{page}")).await;
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
    assert!(hall.get("/kiosk").await.text.contains("/kiosk/km/home"));
}

#[tokio::test]
async fn no_page_holds_script_or_style_that_the_policy_would_stop() {
    let hall = Hall::open(Pairing::Off).await;
    for got in [hall.get("/kiosk").await, hall.get("/kiosk/km/check").await, hall.press("en", CODE, "", "ok").await] {
        for banned in ["<style", "style=", "<script>", " onclick", "http://", "target="] {
            assert!(!got.text.contains(banned), "{banned}");
        }
    }
}

#[tokio::test]
async fn digits_are_entered_without_script_and_no_address_holds_them() {
    let hall = Hall::open(Pairing::Off).await;
    let got = hall.press("km", "12050", "", "7").await;
    assert!(got.text.contains("name=\"digits\" value=\"120507\""));
    assert!(got.text.contains("aria-label=\"លេខដែលបានបញ្ចូល 120507\""));
    let got = hall.press("km", "120507", "", "delete").await;
    assert!(got.text.contains("name=\"digits\" value=\"12050\""));
    let got = hall.press("km", "12050", "", "at1").await;
    assert!(got.text.contains("name=\"at\" value=\"1\""));
    let got = hall.press("km", "12050", "1", "9").await;
    assert!(got.text.contains("name=\"digits\" value=\"19050\""));
    let got = hall.press("km", "12050", "", "clear").await;
    assert!(got.text.contains("name=\"digits\" value=\"\""));
    let got = hall.press("en", CODE, "", "ok").await;
    for attribute in ["href=\"", "action=\""] {
        for address in got.text.split(attribute).skip(1) {
            let address = address.split('"').next().expect("an address");
            assert!(!address.contains(CODE), "{address}");
        }
    }
}

#[tokio::test]
async fn the_toggle_keeps_the_page_and_what_was_typed() {
    let hall = Hall::open(Pairing::Off).await;
    let got = hall.press("en", "1205", "", "stay").await;
    assert!(got.text.contains("formaction=\"/kiosk/km/check\" name=\"key\" value=\"stay\""));
    assert!(got.text.contains("name=\"digits\" value=\"1205\""));
    let got = hall.press("km", CODE, "", "ok").await;
    assert!(got.text.contains("formaction=\"/kiosk/en/check\" name=\"key\" value=\"ok\""));
    let got = hall.press("km", "1205", "", "help").await;
    assert!(got.text.contains("formaction=\"/kiosk/en/check\" name=\"key\" value=\"help\""));
}

#[tokio::test]
async fn the_answer_says_where_it_stands_when_and_what_to_do() {
    let hall = Hall::open(Pairing::Off).await;
    let got = hall.press("en", CODE, "", "ok").await;
    for part in [
        "Ready to collect",
        "120500-26-048193-7",
        "OWSO Khan Dangkao",
        "Friday 15 January 2027",
        "Bring your receipt",
        "20,000 riel",
    ] {
        assert!(got.text.contains(part), "{part}");
    }
    assert_eq!(got.headers[header::CACHE_CONTROL], "no-store");
    assert!(!got.text.contains("Steps so far"), "public is not told the steps");
    let got = hall.press("km", CODE, "", "ok").await;
    assert!(got.text.contains("រួចរាល់") && got.text.contains("ថ្ងៃសុក្រ ទី១៥ ខែមករា ឆ្នាំ២០២៧"));
}

#[tokio::test]
async fn more_is_shown_only_where_the_level_earns_it() {
    let hall = Hall::open(Pairing::Off).await;
    let code = with_kind('4');
    let got = hall.press("en", &code, "", "ok").await;
    assert!(
        got.text.contains("Something must be corrected") && !got.text.contains("Steps so far"),
        "the portal says more than is earned"
    );
    let got = hall.send(form("/kiosk/en/check", format!("digits={code}&pin=4821&key=ok"))).await;
    assert!(got.text.contains("Steps so far") && got.text.contains("The copy is not clear"));
    assert!(!got.text.contains("<card>"), "portal text is escaped");
    let got = hall.press("en", &with_kind('5'), "", "ok").await;
    assert!(!got.text.contains("Business registration") && !got.text.contains("riel"));
    assert!(got.text.contains("Information as of"));
}

#[tokio::test]
async fn each_fault_has_its_page() {
    let hall = Hall::open(Pairing::Off).await;
    let mistyped = CODE.replace("1937", "1938");
    let said = [
        (mistyped.clone(), "A digit looks wrong"),
        (with_kind('7'), "We found no application"),
        (with_kind('8'), "cannot check just now"),
    ];
    for (code, text) in said {
        let got = hall.press("en", &code, "", "ok").await;
        assert_eq!(got.status, StatusCode::OK);
        assert!(got.text.contains(text), "{text}");
        assert!(got.text.contains(&code), "what was typed is kept");
    }
    let got = hall.press("en", "1205", "", "ok").await;
    assert!(got.text.contains("you have entered 4"));
    // one was not found before; the portal away and a wrong check digit are nobody's guess
    for _ in 1..FAILS {
        let got = hall.press("en", &with_kind('7'), "", "ok").await;
        assert!(got.text.contains("We found no application"));
    }
    let got = hall.press("en", &with_kind('7'), "", "ok").await;
    assert!(got.text.contains("wait a little"));
}

#[tokio::test]
async fn odd_input_is_answered_and_never_a_server_error() {
    let hall = Hall::open(Pairing::Off).await;
    let long = "9".repeat(40_000);
    let cases = [
        (form("/kiosk/km/check", format!("digits={long}")), 413),
        (form("/kiosk/km/check", "digits=1&digits=2"), 400),
        (form("/kiosk/km/check", vec![0xff, 0xfe, b'=', 0x80]), 200),
        (form("/kiosk/km/check", "key=at99999999999999999999&digits=%E1%9F%A5&at=-7"), 200),
        (form("/kiosk/km/check", "key=%F0%9F%98%80"), 200),
        (form("/kiosk/km/check", ""), 200),
        (form("/kiosk/xx/check", ""), 404),
        (form("/kiosk/km/home", ""), 200),
        (Request::delete("/kiosk/km/home").body(Body::empty()).expect("a request"), 405),
        (Request::delete("/kiosk").body(Body::empty()).expect("a request"), 405),
        (Request::post("/kiosk/km/check").body(Body::from("{}")).expect("a request"), 400),
        (Request::get("/kiosk/km/nothing/here").body(Body::empty()).expect("a request"), 404),
        (Request::get("/kiosk/%ff/home").body(Body::empty()).expect("a request"), 400),
        (Request::get("/kiosk/%00/home").body(Body::empty()).expect("a request"), 404),
        (Request::get("/a/00000000/../../Cargo.toml").body(Body::empty()).expect("a request"), 404),
    ];
    for (request, status) in cases {
        let shown = format!("{} {}", request.method(), request.uri());
        let got = hall.send(request).await;
        assert_eq!(got.status.as_u16(), status, "{shown}");
        assert!(got.headers.contains_key(header::CONTENT_SECURITY_POLICY));
    }
    let got = hall.get("/kiosk/zz/home").await;
    assert!(got.text.contains("There is no such page") && got.text.contains("រកមិនឃើញទំព័រនេះទេ"));
}

#[tokio::test]
async fn only_our_own_pages_may_send_forms() {
    let hall = Hall::open(Pairing::Off).await;
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
        let got = hall.send(with(name, value)).await;
        assert_eq!(got.status.as_u16(), status, "{name}: {value}");
    }
}

#[tokio::test]
async fn a_page_tells_no_other_site_where_it_was_and_stays_on_tls() {
    let hall = Hall::open(Pairing::Off).await;
    for (host, proto, policy, stays) in [
        ("kiosk.test", "http", "same-origin", false),
        ("127.0.0.1:8080", "http", "no-referrer", false),
        ("kiosk.test", "https", "no-referrer", true),
    ] {
        let request = Request::get("/kiosk/km/home").header("host", host).header("x-forwarded-proto", proto);
        let got = hall.send(request.body(Body::empty()).expect("a request")).await;
        assert_eq!(got.headers[header::REFERRER_POLICY], policy, "{proto}://{host}");
        assert_eq!(got.headers.contains_key(header::STRICT_TRANSPORT_SECURITY), stays, "{proto}://{host}");
    }
}

#[tokio::test]
async fn an_unpaired_kiosk_shows_its_digits_and_nothing_else() {
    let hall = Hall::open(Pairing::Required).await;
    for path in ["/kiosk/km/home", "/kiosk/en/check", "/kiosk/km/services"] {
        let request = Request::get(path).body(Body::empty()).expect("a request");
        let got = hall.send(request).await;
        assert_eq!(got.status, StatusCode::SEE_OTHER, "{path}");
        assert_eq!(got.headers[header::LOCATION], "/kiosk");
    }
    let request = Request::get("/kiosk").body(Body::empty()).expect("a request");
    let got = hall.send(request).await;
    assert!(got.text.contains("action=\"/kiosk\"") && !got.text.contains("/kiosk/km/home"));
    assert!(!got.headers.contains_key(header::SET_COOKIE), "who only looks is given nothing");
    let got = hall.send(form("/kiosk", "key=pair")).await;
    assert_eq!(got.status, StatusCode::SEE_OTHER);
    let cookie = got.headers[header::SET_COOKIE].to_str().expect("ASCII");
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"), "{cookie}");
    let token = cookie.split(';').next().expect("a name and a token");
    let request = Request::get("/kiosk").header(header::COOKIE, token);
    let got = hall.send(request.body(Body::empty()).expect("a request")).await;
    let shown =
        got.text.split("pair-code").nth(1).expect("its digits").split("aria-label=\"").nth(1).expect("its digits");
    assert!(shown[..8].bytes().all(|byte| byte.is_ascii_digit()), "{shown}");
    assert_eq!(got.headers[header::REFRESH], "5; url=/kiosk");
    assert_eq!(hall.send(form("/kiosk/en/check", "key=1")).await.status, StatusCode::SEE_OTHER);
    let sheet = assets::asset("app.css").expect("the sheet");
    let request = Request::get(sheet).body(Body::empty()).expect("a request");
    assert_eq!(hall.send(request).await.status, StatusCode::OK);
}

#[tokio::test]
async fn assets_are_kept_for_ever_under_their_hash_only() {
    let hall = Hall::open(Pairing::Off).await;
    let sheet = assets::asset("app.css").expect("the sheet");
    let got = hall.get(&sheet).await;
    assert_eq!(got.headers[header::CONTENT_TYPE], "text/css; charset=utf-8");
    assert!(got.headers[header::CACHE_CONTROL].to_str().expect("ASCII").contains("immutable"));
    assert_eq!(hall.get("/a/00000000/app.css").await.headers[header::CACHE_CONTROL], "no-cache");
    let request = Request::get(&sheet)
        .header(header::IF_NONE_MATCH, got.headers[header::ETAG].clone())
        .body(Body::empty())
        .expect("a request");
    assert_eq!(hall.send(request).await.status, StatusCode::NOT_MODIFIED);
    assert_eq!(hall.get("/a/00000000/none.css").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn the_authority_is_named_on_the_first_page_and_at_the_head_of_every_other() {
    let emblem = "<svg xmlns=\"http://www.w3.org/2000/svg\"></svg>";
    let authority = Authority {
        name: Some(localized("សាលាខណ្ឌដង្កោ", "Dangkao Hall & Office")),
        emblem: Some(emblem.into()),
        colour: Some(Colour::new("#5b1616").expect("dark enough")),
    };
    let hall = Hall::of(Pairing::Off, authority).await;
    let first = hall.get("/kiosk").await.text;
    assert!(first.contains("សាលាខណ្ឌដង្កោ") && first.contains("Dangkao Hall &#38; Office"), "{first}");
    for (path, name) in [("/kiosk/km/home", "សាលាខណ្ឌដង្កោ"), ("/kiosk/en/help", "Dangkao Hall &#38; Office")]
    {
        let text = hall.get(path).await.text;
        let head = text.split("</header>").next().expect("a head");
        assert!(head.contains(&format!(">{name}<")), "{path}: {head}");
        assert!(!head.contains("mark.svg\" alt"), "{path}: its emblem stands for the product's mark");
    }
    let address = |text: &str, name: &str| {
        let end = text.find(name).unwrap_or_else(|| panic!("no {name}")) + name.len();
        text[text[..end].rfind('"').expect("a quote") + 1..end].to_owned()
    };
    let shown = hall.get(&address(&first, "/authority/emblem.svg")).await;
    assert_eq!(
        (shown.text.as_str(), &shown.headers[header::CONTENT_TYPE]),
        (emblem, &"image/svg+xml".parse().expect("ASCII"))
    );
    assert!(shown.headers[header::CACHE_CONTROL].to_str().expect("ASCII").contains("immutable"));
    let sheet = hall.get(&address(&first, "/authority/colour.css")).await;
    assert!(sheet.text.contains("--blue:#5b1616"), "{}", sheet.text);
    let kept = hall.get("/kiosk/sw.js").await.text;
    assert!(
        kept.contains("/authority/emblem.svg") && kept.contains("/authority/colour.css"),
        "they are kept for a broken line"
    );
}

#[tokio::test]
async fn a_screen_of_nobody_shows_the_product() {
    let hall = Hall::open(Pairing::Off).await;
    let text = hall.get("/kiosk/en/home").await.text;
    assert!(text.contains(">Chrak</span>") && !text.contains("/authority/"), "{text}");
    assert_eq!(hall.get("/a/00000000/authority/emblem.svg").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_visit_goes_on_at_its_own_kiosk_and_for_its_own_time_only() {
    let hall = Hall::open(Pairing::Off).await;
    let begun = |minutes: i64| {
        let begun = NOW.0 - minutes * 60_000;
        format!(
            r#"{{"id":"{}","begun":{begun},"number":null,"asked":null,"goal":"Status","task":null,"dialogue":null,"payment":null}}"#,
            Uuid::nil()
        )
    };
    let old_visit = hall.sealed("open", 1, &begun(125));
    for (visit, status) in [
        (hall.sealed("open", 1, &begun(1)), StatusCode::OK),
        (hall.sealed("open", 29, &begun(100)), StatusCode::OK),
        (String::new(), StatusCode::OK),
        (hall.sealed("open", 31, &begun(31)), StatusCode::GONE),
        (hall.sealed("open", -31, &begun(1)), StatusCode::GONE),
        (hall.sealed("k-1", 1, &begun(1)), StatusCode::GONE),
        (old_visit.clone(), StatusCode::GONE),
        ("AAAA".to_owned(), StatusCode::GONE),
        ("not base 64".to_owned(), StatusCode::GONE),
    ] {
        for page in ["check", "number", "send", "pay", "appointments", "look"] {
            let got = hall.send(form(&format!("/kiosk/en/{page}"), format!("held={visit}&key=stay"))).await;
            assert!(!got.status.is_server_error(), "{page}: {}", got.status);
            let over = got.text.contains("This visit is over");
            let gone = got.status == StatusCode::GONE;
            assert_eq!((gone, over), (status == StatusCode::GONE, gone), "{page} {visit}");
        }
    }
    // the time is part of the seal: it cannot be made younger
    let mut octets = URL_SAFE_NO_PAD.decode(hall.sealed("open", 31, &begun(31))).expect("base 64");
    octets[..8].copy_from_slice(&NOW.0.to_be_bytes());
    let visit = URL_SAFE_NO_PAD.encode(octets);
    let got = hall.send(form("/kiosk/en/check", format!("held={visit}&key=stay"))).await;
    assert_eq!(got.status, StatusCode::GONE);
}

#[tokio::test]
async fn a_number_is_asked_for_where_there_is_nothing_without_one_and_last_where_there_is() {
    let hall = Hall::open(Pairing::Off).await;
    let held = |got: &Got| {
        let sealed = got.text.split("name=\"held\" value=\"").nth(1).expect("a sealed visit");
        sealed.split('"').next().expect("its end").to_owned()
    };
    let asks = |got: &Got| got.text.contains("Your telephone number");
    let got = hall.send(form("/kiosk/en/appointments", "key=t1")).await;
    assert!(!asks(&got), "a booking asks for a number last");
    let got = hall.send(form("/kiosk/en/appointments", "key=t2")).await;
    assert!(asks(&got), "whose appointments they are is told by a number");
    let got = hall.send(form("/kiosk/en/number", format!("held={}&key=skip", held(&got)))).await;
    assert!(asks(&got), "there is nothing to see without one");
    // an application is seen without a number anyway; there is nothing to skip
    let got = hall.send(form("/kiosk/en/number", format!("digits={CODE}&key=begin"))).await;
    let got = hall.send(form("/kiosk/en/number", format!("digits={CODE}&held={}&key=skip", held(&got)))).await;
    assert!(asks(&got));
}

//! The client against a server that answers with canned octets, one after the other.
use super::*;
use crate::ports::clock::Still;
use crate::types::civic::ApplicationStatus;
use crate::types::{Msisdn, Pin, civic::Disclosure, names::Channel};
use std::sync::{
    Mutex,
    atomic::{AtomicUsize, Ordering},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

mod extras;
mod govstack;
mod hanging;
mod mine;
mod road;

const CODE: &str = "120500260481937";

struct Canned {
    url: String,
    requests: Arc<Mutex<Vec<String>>>,
    served: Arc<AtomicUsize>,
}

/// Answers the n-th request with the n-th answer, the last one for ever. An empty one closes the connection,
/// `slow` never comes.
async fn canned(answers: Vec<Vec<u8>>) -> Canned {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("port");
    let url = format!("http://{}", listener.local_addr().expect("address"));
    let (requests, served) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicUsize::new(0)));
    let canned = Canned { url, requests: Arc::clone(&requests), served: Arc::clone(&served) };
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let (answers, requests, served) = (answers.clone(), Arc::clone(&requests), Arc::clone(&served));
            tokio::spawn(async move {
                let mut buffer = vec![0; 4096];
                let read = stream.read(&mut buffer).await.unwrap_or(0);
                requests.lock().expect("requests").push(String::from_utf8_lossy(&buffer[..read]).into_owned());
                let index = served.fetch_add(1, Ordering::SeqCst).min(answers.len() - 1);
                if answers[index] == b"slow" {
                    tokio::time::sleep(Duration::from_secs(30)).await;
                }
                // Lets equal questions meet.
                tokio::time::sleep(Duration::from_millis(20)).await;
                drop(stream.write_all(&answers[index]).await);
            });
        }
    });
    canned
}

fn http(status: &str, headers: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!("HTTP/1.1 {status}\r\ncontent-length: {length}\r\nconnection: close\r\n{headers}\r\n{body}").into_bytes()
}

fn good(status: &str, disclosure: &str) -> Vec<u8> {
    let body = format!(
        r#"{{"code":"{CODE}","service":{{"sensitive":true}},"office":{{"id":"o","name":{{"km":"ក","en":"A\u0007"}}}},
        "status":"{status}","status_at":"2026-11-20T14:05:00+07:00","disclosure":"{disclosure}","new":1}}"#
    );
    http("200 OK", "content-type: application/json\r\n", &body)
}

fn client(canned: &Canned) -> PortalClient {
    drop(rustls::crypto::ring::default_provider().install_default());
    let options = PortalOptions { url: canned.url.clone(), token: "token".into(), ca_file: None, road: None };
    PortalClient::new(options, Arc::default(), Arc::new(Still::at_noon())).expect("a client")
}

fn query(pin: Option<&str>) -> Query {
    let crate::types::CodeVerdict::Good(code) = crate::types::CodeRules::recommended().read(CODE) else {
        panic!("a good code")
    };
    Query::Application { code, pin: pin.and_then(Pin::parse) }
}

fn asker(number: &str) -> Asker {
    Asker { channel: Channel::Sms, number: Msisdn::parse_e164(number), deadline: Duration::from_millis(900), key: None }
}

async fn ask(client: &PortalClient, pin: Option<&str>) -> Result<ApplicationAnswer, PortalFault> {
    match client.ask(&query(pin), asker("85510000001")).await {
        Answer::Application(answer) => answer,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn every_kind_of_answer_has_its_meaning() {
    let factor = r#"{"type":"x","title":"x","status":403,"code":"factor_wrong","attempts_left":3}"#;
    let huge = format!("\"{}\"", "x".repeat(3 << 20));
    let mut truncated = good("in_review", "public");
    truncated.truncate(truncated.len() - 30);
    let away = PortalFault::Away;
    for (what, answers, wanted) in [
        ("not found", vec![http("404 Not Found", "", "{}")], PortalFault::NotFound),
        ("locked", vec![http("423 Locked", "", "{}")], PortalFault::Locked),
        ("wrong PIN", vec![http("403 F", "", factor)], PortalFault::FactorWrong { attempts_left: Some(3) }),
        ("forbidden", vec![http("403 F", "", "{}")], PortalFault::Refused),
        ("unauthorized", vec![http("401 U", "", "")], PortalFault::Refused),
        ("500 for ever", vec![http("500 I", "", "")], away),
        ("long pause asked", vec![http("503 U", "retry-after: 60\r\n", "")], away),
        ("never", vec![b"slow".to_vec()], away),
        ("closed", vec![Vec::new()], away),
        ("truncated", vec![truncated], away),
        ("too large", vec![http("200 OK", "", &huge)], away),
        ("garbage", vec![http("200 OK", "", "<html>")], PortalFault::Unusable),
        ("redirect", vec![http("302 Found", "location: /x\r\n", "")], PortalFault::Unusable),
        ("X-Road", vec![http("500 I", "x-road-error: Server.ClientProxy\r\n", "{}")], away),
        ("another code", vec![http("200 OK", "", r#"{"code":"1"}"#)], PortalFault::Unusable),
    ] {
        let canned = canned(answers).await;
        assert_eq!(ask(&client(&canned), None).await, Err(wanted), "{what}");
    }
}

/// The portal's clock may be ahead of ours: nothing has become ready tomorrow.
#[tokio::test]
async fn a_time_that_lies_ahead_is_now() {
    let noon = crate::ports::clock::Clock::now(&Still::at_noon());
    for (written, meant) in [
        ("2026-11-20T14:05:00+07:00", noon),
        ("2026-11-20T12:05:01+07:00", noon),
        ("2026-11-20T12:05:00+07:00", noon.plus_ms(5 * 60_000)),
        ("2026-11-20T11:00:00+07:00", noon.plus_ms(-60 * 60_000)),
    ] {
        let answer = String::from_utf8(good("ready", "public")).expect("text");
        let canned = canned(vec![answer.replace("2026-11-20T14:05:00+07:00", written).into_bytes()]).await;
        let answer = ask(&client(&canned), None).await.expect("an answer");
        assert_eq!(answer.application.status_at, Some(meant), "{written}");
    }
}

#[tokio::test]
async fn what_fails_twice_is_asked_a_third_time() {
    let canned = canned(vec![http("500 I", "", ""), Vec::new(), good("brand_new_status", "unheard_of")]).await;
    let answer = ask(&client(&canned), None).await.expect("the third answer");
    assert_eq!(answer.application.status, ApplicationStatus::InReview);
    assert_eq!(answer.application.disclosure, Disclosure::Public);
    assert_eq!(answer.application.office.name.en, "A", "control characters go");
    let requests = canned.requests.lock().expect("requests");
    assert_eq!(requests.len(), 3);
    let line = requests[0].lines().next().expect("a request line");
    assert!(!line.contains("855"), "{line}");
    assert!(requests[0].to_lowercase().contains("x-citizen-msisdn: +85510000001"));
    let id = |text: &String| text.lines().find(|line| line.starts_with("x-request-id")).map(str::to_owned);
    assert_ne!(id(&requests[0]), id(&requests[2]), "each attempt has its own id");
}

#[tokio::test]
async fn a_kept_public_answer_serves_only_while_the_portal_is_away() {
    let canned = canned(vec![good("approved", "public"), http("500 I", "", "")]).await;
    let client = client(&canned);
    assert_eq!(ask(&client, None).await.expect("fresh").as_of, None);
    assert!(ask(&client, None).await.expect("kept").as_of.is_some());
    assert_eq!(ask(&client, Some("4821")).await, Err(PortalFault::Away));
}

#[tokio::test]
async fn an_answer_with_factors_is_not_kept() {
    let canned = canned(vec![good("approved", "contact"), http("500 I", "", "")]).await;
    let client = client(&canned);
    assert!(ask(&client, None).await.is_ok());
    assert_eq!(ask(&client, None).await, Err(PortalFault::Away));
}

#[tokio::test]
async fn equal_questions_share_a_call_and_others_do_not() {
    let canned = canned(vec![good("approved", "public")]).await;
    let client = client(&canned);
    let equal = (0..10).map(|_| ask(&client, None));
    let answers = futures_util::future::join_all(equal).await;
    assert!(answers.iter().all(Result::is_ok));
    assert_eq!(canned.served.load(Ordering::SeqCst), 1);
    let query = query(None);
    let others = (0..5).map(|n| client.ask(&query, asker(&format!("8551000010{n}"))));
    futures_util::future::join_all(others).await;
    assert_eq!(canned.served.load(Ordering::SeqCst), 6);
}

#[tokio::test]
async fn a_portal_that_fails_is_left_alone_and_found_again() {
    let mut answers = vec![http("500 I", "", ""); 15];
    answers.push(good("approved", "public"));
    let canned = canned(answers).await;
    let client = client(&canned);
    for _ in 0..5 {
        assert_eq!(ask(&client, None).await, Err(PortalFault::Away));
    }
    assert!(client.core.board.breaker_open());
    let before = canned.served.load(Ordering::SeqCst);
    assert_eq!(ask(&client, None).await, Err(PortalFault::Away));
    assert_eq!(canned.served.load(Ordering::SeqCst), before, "it was not called");
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    assert!(ask(&client, None).await.is_ok());
    assert!(!client.core.board.breaker_open());
}

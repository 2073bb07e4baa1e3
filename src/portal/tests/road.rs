//! The client behind a security server that says what it is told to say.
use super::*;
use crate::{
    portal::{Identifier, XroadOptions},
    tls::{Identity, PeerFiles, PeerTls},
    types::UnixMs,
    types::civic::{Change, ChangeKind},
};
use futures_util::future::join_all;
use uuid::Uuid;

const CLIENT: &str = "CAMBODIA/GOV/CAMDX-1/CHRAK";
const SERVICE: &str = "CAMBODIA/GOV/CAMDX-2/PORTAL/portal";
const KEY: Uuid = Uuid::from_u128(9);

/// What it says to the n-th call: an answer of the portal, or something else.
#[derive(Clone, Copy, Debug)]
enum Says {
    /// The portal's: an application, or nothing of that name.
    Portal,
    /// Its own error.
    Error(&'static str),
    /// The portal's, with another call's id.
    Foreign,
    /// A page of something else.
    Page(&'static str),
    /// Its own error, in XML.
    Xml(&'static str),
    /// The portal's, of 3 MiB.
    Huge,
}

async fn security_server(says: Vec<Says>) -> Canned {
    slow_security_server(says, Duration::from_millis(20)).await
}

/// It answers after so long.
async fn slow_security_server(says: Vec<Says>, after: Duration) -> Canned {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("port");
    let url = format!("http://{}", listener.local_addr().expect("address"));
    let canned = Canned { url, requests: Arc::default(), served: Arc::default() };
    let (requests, served) = (Arc::clone(&canned.requests), Arc::clone(&canned.served));
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let (says, requests, served) = (says.clone(), Arc::clone(&requests), Arc::clone(&served));
            tokio::spawn(async move {
                let mut buffer = vec![0; 8192];
                let read = stream.read(&mut buffer).await.unwrap_or(0);
                let request = String::from_utf8_lossy(&buffer[..read]).into_owned();
                let index = served.fetch_add(1, Ordering::SeqCst).min(says.len() - 1);
                let answer = answer(says[index], &request);
                requests.lock().expect("requests").push(request);
                tokio::time::sleep(after).await;
                drop(stream.write_all(&answer).await);
            });
        }
    });
    canned
}

fn header<'a>(request: &'a str, name: &str) -> Option<&'a str> {
    request.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
}

fn answer(says: Says, request: &str) -> Vec<u8> {
    let id = if matches!(says, Says::Foreign) { "another" } else { header(request, "x-road-id").unwrap_or_default() };
    let road = format!("x-road-id: {id}\r\nx-road-client: {CLIENT}\r\nx-road-service: {SERVICE}\r\n");
    match says {
        Says::Error(kind) => http("500 I", &format!("x-road-error: {kind}\r\n"), r#"{"type":"x","message":"y"}"#),
        Says::Page(status) => http(status, "content-type: text/html\r\n", "<html>"),
        Says::Xml(kind) => {
            let head = format!("x-road-error: {kind}\r\ncontent-type: text/xml\r\n");
            http("500 I", &head, "<?xml version=\"1.0\"?><error><type>x</type></error>")
        }
        Says::Huge => http("200 OK", &road, &"x".repeat(3 << 20)),
        Says::Portal | Says::Foreign if request.contains("/v1/applications/") => {
            let whole = String::from_utf8(good("in_review", "public")).expect("text");
            whole.replacen("content-type", &format!("{road}content-type"), 1).into_bytes()
        }
        Says::Portal | Says::Foreign => http("404 Not Found", &road, "{}"),
    }
}

fn options() -> XroadOptions {
    XroadOptions {
        client: Identifier::client(CLIENT).expect("an identifier"),
        service: Identifier::service(SERVICE).expect("an identifier"),
        user_id: Some("KH-CHRAK".to_owned()),
        represented_party: None,
        provider_server: None,
        tls: None,
    }
}

fn client(canned: &Canned) -> (PortalClient, Arc<Board>) {
    drop(rustls::crypto::ring::default_provider().install_default());
    let board = Arc::new(Board::default());
    let url = canned.url.clone();
    let options = PortalOptions { url, token: "token".into(), ca_file: None, road: Some(options()) };
    let client = PortalClient::new(options, Arc::clone(&board), Arc::new(Still::at_noon())).expect("a client");
    (client, board)
}

fn calls(canned: &Canned) -> usize {
    canned.served.load(Ordering::SeqCst)
}

async fn cancel(client: &PortalClient) -> Answer {
    let change = Query::Change(Change { what: ChangeKind::Cancel { reference: "R1".into(), was: None }, attempt: 0 });
    client.ask(&change, Asker { key: Some(KEY), ..asker("85510000001") }).await
}

#[tokio::test]
async fn a_call_says_who_calls_what_and_nothing_of_a_citizen() {
    let canned = security_server(vec![Says::Portal]).await;
    let (client, board) = client(&canned);
    assert!(ask(&client, Some("4821")).await.is_ok());
    assert_eq!(cancel(&client).await, Answer::Appointment(Err(PortalFault::NotFound)));
    let requests = canned.requests.lock().expect("requests").clone();
    assert!(
        requests[0].starts_with(&format!("GET /r1/{SERVICE}/v1/applications/{CODE} HTTP/1.1\r\n")),
        "{}",
        requests[0]
    );
    assert!(requests[1].starts_with(&format!("DELETE /r1/{SERVICE}/v1/appointments/R1 HTTP/1.1\r\n")));
    for request in &requests {
        assert_eq!(header(request, "x-road-id"), header(request, "x-request-id"));
        let mut road: Vec<&str> = request.lines().filter(|line| line.starts_with("x-road-")).collect();
        road.sort_unstable();
        let names: Vec<&str> = road.iter().filter_map(|line| line.split(':').next()).collect();
        assert_eq!(names, ["x-road-client", "x-road-id", "x-road-userid"], "each once, and no other");
        for secret in [CODE, "4821", "85510000001", "token", "R1"] {
            assert!(!road.concat().contains(secret), "{road:?}");
        }
        assert_eq!(header(request, "authorization"), Some("Bearer token"), "the contract goes on as it is");
    }
    assert_eq!(
        (header(&requests[0], "x-citizen-pin"), header(&requests[1], "idempotency-key")),
        (Some("4821"), Some(KEY.to_string().as_str()))
    );
    assert!(board.alarms().is_empty());
}

#[tokio::test]
async fn what_somebody_must_mend_costs_one_call_however_many_ask() {
    for (error, named) in [
        ("Client.BadRequest", "portal.xroad.client"),
        ("Server.ClientProxy.InvalidClientIdentifier", "portal.xroad.client"),
        ("server.clientproxy.unknown_member", "portal.xroad.service"),
        ("Server.ClientProxy.SslAuthenticationFailed", "portal.xroad.cert_file"),
        ("Server.ClientProxy.InvalidSecurityServer", "portal.xroad.provider_server"),
        (
            "server.serverproxy.access_denied",
            "must allow CAMBODIA/GOV/CAMDX-1/CHRAK to use CAMBODIA/GOV/CAMDX-2/PORTAL/portal",
        ),
        ("Server.ServerProxy.UnknownService", "portal.xroad.service"),
        ("Server.ServerProxy.ServiceMissingUrl", "portal.xroad.service"),
    ] {
        let canned = security_server(vec![Says::Error(error)]).await;
        let (client, board) = client(&canned);
        let many = (0..10).map(|nth| {
            let client = client.clone();
            async move {
                match nth % 3 {
                    0 => ask(&client, None).await.err(),
                    1 => cancel(&client).await.fault(),
                    _ => client.ask(&Query::Services(Default::default()), asker("85510000001")).await.fault(),
                }
            }
        });
        let faults = join_all(many).await;
        assert!(faults.iter().all(|fault| *fault == Some(PortalFault::Away)), "{error}: {faults:?}");
        assert_eq!(calls(&canned), 1, "{error}: one call, not one of each question");
        assert!(board.breaker_open(), "{error}");
        assert!(board.alarms().len() == 1 && board.alarms()[0].en.contains(named), "{error}: {:?}", board.alarms());
    }
}

#[tokio::test]
async fn a_security_server_that_takes_its_time_costs_two_calls_at_most_and_holds_nobody_up() {
    let many = async |client: &PortalClient, within: u64| {
        let one = |nth: usize| {
            let (client, deadline) = (client.clone(), Duration::from_millis(within));
            let asker = Asker { deadline, ..asker(&format!("8551000{nth:04}")) };
            async move { client.ask(&query(None), asker).await }
        };
        join_all((0..20).map(one)).await
    };
    let slow = Duration::from_millis(600);
    let canned = slow_security_server(vec![Says::Error("Server.ServerProxy.AccessDenied")], slow).await;
    let answers = many(&client(&canned).0, 3_000).await;
    assert!(answers.iter().all(|answer| answer.fault() == Some(PortalFault::Away)), "{answers:?}");
    assert!(calls(&canned) <= 2, "{} calls", calls(&canned));
    // it answers too late for all of them: they end in their time, and nothing of the others was sent
    let canned = slow_security_server(vec![Says::Portal], Duration::from_secs(20)).await;
    let begun = Instant::now();
    let answers = many(&client(&canned).0, 900).await;
    assert!(answers.iter().all(|answer| answer.fault().is_some()), "{answers:?}");
    assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
    // the portal's word opens the way for all
    let canned = slow_security_server(vec![Says::Portal], slow).await;
    let answers = many(&client(&canned).0, 5_000).await;
    assert!(answers.iter().all(|answer| answer.fault().is_none()), "{answers:?}");
}

#[tokio::test]
async fn what_passes_by_itself_is_asked_again_within_the_deadline() {
    for error in [
        "Server.ServerProxy.ServiceDisabled",
        "Server.ServerProxy.MaintenanceMode",
        "server.clientproxy.global_conf_outdated",
        "Server.ClientProxy.MalformedGlobalConf",
        "Server.ServerProxy.NetworkError",
        "server.serverproxy.service_failed.http_error",
        "Server.ServerProxy.LoggingFailed",
        "Server.ServerProxy.NobodyKnows",
    ] {
        let canned = security_server(vec![Says::Error(error), Says::Portal]).await;
        let (client, board) = client(&canned);
        assert!(ask(&client, None).await.is_ok(), "{error}");
        assert_eq!(calls(&canned), 2, "{error}");
        assert!(board.alarms().is_empty() && !board.breaker_open());
    }
}

#[tokio::test]
async fn a_change_is_said_not_to_be_done_only_where_that_is_certain() {
    use PortalFault::{Away, Uncertain};
    for (says, wanted) in [
        (vec![Says::Error("Server.ServerProxy.ServiceDisabled")], Away),
        (vec![Says::Error("Server.ServerProxy.MaintenanceMode")], Away),
        (vec![Says::Error("Server.ServerProxy.NetworkError")], Uncertain),
        (vec![Says::Error("Server.ServerProxy.ServiceFailed.Timeout")], Uncertain),
        (vec![Says::Error("Server.ClientProxy.LoggingFailed")], Uncertain),
        (vec![Says::Error("x")], Uncertain),
        (vec![Says::Page("502 Bad Gateway")], Uncertain),
        (vec![Says::Page("200 OK")], Uncertain),
        (vec![Says::Foreign], Uncertain),
        // what came before may have been carried out
        (
            vec![Says::Error("Server.ServerProxy.NetworkError"), Says::Error("Server.ServerProxy.AccessDenied")],
            Uncertain,
        ),
    ] {
        let canned = security_server(says.clone()).await;
        let (client, _) = client(&canned);
        assert_eq!(cancel(&client).await, Answer::Appointment(Err(wanted)), "{says:?}");
        let requests = canned.requests.lock().expect("requests").clone();
        let keys: std::collections::BTreeSet<_> = requests.iter().map(|one| header(one, "idempotency-key")).collect();
        let ids: std::collections::BTreeSet<_> = requests.iter().map(|one| header(one, "x-road-id")).collect();
        assert_eq!((keys.len(), ids.len()), (1, requests.len()), "one intention, an id for each attempt");
        assert!(requests.len() >= 2, "{says:?}");
    }
}

#[tokio::test]
async fn an_answer_of_nobody_we_know_is_no_answer_and_stands_on_the_board() {
    for (says, wanted) in [
        (Says::Page("200 OK"), PortalFault::Unusable),
        (Says::Page("302 Found"), PortalFault::Unusable),
        (Says::Page("404 Not Found"), PortalFault::Unusable),
        (Says::Foreign, PortalFault::Unusable),
        (Says::Page("503 Service Unavailable"), PortalFault::Away),
    ] {
        let canned = security_server(vec![says]).await;
        let (client, board) = client(&canned);
        assert_eq!(ask(&client, Some("4821")).await, Err(wanted), "{says:?}");
        let told =
            board.alarms().iter().any(|alarm| alarm.en.contains("what answers at portal.url is no security server"));
        assert_eq!(told, wanted == PortalFault::Unusable, "{says:?}: {:?}", board.alarms());
    }
    let canned = security_server(vec![Says::Page("200 OK"), Says::Portal]).await;
    let (client, board) = client(&canned);
    assert_eq!(ask(&client, None).await, Err(PortalFault::Unusable));
    assert!(ask(&client, None).await.is_ok());
    assert!(board.alarms().is_empty(), "it is mended");
}

/// A clock that stands at a moment.
struct At(UnixMs);

impl Clock for At {
    fn now(&self) -> UnixMs {
        self.0
    }
}

#[tokio::test]
#[allow(clippy::disallowed_methods, reason = "certificates of this moment are judged by the time of this moment")]
async fn a_file_of_no_use_and_a_certificate_that_ends_soon_stand_on_the_board() {
    drop(rustls::crypto::ring::default_provider().install_default());
    let folder = tempfile::tempdir().expect("a folder");
    let pair = crate::certificates::of_x_road(folder.path(), "is");
    let servers = crate::certificates::of_x_road(folder.path(), "ss");
    let now = UnixMs(jiff::Timestamp::now().as_millisecond());
    let identity = Some(Identity { cert_file: pair.cert.clone(), key_file: pair.key });
    let files = PeerFiles { identity, server_cert_file: Some(servers.cert.clone()), ca_file: None };
    let board_after = |days: i64| {
        let tls = PeerTls::new(files.clone(), now).expect("good files");
        let road = Some(XroadOptions { tls: Some(tls.clone()), ..options() });
        let url = "https://127.0.0.1:1".to_owned();
        let board = Arc::new(Board::default());
        let clock = Arc::new(At(now.plus_ms(days * 86_400_000)));
        let portal = PortalOptions { url, token: "t".into(), ca_file: None, road };
        let client = PortalClient::new(portal, Arc::clone(&board), clock).expect("a client");
        (client, tls, board)
    };
    let (client, tls, board) = board_after(0);
    client.core.look_at(&tls).await;
    assert!(board.alarms().is_empty(), "{:?}", board.alarms());
    let whole = std::fs::read(&servers.cert).expect("PEM");
    std::fs::write(&servers.cert, "nothing").expect("written");
    client.core.look_at(&tls).await;
    let said = board.alarms();
    assert!(said.len() == 1 && said[0].en.starts_with("portal.xroad.server_cert_file: "), "{said:?}");
    std::fs::write(&servers.cert, whole).expect("written");
    client.core.look_at(&tls).await;
    assert!(board.alarms().is_empty(), "it is mended");
    let (client, tls, board) = board_after(75);
    client.core.look_at(&tls).await;
    let said = board.alarms();
    assert!(said.len() == 1 && said[0].en.contains("ends in 14 days") && said[0].km.contains("14"), "{said:?}");
}

#[tokio::test]
async fn errors_in_xml_are_read_by_their_header_and_answers_without_end_are_none() {
    let canned = security_server(vec![Says::Xml("server.serverproxy.network_error"), Says::Portal]).await;
    assert!(ask(&client(&canned).0, None).await.is_ok());
    let canned = security_server(vec![Says::Xml("Server.ServerProxy.AccessDenied")]).await;
    let (refused, board) = client(&canned);
    assert_eq!((ask(&refused, None).await, calls(&canned)), (Err(PortalFault::Away), 1));
    assert!(board.alarms()[0].en.contains("the portal's owner must allow"));
    let canned = security_server(vec![Says::Huge]).await;
    assert_eq!(ask(&client(&canned).0, None).await, Err(PortalFault::Away));
    assert_eq!(cancel(&client(&canned).0).await, Answer::Appointment(Err(PortalFault::Uncertain)));
}

#[tokio::test]
async fn a_request_line_that_no_security_server_takes_is_not_sent() {
    let canned = security_server(vec![Says::Portal]).await;
    let (client, _) = client(&canned);
    let long = Query::Complaint { reference: "9".repeat(2_000) };
    assert_eq!(client.ask(&long, asker("85510000001")).await, Answer::Complaint(Err(PortalFault::Unusable)));
    assert_eq!(calls(&canned), 0);
}

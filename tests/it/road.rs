//! The portal through security servers of X-Road: every window says the same as straight, changes are carried out once whatever
//! becomes of their answers, and nothing of a citizen stays on the way. One of the security servers is the sandbox's, the other
//! shares no code with us and judges each call (`tests/python/road.py`).
mod curl;
mod journeys;
mod lost;

use crate::support::{
    app::{self, NO_LIMITS},
    certificates::of_x_road,
    desk::{Desk, NOW},
    program::{Program, Said, run},
    way::{CLIENT, Certificates, Over, SERVICE, Way},
};
use chrak::{
    app::clock::SystemClock,
    dialogue::{Choice, Input},
    exchange::Visit,
    portal::PortalClient,
    ports::{
        portal::{Asker, EventSource, Portal as PortalPort},
        status::Board,
    },
    sandbox::{
        portal::{Portal, PortalConfig, sample_applications},
        road::RoadConfig,
    },
    types::{
        Language, Pin,
        civic::{OfficeSearch, Query, ServiceSearch},
        names::Channel,
    },
};
use futures_util::future::join_all;
use std::{collections::HashSet, net::SocketAddr, path::Path, sync::Arc, time::Duration};

const STRANGER: &str = "85596000000";

async fn sandbox(stands_at: Option<&str>) -> Portal {
    let stands_at = stands_at.map(|at| at.parse().expect("a time"));
    let listen = ([127, 0, 0, 1], 0).into();
    let config = PortalConfig { listen, token: Some("t".into()), delay: Duration::ZERO, db: None, stands_at };
    Portal::start(config).await.expect("the sandbox portal starts")
}

fn client(way: &Way) -> (PortalClient, Arc<Board>) {
    let board = Arc::new(Board::default());
    let client = PortalClient::new(way.options(), Arc::clone(&board), Arc::new(SystemClock)).expect("a client");
    (client, board)
}

/// What the windows say of some applications, offices and services, one after the other.
async fn said(over: Over) -> (Vec<String>, usize, Vec<String>) {
    let mut desk = Desk::open_over(NO_LIMITS, Language::En, over).await;
    let mut all = Vec::new();
    for (nth, sample) in sample_applications().iter().take(12).enumerate() {
        let (code, contact) = (sample.code.as_str(), sample.contact.trim_start_matches('+'));
        all.extend(desk.send(STRANGER, code).await);
        all.extend(desk.send(STRANGER, &format!("{code} {}", sample.pin)).await);
        all.extend(desk.send(contact, code).await);
        let session = u8::try_from(nth).expect("few");
        for steps in [vec!["1", code], vec!["1", code, &sample.pin], vec!["3"], vec!["4"]] {
            all.extend(desk.dial(STRANGER, session, &steps).await);
        }
        for pin in [None, Pin::parse(&sample.pin), Pin::parse("0000")] {
            let choice = Choice::Code { typed: code.to_owned(), pin };
            let visit = Visit {
                dialogue: None,
                input: Input::Choice(choice),
                language: Language::Km,
                number: None,
                device: String::new(),
                visit: None,
                cause: None,
                deadline: Duration::from_secs(5),
            };
            let (_, view) = desk.exchange.conversation.converse(visit).await;
            all.push(format!("{view:?}"));
        }
    }
    let (calls, wrong) = desk.way.judged();
    desk.close().await;
    (all, calls, wrong)
}

#[tokio::test(flavor = "multi_thread")]
async fn texts_screens_and_kiosks_say_the_same_over_every_way() {
    let (straight, ..) = said(Over::Straight).await;
    assert!(straight.len() > 100, "{}", straight.len());
    let (through_ours, ..) = said(Over::Sandbox).await;
    assert_eq!(through_ours, straight);
    let (through_anothers, calls, wrong) = said(Over::Python).await;
    assert_eq!(through_anothers, straight);
    assert!(calls > 80, "{calls}");
    assert_eq!(wrong, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn directory_and_events_are_the_same_over_every_way() {
    let portal = sandbox(Some(NOW)).await;
    portal.tell(&crate::api::ready("evt-1", "+85510000001")).await.expect("told");
    let mut all = Vec::new();
    for over in [Over::Straight, Over::Sandbox, Over::Python] {
        let way = Way::to(portal.addr(), over).await;
        let (client, board) = client(&way);
        let asker = || Asker { channel: Channel::Kiosk, number: None, deadline: Duration::from_secs(10), key: None };
        let services = client.ask(&Query::Services(ServiceSearch::default()), asker()).await;
        let offices = client.ask(&Query::Offices(OfficeSearch::default()), asker()).await;
        let pages = client.ask(&Query::Pages, asker()).await;
        let events = client.events(None).await.expect("events");
        all.push(format!("{services:?} {offices:?} {pages:?} {events:?}"));
        assert!(all[0].contains("evt-1") && board.alarms().is_empty());
        assert_eq!(way.judged().1, Vec::<String>::new());
    }
    assert!(all.iter().all(|one| *one == all[0]));
    portal.stop().await;
}

#[test]
#[should_panic(expected = "a number stands there")]
fn a_number_in_a_log_is_found() {
    clean("at 07:30:01.510000001Z {\"x-road-userid\":\"KH+85510000001\"}", &["85510000001".to_owned()]);
}

/// Neither a number, in any form, nor a code, a PIN or a token stands there.
fn clean(text: &str, numbers: &[String]) {
    let national: HashSet<&[u8]> = numbers.iter().map(|number| number.trim_start_matches("855").as_bytes()).collect();
    let lengths: HashSet<usize> = national.iter().map(|number| number.len()).collect();
    // one look at the text, as there may be 10,000 numbers; what follows a point is a fraction of a second, and the digits of
    // many UUIDs are somebody's number in the end
    let uuid = regex::Regex::new("[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}").expect("a pattern");
    let without_ids = uuid.replace_all(text, "-");
    let octets = without_ids.as_bytes();
    let mut begin = 0;
    for run in octets.split(|octet| !octet.is_ascii_digit()) {
        let fraction = begin > 0 && octets[begin - 1] == b'.';
        begin += run.len() + 1;
        let stands = lengths.iter().any(|length| run.windows(*length).any(|digits| national.contains(digits)));
        assert!(!stands || fraction, "a number stands there");
    }
    for sample in sample_applications() {
        assert!(!text.contains(&sample.code), "a code stands there");
    }
    for word in ["Bearer", "authorization", "x-citizen", "\"pin\""] {
        assert!(!text.to_lowercase().contains(word), "{word} stands there");
    }
}

/// For two seconds, or for the thirty that the breaker is open when `CHRAK_ROAD` is set, whatever is asked.
async fn asks_on_and_on(portal: SocketAddr, fault: &str, named: &str) {
    let way = Way::to(portal, Over::Sandbox).await;
    let road = way.road.as_ref().expect("a road");
    road.play(&[fault.to_owned()]).expect("a fault");
    let (client, board) = client(&way);
    let stop = tokio_util::sync::CancellationToken::new();
    let kept = tokio::spawn(client.clone().keep_directory(stop.clone()));
    let long = std::env::var_os("CHRAK_ROAD").map_or(2, |_| 30);
    let end = tokio::time::Instant::now() + Duration::from_secs(long);
    while tokio::time::Instant::now() < end {
        assert!(client.events(None).await.is_err());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    stop.cancel();
    kept.await.expect("it ends");
    assert!(road.calls() <= 2, "{fault}: {} calls in {long} s", road.calls());
    println!("{fault}: {} calls in {long} s", road.calls());
    assert!(
        board.breaker_open() && board.alarms().len() == 1 && board.alarms()[0].en.contains(named),
        "{:?}",
        board.alarms()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_must_be_mended_costs_a_security_server_two_calls_at_most_and_is_named() {
    let portal = sandbox(None).await;
    let faults = [
        ("Server.ServerProxy.AccessDenied=100", "the portal's owner must allow CAMBODIA/GOV/CAMDX-1/CHRAK to use"),
        ("Server.ClientProxy.SslAuthenticationFailed=100", "portal.xroad.cert_file"),
        ("Client.BadRequest=100", "portal.xroad.client"),
    ];
    join_all(faults.map(|(fault, named)| asks_on_and_on(portal.addr(), fault, named))).await;
    portal.stop().await;
}

/// A configuration in `folder` with this way to the portal.
fn configuration(folder: &Path, telco: SocketAddr, portal: &str, more: &str) -> String {
    let text = format!(
        "data_dir = \"data\"\n[http]\nlisten = \"127.0.0.1:0\"\n[ops]\nlisten = \"127.0.0.1:0\"\n[kiosk]\npairing = \"off\"\n\
         [push]\nquiet_hours = []\n[[smsc]]\nname = \"test\"\naddress = \"{telco}\"\nsystem_id = \"chrak\"\npassword = \"secret\"\n\
         reconnect_max_s = 1\n{portal}{more}"
    );
    let path = folder.join("chrak.toml");
    std::fs::write(&path, text).expect("written");
    path.to_str().expect("UTF-8").to_owned()
}

fn check(config: &str) -> Said {
    run(&["check", "--config", config])
}

#[tokio::test(flavor = "multi_thread")]
async fn the_check_says_line_by_line_what_stands_between_us_and_the_portal() {
    let (folder, portal, telco) = (tempfile::tempdir().expect("a folder"), sandbox(None).await, app::telco().await);
    let way = Way::to(portal.addr(), Over::Sandbox).await;
    let config = |portal: &str| configuration(folder.path(), telco.addr(), portal, "");
    let good = check(&config(&way.configured()));
    assert_eq!(good.code, Some(0), "{}{}", good.out, good.err);
    for line in [
        "ok    X-Road: the certificate in portal.xroad.cert_file is valid for",
        "ok    X-Road: the certificate in portal.xroad.server_cert_file is valid for",
        "ok    X-Road: the security server answers",
        "ok    X-Road: the portal's owner allows CAMBODIA/GOV/CAMDX-1/CHRAK to use CAMBODIA/GOV/CAMDX-2/PORTAL(1)/portal",
        "note  X-Road: codes, PINs and numbers stand in the message logs",
        "ok    portal: ",
    ] {
        assert!(good.out.contains(line), "{line}: {}", good.out);
    }
    let certificates = way.certificates.as_ref().expect("certificates");
    let other = of_x_road(certificates.folder.path(), "other");
    let file = |path: &Path| format!("{path:?}");
    for (from, to, told) in [
        (file(&certificates.servers.cert), file(&other.cert), "it is not the one in server_cert_file"),
        (
            CLIENT.to_owned(),
            "CAMBODIA/GOV/CAMDX-1/OTHER".to_owned(),
            "portal.xroad.client (CAMBODIA/GOV/CAMDX-1/OTHER)",
        ),
        (SERVICE.to_owned(), SERVICE.replace("/portal", "/other"), "the portal's owner must allow"),
        (way.url.clone(), way.url.replace("https://127.0.0.1:", "https://127.0.0.1:1"), "FAIL"),
    ] {
        let said = check(&config(&way.configured().replace(&from, &to)));
        assert!(
            said.code == Some(if to.contains(":1") && told == "FAIL" { said.code.unwrap_or(1) } else { 1 }),
            "{told}"
        );
        assert!(said.out.contains(told) || said.err.contains("portal.url"), "{told}: {}{}", said.out, said.err);
    }
    // a certificate that was never uploaded
    let ours = format!("cert_file = {:?}\nkey_file = {:?}", certificates.ours.cert, certificates.ours.key);
    let wrong = format!("cert_file = {:?}\nkey_file = {:?}", other.cert, other.key);
    let said = check(&config(&way.configured().replace(&ours, &wrong)));
    assert!(
        said.code == Some(1) && said.out.contains("the one in portal.xroad.cert_file must be uploaded"),
        "{}",
        said.out
    );
    // a security server of nobody's
    let said = check(&config(&format!(
        "[portal]\nurl = \"http://{}\"\ntoken = \"t\"\nmode = \"xroad\"\n[portal.xroad]\nclient = \"{CLIENT}\"\nservice = \"{SERVICE}\"\n",
        portal.addr()
    )));
    assert!(
        said.code == Some(1) && said.out.contains("what answers at portal.url is no security server"),
        "{}",
        said.out
    );
    portal.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_must_be_mended_is_told_in_readiness_metrics_and_console() {
    let (folder, portal, telco) = (tempfile::tempdir().expect("a folder"), sandbox(None).await, app::telco().await);
    let refuses = |config: &mut RoadConfig| {
        config.faults = vec!["Server.ServerProxy.AccessDenied=100".to_owned()];
        config.style = 8;
    };
    let way = Way::with(portal.addr(), Over::Sandbox, refuses).await;
    let config = configuration(folder.path(), telco.addr(), &way.configured(), "");
    let mut server = Program::start(&["serve", "--config", &config], &[]);
    let ready = server.said("ready http=");
    let ops = ready.split("ops=").nth(1).and_then(|rest| rest.split_whitespace().next()).expect("an address");
    let get = async |path: &str| {
        let answer = crate::support::program::client().get(format!("http://{ops}{path}")).send().await;
        answer.expect("an answer").text().await.expect("text")
    };
    let mut told = get("/readyz").await;
    for _ in 0..100 {
        if told.contains("alarms") {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
        told = get("/readyz").await;
    }
    let words = "the portal's owner must allow CAMBODIA/GOV/CAMDX-1/CHRAK to use CAMBODIA/GOV/CAMDX-2/PORTAL(1)/portal";
    assert!(told.contains(words) && told.contains("\"ready\""), "{told}");
    for metric in [
        "chrak_road_errors_total{source=\"portal\",type=\"access_denied\"} 1",
        // 90, or 89 from the next second on
        "chrak_certificate_days{use=\"xroad_client\"} ",
        "chrak_certificate_days{use=\"xroad_server\"} ",
    ] {
        let mut metrics = get("/metrics").await;
        for _ in 0..100 {
            if metrics.contains(metric) {
                break;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
            metrics = get("/metrics").await;
        }
        assert!(metrics.contains(metric), "{metric}: {metrics}");
    }
    assert!(get("/console?lang=en").await.contains("CAMBODIA/GOV/CAMDX-1/CHRAK to use"));
    assert!(get("/console?lang=km").await.contains("ម្ចាស់ផតថលត្រូវអនុញ្ញាត"));
    portal.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_judge_lists_paths_and_the_check_names_those_that_are_missing() {
    let (folder, portal, telco) = (tempfile::tempdir().expect("a folder"), sandbox(None).await, app::telco().await);
    let provider = format!("http://{}", portal.addr());
    let words = [provider.as_str(), "--client", CLIENT, "--service", SERVICE, "--endpoints"];
    let mut judge = crate::support::peer::Peer::python("road.py", &words);
    let url = format!("http://127.0.0.1:{}", judge.port());
    let text = format!(
        "[portal]\nurl = \"{url}\"\ntoken = \"t\"\nmode = \"xroad\"\n[portal.xroad]\nclient = \"{CLIENT}\"\nservice = \"{SERVICE}\"\n"
    );
    let said = check(&configuration(folder.path(), telco.addr(), &text, ""));
    assert_eq!(said.code, Some(1), "{}{}", said.out, said.err);
    assert!(said.out.contains("whole; missing: GET /v1/applications/*, GET /v1/services,"), "{}", said.out);
    assert!(!said.out.contains("missing: GET /v1/ministries") && said.out.contains("in the clear"), "{}", said.out);
    portal.stop().await;
}

/// The blocks of a document in that language.
fn blocks(document: &str, language: &str) -> Vec<String> {
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(document)).expect(document);
    let mut blocks = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if line.trim() == format!("```{language}") {
            blocks.push(
                lines.by_ref().map(str::trim_start).take_while(|line| *line != "```").collect::<Vec<_>>().join("\n"),
            );
        }
    }
    blocks
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_documents_say_of_camdx_works_as_it_is_written() {
    let (folder, telco) = (tempfile::tempdir().expect("a folder"), app::telco().await);
    let way = |document: &str| {
        let found = blocks(document, "toml").into_iter().find(|block| block.contains("[portal.xroad]"));
        found.expect("a configuration for CamDX")
    };
    let written = way("docs/CAMDX.md");
    assert_eq!(way("README.md"), written);
    let commands = blocks("docs/CAMDX.md", "sh");
    for command in commands.iter().filter(|command| command.starts_with("openssl")) {
        let done = std::process::Command::new("sh").args(["-c", command]).current_dir(folder.path()).output();
        assert!(done.expect("openssl").status.success(), "{command}");
    }
    // the programs of the documents, at free ports and in the folder
    let free =
        || std::net::TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("its address").to_string();
    let (portal_at, road_at) = (free(), free());
    let mut programs = Vec::new();
    for command in commands.iter().filter(|command| command.starts_with("chrak")) {
        let command = command.replace("127.0.0.1:8090", &portal_at).replace("127.0.0.1:8443", &road_at);
        let inside = |word: &str| match word.rsplit('.').next() {
            Some("pem" | "key" | "log") => folder.path().join(word).to_str().expect("UTF-8").to_owned(),
            _ => word.to_owned(),
        };
        let words: Vec<String> = command.split_whitespace().skip(1).map(inside).collect();
        let mut program = Program::start(&words.iter().map(String::as_str).collect::<Vec<_>>(), &[]);
        program.said("ready");
        programs.push(program);
    }
    assert_eq!(programs.len(), 2);
    std::fs::write(folder.path().join("portal.token"), "portal-token").expect("written");
    let written = written.replace("https://ss.example.gov.kh", &format!("https://{road_at}"));
    let config = configuration(folder.path(), telco.addr(), &written, "");
    let said = check(&config);
    assert!(said.code == Some(0) && said.out.contains("ok    portal: "), "{}{}", said.out, said.err);

    let mut server = Program::start(&["serve", "--config", &config], &[("RUST_LOG", "trace,sqlx=debug")]);
    server.said("ready");
    telco.bound().await;
    let sample = &sample_applications()[0];
    telco.send_mo("85510000001", "1212", &format!("{} {}", sample.code, sample.pin)).expect("taken");
    let answer = app::eventually(Duration::from_secs(10), || telco.snapshot().mt.first().cloned());
    let answer = answer.await.expect("an answer").text;
    assert!(answer.contains(&sample.code[8..14]), "{answer}");
    // a change is found again in the message log, by what our audit log says of it
    telco.send_mo("85510000001", "1212", "COMPLAINT the counter was closed at ten").expect("taken");
    let row = app::eventually(Duration::from_secs(20), || {
        let listed = run(&["audit", "list", "--config", &config, "--json"]).out;
        listed.lines().find(|row| row.contains("\"portal.x-road\"")).map(str::to_owned)
    });
    let row = row.await.expect("a row of the audit log");
    let messages = std::fs::read_to_string(folder.path().join("messages.log")).expect("the message log");
    assert!(messages.lines().count() > 3, "{messages}");
    for name in ["x-road-id=", "x-road-request-id=", "x-road-request-hash="] {
        let value = row.split(name).nth(1).and_then(|rest| rest.split(['"', ' ']).next()).unwrap_or_default();
        assert!(value.len() >= 32, "{name} in {row}");
        assert!(name.contains("hash") || messages.contains(value), "{name} {value} is not in {messages}");
    }
    clean(server.listen(), &["85510000001".to_owned()]);
    clean(&messages, &["85510000001".to_owned()]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_portals_webhook_comes_through_our_security_server_by_its_client_only() {
    let (folder, portal, telco) = (tempfile::tempdir().expect("a folder"), sandbox(None).await, app::telco().await);
    let way = Way::to(portal.addr(), Over::Sandbox).await;
    let secret = "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0";
    std::fs::write(folder.path().join("a.whsec"), format!("whsec_{secret}")).expect("written");
    let theirs = "CAMBODIA/GOV/CAMDX-2/PORTAL";
    let events = "[portal]\nevents = \"webhook\"\nwebhook_secret_files = [\"a.whsec\"]";
    let text = format!("{}webhook_client = \"{theirs}\"\n", way.configured().replace("[portal]", events));
    let config = configuration(folder.path(), telco.addr(), &text, "");
    let mut server = Program::start(&["serve", "--config", &config], &[]);
    let ready = server.said("ready http=");
    let http = ready.split("http=").nth(1).and_then(|rest| rest.split_whitespace().next()).expect("an address");
    telco.bound().await;
    let stranger = "CAMBODIA/GOV/CAMDX-9/OTHER";
    let ours = "CAMBODIA/GOV/CAMDX-1/CHRAK/notifications";
    let road = chrak::sandbox::road::Road::start(RoadConfig {
        clients: vec![theirs.to_owned(), stranger.to_owned()],
        services: vec![(ours.to_owned(), format!("http://{http}"))],
        ..RoadConfig::default()
    });
    let road = road.await.expect("our security server");
    let key = b"secret-secret-secret-secret";
    let post = async |url: &str, client: Option<&str>, id: &str, key: &[u8]| {
        let body = crate::api::ready(id, "+85510000001").to_string();
        let stamp = (jiff::Timestamp::now().as_second()).to_string();
        let signature = crate::api::signature(key, id, &stamp, &body);
        let call = crate::support::program::client().post(format!("{url}/v1/notifications"));
        let call = call.header("content-type", "application/cloudevents+json").header("webhook-id", id);
        let mut call = call.header("webhook-timestamp", stamp).header("webhook-signature", signature).body(body);
        if let Some(client) = client {
            call = call.header("x-road-client", client);
        }
        call.send().await.expect("an answer").status().as_u16()
    };
    let through = format!("http://{}/r1/{ours}", road.addr());
    assert_eq!(post(&through, Some(stranger), "evt-1", key).await, 401);
    assert_eq!(post(&format!("http://{http}"), None, "evt-2", key).await, 401, "beside the security server");
    assert_eq!(
        post(&through, Some(theirs), "evt-3", b"another-secret-of-somebody").await,
        401,
        "the signature is the proof"
    );
    assert_eq!(post(&through, Some(theirs), "evt-4", key).await, 204);
    let notice = app::eventually(Duration::from_secs(10), || telco.snapshot().mt.first().cloned()).await;
    assert!(notice.is_some(), "a notice");
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(telco.snapshot().mt.iter().all(|mt| mt.to == "85510000001"));
    road.stop().await;
    portal.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_try_out_goes_through_a_security_server_when_asked_to() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    let any = "127.0.0.1:0";
    let words = [
        "--road",
        "--http",
        any,
        "--ops",
        any,
        "--smsc",
        any,
        "--portal",
        any,
        "--data",
        data.to_str().expect("UTF-8"),
    ];
    let mut tryout = Program::start(&words, &[]);
    let phone = tryout.said("phone     http://");
    let road = tryout.said("X-Road    http://");
    assert!(road.contains("/r1/SANDBOX/GOV/MINISTRY/PORTAL/portal"), "{road}");
    let http = phone.split("http://").nth(1).and_then(|rest| rest.split('/').next()).expect("an address");
    let url = format!("http://{http}/kiosk/en/services");
    let mut shown = String::new();
    // the directory of a whole country is read first
    for _ in 0..60 {
        let page = crate::support::program::client().get(&url).send().await.expect("an answer");
        shown = page.text().await.expect("a page");
        if shown.contains("class=\"tile") {
            return;
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    panic!("the directory did not come through it: {shown}\n{}", tryout.listen());
}

#[test]
fn certificates_are_made_as_x_road_makes_them() {
    let Certificates { servers, folder: _kept, .. } = Certificates::new();
    let shown =
        std::process::Command::new("openssl").args(["x509", "-noout", "-text", "-in"]).arg(&servers.cert).output();
    let shown = String::from_utf8(shown.expect("openssl").stdout).expect("text");
    assert!(shown.contains("CA:TRUE, pathlen:0") && !shown.contains("Subject Alternative Name"), "{shown}");
}

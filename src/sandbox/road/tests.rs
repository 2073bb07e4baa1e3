//! The sandbox security server, asked by hand.
use super::*;
use axum::{Router, extract::Request, http::StatusCode, response::IntoResponse};

const CLIENT: &str = "INSTANCE/CLASS1/MEMBER1/SUBSYSTEM1";
const SERVICE: &str = "INSTANCE/CLASS2/MEMBER2/SUBSYSTEM2/BARSERVICE";

/// Tells what it was asked.
async fn service() -> String {
    let tell = |request: Request| async move {
        let (head, body) = request.into_parts();
        let body = axum::body::to_bytes(body, 1 << 20).await.expect("a body");
        let names: Vec<&str> = head.headers.keys().map(|name| name.as_str()).collect();
        let line = format!("{} {} {:?} {}", head.method, head.uri, names, String::from_utf8_lossy(&body));
        let accept = head.headers["accept"].to_str().expect("text").to_owned();
        let status = if head.uri.path() == "/gone" { StatusCode::GONE } else { StatusCode::OK };
        (status, [("server", "secret/1.0"), ("x-accept", accept.as_str()), ("etag", "\"1\"")], line).into_response()
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("its address"));
    tokio::spawn(async move { axum::serve(listener, Router::new().fallback(tell)).await });
    url
}

async fn road(change: impl FnOnce(&mut RoadConfig)) -> Road {
    drop(rustls::crypto::ring::default_provider().install_default());
    let mut config = RoadConfig {
        clients: vec![CLIENT.to_owned(), "INSTANCE/CLASS1/MEMBER1".to_owned()],
        services: vec![(SERVICE.to_owned(), service().await)],
        ..RoadConfig::default()
    };
    change(&mut config);
    Road::start(config).await.expect("it starts")
}

fn get(road: &Road, path: &str) -> reqwest::RequestBuilder {
    let http = reqwest::Client::builder().no_proxy().build().expect("a client");
    http.get(format!("http://{}{path}", road.addr()))
}

#[tokio::test]
async fn the_example_of_the_specification_reaches_the_service() {
    let road = road(|_| {}).await;
    let call = get(&road, &format!("/r1/{SERVICE}/v1/bar/zyggy?quu=1")).header("x-road-client", CLIENT);
    let call = call.header("connection", "keep-alive, x-hop").header("x-hop", "1").header("user-agent", "ours/1");
    let call =
        call.header("accept", "*/*").header("x-road-id", "id-7").header("x-road-request-hash", "forged").body("{}");
    let answer = call.send().await.expect("an answer");
    let header = |name: &str| answer.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    assert_eq!(answer.status(), 200);
    assert_eq!((header("x-road-id").as_deref(), header("x-road-client").as_deref()), (Some("id-7"), Some(CLIENT)));
    assert_eq!(
        (header("x-road-service").as_deref(), header("server"), header("x-road-error")),
        (Some(SERVICE), None, None)
    );
    let hash = header("x-road-request-hash").expect("a hash");
    assert!(hash.len() == 88 && hash != "forged" && header("x-road-request-id").is_some() && header("etag").is_some());
    let told = answer.text().await.expect("text");
    assert!(told.starts_with("GET /v1/bar/zyggy?quu=1 ") && told.ends_with(" {}"), "{told}");
    for gone in ["x-hop", "user-agent", "x-road-request-hash"] {
        assert!(!told.contains(gone), "{told}");
    }
    road.stop().await;
}

#[tokio::test]
async fn a_call_that_breaks_the_protocol_is_refused_by_type() {
    let road = road(|_| {}).await;
    let good = format!("/r1/{SERVICE}/x");
    for (path, client, status, kind) in [
        (good.as_str(), "", 400, "Client.BadRequest"),
        (&good, "A/B", 400, "Client.BadRequest"),
        (&good, "INSTANCE/CLASS1/MEMBER1/OTHER", 500, "Server.ClientProxy.UnknownMember"),
        (&good, "instance/class1/member1/subsystem1", 500, "Server.ClientProxy.UnknownMember"),
        ("/r2/INSTANCE/CLASS2/MEMBER2/SUBSYSTEM2/BARSERVICE/x", CLIENT, 400, "Client.BadRequest"),
        ("/r1/INSTANCE/CLASS2/MEMBER2/SUBSYSTEM2", CLIENT, 400, "Client.BadRequest"),
        ("/r1/INSTANCE/CLASS2/MEMBER2/SUB_2/BARSERVICE/x", CLIENT, 400, "Client.BadRequest"),
        ("/r1/INSTANCE/CLASS2/MEMBER2/SUB%002/BARSERVICE/x", CLIENT, 400, "Client.BadRequest"),
        ("/r1/INSTANCE/CLASS2/MEMBER9/SUBSYSTEM2/BARSERVICE/x", CLIENT, 500, "Server.ClientProxy.UnknownMember"),
        ("/r1/INSTANCE/CLASS2/MEMBER2/SUBSYSTEM2/FOOSERVICE/x", CLIENT, 500, "Server.ServerProxy.UnknownService"),
        ("/", CLIENT, 400, "Client.BadRequest"),
    ] {
        let mut call = get(&road, path);
        if !client.is_empty() {
            call = call.header("x-road-client", client);
        }
        let answer = call.send().await.expect("an answer");
        assert_eq!(
            (answer.status().as_u16(), answer.headers()["x-road-error"].to_str().expect("text")),
            (status, kind),
            "{path} {client}"
        );
        assert_eq!(answer.headers()["content-type"], "application/json;charset=utf-8");
        let body: serde_json::Value = answer.json().await.expect("JSON");
        assert!(body["type"] == kind && body["message"].is_string() && body["detail"].is_string(), "{body}");
    }
    let last = get(&road, &good).header("x-road-client", "A/B").header("x-road-client", CLIENT).send().await;
    assert_eq!(last.expect("an answer").status(), 200, "the last one counts");
    let member = get(&road, &good).header("x-road-client", "INSTANCE/CLASS1/MEMBER1").send().await.expect("an answer");
    assert!(member.status() == 200 && member.headers().contains_key("x-road-id"), "an id is made");
    assert_eq!(road.calls(), 13);
    road.stop().await;
}

#[tokio::test]
async fn the_next_generation_and_xml_are_spoken_and_a_service_that_is_gone_is_told_of() {
    let road = road(|config| {
        config.style = 8;
        config
            .services
            .push(("INSTANCE/CLASS2/MEMBER2/SUBSYSTEM2/NOWHERE".to_owned(), "http://127.0.0.1:1".to_owned()));
    });
    let road = road.await;
    let away = get(&road, "/r1/INSTANCE/CLASS2/MEMBER2/SUBSYSTEM2/NOWHERE/x").header("x-road-client", CLIENT);
    let answer = away.header("accept", "application/xml").send().await.expect("an answer");
    assert_eq!(answer.headers()["x-road-error"], "server.serverproxy.network_error");
    assert_eq!(answer.headers()["content-type"], "application/xml;charset=utf-8");
    assert!(answer.text().await.expect("text").contains("<type>server.serverproxy.network_error</type>"));
    let gone =
        get(&road, &format!("/r1/{SERVICE}/gone")).header("x-road-client", CLIENT).send().await.expect("an answer");
    assert!(gone.status() == 410 && !gone.headers().contains_key("x-road-error"), "a service's own no passes");
    for list in ["listMethods", "allowedMethods"] {
        let path = format!("/r1/INSTANCE/CLASS2/MEMBER2/SUBSYSTEM2/{list}");
        let answer = get(&road, &path).header("x-road-client", CLIENT).send().await.expect("an answer");
        let body: serde_json::Value = answer.json().await.expect("JSON");
        let codes: Vec<&str> =
            body["service"].as_array().expect("a list").iter().filter_map(|one| one["service_code"].as_str()).collect();
        assert_eq!(codes, ["BARSERVICE", "NOWHERE"], "{body}");
    }
    road.stop().await;
}

#[tokio::test]
async fn faults_come_as_asked_for_and_the_log_keeps_no_body_unless_told_to() {
    let folder = tempfile::tempdir().expect("a folder");
    for bodies in [false, true] {
        let log = folder.path().join(format!("{bodies}.log"));
        let road = road(|config| {
            config.log = Some(log.clone());
            config.bodies = bodies;
            config.faults = vec!["Server.ServerProxy.AccessDenied=100".to_owned()];
        });
        let road = road.await;
        let call = || {
            let call = get(&road, &format!("/r1/{SERVICE}/v1/secret-path")).header("x-road-client", CLIENT);
            call.header("x-road-userid", "KH-1").header("x-citizen-pin", "4821").body("secret-body")
        };
        let refused = call().send().await.expect("an answer");
        assert_eq!(
            (refused.status().as_u16(), refused.headers()["x-road-error"].as_bytes()),
            (500, &b"Server.ServerProxy.AccessDenied"[..])
        );
        road.play(&["lose-answer=100".to_owned()]).expect("a fault");
        call().send().await.expect_err("the answer is lost");
        road.play(&[]).expect("no fault");
        assert_eq!(call().send().await.expect("an answer").status(), 200);
        road.stop().await;
        let text = std::fs::read_to_string(&log).expect("a log");
        assert_eq!(text.lines().count(), 3);
        assert!(
            text.contains("KH-1") && text.contains("Server.ServerProxy.AccessDenied") && text.contains("lose-answer")
        );
        for secret in ["secret-path", "4821", "secret-body"] {
            assert_eq!(text.contains(secret), bodies, "{secret}");
        }
    }
}

#[test]
fn what_is_wrong_with_the_command_line_is_told_by_its_flag() {
    let wrong = |change: fn(&mut RoadConfig)| {
        let mut config = RoadConfig::default();
        change(&mut config);
        check(&config).expect_err("wrong").to_string()
    };
    assert!(wrong(|config| config.clients = vec!["A/B".to_owned()]).starts_with("--client A/B: "));
    assert!(
        wrong(|config| config.services = vec![("A/B/C/D".to_owned(), "http://x".to_owned())])
            .starts_with("--service A/B/C/D=http://x: ")
    );
    assert!(
        wrong(|config| config.services = vec![("A/B/C/D/e".to_owned(), "x".to_owned())])
            .contains("must begin with http")
    );
    assert!(wrong(|config| config.style = 9).starts_with("--style 9: "));
    assert!(wrong(|config| config.faults = vec!["x".to_owned()]).starts_with("--fault x: "));
    assert!(wrong(|config| config.identity = Some(("/none".into(), "/none".into()))).contains("--cert"));
    assert!(wrong(|config| config.client_cert = Some("/none".into())).contains("--client-cert"));
    check(&RoadConfig::default()).expect("nothing is wrong");
}

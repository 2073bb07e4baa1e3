//! Pages answer to their own names only: a name of another site that was pointed here (DNS rebinding) gets none.
use crate::support::doors::{Doors, ask, get, post};

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_was_pointed_here_gets_no_page() {
    let doors = Doors::open(&[]).await;
    let port = doors.http.port();
    for name in
        ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "192.0.2.7", "xn--evil", "0x7f000001"]
    {
        let host = format!("{name}:{port}");
        for path in ["/kiosk", "/kiosk/en/home", "/kiosk/km/check", "/kiosk/sw.js", "/", "/nowhere"] {
            let got = ask(doors.http, &get(path, &host, &[])).await;
            assert_eq!(got.status, 421, "{host}{path}");
            assert!(got.body.contains("does not answer to that name"), "{}", got.body);
            assert!(got.body.contains("ម៉ាស៊ីនបម្រើនេះមិនឆ្លើយតាមអាសយដ្ឋាននេះទេ") && !got.body.contains(name));
            assert!(got.header("content-security-policy").is_some() && got.header("set-cookie").is_none());
        }
        let sent = ask(doors.http, &post("/kiosk/en/check", &host, &[], "digits=120500260481938&key=ok")).await;
        assert_eq!(sent.status, 421, "{host}");
        let api = ask(doors.http, &get("/v1/openapi.json", &host, &[])).await;
        assert_eq!((api.status, api.header("content-type")), (421, Some("application/problem+json")));
    }
    // by the first line, by two names, by none
    let ours = doors.http.to_string();
    let whole = ask(doors.http, &get(&format!("http://evil.example:{port}/kiosk"), &ours, &[])).await;
    assert_eq!(whole.status, 421);
    assert_eq!(ask(doors.http, &get("/kiosk", &ours, &["Host: evil.example"])).await.status, 400);
    assert_eq!(ask(doors.http, "GET /kiosk HTTP/1.1\r\n").await.status, 400);
    doors.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_listened_on_and_the_names_of_loopback_are_answered() {
    let doors = Doors::open(&[]).await;
    for name in ["127.0.0.1", "localhost", "[::1]", "LocalHost"] {
        let got = ask(doors.http, &get("/kiosk/en/home", &format!("{name}:{}", doors.http.port()), &[])).await;
        assert_eq!(got.status, 200, "{name}");
    }
    doors.close().await;

    // all addresses: the one that was reached
    let doors = Doors::open(&[("CHRAK__HTTP__LISTEN", "0.0.0.0:0")]).await;
    let port = doors.http.port();
    for (reached, host, status) in [
        ([127, 0, 0, 3], format!("127.0.0.3:{port}"), 200),
        ([127, 0, 0, 3], format!("127.0.0.4:{port}"), 421),
        ([127, 0, 0, 3], format!("localhost:{port}"), 200),
        ([127, 0, 0, 3], format!("evil.example:{port}"), 421),
    ] {
        let got = ask((reached, port).into(), &get("/kiosk/en/home", &host, &[])).await;
        assert_eq!(got.status, status, "{host}");
    }
    doors.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn with_hosts_only_those_are_answered() {
    let doors = Doors::open(&[("CHRAK__HTTP__HOSTS", "[\"kiosk.example\", \"api.example:444\"]")]).await;
    for (host, status) in [
        ("kiosk.example", 200),
        ("KIOSK.example.:8443", 200),
        ("api.example:444", 200),
        ("api.example", 421),
        ("localhost", 421),
        (&*doors.http.to_string(), 421),
    ] {
        assert_eq!(ask(doors.http, &get("/kiosk/en/home", host, &[])).await.status, status, "{host}");
    }
    // health has its own listener and asks for no name
    assert_eq!(ask(doors.ops, &get("/healthz", "whatever", &[])).await.status, 200);
    doors.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_console_without_a_token_is_not_reached_by_a_name_that_was_pointed_here() {
    let doors = Doors::open(&[]).await;
    let port = doors.ops.port();
    for path in ["/console", "/metrics", "/kiosks"] {
        let evil = ask(doors.ops, &get(path, &format!("evil.example:{port}"), &[])).await;
        assert!(matches!(evil.status, 401 | 403), "{path}: {}", evil.status);
        assert_eq!(ask(doors.ops, &get(path, &format!("localhost:{port}"), &[])).await.status, 200, "{path}");
    }
    doors.close().await;
}

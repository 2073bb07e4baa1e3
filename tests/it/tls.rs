//! TLS on both sides: towards a telco that is node-smpp, and towards kiosks and agencies. The certificates are openssl's.
use crate::support::{
    certificates::{Ca, Pair, Valid},
    peer::Peer,
    program::{self, Program, run},
};
use chrak::sandbox::portal::{Portal, PortalConfig};
use std::{net::SocketAddr, path::Path, time::Duration};

const NAMES: &str = "DNS:localhost,IP:127.0.0.1";

async fn portal() -> Portal {
    let listen = ([127, 0, 0, 1], 0).into();
    let portal = Portal::start(PortalConfig { listen, token: None, delay: Duration::ZERO, db: None, stands_at: None });
    portal.await.expect("the sandbox portal starts")
}

fn text(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

/// The `tls` key of a telco.
fn tls(ca: &Path, name: &str, ours: Option<&Pair>) -> String {
    let ours = ours.map_or(String::new(), |pair| format!(", cert_file = {:?}, key_file = {:?}", pair.cert, pair.key));
    format!("tls = {{ ca_file = {ca:?}, server_name = \"{name}\"{ours} }}\n")
}

/// node-smpp over TLS, for ESMEs with a certificate of this CA.
fn node(ca: &Ca, shown: &Pair) -> Peer {
    Peer::node("smsc.mjs", &[text(&shown.cert), text(&shown.key), text(&ca.cert())])
}

#[tokio::test(flavor = "multi_thread")]
async fn a_telco_over_tls_that_wants_our_certificate_is_served() {
    let folder = tempfile::tempdir().expect("a folder");
    let ca = Ca::new(folder.path(), "ca");
    let (shown, ours) = (ca.sign("smsc", NAMES, Valid::Now), ca.sign("chrak", "DNS:chrak.example", Valid::Now));
    let portal = portal().await;
    let mut node = node(&ca, &shown);
    let smsc = ([127, 0, 0, 1], node.port()).into();
    let config = program::config(folder.path(), smsc, portal.addr(), &tls(&ca.cert(), "localhost", Some(&ours)));
    let mut program = Program::start(&["serve", "--config", text(&config)], &[]);
    node.wait("played", 1);
    assert_eq!(node.wait("bind", 1)[0]["good"], true);
    assert_eq!(node.wait("submit_sm", 7).len(), 7);
    program.signal("TERM");
    node.wait("unbind", 1);
    assert_eq!(program.ended(Duration::from_secs(25)).code(), Some(0), "{}", program.log);
    assert!(!node.seen.iter().any(|line| line["event"] == "error"), "{:#?}", node.seen);
    portal.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_tls_is_one_line_of_the_check() {
    let folder = tempfile::tempdir().expect("a folder");
    let (ca, other) = (Ca::new(folder.path(), "ca"), Ca::new(folder.path(), "other"));
    let ours = ca.sign("chrak", "DNS:chrak.example", Valid::Now);
    let stranger = other.sign("chrak", "DNS:chrak.example", Valid::Now);
    let portal = portal().await;
    let mut good = node(&ca, &ca.sign("smsc", NAMES, Valid::Now));
    let mut old = node(&ca, &ca.sign("old", NAMES, Valid::Before));
    let (good, old): (SocketAddr, SocketAddr) =
        (([127, 0, 0, 1], good.port()).into(), ([127, 0, 0, 1], old.port()).into());
    let ca = ca.cert();
    let check = |at: SocketAddr, tls: &str| {
        let config = program::config(folder.path(), at, portal.addr(), tls);
        run(&["check", "--config", text(&config), "--bind"])
    };
    let said = check(good, &tls(&ca, "localhost", Some(&ours)));
    assert!(said.code == Some(0) && said.out.contains("ok    smsc \"test\": bound in "), "{}{}", said.out, said.err);
    for (at, tls, told) in [
        (good, tls(&other.cert(), "localhost", Some(&ours)), "signed by nobody we trust: give the CA"),
        (
            good,
            tls(&ca, "smsc.example", Some(&ours)),
            "is for localhost, 127.0.0.1, not for smsc.example: set tls.server_name",
        ),
        (old, tls(&ca, "localhost", Some(&ours)), "its certificate has expired: the telco must renew it"),
        (good, tls(&ca, "localhost", None), "it wants a certificate of ours: set tls.cert_file"),
        (good, tls(&ca, "localhost", Some(&stranger)), "before it answered the bind: does it take our certificate"),
        (portal.addr(), tls(&ca, "localhost", None), "TLS at this port"),
    ] {
        let said = check(at, &tls);
        let lines: Vec<&str> = said.out.lines().filter(|line| line.starts_with("FAIL")).collect();
        assert!(
            said.code == Some(1) && lines.len() == 1 && lines[0].contains(told),
            "{told}: {}{}",
            said.out,
            said.err
        );
    }
    let mixed = Pair { cert: ours.cert.clone(), key: stranger.key };
    let said = check(good, &tls(&ca, "localhost", Some(&mixed)));
    assert_eq!(said.code, Some(78), "{}", said.err);
    assert!(said.err.contains("smsc[0].tls.key_file: ") && said.err.contains("is not the key of"), "{}", said.err);
    assert_eq!(said.err.lines().count(), 1, "{}", said.err);
    portal.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn kiosks_and_agencies_come_by_https_and_a_renewed_certificate_needs_no_restart() {
    let folder = tempfile::tempdir().expect("a folder");
    let (ca, next) = (Ca::new(folder.path(), "ca"), Ca::new(folder.path(), "next"));
    let pair = ca.sign("kiosk", NAMES, Valid::Now);
    let portal = portal().await;
    let agency = "[[agency]]\nname = \"a\"\ntoken = \"agency-token\"\n";
    let config = program::config(folder.path(), ([127, 0, 0, 1], 9).into(), portal.addr(), agency);
    let written = std::fs::read_to_string(&config).expect("written before");
    let tls = format!("[http]\ntls = {{ cert_file = {:?}, key_file = {:?} }}\n", pair.cert, pair.key);
    std::fs::write(&config, written.replace("[http]\n", &tls)).expect("written");
    let checked = run(&["check", "--config", text(&config)]);
    let told = "note  certificate: the certificate of http.tls.cert_file expires on ";
    assert!(checked.out.contains(told), "{}{}", checked.out, checked.err);
    let mut program = Program::start(&["serve", "--config", text(&config), "--log-format", "json"], &[]);
    let ready: serde_json::Value = serde_json::from_str(&program.said("\"ready\"")).expect("JSON");
    let ops = ready["fields"]["ops"].as_str().or(ready["ops"].as_str()).expect("an address").to_owned();
    // told beside the start: before it is ready or after
    let expires = "the certificate of http.tls.cert_file expires on ";
    if !program.log.contains(expires) {
        program.said(expires);
    }
    let metrics = program::client().get(format!("http://{ops}/metrics")).send().await.expect("an answer");
    let metrics = metrics.text().await.expect("text");
    assert!(metrics.contains("chrak_certificate_days{use=\"http\"} 1"), "{metrics}");
    let at = ready["fields"]["http"].as_str().or(ready["http"].as_str()).expect("an address").to_owned();
    let trusting = |ca: &Ca| {
        let pem = std::fs::read(ca.cert()).expect("a certificate");
        let ca = reqwest::Certificate::from_pem(&pem).expect("a certificate");
        program::client_builder().tls_certs_only([ca]).build().expect("a client")
    };
    let client = trusting(&ca);
    let page = client.get(format!("https://{at}/kiosk")).send().await.expect("an answer");
    assert_eq!(page.status(), 200);
    assert_eq!(page.headers()["strict-transport-security"], "max-age=31536000");
    let sent = client.get(format!("https://{at}/v1/messages/none")).bearer_auth("agency-token").send().await;
    assert_eq!(sent.expect("an answer").status(), 404, "known to the API, which has no such message");
    assert!(client.get(format!("http://{at}/kiosk")).send().await.is_err(), "nothing is said in the clear");
    assert!(trusting(&next).get(format!("https://{at}/kiosk")).send().await.is_err());
    let renewed = next.sign("kiosk", NAMES, Valid::Now);
    std::fs::copy(&renewed.cert, &pair.cert).expect("copied");
    std::fs::copy(&renewed.key, &pair.key).expect("copied");
    program.said("has changed: it is shown from now on");
    let page = trusting(&next).get(format!("https://{at}/kiosk")).send().await.expect("an answer");
    assert_eq!(page.status(), 200);
    program.signal("TERM");
    assert_eq!(program.ended(Duration::from_secs(25)).code(), Some(0), "{}", program.log);
    portal.stop().await;
}

//! USSD gateways that nobody here wrote: node-smpp and Net::SMPP, in two dialects, book an appointment each.
use crate::support::{
    peer::Peer,
    program::{self, Program},
};
use chrak::sandbox::portal::{Portal, PortalConfig};
use serde_json::Value;
use std::time::Duration;

/// What a dialect's screens carry: session_info while it goes on, and the reference.
type Carried = (Option<&'static str>, Option<u64>);

async fn books(mut peer: Peer, dialect: &str, data_coding: u64, carried: Carried) {
    let folder = tempfile::tempdir().expect("a folder");
    let config = PortalConfig {
        listen: ([127, 0, 0, 1], 0).into(),
        token: None,
        delay: Duration::ZERO,
        db: None,
        stands_at: None,
    };
    let portal = Portal::start(config).await.expect("the sandbox portal starts");
    let smsc = ([127, 0, 0, 1], peer.port()).into();
    let ussd = format!("ussd = {{ profile = \"{dialect}\" }}\n");
    let config = program::config(folder.path(), smsc, portal.addr(), &ussd);
    let _program = Program::start(&["serve", "--config", config.to_str().expect("UTF-8")], &[]);
    peer.wait("done", 1);
    let screens = peer.wait("screen", 7);
    assert!(screens[0]["text"].as_str().is_some_and(|text| text.starts_with("Public services")), "{screens:#?}");
    for screen in &screens {
        assert_eq!(screen["after_resp"], true, "the deliver_sm_resp leaves before its screen: {screen}");
        assert_eq!((&screen["op"], &screen["esm_class"], &screen["registered"]), (&2.into(), &0.into(), &0.into()));
        assert_eq!((&screen["service_type"], &screen["data_coding"]), (&"USSD".into(), &data_coding.into()));
        let (info, reference) = carried;
        assert_eq!(screen["session_info"], info.map_or(Value::Null, Value::from), "{screen}");
        assert_eq!(screen["reference"], reference.map_or(Value::Null, Value::from), "{screen}");
    }
    let booked = screens.last().and_then(|screen| screen["text"].as_str()).unwrap_or_default();
    assert!(booked.starts_with("Booked "), "{booked}");
    // one resp for each input, the last for the hang-up, which gets no screen
    let resps = peer.wait("deliver_sm_resp", screens.len() + 1);
    assert!(resps.iter().all(|resp| resp["status"] == 0), "{resps:#?}");
    assert_eq!(peer.wait("screen", screens.len()).len(), screens.len());
    assert!(!peer.seen.iter().any(|line| line["event"] == "error"), "{:#?}", peer.seen);
    portal.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn node_smpp_in_the_standards_dialect() {
    books(Peer::node("gateway.mjs", &["spec"]), "spec", 15, (Some("1a2c"), None)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn node_smpp_in_micas_dialect() {
    books(Peer::node("gateway.mjs", &["mica"]), "mica", 0, (None, Some(0x1A2C))).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn net_smpp_in_the_standards_dialect() {
    books(Peer::perl("gateway.pl", &["spec"]), "spec", 15, (Some("2b4e"), None)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn net_smpp_in_micas_dialect() {
    books(Peer::perl("gateway.pl", &["mica"]), "mica", 0, (None, Some(0x2B4E))).await;
}

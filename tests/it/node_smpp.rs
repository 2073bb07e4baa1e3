//! The SMSC is node-smpp, which nobody here wrote: its encoder, its decoder, its idea of SMPP 3.4.
use crate::support::{
    peer::Peer,
    program::{self, Program},
};
use chrak::sandbox::portal::{Portal, PortalConfig};
use std::time::Duration;

#[tokio::test(flavor = "multi_thread")]
async fn node_smpp_as_the_smsc_is_served() {
    let folder = tempfile::tempdir().expect("a folder");
    let listen = ([127, 0, 0, 1], 0).into();
    let portal = Portal::start(PortalConfig { listen, token: None, delay: Duration::ZERO, db: None, stands_at: None });
    let portal = portal.await.expect("the sandbox portal starts");
    let mut node = Peer::node("smsc.mjs", &[]);
    let smsc = ([127, 0, 0, 1], node.port()).into();
    let config = program::config(folder.path(), smsc, portal.addr(), "");
    let mut program = Program::start(&["serve", "--config", config.to_str().expect("UTF-8")], &[]);

    node.wait("played", 1);
    let bind = &node.wait("bind", 1)[0];
    assert_eq!((&bind["good"], &bind["version"]), (&true.into(), &0x34.into()));
    assert_eq!(node.wait("enquire_link_resp", 1)[0]["status"], 0);
    for resp in node.wait("deliver_sm_resp", 7) {
        assert_eq!(resp["status"], 0, "{resp}");
    }
    assert_eq!(node.wait("odd_resp", 1)[0]["status"], 3, "a request that an ESME does not take: ESME_RINVCMDID");
    // Seven MOs, of which each is answered; the receipt of each answer is taken.
    let submits = node.wait("submit_sm", 7);
    for submit in &submits {
        assert_eq!((&submit["from"], &submit["ton"], &submit["npi"]), (&"1212".into(), &1.into(), &1.into()));
        assert_eq!(submit["registered"], 1);
        assert!(!submit["validity"].to_string().is_empty(), "{submit}");
    }
    for (to, words) in [("85510000101", "កំពុងពិនិត្យ"), ("85510000102", "កំពុងពិនិត្យ"), ("85510000103", "In review")]
    {
        let answer = submits.iter().find(|submit| submit["to"] == to).unwrap_or_else(|| panic!("{to}: {submits:#?}"));
        let text = answer["text"].as_str().expect("a text");
        assert!(text.contains("120500-26-048193-7") && text.contains(words), "{to}: {text}");
    }
    for resp in node.wait("receipt_resp", 7) {
        assert_eq!(resp["status"], 0, "{resp}");
    }
    program.signal("TERM");
    node.wait("unbind", 1);
    assert_eq!(program.ended(Duration::from_secs(25)).code(), Some(0), "{}", program.log);
    assert!(!node.seen.iter().any(|line| line["event"] == "error"), "{:#?}", node.seen);
    portal.stop().await;
}

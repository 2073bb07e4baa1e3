//! SMSCs that nobody here wrote and that are hard to please: smpp.twisted3, whose decoder gives up a connection over a
//! PDU that is not what the standard says, and Net::SMPP, which writes what an ESME does not expect.
use crate::support::{
    peer::Peer,
    program::{self, Program},
};
use chrak::sandbox::portal::{Portal, PortalConfig};
use serde_json::Value;
use std::time::Duration;

/// The program at that SMSC, until `played` was seen and what it answers has come; then it leaves.
async fn plays(peer: &mut Peer, answers: usize, more: &str) -> (Vec<Value>, Program) {
    let folder = tempfile::tempdir().expect("a folder");
    let listen = ([127, 0, 0, 1], 0).into();
    let portal = Portal::start(PortalConfig { listen, token: None, delay: Duration::ZERO, db: None, stands_at: None });
    let portal = portal.await.expect("the sandbox portal starts");
    let smsc = ([127, 0, 0, 1], peer.port()).into();
    let config = program::config(folder.path(), smsc, portal.addr(), more);
    let mut program = Program::start(&["serve", "--config", config.to_str().expect("UTF-8")], &[]);
    peer.wait("played", 1);
    let submits = peer.wait("submit_sm", answers);
    // what is on its way
    tokio::time::sleep(Duration::from_millis(1_200)).await;
    program.signal("TERM");
    peer.wait("close", 1);
    assert_eq!(program.ended(Duration::from_secs(25)).code(), Some(0), "{}", program.log);
    portal.stop().await;
    (submits, program)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_strict_smsc_finds_nothing_wrong_with_what_it_is_sent() {
    let mut peer = Peer::python_of("smsc.py", ".venv-smsc");
    let (submits, _) = plays(&mut peer, 3, "validity = \"absolute\"\n").await;
    assert_eq!(peer.wait("bind", 1)[0]["good"], true);
    for resp in peer.wait("deliver_sm_resp", 3) {
        assert_eq!((&resp["status"], &resp["message_id"]), (&"ESME_ROK".into(), &"".into()), "{resp}");
    }
    for (to, words) in [("85510000401", "កំពុងពិនិត្យ"), ("85510000402", "កំពុងពិនិត្យ"), ("85510000403", "In review")]
    {
        let answer = submits.iter().find(|submit| submit["to"] == to).unwrap_or_else(|| panic!("{to}: {submits:#?}"));
        assert_eq!((&answer["ton"], &answer["npi"]), (&"INTERNATIONAL".into(), &"ISDN".into()));
        assert_eq!(answer["registered"], "SMSC_DELIVERY_RECEIPT_REQUESTED");
        assert_ne!(answer["validity"], "None");
        let text = answer["text"].as_str().expect("a text");
        assert!(text.contains("120500-26-048193-7") && text.contains(words), "{to}: {text}");
    }
    for resp in peer.wait("receipt_resp", 3) {
        assert_eq!(resp["status"], "ESME_ROK", "{resp}");
    }
    assert!(!peer.seen.iter().any(|line| line["event"] == "error"), "{:#?}", peer.seen);
}

/// What was odd, which PDU answers it, and with which command_status.
const ODD: [(&str, &str, u32); 15] = [
    ("a TLV of a vendor", "80000005", 0),
    ("times that are not NULL", "80000005", 0),
    ("a text in data_sm", "80000103", 0),
    ("a query_sm", "80000000", 3),
    ("a cancel_sm", "80000000", 3),
    ("an alert_notification, then a text", "80000005", 0),
    ("an unknown command", "80000000", 3),
    ("an enquire_link with a body and a status", "80000015", 0),
    ("sequence_number 0", "80000005", 0),
    ("sequence_number 0xFFFFFFFF", "80000005", 0),
    ("a TLV past the end", "80000005", 0),
    ("responses that nobody waits for, then a text", "80000005", 0),
    ("a sm_length of 255 with two octets", "80000005", 2),
    ("a body that ends in the address", "80000005", 2),
    ("a text octet by octet", "80000005", 0),
];

#[tokio::test(flavor = "multi_thread")]
async fn an_smsc_that_speaks_oddly_costs_neither_the_bind_nor_a_text() {
    let mut peer = Peer::perl("smsc.pl", &[]);
    // nine of them are texts, of nine numbers
    let (submits, program) = plays(&mut peer, 9, "").await;
    let answers = peer.wait("answer", ODD.len());
    for (answer, (what, command, status)) in answers.iter().zip(ODD) {
        assert_eq!((&answer["what"], &answer["command"]), (&what.into(), &command.into()), "{answer}");
        assert_eq!(answer["status"], status, "{answer}");
    }
    for (what, sequence) in [("sequence_number 0", 0u32), ("sequence_number 0xFFFFFFFF", u32::MAX)] {
        let answer = answers.iter().find(|answer| answer["what"] == what).expect("answered");
        assert_eq!(answer["sequence"], sequence, "echoed as it came");
    }
    let mut to: Vec<&str> = submits.iter().filter_map(|submit| submit["to"].as_str()).collect();
    to.sort_unstable();
    to.dedup();
    let texts = [501, 502, 503, 504, 505, 506, 507, 508, 510].map(|n| format!("85510000{n}"));
    assert_eq!(to, texts, "each is answered");
    let binds = program.log.lines().filter(|line| line.contains("bound") && !line.contains("unbound")).count();
    assert_eq!(binds, 1, "{}", program.log);
}

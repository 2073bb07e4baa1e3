//! What `chrak check --bind` says of what a telco does.
use super::peer::{binds, pdu, read};
use crate::{
    link::{
        DefaultAlphabet, NumberFormat, Telco, Ussd, Validity,
        hand::Hand,
        probe::{Probed, probe_on},
    },
    ports::clock::{Clock, Still},
    smpp::{dialect::Dialect, message_id::Rule, pdu::BindKind, pdu::write, status::Table},
    types::{Msisdn, Secret},
};
use bytes::{BufMut, BytesMut};
use rusmpp_core::CommandId;
use std::{sync::Arc, time::Duration};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex, split};

fn telco() -> Telco {
    Telco {
        name: "telco".into(),
        family: "telco".into(),
        address: String::new(),
        tls: None,
        outbind_tls: None,
        system_id: "chrak".into(),
        password: Secret::new("secret"),
        system_type: String::new(),
        interface_version: 0x34,
        pair: false,
        binds: 1,
        window: 10,
        max_tps: 0,
        enquire_link: Duration::from_secs(300),
        response_timeout: Duration::from_secs(30),
        reconnect_max: Duration::from_secs(1),
        unique_id: None,
        short_codes: vec!["1212".into()],
        number_format: NumberFormat::International,
        dest: (1, 1),
        source: (0, 1),
        default_alphabet: DefaultAlphabet::Gsm7,
        validity: Validity::Relative,
        receipts: true,
        message_id: Rule::Auto,
        statuses: Table::default(),
        packed: false,
        sar: false,
        ussd: Ussd {
            dialect: Dialect::built_in("spec").expect("built in"),
            codes: Vec::new(),
            max_gsm7: 160,
            max_ucs2: 70,
            deadline: Duration::from_secs(5),
        },
    }
}

/// Probes, with a text, a telco that does this once it is bound.
async fn probed<F: Future<Output = ()>>(does: impl FnOnce(DuplexStream) -> F) -> Probed {
    let (ours, mut peer) = duplex(1_024);
    let number = Msisdn::parse_e164("85510000001").expect("number");
    let telco = telco();
    let clock = Still::at_noon();
    let probe = probe_on(hand(ours, &telco), &telco, Some(number), &clock);
    let peer = async {
        binds(&mut peer).await;
        answers(&mut peer, CommandId::EnquireLink, CommandId::EnquireLinkResp, 2, b"").await;
        does(peer).await;
    };
    tokio::join!(probe, peer).0
}

fn hand(ours: DuplexStream, telco: &Telco) -> Hand {
    let (reader, writer) = split(ours);
    let halves = vec![(BindKind::Transceiver, "trx-1".to_owned(), Box::new(reader) as _, Box::new(writer) as _)];
    let clock: Arc<dyn Clock> = Arc::new(Still::at_noon());
    Hand::on(halves, telco, &clock, None)
}

/// Reads a request and answers it.
async fn answers(peer: &mut DuplexStream, asked: CommandId, resp: CommandId, sequence: u32, body: &[u8]) {
    assert_eq!(read(peer).await, asked);
    peer.write_all(&pdu(resp, sequence, body)).await.expect("written");
}

fn refusal(command: CommandId, status: u32, sequence: u32) -> BytesMut {
    let mut out = BytesMut::new();
    write(&mut out, command, status, sequence, |_| {});
    out
}

/// The telco takes the text, and says that of it in a receipt.
async fn says(mut peer: DuplexStream, state: &str, id: &str) {
    answers(&mut peer, CommandId::SubmitSm, CommandId::SubmitSmResp, 3, b"7\0").await;
    // a citizen's text is none of the probe's, and stays with the telco
    peer.write_all(&super::peer::text(8)).await.expect("written");
    let mut receipt = BytesMut::from(&b"\0\x01\x0185510000001\0\x00\x011212\0\x04\0\0\0\0\0\0\0\0"[..]);
    let words = format!("id:{id} stat:{state}");
    receipt.put_u8(words.len() as u8);
    receipt.put_slice(words.as_bytes());
    peer.write_all(&pdu(CommandId::DeliverSm, 9, &receipt)).await.expect("written");
    for (sequence, status) in [(8, 0x58), (9, 0)] {
        let mut resp = [0; 17];
        peer.read_exact(&mut resp).await.expect("a resp");
        assert_eq!((resp[11], resp[15]), (status, sequence));
    }
    answers(&mut peer, CommandId::Unbind, CommandId::UnbindResp, 4, b"").await;
}

/// Lines without the milliseconds in them.
fn bare(lines: &[String]) -> Vec<String> {
    lines
        .iter()
        .map(|line| line.split(" ms").next().unwrap_or(line).trim_end_matches(char::is_numeric).into())
        .collect()
}

#[tokio::test]
async fn a_text_is_followed_to_its_receipt() {
    let probed = probed(|peer| says(peer, "DELIVRD", "007")).await;
    assert!(probed.fault.is_none(), "{probed:?}");
    assert!(probed.findings[0].ends_with("; system_id \"smsc\", interface version not told"), "{probed:?}");
    assert!(probed.findings[3].ends_with(", spelt \"007\""), "{probed:?}");
    let wanted = [
        "bound in ",
        "enquire_link answered in ",
        "text taken as \"7\" in ",
        "receipt: delivered after ",
        "unbound in ",
    ];
    assert_eq!(bare(&probed.findings), wanted);
    assert_eq!(probed.notes.len(), 1, "{probed:?}");
    assert!(probed.notes[0].contains("sc_interface_version"), "{probed:?}");
}

#[tokio::test(start_paused = true)]
async fn what_went_wrong_is_said_in_words_after_what_was_found() {
    let lost = probed(|peer| says(peer, "UNDELIV", "7")).await;
    assert_eq!(lost.fault.expect("not delivered").to_string(), "receipt: the text was not delivered");
    assert_eq!(lost.findings.len(), 2, "what was found until then stays");
    let strange = probed(|peer| says(peer, "DELIVRD", "XY")).await.fault.expect("no receipt of this text").to_string();
    assert!(strange.contains("names \"XY\", which is no message_id of this text"), "{strange}");
    for (status, words) in [
        (0x0B, "text refused: ESME_RINVDSTADR (0x0B)"),
        (0x58, "text refused: ESME_RTHROTTLED (0x58)"),
        (0x08, "text refused: ESME_RSYSERR (0x08)"),
    ] {
        let refused = probed(|mut peer| async move {
            assert_eq!(read(&mut peer).await, CommandId::SubmitSm);
            peer.write_all(&refusal(CommandId::SubmitSmResp, status, 3)).await.expect("written");
            answers(&mut peer, CommandId::Unbind, CommandId::UnbindResp, 4, b"").await;
        });
        assert_eq!(refused.await.fault.expect("refused").to_string(), words, "and it leaves politely");
    }
    let gone = probed(|peer| async move { drop(peer) }).await;
    assert_eq!(gone.fault.expect("gone").to_string(), "the telco closed the connection");
}

#[tokio::test]
async fn a_bind_that_is_refused_is_told_with_its_status_and_what_to_do() {
    for (status, words) in [
        (0x0E, "bind refused: ESME_RINVPASWD (0x0E): check system_id and password"),
        (0x05, "bind refused: ESME_RALYBND (0x05): is a server bound with this account"),
        (0x08, "bind refused: ESME_RSYSERR (0x08)"),
    ] {
        let (ours, mut peer) = duplex(1_024);
        let (telco, clock) = (telco(), Still::at_noon());
        let (probed, ()) = tokio::join!(probe_on(hand(ours, &telco), &telco, None, &clock), async {
            assert_eq!(read(&mut peer).await, CommandId::BindTransceiver);
            peer.write_all(&refusal(CommandId::BindTransceiverResp, status, 1)).await.expect("written");
        });
        let fault = probed.fault.expect("refused").to_string();
        assert!(fault.starts_with(words), "{fault}");
    }
}

#[tokio::test]
async fn what_a_telco_says_of_itself_and_what_is_out_of_spec_is_told() {
    let (ours, mut peer) = duplex(1_024);
    let (telco, clock) = (telco(), Still::at_noon());
    let (probed, ()) = tokio::join!(probe_on(hand(ours, &telco), &telco, None, &clock), async {
        assert_eq!(read(&mut peer).await, CommandId::BindTransceiver);
        let resp = pdu(CommandId::BindTransceiverResp, 1, b"SMSC\0\x02\x10\0\x01\x34\x14\x01\0\x02hi");
        peer.write_all(&resp).await.expect("written");
        assert_eq!(read(&mut peer).await, CommandId::EnquireLink);
        peer.write_all(&pdu(CommandId::EnquireLinkResp, 2, b"odd")).await.expect("written");
        answers(&mut peer, CommandId::Unbind, CommandId::UnbindResp, 3, b"").await;
    });
    assert!(probed.findings[0].ends_with("system_id \"SMSC\", interface version 0x34"), "{probed:?}");
    assert!(probed.findings[1].starts_with("bind_resp also says vendor TLV (0x1401): 6869"), "{probed:?}");
    assert_eq!(probed.notes, ["out of spec: octets are left over after the last field"]);
    assert!(probed.fault.is_none(), "{probed:?}");
}

//! What `chrak check --bind` says of what a telco does.
use super::peer::{binds, pdu, read};
use crate::{
    link::{DefaultAlphabet, NumberFormat, ProbeFault, Telco, Ussd, Validity, probe::probe_on},
    ports::clock::Still,
    smpp::{dialect::Dialect, message_id::Rule, pdu::write, status::Table},
    types::{Msisdn, Secret},
};
use bytes::{BufMut, BytesMut};
use rusmpp_core::CommandId;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex, split};

fn telco() -> Telco {
    Telco {
        name: "telco".into(),
        family: "telco".into(),
        address: String::new(),
        tls: None,
        system_id: "chrak".into(),
        password: Secret::new("secret"),
        system_type: String::new(),
        interface_version: 0x34,
        pair: false,
        binds: 1,
        window: 10,
        max_tps: 0,
        enquire_link: Duration::from_secs(30),
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
async fn probed<F: Future<Output = ()>>(does: impl FnOnce(DuplexStream) -> F) -> Result<Vec<String>, ProbeFault> {
    let (ours, mut peer) = duplex(1_024);
    let (reader, writer) = split(ours);
    let (telco, number) = (telco(), Msisdn::parse_e164("85510000001").expect("number"));
    let clock = Still::at_noon();
    let probe = probe_on(reader, writer, &telco, Some(number), &clock);
    let peer = async {
        binds(&mut peer).await;
        does(peer).await;
    };
    tokio::join!(probe, peer).0
}

fn refusal(command: CommandId, status: u32, sequence: u32) -> BytesMut {
    let mut out = BytesMut::new();
    write(&mut out, command, status, sequence, |_| {});
    out
}

/// The telco takes the text, and says that of it in a receipt.
async fn says(mut peer: DuplexStream, state: &str) {
    assert_eq!(read(&mut peer).await, CommandId::SubmitSm);
    peer.write_all(&pdu(CommandId::SubmitSmResp, 2, b"7\0")).await.expect("written");
    // a citizen's text is none of the probe's, and stays with the telco
    peer.write_all(&super::peer::text(8)).await.expect("written");
    let mut receipt = BytesMut::from(&b"\0\x01\x0185510000001\0\x00\x011212\0\x04\0\0\0\0\0\0\0\0"[..]);
    let words = format!("id:7 stat:{state}");
    receipt.put_u8(words.len() as u8);
    receipt.put_slice(words.as_bytes());
    peer.write_all(&pdu(CommandId::DeliverSm, 9, &receipt)).await.expect("written");
    if state != "DELIVRD" {
        return;
    }
    for (sequence, status) in [(8, 0x58), (9, 0)] {
        let mut resp = [0; 17];
        peer.read_exact(&mut resp).await.expect("a resp");
        assert_eq!((resp[11], resp[15]), (status, sequence));
    }
    assert_eq!(read(&mut peer).await, CommandId::Unbind);
    peer.write_all(&pdu(CommandId::UnbindResp, 3, b"")).await.expect("written");
}

#[tokio::test]
async fn a_text_is_followed_to_its_receipt() {
    let findings = probed(|peer| says(peer, "DELIVRD")).await.expect("all is well");
    assert!(
        findings[0].starts_with("bound in ") && findings[0].ends_with("interface version not told"),
        "{findings:?}"
    );
    assert_eq!(findings[1..], ["text taken as \"7\"", "receipt: delivered"]);
}

#[tokio::test]
async fn what_went_wrong_is_said_in_words() {
    let lost = probed(|peer| says(peer, "UNDELIV")).await.expect_err("not delivered");
    assert_eq!(lost.to_string(), "receipt: the text was not delivered");
    for (status, words) in [
        (0x0B, "text refused: ESME_RINVDSTADR (0x0B)"),
        (0x58, "text refused: ESME_RTHROTTLED (0x58)"),
        (0x08, "text refused: ESME_RSYSERR (0x08)"),
    ] {
        let refused = probed(|mut peer| async move {
            assert_eq!(read(&mut peer).await, CommandId::SubmitSm);
            peer.write_all(&refusal(CommandId::SubmitSmResp, status, 2)).await.expect("written");
            // the probe goes
            peer.read_u8().await.expect_err("nothing more");
        });
        assert_eq!(refused.await.expect_err("refused").to_string(), words);
    }
    let gone = probed(|peer| async move { drop(peer) }).await.expect("what was found until then");
    assert!(gone.len() == 1 && gone[0].starts_with("bound in "), "{gone:?}");
}

#[tokio::test]
async fn a_bind_that_is_refused_is_told_with_its_status() {
    let (ours, mut peer) = duplex(1_024);
    let (reader, writer) = split(ours);
    let telco = telco();
    let clock = Still::at_noon();
    let (probe, ()) = tokio::join!(probe_on(reader, writer, &telco, None, &clock), async {
        assert_eq!(read(&mut peer).await, CommandId::BindTransceiver);
        peer.write_all(&refusal(CommandId::BindTransceiverResp, 0x0E, 1)).await.expect("written");
    });
    assert_eq!(probe.expect_err("refused").to_string(), "bind refused: ESME_RINVPASWD (0x0E)");
}

//! What a connection at an outbind listener must say to be bound to.
use super::{
    super::outbind::{NoOutbind, read},
    peer::{pdu, text},
};
use crate::{
    smpp::decode::Outbind,
    types::{Secret, limits::OUTBIND_OCTETS_MAX},
};
use rusmpp_core::CommandId;
use std::time::Duration;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, duplex},
    time::Instant,
};

/// What is made of these octets of a connection that then stays open.
async fn said(octets: &[u8]) -> Result<Outbind, NoOutbind> {
    let (mut ours, mut theirs) = duplex(4_096);
    theirs.write_all(octets).await.expect("written");
    let read = read(&mut ours, &Secret::new("secret")).await;
    drop(theirs);
    read
}

fn outbind(password: &str) -> Vec<u8> {
    pdu(CommandId::Outbind, 7, format!("smsc-3\0{password}\0").as_bytes())
}

#[tokio::test(start_paused = true)]
async fn whoever_knows_the_password_is_the_smsc_whatever_it_calls_itself() {
    for octets in [outbind("secret"), pdu(CommandId::Outbind, 7, b"smsc-3\0secret")] {
        assert_eq!(said(&octets).await.expect("an outbind").system_id, "smsc-3");
    }
    assert_eq!(said(&pdu(CommandId::Outbind, 0, b"\0secret\0")).await.expect("an outbind").system_id, "");
}

#[tokio::test(start_paused = true)]
async fn nobody_else_is_bound_to_and_no_line_shows_a_password() {
    let endless = pdu(CommandId::Outbind, 7, &[b'x'; OUTBIND_OCTETS_MAX]);
    for (octets, told) in [
        (outbind("Secret"), "its password is not that of this account"),
        (outbind("secret1"), "its password is not that of this account"),
        (outbind(""), "its password is not that of this account"),
        (outbind("hunter2"), "its password is not that of this account"),
        (pdu(CommandId::Outbind, 7, b"smsc-3\0"), "its outbind cannot be read"),
        (pdu(CommandId::Outbind, 7, b""), "its outbind cannot be read"),
        (pdu(CommandId::BindTransceiver, 1, b"a\0secret\0\0\x34\0\0\0"), "no outbind but command_id 0x00000009"),
        (text(1), "no outbind but command_id 0x00000005"),
        (b"GET / HTTP/1.1\r\n\r\n".to_vec(), "its command_length of 1195725856 is that of no outbind"),
        (vec![0, 0, 0, 15, 0, 0, 0, 11], "its command_length of 15 is that of no outbind"),
        (endless, "is that of no outbind"),
    ] {
        let why = said(&octets).await.expect_err(told);
        let words = format!("{why} {why:?}");
        assert!(words.contains(told), "{words}");
        assert!(!words.contains("hunter2") && !words.contains("ecret"), "{words}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_silent_connection_is_waited_for_ten_seconds_in_all() {
    let whole = outbind("secret");
    let begun = Instant::now();
    assert!(matches!(said(b"").await, Err(NoOutbind::Silent)));
    assert!(matches!(said(&whole[..whole.len() - 1]).await, Err(NoOutbind::Silent)));
    assert_eq!(begun.elapsed(), Duration::from_secs(20), "two of them");
    let (mut ours, mut theirs) = duplex(64);
    let slowly = tokio::spawn(async move {
        for octet in outbind("secret") {
            tokio::time::sleep(Duration::from_secs(1)).await;
            if theirs.write_all(&[octet]).await.is_err() {
                return;
            }
        }
    });
    let begun = Instant::now();
    assert!(matches!(read(&mut ours, &Secret::new("secret")).await, Err(NoOutbind::Silent)));
    assert_eq!(begun.elapsed(), Duration::from_secs(10), "an octet a second is no word");
    slowly.abort();
}

#[tokio::test]
async fn who_goes_is_not_waited_for_and_what_follows_an_outbind_is_left_to_the_session() {
    let (mut ours, mut theirs) = duplex(4_096);
    theirs.write_all(&outbind("secret")[..20]).await.expect("written");
    drop(theirs);
    assert!(matches!(read(&mut ours, &Secret::new("secret")).await, Err(NoOutbind::Gone(_))));
    let (mut ours, mut theirs) = duplex(4_096);
    theirs.write_all(&[outbind("secret"), text(9)].concat()).await.expect("written");
    read(&mut ours, &Secret::new("secret")).await.expect("an outbind");
    let mut rest = vec![0; text(9).len()];
    ours.read_exact(&mut rest).await.expect("all of it");
    assert_eq!(rest, text(9));
}

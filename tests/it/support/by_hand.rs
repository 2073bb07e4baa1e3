//! One connection of an SMSC, PDU by PDU, for tests that say what comes next. It shares no code with the product.
use std::time::Duration;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    time::timeout,
};

pub const BIND_RECEIVER: u32 = 1;
pub const SUBMIT_SM: u32 = 4;
pub const DELIVER_SM: u32 = 5;
pub const UNBIND: u32 = 6;
pub const BIND_TRANSCEIVER: u32 = 9;
pub const OUTBIND: u32 = 0xB;
pub const RESP: u32 = 0x8000_0000;
/// Answered in one segment, whatever the portal does.
pub const MISTYPED: &[u8] = b"120500260481938";

/// A PDU as it came.
pub struct Pdu {
    pub command: u32,
    pub status: u32,
    pub sequence: u32,
    pub body: Vec<u8>,
}

/// A PDU's octets.
pub fn pdu(command: u32, sequence: u32, body: &[u8]) -> Vec<u8> {
    let words = [16 + body.len() as u32, command, 0, sequence];
    let head: Vec<u8> = words.iter().flat_map(|word| word.to_be_bytes()).collect();
    [&head, body].concat()
}

pub async fn write(stream: &mut (impl AsyncWrite + Unpin), command: u32, sequence: u32, body: &[u8]) {
    stream.write_all(&pdu(command, sequence, body)).await.expect("written");
}

/// The next PDU; `None` at the end of the connection.
pub async fn read(stream: &mut (impl AsyncRead + Unpin)) -> Option<Pdu> {
    read_within(stream, Duration::from_secs(15)).await
}

/// As [`read`], which waits no longer than that.
pub async fn read_within(stream: &mut (impl AsyncRead + Unpin), patience: Duration) -> Option<Pdu> {
    let read = async {
        let length = stream.read_u32().await.ok()?;
        let mut rest = vec![0; length as usize - 4];
        stream.read_exact(&mut rest).await.ok()?;
        let word = |at: usize| u32::from_be_bytes(rest[at..at + 4].try_into().expect("four"));
        Some(Pdu { command: word(0), status: word(4), sequence: word(8), body: rest[12..].to_vec() })
    };
    timeout(patience, read).await.expect("a PDU, or the end")
}

/// Takes a bind of that kind.
pub async fn takes(stream: &mut (impl AsyncRead + AsyncWrite + Unpin), kind: u32) -> Vec<u8> {
    let bind = read(stream).await.expect("a bind");
    assert_eq!(bind.command, kind);
    write(stream, kind | RESP, bind.sequence, b"smsc\0").await;
    bind.body
}

//! The other end of a pipe: a telco made of PDUs.
use crate::smpp::pdu::write;
use bytes::{BufMut, BytesMut};
use rusmpp_core::CommandId;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};

pub fn pdu(command: CommandId, sequence: u32, body: &[u8]) -> Vec<u8> {
    let mut out = BytesMut::new();
    write(&mut out, command, 0, sequence, |out| out.put_slice(body));
    out.to_vec()
}

pub fn text(sequence: u32) -> Vec<u8> {
    pdu(CommandId::DeliverSm, sequence, b"\0\x01\x0185510000001\0\x00\x011212\0\0\0\0\0\0\0\0\0\0\x02hi")
}

/// Reads one PDU and says what it is.
pub async fn read(peer: &mut DuplexStream) -> CommandId {
    let length = peer.read_u32().await.expect("a length") as usize;
    let mut rest = vec![0; length - 4];
    peer.read_exact(&mut rest).await.expect("a whole PDU");
    CommandId::from(u32::from_be_bytes([rest[0], rest[1], rest[2], rest[3]]))
}

/// Takes the bind.
pub async fn binds(peer: &mut DuplexStream) {
    assert_eq!(read(peer).await, CommandId::BindTransceiver);
    peer.write_all(&pdu(CommandId::BindTransceiverResp, 1, b"smsc\0")).await.expect("written");
}

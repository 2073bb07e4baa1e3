//! What is read of a chain of TLVs stands in it, in its order, and is read the same when it is written anew; a chain that
//! is whole never costs the text before it.
use bytes::{Bytes, BytesMut};
use chrak::smpp::decode::{deliver_sm, tlvs};

/// The octets are the chain.
pub fn run(octets: &[u8]) {
    let read = tlvs(Bytes::copy_from_slice(octets));
    let mut written = BytesMut::new();
    for tlv in &read {
        super::put_tlv(&mut written, tlv);
    }
    assert!(octets.starts_with(&written), "what was read is what stands there");
    assert_eq!(tlvs(written.clone().freeze()), read);
    let head = b"\0\x01\x0185510000001\0\0\x011212\0\0\0\0\0\0\0\0\0\0\x02hi";
    let body: Bytes = [&head[..], octets].concat().into();
    match deliver_sm(1, body) {
        Ok(deliver) => {
            assert_eq!((&deliver.body[..], &deliver.tlvs), (&b"hi"[..], &read));
            for tlv in &read {
                let first = read.iter().find(|one| one.tag == tlv.tag).map(|one| &one.value);
                assert_eq!(deliver.tlv(tlv.tag), first);
            }
        }
        Err(_) => assert_ne!(written.len(), octets.len(), "a chain that ends where the body ends is one"),
    }
}

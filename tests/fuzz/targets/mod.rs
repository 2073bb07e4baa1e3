//! What is fuzzed: each target takes any octets and panics where a promise is broken. The fuzz engine finds the octets
//! (`tests/fuzz/run`); what it has found is replayed by `tests/it/fuzz.rs`, which has these files too.
#![allow(dead_code, reason = "each program has one target")]
pub mod esme;
pub mod framer;
pub mod octets;
pub mod pdu;
pub mod reassembly;
pub mod receipt;
pub mod session;
pub mod tlv;

use bytes::{BufMut, Bytes, BytesMut};
use chrak::smpp::{
    decode::Deliver,
    pdu::{Address, Tlv},
};

/// Octets of an input, taken from its front; behind its end there are NULs.
pub struct Input<'a>(pub &'a [u8]);

impl<'a> Input<'a> {
    pub fn octet(&mut self) -> u8 {
        let Some((first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        *first
    }

    pub fn two(&mut self) -> u16 {
        u16::from_be_bytes([self.octet(), self.octet()])
    }

    /// As many as there are, at most so many.
    pub fn octets(&mut self, most: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at(most.min(self.0.len()));
        self.0 = rest;
        taken
    }

    /// A few, with their length before them.
    pub fn string(&mut self) -> &'a [u8] {
        let length = usize::from(self.octet());
        self.octets(length)
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

pub fn header(length: u32, command: u32, status: u32, sequence: u32) -> Vec<u8> {
    [length, command, status, sequence].map(u32::to_be_bytes).concat()
}

/// A PDU whose length is right.
pub fn pdu(command: u32, status: u32, sequence: u32, body: &[u8]) -> Vec<u8> {
    let mut octets = header(16 + body.len() as u32, command, status, sequence);
    octets.extend(body);
    octets
}

pub fn put_tlv(out: &mut BytesMut, tlv: &Tlv) {
    out.put_u16(tlv.tag);
    out.put_u16(tlv.value.len() as u16);
    out.put_slice(&tlv.value);
}

/// As §4.6.1 and §4.7.1 have it.
pub fn body_of(deliver: &Deliver) -> Bytes {
    let mut out = BytesMut::new();
    out.put_slice(&deliver.service_type);
    out.put_u8(0);
    for address in [&deliver.source, &deliver.destination] {
        put_address(&mut out, address);
    }
    let in_payload = deliver.tlv(0x0424) == Some(&deliver.body);
    if deliver.is_data_sm {
        out.put_slice(&[deliver.esm_class, 0, deliver.data_coding]);
    } else {
        let short = if in_payload { &b""[..] } else { &deliver.body[..] };
        out.put_slice(&[deliver.esm_class, 0, 0, 0, 0, 0, 0, deliver.data_coding, 0, short.len() as u8]);
        out.put_slice(short);
    }
    for tlv in &deliver.tlvs {
        put_tlv(&mut out, tlv);
    }
    out.freeze()
}

fn put_address(out: &mut BytesMut, address: &Address) {
    out.put_slice(&[address.ton, address.npi]);
    out.put_slice(&address.digits);
    out.put_u8(0);
}

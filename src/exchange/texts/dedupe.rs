//! What identifies an MO so that a redelivery is recognised: the telco's own id where it is one, else the
//! part of a long text, else sender and text. Never sequence_number, TON, NPI or the bind.
use super::incoming::IncomingMo;
use crate::ports::inbox::{DedupeKey, DedupeKind, Source};
use ring::digest::{Context, SHA256};

/// The strongest key that this MO has.
pub fn key(mo: &IncomingMo) -> DedupeKey {
    let mut digest = Context::new(&SHA256);
    let mut add = |field: &[u8]| {
        digest.update(&(field.len() as u64).to_be_bytes());
        digest.update(field);
    };
    add(mo.family.as_str().as_bytes());
    let source = match &mo.source {
        Source::Person(number) => number.digits().as_bytes(),
        Source::Other(name) => name.as_bytes(),
    };
    let kind = match (&mo.unique_id, &mo.part) {
        (Some(id), _) => {
            add(b"strong");
            add(id);
            // a telco may give the parts of a text one id
            add(&mo.part.as_ref().map_or(0, |part| part.place.number).to_be_bytes());
            DedupeKind::Strong
        }
        (None, Some(part)) => {
            add(b"segment");
            add(source);
            add(mo.destination.as_bytes());
            add(&part.place.reference.to_be_bytes());
            add(&[part.place.total, part.place.number]);
            add(&mo.raw);
            DedupeKind::Segment
        }
        (None, None) => {
            add(b"weak");
            add(source);
            add(mo.destination.as_bytes());
            add(&[mo.esm_class, mo.data_coding]);
            add(&mo.raw);
            DedupeKind::Weak
        }
    };
    DedupeKey { kind, digest: octets(digest) }
}

/// SHA-256.
pub fn digest(of: &[u8]) -> [u8; 32] {
    let mut digest = Context::new(&SHA256);
    digest.update(of);
    octets(digest)
}

fn octets(digest: Context) -> [u8; 32] {
    let mut octets = [0; 32];
    octets.copy_from_slice(digest.finish().as_ref());
    octets
}

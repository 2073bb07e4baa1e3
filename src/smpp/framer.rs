//! From a stream of octets to PDUs by command_length (SMPP 3.4 §3.2). Knows no PDU's body.
use super::pdu::Header;
use bytes::{Buf, Bytes, BytesMut};

/// Octets of a header: command_length, command_id, command_status, sequence_number.
pub const HEADER_OCTETS: usize = 16;

/// A PDU as it was framed: its header is always usable, its body is bounded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawPdu {
    /// The last twelve octets of the header.
    pub header: Header,
    /// What follows the header.
    pub body: Bytes,
}

/// command_length is below 16 or above the bound: where the next PDU begins is not known any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("command_length {length} is out of bounds, the framing is lost")]
pub struct FramingLost {
    /// What stood there.
    pub length: u32,
    /// sequence_number, when that much had arrived; else 0.
    pub sequence: u32,
}

/// Collects octets and yields PDUs. Holds at most one PDU and one read more.
#[derive(Debug)]
pub struct Framer {
    held: BytesMut,
    octets_max: usize,
}

impl Framer {
    /// `octets_max` bounds command_length and is checked before anything is allocated for it.
    pub fn new(octets_max: usize) -> Self {
        Framer { held: BytesMut::with_capacity(16 * 1024), octets_max }
    }

    /// Takes what was read.
    pub fn push(&mut self, octets: &[u8]) {
        self.held.extend_from_slice(octets);
    }

    /// The next whole PDU; `None` until more arrives.
    ///
    /// # Errors
    /// [`FramingLost`] for good: nothing after it can be read.
    pub fn next_pdu(&mut self) -> Result<Option<RawPdu>, FramingLost> {
        let Some(mut head) = self.held.get(..4) else {
            return Ok(None);
        };
        let length = head.get_u32();
        let octets = usize::try_from(length).unwrap_or(usize::MAX);
        if !(HEADER_OCTETS..=self.octets_max).contains(&octets) {
            let sequence = self.held.get(12..16).map_or(0, |mut octets| octets.get_u32());
            return Err(FramingLost { length, sequence });
        }
        if self.held.len() < octets {
            self.held.reserve(octets - self.held.len());
            return Ok(None);
        }
        let mut pdu = self.held.split_to(octets).freeze();
        pdu.advance(4);
        let header = Header { command_id: pdu.get_u32(), command_status: pdu.get_u32(), sequence: pdu.get_u32() };
        Ok(Some(RawPdu { header, body: pdu }))
    }

    /// Whether a PDU has begun and is not whole yet.
    pub fn is_partial(&self) -> bool {
        !self.held.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENQUIRE: [u8; 16] = [0, 0, 0, 16, 0, 0, 0, 0x15, 0, 0, 0, 0, 0, 0, 0, 7];

    #[test]
    fn a_stream_is_framed_alike_wherever_it_is_cut() {
        let mut stream = Vec::new();
        for body in [0usize, 1, 40] {
            stream.extend(((16 + body) as u32).to_be_bytes());
            stream.extend(&ENQUIRE[4..]);
            stream.extend(vec![9; body]);
        }
        for cut in 0..stream.len() {
            let mut framer = Framer::new(1000);
            let mut bodies = Vec::new();
            for piece in [&stream[..cut], &stream[cut..]] {
                framer.push(piece);
                while let Some(pdu) = framer.next_pdu().expect("framing holds") {
                    assert_eq!((pdu.header.command_id, pdu.header.sequence), (0x15, 7));
                    bodies.push(pdu.body.len());
                }
            }
            assert_eq!(bodies, [0, 1, 40], "cut at {cut}");
            assert!(!framer.is_partial());
        }
    }

    #[test]
    fn impossible_lengths_end_it_before_anything_is_allocated() {
        for length in [0u32, 4, 15, 1001, u32::MAX] {
            let mut framer = Framer::new(1000);
            framer.push(&length.to_be_bytes());
            framer.push(&ENQUIRE[4..]);
            assert_eq!(framer.next_pdu(), Err(FramingLost { length, sequence: 7 }));
        }
    }

    #[test]
    fn a_pdu_may_be_as_long_as_the_bound_and_begins_with_its_first_octet() {
        let mut framer = Framer::new(40);
        assert!(!framer.is_partial());
        let longest = [&40u32.to_be_bytes()[..], &ENQUIRE[4..], &[7; 24]].concat();
        framer.push(&longest[..1]);
        assert!(framer.is_partial());
        framer.push(&longest[1..]);
        let pdu = framer.next_pdu().expect("in bounds").expect("whole");
        assert_eq!((pdu.header.command_status, &pdu.body[..]), (0, &[7; 24][..]));
        assert!(!framer.is_partial());
        // the number is told when it is there
        framer.push(&[0, 0, 0, 41, 0, 0, 0, 0x15, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!(framer.next_pdu(), Err(FramingLost { length: 41, sequence: 0 }));
    }
}

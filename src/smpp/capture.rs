//! A trace as a capture file (pcap 2.4, LINKTYPE_RAW): each PDU in TCP segments between two invented addresses, so that
//! tshark and Wireshark read it as SMPP. It must not know a file.
use super::trace::Seen;
use bytes::BufMut;
use std::collections::BTreeMap;

/// Raw IP.
const LINKTYPE_RAW: u32 = 101;
/// Largest frame that the file promises.
const SNAP: u32 = 65_535;
/// Octets of a PDU in one segment: IPv4 takes 65,535 with its heads.
const SEGMENT_MAX: usize = 32 * 1024;
/// 192.0.2.1 and 192.0.2.2, which are nobody's (RFC 5737): we, and the telco.
const WE: [u8; 4] = [192, 0, 2, 1];
const TELCO: [u8; 4] = [192, 0, 2, 2];
/// The registered port of SMPP, by which dissectors know it.
const PORT: u16 = 2775;
/// Our ports: one for each link, from here on.
const OUR_PORTS: u16 = 40_000;
const IP_HEAD: usize = 20;
const TCP_HEAD: usize = 20;

/// The file's octets.
pub fn capture(all: &[Seen]) -> Vec<u8> {
    let mut out = Vec::new();
    out.put_u32(0xA1B2_C3D4);
    out.put_u16(2);
    out.put_u16(4);
    out.put_u64(0);
    out.put_u32(SNAP);
    out.put_u32(LINKTYPE_RAW);
    let mut links: BTreeMap<&str, Link> = BTreeMap::new();
    for seen in all {
        let port = OUR_PORTS + links.len() as u16;
        let link = links.entry(&seen.link).or_insert(Link { port, sent: 1, received: 1 });
        for piece in seen.octets.chunks(SEGMENT_MAX) {
            let frame = link.frame(seen.sent, piece);
            out.put_u32((seen.at.0 / 1_000) as u32);
            out.put_u32((seen.at.0 % 1_000) as u32 * 1_000);
            out.put_u32(frame.len() as u32);
            out.put_u32(frame.len() as u32);
            out.extend_from_slice(&frame);
        }
    }
    out
}

/// A connection: our port and the next sequence numbers of TCP.
struct Link {
    port: u16,
    sent: u32,
    received: u32,
}

impl Link {
    fn frame(&mut self, sent: bool, octets: &[u8]) -> Vec<u8> {
        let (from, to) = if sent { (WE, TELCO) } else { (TELCO, WE) };
        let (source, destination) = if sent { (self.port, PORT) } else { (PORT, self.port) };
        let (sequence, acknowledged) = if sent { (self.sent, self.received) } else { (self.received, self.sent) };
        let segment = segment((from, source), (to, destination), sequence, acknowledged, octets);
        let next = if sent { &mut self.sent } else { &mut self.received };
        *next = next.wrapping_add(octets.len() as u32);
        let mut frame = Vec::with_capacity(IP_HEAD + segment.len());
        frame.put_u16(0x4500);
        frame.put_u16((IP_HEAD + segment.len()) as u16);
        frame.put_u32(0x0000_4000);
        // TTL 64, TCP
        frame.put_u16(0x4006);
        frame.put_u16(0);
        frame.extend_from_slice(&from);
        frame.extend_from_slice(&to);
        let sum = checksum(&frame);
        frame[10..12].copy_from_slice(&sum.to_be_bytes());
        frame.extend_from_slice(&segment);
        frame
    }
}

type End = ([u8; 4], u16);

fn segment(from: End, to: End, sequence: u32, acknowledged: u32, octets: &[u8]) -> Vec<u8> {
    let mut segment = Vec::with_capacity(TCP_HEAD + octets.len());
    segment.put_u16(from.1);
    segment.put_u16(to.1);
    segment.put_u32(sequence);
    segment.put_u32(acknowledged);
    // five words of head; PSH, ACK
    segment.put_u16(0x5018);
    segment.put_u16(0xFFFF);
    segment.put_u32(0);
    segment.extend_from_slice(octets);
    let mut summed = [&from.0[..], &to.0, &[0, 6], &(segment.len() as u16).to_be_bytes()].concat();
    summed.extend_from_slice(&segment);
    let sum = checksum(&summed);
    segment[16..18].copy_from_slice(&sum.to_be_bytes());
    segment
}

/// RFC 1071.
fn checksum(octets: &[u8]) -> u16 {
    let word = |pair: &[u8]| u32::from(pair[0]) << 8 | u32::from(pair.get(1).copied().unwrap_or(0));
    let mut sum: u32 = octets.chunks(2).map(word).sum();
    while sum >> 16 != 0 {
        sum = (sum & 0xFFFF) + (sum >> 16);
    }
    !(sum as u16)
}

//! A stream is framed alike wherever it is cut, nothing of it is lost or made up, and no PDU is longer than the bound.
use super::Input;
use chrak::smpp::framer::{Framer, FramingLost, RawPdu};

type Framed = (Vec<RawPdu>, Option<FramingLost>);

/// The first two octets are the bound and the size of the pieces; the rest is the stream.
pub fn run(octets: &[u8]) {
    let mut input = Input(octets);
    let most = 16 + usize::from(input.octet());
    let step = input.octet();
    let stream = input.0;
    let whole = framed(most, [stream].into_iter());
    let mut at = 0;
    let pieces = std::iter::from_fn(|| {
        let length = 1 + (usize::from(step) * (at + 3)) % 23;
        let piece = stream.get(at..stream.len().min(at + length)).filter(|piece| !piece.is_empty());
        at += length;
        piece
    });
    let cut = framed(most, pieces);
    assert_eq!(whole.0, cut.0);
    assert_eq!(whole.1.map(|lost| lost.length), cut.1.map(|lost| lost.length));
    same_octets(&whole, stream, most);
}

fn framed<'a>(most: usize, pieces: impl Iterator<Item = &'a [u8]>) -> Framed {
    let (mut framer, mut pdus) = (Framer::new(most), Vec::new());
    for piece in pieces {
        framer.push(piece);
        loop {
            match framer.next_pdu() {
                Ok(Some(pdu)) => pdus.push(pdu),
                Ok(None) => break,
                Err(lost) => {
                    assert_eq!(framer.next_pdu().map_err(|lost| lost.length), Err(lost.length), "lost for good");
                    return (pdus, Some(lost));
                }
            }
        }
    }
    (pdus, None)
}

fn same_octets((pdus, lost): &Framed, stream: &[u8], most: usize) {
    let mut again = Vec::new();
    for pdu in pdus {
        assert!(16 + pdu.body.len() <= most);
        let head = pdu.header;
        again.extend(super::pdu(head.command_id, head.command_status, head.sequence, &pdu.body));
    }
    assert!(stream.starts_with(&again));
    let rest = &stream[again.len()..];
    if let Some(lost) = lost {
        assert!(rest.starts_with(&lost.length.to_be_bytes()));
        assert!(!(16..=most).contains(&(lost.length as usize)));
    }
}

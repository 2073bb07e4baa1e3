//! From a rendered text to the segments that go out: encoded, cut, numbered, and from then on frozen.
use super::{Exchange, new_id};
use crate::{
    ports::{
        inbox::StoredMo,
        outbox::{MtKind, NewMt},
    },
    text::{
        gsm7,
        segment::{self, Alphabet},
        ucs2,
    },
    types::{
        Msisdn, MtId, UnixMs,
        limits::{ANSWER_VALIDITY, SEGMENTS_MAX},
    },
};
use std::sync::atomic::Ordering;

/// How the segments of one text are told to belong together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// UDH with an 8-bit reference (3GPP 23.040 9.2.3.24.1).
    Udh8,
    /// UDH with a 16-bit reference (9.2.3.24.8).
    Udh16,
}

impl Exchange {
    /// The segments of `text` to the sender of `mo`, the first with a reserved place where there is one.
    pub(super) fn segments(&self, mo: &StoredMo, to: Msisdn, kind: MtKind, text: &str, now: UnixMs) -> Vec<NewMt> {
        debug_assert!(!has_link(text), "no text of ours holds a link");
        let cut = self.core.settings.telcos.iter().find(|telco| telco.name == mo.smsc).map_or(Cut::Udh8, |t| t.cut);
        let plan = segment::plan(text);
        let parts = plan.segments.len().min(SEGMENTS_MAX) as u8;
        let not_after = now.plus_ms(ANSWER_VALIDITY.as_millis() as i64);
        // One reference for the whole text; each segment also gets its own user_message_reference.
        let whole = self.next_reference();
        plan.segments
            .iter()
            .take(SEGMENTS_MAX)
            .zip(1u8..)
            .map(|(segment, part)| {
                let mut body = if parts > 1 { header(cut, whole, parts, part) } else { Vec::new() };
                let data_coding = match plan.alphabet {
                    Alphabet::Gsm7 => {
                        body.extend(gsm7::encode(segment).unwrap_or_default());
                        0
                    }
                    Alphabet::Ucs2 => {
                        body.extend(ucs2::encode(segment));
                        8
                    }
                };
                NewMt {
                    id: MtId(new_id(now)),
                    kind,
                    part,
                    parts,
                    smsc: mo.smsc.clone(),
                    source: mo.destination.clone(),
                    destination: to,
                    body,
                    data_coding,
                    udhi: parts > 1,
                    reference: if part == 1 { whole } else { self.next_reference() },
                    not_after,
                    reserved: None,
                }
            })
            .collect()
    }

    fn next_reference(&self) -> u16 {
        self.core.reference.fetch_add(1, Ordering::Relaxed) as u16
    }
}

fn header(cut: Cut, reference: u16, parts: u8, part: u8) -> Vec<u8> {
    let [high, low] = reference.to_be_bytes();
    match cut {
        Cut::Udh8 => vec![5, 0, 3, low, parts, part],
        Cut::Udh16 => vec![6, 8, 4, high, low, parts, part],
    }
}

/// What a telephone would make clickable. Citizens are told that a text with a link never comes from us.
pub(super) fn has_link(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    text.contains("://") || text.contains("www.") || text.contains(".gov.kh") || text.contains(".com")
}

//! From a rendered text to the segments that go out: encoded, cut, numbered, and from then on frozen.
use super::{Exchange, new_id};
use crate::{
    ports::{
        inbox::StoredMo,
        outbox::{MtKind, NewMt},
    },
    text::{
        gsm7, links,
        segment::{self, Alphabet},
        ucs2, visible,
    },
    types::{
        Msisdn, MtId, UnixMs,
        limits::{ANSWER_VALIDITY, SEGMENTS_MAX},
        names::SmscName,
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

/// Over which telco a text goes, from which of our numbers, to whom, and how long it is of use.
pub(super) struct Envelope<'a> {
    pub(super) smsc: &'a SmscName,
    pub(super) source: &'a str,
    pub(super) to: Msisdn,
    pub(super) kind: MtKind,
    pub(super) not_after: UnixMs,
}

impl Exchange {
    /// The segments of `text` to the sender of `mo`, the first with a reserved place where there is one.
    pub(super) fn segments(&self, mo: &StoredMo, to: Msisdn, kind: MtKind, text: &str, now: UnixMs) -> Vec<NewMt> {
        let not_after = now.plus_ms(ANSWER_VALIDITY.as_millis() as i64);
        self.cut(&Envelope { smsc: &mo.smsc, source: &mo.destination, to, kind, not_after }, text, now)
    }

    /// The segments of `text` on their way. The one place through which every text goes, whoever wrote it: what cannot
    /// be seen is left out, and a link is parted. None of ours holds one and none of others is taken, so what is parted
    /// came together from pieces; it is said without the link rather than not at all.
    pub(super) fn cut(&self, envelope: &Envelope<'_>, text: &str, now: UnixMs) -> Vec<NewMt> {
        let seen = visible::shown(text);
        let parted = links::without_links(&seen);
        if parted != seen {
            tracing::error!("a text with a link was about to be sent; it goes without the link");
        }
        let text: &str = &parted;
        let cut =
            self.core.settings.telcos.iter().find(|telco| telco.name == *envelope.smsc).map_or(Cut::Udh8, |t| t.cut);
        let plan = segment::plan(text);
        let parts = plan.segments.len().min(SEGMENTS_MAX) as u8;
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
                        body.extend(gsm7::encode(segment).expect("a plan in GSM 7 has only its characters"));
                        0
                    }
                    Alphabet::Ucs2 => {
                        body.extend(ucs2::encode(segment));
                        8
                    }
                };
                NewMt {
                    id: MtId(new_id(now)),
                    kind: envelope.kind,
                    part,
                    parts,
                    smsc: envelope.smsc.clone(),
                    source: envelope.source.to_owned(),
                    destination: envelope.to,
                    body,
                    data_coding,
                    udhi: parts > 1,
                    reference: if part == 1 { whole } else { self.next_reference() },
                    not_after: envelope.not_after,
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

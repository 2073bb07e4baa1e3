//! From a rendered text to the segments that go out: encoded, cut, numbered, and from then on frozen.
use crate::{
    exchange::settings::{Cut, Settings},
    ports::{
        outbox::{MtKind, NewMt},
        random::{self, new_id},
    },
    text::{
        gsm7, links,
        segment::{self, Alphabet},
        ucs2, visible,
    },
    types::{Msisdn, MtId, UnixMs, limits::SEGMENTS_MAX, names::SmscName},
};
use std::sync::{
    Arc,
    atomic::{AtomicU16, Ordering},
};

/// Over which telco a text goes, from which of our numbers, to whom, and how long it is of use.
pub struct Envelope<'a> {
    pub smsc: &'a SmscName,
    pub source: &'a str,
    pub to: Msisdn,
    pub kind: MtKind,
    pub not_after: UnixMs,
}

/// Cuts texts. Cheap to clone.
#[derive(Clone)]
pub struct Segmenter {
    settings: Arc<Settings>,
    /// Counts texts and segments, from anywhere.
    reference: Arc<AtomicU16>,
}

impl Segmenter {
    /// For these telcos.
    pub fn new(settings: Arc<Settings>) -> Self {
        Segmenter { settings, reference: Arc::new(AtomicU16::new(u16::from_le_bytes(random::octets()))) }
    }

    /// The segments of `text` on their way. The one place through which every text goes, whoever wrote it: what cannot
    /// be seen is left out, and a link is parted. None of ours holds one and none of others is taken, so what is parted
    /// came together from pieces; it is said without the link rather than not at all.
    pub fn cut(&self, envelope: &Envelope<'_>, text: &str, now: UnixMs) -> Vec<NewMt> {
        let seen = visible::shown(text);
        let parted = links::without_links(&seen);
        if parted != seen {
            tracing::error!("a text with a link was about to be sent; it goes without the link");
        }
        let text: &str = &parted;
        let cut = self.settings.telco(envelope.smsc).map_or(Cut::Udh8, |telco| telco.cut);
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
        self.reference.fetch_add(1, Ordering::Relaxed)
    }
}

fn header(cut: Cut, reference: u16, parts: u8, part: u8) -> Vec<u8> {
    let [high, low] = reference.to_be_bytes();
    match cut {
        Cut::Udh8 => vec![5, 0, 3, low, parts, part],
        Cut::Udh16 => vec![6, 8, 4, high, low, parts, part],
    }
}

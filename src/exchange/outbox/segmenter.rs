//! From a rendered text to the segments that go out: cut, numbered, encoded, and from then on frozen.
use crate::{
    exchange::settings::Settings,
    ports::{
        outbox::{Class, MtKind, NewMt},
        random::{self, new_id},
    },
    smpp::concat::{Cut, Encoded, encode},
    text::{
        links,
        segment::{self, Alphabet, Plan},
        visible,
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
    pub class: Class,
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
        let cut = self.settings.telcos.cut(envelope.smsc);
        let alphabet = Alphabet::of(text);
        let Plan { segments, .. } = segment::plan_with(text, alphabet.single(), cut.room(alphabet));
        let segments = kept(text, segments, cut);
        let parts = segments.len() as u8;
        let family = self.settings.telcos.family(envelope.smsc);
        // One reference for the whole text; each segment also gets its own user_message_reference.
        let whole = self.next_reference();
        segments
            .iter()
            .zip(1u8..)
            .map(|(segment, part)| {
                let Encoded { body, data_coding, udhi } = encode(cut, alphabet, segment, whole, part, parts);
                NewMt {
                    id: MtId(new_id(now)),
                    kind: envelope.kind,
                    class: envelope.class,
                    part,
                    parts,
                    smsc: envelope.smsc.clone(),
                    family: family.clone(),
                    source: envelope.source.to_owned(),
                    destination: envelope.to,
                    body,
                    data_coding,
                    udhi,
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

/// No more segments than a text may have; one of them where the telco takes texts whole.
fn kept<'a>(text: &'a str, mut segments: Vec<&'a str>, cut: Cut) -> Vec<&'a str> {
    segments.truncate(SEGMENTS_MAX);
    match cut {
        Cut::Payload => vec![&text[..segments.iter().map(|segment| segment.len()).sum()]],
        Cut::Udh8 | Cut::Udh16 | Cut::Sar => segments,
    }
}

//! PDUs of the trace as operators see them: a line that opens to the PDU field by field. Covered as they are remembered.
use super::{link_words::LinkWords, respond::time_of_day, words::Lang};
use crate::smpp::{
    explain::{Explanation, Field, explain},
    status,
    trace::Seen,
};
use askama::Template;
use std::fmt::Write;

/// Octets of a PDU that are shown as hex: the rest is in the capture.
const HEX_MAX: usize = 512;

/// One PDU.
#[derive(Template)]
#[template(path = "pdu.html")]
pub(super) struct PduRow {
    w: &'static LinkWords,
    time: String,
    link: String,
    sent: bool,
    name: String,
    sequence: u32,
    /// Of a resp, or of a request that has one against the standard.
    status: Option<String>,
    refused: bool,
    /// Who to whom, or which message.
    brief: String,
    explanation: Explanation,
    hex: String,
}

/// What a PDU is, as far as it is looked for.
pub(super) struct Read {
    /// The standard's name, `octets` where there is no header.
    pub(super) name: String,
    pub(super) status: u32,
    pub(super) sequence: u32,
    pub(super) explanation: Explanation,
}

impl Read {
    pub(super) fn of(octets: &[u8]) -> Self {
        let explanation = explain(octets);
        let command = explanation.fields.iter().find(|field| field.name == "command_id");
        let name = command.map_or("octets", |field| field.value.split(" (").next().unwrap_or(&field.value));
        let word = |at: usize| match octets.get(at..at + 4) {
            Some(&[a, b, c, d]) => u32::from_be_bytes([a, b, c, d]),
            _ => 0,
        };
        Read { name: name.to_owned(), status: word(8), sequence: word(12), explanation }
    }

    /// Values of the fields of these names, without their quotes; NULL ones left out.
    pub(super) fn values<'a>(&'a self, names: &'a [&str]) -> impl Iterator<Item = &'a str> {
        let named = |field: &&Field| names.contains(&field.name.as_str()) && field.value != "NULL";
        self.explanation.fields.iter().filter(named).map(|field| field.value.trim_matches('"'))
    }
}

impl PduRow {
    pub(super) fn of(seen: &Seen, read: Read, lang: Lang) -> Self {
        let mut hex = String::with_capacity(2 * seen.octets.len().min(HEX_MAX));
        for (at, octet) in seen.octets.iter().take(HEX_MAX).enumerate() {
            // writing to a String cannot fail
            let _ = write!(hex, "{}{octet:02x}", if at > 0 && at % 4 == 0 { " " } else { "" });
        }
        if seen.octets.len() > HEX_MAX {
            hex.push_str(" …");
        }
        PduRow {
            w: lang.link_words(),
            time: format!("{}.{:03}", time_of_day(seen.at), seen.at.0.rem_euclid(1_000)),
            link: seen.link.clone(),
            sent: seen.sent,
            brief: brief(&read),
            refused: read.status != status::ESME_ROK,
            status: (read.name.ends_with("_resp") || read.status != status::ESME_ROK)
                .then(|| status::name(read.status)),
            name: read.name,
            sequence: read.sequence,
            explanation: read.explanation,
            hex,
        }
    }
}

fn brief(read: &Read) -> String {
    let addresses: Vec<&str> = read.values(&["source_addr", "destination_addr"]).collect();
    if addresses.is_empty() {
        read.values(&["message_id", "system_id"]).next().unwrap_or_default().to_owned()
    } else {
        addresses.join(" → ")
    }
}

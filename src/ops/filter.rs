//! Which PDUs of the trace are wanted.
use super::pdu_rows::Read;
use crate::{
    ports::trace::link,
    smpp::{status::ESME_ROK, trace::Seen},
    types::names::SmscName,
};
use serde::Deserialize;

/// Digits of a number that are compared: more than a trace shows, and no more than a number has.
const DIGITS_MAX: usize = 15;

/// What stands in the address; what is empty filters nothing.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct Filter {
    /// Of one telco.
    #[serde(default)]
    pub(super) smsc: String,
    /// Of one bind, such as `trx-1`.
    #[serde(default)]
    pub(super) bind: String,
    /// A PDU by its name; both a request and its resp where the name is the request's.
    #[serde(default)]
    pub(super) command: String,
    /// Anything: only a command_status other than 0.
    #[serde(default)]
    pub(super) refused: String,
    /// With which digits a number in it begins, as far as they are shown.
    #[serde(default)]
    pub(super) number: String,
}

impl Filter {
    /// Whether a PDU is wanted; it is read once, for this and for who shows it.
    pub(super) fn reads(&self, seen: &Seen) -> Option<Read> {
        let of_telco = self.smsc.is_empty() || seen.link.starts_with(&link(&SmscName::from(self.smsc.as_str()), ""));
        let of_bind = self.bind.is_empty() || seen.link.rsplit('/').next() == Some(self.bind.trim());
        if !of_telco || !of_bind {
            return None;
        }
        let read = Read::of(&seen.octets);
        let wanted = self.command.trim().to_ascii_lowercase();
        let named = wanted.is_empty() || read.name == wanted || read.name.strip_suffix("_resp") == Some(&wanted);
        let refused = self.refused.is_empty() || read.status != ESME_ROK;
        (named && refused && self.is_of_number(&read)).then_some(read)
    }

    fn is_of_number(&self, read: &Read) -> bool {
        let digits: String = self.number.chars().filter(char::is_ascii_digit).take(DIGITS_MAX).collect();
        digits.is_empty()
            || read.values(&["source_addr", "destination_addr", "esme_addr"]).any(|is| begins(is, &digits))
    }
}

/// A covered digit may be any.
fn begins(number: &str, digits: &str) -> bool {
    let number = number.trim_start_matches('+');
    let fits = |(shown, wanted): (char, char)| shown == wanted || shown == '*';
    number.len() >= digits.len() && number.chars().zip(digits.chars()).all(fits)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        smpp::mask::{Cover, mask},
        types::UnixMs,
    };

    /// A submit_sm from 1212 to the number, covered.
    fn submit(link: &str, number: &str) -> Seen {
        let body = [b"\0\x03\0\x31212\0\x01\x01".as_slice(), number.as_bytes(), b"\0\0\0\0\0\0\0\0\0\0\x02hi"].concat();
        pdu(link, 0x04, 0, &body)
    }

    fn pdu(link: &str, id: u32, status: u32, body: &[u8]) -> Seen {
        let head = [16 + body.len() as u32, id, status, 7].map(u32::to_be_bytes).concat();
        let mut octets = [&head[..], body].concat();
        mask(&mut octets, Cover::People);
        Seen { at: UnixMs(0), link: link.to_owned(), sent: true, octets: octets.into() }
    }

    fn wanted(filter: Filter, seen: &Seen) -> bool {
        filter.reads(seen).is_some()
    }

    #[test]
    fn each_filter_lets_through_what_it_names_and_nothing_else() {
        let (text, resp) = (submit("smart/trx-1", "85510000001"), pdu("smart/trx-2", 0x8000_0004, 0x58, b""));
        let of = |key: &str, value: &str| {
            let mut filter = Filter::default();
            let into = match key {
                "smsc" => &mut filter.smsc,
                "bind" => &mut filter.bind,
                "command" => &mut filter.command,
                "refused" => &mut filter.refused,
                _ => &mut filter.number,
            };
            value.clone_into(into);
            filter
        };
        for (key, value, first, second) in [
            ("smsc", "", true, true),
            ("smsc", "smart", true, true),
            ("smsc", "smar", false, false),
            ("bind", "trx-1", true, false),
            ("command", "submit_sm", true, true),
            ("command", "submit_sm_resp", false, true),
            ("command", "deliver_sm", false, false),
            ("refused", "1", false, true),
            ("number", "85510", true, false),
            ("number", "+855 10 000", true, false),
            ("number", "85511", false, false),
            ("number", "1212", true, false),
            ("number", "855100000012", false, false),
        ] {
            let seen = (wanted(of(key, value), &text), wanted(of(key, value), &resp));
            assert_eq!(seen, (first, second), "{key}={value}");
        }
    }
}

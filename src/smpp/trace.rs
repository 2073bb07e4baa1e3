//! What went over a connection, a line a PDU: written for people, read again by the program, and turned into a capture
//! that tshark opens. It must not know a file.
use super::{explain::explain, framer::HEADER_OCTETS, status};
use crate::types::UnixMs;
use bytes::Bytes;
use std::fmt::Write;

/// One PDU as it went over a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// When.
    pub at: UnixMs,
    /// On which link, such as `smart/trx-1`; without blanks.
    pub link: String,
    /// From us to the telco.
    pub sent: bool,
    /// The whole PDU.
    pub octets: Bytes,
}

/// Why a line is none of a trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is no line of a trace")]
pub struct NoLine;

/// Before the octets of a PDU.
const HEX: &str = " hex=";

impl Seen {
    /// As a line, without its end: time (UTC), link, direction, name, sequence_number, command_status, fields, octets.
    pub fn line(&self) -> String {
        let Explained { name, sequence, status, fields } = explained(&self.octets);
        let way = if self.sent { "->" } else { "<-" };
        let time = time(self.at);
        let mut line = format!("{time} {} {way} {name} {sequence} {status} {{{fields}}}{HEX}", self.link);
        for octet in &self.octets {
            // Writing to a String cannot fail.
            let _ = write!(line, "{octet:02x}");
        }
        line
    }

    /// Reads a line; only time, link, direction and octets are looked at, so the words between may change.
    ///
    /// # Errors
    /// That it is none.
    pub fn parse(line: &str) -> Result<Self, NoLine> {
        let mut words = line.split(' ');
        let (Some(at), Some(link), Some(way)) = (words.next(), words.next(), words.next()) else { return Err(NoLine) };
        let hex = line.rsplit_once(HEX).ok_or(NoLine)?.1;
        let sent = match way {
            "->" => true,
            "<-" => false,
            _ => return Err(NoLine),
        };
        let at = UnixMs::from_rfc3339(at).ok_or(NoLine)?;
        Ok(Seen { at, link: link.to_owned(), sent, octets: octets(hex)? })
    }
}

fn octets(hex: &str) -> Result<Bytes, NoLine> {
    let digit = |octet: u8| char::from(octet).to_digit(16).map(|digit| digit as u8).ok_or(NoLine);
    let pair = |pair: &[u8]| match *pair {
        [high, low] => Ok(digit(high)? << 4 | digit(low)?),
        _ => Err(NoLine),
    };
    hex.as_bytes().chunks(2).map(pair).collect()
}

/// RFC 3339 with milliseconds, UTC.
fn time(at: UnixMs) -> String {
    at.civil(&jiff::tz::TimeZone::UTC).strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

struct Explained {
    name: String,
    sequence: u32,
    status: String,
    fields: String,
}

fn explained(octets: &[u8]) -> Explained {
    let word =
        |at: usize| octets.get(at..at + 4).map_or(0, |four| u32::from_be_bytes([four[0], four[1], four[2], four[3]]));
    let all = explain(octets);
    let name = all.fields.iter().find(|field| field.name == "command_id").map_or("octets", |field| &field.value);
    let name = name.split(" (").next().unwrap_or(name).replace(' ', "_");
    let body = all.fields.iter().filter(|field| field.at >= HEADER_OCTETS);
    let mut fields: Vec<String> = body.map(|field| format!("{}: {}", field.name, field.value)).collect();
    fields.extend(all.warnings.iter().map(|warning| format!("warning: {warning}")));
    let status = status::name(word(8)).replace(' ', "_");
    Explained { name, sequence: word(12), status, fields: fields.join("; ").replace(['\r', '\n'], " ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(octets: &[u8]) -> Seen {
        let at = UnixMs::from_rfc3339("2026-11-20T12:00:00.123+07:00").expect("a time");
        Seen { at, link: "smart/trx-1".to_owned(), sent: true, octets: Bytes::copy_from_slice(octets) }
    }

    #[test]
    fn a_line_says_what_went_where_and_is_read_again() {
        let resp = b"\0\0\0\x13\x80\0\0\x04\0\0\0\x58\0\0\0\x07a7\0";
        let line = seen(resp).line();
        assert_eq!(
            line,
            "2026-11-20T05:00:00.123Z smart/trx-1 -> submit_sm_resp 7 ESME_RTHROTTLED_(0x58) {message_id: \"a7\"} \
             hex=00000013800000040000005800000007613700"
        );
        assert_eq!(Seen::parse(&line), Ok(seen(resp)));
        let odd = seen(b"\0\0\0\x07\xFF hex=\n");
        assert!(!odd.line().contains('\n'), "{}", odd.line());
        assert_eq!(Seen::parse(&odd.line()), Ok(odd));
    }

    #[test]
    fn what_is_no_line_is_not_taken_for_one() {
        for line in
            ["", "a b -> c hex=00", "2026-11-20T05:00:00Z a -> c", "2026-11-20T05:00:00Z a -> c hex=0g", "x hex=0"]
        {
            assert_eq!(Seen::parse(line), Err(NoLine), "{line}");
        }
    }
}

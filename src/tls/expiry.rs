//! Until when a certificate is valid, read from its DER (RFC 5280 §4.1): nothing else of it is looked at.
use crate::types::UnixMs;

/// Tags of DER (X.690 §8.1.2) that stand on the way.
const INTEGER: u8 = 0x02;
const SEQUENCE: u8 = 0x30;
const VERSION: u8 = 0xA0;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;

/// The notAfter of a certificate; `None` where the octets are none.
pub(super) fn not_after(der: &[u8]) -> Option<UnixMs> {
    let (certificate, _) = element(der, SEQUENCE)?;
    let (mut rest, _) = element(certificate, SEQUENCE)?;
    if rest.first() == Some(&VERSION) {
        rest = element(rest, VERSION)?.1;
    }
    // serialNumber, signature, issuer
    for tag in [INTEGER, SEQUENCE, SEQUENCE] {
        rest = element(rest, tag)?.1;
    }
    let (validity, _) = element(rest, SEQUENCE)?;
    let (_, after) = time(validity)?;
    time(after).map(|(at, _)| at)
}

/// The value of an element with this tag, and what follows it.
fn element(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (found, rest) = der.split_first()?;
    let (first, rest) = rest.split_first()?;
    // lengths beyond two octets of length are those of no certificate (X.690 §8.1.3)
    let (length, rest) = match *first {
        short @ 0..=0x7F => (usize::from(short), rest),
        0x81 => (usize::from(*rest.first()?), &rest[1..]),
        0x82 => (usize::from(u16::from_be_bytes(*rest.first_chunk()?)), &rest[2..]),
        _ => return None,
    };
    (*found == tag).then_some(())?;
    rest.split_at_checked(length)
}

/// A time in UTC, to the second (RFC 5280 §4.1.2.5), and what follows it.
fn time(der: &[u8]) -> Option<(UnixMs, &[u8])> {
    let tag = *der.first()?;
    let (value, rest) = element(der, tag)?;
    let text = std::str::from_utf8(value).ok()?.strip_suffix('Z')?;
    let digits = match tag {
        // years from 50 on are those of the last century
        UTC_TIME if text >= "50" => format!("19{text}"),
        UTC_TIME => format!("20{text}"),
        GENERALIZED_TIME => text.to_owned(),
        _ => return None,
    };
    if digits.len() != 14 || !digits.bytes().all(|octet| octet.is_ascii_digit()) {
        return None;
    }
    let part = |from: usize, to: usize| &digits[from..to];
    let [year, month, day] = [part(0, 4), part(4, 6), part(6, 8)];
    let [hour, minute, second] = [part(8, 10), part(10, 12), part(12, 14)];
    UnixMs::from_rfc3339(&format!("{year}-{month}-{day}T{hour}:{minute}:{second}Z")).map(|at| (at, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An element of DER.
    fn der(tag: u8, value: &[u8]) -> Vec<u8> {
        let length = match value.len() {
            short @ 0..=0x7F => vec![short as u8],
            long @ 0x80..=0xFF => vec![0x81, long as u8],
            longer => [&[0x82][..], &(longer as u16).to_be_bytes()].concat(),
        };
        [&[tag][..], &length, value].concat()
    }

    fn certificate(version: &[u8], issuer: usize, from: &[u8], until: &[u8]) -> Vec<u8> {
        let validity = der(SEQUENCE, &[from, until].concat());
        let issuer = der(SEQUENCE, &vec![0; issuer]);
        let parts = [version, &der(INTEGER, &[1]), &der(SEQUENCE, &[5]), &issuer, &validity, &der(SEQUENCE, &[])];
        der(SEQUENCE, &[&der(SEQUENCE, &parts.concat())[..], b"signature"].concat())
    }

    #[test]
    fn the_end_of_a_certificate_is_read_whatever_its_version_time_and_size() {
        let utc = |text: &str| der(UTC_TIME, text.as_bytes());
        let at = |text: &str| UnixMs::from_rfc3339(text);
        let version = der(VERSION, &der(INTEGER, &[2]));
        let from = utc("200101000000Z");
        for (version, issuer, until, wanted) in [
            (&version[..], 10, utc("261231235959Z"), at("2026-12-31T23:59:59Z")),
            (b"", 200, utc("491231235959Z"), at("2049-12-31T23:59:59Z")),
            (&version, 600, der(GENERALIZED_TIME, b"20501231235959Z"), at("2050-12-31T23:59:59Z")),
            (&version, 10, utc("500101000000Z"), at("1950-01-01T00:00:00Z")),
            (&version, 10, utc("261331235959Z"), None),
            (&version, 10, utc("2612312359Z"), None),
            (&version, 10, utc("261231235959+0700"), None),
            (&version, 10, der(0x0C, b"261231235959Z"), None),
        ] {
            let octets = certificate(version, issuer, &from, &until);
            assert_eq!(not_after(&octets), wanted, "{until:?}");
            assert!(wanted.is_none() || not_after(&octets[..40]).is_none(), "half of it is none");
        }
        for none in [&b""[..], b"\x30", b"\x30\x84\xff\xff\xff\xff", b"\x30\x82\x00", b"-----BEGIN"] {
            assert_eq!(not_after(none), None);
        }
    }
}

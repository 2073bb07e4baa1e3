//! From when until when a certificate is valid (RFC 5280 §4.1.2.5), read out of its DER. rustls judges the dates of
//! certificates that somebody signed; of one that is compared whole, and of our own, nobody else tells them.

/// Seconds since 1970: the first and the last in which it is valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Validity {
    pub(super) from: i64,
    pub(super) until: i64,
}

const SEQUENCE: u8 = 0x30;
const INTEGER: u8 = 0x02;
const VERSION: u8 = 0xA0;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;

/// One value of DER with what follows it: its tag, its content and the rest.
fn element(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, rest) = der.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (length, rest) = match first {
        0..=0x7F => (usize::from(first), rest),
        // a certificate of more than 16 MiB is none
        0x81..=0x83 => {
            let (length, rest) = rest.split_at_checked(usize::from(first & 0x7F))?;
            (length.iter().fold(0, |sum, octet| sum << 8 | usize::from(*octet)), rest)
        }
        _ => return None,
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((tag, content, rest))
}

fn of_tag(der: &[u8], wanted: u8) -> Option<(&[u8], &[u8])> {
    element(der).filter(|(tag, ..)| *tag == wanted).map(|(_, content, rest)| (content, rest))
}

/// A time as RFC 5280 has it: in UTC, with seconds.
fn time(tag: u8, text: &[u8]) -> Option<i64> {
    let digits = text.strip_suffix(b"Z")?;
    let wanted = match tag {
        UTC_TIME => 12,
        GENERALIZED_TIME => 14,
        _ => return None,
    };
    if digits.len() != wanted || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let number = |digits: &[u8]| digits.iter().fold(0_i16, |sum, digit| sum * 10 + i16::from(digit - b'0'));
    let (year, rest) = digits.split_at(wanted - 10);
    let year = match (tag, number(year)) {
        (UTC_TIME, year @ 50..) => 1900 + year,
        (UTC_TIME, year) => 2000 + year,
        (_, year) => year,
    };
    let two = |at: usize| i8::try_from(number(&rest[at..at + 2])).unwrap_or(i8::MAX);
    let at = jiff::civil::DateTime::new(year, two(0), two(2), two(4), two(6), two(8), 0).ok()?;
    Some(jiff::tz::TimeZone::UTC.to_timestamp(at).ok()?.as_second())
}

/// Of a certificate in DER; `None` when it cannot be read.
pub(super) fn of(der: &[u8]) -> Option<Validity> {
    let (certificate, _) = of_tag(der, SEQUENCE)?;
    let (mut signed, _) = of_tag(certificate, SEQUENCE)?;
    if let Some((_, rest)) = of_tag(signed, VERSION) {
        signed = rest;
    }
    let (_, rest) = of_tag(signed, INTEGER)?;
    // the algorithm, and who signed
    let (_, rest) = of_tag(rest, SEQUENCE)?;
    let (_, rest) = of_tag(rest, SEQUENCE)?;
    let (both, _) = of_tag(rest, SEQUENCE)?;
    let (first, from, rest) = element(both)?;
    let (second, until, _) = element(rest)?;
    Some(Validity { from: time(first, from)?, until: time(second, until)? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_the_standard_writes_them() {
        let at = |text: &str| text.parse::<jiff::Timestamp>().expect("a time").as_second();
        assert_eq!(time(UTC_TIME, b"261127214000Z"), Some(at("2026-11-27T21:40:00Z")));
        assert_eq!(time(UTC_TIME, b"500101000000Z"), Some(at("1950-01-01T00:00:00Z")));
        assert_eq!(time(GENERALIZED_TIME, b"20500229000000Z"), None, "no such day");
        assert_eq!(time(GENERALIZED_TIME, b"20520229235959Z"), Some(at("2052-02-29T23:59:59Z")));
        for wrong in [&b"261127214000"[..], b"2611272140Z", b"26112721400aZ", b"", b"Z", b"261327214000Z"] {
            assert_eq!(time(UTC_TIME, wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn no_octets_make_it_panic_and_none_that_are_cut_are_read() {
        let folder = tempfile::tempdir().expect("a folder");
        let ca = crate::certificates::Ca::new(folder.path(), "ca");
        let pem = std::fs::read(ca.cert()).expect("read");
        let der: rustls::pki_types::CertificateDer<'_> =
            rustls::pki_types::pem::PemObject::from_pem_slice(&pem).expect("PEM");
        let whole = of(&der).expect("a certificate");
        assert_eq!(whole.until - whole.from, 2 * 86_400);
        for cut in 0..der.len() {
            assert_eq!(of(&der[..cut]), None);
        }
        let mut changed = der.to_vec();
        for at in 0..changed.len().min(200) {
            let kept = changed[at];
            for octet in [0, 0x7F, 0x80, 0x83, 0x84, 0xFF] {
                changed[at] = octet;
                let _read_or_not = of(&changed);
            }
            changed[at] = kept;
        }
    }
}

//! Identifiers as a security server reads them (§4.1, §4.2 and §4.8).
use std::{fmt, ops::RangeInclusive};

/// An identifier, decoded, part by part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Id(pub Vec<String>);

impl Id {
    /// Reads what stands in a header, or on the command line.
    pub fn read(text: &str, parts: RangeInclusive<usize>) -> Option<Self> {
        let read: Option<Vec<String>> = text.split('/').map(part).collect();
        read.filter(|read| parts.contains(&read.len())).map(Id)
    }

    /// The subsystem of a service.
    pub fn subsystem(&self) -> &[String] {
        &self.0[..self.0.len().min(4)]
    }

    /// As headers have it.
    pub fn header(&self) -> String {
        self.0.iter().map(|part| encoded(part)).collect::<Vec<_>>().join("/")
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("/"))
    }
}

/// One part, decoded, if it is of the characters that may stand there.
pub fn part(text: &str) -> Option<String> {
    let octets = text.as_bytes();
    let (mut at, mut read) = (0, String::new());
    while at < octets.len() {
        let octet = match octets[at] {
            b'%' => {
                let pair = octets.get(at + 1..at + 3)?;
                at += 2;
                let digit = |octet: u8| char::from(octet).to_digit(16);
                u8::try_from(digit(pair[0])? * 16 + digit(pair[1])?).unwrap_or(u8::MAX)
            }
            octet => octet,
        };
        at += 1;
        let may_stand = octet.is_ascii_alphanumeric() || b"'()+,-.=?".contains(&octet);
        may_stand.then(|| read.push(char::from(octet)))?;
    }
    (!read.is_empty()).then_some(read)
}

fn encoded(part: &str) -> String {
    let one = |octet: u8| match octet {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' => char::from(octet).to_string(),
        other => format!("%{other:02X}"),
    };
    part.bytes().map(one).collect()
}

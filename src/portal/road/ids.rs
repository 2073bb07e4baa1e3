//! Identifiers of X-Road: parts between slashes, each of a few characters (message protocol for REST 1.0.4, §4.1, §4.2 and
//! §4.8). It must not know what they name.
use crate::types::percent::percent;
use std::{fmt, ops::RangeInclusive};

/// Longest part, in characters: X-Road's own database has no longer one.
const PART_MAX: usize = 255;

/// An identifier, as its parts. Case is kept and tells one from the other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identifier(Vec<String>);

impl Identifier {
    /// Who calls: instance, member class, member and, mostly, subsystem.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub fn client(text: &str) -> Result<Self, String> {
        Self::read(text, 3..=4, "CAMBODIA/GOV/CAMDX-1/CHRAK")
    }

    /// What is called: instance, member class, member, subsystem and service code.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub fn service(text: &str) -> Result<Self, String> {
        Self::read(text, 5..=5, "CAMBODIA/GOV/CAMDX-2/PORTAL/portal")
    }

    /// A security server: instance, member class, member and server code.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub fn server(text: &str) -> Result<Self, String> {
        Self::read(text, 4..=4, "CAMBODIA/GOV/CAMDX-2/ss1")
    }

    /// A represented party: member class and member, or the member alone.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub fn party(text: &str) -> Result<Self, String> {
        Self::read(text, 1..=2, "GOV/CAMDX-3")
    }

    fn read(text: &str, wanted: RangeInclusive<usize>, such: &str) -> Result<Self, String> {
        let parts: Vec<&str> = text.split('/').collect();
        if !wanted.contains(&parts.len()) {
            let (from, to) = (wanted.start(), wanted.end());
            let wanted = if from == to { from.to_string() } else { format!("{from} or {to}") };
            return Err(format!(
                "{text:?} has {} parts between slashes, not {wanted}: such as \"{such}\"",
                parts.len()
            ));
        }
        let may_stand = |c: char| c.is_ascii_alphanumeric() || "'()+,-.=?".contains(c);
        if let Some(wrong) = text.chars().find(|c| *c != '/' && !may_stand(*c)) {
            return Err(format!("{text:?} holds {wrong:?}: X-Road takes A-Z, a-z, 0-9 and '()+,-.=? only"));
        }
        // a part of dots alone would be taken for a way through folders
        if parts.iter().any(|part| part.is_empty() || part.len() > PART_MAX || matches!(*part, "." | "..")) {
            return Err(format!("{text:?} has a part that is empty, of dots alone or longer than {PART_MAX}"));
        }
        Ok(Identifier(parts.into_iter().map(str::to_owned).collect()))
    }

    /// As it stands in a path or a header: each part percent-encoded by itself.
    pub fn encoded(&self) -> String {
        self.0.iter().map(|part| percent(part)).collect::<Vec<_>>().join("/")
    }

    /// The first part.
    pub fn instance(&self) -> &str {
        &self.0[0]
    }

    /// The same subsystem with another service code: a service's that answers about it.
    pub fn beside(&self, service_code: &str) -> Self {
        let mut parts = self.0.clone();
        parts.truncate(4);
        parts.push(service_code.to_owned());
        Identifier(parts)
    }

    /// The last part.
    pub fn code(&self) -> &str {
        &self.0[self.0.len() - 1]
    }

    /// Whether a header names this one, however much of it is percent-encoded.
    pub fn is(&self, header: &str) -> bool {
        let mut parts = header.trim().split('/');
        self.0.iter().all(|own| parts.next().is_some_and(|part| decoded(part).as_deref() == Some(own.as_bytes())))
            && parts.next().is_none()
    }
}

impl fmt::Display for Identifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("/"))
    }
}

/// Percent-decoded; `None` when it is encoded in no way.
fn decoded(part: &str) -> Option<Vec<u8>> {
    let nibble = |octet: Option<u8>| char::from(octet?).to_digit(16);
    let (mut octets, mut from) = (Vec::with_capacity(part.len()), part.bytes());
    while let Some(octet) = from.next() {
        octets.push(match octet {
            b'%' => (nibble(from.next())? << 4 | nibble(from.next())?) as u8,
            octet => octet,
        });
    }
    Some(octets)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_x_road_takes_is_taken_as_it_is_and_nothing_else() {
        let id = Identifier::client("CAMBODIA/GOV/CAMDX-1/Chrak(1)+'a',b.c=d?").expect("good");
        assert_eq!(id.to_string(), "CAMBODIA/GOV/CAMDX-1/Chrak(1)+'a',b.c=d?");
        assert_eq!(id.encoded(), "CAMBODIA/GOV/CAMDX-1/Chrak%281%29%2B%27a%27%2Cb.c%3Dd%3F");
        assert!(
            id.is(&id.encoded())
                && id.is(&id.to_string())
                && id.is(&id.encoded().to_lowercase().replace("cambodia/gov/camdx-1/c", "CAMBODIA/GOV/CAMDX-1/C"))
        );
        for other in ["", "CAMBODIA/GOV/CAMDX-1", "CAMBODIA/GOV/CAMDX-1/Chrak%", "CAMBODIA/GOV/CAMDX-1/chrak%281%29"] {
            assert!(!id.is(other), "{other}");
        }
        assert!(Identifier::client("A/B/C").is_ok(), "a member calls by itself");
        for (read, wrong, told) in [
            (
                Identifier::client as fn(&str) -> Result<Identifier, String>,
                "A/B",
                "has 2 parts between slashes, not 3 or 4",
            ),
            (Identifier::client, "A/B/C/D/E", "has 5 parts"),
            (Identifier::service, "A/B/C/D", "has 4 parts between slashes, not 5"),
            (Identifier::service, "A/B/C/D/E/F", "has 6 parts"),
            (Identifier::client, "A/B/C/D_E", "holds '_'"),
            (Identifier::client, "A/B/C/D E", "holds ' '"),
            (Identifier::client, "A/B/C/ច្រក", "holds 'ច'"),
            (Identifier::client, "A/B/C/D%20", "holds '%'"),
            (Identifier::client, "A/B/C\r\nX: y/D", "holds '\\r'"),
            (Identifier::client, "A/B//D", "has a part that is empty"),
            (Identifier::client, "A/B/../D", "of dots alone"),
            (Identifier::server, "A/B/C", "has 3 parts between slashes, not 4"),
            (Identifier::party, "A/B/C", "has 3 parts between slashes, not 1 or 2"),
            (Identifier::party, "", "has a part that is empty"),
        ] {
            let fault = read(wrong).expect_err(wrong);
            assert!(fault.contains(told) && !fault.contains(['\r', '\n']), "{fault}");
        }
    }

    #[test]
    fn a_service_beside_another_is_of_the_same_subsystem() {
        let service = Identifier::service("A/B/C/D/portal").expect("good");
        assert_eq!(service.beside("allowedMethods").to_string(), "A/B/C/D/allowedMethods");
        assert_eq!((service.instance(), service.code()), ("A", "portal"));
    }
}

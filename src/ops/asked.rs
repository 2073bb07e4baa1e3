//! What the addresses of the operators' pages may say. It must not know a page.
use super::words::Lang;
use axum::http::{HeaderMap, header};
use serde::Deserialize;

/// What the address of a page may say.
#[derive(Deserialize)]
pub struct Asked {
    lang: Option<String>,
    /// The page on which a form stands, where that is not the console: `telco`.
    page: Option<String>,
}

impl Asked {
    /// The language asked for, else the browser's, else Khmer.
    pub fn lang(&self, headers: &HeaderMap) -> Lang {
        let accepted = || headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
        match self.lang.as_deref() {
            Some("en") => Lang::En,
            Some(_) => Lang::Km,
            None if accepted().is_some_and(|list| list.to_ascii_lowercase().starts_with("en")) => Lang::En,
            None => Lang::Km,
        }
    }

    /// Where an order for a telco leads back to.
    pub fn back_from(&self, smsc: &str, headers: &HeaderMap) -> String {
        let lang = self.lang(headers).tag();
        match self.page.as_deref() {
            Some("telco") => format!("/telcos/{}?lang={lang}", path_segment(smsc)),
            _ => format!("/console?lang={lang}#telcos"),
        }
    }
}

/// A name as it stands in an address: what is no letter, digit, `-`, `_` or `.` as `%XX` (RFC 3986 §2.1).
pub(super) fn path_segment(name: &str) -> String {
    let mut segment = String::with_capacity(name.len());
    for octet in name.bytes() {
        match octet {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => segment.push(char::from(octet)),
            _ => segment.push_str(&format!("%{octet:02X}")),
        }
    }
    segment
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_of_any_characters_is_one_segment_of_a_path() {
        assert_eq!(path_segment("smart-1.kh"), "smart-1.kh");
        assert_eq!(path_segment("a b/../?lang=%"), "a%20b%2F..%2F%3Flang%3D%25");
        assert_eq!(path_segment("ស"), "%E1%9E%9F");
    }
}

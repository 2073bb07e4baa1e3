//! What a telephone would make clickable. Citizens are told that a text with a link never comes from us, so no
//! text holds one, whoever wrote it.
use super::normal;

/// Endings of domain names that telephones know, besides every country's two letters.
const ENDINGS: [&str; 22] = [
    "com", "org", "net", "info", "biz", "gov", "edu", "mil", "int", "app", "dev", "xyz", "top", "site", "online",
    "shop", "club", "live", "link", "page", "asia", "mobi",
];

/// Whether a text holds a link: a scheme, `www.`, or a domain name. `8.30` and `e.g.` are none.
pub fn holds_link(text: &str) -> bool {
    let plain = normal::narrow(text).to_lowercase();
    if ["://", "www.", "http:", "https:", "mailto:", "tel:"].iter().any(|mark| plain.contains(mark)) {
        return true;
    }
    plain.split(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '.' | '-'))).any(is_domain)
}

fn is_domain(word: &str) -> bool {
    let word = word.trim_matches(['.', '-']);
    let Some((host, ending)) = word.rsplit_once('.') else { return false };
    let letters = ending.bytes().all(|b| b.is_ascii_lowercase());
    let known = ENDINGS.contains(&ending) || ending.len() == 2 || ending.starts_with("xn--");
    let label = host.rsplit('.').next().unwrap_or_default();
    // "e.g", "a.m" and "p.o" end in one letter, numbers have none
    letters && known && label.bytes().any(|b| b.is_ascii_alphabetic())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_found_however_they_are_written() {
        for text in [
            "go to http://x",
            "WWW.example.org",
            "see bit.ly/abc",
            "portal.gov.kh",
            "ចុច example.com។",
            "a.b.kh",
            "my-bank.com",
            "ｅｘａｍｐｌｅ．ｃｏｍ",
            "exam\u{200B}ple.com",
            "tel:012345678",
            "shop.xyz now",
        ] {
            assert!(holds_link(text), "{text}");
        }
    }

    #[test]
    fn sentences_and_numbers_are_no_links() {
        for text in [
            "Bring it at 8.30.",
            "e.g. a photo",
            "Mon-Fri 7:30-11:30, 14:00-17:30.",
            "120500.26.048193.7",
            "No. 5",
            "20 000 riel.Please pay",
            "ថ្ងៃទី ១.",
            "a.m. or p.m.",
            "",
            "...",
        ] {
            assert!(!holds_link(text), "{text}");
        }
    }
}

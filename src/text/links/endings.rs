//! Endings of names on the internet: every top-level domain, and what schemes of addresses there are.
use std::{collections::HashSet, sync::LazyLock};

static ENDINGS: LazyLock<HashSet<&'static str>> = LazyLock::new(|| {
    let lines = include_str!("endings.txt").lines().filter(|line| !line.starts_with('#'));
    lines.flat_map(str::split_whitespace).collect()
});

/// Not delegated, and what a Khmer reader would take for one.
const KHMER: [&str; 2] = ["ខ្មែរ", "កម្ពុជា"];

/// Endings that stand for nothing else in a text of an office: no word of English or romanised Khmer, no
/// abbreviation. Only these are seen over a blank, where any other word may begin a sentence.
const UNMISTAKABLE: [&str; 40] = [
    "app", "biz", "cc", "cn", "co", "com", "dev", "edu", "ga", "gov", "gq", "icu", "info", "io", "kh", "la", "ly",
    "mil", "ml", "mobi", "net", "online", "org", "pw", "ru", "sbs", "site", "tk", "tv", "uk", "us", "vip", "vn", "ws",
    "wtf", "xin", "xxx", "xyz", "vu", "cf",
];

/// Schemes that a telephone or a browser opens.
const SCHEMES: [&str; 46] = [
    "http",
    "https",
    "ftp",
    "ftps",
    "sftp",
    "ssh",
    "telnet",
    "ws",
    "wss",
    "file",
    "blob",
    "javascript",
    "vbscript",
    "view-source",
    "sms",
    "smsto",
    "mms",
    "mmsto",
    "tel",
    "telprompt",
    "callto",
    "facetime",
    "facetime-audio",
    "sip",
    "sips",
    "mailto",
    "xmpp",
    "skype",
    "tg",
    "whatsapp",
    "viber",
    "zalo",
    "weixin",
    "fb",
    "fb-messenger",
    "intent",
    "market",
    "android-app",
    "itms",
    "itms-apps",
    "itms-services",
    "geo",
    "magnet",
    "bitcoin",
    "ethereum",
    "webcal",
];

/// Whether names end so; in lower case.
pub fn is_ending(word: &str) -> bool {
    ENDINGS.contains(word) || KHMER.contains(&word) || word.starts_with("xn--")
}

/// Whether an ending can be nothing else.
pub fn is_unmistakable(word: &str) -> bool {
    UNMISTAKABLE.contains(&word)
}

/// Whether an address begins so; in lower case.
pub fn is_scheme(word: &str) -> bool {
    SCHEMES.contains(&word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_whole_and_says_of_when_it_is() {
        let text = include_str!("endings.txt");
        assert!(text.starts_with("# ") && text.contains("version 2026093003 of 1 October 2026"));
        let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
        assert_eq!(lines.len(), 1_437);
        assert!(lines.is_sorted(), "in IANA's order");
        for line in &lines {
            let (ascii, unicode) = line.split_once(' ').unwrap_or((line, ""));
            assert!(ascii.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-'), "{line}");
            assert_eq!(ascii.starts_with("xn--"), !unicode.is_empty(), "{line}");
        }
        for word in UNMISTAKABLE {
            assert!(is_ending(word), "{word} is no ending");
        }
    }
}

//! Percent-encoding of what stands in an address.

/// A text as one segment of a path or one value of a query: only unreserved characters stay (RFC 3986 §2.3).
pub fn percent(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
            other => format!("%{other:02X}"),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_of_any_characters_is_one_segment_of_a_path() {
        assert_eq!(percent("smart-1.kh"), "smart-1.kh");
        assert_eq!(percent("a b/../?lang=%"), "a%20b%2F..%2F%3Flang%3D%25");
        assert_eq!(percent("ស"), "%E1%9E%9F");
    }
}

//! UTF-16 in network order, which telcos call UCS-2.

/// UTF-16 code units of a text: what an SMS counts.
pub fn units(text: &str) -> usize {
    text.chars().map(char::len_utf16).sum()
}

/// Big-endian octets.
pub fn encode(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_be_bytes).collect()
}

/// Reads big-endian octets leniently: a lone surrogate is U+FFFD, an odd last octet is dropped, a byte order
/// mark at the start (either order) is obeyed and dropped, NULs at the end are padding.
pub fn decode(octets: &[u8]) -> String {
    let (octets, swapped) = match octets {
        [0xFE, 0xFF, rest @ ..] => (rest, false),
        [0xFF, 0xFE, rest @ ..] => (rest, true),
        rest => (rest, false),
    };
    let units = octets.chunks_exact(2).map(|pair| {
        let unit = u16::from_be_bytes([pair[0], pair[1]]);
        if swapped { unit.swap_bytes() } else { unit }
    });
    let mut text: String = char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)).collect();
    text.truncate(text.trim_end_matches('\0').len());
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_come_back_and_garbage_is_read_somehow() {
        for text in ["", "ស្ថានភាព ១២០", "😀 ok", "a"] {
            assert_eq!(decode(&encode(text)), text);
            assert_eq!(encode(text).len(), 2 * units(text));
        }
        assert_eq!(decode(&[0xD8, 0x00, 0x17]), "\u{FFFD}");
        assert_eq!(decode(&[0xFE, 0xFF, 0x17, 0x80, 0, 0]), "ក");
        assert_eq!(decode(&[0xFF, 0xFE, 0x80, 0x17]), "ក");
    }
}

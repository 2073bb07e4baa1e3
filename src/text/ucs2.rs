//! UTF-16 in network order, which telcos call UCS-2.

/// UTF-16 code units of a text: what an SMS counts.
pub fn units(text: &str) -> usize {
    text.chars().map(char::len_utf16).sum()
}

/// Big-endian octets.
pub fn encode(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_be_bytes).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_what_is_written() {
        for (text, octets) in
            [("", &[][..]), ("a", &[0, 0x61]), ("ក", &[0x17, 0x80]), ("😀", &[0xD8, 0x3D, 0xDE, 0x00])]
        {
            assert_eq!(encode(text), octets);
            assert_eq!(octets.len(), 2 * units(text));
        }
    }
}

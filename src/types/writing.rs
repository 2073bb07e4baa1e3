//! What a character is to somebody who writes a number or a code: a digit of whatever script, a blank, a dash, or
//! nothing that can be seen. Knows no code and no word; whoever reads what people type asks here.

/// The zeros of all runs of ten decimal digits (general category Nd of Unicode 14), and of the Khmer lunar digits, in
/// their order.
const ZEROS: [u32; 67] = [
    0x0030, 0x0660, 0x06F0, 0x07C0, 0x0966, 0x09E6, 0x0A66, 0x0AE6, 0x0B66, 0x0BE6, 0x0C66, 0x0CE6, 0x0D66, 0x0DE6,
    0x0E50, 0x0ED0, 0x0F20, 0x1040, 0x1090, 0x17E0, 0x17F0, 0x1810, 0x1946, 0x19D0, 0x1A80, 0x1A90, 0x1B50, 0x1BB0,
    0x1C40, 0x1C50, 0xA620, 0xA8D0, 0xA900, 0xA9D0, 0xA9F0, 0xAA50, 0xABF0, 0xFF10, 0x104A0, 0x10D30, 0x11066, 0x110F0,
    0x11136, 0x111D0, 0x112F0, 0x11450, 0x114D0, 0x11650, 0x116C0, 0x11730, 0x118E0, 0x11950, 0x11C50, 0x11D50,
    0x11DA0, 0x16A60, 0x16AC0, 0x16B50, 0x1D7CE, 0x1D7D8, 0x1D7E2, 0x1D7EC, 0x1D7F6, 0x1E140, 0x1E2F0, 0x1E950,
    0x1FBF0,
];

/// The value of a decimal digit of any script (`7`, `៧`, `７`, `๗`); `None` for what is no digit.
pub fn digit(c: char) -> Option<u8> {
    let zero = ZEROS[ZEROS.partition_point(|zero| *zero <= u32::from(c)).checked_sub(1)?];
    let value = u32::from(c) - zero;
    (value < 10).then_some(value as u8)
}

/// The ASCII digit of the same value.
pub fn ascii_digit(c: char) -> Option<char> {
    digit(c).map(|value| char::from(b'0' + value))
}

/// Whether a character shows as a gap: every space and line end of Unicode, and the fillers that look like one.
pub fn is_blank(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{115F}' | '\u{1160}' | '\u{2800}' | '\u{3164}' | '\u{FFA0}')
}

/// Whether a character shows as a dash: Unicode's property of that name, and what keyboards give in its place.
pub fn is_dash(c: char) -> bool {
    matches!(
        c,
        '-' | '\u{02D7}' | '\u{058A}' | '\u{05BE}' | '\u{1400}' | '\u{1806}' | '\u{2010}'
            ..='\u{2015}'
                | '\u{2043}'
                | '\u{2053}'
                | '\u{207B}'
                | '\u{208B}'
                | '\u{2212}'
                | '\u{2500}'
                | '\u{2501}'
                | '\u{2796}'
                | '\u{2E17}'
                | '\u{2E1A}'
                | '\u{2E3A}'
                | '\u{2E3B}'
                | '\u{2E40}'
                | '\u{2E5D}'
                | '\u{301C}'
                | '\u{3030}'
                | '\u{30A0}'
                | '\u{30FC}'
                | '\u{FE31}'
                | '\u{FE32}'
                | '\u{FE58}'
                | '\u{FE63}'
                | '\u{FF0D}'
                | '\u{FF70}'
                | '\u{10D6E}'
                | '\u{10EAD}'
    )
}

/// Whether a character leaves no trace on paper: zero-width ones, soft hyphens, direction marks, variation
/// selectors, and the Khmer vowels that are inherent.
pub fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{00AD}' | '\u{034F}' | '\u{061C}' | '\u{17B4}' | '\u{17B5}' | '\u{17DD}' | '\u{180B}'..='\u{180F}'
            | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FE00}'..='\u{FE0F}'
            | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}' | '\u{E0000}'..='\u{E01EF}'
    )
}

/// The narrow form of a full-width one.
pub fn half_width(c: char) -> char {
    match c {
        '\u{FF01}'..='\u{FF5E}' => char::from_u32(u32::from(c) - 0xFEE0).unwrap_or(c),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_of_every_script_have_their_value_and_nothing_else_has_one() {
        for row in
            ["0123456789", "០១២៣៤៥៦៧៨៩", "０１２３４５６７８９", "๐๑๒๓๔๕๖๗๘๙", "໐໑໒໓໔໕໖໗໘໙", "٠١٢٣٤٥٦٧٨٩", "၀၁၂၃၄၅၆၇၈၉"]
        {
            assert_eq!(row.chars().map(digit).collect::<Vec<_>>(), (0..10).map(Some).collect::<Vec<_>>(), "{row}");
        }
        assert!(ZEROS.is_sorted());
        for c in ['a', 'ក', '/', ':', '\u{17EA}', '²', '½', '零', '\u{FF1A}'] {
            assert_eq!(digit(c), None, "{c}");
        }
        let all = ('\0'..=char::MAX).filter(|c| digit(*c).is_some());
        assert!(all.clone().all(char::is_numeric), "a digit is a number to Unicode too");
        assert_eq!(all.count(), 10 * ZEROS.len());
    }

    #[test]
    fn no_character_is_two_things() {
        for c in '\0'..=char::MAX {
            let things = [digit(c).is_some(), is_blank(c), is_dash(c), is_invisible(c)];
            assert!(things.iter().filter(|is| **is).count() <= 1, "{c:?}");
        }
    }
}

//! Character sets of languages that a data_coding names (SMPP 3.4 §5.2.19): ISO 8859-5 and -8, the sets of Japan and of
//! Korea. The tables are `encoding_rs`'s. Knows no data_coding.
use encoding_rs::{EUC_JP, EUC_KR, Encoding, ISO_2022_JP, ISO_8859_5, ISO_8859_8, SHIFT_JIS};

/// A character set of a language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Charset {
    /// ISO 8859-5.
    Cyrillic,
    /// ISO 8859-8.
    Hebrew,
    /// JIS X 0201 and 0208, with escapes (ISO-2022-JP) where there are any, else as Shift JIS.
    Japanese,
    /// KS C 5601 as EUC.
    Korean,
    /// JIS X 0212 beside 0201 and 0208, as EUC; where that is not what it is, as [`Charset::Japanese`].
    JapaneseExtended,
}

/// What begins an escape of ISO-2022-JP.
const ESC: u8 = 0x1B;

impl Charset {
    /// All there are, in the order of the numbers by which they are kept.
    pub const ALL: [Charset; 5] =
        [Charset::Cyrillic, Charset::Hebrew, Charset::Japanese, Charset::Korean, Charset::JapaneseExtended];

    /// Reads octets leniently: what is none of its characters is U+FFFD.
    pub fn read(self, octets: &[u8]) -> String {
        let set: &'static Encoding = match self {
            Charset::Cyrillic => ISO_8859_5,
            Charset::Hebrew => ISO_8859_8,
            Charset::Japanese | Charset::JapaneseExtended if octets.contains(&ESC) => ISO_2022_JP,
            Charset::JapaneseExtended if is_of(EUC_JP, octets) => EUC_JP,
            Charset::Japanese | Charset::JapaneseExtended => SHIFT_JIS,
            Charset::Korean => EUC_KR,
        };
        set.decode_without_bom_handling(octets).0.into_owned()
    }
}

/// Whether all octets are characters of a set.
fn is_of(set: &'static Encoding, octets: &[u8]) -> bool {
    set.decode_without_bom_handling_and_without_replacement(octets).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_set_is_read_as_it_is_written() {
        for (set, octets, text) in [
            (Charset::Cyrillic, &b"\xC1\xE2\xD0\xE2\xE3\xE1 120"[..], "Статус 120"),
            (Charset::Hebrew, b"\xF9\xEC\xE5\xED 120", "שלום 120"),
            (Charset::Japanese, b"\x8F\xF3\x91\xD4 120", "状態 120"),
            (Charset::Japanese, b"\x1B$B>uBV\x1B(B 120", "状態 120"),
            (Charset::Korean, b"\xBB\xF3\xC5\xC2 120", "상태 120"),
            (Charset::JapaneseExtended, b"\xBE\xF5\xC2\xD6 120", "状態 120"),
            (Charset::JapaneseExtended, b"\x8F\xB0\xA1\x8E\xB1 120", "丂ｱ 120"),
            (Charset::JapaneseExtended, b"\x1B$B>uBV\x1B(B 120", "状態 120"),
            (Charset::JapaneseExtended, b"\x8F\xF3\x91\xD4 120", "状態 120"),
            (Charset::JapaneseExtended, b"\xFF", "\u{FFFD}"),
            (Charset::Korean, b"\xFF", "\u{FFFD}"),
        ] {
            assert_eq!(set.read(octets), text, "{set:?}");
        }
    }
}

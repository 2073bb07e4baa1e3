//! Octets of real words, in every way in which a telco may label them, and of nothing at all.
use super::*;
use crate::text::{property_cases, ucs2};
use crate::types::gazetteer;
use proptest::prelude::*;

const CODE: &str = "120500-26-048193-7";

/// The words of each script.
fn corpus() -> Vec<(&'static str, Vec<&'static str>)> {
    let file = include_str!("../../tests/data/words-by-script.txt");
    let mut sections: Vec<(&str, Vec<&str>)> = Vec::new();
    for line in file.lines().filter(|line| !line.is_empty() && !line.starts_with("# ")) {
        match line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            Some(name) => sections.push((name, Vec::new())),
            None => sections.last_mut().expect("a section").1.push(line),
        }
    }
    sections
}

fn be(text: &str) -> Vec<u8> {
    ucs2::encode(text)
}

fn le(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

fn in_utf8(text: &str) -> Vec<u8> {
    text.as_bytes().to_vec()
}

/// What an encoding makes of a text; `None` where it has not all its characters.
type Encode = fn(&str) -> Option<Vec<u8>>;

/// How a text is written, and what is declared.
struct Cell {
    name: &'static str,
    encode: Encode,
    declared: Declared,
}

fn one_octet(text: &str) -> Option<Vec<u8>> {
    text.chars().map(|c| u8::try_from(u32::from(c)).ok()).collect()
}

fn in_ascii(text: &str) -> Option<Vec<u8>> {
    text.is_ascii().then(|| text.as_bytes().to_vec())
}

fn in_packed(text: &str) -> Option<Vec<u8>> {
    gsm7::encode(text).map(|septets| gsm7::pack(&septets))
}

fn in_set(set: &'static encoding_rs::Encoding, text: &str) -> Option<Vec<u8>> {
    let (octets, _, lacks) = set.encode(text);
    let whole = !lacks && set.decode_without_bom_handling(&octets).0 == text;
    whole.then(|| octets.into_owned())
}

fn rightly_declared() -> [Cell; 12] {
    let cell = |name, encode, declared| Cell { name, encode, declared };
    [
        cell("UTF-16BE as UCS-2", |text| Some(be(text)), Declared::Utf16),
        cell("UTF-8 as binary", |text| Some(in_utf8(text)), Declared::Binary),
        cell("GSM 7-bit", gsm7::encode, Declared::Gsm7),
        cell("GSM 7-bit, packed", in_packed, Declared::Packed(0)),
        cell("Latin-1", one_octet, Declared::Latin1),
        cell("ASCII", in_ascii, Declared::Ascii),
        cell("ISO 8859-5", |text| in_set(encoding_rs::ISO_8859_5, text), Declared::Of(Charset::Cyrillic)),
        cell("ISO 8859-8", |text| in_set(encoding_rs::ISO_8859_8, text), Declared::Of(Charset::Hebrew)),
        cell("Shift JIS", |text| in_set(encoding_rs::SHIFT_JIS, text), Declared::Of(Charset::Japanese)),
        cell("ISO-2022-JP", |text| in_set(encoding_rs::ISO_2022_JP, text), Declared::Of(Charset::Japanese)),
        cell("EUC-JP", |text| in_set(encoding_rs::EUC_JP, text), Declared::Of(Charset::JapaneseExtended)),
        cell("EUC-KR", |text| in_set(encoding_rs::EUC_KR, text), Declared::Of(Charset::Korean)),
    ]
}

fn mislabelled() -> [Cell; 9] {
    let cell = |name, encode, declared| Cell { name, encode, declared };
    [
        cell("UTF-16LE as UCS-2", |text| Some(le(text)), Declared::Utf16),
        cell("UTF-8 as UCS-2", |text| Some(in_utf8(text)), Declared::Utf16),
        cell("UTF-16BE as GSM 7-bit", |text| Some(be(text)), Declared::Gsm7),
        cell("UTF-16LE as GSM 7-bit", |text| Some(le(text)), Declared::Gsm7),
        cell("UTF-8 as GSM 7-bit", |text| Some(in_utf8(text)), Declared::Gsm7),
        cell("UTF-16BE as binary", |text| Some(be(text)), Declared::Binary),
        cell("UTF-16BE as Latin-1", |text| Some(be(text)), Declared::Latin1),
        cell("UTF-8 as Latin-1", |text| Some(in_utf8(text)), Declared::Latin1),
        cell("UTF-16BE as packed", |text| Some(be(text)), Declared::Packed(0)),
    ]
}

/// How many of the texts that the cell can write are read right, and which are not.
fn judge(cell: &Cell, texts: &[String]) -> (usize, usize, Vec<(String, String)>) {
    let mut wrong = Vec::new();
    let mut tried = 0;
    for text in texts {
        let Some(octets) = (cell.encode)(text) else { continue };
        tried += 1;
        let seen = read(&octets, cell.declared);
        if seen != *text {
            wrong.push((text.clone(), seen));
        }
    }
    (tried, tried - wrong.len(), wrong)
}

fn with_a_code(words: &[&str]) -> Vec<String> {
    words.iter().flat_map(|word| [format!("{word} {CODE}"), format!("{CODE} {word}")]).collect()
}

#[test]
fn a_piece_is_kept_with_all_that_it_is_read_by() {
    let sets = Charset::ALL.map(Declared::Of);
    let all =
        [Declared::Utf16, Declared::Binary, Declared::Gsm7, Declared::Packed(6), Declared::Latin1, Declared::Ascii];
    for declared in all.into_iter().chain(sets) {
        let piece = Piece { octets: b"hi".to_vec(), declared, shift: Shift { locking: 1, single: 13 } };
        assert_eq!(Piece::of_bytes(&piece.to_bytes()), Some(piece), "{declared:?}");
    }
    for bytes in [&b""[..], b"\x02\0\0", b"\x07\0\0\0", b"\x06\x05\0\0"] {
        assert_eq!(Piece::of_bytes(bytes), None, "{bytes:?}");
    }
}

#[test]
fn no_word_of_any_script_is_misread_where_it_is_rightly_declared() {
    let mut tried = 0;
    for (script, words) in corpus() {
        assert!(words.len() >= 20, "{script}");
        let bare: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        for cell in rightly_declared() {
            for texts in [bare.clone(), with_a_code(&words)] {
                let (all, _, wrong) = judge(&cell, &texts);
                assert_eq!(wrong, [], "{script}: {}", cell.name);
                tried += all;
            }
        }
    }
    assert!(tried > 3_000, "{tried}");
}

/// A telco with one set for all of Japan may declare the other one.
#[test]
fn japanese_in_shift_jis_is_read_where_the_extended_set_is_declared() {
    let encode: Encode = |text| in_set(encoding_rs::SHIFT_JIS, text);
    let cell = Cell { name: "Shift JIS as EUC-JP", encode, declared: Declared::Of(Charset::JapaneseExtended) };
    let (_, words) = corpus().into_iter().find(|(script, _)| *script == "Japanese").expect("Japanese");
    // two half-width katakana of one set are an ideograph of the other
    let half_width = |word: &&str| word.chars().any(|c| matches!(c, 'ｦ'..='ﾟ'));
    let words: Vec<&str> = words.into_iter().filter(|word| !half_width(word)).collect();
    let bare: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
    for texts in [bare, with_a_code(&words)] {
        let (tried, _, wrong) = judge(&cell, &texts);
        assert!(tried > 30 && wrong.is_empty(), "{tried}: {wrong:?}");
    }
}

/// The names of all places, in both spellings.
#[test]
fn no_name_of_a_place_is_misread_in_either_order_of_octets() {
    let mut in_letters_of_one_octet = Vec::new();
    for place in gazetteer::all() {
        for name in [place.name_km, place.name_latin] {
            for octets in [be(name), le(name), in_utf8(name)] {
                for declared in [Declared::Utf16, Declared::Gsm7, Declared::Binary] {
                    let seen = read(&octets, declared);
                    if name.is_ascii() && octets.len() == name.len() && declared == Declared::Utf16 {
                        in_letters_of_one_octet.push(seen == name);
                    } else {
                        assert_eq!(seen, name, "{declared:?} {octets:x?}");
                    }
                }
            }
        }
    }
    // pairs of ASCII letters are ideographs, and a short word may be some that are in use
    let right = in_letters_of_one_octet.iter().filter(|right| **right).count();
    assert!(right * 100 >= in_letters_of_one_octet.len() * 94, "{right} of {}", in_letters_of_one_octet.len());
}

/// Shares of bare words, in percent, where not every one is read right; with a code beside it each is, but for the
/// one Latin text. What is read wrong is one or two ideographs or syllables, whose octets are also others of their
/// kind or plain letters, and a few letters whose pairs are ideographs in use.
const NOT_ALL: &[(&str, &str, usize)] = &[
    ("Khmer", "UTF-16LE as UCS-2", 97),
    ("Thai", "UTF-16LE as UCS-2", 97),
    ("Thai", "UTF-16BE as packed", 92),
    ("Lao", "UTF-16BE as packed", 96),
    ("Chinese", "UTF-16LE as UCS-2", 82),
    ("Chinese", "UTF-16BE as GSM 7-bit", 79),
    ("Chinese", "UTF-16LE as GSM 7-bit", 79),
    ("Chinese", "UTF-16BE as binary", 82),
    ("Chinese", "UTF-16BE as Latin-1", 73),
    ("Chinese", "UTF-16BE as packed", 32),
    ("Chinese, traditional", "UTF-16LE as UCS-2", 83),
    ("Chinese, traditional", "UTF-16BE as GSM 7-bit", 90),
    ("Chinese, traditional", "UTF-16LE as GSM 7-bit", 86),
    ("Chinese, traditional", "UTF-16BE as binary", 93),
    ("Chinese, traditional", "UTF-16BE as Latin-1", 76),
    ("Chinese, traditional", "UTF-16BE as packed", 30),
    ("Japanese", "UTF-16LE as UCS-2", 94),
    ("Japanese", "UTF-16BE as GSM 7-bit", 91),
    ("Japanese", "UTF-16LE as GSM 7-bit", 91),
    ("Japanese", "UTF-16BE as binary", 91),
    ("Japanese", "UTF-16BE as Latin-1", 70),
    ("Japanese", "UTF-16BE as packed", 70),
    ("Korean", "UTF-16LE as UCS-2", 90),
    ("Korean", "UTF-16LE as GSM 7-bit", 96),
    ("Korean", "UTF-16BE as Latin-1", 83),
    ("Korean", "UTF-16BE as packed", 58),
    ("Latin", "UTF-8 as UCS-2", 88),
    ("Latin", "UTF-8 as GSM 7-bit", 97),
    ("Emoji", "UTF-16BE as packed", 90),
];

#[test]
fn mislabelled_words_are_read_right_as_often_as_was_measured() {
    let mut measured = Vec::new();
    for (script, words) in corpus() {
        let bare: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        for cell in mislabelled() {
            let (all, right, wrong) = judge(&cell, &bare);
            if all != right {
                measured.push((script, cell.name, right * 100 / all));
            }
            assert!(wrong.iter().all(|(text, _)| text.chars().count() <= 12), "{script}, {}: {wrong:?}", cell.name);
            let (_, _, wrong) = judge(&cell, &with_a_code(&words));
            // octet 0x40 of a telco that sends ASCII for GSM
            let wrong: Vec<_> = wrong.iter().filter(|(text, _)| !text.contains('@')).collect();
            assert!(wrong.is_empty(), "{script}, {}, with a code: {wrong:?}", cell.name);
        }
    }
    assert_eq!(measured, NOT_ALL);
}

#[test]
fn a_digit_seven_or_a_low_surrogate_turns_no_text_around() {
    for text in [
        "１２０５００２６６７８７１１６",
        "７",
        "ទ７",
        "ท",
        "ทท",
        "ทหาร",
        "ททท 17",
        "🤗",
        "🔗",
        "hi 🤗",
        "🔗🔗 STATUS 🤗",
        "ᤗ",
        "🌗",
    ] {
        assert_eq!(read(&be(text), Declared::Utf16), text);
        let with_mark = [vec![0xFE, 0xFF], be(text)].concat();
        assert_eq!(read(&with_mark, Declared::Utf16), text);
    }
}

#[test]
fn a_byte_order_mark_is_obeyed_and_an_odd_octet_costs_no_text() {
    for text in ["K", "1", "A", "ក", "ស្ថានភាព", "STATUS", "查询", CODE] {
        for declared in [Declared::Utf16, Declared::Binary, Declared::Gsm7, Declared::Latin1, Declared::Ascii] {
            for octets in [
                [vec![0xFE, 0xFF], be(text)].concat(),
                [vec![0xFF, 0xFE], le(text)].concat(),
                [vec![0xEF, 0xBB, 0xBF], in_utf8(text)].concat(),
            ] {
                assert_eq!(read(&octets, declared), text, "{declared:?} {octets:x?}");
            }
        }
    }
    for text in ["K1", "ស្ថានភាព 120500260481937", "status"] {
        for padding in [&[0][..], &[0, 0], &[0, 0, 0]] {
            assert_eq!(read(&[be(text), padding.to_vec()].concat(), Declared::Utf16), text);
        }
        assert_eq!(read(&[be(text), vec![0x17]].concat(), Declared::Utf16), text, "half of a letter at the end");
    }
}

#[test]
fn one_letter_is_read_right_in_every_encoding_under_every_declaration() {
    for text in ["K", "R", "E", "A", "S", "1", "9", "?", "17", "1212", "*1212#", "120500260481937", CODE] {
        for octets in [be(text), le(text)] {
            for declared in [Declared::Utf16, Declared::Binary, Declared::Gsm7, Declared::Latin1, Declared::Ascii] {
                // the other order of one letter may be an ideograph in use, which then it is: R is 刀, S is 匀
                let ideograph = declared == Declared::Utf16 && octets == le(text) && ["R", "S"].contains(&text);
                assert_eq!(read(&octets, declared) == text, !ideograph, "{declared:?} {octets:x?}");
            }
        }
    }
    for text in ["K", "R", "E", "A", "S", "1", "9", "?", "120500260481937", CODE] {
        assert_eq!(read(text.as_bytes(), Declared::Utf16), text, "one octet a letter, called UCS-2");
    }
}

/// An escape and what it escapes are two octets that UTF-16 has for a letter of Balinese.
#[test]
fn a_text_of_signs_that_are_escaped_is_not_taken_for_another_script() {
    for text in ["{}", "[]", "€€", "^^", "~~~~", "{{{{{{{{{{{{{{", "[€]{€}\\|^~"] {
        let octets = gsm7::encode(text).expect("GSM 7-bit");
        assert_eq!(read(&octets, Declared::Gsm7), text);
        assert_eq!(read(&be(text), Declared::Utf16), text);
    }
}

#[test]
fn garbage_is_read_as_something() {
    for declared in
        [Declared::Utf16, Declared::Binary, Declared::Gsm7, Declared::Packed(3), Declared::Latin1, Declared::Ascii]
    {
        for octets in [&[][..], &[0], &[0, 0], &[0xD8, 0], &[0xDC, 0x17, 0xD8], &[0xFF; 255], &[0x1B], &[0x17; 139]] {
            let _ = read(octets, declared);
        }
        assert_eq!(read(&[], declared), "");
    }
}

/// Letters of scripts, some of each.
fn letters() -> Vec<Vec<char>> {
    let ranges = |ranges: &[(char, char)]| ranges.iter().flat_map(|(from, to)| *from..=*to).collect::<Vec<char>>();
    let common =
        |from: char, to: char| (from..=to).filter(|c| crate::text::plausible::weight(&c.to_string()) <= 16).collect();
    vec![
        ranges(&[('ក', 'អ'), ('\u{17B6}', '\u{17D1}'), ('០', '៩')]),
        ranges(&[('ก', '\u{0E3A}'), ('เ', '\u{0E4E}'), ('๐', '๙')]),
        ranges(&[('\u{0EA7}', '\u{0EBD}'), ('\u{0EC0}', '\u{0EC4}')]),
        ranges(&[('А', 'я')]),
        ranges(&[('α', 'ω'), ('Α', 'Ρ')]),
        ranges(&[('א', 'ת')]),
        ranges(&[('ا', 'غ'), ('ف', 'ي')]),
        ranges(&[('अ', 'ह')]),
        ranges(&[('က', 'အ')]),
        ranges(&[('ぁ', 'ん'), ('ァ', 'ヶ')]),
        ranges(&[('a', 'z'), ('A', 'Z'), ('à', 'ö'), ('Ạ', 'ỹ')]),
        ranges(&[('０', '９'), ('Ａ', 'Ｚ'), ('ａ', 'ｚ')]),
        ranges(&[('😀', '🙏'), ('🤐', '🤿'), ('🔐', '🔯')]),
        common('一', '\u{9FFF}'),
        common('가', '힣'),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(property_cases()))]

    #[test]
    fn no_text_of_one_script_is_misread_as_ucs2(script in 0usize..15, at in proptest::collection::vec(any::<prop::sample::Index>(), 1..30), gap in "[ 0-9.,!-]{0,6}") {
        static ALL: std::sync::LazyLock<Vec<Vec<char>>> = std::sync::LazyLock::new(letters);
        let letters = &ALL[script];
        let mut text: String = at.iter().map(|at| letters[at.index(letters.len())]).collect();
        text.push_str(&gap);
        prop_assert_eq!(read(&be(&text), Declared::Utf16), text);
    }

    // in words letters with marks stand among plain ones; a run of them alone may be a word of another script: `ùèùø` is
    #[test]
    fn no_gsm_text_is_taken_for_something_else(text in "(([a-z]{1,12}|[A-Z]{1,12}|[A-Z]?([a-z]{1,3}[àéèùìòäöüñøåæß]?){1,4}|[ÄÖÜÑÇØÅÆÉ][a-zäöüñ]{1,8}|[0-9]{1,15}|[.,!?/#*:-]{1,2})[ \n]?){1,8}") {
        let octets = gsm7::encode(&text).expect("in the alphabet");
        prop_assert_eq!(read(&octets, Declared::Gsm7), text);
    }

    #[test]
    fn no_latin1_text_is_taken_for_something_else(text in "(([a-z]{1,12}|[A-Z]{1,12}|[A-Z]?[a-zà-öø-ÿ]{1,12}|[À-ÖØ-Þ][a-zà-ö]{1,8}|[0-9]{1,15}|[.,!?/#*:-]{1,2})[ \n]?){1,8}") {
        // these octets are a byte order mark, which is obeyed
        prop_assume!(!text.starts_with("ÿþ") && !text.starts_with("þÿ"));
        prop_assert_eq!(read(&one_octet(&text).expect("Latin-1"), Declared::Latin1), text);
    }

    #[test]
    fn plain_letters_never_become_ideographs(text in "[ -~\r\n]{1,160}") {
        for declared in [Declared::Binary, Declared::Latin1, Declared::Ascii] {
            prop_assert_eq!(read(text.as_bytes(), declared), text.clone());
        }
        prop_assert_eq!(read(text.as_bytes(), Declared::Gsm7), gsm7::decode(text.as_bytes()));
    }

    #[test]
    fn any_octets_are_read(octets in proptest::collection::vec(any::<u8>(), 0..300), fill in 0u32..7) {
        for declared in [Declared::Utf16, Declared::Binary, Declared::Gsm7, Declared::Packed(fill), Declared::Latin1, Declared::Ascii] {
            prop_assert!(read(&octets, declared).chars().count() <= octets.len() * 8 / 7 + 1);
        }
    }
}

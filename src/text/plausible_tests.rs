//! The weights against the tables of Unicode, and against what people write more often than what.
use super::*;

#[test]
fn the_tables_are_whole() {
    let ones = |bits: &[u8]| bits.iter().map(|octet| octet.count_ones()).sum::<u32>();
    assert_eq!((ones(HAN), ones(HANGUL)), (7_174, 2_350));
    for (common, rare) in [('一', '丂'), ('国', '囻'), ('國', '圀'), ('円', '囘'), ('龍', '龥')] {
        assert!(is_common_han(common) && !is_common_han(rare), "{common} {rare}");
    }
    assert!(is_common_hangul('한') && !is_common_hangul('갂'));
}

#[test]
fn every_character_can_be_weighed_and_what_nobody_types_weighs_most() {
    for c in '\0'..=char::MAX {
        let bits = what(c).bits;
        assert!((3..=NEVER).contains(&bits), "{c:?}");
        if c.is_alphanumeric() && c != '\u{0E46}' {
            assert!(bits < CONTROL, "{c:?} {bits}");
        }
    }
    for (likely, unlikely) in [
        ("ស្ថានភាព", "កaกа"),
        ("status", "sTaTuS"),
        ("我的状态", "敳瑡畴"),
        ("ก็", "็ก"),
        ("👍🏽", "🏽👍"),
        ("a", "\u{1}"),
        ("\u{1}", "\u{FFFD}"),
    ] {
        assert!(weight(likely) < weight(unlikely), "{likely} {unlikely}");
    }
}

#[test]
fn the_first_of_equals_is_taken() {
    let reading = |text: &str, doubt| Reading { text: text.to_owned(), doubt };
    assert_eq!(likeliest([reading("ab", 0), reading("ba", 0)]), "ab");
    assert_eq!(likeliest([reading("ab", 1), reading("ba", 0)]), "ba");
    assert_eq!(likeliest([]), "");
}

/// Every character that a class of Unicode has, by the tables of the library of patterns, which knows nothing of ours.
fn class(class: &str) -> Vec<char> {
    // what lies between is unassigned
    let all: String = ('\0'..='\u{3FFFF}').chain('\u{F0000}'..='\u{F00FF}').collect();
    let pattern = regex::Regex::new(&format!("{class}+")).expect("a class");
    pattern.find_iter(&all).flat_map(|found| found.as_str().chars().collect::<Vec<_>>()).collect()
}

/// Of a class, those of which this does not hold.
fn others(named: &str, holds: impl Fn(What) -> bool) -> String {
    let of = class(named);
    assert!(!of.is_empty(), "{named}");
    of.into_iter().filter(|c| !holds(what(*c))).collect()
}

#[test]
fn a_letter_is_of_the_script_that_it_is_of_in_unicode() {
    for (named, script) in [
        (r"[\p{Latin}&&\p{L}&&[\u{0}-\u{24F}\u{1E00}-\u{1EFF}\u{FB00}-\u{FB06}]--[ªº]]", Script::Latin),
        (r"[\u{1D400}-\u{1D7FF}&&\p{L}]", Script::Latin),
        (r"[\p{Khmer}&&[\p{L}\p{M}\p{Nd}\p{Po}\p{Sc}]]", Script::Khmer),
        (r"[\u{19E0}-\u{19FF}]", Script::Khmer),
        (r"[\p{Thai}&&[\p{L}\p{M}\p{Nd}]]", Script::Thai),
        (r"[\p{Lao}&&[\p{L}\p{M}\p{Nd}]]", Script::Lao),
        (r"[\p{Greek}&&\p{L}&&[\u{370}-\u{3FF}\u{1F00}-\u{1FFF}]]", Script::Greek),
        (r"[\p{Cyrillic}&&\p{L}&&[\u{400}-\u{52F}\u{1C80}-\u{1C88}]]", Script::Cyrillic),
        (r"[\p{Hebrew}&&[\p{L}\p{M}]&&[\u{590}-\u{5FF}]]", Script::Hebrew),
        (r"[\p{Arabic}&&\p{L}&&[\u{600}-\u{6FF}\u{750}-\u{77F}\u{FB50}-\u{FDFF}\u{FE70}-\u{FEFC}]]", Script::Arabic),
        (r"[\p{Devanagari}&&[\p{L}\p{M}]&&[\u{900}-\u{950}]]", Script::Indic(0)),
        (r"[\p{Bengali}&&\p{L}]", Script::Indic(1)),
        (r"[\p{Tamil}&&\p{L}&&[\u{B80}-\u{BFF}]]", Script::Indic(5)),
        (r"[\p{Myanmar}&&[\p{L}\p{M}]&&[\u{1000}-\u{109F}]]", Script::Myanmar),
        (r"[\p{Hangul}&&\p{L}&&[\u{1100}-\u{11FF}\u{3131}-\u{318E}\u{AC00}-\u{D7A3}]]", Script::Hangul),
        (r"[[\p{Hiragana}\p{Katakana}]&&\p{L}&&[\u{3041}-\u{31FF}\u{FF66}-\u{FF9F}]]", Script::Kana),
        (
            r"[\p{Han}&&[\p{L}\p{Nl}]&&[\u{3005}-\u{3007}\u{3400}-\u{4DBF}\u{4E00}-\u{9FFF}\u{F900}-\u{FAD9}\u{20000}-\u{323AF}]]",
            Script::Han,
        ),
        (r"[\p{Bopomofo}&&\p{L}]", Script::Han),
    ] {
        assert_eq!(others(named, |what| what.script == Some(script)), "", "{named}");
    }
    // one letter of each alphabet that is hardly ever met here: by their blocks, so two of them are two scripts
    for (one, another) in [('ა', 'ა'), ('ა', 'አ'), ('Ⰰ', 'Ⲁ'), ('ꀀ', 'ꔀ'), ('𐀀', '𐎀')] {
        let (one_of, other_of) = (what(one).script, what(another).script);
        assert!(
            matches!(one_of, Some(Script::Rare(_))) && matches!(other_of, Some(Script::Rare(_))),
            "{one} {another}"
        );
        assert_eq!(one_of == other_of, one == another, "{one} {another}");
    }
}

#[test]
fn what_stands_on_a_letter_is_a_mark_and_no_letter_is() {
    for (named, mark) in [
        (r"[\u{300}-\u{36F}]", true),
        (r"[[\p{Khmer}\p{Thai}\p{Lao}]&&\p{M}&&[\u{0}-\u{FFFF}]]", true),
        (r"[\u{20D0}-\u{20F0}]", true),
        (r"[\u{3099}\u{309A}]", true),
        (r"[\u{FE0E}\u{FE0F}\u{1F3FB}-\u{1F3FF}]", true),
        (r"[\p{L}\p{N}]", false),
        (r"[\p{P}\p{Z}]", false),
    ] {
        assert_eq!(others(named, |what| what.mark == mark), "", "{named}");
    }
}

#[test]
fn what_is_no_character_is_never_likelier_than_one_that_is() {
    for (named, bits) in [
        (r"[\p{Cc}--[\n\r\t\x00]]", CONTROL),
        (r"[\p{Co}--[\u{100000}-\u{10FFFF}]]", PRIVATE),
        (r"[\u{FDD0}-\u{FDEF}\u{FFFE}\u{FFFF}]", NEVER),
        (r"\u{FFFD}", UNREADABLE),
        (r"\x00", NUL),
        (
            r"[\p{Cn}&&[\u{370}-\u{6FF}\u{1000}-\u{10FF}\u{1780}-\u{17FF}\u{2000}-\u{2B95}\u{3000}-\u{318F}]]",
            UNASSIGNED,
        ),
        (r"[\p{Cn}&&[\u{E80}-\u{EFF}\u{FADA}-\u{FAFF}\u{FE6C}-\u{FE6F}\u{FEFD}\u{FEFE}]--\u{EC5}]", UNASSIGNED),
    ] {
        assert_eq!(others(named, |what| what.bits == bits), "", "{named}");
    }
    for named in [
        r"[\p{L}&&[\u{0}-\u{3FFFF}]]",
        // signs, pictures and punctuation stand in any text
        r"[[\p{P}\p{S}\p{Z}\p{N}]&&[\u{0}-\u{1FF}\u{2000}-\u{2426}\u{2430}-\u{2BFF}\u{3000}-\u{33FF}\u{4DC0}-\u{4DFF}]]",
        r"[[\p{P}\p{S}\p{N}]&&[\u{2E00}-\u{2FFB}\u{FE10}-\u{FE6B}\u{FF00}-\u{FFE6}\u{1F000}-\u{1FAFF}]]",
        // marks that the library does not call letters
        r"[\p{M}&&[\u{483}-\u{489}\u{591}-\u{5C7}\u{610}-\u{61A}\u{64B}-\u{65F}\u{93C}-\u{94D}\u{1037}-\u{103A}\u{7A6}-\u{7B0}]]",
        r"[\p{P}&&[\u{37E}\u{387}\u{55A}-\u{58A}\u{600}-\u{61F}\u{66A}-\u{66D}\u{964}\u{965}\u{104A}-\u{104F}\u{F00}-\u{F14}\u{1800}-\u{180A}\u{1360}-\u{1368}]]",
    ] {
        assert_eq!(others(named, |what| what.bits < CONTROL), "", "{named}");
    }
}

/// Of each kind: what is written most, what is written more seldom, and so on; the signs of one step are as likely.
#[test]
fn what_is_written_more_often_weighs_less() {
    let kinds: &[&[&str]] = &[
        // what a telephone of twelve keys gives, then what one looks for
        &[
            " ",
            "az09",
            "AZ",
            ".,-/*#?!:\n\r",
            "\"'()+=%&_;",
            "\t",
            "$<>[\\]^`{|}~",
            "@",
            "\0",
            "\u{1}\u{1F}\u{7F}\u{80}\u{9F}",
        ],
        &["az", "AZ", "àÿĂăĐđĨĩŨũƠơƯưẠỹ", "ÀßāēĕŏŭĀ", "ĦħŁſ", "ƀɏḀỿ", "ɐʰ"],
        &["\u{A0}", "ªº¢¿×÷", "\u{AD}", "¡"],
        &["\u{300}\u{301}\u{302}\u{303}\u{306}\u{309}\u{31B}\u{323}", "\u{304}\u{36F}"],
        &[
            "០៩\u{17B6}\u{17D2}",
            "កអ",
            "។ៗ៛",
            "ឥឳ",
            "\u{17B4}\u{17B5}\u{17D3}\u{17DD}៘ៜ៰៹",
            "\u{17DE}\u{17DF}\u{17EA}\u{17EF}\u{17FA}\u{17FF}",
        ],
        &["\u{E31}\u{E34}\u{E48}", "กฮะแ", "๐๙฿", "๚๛"],
        &["\u{EB1}\u{EBC}\u{EC8}", "ກຽເໆ໐໙ໜໟ", "\u{E80}\u{E83}\u{E85}\u{E8B}\u{EA4}\u{EA6}\u{EBF}"],
        &["ΑωΩ", "ͰϿἀῼ", "\u{378}\u{1F16}"],
        &["АяЁё", "ЄєҐґԯᲀ", "\u{530}"],
        &["אתابيकதက", "ﺍﷲ", "ݐݿ", "ᄀᇿ"],
        &["አა", "᧠᧿", "ᄀ"],
        &[
            "\u{2007}\u{2009}\u{200B}\u{200F}\u{2010}\u{2012}\u{202F}\u{2060}",
            "–—‘’“”…•€₫№™",
            "\u{2000}\u{2064}\u{2066}\u{206F}☀➿",
            "⁰ⁱ⁴₎ₐ₠℀↋\u{20D0}\u{20F0}",
            "←␀⑀①⭳",
            "⭶⯿",
            "\u{2065}\u{2072}",
        ],
        &["\u{3000}", "、。〈】〜", "〒〽", "⸀⹝", "㆐㈀㏿", "䷀䷿"],
        &["ぁゖァー", "ｦﾟ", "゛ヽヿㇰㇿ\u{3099}\u{309A}"],
        &["的", "々〆〇", "ㄅㆠㆿ", "丂", "⺀⿰", "\u{F900}\u{FAD9}", "㐀䶿𠀀"],
        &["ㄱㅣ", "한", "ㅤㆎᄀ", "갂"],
        &["０９", "Ａｚ！～", "｟･", "￠￦"],
        &["\u{FE0E}\u{FE0F}", "\u{1F3FB}\u{1F3FF}", "🇰🇭👍🚀🤣🪿", "🀀🂡🞀"],
        &["Ⰰⲁꀀ", "𐀀ꔀﬁ𝐀\u{FE10}\u{FE6B}", "\u{FE6D}"],
    ];
    for kind in kinds {
        let steps: Vec<Vec<u32>> = kind.iter().map(|step| step.chars().map(|c| what(c).bits).collect()).collect();
        for (step, signs) in steps.iter().zip(*kind) {
            assert!(step.iter().all(|bits| *bits == step[0]), "{signs:?}: {step:?}");
        }
        assert!(steps.is_sorted_by(|one, next| one[0] < next[0]), "{kind:?}: {steps:?}");
    }
}

#[test]
fn scripts_are_mixed_as_people_mix_them() {
    use Script::{Arabic, Cyrillic, Greek, Han, Hangul, Hebrew, Indic, Kana, Khmer, Lao, Latin, Myanmar, Rare, Thai};
    // what people here write, what their neighbours write, what guests write, what nobody writes
    let first: [&[Script]; 4] = [
        &[Latin, Khmer],
        &[Thai, Lao, Cyrillic],
        &[Han, Kana, Hangul, Greek, Arabic, Hebrew, Indic(0), Myanmar],
        &[Rare(0)],
    ];
    for (nearer, further) in first.iter().zip(&first[1..]) {
        for (one, other) in nearer.iter().flat_map(|one| further.iter().map(move |other| (*one, *other))) {
            assert!(change(None, one) < change(None, other), "{one:?} {other:?}");
        }
    }
    assert_eq!((change(None, Latin), change(None, Khmer)), (0, 0));
    // Latin stands in texts of every script
    for script in [Khmer, Thai, Han, Rare(0)] {
        assert_eq!(change(Some(Latin), script), change(None, script) + 3, "{script:?}");
        assert_eq!(change(Some(script), Latin), 3, "{script:?}");
        assert_eq!(change(Some(Lao), script), change(None, script) + 12, "{script:?}");
    }
    // Japanese is written in three of them, Korean seldom in two
    assert_eq!((change(Some(Han), Kana), change(Some(Kana), Han)), (1, 1));
    assert_eq!((change(Some(Han), Hangul), change(Some(Hangul), Han)), (8, 8));
    assert!(change(Some(Kana), Hangul) > 8 && change(Some(Hangul), Kana) > 8);
}

#[test]
fn neighbours_speak_for_each_other() {
    let sum = |text: &str| text.chars().map(|c| what(c).bits).sum::<u32>();
    for (text, more) in [
        ("ab", FIRST_LETTER),
        ("Ab", FIRST_LETTER),
        ("AB", FIRST_LETTER),
        ("a b", 2 * FIRST_LETTER),
        ("1a", FIRST_LETTER),
        ("aB", FIRST_LETTER + INNER_CAPITAL),
        ("កា", 0),
        ("\u{17B6}", ALONE),
        (" \u{17B6}", ALONE),
        ("ក\u{200B}\u{17B6}", 0),
        ("e\u{301}", FIRST_LETTER),
        ("E\u{301}", FIRST_LETTER),
        ("1\u{301}", ALONE),
        ("👍🏽", 0),
        ("☀\u{FE0F}", 0),
        ("1🏽", ALONE),
        ("aក", FIRST_LETTER + 3),
        ("កa", FIRST_LETTER + 3),
        ("ក1ក", 0),
        ("ก\u{17B6}", 4 + ALONE + 12),
        ("", NOTHING),
        (" \u{200B}\u{A0}", NOTHING),
        (" 1", 0),
    ] {
        assert_eq!(weight(text), sum(text) + more, "{text:?}");
    }
    for (text, has) in [("的", true), ("a カ", true), ("ひ", true), ("한", true), ("aកก1", false), ("", false)]
    {
        assert_eq!(has_ideographs(text), has, "{text}");
    }
}

//! What people write, and what it must not be taken for.
use super::*;
use proptest::prelude::*;

fn command(text: &str) -> Option<Command> {
    read(text).command
}

#[test]
fn keywords_are_read_in_three_languages() {
    for (text, wanted, language, rest) in [
        ("STATUS", Command::Status, Some(Language::En), ""),
        ("status123", Command::Status, Some(Language::En), "123"),
        ("ＳＴＡＴＵＳ", Command::Status, Some(Language::En), ""),
        ("tam dan 12", Command::Status, Some(Language::KmLatn), "12"),
        ("Sthanpheap", Command::Status, Some(Language::KmLatn), ""),
        ("ស្ថានភាព១២៣", Command::Status, Some(Language::Km), "១២៣"),
        ("តាម\u{200B}ដាន", Command::Status, Some(Language::Km), ""),
        ("ជំនួយ។", Command::Help, Some(Language::Km), ""),
        ("Help!", Command::Help, Some(Language::En), ""),
        ("?", Command::Help, None, "?"),
        ("ឈប់", Command::Stop, Some(Language::Km), ""),
        ("stop sms", Command::Stop, Some(Language::En), "sms"),
        ("ឈប់ផ្ញើសារ", Command::Stop, Some(Language::Km), "ផ្ញើសារ"),
        ("subscribe", Command::Start, Some(Language::En), ""),
        ("ON", Command::Start, None, ""),
        (" k ", Command::Language(Language::Km), None, ""),
        ("R.", Command::Language(Language::KmLatn), None, ""),
        ("e", Command::Language(Language::En), None, ""),
        ("A", Command::Appointment, None, ""),
        ("I 1002", Command::Info, None, "1002"),
        ("Fee 1002", Command::Info, Some(Language::En), "1002"),
        ("ណាត់ជួប", Command::Appointment, Some(Language::Km), ""),
        ("សេវាសំបុត្រកំណើត", Command::Info, Some(Language::Km), "សំបុត្រកំណើត"),
        ("បណ្ដឹង គេយកថ្លៃ", Command::Complaint, Some(Language::Km), "គេយកថ្លៃ"),
        ("ពាក្យបណ្តឹង គេយកថ្លៃ", Command::Complaint, Some(Language::Km), "គេយកថ្លៃ"),
        ("ពាក្យតវ៉ា៖ គេយកថ្លៃ", Command::Complaint, Some(Language::Km), "គេយកថ្លៃ"),
        ("Office: Dangkao", Command::Office, Some(Language::En), "Dangkao"),
        ("cancel 40719359", Command::Cancel, Some(Language::En), "40719359"),
    ] {
        let reading = read(text);
        assert_eq!(reading.command, Some(wanted), "{text}");
        assert_eq!(reading.keyword_language, language, "{text}");
        assert_eq!(reading.rest, rest, "{text}");
    }
}

#[test]
fn a_slip_is_repaired_when_only_one_word_is_near() {
    for (text, wanted) in [
        ("sttaus", Command::Status),
        ("statuss", Command::Status),
        ("kariyalya", Command::Office),
        ("apointmnet", Command::Appointment),
        ("ស្ថានភាប", Command::Status),
        ("ការិយាលយ", Command::Office),
        ("ជំនួយយ", Command::Help),
    ] {
        assert_eq!(command(text), Some(wanted), "{text}");
    }
    assert_eq!(command("hello"), None);
    // four letters have too many neighbours, and what changes something is never guessed at
    for text in [
        "stap",
        "shop",
        "step",
        "shop licence",
        "Smart",
        "date",
        "late",
        "look",
        "love",
        "come",
        "Seda",
        "unsubscribr",
        "complant me",
        "cancle",
        "kandieng",
        "កណ្ដឹង",
    ] {
        assert_eq!(command(text), None, "{text}");
    }
}

#[test]
fn a_keyword_parted_by_a_blank_is_not_lost() {
    for between in [
        " ",
        "  ",
        "\u{A0}",
        "\u{202F}",
        "\u{2009}",
        "\u{3000}",
        "\n",
        "\u{200B}",
        " \u{200B} ",
        "\u{200C}",
        "\u{AD}",
        "\u{2060}",
    ] {
        for (pieces, wanted) in [
            (&["ស្ថាន", "ភាព"][..], Command::Status),
            (&["ស្ថា", "ន", "ភា", "ព"], Command::Status),
            (&["តាម", "ដាន"], Command::Status),
            (&["ណាត់", "ជួប"], Command::Appointment),
            (&["បោះ", "បង់"], Command::Cancel),
            (&["ការិ", "យាល័យ"], Command::Office),
            (&["ការិយា", "ល័យ"], Command::Office),
            (&["មតិ", "យោបល់"], Command::Feedback),
            (&["បណ្ដឹ", "ង"], Command::Complaint),
            (&["ជំ", "នួយ"], Command::Help),
            (&["ចាប់", "ផ្ដើម"], Command::Start),
            (&["ម៉ឺ", "នុយ"], Command::Menu),
            (&["sthan", "pheap"], Command::Status),
            (&["feed", "back"], Command::Feedback),
        ] {
            let keyword = pieces.join(between);
            for (text, rest) in [
                (keyword.clone(), ""),
                (format!("{keyword} 120500-26-048193-7"), "120500-26-048193-7"),
                (format!("{keyword}១២៣"), "១២៣"),
                (format!(" {keyword}។"), ""),
            ] {
                let read = read(&text);
                assert_eq!((read.command, read.rest.as_str()), (Some(wanted), rest), "{text:?}");
            }
        }
    }
    let glued = read("ស្ថាន ភាពឯកសារ");
    assert_eq!((glued.command, glued.rest.as_str()), (Some(Command::Status), "ឯកសារ"));
    assert_eq!(read("បណ្ដឹង គេយកថ្លៃ").rest, "គេយកថ្លៃ");
}

#[test]
fn two_words_that_together_are_no_keyword_stay_two() {
    for text in [
        "ស្ថាន ទូត",
        "ស្ថាន 120500260481937",
        "ស្ថាន។ភាព",
        "ស្ថាន 1 ភាព",
        "ស្ថាន status ភាព",
        "ភាព ស្ថាន",
        "ម តិច",
        "ក ក់",
        "លុ យ",
        "st op",
        "s top",
        "on off ice",
        "he lp",
        "me nu",
        "c ancel",
        "i n f o",
    ] {
        assert_eq!(command(text), None, "{text}");
    }
    // the first word is a keyword by itself, and what follows it is no part of it
    for (text, wanted, rest) in [
        ("ណាត់ ថ្ងៃស្អែក", Command::Appointment, "ថ្ងៃស្អែក"),
        ("មតិ យោ", Command::Feedback, "យោ"),
        ("ស្ថានភាព ភាព", Command::Status, "ភាព"),
    ] {
        let read = read(text);
        assert_eq!((read.command, read.rest.as_str()), (Some(wanted), rest), "{text}");
    }
}

#[test]
fn letters_mean_something_only_alone() {
    for text in ["k now", "on my way", "i want", "", "...", "សួស្តី", "hello", "🙂"] {
        assert_eq!(command(text), None, "{text}");
    }
}

#[test]
fn numbers_and_yes_are_told_apart() {
    assert_eq!(read("១").number, Some(1));
    assert_eq!(read(" 47 ").number, Some(47));
    assert_eq!(read("1234567").number, None);
    assert_eq!(read("12 3").number, None);
    assert!(read("OK!").yes && read("បាទ").yes && !read("okay then").yes);
}

#[test]
fn every_alias_is_in_folded_form_and_stands_once() {
    let aliases: Vec<&str> = FIRST_WORDS
        .iter()
        .chain(WHOLE)
        .map(|(alias, ..)| *alias)
        .chain(ALONE.iter().map(|(alias, _)| *alias))
        .chain([YES, NO, MORE, THANKS].concat())
        .collect();
    for (at, alias) in aliases.iter().enumerate() {
        assert_eq!(words(&normal::key(alias)).concat(), *alias);
        assert!(!aliases[..at].contains(alias), "{alias} stands twice");
    }
}

/// What people write for a command, and beside it what begins alike and is none.
type Mouths = (Command, &'static [&'static str], &'static [&'static str]);
const MOUTHS: &[Mouths] = &[
    (
        Command::Status,
        &["លទ្ធផល", "រួចនៅ", "រួចហើយឬនៅ", "ដល់ណាហើយ", "lek kod", "ruch nov", "result", "receipt", "តាមដាន"],
        &["tam", "tam 12", "receipt of my cow", "លេខកូដប្រៃសណីយ៍"],
    ),
    (Command::Appointment, &["ការណាត់ជួប", "nat juob", "natjub", "meeting", "ខ្ញុំចង់ណាត់ជួប"], &["natural", "net"]),
    (Command::Book, &["កក់ពេល", "kork", "booking", "reserve"], &["boat", "kaok"]),
    (Command::Move, &["ដូរណាត់", "ពន្យារ", "លើកពេល", "dour", "postpone", "ប្តូរពេល"], &["more", "movie"]),
    (Command::Cancel, &["លប់ណាត់", "មិនមកទេ", "min mok te", "lub nat", "delete"], &["cancle", "កោះប៉ង់"]),
    (
        Command::Info,
        &[
            "ប៉ុន្មាន",
            "អស់ប៉ុន្មាន",
            "តំលៃ",
            "ត្រូវការអ្វី",
            "បញ្ជីសេវា",
            "ជំនួយសង្គម",
            "ជំនួយគ្រួសារក្រីក្រ",
            "how much",
            "thlai",
            "trov kar avei",
            "prices",
        ],
        &["ឯកសារ", "priest"],
    ),
    (
        Command::Office,
        &[
            "នៅឯណា",
            "ទីតាំង",
            "ម៉ោងធ្វើការ",
            "ឈប់សម្រាកថ្ងៃណា",
            "ឈប់ធ្វើការម៉ោងប៉ុន្មាន",
            "nov na",
            "ti tang",
            "where",
            "opening",
            "holiday",
            "សាលា",
        ],
        &["សាលារៀន", "ច្រក", "chrak"],
    ),
    (Command::Feedback, &["យោបល់", "វាយតម្លៃ", "yobal", "rating", "opinion"], &["date", "late", "rat"]),
    (
        Command::Complaint,
        &[
            "ប្ដឹង",
            "ប្តឹង",
            "ពុករលួយ",
            "សំណូក",
            "លុយក្រោមតុ",
            "bandeung",
            "bandoeng 5520718064",
            "banhha",
            "corruption",
            "bribe",
            "problem",
        ],
        &["report a birth", "problem with my code", "boeng", "Andoung Khmer", "Kandieng"],
    ),
    (
        Command::Help,
        &["ជួយផង", "សូមជួយ", "មិនយល់", "juy", "min yol", "how", "assist", "ប្តូរលេខទូរស័ព្ទ", "change my name"],
        &["how are you", "chey", "សួរសុខទុក្ខ"],
    ),
    (
        Command::Stop,
        &["ឈប់", "សូមឈប់", "ឈប់ផ្ញើ", "ឈប់ទទួលសារ", "កុំផ្ញើ", "លែងផ្ញើ", "kom phnheu", "unsub", "quit", "please stop"],
        &["ឈប់លេង", "ឈប់ សម្រាក", "chob", "shop", "step", "stop the car", "end of month", "ចប់"],
    ),
    (
        Command::Start,
        &["subscribe", "resume", "ទទួល", "ទទួលសារវិញ", "totuol vinh", "start"],
        &["Smart", "start of work", "ទទួលបង្កាន់ដៃ"],
    ),
    (Command::LanguageMenu, &["change language", "ប្តូរភាសា", "ដូរភាសា", "ភាសា"], &["languid"]),
    (Command::Language(Language::Km), &["ខ្មែរ", "Khmer", "អក្សរខ្មែរ"], &["Khmer dictionary", "ខ្មែរក្រហម"]),
    (Command::Language(Language::KmLatn), &["latin", "aksor angkles", "ឡាតាំង"], &["Latin America"]),
    (Command::Language(Language::En), &["english", "អង់គ្លេស", "eng"], &["england", "English teacher"]),
    (
        Command::Menu,
        &["ដើម", "ទំព័រដើម", "start again", "ចាប់ផ្តើមឡើងវិញ", "back", "deum", "main"],
        &["ដើមដូង", "come", "backpack"],
    ),
];

#[test]
fn words_of_many_mouths_are_understood_and_their_neighbours_are_not() {
    let mut wrong = Vec::new();
    for (command, said, not) in MOUTHS {
        let missed = said.iter().filter(|text| read(text).command != Some(*command));
        let caught = not.iter().filter(|text| read(text).command == Some(*command));
        wrong.extend(missed.chain(caught).map(|text| format!("{command:?}: {text}")));
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert_eq!(read("ជំនួយសង្គម").rest, "ជំនួយសង្គម");
    assert_eq!(read("please how much birth certificate").rest, "birth certificate");
    for (text, kind) in [
        ("orkun", "thanks"),
        ("thank you", "thanks"),
        ("អរគុណ", "thanks"),
        ("next", "more"),
        ("ផ្សេងទៀត", "more"),
        ("nope", "no"),
        ("អត់ទេ", "no"),
        ("yol prom", "yes"),
        ("ចា៎", "yes"),
        ("bat", "yes"),
        ("អូខេ", "yes"),
    ] {
        let reading = read(text);
        let is = [("thanks", reading.thanks), ("more", reading.more), ("no", reading.no), ("yes", reading.yes)];
        assert!(is.iter().all(|(name, is)| *is == (*name == kind)) && reading.command.is_none(), "{text}");
    }
    for (text, wanted) in
        [("on", 2), ("ល្អណាស់", 5), ("Very good!", 5), ("laor nas", 5), ("អន់ណាស់", 1), ("អន់", 2), ("fair", 3)]
    {
        assert_eq!(grade(text), Some(wanted), "{text}");
    }
    assert_eq!(grade("good morning"), None);
}

/// The ways in which people spoil a word that means the same, in the order of a text's journey.
fn spoil(word: &str, how: u8) -> String {
    match how % 8 {
        0 => word.to_uppercase(),
        1 => word.chars().map(|c| format!("{c}\u{200B}")).collect(),
        2 => format!("{word}។"),
        3 => format!("  {word} 🙂"),
        4 => format!("{word}123"),
        5 => word.replace("\u{17D2}ត", "\u{17D2}ដ"),
        6 => word
            .chars()
            .map(|c| if c.is_ascii_lowercase() { char::from_u32(u32::from(c) + 0xFEE0).unwrap_or(c) } else { c })
            .collect(),
        _ => word.replace("ំុ", "ុំ").replace('ើ', "េី").replace('ោ', "េា"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(crate::text::property_cases()))]

    #[test]
    fn a_spoilt_keyword_is_still_the_keyword(at in 0..FIRST_WORDS.len(), how in 0u8..8, more in 0u8..8) {
        let (alias, wanted, _) = FIRST_WORDS[at];
        let text = spoil(&spoil(alias, how), more);
        prop_assert_eq!(command(&text), Some(wanted), "{}", text);
    }

    #[test]
    fn one_edit_never_becomes_another_command(at in 0..FIRST_WORDS.len(), place in 0usize..20, c in "[a-zក-អ]") {
        let (alias, wanted, _) = FIRST_WORDS[at];
        let mut letters: Vec<char> = alias.chars().collect();
        if letters.len() >= 7 {
            let place = place % letters.len();
            letters[place] = c.chars().next().unwrap_or('a');
            let text: String = letters.iter().collect();
            let read = command(&text);
            if words(&normal::key(&text)).len() != 1 {
                return Ok(());
            }
            let folded = normal::key(&text);
            let sure = certain(&text, &folded, &words(&folded)).is_some() || politely(&text).is_some();
            prop_assert!(read == Some(wanted) || read.is_none() || sure, "{text} {read:?}");
        }
    }

    #[test]
    fn any_text_is_read_without_harm(text in "\\PC{0,200}") {
        let _ = read(&text);
    }
}

//! Links of every kind that were delivered once, and honest texts that look a little like them.
use super::*;
use proptest::prelude::*;

/// The kinds that went out before every ending was known.
const DELIVERED_ONCE: [&str; 16] = [
    "pay at aba-login.bank",
    "see owso-help.support today",
    "log in at 1.2.3.4/login",
    "telegram.dog/x",
    "sms:1212?body=yes",
    "example。com",
    "example｡com",
    "example．bank",
    "example․com",
    "example·com",
    "ធនាគារ.com",
    "សូមចូល ធនាគារ.ខ្មែរ",
    "owso.xn--p1ai",
    "owso.рф",
    "intent://scan/#Intent;end",
    "[2001:db8::1]/login",
];

const LINKS: &[&str] = &[
    "go to http://x",
    "http : // x",
    "hxxps://evil",
    "WWW.example.org",
    "www .example .kh",
    "see bit.ly/abc",
    "BIT.LY",
    "bit.Ly",
    "portal.gov.kh",
    "ចុច example.com។",
    "ចូលbit.lyនៅទីនេះ",
    "a.b.kh",
    "t.me/chrak",
    "x.com",
    "my-bank.com",
    "163.com",
    "855.support",
    "1.com",
    "ｅｘａｍｐｌｅ．ｃｏｍ",
    "𝐞𝐱𝐚𝐦𝐩𝐥𝐞.𝐜𝐨𝐦",
    "ⓔⓧⓐⓜⓟⓛⓔ.ⓒⓞⓜ",
    "exam\u{200B}ple.com",
    "example\u{2060}.\u{200D}com",
    "exa\u{AD}mple.c\u{FE0F}om",
    "example.\u{202E}com",
    "example.сom",
    "example•com",
    "example ・ com",
    "example . com",
    "example .com",
    "example. com",
    "example.\ncom",
    "aba-pay . support",
    "example[.]com",
    "example(dot)com",
    "example dot com",
    "bit.ly.Please pay",
    "bit.ly-today",
    "readme.zip",
    "office.Today",
    "ready.Pay now",
    "come to the office.In case",
    "Tel.No/pay",
    "Mr.Kim/login",
    "5.to/x",
    "5.to:80",
    "1.2.3.4",
    "1.2.3.4:8080",
    "១.២.៣.៤",
    "1 . 2 . 3 . 4/login",
    "001.002.003.004/x",
    "2001:db8::1",
    "fe80::1",
    "2001:0db8:0000:0000:0000:0000:0000:0001",
    "tel:012345678",
    "TEL:012",
    "smsto:1212",
    "mailto:a",
    "market:details",
    "tg:resolve",
    "whatsapp:send",
    "data:text/html,x",
    "data:,x",
    "javascript:alert(1)",
    "javascript：alert(1)",
    "intent:#Intent",
    "viber:chat",
    "chrak@owso.gov.kh",
    "me@localhost",
    "мой.ком",
];

const HONEST: &[&str] = &[
    "",
    "...",
    "wait ... in the office",
    "Bring it at 8.30.",
    "09:30",
    "7:30-11:30, 14:00-17:30.",
    "07:30:11:30:14:00:17:30",
    "12::30",
    "12::30:45",
    "1.200",
    "1.200.000 riel",
    "120500.26.048193.7",
    "26.11.2026",
    "on 26.11.2026.To pay",
    "No.5",
    "No. 5",
    "Tel.012345678",
    "Tel.No 012 345 678",
    "Tel: 012 345 678",
    "Tel 012.345.678",
    "012.34.56.78",
    "023.001.205",
    "v1.2.3.4",
    "1.2.3",
    "1.2.3.4.5",
    "e.g. a photo",
    "e.g.in colour",
    "i.e. two",
    "a.m. or p.m.",
    "8.30 a.m.to 5 p.m.",
    "11.am",
    "P.O.Box 12",
    "U.S.A.",
    "B.Sc and M.Sc",
    "Sok Co.Ltd",
    "Mr.Kim",
    "H.E.Om Dara",
    "5.kg",
    "1.To pay 2.In person",
    "ready.Come",
    "It is ready.Please bring the receipt",
    "20 000 riel.Please pay",
    "ready. Today",
    "ready . Today we are open",
    "It costs 500. Net of tax",
    "All is done. It is at the office",
    "Khan Dangkao · Info desk",
    "OWSO Dangkao • 7:30",
    "2 documents @ 500 riel",
    "Data:5 forms",
    "Mon/Tue: open",
    "yes: / no: /",
    "ថ្ងៃទី ១.",
    "ឯកសាររួចរាល់ហើយ.សូមមកយក",
    "ឯកសាររួចរាល់ហើយ។សូមមកយក",
    "ទូរស័ព្ទ៖ 012 345 678",
    "ម៉ោង ៨.៣០",
    "ថ្ងៃ ២៦.១១.២០២៦",
    "Khan Dangkao-Phnom Penh",
];

#[test]
fn the_sixteen_kinds_that_were_delivered_are_links() {
    for text in DELIVERED_ONCE {
        assert!(holds_link(text), "{text}");
    }
}

#[test]
fn links_are_found_however_they_are_written() {
    for text in LINKS {
        assert!(holds_link(text), "{text}");
    }
}

#[test]
fn sentences_dates_and_numbers_are_no_links() {
    for text in HONEST {
        assert!(!holds_link(text), "{text}");
        assert_eq!(without_links(text), *text);
    }
}

#[test]
fn every_ending_of_the_list_makes_a_link_in_either_form() {
    let list = include_str!("endings.txt");
    for ending in list.lines().filter(|line| !line.starts_with('#')).flat_map(str::split_whitespace) {
        for text in [format!("owso-pay.{ending}"), format!("សូមចូល OWSO.{}/x", ending.to_uppercase())] {
            assert!(holds_link(&text), "{text}");
        }
    }
}

#[test]
fn a_sentence_gets_its_blank_and_a_link_is_left_in_pieces() {
    for (text, left) in [
        ("It is ready.Today we are open", "It is ready. Today we are open"),
        ("see bit.ly/abc", "see bit ly/abc"),
        ("www.owso.gov.kh", "www owso gov kh"),
        ("http://x", "http //x"),
        ("call sms:1212", "call sms 1212"),
        ("info@owso.gov.kh", "info owso gov kh"),
        ("ធនាគារ.com", "ធនាគារ com"),
        ("ｅｘａｍｐｌｅ．ｃｏｍ at 8.30", "example com at 8.30"),
    ] {
        assert_eq!(without_links(text), left, "{text}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(crate::text::property_cases()))]

    #[test]
    fn what_was_parted_holds_no_link(text in "([a-zក]{1,3}|[.·:@/]| |com|Today|www|sms|[0-9]{1,3}|[.]|\n){0,14}|\\PC{0,24}") {
        let parted = without_links(&text);
        prop_assert!(!holds_link(&parted), "{text:?} {parted:?}");
    }

    #[test]
    fn what_is_told_at_a_glance_is_what_a_whole_look_finds(
        text in "([a-zក]{1,3}|[.·:@/៖()\\[\\]]| |com|dot|DOT|Today|www|sms|[0-9]{1,3}|…|㏂|\n){0,14}|\\PC{0,24}",
    ) {
        prop_assert_eq!(holds_link(&text), find(&folded(&text)).is_some(), "{:?}", text);
    }
}

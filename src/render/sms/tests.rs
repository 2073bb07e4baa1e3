//! Every text in every language with the longest data it can get.
use super::*;
use crate::text::segment;
use crate::types::civic::{ApplicationFee, Disclosure, Localized, OfficeRef, Ready};
use crate::types::code::{CheckDigit, CodePattern};
use crate::types::{CodeRules, CodeVerdict, Riel, UnixMs, time};
use jiff::civil::date;

/// 23 November 2026, 14:05 in Phnom Penh.
const NOW: UnixMs = UnixMs(1_795_417_500_000);

fn code(groups: Vec<usize>, length: usize) -> RegistrationCode {
    let pattern = CodePattern::new("long", &format!("[0-9]{{{length}}}"), CheckDigit::None, groups);
    let rules = CodeRules::new(vec![pattern.expect("a pattern")]);
    match rules.read(&"8".repeat(length)) {
        CodeVerdict::Good(code) => code,
        other => panic!("{other:?}"),
    }
}

fn localized(km: &str, en: &str) -> Localized {
    Localized { km: km.to_owned(), en: en.to_owned(), km_latn: None }
}

fn office(short: Option<Localized>) -> OfficeRef {
    OfficeRef {
        id: "o".to_owned(),
        name: localized(
            &"ការិយាល័យច្រកចេញចូលតែមួយ ខណ្ឌដង្កោ ស្ត្រី".repeat(6),
            &"OWSO Khan Dângkaô – the “one” window 🙂 [main] ".repeat(6),
        ),
        short,
    }
}

/// Everything that can be there, as long as it can be.
fn longest(status: ApplicationStatus, code: RegistrationCode) -> StatusFacts {
    let short = localized(&"ស្ត្រីភ្នំពេញក្រុងខណ្ឌដ".chars().take(20).collect::<String>(), &"W".repeat(24));
    StatusFacts {
        code,
        status,
        status_at: NOW,
        office: office(None),
        expected_by: Some(date(2026, 11, 30)),
        ready: Some(Ready { office: office(Some(short)), until: Some(date(2026, 12, 30)) }),
        next_action: Some(localized(&"សូមមកយក".repeat(42), &"Come “now” ".repeat(27))),
        service: Some(localized("អាជ្ញាបណ្ណ", "Licence")),
        fee: Some(ApplicationFee { amount: Riel(1_000_000_000), paid: false, bill_number: Some("9".repeat(20)) }),
        timeline: Vec::new(),
        returned_documents: Vec::new(),
        disclosure: Disclosure::Verified,
        as_of: None,
        hours_today: None,
    }
}

fn text(view: &View, language: Language) -> String {
    render_sms(view, language, &time::phnom_penh()).text
}

/// What a telco bills, counted by the planner that cuts the text, not by the rendering that made it fit.
fn segments(text: &str) -> usize {
    segment::plan(text).segments.len()
}

fn check_alphabet(text: &str, language: Language) {
    match language {
        Language::Km => {
            let words: Vec<&str> = text.split(' ').collect();
            let latin = |word: &str| word.len() > 2 && word.chars().all(|c| c.is_ascii_alphabetic());
            assert!(!words.windows(2).any(|pair| latin(pair[0]) && latin(pair[1])), "{text}");
        }
        Language::KmLatn | Language::En => {
            assert_eq!(fit::clean(text, language), text, "not GSM-7");
            assert!(!text.contains(['[', '{', '~', '^', '|', '\\', '€']));
        }
    }
    assert!(!fit::holds_link(text), "{text}");
}

fn codes() -> [RegistrationCode; 4] {
    [code(vec![6, 2, 6, 1], 15), code(vec![4, 4, 4, 4, 4], 24), code(vec![1; 23], 24), code(Vec::new(), 24)]
}

#[test]
fn a_status_answer_is_one_sms_with_code_and_status() {
    for language in Language::ALL {
        for status in ApplicationStatus::ALL {
            for code in codes() {
                for as_of in [None, Some(NOW)] {
                    let facts = StatusFacts { as_of, ..longest(status, code.clone()) };
                    let text = text(&View::Status(Box::new(facts)), language);
                    assert_eq!(segments(&text), 1, "{text}");
                    assert!(text.starts_with(shown(&code)), "{text}");
                    assert!(text.contains(words::status_word(status, language)), "{text}");
                    assert!(text.contains(if as_of.is_some() { "23/11 " } else { "23/11/26" }), "{text}");
                    check_alphabet(&text, language);
                }
            }
        }
    }
}

#[test]
fn every_other_text_keeps_its_segments_and_alphabet() {
    for language in Language::ALL {
        for code in codes() {
            let views = [
                (1, View::Mistyped { code: code.clone() }),
                (1, View::Unknown { code: code.clone(), pin_given: false }),
                (1, View::Unknown { code: code.clone(), pin_given: true }),
                (2, View::PinLocked { code: code.clone() }),
                (1, View::EnterCode),
                (2, View::Help),
                (1, View::Menu),
                (1, View::PortalAway { code: None }),
                (1, View::PortalAway { code: Some(code.clone()) }),
                (1, View::LanguageSet(language)),
                (1, View::Stopped),
                (1, View::Started),
                (1, View::SlowDown),
                (1, View::AskAgain),
                (1, View::Apology),
            ];
            for (most, view) in views {
                let text = text(&view, language);
                assert!(segments(&text) <= most, "{} {text}", fit::length(&text, language));
                assert!(!text.is_empty());
                check_alphabet(&text, language);
            }
        }
    }
}

#[test]
fn a_link_from_the_portal_is_left_out() {
    let mut facts = longest(ApplicationStatus::Collected, code(Vec::new(), 15));
    facts.next_action = Some(localized("http://x.kh", "see https://x.kh"));
    for language in Language::ALL {
        check_alphabet(&text(&View::Status(Box::new(facts.clone())), language), language);
    }
}

#[test]
fn the_short_name_of_the_contract_is_used_whole_in_the_usual_case() {
    let mut facts = longest(ApplicationStatus::InReview, code(vec![6, 2, 6, 1], 15));
    facts.office = office(Some(localized("ច្រកចេញចូល ដង្កោ", "OWSO Dangkao")));
    let view = View::Status(Box::new(facts));
    assert!(text(&view, Language::Km).contains("ច្រកចេញចូល ដង្កោ 23/11/26"));
    let english = text(&view, Language::En);
    assert!(
        english.starts_with("888888-88-888888-8 In review. OWSO Dangkao 23/11/26. Expected by 30/11/26"),
        "{english}"
    );
}

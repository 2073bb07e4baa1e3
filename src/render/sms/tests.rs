//! Every text in every language with the longest data it can get.
use super::*;
use crate::dialogue::{FeeSeen, NextStep, StatusFacts};
use crate::text::segment;
use crate::types::civic::{
    ApplicationFee, ApplicationStatus, Disclosure, Localized, Notice, OfficeRef, Ready, ReturnedDocument,
};
use crate::types::code::{CheckDigit, CodePattern};
use crate::types::{CodeRules, CodeVerdict, RegistrationCode, Riel, UnixMs, time};
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
        status_at: Some(NOW),
        registered_at: None,
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
                    let kept = words::moment_short(NOW.civil(&time::phnom_penh()), language);
                    assert_eq!(text.contains(&kept), as_of.is_some(), "{text}");
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
    facts.office = office(Some(localized("ច្រកតែមួយ ដង្កោ", "OWSO Dangkao")));
    let view = View::Status(Box::new(facts));
    assert!(text(&view, Language::Km).contains("ច្រកតែមួយ ដង្កោ"));
    let english = text(&view, Language::En);
    let begins = "888888-88-888888-8 In review 23 Nov 2026. OWSO Dangkao. Should be ready by 30 Nov 2026. Please wait";
    assert!(english.starts_with(begins), "{english}");
}

/// The usual facts of a status, as the portal sends them.
fn usual(status: ApplicationStatus) -> StatusFacts {
    use ApplicationStatus as S;
    let short = localized("ច្រកតែមួយ ដង្កោ", "OWSO Dangkao");
    let photo = ReturnedDocument { name: localized("រូបថត 4x6", "Photograph 4x6"), reason: None };
    StatusFacts {
        office: office(Some(short.clone())),
        expected_by: matches!(status, S::InReview | S::Forwarded).then(|| date(2026, 11, 30)),
        ready: (status == S::ReadyForCollection)
            .then(|| Ready { office: office(Some(short)), until: Some(date(2027, 2, 15)) }),
        next_action: None,
        fee: Some(ApplicationFee { amount: Riel(20_000), paid: false, bill_number: Some("B26120500048193".into()) }),
        returned_documents: if status == S::ReturnedForCorrection { vec![photo] } else { Vec::new() },
        ..longest(status, code(vec![6, 2, 6, 1], 15))
    }
}

#[test]
fn in_khmer_too_every_status_says_what_to_do_and_no_day_stands_where_one_would_come_on_it() {
    use ApplicationStatus as S;
    for (status, said) in [
        (S::Registered, "បានទទួលពាក្យ 23/11/26។ ច្រកតែមួយ ដង្កោ។ សូមរង់ចាំ"),
        (S::AwaitingPayment, "ត្រូវបង់ប្រាក់ 20\u{A0}000៛ នៅបេឡា ច្រកតែមួយ ដង្កោ"),
        (S::Paid, "បានបង់ប្រាក់ 23/11/26។ ច្រកតែមួយ ដង្កោ។ សូមរង់ចាំ"),
        (S::InReview, "កំពុងពិនិត្យ។ ច្រកតែមួយ ដង្កោ។ គ្រោងរួច 30/11/26"),
        (S::Forwarded, "បានបញ្ជូនបន្ត។ ច្រកតែមួយ ដង្កោ។ គ្រោងរួច 30/11/26"),
        (S::ReturnedForCorrection, "ត្រូវកែឯកសារ។ សូមមក ច្រកតែមួយ ដង្កោ៖ រូបថត 4x6"),
        (S::Approved, "បានយល់ព្រម។ ច្រកតែមួយ ដង្កោ។ កំពុងរៀបចំឯកសារ"),
        (S::ReadyForCollection, "រួចរាល់។ យកបង្កាន់ដៃមក ច្រកតែមួយ ដង្កោ ត្រឹម 15/02"),
        (S::Collected, "បានប្រគល់ជូន 23/11/26។ ច្រកតែមួយ ដង្កោ"),
        (S::Rejected, "មិនអនុញ្ញាត។ ច្រកតែមួយ ដង្កោ។ សូមសួរនៅការិយាល័យ"),
        (S::Cancelled, "បានលុបចោល 23/11/26។ ច្រកតែមួយ ដង្កោ"),
        (S::Expired, "ផុតកំណត់។ ច្រកតែមួយ ដង្កោ។ សូមដាក់ពាក្យថ្មី"),
    ] {
        let text = text(&View::Status(Box::new(usual(status))), Language::Km);
        let text = text.trim_start_matches("888888-88-888888-8 ").trim_end_matches("។ 9=ភាសា");
        assert_eq!(text, said, "{status:?}");
    }
}

#[test]
fn a_notice_names_no_day_of_what_is_over_or_waits_for_the_citizen() {
    use ApplicationStatus as S;
    for status in S::ALL {
        let office = office(Some(localized("ច្រកតែមួយ ដង្កោ", "OWSO Dangkao")));
        let notice = Notice::Status {
            code: "120500260481937".to_owned(),
            status,
            office,
            fee: None,
            expected_by: Some(date(2026, 11, 30)),
        };
        let working = matches!(status, S::Registered | S::Paid | S::InReview | S::Forwarded | S::Approved);
        for language in Language::ALL {
            let view = View::Notice { notice: notice.clone(), code: "120500-26-048193-7".to_owned() };
            let text = text(&view, language);
            let day = words::date_short(date(2026, 11, 30), language);
            assert_eq!(text.contains(&day), working, "{text}");
            let todo = NextStep::of(status, FeeSeen::Unseen, Disclosure::Contact, true);
            let hint = words::step_hint(todo, language);
            assert!(working || text.contains(hint), "{text}");
        }
    }
}

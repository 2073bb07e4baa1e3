//! Every window gives the same answer: for each state, level of disclosure and language the text, the USSD screens
//! and the kiosk name the same status, date, office and amount.
use crate::support::{app::NO_LIMITS, desk::Desk};
use chrak::{
    dialogue::{Choice, Input, StatusFacts, View},
    exchange::Visit,
    render::words,
    sandbox::portal::sample_applications,
    types::{Language, Pin, civic::ApplicationStatus, time::phnom_penh},
};
use std::{collections::HashSet, time::Duration};

const STRANGER: &str = "85596000000";

async fn at_the_kiosk(desk: &Desk, language: Language, code: &str, pin: Option<&str>) -> StatusFacts {
    let choice = Choice::Code { typed: code.to_owned(), pin: pin.and_then(Pin::parse) };
    let deadline = Duration::from_secs(5);
    let visit = Visit {
        dialogue: None,
        input: Input::Choice(choice),
        language,
        number: None,
        device: String::new(),
        visit: None,
        cause: None,
        deadline,
    };
    match desk.exchange.conversation.converse(visit).await {
        (_, View::Status(facts)) => *facts,
        (_, other) => panic!("{code}: {other:?}"),
    }
}

fn same(text: &str, facts: &StatusFacts, language: Language) {
    let office = facts.office_to_name();
    let office = office.short.as_ref().unwrap_or(&office.name).get(language);
    for named in [words::status_word(facts.status, language), office, facts.code.printed()] {
        assert!(text.contains(named), "{named} is not in: {text}");
    }
    // beside something to do no day of the status stands, and where Khmer letters leave no room for it
    let to_do = ApplicationStatus::AwaitingPayment == facts.status
        || ApplicationStatus::ReturnedForCorrection == facts.status
        || ApplicationStatus::ReadyForCollection == facts.status;
    let date = words::date_short(facts.status_at.expect("a time").civil(&phnom_penh()).date(), language);
    assert!(language == Language::Km || text.contains(&date) != to_do, "{date}: {text}");
    if facts.status == ApplicationStatus::AwaitingPayment {
        let amount = facts.fee.as_ref().map(|fee| fee.amount.0.to_string());
        match amount {
            Some(amount) => {
                assert!(text.replace([' ', '\u{A0}', ','], "").contains(&amount), "{amount} is not in: {text}")
            }
            None => assert!(!text.contains("000"), "an amount that was not earned: {text}"),
        }
    }
}

/// All screens of a status, one after the other.
async fn by_ussd(desk: &Desk, language: Language, number: &str, session: u8, steps: &[&str]) -> String {
    if language == Language::Km {
        // Khmer letters come to numbers that ask for them
        desk.dial(number, session, &["9", "1"]).await.expect("a screen");
    }
    let steps: Vec<&str> = ["1"].iter().chain(steps).copied().collect();
    let mut shown = desk.dial(number, session, &steps).await.expect("a screen");
    let mut all = shown.clone();
    while shown.contains(" 9 ") || shown.lines().last().is_some_and(|keys| keys.starts_with("9 ")) {
        shown = desk.key(number, session, "9").await.expect("a screen");
        all.push('\n');
        all.push_str(&shown);
    }
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn text_screen_and_kiosk_name_the_same_facts() {
    let mut seen = HashSet::new();
    for language in Language::ALL {
        let mut desk = Desk::open(NO_LIMITS, language).await;
        let mut session = 0;
        for application in sample_applications() {
            let (code, contact) = (application.code.as_str(), application.contact.trim_start_matches('+'));
            let public = at_the_kiosk(&desk, language, code, None).await;
            let verified = at_the_kiosk(&desk, language, code, Some(&application.pin)).await;
            seen.insert(verified.status);
            same(&desk.send(STRANGER, code).await[0], &public, language);
            same(&desk.send(STRANGER, &format!("{code} {}", application.pin)).await[0], &verified, language);
            // the number on file earns the same amount as the PIN
            same(&desk.send(contact, code).await[0], &verified, language);
            session += 1;
            same(&by_ussd(&desk, language, STRANGER, session, &[code]).await, &public, language);
            same(&by_ussd(&desk, language, STRANGER, session, &[code, &application.pin]).await, &verified, language);
            same(&by_ussd(&desk, language, contact, session, &[code]).await, &verified, language);
        }
        desk.close().await;
    }
    assert_eq!(seen.len(), ApplicationStatus::ALL.len(), "every state");
}

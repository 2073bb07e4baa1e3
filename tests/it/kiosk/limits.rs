//! What can be tried at a kiosk is bounded. Without a browser: forms are sent as its pages would send them.
use super::tour::NOBODY;
use crate::support::{
    forms::Visit,
    hall::{Hall, sample},
};

#[tokio::test(flavor = "multi_thread")]
async fn guessing_codes_holds_back_the_visit_then_the_kiosk_and_a_typing_slip_holds_back_nobody() {
    let hall = Hall::open().await;
    let mut visit = Visit::new(&hall);
    for _ in 0..15 {
        let text = visit.press("check", "ok", &[("digits", "120500260481938")]).await;
        assert!(text.contains("A digit looks wrong"));
    }
    for guess in 0..3 {
        let text = visit.press("check", "ok", &[("digits", NOBODY)]).await;
        assert!(text.contains("We found no application"), "guess {guess}");
    }
    let text = visit.press("check", "ok", &[("digits", NOBODY)]).await;
    assert!(text.contains("wait a little") && text.contains("in 2 minutes"), "{text}");
    // what exists is not told either: else the pause would tell guesses apart
    let text = visit.press("check", "ok", &[("digits", &sample("051267").code)]).await;
    assert!(text.contains("wait a little"));
    // the next visitor has done nothing, and has the rest of the kiosk's own ten
    for guess in 3..10 {
        let text = Visit::new(&hall).press("check", "ok", &[("digits", NOBODY)]).await.to_owned();
        assert!(text.contains("We found no application"), "guess {guess}");
    }
    let text = Visit::new(&hall).press("check", "ok", &[("digits", &sample("051267").code)]).await.to_owned();
    assert!(text.contains("wait a little") && text.contains("minutes"), "{text}");
    // there is a way for who is honest: a number that is theirs
    assert!(text.contains("/kiosk/en/number"), "{text}");
    hall.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kiosk_sends_six_texts_in_ten_minutes_and_a_page_sends_its_text_once() {
    let hall = Hall::open().await;
    let code = sample("051267").code;
    for nth in 0..7 {
        let mut visit = Visit::new(&hall);
        visit.press("check", "ok", &[("digits", &code)]).await;
        visit.press("send", "begin", &[]).await;
        let number = format!("01023460{nth}");
        let held = visit.field("held");
        for _ in 0..2 {
            visit.press("send", "go", &[("phone", &number), ("digits", &code), ("held", &held)]).await;
        }
        if nth < 6 {
            assert!(!hall.text_to(&number, 0).await.is_empty());
        } else {
            assert!(visit.text.contains("role=\"alert\""), "{}", visit.text);
            assert_eq!(hall.texts(&number), 0);
        }
    }
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    for nth in 0..6 {
        assert_eq!(hall.texts(&format!("01023460{nth}")), 1, "pressed twice, sent once");
    }
    hall.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_one_time_code_is_tried_five_times_and_texted_three_times_an_hour() {
    let hall = Hall::open().await;
    let mine = sample("048193");
    let number = mine.contact.replace("+855", "0");
    let mut visit = Visit::new(&hall);
    visit.press("check", "ok", &[("digits", &mine.code)]).await;
    visit.press("number", "begin", &[]).await;
    visit.press("number", "go", &[("phone", &number)]).await;
    let code = hall.one_time_code(&number, 0).await;
    let wrong = if code == "000000" { "000001" } else { "000000" };
    for _ in 0..5 {
        visit.press("number", "try", &[("once", wrong)]).await;
        assert!(!visit.text.contains("Steps so far"));
    }
    // by now even the right one is of no use
    assert!(!visit.press("number", "try", &[("once", &code)]).await.contains("Steps so far"));
    visit.press("number", "go", &[("phone", &number)]).await;
    let code = hall.one_time_code(&number, 1).await;
    assert!(visit.press("number", "try", &[("once", &code)]).await.contains("Steps so far"));
    for _ in 0..3 {
        visit.press("number", "begin", &[("held", "")]).await;
        visit.press("number", "go", &[("phone", &number)]).await;
    }
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    assert_eq!(hall.texts(&number), 3, "three codes an hour");
    assert!(visit.text.contains("role=\"alert\""));
    hall.close().await;
}

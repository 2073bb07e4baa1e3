//! What visitors come for, by touch and in both languages, with script and without.
use super::tour::{Look, OK, Tour};
use crate::support::{
    browser::Browser,
    hall::{Hall, sample},
};
use serde_json::json;

/// Looks at nothing: the walk itself is the test.
struct Walk(u32);

impl Look for Walk {
    async fn at(&mut self, browser: &Browser, page: &str) {
        self.0 += 1;
        let state = browser.js("return [document.documentElement.lang, document.querySelectorAll('h1').length]").await;
        assert!(state[1].as_u64() > Some(0), "{page} has no headline: {state}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_application_is_followed_moved_and_its_text_sent_in_both_languages() {
    let hall = Hall::open().await;
    let browser = Browser::open(&hall.http).await;
    for (lang, ready, number) in [("km", "រួចរាល់", "010234521"), ("en", "Ready to collect", "010234522")]
    {
        let kept = sample("051267");
        browser.go(&format!("/kiosk/{lang}/check")).await;
        browser.digits(&kept.code[..5]).await;
        // the toggle keeps the page and what was typed, there and back
        for _ in 0..2 {
            browser.press("button.toggle:not(.look)").await;
            let typed = browser.js("return document.querySelector('#visit [name=digits]').value").await;
            assert_eq!(typed, kept.code[..5]);
        }
        browser.digits(&kept.code[5..]).await;
        browser.press(OK).await;
        browser.read(ready).await;
        assert!(!browser.path().await.contains(&kept.code[..6]), "an address holds a code");
        // hidden from those behind, and shown again
        browser.tap("[data-hide]").await;
        browser.until("hidden", "return getComputedStyle(document.querySelector('.verdict')).filter != 'none'").await;
        browser.tap("[data-hide]").await;
        browser.until("shown", "return getComputedStyle(document.querySelector('.verdict')).filter == 'none'").await;

        browser.tap("[data-print]").await;
        browser.until("printing", "return document.documentElement.dataset.printed == '1'").await;

        let before = hall.texts(number);
        browser.press("[formaction$=\"/send\"]").await;
        browser.digits(number).await;
        browser.press(OK).await;
        let text = hall.text_to(number, before).await;
        assert!(text.contains(ready), "{text}");
        // by then the PIN was not given: who only typed a number is told the public level
        assert!(!text.contains("PIN") || lang == "en", "{text}");
    }
    browser.close().await;
    hall.close().await;
}

/// From the page of appointments to the question before a booking; the number is proven on the way, when it is asked for.
pub async fn to_review(hall: &Hall, browser: &Browser, lang: &str, number: &str) {
    browser.go(&format!("/kiosk/{lang}/appointments")).await;
    browser.press("[name=key][value=t1]").await;
    for _ in 0..9 {
        if browser.js("return !!document.querySelector('.tile[value=h1]')").await == true {
            break;
        }
        browser.press(".tile[value=n1]").await;
    }
    browser.press(".tile[value=h1]").await;
    prove(hall, browser, number).await;
    browser.see(".review").await;
}

/// Proves a number by the code that is texted to it, where it is asked for.
pub async fn prove(hall: &Hall, browser: &Browser, number: &str) {
    let before = hall.texts(number);
    browser.digits(number).await;
    browser.press(OK).await;
    let code = hall.one_time_code(number, before).await;
    browser.digits(&code).await;
    browser.press(OK).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_promised_works_without_script() {
    let hall = Hall::open().await;
    let browser = Browser::open(&hall.http).await;
    browser.cdp("Emulation.setScriptExecutionDisabled", json!({ "value": true })).await;
    for (lang, number) in [("km", "010234541"), ("en", "010234542")] {
        let page = format!("/kiosk/{lang}/check");
        browser.go(&page).await;
        // each digit is a page from the server
        let kept = sample("051267");
        for digit in kept.code.chars() {
            browser.press(&format!(".pad .key[value=\"{digit}\"]")).await;
        }
        browser.press(OK).await;
        browser.see(".verdict.good").await;
        browser.press("[name=key][value=pin]").await;
        for digit in kept.pin.chars() {
            browser.press(&format!(".pad .key[value$=\"{digit}\"]")).await;
        }
        browser.press(OK).await;
        browser.see(".trail").await;

        browser.go(&format!("/kiosk/{lang}/feedback")).await;
        browser.press(".face[value=\"4\"]").await;
        browser.see(".verdict.good").await;
        browser.go(&format!("/kiosk/{lang}/services?q=marri")).await;
        browser.press(".tile[href*=\"/service/\"]").await;
        browser.see(".facts").await;

        browser.go(&format!("/kiosk/{lang}/appointments")).await;
        browser.press("[name=key][value=t1]").await;
        while browser.js("return !document.querySelector('.tile[value=h1]')").await == true {
            browser.press(".tile[value=n1]").await;
        }
        browser.press(".tile[value=h1]").await;
        for digit in number.chars() {
            browser.press(&format!(".pad .key[value=\"f{digit}\"]")).await;
        }
        let before = hall.texts(number);
        browser.press(OK).await;
        for digit in hall.one_time_code(number, before).await.chars() {
            browser.press(&format!(".pad .key[value=\"o{digit}\"]")).await;
        }
        browser.press(OK).await;
        browser.press(".review .go[value=n1]").await;
        browser.see(".verdict.good").await;

        // a complaint needs no keyboard: what it is about, and a number to be called back
        browser.go(&format!("/kiosk/{lang}/complain")).await;
        browser.press(".tile[value=s0]").await;
        browser.press("[name=key][value=call]").await;
        for digit in number.chars() {
            browser.press(&format!(".pad .key[value=\"f{digit}\"]")).await;
        }
        browser.press(OK).await;
        browser.see(".told").await;
        browser.press("[name=key][value=send]").await;
        browser.see(".verdict.good").await;
    }
    assert_eq!(hall.portal().complaints().await.expect("complaints").len(), 2);
    assert_eq!(hall.portal().booked().await.expect("booked").len(), 2);
    let silent = browser.js("return document.documentElement.classList.contains('js')").await;
    assert_eq!(silent, false, "script ran");
    browser.close().await;
    hall.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn services_are_found_however_khmer_is_spelt() {
    let hall = Hall::open().await;
    let browser = Browser::open(&hall.http).await;
    // as written, with the vowel and the subscript in the other order, without the sign, in Latin letters, by number
    for words in ["អាពាហ៍ពិពាហ៍", "អាពាហពិពាហ", "សំបុត្រកំណើត", "សំុបុត្រកំណើត", "1002"]
    {
        browser.go("/kiosk/km/services").await;
        browser.js(&format!("document.querySelector('[name=q]').value = {words:?}")).await;
        browser.press(".search .go").await;
        let found = browser.js("return document.querySelectorAll('.tile[href*=\"/service/\"]').length").await;
        let place = browser.js("return location.pathname").await;
        assert!(
            found.as_u64() > Some(0) || place.as_str().unwrap_or_default().contains("/service/"),
            "{words}: {found}"
        );
    }
    browser.close().await;
    hall.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_journey_can_be_walked_with_a_mouse_too() {
    let hall = Hall::with("pairing = \"off\"\nstaff_pin = \"482913\"").await;
    let browser = Browser::open(&hall.http).await;
    browser.screen(1920, 1080).await;
    let mut tour = Tour { browser: &browser, hall: &hall, lang: "km", number: "010234551", look: Walk(0) };
    tour.walk().await;
    assert!(tour.look.0 > 45, "{}", tour.look.0);
    browser.close().await;
    hall.close().await;
}

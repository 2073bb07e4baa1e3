//! Each journey is judged by what it is for, by touch and in both languages: how many touches it takes, that its end gives
//! something to carry home, and that this arrives: the text on the telephone, the print, the portal's record.
use super::{journeys::prove, sign_ins::BY_PORTAL, tour::OK};
use crate::support::{
    browser::Browser,
    hall::{Hall, sample},
};
use serde_json::json;

const OFFICE: &str = "owso-1205";
const PAIRED: &str = "pairing = \"required\"\nprinters = [\"owso-1205\"]";

/// A kiosk that stands at an office, and its browser.
async fn at_an_office() -> (Hall, Browser) {
    let hall = Hall::with(PAIRED).await;
    let browser = Browser::open(&hall.http).await;
    browser.go("/kiosk").await;
    hall.pair(&browser, OFFICE).await;
    (hall, browser)
}

async fn shows(browser: &Browser, css: &str) -> bool {
    browser.js(&format!("return !!document.querySelector({css:?})?.checkVisibility()")).await == true
}

/// The number by which an appointment, a complaint or a ticket is called, as the page shows it.
async fn reference(browser: &Browser, digits: &str) -> String {
    let script = format!(
        "return [...document.querySelectorAll('.facts dd')].map(one => one.firstChild.data.trim()).find(text => /^{digits}$/.test(text))"
    );
    browser.js(&script).await.as_str().expect("a reference").to_owned()
}

/// Something to carry home: a code to be scanned, and printing where there is a printer.
async fn can_be_kept(browser: &Browser) {
    for css in [".to-keep .qr path", "[data-print]"] {
        assert!(shows(browser, css).await, "{css} is missing");
    }
    browser.tap("[data-print]").await;
    browser.until("printing", "return document.documentElement.dataset.printed == '1'").await;
}

/// The page as it is printed: office and date, black on white, nothing to press.
async fn prints_black_on_white(browser: &Browser) {
    browser.cdp("Emulation.setEmulatedMedia", json!({ "media": "print" })).await;
    let looks = browser
        .js("const seen = css => [...document.querySelectorAll(css)].filter(one => one.checkVisibility());
             const colours = new Set(seen('main *').map(one => getComputedStyle(one).color));
             return [[...colours], seen('button,nav,.toggle').length, seen('.brand-day').length, getComputedStyle(document.documentElement).backgroundColor]")
        .await;
    browser.cdp("Emulation.setEmulatedMedia", json!({ "media": "" })).await;
    assert_eq!(looks, json!([["rgb(0, 0, 0)"], 0, 1, "rgb(255, 255, 255)"]));
}

/// From home to the hours of the second day that there is at this kiosk's own office: on the first one it may be too late
/// already to change what is booked.
async fn to_the_hours(browser: &Browser, lang: &str) {
    browser.go(&format!("/kiosk/{lang}/home")).await;
    browser.touches();
    browser.press(".tile[href$=\"/appointments\"]").await;
    browser.press(".tile[value=t1]").await;
    // this office's own services, and the way to another office
    browser.see(".tile[value=other]").await;
    browser.press(".tile[value=n1]").await;
    browser.press(".tile[value=n2]").await;
    browser.press(".tile[value=h1]").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn booking_takes_ten_touches_at_most_and_the_appointment_is_texted_at_once() {
    let (hall, browser) = at_an_office().await;
    for (lang, number, words) in [("km", "010234611", ["ខណ្ឌដង្កោ", "*1212#"]), ("en", "010234612", ["Dangkao", "*1212#"])]
    {
        to_the_hours(&browser, lang).await;
        let before = hall.texts(number);
        prove(&hall, &browser, number).await;
        browser.press(".review .go[value=n1]").await;
        let touches = browser.touches();
        println!("{lang}: booked after {touches} touches and the digits of the number and its code");
        assert!(touches <= 10, "{touches} touches");
        browser.see(".verdict.good .told").await;
        let told = browser.text().await;
        assert!(told.contains(&format!("••••{}", &number[6..])), "{told}");
        for word in words {
            assert!(told.contains(word), "{word}: {told}");
        }
        assert!(shows(&browser, ".next li").await, "what to bring, and how to change it");
        assert!(!shows(&browser, "[formaction$=\"/send\"]").await, "it has been sent");
        let reference = reference(&browser, "\\d{8}").await;
        let text = hall.text_to(number, before + 1).await;
        assert!(text.contains(&reference) && !text.contains("STOP"), "{text}");
        let booked = hall.portal().booked().await.expect("booked");
        assert!(booked.iter().any(|(of, _)| of.ends_with(&number[1..])), "{booked:?}");
        can_be_kept(&browser).await;
        prints_black_on_white(&browser).await;
        // the other language says the same, and sends nothing again
        browser.press("button.toggle:not(.look)").await;
        browser.see(".verdict.good .told").await;
        assert!(browser.text().await.contains(&reference));
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
        assert_eq!(hall.texts(number), before + 2, "one code, one appointment");
    }
    browser.close().await;
    hall.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_appointment_is_seen_moved_kept_and_cancelled_after_one_proof() {
    let (hall, browser) = at_an_office().await;
    for (lang, number) in [("km", "010234621"), ("en", "010234622")] {
        to_the_hours(&browser, lang).await;
        prove(&hall, &browser, number).await;
        browser.press(".review .go[value=n1]").await;
        let reference = reference(&browser, "\\d{8}").await;
        let slot = |booked: Vec<(String, String)>| booked.into_iter().find(|(of, _)| of.ends_with(&number[1..]));
        let first = slot(hall.portal().booked().await.expect("booked")).expect("one of this number").1;

        // back, see my appointments: its details and three plain buttons
        browser.press(".foot>:first-child").await;
        browser.press(".tile[value=t2]").await;
        browser.see(".mine").await;
        assert!(browser.text().await.contains(&reference));
        let plain =
            browser.js("return [...document.querySelectorAll('.mine .go')].map(one => one.matches('.quiet'))").await;
        assert_eq!(plain, json!([true, true, true]), "move, cancel, done");

        // moving shows the old time beside the new one
        browser.press("[name=key][value=t3]").await;
        browser.press(".tile[value=n2]").await;
        browser.press(".tile[value=n2]").await;
        let rows = browser.js("return [...document.querySelectorAll('.review .facts > div')].slice(0, 2).map(one => one.getBoundingClientRect().top)").await;
        assert_eq!(rows[0], rows[1], "side by side");
        browser.press(".review .go[value=n1]").await;
        browser.see(".verdict.good .told").await;
        let text = hall.text_to(number, 2).await;
        assert!(text.contains(&reference), "{text}");
        let second = slot(hall.portal().booked().await.expect("booked")).expect("one of this number").1;
        assert_ne!(first, second, "the portal has it moved");

        // the question before cancelling: keeping it stands out
        browser.press(".foot>:first-child").await;
        browser.press(".tile[value=t2]").await;
        browser.press("[name=key][value=t4]").await;
        let filled = "return [...document.querySelectorAll('.review .go:not(.quiet)')].map(one => one.value)";
        assert_eq!(browser.js(filled).await, json!(["mine"]), "no, keep it");
        browser.press(".review .go[value=mine]").await;
        browser.see(".mine").await;
        browser.press("[name=key][value=t4]").await;
        browser.press(".review .go[value=n1]").await;
        browser.see(".verdict.good .told").await;
        assert!(hall.text_to(number, 3).await.contains(&reference));
        assert_eq!(hall.texts(number), 4, "one code for all of it, and three texts");
        browser.press(".foot>:first-child").await;
        browser.press(".tile[value=t2]").await;
        browser.see(".verdict.under-way").await;

        // home, a service, back home and to a booking: the number is still proven
        browser.press(".foot>:nth-child(2)").await;
        browser.press(".tile[href$=\"/services\"]").await;
        browser.press(".tile[href*=\"/service/\"]").await;
        browser.press(".foot>:nth-child(2)").await;
        browser.press(".tile[href$=\"/appointments\"]").await;
        browser.press(".tile[value=t2]").await;
        browser.see(".verdict.under-way").await;
        // the next visitor has nothing of it
        browser.press(".verdict ~ .actions .go[href=\"/kiosk\"]").await;
        browser.go(&format!("/kiosk/{lang}/appointments")).await;
        browser.press(".tile[value=t2]").await;
        browser.see(".pad").await;
    }
    browser.close().await;
    hall.close().await;
}

/// Sends what the page shows to a telephone; the text.
async fn send_to(hall: &Hall, browser: &Browser, number: &str) -> String {
    let before = hall.texts(number);
    browser.press("[formaction$=\"/send\"]").await;
    browser.digits(number).await;
    browser.press(OK).await;
    browser.see(".verdict.good").await;
    let text = hall.text_to(number, before).await;
    // and back to what was sent
    browser.press(".foot>:first-child").await;
    browser.see(".to-keep .qr").await;
    text
}

#[tokio::test(flavor = "multi_thread")]
async fn who_books_without_a_telephone_can_carry_it_home_all_the_same() {
    let (hall, browser) = at_an_office().await;
    for (lang, number) in [("km", "010234631"), ("en", "010234632")] {
        to_the_hours(&browser, lang).await;
        browser.press("[name=key][value=skip]").await;
        browser.press(".review .go[value=n1]").await;
        browser.see(".verdict.good").await;
        assert!(!shows(&browser, ".told").await, "there is no number to text");
        can_be_kept(&browser).await;
        let reference = reference(&browser, "\\d{8}").await;
        let text = send_to(&hall, &browser, number).await;
        // its owner may be somebody else
        assert!(text.contains(&reference) && text.contains("STOP"), "{text}");
    }
    browser.close().await;
    hall.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_queue_number_is_carried_home_printed_and_sent() {
    let (hall, browser) = at_an_office().await;
    for (lang, number, office) in [("km", "010234641", "ដង្កោ"), ("en", "010234642", "Dangkao")] {
        // its door is on the first page in office hours only
        browser.go(&format!("/kiosk/{lang}/ticket")).await;
        browser.touches();
        browser.press(".tile[value^=s]").await;
        println!("{lang}: a queue number after {} touches and its door", browser.touches());
        browser.see(".verdict.ticket").await;
        let ticket = reference(&browser, "[A-Z]\\d+").await;
        can_be_kept(&browser).await;
        prints_black_on_white(&browser).await;
        assert!(browser.text().await.contains(office), "where it was given");
        let text = send_to(&hall, &browser, number).await;
        assert!(text.contains(&ticket), "{text}");
    }
    browser.close().await;
    hall.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_complaint_ends_with_its_number_on_the_page_the_portal_and_the_telephone() {
    let (hall, browser) = at_an_office().await;
    for (lang, number, asks) in
        [("km", "010234651", "សូមប្រាប់ថាមានបញ្ហាអ្វី"), ("en", "010234652", "Please say what went wrong")]
    {
        // nothing said: our words, in the page's language
        browser.go(&format!("/kiosk/{lang}/complain")).await;
        browser.press(".tile[value=s5]").await;
        browser.press("[name=key][value=send]").await;
        browser.read(asks).await;

        browser.go(&format!("/kiosk/{lang}/complain")).await;
        browser.touches();
        browser.press(".tile[value=s0]").await;
        browser.press("[name=key][value=send]").await;
        println!("{lang}: a complaint after {} touches", browser.touches());
        browser.see(".verdict.good").await;
        let reference = reference(&browser, "\\d{10}").await;
        let filed = hall.portal().complaints().await.expect("complaints");
        assert!(filed.contains(&reference), "{filed:?}");
        can_be_kept(&browser).await;
        let text = send_to(&hall, &browser, number).await;
        assert!(text.contains(&reference), "{text}");
    }
    browser.close().await;
    hall.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_offers_a_print_where_no_printer_is() {
    let hall = Hall::with("pairing = \"off\"").await;
    let browser = Browser::open(&hall.http).await;
    for page in ["/kiosk/en/service/1002", "/kiosk/km/guide/marriage"] {
        browser.go(page).await;
        browser.see("h1").await;
        assert!(!shows(&browser, "[data-print]").await, "{page}");
    }
    browser.close().await;
    hall.close().await;
}

/// What is written and the way back can be seen and touched while the keyboard is open.
const IN_SIGHT: &str = "
    const keys = document.querySelector('.keys').getBoundingClientRect(), field = document.activeElement.getBoundingClientRect();
    const free = [...document.querySelectorAll('.foot > *')].every(one => {
      const box = one.getBoundingClientRect();
      return one.contains(document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2));
    });
    const top = document.elementFromPoint(field.x + 20, field.bottom - 20);
    return [free, field.top >= 0 && field.bottom <= keys.top + 1, top === document.activeElement]";

#[tokio::test(flavor = "multi_thread")]
async fn the_enter_key_does_what_its_field_is_for_and_hides_nothing() {
    let hall = Hall::open().await;
    let browser = Browser::open(&hall.http).await;
    for (width, height, profile) in
        [(1080, 1920, "kiosk-22"), (1920, 1080, "kiosk-22"), (1280, 800, "tablet-8"), (800, 1280, "tablet-10")]
    {
        browser.screen(width, height).await;
        for (lang, send, search) in [("km", "ផ្ញើបណ្តឹង", "ស្វែងរក"), ("en", "Send the complaint", "Search")]
        {
            for (page, label) in [("complain", send), ("services", search)] {
                browser.go(&format!("/kiosk/{lang}/{page}")).await;
                if page == "complain" {
                    browser.press(".tile[value=s5]").await;
                }
                let dress = format!("document.documentElement.classList.replace('kiosk-22', '{profile}')");
                browser.js(&dress).await;
                browser.tap("main [data-keys]").await;
                browser.see(".keys .enter").await;
                assert_eq!(browser.js("return document.querySelector('.keys .enter').textContent").await, label);
                for _ in 0..3 {
                    browser.tap(".keys div:nth-child(2) .cap:nth-child(3)").await;
                }
                tokio::time::sleep(std::time::Duration::from_millis(200)).await;
                let sight = browser.js(IN_SIGHT).await;
                assert_eq!(sight, json!([true, true, true]), "{page} {lang} {width}x{height} {profile}");
                let typed = browser.js("return document.activeElement.value").await;
                assert_eq!(typed.as_str().map(|text| text.chars().count()), Some(3));
                browser.press(".keys .enter").await;
                match page {
                    // passed on, or kept back by the limit on complaints: sent either way
                    "complain" => browser.see(".verdict.good, .notice").await,
                    _ => {
                        browser
                            .until("a search", "return new URLSearchParams(location.search).get('q')?.length == 3")
                            .await
                    }
                }
            }
        }
    }
    browser.close().await;
    hall.close().await;
}

/// Doors of the home page that one would have to move the page for.
const OUT_OF_SIGHT: &str = "
    const bar = document.querySelector('.foot').getBoundingClientRect().top;
    // on a low screen the bar stands at the side
    const foot = bar > 0 ? bar : innerHeight;
    const below = [...document.querySelectorAll('main a, main button')].filter(one => one.getBoundingClientRect().bottom > foot);
    const moves = document.documentElement.scrollHeight > innerHeight;
    return [moves, below.map(one => one.innerText)]";

#[tokio::test(flavor = "multi_thread")]
async fn every_door_of_the_home_page_is_in_sight_on_every_screen() {
    let (hall, browser) = at_an_office().await;
    doors_in_sight(&browser).await;
    browser.close().await;
    hall.close().await;
    // and one more, where visitors sign in
    let hall = Hall::with(BY_PORTAL).await;
    let browser = Browser::open(&hall.http).await;
    browser.go("/kiosk").await;
    hall.pair(&browser, "owso-1205").await;
    doors_in_sight(&browser).await;
    browser.shot(&crate::support::browser::folder("kiosk-screens").join("sign-in-home-last.png")).await;
    browser.close().await;
    hall.close().await;
}

/// The note of an office that is closed, with the longest name of a day; where there is one, that one.
const CLOSED: &str = "document.querySelector('.shut') || document.querySelector('.tiles').insertAdjacentHTML('beforebegin', \
    '<p class=\"shut\" role=\"status\"><svg class=\"icon\"></svg>' + (document.documentElement.lang == 'km' \
    ? 'ឥឡូវនេះការិយាល័យបិទ។ នឹងបើកវិញ ថ្ងៃព្រហស្បតិ៍ ទី៣០ ខែវិច្ឆិកា ឆ្នាំ២០២៦ ម៉ោង ០៧:៣០' \
    : 'The office is closed now. It opens again on Wednesday 30 September 2026 at 07:30') + '</p>')";
const OPEN: &str = "document.querySelector('.shut')?.remove()";

async fn doors_in_sight(browser: &Browser) {
    let profiles = ["tablet-8", "tablet-10", "kiosk-22", "kiosk-32", "kiosk-43"];
    let screens = [(1080, 1920), (1920, 1080), (1280, 800), (800, 1280)];
    for (lang, (width, height)) in ["km", "en"].into_iter().flat_map(|lang| screens.map(|screen| (lang, screen))) {
        browser.screen(width, height).await;
        browser.go(&format!("/kiosk/{lang}/home")).await;
        // a profile is for screens of its size
        let small = width.min(height) < 1000;
        for profile in profiles.into_iter().filter(|profile| profile.starts_with("tablet") == small) {
            let dress = format!(
                "const set = document.documentElement.classList; set.remove(...{profiles:?}); set.add({profile:?})"
            );
            browser.js(&dress).await;
            // whatever the time of day is: the office is closed, and open
            for (note, when) in [(CLOSED, "closed"), (OPEN, "open")] {
                browser.js(note).await;
                let seen = browser.js(OUT_OF_SIGHT).await;
                let shot = format!("home-{lang}-{width}-{profile}-{when}.png");
                browser.shot(&crate::support::browser::folder("kiosk-screens").join(shot)).await;
                assert_eq!(seen, json!([false, []]), "{lang} {width}x{height} {profile} {when}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_ends_with_a_receipt_that_is_printed_sent_or_texted_at_once() {
    let (hall, browser) = at_an_office().await;
    for (lang, due, proves) in [("km", sample("050144"), false), ("en", sample("003342"), true)] {
        browser.go(&format!("/kiosk/{lang}/check")).await;
        browser.digits(&due.code).await;
        browser.press(OK).await;
        let owner = due.contact.replace("+855", "0");
        if proves {
            browser.press("[formaction$=\"/number\"]").await;
            prove(&hall, &browser, &owner).await;
        } else if !shows(&browser, "[formaction$=\"/pay\"]").await {
            browser.press("[name=key][value=pin]").await;
            browser.digits(&due.pin).await;
            browser.press(OK).await;
        }
        let before = hall.texts(&owner);
        browser.press("[formaction$=\"/pay\"]").await;
        browser.see(".qr").await;
        hall.portal().decide_payments("paid").await.expect("decided");
        // the page asks by itself
        browser.see(".verdict.good").await;
        let bill = reference(&browser, "[A-Z]\\d{10,}").await;
        can_be_kept(&browser).await;
        prints_black_on_white(&browser).await;
        let text = match proves {
            true => {
                assert!(browser.text().await.contains(&format!("••••{}", &owner[6..])));
                hall.text_to(&owner, before).await
            }
            false => send_to(&hall, &browser, "010234661").await,
        };
        assert!(text.contains(&bill) && text.contains(&due.code[..6]), "{text}");
        // back to where the application stands, and there is nothing to pay any more
        browser.press(".foot>:first-child").await;
        browser.see(".facts").await;
        assert!(!shows(&browser, "[formaction$=\"/pay\"]").await);
    }
    browser.close().await;
    hall.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_services_sheet_is_sent_to_a_telephone_and_leads_to_its_guide() {
    let (hall, browser) = at_an_office().await;
    for (lang, number) in [("km", "010234671"), ("en", "010234672")] {
        let sheet = format!("/kiosk/{lang}/service/2001");
        browser.go(&sheet).await;
        browser.see(".tile[href$=\"/guide/birth\"]").await;
        browser.press("[formaction$=\"/send\"]").await;
        browser.digits(number).await;
        browser.press(OK).await;
        browser.see(".verdict.good").await;
        let text = hall.text_to(number, 0).await;
        assert!(text.starts_with("2001 ") && text.contains("STOP"), "{text}");
        // and back to the sheet
        browser.press(".foot>:first-child").await;
        assert_eq!(browser.path().await, sheet);
    }
    browser.close().await;
    hall.close().await;
}

//! Devices: digits, pairing by the command line and the console, orders at the next heartbeat, revoking, staff.
use super::{journeys::to_review, tour::OK};
use crate::support::{browser::Browser, hall::Hall, program};
use serde_json::json;

/// Lets the page say how it is now instead of in half a minute.
const BEAT: &str = "dispatchEvent(new Event('online'))";

#[tokio::test(flavor = "multi_thread")]
async fn a_device_is_paired_told_things_and_revoked() {
    let mut hall = Hall::with("staff_pin = \"482913\"").await;
    let browser = Browser::open(&hall.http).await;
    browser.go("/kiosk/km/services").await;
    assert_eq!(browser.path().await, "/kiosk", "an unpaired kiosk shows a button and nothing else");
    browser.see("button.pair").await;
    hall.digits(&browser).await;
    for (code, office, profile, said) in [
        ("12345678", "owso-1205", "kiosk-22", "no kiosk shows this code"),
        ("1234", "owso-1205", "kiosk-22", "8 digits"),
        ("12345678", "nowhere", "kiosk-22", "no office"),
        ("12345678", "owso-1205", "wall", "no profile"),
    ] {
        let refused = hall.kiosk(&["pair", code, "--office", office, "--profile", profile]);
        assert_eq!(refused.code, Some(1));
        assert!(refused.err.contains(said), "{}", refused.err);
    }
    hall.pair(&browser, "owso-1205").await;
    let (id, _) = hall.devices().await.pop().expect("a device");
    browser.go("/kiosk/en/home").await;
    browser.until("its first heartbeat", BEAT_SEEN).await;
    assert!(hall.kiosk(&["list"]).out.contains("owso-1205"));

    // the token is nowhere a script could read it, and on disk only as its hash
    assert_eq!(browser.js("return document.cookie").await, "");

    // orders
    browser.go("/kiosk/en/help").await;
    hall.tell(&id, "kind=volume&value=35").await;
    browser.js(BEAT).await;
    browser.until("the volume", "return document.body.dataset.volume == '35'").await;
    browser.go("/kiosk").await;
    hall.tell(&id, "kind=closed&km=%E1%9E%9F%E1%9F%86%E1%9E%91%E1%9F%84%E1%9E%9F&en=Back+at+noon").await;
    browser.js(BEAT).await;
    browser.read("Back at noon").await;
    hall.tell(&id, "kind=open").await;

    // a paired device survives a kill of the server
    hall.go_away();
    hall.come_back();
    browser.go("/kiosk/en/home").await;
    browser.see(".tile.lead").await;
    assert_eq!(hall.devices().await, [(id.clone(), "paired".to_owned())]);

    // staff: by the long press on the mark, then the PIN
    browser.go("/kiosk/en/home").await;
    let hold = "document.querySelector('.brand').dispatchEvent(new PointerEvent('pointerdown', { bubbles: true }))";
    browser.leaving(async { drop(browser.js(hold).await) }).await;
    assert_eq!(browser.path().await, "/kiosk/en/staff");
    browser.digits("111111").await;
    browser.press(OK).await;
    browser.read("That is not the PIN").await;
    browser.digits("482913").await;
    browser.press(OK).await;
    browser.read(&id).await;

    let revoked = hall.kiosk(&["revoke", &id]);
    assert_eq!(revoked.code, Some(0), "{}", revoked.err);
    browser.go("/kiosk/en/services").await;
    browser.see("button.pair").await;
    assert_eq!(hall.kiosk(&["revoke", "k-none"]).code, Some(1));
    browser.close().await;
    hall.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_an_appointment_checks_in_and_gets_a_number() {
    let hall = Hall::with("pairing = \"required\"").await;
    let browser = Browser::open(&hall.http).await;
    browser.go("/kiosk").await;
    hall.pair(&browser, "owsu-02").await;
    to_review(&hall, &browser, "en", "010234571").await;
    browser.press(".review .go[value=n1]").await;
    let shown = "return [...document.querySelectorAll('.facts dd')].map(one => one.textContent).find(text => /^\\d{8}$/.test(text))";
    let reference = browser.js(shown).await;
    let reference = reference.as_str().expect("a reference");
    browser.go("/kiosk/en/ticket").await;
    browser.press(".tile[value=here]").await;
    browser.digits("00000000").await;
    browser.press(OK).await;
    // that the number is not right, and nothing of other appointments
    browser.read("This appointment number is not right").await;
    browser.tap(".pad .clear").await;
    browser.digits(reference).await;
    browser.press(OK).await;
    browser.see(".verdict.ticket").await;
    assert!(browser.text().await.contains("B00"), "a number of those who have an appointment");
    browser.close().await;
    hall.close().await;
}

/// Says how the page is until the server has answered once.
const BEAT_SEEN: &str = "
    return fetch('/v1/kiosk/heartbeat', { method: 'post', headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ page: 'home', build: document.body.dataset.build, printer: 'none', network_ms: 1 }) })
      .then(answer => answer.ok)";

#[tokio::test(flavor = "multi_thread")]
async fn the_console_pairs_lists_and_revokes() {
    let hall = Hall::with("pairing = \"required\"").await;
    let browser = Browser::open("").await;
    browser.go(&format!("{}/kiosk", hall.http)).await;
    let code = hall.digits(&browser).await;
    browser.screen(1440, 1400).await;
    browser.go(&format!("{}/console?lang=en", hall.ops)).await;
    let fill = format!(
        "document.querySelector('[name=code]').value = '{code}'; document.querySelector('[name=office]').value = 'owso-1205'"
    );
    browser.js(&fill).await;
    browser.press("#pair button").await;
    browser.read("owso-1205").await;
    browser.shot(&crate::support::browser::folder("kiosk-screens").join("console.png")).await;
    browser.tap("#kiosks summary").await;
    // what is being entered stays while the page asks again
    tokio::time::sleep(std::time::Duration::from_millis(2500)).await;
    browser.see("#kiosks details[open]").await;
    browser.press("#kiosks .stop").await;
    browser.read("Revoked").await;
    assert!(browser.js("return location.href").await.to_string().contains("lang=en"), "the console keeps its language");
    browser.close().await;
    hall.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_console_says_on_its_page_why_nothing_was_paired_and_knows_offices_by_name() {
    let hall = Hall::with("pairing = \"required\"").await;
    let browser = Browser::open("").await;
    browser.go(&format!("{}/kiosk", hall.http)).await;
    let code = hall.digits(&browser).await;
    let try_with = async |lang: &str, code: &str, office: &str| {
        browser.go(&format!("{}/console?lang={lang}", hall.ops)).await;
        let fill = format!(
            "document.querySelector('[name=code]').value = '{code}'; document.querySelector('[name=office]').value = '{office}'"
        );
        browser.js(&fill).await;
        browser.press("#pair button").await;
    };
    try_with("en", "1234", "owso-1205").await;
    browser.read("Please enter the 8 digits that the kiosk shows.").await;
    assert_eq!(
        browser.js("return document.querySelector('[name=office]').value").await,
        "owso-1205",
        "what was entered stays"
    );
    try_with("km", &code, "Atlantis").await;
    browser.read("ផតថលមិនស្គាល់ការិយាល័យនេះទេ").await;
    // the page goes on asking for itself, not for the form's address
    tokio::time::sleep(std::time::Duration::from_millis(2500)).await;
    assert_eq!(browser.js("return document.querySelector('#gone').hidden").await, true);
    try_with("en", &code, "Dangkao").await;
    browser.read("Several offices have this name").await;
    browser.js("document.querySelector('#pair select[name=office]').value = 'owso-1205'").await;
    browser.press("#pair button").await;
    browser.see("#kiosks td small").await;
    assert!(browser.text().await.contains("owso-1205"), "paired with the one that was chosen");
    browser.close().await;
    hall.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_officer_is_called_from_the_kiosk_and_seen_at_the_console() {
    let hall = Hall::with("pairing = \"required\"").await;
    let browser = Browser::open("").await;
    browser.go(&format!("{}/kiosk", hall.http)).await;
    hall.pair(&browser, "owso-1205").await;
    for (lang, said) in [("en", "An officer has been called"), ("km", "បានហៅមន្ត្រីរួចហើយ")]
    {
        browser.go(&format!("{}/kiosk/{lang}/services", hall.http)).await;
        browser.press("nav.foot a[href$=help]").await;
        browser.press("button[form=call]").await;
        browser.read(said).await;
    }
    browser.go(&format!("{}/console?lang=en", hall.ops)).await;
    browser.read("An officer is called to").await;
    browser.press(".called button").await;
    browser.until("the call is over", "return !document.querySelector('.called')").await;
    assert!(!browser.text().await.contains("An officer is called"));
    browser.close().await;
    hall.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn heartbeats_come_from_paired_devices_and_our_pages_only() {
    let hall = Hall::open().await;
    let client = program::client();
    let heartbeat = json!({ "page": "home", "build": "1", "printer": "none", "network_ms": 1 }).to_string();
    let post = || {
        let post = client.post(format!("{}/v1/kiosk/heartbeat", hall.http)).body(heartbeat.clone());
        post.header("content-type", "application/json")
    };
    assert_eq!(post().send().await.expect("an answer").status(), 401);
    let wrong = post().header("cookie", "chrak-device=AAAA").send().await.expect("an answer");
    assert_eq!(wrong.status(), 401);
    let foreign = post().header("sec-fetch-site", "cross-site").send().await.expect("an answer");
    assert_eq!(foreign.status(), 403);
    hall.close().await;
}

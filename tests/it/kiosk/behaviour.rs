//! What holds between pages: silence, wiping, the back button, double taps, keyboards, scanners, a lost line.
use super::{journeys::to_review, tour::OK};
use crate::support::{
    browser::Browser,
    hall::{Hall, sample},
    program,
};
use serde_json::json;
use std::time::{Duration, Instant};

/// Everything in which a browser keeps something, as one text.
const STORED: &str = "
    return (async () => {
      let text = JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie, location.href, history.state]);
      for (const name of await caches.keys()) {
        const cache = await caches.open(name);
        for (const request of await cache.keys()) text += request.url + await (await cache.match(request)).text();
      }
      for (const { name } of await indexedDB.databases()) text += name;
      return text;
    })()";

#[tokio::test(flavor = "multi_thread")]
async fn silence_warns_and_then_leaves_nothing_behind() {
    let hall = Hall::with("pairing = \"off\"\nidle_s = 5\nwarning_s = 5").await;
    let browser = Browser::open(&hall.http).await;
    let kept = sample("051267");
    browser.go("/kiosk/en/check").await;
    browser.digits(&kept.code).await;
    browser.press(OK).await;
    browser.see("#idle[open]").await;
    browser.tap("[data-stay]").await;
    browser.until("the visit to go on", "return !document.querySelector('#idle[open]')").await;
    browser.see(".verdict.good").await;
    let since = Instant::now();
    browser.until("the first page", "return location.pathname == '/kiosk'").await;
    assert!(since.elapsed() > Duration::from_secs(8), "it left after {:?}", since.elapsed());

    let stored = browser.js(STORED).await.to_string();
    for secret in [&kept.code[..], "120500-26-051267-5", &kept.pin] {
        assert!(!stored.contains(secret), "{secret} is kept");
    }
    // the back button shows nothing of it
    for _ in 0..4 {
        let _ = browser.driver.back().await;
        tokio::time::sleep(Duration::from_millis(250)).await;
        let text = browser.text().await;
        assert!(!text.contains("051267"), "back shows the visit:\n{text}");
    }
    browser.close().await;
    hall.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_script_silence_leads_to_the_first_page_too() {
    let hall = Hall::with("pairing = \"off\"\nidle_s = 5\nwarning_s = 5").await;
    let browser = Browser::open(&hall.http).await;
    browser.cdp("Emulation.setScriptExecutionDisabled", json!({ "value": true })).await;
    browser.go("/kiosk/km/help").await;
    browser.until("the first page", "return location.pathname == '/kiosk'").await;
    browser.close().await;
    hall.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn back_and_forward_never_show_the_visitor_before() {
    let hall = Hall::open().await;
    let browser = Browser::open(&hall.http).await;
    let kept = sample("051267");
    browser.go("/kiosk").await;
    browser.press(".lang[lang=en]").await;
    browser.press(".tile.lead").await;
    browser.digits(&kept.code).await;
    browser.press(OK).await;
    browser.press(".actions a.go[href=\"/kiosk\"]").await;
    for direction in ["back", "back", "forward", "back"] {
        browser.js(&format!("history.{direction}()")).await;
        tokio::time::sleep(Duration::from_millis(400)).await;
        let (path, text) = (browser.path().await, browser.text().await);
        assert!(!text.contains("051267") && !text.contains("Ready to collect"), "{direction} shows {path}:\n{text}");
    }
    browser.close().await;
    hall.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_double_tap_a_reload_and_a_second_tab_book_once() {
    let hall = Hall::open().await;
    let browser = Browser::open(&hall.http).await;
    to_review(&hall, &browser, "en", "010234561").await;
    let form = browser
        .js("return new URLSearchParams(new FormData(document.querySelector('#visit'))).toString() + '&key=n1'")
        .await;
    // the same press from elsewhere, at once: another tab, a resent form, two fingers
    let (client, url) = (program::client(), format!("{}/kiosk/en/appointments", hall.http));
    let resend = || {
        let post = client.post(&url).header("content-type", "application/x-www-form-urlencoded");
        post.body(form.as_str().expect("a form").to_owned()).send()
    };
    let tap = async {
        browser
            .leaving(async {
                browser
                    .js("const yes = document.querySelector('.review .go[value=n1]'); yes.click(); yes.click()")
                    .await;
            })
            .await;
    };
    let (first, second, ()) = tokio::join!(resend(), resend(), tap);
    for answer in [first, second] {
        assert_eq!(answer.expect("an answer").status(), 200);
    }
    browser.see(".verdict").await;
    // the page that booked, sent again
    let again = resend().await.expect("an answer").text().await.expect("a page");
    assert!(again.contains("verdict good"), "the same press is answered with the same appointment");
    let booked = hall.portal().booked().await.expect("booked");
    assert_eq!(booked.len(), 1, "{booked:?}");
    browser.close().await;
    hall.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_tabs_do_not_know_of_each_other() {
    let hall = Hall::open().await;
    let browser = Browser::open(&hall.http).await;
    browser.go("/kiosk/en/check").await;
    browser.digits("12050").await;
    let first = browser.driver.window().await.expect("a tab");
    let second = browser.driver.new_tab().await.expect("another tab");
    browser.driver.switch_to_window(second).await.expect("switched");
    browser.go("/kiosk/en/check").await;
    let typed = "return document.querySelector('#visit [name=digits]').value";
    assert_eq!(browser.js(typed).await, "");
    browser.go("/kiosk").await;
    browser.driver.switch_to_window(first).await.expect("switched back");
    assert_eq!(browser.js(typed).await, "12050", "the other tab's end is not this one's");
    browser.close().await;
    hall.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_keyboard_alone_and_a_scanner_are_enough() {
    let hall = Hall::open().await;
    let browser = Browser::open(&hall.http).await;
    let kept = sample("051267");
    // Tab to the language, Enter, Tab to the first tile, Enter, digits, Enter
    browser.go("/kiosk").await;
    browser.key("Tab", "").await;
    browser.until("focus", "return document.activeElement.matches('.lang')").await;
    browser.leaving(browser.key("Enter", "\r")).await;
    for _ in 0..12 {
        browser.key("Tab", "").await;
        if browser.js("return document.activeElement.matches('.tile.lead')").await == true {
            break;
        }
    }
    let ring = browser.js("return getComputedStyle(document.activeElement).outlineStyle").await;
    assert_eq!(ring, "solid", "focus is seen");
    browser.leaving(browser.key("Enter", "\r")).await;
    for digit in "12051".chars() {
        slow_key(&browser, digit).await;
    }
    browser.key("Backspace", "").await;
    for digit in kept.code[4..].chars() {
        slow_key(&browser, digit).await;
    }
    browser.leaving(browser.key("Enter", "\r")).await;
    browser.see(".verdict.good").await;

    // a scanner, on a page that asks for nothing: keys without a pause, then Enter
    for page in ["/kiosk/en/help", "/kiosk/en/services", "/kiosk/en/check"] {
        browser.go(page).await;
        browser.leaving(scan(&browser, "120500-26-051267-5")).await;
        browser.see(".verdict.good").await;
    }
    browser.close().await;
    hall.close().await;
}

async fn slow_key(browser: &Browser, digit: char) {
    tokio::time::sleep(Duration::from_millis(80)).await;
    browser.key(&digit.to_string(), &digit.to_string()).await;
}

async fn scan(browser: &Browser, text: &str) {
    let script = format!(
        "for (const key of [...{text:?}, 'Enter']) document.activeElement.dispatchEvent(new KeyboardEvent('keydown', \
         {{ key, bubbles: true, cancelable: true }}))"
    );
    browser.js(&script).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn khmer_is_typed_and_deleted_by_code_point() {
    let hall = Hall::open().await;
    let browser = Browser::open(&hall.http).await;
    browser.go("/kiosk/km/complain").await;
    browser.press(".tile[value=s5]").await;
    browser.tap("textarea").await;
    let cap = |text: &str| {
        let script = format!(
            "const cap = [...document.querySelectorAll('.keys .cap')].find(cap => cap.textContent == {text:?}); \
             cap.id = 'wanted'; document.querySelectorAll('#wanted').forEach(one => one != cap && (one.id = '')); return !!cap"
        );
        script
    };
    for text in ["ស", "◌្", "◌្រ", "◌ុ", "ក"] {
        browser.until(text, &cap(text)).await;
        browser.tap("#wanted").await;
    }
    let typed = "return document.querySelector('textarea').value";
    assert_eq!(browser.js(typed).await, "ស្រុក");
    for left in ["ស្រុ", "ស្រ", "ស្", "ស", ""] {
        browser.until("⌫", &cap("⌫")).await;
        browser.tap("#wanted").await;
        assert_eq!(browser.js(typed).await, left);
    }
    browser.close().await;
    hall.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_fingers_do_not_zoom() {
    let hall = Hall::open().await;
    let browser = Browser::open(&hall.http).await;
    // a page the browser opens first: later ones get the driver's touches past the page's own rules
    {
        let page = "/kiosk/km/services";
        browser.go(page).await;
        tokio::time::sleep(Duration::from_millis(600)).await;
        for step in 0..6 {
            let apart = 40 + 30 * step;
            let points = json!([{ "x": 540 - apart, "y": 900, "id": 0 }, { "x": 540 + apart, "y": 900, "id": 1 }]);
            let kind = if step == 0 { "touchStart" } else { "touchMove" };
            browser.cdp("Input.dispatchTouchEvent", json!({ "type": kind, "touchPoints": points })).await;
        }
        browser.cdp("Input.dispatchTouchEvent", json!({ "type": "touchEnd", "touchPoints": [] })).await;
        tokio::time::sleep(Duration::from_millis(300)).await;
        assert_eq!(browser.js("return visualViewport.scale").await, 1, "{page}");
    }
    browser.close().await;
    hall.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn how_pages_look_is_kept_for_the_visit_only() {
    let hall = Hall::open().await;
    let browser = Browser::open(&hall.http).await;
    browser.go("/kiosk/km/check").await;
    browser.digits("1205").await;
    browser.press("button.look").await;
    for key in ["contrast", "low", "time"] {
        browser.press(&format!(".tile[value=look{key}]")).await;
    }
    browser.press(".choice .s2").await;
    let classes = "return document.documentElement.className";
    browser.press(".foot>:first-child").await;
    let shown = browser.js(classes).await.to_string();
    for class in ["contrast", "low", "double"] {
        assert!(shown.contains(class), "{shown}");
    }
    assert_eq!(browser.js("return document.querySelector('#visit [name=digits]').value").await, "1205");
    assert_eq!(browser.js("return document.body.dataset.idle").await, "120", "more time");
    // what the service worker fetches meanwhile neither ends the visit's look nor keeps it for others
    browser.js("return fetch('/kiosk', { headers: { 'x-keep': '1' } }).then(() => true)").await;
    browser.go("/kiosk/km/help").await;
    assert!(browser.js(classes).await.to_string().contains("contrast"));
    let kept = browser.js(STORED).await.to_string();
    assert!(!kept.contains("kiosk-22 contrast"), "a page with one visitor's look is kept");
    browser.go("/kiosk").await;
    browser.press(".lang").await;
    let shown = browser.js(classes).await.to_string();
    assert!(!shown.contains("contrast") && !shown.contains("double"), "{shown}");
    browser.close().await;
    hall.close().await;
}

/// Gives every page a clip, as if one had been recorded: a tone of eight seconds, made in the page. Scripts run after this.
const CLIP: &str = "
    document.addEventListener('readystatechange', () => {
      if (document.readyState !== 'interactive') return;
      const [rate, seconds] = [8000, 8], view = new DataView(new ArrayBuffer(44 + rate * seconds));
      const text = (at, word) => [...word].forEach((one, nth) => view.setUint8(at + nth, one.charCodeAt(0)));
      text(0, 'RIFF'); view.setUint32(4, 36 + rate * seconds, true); text(8, 'WAVEfmt ');
      view.setUint32(16, 16, true); view.setUint16(20, 1, true); view.setUint16(22, 1, true);
      view.setUint32(24, rate, true); view.setUint32(28, rate, true); view.setUint16(32, 1, true); view.setUint16(34, 8, true);
      text(36, 'data'); view.setUint32(40, rate * seconds, true);
      for (let at = 0; at < rate * seconds; at++) view.setUint8(44 + at, 128 + 40 * Math.sin(at / 3));
      const button = document.createElement('button');
      button.className = 'toggle look scripted';
      button.textContent = '♪';
      button.dataset.clip = URL.createObjectURL(new Blob([view], { type: 'audio/wav' }));
      document.querySelector('.top')?.append(button);
      const Real = Audio;
      window.Audio = function (address) { return window.spoken = new Real(address); };
    });";

/// A device with a voice for English, and one for Khmer that speaks elsewhere; what is spoken stands in `said`.
const VOICE: &str = "
    window.said = [];
    window.SpeechSynthesisUtterance = class { constructor(text) { this.text = text; } };
    Object.defineProperty(window, 'speechSynthesis', { value: Object.assign(new EventTarget(), {
      speaking: false,
      getVoices: () => [{ lang: 'km-KH', localService: false }, { lang: 'en_US', localService: true }],
      speak(words) { said.push(words); this.speaking = true; },
      cancel() { this.speaking = false; } }) });";

#[tokio::test(flavor = "multi_thread")]
async fn where_nothing_was_recorded_the_device_s_own_voice_speaks_and_none_from_elsewhere() {
    let hall = Hall::with("pairing = \"off\"").await;
    let browser = Browser::open(&hall.http).await;
    let offered = "return [...document.querySelectorAll('[data-say], [data-voice]')].map(one => !one.hidden)";
    browser.go("/kiosk/en/look").await;
    assert_eq!(browser.js(offered).await, json!([false, false]), "a device without a voice offers none");
    browser.cdp("Page.addScriptToEvaluateOnNewDocument", json!({ "source": VOICE })).await;
    browser.go("/kiosk/km/look").await;
    assert_eq!(browser.js(offered).await, json!([false, false]), "its voice for Khmer would send the words elsewhere");
    browser.go("/kiosk/en/look").await;
    browser
        .until(
            "the switch",
            "return [...document.querySelectorAll('[data-say], [data-voice]')].every(one => !one.hidden)",
        )
        .await;
    browser.press(".tile[value=looksound]").await;
    browser.go("/kiosk/en/help").await;
    browser.until("it to speak by itself", "return said.length > 0").await;
    let said = browser.js(
        "return [said.length, said[0].lang, said[0].volume, said[0].text.includes('Please'), speechSynthesis.speaking]",
    );
    assert_eq!(said.await, json!([1, "en", 0.7, true, true]));
    browser.tap("h1").await;
    assert_eq!(browser.js("return speechSynthesis.speaking").await, false, "it is silent at a touch");
    browser.go("/kiosk/en/check").await;
    browser.digits("120500260481937").await;
    browser.press(OK).await;
    browser.see(".verdict").await;
    assert_eq!(browser.js("return said.length").await, 0, "what concerns a visitor is not spoken");
    browser.close().await;
    hall.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn guidance_speaks_as_loud_as_is_wanted_and_stops_at_a_touch() {
    let hall = Hall::with("pairing = \"off\"\nidle_s = 5\nwarning_s = 5").await;
    let browser = Browser::open(&hall.http).await;
    browser.cdp("Page.setBypassCSP", json!({ "enabled": true })).await;
    browser.cdp("Page.addScriptToEvaluateOnNewDocument", json!({ "source": CLIP })).await;
    browser.go("/kiosk/en/look").await;
    assert_eq!(
        browser.js("return !window.spoken && !document.querySelector('[value=lookquiet]')").await,
        true,
        "silent"
    );
    // as where clips were recorded
    browser.js("document.querySelector('[data-voice]').hidden = false").await;
    browser.press(".tile[value=looksound]").await;
    browser.press("[value=lookquiet]").await;
    browser.go("/kiosk/en/help").await;
    browser.until("it to speak by itself", "return window.spoken?.currentTime > 0 && !spoken.paused").await;
    assert_eq!(browser.js("return spoken.volume").await, 0.35, "half of the kiosk's 70");
    // a visit does not end while it is spoken to
    tokio::time::sleep(Duration::from_millis(6_000)).await;
    assert_eq!(browser.js("return !spoken.paused && !document.querySelector('#idle[open]')").await, true);
    browser.tap("h1").await;
    browser.until("it to be silent at a touch", "return spoken.paused").await;
    browser.tap("[data-clip]").await;
    browser.until("it to begin again", "return !spoken.paused && spoken.currentTime < 4").await;
    browser.tap("[data-clip]").await;
    browser.until("it to be stopped", "return spoken.paused").await;
    // the next visitor finds it silent, and as loud as it was
    browser.go("/kiosk").await;
    browser.press(".lang").await;
    assert_eq!(browser.js("return [!window.spoken, document.body.dataset.volume]").await, json!([true, "70"]));
    browser.close().await;
    hall.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn when_the_portal_is_away_the_directory_stands_and_the_rest_says_so() {
    let mut hall = Hall::open().await;
    let browser = Browser::open(&hall.http).await;
    for page in ["services", "offices", "services?q=rent"] {
        browser.go(&format!("/kiosk/en/{page}")).await;
    }
    hall.portal.take().expect("it runs").stop().await;
    browser.go("/kiosk/en/services").await;
    browser.see(".tile[href*=\"/service/\"]").await;
    browser.go("/kiosk/en/check").await;
    browser.digits(&sample("051267").code).await;
    browser.press(OK).await;
    browser.read("cannot check just now").await;
    // once it is known to be away the directory says of when it is
    browser.go("/kiosk/en/services").await;
    browser.read("Information as of").await;
    browser.see(".tile[href*=\"/service/\"]").await;
    browser.close().await;
    hall.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn when_the_server_is_away_the_browser_answers_and_all_comes_back() {
    let mut hall = Hall::open().await;
    let browser = Browser::open(&hall.http).await;
    browser.go("/kiosk/km/home").await;
    let kept = "return caches.keys().then(names => names[0] ? caches.open(names[0]).then(cache => cache.keys()) : [])\
                .then(keys => keys.filter(one => one.url.includes('/service/')).length > 10 && keys.some(one => one.url.endsWith('/en/offices')))";
    browser.until("the directory to be kept", kept).await;
    hall.go_away();
    for page in ["km/services", "en/offices", "km/home", "en/help"] {
        browser.go(&format!("/kiosk/{page}")).await;
        browser.see(".off-line").await;
    }
    browser.go("/kiosk/en/services").await;
    browser.press(".tile[href*=\"/service/\"]").await;
    browser.see(".facts").await;
    // what needs the line says so
    browser.go("/kiosk/en/appointments").await;
    browser.read("not possible now").await;
    hall.come_back();
    browser.go("/kiosk/en/check").await;
    browser.digits(&sample("051267").code).await;
    browser.press(OK).await;
    browser.see(".verdict.good").await;
    // the same when only this browser's line is down
    let offline = |off: bool| json!({ "offline": off, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1 });
    browser.cdp("Network.enable", json!({})).await;
    browser.cdp("Network.emulateNetworkConditions", offline(true)).await;
    browser.until("the notice", "return document.documentElement.classList.contains('off')").await;
    browser.cdp("Network.emulateNetworkConditions", offline(false)).await;
    browser.until("the first page", "return location.pathname == '/kiosk'").await;
    browser.close().await;
    hall.close().await;
}

//! Visitors sign in with their telephone at a paired kiosk, and see what is their own. The telephone is a second Chromium, or a
//! form of its page that is sent.
use super::tour::OK;
use crate::support::{
    app,
    browser::{Browser, folder},
    forms::Visit,
    hall::{Hall, sample},
    program::client,
};
use serde_json::Value;
use std::time::{Duration, Instant};

/// Kiosks that let visitors sign in at the portal.
pub const BY_PORTAL: &str = "printers = [\"*\"]\n[kiosk.login]\nmode = \"portal\"";

const OFFICE: &str = "owso-1205";

/// Presses "Yes" on the telephone's page as this person, with these digits; `None`: "No".
pub async fn answer(hall: &Hall, agree: Option<(&str, &str)>) {
    let url = hall.portal().scan().expect("a sign-in that waits");
    let page = client().get(&url).send().await.expect("an answer").text().await.expect("a page");
    assert!(page.contains("CamDigiKey") && page.contains("OWSO Khan Dangkao"), "it names the office: {page}");
    let form = agree.map(|(who, check)| vec![("who", who), ("check", check)]).unwrap_or_default();
    let said = client().post(&url).form(&form).send().await.expect("an answer");
    assert_eq!(said.status(), 200);
}

/// The digits that a page shows.
pub fn check_of(page: &str) -> String {
    let at = page.split("class=\"check\"").nth(1).and_then(|rest| rest.split("<b>").nth(1));
    at.and_then(|rest| rest.split('<').next()).unwrap_or_else(|| panic!("no digits on {page}")).to_owned()
}

async fn at_a_kiosk(hall: &Hall) -> Visit {
    let (_, cookie) = hall.paired_device(OFFICE).await;
    Visit::at(hall, &cookie)
}

/// Signs in as this person: the page of what is theirs.
pub async fn sign_in(hall: &Hall, visit: &mut Visit, who: &str) {
    visit.press("mine", "begin", &[]).await;
    let check = check_of(&visit.text);
    answer(hall, Some((who, &check))).await;
    until(visit, "data-ends").await;
}

/// Asks again until the page holds this.
async fn until(visit: &mut Visit, what: &str) {
    let end = Instant::now() + Duration::from_secs(20);
    while !visit.text.contains(what) {
        assert!(Instant::now() < end, "waited for {what} in vain: {}", visit.text);
        tokio::time::sleep(Duration::from_millis(200)).await;
        visit.press("mine", "poll", &[]).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_signs_in_sees_what_is_theirs_whole_and_nothing_after_the_end() {
    let hall = Hall::with(BY_PORTAL).await;
    let mut visit = at_a_kiosk(&hall).await;
    sign_in(&hall, &mut visit, "dara").await;
    let (own, other) = (sample("047015"), sample("043251"));
    assert!(visit.text.contains(&format!("value=\"o{}\"", own.code)), "{}", visit.text);
    assert!(!visit.text.contains(&other.code));
    // their own is whole, without a PIN: with its steps so far
    visit.press("mine", &format!("o{}", own.code), &[]).await;
    assert!(visit.text.contains("class=\"trail\"") && !visit.text.contains("More with the PIN"), "{}", visit.text);
    assert!(visit.text.contains("data-idle=\"30\" data-warn=\"15\" data-ends="), "it closes sooner");
    // somebody else's is what anybody sees
    visit.press("mine", &format!("o{}", other.code), &[]).await;
    assert!(!visit.text.contains("class=\"trail\"") && visit.text.contains("More with the PIN"), "{}", visit.text);
    let held = visit.field("held");
    visit.press("mine", "list", &[]).await;
    assert!(visit.text.contains("value=\"more\""));
    visit.press("mine", "more", &[]).await;
    assert!(!visit.text.contains("value=\"more\""), "it is prolonged once");
    visit.press("mine", "out", &[]).await;
    // what an old page holds is good for nothing once the portal has ended it
    app::eventually(Duration::from_secs(5), || hall.portal().scan().is_none().then_some(())).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    visit.press("mine", "list", &[("held", &held)]).await;
    assert!(visit.text.contains("You are signed out"), "{}", visit.text);
    visit.press("check", "ok", &[("held", &held), ("digits", &own.code)]).await;
    assert!(visit.text.contains("You are signed out"), "{}", visit.text);
    hall.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fee_of_ones_own_private_service_is_paid_without_a_pin() {
    let hall = Hall::with(BY_PORTAL).await;
    let mut visit = at_a_kiosk(&hall).await;
    sign_in(&hall, &mut visit, "vuthy").await;
    // its service is private: without a factor not even the fee is told
    let due = sample("003342");
    visit.press("mine", &format!("o{}", due.code), &[]).await;
    visit.press("pay", "begin", &[]).await;
    assert!(visit.text.contains("Scan to pay"), "{}", visit.text);
    hall.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_no_wrong_digits_and_another_sign_in_end_one() {
    let hall = Hall::with(BY_PORTAL).await;
    let mut visit = at_a_kiosk(&hall).await;
    for agree in [None, Some(("dara", "xx"))] {
        visit.press("mine", "new", &[]).await;
        answer(&hall, agree).await;
        until(&mut visit, "The phone did not agree").await;
    }
    visit.press("mine", "new", &[]).await;
    let (first, check) = (visit.field("held"), check_of(&visit.text));
    answer(&hall, Some(("dara", &check))).await;
    // somebody else steps up before the page has asked: what the first one agreed to is shown to nobody
    visit.press("mine", "begin", &[("held", "")]).await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    visit.press("mine", "poll", &[("held", &first)]).await;
    assert!(visit.text.contains("This code has expired"), "{}", visit.text);
    hall.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_paired_kiosks_sign_anybody_in_and_a_sealed_page_opens_at_its_own_only() {
    let hall = Hall::with(&format!("pairing = \"off\"\n{BY_PORTAL}")).await;
    let mut open = Visit::new(&hall);
    open.press("mine", "begin", &[]).await;
    assert!(open.text.contains("Scanning is not possible here"), "{}", open.text);
    hall.close().await;
    let hall = Hall::with(BY_PORTAL).await;
    let (mut one, mut other) = (at_a_kiosk(&hall).await, at_a_kiosk(&hall).await);
    sign_in(&hall, &mut one, "sreymom").await;
    let held = one.field("held");
    assert_eq!(other.try_press("mine", "list", &[("held", &held)]).await, 410, "a page of another kiosk");
    // the time behind it is for the page only
    let (sealed, _) = held.split_once('.').expect("when it closes");
    one.press("mine", "list", &[("held", &format!("{sealed}.9999999999999"))]).await;
    assert!(one.text.contains("My applications"));
    let forged = std::env::var("CHRAK_FORGED").ok().and_then(|count| count.parse().ok()).unwrap_or(1_000);
    let mut accepted = 0;
    for nth in 0..forged {
        // one character of it is another
        let mut octets = sealed.as_bytes().to_vec();
        let at = nth * 7_919 % octets.len();
        octets[at] = if octets[at] == b'A' { b'B' } else { b'A' };
        let changed = String::from_utf8(octets).expect("ASCII");
        // the last character of base64 has bits that say nothing
        if at + 1 < sealed.len() {
            accepted += u32::from(one.try_press("mine", "list", &[("held", &changed)]).await != 410);
        }
    }
    println!("{forged} forged pages: {accepted} accepted");
    assert_eq!(accepted, 0);
    hall.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_portal_of_the_contracts_first_version_signs_nobody_in_and_the_tile_goes() {
    let hall = Hall::with(BY_PORTAL).await;
    let mut visit = at_a_kiosk(&hall).await;
    visit.press("home", "carry", &[]).await;
    assert!(visit.text.contains("/kiosk/en/mine"), "{}", visit.text);
    hall.portal().be_plain();
    visit.press("mine", "begin", &[]).await;
    assert!(visit.text.contains("Scanning is not possible here"), "{}", visit.text);
    visit.press("home", "carry", &[]).await;
    assert!(!visit.text.contains("/kiosk/en/mine"));
    hall.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_portal_is_away_and_what_was_begun_goes_on_when_it_is_back() {
    let mut hall = Hall::with(BY_PORTAL).await;
    let mut visit = at_a_kiosk(&hall).await;
    sign_in(&hall, &mut visit, "dara").await;
    hall.portal_goes().await;
    visit.press("mine", "list", &[]).await;
    assert!(visit.text.contains("They cannot be shown just now"), "{}", visit.text);
    visit.press("mine", "new", &[("held", "")]).await;
    assert!(visit.text.contains("Scanning is not possible now"), "{}", visit.text);
    hall.portal_comes().await;
    hall.close().await;
}

/// What a browser still has of a visit.
async fn left_behind(browser: &Browser) -> Value {
    browser
        .js("return caches.keys().then(names => Promise.all(names.map(name => caches.open(name).then(one => one.keys())))) \
             .then(all => ({ text: document.documentElement.outerHTML, stored: Object.keys(localStorage).concat(Object.keys(sessionStorage)), \
             cached: all.flat().map(one => one.url), cookies: document.cookie }))")
        .await
}

/// On the first page: nothing of a visit in the page, in storage or in the cache, and back leads nowhere.
async fn nothing_is_left(kiosk: &Browser) {
    let left = left_behind(kiosk).await;
    let text = left["text"].as_str().expect("a page");
    assert!(!text.contains("name=\"held\"") && !text.contains("120500"), "{text}");
    assert_eq!((&left["stored"], &left["cookies"]), (&serde_json::json!([]), &serde_json::json!("")));
    assert!(!left["cached"].to_string().contains("mine"), "{left}");
    kiosk.js("history.back(); return 1").await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    kiosk.until("the first page", "return location.pathname === '/kiosk' && !document.querySelector('.own')").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_telephone_is_held_before_the_kiosk_and_nothing_is_left_behind() {
    let hall = Hall::with(BY_PORTAL).await;
    let kiosk = Browser::open(&hall.http).await;
    kiosk.go("/kiosk").await;
    hall.pair(&kiosk, OFFICE).await;
    let shots = folder("kiosk-screens");
    let mut took = Vec::new();
    for (lang, who) in [("km", "dara"), ("en", "sreymom")] {
        kiosk.go(&format!("/kiosk/{lang}/home")).await;
        kiosk.shot(&shots.join(format!("sign-in-{lang}-home.png"))).await;
        kiosk.press("button[formaction$=\"/mine\"]").await;
        kiosk.see(".scan .qr").await;
        // 45 mm: a millimetre of a 22" screen is 3.9 pixels of 1080
        let width = kiosk.js("const box = document.querySelector('.scan .qr svg').getBoundingClientRect(), mm = parseFloat(getComputedStyle(document.documentElement).getPropertyValue('--mm')); return [box.width, mm]").await;
        let (wide, mm) = (width[0].as_f64().expect("pixels"), width[1].as_f64().expect("pixels of a millimetre"));
        assert!(wide >= 45.0 * mm, "the code is {:.1} mm wide", wide / mm);
        kiosk.shot(&shots.join(format!("sign-in-{lang}-scan.png"))).await;
        let check = kiosk.js("return document.querySelector('.check b').textContent").await;
        let url = hall.portal().scan().expect("a sign-in that waits");
        let (base, path) = url.split_at(url.find("/sandbox").expect("its page"));
        let phone = Browser::beside(base).await;
        phone.screen(390, 844).await;
        phone.go(path).await;
        phone.shot(&shots.join(format!("sign-in-{lang}-phone.png"))).await;
        phone.tap(&format!("input[value={who}]")).await;
        phone.tap(&format!("input[name=check][value=\"{}\"]", check.as_str().expect("digits"))).await;
        let agreed = Instant::now();
        phone.press("form button:not(.no)").await;
        kiosk.see(".own .tile").await;
        took.push(agreed.elapsed());
        phone.close().await;
        kiosk.shot(&shots.join(format!("sign-in-{lang}-own.png"))).await;
        assert_eq!(kiosk.js("return document.body.dataset.idle + ' ' + document.body.dataset.warn").await, "30 15");
        kiosk.press(".own .tile").await;
        kiosk.see(".verdict").await;
        kiosk.press(".foot>:first-child").await;
        kiosk.see(".own .tile").await;
        let address = kiosk.js("return location.href").await;
        assert!(address.as_str().is_some_and(|address| address.ends_with("/mine")), "{address}");
        kiosk.press(".own .actions .go:not(.quiet)").await;
        kiosk.until("the first page", "return location.pathname === '/kiosk'").await;
        nothing_is_left(&kiosk).await;
    }
    println!("from consent on the telephone to the list: {took:?}; the interval is 2 s");
    assert!(took.iter().all(|took| *took <= Duration::from_millis(2_300)), "{took:?}");
    kiosk.close().await;
    hall.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn silence_signs_out_and_so_does_the_code_pad_without_a_telephone() {
    let hall = Hall::with(BY_PORTAL).await;
    let kiosk = Browser::open(&hall.http).await;
    kiosk.go("/kiosk").await;
    hall.pair(&kiosk, OFFICE).await;
    kiosk.go("/kiosk/en/home").await;
    kiosk.press("button[formaction$=\"/mine\"]").await;
    // without a telephone it goes on with the code of a receipt
    kiosk.press(".scan .quiet").await;
    kiosk.digits(&sample("051267").code).await;
    kiosk.press(OK).await;
    kiosk.see(".verdict.good").await;
    kiosk.go("/kiosk/en/home").await;
    kiosk.press("button[formaction$=\"/mine\"]").await;
    let check = kiosk.js("return document.querySelector('.check b').textContent").await;
    answer(&hall, Some(("dara", check.as_str().expect("digits")))).await;
    kiosk.see(".own .tile").await;
    let held = kiosk.js("return document.querySelector('[name=held]').value").await;
    // 45 seconds of silence, at once
    kiosk
        .js("const begun = performance.now.bind(performance); performance.now = () => begun() + 46000; return 1")
        .await;
    kiosk.until("the first page", "return location.pathname === '/kiosk'").await;
    nothing_is_left(&kiosk).await;
    let form = [("held", held.as_str().expect("a visit").to_owned()), ("key", "list".to_owned())];
    let cookie = kiosk.driver.get_all_cookies().await.expect("cookies");
    let cookie: Vec<String> = cookie.iter().map(|one| format!("{}={}", one.name, one.value)).collect();
    tokio::time::sleep(Duration::from_millis(500)).await;
    let post = client().post(format!("{}/kiosk/en/mine", hall.http)).header("cookie", cookie.join("; ")).form(&form);
    let page = post.send().await.expect("an answer").text().await.expect("a page");
    assert!(page.contains("You are signed out"), "{page}");
    kiosk.close().await;
    hall.close().await;
}

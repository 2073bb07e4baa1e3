//! The national portal's content: every door leads somewhere, a portal without it has no door, home is seen at once, and a
//! service's sheet leads on to its booking.
use crate::support::{browser::Browser, hall::Hall, program::client};
use std::collections::{BTreeSet, VecDeque};

/// Profile, width and height: an upright screen, one that lies across, a tablet both ways.
const SCREENS: [(&str, u32, u32); 6] = [
    ("kiosk-22", 1080, 1920),
    ("kiosk-22", 1920, 1080),
    ("tablet-10", 1280, 800),
    ("tablet-10", 800, 1280),
    ("tablet-8", 1280, 800),
    ("tablet-8", 800, 1280),
];
const PROFILES: &str = "tablet-8 tablet-10 kiosk-22 kiosk-32 kiosk-43";

async fn page(hall: &Hall, path: &str) -> (u16, String) {
    let answer = client().get(format!("{}{path}", hall.http)).send().await.expect("an answer");
    (answer.status().as_u16(), answer.text().await.expect("a page"))
}

/// Where the tiles and tabs of a page lead.
fn doors(page: &str) -> Vec<String> {
    let main = page.split("<main").nth(1).and_then(|rest| rest.split("</main>").next()).unwrap_or_default();
    main.split("href=\"")
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .filter(|href| href.starts_with("/kiosk/"))
        .map(|href| href.replace("&amp;", "&").replace("&#38;", "&"))
        .collect()
}

/// Opens every door from home on, to this depth; what was opened.
async fn walk(hall: &Hall, lang: &str, depth: usize) -> BTreeSet<String> {
    let mut seen = BTreeSet::new();
    let mut todo = VecDeque::from([(format!("/kiosk/{lang}/home"), 0)]);
    while let Some((path, far)) = todo.pop_front() {
        if !seen.insert(path.clone()) {
            continue;
        }
        let (status, text) = page(hall, &path).await;
        assert_eq!(status, 200, "{path} is a dead door");
        assert!(!text.contains("<main class=\"page \">"), "{path}: a page of no kind");
        if far < depth {
            todo.extend(doors(&text).into_iter().map(|door| (door, far + 1)));
        }
    }
    seen
}

#[tokio::test(flavor = "multi_thread")]
async fn every_door_leads_somewhere_in_both_languages() {
    let hall = Hall::open().await;
    for lang in ["km", "en"] {
        let seen = walk(&hall, lang, 3).await;
        for door in [
            "services?for=citizen",
            "services?for=visitor",
            "kingdom",
            "window",
            "holidays",
            "page/emergency",
            "page/ombudsman",
            "page/app-camdigikey",
            "guide/house",
            "services?tab=all",
            "services?about=water-supply",
            "services?of=moc",
            "services?in=licences",
        ] {
            assert!(seen.contains(&format!("/kiosk/{lang}/{door}")), "{lang}: nothing leads to {door}");
        }
        assert!(seen.len() > 120, "{lang}: {}", seen.len());
    }
    hall.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_portal_that_has_none_of_it_shows_no_dead_door() {
    let mut hall = Hall::open().await;
    hall.go_away();
    hall.portal().be_plain();
    hall.come_back();
    for lang in ["km", "en"] {
        let seen = walk(&hall, lang, 2).await;
        for gone in ["/kingdom", "/window", "/holidays", "/page/", "tab=group", "?in="] {
            assert!(!seen.iter().any(|door| door.contains(gone)), "{lang}: a door to {gone}");
        }
        assert!(seen.contains(&format!("/kiosk/{lang}/services?for=citizen")), "what it has is there");
        for path in ["kingdom", "window", "holidays", "page/law-18"] {
            assert_eq!(page(&hall, &format!("/kiosk/{lang}/{path}")).await.0, 404, "{path}");
        }
    }
    hall.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn home_is_seen_at_once_and_the_services_on_two_screens() {
    let hall = Hall::with("pairing = \"required\"").await;
    let browser = Browser::open(&hall.http).await;
    browser.go("/kiosk").await;
    hall.pair(&browser, "owso-1205").await;
    let mut wrong = Vec::new();
    for lang in ["km", "en"] {
        for (path, most) in
            [("home", 1.0), ("services", 2.0), ("services?tab=ministry", 2.0), ("services?tab=group", 2.0)]
        {
            browser.go(&format!("/kiosk/{lang}/{path}")).await;
            for (profile, width, height) in SCREENS {
                browser.screen(width, height).await;
                let dress = format!(
                    "const list = document.documentElement.classList; list.remove(...{PROFILES:?}.split(' ')); list.add({profile:?})"
                );
                browser.js(&dress).await;
                let screens = browser.js("return document.documentElement.scrollHeight / innerHeight").await;
                let screens = screens.as_f64().expect("a number");
                println!("{lang} {path} {profile} {width}x{height}: {screens:.2} screens");
                if screens > most + 0.001 && (path == "home" || !profile.contains("tablet-8")) {
                    wrong.push(format!("{lang} {path} {profile} {width}x{height}: {screens:.2} screens"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    browser.close().await;
    hall.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_books_from_a_sheet_is_not_asked_for_the_service() {
    let hall = Hall::with("pairing = \"required\"").await;
    let browser = Browser::open(&hall.http).await;
    browser.go("/kiosk").await;
    hall.pair(&browser, "owso-1205").await;
    for (lang, day, place) in [("km", "ថ្ងៃណា?", "លោកអ្នកចង់ទៅកន្លែងណា?"), ("en", "Which day?", "Where do you want to go?")]
    {
        // offered here: the day is next, at this office
        browser.go(&format!("/kiosk/{lang}/service/1002")).await;
        let first = browser.js("return document.querySelector('.many .tile').getAttribute('href')").await;
        assert!(first.as_str().is_some_and(|href| href.ends_with("/office/owso-1205")), "{first}: not the nearest");
        browser.press("[name=key][value=brental-room-licence]").await;
        assert_eq!(browser.js("return document.querySelector('h1').textContent").await, day);
        // back leads to where else it is offered
        browser.press(".foot>:first-child").await;
        assert_eq!(browser.js("return document.querySelector('h1').textContent").await, place);
        // offered elsewhere only: the place is next, then the day
        browser.go(&format!("/kiosk/{lang}/service/3008")).await;
        browser.press("[name=key][value=bpassport]").await;
        for _ in 0..4 {
            if browser.js("return document.querySelector('h1').textContent").await == day {
                break;
            }
            browser.press(".tile[value=n1]").await;
        }
        assert_eq!(browser.js("return document.querySelector('h1').textContent").await, day);
    }
    browser.close().await;
    hall.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_says_what_was_meant_and_how_many_there_are_in_the_page_s_language() {
    let hall = Hall::open().await;
    for (path, says) in [
        ("/kiosk/en/services?q=idcard", &["Did you mean", "identity card", "Services 3"][..]),
        ("/kiosk/en/services?q=motor+licence", &["Did you mean", "driving licence", "New driving licence"]),
        ("/kiosk/en/services?q=birth+paper", &["Did you mean", "birth certificate"]),
        ("/kiosk/en/services?q=passport", &["Services 1", "Offices 1"]),
        ("/kiosk/km/services?q=passport", &["សេវា ១", "លិខិតឆ្លងដែន"]),
        ("/kiosk/km/services?q=%20", &["សូមវាយពាក្យ"]),
        ("/kiosk/en/services?q=", &["Please type a word"]),
        ("/kiosk/km/services?q=qqqqqq", &["រកមិនឃើញទេ"]),
        ("/kiosk/en/service/3008", &["Sample data"]),
        ("/kiosk/km/service/3008", &["ទិន្នន័យគំរូ"]),
        ("/kiosk/en/page/app-bakong", &["Scan with a telephone to open bakong.nbc.gov.kh", "<path"]),
        ("/kiosk/km/page/law-18", &["១៨ ANKr.BK", "លេខ"]),
    ] {
        let (status, text) = page(&hall, path).await;
        assert_eq!(status, 200, "{path}");
        for words in says {
            assert!(text.contains(words), "{path} does not say {words}");
        }
    }
    let (_, real) = page(&hall, "/kiosk/en/service/1001").await;
    assert!(!real.contains("Sample data"), "what was published is no sample");
    hall.close().await;
}

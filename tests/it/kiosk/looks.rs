//! How the pages look, in both languages: nothing that axe-core objects to, nothing that does not fit, nothing too small
//! for a finger, and a picture of each for people.
use super::{
    sheets::Sheets,
    sign_ins::BY_PORTAL,
    tour::{Look, Tour},
};
use crate::support::{
    browser::{Browser, folder},
    hall::Hall,
};
use serde_json::{Value, json};
use std::path::PathBuf;

/// Profile, width and height of the screens on which everything must fit.
const SCREENS: [(&str, u32, u32); 6] = [
    ("tablet-8", 800, 1280),
    ("tablet-8", 1280, 800),
    ("tablet-10", 1280, 800),
    ("kiosk-22", 1080, 1920),
    ("kiosk-22", 1920, 1080),
    ("kiosk-43", 1080, 1920),
];
const SIZES: [&str; 3] = ["", "large", "double"];
const PROFILES: &str = "tablet-8 tablet-10 kiosk-22 kiosk-32 kiosk-43 large double contrast";

/// What reaches out of the page, and what overlaps it at the side.
const OVERFLOW: &str = "
    const wide = document.documentElement.scrollWidth - innerWidth;
    const out = [...document.querySelectorAll('body *')].filter(one => {
      const box = one.getBoundingClientRect();
      return one.checkVisibility() && box.width > 0 && (box.right > innerWidth + 1 || box.left < -1);
    });
    return wide > 0 || out.length ? `${wide} px: ` + out.slice(0, 3).map(one => one.outerHTML.slice(0, 140)).join(' | ') : '';";

/// What is to be touched and is smaller than 20 mm, and keys of the keyboard below 9 mm.
const SMALL: &str = "
    const mm = parseFloat(getComputedStyle(document.documentElement).getPropertyValue('--mm'));
    const small = (css, least) => [...document.querySelectorAll(css)].filter(one => {
      const box = one.getBoundingClientRect();
      return one.checkVisibility() && (box.height < least * mm - 1 || box.width < least * mm - 1);
    }).map(one => `${one.className} ${one.offsetWidth}x${one.offsetHeight}`);
    return [...small('.go,.key,.tile,.lang,.foot>*', 20), ...small('.cap', 9)].slice(0, 4).join(', ');";

/// Whether the keys of a pad, the languages, or all that a kiosk tells before anybody touches it (its digits, that it is
/// closed) cannot be reached without moving the page, where no notice stands above them.
const HIDDEN: &str = "
    const keys = document.querySelector('.pad,.langs,.gate-told'), foot = document.querySelector('.foot')?.getBoundingClientRect();
    if (!keys || document.querySelector('.enter .notice, .correcting')) return false;
    return keys.getBoundingClientRect().bottom > (foot?.top > 0 ? foot.top : innerHeight);";

struct Judge {
    lang: &'static str,
    axe: String,
    shots: PathBuf,
    sheets: Sheets,
    seen: Vec<String>,
    wrong: Vec<String>,
}

impl Judge {
    fn new(lang: &'static str) -> Self {
        let path = "tests/node/node_modules/axe-core/axe.min.js";
        let axe = std::fs::read_to_string(path)
            .unwrap_or_else(|_| panic!("{path} is missing; bring it with: (cd tests/node && npm ci)"));
        let (shots, sheets) = (folder("kiosk-screens"), Sheets::new(lang));
        Judge { lang, axe, shots, sheets, seen: Vec::new(), wrong: Vec::new() }
    }

    async fn dress(browser: &Browser, classes: &str) {
        let script = format!(
            "const list = document.documentElement.classList; list.remove(...{PROFILES:?}.split(' ')); \
             list.add(...{classes:?}.split(' ').filter(Boolean)); dispatchEvent(new Event('pointerdown'))"
        );
        browser.js(&script).await;
    }

    async fn fits(&mut self, browser: &Browser, page: &str) {
        for (profile, width, height) in SCREENS {
            browser.screen(width, height).await;
            for size in SIZES {
                Self::dress(browser, &format!("{profile} {size}")).await;
                let wide = browser.js(OVERFLOW).await;
                if wide != "" {
                    self.wrong.push(format!("{} {page}: {profile} {width}x{height} {size}: {wide}", self.lang));
                }
                self.sheets.add(browser, page, (profile, width, height), size).await;
            }
            Self::dress(browser, profile).await;
            let small = browser.js(SMALL).await;
            if small != "" {
                self.wrong.push(format!("{} {page}: {profile} {width}x{height}: too small: {small}", self.lang));
            }
            if profile == "tablet-10" {
                browser.shot(&self.shots.join(format!("{}-{page}-across.png", self.lang))).await;
            }
            if browser.js(HIDDEN).await == true {
                self.wrong.push(format!("{} {page}: {profile} {width}x{height}: keys below the edge", self.lang));
            }
        }
        browser.screen(1080, 1920).await;
    }

    /// On 80 mm paper and on A4: nothing cut off, no buttons, black on white.
    async fn prints(&mut self, browser: &Browser, page: &str) {
        if browser.js("return !document.querySelector('[data-print]')").await == true {
            return;
        }
        Self::dress(browser, "kiosk-22 double contrast").await;
        browser.cdp("Emulation.setEmulatedMedia", json!({ "media": "print" })).await;
        for (paper, width) in [("80 mm", 272), ("A4", 763)] {
            browser.screen(width, 1000).await;
            let wide = browser.js(OVERFLOW).await;
            let buttons = browser.js("return [...document.querySelectorAll('button,nav,dialog')].filter(one => one.checkVisibility()).length").await;
            if wide != "" || buttons != 0 {
                self.wrong.push(format!("{} {page} on {paper}: {wide}, {buttons} buttons", self.lang));
            }
            if width == 272 {
                browser.shot(&self.shots.join(format!("{}-{page}-print.png", self.lang))).await;
            }
        }
        browser.cdp("Emulation.setEmulatedMedia", json!({ "media": "" })).await;
        browser.screen(1080, 1920).await;
    }

    async fn accessible(&mut self, browser: &Browser, page: &str) {
        browser.js(&format!("if (!window.axe) {{ {} }}", self.axe)).await;
        for mode in ["", "contrast"] {
            Self::dress(browser, &format!("kiosk-22 {mode}")).await;
            let run = "return axe.run(document, { resultTypes: ['violations'] }).then(found => found.violations.map(one => \
                       `${one.id}: ${one.help}: ${one.nodes.map(node => node.html + ' ' + node.failureSummary).join(' | ')}`.slice(0, 500)))";
            let Value::Array(found) = browser.js(run).await else { panic!("axe said nothing about {page}") };
            self.wrong.extend(found.iter().map(|one| format!("{} {page} {mode}: axe {one}", self.lang)));
        }
    }
}

impl Look for Judge {
    async fn at(&mut self, browser: &Browser, page: &str) {
        if self.seen.iter().any(|seen| seen == page) {
            return;
        }
        println!("{} {page}", self.lang);
        self.seen.push(page.to_owned());
        let classes = browser.js("return document.documentElement.className").await;
        browser.shot(&self.shots.join(format!("{}-{page}.png", self.lang))).await;
        self.fits(browser, page).await;
        self.prints(browser, page).await;
        self.accessible(browser, page).await;
        let script = format!("document.documentElement.className = {classes}");
        browser.js(&script).await;
    }
}

async fn judge(lang: &'static str, number: &str) {
    let hall = Hall::with("pairing = \"off\"\nstaff_pin = \"482913\"").await;
    let browser = Browser::open(&hall.http).await;
    let mut tour = Tour { browser: &browser, hall: &hall, lang, number, look: Judge::new(lang) };
    tour.walk().await;
    let look = tour.look;
    browser.close().await;
    hall.close().await;

    let hall = Hall::with("staff_pin = \"482913\"").await;
    let browser = Browser::open(&hall.http).await;
    let mut tour = Tour { browser: &browser, hall: &hall, lang, number, look };
    tour.device("owso-1205").await;
    println!("{lang}: {} pages", tour.look.seen.len());
    tour.look.sheets.write(&browser).await;
    assert!(tour.look.seen.len() >= 40, "{:?}", tour.look.seen);
    assert!(tour.look.wrong.is_empty(), "{} faults\n{}", tour.look.wrong.len(), tour.look.wrong.join("\n"));
    browser.close().await;
    hall.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_fits_and_is_accessible_in_khmer() {
    judge("km", "010234511").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_fits_and_is_accessible_in_english() {
    judge("en", "010234512").await;
}

/// The same for the pages of whoever signs in, at a paired kiosk.
async fn judge_signing_in(lang: &'static str, who: &str) {
    let hall = Hall::with(BY_PORTAL).await;
    let browser = Browser::open(&hall.http).await;
    browser.go("/kiosk").await;
    hall.pair(&browser, "owso-1205").await;
    let mut tour = Tour { browser: &browser, hall: &hall, lang, number: "", look: Judge::new(lang) };
    tour.sign_in(who).await;
    tour.look.sheets.write(&browser).await;
    assert_eq!(tour.look.seen.len(), 8, "{:?}", tour.look.seen);
    assert!(tour.look.wrong.is_empty(), "{} faults\n{}", tour.look.wrong.len(), tour.look.wrong.join("\n"));
    browser.close().await;
    hall.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_of_signing_in_fits_and_is_accessible_in_khmer() {
    judge_signing_in("km", "vuthy").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_of_signing_in_fits_and_is_accessible_in_english() {
    judge_signing_in("en", "vuthy").await;
}

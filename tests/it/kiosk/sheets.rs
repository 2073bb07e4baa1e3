//! Contact sheets: every page of the kiosk side by side, so that people can look at all of them at once. Each run writes that of
//! one screen; `tests/sheets` sets `CHRAK_SHEETS` and gets those of four screens, with usual and with very large text.
use crate::support::browser::{Browser, folder};
use std::{collections::BTreeMap, fmt::Write, fs, path::PathBuf};

/// Profile, width, height and text of each sheet; the first is always written.
const SHEETS: [(&str, u32, u32, &str); 8] = [
    ("tablet-8", 800, 1280, ""),
    ("tablet-8", 800, 1280, "double"),
    ("tablet-10", 1280, 800, ""),
    ("tablet-10", 1280, 800, "double"),
    ("kiosk-22", 1080, 1920, ""),
    ("kiosk-22", 1080, 1920, "double"),
    ("kiosk-22", 1920, 1080, ""),
    ("kiosk-22", 1920, 1080, "double"),
];
/// Width of a page on a sheet, and pages side by side.
const SMALL: u32 = 240;
const SIDE_BY_SIDE: u32 = 8;

/// The pages that were seen so far.
pub struct Sheets {
    lang: &'static str,
    folder: PathBuf,
    wanted: usize,
    /// Names of pages by sheet, in the order in which they were seen.
    pages: BTreeMap<usize, Vec<String>>,
}

impl Sheets {
    pub fn new(lang: &'static str) -> Self {
        let wanted = std::env::var_os("CHRAK_SHEETS");
        let folder = wanted.as_ref().map_or_else(|| folder("kiosk-sheets"), PathBuf::from);
        fs::create_dir_all(folder.join("pages")).expect("a folder for contact sheets");
        Sheets { lang, folder, wanted: if wanted.is_some() { SHEETS.len() } else { 1 }, pages: BTreeMap::new() }
    }

    fn picture(&self, at: usize, page: &str) -> String {
        let (_, width, height, text) = SHEETS[at];
        format!("pages/{}-{width}x{height}{text}-{page}.png", self.lang)
    }

    /// Takes a picture of the page as it is now, when it belongs on a sheet.
    pub async fn add(&mut self, browser: &Browser, page: &str, screen: (&str, u32, u32), text: &str) {
        let of = (screen.0, screen.1, screen.2, text);
        let Some(at) = SHEETS[..self.wanted].iter().position(|sheet| *sheet == of) else { return };
        browser.shot(&self.folder.join(self.picture(at, page))).await;
        self.pages.entry(at).or_default().push(page.to_owned());
    }

    /// Writes the sheets; the browser shows one of them then.
    pub async fn write(&self, browser: &Browser) {
        for (at, pages) in &self.pages {
            let (_, width, height, text) = SHEETS[*at];
            let mut html = format!(
                "<!doctype html><style>body{{margin:8px;background:#777;font:11px sans-serif;color:#fff;display:grid;\
                 gap:8px;grid-template-columns:repeat({SIDE_BY_SIDE},{SMALL}px)}}img{{width:100%;display:block}}</style>"
            );
            for page in pages {
                let _ = write!(html, "<div>{page}<img src=\"{}\"></div>", self.picture(*at, page));
            }
            let name = format!("{}-{width}x{height}{}{text}", self.lang, if text.is_empty() { "" } else { "-" });
            let file = self.folder.join(format!("{name}.html"));
            fs::write(&file, html).expect("a contact sheet");
            let wide = SIDE_BY_SIDE * (SMALL + 8) + 8;
            browser.screen(wide, 800).await;
            browser.file(&file).await;
            browser.until("all pictures", "return [...document.images].every(one => one.complete)").await;
            let shown = browser.js("return [...document.images].filter(one => one.naturalWidth > 0).length").await;
            assert_eq!(shown.as_u64(), Some(pages.len() as u64), "a page is not on {name}");
            let high = browser.js("return document.documentElement.scrollHeight").await.as_u64().expect("a height");
            browser.screen(wide, u32::try_from(high).expect("a height")).await;
            let sheet = self.folder.join(format!("{name}.png"));
            browser.shot(&sheet).await;
            println!("contact sheet: {}", sheet.display());
        }
    }
}

//! Whose screen it is: the authority's name, emblem and colour, and the office at which a kiosk stands. It must not know a page.
use super::{backend::Backend, texts::Lang};
use crate::{
    types::{
        civic::{Localized, Office},
        lock,
    },
    web::assets,
};
use axum::{
    body::Body,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};

/// How long a page waits for the name of its office, which it can do without.
const PATIENCE: Duration = Duration::from_millis(150);

/// What an operator said of whose screen this is, from `[kiosk]`.
#[derive(Clone, Debug, Default)]
pub struct Authority {
    /// Its name.
    pub name: Option<Localized>,
    /// Its emblem, as SVG that was looked at ([`check_emblem`]).
    pub emblem: Option<Bytes>,
    /// Its colour.
    pub colour: Option<Colour>,
}

/// A colour that white text can be read on, and that can be read on white: at least 7:1 (WCAG 2.2, 1.4.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Colour([u8; 3]);

impl Colour {
    /// From `#rrggbb`.
    ///
    /// # Errors
    /// What is wrong with it, for who wrote it.
    pub fn new(text: &str) -> Result<Self, String> {
        let digits =
            text.strip_prefix('#').filter(|hex| hex.len() == 6 && hex.bytes().all(|one| one.is_ascii_hexdigit()));
        let number = digits.and_then(|hex| u32::from_str_radix(hex, 16).ok());
        let [_, rgb @ ..] = number.ok_or_else(|| format!("\"{text}\" is no colour such as \"#16335b\""))?.to_be_bytes();
        let contrast = Colour(rgb).contrast_with_white();
        if contrast < 7.0 {
            return Err(format!(
                "\"{text}\" is too light: white letters on it have a contrast of {contrast:.1} to 1, and 7 are needed"
            ));
        }
        Ok(Colour(rgb))
    }

    /// WCAG 2.2: (L1 + 0.05) / (L2 + 0.05) of relative luminances.
    fn contrast_with_white(self) -> f64 {
        let [red, green, blue] = self.0.map(|part| {
            let part = f64::from(part) / 255.0;
            if part <= 0.04045 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
        });
        1.05 / (0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05)
    }

    /// A little lighter, for what lies on it or is pressed.
    fn lighter(self) -> Self {
        Colour(self.0.map(|part| part + (255 - part) / 8))
    }

    fn written(self) -> String {
        let [red, green, blue] = self.0;
        format!("#{red:02x}{green:02x}{blue:02x}")
    }
}

/// Largest emblem, in octets: it goes over the line of every kiosk once.
pub const EMBLEM_MAX: usize = 64 * 1024;

/// Whether these octets are an emblem that can be shown. Browsers run no script and fetch nothing for a picture, so that what
/// needs either would show half of itself.
///
/// # Errors
/// Why they are none, for who named the file.
pub fn check_emblem(octets: &[u8]) -> Result<(), String> {
    if octets.len() > EMBLEM_MAX {
        return Err(format!("is larger than {} KiB", EMBLEM_MAX / 1024));
    }
    let text = std::str::from_utf8(octets).map_err(|_| "is not SVG in UTF-8".to_owned())?.to_ascii_lowercase();
    let (_, root) = text.split_once("<svg").ok_or_else(|| "is not SVG: it has no <svg>".to_owned())?;
    if !root.trim_end().ends_with("</svg>") {
        return Err("is cut off: it does not end with </svg>".to_owned());
    }
    let forbidden = ["<script", "<foreignobject", "<!entity", "<iframe", "javascript:", "@import"];
    if let Some(found) = forbidden.iter().find(|found| text.contains(**found)) {
        return Err(format!("holds \"{found}\", which a picture must not"));
    }
    let elsewhere = |mark: &str| {
        root.split(mark).skip(1).any(|rest| {
            let to = rest.trim_start_matches(['"', '\'', ' ']);
            !(to.starts_with('#') || to.starts_with("data:image/"))
        })
    };
    match ["href=", "url("].iter().any(|mark| elsewhere(mark)) {
        true => Err("names another file: draw everything in it".to_owned()),
        false => Ok(()),
    }
}

/// What pages show of it. Cheap to clone.
#[derive(Clone)]
pub struct Signs(Arc<Inner>);

struct Inner {
    name: Option<Localized>,
    emblem: Option<Shown>,
    sheet: Option<Shown>,
    /// Offices by what was last heard of them: a page shows their names also while nobody can be asked.
    offices: Mutex<HashMap<String, Arc<Office>>>,
}

/// Something under an address that changes with its content.
struct Shown {
    address: String,
    octets: Bytes,
}

impl Shown {
    fn new(name: &str, octets: Bytes) -> Self {
        Shown { address: format!("/a/{}/authority/{name}", assets::hash(&octets)), octets }
    }
}

impl Signs {
    /// Of this authority.
    pub fn new(authority: Authority) -> Self {
        let sheet = authority.colour.map(|colour| {
            let (usual, lighter) = (colour.written(), colour.lighter().written());
            Bytes::from(format!("@layer tokens{{:root{{--blue:{usual};--blue-2:{lighter}}}}}"))
        });
        Signs(Arc::new(Inner {
            name: authority.name,
            emblem: authority.emblem.map(|octets| Shown::new("emblem.svg", octets)),
            sheet: sheet.map(|octets| Shown::new("colour.css", octets)),
            offices: Mutex::default(),
        }))
    }

    /// The authority's name.
    pub fn name(&self, lang: Lang) -> Option<&str> {
        self.0.name.as_ref().map(|name| name.get(lang.language()))
    }

    /// Its name in both languages.
    pub fn both(&self) -> Option<&Localized> {
        self.0.name.as_ref()
    }

    /// Where its emblem is.
    pub fn emblem(&self) -> Option<&str> {
        self.0.emblem.as_ref().map(|shown| shown.address.as_str())
    }

    /// Where the sheet with its colour is.
    pub fn sheet(&self) -> Option<&str> {
        self.0.sheet.as_ref().map(|shown| shown.address.as_str())
    }

    /// What a device keeps for when the line is down.
    pub fn addresses(&self) -> impl Iterator<Item = &str> {
        [self.emblem(), self.sheet()].into_iter().flatten()
    }

    /// The office with this identifier, as it was last heard of: nobody waits for it.
    pub async fn office(&self, backend: &Backend, id: &str) -> Option<Arc<Office>> {
        if let Ok(Some(office)) = tokio::time::timeout(PATIENCE, backend.office(id)).await {
            lock(&self.0.offices).insert(id.to_owned(), office);
        }
        lock(&self.0.offices).get(id).cloned()
    }

    /// `GET /a/{hash}/authority/{name}`.
    pub fn serve(&self, name: &str) -> Response {
        let (shown, kind) = match name {
            "emblem.svg" => (&self.0.emblem, "image/svg+xml"),
            "colour.css" => (&self.0.sheet, "text/css; charset=utf-8"),
            _ => (&None, ""),
        };
        let Some(shown) = shown else { return StatusCode::NOT_FOUND.into_response() };
        let mut answer = Response::new(Body::from(shown.octets.clone()));
        answer.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
        answer.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static(assets::FOR_EVER));
        answer
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_colour_is_taken_when_letters_can_be_read_on_it() {
        // contrast with white after WCAG 2.2: #595959 7.0, #16335b 12.6, #767676 4.54, #ffffff 1
        for good in ["#16335b", "#595959", "#000000", "#7A1F1F"] {
            assert!(Colour::new(good).is_ok(), "{good}");
        }
        for (wrong, why) in [
            ("#767676", "contrast of 4.5 to 1"),
            ("#ffffff", "contrast of 1.0 to 1"),
            ("#ffd54a", "too light"),
            ("blue", "is no colour"),
            ("16335b", "is no colour"),
            ("#16335", "is no colour"),
            ("#16335bff", "is no colour"),
            ("#+1335b", "is no colour"),
        ] {
            let said = Colour::new(wrong).expect_err(wrong);
            assert!(said.contains(why), "{wrong}: {said}");
        }
    }

    #[test]
    fn the_lighter_one_can_be_read_too() {
        for text in ["#16335b", "#595959", "#000000", "#5b1616"] {
            let lighter = Colour::new(text).expect("dark enough").lighter();
            assert!(lighter.contrast_with_white() >= 4.5, "{text} becomes {}", lighter.written());
        }
    }

    #[test]
    fn an_emblem_is_a_picture_and_nothing_else() {
        let good = [
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 1 1\"><path d=\"M0 0h1\"/></svg>\n",
            "<?xml version=\"1.0\"?><!-- made by hand --><svg><use href=\"#a\"/><path fill=\"url(#b)\"/></svg>",
            "<svg><image href=\"data:image/png;base64,AAAA\"/></svg>",
        ];
        for text in good {
            assert_eq!(check_emblem(text.as_bytes()), Ok(()), "{text}");
        }
        for (text, why) in [
            ("<svg><script>1</script></svg>", "<script"),
            ("<svg><SCRIPT/></svg>", "<script"),
            ("<svg><foreignObject/></svg>", "<foreignobject"),
            ("<!DOCTYPE svg [<!ENTITY a \"b\">]><svg></svg>", "<!entity"),
            ("<svg><image href=\"https://elsewhere.example/a.png\"/></svg>", "another file"),
            ("<svg><use xlink:href='other.svg#a'/></svg>", "another file"),
            ("<svg><path fill=\"url(other.svg#b)\"/></svg>", "another file"),
            ("<svg><style>@import 'a.css';</style></svg>", "@import"),
            ("<svg><path d=\"M0 0", "cut off"),
            ("PNG", "no <svg>"),
        ] {
            let said = check_emblem(text.as_bytes()).expect_err(text);
            assert!(said.contains(why), "{text}: {said}");
        }
        assert_eq!(check_emblem(&[0xff, 0xfe]), Err("is not SVG in UTF-8".to_owned()));
        let long = format!("<svg>{}</svg>", " ".repeat(EMBLEM_MAX));
        assert_eq!(check_emblem(long.as_bytes()), Err("is larger than 64 KiB".to_owned()));
    }
}

//! What can be touched in a list of the directory. It must not know a page.
use crate::{
    kiosk::texts::Lang,
    render::words as shared,
    types::civic::{Office, Service},
};

/// Something to touch.
pub struct Tile {
    pub href: String,
    pub icon: &'static str,
    pub title: String,
    pub note: Option<String>,
}

/// Tiles under a headline.
pub struct Group {
    pub title: Option<&'static str>,
    pub tiles: Vec<Tile>,
}

/// A service, with its first fee.
pub fn service_tile(lang: Lang, service: &Service) -> Tile {
    let language = lang.language();
    let fee = service.fees.first().map(|fee| shared::fee(fee, language));
    Tile {
        href: format!("service/{}", service.code),
        icon: "paper",
        title: service.name.get(language).to_owned(),
        note: fee,
    }
}

/// An office, with its address.
pub fn office_tile(lang: Lang, office: &Office) -> Tile {
    let language = lang.language();
    Tile {
        href: format!("office/{}", percent(&office.id)),
        icon: "office",
        title: office.name.get(language).to_owned(),
        note: Some(office.address.get(language).to_owned()),
    }
}

/// Only unreserved characters stay (RFC 3986 §2.3).
pub fn percent(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
            other => format!("%{other:02X}"),
        })
        .collect()
}

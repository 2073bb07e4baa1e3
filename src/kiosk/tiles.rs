//! What can be touched in a list of the directory.
use super::words::Lang;
use crate::{render::words as shared, types::civic::Service};

/// Something to touch.
pub(super) struct Tile {
    pub(super) href: String,
    pub(super) icon: &'static str,
    pub(super) title: String,
    pub(super) note: Option<String>,
}

/// Tiles under a headline.
pub(super) struct Group {
    pub(super) title: Option<&'static str>,
    pub(super) tiles: Vec<Tile>,
}

pub(super) fn service_tile(lang: Lang, service: &Service) -> Tile {
    let language = lang.language();
    let fee = service.fees.first().map(|fee| shared::fee(fee, language));
    Tile {
        href: format!("service/{}", service.code),
        icon: "paper",
        title: service.name.get(language).to_owned(),
        note: fee,
    }
}

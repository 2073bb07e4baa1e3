//! What can be touched in a list of the directory. It must not know a page.
use crate::{
    kiosk::texts::Lang,
    render::words as shared,
    types::{
        civic::{Fee, Office, Service},
        percent::percent,
    },
};
use std::borrow::Cow;

/// Something to touch; without an icon where all would have the same.
pub struct Tile {
    pub href: String,
    pub icon: &'static str,
    pub title: String,
    pub note: Option<String>,
}

/// Tiles of a list that are shown at once; what is more unfolds.
const SHOWN: usize = 8;

/// Tiles under a headline.
pub struct Group {
    pub title: Option<Cow<'static, str>>,
    pub tiles: Vec<Tile>,
    /// How many are shown at once.
    pub shown: usize,
    /// How they look.
    pub look: Look,
}

/// How the tiles of a group look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// A name and a remark, one below the other.
    Whole,
    /// A name, and a number beside it.
    Name,
    /// A letter.
    Letter,
}

impl Look {
    /// Classes of the list.
    pub fn class(self) -> &'static str {
        match self {
            Look::Whole => "many",
            Look::Name => "many names",
            Look::Letter => "many letters",
        }
    }
}

impl Group {
    /// Under this headline.
    pub fn of(title: impl Into<Cow<'static, str>>, tiles: Vec<Tile>) -> Self {
        Group { title: Some(title.into()), ..Group::bare(tiles) }
    }

    /// Without one.
    pub fn bare(tiles: Vec<Tile>) -> Self {
        Group { title: None, tiles, shown: SHOWN, look: Look::Whole }
    }

    /// So many are shown at once.
    pub fn showing(self, shown: usize) -> Self {
        Group { shown, ..self }
    }

    /// Names with a number beside each.
    pub fn names(self) -> Self {
        Group { look: Look::Name, ..self }
    }

    /// Names without a remark.
    pub fn bare_names(mut self) -> Self {
        self.tiles.iter_mut().for_each(|tile| tile.note = None);
        self.names()
    }

    /// Those that are shown.
    pub fn first(&self) -> &[Tile] {
        &self.tiles[..self.cut()]
    }

    /// Those that unfold.
    pub fn rest(&self) -> &[Tile] {
        &self.tiles[self.cut()..]
    }

    /// One that would unfold alone is shown: the fold takes as much room.
    fn cut(&self) -> usize {
        if self.tiles.len() <= self.shown + 1 { self.tiles.len() } else { self.shown }
    }
}

/// A service, with its first fee; what of it is made up says so.
pub fn service_tile(lang: Lang, service: &Service) -> Tile {
    let language = lang.language();
    let fee = service.fees.first().map(|fee| {
        let fee = shared::fee(&Fee { note: None, ..fee.clone() }, language);
        if service.sample { format!("{fee} · {}", lang.portal().sample_mark) } else { fee }
    });
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_list_folds_and_never_for_one_tile_alone() {
        let group = |count: usize| {
            let tile = |at: usize| Tile { href: at.to_string(), icon: "paper", title: at.to_string(), note: None };
            Group::bare((0..count).map(tile).collect())
        };
        for (count, shown, folded) in [(0, 0, 0), (8, 8, 0), (9, 9, 0), (10, 8, 2), (40, 8, 32)] {
            let group = group(count);
            assert_eq!((group.first().len(), group.rest().len()), (shown, folded), "{count}");
        }
        assert_eq!(group(5).showing(3).rest().len(), 2);
    }
}

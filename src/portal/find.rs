//! Words looked for over everything that the directory has: services, offices, pages. What fits only with a slip, or by another
//! name, says what was meant. It must not know who asks.
use super::{
    directory::{MEANT, SLIPPED, fits},
    keys::loose,
    reading::Directory,
    said,
};
use crate::types::{
    UnixMs,
    civic::{Found, Localized, OfficeSearch, Page, ServiceSearch},
};
use std::sync::Arc;

impl Directory {
    /// What fits words.
    pub(super) fn find(&self, words: &str, as_of: Option<UnixMs>) -> Found {
        let services =
            self.services(&ServiceSearch { words: Some(words.to_owned()), ..ServiceSearch::default() }, as_of);
        let offices = self.offices(&OfficeSearch { words: Some(words.to_owned()), ..OfficeSearch::default() }, as_of);
        let key_of = |id: &str| self.services.iter().find(|(one, _)| one.id == id).map(|(_, key)| key.as_str());
        let best = services.items.first();
        let rank = best.and_then(|one| fits(key_of(&one.id)?, words));
        let by_code = best.is_some_and(|one| one.code == words.trim());
        let meant = match rank {
            Some(MEANT) if !by_code => {
                said::meant(words).map(|meant| Localized { km: meant.clone(), en: meant, km_latn: None })
            }
            Some(SLIPPED) if !by_code => best.map(|one| one.name.clone()),
            _ => None,
        };
        let mut pages: Vec<(u8, Arc<Page>)> = self
            .pages
            .items
            .iter()
            .filter_map(|page| {
                let key = format!("{}\n{}", loose(&page.title.km), loose(&page.title.en));
                let rank = fits(&key, words).filter(|rank| *rank < MEANT)?;
                Some((rank, Arc::clone(page)))
            })
            .collect();
        pages.sort_by_key(|(rank, _)| *rank);
        Found {
            services: services.items,
            offices: offices.items,
            pages: pages.into_iter().map(|(_, page)| page).collect(),
            meant,
            as_of,
        }
    }
}

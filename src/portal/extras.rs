//! What a portal need not have (1.1 of the contract): groups, pages, holidays. 404 says that it has no such thing; any other
//! fault leaves what was read before, with its time. What stands in a page is kept as long as the portal does not say that it
//! has changed, so that it is at hand when the portal is away. It must not know a page of a kiosk.
use super::{
    core::Core,
    reading::{Directory, Part},
    wire,
};
use crate::types::{
    UnixMs,
    civic::{Listing, Page, PortalFault},
    limits::{PORTAL_PAGE_MAX, PORTAL_PAGES_MAX},
    lock,
    percent::percent,
    time::phnom_penh,
};
use std::sync::Arc;
use tokio::time::Instant;

/// All that is optional.
pub(super) struct Extras {
    pub(super) groups: Part<crate::types::civic::Group>,
    pub(super) pages: Part<Page>,
    pub(super) holidays: Part<crate::types::civic::Holiday>,
}

/// What was read, what stood there before where nothing certain came, or nothing where the portal has no such thing.
fn part<T>(read: Result<Vec<T>, PortalFault>, before: Option<(&Part<T>, UnixMs)>) -> Part<T> {
    match read {
        Ok(items) => Part { items: items.into_iter().map(Arc::new).collect(), as_of: None },
        Err(PortalFault::NotFound) => Part::default(),
        Err(_) => before.map_or_else(Part::default, |(part, at)| {
            let as_of = part.as_of.or(Some(at)).filter(|_| !part.items.is_empty());
            Part { as_of, ..part.clone() }
        }),
    }
}

impl Core {
    /// Reads what is optional, each for itself, beside each other.
    pub(super) async fn read_extras(&self, until: Instant) -> Extras {
        let before = lock(&self.kept_directory).clone();
        let year = self.clock.now().civil(&phnom_penh()).year();
        let days = |year: i16| async move {
            self.pages("listHolidays", &format!("/v1/holidays?year={year}"), wire::pages::holidays, until).await
        };
        let (groups, pages, this, next) = tokio::join!(
            self.pages("listGroups", "/v1/groups", wire::directory::topics, until),
            self.pages("listPages", "/v1/pages?limit=100", wire::pages::pages, until),
            days(year),
            days(year + 1),
        );
        let holidays = this.map(|mut days| {
            days.extend(next.unwrap_or_default());
            days.sort_by_key(|day| day.date);
            days.truncate(PORTAL_PAGE_MAX);
            days
        });
        let pages = pages.map(|mut all| {
            all.truncate(PORTAL_PAGES_MAX);
            all.sort_by_key(|page| (page.kind as u8, page.order));
            all
        });
        let was = before.as_ref();
        Extras {
            groups: part(groups, was.map(|was| (&was.groups, was.read_at))),
            pages: part(pages, was.map(|was| (&was.pages, was.read_at))),
            holidays: part(holidays, was.map(|was| (&was.holidays, was.read_at))),
        }
    }

    /// A page with what stands in it.
    pub(super) async fn page(&self, id: &str, until: Instant) -> Result<Listing<Page>, PortalFault> {
        let (directory, as_of) = self.directory(until).await?;
        let listed = directory.pages.items.iter().find(|page| page.id == id).ok_or(PortalFault::NotFound)?;
        let kept = lock(&self.kept_pages).get(id).cloned();
        let one = |page: Arc<Page>, as_of| Listing { items: vec![page], as_of };
        match kept {
            Some((page, at)) if as_of.is_some() => return Ok(one(page, Some(at))),
            Some((page, _)) if page.updated_at.is_some() && page.updated_at == listed.updated_at => {
                return Ok(one(page, None));
            }
            _ => {}
        }
        let body = self.get_own("getPage", &format!("/v1/pages/{}", percent(id)), until).await;
        let read = body.and_then(|body| {
            wire::pages::one_page(&body, id).map_err(|why| {
                tracing::warn!("a page of the portal cannot be used: {why}");
                PortalFault::Unusable
            })
        });
        match read {
            Ok(page) => {
                let page = Arc::new(page);
                let mut kept = lock(&self.kept_pages);
                if kept.len() < PORTAL_PAGES_MAX || kept.contains_key(id) {
                    kept.insert(id.to_owned(), (Arc::clone(&page), self.clock.now()));
                }
                Ok(one(page, None))
            }
            Err(fault @ (PortalFault::Away | PortalFault::Unusable)) => {
                let kept = lock(&self.kept_pages).get(id).cloned();
                kept.map(|(page, at)| one(page, Some(at))).ok_or(fault)
            }
            Err(fault) => Err(fault),
        }
    }

    /// Reads the pages that are listed and not kept as they are now, and forgets those that are listed no more.
    pub(super) async fn keep_pages(&self, directory: &Directory, until: Instant) {
        lock(&self.kept_pages).retain(|id, _| directory.pages.items.iter().any(|page| page.id == *id));
        for page in &directory.pages.items {
            if self.page(&page.id, until).await == Err(PortalFault::Away) {
                return;
            }
        }
    }
}

//! The directory, kept whole: services and offices are read again every few minutes, searched here, and told
//! with their time while the portal is away. Search forgives spelling as everything does: by keys.
use super::{
    core::Core,
    keys::{key_of_office, key_of_service, keyed, loose},
    reading::Directory,
    said, wire,
};
use crate::{
    text::{normal, places},
    types::{
        UnixMs,
        civic::{
            Group, Listing, Ministry, Office, OfficeHit, OfficeSearch, PortalFault, Service, ServiceSearch, Topic,
        },
        limits::DIRECTORY_MAX,
        lock,
        percent::percent,
    },
};
use std::{sync::Arc, time::Duration};
use tokio::time::Instant;

/// How long a directory counts as fresh.
pub(super) const FRESH: Duration = Duration::from_secs(5 * 60);
/// Pages read of one list: 100 entries each.
const PAGES_MAX: usize = 50;
/// Longest words that are looked for, in characters.
const WORDS_MAX: usize = 100;
/// Services of a list that no word narrows: a country has some hundreds.
const LISTED_MAX: usize = 500;
/// Entries that a search by words returns.
const FOUND_MAX: usize = 60;

impl Core {
    /// The directory, read anew when it is old and the portal is there.
    pub(super) async fn directory(&self, until: Instant) -> Result<(Arc<Directory>, Option<UnixMs>), PortalFault> {
        if let Some(govstack) = &self.govstack {
            return Ok((Arc::clone(&govstack.directory), None));
        }
        if let Some(fresh) = self.fresh() {
            return Ok(fresh);
        }
        // one reads, the others wait for it, no longer than they have: who reads may have much more time
        let Ok(_reading) = tokio::time::timeout_at(until, self.reading.lock()).await else {
            return self.kept(PortalFault::Away);
        };
        if let Some(fresh) = self.fresh() {
            return Ok(fresh);
        }
        match self.read_directory(until).await {
            Ok(directory) => {
                let directory = Arc::new(directory);
                *lock(&self.kept_directory) = Some(Arc::clone(&directory));
                Ok((directory, None))
            }
            Err(fault) => self.kept(fault),
        }
    }

    /// What was read last, with its time; the fault where nothing was.
    fn kept(&self, fault: PortalFault) -> Result<(Arc<Directory>, Option<UnixMs>), PortalFault> {
        let kept = lock(&self.kept_directory).clone().ok_or(fault)?;
        let as_of = kept.read_at;
        Ok((kept, Some(as_of)))
    }

    /// What need not be read again; with its time when the portal failed last, for then nobody knows whether it still holds.
    fn fresh(&self) -> Option<(Arc<Directory>, Option<UnixMs>)> {
        let kept = lock(&self.kept_directory).clone().filter(|kept| Instant::now() < kept.fresh_until)?;
        let as_of = lock(&self.breaker).failing().then_some(kept.read_at);
        Some((kept, as_of))
    }

    /// An office as it was when the directory was read.
    pub(super) fn kept_office(&self, id: &str) -> Option<Arc<Office>> {
        let kept = lock(&self.kept_directory).clone()?;
        kept.offices.iter().find(|(office, _)| office.id == id).map(|(office, _)| Arc::clone(office))
    }

    async fn read_directory(&self, until: Instant) -> Result<Directory, PortalFault> {
        // side by side: a directory of several lists is there as soon as its longest
        let (services, offices, ministries, topics, extras) = tokio::join!(
            self.pages("listServices", "/v1/services?limit=100", wire::directory::services, until),
            self.pages("listOffices", "/v1/offices?limit=100", wire::directory::offices, until),
            self.pages("listMinistries", "/v1/ministries", wire::directory::ministries, until),
            self.pages("listTopics", "/v1/topics", wire::directory::topics, until),
            self.read_extras(until),
        );
        // without the other names services are still found in other ways
        let (services, offices) = (services?, offices?);
        Ok(Directory {
            groups: extras.groups,
            pages: extras.pages,
            holidays: extras.holidays,
            topics: topics.unwrap_or_default().into_iter().map(Arc::new).collect(),
            ministries: ministries.unwrap_or_default().into_iter().map(Arc::new).collect(),
            services: keyed(services, key_of_service),
            offices: keyed(offices, key_of_office),
            read_at: self.clock.now(),
            fresh_until: Instant::now() + FRESH,
        })
    }

    /// All pages of one list.
    pub(super) async fn pages<T>(
        &self,
        operation: &'static str,
        path: &str,
        read: impl Fn(&[u8]) -> Result<(Vec<T>, Option<String>), String>,
        until: Instant,
    ) -> Result<Vec<T>, PortalFault> {
        let mut all = Vec::new();
        let mut next = path.to_owned();
        for _ in 0..PAGES_MAX {
            let body = self.get_own(operation, &next, until).await?;
            let (items, cursor) = read(&body).map_err(|why| {
                tracing::warn!("the portal's directory cannot be used: {why}");
                PortalFault::Unusable
            })?;
            all.extend(items);
            let asks = if path.contains('?') { '&' } else { '?' };
            let after = cursor.map(|cursor| format!("{path}{asks}cursor={}", percent(&cursor)));
            match after.filter(|after| *after != next) {
                Some(after) if all.len() < DIRECTORY_MAX => next = after,
                Some(_) => break,
                None => return Ok(all),
            }
        }
        tracing::warn!(operation, "the portal's directory has no end; what is beyond our bounds is left out");
        all.truncate(DIRECTORY_MAX);
        Ok(all)
    }
}

/// How well a key fits words: all of them in a row, each for itself, as people call it, or with a slip; `None`: not.
pub(super) fn fits(key: &str, words: &str) -> Option<u8> {
    match fits_as_said(key, words) {
        Some(rank @ 0..=2) => Some(rank),
        slipped => match said::meant(words) {
            Some(meant) if fits_as_said(key, &meant).is_some_and(|rank| rank <= 2) => Some(MEANT),
            _ => slipped.map(|_| SLIPPED),
        },
    }
}

/// What fits when it is called as the directory calls it, and what fits with a slip only.
pub(super) const MEANT: u8 = 3;
/// See [`MEANT`].
pub(super) const SLIPPED: u8 = 4;

/// As [`fits`], by what was said and nothing else.
fn fits_as_said(key: &str, words: &str) -> Option<u8> {
    let whole = loose(words);
    if whole.chars().count() < 2 {
        return None;
    }
    if key.split('\n').any(|name| name == whole) {
        return Some(0);
    }
    if key.contains(&whole) {
        return Some(1);
    }
    let each: Vec<String> = words.split_whitespace().map(loose).filter(|word| word.chars().count() > 1).collect();
    if each.len() > 1 && each.iter().all(|word| key.contains(word.as_str())) {
        return Some(2);
    }
    let length = whole.chars().count();
    let near = length >= 5 && key.split('\n').any(|name| slips(name, &whole) <= if length >= 9 { 2 } else { 1 });
    near.then_some(3)
}

/// Fewest edits that turn some part of `name` into `word` (Sellers' algorithm).
fn slips(name: &str, word: &str) -> usize {
    let word: Vec<char> = word.chars().collect();
    let mut row: Vec<usize> = (0..=word.len()).collect();
    let mut least = word.len();
    for c in name.chars() {
        let mut next = vec![0];
        for (at, w) in word.iter().enumerate() {
            next.push((row[at] + usize::from(c != *w)).min(row[at + 1] + 1).min(next[at] + 1));
        }
        least = least.min(*next.last().unwrap_or(&least));
        row = next;
    }
    least
}

impl Directory {
    pub(super) fn services(&self, search: &ServiceSearch, as_of: Option<UnixMs>) -> Listing<Service> {
        let offered: Option<Vec<String>> = search.office.as_ref().map(|id| {
            self.offices
                .iter()
                .find(|(office, _)| office.id == *id)
                .map(|(office, _)| office.services.clone())
                .unwrap_or_default()
        });
        let words = search.words.as_ref().map(|words| words.chars().take(WORDS_MAX).collect::<String>());
        let code = words.as_ref().map(|words| normal::narrow(words).trim().to_owned());
        let mut found: Vec<(u8, u32, Arc<Service>)> = self
            .services
            .iter()
            .filter(|(service, _)| search.id.as_ref().is_none_or(|id| service.id == *id))
            .filter(|(service, _)| !search.bookable || service.bookable)
            .filter(|(service, _)| search.audience.is_none_or(|audience| service.audiences.contains(&audience)))
            .filter(|(service, _)| search.ministry.as_ref().is_none_or(|id| service.ministry == *id))
            .filter(|(service, _)| search.topic.as_ref().is_none_or(|id| is_about(service, id)))
            .filter(|(service, _)| search.group.as_ref().is_none_or(|id| service.groups.contains(id)))
            .filter(|(service, _)| offered.as_ref().is_none_or(|ids| ids.contains(&service.id)))
            .filter_map(|(service, key)| {
                let rank = match &words {
                    None => 0,
                    Some(_) if code.as_deref() == Some(service.code.as_str()) => 0,
                    Some(words) => fits(key, words)?,
                };
                let wanted = match search.audience.and_then(|audience| service.rank_for(audience)) {
                    Some(place) => place,
                    None if service.popular => u32::MAX - 1,
                    None => u32::MAX,
                };
                Some((rank, wanted, Arc::clone(service)))
            })
            .collect();
        found.sort_by_key(|(rank, wanted, _)| (*rank, *wanted));
        let most = if words.is_some() { FOUND_MAX } else { LISTED_MAX };
        Listing { items: best(found.into_iter().map(|(rank, _, service)| (rank, service)), most), as_of }
    }

    /// Those that answer for a service, in the portal's order.
    pub(super) fn ministries(&self, as_of: Option<UnixMs>) -> Listing<Ministry> {
        let has_services = |one: &&Arc<Ministry>| self.services.iter().any(|(service, _)| service.ministry == one.id);
        Listing { items: self.ministries.iter().filter(has_services).cloned().collect(), as_of }
    }

    /// Those in which a service stands, in the portal's order.
    pub(super) fn groups(&self, as_of: Option<UnixMs>) -> Listing<Group> {
        let has_services = |one: &Arc<Group>| self.services.iter().any(|(service, _)| service.groups.contains(&one.id));
        let mut listing = self.groups.listing(as_of);
        listing.items.retain(has_services);
        listing
    }

    /// Those that a service is about, in the portal's order.
    pub(super) fn topics(&self, as_of: Option<UnixMs>) -> Listing<Topic> {
        let has_services =
            |one: &&Arc<Topic>| self.services.iter().any(|(service, _)| service.topics.contains(&one.id));
        Listing { items: self.topics.iter().filter(has_services).cloned().collect(), as_of }
    }

    pub(super) fn offices(&self, search: &OfficeSearch, as_of: Option<UnixMs>) -> Listing<OfficeHit> {
        let words = search.words.as_ref().map(|words| words.chars().take(WORDS_MAX).collect::<String>());
        let bookable = |office: &Office| {
            !search.bookable
                || self.services.iter().any(|(service, _)| service.bookable && office.services.contains(&service.id))
        };
        let wanted: Vec<&(Arc<Office>, String)> = self
            .offices
            .iter()
            .filter(|(office, _)| search.id.as_ref().is_none_or(|id| office.id == *id))
            .filter(|(office, _)| search.service.as_ref().is_none_or(|id| office.services.contains(id)))
            .filter(|(office, _)| bookable(office))
            .collect();
        let mut wanted = wanted;
        if let Some(within) = &search.within {
            wanted.retain(|(office, _)| office.division.starts_with(within.as_str()));
            wanted.sort_by(|(one, _), (other, _)| one.division.cmp(&other.division));
            return Listing { items: wanted.into_iter().map(|(office, _)| hit(office, None)).collect(), as_of };
        }
        let items = match &words {
            None => wanted.iter().take(FOUND_MAX).map(|(office, _)| hit(office, None)).collect(),
            Some(words) => by_words(&wanted, words),
        };
        Listing { items, as_of }
    }
}

/// Whether a service is about a topic; the one without a name is what is about none.
fn is_about(service: &Service, topic: &str) -> bool {
    if topic.is_empty() { service.topics.is_empty() } else { service.topics.iter().any(|one| one == topic) }
}

fn hit(office: &Arc<Office>, place: Option<&'static str>) -> Arc<OfficeHit> {
    Arc::new(OfficeHit { office: Arc::clone(office), place })
}

/// By the place that was named; where no place is called that, by the office's own name. A place that has no
/// office of its own is served by the one of what it lies in.
fn by_words(offices: &[&(Arc<Office>, String)], words: &str) -> Vec<Arc<OfficeHit>> {
    let places = places::find(words);
    let mut hits: Vec<Arc<OfficeHit>> = Vec::new();
    for place in places.iter().take(FOUND_MAX) {
        let mut code = place.code;
        while code.len() >= 2 {
            let here: Vec<_> = offices.iter().filter(|(office, _)| office.division == code).collect();
            if !here.is_empty() {
                let several = places.len() > 1;
                for (office, _) in here {
                    if !hits.iter().any(|hit| hit.office.id == office.id && hit.place == Some(place.code)) {
                        hits.push(hit(office, several.then_some(place.code)));
                    }
                }
                break;
            }
            code = &code[..code.len() - 2];
        }
    }
    if !hits.is_empty() {
        return hits;
    }
    let mut named: Vec<(u8, Arc<OfficeHit>)> =
        offices.iter().filter_map(|(office, key)| Some((fits(key, words)?, hit(office, None)))).collect();
    named.sort_by_key(|(rank, _)| *rank);
    best(named.into_iter(), FOUND_MAX)
}

/// Those that fit best; what fits worse is shown only when nothing fits better.
fn best<T>(found: impl Iterator<Item = (u8, Arc<T>)>, most: usize) -> Vec<Arc<T>> {
    let mut rank = None;
    found
        .take_while(|(fit, _)| {
            let class = |fit: u8| if fit <= 2 { fit.min(1) } else { fit };
            *rank.get_or_insert(class(*fit)) == class(*fit)
        })
        .take(most)
        .map(|(_, one)| one)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::portal::keys::joined;

    #[test]
    fn words_fit_names_in_part_and_with_slips() {
        let key = joined([Some(&"សំបុត្រកំណើត".to_owned()), Some(&"Birth certificate".to_owned()), None]);
        for words in [
            "birth",
            "Birth certificate",
            "certificate birth",
            "brith certificate",
            "កំណើត",
            "សំបុត្រកំណេីត",
            "birthcertificat",
        ] {
            assert!(fits(&key, words).is_some(), "{words}");
        }
        for words in ["death", "b", "", "មរណភាព"] {
            assert_eq!(fits(&key, words), None, "{words}");
        }
    }

    #[test]
    fn a_cursor_is_fit_for_an_address() {
        assert_eq!(percent("a/b c=ក"), "a%2Fb%20c%3D%E1%9E%80");
    }
}

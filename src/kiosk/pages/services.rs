//! The ways to a service: by words, for whom, by topic, ministry, group and first letter. Everything here concerns nobody, so
//! it has addresses of its own. It must not know how it is found.
use crate::{
    kiosk::{
        context::PageContext,
        parts::{
            doors,
            frame::{Back, Frame},
            listing::{ListPage, Tab, as_of, away},
            tiles::{Group, Look, Tile, office_tile, service_tile},
        },
        respond::page,
        state::KioskState,
        texts::{Lang, counted},
    },
    types::{
        civic::{Answer, Audience, Found, Localized, Query, Service, ServiceSearch},
        percent::percent,
    },
};
use axum::{
    extract::{Query as Asked, State},
    http::StatusCode,
    response::Response,
};
use std::{collections::BTreeMap, sync::Arc};

/// Longest search, in characters.
const WORDS_MAX: usize = 60;
/// Services that most people want, on one page.
const POPULAR_MAX: usize = 6;
/// Of them above the tabs, where the tabs are what one comes for.
const POPULAR_FEW: usize = 3;
/// Topics or ministries that are shown at once: all fourteen topics.
const NAMES_SHOWN: usize = 14;
/// Offices, pages and guides of a search, and services of a letter, that are shown at once.
const BESIDE_SHOWN: usize = 4;

/// What the address of the services asks for.
#[derive(Default, serde::Deserialize)]
#[serde(default)]
pub struct Which {
    q: Option<String>,
    #[serde(rename = "for")]
    audience: String,
    of: String,
    about: String,
    #[serde(rename = "in")]
    group: String,
    tab: String,
    letter: String,
}

/// By what services are listed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum By {
    Topic,
    Ministry,
    Group,
    Letter,
}

impl By {
    const ALL: [By; 4] = [By::Topic, By::Ministry, By::Group, By::Letter];

    /// As an address names it.
    fn tag(self) -> &'static str {
        match self {
            By::Topic => "topic",
            By::Ministry => "ministry",
            By::Group => "group",
            By::Letter => "all",
        }
    }

    /// What an address asks for by it.
    fn asks(self) -> &'static str {
        match self {
            By::Topic => "about",
            By::Ministry => "of",
            By::Group => "in",
            By::Letter => "letter",
        }
    }

    /// Whether a service is one of those under this name.
    fn holds(self, service: &Service, id: &str) -> bool {
        match self {
            By::Topic => service.topics.iter().any(|one| one == id),
            By::Ministry => service.ministry == id,
            By::Group => service.groups.iter().any(|one| one == id),
            By::Letter => false,
        }
    }

    fn query(self) -> Query {
        match self {
            By::Ministry => Query::Ministries,
            By::Group => Query::Groups,
            By::Topic | By::Letter => Query::Topics,
        }
    }
}

/// `GET /kiosk/{lang}/services`
pub async fn services(State(state): State<KioskState>, context: PageContext, Asked(which): Asked<Which>) -> Response {
    if let Some(words) = &which.q {
        let words: String = words.trim().chars().take(WORDS_MAX).collect();
        return search(&state, &context, words).await;
    }
    let listed = [(By::Topic, &which.about), (By::Ministry, &which.of), (By::Group, &which.group)];
    let listed = listed.into_iter().find(|(_, id)| !id.is_empty());
    let audience = Audience::from_wire(&which.audience);
    match (listed, audience) {
        (Some((by, id)), _) => list(&state, &context, by, id, audience).await,
        (None, Some(audience)) => for_whom(&state, &context, audience).await,
        (None, None) => gateway(&state, &context, &which).await,
    }
}

/// How many.
fn number(lang: Lang, count: usize) -> String {
    counted(lang, count.to_string())
}

/// Services that a search gives; `None` while nobody can be asked.
async fn found(state: &KioskState, search: ServiceSearch) -> Option<(Vec<Arc<Service>>, Option<crate::types::UnixMs>)> {
    match state.backend.look_around(&Query::Services(search)).await {
        Answer::Services(Ok(found)) => Some((found.items, found.as_of)),
        _ => None,
    }
}

/// Topics, ministries or groups; none while they cannot be asked for.
async fn named(state: &KioskState, by: By) -> Vec<(String, Localized)> {
    match state.backend.look_around(&by.query()).await {
        Answer::Topics(Ok(all)) | Answer::Groups(Ok(all)) => {
            all.items.iter().map(|one| (one.id.clone(), one.name.clone())).collect()
        }
        Answer::Ministries(Ok(all)) => all.items.iter().map(|one| (one.id.clone(), one.name.clone())).collect(),
        _ => Vec::new(),
    }
}

fn tiles(lang: Lang, services: &[Arc<Service>]) -> Vec<Tile> {
    services.iter().map(|service| service_tile(lang, service)).collect()
}

/// A tile for each name with services, and how many they are.
fn names(lang: Lang, by: By, all: Vec<(String, Localized)>, services: &[Arc<Service>], more: &str) -> Vec<Tile> {
    let tile = |(id, name): (String, Localized)| {
        let count = services.iter().filter(|service| by.holds(service, &id)).count();
        (count > 0).then(|| Tile {
            href: format!("services?{more}{}={}", by.asks(), percent(&id)),
            icon: "",
            title: name.get(lang.language()).to_owned(),
            note: Some(number(lang, count)),
        })
    };
    all.into_iter().filter_map(tile).collect()
}

/// The services under one name, of all or of one audience.
async fn list(state: &KioskState, context: &PageContext, by: By, id: &str, audience: Option<Audience>) -> Response {
    let lang = context.lang;
    let tag = audience.map(doors::audience_tag);
    let of_whom = tag.map(|tag| format!("for={tag}&")).unwrap_or_default();
    let back = tag.map_or_else(|| format!("services?tab={}", by.tag()), |tag| format!("services?for={tag}"));
    let address = format!("services?{of_whom}{}={}", by.asks(), percent(id));
    let frame = context.frame(context.words.services_title, address, Back::In(back.into()));
    let wanted = |wanted: By| (by == wanted).then(|| id.to_owned());
    let search = ServiceSearch {
        audience,
        ministry: wanted(By::Ministry),
        topic: wanted(By::Topic),
        group: wanted(By::Group),
        ..ServiceSearch::default()
    };
    let Some((services, at)) = found(state, search).await else { return away(frame, context.words) };
    let name = named(state, by).await.into_iter().find(|(one, _)| one == id);
    let title =
        name.map_or_else(|| context.words.services_title.to_owned(), |(_, name)| name.get(lang.language()).to_owned());
    let empty = services.is_empty().then_some(&context.words.nothing_found);
    let counts =
        if services.is_empty() { Vec::new() } else { vec![(lang.portal().services, number(lang, services.len()))] };
    let groups = vec![Group::bare(tiles(lang, &services))];
    page(StatusCode::OK, &ListPage { counts, groups, empty, as_of: as_of(lang, at), ..ListPage::new(frame, title) })
}

/// What people of one kind come for: what is wanted most, events of a life, and the rest by topic.
async fn for_whom(state: &KioskState, context: &PageContext, audience: Audience) -> Response {
    let (lang, words) = (context.lang, context.lang.portal());
    let tag = doors::audience_tag(audience);
    let title = doors::audience_name(lang, audience);
    let frame = context.frame(title, format!("services?for={tag}"), Back::In("home".into()));
    let search = ServiceSearch { audience: Some(audience), ..ServiceSearch::default() };
    let Some((services, at)) = found(state, search).await else { return away(frame, context.words) };
    let popular: Vec<Arc<Service>> =
        services.iter().filter(|service| service.rank_for(audience).is_some()).take(POPULAR_MAX).cloned().collect();
    let events = doors::events_with(lang, |code| services.iter().any(|service| service.code == code));
    let topics = names(lang, By::Topic, named(state, By::Topic).await, &services, &format!("for={tag}&"));
    let rest = match topics.is_empty() {
        true => Group::of(words.all_for, tiles(lang, &services)),
        false => Group::of(words.all_for, topics).names().showing(POPULAR_MAX),
    };
    let mut groups = vec![
        Group::of(words.popular_for, tiles(lang, &popular)).bare_names(),
        Group::of(words.life_events, events).bare_names(),
        rest,
    ];
    groups.retain(|group| !group.tiles.is_empty());
    let empty = groups.is_empty().then_some(&context.words.nothing_found);
    let counts = vec![(words.services, number(lang, services.len()))];
    let list = ListPage { counts, groups, empty, as_of: as_of(lang, at), ..ListPage::new(frame, title.to_owned()) };
    page(StatusCode::OK, &list)
}

/// The gateway: words, what is wanted most, and tabs by topic, ministry, group and first letter.
async fn gateway(state: &KioskState, context: &PageContext, which: &Which) -> Response {
    let (lang, words) = (context.lang, context.lang.portal());
    let by = By::ALL.into_iter().find(|by| by.tag() == which.tab);
    let by = by.or((!which.letter.is_empty()).then_some(By::Letter)).unwrap_or(By::Topic);
    let address = match by {
        By::Letter => format!("services?tab=all&letter={}", percent(&which.letter)),
        by => format!("services?tab={}", by.tag()),
    };
    let frame = context.frame(context.words.services_title, address, Back::In("home".into()));
    let Some((services, at)) = found(state, ServiceSearch::default()).await else {
        return away(frame, context.words);
    };
    let (topics, ministries, groups) =
        tokio::join!(named(state, By::Topic), named(state, By::Ministry), named(state, By::Group));
    let sized = [
        (By::Topic, words.tab_topics, topics.len()),
        (By::Ministry, words.tab_ministries, ministries.len()),
        (By::Group, words.tab_groups, groups.len()),
        (By::Letter, words.tab_all, services.len()),
    ];
    let tabs: Vec<Tab> = sized
        .into_iter()
        .filter(|(_, _, count)| *count > 0)
        .map(|(one, title, count)| Tab {
            href: format!("services?tab={}", one.tag()),
            title,
            count: number(lang, count),
            on: one == by,
        })
        .collect();
    let popular: Vec<Arc<Service>> =
        services.iter().filter(|service| service.popular).take(POPULAR_FEW).cloned().collect();
    let listed = match by {
        By::Letter => letters(lang, &services, &which.letter),
        By::Topic => vec![named_group(names(lang, by, topics, &services, ""))],
        By::Ministry => vec![named_group(names(lang, by, ministries, &services, ""))],
        By::Group => vec![named_group(names(lang, by, groups, &services, ""))],
    };
    let mut all = listed;
    if by == By::Topic {
        all.push(Group::of(context.words.popular, tiles(lang, &popular)).bare_names());
    }
    all.retain(|group| !group.tiles.is_empty());
    let empty = services.is_empty().then_some(&context.words.nothing_found);
    let title = context.words.services_title.to_owned();
    let list = ListPage {
        search: Some(String::new()),
        tabs,
        groups: all,
        empty,
        as_of: as_of(lang, at),
        ..ListPage::new(frame, title)
    };
    page(StatusCode::OK, &list)
}

fn named_group(tiles: Vec<Tile>) -> Group {
    Group::bare(tiles).names().showing(NAMES_SHOWN)
}

/// The first letters with how many services have them, and the services of the one that was chosen.
fn letters(lang: Lang, services: &[Arc<Service>], chosen: &str) -> Vec<Group> {
    let mut by_letter: BTreeMap<char, Vec<Arc<Service>>> = BTreeMap::new();
    for service in services {
        let name = service.name.get(lang.language());
        if let Some(first) = name.chars().next() {
            by_letter.entry(first.to_ascii_uppercase()).or_default().push(Arc::clone(service));
        }
    }
    let chosen = chosen.chars().next().filter(|letter| by_letter.contains_key(letter));
    let Some(chosen) = chosen.or_else(|| by_letter.keys().next().copied()) else { return Vec::new() };
    let letter = |(letter, of): (&char, &Vec<Arc<Service>>)| Tile {
        href: format!("services?tab=all&letter={}", percent(&letter.to_string())),
        icon: "",
        title: letter.to_string(),
        note: Some(number(lang, of.len())),
    };
    let tiles_of: Vec<Tile> = by_letter.iter().map(letter).collect();
    let shown = tiles_of.len();
    let all = Group { look: Look::Letter, ..Group::of(lang.portal().letters, tiles_of).showing(shown) };
    let mut of = by_letter.remove(&chosen).unwrap_or_default();
    of.sort_by(|one, other| one.name.get(lang.language()).cmp(other.name.get(lang.language())));
    vec![all, Group::of(chosen.to_string(), tiles(lang, &of)).showing(BESIDE_SHOWN)]
}

/// What fits words: services, offices, pages and guides, each with how many there are.
async fn search(state: &KioskState, context: &PageContext, typed: String) -> Response {
    let (lang, words) = (context.lang, context.lang.portal());
    let address = format!("services?q={}", percent(&typed));
    let frame = |title: String| context.frame(title, address.clone(), Back::In("services".into()));
    if typed.is_empty() {
        let title = context.words.services_title.to_owned();
        let list = ListPage {
            search: Some(typed),
            empty: Some(&words.ask_words),
            ..ListPage::new(frame(title.clone()), title)
        };
        return page(StatusCode::OK, &list);
    }
    let title = (words.found)(&typed);
    let frame: Frame = frame(title.clone());
    let Answer::Found(Ok(found)) = state.backend.look_around(&Query::Find { words: typed.clone() }).await else {
        return away(frame, context.words);
    };
    let groups = found_groups(lang, &found, &typed);
    let counts = groups.iter().map(|(name, group)| (*name, number(lang, group.tiles.len()))).collect();
    let meant = found.meant.as_ref().map(|name| {
        let name = name.get(lang.language());
        ((words.meant)(name), format!("services?q={}", percent(name)))
    });
    let empty = groups.is_empty().then_some(&context.words.nothing_found);
    let list = ListPage {
        counts,
        search: Some(typed),
        meant,
        groups: groups.into_iter().map(|(_, group)| group).collect(),
        empty,
        as_of: as_of(lang, found.as_of),
        ..ListPage::new(frame, title)
    };
    page(StatusCode::OK, &list)
}

/// What was found, by kind; kinds of which nothing was found are left out.
fn found_groups(lang: Lang, found: &Found, typed: &str) -> Vec<(&'static str, Group)> {
    let (words, language) = (lang.portal(), lang.language());
    let offices = found.offices.iter().map(|hit| office_tile(lang, &hit.office)).collect();
    let page_tile = |page: &Arc<crate::types::civic::Page>| Tile {
        href: format!("page/{}", percent(&page.id)),
        icon: "paper",
        title: page.title.get(language).to_owned(),
        note: page.summary.as_ref().map(|summary| summary.get(language).to_owned()),
    };
    let pages = found.pages.iter().map(page_tile).collect();
    let wanted = typed.to_lowercase();
    let says = |door: &Tile| {
        let note = door.note.as_deref().unwrap_or_default();
        format!("{} {note}", door.title).to_lowercase().contains(&wanted)
    };
    let events = doors::life_events(lang).into_iter().filter(says).collect();
    let mut groups = vec![
        (words.services, Group::of(words.services, tiles(lang, &found.services))),
        (words.guides, Group::of(words.guides, events).showing(BESIDE_SHOWN)),
        (words.offices, Group::of(words.offices, offices).showing(BESIDE_SHOWN)),
        (words.pages, Group::of(words.pages, pages).showing(BESIDE_SHOWN)),
    ];
    groups.retain(|(_, group)| !group.tiles.is_empty());
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    fn service(name: &str) -> Arc<Service> {
        let text = Localized { km: name.to_owned(), en: name.to_owned(), km_latn: None };
        Arc::new(Service {
            id: name.to_owned(),
            code: "1001".to_owned(),
            name: text.clone(),
            purpose: text,
            fees: Vec::new(),
            max_working_days: None,
            documents: Vec::new(),
            sensitive: false,
            bookable: false,
            popular: false,
            audiences: Vec::new(),
            ministry: String::new(),
            topics: Vec::new(),
            steps: Vec::new(),
            legal_basis: Vec::new(),
            groups: Vec::new(),
            popular_for: Vec::new(),
            sample: false,
        })
    }

    #[test]
    fn services_stand_under_their_first_letter_with_how_many_there_are() {
        let all = [service("Passport"), service("patent"), service("Birth"), service("Death")];
        let groups = letters(Lang::En, &all, "P");
        let shown: Vec<(String, Option<String>)> =
            groups[0].tiles.iter().map(|tile| (tile.title.clone(), tile.note.clone())).collect();
        let of = |letter: &str, count: &str| (letter.to_owned(), Some(count.to_owned()));
        assert_eq!(shown, [of("B", "1"), of("D", "1"), of("P", "2")]);
        assert_eq!(groups[1].tiles.iter().map(|tile| tile.title.as_str()).collect::<Vec<_>>(), ["Passport", "patent"]);
        assert_eq!(letters(Lang::En, &all, "Z")[1].tiles[0].title, "Birth", "an unknown letter is the first one");
        assert!(letters(Lang::En, &[], "A").is_empty());
    }
}

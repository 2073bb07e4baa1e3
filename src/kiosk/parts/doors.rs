//! Doors to what the portal has: they stand only where something is behind them. It must not know a page.
use super::tiles::Tile;
use crate::{
    kiosk::{
        context::PageContext,
        guides,
        state::KioskState,
        texts::{Lang, Message},
    },
    types::civic::{Answer, Audience, Holiday, Page, PageKind, Query},
};
use std::{sync::Arc, time::Duration};

/// How long a page waits to learn which doors it has: what is kept is there at once.
const PATIENCE: Duration = Duration::from_millis(300);

/// Kinds of pages that the one window has, in the order in which they are shown.
const OF_WINDOW: [PageKind; 7] = [
    PageKind::News,
    PageKind::OneWindow,
    PageKind::Management,
    PageKind::Ombudsman,
    PageKind::Legal,
    PageKind::Pointer,
    PageKind::Guide,
];

/// For whom, as an address names it.
pub fn audience_tag(audience: Audience) -> &'static str {
    match audience {
        Audience::Citizen => "citizen",
        Audience::Business => "business",
        Audience::Foreigner => "foreigner",
        Audience::Visitor => "visitor",
    }
}

/// Its icon.
pub fn audience_icon(audience: Audience) -> &'static str {
    match audience {
        Audience::Citizen => "person",
        Audience::Business => "case",
        Audience::Foreigner => "globe",
        Audience::Visitor => "camera",
    }
}

/// What one of them is called.
pub fn audience_name(lang: Lang, audience: Audience) -> &'static str {
    let at = Audience::ALL.iter().position(|one| *one == audience).unwrap_or_default();
    lang.portal().audiences[at]
}

/// A door for each of those for whom services are.
pub fn audiences(lang: Lang) -> Vec<Tile> {
    let door = |audience| Tile {
        href: format!("services?for={}", audience_tag(audience)),
        icon: audience_icon(audience),
        title: audience_name(lang, audience).to_owned(),
        note: None,
    };
    Audience::ALL.into_iter().map(door).collect()
}

/// A door for each event of a life.
pub fn life_events(lang: Lang) -> Vec<Tile> {
    let door = |guide: &guides::Guide| Tile {
        href: format!("guide/{}", guide.id),
        icon: guide_icon(&guide.id),
        title: guide.title.get(lang).to_owned(),
        note: Some(guide.lead.get(lang).to_owned()),
    };
    guides::all().iter().map(door).collect()
}

/// The events of a life that take one of the services whose codes are wanted.
pub fn events_with(lang: Lang, wanted: impl Fn(&str) -> bool) -> Vec<Tile> {
    let doors = guides::all().iter().zip(life_events(lang));
    doors.filter(|(guide, _)| guide.services.iter().any(|code| wanted(code))).map(|(_, door)| door).collect()
}

fn guide_icon(id: &str) -> &'static str {
    match id {
        "birth" => "cradle",
        "school" => "cap",
        "marriage" => "rings",
        "house" => "home",
        "business" => "case",
        "death" => "candle",
        _ => "forward",
    }
}

/// The pages that the portal has; none where it has no such thing, or is away and nothing is kept.
pub async fn pages(state: &KioskState) -> Vec<Arc<Page>> {
    match tokio::time::timeout(PATIENCE, state.backend.look_around(&Query::Pages)).await {
        Ok(Answer::Pages(Ok(found))) => found.items,
        _ => Vec::new(),
    }
}

/// The state's holidays, as far as the portal tells them.
pub async fn holidays(state: &KioskState) -> Vec<Arc<Holiday>> {
    match tokio::time::timeout(PATIENCE, state.backend.look_around(&Query::Holidays)).await {
        Ok(Answer::Holidays(Ok(found))) => found.items,
        _ => Vec::new(),
    }
}

/// The doors to the country and to the one window, where the portal has something behind them.
pub async fn of_portal(state: &KioskState, context: &PageContext) -> Vec<Tile> {
    let (pages, holidays) = tokio::join!(pages(state), holidays(state));
    let words = context.lang.portal();
    let door = |href: &str, icon, message: &Message| Tile {
        href: href.to_owned(),
        icon,
        title: message.title.to_owned(),
        note: Some(message.text.to_owned()),
    };
    let kingdom = !holidays.is_empty() || pages.iter().any(|page| page.kind == PageKind::Kingdom);
    let window = pages.iter().any(|page| OF_WINDOW.contains(&page.kind));
    let mut doors = Vec::new();
    doors.extend(kingdom.then(|| door("kingdom", "flag", &words.kingdom)));
    doors.extend(window.then(|| door("window", "window", &words.window)));
    doors
}

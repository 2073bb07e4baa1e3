//! What the portal has to read: the country, the one window, a page of either, the holidays. It must not know what they say.
use crate::{
    kiosk::{
        context::PageContext,
        errors,
        parts::{
            doors,
            facts::{Fact, NotedLine},
            frame::{Back, Frame},
            listing::{ListPage, as_of, away},
            qr::Qr,
            tiles::{Group, Tile},
        },
        respond::page,
        state::KioskState,
        texts::{Lang, counted},
    },
    render::words as shared,
    types::{
        civic::{Answer, Page, PageKind, PortalFault, Query},
        percent::percent,
    },
    web::filters,
};
use askama::Template;
use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::Response,
};
use std::sync::Arc;

/// Pages of a kind that are shown at once.
const SHOWN: usize = 4;

/// A part of a page, in one language.
struct Part {
    heading: Option<String>,
    paragraphs: Vec<String>,
    items: Vec<NotedLine>,
    /// They are short, and stand side by side.
    columns: bool,
}

/// A code to scan, and where it leads, in words.
struct Pointer {
    qr: Qr,
    leads_to: String,
}

#[derive(Template)]
#[template(path = "page.html")]
struct ReadPage {
    frame: Frame,
    title: String,
    lead: Option<String>,
    facts: Vec<Fact>,
    parts: Vec<Part>,
    pointer: Option<Pointer>,
    as_of: Option<String>,
    sample: bool,
}

/// Icon of a page of this kind.
fn icon(kind: PageKind) -> &'static str {
    match kind {
        PageKind::News => "bell",
        PageKind::OneWindow => "window",
        PageKind::Management => "people",
        PageKind::Ombudsman => "scale",
        PageKind::Legal => "paper",
        PageKind::Kingdom => "flag",
        PageKind::Pointer => "qr",
        PageKind::Guide => "forward",
    }
}

/// A page in a list: of a law its number and date, of news its date, else what it says.
fn tile(lang: Lang, page: &Page) -> Tile {
    let language = lang.language();
    let date = page.date.map(|date| shared::date_long(date, language));
    let note = match page.kind {
        PageKind::Legal | PageKind::News => {
            let number = page.number.as_ref().map(|number| format!("{} {number}", lang.portal().number));
            let parts: Vec<String> = number.into_iter().chain(date).collect();
            (!parts.is_empty()).then(|| parts.join(" · "))
        }
        _ => None,
    };
    let said = || page.summary.as_ref().map(|summary| summary.get(language).to_owned());
    Tile {
        href: format!("page/{}", percent(&page.id)),
        icon: icon(page.kind),
        title: page.title.get(language).to_owned(),
        note: note.or_else(said),
    }
}

/// Pages of these kinds under one headline.
fn group(lang: Lang, pages: &[Arc<Page>], title: &'static str, kinds: &[PageKind]) -> Group {
    let mut tiles = Vec::new();
    for kind in kinds {
        tiles.extend(pages.iter().filter(|page| page.kind == *kind).map(|page| tile(lang, page)));
    }
    Group::of(title, tiles).showing(SHOWN)
}

/// `GET /kiosk/{lang}/kingdom`
pub async fn kingdom(State(state): State<KioskState>, context: PageContext) -> Response {
    let (lang, words) = (context.lang, context.lang.portal());
    let (pages, holidays) = tokio::join!(doors::pages(&state), doors::holidays(&state));
    let mut country = group(lang, &pages, words.about_country, &[PageKind::Kingdom]);
    let year = context.today.year();
    let left = holidays.iter().filter(|day| day.date >= context.today && day.date.year() == year).count();
    if !holidays.is_empty() {
        let note = (left > 0).then(|| (words.holidays_note)(left));
        let title = words.holidays.to_owned();
        country.tiles.push(Tile { href: "holidays".to_owned(), icon: "calendar", title, note });
    }
    let window = doors::of_portal(&state, &context).await.into_iter().filter(|door| door.href == "window");
    let offices = Tile {
        href: "offices".to_owned(),
        icon: "office",
        title: context.words.offices_card.title.to_owned(),
        note: Some(context.words.offices_card.text.to_owned()),
    };
    if country.tiles.is_empty() {
        return errors::no_such_page().await;
    }
    let state_group = Group::of(words.about_state, window.chain([offices]).collect());
    list(&context, words.kingdom.title, "kingdom", "home", vec![country, state_group])
}

/// `GET /kiosk/{lang}/window`
pub async fn window(State(state): State<KioskState>, context: PageContext) -> Response {
    let pages = doors::pages(&state).await;
    let words = context.lang.portal();
    let of = |title, kinds: &[PageKind]| group(context.lang, &pages, title, kinds);
    let mut groups = vec![
        of(words.news, &[PageKind::News]),
        of(words.how_it_works, &[PageKind::OneWindow, PageKind::Management, PageKind::Ombudsman]).bare_names(),
        of(words.legal, &[PageKind::Legal]),
        of(words.pointers, &[PageKind::Pointer]).bare_names(),
        of(words.more_guides, &[PageKind::Guide]).bare_names(),
    ];
    groups.retain(|group| !group.tiles.is_empty());
    if groups.is_empty() {
        return errors::no_such_page().await;
    }
    list(&context, context.lang.portal().window.title, "window", "home", groups)
}

fn list(
    context: &PageContext,
    title: &'static str,
    address: &'static str,
    back: &'static str,
    groups: Vec<Group>,
) -> Response {
    let frame = context.frame(title, address, Back::In(back.into()));
    page(StatusCode::OK, &ListPage { groups, ..ListPage::new(frame, title.to_owned()) })
}

/// `GET /kiosk/{lang}/holidays`: those of this year and, towards its end, of the next.
pub async fn holidays(State(state): State<KioskState>, context: PageContext) -> Response {
    let (lang, words) = (context.lang, context.lang.portal());
    let frame = |title: &'static str| context.frame(title, "holidays", Back::In("kingdom".into()));
    let Answer::Holidays(Ok(found)) = state.backend.look_around(&Query::Holidays).await else {
        return away(frame(words.holidays), context.words);
    };
    if found.items.is_empty() {
        return errors::no_such_page().await;
    }
    let mut years: Vec<i16> = found.items.iter().map(|day| day.date.year()).collect();
    years.dedup();
    let line = |day: &Arc<crate::types::civic::Holiday>| NotedLine {
        what: day.name.get(lang.language()).to_owned(),
        note: Some(match day.date < context.today {
            true => format!("{} · {}", shared::date_long(day.date, lang.language()), words.over),
            false => shared::date_long(day.date, lang.language()),
        }),
    };
    let parts = years.into_iter().map(|year| Part {
        heading: Some((words.holidays_of)(year)),
        paragraphs: Vec::new(),
        items: found.items.iter().filter(|day| day.date.year() == year).map(line).collect(),
        columns: true,
    });
    let template = ReadPage {
        frame: frame(words.holidays),
        title: words.holidays.to_owned(),
        lead: None,
        facts: Vec::new(),
        parts: parts.collect(),
        pointer: None,
        as_of: as_of(lang, found.as_of),
        sample: false,
    };
    page(StatusCode::OK, &template)
}

/// `GET /kiosk/{lang}/page/{id}`
pub async fn read(
    State(state): State<KioskState>,
    context: PageContext,
    Path((_, id)): Path<(String, String)>,
) -> Response {
    let (lang, language, words) = (context.lang, context.lang.language(), context.lang.portal());
    let frame = |title: String, back: &'static str| {
        context.frame(title, format!("page/{}", percent(&id)), Back::In(back.into()))
    };
    let found = match state.backend.look_around(&Query::Page { id: id.clone() }).await {
        Answer::Page(Ok(found)) => found,
        Answer::Page(Err(PortalFault::NotFound)) => return errors::no_such_page().await,
        _ => return away(frame(words.window.title.to_owned(), "window"), context.words),
    };
    let Some(one) = found.items.first() else { return errors::no_such_page().await };
    let back = if one.kind == PageKind::Kingdom { "kingdom" } else { "window" };
    let text = |text: &crate::types::civic::Localized| text.get(language).to_owned();
    let parts = one.sections.iter().map(|section| Part {
        heading: section.heading.as_ref().map(text),
        paragraphs: section.paragraphs.iter().map(text).collect(),
        items: section.items.iter().map(|item| NotedLine { what: text(item), note: None }).collect(),
        columns: false,
    });
    let template = ReadPage {
        title: text(&one.title),
        frame: frame(text(&one.title), back),
        lead: one.summary.as_ref().map(text),
        facts: facts(lang, one),
        parts: parts.collect(),
        pointer: one.qr_url.as_deref().and_then(|url| pointer(lang, url)),
        as_of: as_of(lang, found.as_of),
        sample: one.sample,
    };
    page(StatusCode::OK, &template)
}

fn facts(lang: Lang, page: &Page) -> Vec<Fact> {
    let words = lang.portal();
    let number = page.number.as_ref().map(|number| counted(lang, number.clone()));
    let number = number.map(|value| Fact { icon: "paper", label: words.number, value, note: None });
    let date = page.date.map(|date| shared::date_long(date, lang.language()));
    let date = date.map(|value| Fact { icon: "calendar", label: words.date, value, note: None });
    number.into_iter().chain(date).collect()
}

/// Where a page points to: drawn, with its host in words so that people see where it leads.
fn pointer(lang: Lang, url: &str) -> Option<Pointer> {
    let host = url.strip_prefix("https://")?.split(['/', '?', '#']).next()?;
    Some(Pointer { qr: Qr::of(url)?, leads_to: (lang.portal().scan)(host) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_says_in_words_where_it_leads() {
        let pointer = pointer(Lang::En, "https://bakong.nbc.gov.kh/download?x=1").expect("a code");
        assert_eq!(pointer.leads_to, "Scan with a telephone to open bakong.nbc.gov.kh");
        assert!(pointer.qr.side > 20);
    }
}

//! Lists and sheets of the directory. What stands in them concerns nobody; while the portal is away it is told as it was
//! known last. It must not know what is listed.
use super::{
    facts::{Fact, NotedLine},
    frame::{Back, Frame},
    tiles::Group,
};
use crate::{
    kiosk::{
        respond::page,
        texts::{Lang, Message, Words, date_time},
    },
    types::{UnixMs, time::phnom_penh},
    web::filters,
};
use askama::Template;
use axum::{http::StatusCode, response::Response};

/// Entries of one list; what is more is found by words.
pub const LISTED_MAX: usize = 60;

/// Lines under a headline, numbered where their order matters.
pub struct Section {
    /// The headline.
    pub title: &'static str,
    /// What stands below it.
    pub lines: Vec<NotedLine>,
    /// Whether their order matters.
    pub numbered: bool,
}

/// Tiles in groups.
#[derive(Template)]
#[template(path = "list.html")]
pub struct ListPage {
    /// Around it.
    pub frame: Frame,
    /// The headline.
    pub title: String,
    /// What was searched for; `None`: nothing can be.
    pub search: Option<String>,
    /// What can be touched.
    pub groups: Vec<Group>,
    /// Since when it is known, while the portal is away.
    pub as_of: Option<String>,
    /// Why there is nothing.
    pub empty: Option<&'static Message>,
}

/// All about a service or an office.
#[derive(Template)]
#[template(path = "sheet.html")]
pub struct SheetPage {
    /// Around it.
    pub frame: Frame,
    /// The headline.
    pub title: String,
    /// One sentence below it.
    pub lead: String,
    /// Hours, fees and such.
    pub facts: Vec<Fact>,
    /// Lists of what to know.
    pub sections: Vec<Section>,
    /// What can be touched.
    pub group: Group,
    /// Since when it is known, while the portal is away.
    pub as_of: Option<String>,
}

/// A time since which something is known.
pub fn as_of(lang: Lang, at: Option<UnixMs>) -> Option<String> {
    at.map(|at| date_time(lang, at.civil(&phnom_penh())))
}

/// The portal is away, and nothing is kept.
pub fn away(frame: Frame, words: &'static Words) -> Response {
    let (title, groups) = (frame.title.to_string(), Vec::new());
    let empty = Some(&words.directory_away);
    page(StatusCode::OK, &ListPage { frame, title, search: None, groups, as_of: None, empty })
}

//! Lists and sheets of the directory. What stands in them concerns nobody; while the portal is away it is told as it was
//! known last. It must not know what is listed.
use super::{
    facts::{Action, Does, Fact, NotedLine},
    frame::{Back, Frame},
    tiles::{Group, Look},
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

/// Lines under a headline, numbered where their order matters.
pub struct Section {
    /// The headline.
    pub title: &'static str,
    /// What stands below it.
    pub lines: Vec<NotedLine>,
    /// Whether their order matters.
    pub numbered: bool,
}

/// One of several ways to list the same.
pub struct Tab {
    /// Below the language.
    pub href: String,
    /// What it says.
    pub title: &'static str,
    /// How many there are.
    pub count: String,
    /// It is the one that is shown.
    pub on: bool,
}

/// Tiles in groups.
#[derive(Template)]
#[template(path = "list.html")]
pub struct ListPage {
    /// Around it.
    pub frame: Frame,
    /// The headline.
    pub title: String,
    /// How many of each kind were found.
    pub counts: Vec<(&'static str, String)>,
    /// What was searched for; `None`: nothing can be.
    pub search: Option<String>,
    /// What was probably meant: the words, and where they lead.
    pub meant: Option<(String, String)>,
    /// Other ways to list the same.
    pub tabs: Vec<Tab>,
    /// What can be touched.
    pub groups: Vec<Group>,
    /// Since when it is known, while the portal is away.
    pub as_of: Option<String>,
    /// Why there is nothing.
    pub empty: Option<&'static Message>,
}

impl ListPage {
    /// An empty one.
    pub fn new(frame: Frame, title: String) -> Self {
        ListPage {
            frame,
            title,
            counts: Vec::new(),
            search: None,
            meant: None,
            tabs: Vec::new(),
            groups: Vec::new(),
            as_of: None,
            empty: None,
        }
    }
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
    /// What can be done with it.
    pub actions: Vec<Action>,
    /// What can be touched.
    pub groups: Vec<Group>,
    /// It says of itself that some of it is made up.
    pub sample: bool,
    /// Since when it is known, while the portal is away.
    pub as_of: Option<String>,
}

/// A time since which something is known.
pub fn as_of(lang: Lang, at: Option<UnixMs>) -> Option<String> {
    at.map(|at| date_time(lang, at.civil(&phnom_penh())))
}

/// The portal is away, and nothing is kept.
pub fn away(frame: Frame, words: &'static Words) -> Response {
    let title = frame.title.to_string();
    page(StatusCode::OK, &ListPage { empty: Some(&words.directory_away), ..ListPage::new(frame, title) })
}

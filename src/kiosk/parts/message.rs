//! Pages that several others end with: what was done or not, and help. It must not know what was to be done.
use super::{
    facts::{Action, Does, Fact},
    frame::{Back, Frame},
};
use crate::{
    kiosk::{respond::page, texts::Message},
    web::filters,
};
use askama::Template;
use axum::{http::StatusCode, response::Response};

/// How this works.
#[derive(Template)]
#[template(path = "help.html")]
pub struct HelpPage {
    pub frame: Frame,
}

/// Something said, and what can be done then.
#[derive(Template)]
#[template(path = "message.html")]
pub struct MessagePage {
    pub frame: Frame,
    pub class: &'static str,
    pub icon: &'static str,
    pub message: &'static Message,
    pub facts: Vec<Fact>,
    pub actions: Vec<Action>,
}

impl MessagePage {
    /// Said, with nothing to do but to finish.
    pub fn plain(frame: Frame, class: &'static str, icon: &'static str, message: &'static Message) -> Response {
        page(StatusCode::OK, &MessagePage { frame, class, icon, message, facts: Vec::new(), actions: Vec::new() })
    }
}

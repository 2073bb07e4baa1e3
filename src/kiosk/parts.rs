//! Pages that several others end with: what was done or not, and help.
use super::{
    frame::{Back, Frame},
    respond::page,
    views::{Action, Does},
    words::Message,
};
use crate::web::filters;
use askama::Template;
use axum::{http::StatusCode, response::Response};

#[derive(Template)]
#[template(path = "help.html")]
pub(super) struct HelpPage {
    pub(super) frame: Frame,
}

/// Something said, and what can be done then.
#[derive(Template)]
#[template(path = "message.html")]
pub(super) struct MessagePage {
    pub(super) frame: Frame,
    pub(super) class: &'static str,
    pub(super) icon: &'static str,
    pub(super) message: &'static Message,
    pub(super) facts: Vec<super::views::Fact>,
    pub(super) actions: Vec<Action>,
}

impl MessagePage {
    /// Said, with nothing to do but to finish.
    pub(super) fn plain(frame: Frame, class: &'static str, icon: &'static str, message: &'static Message) -> Response {
        page(StatusCode::OK, &MessagePage { frame, class, icon, message, facts: Vec::new(), actions: Vec::new() })
    }
}

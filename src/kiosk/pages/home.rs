//! What one can do here, and how it works. It must not know how an answer is found.
use crate::{
    kiosk::{
        context::PageContext,
        parts::{
            frame::{Back, Frame},
            message::HelpPage,
        },
        respond::page,
        texts::VisitWords,
    },
    web::filters,
};
use askama::Template;
use axum::{http::StatusCode, response::Response};

#[derive(Template)]
#[template(path = "home.html")]
struct HomePage {
    frame: Frame,
    visit_words: &'static VisitWords,
    /// Where the kiosk stands, if tickets can be taken there.
    office: Option<String>,
}

/// `GET /kiosk/{lang}/home`
pub async fn home(context: PageContext) -> Response {
    let frame = context.frame(context.words.home_title, "home", Back::To("/kiosk"));
    page(StatusCode::OK, &HomePage { frame, visit_words: context.lang.visit(), office: context.device.office.clone() })
}

/// `GET /kiosk/{lang}/help`
pub async fn help(context: PageContext) -> Response {
    let frame = context.frame(context.words.help_title, "help", Back::In("home".into()));
    page(StatusCode::OK, &HelpPage { frame })
}

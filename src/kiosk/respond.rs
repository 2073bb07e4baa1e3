//! How a template becomes an answer, and the page that says one thing in both languages. It must not know a visit.
use super::texts::{Lang, Message, Words};
use crate::web::filters;
use askama::Template;
use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};

#[derive(Template)]
#[template(path = "both.html")]
pub(super) struct BothPage {
    pub(super) km: &'static Words,
    pub(super) en: &'static Words,
    pub(super) message: [(&'static str, &'static Message); 2],
    pub(super) icon: &'static str,
    pub(super) again: bool,
}

/// A template as a page.
pub fn page(status: StatusCode, template: &impl Template) -> Response {
    match template.render() {
        Ok(text) => {
            let html = HeaderValue::from_static("text/html; charset=utf-8");
            (status, [(header::CONTENT_TYPE, html)], text).into_response()
        }
        Err(fault) => {
            // Only a template that names an asset which is not there, and a test looks for those.
            tracing::error!(%fault, "a page could not be made");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// A page in both languages, for where no language is known.
pub fn both(
    status: StatusCode,
    icon: &'static str,
    again: bool,
    pick: fn(&'static Words) -> &'static Message,
) -> Response {
    let (km, en) = (Lang::Km.words(), Lang::En.words());
    let message = [("km", pick(km)), ("en", pick(en))];
    page(status, &BothPage { km, en, message, icon, again })
}

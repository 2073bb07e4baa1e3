//! A question with its answers to touch. It must not know what is asked.
use super::frame::{Back, Frame};
use crate::{kiosk::texts::Message, web::filters};
use askama::Template;

/// A choice of a list.
pub struct Choose {
    /// The key of the visit's form.
    pub key: String,
    /// Name of the icon.
    pub icon: &'static str,
    /// What it says.
    pub title: String,
    /// A remark on it.
    pub note: Option<String>,
}

#[derive(Template)]
#[template(path = "choices.html")]
/// The question is the title of the frame.
pub struct ChoicesPage {
    /// Around it.
    pub frame: Frame,
    /// Whether the choices are short: hours.
    pub short: bool,
    /// What was chosen so far.
    pub lead: Option<String>,
    /// Why it is asked again.
    pub notice: Option<&'static Message>,
    /// The answers.
    pub choices: Vec<Choose>,
}

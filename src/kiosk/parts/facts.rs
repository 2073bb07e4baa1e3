//! What pages are put together from: facts, lines with a remark, and what can be done at the end of a page. It must not
//! know a page.
use std::borrow::Cow;

/// A label and what it labels.
pub struct Fact {
    /// Name of the icon.
    pub icon: &'static str,
    /// What it is.
    pub label: &'static str,
    /// What it says.
    pub value: String,
    /// A remark on it.
    pub note: Option<String>,
}

/// A returned document or a step taken.
pub struct NotedLine {
    /// What.
    pub what: String,
    /// When or why.
    pub note: Option<String>,
}

/// Something to press at the end of a page.
pub struct Action {
    /// What it does.
    pub does: Does,
    /// Name of the icon.
    pub icon: &'static str,
    /// What it says.
    pub words: &'static str,
    /// Whether it is what most want.
    pub strong: bool,
}

/// What pressing does.
pub enum Does {
    /// Sends the visit with this key to this page below the language.
    Key(&'static str, Cow<'static, str>),
    /// Opens this page below the language.
    Open(String),
    /// Prints the page; needs script.
    Print,
}

impl Action {
    /// Sends the visit with `key` to `page`.
    pub fn key(page: &'static str, key: impl Into<Cow<'static, str>>, icon: &'static str, words: &'static str) -> Self {
        Action { does: Does::Key(page, key.into()), icon, words, strong: false }
    }

    /// Opens a page below the language.
    pub fn open(page: impl Into<String>, icon: &'static str, words: &'static str) -> Self {
        Action { does: Does::Open(page.into()), icon, words, strong: false }
    }

    /// Prints.
    pub fn print(words: &'static str) -> Self {
        Action { does: Does::Print, icon: "printer", words, strong: false }
    }

    /// What most want.
    pub fn strong(self) -> Self {
        Action { strong: true, ..self }
    }
}

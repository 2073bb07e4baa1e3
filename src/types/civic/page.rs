//! Pages of the portal that are read and not asked for: news, how the one window works, law, the country; and the holidays.
use super::Localized;
use crate::types::UnixMs;
use jiff::civil::Date;

/// What a page is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum PageKind {
    News,
    OneWindow,
    Management,
    Ombudsman,
    Legal,
    Kingdom,
    Pointer,
    Guide,
}

impl PageKind {
    /// All, in the order in which they are offered.
    pub const ALL: [PageKind; 8] = [
        Self::News,
        Self::OneWindow,
        Self::Management,
        Self::Ombudsman,
        Self::Legal,
        Self::Kingdom,
        Self::Pointer,
        Self::Guide,
    ];

    /// The portal's word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::News => "news",
            Self::OneWindow => "one_window",
            Self::Management => "management",
            Self::Ombudsman => "ombudsman",
            Self::Legal => "legal",
            Self::Kingdom => "kingdom",
            Self::Pointer => "pointer",
            Self::Guide => "guide",
        }
    }

    /// Reads [`PageKind::as_str`]; an unknown word is no page of ours.
    pub fn from_wire(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
}

/// A page. In a list it has no sections.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// The portal's identifier.
    pub id: String,
    /// What it is about.
    pub kind: PageKind,
    /// Its headline.
    pub title: Localized,
    /// What it says, in a sentence.
    pub summary: Option<Localized>,
    /// Of a legal document: its number.
    pub number: Option<String>,
    /// The day on which it was made or signed.
    pub date: Option<Date>,
    /// Its place among those of its kind, the lowest first.
    pub order: u32,
    /// When the portal changed it last; what was kept of it is read again then.
    pub updated_at: Option<UnixMs>,
    /// What stands in it.
    pub sections: Vec<PageSection>,
    /// Where it points to, `https` only. Shown as a code to scan with its host in words, and never texted.
    pub qr_url: Option<String>,
    /// The portal says that it is made up, for trying.
    pub sample: bool,
}

/// A part of a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageSection {
    /// Above it.
    pub heading: Option<Localized>,
    /// What it says.
    pub paragraphs: Vec<Localized>,
    /// What it lists.
    pub items: Vec<Localized>,
}

/// A day on which the state does not work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holiday {
    /// The day.
    pub date: Date,
    /// What is celebrated.
    pub name: Localized,
}

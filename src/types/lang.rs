//! The three ways Chrak speaks.

/// Language and script of an answer, as the portal's `Language` names them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default, serde::Serialize, serde::Deserialize)]
pub enum Language {
    /// Khmer in Khmer script.
    #[default]
    #[serde(rename = "km")]
    Km,
    /// Khmer in plain ASCII letters, for telephones without Khmer letters.
    #[serde(rename = "km-Latn")]
    KmLatn,
    /// English.
    #[serde(rename = "en")]
    En,
}

impl Language {
    /// All of them, in the order in which they are listed everywhere.
    pub const ALL: [Language; 3] = [Language::Km, Language::KmLatn, Language::En];

    /// BCP 47 tag: `km`, `km-Latn` or `en`.
    pub fn tag(self) -> &'static str {
        match self {
            Language::Km => "km",
            Language::KmLatn => "km-Latn",
            Language::En => "en",
        }
    }

    /// Reads a tag as [`Language::tag`] writes it.
    pub fn from_tag(tag: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|language| language.tag() == tag)
    }
}

//! In which language to answer what was written. Knows scripts and keywords' languages, no texts.
use super::Ctx;
use super::keyword::{Command, Reading};
use crate::types::Language;

/// The language to answer in, and the one to remember of the number where that is news.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Spoken {
    pub(super) language: Language,
    pub(super) remember: Option<Language>,
    /// The text itself told the language.
    pub(super) told: bool,
}

/// As one has always spoken with this citizen.
pub(super) fn usual(ctx: &Ctx<'_>) -> Spoken {
    Spoken { language: ctx.usual_language(), remember: None, told: false }
}

/// Speak `language` from now on.
pub(super) fn chosen(language: Language, ctx: &Ctx<'_>) -> Spoken {
    Spoken { language, remember: (ctx.language != Some(language)).then_some(language), told: true }
}

/// Khmer letters or digits are answered in Khmer, a keyword in its own language, all else as usual: a bare
/// code tells nothing of who wrote it. English keywords stand on posters, so they choose the language of one answer only;
/// the words by which notices end and begin again are ours in every language and choose nothing.
pub(super) fn of_text(text: &str, reading: &Reading, ctx: &Ctx<'_>) -> Spoken {
    if text.chars().any(is_khmer) {
        return chosen(Language::Km, ctx);
    }
    match (reading.keyword_language, reading.command) {
        (Some(Language::En), Some(Command::Help | Command::Stop | Command::Start)) => usual(ctx),
        (Some(Language::En), _) => Spoken { language: Language::En, remember: None, told: true },
        (Some(language), _) => chosen(language, ctx),
        (None, _) => usual(ctx),
    }
}

/// Khmer and Khmer Symbols.
fn is_khmer(c: char) -> bool {
    matches!(c, '\u{1780}'..='\u{17FF}' | '\u{19E0}'..='\u{19FF}')
}

//! In which language to answer what was written. Knows scripts and keywords' languages, no texts.
use super::Ctx;
use super::keyword::{Command, Reading};
use crate::types::Language;

/// The language to answer in, and the one to remember of the number where that is news.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Spoken {
    pub(super) language: Language,
    pub(super) remember: Option<Language>,
}

/// As one has always spoken with this citizen.
pub(super) fn usual(ctx: &Ctx<'_>) -> Spoken {
    Spoken { language: ctx.usual_language(), remember: None }
}

/// Speak `language` from now on.
pub(super) fn chosen(language: Language, ctx: &Ctx<'_>) -> Spoken {
    Spoken { language, remember: (ctx.language != Some(language)).then_some(language) }
}

/// Khmer letters or digits are answered in Khmer, a keyword in its own language, all else as usual: a bare
/// code tells nothing of who wrote it.
pub(super) fn of_text(text: &str, reading: &Reading, ctx: &Ctx<'_>) -> Spoken {
    if text.chars().any(is_khmer) {
        return chosen(Language::Km, ctx);
    }
    match (reading.keyword_language, reading.command) {
        // our texts in every language tell people to send these words, so writing them chooses nothing
        (Some(Language::En), Some(Command::Help | Command::Stop | Command::Start)) => {
            Spoken { language: ctx.language.unwrap_or(Language::En), remember: None }
        }
        (Some(language), _) => chosen(language, ctx),
        (None, _) => usual(ctx),
    }
}

/// Khmer and Khmer Symbols.
fn is_khmer(c: char) -> bool {
    matches!(c, '\u{1780}'..='\u{17FF}' | '\u{19E0}'..='\u{19FF}')
}

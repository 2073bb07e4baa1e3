//! The way from a page to the conversation: what a kiosk asks and what comes back, as facts. It must not
//! know who answers, nor any word of the pages.
use crate::ports::PortFuture;
use crate::types::Language;
use crate::types::civic::ApplicationAnswer;

/// What a visitor is told about the code that was entered.
#[derive(Clone, Debug)]
pub enum CheckAnswer {
    /// Where the application stands, holding no more than its level of disclosure earns. With `as_of` the
    /// portal is away and this is what it said then.
    Status(Box<ApplicationAnswer>),
    /// It has the shape of a code and its check digit does not fit: one digit looks wrong.
    Mistyped,
    /// It does not have the shape of a code.
    NotACode,
    /// No such application, or one that is hidden: the two are answered alike.
    Unknown,
    /// The portal is away and nothing is kept.
    Busy,
    /// Too many codes that do not exist came from here; asking pauses for a while.
    Paused,
}

/// Answers the questions of a kiosk. One call is one question of one visitor.
pub trait Door: Send + Sync {
    /// Where the application with the typed code stands. `typed` is at most 24 ASCII digits, unchecked.
    /// Comes back within the deadline of the channel; never fails, every fault has an answer.
    fn check<'a>(&'a self, typed: &'a str, language: Language) -> PortFuture<'a, CheckAnswer>;
}

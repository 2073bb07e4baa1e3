//! The way from a page to the conversation: what a kiosk asks and what comes back, as facts. It must not
//! know any word of the pages.
use crate::dialogue::{Choice, Input, StatusFacts, View};
use crate::exchange::{Exchange, Visit};
use crate::ports::PortFuture;
use crate::types::{
    Language, Pin,
    civic::{Answer, Query},
};
use std::time::Duration;

/// What a visitor is told about the code that was entered.
#[derive(Clone, Debug)]
pub enum CheckAnswer {
    /// Where the application stands, cut to its level of disclosure. With `as_of` the portal is away and
    /// this is what it said then.
    Status(Box<StatusFacts>),
    /// It has the shape of a code and its check digit does not fit: one digit looks wrong.
    Mistyped,
    /// It does not have the shape of a code.
    NotACode,
    /// No such application, one that is hidden, or a wrong PIN: all are answered alike.
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
    fn check<'a>(&'a self, typed: &'a str, pin: Option<Pin>, language: Language) -> PortFuture<'a, CheckAnswer>;
    /// A question to the directory: services, ministries, offices. An answer that is kept says since when.
    fn look_around<'a>(&'a self, query: &'a Query) -> PortFuture<'a, Answer>;
    /// Passes a rating of 1 to 5 on; `intent` is the same however often it is pressed. Whether it was taken.
    fn rate(&self, rating: u8, intent: uuid::Uuid) -> PortFuture<'_, bool>;
}

/// The door that stands in the house: the conversation every channel has.
pub struct ExchangeDoor {
    /// Who answers.
    pub exchange: Exchange,
    /// How long the portal may take: `[portal].timeout_ms.kiosk`.
    pub deadline: Duration,
}

impl Door for ExchangeDoor {
    fn look_around<'a>(&'a self, query: &'a Query) -> PortFuture<'a, Answer> {
        Box::pin(self.exchange.look_around(query, self.deadline))
    }

    fn rate(&self, rating: u8, intent: uuid::Uuid) -> PortFuture<'_, bool> {
        Box::pin(self.exchange.rate(rating, intent, self.deadline))
    }

    fn check<'a>(&'a self, typed: &'a str, pin: Option<Pin>, language: Language) -> PortFuture<'a, CheckAnswer> {
        Box::pin(async move {
            let typed = typed.to_owned();
            let visit = Visit {
                dialogue: None,
                input: Input::Choice(Choice::Code { typed, pin }),
                language,
                deadline: self.deadline,
            };
            let (_, view) = self.exchange.converse(visit).await;
            answer(view)
        })
    }
}

fn answer(view: View) -> CheckAnswer {
    match view {
        View::Status(facts) => CheckAnswer::Status(facts),
        View::Mistyped { .. } => CheckAnswer::Mistyped,
        View::Unknown { .. } => CheckAnswer::Unknown,
        View::PortalAway { .. } | View::AskAgain | View::Apology => CheckAnswer::Busy,
        View::SlowDown => CheckAnswer::Paused,
        // What is said when no code was found in what came in, and what this page never asks for.
        _ => CheckAnswer::NotACode,
    }
}

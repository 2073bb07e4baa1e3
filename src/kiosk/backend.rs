//! The way from a page to the conversation: what a kiosk asks and what comes back, as facts. It must not
//! know any word of the pages.
use crate::{
    dialogue::{Choice, Dialogue, Input, StatusFacts, View},
    exchange::{CodeTried, Exchange, Shut, TextRefusal, Visit},
    ports::{
        PortFuture, StoreFault,
        kiosks::{Kiosk, Pairing},
    },
    types::{
        CauseId, Language, Msisdn, Pin, UnixMs,
        civic::{Answer, Query},
    },
};
use std::{net::IpAddr, time::Duration};
use uuid::Uuid;

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
    /// Too many PINs of this code were wrong today: none is tried any more.
    PinLocked,
}

/// Who asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Who {
    /// The kiosk.
    pub device: String,
    /// The number that the visitor proved.
    pub number: Option<Msisdn>,
}

/// Answers the questions of a kiosk. One call is one question of one visitor; each comes back within the deadline
/// of the channel.
pub trait Backend: Send + Sync {
    /// Where the application with the typed code stands. `typed` is at most 24 ASCII digits, unchecked. Never
    /// fails, every fault has an answer.
    fn check<'a>(
        &'a self,
        who: &'a Who,
        typed: &'a str,
        pin: Option<Pin>,
        language: Language,
    ) -> PortFuture<'a, CheckAnswer>;
    /// One step of a conversation; `cause` names its intentions.
    fn talk<'a>(
        &'a self,
        who: &'a Who,
        dialogue: Option<Dialogue>,
        input: Input,
        language: Language,
        cause: Uuid,
    ) -> PortFuture<'a, (Dialogue, View)>;
    /// A question to the directory: services, ministries, offices. An answer that is kept says since when.
    fn look_around<'a>(&'a self, query: &'a Query) -> PortFuture<'a, Answer>;
    /// A question or change of a visitor; `intent` names a change.
    fn ask<'a>(&'a self, who: &'a Who, query: &'a Query, intent: Option<Uuid>) -> PortFuture<'a, Result<Answer, Shut>>;
    /// Passes a rating of 1 to 5 on; `intent` is the same however often it is pressed. Whether it was taken.
    fn rate<'a>(&'a self, who: &'a Who, rating: u8, intent: Uuid) -> PortFuture<'a, bool>;
    /// Texts a one-time code to the typed number; the number, and what names the code.
    fn send_code<'a>(
        &'a self,
        who: &'a Who,
        typed: &'a str,
        language: Language,
    ) -> PortFuture<'a, Result<(Msisdn, String), TextRefusal>>;
    /// Judges a typed one-time code.
    fn try_code<'a>(&'a self, name: &'a str, number: Msisdn, typed: &'a str) -> PortFuture<'a, CodeTried>;
    /// Texts what a visitor sees to the typed number; `intent` is the same however often it is pressed.
    fn send_view<'a>(
        &'a self,
        who: &'a Who,
        typed: &'a str,
        view: &'a View,
        language: Language,
        intent: Uuid,
    ) -> PortFuture<'a, Result<(), TextRefusal>>;
    /// The paired device with this token.
    fn device<'a>(&'a self, token: &'a str) -> PortFuture<'a, Result<Option<Kiosk>, StoreFault>>;
    /// How far the pairing of a device with this token is; it writes nothing.
    fn pairing<'a>(&'a self, token: &'a str) -> PortFuture<'a, Pairing>;
    /// The digits that a device with this token shows from now on; `from`: the address that asks for them. `None`: it
    /// must wait.
    fn begin_pairing<'a>(&'a self, token: &'a str, from: Option<IpAddr>) -> PortFuture<'a, Option<String>>;
    /// Gives a device that was paired while it had the token `old` the token `new`. Whether it did.
    fn take_pairing<'a>(&'a self, old: &'a str, new: &'a str) -> PortFuture<'a, bool>;
    /// Tells the device itself something at its next heartbeat.
    fn send_command<'a>(&'a self, device: &'a str, kind: &'static str) -> PortFuture<'a, bool>;
    /// Whether another staff PIN may be tried at this device; it counts.
    fn may_try_staff_pin<'a>(&'a self, device: &'a str) -> PortFuture<'a, bool>;
    /// Seals what a visit carries, for the place that it is carried through.
    fn seal(&self, place: &[u8], plain: &[u8]) -> Option<Vec<u8>>;
    /// Opens it in that place.
    fn unseal(&self, place: &[u8], sealed: &[u8]) -> Option<Vec<u8>>;
    /// Now.
    fn now(&self) -> UnixMs;
}

/// The one that ships: the conversation every channel has.
pub struct ExchangeBackend {
    /// Who answers.
    pub exchange: Exchange,
    /// How long the portal may take: `[portal].timeout_ms.kiosk`.
    pub deadline: Duration,
}

impl ExchangeBackend {
    fn visit(&self, who: &Who, input: Input, language: Language) -> Visit {
        Visit {
            dialogue: None,
            input,
            language,
            number: who.number,
            device: who.device.clone(),
            cause: None,
            deadline: self.deadline,
        }
    }
}

impl Backend for ExchangeBackend {
    fn check<'a>(
        &'a self,
        who: &'a Who,
        typed: &'a str,
        pin: Option<Pin>,
        language: Language,
    ) -> PortFuture<'a, CheckAnswer> {
        Box::pin(async move {
            let input = Input::Choice(Choice::Code { typed: typed.to_owned(), pin });
            let (_, view) = self.exchange.conversation.converse(self.visit(who, input, language)).await;
            answer(view)
        })
    }

    fn talk<'a>(
        &'a self,
        who: &'a Who,
        dialogue: Option<Dialogue>,
        input: Input,
        language: Language,
        cause: Uuid,
    ) -> PortFuture<'a, (Dialogue, View)> {
        let visit = Visit { dialogue, cause: Some(CauseId(cause)), ..self.visit(who, input, language) };
        Box::pin(self.exchange.conversation.converse(visit))
    }

    fn look_around<'a>(&'a self, query: &'a Query) -> PortFuture<'a, Answer> {
        Box::pin(self.exchange.conversation.look_around(query, self.deadline))
    }

    fn ask<'a>(&'a self, who: &'a Who, query: &'a Query, intent: Option<Uuid>) -> PortFuture<'a, Result<Answer, Shut>> {
        Box::pin(self.exchange.conversation.ask_for(&who.device, who.number, query, intent, self.deadline))
    }

    fn rate<'a>(&'a self, who: &'a Who, rating: u8, intent: Uuid) -> PortFuture<'a, bool> {
        Box::pin(self.exchange.conversation.rate(&who.device, rating, intent, self.deadline))
    }

    fn send_code<'a>(
        &'a self,
        who: &'a Who,
        typed: &'a str,
        language: Language,
    ) -> PortFuture<'a, Result<(Msisdn, String), TextRefusal>> {
        Box::pin(self.exchange.kiosks.send_code(&who.device, typed, language))
    }

    fn try_code<'a>(&'a self, name: &'a str, number: Msisdn, typed: &'a str) -> PortFuture<'a, CodeTried> {
        Box::pin(self.exchange.kiosks.try_code(name, number, typed))
    }

    fn send_view<'a>(
        &'a self,
        who: &'a Who,
        typed: &'a str,
        view: &'a View,
        language: Language,
        intent: Uuid,
    ) -> PortFuture<'a, Result<(), TextRefusal>> {
        Box::pin(self.exchange.kiosks.send_view(&who.device, typed, view, language, intent))
    }

    fn device<'a>(&'a self, token: &'a str) -> PortFuture<'a, Result<Option<Kiosk>, StoreFault>> {
        Box::pin(self.exchange.kiosks.device(token))
    }

    fn pairing<'a>(&'a self, token: &'a str) -> PortFuture<'a, Pairing> {
        Box::pin(async move { self.exchange.kiosks.pairing(token).await.unwrap_or(Pairing::None) })
    }

    fn begin_pairing<'a>(&'a self, token: &'a str, from: Option<IpAddr>) -> PortFuture<'a, Option<String>> {
        Box::pin(self.exchange.kiosks.begin_pairing(token, from))
    }

    fn take_pairing<'a>(&'a self, old: &'a str, new: &'a str) -> PortFuture<'a, bool> {
        Box::pin(self.exchange.kiosks.take_pairing(old, new))
    }

    fn send_command<'a>(&'a self, device: &'a str, kind: &'static str) -> PortFuture<'a, bool> {
        Box::pin(async move { self.exchange.kiosks.tell(device, kind, None).await.unwrap_or(false) })
    }

    fn may_try_staff_pin<'a>(&'a self, device: &'a str) -> PortFuture<'a, bool> {
        Box::pin(self.exchange.kiosks.may_try_staff_pin(device))
    }

    fn seal(&self, place: &[u8], plain: &[u8]) -> Option<Vec<u8>> {
        self.exchange.kiosks.seal(place, plain)
    }

    fn unseal(&self, place: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
        self.exchange.kiosks.unseal(place, sealed)
    }

    fn now(&self) -> UnixMs {
        self.exchange.clock.now()
    }
}

fn answer(view: View) -> CheckAnswer {
    match view {
        View::Status(facts) => CheckAnswer::Status(facts),
        View::Mistyped { .. } => CheckAnswer::Mistyped,
        View::Unknown { .. } => CheckAnswer::Unknown,
        View::PortalAway { .. } | View::AskAgain | View::Apology => CheckAnswer::Busy,
        View::SlowDown | View::AddPin { .. } => CheckAnswer::Paused,
        View::PinLocked { .. } => CheckAnswer::PinLocked,
        // What is said when no code was found in what came in, and what this page never asks for.
        _ => CheckAnswer::NotACode,
    }
}

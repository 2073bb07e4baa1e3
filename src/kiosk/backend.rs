//! The way from a page to the exchange: what a kiosk asks and what comes back, as facts. All that the pages ask of the
//! exchange stands here. It must not know any word of the pages.
use crate::{
    dialogue::{self, Choice, Dialogue, Input, StatusFacts, View},
    exchange::{
        Asker, CodeTried, Exchange, Looked, NotBegun, OpenSignIn, Receiver, Shut, SignedIn, TextRefusal, Visit,
    },
    ports::{
        StoreFault,
        kiosks::{Kiosk, Pairing},
    },
    render::kiosk::Keepsake,
    types::{
        CauseId, Language, Msisdn, Pin, RegistrationCode, UnixMs,
        civic::{Abilities, Answer, CitizenToken, Disclosure, Filed, Mine, Office, OfficeSearch, PortalFault, Query},
        time::phnom_penh,
    },
};
use std::{net::IpAddr, sync::Arc, time::Duration};
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
    /// Too many codes that do not exist came from this visit, or from here; asking pauses for so many minutes.
    Paused {
        /// Minutes; `None`: a while.
        minutes: Option<u32>,
    },
    /// Too many PINs of this code were wrong today: none is tried any more.
    PinLocked,
    /// Who had signed in is signed in no more.
    SignedOut,
}

/// Who asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Who {
    /// The kiosk.
    pub device: String,
    /// The number that the visitor proved.
    pub number: Option<Msisdn>,
    /// Names the visit, where the page carries it.
    pub visit: Option<Uuid>,
}

impl Who {
    fn asker(&self) -> Asker<'_> {
        Asker { device: &self.device, visit: self.visit }
    }
}

/// Answers the questions of a kiosk. One call is one question of one visitor; each comes back within the deadline of the
/// channel. Cheap to clone.
#[derive(Clone)]
pub struct Backend {
    exchange: Exchange,
    deadline: Duration,
}

impl Backend {
    /// `deadline`: how long the portal may take, `[portal].timeout_ms.kiosk`.
    pub fn new(exchange: Exchange, deadline: Duration) -> Self {
        Backend { exchange, deadline }
    }

    /// Where the application with the typed code stands. `typed` is at most 24 ASCII digits, unchecked. Never
    /// fails, every fault has an answer.
    pub async fn check(&self, who: &Who, typed: &str, pin: Option<Pin>, language: Language) -> CheckAnswer {
        let input = Input::Choice(Choice::Code { typed: typed.to_owned(), pin });
        answer(self.exchange.conversation.converse(self.visit(who, input, language)).await.1)
    }

    /// What the portal offers.
    pub fn abilities(&self) -> Abilities {
        self.exchange.conversation.abilities()
    }

    /// Where the application with this code stands, for whoever has signed in.
    pub async fn check_signed(&self, who: &Who, code: RegistrationCode, token: CitizenToken) -> CheckAnswer {
        let what = Mine::Application { code: code.clone() };
        match self.mine(who, what, token).await {
            Ok(Answer::Application(Ok(answer))) if answer.application.code == code => {
                let today = self.now().civil(&phnom_penh()).date();
                CheckAnswer::Status(Box::new(dialogue::status_facts(code, answer, Disclosure::Verified, today)))
            }
            Ok(Answer::Application(Err(PortalFault::SignInExpired))) => CheckAnswer::SignedOut,
            Ok(Answer::Application(Err(fault))) if fault.may_be_guess() => CheckAnswer::Unknown,
            Ok(_) => CheckAnswer::Busy,
            Err(Shut::Wait { minutes }) => CheckAnswer::Paused { minutes: Some(minutes) },
            Err(Shut::Busy) => CheckAnswer::Busy,
            Err(_) => CheckAnswer::Paused { minutes: None },
        }
    }

    /// What is one's own, of whoever has signed in.
    ///
    /// # Errors
    /// When the gate does not open: the portal was not asked.
    pub async fn mine(&self, who: &Who, what: Mine, token: CitizenToken) -> Result<Answer, Shut> {
        self.ask(who, &Query::Mine { what, token }, None).await
    }

    /// Whether one can sign in, as far as is known.
    pub fn offers_sign_in(&self) -> bool {
        self.exchange.sign_ins.is_offered()
    }

    /// Begins a sign-in at a device of this office, in place of `former`.
    ///
    /// # Errors
    /// When none is begun.
    pub async fn begin_sign_in(
        &self,
        device: &str,
        office: &str,
        language: Language,
        former: Option<&OpenSignIn>,
    ) -> Result<OpenSignIn, NotBegun> {
        self.exchange.sign_ins.begin(device, Some(office), language, former).await
    }

    /// Asks how a sign-in stands, no more often than whoever lets people sign in wants to be asked.
    pub async fn look_at_sign_in(&self, device: &str, open: &OpenSignIn) -> Looked {
        self.exchange.sign_ins.look(device, open).await
    }

    /// Signs somebody out.
    pub fn end_sign_in(&self, signed: &SignedIn) {
        self.exchange.sign_ins.end(signed);
    }

    /// One step of a conversation; `cause` names its intentions.
    pub async fn talk(
        &self,
        who: &Who,
        dialogue: Option<Dialogue>,
        input: Input,
        language: Language,
        cause: Uuid,
    ) -> (Dialogue, View) {
        let visit = Visit { dialogue, cause: Some(CauseId(cause)), ..self.visit(who, input, language) };
        self.exchange.conversation.converse(visit).await
    }

    fn visit(&self, who: &Who, input: Input, language: Language) -> Visit {
        Visit {
            dialogue: None,
            input,
            language,
            number: who.number,
            device: who.device.clone(),
            visit: who.visit,
            cause: None,
            deadline: self.deadline,
        }
    }

    /// A question to the directory: services, ministries, offices. An answer that is kept says since when.
    pub async fn look_around(&self, query: &Query) -> Answer {
        self.exchange.conversation.look_around(query, self.deadline).await
    }

    /// The office with this identifier, if it can be asked for.
    pub async fn office(&self, id: &str) -> Option<Arc<Office>> {
        let search = OfficeSearch { id: Some(id.to_owned()), ..OfficeSearch::default() };
        match self.look_around(&Query::Offices(search)).await {
            Answer::Offices(Ok(found)) => found.items.first().map(|hit| Arc::clone(&hit.office)),
            _ => None,
        }
    }

    /// A question or change of a visitor; `intent` names a change.
    ///
    /// # Errors
    /// When the gate does not open: the portal was not asked.
    pub async fn ask(&self, who: &Who, query: &Query, intent: Option<Uuid>) -> Result<Answer, Shut> {
        self.exchange.conversation.ask_for(&who.device, who.number, query, intent, self.deadline).await
    }

    /// Passes a rating of 1 to 5 on; `intent` is the same however often it is pressed. `None`: it was not taken.
    pub async fn rate(&self, who: &Who, rating: u8, intent: Uuid) -> Option<Filed> {
        self.exchange.conversation.rate(&who.device, rating, intent, self.deadline).await
    }

    /// Texts a one-time code to the typed number; the number, and what names the code.
    ///
    /// # Errors
    /// When none is sent.
    pub async fn send_code(&self, who: &Who, typed: &str, language: Language) -> Result<(Msisdn, String), TextRefusal> {
        self.exchange.kiosks.send_code(who.asker(), typed, language).await
    }

    /// Judges a typed one-time code.
    pub async fn try_code(&self, name: &str, number: Msisdn, typed: &str) -> CodeTried {
        self.exchange.kiosks.try_code(name, number, typed).await
    }

    /// Texts what a visitor sees to the typed number; `intent` is the same however often it is pressed.
    ///
    /// # Errors
    /// When none is sent.
    pub async fn send_view(
        &self,
        who: &Who,
        typed: &str,
        view: &View,
        language: Language,
        intent: Uuid,
    ) -> Result<(), TextRefusal> {
        self.exchange.kiosks.phones.send_view(who.asker(), typed, view, language, intent).await
    }

    /// Texts what a visit came to; `intent` is the same however often it is pressed.
    ///
    /// # Errors
    /// When none is sent.
    pub async fn send_keepsake(
        &self,
        who: &Who,
        receiver: Receiver<'_>,
        keepsake: &Keepsake,
        language: Language,
        intent: Uuid,
    ) -> Result<(), TextRefusal> {
        self.exchange.kiosks.phones.send_keepsake(who.asker(), receiver, keepsake, language, intent).await
    }

    /// The paired device with this token.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn device(&self, token: &str) -> Result<Option<Kiosk>, StoreFault> {
        self.exchange.kiosks.device(token).await
    }

    /// How far the pairing of a device with this token is; it writes nothing.
    pub async fn pairing(&self, token: &str) -> Pairing {
        self.exchange.kiosks.pairing(token).await.unwrap_or(Pairing::None)
    }

    /// The digits that a device with this token shows from now on; `from`: the address that asks for them. `None`: it
    /// must wait.
    pub async fn begin_pairing(&self, token: &str, from: Option<IpAddr>) -> Option<String> {
        self.exchange.kiosks.begin_pairing(token, from).await
    }

    /// Gives a device that was paired while it had the token `old` the token `new`. Whether it did.
    pub async fn take_pairing(&self, old: &str, new: &str) -> bool {
        self.exchange.kiosks.take_pairing(old, new).await
    }

    /// Tells the device itself something at its next heartbeat.
    pub async fn send_command(&self, device: &str, kind: &'static str) -> bool {
        self.exchange.kiosks.tell(device, kind, None).await.unwrap_or(false)
    }

    /// Whether another staff PIN may be tried at this device; it counts.
    pub async fn may_try_staff_pin(&self, device: &str) -> bool {
        self.exchange.kiosks.may_try_staff_pin(device).await
    }

    /// A visitor calls an officer to a paired device.
    pub async fn call_staff(&self, device: &str) {
        self.exchange.kiosks.call_staff(device).await;
    }

    /// Seals what a visit carries, for the place that it is carried through.
    pub fn seal(&self, place: &[u8], plain: &[u8]) -> Option<Vec<u8>> {
        self.exchange.kiosks.seal(place, plain)
    }

    /// Opens it in that place.
    pub fn unseal(&self, place: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
        self.exchange.kiosks.unseal(place, sealed)
    }

    /// Now.
    pub fn now(&self) -> UnixMs {
        self.exchange.clock.now()
    }
}

fn answer(view: View) -> CheckAnswer {
    match view {
        View::Status(facts) => CheckAnswer::Status(facts),
        View::Mistyped { .. } => CheckAnswer::Mistyped,
        View::Unknown { .. } => CheckAnswer::Unknown,
        View::PortalAway { .. } | View::AskAgain | View::Apology => CheckAnswer::Busy,
        View::Wait { minutes } => CheckAnswer::Paused { minutes: Some(minutes) },
        View::SlowDown | View::AddPin { .. } => CheckAnswer::Paused { minutes: None },
        View::PinLocked { .. } => CheckAnswer::PinLocked,
        // What is said when no code was found in what came in, and what this page never asks for.
        _ => CheckAnswer::NotACode,
    }
}

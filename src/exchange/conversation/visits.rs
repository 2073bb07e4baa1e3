//! Visitors at a kiosk: one step of a conversation at a time, and what needs no conversation. It must not know a page.
use super::{
    Conversation,
    gate::{Caller, Free},
    run::Heard,
    shut::Shut,
};
use crate::{
    dialogue::{Dialogue, Input, View},
    ports::portal::Asker,
    types::{
        CauseId, Language, Msisdn,
        civic::{Answer, Change, ChangeKind, Filed, PortalFault, Query},
        names::Channel,
    },
};
use std::time::Duration;

/// One step of a visit at a kiosk: the dialogue is the caller's to keep.
pub struct Visit {
    /// The dialogue before the step; `None` at the start.
    pub dialogue: Option<Dialogue>,
    /// What the visitor did.
    pub input: Input,
    /// The language of the page.
    pub language: Language,
    /// The number, if the visitor proved one; never one that was only typed.
    pub number: Option<Msisdn>,
    /// The device at which the visitor stands.
    pub device: String,
    /// Names the visit, where the page carries it: who guesses waits, and the next visitor does not.
    pub visit: Option<uuid::Uuid>,
    /// Names the intentions of this step, so that a page sent twice changes things once.
    pub cause: Option<CauseId>,
    /// How long the visitor waits.
    pub deadline: Duration,
}

impl Conversation {
    /// Answers a visitor now. What was begun is ended whether the visitor waits for it or not: a place at the gate is
    /// settled by the answer of the portal, not by who closes a page.
    pub async fn converse(&self, visit: Visit) -> (Dialogue, View) {
        let conversation = self.clone();
        let answered = self.core.tasks.spawn(async move { conversation.answer_visit(visit).await }).await;
        answered.unwrap_or_else(|_| (Dialogue::default(), View::Apology))
    }

    async fn answer_visit(&self, visit: Visit) -> (Dialogue, View) {
        let asker = Asker { channel: Channel::Kiosk, number: visit.number, deadline: visit.deadline, key: None };
        let dialogue = visit.dialogue.unwrap_or_default();
        let started = tokio::time::Instant::now();
        let mut caller = Caller::Device { device: &visit.device, number: visit.number, visit: visit.visit };
        let (input, cause, remembered) = (visit.input, visit.cause, Some(visit.language));
        let heard = Heard { dialogue, input, asker, cause, remembered, patience: None };
        let talk = self.run(heard, &mut caller).await;
        metrics::histogram!("chrak_answer_seconds", "channel" => Channel::Kiosk.as_str())
            .record(started.elapsed().as_secs_f64());
        let unsaid = if talk.hushed { View::SlowDown } else { View::Menu };
        (talk.next, talk.view.unwrap_or(unsaid))
    }

    /// Asks the directory for a visitor: what concerns nobody needs no conversation. Writes nothing. Anything else is
    /// refused: it takes [`Conversation::ask_for`].
    pub async fn look_around(&self, query: &Query, deadline: Duration) -> Answer {
        let asker = Asker { channel: Channel::Kiosk, number: None, deadline, key: None };
        match Free::of(query) {
            Some(free) => self.core.gate.ask_freely(free, asker).await,
            None => Answer::Topics(Err(PortalFault::Refused)),
        }
    }

    /// A question or change of a visitor at a kiosk that needs no conversation; `intent` names a change.
    ///
    /// # Errors
    /// When the gate does not open: the portal was not asked.
    pub async fn ask_for(
        &self,
        device: &str,
        number: Option<Msisdn>,
        query: &Query,
        intent: Option<uuid::Uuid>,
        deadline: Duration,
    ) -> Result<Answer, Shut> {
        let (conversation, device, query) = (self.clone(), device.to_owned(), query.clone());
        let asked = self.core.tasks.spawn(async move {
            let asker = Asker { channel: Channel::Kiosk, number, deadline, key: intent };
            let mut caller = Caller::Device { device: &device, number, visit: None };
            let gate = &conversation.core.gate;
            let permit = gate.enter(&query, &mut caller).await?;
            let told = gate.ask_with(permit, asker, None, &mut caller).await;
            let answer = told.answer.ok_or(Shut::Busy)?;
            Ok(conversation.kept_when_away(&query, &asker, answer).await)
        });
        asked.await.unwrap_or(Err(Shut::Busy))
    }

    /// A visitor's rating: told once, whatever is pressed again; `intent` names it. `None`: it was not taken.
    pub async fn rate(&self, device: &str, rating: u8, intent: uuid::Uuid, deadline: Duration) -> Option<Filed> {
        let what = ChangeKind::Feedback { rating, text: None };
        let query = Query::Change(Change { what, attempt: 0 });
        match self.ask_for(device, None, &query, Some(intent), deadline).await {
            Ok(Answer::Filed(filed)) => filed.ok(),
            _ => None,
        }
    }
}

//! What was said to the portal and did not reach it: kept before anybody is told so, under the name by which the portal
//! carries it out once. Whoever passes it on stands elsewhere (`exchange/feedback.rs`).
use super::Conversation;
use crate::{
    exchange::routing::way_to,
    ports::{feedback::NewFeedback, portal::Asker},
    types::{
        Msisdn,
        civic::{Answer, Change, Filed, Query},
        limits::{FEEDBACK_WAITING_MAX, FEEDBACK_WAITS_MAX},
        names::Channel,
    },
};

/// What was said, and by whom.
#[derive(serde::Serialize, serde::Deserialize)]
pub struct Said {
    /// A rating or a complaint.
    pub change: Change,
    /// By which channel.
    pub channel: Channel,
    /// The digits of the number that the channel established.
    number: Option<String>,
}

impl Said {
    /// Who said it.
    pub fn number(&self) -> Option<Msisdn> {
        self.number.as_deref().and_then(Msisdn::parse_e164)
    }

    /// As it is kept.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn of_bytes(bytes: &[u8]) -> serde_json::Result<Self> {
        serde_json::from_slice(bytes)
    }
}

impl Conversation {
    /// An answer, unless something was said and the portal is away: then it is kept, and that is the answer.
    pub(super) async fn kept_when_away(&self, query: &Query, asker: &Asker, answer: Answer) -> Answer {
        let (Query::Change(change), Answer::Filed(Err(fault)), Some(id)) = (query, &answer, asker.key) else {
            return answer;
        };
        if !change.what.is_kept_when(*fault) {
            metrics::counter!("chrak_feedback_total", "result" => "declined").increment(1);
            return answer;
        }
        let number = asker.number.map(|number| number.digits().to_owned());
        let said = Said { change: change.clone(), channel: asker.channel, number };
        let said = serde_json::to_vec(&said).expect("what is said is plain strings and numbers");
        let now = self.core.clock.now();
        let not_after = now.plus_ms(FEEDBACK_WAITS_MAX.as_millis() as i64);
        let new = NewFeedback { id, said, due: now, not_after };
        match self.core.feedback.keep_feedback(new, FEEDBACK_WAITING_MAX, now).await {
            Ok(true) => {
                metrics::counter!("chrak_feedback_total", "result" => "kept").increment(1);
                let told = asker.number.is_some_and(|number| way_to(&self.core.settings, number).is_ok());
                Answer::Filed(Ok(Filed::Kept { told }))
            }
            Ok(false) => {
                tracing::error!("more ratings and complaints wait for the portal than are kept; one was turned away");
                answer
            }
            Err(fault) => {
                tracing::warn!("what was said could not be kept: {fault}");
                answer
            }
        }
    }
}

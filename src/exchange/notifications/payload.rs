//! What is stored of an unasked text until it is due.
use crate::types::{
    Language,
    civic::{Change, Notice},
};

/// What is stored of a push.
#[derive(serde::Serialize, serde::Deserialize)]
pub enum Payload {
    /// An agency's words, or what a visitor asked for.
    Message { text: String, notice: bool },
    /// What the portal tells.
    Event { notice: Notice, language: Language, urgent: bool },
    /// A change whose outcome is to be found out.
    FollowUp { cause: uuid::Uuid, change: Change, smsc: String, source: String, language: Language },
}

impl Payload {
    /// As it is stored. One that were stored empty would be acknowledged and never sent.
    pub fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("what is to be sent is plain strings and numbers")
    }
}

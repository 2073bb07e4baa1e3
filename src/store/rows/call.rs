//! Calls of agencies and texts that visitors ask for, their pushes sealed.
use super::PushRow;
use crate::{
    ports::{
        StoreFault,
        messages::{Item, NewCall},
        pushes::{Bounds, NewPush},
    },
    store::Keys,
    types::UnixMs,
};

/// A call, its pushes sealed.
pub struct CallRow {
    pub call: NewCall,
    /// Of each message that is to be sent.
    pub pushes: Vec<Option<PushRow>>,
    pub now: UnixMs,
}

impl CallRow {
    pub fn seal(keys: &Keys, call: NewCall, now: UnixMs) -> Result<Self, StoreFault> {
        let push = |verdict: &Result<NewPush, _>| {
            verdict.as_ref().ok().map(|push| PushRow::seal(keys, push.clone(), now)).transpose()
        };
        let pushes = call.messages.iter().map(|message| push(&message.verdict)).collect::<Result<_, _>>()?;
        Ok(CallRow { call, pushes, now })
    }
}

/// What a call came to, as it is kept under its key: as JSON, without numbers and texts.
#[derive(serde::Serialize, serde::Deserialize)]
pub struct Outcome {
    pub request: String,
    pub items: Vec<Item>,
}

/// A text that was asked for, sealed.
pub struct AskedRow {
    pub name: String,
    pub push: PushRow,
    pub bounds: Bounds,
    pub now: UnixMs,
}

impl AskedRow {
    pub fn seal(keys: &Keys, name: String, push: NewPush, bounds: Bounds, now: UnixMs) -> Result<Self, StoreFault> {
        Ok(AskedRow { name, push: PushRow::seal(keys, push, now)?, bounds, now })
    }
}

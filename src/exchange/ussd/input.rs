//! A USSD input as a bind read it, and the screen that answers it.
use crate::{
    render::ussd::Size,
    types::{
        Msisdn, SessionId,
        names::{Family, SmscName},
    },
};
use std::time::Duration;
use tokio::time::Instant;

/// What a subscriber did.
#[derive(Clone, PartialEq, Eq)]
pub enum UssdSignal {
    /// Dialled the service code, with these steps after it.
    Start(Vec<String>),
    /// Answered a screen.
    Next(String),
    /// Something that the dialect does not know: an answer where a session is known.
    Unknown(String),
    /// Hung up, or the gateway gave up.
    Abort,
    /// Has been shown a notice.
    Confirmed,
}

/// A USSD input as a bind read it.
#[derive(Clone)]
pub struct UssdCall {
    /// The telco.
    pub smsc: SmscName,
    /// Its family.
    pub family: Family,
    /// The connection.
    pub connection: SessionId,
    /// The subscriber.
    pub number: Msisdn,
    /// The name of the session, as far as the gateway gives one.
    pub name: Vec<u8>,
    /// Our service code, as dialled; empty when the gateway does not say.
    pub code: String,
    /// What was done.
    pub signal: UssdSignal,
    /// Our number from which texts are sent to this subscriber.
    pub short_code: String,
    /// What the gateway takes.
    pub size: Size,
    /// When it was read.
    pub read_at: Instant,
    /// The gateway's timer.
    pub deadline: Duration,
}

/// What is shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Screen {
    /// The whole screen.
    pub text: String,
    /// It is the last one.
    pub end: bool,
}

//! `[portal.govstack]` as it was settled: where the systems are, and what they know us by.
use super::directory::GovstackDirectory;
use crate::{
    portal::road::{Identifier, XroadOptions},
    types::{Secret, civic::Abilities},
};
use ring::hmac;
use std::path::PathBuf;

/// `[portal.govstack]`.
#[derive(Clone, Debug)]
pub struct GovstackOptions {
    /// Where applications are asked about.
    pub registration: GovstackPlace,
    /// Bearer token of the registration system, where one stands in front of it; empty: none is sent.
    pub token: Secret,
    /// Where appointments are made; `None`: they are not offered.
    pub scheduler: Option<SchedulerOptions>,
    /// The only CA trusted, when given.
    pub ca_file: Option<PathBuf>,
    /// Who we are, in every call.
    pub client: Identifier,
    /// What the file of services and offices holds.
    pub directory: GovstackDirectory,
    /// Makes the names by which a scheduler knows citizens: the same as long as the database lives.
    pub pseudonyms: hmac::Key,
}

/// An address, and the way to it.
#[derive(Clone, Debug)]
pub struct GovstackPlace {
    /// Base URL without a slash at its end: of the system, or of the security server.
    pub url: String,
    /// Through a security server of X-Road; `None`: straight.
    pub road: Option<XroadOptions>,
}

/// The scheduler, and what it knows us by.
#[derive(Clone, Debug)]
pub struct SchedulerOptions {
    /// Where it is.
    pub place: GovstackPlace,
    /// `requestor_id` of every call.
    pub requestor_id: String,
    /// `request_token` of every call: it stands in addresses.
    pub request_token: Secret,
}

impl GovstackOptions {
    /// What is offered: with a scheduler or without one.
    pub fn abilities(with_scheduler: bool) -> Abilities {
        Abilities {
            factors: false,
            appointments: with_scheduler,
            holds: false,
            payment: false,
            tickets: false,
            feedback: false,
            complaints: false,
            events: false,
        }
    }
}

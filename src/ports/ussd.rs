//! USSD sessions: small, short-lived, and kept so that a restarted server goes on in the middle of one.
use super::{PortFuture, StoreFault, citizens::CitizenRecord, inbox::NewMo, outbox::NewMt, pushes::NewPush};
use crate::types::{Msisdn, MtId, SessionId, UnixMs, names::Family};

/// A session as it is kept; there is one for each number and family of telcos.
#[derive(Clone, PartialEq, Eq)]
pub struct UssdSession {
    /// Its name, as the gateway gives it; empty where it gives none.
    pub name: Vec<u8>,
    /// The connection over which its last input came.
    pub connection: SessionId,
    /// What the exchange makes of it. Sealed at rest.
    pub state: Vec<u8>,
    /// When it ends by itself.
    pub until: UnixMs,
    /// Raised with every step; a step is only kept on the one before it.
    pub version: i64,
}

impl std::fmt::Debug for UssdSession {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("UssdSession")
            .field("version", &self.version)
            .field("until", &self.until)
            .finish_non_exhaustive()
    }
}

/// One step of a session, all of it in one commit.
pub struct UssdStep {
    /// The telco's family.
    pub family: Family,
    /// The subscriber.
    pub number: Msisdn,
    /// The session after the step; without a state: it is over.
    pub session: UssdSession,
    /// What is remembered of the number, when it changed.
    pub citizen: Option<CitizenRecord>,
    /// Segments to be submitted, and their cause.
    pub mts: Vec<NewMt>,
    /// The question that goes on as a text, with the number's dialogue as `citizen` has it.
    pub late: Option<NewMo>,
    /// Something to be found out and told later.
    pub follow_up: Option<NewPush>,
    /// Names the step; the cause of its segments.
    pub cause: crate::types::CauseId,
}

/// The port.
pub trait UssdSessions: Send + Sync {
    /// The session of a number, if one is kept, and what is remembered of the number.
    fn ussd(
        &self,
        family: Family,
        number: Msisdn,
    ) -> PortFuture<'_, Result<(Option<UssdSession>, CitizenRecord), StoreFault>>;
    /// Keeps a step. Returns the segments with a reserved place that are submitting now. [`StoreFault::Stale`] when another step of the session was kept meanwhile: nothing is
    /// written.
    fn keep_ussd(&self, step: UssdStep, now: UnixMs) -> PortFuture<'_, Result<Vec<MtId>, StoreFault>>;
}

//! What the portal can be asked and what may come back, in the words of this house: no HTTP here.
use super::Application;
use crate::types::{Pin, RegistrationCode, UnixMs};

/// A question of a conversation to the portal. Who asks and over which channel is added by the exchange.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Query {
    /// Where an application stands.
    Application {
        /// Which.
        code: RegistrationCode,
        /// The PIN of its receipt, when the citizen gave one.
        pin: Option<Pin>,
    },
}

/// What the portal said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// To [`Query::Application`].
    Application(Result<ApplicationAnswer, PortalFault>),
}

/// Where an application stands, and how old that knowledge is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApplicationAnswer {
    /// The application at the level that was earned.
    pub application: Application,
    /// `Some` when the portal is away and this is a kept answer of that time.
    pub as_of: Option<UnixMs>,
}

/// Why the portal did not answer a question, sorted by what the citizen is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PortalFault {
    /// There is no such thing, or it is hidden: the two are answered alike.
    #[error("not found")]
    NotFound,
    /// The PIN is wrong.
    #[error("wrong factor")]
    FactorWrong {
        /// Wrong PINs left before it is locked, where the portal tells.
        attempts_left: Option<u32>,
    },
    /// It takes a PIN or another number.
    #[error("factor required")]
    FactorRequired,
    /// Too many wrong PINs.
    #[error("locked")]
    Locked,
    /// 5xx, 429, timeout, no connection, or the breaker is open.
    #[error("portal away")]
    Away,
    /// It answered what its contract does not allow: garbage, truncated, too large.
    #[error("unusable answer")]
    Unusable,
    /// It refuses this server (401, 403 `forbidden`): a matter for the operator.
    #[error("refused")]
    Refused,
}

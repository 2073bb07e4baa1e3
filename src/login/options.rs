//! Who the provider is, as whom we ask, and why it cannot be used.
use crate::types::Secret;
use std::path::PathBuf;

/// `[kiosk.login]` with `mode = "oidc"`.
#[derive(Clone, Debug)]
pub struct LoginOptions {
    /// The provider, as it calls itself: compared character for character.
    pub issuer: String,
    /// As whom we ask.
    pub client_id: String,
    /// Our secret there; `None`: a public client.
    pub client_secret: Option<Secret>,
    /// What is asked for.
    pub scope: String,
    /// For which resource (RFC 8707); `None`: that is not said.
    pub resource: Option<String>,
    /// The only CA trusted, when given.
    pub ca_file: Option<PathBuf>,
}

/// Why the provider cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LoginFault {
    /// As it is configured, or as the provider describes itself, it never will: one line that names the key.
    #[error("kiosk.login.{0}")]
    Configured(String),
    /// It does not answer.
    #[error("kiosk.login: the provider does not answer: {0}")]
    Away(String),
}

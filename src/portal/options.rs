//! Where the portal is, and why it cannot be spoken to as configured.
use super::road::XroadOptions;
use std::path::PathBuf;

/// Where the portal is and how it is spoken to.
#[derive(Clone)]
pub struct PortalOptions {
    /// Base URL without a slash at its end: of the portal, or of the security server.
    pub url: String,
    /// Bearer token.
    pub token: String,
    /// The only CA trusted, when given.
    pub ca_file: Option<PathBuf>,
    /// Through a security server of X-Road; `None`: straight.
    pub road: Option<XroadOptions>,
}

/// Why the client cannot be made: one line.
#[derive(Debug, thiserror::Error)]
pub enum PortalSetupError {
    /// The CA file cannot be read or holds no certificate.
    #[error("ca_file: {path}: {why}")]
    Ca {
        /// The file.
        path: String,
        /// What is wrong with it.
        why: String,
    },
    /// The URL or the token cannot be used.
    #[error("{0}")]
    Bad(String),
}

//! Signing in at a kiosk by the visitor's own telephone, as the exchange sees it: the portal's sign-in, or a provider's of
//! OpenID. Whoever implements it keeps nothing of a sign-in; what names one is the caller's to keep.
use super::PortFuture;
use crate::types::{Language, Secret, UnixMs, civic::CitizenToken};
use std::time::Duration;

/// A sign-in that waits for the telephone.
#[derive(Clone, Debug)]
pub struct SignIn {
    /// Names it: whoever has it gets the token.
    pub handle: Secret,
    /// What the screen shows.
    pub shown: Shown,
    /// When it ends by itself.
    pub expires_at: UnixMs,
    /// It may be asked about no more often than this.
    pub every: Duration,
}

/// What a screen shows of a sign-in.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Shown {
    /// Where the telephone goes; visible ASCII.
    pub url: String,
    /// Digits or letters that the telephone must show or be told too.
    pub check: String,
    /// The address to be typed where there is no camera; `None`: there is no such way.
    pub address: Option<String>,
}

/// How a sign-in stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Nobody has said anything yet.
    Pending,
    /// The same, and it is asked about too often.
    SlowDown,
    /// Somebody has signed in.
    Done {
        /// Stands for them.
        token: CitizenToken,
        /// When it ends, where that is told.
        ends: Option<UnixMs>,
    },
    /// Somebody has said no.
    Denied,
    /// Its time is over, or nobody knows it.
    Expired,
}

/// Why nothing came of a question about a sign-in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignInFault {
    /// There is no such thing there.
    #[error("signing in is not offered")]
    NotOffered,
    /// It did not answer, or said that it cannot now.
    #[error("away")]
    Away,
    /// What it answered is of no use; the log says why.
    #[error("an answer that cannot be used")]
    Unusable,
}

/// Who lets citizens sign in.
pub trait SignIns: Send + Sync {
    /// Begins one, for a kiosk at this office; `key` names the intention.
    fn begin<'a>(
        &'a self,
        office: Option<&'a str>,
        language: Language,
        key: uuid::Uuid,
        deadline: Duration,
    ) -> PortFuture<'a, Result<SignIn, SignInFault>>;

    /// Asks how one stands, once.
    fn look<'a>(&'a self, handle: &'a str, deadline: Duration) -> PortFuture<'a, Result<Standing, SignInFault>>;

    /// Ends one, and the token that came of it.
    fn end<'a>(
        &'a self,
        handle: &'a str,
        token: Option<&'a CitizenToken>,
        key: uuid::Uuid,
        deadline: Duration,
    ) -> PortFuture<'a, Result<(), SignInFault>>;
}

/// Octets of an address that a code of 45 mm still shows to a telephone's camera.
pub const URL_OCTETS_MAX: usize = 500;

/// Whether an address can be shown: visible ASCII, and no longer than can be scanned.
pub fn can_be_shown(url: &str) -> bool {
    let is_address = url.split_once("://").is_some_and(|(scheme, rest)| !scheme.is_empty() && !rest.is_empty());
    is_address && url.len() <= URL_OCTETS_MAX && url.bytes().all(|octet| octet.is_ascii_graphic())
}

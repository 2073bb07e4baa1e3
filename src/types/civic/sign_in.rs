//! Who signs in at a kiosk by the telephone, and what is one's own: applications of which the code need not be typed.
use super::{ApplicationStatus, OfficeRef, ServiceRef};
use crate::types::{RegistrationCode, UnixMs, limits::SIGN_IN_OCTETS_MAX};
use std::{fmt, sync::Arc};

/// What stands for a citizen who has signed in: opaque, judged by the portal alone. `Debug` does not show it.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct CitizenToken(Arc<str>);

impl CitizenToken {
    /// 1 to 4,096 visible ASCII characters, fit for a header; anything else is none.
    pub fn parse(text: &str) -> Option<Self> {
        let fits = (1..=SIGN_IN_OCTETS_MAX).contains(&text.len()) && text.bytes().all(|octet| octet.is_ascii_graphic());
        fits.then(|| CitizenToken(text.into()))
    }

    /// The token itself.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for CitizenToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[token]")
    }
}

/// What is asked by whoever has signed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mine {
    /// One's applications, newest first.
    Applications,
    /// One's appointments.
    Appointments,
    /// One application: whole where it is one's own, else as anybody sees it.
    Application {
        /// Which.
        code: RegistrationCode,
    },
}

/// One of one's own applications, as much of it as a list needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MyApplication {
    /// Its registration code, canonical.
    pub code: String,
    /// The service applied for.
    pub service: ServiceRef,
    /// Where it was registered.
    pub office: OfficeRef,
    /// Where it stands.
    pub status: ApplicationStatus,
    /// Since when.
    pub status_at: UnixMs,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_fit_for_a_header_and_shows_itself_nowhere() {
        let long = "x".repeat(SIGN_IN_OCTETS_MAX);
        for good in ["a", "eyJhbGciOi.J9.x-_~+/=", &long] {
            let token = CitizenToken::parse(good).expect(good);
            assert_eq!((token.expose(), format!("{token:?}").as_str()), (good, "[token]"));
        }
        for bad in ["", "a b", "a\r\nx-channel: sms", "ក", &format!("{long}x"), "a\u{7f}"] {
            assert_eq!(CitizenToken::parse(bad), None, "{bad:?}");
        }
    }
}

//! Who calls: an agency proves itself by its token, of which only a digest is kept in memory and compared.
use super::problem::Problem;
use crate::exchange::Agency;
use axum::http::{HeaderMap, header};
use ring::digest::{SHA256, digest};

/// All agencies.
pub struct Agencies(Vec<(Agency, [u8; 32])>);

fn fingerprint(token: &str) -> [u8; 32] {
    let mut fingerprint = [0; 32];
    fingerprint.copy_from_slice(digest(&SHA256, token.as_bytes()).as_ref());
    fingerprint
}

impl Agencies {
    pub fn new(agencies: Vec<(Agency, String)>) -> Self {
        Agencies(agencies.into_iter().map(|(agency, token)| (agency, fingerprint(&token))).collect())
    }

    /// The agency whose bearer token this is.
    ///
    /// # Errors
    /// 401
    pub fn bearer(&self, headers: &HeaderMap) -> Result<&Agency, Problem> {
        let value = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let token = value.and_then(|value| {
            let (scheme, token) = value.split_once(' ')?;
            scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
        });
        self.of(token)
    }

    /// As [`Agencies::bearer`], or by the header in which GovStack has its key.
    ///
    /// # Errors
    /// 401
    pub fn bearer_or_key(&self, headers: &HeaderMap) -> Result<&Agency, Problem> {
        match headers.get("apikey").and_then(|value| value.to_str().ok()) {
            Some(key) => self.of(Some(key)),
            None => self.bearer(headers),
        }
    }

    /// Digests are compared, so how long it takes tells nothing of a token.
    fn of(&self, token: Option<&str>) -> Result<&Agency, Problem> {
        let fingerprint = fingerprint(token.filter(|token| !token.is_empty()).ok_or_else(Problem::unauthorized)?);
        let known = self.0.iter().find(|(_, known)| *known == fingerprint);
        known.map(|(agency, _)| agency).ok_or_else(Problem::unauthorized)
    }
}

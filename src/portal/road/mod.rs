//! The way to the portal: where a call goes, with which headers of the way's own, and whose an answer is. Straight to the
//! portal, or through a security server of X-Road (message protocol for REST 1.0.4), as CamDX is one. What the portal is
//! asked, and what its answers mean, is nothing that a way knows; nor does anything of a citizen stand in the way's headers,
//! which the logs of security servers keep even where they keep no bodies.
pub(super) mod errors;
mod ids;
mod words;

pub use ids::Identifier;
pub(super) use words::{ending, files, in_words, not_ours};

use crate::tls::PeerTls;
use errors::RoadError;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use uuid::Uuid;

/// Octets of a request line, which must be fewer: more than that a security server need not take (§4.2).
const LINE_OCTETS_MAX: usize = 2_000;

const CLIENT: HeaderName = HeaderName::from_static("x-road-client");
const ID: HeaderName = HeaderName::from_static("x-road-id");
const SERVICE: HeaderName = HeaderName::from_static("x-road-service");
const REQUEST_ID: HeaderName = HeaderName::from_static("x-road-request-id");
const REQUEST_HASH: HeaderName = HeaderName::from_static("x-road-request-hash");
const ERROR: HeaderName = HeaderName::from_static("x-road-error");
const USER_ID: HeaderName = HeaderName::from_static("x-road-userid");
const REPRESENTED_PARTY: HeaderName = HeaderName::from_static("x-road-represented-party");
const SECURITY_SERVER: HeaderName = HeaderName::from_static("x-road-security-server");

/// `[portal.xroad]`: who calls what, and over which TLS.
#[derive(Clone, Debug)]
pub struct XroadOptions {
    /// Who we are.
    pub client: Identifier,
    /// What we call.
    pub service: Identifier,
    /// Sent as `X-Road-UserId`: a constant.
    pub user_id: Option<String>,
    /// Sent as `X-Road-Represented-Party`: a constant.
    pub represented_party: Option<Identifier>,
    /// Sent as `X-Road-Security-Server`.
    pub provider_server: Option<Identifier>,
    /// TLS to the security server; `None`: in the clear.
    pub tls: Option<PeerTls>,
}

/// The way that is taken.
pub(super) struct Road {
    /// Of the portal, or of the security server; without a slash at its end.
    url: String,
    xroad: Option<Xroad>,
}

struct Xroad {
    options: XroadOptions,
    /// The same with every call.
    constant: HeaderMap,
}

/// Where one call goes.
pub(super) struct Destination {
    pub(super) url: String,
    /// Who must answer; `None`: whoever is there.
    service: Option<Identifier>,
}

/// How a change is called in the message logs of X-Road.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Passed {
    /// `X-Road-Id`.
    pub(super) id: Uuid,
    /// `X-Road-Request-Id`; empty when it was not told.
    pub(super) request_id: String,
    /// `X-Road-Request-Hash`; empty when it was not told.
    pub(super) request_hash: String,
}

/// Whose an answer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// The portal's.
    Portal,
    /// A security server's, in its stead.
    Road(RoadError),
    /// Nobody's that we know: 5xx of something in between, which may pass.
    Between,
    /// Nobody's that we know: what answers there is no security server, or answers another call.
    Stranger,
}

impl Road {
    /// # Errors
    /// Which constant fits no header.
    pub(super) fn new(url: String, options: Option<XroadOptions>) -> Result<Self, String> {
        Ok(Road { url, xroad: options.map(Xroad::new).transpose()? })
    }

    /// What `[portal.xroad]` says; `None`: there is no such way.
    pub(super) fn options(&self) -> Option<&XroadOptions> {
        self.xroad.as_ref().map(|xroad| &xroad.options)
    }

    /// Where a path of the portal is.
    pub(super) fn portal(&self, path: &str) -> Destination {
        match &self.xroad {
            None => Destination { url: format!("{}{path}", self.url), service: None },
            Some(xroad) => self.service(&xroad.options.service, path),
        }
    }

    /// Where the security servers tell about the portal's subsystem; `None`: there is no such way.
    pub(super) fn told(&self, by: &str) -> Option<Destination> {
        self.options().map(|options| self.service(&options.service.beside(by), ""))
    }

    fn service(&self, service: &Identifier, path: &str) -> Destination {
        Destination { url: format!("{}/r1/{}{path}", self.url, service.encoded()), service: Some(service.clone()) }
    }

    /// What stands in the head of an attempt because of the way it goes.
    pub(super) fn headers(&self, attempt: Uuid) -> HeaderMap {
        let Some(xroad) = &self.xroad else { return HeaderMap::new() };
        let mut headers = xroad.constant.clone();
        headers.insert(ID, value(&attempt.as_hyphenated().to_string()));
        headers
    }

    /// By which names a change stands in the message logs of both security servers, so that a dispute can be settled there: the call,
    /// the security server's own name of it, and the digest of what was said. They name no citizen. `None`: there is no such way.
    pub(super) fn passed(&self, attempt: Uuid, headers: &HeaderMap) -> Option<Passed> {
        self.xroad.as_ref()?;
        let named =
            |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
        Some(Passed { id: attempt, request_id: named(REQUEST_ID), request_hash: named(REQUEST_HASH) })
    }

    /// Whose an answer to an attempt is.
    pub(super) fn origin(&self, to: &Destination, attempt: Uuid, status: u16, headers: &HeaderMap) -> Origin {
        if let Some(error) = headers.get(ERROR) {
            return Origin::Road(RoadError::read(error.to_str().unwrap_or_default()));
        }
        let (Some(xroad), Some(service)) = (&self.xroad, &to.service) else { return Origin::Portal };
        let says = |name: HeaderName, fits: &dyn Fn(&str) -> bool| {
            headers.get(name).is_some_and(|header| header.to_str().is_ok_and(fits))
        };
        let ours = says(ID, &|id| id.trim().eq_ignore_ascii_case(&attempt.as_hyphenated().to_string()))
            && says(CLIENT, &|client| xroad.options.client.is(client))
            && says(SERVICE, &|answered| service.is(answered));
        match (ours, status) {
            (true, _) => Origin::Portal,
            (false, 500..) => Origin::Between,
            (false, _) => Origin::Stranger,
        }
    }
}

impl Xroad {
    fn new(options: XroadOptions) -> Result<Self, String> {
        let mut constant = HeaderMap::new();
        constant.insert(CLIENT, value(&options.client.encoded()));
        if let Some(user) = &options.user_id {
            let fits = !user.is_empty() && user.len() <= 255 && user.bytes().all(|octet| octet.is_ascii_graphic());
            if !fits {
                return Err("user_id: must be 1 to 255 visible ASCII characters without blanks".to_owned());
            }
            constant.insert(USER_ID, value(user));
        }
        if let Some(party) = &options.represented_party {
            constant.insert(REPRESENTED_PARTY, value(&party.encoded()));
        }
        if let Some(server) = &options.provider_server {
            constant.insert(SECURITY_SERVER, value(&server.encoded()));
        }
        Ok(Xroad { options, constant })
    }
}

/// Of visible ASCII, which all that is given is made of.
fn value(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).expect("visible ASCII is fit for a header")
}

/// Whether the request line would be longer than a security server need take: method, blank, target, blank, version.
pub(super) fn is_too_long(method: &str, url: &reqwest::Url) -> bool {
    let query = url.query().map_or(0, |query| query.len() + 1);
    method.len() + 1 + url.path().len() + query + " HTTP/1.1".len() >= LINE_OCTETS_MAX
}

#[cfg(test)]
mod tests;

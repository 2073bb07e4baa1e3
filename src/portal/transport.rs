//! The one HTTP client: TLS, headers, the deadline and the bound of a body. Numbers, codes, PINs and tokens go into
//! headers marked sensitive and into no error.
use super::{
    options::{PortalOptions, PortalSetupError},
    road::{self, Destination, Origin, Passed, Road},
};
use crate::{
    ports::random,
    tls,
    types::{Msisdn, Pin, civic::CitizenToken, names::Channel},
};
use bytes::{Bytes, BytesMut};
use reqwest::{
    Client,
    header::{AUTHORIZATION, HeaderMap, HeaderValue, RETRY_AFTER},
    redirect,
};
use std::time::Duration;
use tokio::time::Instant;

/// Most octets of an answer, as the contract says.
const BODY_OCTETS_MAX: usize = 2 * 1024 * 1024;
/// TCP and TLS must be made within this, whatever the deadline.
const CONNECT_MAX: Duration = Duration::from_secs(5);
/// Connections that are kept open without work.
const IDLE_MAX: usize = 512;

/// What is done to a path.
#[derive(Clone, Debug)]
pub enum Method {
    /// Read.
    Get,
    /// Make.
    Post(serde_json::Value),
    /// Change.
    Patch(serde_json::Value),
    /// Make, by what stands in the address.
    PostBare,
    /// Change, by what stands in the address.
    PutBare,
    /// End.
    Delete,
}

/// One call.
#[derive(Clone)]
pub struct PortalCall {
    /// What.
    pub method: Method,
    /// Idempotency-Key, with everything but GET.
    pub key: Option<uuid::Uuid>,
    /// Path, beginning with a slash.
    pub path: String,
    /// The citizen's window; `None` when Chrak asks for itself.
    pub channel: Option<Channel>,
    /// The citizen's number, established by the channel.
    pub number: Option<Msisdn>,
    /// The citizen's PIN.
    pub pin: Option<Pin>,
    /// Stands for a citizen who has signed in.
    pub token: Option<CitizenToken>,
}

/// What came back.
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// At most [`BODY_OCTETS_MAX`].
    pub body: Bytes,
    /// The pause that the portal asked for.
    pub retry_after: Option<Duration>,
    /// Whose it is; only the portal's own says anything of what was asked.
    pub(super) origin: Origin,
    /// Of a change that went through X-Road: how it is called there.
    pub(super) passed: Option<Passed>,
}

/// Nothing usable came back. Says why without an address, a number or a code.
#[derive(Debug, thiserror::Error)]
pub enum Broken {
    /// Within the deadline.
    #[error("no answer in time")]
    Timeout,
    /// The connection could not be made or broke.
    #[error("no connection: {0}")]
    Connection(String),
    /// Larger than the contract allows.
    #[error("an answer of more than 2 MiB")]
    TooLarge,
    /// It was not asked: a security server need not take so long a request line.
    #[error("not asked, as the request line would be longer than X-Road takes")]
    TooLong,
}

pub struct Transport {
    client: Client,
    pub(super) road: Road,
}

impl Transport {
    pub fn new(options: PortalOptions) -> Result<Self, PortalSetupError> {
        Self::with(options, HeaderMap::new())
    }

    /// With these headers in every call; without a token where that is empty.
    #[allow(clippy::disallowed_methods, reason = "this is the one place that builds the client")]
    pub fn with(options: PortalOptions, mut headers: HeaderMap) -> Result<Self, PortalSetupError> {
        if !options.token.is_empty() {
            let mut token = HeaderValue::from_str(&format!("Bearer {}", options.token))
                .map_err(|_| PortalSetupError::Bad("the token holds characters that no header takes".to_owned()))?;
            token.set_sensitive(true);
            headers.insert(AUTHORIZATION, token);
        }
        let mut builder = Client::builder()
            .default_headers(headers)
            .redirect(redirect::Policy::none())
            .no_proxy()
            .tcp_nodelay(true)
            .connect_timeout(CONNECT_MAX)
            .pool_max_idle_per_host(IDLE_MAX)
            .user_agent(concat!("chrak/", env!("CARGO_PKG_VERSION")));
        let tls = options.road.as_ref().and_then(|road| road.tls.as_ref());
        match (tls, &options.ca_file) {
            (Some(tls), _) => {
                let config = tls.config().map_err(|fault| PortalSetupError::Bad(fault.to_string()))?;
                builder = builder.tls_backend_preconfigured(config);
            }
            (None, Some(path)) => builder = builder.tls_certs_only(certificates(path)?),
            (None, None) => {}
        }
        let client = builder.build().map_err(|fault| PortalSetupError::Bad(words(&fault)))?;
        reqwest::Url::parse(&options.url).map_err(|fault| PortalSetupError::Bad(format!("url: {fault}")))?;
        let road = Road::new(options.url, options.road).map_err(|why| PortalSetupError::Bad(format!("xroad.{why}")))?;
        Ok(Transport { client, road })
    }

    /// One attempt.
    pub async fn send(&self, call: &PortalCall, until: Instant) -> Result<Reply, Broken> {
        self.send_to(&self.road.portal(&call.path), call, until).await
    }

    /// One attempt, at another place than the path of the call says.
    pub(super) async fn send_to(&self, to: &Destination, call: &PortalCall, until: Instant) -> Result<Reply, Broken> {
        let left = until.saturating_duration_since(Instant::now());
        match tokio::time::timeout(left, self.send_now(to, call)).await {
            Ok(reply) => reply,
            Err(_) => Err(Broken::Timeout),
        }
    }

    async fn send_now(&self, to: &Destination, call: &PortalCall) -> Result<Reply, Broken> {
        let attempt = random::unordered_id();
        let request = self.request(to, call, attempt)?;
        let mut response = self.client.execute(request).await.map_err(|fault| broken(&fault))?;
        let header = |name: &str| response.headers().get(name).and_then(|value| value.to_str().ok());
        let retry_after = header(RETRY_AFTER.as_str()).and_then(|text| text.parse().ok()).map(Duration::from_secs);
        let status = response.status().as_u16();
        let origin = self.road.origin(to, attempt, status, response.headers());
        let is_read = matches!(call.method, Method::Get);
        let passed = if is_read { None } else { self.road.passed(attempt, response.headers()) };
        let mut body = BytesMut::new();
        while let Some(chunk) = response.chunk().await.map_err(|fault| broken(&fault))? {
            if body.len() + chunk.len() > BODY_OCTETS_MAX {
                return Err(Broken::TooLarge);
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Reply { status, body: body.freeze(), retry_after, origin, passed })
    }

    fn request(&self, to: &Destination, call: &PortalCall, attempt: uuid::Uuid) -> Result<reqwest::Request, Broken> {
        let url = &to.url;
        let request = match &call.method {
            Method::Get => self.client.get(url),
            Method::Post(body) => self.client.post(url).json(body),
            Method::Patch(body) => self.client.patch(url).json(body),
            Method::PostBare => self.client.post(url),
            Method::PutBare => self.client.put(url),
            Method::Delete => self.client.delete(url),
        };
        let mut request = request.header("x-request-id", attempt.as_hyphenated().to_string());
        if let Some(key) = call.key {
            request = request.header("idempotency-key", key.as_hyphenated().to_string());
        }
        if let Some(channel) = call.channel {
            request = request.header("x-channel", channel.as_str());
        }
        if let Some(number) = &call.number {
            request = request.header("x-citizen-msisdn", sensitive(&number.e164()));
        }
        if let Some(pin) = &call.pin {
            request = request.header("x-citizen-pin", sensitive(pin.digits()));
        }
        if let Some(token) = &call.token {
            request = request.header("x-citizen-token", sensitive(token.expose()));
        }
        let request = request.headers(self.road.headers(attempt)).build().map_err(|fault| broken(&fault))?;
        if self.road.options().is_some() && road::is_too_long(request.method().as_str(), request.url()) {
            return Err(Broken::TooLong);
        }
        Ok(request)
    }
}

fn certificates(path: &std::path::Path) -> Result<Vec<reqwest::Certificate>, PortalSetupError> {
    let wrong = |why: String| PortalSetupError::Ca { path: path.display().to_string(), why };
    let pem = std::fs::read(path).map_err(|fault| wrong(fault.to_string()))?;
    let certificates = reqwest::Certificate::from_pem_bundle(&pem).map_err(|fault| wrong(words(&fault)))?;
    if certificates.is_empty() { Err(wrong("holds no certificate".to_owned())) } else { Ok(certificates) }
}

fn sensitive(text: &str) -> HeaderValue {
    let mut value = HeaderValue::from_str(text).expect("visible ASCII is fit for a header");
    value.set_sensitive(true);
    value
}

fn broken(fault: &reqwest::Error) -> Broken {
    if fault.is_timeout() {
        return Broken::Timeout;
    }
    Broken::Connection(tls::peer_words(fault).unwrap_or_else(|| words(fault)))
}

/// The innermost cause: the outer ones name the URL, and the URL names the code.
fn words(fault: &dyn std::error::Error) -> String {
    let mut cause = fault;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    if std::ptr::addr_eq(cause, fault) { "the exchange was not completed".to_owned() } else { cause.to_string() }
}

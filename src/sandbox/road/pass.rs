//! Passing a call to the service behind it, and its answer back: which headers go, which stay, which come (§4.3).
use super::{error::Failure, ids::Id};
use axum::{
    body::{Body, Bytes},
    http::{HeaderMap, HeaderName, HeaderValue, Method, Response, header},
};
use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use ring::digest::{SHA512, digest};
use std::time::Duration;

/// Largest body that is taken, either way.
pub const BODY_MAX: usize = 16 << 20;
/// How long a service may take.
const SERVICE_MAX: Duration = Duration::from_secs(30);

/// Of a hop, not of the message; what tells of a machine; and an expectation, which is met here.
const FILTERED: [HeaderName; 13] = [
    header::CONNECTION,
    HeaderName::from_static("keep-alive"),
    header::PROXY_AUTHENTICATE,
    header::PROXY_AUTHORIZATION,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
    header::HOST,
    header::USER_AGENT,
    header::SERVER,
    header::CONTENT_LENGTH,
    header::EXPECT,
];

/// A call that may pass.
pub struct Passing {
    pub method: Method,
    /// Its path and query, as it came.
    pub asked: String,
    /// Where it goes.
    pub url: String,
    pub headers: HeaderMap,
    pub body: Bytes,
    pub client: Id,
    pub service: Id,
    /// `X-Road-Id`
    pub id: String,
    /// `X-Road-Request-Id`
    pub request_id: String,
}

/// The client towards services.
pub fn client() -> anyhow::Result<reqwest::Client> {
    let client = reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .gzip(false)
        .tcp_nodelay(true)
        .timeout(SERVICE_MAX)
        .build()?;
    Ok(client)
}

/// Without what a security server keeps for itself: the list, and what `Connection` names.
fn kept(headers: &HeaderMap) -> HeaderMap {
    let named: Vec<String> = headers
        .get_all(header::CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(|name| name.trim().to_ascii_lowercase())
        .collect();
    let goes = |name: &HeaderName| !FILTERED.contains(name) && !named.iter().any(|other| other == name.as_str());
    headers.iter().filter(|(name, _)| goes(name)).map(|(name, value)| (name.clone(), value.clone())).collect()
}

fn value(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).expect("identifiers and ids are visible ASCII")
}

impl Passing {
    /// As the service sees it.
    fn forwarded(&self) -> HeaderMap {
        let mut headers = kept(&self.headers);
        headers.entry(header::ACCEPT).or_insert(HeaderValue::from_static("application/json"));
        headers.remove("x-road-request-hash");
        headers.insert("x-road-client", value(&self.client.header()));
        headers.insert("x-road-service", value(&self.service.header()));
        headers.insert("x-road-id", value(&self.id));
        headers.insert("x-road-request-id", value(&self.request_id));
        headers
    }

    /// Base64 of SHA512(SHA512(headers) + SHA512(body)), without a body of SHA512(headers). Which octets the headers are, the
    /// protocol does not say; here they are what X-Road 7 takes: the method, path and query as they came, and each header, a line each.
    fn hash(&self, headers: &HeaderMap) -> String {
        let mut head = format!("{}\r\n{}\r\n", self.method, self.asked).into_bytes();
        for (name, value) in headers {
            head.extend_from_slice(name.as_str().as_bytes());
            head.push(b':');
            head.extend_from_slice(value.as_bytes());
            head.extend_from_slice(b"\r\n");
        }
        let head = digest(&SHA512, &head);
        if self.body.is_empty() {
            return BASE64.encode(head);
        }
        let both = [head.as_ref(), digest(&SHA512, &self.body).as_ref()].concat();
        BASE64.encode(digest(&SHA512, &both))
    }

    /// Asks the service; its answer with what X-Road adds, and the octets of its body.
    pub async fn pass(&self, http: &reqwest::Client) -> Result<(Response<Body>, Bytes), Failure> {
        let headers = self.forwarded();
        let hash = self.hash(&headers);
        let call = http.request(self.method.clone(), &self.url).headers(headers);
        let call = if self.body.is_empty() { call } else { call.body(self.body.clone()) };
        let answer = call.send().await.map_err(|fault| failed(&fault))?;
        let status = answer.status();
        let mut headers = kept(answer.headers());
        let body = answer.bytes().await.map_err(|fault| failed(&fault))?;
        headers.remove("x-road-error");
        headers.insert("x-road-client", value(&self.client.header()));
        headers.insert("x-road-service", value(&self.service.header()));
        headers.insert("x-road-id", value(&self.id));
        headers.insert("x-road-request-id", value(&self.request_id));
        headers.insert("x-road-request-hash", value(&hash));
        let mut response = Response::new(Body::from(body.clone()));
        *response.status_mut() = status;
        *response.headers_mut() = headers;
        Ok((response, body))
    }
}

fn failed(fault: &reqwest::Error) -> Failure {
    if fault.is_connect() || fault.is_timeout() {
        return Failure::new("Server.ServerProxy.NetworkError", "the service cannot be reached");
    }
    Failure::new("Server.ServerProxy.ServiceFailed.HttpError", "the service did not answer as HTTP has it")
}

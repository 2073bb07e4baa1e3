//! The client towards the provider: TLS, the deadline and the bound of a body. It follows nobody elsewhere, and no error of it
//! holds an address or anything that was sent.
use crate::{tls, types::Secret};
use reqwest::{Client, RequestBuilder, redirect};
use std::{path::Path, time::Duration};
use tokio::time::Instant;

/// Most octets of an answer: a discovery document has some five thousand.
const BODY_MAX: usize = 256 * 1024;
/// TCP and TLS must be made within this, whatever the deadline.
const CONNECT_MAX: Duration = Duration::from_secs(5);

/// What came back.
pub struct Said {
    pub status: u16,
    pub body: Vec<u8>,
}

#[derive(Clone)]
pub struct Http {
    client: Client,
}

impl Http {
    /// # Errors
    /// Key and reason, where the CA file is of no use.
    pub fn new(ca_file: Option<&Path>) -> Result<Self, String> {
        let mut builder = Client::builder()
            .redirect(redirect::Policy::none())
            .no_proxy()
            .tcp_nodelay(true)
            .connect_timeout(CONNECT_MAX)
            .user_agent(concat!("chrak/", env!("CARGO_PKG_VERSION")));
        if let Some(path) = ca_file {
            let wrong = |why: String| format!("ca_file: {}: {why}", path.display());
            let pem = std::fs::read(path).map_err(|fault| wrong(format!("cannot be read: {fault}")))?;
            let all = reqwest::Certificate::from_pem_bundle(&pem).map_err(|_| wrong("is not PEM".to_owned()))?;
            if all.is_empty() {
                return Err(wrong("holds no certificate".to_owned()));
            }
            builder = builder.tls_certs_only(all);
        }
        let client = builder.build().map_err(|fault| format!("issuer: no client can be made: {}", words(&fault)))?;
        Ok(Http { client })
    }

    /// Reads a document.
    ///
    /// # Errors
    /// Why nothing came, in words.
    pub async fn get(&self, url: &str, until: Instant) -> Result<Said, String> {
        self.send(self.client.get(url).header("accept", "application/json"), until).await
    }

    /// Sends a form; `basic`: as whom.
    ///
    /// # Errors
    /// Why nothing came, in words.
    pub async fn post(
        &self,
        url: &str,
        form: &[(&str, String)],
        basic: Option<(&str, &Secret)>,
        until: Instant,
    ) -> Result<Said, String> {
        let mut request = self.client.post(url).header("accept", "application/json").form(form);
        if let Some((client, secret)) = basic {
            // both stand form-encoded in the header (RFC 6749 §2.3.1)
            request = request.basic_auth(encoded(client), Some(encoded(secret.expose())));
        }
        self.send(request, until).await
    }

    async fn send(&self, request: RequestBuilder, until: Instant) -> Result<Said, String> {
        let asked = async {
            let mut answer = request.send().await.map_err(|fault| words(&fault))?;
            let status = answer.status().as_u16();
            let mut body = Vec::new();
            while let Some(chunk) = answer.chunk().await.map_err(|fault| words(&fault))? {
                if body.len() + chunk.len() > BODY_MAX {
                    return Err(format!("an answer of more than {} KiB", BODY_MAX / 1024));
                }
                body.extend_from_slice(&chunk);
            }
            Ok(Said { status, body })
        };
        let left = until.saturating_duration_since(Instant::now());
        tokio::time::timeout(left, asked).await.unwrap_or_else(|_| Err("no answer in time".to_owned()))
    }
}

/// As a form writes it.
fn encoded(text: &str) -> String {
    crate::types::percent::percent(text).replace("%20", "+")
}

/// The innermost cause: the outer ones name the address.
fn words(fault: &reqwest::Error) -> String {
    if let Some(told) = tls::peer_words(fault) {
        return told;
    }
    let mut cause: &dyn std::error::Error = fault;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    if std::ptr::addr_eq(cause, fault) { "the exchange was not completed".to_owned() } else { cause.to_string() }
}

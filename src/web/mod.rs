//! Floor 3: what every page of ours stands on, whichever room makes it: the embedded assets, the headers of
//! an answer, where a form may come from, and the HTTP listener. It must not know what a page says.
pub mod assets;
pub mod client;
pub mod filters;
pub mod hosts;
pub mod server;
#[cfg(test)]
mod shorten;

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};

const HEADERS: [(HeaderName, &str); 6] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; style-src 'self'; font-src 'self'; img-src 'self' data:; \
         script-src 'self'; connect-src 'self'; media-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    ),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (HeaderName::from_static("permissions-policy"), "camera=(), microphone=(), geolocation=()"),
    (header::X_FRAME_OPTIONS, "DENY"),
];

/// How an answer travels to the browser that asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// By TLS, which ends here or at a proxy in front.
    Tls,
    /// Within this machine.
    Loopback,
    /// As it is.
    Plain,
}

impl Transport {
    /// From the head of the request.
    pub fn of(request: &HeaderMap) -> Self {
        if request.get("x-forwarded-proto").is_some_and(|proto| proto == "https") {
            Transport::Tls
        } else if names_loopback(request) {
            Transport::Loopback
        } else {
            Transport::Plain
        }
    }

    /// With `no-referrer` Chromium sends `Origin: null` with our own forms. Where it also sends Sec-Fetch-Site (to
    /// origins it trusts: TLS and loopback) they are known by that; on a plain line they could not be told from foreign
    /// ones. Other sites learn nothing either way, and no address of ours holds a code.
    fn referrer_policy(self) -> &'static str {
        if self == Transport::Plain { "same-origin" } else { "no-referrer" }
    }
}

/// Puts the headers of every page on an answer. Assets say themselves how long they keep; pages are never kept.
pub fn protect(headers: &mut HeaderMap, line: Transport) {
    for (name, value) in HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static(line.referrer_policy()));
    if line == Transport::Tls {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000"));
    }
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
}

/// Whether a form was sent from a page of this very origin. A browser that says nothing of it (or a tool
/// that is no browser) carries no visitor's rights, so there is nothing to forge.
pub fn from_our_pages(headers: &HeaderMap) -> bool {
    let text = |name: HeaderName| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    if let Some(site) = text(HeaderName::from_static("sec-fetch-site")) {
        return matches!(site, "same-origin" | "none");
    }
    let Some(origin) = text(header::ORIGIN) else {
        return true;
    };
    let origin = origin.split_once("://").map(|(_, host)| host);
    origin.is_some() && origin == text(header::HOST)
}

/// Whether a request names this machine's own loopback as its host: another site's name that was pointed to
/// loopback (DNS rebinding) does not.
pub fn names_loopback(headers: &HeaderMap) -> bool {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => name,
        _ => host,
    };
    name == "localhost" || name == "[::1]" || name.parse::<std::net::Ipv4Addr>().is_ok_and(|ip| ip.is_loopback())
}

/// Whether a client takes gzip.
pub fn takes_gzip(headers: &HeaderMap) -> bool {
    let accepted = headers.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or_default();
    accepted.split(',').any(|one| {
        let mut parts = one.split(';').map(str::trim);
        parts.next() == Some("gzip") && parts.all(|weight| !matches!(weight, "q=0" | "q=0.0" | "q=0.00" | "q=0.000"))
    })
}

/// Octets compressed (RFC 1952), 1 fast to 9 small.
pub fn gzip(octets: &[u8], level: u32) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::new(level));
    std::io::Write::write_all(&mut encoder, octets).expect("memory takes what is written");
    encoder.finish().expect("memory takes what is written")
}

/// The value of a cookie.
pub fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let all = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    all.flat_map(|value| value.split(';')).find_map(|pair| {
        let (given, value) = pair.trim().split_once('=')?;
        (given == name).then_some(value)
    })
}

/// SHA-256, for comparing what is secret by what tells nothing of it.
pub fn digest(text: &str) -> [u8; 32] {
    let mut out = [0; 32];
    out.copy_from_slice(ring::digest::digest(&ring::digest::SHA256, text.as_bytes()).as_ref());
    out
}

/// Name of the cookie by which a kiosk device is known: where TLS ends at a proxy in front, one that browsers send
/// over TLS only.
pub fn device_cookie(headers: &HeaderMap) -> &'static str {
    if Transport::of(headers) == Transport::Tls { "__Host-chrak-device" } else { "chrak-device" }
}

/// The token of the device that sent these headers. Behind TLS only the cookie that nobody else can have set counts.
pub fn device_token(headers: &HeaderMap) -> Option<&str> {
    let name = device_cookie(headers);
    cookie(headers, name).or_else(|| cookie(headers, "__Host-chrak-device"))
}

/// A header's value made of what the program itself wrote: digits, hex, base64, names.
pub fn header_value(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).expect("what the program writes into a header is ASCII")
}

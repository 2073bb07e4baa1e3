//! What all calls have in common: a bounded JSON body, an Idempotency-Key, digests, and times on their way out.
use super::{problem::Problem, shared::Shared};
use crate::types::UnixMs;
use crate::types::lock;
use axum::{
    body::Body,
    http::{HeaderMap, header},
};
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use ring::digest::{SHA256, digest};
use serde::de::DeserializeOwned;
use serde_json::Value;

/// The body, if it is of a media type that is taken and not too large.
///
/// # Errors
/// 413, 415
pub async fn body(headers: &HeaderMap, body: Body, most: usize, types: &[&str]) -> Result<Bytes, Problem> {
    let given = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let given = given.split(';').next().unwrap_or_default().trim();
    if !types.iter().any(|known| given.eq_ignore_ascii_case(known)) {
        return Err(Problem::media_type());
    }
    let mut held = BytesMut::new();
    let mut seen = 0;
    let mut chunks = body.into_data_stream();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|_| Problem::bad_request("body", "", "did not come whole"))?;
        seen += chunk.len();
        if seen <= most {
            held.extend_from_slice(&chunk);
        } else if seen > most + DISCARDED_MAX {
            break;
        }
    }
    // what was too large is read for a while all the same, so that its sender hears why
    if seen > most { Err(Problem::too_large()) } else { Ok(held.freeze()) }
}

/// Octets of a body that is too large that are read and thrown away.
const DISCARDED_MAX: usize = 6 * 1024 * 1024;

/// JSON as it stands.
///
/// # Errors
/// 400
pub fn json(body: &[u8]) -> Result<Value, Problem> {
    serde_json::from_slice(body)
        .map_err(|fault| Problem::bad_request("body", "", &format!("is not JSON: line {}", fault.line())))
}

/// Reads a value as its type; `at` is the JSON pointer at which it stands.
///
/// # Errors
/// 422 with the pointer to what is wrong, and never the value.
pub fn read<T: DeserializeOwned>(value: &Value, at: &str) -> Result<T, Problem> {
    serde_path_to_error::deserialize(value).map_err(|fault| {
        let path: String = fault
            .path()
            .iter()
            .map(|segment| format!("/{}", segment.to_string().trim_matches(['[', ']'])))
            .filter(|segment| segment != "/?")
            .collect();
        let cause = fault.inner().to_string();
        // serde names the offending value in some of its words
        let detail = if cause.starts_with("unknown field") {
            "unknown field".to_owned()
        } else if cause.starts_with("missing field") {
            cause.replace('`', "")
        } else {
            match cause.split_once(", expected ") {
                Some((_, wanted)) => format!("must be {wanted}"),
                None => "is not as described".to_owned(),
            }
        };
        Problem::validation(&format!("{at}{path}"), &detail)
    })
}

/// The Idempotency-Key, if there is one.
///
/// # Errors
/// 400 when it is not 16 to 64 letters, digits, `-` or `_`.
pub fn key(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let Some(value) = headers.get("idempotency-key") else { return Ok(None) };
    let key = value.to_str().unwrap_or_default();
    let good = (16..=64).contains(&key.len()) && key.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b));
    let wrong = || Problem::bad_request("header", "Idempotency-Key", "must be 16 to 64 letters, digits, - or _");
    if good { Ok(Some(key.to_owned())) } else { Err(wrong()) }
}

/// SHA-256.
pub fn fingerprint(octets: &[u8]) -> [u8; 32] {
    let mut fingerprint = [0; 32];
    fingerprint.copy_from_slice(digest(&SHA256, octets).as_ref());
    fingerprint
}

/// RFC 3339 with `+07:00`, to the second.
pub fn time(at: UnixMs) -> String {
    let zone = crate::types::time::phnom_penh();
    let stamp = jiff::Timestamp::from_millisecond(at.0).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    stamp.to_zoned(zone).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
}

/// A call under way, so that the same key does not run twice at once.
pub struct Running<'a> {
    shared: &'a Shared,
    name: Option<(String, String)>,
}

impl<'a> Running<'a> {
    /// # Errors
    /// 409 while another call with this key runs.
    pub fn begin(shared: &'a Shared, agency: &str, key: Option<&str>) -> Result<Self, Problem> {
        let name = key.map(|key| (agency.to_owned(), key.to_owned()));
        if let Some(name) = &name
            && !hold(shared).insert(name.clone())
        {
            return Err(Problem::in_progress());
        }
        Ok(Running { shared, name })
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        if let Some(name) = &self.name {
            hold(self.shared).remove(name);
        }
    }
}

/// The set holds plain values, so a panic elsewhere leaves nothing half-done in it.
fn hold(shared: &Shared) -> std::sync::MutexGuard<'_, std::collections::HashSet<(String, String)>> {
    lock(&shared.running)
}

/// The pairs of a query, decoded.
pub(super) fn pairs(query: Option<&str>) -> impl Iterator<Item = (String, String)> + '_ {
    query.unwrap_or_default().split('&').filter(|pair| !pair.is_empty()).map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        (decoded(name), decoded(value))
    })
}

fn decoded(text: &str) -> String {
    let octets = text.as_bytes();
    let mut out = Vec::with_capacity(octets.len());
    let mut at = 0;
    while at < octets.len() {
        let hex = |at: usize| octets.get(at).and_then(|b| char::from(*b).to_digit(16));
        match (octets[at], hex(at + 1), hex(at + 2)) {
            (b'%', Some(high), Some(low)) => {
                out.push((high * 16 + low) as u8);
                at += 3;
            }
            (b'+', ..) => {
                out.push(b' ');
                at += 1;
            }
            (other, ..) => {
                out.push(other);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

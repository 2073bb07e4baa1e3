//! Errors as `application/problem+json` (RFC 9457) with the stable member `code`. They hold nothing of the
//! request: no number, no text, no token.
use crate::ports::{Refusal, StoreFault};
use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

/// An error on its way out.
#[derive(Clone, Debug)]
pub struct Problem {
    status: StatusCode,
    code: &'static str,
    title: &'static str,
    more: Vec<(&'static str, Value)>,
    retry_after_s: Option<u64>,
    nomsa: bool,
}

/// Seconds after which a call may be tried again when nothing better is known.
const AGAIN_S: u64 = 5;

impl Problem {
    fn new(status: u16, code: &'static str, title: &'static str) -> Self {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        Problem { status, code, title, more: Vec::new(), retry_after_s: None, nomsa: false }
    }

    fn error(mut self, place: &str, name: &str, detail: &str) -> Self {
        let name: String = name.chars().take(200).collect();
        let detail: String = detail.chars().take(300).collect();
        self.more.push(("errors", json!([{ "in": place, "name": name, "detail": detail }])));
        self
    }

    /// 400: broken JSON, a header or a parameter.
    pub fn bad_request(place: &str, name: &str, detail: &str) -> Self {
        Self::new(400, "bad_request", "Bad request").error(place, name, detail)
    }

    /// 401
    pub fn unauthorized() -> Self {
        Self::new(401, "unauthorized", "Unauthorized")
    }

    /// 401 of the webhook: which of the two is not said.
    pub fn bad_signature() -> Self {
        Self::new(401, "unauthorized", "Signature or timestamp refused")
    }

    /// 401 of a kiosk.
    pub fn not_paired() -> Self {
        Self::new(401, "unauthorized", "This device is not paired")
    }

    /// 403: another site started the request.
    pub fn foreign() -> Self {
        Self::new(403, "forbidden", "This request came from another site")
    }

    /// 404
    pub fn not_found() -> Self {
        Self::new(404, "not_found", "Not found")
    }

    /// 405; the router says which methods there are.
    pub fn method_not_allowed() -> Self {
        Self::new(405, "method_not_allowed", "The path does not take this method")
    }

    /// 409
    pub fn in_progress() -> Self {
        let mut problem = Self::new(409, "idempotency_in_progress", "The first call is still running");
        problem.retry_after_s = Some(1);
        problem
    }

    /// 410
    pub fn redacted() -> Self {
        Self::new(410, "redacted", "Destroyed after its retention")
    }

    /// 413
    pub fn too_large() -> Self {
        Self::new(413, "too_large", "The body is too large")
    }

    /// 415
    pub fn media_type() -> Self {
        Self::new(415, "unsupported_media_type", "JSON is expected")
    }

    /// 421: asked for by a name that is not this server's; 400 where it is not clear by which.
    pub fn misdirected(status: StatusCode) -> Self {
        Self::new(status.as_u16(), "misdirected", "This server does not answer to that name")
    }

    /// 422: a member is not as described; `name` is a JSON pointer.
    pub fn validation(name: &str, detail: &str) -> Self {
        Self::new(422, "validation_failed", "The body is not as described").error("body", name, detail)
    }

    /// 422: the key named another call.
    pub fn mismatch() -> Self {
        Self::new(422, "idempotency_mismatch", "The Idempotency-Key named another call")
    }

    /// 429: the day's messages are used up.
    pub fn quota(per_day: u32, left: u32, retry_after_s: u64) -> Self {
        let mut problem = Self::new(429, "quota", "The quota of the day is used up");
        problem.more.push(("quota", json!({ "per_day": per_day, "left": left })));
        problem.retry_after_s = Some(retry_after_s);
        problem
    }

    /// 503: nothing was accepted.
    pub fn unavailable() -> Self {
        let mut problem = Self::new(503, "unavailable", "Try again later");
        problem.retry_after_s = Some(AGAIN_S);
        problem
    }

    /// 500: what happened is not known.
    pub fn internal() -> Self {
        Self::new(500, "internal", "Internal error")
    }

    /// The refusal of the one text of an alias.
    pub fn refused(why: Refusal) -> Self {
        let title = match why {
            Refusal::BadNumber => "The number is not one that a text can be sent to",
            Refusal::CountryNotAllowed => "Numbers of that country are not texted by this server",
            Refusal::Unroutable => "No telco is configured for that number",
            Refusal::LinkNotAllowed => "A text must not hold a link; a blank belongs behind a full stop",
            Refusal::FreeTextNotAllowed => "This agency may send templates only",
            Refusal::TooLong => "The text takes more than 6 segments",
            Refusal::OptedOut => "The recipient sent STOP",
            Refusal::BadCode => "The value \"code\" is not a code of a known form",
            Refusal::BadOffice => "The value \"office\" is not the name or id of an office",
            Refusal::BadAmount => "The value \"amount\" is not an amount in riel",
            Refusal::BadDay => "The value \"day\" is not a day",
            Refusal::BadTime => "The value \"time\" is not a time",
            Refusal::UnknownTemplate | Refusal::BadValues | Refusal::BadSendAt | Refusal::ReferenceMismatch => {
                "The message was refused"
            }
        };
        let status = if why == Refusal::FreeTextNotAllowed { 403 } else { 422 };
        Self::new(status, why.as_str(), title)
    }

    /// In the words of NOMSA: its `message`, and one code for everything that is too much.
    pub fn in_nomsa_words(mut self) -> Self {
        self.nomsa = true;
        if self.status == StatusCode::TOO_MANY_REQUESTS {
            self.code = "rate_limit";
        }
        self
    }
}

impl From<StoreFault> for Problem {
    fn from(fault: StoreFault) -> Self {
        match fault {
            StoreFault::Busy | StoreFault::Full | StoreFault::Closed | StoreFault::Stale | StoreFault::Behind => {
                Self::unavailable()
            }
            // it may have been stored: the caller repeats it with its key
            StoreFault::Unknown | StoreFault::Rejected => Self::internal(),
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut body = json!({
            "type": format!("/problems/{}", self.code),
            "title": self.title,
            "status": self.status.as_u16(),
            "code": self.code,
        });
        for (name, value) in self.more {
            body[name] = value;
        }
        if self.nomsa {
            body["message"] = json!(self.title);
        }
        let mut response = (self.status, body.to_string()).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(seconds) = self.retry_after_s {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

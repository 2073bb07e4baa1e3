//! Errors as `application/problem+json` (RFC 9457) with the stable member `code`. It must not hold anything
//! of the request.
use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};
use std::time::Duration;

/// An error on its way out.
#[derive(Clone, Debug)]
pub struct Problem {
    status: StatusCode,
    code: &'static str,
    title: &'static str,
    more: Vec<(&'static str, Value)>,
    retry_after: Option<Duration>,
}

impl Problem {
    fn new(status: StatusCode, code: &'static str, title: &'static str) -> Self {
        Problem { status, code, title, more: Vec::new(), retry_after: None }
    }

    /// 400: a header, a parameter or the path is not as it must be.
    pub fn bad_request(place: &'static str, name: &'static str, detail: &'static str) -> Self {
        let mut problem = Self::new(StatusCode::BAD_REQUEST, "bad_request", "Bad request");
        problem.more.push(("errors", json!([{ "in": place, "name": name, "detail": detail }])));
        problem
    }

    /// 401
    pub fn unauthorized() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "unauthorized", "A valid bearer token is needed")
    }

    /// 403: a wrong PIN.
    pub fn factor_wrong(attempts_left: usize) -> Self {
        let mut problem = Self::new(StatusCode::FORBIDDEN, "factor_wrong", "The PIN is wrong");
        problem.more.push(("attempts_left", json!(attempts_left)));
        problem
    }

    /// 404
    pub fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", "Not found")
    }

    /// 400: a change without its key.
    pub fn key_required() -> Self {
        Self::new(StatusCode::BAD_REQUEST, "idempotency_required", "An Idempotency-Key is needed")
    }

    /// 422: the key named another call.
    pub fn mismatch() -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "idempotency_mismatch", "The key named another call")
    }

    /// 422: a member of the body is not as it must be.
    pub fn validation(name: &'static str, detail: &'static str) -> Self {
        let mut problem = Self::new(StatusCode::UNPROCESSABLE_ENTITY, "validation_failed", "Not as described");
        problem.more.push(("errors", json!([{ "in": "body", "name": name, "detail": detail }])));
        problem
    }

    /// 422: not at this slot.
    pub fn not_bookable() -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "not_bookable", "The service cannot be booked at this time")
    }

    /// 403: a number or a PIN is needed.
    pub fn factor_required() -> Self {
        Self::new(StatusCode::FORBIDDEN, "factor_required", "A number or a PIN is needed")
    }

    /// 403: who had signed in is signed in no more.
    pub fn sign_in_expired() -> Self {
        Self::new(StatusCode::FORBIDDEN, "sign_in_expired", "The sign-in has ended")
    }

    /// 503
    pub fn unavailable() -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", "Not now")
    }

    /// 409
    pub fn conflict(code: &'static str) -> Self {
        Self::new(StatusCode::CONFLICT, code, "Not possible as things stand")
    }

    /// 410
    pub fn hold_expired() -> Self {
        Self::new(StatusCode::GONE, "hold_expired", "The hold has ended")
    }

    /// 500
    pub fn internal() -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "Internal error")
    }

    /// 423: too many wrong PINs; `left` until they are forgotten.
    pub fn locked(left: Duration) -> Self {
        let mut problem = Self::new(StatusCode::LOCKED, "locked", "Too many wrong PINs");
        problem.retry_after = Some(left);
        problem
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut body = json!({
            "type": format!("https://portal.example/problems/{}", self.code),
            "title": self.title,
            "status": self.status.as_u16(),
            "code": self.code,
        });
        for (name, value) in self.more {
            body[name] = value;
        }
        let mut response = (self.status, body.to_string()).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(left) = self.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(left.as_secs().max(1)));
        }
        response
    }
}

/// A path that this portal does not have.
pub async fn no_such_path() -> Problem {
    Problem::not_found()
}

/// A method that the path does not take.
pub async fn no_such_method() -> Problem {
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "not_found", "The path does not take this method")
}

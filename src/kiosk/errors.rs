//! What is answered to what no page can take, in both languages.
use super::respond::both;
use axum::{extract::rejection::FormRejection, http::StatusCode, response::Response};

/// The answer to an address that leads nowhere, in both languages; fit as the fallback of a whole listener.
pub async fn no_such_page() -> Response {
    both(StatusCode::NOT_FOUND, "alert", true, |words| &words.no_page)
}

pub(super) async fn wrong_way() -> Response {
    both(StatusCode::METHOD_NOT_ALLOWED, "alert", true, |words| &words.wrong_way)
}

pub(super) fn foreign() -> Response {
    both(StatusCode::FORBIDDEN, "alert", true, |words| &words.foreign)
}

/// Asked for by a name that is not ours; the way back to the first page would lead here again.
pub(super) fn elsewhere(status: StatusCode) -> Response {
    both(status, "alert", false, |words| &words.elsewhere)
}

/// Why a form cannot be read.
pub fn unreadable(fault: &FormRejection) -> Response {
    match fault.status() {
        StatusCode::PAYLOAD_TOO_LARGE => both(StatusCode::PAYLOAD_TOO_LARGE, "alert", true, |words| &words.too_large),
        _ => both(StatusCode::BAD_REQUEST, "alert", true, |words| &words.unreadable),
    }
}

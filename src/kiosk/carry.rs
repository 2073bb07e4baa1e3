//! Pages that concern nobody carry the visit along: what a page before them sealed is sent with the link to them, and goes on
//! from them, so that a number is proven once in a visit. It must not know what a page says.
use super::{context::Carried, state::KioskState, visit::form::Sent};
use axum::{
    body::Body,
    extract::{FromRequest, Request, State},
    http::Method,
    middleware::Next,
    response::Response,
};

/// Takes the visit that was sent to such a page; the page itself is the same.
pub async fn carry(State(state): State<KioskState>, request: Request, next: Next) -> Response {
    if request.method() != Method::POST {
        return next.run(request).await;
    }
    let (mut parts, body) = request.into_parts();
    match Sent::from_request(Request::from_parts(parts.clone(), body), &state).await {
        Ok(Sent(form)) => {
            if !form.visit.is_empty() {
                parts.extensions.insert(Carried(form.visit.into()));
            }
            next.run(Request::from_parts(parts, Body::empty())).await
        }
        Err(answer) => answer,
    }
}

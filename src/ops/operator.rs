//! Whoever may give an order: let in, and by a form of our own pages or by a program. It must not know the orders.
use super::{
    access::{self, Asker},
    respond::Refusal,
    state::Ops,
};
use crate::web;
use axum::{
    extract::FromRequestParts,
    http::{StatusCode, request::Parts},
    response::{IntoResponse, Response},
};

/// An operator who orders something. What asks for one is not reached by a form of another site, nor by a stranger.
pub struct Operator;

impl FromRequestParts<Ops> for Operator {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, room: &Ops) -> Result<Self, Response> {
        if !web::from_our_pages(&parts.headers) {
            let text = "this form came from another site".to_owned();
            return Err(Refusal(StatusCode::FORBIDDEN, text).into_response());
        }
        let Ok(asker) = Asker::from_request_parts(parts, room).await;
        room.access.admits(&parts.headers, asker).map(|()| Operator).map_err(access::refused)
    }
}

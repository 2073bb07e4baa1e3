//! What an operator orders of a telco's link, from the console's forms or a program. It must not know how it is done.
use super::{console::Asked, kiosks::is_browser, operator::Operator, respond::Refusal, state::Ops};
use crate::ports::audit::Entry;
use axum::{
    Json,
    extract::{Form, Query, State, rejection::FormRejection},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;

/// An order for one telco.
#[derive(Deserialize)]
pub struct Ordered {
    smsc: String,
    order: String,
}

/// `POST /telcos`: `smsc`, and `order` `rebind`, `pause`, `drain` or `resume`.
pub async fn order(
    _: Operator,
    State(room): State<Ops>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
    form: Result<Form<Ordered>, FormRejection>,
) -> Response {
    let Ok(Form(Ordered { smsc, order })) = form else {
        return Refusal(StatusCode::BAD_REQUEST, "smsc and order are needed".to_owned()).into_response();
    };
    let (board, name) = (&room.state.board, smsc.as_str().into());
    let orders = &board.orders;
    let known = match order.as_str() {
        "rebind" => orders.give(&name, |wanted| wanted.rebinds += 1),
        "pause" => orders.give(&name, |wanted| wanted.paused = true),
        "drain" => orders.give(&name, |wanted| wanted.drained = true),
        "resume" => orders.give(&name, |wanted| (wanted.paused, wanted.drained) = (false, false)),
        _ => {
            let text = "order is rebind, pause, drain or resume".to_owned();
            return Refusal(StatusCode::UNPROCESSABLE_ENTITY, text).into_response();
        }
    };
    if !known {
        let smsc: String = smsc.chars().take(40).collect();
        return Refusal(StatusCode::NOT_FOUND, format!("no telco is called \"{smsc}\"")).into_response();
    }
    board.journal.note(Entry::telco(room.state.clock.now(), &order, &name));
    if is_browser(&headers) {
        Redirect::to(&asked.back_from(&smsc, &headers)).into_response()
    } else {
        Json(serde_json::json!({ "smsc": smsc, "order": order })).into_response()
    }
}

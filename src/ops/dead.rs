//! Texts that were given up: answered after all or ended, from the console's forms or a program. It must not know how they are
//! kept, nor what they say.
use super::{asked::Asked, kiosks::is_browser, operator::Operator, respond::Refusal, state::Ops, words::Lang};
use crate::{ports::dead::Requeued, types::CauseId};
use axum::{
    Json,
    extract::{Form, Query, State, rejection::FormRejection},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;

/// An order for one of them.
#[derive(Deserialize)]
pub struct Ordered {
    id: String,
    order: String,
}

/// `POST /dead`: `id`, and `order` `requeue` or `drop`.
pub async fn order(
    _: Operator,
    State(room): State<Ops>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
    form: Result<Form<Ordered>, FormRejection>,
) -> Response {
    let Some(letters) = &room.state.dead else { return StatusCode::NOT_FOUND.into_response() };
    let known = form.ok().and_then(|Form(Ordered { id, order })| {
        let id = uuid::Uuid::try_parse(&id).map(CauseId);
        id.ok().map(|id| (id, order))
    });
    let Some((id, order)) = known else {
        return Refusal(StatusCode::BAD_REQUEST, "id and order are needed".to_owned()).into_response();
    };
    let now = room.state.clock.now();
    let lang = asked.lang(&headers);
    let became = match order.as_str() {
        "requeue" => letters.requeue(id, now).await.map(|became| refused(became, lang)),
        "drop" => letters
            .drop_dead(id, now)
            .await
            .map(|done| refused(if done { Requeued::Waits } else { Requeued::Unknown }, lang)),
        _ => {
            return Refusal(StatusCode::UNPROCESSABLE_ENTITY, "order is requeue or drop".to_owned()).into_response();
        }
    };
    match became {
        Err(fault) => Refusal::from(fault).into_response(),
        Ok(Some((status, why))) => Refusal(status, why.to_owned()).into_response(),
        Ok(None) if is_browser(&headers) => Redirect::to(&format!("/console?lang={}#dead", lang.tag())).into_response(),
        Ok(None) => Json(serde_json::json!({ "id": id.0, "order": order })).into_response(),
    }
}

/// Why it was not done.
fn refused(became: Requeued, lang: Lang) -> Option<(StatusCode, &'static str)> {
    let (status, km, en) = match became {
        Requeued::Waits => return None,
        Requeued::Unknown => (StatusCode::NOT_FOUND, "គ្មានសារនេះទេ", "there is no such dead letter"),
        Requeued::TooOld => {
            (StatusCode::CONFLICT, "សារនេះចាស់ជាងមួយថ្ងៃ មិនឆ្លើយទៀតទេ", "it is older than a day: it is not answered any more")
        }
        Requeued::AskedAgain => (
            StatusCode::CONFLICT,
            "លេខនេះបានផ្ញើសារម្តងទៀតហើយ មិនឆ្លើយសារចាស់ទៀតទេ",
            "its number has texted again since: it is not answered any more",
        ),
    };
    Some((status, if lang == Lang::Km { km } else { en }))
}

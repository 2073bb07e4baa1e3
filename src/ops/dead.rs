//! Texts that were given up: shown in the console, answered after all or ended, from its forms or a program. It must not know how they
//! are kept, nor what they say.
use super::{
    asked::Asked,
    kiosks::is_browser,
    operator::Operator,
    respond::Refusal,
    state::{Ops, Room},
    words::Lang,
};
use crate::{
    ports::dead::{DeadLetter, Requeued, Why},
    types::{CauseId, UnixMs, time::phnom_penh},
};
use axum::{
    Json,
    extract::{Form, Query, State, rejection::FormRejection},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;

/// Most that a page shows.
const SHOWN: usize = 20;

/// One as the console shows it.
pub(super) struct DeadRow {
    pub(super) id: String,
    pub(super) smsc: String,
    pub(super) at: String,
    pub(super) number: String,
    pub(super) attempts: u32,
    pub(super) why: &'static str,
}

/// Those that are kept; none where they cannot be read.
pub(super) async fn dead(room: &Room, lang: Lang) -> Vec<DeadRow> {
    let Some(letters) = &room.state.dead else { return Vec::new() };
    letters.dead(SHOWN).await.unwrap_or_default().into_iter().map(|letter| row(letter, lang)).collect()
}

fn row(letter: DeadLetter, lang: Lang) -> DeadRow {
    let DeadLetter { id, smsc, received_at, why, attempts, number, .. } = letter;
    DeadRow {
        id: id.0.as_hyphenated().to_string(),
        smsc,
        at: moment(received_at),
        number,
        attempts,
        why: words(why, lang),
    }
}

fn moment(at: UnixMs) -> String {
    at.civil(&phnom_penh()).strftime("%Y-%m-%d %H:%M").to_string()
}

fn words(why: Why, lang: Lang) -> &'static str {
    let (km, en) = match why {
        Why::EndedTheServer => ("ម៉ាស៊ីនមេបានឈប់ពីរដងពេលកំពុងឆ្លើយសារនេះ", "The server ended twice with it in hand"),
        Why::TooManyTries => ("បានព្យាយាមឆ្លើយច្រើនដងពេក", "It was tried too often"),
        Why::Refused => ("មូលដ្ឋានទិន្នន័យមិនទទួលចម្លើយ", "The database refused its answer"),
    };
    if lang == Lang::Km { km } else { en }
}

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

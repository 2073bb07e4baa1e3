//! The shape of NOMSA, the government's notification service, over the same door: agencies that speak it change
//! the host and the token.
use super::{
    messages::{is_id, take, with_replay, within},
    problem::Problem,
    request,
    shared::Api,
};
use crate::{
    exchange::{Content, Outgoing},
    ports::messages::{MessageState, MessageStatus},
    types::{UnixMs, limits::CALL_OCTETS_MAX},
    web,
};
use axum::{
    Json,
    body::Body,
    extract::{Path, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Send {
    body: String,
    recipient: String,
    label: String,
}

/// `POST /v1/transactional/sms/send`
pub async fn send(api: State<Api>, headers: HeaderMap, body: Body) -> Response {
    sent(api, headers, body).await.unwrap_or_else(|problem| problem.in_nomsa_words().into_response())
}

async fn sent(State(api): State<Api>, headers: HeaderMap, body: Body) -> Result<Response, Problem> {
    let agency = api.agencies.bearer(&headers)?;
    let body = request::body(&headers, body, CALL_OCTETS_MAX, &["application/json"]).await?;
    let key = request::key(&headers)?;
    let send: Send = request::read(&request::json(&body)?, "")?;
    for (name, value, most) in
        [("body", &send.body, 1_000), ("recipient", &send.recipient, 32), ("label", &send.label, 64)]
    {
        if !within(value, 1, most) {
            return Err(Problem::validation(&format!("/{name}"), &format!("must have 1 to {most} characters")));
        }
    }
    let message = Outgoing {
        to: send.recipient,
        content: Content::Plain(send.body),
        reference: None,
        notice: false,
        valid_for_s: 86_400,
        send_at: None,
        fingerprint: request::fingerprint(&body),
    };
    let ended = take(&api, agency, key, &body, send.label, vec![message]).await?;
    let item = ended.items.first().ok_or_else(Problem::internal)?;
    if let Some(why) = item.refused {
        return Err(Problem::refused(why));
    }
    let status = api.exchange.agencies.message(agency, &item.id).await?.ok_or_else(Problem::internal)?;
    let mut response = (StatusCode::CREATED, Json(shown(&status))).into_response();
    let place = web::header_value(&format!("/v1/transactional/sms/{}", item.id));
    response.headers_mut().insert(header::LOCATION, place);
    Ok(with_replay(response, ended.replayed))
}

/// `GET /v1/transactional/sms/{id}`
pub async fn get(api: State<Api>, id: Path<String>, headers: HeaderMap) -> Response {
    got(api, id, headers).await.unwrap_or_else(|problem| problem.in_nomsa_words().into_response())
}

async fn got(State(api): State<Api>, Path(id): Path<String>, headers: HeaderMap) -> Result<Response, Problem> {
    let agency = api.agencies.bearer(&headers)?;
    if !is_id(&id) {
        return Err(Problem::bad_request("path", "id", "is not the id of a message"));
    }
    match api.exchange.agencies.message(agency, &id).await? {
        Some(status) if status.redacted => Err(Problem::redacted()),
        Some(status) => Ok(Json(shown(&status)).into_response()),
        None => Err(Problem::not_found()),
    }
}

fn shown(status: &MessageStatus) -> Value {
    use MessageState as S;
    let at = |state: S| status.times.iter().find(|(known, _)| *known == state).map(|(_, at)| *at);
    let time = |at: Option<UnixMs>| json!(at.map(request::time));
    let last = status.times.iter().map(|(_, at)| *at).max();
    let errored = matches!(status.state, S::Undelivered | S::Expired | S::Rejected);
    let word = match status.state {
        S::Accepted | S::HeldQuietHours | S::Queued => "UNSENT",
        S::Submitted => "SENT",
        S::Delivered => "DELIVERED",
        S::Undelivered | S::Expired | S::Rejected => "ERRORED",
    };
    let why = errored.then(|| {
        let refused = status.refused.map(|why| why.as_str().to_owned());
        let command = status.command_status.map(|status| format!("0x{status:08X}"));
        status.receipt_error.clone().or(command).or(refused).unwrap_or_else(|| "expired".to_owned())
    });
    json!({
        "id": status.id,
        "credentialsLabel": status.label,
        "recipient": status.masked,
        "body": "[redacted]",
        "message_id": status.message_id,
        "created_at": time(at(S::Accepted).or(last)),
        "updated_at": time(last),
        "status": word,
        "error_code": why,
        "accepted_at": time(at(S::Accepted)),
        "sent_at": time(at(S::Submitted)),
        "delivered_at": time(at(S::Delivered)),
        "errored_at": if errored { time(at(status.state)) } else { Value::Null },
    })
}

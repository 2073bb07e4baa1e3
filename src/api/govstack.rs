//! The messaging block of GovStack, which specifies e-mail only, carried over to texts by analogy.
use super::{
    messages::{Ended, is_id, take, with_replay, within},
    problem::Problem,
    request,
    shared::Api,
};
use crate::{
    exchange::{Content, Outgoing},
    ports::messages::{MessageState, MessageStatus},
    types::limits::{CALL_OCTETS_MAX, MESSAGES_A_CALL_MAX},
};
use axum::{
    Json,
    body::Body,
    extract::{RawQuery, State},
    http::HeaderMap,
    response::{IntoResponse, Response},
};
use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use serde::Deserialize;
use serde_json::{Map, Value, json};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SmsContent {
    encoding: Option<String>,
    content: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct One {
    phone: String,
    name: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Single {
    callback: Option<Value>,
    sender_info: Option<Value>,
    recipient_info: One,
    sms_content: SmsContent,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Many {
    batch_phone_as_base64: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Batch {
    #[serde(rename = "callbackURI")]
    callback: Option<Value>,
    #[serde(rename = "senderInfo")]
    sender_info: Option<Value>,
    #[serde(rename = "recipientInfo")]
    recipient_info: Many,
    #[serde(rename = "smsContent")]
    sms_content: SmsContent,
}

#[derive(Deserialize)]
struct Phone {
    phone: String,
}

/// `POST /send/sms/single`
pub async fn single(State(api): State<Api>, headers: HeaderMap, body: Body) -> Result<Response, Problem> {
    let agency = api.agencies.bearer_or_key(&headers)?;
    let body = request::body(&headers, body, CALL_OCTETS_MAX, &["application/json"]).await?;
    let key = request::key(&headers)?;
    let sms: Single = request::read(&request::json(&body)?, "")?;
    records(sms.callback.as_ref(), "/callback", sms.sender_info.as_ref())?;
    checked(&sms.sms_content)?;
    let named = sms.recipient_info.name.as_ref().is_none_or(|name| within(name, 0, 200));
    if !within(&sms.recipient_info.phone, 1, 32) || !named {
        return Err(Problem::validation("/recipientInfo", "phone must have 1 to 32 characters, name at most 200"));
    }
    let message = outgoing(sms.recipient_info.phone, &sms.sms_content.content, false);
    let ended = take(&api, agency, key, &body, String::new(), vec![message]).await?;
    if let Some(why) = ended.items.first().and_then(|item| item.refused) {
        return Err(Problem::refused(why));
    }
    Ok(accepted(&ended))
}

/// `POST /send/sms/batch`
pub async fn batch(State(api): State<Api>, headers: HeaderMap, body: Body) -> Result<Response, Problem> {
    let agency = api.agencies.bearer_or_key(&headers)?;
    let body = request::body(&headers, body, CALL_OCTETS_MAX, &["application/json"]).await?;
    let key = request::key(&headers)?;
    let batch: Batch = request::read(&request::json(&body)?, "")?;
    records(batch.callback.as_ref(), "/callbackURI", batch.sender_info.as_ref())?;
    checked(&batch.sms_content)?;
    let wrong = || {
        Problem::validation(
            "/recipientInfo/batchPhoneAsBase64",
            "must be base64 of a JSON array of 1 to 1000 objects with a phone of 1 to 32 characters",
        )
    };
    let encoded = &batch.recipient_info.batch_phone_as_base64;
    if !within(encoded, 4, 500_000) {
        return Err(wrong());
    }
    let list = BASE64.decode(encoded).ok().and_then(|octets| serde_json::from_slice::<Vec<Phone>>(&octets).ok());
    let list = list.filter(|list| (1..=MESSAGES_A_CALL_MAX).contains(&list.len())).ok_or_else(wrong)?;
    if !list.iter().all(|one| within(&one.phone, 1, 32)) {
        return Err(wrong());
    }
    let messages = list.into_iter().map(|one| outgoing(one.phone, &batch.sms_content.content, true)).collect();
    let ended = take(&api, agency, key, &body, String::new(), messages).await?;
    Ok(accepted(&ended))
}

/// What is read and not used must still be as described.
fn records(callback: Option<&Value>, place: &str, sender: Option<&Value>) -> Result<(), Problem> {
    let texts = |value: &Value, members: &[(&str, usize)]| {
        value.as_object().is_some_and(|object| {
            members.iter().all(|(name, most)| {
                object.get(*name).is_none_or(|text| text.as_str().is_some_and(|text| within(text, 0, *most)))
            })
        })
    };
    if callback.is_some_and(|callback| !texts(callback, &[("URI", 500)])) {
        return Err(Problem::validation(place, "must be an object with an URI of at most 500 characters"));
    }
    let members = [
        ("organisationName", 200),
        ("organisationRegNr", 64),
        ("onBehalfOfName", 200),
        ("onBehalfOfRegNr", 64),
        ("name", 200),
    ];
    if sender.is_some_and(|sender| !texts(sender, &members)) {
        return Err(Problem::validation("/senderInfo", "must be an object of short texts"));
    }
    Ok(())
}

fn checked(content: &SmsContent) -> Result<(), Problem> {
    if content.encoding.as_ref().is_some_and(|encoding| encoding != "UTF-8") {
        return Err(Problem::validation("/smsContent/encoding", "must be UTF-8"));
    }
    if !within(&content.content, 1, 1_000) {
        return Err(Problem::validation("/smsContent/content", "must have 1 to 1000 characters"));
    }
    Ok(())
}

fn outgoing(to: String, text: &str, notice: bool) -> Outgoing {
    Outgoing {
        fingerprint: request::fingerprint(format!("{to} {notice} {text}").as_bytes()),
        to,
        content: Content::Plain(text.to_owned()),
        reference: None,
        notice,
        valid_for_s: 86_400,
        send_at: None,
    }
}

fn accepted(ended: &Ended) -> Response {
    let body = json!({
        "response": "Request successfully accepted. Use \"requestUid\" to track its status.",
        "requestUid": ended.request,
    });
    with_replay(Json(body).into_response(), ended.replayed)
}

/// `GET /status/sms`
pub async fn status(
    State(api): State<Api>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let agency = api.agencies.bearer_or_key(&headers)?;
    let request = headers.get("requestuid").and_then(|value| value.to_str().ok());
    let request = request.filter(|request| is_id(request));
    let request = request.ok_or_else(|| Problem::bad_request("header", "requestUid", "is the answer's requestUid"))?;
    let wanted: Vec<String> =
        request::pairs(query.as_deref()).filter(|(name, _)| name == "status").map(|(_, value)| value).collect();
    let known = ["scheduled", "processing", "deferred", "bounced", "notSent", "delivered"];
    let twice = wanted.iter().enumerate().any(|(at, one)| wanted[..at].contains(one));
    if wanted.is_empty() || twice || !wanted.iter().all(|one| known.contains(&one.as_str())) {
        return Err(Problem::bad_request("query", "status", "one or more of its values, each once"));
    }
    let messages = api.exchange.agencies.messages_of(agency, request).await?;
    if messages.is_empty() {
        return Err(Problem::not_found());
    }
    let counts: Map<String, Value> = wanted
        .into_iter()
        .map(|name| {
            let count = messages.iter().filter(|message| counted(message) == name).count();
            (name, json!(count))
        })
        .collect();
    Ok(Json(Value::Object(counts)).into_response())
}

/// GovStack's word for where a message stands.
fn counted(message: &MessageStatus) -> &'static str {
    use MessageState as S;
    match message.state {
        S::Accepted | S::HeldQuietHours => "scheduled",
        S::Queued if message.deferred => "deferred",
        S::Queued | S::Submitted => "processing",
        S::Delivered => "delivered",
        S::Undelivered => "bounced",
        S::Rejected if message.refused.is_none() => "bounced",
        S::Expired | S::Rejected => "notSent",
    }
}

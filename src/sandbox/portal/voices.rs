//! Feedback, complaints and events: what comes in is kept, what happened is told oldest first.
use super::{
    callers::number,
    changes::{self, Named, once, plain},
    problem::Problem,
    server::{Server, document},
    slots,
};
use axum::{
    body::Bytes,
    extract::{Path, Query, State},
    http::{HeaderMap, StatusCode},
    response::Response,
};
use serde_json::{Value, json};
use sqlx::Row;
use std::collections::HashMap;

/// `POST /v1/feedback`
pub async fn feedback(State(server): State<Server>, headers: HeaderMap, body: Bytes) -> Result<Response, Problem> {
    let body = changes::json(&body)?;
    if !body["rating"].as_u64().is_some_and(|rating| (1..=5).contains(&rating)) {
        return Err(Problem::validation("/rating", "must be 1 to 5"));
    }
    let call = Named { method: "POST", path: "/v1/feedback", body: &body };
    let (of, document) = (server.clone(), body.to_string());
    once(&server, &headers, call, move |conn, key| {
        Box::pin(async move {
            let insert = sqlx::query("INSERT INTO feedback (document) VALUES (?)").bind(document).execute(conn).await;
            insert.map_err(|_| Problem::internal())?;
            let receipt = json!({ "id": format!("f-{}", &key[..8]), "received_at": slots::rfc3339(&of.now()) });
            Ok((StatusCode::CREATED, receipt))
        })
    })
    .await
}

/// `POST /v1/complaints`
pub async fn complain(State(server): State<Server>, headers: HeaderMap, body: Bytes) -> Result<Response, Problem> {
    let body = changes::json(&body)?;
    let length = body["text"].as_str().map_or(0, |text| text.chars().count());
    if !(1..=4_000).contains(&length) || body["language"].as_str().is_none() {
        return Err(Problem::validation("/text", "must have 1 to 4000 characters"));
    }
    let call = Named { method: "POST", path: "/v1/complaints", body: &body };
    let (of, kept) = (server.clone(), body.clone());
    once(&server, &headers, call, move |conn, _| {
        Box::pin(async move {
            let count: i64 = sqlx::query_scalar("SELECT count(*) FROM complaints")
                .fetch_one(&mut *conn)
                .await
                .map_err(|_| Problem::internal())?;
            let reference = (5_520_718_064_u64 + count.unsigned_abs() * 7_919).to_string();
            let document = json!({
                "reference": reference, "status": "open", "status_at": slots::rfc3339(&of.now()),
            });
            sqlx::query("INSERT INTO complaints (reference, document, number, said) VALUES (?, ?, ?, ?)")
                .bind(&reference)
                .bind(document.to_string())
                .bind(kept["msisdn"].as_str().unwrap_or_default())
                .bind(kept["text"].as_str().unwrap_or_default())
                .execute(conn)
                .await
                .map_err(|_| Problem::internal())?;
            Ok((StatusCode::CREATED, json!({ "reference": reference })))
        })
    })
    .await
}

/// `GET /v1/complaints/{reference}`
pub async fn complaint(
    State(server): State<Server>,
    Path(reference): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let number = number(&headers)?;
    let row = sqlx::query("SELECT document, number FROM complaints WHERE reference = ?")
        .bind(&reference)
        .fetch_optional(&server.db.pool)
        .await
        .map_err(|_| Problem::internal())?
        .ok_or_else(Problem::not_found)?;
    let mut document: Value = document(row.get(0));
    let filed: String = row.get(1);
    if number != Some(filed.as_str())
        && let Some(members) = document.as_object_mut()
    {
        members.remove("answer");
        members.remove("status_notes");
    }
    Ok(plain(&document))
}

/// `GET /v1/events`
pub async fn events(
    State(server): State<Server>,
    Query(asked): Query<HashMap<String, String>>,
) -> Result<Response, Problem> {
    let after = match asked.get("after").map(|cursor| cursor.strip_prefix('e').and_then(|at| at.parse::<i64>().ok())) {
        None => 0,
        Some(Some(after)) => after,
        Some(None) => return Err(Problem::bad_request("query", "after", "is not one that was given out")),
    };
    let limit = asked.get("limit").and_then(|text| text.parse::<i64>().ok()).unwrap_or(100).clamp(1, 500);
    let rows = sqlx::query("SELECT seq, document FROM events WHERE seq > ? ORDER BY seq LIMIT ?")
        .bind(after)
        .bind(limit + 1)
        .fetch_all(&server.db.pool)
        .await
        .map_err(|_| Problem::internal())?;
    let more = i64::try_from(rows.len()).unwrap_or(0) > limit;
    let mut next = (after > 0).then_some(after);
    let mut items: Vec<Value> = Vec::new();
    for row in rows.iter().take(usize::try_from(limit).unwrap_or(100)) {
        next = Some(row.get(0));
        items.push(document(row.get(1)));
    }
    Ok(plain(&json!({ "items": items, "next_after": next.map(|at| format!("e{at}")), "more": more })))
}

/// `POST /sandbox/events`: makes an event of the body, for whoever tries things out. Not part of the contract.
pub async fn make_event(State(server): State<Server>, body: Bytes) -> Result<Response, Problem> {
    let event = changes::json(&body)?;
    tell(&server, &event).await.map_err(|_| Problem::internal())?;
    Ok(plain(&json!({})))
}

/// Adds an event.
pub async fn tell(server: &Server, event: &Value) -> sqlx::Result<()> {
    sqlx::query("INSERT INTO events (document) VALUES (?)").bind(event.to_string()).execute(&server.db.pool).await?;
    Ok(())
}

//! Calls that change something: carried out at most once for an Idempotency-Key, one after the other. It must
//! not know what is changed.
use super::{callers::for_a_citizen, problem::Problem, server::Server};
use axum::{
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::Value;
use sqlx::{Row, SqliteConnection};
use std::{future::Future, pin::Pin, sync::atomic::Ordering};

/// What a change answers.
pub type Done = Result<(StatusCode, Value), Problem>;
type Work<'a> = Pin<Box<dyn Future<Output = Done> + Send + 'a>>;

/// What names a call.
pub struct Named<'a> {
    /// `POST`, `PATCH` or `DELETE`.
    pub method: &'a str,
    /// Its path.
    pub path: &'a str,
    /// Its body; null where it has none.
    pub body: &'a Value,
}

/// Repeats the first answer of a key, or does `work` and keeps its answer when it is of class 2xx.
///
/// # Errors
/// 400 without a key, 422 when the key named another call, and what `work` says.
pub async fn once<F>(server: &Server, headers: &HeaderMap, call: Named<'_>, work: F) -> Result<Response, Problem>
where
    F: for<'c> FnOnce(&'c mut SqliteConnection, String) -> Work<'c>,
{
    for_a_citizen(headers)?;
    let key = headers.get("idempotency-key").and_then(|value| value.to_str().ok());
    let key = key.ok_or_else(Problem::key_required)?.to_owned();
    if !(16..=64).contains(&key.len()) || !key.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b)) {
        return Err(Problem::bad_request("header", "Idempotency-Key", "must be 16 to 64 letters, digits, - or _"));
    }
    let print = format!("{} {} {}", call.method, call.path, call.body);
    let mut transaction = server.db.pool.begin().await.map_err(|_| Problem::internal())?;
    let kept = sqlx::query("SELECT print, status, answer FROM calls WHERE key = ?")
        .bind(&key)
        .fetch_optional(&mut *transaction)
        .await
        .map_err(|_| Problem::internal())?;
    if let Some(kept) = kept {
        let (was, status, answer): (String, i64, String) = (kept.get(0), kept.get(1), kept.get(2));
        if was != print {
            return Err(Problem::mismatch());
        }
        if server.lose_answers.load(Ordering::Relaxed) == u32::MAX {
            return Err(Problem::internal());
        }
        return Ok(answered(u16::try_from(status).unwrap_or(500), answer, true));
    }
    let (status, answer) = work(&mut transaction, key.clone()).await?;
    let text = if answer.is_null() { String::new() } else { answer.to_string() };
    sqlx::query("INSERT INTO calls (key, print, status, answer) VALUES (?, ?, ?, ?)")
        .bind(&key)
        .bind(&print)
        .bind(i64::from(status.as_u16()))
        .bind(&text)
        .execute(&mut *transaction)
        .await
        .map_err(|_| Problem::internal())?;
    transaction.commit().await.map_err(|_| Problem::internal())?;
    let fewer = |left: u32| if left == u32::MAX { Some(left) } else { left.checked_sub(1) };
    let lose = server.lose_answers.fetch_update(Ordering::Relaxed, Ordering::Relaxed, fewer);
    if lose.is_ok() {
        // carried out, and nobody is told
        return Err(Problem::internal());
    }
    Ok(answered(status.as_u16(), text, false))
}

fn answered(status: u16, body: String, replayed: bool) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = if body.is_empty() {
        status.into_response()
    } else {
        (status, [(header::CONTENT_TYPE, "application/json")], body).into_response()
    };
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if replayed {
        headers.insert("idempotency-replayed", HeaderValue::from_static("true"));
    }
    response
}

/// A body that must be JSON.
///
/// # Errors
/// 400
pub fn json(body: &[u8]) -> Result<Value, Problem> {
    serde_json::from_slice(body).map_err(|_| Problem::bad_request("body", "", "is not JSON"))
}

/// A document, which nobody keeps.
pub(super) fn plain(body: &Value) -> Response {
    let headers = [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-store")];
    (headers, body.to_string()).into_response()
}

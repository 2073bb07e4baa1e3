//! Payments by KHQR and queue tickets. Nobody is there to pay, so a payment arrives by itself after some seconds,
//! unless it is told otherwise; numbers are given at any hour. It must not know who calls.
use super::{
    callers::pin,
    changes::{self, Named, once, plain},
    problem::Problem,
    server::{Server, document},
    slots,
};
use crate::khqr;
use axum::{
    body::Bytes,
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
    response::Response,
};
use jiff::{SignedDuration, Zoned};
use serde_json::{Value, json};
use sqlx::{Row, SqliteConnection};

/// A payment can be made for so long.
const PAYABLE: SignedDuration = SignedDuration::from_mins(10);
/// After this it arrives.
const ARRIVES: SignedDuration = SignedDuration::from_secs(20);

/// `POST /v1/payments`
pub async fn pay(State(server): State<Server>, headers: HeaderMap, body: Bytes) -> Result<Response, Problem> {
    let body = changes::json(&body)?;
    let code = body["application_code"].as_str().unwrap_or_default().to_owned();
    let (fee, sensitive) = server.applications.fee(&code).ok_or_else(Problem::not_found)?;
    let holder = server.holders.of(&headers).await?.map(|person| person.number);
    if sensitive || pin(&headers)?.is_some() {
        server.applications.factor(&code, &headers, holder)?;
    }
    let Some((amount, bill)) = fee else { return Err(Problem::conflict("fee_not_due")) };
    if server.applications.is_paid(&code) {
        return Err(Problem::conflict("already_paid"));
    }
    let call = Named { method: "POST", path: "/v1/payments", body: &body };
    let of = server.clone();
    once(&server, &headers, call, move |conn, key| {
        Box::pin(async move {
            if let Some(pending) = pending(conn, &code, &of.now()).await? {
                return Ok((StatusCode::CREATED, pending));
            }
            let now = of.now();
            let expires = now.checked_add(PAYABLE).map_err(|_| Problem::internal())?;
            let id = format!("p-{}", key.chars().filter(char::is_ascii_alphanumeric).take(20).collect::<String>());
            let document = json!({
                "id": id, "status": "pending", "amount_khr": amount, "bill_number": bill,
                "khqr": qr(amount, &bill, &now, &expires)?, "expires_at": slots::rfc3339(&expires),
            });
            sqlx::query("INSERT INTO payments (id, code, document, made_at, ends_at) VALUES (?, ?, ?, ?, ?)")
                .bind(&id)
                .bind(&code)
                .bind(document.to_string())
                .bind(now.timestamp().as_millisecond())
                .bind(expires.timestamp().as_millisecond())
                .execute(conn)
                .await
                .map_err(|_| Problem::internal())?;
            Ok((StatusCode::CREATED, document))
        })
    })
    .await
}

fn qr(amount: u64, bill: &str, now: &Zoned, expires: &Zoned) -> Result<String, Problem> {
    let amount = amount.to_string();
    let request = khqr::Request {
        account: "owso_sandbox@devb",
        payee: khqr::Payee::Merchant { id: "120500", bank: "Dev Bank" },
        currency: 116,
        amount: Some(&amount),
        name: "OWSO Sandbox",
        city: "Phnom Penh",
        category: "9399",
        union_pay: None,
        bill: Some(bill),
        mobile: None,
        store: None,
        terminal: None,
        purpose: None,
        other_language: None,
        // whole seconds, as the answer's RFC 3339 has them
        expires_ms: Some(expires.timestamp().as_second() * 1_000),
    };
    khqr::write(&request, now.timestamp().as_millisecond()).map_err(|_| Problem::internal())
}

async fn pending(conn: &mut SqliteConnection, code: &str, now: &Zoned) -> Result<Option<Value>, Problem> {
    let row = sqlx::query("SELECT document FROM payments WHERE code = ? AND ends_at > ? AND outcome = ''")
        .bind(code)
        .bind(now.timestamp().as_millisecond())
        .fetch_optional(conn)
        .await
        .map_err(|_| Problem::internal())?;
    Ok(row.map(|row| document(row.get(0))))
}

/// `GET /v1/payments/{id}`
pub async fn payment(State(server): State<Server>, Path(id): Path<String>) -> Result<Response, Problem> {
    let row = sqlx::query("SELECT document, code, made_at, ends_at, outcome FROM payments WHERE id = ?")
        .bind(&id)
        .fetch_optional(&server.db.pool)
        .await
        .map_err(|_| Problem::internal())?
        .ok_or_else(Problem::not_found)?;
    let mut document: Value = document(row.get(0));
    let (code, made, ends, outcome): (String, i64, i64, String) = (row.get(1), row.get(2), row.get(3), row.get(4));
    let now = server.now();
    let at = now.timestamp().as_millisecond();
    let status = match outcome.as_str() {
        "" if at >= made + ARRIVES.as_millis() as i64 => "paid",
        "wait" | "" if at >= ends => "expired",
        "wait" | "" => "pending",
        told => told,
    };
    document["status"] = status.into();
    if status == "paid" {
        server.applications.paid(&code);
        document["paid_at"] = slots::rfc3339(&now).into();
    }
    Ok(plain(&document))
}

/// `POST /sandbox/payments/{outcome}`: what becomes of every payment that is open: `paid`, `failed`, `expired`, or
/// `wait`. Not part of the contract.
pub async fn decide(State(server): State<Server>, Path(outcome): Path<String>) -> Result<Response, Problem> {
    server.decide_payments(&outcome).await.map_err(|_| Problem::internal())?;
    Ok(plain(&json!({})))
}

/// `POST /v1/queue-tickets`
pub async fn ticket(State(server): State<Server>, headers: HeaderMap, body: Bytes) -> Result<Response, Problem> {
    let body = changes::json(&body)?;
    let office = body["office_id"].as_str().unwrap_or_default();
    let office = server.directory.office(office).ok_or_else(Problem::not_found)?;
    let waiting = office["queue"]["length"].as_u64().or_else(|| office["queue_length"].as_u64()).unwrap_or(3);
    let arrived = body["appointment_reference"].as_str().map(str::to_owned);
    let call = Named { method: "POST", path: "/v1/queue-tickets", body: &body };
    let of = server.clone();
    once(&server, &headers, call, move |conn, key| {
        Box::pin(async move {
            if let Some(reference) = &arrived {
                let sql = "UPDATE appointments SET status = 'arrived' WHERE reference = ? AND status = 'booked'";
                let done = sqlx::query(sql).bind(reference).execute(&mut *conn).await;
                if done.map_err(|_| Problem::internal())?.rows_affected() == 0 {
                    return Err(Problem::not_found());
                }
            }
            let drawn = sqlx::query("INSERT INTO tickets (document) VALUES ('')").execute(&mut *conn).await;
            let drawn = drawn.map_err(|_| Problem::internal())?.last_insert_rowid().unsigned_abs();
            let letter = if arrived.is_some() { 'B' } else { 'A' };
            let document = json!({
                "id": format!("q-{}", &key[..8]), "number": format!("{letter}{:03}", drawn % 1_000),
                "position": waiting + drawn - 1, "estimated_wait_minutes": (waiting + drawn - 1) * 5,
                "issued_at": slots::rfc3339(&of.now()), "status": "waiting",
            });
            sqlx::query("UPDATE tickets SET document = ? WHERE seq = ?")
                .bind(document.to_string())
                .bind(drawn as i64)
                .execute(conn)
                .await
                .map_err(|_| Problem::internal())?;
            Ok((StatusCode::CREATED, document))
        })
    })
    .await
}

/// `GET /v1/queue-tickets/{id}`
pub async fn one_ticket(State(server): State<Server>, Path(id): Path<String>) -> Result<Response, Problem> {
    let row = sqlx::query("SELECT document FROM tickets WHERE document ->> 'id' = ?")
        .bind(&id)
        .fetch_optional(&server.db.pool)
        .await
        .map_err(|_| Problem::internal())?
        .ok_or_else(Problem::not_found)?;
    Ok(plain(&document(row.get(0))))
}

//! Holds and appointments. A place is taken by a hold that has not ended, or by an appointment that is not
//! cancelled; everything is decided inside the one transaction of its call.
use super::{
    callers::{number, pin},
    changes::{self, Done, Named, once, plain},
    kept::office_ref,
    problem::Problem,
    server::{Server, document},
    slots::{self, second, used},
};
use axum::{
    body::Bytes,
    extract::{Path, Query, State},
    http::{HeaderMap, StatusCode},
    response::Response,
};
use jiff::ToSpan;
use serde_json::{Value, json};
use sqlx::{Row, SqliteConnection};
use std::collections::HashMap;

/// How long a place is held, in seconds.
const HOLD_S: i64 = 180;
/// Changes are refused so near to the start, in seconds.
const TOO_LATE_S: i64 = 2 * 3600;

/// `POST /v1/holds`
pub async fn hold(State(server): State<Server>, headers: HeaderMap, body: Bytes) -> Result<Response, Problem> {
    let body = changes::json(&body)?;
    let asked = body["slot_id"].as_str().unwrap_or_default().to_owned();
    let call = Named { method: "POST", path: "/v1/holds", body: &body };
    let of = server.clone();
    once(&server, &headers, call, move |conn, key| {
        Box::pin(async move {
            let slot = slots::find(&of, &asked).ok_or_else(Problem::not_found)?;
            if slot.free <= used(&of, conn, &asked, None).await? {
                return Err(Problem::conflict("slot_taken"));
            }
            let id = format!("h-{}", &key.replace('-', "")[..12]);
            let ends = second(&of) + HOLD_S;
            sqlx::query("INSERT INTO holds (id, slot, expires_at, used) VALUES (?, ?, ?, 0)")
                .bind(&id)
                .bind(&asked)
                .bind(ends)
                .execute(conn)
                .await
                .map_err(|_| Problem::internal())?;
            let until = of.now().checked_add(HOLD_S.seconds()).map_err(|_| Problem::internal())?;
            let body = json!({ "id": id, "slot": slot.json(1), "expires_at": slots::rfc3339(&until) });
            Ok((StatusCode::CREATED, body))
        })
    })
    .await
}

/// `DELETE /v1/holds/{id}`
pub async fn release(
    State(server): State<Server>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let path = format!("/v1/holds/{id}");
    let call = Named { method: "DELETE", path: &path, body: &Value::Null };
    once(&server, &headers, call, move |conn, _| {
        Box::pin(async move {
            let done = sqlx::query("UPDATE holds SET used = 1 WHERE id = ?").bind(id).execute(conn).await;
            match done.map(|done| done.rows_affected()) {
                Ok(0) => Err(Problem::not_found()),
                Ok(_) => Ok((StatusCode::NO_CONTENT, Value::Null)),
                Err(_) => Err(Problem::internal()),
            }
        })
    })
    .await
}

/// The slot that a hold or a slot's id names, its place taken for this call.
async fn place(server: &Server, conn: &mut SqliteConnection, body: &Value) -> Result<slots::Slot, Problem> {
    let (slot, hold) = match (body["hold_id"].as_str(), body["slot_id"].as_str()) {
        (Some(hold), None) => {
            let row = sqlx::query("SELECT slot, expires_at, used FROM holds WHERE id = ?")
                .bind(hold)
                .fetch_optional(&mut *conn)
                .await
                .map_err(|_| Problem::internal())?
                .ok_or_else(Problem::not_found)?;
            let (slot, ends, is_used): (String, i64, bool) = (row.get(0), row.get(1), row.get(2));
            if is_used || ends <= second(server) {
                return Err(Problem::hold_expired());
            }
            (slot, Some(hold))
        }
        (None, Some(slot)) => (slot.to_owned(), None),
        _ => return Err(Problem::validation("/", "exactly one of hold_id and slot_id")),
    };
    let found = slots::find(server, &slot).ok_or_else(Problem::not_found)?;
    if found.free <= used(server, conn, &slot, hold).await? {
        return Err(Problem::conflict("slot_taken"));
    }
    if let Some(hold) = hold {
        sqlx::query("UPDATE holds SET used = 1 WHERE id = ?")
            .bind(hold)
            .execute(conn)
            .await
            .map_err(|_| Problem::internal())?;
    }
    Ok(found)
}

/// `POST /v1/appointments`
pub async fn book(State(server): State<Server>, headers: HeaderMap, body: Bytes) -> Result<Response, Problem> {
    let body = changes::json(&body)?;
    if !matches!(body["language"].as_str(), Some("km" | "km-Latn" | "en")) {
        return Err(Problem::validation("/language", "must be km, km-Latn or en"));
    }
    let number = number(&headers)?.map(str::to_owned);
    if let Some(code) = body["application_code"].as_str() {
        let holder = server.holders.of(&headers).await?.map(|person| person.number);
        server.applications.factor(code, &headers, holder)?;
    }
    let call = Named { method: "POST", path: "/v1/appointments", body: &body };
    let (of, asked) = (server.clone(), body.clone());
    once(&server, &headers, call, move |conn, key| Box::pin(async move { make(&of, conn, asked, number, key).await }))
        .await
}

async fn make(server: &Server, conn: &mut SqliteConnection, body: Value, number: Option<String>, key: String) -> Done {
    let slot = place(server, conn, &body).await?;
    let service = server.directory.service(body["service_id"].as_str().unwrap_or_default());
    let service = service.filter(|service| service["code"] == *slot.service).ok_or_else(Problem::not_bookable)?;
    let office = server.directory.office(&slot.office).ok_or_else(Problem::not_found)?;
    let count: i64 = sqlx::query_scalar("SELECT count(*) FROM appointments")
        .fetch_one(&mut *conn)
        .await
        .map_err(|_| Problem::internal())?;
    // sparse, so that a neighbour's reference is no guess away
    let reference = (40_000_000 + (count.unsigned_abs() * 7_919 + 719_359) % 50_000_000).to_string();
    let pin = format!("{:06}", (count.unsigned_abs() * 104_729 + 730_152) % 1_000_000);
    let mut document = json!({
        "reference": reference,
        "status": "booked",
        "office": office_ref(office),
        "service": { "id": service["id"], "name": service["name"], "sensitive": service["sensitive"] },
        "start": slot.start, "end": slot.end,
        "client_reference": key,
    });
    if let Some(code) = body["application_code"].as_str() {
        document["application_code"] = json!(code);
    }
    let numbers: Vec<String> = [body["msisdn"].as_str().map(str::to_owned), number].into_iter().flatten().collect();
    sqlx::query(
        "INSERT INTO appointments (reference, document, slot, start, status, numbers, pin, key) \
         VALUES (?, ?, ?, ?, 'booked', ?, ?, ?)",
    )
    .bind(&reference)
    .bind(document.to_string())
    .bind(&slot.id)
    .bind(slot.begins)
    .bind(numbers.join(" "))
    .bind(&pin)
    .bind(&key)
    .execute(conn)
    .await
    .map_err(|_| Problem::internal())?;
    document["pin"] = json!(pin);
    Ok((StatusCode::CREATED, document))
}

struct Kept {
    document: Value,
    start: i64,
    status: String,
    slot: String,
    numbers: String,
    pin: String,
}

async fn kept(conn: &mut SqliteConnection, reference: &str) -> Result<Option<Kept>, Problem> {
    let row = sqlx::query("SELECT document, start, status, slot, numbers, pin FROM appointments WHERE reference = ?")
        .bind(reference)
        .fetch_optional(conn)
        .await
        .map_err(|_| Problem::internal())?;
    Ok(row.map(|row| Kept {
        document: document(row.get(0)),
        start: row.get(1),
        status: row.get(2),
        slot: row.get(3),
        numbers: row.get(4),
        pin: row.get(5),
    }))
}

/// The appointment, if the caller's factors open it.
async fn opened(
    conn: &mut SqliteConnection,
    reference: &str,
    number: Option<&str>,
    pin: Option<&str>,
) -> Result<Kept, Problem> {
    if number.is_none() && pin.is_none() {
        return Err(Problem::factor_required());
    }
    let kept = kept(conn, reference).await?.ok_or_else(Problem::not_found)?;
    let booked = number.is_some_and(|number| kept.numbers.split(' ').any(|one| one == number));
    match (booked, pin) {
        (true, _) => Ok(kept),
        (false, Some(pin)) if pin == kept.pin => Ok(kept),
        (false, Some(_)) => Err(Problem::factor_wrong(4)),
        (false, None) => Err(Problem::not_found()),
    }
}

/// `GET /v1/appointments`
pub async fn list(
    State(server): State<Server>,
    Query(asked): Query<HashMap<String, String>>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let number = number(&headers)?;
    let now = second(&server);
    let mut conn = server.db.pool.acquire().await.map_err(|_| Problem::internal())?;
    let rows = match asked.get("client_reference") {
        Some(key) => sqlx::query("SELECT document, pin, numbers FROM appointments WHERE key = ?").bind(key),
        None => sqlx::query(
            "SELECT document, NULL, numbers FROM appointments WHERE start > ?1 - 2592000 \
             ORDER BY start <= ?1, abs(start - ?1)",
        )
        .bind(now),
    };
    let rows = rows.fetch_all(&mut *conn).await.map_err(|_| Problem::internal())?;
    if !asked.contains_key("client_reference") && number.is_none() {
        return Err(Problem::factor_required());
    }
    let mut items = Vec::new();
    for row in rows {
        let numbers: String = row.get(2);
        let own = number.is_some_and(|number| numbers.split(' ').any(|one| one == number));
        if asked.contains_key("client_reference") || own {
            let mut document: Value = document(row.get(0));
            if let Some(pin) = row.get::<Option<String>, _>(1) {
                document["pin"] = json!(pin);
            }
            items.push(document);
        }
    }
    items.truncate(100);
    Ok(plain(&json!({ "items": items, "next_cursor": null })))
}

/// Those that this number booked, of the last month and to come, the nearest first.
pub async fn of_number(server: &Server, number: &str) -> Result<Vec<Value>, Problem> {
    let mut conn = server.db.pool.acquire().await.map_err(|_| Problem::internal())?;
    let rows = sqlx::query(
        "SELECT document, numbers FROM appointments WHERE start > ?1 - 2592000 ORDER BY start <= ?1, abs(start - ?1)",
    );
    let rows = rows.bind(second(server)).fetch_all(&mut *conn).await.map_err(|_| Problem::internal())?;
    let own = |numbers: String| numbers.split(' ').any(|one| one == number);
    Ok(rows.iter().filter(|row| own(row.get(1))).map(|row| document(row.get(0))).collect())
}

/// `GET /v1/appointments/{reference}`
pub async fn get(
    State(server): State<Server>,
    Path(reference): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let (number, pin) = (number(&headers)?, pin(&headers)?);
    let mut conn = server.db.pool.acquire().await.map_err(|_| Problem::internal())?;
    Ok(plain(&opened(&mut conn, &reference, number, pin).await?.document))
}

/// `PATCH /v1/appointments/{reference}`
pub async fn reschedule(
    State(server): State<Server>,
    Path(reference): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Problem> {
    let body = changes::json(&body)?;
    let path = format!("/v1/appointments/{reference}");
    let call = Named { method: "PATCH", path: &path, body: &body };
    let number = number(&headers)?.map(str::to_owned);
    let pin = pin(&headers)?.map(str::to_owned);
    let (of, asked) = (server.clone(), body.clone());
    once(&server, &headers, call, move |conn, _| {
        Box::pin(async move {
            let mut kept = changeable(&of, conn, &reference, number.as_deref(), pin.as_deref()).await?;
            let slot = place(&of, conn, &asked).await?;
            if slot.id != kept.slot && kept.document["service"]["id"] != of.directory.service_id(&slot.service) {
                return Err(Problem::not_bookable());
            }
            let office = of.directory.office(&slot.office).ok_or_else(Problem::not_found)?;
            kept.document["start"] = json!(slot.start);
            kept.document["end"] = json!(slot.end);
            kept.document["office"] = office_ref(office);
            keep(conn, &reference, &kept.document, &slot.id, slot.begins, "booked").await?;
            Ok((StatusCode::OK, kept.document))
        })
    })
    .await
}

/// `DELETE /v1/appointments/{reference}`
pub async fn cancel(
    State(server): State<Server>,
    Path(reference): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let path = format!("/v1/appointments/{reference}");
    let call = Named { method: "DELETE", path: &path, body: &Value::Null };
    let number = number(&headers)?.map(str::to_owned);
    let pin = pin(&headers)?.map(str::to_owned);
    let of = server.clone();
    once(&server, &headers, call, move |conn, _| {
        Box::pin(async move {
            let mut kept = changeable(&of, conn, &reference, number.as_deref(), pin.as_deref()).await?;
            kept.document["status"] = json!("cancelled");
            keep(conn, &reference, &kept.document, &kept.slot, kept.start, "cancelled").await?;
            Ok((StatusCode::OK, kept.document))
        })
    })
    .await
}

async fn changeable(
    server: &Server,
    conn: &mut SqliteConnection,
    reference: &str,
    number: Option<&str>,
    pin: Option<&str>,
) -> Result<Kept, Problem> {
    let kept = opened(conn, reference, number, pin).await?;
    if kept.status == "cancelled" {
        return Err(Problem::conflict("already_cancelled"));
    }
    if kept.start - second(server) < TOO_LATE_S {
        return Err(Problem::conflict("too_late"));
    }
    Ok(kept)
}

async fn keep(
    conn: &mut SqliteConnection,
    reference: &str,
    document: &Value,
    slot: &str,
    start: i64,
    status: &str,
) -> Result<(), Problem> {
    sqlx::query("UPDATE appointments SET document = ?, slot = ?, start = ?, status = ? WHERE reference = ?")
        .bind(document.to_string())
        .bind(slot)
        .bind(start)
        .bind(status)
        .bind(reference)
        .execute(conn)
        .await
        .map(|_| ())
        .map_err(|_| Problem::internal())
}

//! Free times at an office: half an hour each within its hours, two places at a time, some of them taken so
//! that a choice has to be made. It must not know who books them.
use super::{callers::for_a_citizen, problem::Problem, server::Server};
use axum::{
    extract::{Path, Query, State},
    http::{HeaderMap, header},
    response::{IntoResponse, Response},
};
use jiff::{
    ToSpan, Zoned,
    civil::{Date, Time, Weekday},
    tz::TimeZone,
};
use serde_json::{Value, json};
use sqlx::{Row, SqliteConnection};
use std::collections::HashMap;

/// Longest span that may be asked for.
const DAYS_MAX: i32 = 31;
/// Places of a time.
const PLACES: u64 = 2;
const MINUTES: i32 = 30;

/// `GET /v1/offices/{id}/slots?service&from&to`
pub async fn list(
    State(server): State<Server>,
    Path(id): Path<String>,
    Query(asked): Query<HashMap<String, String>>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    for_a_citizen(&headers)?;
    let day = |name: &'static str| {
        let day = asked.get(name).and_then(|text| text.parse::<Date>().ok());
        day.ok_or_else(|| Problem::bad_request("query", name, "must be a day, YYYY-MM-DD"))
    };
    let (from, to) = (day("from")?, day("to")?);
    if to < from || (to - from).get_days() > DAYS_MAX {
        return Err(Problem::bad_request("query", "to", "must not be before from nor more than 31 days after it"));
    }
    let wanted = asked.get("service").ok_or_else(|| Problem::bad_request("query", "service", "is missing"))?;
    let office = server.directory.office(&id).ok_or_else(Problem::not_found)?;
    let service = server.directory.service(wanted).ok_or_else(Problem::not_found)?;
    let offered = office["services"].as_array().is_some_and(|list| list.iter().any(|item| item == wanted));
    let mut items = Vec::new();
    if offered && service["bookable"] == true {
        let now = server.now();
        let closed: Vec<&str> = server.directory.holidays.iter().filter_map(|day| day["date"].as_str()).collect();
        let mut day = from;
        while day <= to {
            if !closed.contains(&day.to_string().as_str()) {
                of_day(day, office, service, &now, &mut items);
            }
            let Ok(next) = day.checked_add(1.day()) else { break };
            day = next;
        }
    }
    let prefix = format!("{id}_{}_", service["code"].as_str().unwrap_or_default());
    let mut conn = server.db.pool.acquire().await.map_err(|_| Problem::internal())?;
    let used = used_of_all(&server, &mut conn, &prefix).await?;
    drop(conn);
    for item in &mut items {
        let used = used.get(item["id"].as_str().unwrap_or_default()).copied().unwrap_or(0);
        item["free"] = json!(item["free"].as_u64().unwrap_or(0).saturating_sub(used));
    }
    let body = json!({ "items": items }).to_string();
    Ok(([(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-store")], body).into_response())
}

fn of_day(day: Date, office: &Value, service: &Value, now: &Zoned, items: &mut Vec<Value>) {
    let (id, code) = (office["id"].as_str().unwrap_or_default(), service["code"].as_str().unwrap_or_default());
    for hours in office["hours"].as_array().into_iter().flatten() {
        let open_today = hours["days"].as_array().is_some_and(|days| days.iter().any(|name| *name == weekday(day)));
        let time = |member: &str| hours[member].as_str().and_then(|text| text.parse::<Time>().ok());
        let (true, Some(mut start), Some(close)) = (open_today, time("open"), time("close")) else { continue };
        while let Ok(end) = start.checked_add(MINUTES.minutes()) {
            if end > close {
                break;
            }
            if let (Some(begins), Some(ends)) = (at(day, start, now.time_zone()), at(day, end, now.time_zone()))
                && begins > *now
            {
                let slot = format!("{id}_{code}_{}T{}", day.strftime("%Y%m%d"), start.strftime("%H%M"));
                let free = PLACES - taken(&slot);
                items.push(json!({ "id": slot, "start": rfc3339(&begins), "end": rfc3339(&ends), "free": free }));
            }
            start = end;
        }
    }
}

/// How many places of a slot others hold or have booked.
pub async fn used(server: &Server, conn: &mut SqliteConnection, slot: &str, but: Option<&str>) -> Result<u64, Problem> {
    let now = second(server);
    let count: i64 = sqlx::query_scalar(
        "SELECT (SELECT count(*) FROM holds WHERE slot = ?1 AND used = 0 AND expires_at > ?2 AND id <> ?3) + \
         (SELECT count(*) FROM appointments WHERE slot = ?1 AND status = 'booked')",
    )
    .bind(slot)
    .bind(now)
    .bind(but.unwrap_or_default())
    .fetch_one(conn)
    .await
    .map_err(|_| Problem::internal())?;
    Ok(count.unsigned_abs())
}

/// How many places are taken of each slot whose id begins with `prefix`.
async fn used_of_all(
    server: &Server,
    conn: &mut SqliteConnection,
    prefix: &str,
) -> Result<HashMap<String, u64>, Problem> {
    // ids hold no character above `~`, so this is every id that begins so
    let end = format!("{prefix}~");
    let rows = sqlx::query(
        "SELECT slot, count(*) FROM (\
         SELECT slot FROM holds WHERE used = 0 AND expires_at > ?3 AND slot >= ?1 AND slot < ?2 UNION ALL \
         SELECT slot FROM appointments WHERE status = 'booked' AND slot >= ?1 AND slot < ?2) GROUP BY slot",
    )
    .bind(prefix)
    .bind(end)
    .bind(second(server))
    .fetch_all(conn)
    .await
    .map_err(|_| Problem::internal())?;
    Ok(rows.iter().map(|row| (row.get::<String, _>(0), row.get::<i64, _>(1).unsigned_abs())).collect())
}

/// Now, in seconds.
pub(super) fn second(server: &Server) -> i64 {
    server.now().timestamp().as_second()
}

/// One slot, found by its id.
pub(super) struct Slot {
    pub(super) id: String,
    pub(super) office: String,
    /// Code of its service.
    pub(super) service: String,
    pub(super) start: String,
    pub(super) end: String,
    pub(super) begins: i64,
    /// Places that nobody invented has taken.
    pub(super) free: u64,
}

impl Slot {
    pub(super) fn json(&self, free: u64) -> Value {
        json!({ "id": self.id, "start": self.start, "end": self.end, "free": free })
    }
}

/// `OFFICE_CODE_YYYYMMDDTHHMM`, if it is a slot still to come.
pub(super) fn find(server: &Server, id: &str) -> Option<Slot> {
    let mut parts = id.rsplitn(3, '_');
    let (when, code, office_id) = (parts.next()?, parts.next()?, parts.next()?);
    let office = server.directory.office(office_id)?;
    let service = server.directory.services.iter().find(|service| service["code"] == *code)?;
    let day = Date::strptime("%Y%m%d", when.split_once('T')?.0).ok()?;
    let mut items = Vec::new();
    of_day(day, office, service, &server.now(), &mut items);
    let item = items.into_iter().find(|item| item["id"] == *id)?;
    let begins: jiff::Timestamp = item["start"].as_str()?.parse().ok()?;
    Some(Slot {
        id: id.to_owned(),
        office: office_id.to_owned(),
        service: code.to_owned(),
        start: item["start"].as_str()?.to_owned(),
        end: item["end"].as_str()?.to_owned(),
        begins: begins.as_second(),
        free: item["free"].as_u64()?,
    })
}

fn at(day: Date, time: Time, zone: &TimeZone) -> Option<Zoned> {
    day.to_datetime(time).to_zoned(zone.clone()).ok()
}

pub(super) fn rfc3339(time: &Zoned) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
}

fn weekday(day: Date) -> &'static str {
    match day.weekday() {
        Weekday::Monday => "mon",
        Weekday::Tuesday => "tue",
        Weekday::Wednesday => "wed",
        Weekday::Thursday => "thu",
        Weekday::Friday => "fri",
        Weekday::Saturday => "sat",
        Weekday::Sunday => "sun",
    }
}

/// How many places others have taken: always the same for a time, by the hash FNV-1a of its id.
fn taken(slot: &str) -> u64 {
    let hash = slot
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3));
    (hash >> 32) % (PLACES + 1)
}

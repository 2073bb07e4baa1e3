//! Pushes: stored once, put off, ended with their segments; and the place in the portal's events.
use super::outbox;
use crate::{
    ports::{Refusal, rules::messages::held, states::PushState},
    store::{
        codes::Code,
        rows::{DuePushRow, MtRow, PushEndRow, PushRow},
        sqlite::batch::{Db, Sql, code, fixed},
        statement::sql,
    },
    types::UnixMs,
};
use sqlx::{Row, SqlitePool, sqlite::SqliteRow};

/// An event of the portal.
pub struct NewEvent {
    /// Its id.
    pub event: String,
    /// The work that it makes.
    pub push: Option<PushRow>,
    /// When it came.
    pub now: i64,
}

/// Stores a push.
pub async fn insert(db: &mut Db, row: &PushRow) -> Sql<()> {
    sqlx::query(sql!(
        "INSERT INTO push (id, kind, state, number_mac, number, payload, due, not_after, attempts, created_at, \
         class, turn) VALUES (?, ?, {PushState::Waiting}, ?, ?, ?, ?, ?, 0, ?, ?, ?)"
    ))
    .bind(&row.id[..])
    .bind(row.kind.code())
    .bind(&row.mac[..])
    .bind(&row.number)
    .bind(&row.payload)
    .bind(row.due)
    .bind(row.not_after)
    .bind(row.now)
    .bind(row.class.code())
    .bind(row.due + row.class.yields_ms())
    .execute(&mut db.conn)
    .await?;
    Ok(())
}

/// Whether the event was new.
pub async fn take_event(db: &mut Db, new: &NewEvent) -> Sql<bool> {
    take_named(db, &new.event, new.push.as_ref(), new.now).await
}

/// Stores a push under a name, unless it has been used; whether it was new.
pub async fn take_named(db: &mut Db, name: &str, push: Option<&PushRow>, now: i64) -> Sql<bool> {
    let fresh = sqlx::query("INSERT INTO event_seen (id, seen_at) VALUES (?, ?) ON CONFLICT DO NOTHING")
        .bind(name)
        .bind(now)
        .execute(&mut db.conn)
        .await?
        .rows_affected();
    if let (1, Some(push)) = (fresh, push) {
        insert(db, push).await?;
    }
    Ok(fresh == 1)
}

/// Whether it was still waiting.
pub async fn end(db: &mut Db, end: &PushEndRow) -> Sql<bool> {
    let sql = if end.state == PushState::Waiting {
        sql!(
            "UPDATE push SET due = ?3, turn = turn - due + ?3, attempts = attempts + 1 WHERE id = ?1 AND state = {PushState::Waiting}"
        )
    } else {
        sql!("UPDATE push SET state = ?2, done_at = ?4 WHERE id = ?1 AND state = {PushState::Waiting}")
    };
    let changed = sqlx::query(sql)
        .bind(&end.id[..])
        .bind(end.state.code())
        .bind(end.due)
        .bind(end.now)
        .execute(&mut db.conn)
        .await?
        .rows_affected();
    if changed == 0 {
        return Ok(false);
    }
    note(db, end).await?;
    let mts: Vec<&MtRow> = end.mts.iter().collect();
    outbox::insert(db, &mts).await?;
    Ok(true)
}

/// Keeps what became of the message that it is of, if it is of one: held, queued, or ended without a text.
async fn note(db: &mut Db, end: &PushEndRow) -> Sql<()> {
    let query = match end.state {
        PushState::Waiting if held(UnixMs(end.due), UnixMs(end.now)) => {
            let sql = "UPDATE message SET held_at = ?2, held_until = ?3 WHERE push = ?1";
            sqlx::query(sql).bind(&end.id[..]).bind(end.now).bind(end.due)
        }
        PushState::Waiting => return Ok(()),
        PushState::Queued => {
            let sql = "UPDATE message SET queued_at = ?2, held_until = NULL WHERE push = ?1";
            sqlx::query(sql).bind(&end.id[..]).bind(end.now)
        }
        PushState::Dropped => {
            let sql = "UPDATE message SET ended_at = ?2, rejected = coalesce(?3, rejected) WHERE push = ?1";
            sqlx::query(sql).bind(&end.id[..]).bind(end.now).bind(end.refused.map(Refusal::stored))
        }
    };
    query.execute(&mut db.conn).await?;
    Ok(())
}

/// Moves the place in the portal's events.
pub async fn set_cursor(db: &mut Db, cursor: &Option<String>) -> Sql<()> {
    let sql = "INSERT INTO meta (name, value) VALUES ('event_cursor', ?) \
               ON CONFLICT (name) DO UPDATE SET value = excluded.value";
    let cursor = cursor.as_deref().unwrap_or_default();
    sqlx::query(sql).bind(cursor.as_bytes()).execute(&mut db.conn).await?;
    Ok(())
}

/// The place in the portal's events.
pub async fn cursor(readers: &SqlitePool) -> Sql<Option<String>> {
    let found: Option<Vec<u8>> =
        sqlx::query_scalar("SELECT value FROM meta WHERE name = 'event_cursor'").fetch_optional(readers).await?;
    let cursor = found.map(String::from_utf8).transpose();
    let cursor = cursor.map_err(|_| sqlx::Error::Decode("event_cursor is no text".into()))?;
    Ok(cursor.filter(|cursor| !cursor.is_empty()))
}

pub(super) const DUE: &str = sql!(
    "SELECT id, kind, number, payload, due, not_after, attempts, created_at, class FROM push \
     WHERE state = {PushState::Waiting} AND due <= ? ORDER BY turn, id LIMIT ?"
);

fn due_row(row: &SqliteRow) -> Sql<DuePushRow> {
    Ok(DuePushRow {
        id: fixed(row, 0)?,
        kind: code(row, 1)?,
        number: row.try_get(2)?,
        payload: row.try_get(3)?,
        due: UnixMs(row.try_get(4)?),
        not_after: UnixMs(row.try_get(5)?),
        attempts: row.try_get(6)?,
        created_at: UnixMs(row.try_get(7)?),
        class: code(row, 8)?,
    })
}

/// Pushes that are due, by their turns.
pub async fn due(readers: &SqlitePool, now: UnixMs, limit: usize) -> Sql<Vec<DuePushRow>> {
    let rows = sqlx::query(DUE).bind(now.0).bind(limit as i64).fetch_all(readers).await?;
    rows.iter().map(due_row).collect()
}

//! Pushes: stored once, put off, ended with their segments; and the place in the portal's events.
use super::outbox;
use crate::{
    ports::{Refusal, rules::messages::held, states::PushState},
    store::{
        batch::{Db, code, fixed},
        codes::Code,
        conn::{Conn, Row, Sql, params, undecodable},
        rows::{DuePushRow, MtRow, PushEndRow, PushRow},
        statement::sql,
    },
    types::UnixMs,
};

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
pub fn insert(db: &mut Db, row: &PushRow) -> Sql<()> {
    db.conn.execute(
        sql!(
            "INSERT INTO push (id, kind, state, number_mac, number, payload, due, not_after, attempts, created_at, \
         class, turn) VALUES (?, ?, {PushState::Waiting}, ?, ?, ?, ?, ?, 0, ?, ?, ?)"
        ),
        params![
            &row.id[..],
            row.kind.code(),
            &row.mac[..],
            &row.number,
            &row.payload,
            row.due,
            row.not_after,
            row.now,
            row.class.code(),
            row.due + row.class.yields_ms()
        ],
    )?;
    Ok(())
}

/// Whether the event was new.
pub fn take_event(db: &mut Db, new: &NewEvent) -> Sql<bool> {
    take_named(db, &new.event, new.push.as_ref(), new.now)
}

/// Stores a push under a name, unless it has been used; whether it was new.
pub fn take_named(db: &mut Db, name: &str, push: Option<&PushRow>, now: i64) -> Sql<bool> {
    let fresh = db
        .conn
        .execute("INSERT INTO event_seen (id, seen_at) VALUES (?, ?) ON CONFLICT DO NOTHING", params![name, now])?;
    if let (1, Some(push)) = (fresh, push) {
        insert(db, push)?;
    }
    Ok(fresh == 1)
}

/// Whether it was still waiting.
pub fn end(db: &mut Db, end: &PushEndRow) -> Sql<bool> {
    let changed = if end.state == PushState::Waiting {
        let sql = sql!(
            "UPDATE push SET due = ?2, turn = turn - due + ?2, attempts = attempts + 1 \
             WHERE id = ?1 AND state = {PushState::Waiting}"
        );
        db.conn.execute(sql, params![&end.id[..], end.due])?
    } else {
        let sql = sql!("UPDATE push SET state = ?2, done_at = ?3 WHERE id = ?1 AND state = {PushState::Waiting}");
        db.conn.execute(sql, params![&end.id[..], end.state.code(), end.now])?
    };
    if changed == 0 {
        return Ok(false);
    }
    note(db, end)?;
    let mts: Vec<&MtRow> = end.mts.iter().collect();
    outbox::insert(db, &mts)?;
    Ok(true)
}

/// Keeps what became of the message that it is of, if it is of one: held, queued, or ended without a text.
fn note(db: &mut Db, end: &PushEndRow) -> Sql<()> {
    match end.state {
        PushState::Waiting if held(UnixMs(end.due), UnixMs(end.now)) => {
            let sql = "UPDATE message SET held_at = ?2, held_until = ?3 WHERE push = ?1";
            db.conn.execute(sql, params![&end.id[..], end.now, end.due])
        }
        PushState::Waiting => return Ok(()),
        PushState::Queued => {
            let sql = "UPDATE message SET queued_at = ?2, held_until = NULL WHERE push = ?1";
            db.conn.execute(sql, params![&end.id[..], end.now])
        }
        PushState::Dropped => {
            let sql = "UPDATE message SET ended_at = ?2, rejected = coalesce(?3, rejected) WHERE push = ?1";
            db.conn.execute(sql, params![&end.id[..], end.now, &end.refused.map(Refusal::stored)])
        }
    }?;
    Ok(())
}

/// Moves the place in the portal's events.
pub fn set_cursor(db: &mut Db, cursor: &Option<String>) -> Sql<()> {
    let sql = "INSERT INTO meta (name, value) VALUES ('event_cursor', ?) \
               ON CONFLICT (name) DO UPDATE SET value = excluded.value";
    let cursor = cursor.as_deref().unwrap_or_default();
    db.conn.execute(sql, params![cursor.as_bytes()])?;
    Ok(())
}

/// The place in the portal's events.
pub fn cursor(conn: &Conn) -> Sql<Option<String>> {
    let found: Option<Vec<u8>> =
        conn.find("SELECT value FROM meta WHERE name = 'event_cursor'", &[], |row| row.get(0))?;
    let cursor = found.map(String::from_utf8).transpose();
    let cursor = cursor.map_err(|_| undecodable("event_cursor is no text"))?;
    Ok(cursor.filter(|cursor| !cursor.is_empty()))
}

pub(in crate::store) const DUE: &str = sql!(
    "SELECT id, kind, number, payload, due, not_after, attempts, created_at, class FROM push \
     WHERE state = {PushState::Waiting} AND due <= ? ORDER BY turn, id LIMIT ?"
);

fn due_row(row: &Row<'_>) -> Sql<DuePushRow> {
    Ok(DuePushRow {
        id: fixed(row, 0)?,
        kind: code(row, 1)?,
        number: row.get(2)?,
        payload: row.get(3)?,
        due: UnixMs(row.get(4)?),
        not_after: UnixMs(row.get(5)?),
        attempts: row.get(6)?,
        created_at: UnixMs(row.get(7)?),
        class: code(row, 8)?,
    })
}

/// Pushes that are due, by their turns.
pub fn due(conn: &Conn, now: UnixMs, limit: usize) -> Sql<Vec<DuePushRow>> {
    conn.rows(DUE, params![now.0, limit as i64], due_row)
}

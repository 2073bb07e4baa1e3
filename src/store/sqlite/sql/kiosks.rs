//! Kiosk devices: what they say of themselves and what they are told.
use crate::{
    ports::{
        kiosks::{Command, Heartbeat, Kiosk, TokenHash},
        rules::kiosks::{Lasting, lasting},
    },
    store::sqlite::batch::{Db, Sql},
    types::UnixMs,
};
use sqlx::{Row, SqlitePool, sqlite::SqliteRow};

/// Commands that an answer names.
const COMMANDS_MAX: i64 = 16;
/// How long a command is kept, in milliseconds: a day.
const COMMANDS_KEPT_MS: i64 = 86_400_000;

/// Ends a device's pairing; whether there was one.
pub async fn revoke(db: &mut Db, (id, now): &(String, UnixMs)) -> Sql<bool> {
    let sql = "UPDATE kiosk SET revoked_at = ?2 WHERE id = ?1 AND revoked_at IS NULL";
    let done = sqlx::query(sql).bind(id).bind(now.0).execute(&mut db.conn).await?;
    Ok(done.rows_affected() > 0)
}

/// Keeps what devices said.
pub async fn keep_heartbeats(db: &mut Db, heartbeats: &[(String, Heartbeat)]) -> Sql<()> {
    for (id, heartbeat) in heartbeats {
        sqlx::query(
            "UPDATE kiosk SET seen_at = ?2, page = ?3, build = ?4, printer = ?5, network_ms = ?6, battery = ?7 \
             WHERE id = ?1",
        )
        .bind(id)
        .bind(heartbeat.at.0)
        .bind(&heartbeat.page)
        .bind(&heartbeat.build)
        .bind(&heartbeat.printer)
        .bind(heartbeat.network_ms)
        .bind(heartbeat.battery)
        .execute(&mut db.conn)
        .await?;
    }
    Ok(())
}

/// Tells a device something; whether there is such a device.
pub async fn tell(db: &mut Db, (id, command, now): &(String, Command, UnixMs)) -> Sql<bool> {
    let known: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM kiosk WHERE id = ?1 AND revoked_at IS NULL")
        .bind(id)
        .fetch_one(&mut db.conn)
        .await?;
    if known == 0 {
        return Ok(false);
    }
    if let Some(lasting) = lasting(command) {
        let query = match lasting {
            Lasting::Closed(words) => sqlx::query("UPDATE kiosk SET closed = ?2 WHERE id = ?1").bind(id).bind(words),
            Lasting::Message(words) => sqlx::query("UPDATE kiosk SET message = ?2 WHERE id = ?1").bind(id).bind(words),
            Lasting::Volume(loud) => sqlx::query("UPDATE kiosk SET volume = ?2 WHERE id = ?1").bind(id).bind(loud),
            Lasting::Language(tag) => sqlx::query("UPDATE kiosk SET language = ?2 WHERE id = ?1").bind(id).bind(tag),
        };
        query.execute(&mut db.conn).await?;
    }
    sqlx::query("INSERT INTO kiosk_command (id, kiosk, kind, value, at) VALUES (?1, ?2, ?3, ?4, ?5)")
        .bind(&command.id)
        .bind(id)
        .bind(&command.kind)
        .bind(&command.value)
        .bind(now.0)
        .execute(&mut db.conn)
        .await?;
    Ok(true)
}

/// A device has done what it was told.
pub async fn done(db: &mut Db, (id, done, now): &(String, Vec<String>, UnixMs)) -> Sql<()> {
    for command in done {
        let sql = "UPDATE kiosk_command SET done_at = ?3 WHERE id = ?1 AND kiosk = ?2 AND done_at IS NULL";
        sqlx::query(sql).bind(command).bind(id).bind(now.0).execute(&mut db.conn).await?;
    }
    Ok(())
}

/// What nobody asks for any more: codes that ended, windows that are over, commands of yesterday; each statement with the
/// moment before which it was.
pub fn old(now: UnixMs) -> [(&'static str, UnixMs); 3] {
    [
        ("DELETE FROM pairing WHERE token IN (SELECT token FROM pairing WHERE until < ?1 LIMIT ?2)", now),
        ("DELETE FROM tally WHERE name IN (SELECT name FROM tally WHERE until < ?1 LIMIT ?2)", now),
        (
            "DELETE FROM kiosk_command WHERE id IN (SELECT id FROM kiosk_command WHERE at < ?1 LIMIT ?2)",
            now.plus_ms(-COMMANDS_KEPT_MS),
        ),
    ]
}

const KIOSK: &str = "SELECT id, office, profile, paired_at, revoked_at, closed, seen_at, page, build, printer, \
    network_ms, battery, message, volume, language, \
    EXISTS (SELECT 1 FROM pairing WHERE pairing.kiosk = kiosk.id) FROM kiosk WHERE token = ?1 AND revoked_at IS NULL";
const KIOSKS: &str = "SELECT id, office, profile, paired_at, revoked_at, closed, seen_at, page, build, printer, \
    network_ms, battery, message, volume, language, 0 FROM kiosk ORDER BY paired_at, id";

fn kiosk(row: &SqliteRow) -> Sql<Kiosk> {
    let seen: Option<i64> = row.try_get(6)?;
    let text = |at: usize| row.try_get::<Option<String>, _>(at).map(Option::unwrap_or_default);
    let heartbeat = match seen {
        None => None,
        Some(at) => Some(Heartbeat {
            at: UnixMs(at),
            page: text(7)?,
            build: text(8)?,
            printer: text(9)?,
            network_ms: row.try_get::<Option<u32>, _>(10)?.unwrap_or(0),
            battery: row.try_get(11)?,
        }),
    };
    Ok(Kiosk {
        id: row.try_get(0)?,
        office: row.try_get(1)?,
        profile: row.try_get(2)?,
        paired_at: UnixMs(row.try_get(3)?),
        revoked_at: row.try_get::<Option<i64>, _>(4)?.map(UnixMs),
        closed: row.try_get(5)?,
        message: row.try_get(12)?,
        volume: row.try_get(13)?,
        language: row.try_get(14)?,
        fresh: row.try_get(15)?,
        heartbeat,
    })
}

/// The paired device with this token.
pub async fn by_token(readers: &SqlitePool, token: &TokenHash) -> Sql<Option<Kiosk>> {
    let row = sqlx::query(KIOSK).bind(&token[..]).fetch_optional(readers).await?;
    row.as_ref().map(kiosk).transpose()
}

/// All devices, the oldest first.
pub async fn all(readers: &SqlitePool) -> Sql<Vec<Kiosk>> {
    sqlx::query(KIOSKS).fetch_all(readers).await?.iter().map(kiosk).collect()
}

/// What a device is still to do.
pub async fn commands(readers: &SqlitePool, id: &str, since: UnixMs) -> Sql<Vec<Command>> {
    let sql = "SELECT id, kind, value FROM kiosk_command WHERE kiosk = ?1 AND done_at IS NULL AND at >= ?2 \
        ORDER BY at, id LIMIT ?3";
    let rows = sqlx::query(sql).bind(id).bind(since.0).bind(COMMANDS_MAX).fetch_all(readers).await?;
    let command = |row: &SqliteRow| Ok(Command { id: row.try_get(0)?, kind: row.try_get(1)?, value: row.try_get(2)? });
    rows.iter().map(command).collect()
}

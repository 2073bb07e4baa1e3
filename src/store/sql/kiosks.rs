//! Kiosk devices: what they say of themselves and what they are told.
use crate::{
    ports::{
        audit::{Entry, Who},
        kiosks::{Command, Heartbeat, Kiosk, TokenHash},
        rules::kiosks::{Lasting, lasting},
    },
    store::{
        batch::Db,
        conn::{Conn, Row, Sql, params},
    },
    types::UnixMs,
};

/// Commands that an answer names.
const COMMANDS_MAX: i64 = 16;
/// How long a command is kept, in milliseconds: a day.
const COMMANDS_KEPT_MS: i64 = 86_400_000;

/// Ends a device's pairing; whether there was one.
pub fn revoke(db: &mut Db, (id, now): &(String, UnixMs)) -> Sql<bool> {
    let sql = "UPDATE kiosk SET revoked_at = ?2 WHERE id = ?1 AND revoked_at IS NULL";
    let done = db.conn.execute(sql, params![id, now.0])?;
    if done > 0 {
        db.note(Entry::new(*now, Who::Operator, "kiosk.revoke", id));
    }
    Ok(done > 0)
}

/// Keeps what devices said.
pub fn keep_heartbeats(db: &mut Db, heartbeats: &[(String, Heartbeat)]) -> Sql<()> {
    for (id, heartbeat) in heartbeats {
        db.conn.execute(
            "UPDATE kiosk SET seen_at = ?2, page = ?3, build = ?4, printer = ?5, network_ms = ?6, battery = ?7 \
             WHERE id = ?1",
            params![
                id,
                heartbeat.at.0,
                &heartbeat.page,
                &heartbeat.build,
                &heartbeat.printer,
                heartbeat.network_ms,
                heartbeat.battery
            ],
        )?;
    }
    Ok(())
}

/// Tells a device something; whether there is such a device.
pub fn tell(db: &mut Db, (id, command, now): &(String, Command, UnixMs)) -> Sql<bool> {
    let known: i64 = db.conn.value("SELECT COUNT(*) FROM kiosk WHERE id = ?1 AND revoked_at IS NULL", params![id])?;
    if known == 0 {
        return Ok(false);
    }
    if let Some(lasting) = lasting(command) {
        match lasting {
            Lasting::Closed(words) => {
                db.conn.execute("UPDATE kiosk SET closed = ?2 WHERE id = ?1", params![id, &words])
            }
            Lasting::Message(words) => {
                db.conn.execute("UPDATE kiosk SET message = ?2 WHERE id = ?1", params![id, &words])
            }
            Lasting::Volume(loud) => db.conn.execute("UPDATE kiosk SET volume = ?2 WHERE id = ?1", params![id, loud]),
            Lasting::Language(tag) => {
                db.conn.execute("UPDATE kiosk SET language = ?2 WHERE id = ?1", params![id, &tag])
            }
        }?;
    }
    db.conn.execute(
        "INSERT INTO kiosk_command (id, kiosk, kind, value, at) VALUES (?1, ?2, ?3, ?4, ?5)",
        params![&command.id, id, &command.kind, &command.value, now.0],
    )?;
    // an operator's words may hold anything
    db.note(Entry::new(*now, Who::Operator, format!("kiosk.{}", command.kind), id));
    Ok(true)
}

/// A device has done what it was told.
pub fn done(db: &mut Db, (id, done, now): &(String, Vec<String>, UnixMs)) -> Sql<()> {
    for command in done {
        let sql = "UPDATE kiosk_command SET done_at = ?3 WHERE id = ?1 AND kiosk = ?2 AND done_at IS NULL";
        db.conn.execute(sql, params![command, id, now.0])?;
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

fn kiosk(row: &Row<'_>) -> Sql<Kiosk> {
    let seen: Option<i64> = row.get(6)?;
    let text = |at: usize| row.get::<Option<String>>(at).map(Option::unwrap_or_default);
    let heartbeat = match seen {
        None => None,
        Some(at) => Some(Heartbeat {
            at: UnixMs(at),
            page: text(7)?,
            build: text(8)?,
            printer: text(9)?,
            network_ms: row.get::<Option<u32>>(10)?.unwrap_or(0),
            battery: row.get(11)?,
        }),
    };
    Ok(Kiosk {
        id: row.get(0)?,
        office: row.get(1)?,
        profile: row.get(2)?,
        paired_at: UnixMs(row.get(3)?),
        revoked_at: row.get::<Option<i64>>(4)?.map(UnixMs),
        closed: row.get(5)?,
        message: row.get(12)?,
        volume: row.get(13)?,
        language: row.get(14)?,
        fresh: row.get(15)?,
        heartbeat,
    })
}

/// The paired device with this token.
pub fn by_token(conn: &Conn, token: &TokenHash) -> Sql<Option<Kiosk>> {
    conn.find(KIOSK, params![&token[..]], kiosk)
}

/// All devices, the oldest first.
pub fn all(conn: &Conn) -> Sql<Vec<Kiosk>> {
    conn.rows(KIOSKS, &[], kiosk)
}

/// What a device is still to do.
pub fn commands(conn: &Conn, id: &str, since: UnixMs) -> Sql<Vec<Command>> {
    let sql = "SELECT id, kind, value FROM kiosk_command WHERE kiosk = ?1 AND done_at IS NULL AND at >= ?2 \
        ORDER BY at, id LIMIT ?3";
    let command = |row: &Row<'_>| Ok(Command { id: row.get(0)?, kind: row.get(1)?, value: row.get(2)? });
    conn.rows(sql, params![id, since.0, COMMANDS_MAX], command)
}
